#include "glaux/schema/evolution.h"

#include <arrow/api.h>

#include <iterator>
#include <unordered_map>
#include <unordered_set>

#include "glaux/schema/numeric_internal.h"
#include "glaux/schema/scanner_internal.h"
#include "glaux/schema/type_table_internal.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

using arrow::Type;
using schema_internal::DigitsOf;
using schema_internal::IntegerDigits;
using schema_internal::IsFloating;
using schema_internal::IsListLike;
using Kind = SchemaDifference::Kind;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr std::string_view kModeNames[] = {"evolve", "freeze", "discard_row", "discard_value"};

std::string TypeText(const TypePtr& type) {
  if (type == nullptr) return "unknown";
  return ToGlueType(*type).ValueOr(type->ToString());
}

/// Every value of `data` is one of `table`, or a checked cast tells which is not.
bool Fits(const arrow::DataType& data, const arrow::DataType& table) {
  const int data_digits = IntegerDigits(data);
  const int table_digits = IntegerDigits(table);
  if (table_digits > 0) return data_digits > 0 && data_digits < table_digits;
  if (arrow::is_unsigned_integer(table.id())) return data_digits > 0;
  if (table.id() == Type::TIMESTAMP) return data.id() == Type::TIMESTAMP;
  // A column of doubles holds whole numbers in some files, and inference calls those bigint. Arrow's cast refuses the
  // ones that a double cannot hold.
  if (IsFloating(table)) return data_digits > 0 || (data.id() == Type::FLOAT && table.id() == Type::DOUBLE);
  if (table.id() == Type::DECIMAL128) {
    const auto d = DigitsOf(data);
    const auto t = DigitsOf(table);
    return d.any() && d.before <= t.before && d.after <= t.after;
  }
  return false;
}

/// The type that `table` may become so that `data` fits; null if there is none.
TypePtr Widened(const TypePtr& table, const TypePtr& data) {
  const int data_digits = IntegerDigits(*data);
  const int table_digits = IntegerDigits(*table);
  if (table_digits > 0) return data_digits > table_digits ? data : nullptr;
  if (table->id() == Type::FLOAT) return data->id() == Type::DOUBLE ? data : nullptr;
  if (table->id() == Type::DECIMAL128) {
    const auto d = DigitsOf(*data);
    const auto t = DigitsOf(*table);
    // The scale of written values cannot change, so only digits before the point may come.
    if (!d.any() || d.after > t.after || d.before + t.after > arrow::Decimal128Type::kMaxPrecision) return nullptr;
    return arrow::decimal128(d.before + t.after, t.after);
  }
  return nullptr;
}

class Planner {
 public:
  Planner(const SchemaContract& contract, const EvolutionRules& rules, std::string_view subject)
      : contract_(contract), rules_(rules), subject_(subject) {}

