#include "glaux/sync/pipeline_plan.h"

#include <arrow/api.h>

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sync/merge_write.h"

namespace glaux {
namespace {

EvolutionRules RulesOf(const PipelineParts& parts) {
  return {.stored_types = !parts.target.keeps_types(parts.destination.mode)};
}

/// The first file that alone is refused, where the files together are.
Status NameFileAtFault(const PipelineParts& parts, const arrow::Schema& table) {
  if (!parts.pipeline.sql.empty()) return Status::OK();
  for (const auto& source : parts.sources) {
    for (size_t i = 0; i < source->files().size(); ++i) {
      ARROW_RETURN_NOT_OK(PlanEvolution(table, *source->shape().file_schemas[i], parts.contract(), RulesOf(parts),
                                        parts.target.name() + ", file " + source->files()[i].name)
                              .status());
    }
  }
  return Status::OK();
}

/// Compare the data with the target under the contract.
Status Compare(const PipelineParts& parts, const arrow::Schema& data, const std::vector<std::string>& kept_keys,
               PipelinePlan* to) {
  auto there = parts.makes_anew() ? nullptr : parts.target.schema();
  if (there != nullptr && !kept_keys.empty()) {
    auto fields = there->fields();
    for (const auto& key : kept_keys) fields.push_back(arrow::field(key, arrow::utf8()));
    there = arrow::schema(std::move(fields));
  }
  const bool creates = parts.target.schema() == nullptr && !parts.target.compares_columns();
  if (creates && parts.contract().tables == ContractMode::kFreeze) {
    return MakeError(ErrorKind::kNotFound, "pipeline ", parts.pipeline.name, ": ", parts.target.name(),
                     " is not there, and the contract freezes tables");
  }
  const auto nothing = arrow::schema(arrow::FieldVector{});
  const auto& table = there == nullptr ? *nothing : *there;
  // A target that compares for itself applies the contract there.
  auto contract_here = parts.target.compares_columns() ? SchemaContract() : parts.contract();
  // What is made anew gets its columns from the data; whether it may be made is the contract's word on tables.
  if (there == nullptr) contract_here.columns = ContractMode::kEvolve;
  auto plan = PlanEvolution(table, data, contract_here, RulesOf(parts), parts.target.name());
  if (!plan.ok()) {
    ARROW_RETURN_NOT_OK(NameFileAtFault(parts, table));
    return plan.status();
  }
  to->evolution = *std::move(plan);
  for (const auto& column : to->evolution.quarantine_columns) {
    if (data.GetFieldIndex(column) < 0) {
      return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "use discard_value, freeze or evolve"}, "pipeline ",
                       parts.pipeline.name, ": the contract discard_row for ", column, ", which lies inside a column");
    }
  }
  return Status::OK();
}

/// Whether rows with these columns have all keys that the target makes of the time of the write.
bool BringsKeys(const PipelineParts& parts, const arrow::Schema& rows) {
  const auto made = parts.target.made_keys().of_write_time;
  return !made.empty() && !Merges(parts.destination.mode) &&
         std::all_of(made.begin(), made.end(), [&](const auto& key) { return rows.GetFieldIndex(key) >= 0; });
}

/// Keys of the time of the write are those of the rows, if these bring them: they are text, whatever they look like.
/// \return the keys that the rows bring
std::vector<std::string> KeepKeys(const PipelineParts& parts, bool brought, arrow::FieldVector* fields) {
  if (!brought) return {};
  auto keys = parts.target.made_keys().of_write_time;
  for (auto& field : *fields) {
    const bool is_key = std::find(keys.begin(), keys.end(), field->name()) != keys.end();
    if (is_key && (arrow::is_integer(field->type()->id()) || field->type()->id() == arrow::Type::NA)) {
      field = field->WithType(arrow::utf8());
    }
  }
  return keys;
}

