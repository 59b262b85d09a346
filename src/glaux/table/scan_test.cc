#include "glaux/table/scan.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include "glaux/store/memory_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {

namespace {

using ::testing::HasSubstr;

/// A table whose plan is the files it was given.
class FileTable : public Table {
 public:
  FileTable(std::shared_ptr<arrow::Schema> schema, std::vector<DataFile> files)
      : schema_(std::move(schema)), files_(std::move(files)) {}

  const TableId& id() const override { return entry_.id; }
  const TableEntry& entry() const override { return entry_; }
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  const std::vector<std::string>& partition_columns() const override { return no_names_; }
  std::vector<PartitionField> partition_spec() const override { return {}; }
  Status Refresh() override { return Status::OK(); }
  Result<ScanPlan> Plan(const PlanOptions&) override { return ScanPlan{.schema = schema_, .files = files_}; }
  Result<std::unique_ptr<Append>> NewAppend(const EvolutionPlan&, const AppendOptions&) override { return ReadOnly(); }
  Result<std::vector<bool>> AlreadyLoaded(std::span<const LoadedFile>) override { return ReadOnly(); }
  Result<std::map<std::string, std::string>> Streams() override { return ReadOnly(); }
  Status ChangeStream(const StreamChange&) override { return ReadOnly(); }
  Result<int64_t> ForgetLoaded(const std::function<bool(const LoadedFile&)>&) override { return ReadOnly(); }
  Result<std::vector<LoadedFile>> Loaded() override { return ReadOnly(); }
  Result<RepairSummary> Repair(std::chrono::seconds) override { return ReadOnly(); }

 private:
  static Status ReadOnly() { return MakeError(ErrorKind::kNotImplemented, "this table is only read"); }

  const TableEntry entry_{.id = {.database = "db", .name = "t"}};
  const std::vector<std::string> no_names_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<DataFile> files_;
};

}  // namespace

TEST(Scan, RefusesAFileWhoseColumnsDifferOnlyByCaseWhereItReadsThem) {
  const auto in_file = arrow::schema(
      {arrow::field("Id", arrow::int64()), arrow::field("v", arrow::int64()), arrow::field("V", arrow::int64())});
  const auto rows =
      arrow::json::ArrayFromJSONString(arrow::struct_(in_file->fields()), R"([{"Id":1,"v":2,"V":3}])").ValueOrDie();
  const auto batch = arrow::RecordBatch::FromStructArray(rows).ValueOrDie();
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_OK(parquet::arrow::WriteTable(*arrow::Table::FromRecordBatches({batch}).ValueOrDie(),
                                       arrow::default_memory_pool(), sink));
  const std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  const auto content = sink->Finish().ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto object, PutString(*store, "a.parquet", static_cast<std::string_view>(*content)));
  FileTable table(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", arrow::int64())}),
                  {{.location = "s3://lake/a.parquet", .size = object.size, .etag = object.etag}});
  const LocationResolver resolve = [&](std::string_view) -> Result<Location> {
    return Location{.store = store, .key = "a.parquet"};
  };
  const auto read = [&](const ScanOptions& options) -> Result<std::shared_ptr<arrow::Table>> {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Scan(table, resolve, options));
    return reader->ToTable();
  };

  ASSERT_OK_AND_ASSIGN(const auto ids, read({.columns = std::vector<std::string>{"id"}}));
  EXPECT_EQ(ids->num_rows(), 1);
  const auto refused = read({}).status();
  ASSERT_FAILS(ErrorKind::kInvalid, "s3://lake/a.parquet: columns v and V", refused);
  EXPECT_THAT(InfoOf(refused).hint, HasSubstr("renamed"));
}

TEST(Scan, SaysWhereRowsAreAndLeavesOutRowGroupsWithoutTheRange) {
  arrow::Int64Builder ids;
  for (int64_t i = 0; i < 100; ++i) ASSERT_OK(ids.Append(i));
  const auto schema = arrow::schema({arrow::field("Id", arrow::int64())});
  const auto batch = arrow::RecordBatch::Make(schema, 100, {ids.Finish().ValueOrDie()});
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_OK(parquet::arrow::WriteTable(*arrow::Table::FromRecordBatches({batch}).ValueOrDie(),
                                       arrow::default_memory_pool(), sink, /*chunk_size=*/10));
  const std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  const auto content = sink->Finish().ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto object, PutString(*store, "a.parquet", static_cast<std::string_view>(*content)));
  const DataFile file{.location = "s3://lake/a.parquet", .size = object.size, .etag = object.etag};
  const LocationResolver resolve = [&](std::string_view) -> Result<Location> {
    return Location{.store = store, .key = "a.parquet"};
  };
  const auto read = [&](std::vector<ColumnRange> ranges) {
    ScanPlan plan{.schema = arrow::schema({arrow::field("id", arrow::int64())}), .files = {file, file}};
    const auto reader =
        Scan(std::move(plan), resolve, {.ranges = std::move(ranges), .position_column = "at", .batch_rows = 7})
            .ValueOrDie();
    std::vector<std::pair<int64_t, int64_t>> rows;
    for (const auto& part : reader->ToRecordBatches().ValueOrDie()) {
      const auto& id = static_cast<const arrow::Int64Array&>(*part->GetColumnByName("id"));
      const auto& at = static_cast<const arrow::Int64Array&>(*part->GetColumnByName("at"));
      for (int64_t i = 0; i < part->num_rows(); ++i) rows.emplace_back(id.Value(i), at.Value(i));
    }
    return rows;
  };
  const auto all = read({});
  ASSERT_EQ(all.size(), 200u);
  const auto some = read({{"id", arrow::MakeScalar(int64_t{35}), arrow::MakeScalar(int64_t{41})}});
  ASSERT_EQ(some.size(), 40u);  // row groups 3 and 4 of both files
  for (const auto& rows : {all, some}) {
    for (size_t i = 0; i < rows.size(); ++i) {
      const int64_t of_file = i < rows.size() / 2 ? 0 : 1;
      EXPECT_EQ(rows[i].second, (of_file << kPositionBits) + rows[i].first);
    }
  }
  // Statistics of another type than what is looked for say nothing.
  EXPECT_EQ(read({{"id", arrow::MakeScalar(int32_t{35}), arrow::MakeScalar(int32_t{41})}}).size(), 200u);
}

}  // namespace glaux::testing
