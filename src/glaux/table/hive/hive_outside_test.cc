// Reads a folder that another program wrote (hive-fastparquet of the outside material) as a Hive table.
#include <arrow/api.h>
#include <gtest/gtest.h>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/store/directory_store.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_table.h"
#include "glaux/table/scan.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/testdata.h"

namespace glaux {
namespace {

TEST(HiveOutside, AFolderThatSparkWroteReadsAsOneTableWithTypedKeys) {
  GLAUX_TESTDATA_OR_SKIP(suite, "hive-fastparquet");
  ASSERT_OK_AND_ASSIGN(const std::shared_ptr<ObjectStore> store,
                       MakeDirectoryStore({.root = (suite / "data").string()}));
  const HiveEnvironment environment{
      .catalog = MakeMemoryCatalog(), .resolve = [store](std::string_view uri) -> Result<Location> {
        return Location{store, std::string(uri.substr(std::string_view("s3://outside/").size()))};
      }};
  const TableId id{"outside", "split"};
  const std::vector<PartitionField> spec = {{Transform::kIdentity, "cat"}, {Transform::kIdentity, "catnum"}};
  ASSERT_OK(environment.catalog->CreateDatabase({.name = "outside"}));
  ASSERT_OK(environment.catalog->CreateTable(
      MakeParquetTableEntry(id, "s3://outside/split/", {{.name = "num", .type = "bigint"}},
                            {{.name = "cat", .type = "string"}, {.name = "catnum", .type = "int"}}, spec)));
  ASSERT_OK_AND_ASSIGN(const auto table, OpenHiveTable(environment, id));
  ASSERT_OK_AND_ASSIGN(const auto repaired, table->Repair(std::chrono::hours(24)));
  EXPECT_EQ(repaired.partitions_added, 6);

  ASSERT_OK_AND_ASSIGN(const auto reader, Scan(*table, environment.resolve, {}));
  ASSERT_OK_AND_ASSIGN(const auto rows, reader->ToTable());
  // What pyarrow.dataset(partitioning="hive") gives for the same folder.
  EXPECT_EQ(rows->num_rows(), 2000);
  int64_t sum = 0;
  for (const auto& chunk : rows->GetColumnByName("num")->chunks()) {
    for (int64_t i = 0; i < chunk->length(); ++i) sum += static_cast<const arrow::Int64Array&>(*chunk).Value(i);
  }
  EXPECT_EQ(sum, 1'999'000);

  ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("cat = 'fred' AND catnum >= 2"));
  ASSERT_OK_AND_ASSIGN(const auto plan, table->Plan({.filter = filter}));
  EXPECT_EQ(plan.partitions_kept, 2);
  EXPECT_EQ(plan.files.size(), 16u);
  ASSERT_OK_AND_ASSIGN(
      const auto filtered,
      Scan(*table, environment.resolve, {.columns = std::vector<std::string>{"num", "catnum"}, .filter = filter}));
  ASSERT_OK_AND_ASSIGN(const auto kept, filtered->ToTable());
  EXPECT_EQ(kept->num_rows(), 666);
}

}  // namespace
}  // namespace glaux
