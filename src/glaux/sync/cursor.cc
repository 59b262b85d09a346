#include "glaux/sync/cursor.h"

#include <arrow/api.h>

#include <boost/json.hpp>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <algorithm>
#include <limits>

#include "glaux/schema/types.h"
#include "glaux/sync/batch_compute.h"

namespace glaux {
namespace {

namespace json = boost::json;

constexpr int kStateVersion = 1;
constexpr int64_t kMostRuns = int64_t{1} << 53;
/// A state with more rows than this is no small object any more.
constexpr size_t kMostSeen = 100'000;

/// What a row is known by: a hash of its values, 128 bits.
std::string NameOf(const std::string& origin, const std::string& line) {
  static const boost::uuids::name_generator_sha1 generator(boost::uuids::ns::oid());
  return boost::uuids::to_string(generator(origin + "\n" + line));
}

Status Corrupt(std::string_view stream, std::string_view what) {
  return MakeError({.kind = ErrorKind::kCorrupt, .hint = "glaux state reset makes the next run begin anew"},
                   "read state of stream ", stream, ": ", what);
}

bool IsTime(const arrow::DataType& type) {
  return type.id() == arrow::Type::TIMESTAMP || type.id() == arrow::Type::DATE32;
}

/// Arrow parses no scalars of decimals.
Result<std::shared_ptr<arrow::Scalar>> ParseDecimal(const std::shared_ptr<arrow::DataType>& type,
                                                    const std::string& text) {
  return CastScalar(arrow::MakeScalar(text), type);
}

Result<std::shared_ptr<arrow::Scalar>> ParseValue(const std::shared_ptr<arrow::DataType>& type, const std::string& text,
                                                  const std::string& subject) {
  // A day is its midnight, and the other way round.
  constexpr std::string_view kMidnight = "T00:00:00Z";
  if (type->id() == arrow::Type::DATE32 && text.size() == 20 && text.ends_with(kMidnight)) {
    return ParseValue(type, text.substr(0, 10), subject);
  }
  if (type->id() == arrow::Type::TIMESTAMP && text.size() == 10) {
    return ParseValue(type, text + std::string(kMidnight), subject);
  }
  auto value = arrow::is_decimal(type->id()) ? ParseDecimal(type, text) : arrow::Scalar::Parse(type, text);
  // A time without a zone is UTC.
  if (!value.ok() && type->id() == arrow::Type::TIMESTAMP) value = arrow::Scalar::Parse(type, text + "Z");
  if (!value.ok() && type->id() == arrow::Type::TIMESTAMP && text.ends_with('Z')) {
    value = arrow::Scalar::Parse(type, text.substr(0, text.size() - 1));
  }
  if (!value.ok()) {
    return MakeError(ErrorKind::kInvalid, subject, ": expected a value of type ", type->ToString(), ", found: ", text);
  }
  return value;
}

/// A time some while before another, or the first one that its type can say.
Result<std::shared_ptr<arrow::Scalar>> Before(const std::shared_ptr<arrow::Scalar>& value,
                                              std::chrono::microseconds lag, const std::string& subject) {
  if (lag.count() == 0) return value;
  if (value->type->id() == arrow::Type::TIMESTAMP) {
    const auto unit = static_cast<const arrow::TimestampType&>(*value->type).unit();
    const int64_t since = static_cast<const arrow::TimestampScalar&>(*value).value;
    int64_t ticks = lag.count();
    if (unit == arrow::TimeUnit::SECOND) ticks = (lag.count() + 999'999) / 1'000'000;
    if (unit == arrow::TimeUnit::MILLI) ticks = (lag.count() + 999) / 1000;
    if (unit == arrow::TimeUnit::NANO) ticks = lag.count() * 1000;
    int64_t before = 0;
    if (__builtin_sub_overflow(since, ticks, &before)) before = std::numeric_limits<int64_t>::min();
    return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::TimestampScalar>(before, value->type));
  }
  if (value->type->id() == arrow::Type::DATE32) {
    const int64_t days = std::chrono::ceil<std::chrono::days>(lag).count();
    const int64_t before = static_cast<const arrow::Date32Scalar&>(*value).value - days;
    return std::shared_ptr<arrow::Scalar>(std::make_shared<arrow::Date32Scalar>(
        static_cast<int32_t>(std::max<int64_t>(before, std::numeric_limits<int32_t>::min()))));
  }
  return MakeError(ErrorKind::kInvalid, subject, ": lag needs a column of times or dates, it is ",
                   value->type->ToString());
}

}  // namespace

Result<StreamState> StreamState::Parse(std::string_view text, std::string_view stream) {
  boost::system::error_code error;
  const auto value = json::parse({text.data(), text.size()}, error);
  if (error || !value.is_object()) return Corrupt(stream, "it is no JSON object");
  const auto& object = value.as_object();
  const auto* version = object.if_contains("version");
  if (version == nullptr || !version->is_int64()) return Corrupt(stream, "it has no version");
  if (version->as_int64() != kStateVersion) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "use a newer glaux"}, "read state of stream ", stream,
                     ": version ", version->as_int64(), " is not known");
  }
  StreamState state;
  const auto text_at = [](const json::object& from, std::string_view name, std::string* out) {
    const auto* item = from.if_contains({name.data(), name.size()});
    if (item == nullptr) return true;
    if (!item->is_string()) return false;
    out->assign(item->as_string().data(), item->as_string().size());
    return true;
  };
  if (!text_at(object, "updated_at", &state.updated_at)) return Corrupt(stream, "updated_at is no text");
  if (const auto* runs = object.if_contains("runs"); runs != nullptr) {
    if (!runs->is_int64() || runs->as_int64() < 0 || runs->as_int64() > kMostRuns) {
      return Corrupt(stream, "runs is no number of runs");
    }
    state.runs = runs->as_int64();
  }
  const auto* cursor = object.if_contains("cursor");
  if (cursor == nullptr) return state;
  if (!cursor->is_object()) return Corrupt(stream, "cursor is no object");
  const auto& from = cursor->as_object();
  std::string last;
  if (!text_at(from, "column", &state.cursor.column) || !text_at(from, "type", &state.cursor.type) ||
      !text_at(from, "last", &last)) {
    return Corrupt(stream, "a field of the cursor is no text");
  }
  if (from.contains("last")) state.cursor.last = last;
  if (const auto* seen = from.if_contains("seen"); seen != nullptr) {
    if (!seen->is_object()) return Corrupt(stream, "cursor.seen is no object");
    for (const auto& [name, item] : seen->as_object()) {
      const auto* count = item.is_object() ? item.as_object().if_contains("count") : nullptr;
      auto& row = state.cursor.seen[std::string(name)];
      if (count == nullptr || !count->is_int64() || count->as_int64() < 1 ||
          !text_at(item.as_object(), "value", &row.value)) {
        return Corrupt(stream, "an entry of cursor.seen has no count or value");
      }
      row.count = count->as_int64();
    }
  }
  return state;
}

