#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/lake/load_plan_internal.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

/// Whether text that looks like `inferred` may be meant for a column of `table`: the conversion itself still checks
/// every value, exactly.
bool TextMayFit(const arrow::DataType& inferred, const arrow::DataType& table) {
  if (table.id() == arrow::Type::STRING) return true;
  if (IsNumber(inferred)) {
    return arrow::is_floating(table.id()) || arrow::is_decimal(table.id()) ||
           (arrow::is_integer(inferred.id()) && arrow::is_integer(table.id()));
  }
  if (inferred.id() == arrow::Type::DATE32 || inferred.id() == arrow::Type::TIMESTAMP)
    return table.id() == arrow::Type::TIMESTAMP;
  return false;
}

struct GivenTypes {
  std::map<std::string, TypePtr> by_name;
  mutable std::set<std::string> used;

  TypePtr Find(const std::string& source, const std::string& column) const {
    for (const auto& name : {source, column}) {
      if (const auto at = by_name.find(name); at != by_name.end()) {
        used.insert(name);
        return at->second;
      }
    }
    return nullptr;
  }
};

Result<GivenTypes> ParseGiven(const LoadOptions& options) {
  GivenTypes given;
  for (const auto& [name, text] : options.types) {
    auto type = ParseGlueType(text);
    if (!type.ok()) return Prefix(type.status(), "type of column " + name);
    given.by_name[name] = *std::move(type);
  }
  return given;
}

}  // namespace

Status CheckGivenTypes(const LoadOptions& options) { return ParseGiven(options).status(); }

Result<InferredFiles> InferFiles(const std::vector<FoundFile>& files, const LoadOptions& options,
                                 int64_t sample_bytes) {
  InferredFiles inferred;
  inferred.schemas.resize(files.size());
  ARROW_RETURN_NOT_OK(ParallelForIndex(files.size(), 0, Pool::kCpu, options.stop, [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto input, files[i].Open());
    ARROW_ASSIGN_OR_RAISE(inferred.schemas[i], files[i].format->Infer(input, {.format = options.format_options,
                                                                              .sample_bytes = sample_bytes}));
    return Status::OK();
  }));
  inferred.complete =
      std::all_of(inferred.schemas.begin(), inferred.schemas.end(), [](const auto& s) { return s.complete; });
  for (const auto& schema : inferred.schemas) inferred.rows_seen += schema.rows_seen;
  return inferred;
}

Result<DataShape> ShapeOf(const std::vector<FoundFile>& files, const InferredFiles& inferred,
                          const LoadOptions& options, const arrow::Schema* table) {
  ARROW_ASSIGN_OR_RAISE(const auto given, ParseGiven(options));
  DataShape shape;
  std::vector<std::pair<std::string, TypePtr>> columns;
  std::map<std::string, size_t> position;
  std::map<std::string, std::string> source_of;
  for (size_t i = 0; i < files.size(); ++i) {
    const bool text = !files[i].format->carries_schema();
    auto names = NormalizeColumnNames(inferred.schemas[i].schema->field_names());
    if (!names.ok()) return Prefix(names.status(), "load " + files[i].name);
    auto& of_file = shape.column_names.emplace_back();
    arrow::FieldVector alone;
    for (int c = 0; c < static_cast<int>(names->size()); ++c) {
      const auto& [source, column] = (*names)[c];
      of_file.push_back(column);
      TypePtr type = inferred.schemas[i].schema->field(c)->type();
      if (const auto wanted = given.Find(source, column)) {
        type = wanted;
      } else if (type->id() != arrow::Type::NA) {
        auto stored = StoredType(*type);
        if (!stored.ok()) return Prefix(stored.status(), "load " + files[i].name + ", column " + source);
        type = *std::move(stored);
        const auto known = table == nullptr ? nullptr : table->GetFieldByName(column);
        if (known != nullptr && text && TextMayFit(*type, *known->type())) type = known->type();
      }
      alone.push_back(arrow::field(column, type));
      const auto [at, fresh] = position.try_emplace(column, columns.size());
      if (fresh) {
        columns.emplace_back(column, type);
        source_of[column] = source;
        if (source != column) shape.renamed.push_back(source + " -> " + column);
      } else {
        if (source_of[column] != source && table == nullptr) {
          // Two files may spell one column differently; only within one file is that a collision.
          shape.renamed.push_back(source + " -> " + column);
        }
        columns[at->second].second = UnifyTypes(columns[at->second].second, type);
      }
    }
    shape.file_schemas.push_back(arrow::schema(std::move(alone)));
  }
  for (const auto& [name, type] : given.by_name) {
    if (!given.used.contains(name)) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "name it as the file or as the table has it"},
                       "type given for column ", name, ": no file has such a column");
    }
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (auto& [name, type] : columns) {
    if (type->id() == arrow::Type::NA) shape.untyped.push_back(name);
    fields.push_back(arrow::field(name, type));
  }
  shape.schema = arrow::schema(std::move(fields));
  std::sort(shape.renamed.begin(), shape.renamed.end());
  shape.renamed.erase(std::unique(shape.renamed.begin(), shape.renamed.end()), shape.renamed.end());
  return shape;
}

Result<std::vector<LoadInput>> MakeLoadInputs(const std::vector<FoundFile>& files, const InferredFiles& inferred,
                                              const DataShape& shape, const EvolutionPlan& plan,
                                              const LoadOptions& options) {
  std::vector<LoadInput> inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    LoadInput input{.format = files[i].format};
    ARROW_ASSIGN_OR_RAISE(input.file, files[i].Open());
    std::vector<std::shared_ptr<arrow::Field>> fields;
    const auto& schema = *inferred.schemas[i].schema;
    for (int c = 0; c < schema.num_fields(); ++c) {
      const auto& column = shape.column_names[i][c];
      const auto target = plan.write_schema->GetFieldByName(column);
      const bool untyped = shape.schema->GetFieldByName(column)->type()->id() == arrow::Type::NA;
      // A column without a value so far is still read: a value beyond the sample must not get lost.
      if (target == nullptr && !untyped) continue;
      fields.push_back(arrow::field(schema.field(c)->name(), target != nullptr ? target->type() : arrow::null()));
      input.column_names.push_back(column);
    }
    input.read = {
        .format = options.format_options, .schema = arrow::schema(std::move(fields)), .dictionary_strings = true};
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace glaux
