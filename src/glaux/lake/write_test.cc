#include "glaux/lake/write.h"

#include <arrow/api.h>

#include <filesystem>

#include "glaux/lake/read.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

namespace fs = std::filesystem;

std::shared_ptr<arrow::Array> Numbers(const std::vector<int64_t>& values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::RecordBatch> Ids(const std::vector<int64_t>& values) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field("id", arrow::int64())}),
                                  static_cast<int64_t>(values.size()), {Numbers(values)});
}

class WriteTest : public ::testing::Test {
 protected:
  Result<WriteSummary> WriteJson(std::string text, const TableWriteOptions& options = {}) {
    return Write(*lake_, table_, Records::Json(std::move(text)), options);
  }

  /// Rows of a query as "1,a 2,".
  std::string Rows(const std::string& sql) {
    const auto reader = Query(*lake_, sql);
    if (!reader.ok()) return reader.status().ToString();
    const auto table = (*reader)->ToTable();
    if (!table.ok()) return table.status().ToString();
    std::string text;
    for (int64_t row = 0; row < (*table)->num_rows(); ++row) {
      text += row > 0 ? " " : "";
      for (int column = 0; column < (*table)->num_columns(); ++column) {
        const auto value = (*table)->column(column)->GetScalar(row).ValueOrDie();
        text += (column > 0 ? "," : "") + (value->is_valid ? value->ToString() : std::string());
      }
    }
    return text;
  }

  std::map<std::string, std::string> Columns() {
    std::map<std::string, std::string> types;
    const auto entry = lake_->catalog().GetTable(table_).ValueOrDie();
    for (const auto& column : entry.storage.columns) types[column.name] = column.type;
    return types;
  }