std::string StreamState::ToString() const {
  json::object out{{"version", kStateVersion}, {"updated_at", updated_at}, {"runs", runs}};
  if (!cursor.column.empty()) {
    json::object to{{"column", cursor.column}, {"type", cursor.type}};
    if (cursor.last.has_value()) to["last"] = *cursor.last;
    if (!cursor.seen.empty()) {
      json::object seen;
      for (const auto& [name, row] : cursor.seen) seen[name] = json::object{{"value", row.value}, {"count", row.count}};
      to["seen"] = std::move(seen);
    }
    out["cursor"] = std::move(to);
  }
  return json::serialize(out);
}

Result<std::unique_ptr<Cursor>> Cursor::Make(const IncrementalConfig& config, const CursorState& state,
                                             const CursorBounds& bounds, bool keep_seen, Clock& clock,
                                             std::string subject) {
  auto cursor = std::unique_ptr<Cursor>(new Cursor);
  cursor->config_ = config;
  cursor->before_ = state;
  cursor->bounds_ = bounds;
  cursor->keep_seen_ = keep_seen && (config.closed || config.lag.has_value());
  cursor->now_ = clock.Now();
  cursor->subject_ = std::move(subject) + ", column " + config.datetime_field;
  if (!state.column.empty() && state.column != config.datetime_field) {
    return MakeError(
        {.kind = ErrorKind::kInvalid, .hint = "glaux state reset begins anew, or name the column as before"},
        cursor->subject_, ": runs before have used ", state.column, " as datetime_field");
  }
  cursor->left_over_ = state.seen;
  return cursor;
}

