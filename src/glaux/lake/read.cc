#include "glaux/lake/read.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>

#include "glaux/schema/names.h"
#include "glaux/schema/predicate.h"
#include "glaux/sql/literal.h"
#include "glaux/sync/batch_compute.h"

namespace glaux {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::sys_days;

/// Cancels a query of the engine when somebody asks for it; nobody tells a thread that waits for rows otherwise.
class StopWatch {
 public:
  StopWatch(QueryEngine& engine, QueryId id, arrow::StopToken stop)
      : thread_([this, &engine, id = std::move(id), stop = std::move(stop)] {
          std::unique_lock lock(mutex_);
          while (!ended_.wait_for(lock, std::chrono::milliseconds(20), [this] { return done_; })) {
            if (!stop.IsStopRequested()) continue;
            (void)engine.Cancel(id);
            return;
          }
        }) {}
  ~StopWatch() {
    {
      std::lock_guard lock(mutex_);
      done_ = true;
    }
    ended_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable ended_;
  bool done_ = false;
  std::thread thread_;
};

/// The rows of a query that a stop request ends. Releases the query with itself.
class LakeReader final : public arrow::RecordBatchReader {
 public:
  LakeReader(QueryEngine& engine, QueryId id) : engine_(engine), id_(std::move(id)) {}
  ~LakeReader() override { (void)Close(); }

  Status Begin(const std::optional<arrow::StopToken>& stop) {
    if (stop.has_value()) watch_.emplace(engine_, id_, *stop);
    ARROW_ASSIGN_OR_RAISE(rows_, engine_.Results(id_));
    schema_ = rows_->schema();
    return Status::OK();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (rows_ == nullptr) return MakeError(ErrorKind::kInvalid, "read query ", id_, ": its rows are closed");
    return rows_->ReadNext(batch);
  }

  Status Close() override {
    watch_.reset();
    rows_.reset();
    if (!std::exchange(released_, true)) engine_.Release(id_);
    return Status::OK();
  }

 private:
  QueryEngine& engine_;
  const QueryId id_;
  std::optional<StopWatch> watch_;
  std::shared_ptr<arrow::RecordBatchReader> rows_;
  std::shared_ptr<arrow::Schema> schema_;
  bool released_ = false;
};

Result<std::shared_ptr<arrow::RecordBatchReader>> Run(Lake& lake, const QueryRequest& request,
                                                      const std::optional<arrow::StopToken>& stop) {
  if (stop.has_value() && stop->IsStopRequested()) return MakeError(ErrorKind::kCancelled, "query cancelled");
  ARROW_ASSIGN_OR_RAISE(auto* engine, lake.engine());
  ARROW_ASSIGN_OR_RAISE(auto id, engine->Submit(request));
  auto reader = std::make_shared<LakeReader>(*engine, std::move(id));
  ARROW_RETURN_NOT_OK(reader->Begin(stop));
  return reader;
}

std::string DateLiteral(sys_days date) {
  return "DATE '" + FormatTimestamp(date).substr(0, std::string_view("2025-01-31").size()) + "'";
}

std::string TimeLiteral(Timestamp time) {
  std::string text = FormatTimestamp(time);  // 2025-01-31T08:00:00.5Z
  text.pop_back();
  std::replace(text.begin(), text.end(), 'T', ' ');
  return "TIMESTAMP '" + text + "'";
}

/// Makes a table's conditions on time.
class TimeRange {
 public:
  TimeRange(const Table& table, const TableReadOptions& options) : table_(table), options_(options) {}