  /// Files of the store, and the versions of the table.
  std::vector<std::string> Everything() {
    std::vector<std::string> all;
    for (const auto& file : fs::recursive_directory_iterator(folder_.path() / "lake" / "store")) {
      if (file.is_regular_file() && file.path().string().find("locks") == std::string::npos)
        all.push_back(file.path().string());
    }
    const auto versions = lake_->catalog().TableVersions(table_);
    if (versions.ok()) {
      for (const auto& version : versions->entries) all.push_back(version.version_id);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  const TempDir folder_;
  const std::unique_ptr<Lake> lake_ = Lake::Open({.directory = (folder_.path() / "lake").string()}).ValueOrDie();
  const TableId table_{"sales", "orders"};
};

TEST_F(WriteTest, ABatchATableAndAStreamMakeRows) {
  const auto batch = Ids({1, 2});
  ASSERT_OK_AND_ASSIGN(const auto first, Write(*lake_, table_, Records(batch)));
  EXPECT_TRUE(first.table_created);
  EXPECT_EQ(first.location, "s3://lake/sales/orders/");
  EXPECT_EQ(first.commit.rows, 2);
  EXPECT_EQ(first.commit.partitions_added, 1);  // the day of the write
  ASSERT_OK_AND_ASSIGN(const auto table, arrow::Table::FromRecordBatches({Ids({3}), Ids({4})}));
  ASSERT_OK_AND_ASSIGN(const auto second, Write(*lake_, table_, Records(table)));
  EXPECT_FALSE(second.table_created);
  EXPECT_EQ(second.location, "s3://lake/sales/orders/");
  ASSERT_OK_AND_ASSIGN(const auto stream, arrow::RecordBatchReader::Make({Ids({5}), Ids({}), Ids({6})}));
  ASSERT_OK(Write(*lake_, table_, Records(stream)).status());
  EXPECT_EQ(Rows("SELECT id FROM sales.orders ORDER BY 1"), "1 2 3 4 5 6");
  EXPECT_EQ(Rows("SELECT count(DISTINCT year || month || day) FROM sales.orders"), "1");
}

TEST_F(WriteTest, JsonIsReadAsLinesOrAsAnArray) {
  ASSERT_OK_AND_ASSIGN(const auto summary, WriteJson("{\"orderId\":1,\"tags\":[\"a\"]}\n{\"orderId\":2,\"n\":null}\n"));
  EXPECT_EQ(summary.renamed_columns, std::vector<std::string>{"orderId -> orderid"});
  ASSERT_OK(WriteJson(" [{\"orderId\": 3, \"price\": 1.5},\n {\"orderId\": 4}]").status());
  EXPECT_EQ(Rows("SELECT orderid, tags[1], price FROM sales.orders ORDER BY 1"), "1,a, 2,, 3,,1.5 4,,");
  ASSERT_FAILS(ErrorKind::kInvalid, "records, line 2", WriteJson("{\"orderId\":5}\n{\"orderId\""));
  EXPECT_EQ(Rows("SELECT count(*) FROM sales.orders"), "4");
}

TEST_F(WriteTest, PartitionsComeOutOfTheData) {
  ASSERT_OK_AND_ASSIGN(const auto summary, WriteJson("{\"id\":1,\"at\":\"2025-01-30T08:00:00Z\",\"region\":\"eu\"}\n"
                                                     "{\"id\":2,\"at\":\"2025-01-31T08:00:00Z\",\"region\":\"a/b\"}\n"
                                                     "{\"id\":3,\"at\":\"2025-01-31T09:00:00Z\",\"region\":\"a/b\"}",
                                                     {.partition_by = "month(at), region"}));
  EXPECT_EQ(summary.commit.partitions_added, 2);
  EXPECT_EQ(Rows("SELECT year, month, region, count(*) FROM sales.orders GROUP BY ALL ORDER BY 3"),
            "2025,01,a/b,2 2025,01,eu,1");
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(lake_->catalog(), table_));
  EXPECT_EQ(partitions[0].values, (std::vector<std::string>{"2025", "01", "a/b"}));
  EXPECT_EQ(partitions[0].storage.location, "s3://lake/sales/orders/year=2025/month=01/region=a%2Fb/");
}

TEST_F(WriteTest, AModelGivesColumnsAndTypes) {
  const Model model(arrow::schema({arrow::field("id", arrow::int32()), arrow::field("price", arrow::decimal128(9, 2)),
                                   arrow::field("laterOn", arrow::timestamp(arrow::TimeUnit::MILLI))}));
  ASSERT_OK(Write(*lake_, table_, Records::Json("{\"id\":1,\"price\":12.5}"), model).status());
  EXPECT_EQ(Columns(),
            (std::map<std::string, std::string>{{"id", "int"}, {"price", "decimal(9,2)"}, {"lateron", "timestamp"}}));
  ASSERT_OK(Write(*lake_, table_, Records(Ids({2})), model).status());
  EXPECT_EQ(Rows("SELECT id, price, lateron FROM sales.orders ORDER BY 1"), "1,12.50, 2,,");
  ASSERT_FAILS(ErrorKind::kInvalid, "have a column extra, and the model has no column extra",
               Write(*lake_, table_, Records::Json("{\"id\":1,\"extra\":2}"), model));
  ASSERT_FAILS(ErrorKind::kInvalid, "column id", Write(*lake_, table_, Records(Ids({int64_t{1} << 40})), model));
  EXPECT_EQ(Rows("SELECT count(*) FROM sales.orders"), "2");
}

TEST_F(WriteTest, TypesThatAreGivenWin) {
  ASSERT_OK(WriteJson("{\"id\":1,\"amount\":2}", {.types = {{"amount", "decimal(10,2)"}, {"id", "string"}}}).status());
  EXPECT_EQ(Columns(), (std::map<std::string, std::string>{{"amount", "decimal(10,2)"}, {"id", "string"}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "type given for column nobody",
               WriteJson("{\"id\":1}", {.types = {{"nobody", "int"}}}));
  ASSERT_FAILS(ErrorKind::kInvalid, "type of column id", WriteJson("{\"id\":1}", {.types = {{"id", "integerish"}}}));
}

TEST_F(WriteTest, NewColumnsAreAddedAndOldRowsAreNullThere) {
  ASSERT_OK(WriteJson("{\"id\":1}").status());
  ASSERT_OK_AND_ASSIGN(const auto summary, WriteJson("{\"id\":2,\"note\":\"n\"}"));
  ASSERT_EQ(summary.differences.size(), 1u);
  EXPECT_EQ(summary.differences[0].ToString(), "add column note: string");
  EXPECT_EQ(Rows("SELECT id, note FROM sales.orders ORDER BY 1"), "1, 2,n");
}

TEST_F(WriteTest, AChangedTypeIsRefusedAndLeavesNothing) {
  ASSERT_OK(WriteJson("{\"id\":1,\"name\":\"a\"}").status());
  const auto before = Everything();
  const auto refused = WriteJson("{\"id\":{\"n\":2},\"name\":\"b\"}");
  ASSERT_FAILS(ErrorKind::kInvalid, "table sales.orders", refused);
  for (const char* part : {"id", "bigint", "struct<n:bigint>"}) {
    EXPECT_THAT(refused.status().message(), ::testing::HasSubstr(part));
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "id", WriteJson("{\"id\":\"x\"}"));
  EXPECT_EQ(Everything(), before);
}

TEST_F(WriteTest, ATouchedPartitionKeyIsRefusedAndLeavesNothing) {
  ASSERT_OK(Write(*lake_, table_, Records::Json("{\"id\":1,\"region\":7,\"at\":\"2025-01-30T08:00:00Z\"}"),
                  {.partition_by = "region, day(at)", .types = {{"region", "int"}}})
                .status());
  const auto before = Everything();
  ASSERT_FAILS(ErrorKind::kInvalid, "partition keys never change",
               WriteJson("{\"id\":1,\"region\":7,\"at\":\"2025-01-30T08:00:00Z\"}", {.partition_by = "region"}));
  const SchemaContract widening{.data_type = ContractMode::kEvolve};
  const auto wider =
      WriteJson("{\"id\":1,\"region\":5000000000,\"at\":\"2025-01-30T08:00:00Z\"}", {.contract = widening});
  ASSERT_FAILS(ErrorKind::kInvalid, "partition key region", wider);
  EXPECT_THAT(wider.status().message(), ::testing::HasSubstr("sales.orders"));
  EXPECT_THAT(wider.status().message(), ::testing::HasSubstr("int"));
  EXPECT_THAT(wider.status().message(), ::testing::HasSubstr("bigint"));
  ASSERT_FAILS(ErrorKind::kInvalid, "region", WriteJson("{\"region\":\"x\",\"at\":\"2025-01-30T08:00:00Z\"}"));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column region", WriteJson("{\"id\":1,\"at\":\"2025-01-30T08:00:00Z\"}"));
  ASSERT_FAILS(ErrorKind::kInvalid, "a column month",
               WriteJson("{\"region\":1,\"month\":1,\"at\":\"2025-01-30T08:00:00Z\"}"));
  EXPECT_EQ(Everything(), before);
}

TEST_F(WriteTest, TheContractMayFreezeATable) {
  ASSERT_FAILS(ErrorKind::kNotFound, "freezes tables",
               WriteJson("{\"id\":1}", {.contract = {.tables = ContractMode::kFreeze}}));
  ASSERT_OK(WriteJson("{\"id\":1}").status());
  ASSERT_FAILS(ErrorKind::kInvalid, "note",
               WriteJson("{\"id\":1,\"note\":1}", {.contract = {.columns = ContractMode::kFreeze}}));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "quarantine",
               WriteJson("{\"id\":1,\"note\":1}", {.contract = {.columns = ContractMode::kDiscardRow}}));
  ASSERT_OK(WriteJson("{\"id\":2,\"note\":1}", {.contract = {.columns = ContractMode::kDiscardValue}}).status());
  EXPECT_EQ(Columns(), (std::map<std::string, std::string>{{"id", "bigint"}}));
}

TEST_F(WriteTest, ModesReplaceAndMergeRows) {
  const auto rows = [&] { return Rows("SELECT id, v, d FROM sales.orders ORDER BY 1, 2"); };
  ASSERT_OK(
      WriteJson("[{\"id\":1,\"v\":1,\"d\":\"a\"},{\"id\":2,\"v\":1,\"d\":\"b\"}]", {.partition_by = "d"}).status());
  ASSERT_OK(WriteJson("{\"id\":3,\"v\":2,\"d\":\"b\"}", {.mode = WriteMode::kOverwritePartitions}).status());
  EXPECT_EQ(rows(), "1,1,a 3,2,b");
  ASSERT_OK_AND_ASSIGN(const auto merged, WriteJson("[{\"id\":1,\"v\":3,\"d\":\"a\"},{\"id\":4,\"v\":3,\"d\":\"a\"}]",
                                                    {.mode = WriteMode::kUpsert, .primary_key = {"id"}}));
  EXPECT_EQ(merged.commit.rows, 2);
  EXPECT_EQ(rows(), "1,3,a 3,2,b 4,3,a");
  ASSERT_OK(WriteJson("{\"id\":9,\"v\":4,\"d\":\"c\"}", {.mode = WriteMode::kReplace}).status());
  EXPECT_EQ(rows(), "9,4,c");
  ASSERT_FAILS(ErrorKind::kInvalid, "primary_key", WriteJson("{\"id\":1}", {.mode = WriteMode::kUpsert}));
}

TEST_F(WriteTest, WhatHasANameIsWrittenOnce) {
  ASSERT_OK_AND_ASSIGN(const auto first, WriteJson("{\"id\":1}", {.once = "batch 7"}));
  EXPECT_FALSE(first.commit.already_loaded);
  ASSERT_OK_AND_ASSIGN(const auto second, WriteJson("{\"id\":1}", {.once = "batch 7"}));
  EXPECT_TRUE(second.commit.already_loaded);
  EXPECT_EQ(second.commit.rows, 0);
  ASSERT_OK(WriteJson("{\"id\":2}", {.once = "batch 8"}).status());
  EXPECT_EQ(Rows("SELECT id FROM sales.orders ORDER BY 1"), "1 2");
}

TEST_F(WriteTest, ADryRunSaysWhatWouldHappenAndChangesNothing) {
  const auto nothing = Everything();
  ASSERT_OK_AND_ASSIGN(const auto made, WriteJson("{\"id\":1}", {.dry_run = true}));
  EXPECT_TRUE(made.table_created);
  EXPECT_EQ(Everything(), nothing);
  ASSERT_FAILS(ErrorKind::kNotFound, "", lake_->OpenTable(table_));
  ASSERT_OK(WriteJson("{\"id\":1}").status());
  const auto before = Everything();
  ASSERT_OK_AND_ASSIGN(const auto changed, WriteJson("{\"id\":2,\"note\":\"n\"}", {.dry_run = true}));
  EXPECT_FALSE(changed.table_created);
  EXPECT_EQ(changed.differences.size(), 1u);
  EXPECT_EQ(changed.location, "s3://lake/sales/orders/");
  EXPECT_EQ(Everything(), before);
}

TEST_F(WriteTest, AStopRequestOrAnErrorOfTheStreamLeavesNothing) {
  ASSERT_OK(WriteJson("{\"id\":1}").status());
  const auto before = Everything();
  class Failing final : public arrow::RecordBatchReader {
   public:
    std::shared_ptr<arrow::Schema> schema() const override { return Ids({})->schema(); }
    Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
      if (++calls_ > 3) return MakeError(ErrorKind::kDenied, "the source is gone");
      *batch = Ids({calls_});
      return Status::OK();
    }

   private:
    int calls_ = 0;
  };
  ASSERT_FAILS(ErrorKind::kDenied, "the source is gone", Write(*lake_, table_, Records(std::make_shared<Failing>())));
  arrow::StopSource source;
  source.RequestStop();
  ASSERT_FAILS(ErrorKind::kCancelled, "", WriteJson("{\"id\":2}", {.stop = source.token()}));
  EXPECT_EQ(Everything(), before);
}

