#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

using arrow::field;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

const TableId kLogs{"db", "logs"};

/// Five partitions of JSON lines, ten rows each.
class RowScan : public ::testing::Test {
 protected:
  RowScan() {
    lake_.AddTable(kLogs, {field("id", arrow::int64()), field("name", arrow::utf8()), field("later", arrow::float64())},
                   {field("day", arrow::utf8()), field("hour", arrow::int32())});
    for (int day = 1; day <= 5; ++day) {
      std::string lines;
      for (int i = 0; i < 10; ++i) {
        lines += R"({"id": )" + std::to_string(day * 10 + i) + R"(, "Name": "n)" + std::to_string(i) + "\"}\n";
      }
      size_ = static_cast<int64_t>(lines.size());
      keys_.push_back(lake_.AddRawFile(
          kLogs, {arrow::MakeScalar("0" + std::to_string(day)), arrow::MakeScalar(int32_t{7})}, lines, "jsonl"));
    }
  }

  std::vector<std::string> Rows(const std::string& sql) {
    if (!engine_) engine_ = lake_.Engine().ValueOrDie();
    const auto id = engine_->Submit({.sql = sql, .database = {}}).ValueOrDie();
    const auto reader = engine_->Results(id);
    const auto table = reader.ok() ? (*reader)->ToTable() : reader.status();
    const auto status = engine_->GetStatus(id, std::chrono::seconds(5)).ValueOrDie();
    statistics_ = status.statistics;
    notes_ = status.notes;
    engine_->Release(id);
    error_ = table.status();
    std::vector<std::string> rows;
    for (int64_t row = 0; table.ok() && row < (*table)->num_rows(); ++row) {
      std::string text;
      for (const auto& column : (*table)->columns()) {
        text += (text.empty() ? "" : " ") + column->GetScalar(row).ValueOrDie()->ToString();
      }
      rows.push_back(text);
    }
    return rows;
  }

  FakeLake lake_;
  std::vector<std::string> keys_;
  int64_t size_ = 0;
  std::unique_ptr<QueryEngine> engine_;
  QueryStatistics statistics_;
  std::vector<std::string> notes_;
  Status error_;
};

TEST_F(RowScan, ReadsFilesWithTheValuesOfTheirPartition) {
  EXPECT_THAT(Rows("SELECT count(*), sum(id), count(name), count(later), min(day), max(hour) FROM db.logs"),
              ElementsAre("50 1725 50 0 01 7"));
  EXPECT_EQ(statistics_.files_opened, 5);
  EXPECT_EQ(statistics_.bytes_scanned, 5 * size_);
  EXPECT_EQ(statistics_.partitions_total, 5);
  EXPECT_EQ(statistics_.partitions_scanned, 5);
  EXPECT_THAT(Rows("SELECT hour, id, day FROM db.logs WHERE id IN (13, 40) ORDER BY id"),
              ElementsAre("7 13 01", "7 40 04"));
}

TEST_F(RowScan, OpensOnlyThePartitionsThatAFilterLeaves) {
  EXPECT_THAT(Rows("SELECT count(*) FROM db.logs WHERE day = '03' AND hour > 2"), ElementsAre("10"));
  EXPECT_EQ(statistics_.files_opened, 1);
  EXPECT_EQ(statistics_.partitions_scanned, 1);
  EXPECT_EQ(statistics_.bytes_scanned, size_);
  EXPECT_EQ(lake_.listed(kLogs), 1);
  EXPECT_THAT(Rows("SELECT sum(id) FROM (SELECT * FROM db.logs) WHERE day IN ('01', '02') OR day LIKE '%5'"),
              ElementsAre(std::to_string(145 + 245 + 545)));
  EXPECT_EQ(statistics_.files_opened, 3);
}

TEST_F(RowScan, TellsThePlanWhichValuesMatter) {
  Rows("SELECT id FROM db.logs WHERE day = '03' AND hour > 2");
  EXPECT_THAT(lake_.key_values(kLogs), ElementsAre("03", "*"));
  Rows("SELECT id FROM db.logs WHERE (day = '01' OR day IN ('02', '04')) AND 7 = hour");
  EXPECT_THAT(lake_.key_values(kLogs), ElementsAre("01,02,04", "7"));
  Rows("SELECT id FROM db.logs WHERE day = '01' OR hour = 7");
  EXPECT_THAT(lake_.key_values(kLogs), ElementsAre("*", "*"));
  Rows("SELECT id FROM db.logs WHERE day <> '01' AND upper(day) = '02'");
  EXPECT_THAT(lake_.key_values(kLogs), ElementsAre("*", "*"));
}

TEST_F(RowScan, ShowsTheFileOfARow) {
  EXPECT_THAT(Rows("SELECT DISTINCT \"$path\", day FROM db.logs WHERE day >= '04'"),
              UnorderedElementsAre("s3://lake/" + keys_[3] + " 04", "s3://lake/" + keys_[4] + " 05"));
}

TEST_F(RowScan, NamesTableFileAndLineOfWhatIsWrong) {
  const auto key = lake_.AddRawFile(kLogs, {arrow::MakeScalar("06"), arrow::MakeScalar(int32_t{7})},
                                    "{\"id\": 1}\n{\"id\": \"x\"}\n", "jsonl");
  Rows("SELECT sum(id) FROM db.logs");
  EXPECT_EQ(KindOf(error_), ErrorKind::kCorrupt);
  EXPECT_THAT(error_.message(), HasSubstr("read table db.logs: read s3://lake/" + key + ", line 2"));
  EXPECT_THAT(Rows("SELECT sum(id) FROM db.logs WHERE day < '06'"), ElementsAre("1725"));
}

TEST_F(RowScan, ReadsAFileThatIsCutIntoPiecesOnce) {
  std::string lines;
  int64_t sum = 0;
  for (int i = 0; i < 200'000; ++i) {
    lines += R"({"id": )" + std::to_string(i) + "}\n";
    sum += i;
  }
  lake_.AddRawFile(kLogs, {arrow::MakeScalar("big"), arrow::MakeScalar(int32_t{7})}, lines, "jsonl");
  EXPECT_THAT(Rows("SELECT count(*), sum(id), count(DISTINCT id) FROM db.logs WHERE day = 'big'"),
              ElementsAre("200000 " + std::to_string(sum) + " 200000"));
  lake_.MakeRemote();
  EXPECT_THAT(Rows("SELECT count(*), sum(id) FROM db.logs WHERE day = 'big'"),
              ElementsAre("200000 " + std::to_string(sum)));
  EXPECT_THAT(Rows("SELECT id FROM db.logs WHERE day = 'big' LIMIT 3"), ElementsAre("0", "1", "2"));
}

TEST_F(RowScan, JoinsAndDescribesAsAnyTable) {
  EXPECT_THAT(Rows("SELECT count(*) FROM db.logs a JOIN db.logs b ON a.id = b.id AND a.day = b.day"),
              ElementsAre("50"));
  EXPECT_THAT(Rows("SELECT column_name, column_type FROM (DESCRIBE db.logs)"),
              ElementsAre("id BIGINT", "name VARCHAR", "later DOUBLE", "day VARCHAR", "hour INTEGER"));
}

}  // namespace
}  // namespace glaux::testing