  Result<EvolutionPlan> Plan(const arrow::Schema& table, const arrow::Schema& data) {
    ARROW_RETURN_NOT_OK(CheckNames(data));
    arrow::FieldVector table_fields;
    arrow::FieldVector write_fields;
    for (const auto& field : table.fields()) {
      const auto source = data.GetFieldByName(field->name());
      if (source == nullptr) {
        Miss(field->name(), *field);
        table_fields.push_back(field);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto merged, MergeField(field->name(), *field, *source->type()));
      table_fields.push_back(field->WithType(merged.table));
      const bool all_null = source->type()->id() == Type::NA;
      if (merged.write != nullptr && !all_null) write_fields.push_back(field->WithType(merged.write));
    }
    for (const auto& field : data.fields()) {
      if (table.GetFieldByName(field->name()) != nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(const auto type, NewField(field->name(), field->name(), field->type(), table.fields()));
      if (type == nullptr) continue;
      table_fields.push_back(arrow::field(field->name(), type));
      write_fields.push_back(table_fields.back());
    }
    if (!refusals_.empty()) return Refusal();
    plan_.table_schema = arrow::schema(std::move(table_fields), table.metadata());
    plan_.write_schema = arrow::schema(std::move(write_fields));
    return std::move(plan_);
  }

 private:
  /// Two types out of one comparison. No `write`: the data's values are not written; `rejected` says that the place
  /// which holds them is still to be put on a list of the plan.
  struct Merged {
    TypePtr table;
    TypePtr write;
    ContractMode rejected = ContractMode::kEvolve;
  };

  Status CheckNames(const arrow::Schema& data) const {
    std::unordered_set<std::string_view> names;
    for (const auto& field : data.fields()) {
      if (!names.insert(field->name()).second) {
        return MakeError(ErrorKind::kInvalid, subject_, ": two columns of the data are called ", field->name());
      }
    }
    return Status::OK();
  }

  void Refuse(std::string problem, std::string_view hint) {
    refusals_.push_back(std::move(problem));
    if (hint_.empty()) hint_ = hint;
  }

  Status Refusal() const {
    constexpr size_t kShown = 5;
    std::string problems;
    for (size_t i = 0; i < std::min(kShown, refusals_.size()); ++i) {
      problems.append(i == 0 ? "" : "; ").append(refusals_[i]);
    }
    if (refusals_.size() > kShown) problems += "; and " + std::to_string(refusals_.size() - kShown) + " more";
    return MakeError({.kind = ErrorKind::kInvalid, .hint = hint_}, subject_, ": ", problems);
  }

  void PutOnList(ContractMode mode, const std::string& path) {
    auto& list = mode == ContractMode::kDiscardRow ? plan_.quarantine_columns : plan_.discarded_columns;
    list.push_back(path);
  }

  void Miss(const std::string& path, const arrow::Field& field) {
    if (!field.nullable()) {
      Refuse(
          "column " + path + ": " + TypeText(field.type()) + " is required in the table and has no values in the data",
          "fill the column in the source, or make it optional in the table");
      return;
    }
    plan_.differences.push_back({.kind = Kind::kMissingColumn, .column = path, .table_type = field.type()});
  }

  Result<Merged> MergeField(const std::string& path, const arrow::Field& table, const arrow::DataType& data) {
    if (data.id() == Type::NA && !table.nullable()) Miss(path, table);
    ARROW_ASSIGN_OR_RAISE(auto merged, MergeTypes(path, table.type(), data.GetSharedPtr()));
    if (merged.rejected != ContractMode::kEvolve) {
      PutOnList(merged.rejected, path);
      merged.rejected = ContractMode::kEvolve;
    }
    return merged;
  }

  Result<Merged> MergeTypes(const std::string& path, const TypePtr& table, const TypePtr& given) {
    if (given->id() == Type::NA) return Merged{table, table};
    if (given->Equals(table)) return Merged{table, table};
    ARROW_ASSIGN_OR_RAISE(const auto data, InContext(path, schema_internal::Plain(given)));
    if (table->id() == Type::STRUCT && data->id() == Type::STRUCT) return MergeStructs(path, *table, *data);
    if (IsListLike(*table) && IsListLike(*data)) return MergeLists(path, table, *data);
    if (table->id() == Type::MAP && data->id() == Type::MAP) return MergeMaps(path, table, *data);
    if (arrow::is_nested(table->id()) || arrow::is_nested(data->id())) return Change(path, table, given);
    ARROW_ASSIGN_OR_RAISE(const auto stored, InContext(path, StoredType(*given)));
    if (stored->Equals(table)) return Merged{table, table};
    if (Fits(*stored, *table)) {
      plan_.differences.push_back({.kind = Kind::kCastValue, .column = path, .table_type = table, .data_type = given});
      return Merged{table, table};
    }
    if (auto wider = Widened(table, stored)) return Widen(path, table, given, std::move(wider));
    return Change(path, table, given);
  }

  template <typename T>
  Result<T> InContext(const std::string& path, Result<T> result) const {
    if (result.ok()) return result;
    return Prefix(result.status(), std::string(subject_) + ": column " + path);
  }

  Result<Merged> MergeLists(const std::string& path, const TypePtr& table, const arrow::DataType& data) {
    const auto& element = table->field(0);
    ARROW_ASSIGN_OR_RAISE(auto merged, MergeTypes(path + ".element", element->type(), data.field(0)->type()));
    const auto rebuild = [&](const TypePtr& type) -> TypePtr {
      if (type == nullptr || type == element->type()) return type == nullptr ? nullptr : table;
      return arrow::list(element->WithType(type));
    };
    return Merged{rebuild(merged.table), rebuild(merged.write), merged.rejected};
  }

  Result<Merged> MergeMaps(const std::string& path, const TypePtr& table, const arrow::DataType& data) {
    const auto& to = static_cast<const arrow::MapType&>(*table);
    const auto& from = static_cast<const arrow::MapType&>(data);
    ARROW_ASSIGN_OR_RAISE(auto key, MergeTypes(path + ".key", to.key_type(), from.key_type()));
    ARROW_ASSIGN_OR_RAISE(auto value, MergeTypes(path + ".value", to.item_type(), from.item_type()));
    const auto rejected = key.rejected != ContractMode::kEvolve ? key.rejected : value.rejected;
    const auto rebuild = [&](const TypePtr& key_type, const TypePtr& value_type) -> TypePtr {
      if (key_type == to.key_type() && value_type == to.item_type()) return table;
      return std::make_shared<arrow::MapType>(to.key_field()->WithType(key_type), to.item_field()->WithType(value_type),
                                              to.keys_sorted());
    };
    const bool writable = key.write != nullptr && value.write != nullptr;
    return Merged{rebuild(key.table, value.table), writable ? rebuild(key.write, value.write) : nullptr, rejected};
  }

  Result<Merged> MergeStructs(const std::string& path, const arrow::DataType& table, const arrow::DataType& data) {
    const auto& to = static_cast<const arrow::StructType&>(table);
    const auto& from = static_cast<const arrow::StructType&>(data);
    arrow::FieldVector table_fields;
    arrow::FieldVector write_fields;
    for (const auto& field : to.fields()) {
      const std::string field_path = path + "." + field->name();
      const auto source = from.GetFieldByName(field->name());
      if (source == nullptr) {
        Miss(field_path, *field);
        table_fields.push_back(field);
        write_fields.push_back(field);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto merged, MergeField(field_path, *field, *source->type()));
      table_fields.push_back(field->WithType(merged.table));
      if (merged.write != nullptr) write_fields.push_back(field->WithType(merged.write));
    }
    for (const auto& field : from.fields()) {
      if (to.GetFieldByName(field->name()) != nullptr) continue;
      ARROW_ASSIGN_OR_RAISE(const auto type,
                            NewField(path + "." + field->name(), field->name(), field->type(), to.fields(), true));
      if (type == nullptr) continue;
      table_fields.push_back(arrow::field(field->name(), type));
      write_fields.push_back(table_fields.back());
    }
    // A struct of which no field is left cannot be written; its fields are on the lists already.
    return Merged{arrow::struct_(std::move(table_fields)),
                  write_fields.empty() ? nullptr : arrow::struct_(write_fields)};
  }

  Result<Merged> Widen(const std::string& path, const TypePtr& table, const TypePtr& data, TypePtr wider) {
    if (contract_.data_type == ContractMode::kEvolve && rules_.widen_types) {
      plan_.differences.push_back({.kind = Kind::kWidenType, .column = path, .table_type = table, .data_type = wider});
      return Merged{wider, wider};
    }
    const std::string hint = rules_.widen_types
                                 ? "let the contract widen it (types=evolve), and the column becomes " + TypeText(wider)
                                 : "cast the column to " + TypeText(table) + " in the source or the pipeline";
    return Reject(Kind::kWidenType, path, table, data, hint);
  }

  Result<Merged> Change(const std::string& path, const TypePtr& table, const TypePtr& data) {
    return Reject(
        Kind::kChangedType, path, table, data,
        "cast the column to " + TypeText(table) +
            " in the source or the pipeline, or let the contract leave such values out (types=discard_value)");
  }

  Result<Merged> Reject(Kind kind, const std::string& path, const TypePtr& table, const TypePtr& data,
                        std::string_view hint) {
    plan_.differences.push_back(
        {.kind = kind, .column = path, .table_type = table, .data_type = data, .applied = false});
    const bool discards =
        contract_.data_type == ContractMode::kDiscardRow || contract_.data_type == ContractMode::kDiscardValue;
    if (discards) return Merged{table, nullptr, contract_.data_type};
    Refuse("column " + path + " is " + TypeText(table) + " in the table and " + TypeText(data) + " in the data", hint);
    return Merged{table, nullptr};
  }

  /// What is new in the data. \return its type in the table; null: it is not added
  Result<TypePtr> NewField(const std::string& path, const std::string& name, const TypePtr& data,
                           const arrow::FieldVector& siblings, bool nested = false) {
    ARROW_ASSIGN_OR_RAISE(const auto type, TypedPart(path, data));
    if (type == nullptr) {
      plan_.differences.push_back({.kind = Kind::kUntypedColumn, .column = path, .data_type = data, .applied = false});
      plan_.discarded_columns.push_back(path);
      return nullptr;
    }
    const auto mode = contract_.columns;
    SchemaDifference difference{
        .kind = nested ? Kind::kAddNestedField : Kind::kAddColumn, .column = path, .data_type = type};
    if (mode == ContractMode::kDiscardRow || mode == ContractMode::kDiscardValue) {
      difference.applied = false;
      plan_.differences.push_back(std::move(difference));
      PutOnList(mode, path);
      return nullptr;
    }
    plan_.differences.push_back(std::move(difference));
    const std::string what = "column " + path + ": " + TypeText(type);
    for (const auto& sibling : siblings) {
      if (schema_internal::EqualsIgnoringCase(sibling->name(), name)) {
        Refuse(what + " is in the data, and differs only by case from " + sibling->name() + " in the table",
               "rename it in the source: Glue and Athena know one of them");
        return nullptr;
      }
    }
    if (mode == ContractMode::kFreeze) {
      Refuse(what + " is in the data and not in the table, whose contract freezes its columns",
             "set the contract's columns to evolve to add it, or to discard_value to leave it out");
      return nullptr;
    }
    if (nested && !rules_.nested_fields) {
      Refuse(what + " is in the data and not in the table, whose structs take no new fields",
             "set the contract's columns to discard_value to leave it out");
      return nullptr;
    }
    return type;
  }

  /// The stored type without the parts of type null, which it reports; null if nothing is left.
  Result<TypePtr> TypedPart(const std::string& path, const TypePtr& given) {
    if (given->id() == Type::NA) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const auto type, InContext(path, schema_internal::Plain(given)));
    if (IsListLike(*type)) {
      ARROW_ASSIGN_OR_RAISE(auto element, TypedPart(path + ".element", type->field(0)->type()));
      return element == nullptr ? nullptr : schema_internal::ListOf(std::move(element));
    }
    if (type->id() == Type::MAP) {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      ARROW_ASSIGN_OR_RAISE(auto key, TypedPart(path + ".key", map.key_type()));
      ARROW_ASSIGN_OR_RAISE(auto value, TypedPart(path + ".value", map.item_type()));
      return key == nullptr || value == nullptr ? nullptr : arrow::map(std::move(key), std::move(value));
    }
    if (type->id() != Type::STRUCT) return NewType(path, type);
    arrow::FieldVector fields;
    std::vector<std::string> untyped;
    for (const auto& field : type->fields()) {
      const std::string field_path = path + "." + field->name();
      ARROW_ASSIGN_OR_RAISE(auto part, TypedPart(field_path, field->type()));
      if (part == nullptr) {
        untyped.push_back(field_path);
      } else {
        fields.push_back(arrow::field(field->name(), std::move(part)));
      }
    }
    if (fields.empty()) return nullptr;
    for (auto& field_path : untyped) {
      plan_.differences.push_back(
          {.kind = Kind::kUntypedColumn, .column = field_path, .data_type = arrow::null(), .applied = false});
      plan_.discarded_columns.push_back(std::move(field_path));
    }
    // For the errors that a struct as a whole may have.
    return NewType(path, arrow::struct_(std::move(fields)));
  }