TEST_F(WriteTest, ColumnsWithoutAValueWaitForOne) {
  ASSERT_OK(WriteJson("{\"id\":1,\"note\":null}").status());
  EXPECT_EQ(Columns().count("note"), 0u);
  ASSERT_FAILS(ErrorKind::kInvalid, "no columns", Write(*lake_, {"sales", "empty"}, Records::Json("{\"note\":null}")));
  ASSERT_OK(WriteJson("{\"id\":2,\"note\":5}").status());
  EXPECT_EQ(Rows("SELECT id, note FROM sales.orders ORDER BY 1"), "1, 2,5");
}

TEST_F(WriteTest, TypesOfArrowBecomeThoseOfTables) {
  arrow::StringDictionary32Builder words;
  ASSERT_OK(words.Append("a"));
  ASSERT_OK(words.Append("b"));
  arrow::TimestampBuilder times(arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), arrow::default_memory_pool());
  ASSERT_OK(times.AppendValues({1'000, 2'000}));
  arrow::UInt64Builder large;
  ASSERT_OK(large.AppendValues({0, UINT64_MAX}));
  arrow::LargeStringBuilder texts;
  ASSERT_OK(texts.AppendValues({"x", "y"}));
  const auto rows = arrow::Table::Make(
      arrow::schema({arrow::field("word", arrow::dictionary(arrow::int32(), arrow::utf8())),
                     arrow::field("at", arrow::timestamp(arrow::TimeUnit::NANO, "UTC")),
                     arrow::field("large", arrow::uint64()), arrow::field("text", arrow::large_utf8())}),
      arrow::ArrayVector{words.Finish().ValueOrDie(), times.Finish().ValueOrDie(), large.Finish().ValueOrDie(),
                         texts.Finish().ValueOrDie()});
  ASSERT_OK(Write(*lake_, table_, Records(rows), {.partition_by = "none"}).status());
  EXPECT_EQ(Rows("SELECT word, epoch_us(\"at\"), large, text FROM sales.orders ORDER BY 1"),
            "a,1,0,x b,2,18446744073709551615,y");
}

}  // namespace
}  // namespace glaux::testing
