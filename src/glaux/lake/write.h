#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "glaux/lake/lake.h"

namespace glaux {

/// The columns that records are to have, with their types. Names are brought to those that Glue and Athena can use.
class Model {
 public:
  /// None: the records' own columns.
  Model() = default;
  Model(std::shared_ptr<arrow::Schema> columns) : columns_(std::move(columns)) {}
  /// Of a described struct: a column a member. In model.h.
  template <typename T>
  static Model Of();

  /// Null where there are none.
  const std::shared_ptr<arrow::Schema>& columns() const { return columns_; }

 private:
  std::shared_ptr<arrow::Schema> columns_;
};

/// Rows to be written. Those of described structs are made by RecordsOf in model.h.
class Records {
 public:
  using Content = std::variant<std::shared_ptr<arrow::RecordBatch>, std::shared_ptr<arrow::Table>,
                               std::shared_ptr<arrow::RecordBatchReader>, std::string>;

  Records(std::shared_ptr<arrow::RecordBatch> rows) : content_(std::move(rows)) {}
  Records(std::shared_ptr<arrow::Table> rows) : content_(std::move(rows)) {}
  /// A stream, of any length, that is read once: see Write about races.
  Records(std::shared_ptr<arrow::RecordBatchReader> rows) : content_(std::move(rows)) {}
  /// Objects, one a line, or an array of objects. A value becomes the type that all values of its key fit, as in a
  /// file that is loaded.
  static Records Json(std::string text) { return Records(JsonText{std::move(text)}); }

  const Content& content() const { return content_; }

 private:
  struct JsonText {
    std::string text;
  };
  explicit Records(JsonText json) : content_(std::move(json.text)) {}

  Content content_;
};

struct TableWriteOptions {
  WriteMode mode = WriteMode::kAppend;
  /// Of upsert and insert_new.
  std::vector<std::string> primary_key = {};
  /// Of an upsert: of rows with one key the one with the greatest value in this column stays. Empty: the last one.
  std::string datetime_field = {};
  /// "day(ordered_at), region", "none". Unset for a new table: year/month/day of the time of an append, and none of
  /// other modes. Of a table that is there it must be the same, or unset: partition keys never change.
  std::optional<std::string> partition_by = {};
  /// Types that are given, by the records' or the table's name: Glue type strings. They win over a model.
  std::map<std::string, std::string> types = {};
  /// What may happen to the table. discard_row is kNotImplemented: there is no quarantine.
  SchemaContract contract = {};
  std::string compression = "snappy";
  int64_t target_file_bytes = 128 << 20;
  /// A name of these records: a write with a name that the table's ledger has adds nothing. Empty: they have none.
  std::string once = {};
  /// Say what would happen, change nothing.
  bool dry_run = false;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

struct WriteSummary {
  /// Of a dry run: nothing. `already_loaded`: the ledger has TableWriteOptions::once.
  TargetSummary commit;
  bool table_created = false;
  std::vector<SchemaDifference> differences;
  std::vector<std::string> renamed_columns;  ///< "orderId -> orderid"
  std::vector<std::string> notes;
  std::string location;  ///< of the table; empty where a dry run would make it
  /// Of a dry run: what writing and committing would take.
  RequestCounts requests = {};
};

/// Write records into a table, making or evolving it and registering its partitions. All or nothing: what is refused
/// leaves no file and no version of the table.
///
/// Columns meet the table's by name. New ones are added to it; types that differ are cast exactly where the table's
/// type holds the values, and refused before anything is written where it does not (kInvalid with table, column, old
/// and new type), unless the contract lets the column widen.
///
/// \param model columns and types of the records; a column that only the model has is null in all of them, one that
///              the model lacks is kInvalid
/// \return kPrecondition if somebody else changed the table's columns meanwhile and the records are a stream, which
///         cannot be read again: nothing was added. Other records are planned and written again.
Result<WriteSummary> Write(Lake& lake, const TableId& table, const Records& records, const Model& model,
                           const TableWriteOptions& options = {});
Result<WriteSummary> Write(Lake& lake, const TableId& table, const Records& records,
                           const TableWriteOptions& options = {});

}  // namespace glaux
