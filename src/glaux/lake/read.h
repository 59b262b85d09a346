#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/lake/lake.h"

namespace glaux {

struct TableReadOptions {
  /// Columns of the result in this order; unset: all, partition keys last.
  std::optional<std::vector<std::string>> columns = {};
  /// Only rows for which this is true: a condition as schema/predicate.h has it ("amount > 10 AND country IN ('DE')"),
  /// which cannot do more than compare, wherever the text comes from. Conditions on partition keys prune.
  std::string filter = {};
  /// Only rows from `since`, inclusive, to `until`, exclusive (UTC), by `time_column`: a date, a timestamp, or a
  /// partition key that holds dates ("2025-01-31"). Empty: the column that the table is partitioned by, which prunes;
  /// of a table with keys year, month, day of no column the keys, so that a partition that is in part in the range is
  /// read as a whole.
  std::optional<Timestamp> since = {}, until = {};
  std::string time_column = {};
  /// Most rows.
  std::optional<int64_t> limit = {};
  /// kTimeout after this long. Unset: no limit.
  std::optional<std::chrono::milliseconds> timeout = {};
  /// Ends the read (kCancelled), between two batches or while the next one is waited for.
  std::optional<arrow::StopToken> stop = {};
};

/// Read a table's rows as a stream, by the lake's engine. The order of rows is unspecified. The lake must outlive the
/// reader; closing or destroying it ends the read.
/// \return kNotFound for the table; kInvalid names a column that is not there, and what of a filter is not understood
Result<std::shared_ptr<arrow::RecordBatchReader>> Read(Lake& lake, const TableId& table,
                                                       const TableReadOptions& options = {});

/// A value for a `?` of a statement. It stands for itself, whatever it holds.
class QueryParameter {
 public:
  QueryParameter(std::nullptr_t) : literal_("NULL") {}
  QueryParameter(bool value) : literal_(value ? "TRUE" : "FALSE") {}
  template <std::integral Number>
  requires(!std::same_as<Number, bool>) QueryParameter(Number value) : literal_(std::to_string(value)) {}
  /// A finite number.
  QueryParameter(double value);
  QueryParameter(std::string_view text);
  QueryParameter(const std::string& text) : QueryParameter(std::string_view(text)) {}
  QueryParameter(const char* text) : QueryParameter(std::string_view(text)) {}
  QueryParameter(std::chrono::sys_days date);
  QueryParameter(Timestamp time);

  /// As QueryRequest has it. kInvalid for a text with a NUL, and for a number that is none.
  const Result<std::string>& literal() const { return literal_; }

 private:
  Result<std::string> literal_;
};

struct LakeQueryOptions {
  /// One for each `?`.
  std::vector<QueryParameter> parameters = {};
  SqlDialect dialect = SqlDialect::kNative;
  /// Of names without one; empty: the lake's.
  std::string database = {};
  std::optional<std::chrono::milliseconds> timeout = {};
  std::optional<arrow::StopToken> stop = {};
};

/// Run a statement on the lake's engine. The lake must outlive the reader; closing or destroying it ends the query.
Result<std::shared_ptr<arrow::RecordBatchReader>> Query(Lake& lake, const std::string& sql,
                                                        const LakeQueryOptions& options = {});

}  // namespace glaux
