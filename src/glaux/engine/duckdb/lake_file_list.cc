#include "glaux/engine/duckdb/lake_file_list_internal.h"

#include <duckdb/execution/expression_executor.hpp>
#include <duckdb/planner/expression/bound_columnref_expression.hpp>
#include <duckdb/planner/expression/bound_comparison_expression.hpp>
#include <duckdb/planner/expression/bound_conjunction_expression.hpp>
#include <duckdb/planner/expression/bound_constant_expression.hpp>
#include <duckdb/planner/expression/bound_operator_expression.hpp>
#include <duckdb/planner/expression/bound_reference_expression.hpp>
#include <duckdb/planner/expression_iterator.hpp>
#include <duckdb/planner/table_filter.hpp>
#include <duckdb/storage/statistics/node_statistics.hpp>

#include <arrow/scalar.h>
#include <arrow/type.h>

#include <algorithm>
#include <set>

#include "glaux/engine/duckdb/duckdb_types_internal.h"
#include "glaux/engine/duckdb/lake_file_system_internal.h"

namespace glaux::duckdb_engine {

using duckdb::idx_t;

namespace {

/// A guess where no file tells its rows: it only has to order joins.
constexpr int64_t kBytesPerRow = 32;

bool MayPassExpression(duckdb::ClientContext& context, const duckdb::Expression& expression,
                       const std::vector<duckdb::Value>& values) {
  const auto type = expression.GetExpressionType();
  if (type == duckdb::ExpressionType::CONJUNCTION_AND || type == duckdb::ExpressionType::CONJUNCTION_OR) {
    const bool is_and = type == duckdb::ExpressionType::CONJUNCTION_AND;
    for (const auto& child : expression.Cast<duckdb::BoundConjunctionExpression>().children) {
      if (MayPassExpression(context, *child, values) != is_and) return !is_and;
    }
    return is_and;
  }
  if (expression.IsVolatile() || expression.HasParameter() || expression.HasSubquery()) return true;
  auto bound = expression.Copy();
  bool known = true;
  duckdb::ExpressionIterator::VisitExpressionMutable<duckdb::BoundReferenceExpression>(
      bound, [&](duckdb::BoundReferenceExpression& reference, duckdb::unique_ptr<duckdb::Expression>& slot) {
        if (reference.index == PartitionFilter::kOther) {
          known = false;
        } else {
          slot = duckdb::make_uniq<duckdb::BoundConstantExpression>(values[reference.index]);
        }
      });
  if (!known) return true;
  duckdb::Value result;
  // What cannot be computed here (a cast that fails) fails or not when the rows are there.
  if (!duckdb::ExpressionExecutor::TryEvaluateScalar(context, *bound, result)) return true;
  return !result.IsNull() && duckdb::BooleanValue::Get(result.DefaultCastAs(duckdb::LogicalType::BOOLEAN));
}

using Values = std::vector<duckdb::Value>;

bool IsKey(const duckdb::Expression& expression, size_t key) {
  return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_REF &&
         expression.Cast<duckdb::BoundReferenceExpression>().index == key;
}

bool IsConstant(const duckdb::Expression& expression) {
  return expression.GetExpressionClass() == duckdb::ExpressionClass::BOUND_CONSTANT;
}

const duckdb::Value& ConstantOf(const duckdb::Expression& expression) {
  return expression.Cast<duckdb::BoundConstantExpression>().value;
}

std::optional<Values> ListedValues(const duckdb::Expression& expression, size_t key) {
  using duckdb::ExpressionType;
  switch (expression.GetExpressionType()) {
    case ExpressionType::COMPARE_EQUAL: {
      const auto& comparison = expression.Cast<duckdb::BoundComparisonExpression>();
      const auto* left = comparison.left.get();
      const auto* right = comparison.right.get();
      if (IsConstant(*left)) std::swap(left, right);
      if (!IsKey(*left, key) || !IsConstant(*right)) return std::nullopt;
      return Values{ConstantOf(*right)};
    }
    case ExpressionType::COMPARE_IN: {
      const auto& children = expression.Cast<duckdb::BoundOperatorExpression>().children;
      if (!IsKey(*children[0], key)) return std::nullopt;
      Values values;
      for (size_t i = 1; i < children.size(); ++i) {
        if (!IsConstant(*children[i])) return std::nullopt;
        values.push_back(ConstantOf(*children[i]));
      }
      return values;
    }
    case ExpressionType::CONJUNCTION_AND:
      for (const auto& child : expression.Cast<duckdb::BoundConjunctionExpression>().children) {
        if (auto values = ListedValues(*child, key)) return values;
      }
      return std::nullopt;
    case ExpressionType::CONJUNCTION_OR: {
      Values all;
      for (const auto& child : expression.Cast<duckdb::BoundConjunctionExpression>().children) {
        auto values = ListedValues(*child, key);
        if (!values) return std::nullopt;
        all.insert(all.end(), values->begin(), values->end());
      }
      return all;
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<Values> PartitionFilter::ValuesOf(size_t key) const { return ListedValues(*expression_, key); }

bool PartitionFilter::MayPass(duckdb::ClientContext& context, const std::vector<duckdb::Value>& values) const {
  return MayPassExpression(context, *expression_, values);
}

LakeFileList::LakeFileList(duckdb::ClientContext& context, std::shared_ptr<const Source> source,
                           std::vector<std::shared_ptr<const PartitionFilter>> filters)
    : context_(context), source_(std::move(source)), filters_(std::move(filters)) {}

bool LakeFileList::MayPass(const std::vector<duckdb::Value>& values) const {
  for (const auto& filter : filters_) {
    if (!filter->MayPass(context_, values)) return false;
  }
  return true;
}

std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>> LakeFileList::KeyValues() const {
  const auto schema = source_->table->schema();
  const auto begin = source_->columns.partition_begin;
  std::vector<std::optional<std::vector<std::shared_ptr<arrow::Scalar>>>> all(source_->columns.types.size() - begin);
  for (size_t key = 0; key < all.size(); ++key) {
    const auto& type = schema->field(static_cast<int>(begin + key))->type();
    for (const auto& filter : filters_) {
      const auto values = filter->ValuesOf(key);
      if (!values) continue;
      std::vector<std::shared_ptr<arrow::Scalar>> scalars;
      for (const auto& value : *values) {
        if (value.IsNull()) continue;  // equals nothing
        const auto scalar = arrow::Scalar::Parse(type, value.ToString());
        if (!scalar.ok()) break;
        scalars.push_back(*scalar);
      }
      const auto nulls =
          std::count_if(values->begin(), values->end(), [](const auto& value) { return value.IsNull(); });
      if (scalars.size() + static_cast<size_t>(nulls) < values->size()) continue;
      all[key] = std::move(scalars);
      break;
    }
  }
  return all;
}

std::shared_ptr<const LakeFileList::Planned> LakeFileList::PlanFromTable() const {
  const auto query = QueryContext::Of(context_);
  auto& table = *source_->table;
  const auto& columns = source_->columns;
  const auto to_values =
      [&](std::span<const std::shared_ptr<arrow::Scalar>> scalars) -> Result<std::vector<duckdb::Value>> {
    std::vector<duckdb::Value> values;
    if (scalars.size() != columns.types.size() - columns.partition_begin) {
      return MakeError(ErrorKind::kCorrupt, "a partition has ", scalars.size(), " values, the table has ",
                       columns.types.size() - columns.partition_begin, " partition columns");
    }
    for (size_t i = 0; i < scalars.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto value, ToValue(*scalars[i], columns.types[columns.partition_begin + i]));
      values.push_back(std::move(value));
    }
    return values;
  };

  PlanOptions options;
  if (query) options.stop = query->stop();
  std::mutex evaluating;  // a plan may ask from several threads
  if (!filters_.empty()) {
    options.keep_partition = [&](std::span<const std::shared_ptr<arrow::Scalar>> scalars) -> Result<bool> {
      ARROW_ASSIGN_OR_RAISE(const auto values, to_values(scalars));
      std::lock_guard lock(evaluating);
      return MayPass(values);
    };
  }
  options.key_values = KeyValues();
  const auto fail = [&](const Status& error) { Throw(query.get(), Prefix(error, "plan " + table.id().ToString())); };
  auto plan = table.Plan(options);
  if (!plan.ok()) fail(plan.status());

  if (plan->mapping != ColumnMapping::kByName) {
    fail(MakeError(ErrorKind::kNotImplemented, "the embedded engine finds columns by name, this table by field id"));
  }
  auto planned = std::make_shared<Planned>();
  planned->partitions_total = plan->partitions_total;
  planned->partitions_kept = plan->partitions_kept;
  planned->notes = plan->notes;
  for (const auto& file : plan->files) {
    if (source_->parquet_only && file.format != "parquet") {
      fail(MakeError(ErrorKind::kNotImplemented, file.location, " is in the format ", file.format,
                     " by its partition, and the table is in Parquet: partitions of a Parquet table are read as such"));
    }
    auto values = to_values(file.partition_values);
    if (!values.ok()) fail(Prefix(values.status(), file.location));
    ScanFile scan{.info = duckdb::OpenFileInfo(file.location),
                  .partition_values = std::move(values).ValueUnsafe(),
                  .size = file.size,
                  .rows = file.record_count,
                  .format = file.format,
                  .format_options = file.format_options != nullptr ? file.format_options : plan->format_options};
    scan.info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
    scan.info.extended_info->options[kFileSizeOption] = duckdb::Value::BIGINT(file.size);
    scan.info.extended_info->options[kFileEtagOption] = duckdb::Value(file.etag);
    scan.info.extended_info->options[kTableFileOption] = duckdb::Value::BOOLEAN(true);
    planned->files.push_back(std::move(scan));
  }
  return planned;
}

std::shared_ptr<const LakeFileList::Planned> LakeFileList::Plan() const {
  std::lock_guard lock(mutex_);  // others wait for the same plan
  if (!planned_) planned_ = PlanFromTable();
  return planned_;
}

std::shared_ptr<const std::vector<ScanFile>> LakeFileList::Files() const {
  auto planned = Plan();
  return {planned, &planned->files};
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::With(
    std::vector<std::shared_ptr<const PartitionFilter>> added) const {
  if (added.empty()) return nullptr;
  auto filters = filters_;
  filters.insert(filters.end(), added.begin(), added.end());
  auto result = duckdb::make_uniq<LakeFileList>(context_, source_, std::move(filters));
  std::lock_guard lock(mutex_);
  if (planned_) {
    // Listed already, for fewer filters: drop from it what the new ones exclude instead of listing again.
    auto planned = std::make_shared<Planned>(*planned_);
    std::erase_if(planned->files, [&](const ScanFile& file) { return !result->MayPass(file.partition_values); });
    result->planned_ = planned;
  }
  return result;
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::ComplexFilterPushdown(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&, duckdb::MultiFilePushdownInfo& info,
    duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& filters) const {
  std::vector<std::shared_ptr<const PartitionFilter>> added;
  for (const auto& filter : filters) {
    auto expression = filter->Copy();
    bool on_partitions = false;
    duckdb::ExpressionIterator::VisitExpressionMutable<duckdb::BoundColumnRefExpression>(
        expression, [&](duckdb::BoundColumnRefExpression& column, duckdb::unique_ptr<duckdb::Expression>& slot) {
          auto index = PartitionFilter::kOther;
          if (column.depth == 0 && column.binding.table_index == info.table_index &&
              column.binding.column_index < info.column_ids.size()) {
            const auto id = info.column_ids[column.binding.column_index];
            if (id >= source_->columns.partition_begin && id < source_->columns.types.size()) {
              index = id - source_->columns.partition_begin;
              on_partitions = true;
            }
          }
          slot = duckdb::make_uniq<duckdb::BoundReferenceExpression>(column.return_type, index);
        });
    if (on_partitions) added.push_back(std::make_shared<PartitionFilter>(std::move(expression)));
  }
  return With(std::move(added));
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::DynamicFilterPushdown(
    duckdb::ClientContext&, const duckdb::MultiFileOptions&, const duckdb::vector<duckdb::string>&,
    const duckdb::vector<duckdb::LogicalType>& types, const duckdb::vector<duckdb::column_t>& column_ids,
    duckdb::TableFilterSet& filters) const {
  // By now the other side of a join is known: its values may exclude partitions too.
  std::vector<std::shared_ptr<const PartitionFilter>> added;
  for (const auto& [position, filter] : filters.filters) {
    const auto id = column_ids[position];
    if (id < source_->columns.partition_begin || id >= source_->columns.types.size()) continue;
    const duckdb::BoundReferenceExpression column(types[id], id - source_->columns.partition_begin);
    try {
      added.push_back(std::make_shared<PartitionFilter>(filter->ToExpression(column)));
    } catch (const std::exception&) {
      // A kind of filter that has no expression (a Bloom filter): it is applied to the rows.
    }
  }
  return With(std::move(added));
}

void LakeFileList::Count() const {
  const auto query = QueryContext::Of(context_);
  if (!query) return;
  const auto totals = Totals();
  query->partitions_total += totals.partitions_total;
  query->partitions_scanned += totals.partitions_scanned;
  for (const auto& note : Plan()->notes) query->AddNote(note);
}

ScanTotals LakeFileList::Totals() const {
  const auto planned = Plan();
  ScanTotals totals{.files = static_cast<int64_t>(planned->files.size()),
                    .partitions_total = planned->partitions_total,
                    .partitions_scanned = planned->partitions_kept};
  for (const auto& file : planned->files) totals.bytes += file.size;
  if (source_->columns.partition_begin == source_->columns.types.size()) return totals;
  std::set<std::string> partitions;
  for (const auto& file : planned->files) {
    std::string key;
    for (const auto& value : file.partition_values) key += value.ToSQLString() + '/';
    partitions.insert(std::move(key));
  }
  totals.partitions_scanned = static_cast<int64_t>(partitions.size());
  return totals;
}

duckdb::vector<duckdb::OpenFileInfo> LakeFileList::GetAllFiles() const {
  duckdb::vector<duckdb::OpenFileInfo> infos;
  for (const auto& file : *Files()) infos.push_back(file.info);
  return infos;
}

duckdb::FileExpandResult LakeFileList::GetExpandResult() const {
  const auto count = Files()->size();
  if (count > 1) return duckdb::FileExpandResult::MULTIPLE_FILES;
  return count == 1 ? duckdb::FileExpandResult::SINGLE_FILE : duckdb::FileExpandResult::NO_FILES;
}

duckdb::OpenFileInfo LakeFileList::GetFile(idx_t index) const {
  const auto files = Files();
  return index < files->size() ? (*files)[index].info : duckdb::OpenFileInfo();
}

duckdb::unique_ptr<duckdb::NodeStatistics> LakeFileList::GetCardinality(duckdb::ClientContext&) const {
  int64_t rows = 0;
  for (const auto& file : *Files()) rows += file.rows.value_or(file.size / kBytesPerRow + 1);
  return duckdb::make_uniq<duckdb::NodeStatistics>(static_cast<idx_t>(rows));
}

duckdb::unique_ptr<duckdb::MultiFileList> LakeFileList::Copy() const {
  auto copy = duckdb::make_uniq<LakeFileList>(context_, source_, filters_);
  std::lock_guard lock(mutex_);
  copy->planned_ = planned_;
  return copy;
}

}  // namespace glaux::duckdb_engine
