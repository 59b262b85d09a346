#include "glaux/sync/shape.h"

#include <arrow/api.h>

#include <algorithm>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sync/glob.h"

namespace glaux {
namespace {

using TypePtr = std::shared_ptr<arrow::DataType>;

bool IsNumber(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

/// Whether text that looks like `inferred` may be meant for a column of `target`: the conversion itself still checks
/// every value, exactly.
bool TextMayFit(const arrow::DataType& inferred, const arrow::DataType& target) {
  if (target.id() == arrow::Type::STRING) return true;
  if (IsNumber(inferred)) {
    return arrow::is_floating(target.id()) || arrow::is_decimal(target.id()) ||
           (arrow::is_integer(inferred.id()) && arrow::is_integer(target.id()));
  }
  if (inferred.id() == arrow::Type::DATE32 || inferred.id() == arrow::Type::TIMESTAMP)
    return target.id() == arrow::Type::TIMESTAMP;
  return false;
}

/// Whether a column of whole numbers is too narrow for some that were found.
bool IsTooNarrow(const arrow::DataType& target, const arrow::DataType& inferred) {
  return arrow::is_integer(target.id()) && arrow::is_integer(inferred.id()) &&
         target.bit_width() < inferred.bit_width();
}

Result<TypePtr> ParseType(const std::string& name, const std::string& text) {
  auto type = ParseGlueType(text);
  if (!type.ok()) return Prefix(type.status(), "type of column " + name);
  return type;
}

/// One type for both. Where they differ, both are first brought to what a table stores: those are what unifying knows.
Result<TypePtr> Unify(const TypePtr& left, const TypePtr& right) {
  if (left->Equals(right) || left->id() == arrow::Type::NA || right->id() == arrow::Type::NA) {
    return left->id() == arrow::Type::NA ? right : left;
  }
  ARROW_ASSIGN_OR_RAISE(const auto stored_left, StoredType(*left));
  ARROW_ASSIGN_OR_RAISE(const auto stored_right, StoredType(*right));
  return UnifyTypes(stored_left, stored_right);
}

/// A type without its parts that have had no value: an array of nulls is no value yet, too.
TypePtr WithoutNulls(const TypePtr& type) {
  if (type->id() == arrow::Type::LIST) {
    const auto& item = type->field(0);
    const auto kept = WithoutNulls(item->type());
    if (kept->id() == arrow::Type::NA) return kept;
    return kept->Equals(item->type()) ? type : arrow::list(item->WithType(kept));
  }
  if (type->id() != arrow::Type::STRUCT) return type;
  arrow::FieldVector fields;
  for (const auto& field : type->fields()) {
    const auto kept = WithoutNulls(field->type());
    if (kept->id() != arrow::Type::NA) fields.push_back(field->WithType(kept));
  }
  if (fields.empty()) return arrow::null();
  return arrow::struct_(std::move(fields));
}

/// Types that the user has an opinion about.
class WantedTypes {
 public:
  static Result<WantedTypes> Make(const ShapeOptions& options) {
    WantedTypes wanted;
    for (const auto& [name, text] : options.types) {
      ARROW_ASSIGN_OR_RAISE(wanted.given_[name], ParseType(name, text));
    }
    for (const auto& [pattern, text] : options.hints) {
      ARROW_ASSIGN_OR_RAISE(auto glob, Glob::Parse(pattern));
      ARROW_ASSIGN_OR_RAISE(auto type, ParseType(pattern, text));
      wanted.hints_.emplace_back(std::move(glob), std::move(type));
    }
    return wanted;
  }

  TypePtr Given(const std::string& source, const std::string& column) {
    for (const auto& name : {source, column}) {
      if (const auto at = given_.find(name); at != given_.end()) {
        used_.insert(name);
        return at->second;
      }
    }
    return nullptr;
  }

  /// A hint is followed where inference found no value, or values that surely fit the hinted type.
  TypePtr Hinted(const std::string& source, const std::string& column, const arrow::DataType& inferred) const {
    for (const auto& [glob, type] : hints_) {
      if (!glob.Matches(source) && !glob.Matches(column)) continue;
      if (inferred.id() == arrow::Type::NA || TextMayFit(inferred, *type)) return type;
    }
    return nullptr;
  }

  Status AllUsed() const {
    for (const auto& [name, type] : given_) {
      if (used_.contains(name)) continue;
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "name it as the file or as the table has it"},
                       "type given for column ", name, ": no file has such a column");
    }
    return Status::OK();
  }

