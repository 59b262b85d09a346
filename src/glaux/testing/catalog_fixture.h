#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "glaux/base/random.h"
#include "glaux/catalog/catalog.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {

/// One implementation for the suite of catalog_conformance.h.
struct CatalogUnderTest {
  std::string name;  ///< letters and digits
  /// Open it. What others keep in it does not matter: each test makes databases of its own and drops them.
  std::function<Result<std::shared_ptr<Catalog>>()> open;
  /// "" where it can be tested, else why not.
  std::function<std::string()> why_not = {};
  /// Tests that this catalog is known to fail through no fault of ours, and why: they are skipped.
  std::map<std::string, std::string> known = {};
};

inline std::string CatalogName(const ::testing::TestParamInfo<CatalogUnderTest>& info) { return info.param.name; }
inline void PrintTo(const CatalogUnderTest& catalog, std::ostream* out) { *out << catalog.name; }

class CatalogConformance : public ::testing::TestWithParam<CatalogUnderTest> {
 protected:
  void SetUp() override {
    if (const auto& why_not = GetParam().why_not; why_not && !why_not().empty()) GTEST_SKIP() << why_not();
    const std::string whole = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    const auto known = GetParam().known.find(whole.substr(0, whole.find('/')));
    if (known != GetParam().known.end()) GTEST_SKIP() << known->second;
    ASSERT_OK_AND_ASSIGN(catalog_, GetParam().open());
    ASSERT_OK(catalog_->CreateDatabase({.name = db_}));
    databases_.push_back(db_);
  }

  void TearDown() override {
    if (catalog_ == nullptr) return;
    for (const auto& database : databases_) {
      const auto tables = AllTables(*catalog_, database);
      if (!tables.ok()) continue;  // the test dropped it
      for (const auto& table : *tables) EXPECT_OK(catalog_->DropTable(table.id));
      EXPECT_OK(catalog_->DropDatabase(database));
    }
  }

  TableId Id(std::string name) const { return {db_, std::move(name)}; }

  /// A table with most fields set.
  TableEntry Billing() const {
    TableEntry table{.id = Id("billing"), .description = "what things cost", .owner = "finance"};
    table.storage.columns = {{.name = "line_item", .type = "string", .comment = "which"},
                             {.name = "cost", .type = "decimal(10,2)"},
                             {.name = "tags", .type = "map<string,array<struct<Key:int,b:string>>>"}};
    table.storage.location = "s3://lake/billing/";
    table.storage.input_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat";
    table.storage.output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat";
    table.storage.serde_info.serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe";
    table.storage.serde_info.parameters = {{"serialization.format", "1"}};
    table.storage.parameters = {{"crawled", "yes"}};
    table.partition_keys = {{.name = "year", .type = "string"}, {.name = "month", .type = "string"}};
    table.table_type = "EXTERNAL_TABLE";
    table.parameters = {{"classification", "parquet"}, {"somebody.else's", "ключ = значение"}};
    return table;
  }

  /// A partition as a load registers it: the table's storage at a folder of its own.
  static PartitionEntry PartitionOf(const TableEntry& table, std::vector<std::string> values) {
    PartitionEntry partition{.values = std::move(values), .storage = table.storage};
    for (const auto& value : partition.values) partition.storage.location += value + "/";
    return partition;
  }

  static std::vector<std::vector<std::string>> Values(const std::vector<PartitionEntry>& partitions) {
    std::vector<std::vector<std::string>> values;
    for (const auto& partition : partitions) values.push_back(partition.values);
    return values;
  }

  std::string db_ = "conformance_" + NewId();
  std::vector<std::string> databases_;
  std::shared_ptr<Catalog> catalog_;
};

}  // namespace glaux::testing
