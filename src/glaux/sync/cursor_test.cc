#include "glaux/sync/cursor.h"

#include <arrow/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

std::shared_ptr<arrow::RecordBatch> Batch(const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  const auto values = arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("t", type)}), values->length(), {values});
}

/// Rows of a batch that a run takes after one that has come to `last`.
Result<int64_t> TakenAfter(const std::string& last, IncrementalConfig config,
                           const std::shared_ptr<arrow::RecordBatch>& batch) {
  config.datetime_field = "t";
  ARROW_ASSIGN_OR_RAISE(const auto cursor, Cursor::Make(config, {.column = "t", .type = "timestamp", .last = last}, {},
                                                        /*keep_seen=*/false, Clock::System(), "source s"));
  ARROW_ASSIGN_OR_RAISE(const auto taken, cursor->Take(batch, "a"));
  return taken.batch->num_rows();
}

TEST(Cursor, ALagGoesBackToTheFirstTimeThatThereIs) {
  const IncrementalConfig century{.lag = std::chrono::days(36'500)};
  const auto nanos = arrow::timestamp(arrow::TimeUnit::NANO);
  EXPECT_EQ(TakenAfter("1700-01-01T00:00:00", century, Batch(nanos, R"(["1690-01-01", "1700-01-02"])")), 2);
  EXPECT_EQ(TakenAfter("2000-01-01T00:00:00", century, Batch(nanos, R"(["1690-01-01", "1950-01-02"])")), 1);
  EXPECT_EQ(TakenAfter("1970-01-10", century, Batch(arrow::date32(), "[-2147483648, -36490, 5]")), 2);
}

TEST(Cursor, ATimeFilterMayBeLongerThanTime) {
  const IncrementalConfig ever{.time_filter_hours = 1e300};
  EXPECT_EQ(
      TakenAfter("1990-01-01T00:00:00", ever,
                 Batch(arrow::timestamp(arrow::TimeUnit::MICRO), R"(["1980-01-01", "1990-01-01", "2025-01-01"])")),
      2);
}

TEST(StreamState, ComesBackAsItWasWrittenAndIsNothingElse) {
  StreamState state{.cursor = {.column = "t", .type = "timestamp", .last = "5", .seen = {{"a", {"5", 2}}}},
                    .updated_at = "2026-01-31T00:00:00Z",
                    .runs = 3};
  EXPECT_EQ(StreamState::Parse(state.ToString(), "s").ValueOrDie().ToString(), state.ToString());
  for (const std::string text : {"", "[]", "{}", R"({"version":"1"})", R"({"version":1,"runs":-1})",
                                 R"({"version":1,"runs":9223372036854775807})", R"({"version":1,"cursor":[]})",
                                 R"({"version":1,"cursor":{"seen":{"a":{"value":"5","count":0}}}})"}) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read state of stream s", StreamState::Parse(text, "s"));
  }
  ASSERT_FAILS(ErrorKind::kNotImplemented, "version 2", StreamState::Parse(R"({"version":2})", "s"));
}

}  // namespace
}  // namespace glaux