  /// SQL, each to be true.
  Result<std::vector<std::string>> Conditions() {
    if (!options_.since.has_value() && !options_.until.has_value()) return std::vector<std::string>();
    const auto spec = table_.partition_spec();
    const auto by_time = std::find_if(
        spec.begin(), spec.end(), [](const PartitionField& field) { return field.transform != Transform::kIdentity; });
    std::string column = NormalizeColumnName(options_.time_column);
    if (options_.time_column.empty()) column = by_time == spec.end() ? std::string() : by_time->source_column;
    if (!column.empty()) {
      ARROW_RETURN_NOT_OK(AddColumn(column));
      if (by_time != spec.end() && by_time->source_column == column) AddKeys(TimeKeysOf(by_time->transform), true);
      return std::move(conditions_);
    }
    // Keys of the time of the write, or of a table that others have made.
    std::vector<std::string> keys;
    for (const auto& key : TimeKeysOf(Transform::kHour)) {
      if (!IsKey(key)) break;
      keys.push_back(key);
    }
    if (keys.empty()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "name a time_column"}, "read ", table_.id().ToString(),
                       ": since and until need a time, and the table is not partitioned by one");
    }
    AddKeys(keys, by_time != spec.end());
    return std::move(conditions_);
  }

 private:
  bool IsKey(const std::string& column) const {
    const auto& keys = table_.partition_columns();
    return std::find(keys.begin(), keys.end(), column) != keys.end();
  }

  Status AddColumn(const std::string& column) {
    const auto field = table_.schema()->GetFieldByName(column);
    if (field == nullptr) {
      return MakeError(ErrorKind::kInvalid, "read ", table_.id().ToString(), ": time_column: there is ",
                       NoColumn(column, *table_.schema()));
    }
    const auto type = field->type()->id();
    const bool dates = type == arrow::Type::DATE32 || (type == arrow::Type::STRING && IsKey(column));
    if (!dates && type != arrow::Type::TIMESTAMP) {
      return MakeError(
          ErrorKind::kInvalid, "read ", table_.id().ToString(), ": time_column ", column,
          ": expected a date, a timestamp or a partition key of dates, found: ", field->type()->ToString());
    }
    const auto literal = [&](Timestamp time) {
      if (!dates) return TimeLiteral(time);
      // A date is its first moment.
      const auto date = DateLiteral(std::chrono::ceil<days>(time));
      return type == arrow::Type::DATE32 ? date : date.substr(std::string_view("DATE ").size());
    };
    const auto name = sql::QuotedName(column);
    if (options_.since.has_value()) conditions_.push_back(name + " >= " + literal(*options_.since));
    if (options_.until.has_value()) conditions_.push_back(name + " < " + literal(*options_.until));
    return Status::OK();
  }

  /// \param padded the table is ours: text as Partitioner writes it
  void AddKeys(const std::vector<std::string>& keys, bool padded) {
    if (options_.since.has_value()) conditions_.push_back(Compare(keys, Parts(*options_.since), " > ", padded));
    if (options_.until.has_value()) {
      conditions_.push_back(Compare(keys, Parts(*options_.until - microseconds(1)), " < ", padded));
    }
  }

  /// Year, month, day, hour.
  static std::vector<int> Parts(Timestamp time) {
    const auto day = floor<days>(time);
    const std::chrono::year_month_day date(day);
    return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
            static_cast<int>(static_cast<unsigned>(date.day())), static_cast<int>(floor<hours>(time - day).count())};
  }

  /// Keys together greater than (less than) or equal to parts of a time.
  std::string Compare(const std::vector<std::string>& keys, const std::vector<int>& parts, const std::string& beyond,
                      bool padded) const {
    std::string condition;
    for (size_t i = keys.size(); i-- > 0;) {
      const bool is_text = table_.schema()->GetFieldByName(keys[i])->type()->id() == arrow::Type::STRING;
      std::string key = sql::QuotedName(keys[i]), value = std::to_string(parts[i]);
      if (is_text && padded) {
        char text[16];
        std::snprintf(text, sizeof text, i == 0 ? "'%04d'" : "'%02d'", parts[i]);
        value = text;
      } else if (is_text) {
        key = "TRY_CAST(" + key + " AS bigint)";  // "1" and "01" are one month
      }
      const auto same = key + " = " + value;
      const auto tail = condition.empty() ? same : "(" + same + " AND " + condition + ")";
      condition = "(" + key + beyond + value + " OR " + tail + ")";
    }
    return condition;
  }

  const Table& table_;
  const TableReadOptions& options_;
  std::vector<std::string> conditions_;
};