/// Keys that times have made in a table that is read, and that the target makes by itself: no columns of the data.
void DropMadeKeys(const PipelineParts& parts, arrow::FieldVector* fields) {
  const auto made = parts.target.made_keys();
  std::set<std::string> keys(made.of_write_time.begin(), made.of_write_time.end());
  keys.insert(made.of_columns.begin(), made.of_columns.end());
  std::erase_if(*fields, [&](const auto& field) {
    return keys.contains(field->name()) &&
           std::all_of(parts.sources.begin(), parts.sources.end(), [&](const auto& source) {
             const auto of_source = source->made_keys();
             return source->schema()->GetFieldIndex(field->name()) < 0 ||
                    std::find(of_source.begin(), of_source.end(), field->name()) != of_source.end();
           });
  });
}

}  // namespace

SchemaContract PipelineParts::contract() const {
  SchemaContract otherwise;
  if (target.keeps_order()) otherwise.data_type = ContractMode::kEvolve;  // a single file is written whole
  return pipeline.contract.value_or(destination.contract.value_or(otherwise));
}

Result<PipelinePlan> PlanRows(const PipelineParts& parts) {
  PipelinePlan plan;
  std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>> columns;
  for (const auto& source : parts.sources) {
    for (const auto& field : source->schema()->fields()) {
      const auto at =
          std::find_if(columns.begin(), columns.end(), [&](const auto& c) { return c.first == field->name(); });
      if (at == columns.end()) {
        columns.emplace_back(field->name(), field->type());
      } else {
        at->second = UnifyTypes(at->second, field->type());
      }
    }
  }
  arrow::FieldVector fields;
  for (auto& [name, type] : columns) {
    if (type->id() == arrow::Type::NA) plan.untyped.push_back(name);
    fields.push_back(arrow::field(name, std::move(type)));
  }
  const bool brought = std::all_of(parts.sources.begin(), parts.sources.end(),
                                   [&](const auto& source) { return BringsKeys(parts, *source->schema()); });
  const auto kept_keys = KeepKeys(parts, brought, &fields);
  if (!brought) DropMadeKeys(parts, &fields);
  ARROW_RETURN_NOT_OK(Compare(parts, *arrow::schema(std::move(fields)), kept_keys, &plan));
  return plan;
}

Result<PipelinePlan> PlanQueryRows(const PipelineParts& parts, const arrow::Schema& result) {
  PipelinePlan plan;
  plan.result_names = result.field_names();
  if (parts.target.normalizes_names()) {
    ARROW_ASSIGN_OR_RAISE(const auto names, NormalizeColumnNames(plan.result_names));
    plan.result_names.clear();
    for (const auto& name : names) {
      if (name.rewritten()) plan.renamed.push_back(name.source + " -> " + name.column);
      plan.result_names.push_back(name.column);
    }
  }
  arrow::FieldVector fields;
  for (int i = 0; i < result.num_fields(); ++i) {
    auto type = result.field(i)->type();
    if (parts.target.normalizes_names()) {
      ARROW_ASSIGN_OR_RAISE(type, StoredType(*type));
    }
    fields.push_back(arrow::field(plan.result_names[static_cast<size_t>(i)], std::move(type)));
  }
  const auto kept_keys = KeepKeys(parts, BringsKeys(parts, *arrow::schema(fields)), &fields);
  ARROW_RETURN_NOT_OK(Compare(parts, *arrow::schema(std::move(fields)), kept_keys, &plan));
  return plan;
}

std::optional<std::string> UntypedColumns(const Table* table, const arrow::Schema& columns,
                                          const std::vector<std::string>& untyped) {
  std::set<std::string> names;
  std::optional<std::string> before;
  if (table != nullptr) {
    const auto& parameters = table->entry().parameters;
    if (const auto at = parameters.find(kUntypedColumnsParameter); at != parameters.end()) before = at->second;
  }
  if (before.has_value()) {
    boost::system::error_code error;
    const auto list = boost::json::parse(*before, error);
    if (!error && list.is_array()) {
      for (const auto& name : list.as_array()) {
        if (name.is_string()) names.emplace(name.as_string().c_str());
      }
    }
  }
  names.insert(untyped.begin(), untyped.end());
  for (const auto& name : columns.field_names()) names.erase(name);
  boost::json::array list;
  for (const auto& name : names) list.emplace_back(name);
  std::string text = list.empty() ? std::string() : boost::json::serialize(list);
  if (text == before.value_or("")) return std::nullopt;
  return text;
}

}  // namespace glaux
