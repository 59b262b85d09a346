#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// What may happen to a table when data does not fit it.
enum class ContractMode {
  kEvolve,        ///< change the table
  kFreeze,        ///< refuse
  kDiscardRow,    ///< put the row into quarantine
  kDiscardValue,  ///< drop the value
};

/// "evolve", "freeze", "discard_row", "discard_value".
Result<ContractMode> ParseContractMode(std::string_view text);
std::string_view ContractModeName(ContractMode mode);

struct SchemaContract {
  ContractMode tables = ContractMode::kEvolve;
  ContractMode columns = ContractMode::kEvolve;
  /// A changed type: kFreeze refuses before a byte is written; kEvolve takes the widenings that Rules allow.
  ContractMode data_type = ContractMode::kFreeze;
};

struct EvolutionRules {
  /// int -> bigint, float -> double, decimal precision up, date -> timestamp no. Iceberg allows the first three; a Hive
  /// table of Parquet files reads them too (the reader widens), so both have it. Whole numbers never become double:
  /// Iceberg does not know it, Athena does not read INT32 and INT64 pages so, and beyond 2^53 values would change.
  bool widen_types = true;
  /// Fields may be added inside structs (at any depth).
  bool nested_fields = true;
  /// New columns get StoredType types. Else they keep theirs, but for how they are encoded, and durations: a file holds
  /// more than a table does.
  bool stored_types = true;
};

/// One difference between a table's columns and the data's.
struct SchemaDifference {
  enum class Kind {
    kAddColumn,      ///< in the data, not in the table
    kMissingColumn,  ///< in the table, not in the data: reads as null
    kUntypedColumn,  ///< in the data with type null: no type until a value gives it one
    kWidenType,      ///< the table's type grows to the data's
    /// The data's type fits into the table's: cast on the way in. Whole numbers fit a float or double column; the cast
    /// must be a checked one. Differences of memory only (large_string, time units) are none.
    kCastValue,
    kChangedType,  ///< neither fits into the other
    kAddNestedField,
  };
  Kind kind;
  std::string column;                                ///< path: "a", "a.b", "a.element.b"
  std::shared_ptr<arrow::DataType> table_type = {};  ///< null where the table has none
  std::shared_ptr<arrow::DataType> data_type = {};   ///< of kWidenType: what the column becomes
  bool applied = true;                               ///< false: the contract leaves the values out instead

  /// One line for people: "add column tax: double".
  std::string ToString() const;
  /// Whether the table's columns become others by it.
  bool changes_table() const;
};

struct EvolutionPlan {
  std::vector<SchemaDifference> differences;
  /// The table's columns after the change; new ones at the end, in the data's order.
  std::shared_ptr<arrow::Schema> table_schema;
  /// What the writer receives: table_schema's columns that are in the data, in table order.
  std::shared_ptr<arrow::Schema> write_schema;
  /// Columns of the data to leave out (kDiscardValue, untyped), and columns that send a row to quarantine when they
  /// have a value. Paths as in SchemaDifference, down to the nearest named field: "a", "a.b". Neither is in
  /// write_schema, whose structs miss such fields too; nor is a column whose data is all null.
  std::vector<std::string> discarded_columns;
  std::vector<std::string> quarantine_columns;

  bool changes_table() const;
};

/// Compare data with a table and say what to do, under a contract. Names are taken as they are: normalize them first.
/// Types of the table are StoredType types. An all-null column of the data fits every type.
///
/// \param subject what the error names, "billing.cur, file a.csv.gz"
/// \return kInvalid where the contract refuses, with column, old and new type
Result<EvolutionPlan> PlanEvolution(const arrow::Schema& table, const arrow::Schema& data,
                                    const SchemaContract& contract, const EvolutionRules& rules,
                                    std::string_view subject);

/// The narrowest type that holds the values of both, as inference uses it over several files: null with T is T, bigint
/// with double is double, bool with anything else and all else that differs is string; date with timestamp is
/// timestamp; decimals get the larger scale and integer part, and more than 38 digits are string. Structs, lists and
/// maps recurse; a struct has the left fields, then what the right one adds. Commutative up to that order, and
/// associative.
std::shared_ptr<arrow::DataType> UnifyTypes(const std::shared_ptr<arrow::DataType>& left,
                                            const std::shared_ptr<arrow::DataType>& right);

}  // namespace glaux