/// Columns of a table by the names that somebody gives.
Result<std::string> ColumnList(const Table& table, const std::vector<std::string>& columns) {
  std::string list;
  for (const auto& name : columns) {
    const int at = FindColumn(*table.schema(), name);
    if (at < 0) {
      return MakeError(ErrorKind::kInvalid, "read ", table.id().ToString(), ": there is ",
                       NoColumn(name, *table.schema()));
    }
    list += (list.empty() ? "" : ", ") + sql::QuotedName(table.schema()->field(at)->name());
  }
  if (list.empty()) return MakeError(ErrorKind::kInvalid, "read ", table.id().ToString(), ": no column is named");
  return list;
}

}  // namespace

QueryParameter::QueryParameter(double value) {
  if (!std::isfinite(value)) {
    literal_ = MakeError(ErrorKind::kInvalid, "parameter of a query: NaN and infinity are no values of SQL");
    return;
  }
  // With an exponent: without, it would be a decimal.
  char text[64];
  const auto end = std::to_chars(std::begin(text), std::end(text), value, std::chars_format::scientific);
  literal_ = std::string(text, end.ptr);
}

QueryParameter::QueryParameter(std::string_view text) : literal_(sql::TextLiteral(text)) {}
QueryParameter::QueryParameter(sys_days date) : literal_(DateLiteral(date)) {}
QueryParameter::QueryParameter(Timestamp time) : literal_(TimeLiteral(time)) {}

Result<std::shared_ptr<arrow::RecordBatchReader>> Query(Lake& lake, const std::string& sql,
                                                        const LakeQueryOptions& options) {
  QueryRequest request{
      .sql = sql, .dialect = options.dialect, .database = options.database, .timeout = options.timeout};
  for (const auto& parameter : options.parameters) {
    ARROW_ASSIGN_OR_RAISE(auto literal, parameter.literal());
    request.parameters.push_back(std::move(literal));
  }
  return Run(lake, request, options.stop);
}

Result<std::shared_ptr<arrow::RecordBatchReader>> Read(Lake& lake, const TableId& id, const TableReadOptions& options) {
  TableId named = id;
  if (named.database.empty()) named.database = lake.config().database;
  ARROW_ASSIGN_OR_RAISE(const auto table, lake.OpenTable(named));
  auto filter = Predicate::Parse(options.filter);
  if (!filter.ok()) return Prefix(filter.status(), "read " + named.ToString() + ", filter");
  for (const auto& column : filter->Columns()) {
    if (FindColumn(*table->schema(), column) >= 0) continue;
    return MakeError(ErrorKind::kInvalid, "read ", named.ToString(), ", filter: there is ",
                     NoColumn(column, *table->schema()));
  }
  ARROW_ASSIGN_OR_RAISE(auto conditions, TimeRange(*table, options).Conditions());
  if (!filter->always_true()) conditions.push_back("(" + filter->ToString() + ")");
  ARROW_ASSIGN_OR_RAISE(const auto columns,
                        ColumnList(*table, options.columns.value_or(table->schema()->field_names())));
  std::string sql =
      "SELECT " + columns + " FROM " + sql::QuotedName(table->id().database) + "." + sql::QuotedName(table->id().name);
  for (size_t i = 0; i < conditions.size(); ++i) sql += (i == 0 ? " WHERE " : " AND ") + conditions[i];
  if (options.limit.has_value()) sql += " LIMIT " + std::to_string(std::max<int64_t>(0, *options.limit));
  return Run(lake, {.sql = sql, .timeout = options.timeout}, options.stop);
}

}  // namespace glaux