Status Cursor::Bind(const std::shared_ptr<arrow::DataType>& type) {
  if (type_ != nullptr) {
    if (type_->Equals(type)) return Status::OK();
    return MakeError(ErrorKind::kInvalid, subject_, ": it is ", type_->ToString(), " in one batch and ",
                     type->ToString(), " in another");
  }
  const bool ordered = IsTime(*type) || arrow::is_integer(type->id()) || arrow::is_floating(type->id()) ||
                       arrow::is_decimal(type->id()) || type->id() == arrow::Type::STRING;
  if (!ordered) {
    return MakeError(ErrorKind::kInvalid, subject_, ": values of type ", type->ToString(), " have no order to go by");
  }
  if (bounds_.since.has_value()) {
    ARROW_ASSIGN_OR_RAISE(low_, ParseValue(type, *bounds_.since, subject_ + ", --since"));
  } else if (before_.last.has_value()) {
    ARROW_ASSIGN_OR_RAISE(last_, ParseValue(type, *before_.last, subject_ + ", state"));
    ARROW_ASSIGN_OR_RAISE(low_, Before(last_, config_.lag.value_or(std::chrono::milliseconds(0)), subject_));
    low_inclusive_ = config_.closed || config_.lag.has_value();
  } else if (config_.initial_value.has_value()) {
    ARROW_ASSIGN_OR_RAISE(low_, ParseValue(type, *config_.initial_value, subject_ + ", initial_value"));
  }
  if (last_ == nullptr && before_.last.has_value()) {
    ARROW_ASSIGN_OR_RAISE(last_, ParseValue(type, *before_.last, subject_ + ", state"));
  }
  if (bounds_.until.has_value()) {
    ARROW_ASSIGN_OR_RAISE(high_, ParseValue(type, *bounds_.until, subject_ + ", --until"));
  }
  if (stop_behind_.has_value()) {
    ARROW_ASSIGN_OR_RAISE(stop_, ParseValue(type, *stop_behind_, subject_));
  }
  if (config_.time_filter_hours.has_value()) {
    if (!IsTime(*type)) {
      return MakeError(ErrorKind::kInvalid, subject_, ": time_filter_hours needs a column of times or dates, it is ",
                       type->ToString());
    }
    // Further back lies the year 0.
    constexpr double kMostHours = 17'000'000;
    const auto hours =
        std::chrono::microseconds(static_cast<int64_t>(std::min(*config_.time_filter_hours, kMostHours) * 3.6e9));
    ARROW_ASSIGN_OR_RAISE(const auto from, ParseValue(type,
                                                      IsTime(*type) && type->id() == arrow::Type::DATE32
                                                          ? FormatTimestamp(now_ - hours).substr(0, 10)
                                                          : FormatTimestamp(now_ - hours),
                                                      subject_));
    bool later = low_ == nullptr;
    if (!later) {
      ARROW_ASSIGN_OR_RAISE(later, CompareScalars(from, "greater", low_));
    }
    if (later) {
      low_ = from;
      low_inclusive_ = true;
    }
  }
  type_ = type;
  return Status::OK();
}

Status Cursor::StopBehind(const std::string& value) {
  std::lock_guard lock(mutex_);
  stop_behind_ = value;
  if (type_ == nullptr) return Status::OK();
  return ParseValue(type_, value, subject_).Value(&stop_);
}

Result<Cursor::Taken> Cursor::Take(const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& origin) {
  const int at = FindColumn(*batch->schema(), config_.datetime_field);
  if (at < 0) {
    return MakeError(ErrorKind::kInvalid, subject_, ": there is no such column; there are ",
                     batch->schema()->ToString());
  }
  Taken taken{.batch = batch};
  ARROW_ASSIGN_OR_RAISE(auto values, Decode(batch->column(at)));
  if (values->null_count() > 0 || arrow::is_floating(values->type_id())) {
    // NaN has no place among the numbers: it is no value to go by either.
    ARROW_ASSIGN_OR_RAISE(const auto null, IsNullOrNaNMask(values));
    ARROW_ASSIGN_OR_RAISE(taken.without_value, SelectRows(batch, null));
    ARROW_ASSIGN_OR_RAISE(const auto valid, Negated(null));
    ARROW_ASSIGN_OR_RAISE(taken.batch, SelectRows(batch, valid));
    ARROW_ASSIGN_OR_RAISE(values, Decode(taken.batch->column(at)));
  }
  std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Bind(values->type()));
  const std::pair<const char*, std::shared_ptr<arrow::Scalar>> bounds[] = {
      {low_inclusive_ ? "greater_equal" : "greater", low_}, {"less", high_}, {"less_equal", stop_}};
  for (const auto& [comparison, bound] : bounds) {
    if (bound == nullptr || taken.batch->num_rows() == 0) continue;
    ARROW_ASSIGN_OR_RAISE(const auto mask, CompareWith(values, comparison, bound));
    ARROW_ASSIGN_OR_RAISE(taken.batch, SelectRows(taken.batch, mask));
    ARROW_ASSIGN_OR_RAISE(values, Decode(taken.batch->column(at)));
  }
  if (taken.batch->num_rows() == 0) return taken;

  if (keep_seen_ && !left_over_.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto lines, JsonLines(taken.batch));
    arrow::BooleanBuilder fresh;
    for (const auto& line : lines) {
      const auto known = left_over_.find(NameOf(origin, line));
      ARROW_RETURN_NOT_OK(fresh.Append(known == left_over_.end()));
      if (known != left_over_.end() && --known->second.count == 0) left_over_.erase(known);
    }
    // What was met again stays known: the next run may meet it once more.
    ARROW_RETURN_NOT_OK(Remember(*taken.batch, *values, origin));
    ARROW_ASSIGN_OR_RAISE(const auto mask, fresh.Finish());
    ARROW_ASSIGN_OR_RAISE(taken.batch, SelectRows(taken.batch, mask));
    return taken;
  }
  ARROW_RETURN_NOT_OK(Remember(*taken.batch, *values, origin));
  return taken;
}