 private:
  std::map<std::string, TypePtr> given_;
  std::vector<std::pair<Glob, TypePtr>> hints_;
  std::set<std::string> used_;
};

/// The source's names beside the target's.
Result<std::vector<NameMapping>> NameColumns(const std::vector<std::string>& names, bool normalize) {
  if (normalize) return NormalizeColumnNames(names);
  std::vector<NameMapping> mapped;
  std::set<std::string> seen;
  for (const auto& name : names) {
    if (!seen.insert(name).second) {
      return MakeError(ErrorKind::kInvalid, "two columns have the name ", name);
    }
    mapped.push_back({.source = name, .column = name});
  }
  return mapped;
}

/// Which columns a source keeps, and whether each of them was found.
class ColumnChoice {
 public:
  explicit ColumnChoice(const std::optional<std::vector<std::string>>& columns) : columns_(columns) {}

  bool Keeps(const NameMapping& name) {
    if (!columns_.has_value()) return true;
    bool kept = false;
    for (const auto& wanted : *columns_) {
      if (wanted != name.source && FoldName(wanted) != FoldName(name.column)) continue;
      found_.insert(wanted);
      kept = true;
    }
    return kept;
  }

  Status AllFound(const std::string& subject) const {
    if (!columns_.has_value()) return Status::OK();
    for (const auto& wanted : *columns_) {
      if (found_.contains(wanted)) continue;
      return MakeError(ErrorKind::kInvalid, subject, ": columns names ", wanted, ", and no file has such a column");
    }
    return Status::OK();
  }

 private:
  const std::optional<std::vector<std::string>>& columns_;
  std::set<std::string> found_;
};

}  // namespace

Status CheckGivenTypes(const ShapeOptions& options) { return WantedTypes::Make(options).status(); }

Result<InferredFiles> InferFiles(const std::vector<SourceFile>& files, const InferOptions& options,
                                 const arrow::StopToken& stop) {
  InferredFiles inferred;
  inferred.schemas.resize(files.size());
  const bool waits =
      std::any_of(files.begin(), files.end(), [](const auto& file) { return file.place.store->traits().remote; });
  ARROW_RETURN_NOT_OK(ParallelForIndex(files.size(), 0, waits ? Pool::kIo : Pool::kCpu, stop, [&](size_t i) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto input, files[i].Open());
    ARROW_ASSIGN_OR_RAISE(inferred.schemas[i], files[i].format->Infer(input, options));
    return Status::OK();
  }));
  inferred.complete =
      std::all_of(inferred.schemas.begin(), inferred.schemas.end(), [](const auto& s) { return s.complete; });
  for (const auto& schema : inferred.schemas) inferred.rows_seen += schema.rows_seen;
  return inferred;
}