  Result<TypePtr> NewType(const std::string& path, const TypePtr& type) const {
    ARROW_ASSIGN_OR_RAISE(auto stored, InContext(path, StoredType(*type)));
    return rules_.stored_types || type->id() == Type::DURATION ? stored : type;
  }

  const SchemaContract& contract_;
  const EvolutionRules& rules_;
  std::string_view subject_;
  EvolutionPlan plan_;
  std::vector<std::string> refusals_;
  std::string hint_;
};

}  // namespace

Result<ContractMode> ParseContractMode(std::string_view text) {
  for (size_t i = 0; i < std::size(kModeNames); ++i) {
    if (schema_internal::EqualsIgnoringCase(kModeNames[i], text)) return static_cast<ContractMode>(i);
  }
  return MakeError(ErrorKind::kInvalid,
                   "contract: expected evolve, freeze, discard_row or discard_value, found: ", text);
}

std::string_view ContractModeName(ContractMode mode) { return kModeNames[static_cast<size_t>(mode)]; }

std::string SchemaDifference::ToString() const {
  std::string text;
  switch (kind) {
    case Kind::kAddColumn:
      text = "add column " + column + ": " + TypeText(data_type);
      break;
    case Kind::kMissingColumn:
      text = "read column " + column + ": " + TypeText(table_type) + " as null: not in the data";
      break;
    case Kind::kUntypedColumn:
      text = "leave out column " + column + ": no value has given it a type";
      break;
    case Kind::kWidenType:
      text = "widen column " + column + ": " + TypeText(table_type) + " to " + TypeText(data_type);
      break;
    case Kind::kCastValue:
      text = "cast values of column " + column + ": " + TypeText(data_type) + " to " + TypeText(table_type);
      break;
    case Kind::kChangedType:
      text = "change type of column " + column + ": " + TypeText(table_type) + " to " + TypeText(data_type);
      break;
    case Kind::kAddNestedField:
      text = "add field " + column + ": " + TypeText(data_type);
      break;
  }
  if (!applied && kind != Kind::kUntypedColumn) text += " (not done: the contract leaves its values out)";
  return text;
}

bool SchemaDifference::changes_table() const {
  return applied && (kind == Kind::kAddColumn || kind == Kind::kWidenType || kind == Kind::kAddNestedField);
}

bool EvolutionPlan::changes_table() const {
  return std::any_of(differences.begin(), differences.end(),
                     [](const auto& difference) { return difference.changes_table(); });
}

Result<EvolutionPlan> PlanEvolution(const arrow::Schema& table, const arrow::Schema& data,
                                    const SchemaContract& contract, const EvolutionRules& rules,
                                    std::string_view subject) {
  return Planner(contract, rules, subject).Plan(table, data);
}

}  // namespace glaux