Status Cursor::Remember(const arrow::RecordBatch& batch, const arrow::Array& values, const std::string& origin) {
  const auto array = arrow::MakeArray(values.data());
  ARROW_ASSIGN_OR_RAISE(const auto most, MaxOf(array));
  if (!most->is_valid) return Status::OK();
  bool greater = last_ == nullptr;
  if (!greater) {
    ARROW_ASSIGN_OR_RAISE(greater, CompareScalars(most, "greater", last_));
  }
  if (greater) last_ = most;
  if (!keep_seen_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto from, Before(last_, config_.lag.value_or(std::chrono::milliseconds(0)), subject_));
  ARROW_ASSIGN_OR_RAISE(const auto mask, CompareWith(array, "greater_equal", from));
  const auto rows = batch.Slice(0, batch.num_rows());
  ARROW_ASSIGN_OR_RAISE(const auto recent, SelectRows(rows, mask));
  const int at = FindColumn(*batch.schema(), config_.datetime_field);
  ARROW_ASSIGN_OR_RAISE(const auto recent_values, Decode(recent->column(at)));
  ARROW_ASSIGN_OR_RAISE(const auto lines, JsonLines(recent));
  for (int64_t row = 0; row < recent->num_rows(); ++row) {
    auto& seen = seen_[NameOf(origin, lines[static_cast<size_t>(row)])];
    if (seen.value == nullptr) {
      ARROW_ASSIGN_OR_RAISE(seen.value, recent_values->GetScalar(row));
    }
    ++seen.count;
  }
  if (greater && seen_.size() > 1000) ARROW_RETURN_NOT_OK(Prune());
  if (seen_.size() > kMostSeen) {
    ARROW_RETURN_NOT_OK(Prune());
    if (seen_.size() > kMostSeen) {
      return MakeError(
          {.kind = ErrorKind::kInvalid, .hint = "use mode upsert with a primary_key, a shorter lag, or closed: false"},
          subject_, ": more than ", kMostSeen,
          " rows share the last value or lie within the lag, too many to remember");
    }
  }
  return Status::OK();
}

Status Cursor::Prune() {
  ARROW_ASSIGN_OR_RAISE(const auto from, Before(last_, config_.lag.value_or(std::chrono::milliseconds(0)), subject_));
  for (auto at = seen_.begin(); at != seen_.end();) {
    ARROW_ASSIGN_OR_RAISE(const bool old, CompareScalars(at->second.value, "less", from));
    at = old ? seen_.erase(at) : std::next(at);
  }
  return Status::OK();
}

Result<CursorState> Cursor::State() const {
  std::lock_guard lock(mutex_);
  if (type_ == nullptr) {
    CursorState state = before_;
    state.column = config_.datetime_field;
    return state;
  }
  CursorState state{.column = config_.datetime_field};
  ARROW_ASSIGN_OR_RAISE(state.type, ToGlueType(*type_));
  if (last_ == nullptr) return state;
  state.last = last_->ToString();
  if (!keep_seen_) return state;
  ARROW_ASSIGN_OR_RAISE(const auto from, Before(last_, config_.lag.value_or(std::chrono::milliseconds(0)), subject_));
  for (const auto& [name, seen] : seen_) {
    ARROW_ASSIGN_OR_RAISE(const bool recent, CompareScalars(seen.value, "greater_equal", from));
    if (recent) state.seen[name] = {seen.value->ToString(), seen.count};
  }
  // Rows that did not come this time may come the next.
  for (const auto& [name, row] : left_over_) {
    ARROW_ASSIGN_OR_RAISE(const auto value, ParseValue(type_, row.value, subject_ + ", state"));
    ARROW_ASSIGN_OR_RAISE(const bool recent, CompareScalars(value, "greater_equal", from));
    if (!recent) continue;
    auto& kept = state.seen[name];
    kept.value = row.value;
    kept.count += row.count;
  }
  return state;
}

Result<std::shared_ptr<arrow::Scalar>> Cursor::LowerBound(const std::shared_ptr<arrow::DataType>& type) {
  std::lock_guard lock(mutex_);
  ARROW_RETURN_NOT_OK(Bind(type));
  return low_;
}

}  // namespace glaux