Result<DataShape> ShapeOf(const std::vector<SourceFile>& files, const InferredFiles& inferred,
                          const ShapeOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto wanted, WantedTypes::Make(options));
  ColumnChoice choice(options.columns);
  DataShape shape;
  std::vector<std::pair<std::string, TypePtr>> columns;
  std::map<std::string, size_t> position;
  std::map<std::string, std::string> source_of;
  for (size_t i = 0; i < files.size(); ++i) {
    const bool text = !files[i].format->carries_schema();
    auto names = NameColumns(inferred.schemas[i].schema->field_names(), options.normalize_names);
    if (!names.ok()) return Prefix(names.status(), options.subject + " " + files[i].name);
    auto& of_file = shape.column_names.emplace_back();
    arrow::FieldVector alone;
    for (int c = 0; c < static_cast<int>(names->size()); ++c) {
      const auto& [source, column] = (*names)[c];
      const bool kept = choice.Keeps((*names)[c]);
      of_file.push_back(kept ? column : std::string());
      if (!kept) continue;
      TypePtr type = inferred.schemas[i].schema->field(c)->type();
      if (const auto given = wanted.Given(source, column)) {
        type = given;
      } else if (const auto hinted = wanted.Hinted(source, column, *type)) {
        type = hinted;
      } else if (type = WithoutNulls(type); type->id() != arrow::Type::NA) {
        if (options.stored_types) {
          auto stored = StoredType(*type);
          if (!stored.ok())
            return Prefix(stored.status(), options.subject + " " + files[i].name + ", column " + source);
          type = *std::move(stored);
        } else if (type->id() == arrow::Type::DICTIONARY) {
          type = static_cast<const arrow::DictionaryType&>(*type).value_type();
        }
        const auto known = options.target == nullptr ? nullptr : options.target->GetFieldByName(column);
        const bool widens = known != nullptr && options.widen && IsTooNarrow(*known->type(), *type);
        if (known != nullptr && text && !widens && TextMayFit(*type, *known->type())) {
          type = known->type();
        } else if (text && !widens && arrow::is_integer(type->id())) {
          type = arrow::int64();  // no column says that it is to be narrow
        }
      }
      alone.push_back(arrow::field(column, type));
      const auto [at, fresh] = position.try_emplace(column, columns.size());
      if (fresh) {
        columns.emplace_back(column, type);
        source_of[column] = source;
        if (source != column) shape.renamed.push_back(source + " -> " + column);
      } else {
        if (source_of[column] != source && options.target == nullptr) {
          // Two files may spell one column differently; only within one file is that a collision.
          shape.renamed.push_back(source + " -> " + column);
        }
        ARROW_ASSIGN_OR_RAISE(columns[at->second].second, Unify(columns[at->second].second, type));
      }
    }
    shape.file_schemas.push_back(arrow::schema(std::move(alone)));
  }
  ARROW_RETURN_NOT_OK(wanted.AllUsed());
  ARROW_RETURN_NOT_OK(choice.AllFound(options.subject));
  arrow::FieldVector fields;
  for (auto& [name, type] : columns) {
    if (type->id() == arrow::Type::NA) shape.untyped.push_back(name);
    fields.push_back(arrow::field(name, type));
  }
  shape.schema = arrow::schema(std::move(fields));
  std::sort(shape.renamed.begin(), shape.renamed.end());
  shape.renamed.erase(std::unique(shape.renamed.begin(), shape.renamed.end()), shape.renamed.end());
  return shape;
}

std::vector<FileInput> MakeFileInputs(const std::vector<SourceFile>& files, const InferredFiles& inferred,
                                      const DataShape& shape, const arrow::Schema& wanted,
                                      const FormatOptions& format) {
  std::vector<FileInput> inputs;
  for (size_t i = 0; i < files.size(); ++i) {
    FileInput input{.file = &files[i], .inferred = inferred.schemas[i]};
    arrow::FieldVector fields;
    const auto& schema = *inferred.schemas[i].schema;
    for (int c = 0; c < schema.num_fields(); ++c) {
      const auto& column = shape.column_names[i][c];
      if (column.empty()) continue;
      const auto target = wanted.GetFieldByName(column);
      const bool untyped = shape.schema->GetFieldByName(column)->type()->id() == arrow::Type::NA;
      // A column without a value so far is still read: a value beyond the sample must not get lost.
      if (target == nullptr && !untyped) continue;
      fields.push_back(target != nullptr ? schema.field(c)->WithType(target->type()) : schema.field(c));
      input.column_names.push_back(target != nullptr ? column : std::string());
    }
    input.read = {.format = format, .schema = arrow::schema(std::move(fields))};
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace glaux
