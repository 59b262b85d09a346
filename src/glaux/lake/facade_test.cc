#include <arrow/api.h>

#include "glaux/lake/async.h"
#include "glaux/lake/model.h"
#include "glaux/serve/athena/athena_wire.h"
#include "glaux/serve/glue/glue_wire.h"
#include "glaux/serve/s3/s3_wire.h"
#include "glaux/serve/server.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

// The same calls on every kind of lake: a folder, and AWS Glue with S3 as our own servers speak them.
namespace glaux::testing {

struct Sale {
  int64_t id = 0;
  std::string country;
  std::optional<double> amount;
  std::chrono::sys_time<std::chrono::microseconds> at;
  bool operator==(const Sale&) const = default;
};
BOOST_DESCRIBE_STRUCT(Sale, (), (id, country, amount, at))

namespace {

using std::chrono::hours;
using std::chrono::sys_days;

constexpr sys_days Day(int day) { return std::chrono::year(2025) / 1 / day; }

/// A lake and what it lives in.
class World {
 public:
  virtual ~World() = default;
  virtual Lake& lake() = 0;
  /// The lake as somebody else sees it at the same time.
  virtual std::unique_ptr<Lake> Another() = 0;
};

class FolderWorld final : public World {
 public:
  FolderWorld() : lake_(Another()) {}
  Lake& lake() override { return *lake_; }
  std::unique_ptr<Lake> Another() override {
    return Lake::Open({.directory = (folder_.path() / "lake").string()}).ValueOrDie();
  }

 private:
  const TempDir folder_;
  const std::unique_ptr<Lake> lake_;
};

/// S3, Glue and Athena on one port, over a folder of the server's own.
class AwsWorld final : public World {
 public:
  /// \param athena SQL runs there, and not in this process
  explicit AwsWorld(bool athena) : athena_(athena) {
    served_ = Lake::Open({.directory = (folder_.path() / "served").string()}).ValueOrDie();
    const auto keys = TestKeys()->Get().ValueOrDie();
    const serve::AccessKey key{.id = keys.access_key_id, .secret = keys.secret_access_key};
    serve::S3WireOptions s3{.buckets = served_->bucket_host()};
    s3.authentication.keys = {key};
    serve::GlueWireOptions glue{.catalog = &served_->catalog()};
    glue.authentication.keys = {key};
    serve::AthenaWireOptions athena_wire{.engine = [this] { return served_->engine(); },
                                         .catalog = &served_->catalog(),
                                         .buckets = served_->bucket_host()};
    athena_wire.authentication.keys = {key};
    server_ = serve::Server::Start({}, serve::MakeRouter({serve::MakeGlueWire(std::move(glue)),
                                                          serve::MakeAthenaWire(std::move(athena_wire)).ValueOrDie(),
                                                          serve::MakeS3Wire(std::move(s3))}))
                  .ValueOrDie();
    lake_ = Another();
  }
  Lake& lake() override { return *lake_; }
  std::unique_ptr<Lake> Another() override {
    const auto keys = TestKeys()->Get().ValueOrDie();
    LakeConfig config{.directory = (folder_.path() / "nothing").string()};
    config.prefix = "tables";
    config.remote_store = true;
    config.s3.region = "eu-central-1";
    config.s3.endpoint_url = server_->url();
    config.s3.aws_access_key_id = keys.access_key_id;
    config.s3.aws_secret_access_key = keys.secret_access_key;
    config.glue = GlueAccess{.endpoint_url = server_->url()};
    if (athena_) {
      config.athena = AthenaAccess{.endpoint_url = server_->url()};
    }
    return Lake::Open(config).ValueOrDie();
  }

 private:
  const bool athena_;
  const TempDir folder_;
  std::unique_ptr<Lake> served_;
  std::unique_ptr<serve::Server> server_;
  std::unique_ptr<Lake> lake_;
};

struct Kind {
  std::string name;
  std::function<std::unique_ptr<World>()> make;
};

class FacadeTest : public ::testing::TestWithParam<Kind> {
 protected:
  Lake& lake() { return world_->lake(); }

  static std::vector<Sale> Sales() {
    return {{1, "DE", 12.5, Day(30) + hours(8)}, {2, "FR", std::nullopt, Day(31)}, {3, "DE", 1.25, Day(31) + hours(9)}};
  }

  Result<std::vector<Sale>> ReadAll(TableReadOptions options = {}) {
    ARROW_ASSIGN_OR_RAISE(auto reader, Read<Sale>(lake(), table_, options));
    ARROW_ASSIGN_OR_RAISE(auto sales, reader.ToVector());
    std::sort(sales.begin(), sales.end(), [](const Sale& a, const Sale& b) { return a.id < b.id; });
    return sales;
  }

  /// Objects of the lake's bucket and versions of the table: what a refused write must not change.
  std::vector<std::string> Everything() {
    std::vector<std::string> all;
    const auto place = lake().Resolve("s3://lake/").ValueOrDie();
    for (const auto& object : ListAll(*place.store, place.key).ValueOrDie()) {
      all.push_back(object.key + " " + object.etag);
    }
    const auto versions = lake().catalog().TableVersions(table_);
    if (versions.ok()) {
      for (const auto& version : versions->entries) all.push_back("version " + version.version_id);
    }
    return all;
  }

  const std::unique_ptr<World> world_ = GetParam().make();
  const TableId table_{"sales", "orders"};
};

TEST_P(FacadeTest, StructsGoInAndComeOut) {
  ASSERT_OK_AND_ASSIGN(const auto written, Write(lake(), table_, Sales(), {.partition_by = "day(at)"}));
  EXPECT_TRUE(written.table_created);
  EXPECT_EQ(written.commit.rows, 3);
  EXPECT_EQ(written.commit.partitions_added, 2);
  EXPECT_EQ(ReadAll().ValueOrDie(), Sales());
  EXPECT_EQ(ReadAll({.filter = "country = 'DE' AND day = '31'"}).ValueOrDie(), std::vector<Sale>{Sales()[2]});
  EXPECT_EQ(ReadAll({.since = Day(31), .until = Day(31) + hours(1)}).ValueOrDie(), std::vector<Sale>{Sales()[1]});
  ASSERT_OK_AND_ASSIGN(auto asked, Query<Sale>(lake(), "SELECT * FROM sales.orders WHERE id = ?", {.parameters = {2}}));
  EXPECT_EQ(asked.ToVector().ValueOrDie(), std::vector<Sale>{Sales()[1]});
}

TEST_P(FacadeTest, PartitionsAreRegisteredWithTheColumnsOfTheTable) {
  ASSERT_OK(Write(lake(), table_, Sales(), {.partition_by = "day(at)"}).status());
  ASSERT_OK(
      Write(lake(), table_, Records::Json("{\"id\":4,\"country\":\"IT\",\"at\":\"2025-02-01T00:00:00Z\",\"tax\":1}"))
          .status());
  ASSERT_OK_AND_ASSIGN(const auto table, lake().catalog().GetTable(table_));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(lake().catalog(), table_));
  ASSERT_EQ(partitions.size(), 3u);
  EXPECT_EQ(partitions[2].values, (std::vector<std::string>{"2025", "02", "01"}));
  EXPECT_EQ(partitions[2].storage.columns, table.storage.columns);
  EXPECT_EQ(partitions[2].storage.serde_info, table.storage.serde_info);
  // The older ones still have the older list, and still read.
  EXPECT_EQ(partitions[0].storage.columns.size() + 1, table.storage.columns.size());
  ASSERT_OK_AND_ASSIGN(const auto reader, Read(lake(), table_, {.columns = {{"id", "tax"}}, .filter = "tax IS NULL"}));
  EXPECT_EQ(reader->ToTable().ValueOrDie()->num_rows(), 3);
  EXPECT_EQ(ReadAll().ValueOrDie().size(), 4u);
}

TEST_P(FacadeTest, WhatIsRefusedLeavesNothing) {
  ASSERT_OK(Write(lake(), table_, Sales(), {.partition_by = "day(at), country"}).status());
  const auto before = Everything();
  const auto changed =
      Write(lake(), table_, Records::Json("{\"id\":{\"n\":1},\"country\":\"DE\",\"at\":\"2025-01-01\"}"));
  ASSERT_FAILS(ErrorKind::kInvalid, "table sales.orders", changed);
  EXPECT_THAT(changed.status().message(), ::testing::HasSubstr("id"));
  EXPECT_THAT(changed.status().message(), ::testing::HasSubstr("bigint"));
  EXPECT_THAT(changed.status().message(), ::testing::HasSubstr("struct<n:bigint>"));
  ASSERT_FAILS(ErrorKind::kInvalid, "partition keys never change",
               Write(lake(), table_, Sales(), {.partition_by = "country"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "no column country",
               Write(lake(), table_, Records::Json("{\"id\":1,\"at\":\"2025-01-01\"}")));
  EXPECT_EQ(Everything(), before);
  // Nothing of a table that is not made, either.
  ASSERT_FAILS(ErrorKind::kInvalid, "", Write(lake(), {"sales", "other"}, Sales(), {.partition_by = "day(country)"}));
  EXPECT_EQ(Everything(), before);
}

TEST_P(FacadeTest, ATableThatSomebodyElseChangesMeanwhileIsPlannedAnew) {
  ASSERT_OK(Write(lake(), table_, Records::Json("{\"id\":1}"), {.partition_by = "none"}).status());
  const auto another = world_->Another();
  std::vector<arrow::Future<WriteSummary>> writes;  // each finds the columns of others, and none takes them away
  for (int i = 0; i < 6; ++i) {
    writes.push_back(Async([&, i] {
      Lake& from = i % 2 == 0 ? lake() : *another;
      const auto column = "c" + std::to_string(i);
      return Write(from, table_, Records::Json("{\"id\":" + std::to_string(10 + i) + ",\"" + column + "\":true}"));
    }));
  }
  for (const auto& write : writes) EXPECT_OK(write.status());
  ASSERT_OK_AND_ASSIGN(const auto entry, lake().catalog().GetTable(table_));
  EXPECT_EQ(entry.storage.columns.size(), 7u);
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       Query(lake(), "SELECT * FROM sales.orders WHERE c0 OR c1 OR c2 OR c3 OR c4 OR c5"));
  EXPECT_EQ(rows->ToTable().ValueOrDie()->num_rows(), 6);
}

TEST_P(FacadeTest, WhatOthersSaidOfTheTableStays) {
  ASSERT_OK(Write(lake(), table_, Sales(), {.partition_by = "day(at)"}).status());
  ASSERT_OK_AND_ASSIGN(auto entry, lake().catalog().GetTable(table_));
  entry.description = "what is sold";
  entry.parameters["of"] = "somebody";
  entry.storage.columns[0].comment = "which";
  ASSERT_OK(lake().catalog().CommitTable(entry.version_id, entry).status());
  ASSERT_OK(Write(lake(), table_, Records::Json("{\"id\":4,\"at\":\"2025-01-01T00:00:00Z\",\"tax\":1}")).status());
  ASSERT_OK_AND_ASSIGN(const auto after, lake().catalog().GetTable(table_));
  EXPECT_EQ(after.description, "what is sold");
  EXPECT_EQ(after.parameters.at("of"), "somebody");
  EXPECT_EQ(after.storage.columns[0].comment, "which");
  EXPECT_EQ(after.storage.columns.back().name, "tax");
}

TEST_P(FacadeTest, WritesAreReplacedMergedAndNamed) {
  ASSERT_OK(Write(lake(), table_, Sales(), {.partition_by = "day(at)", .once = "first"}).status());
  ASSERT_OK_AND_ASSIGN(const auto again, Write(lake(), table_, Sales(), {.once = "first"}));
  EXPECT_TRUE(again.commit.already_loaded);
  auto changed = Sales()[0];
  changed.amount = 7;
  ASSERT_OK(
      Write(lake(), table_, std::vector<Sale>{changed}, {.mode = WriteMode::kUpsert, .primary_key = {"id"}}).status());
  ASSERT_OK_AND_ASSIGN(const auto merged, ReadAll());
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0], changed);
  ASSERT_OK(Write(lake(), table_, std::vector<Sale>{Sales()[2]}, {.mode = WriteMode::kOverwritePartitions}).status());
  EXPECT_EQ(ReadAll().ValueOrDie(), (std::vector<Sale>{changed, Sales()[2]}));
  ASSERT_OK(Write(lake(), table_, std::vector<Sale>{Sales()[1]}, {.mode = WriteMode::kReplace}).status());
  EXPECT_EQ(ReadAll().ValueOrDie(), std::vector<Sale>{Sales()[1]});
}

/// Hands a table over to somebody else, whose partitions may have columns of their own.
Status GiveAway(Catalog& catalog, const TableId& id) {
  ARROW_ASSIGN_OR_RAISE(auto entry, catalog.GetTable(id));
  for (auto parameter = entry.parameters.begin(); parameter != entry.parameters.end();) {
    parameter = parameter->first.starts_with("glaux.") ? entry.parameters.erase(parameter) : std::next(parameter);
  }
  return catalog.CommitTable(entry.version_id, entry).status();
}

TEST_P(FacadeTest, PartitionsWithColumnsOfTheirOwnReadByName) {
  ASSERT_OK(Write(lake(), table_, Records::Json("[{\"id\":1,\"n\":1,\"d\":\"a\"},{\"id\":2,\"n\":2,\"d\":\"b\"}]"),
                  {.partition_by = "d"})
                .status());
  ASSERT_OK(GiveAway(lake().catalog(), table_));
  ASSERT_OK_AND_ASSIGN(auto partitions, AllPartitions(lake().catalog(), table_));
  // An older list, in another order and with a column that the table has lost; and a narrower type.
  partitions[0].storage.columns = {{.name = "lost", .type = "string"}, {.name = "n", .type = "int"}};
  ASSERT_OK(lake().catalog().ApplyPartitions(table_, {.put = {partitions[0]}, .replace_existing = true}));
  ASSERT_OK_AND_ASSIGN(const auto rows, Query(lake(), "SELECT 1 FROM sales.orders WHERE id = n AND d IN ('a', 'b')"));
  EXPECT_EQ(rows->ToTable().ValueOrDie()->num_rows(), 2);
}

TEST_P(FacadeTest, APartitionWithAnotherTypeIsToldAndNotMisread) {
  ASSERT_OK(Write(lake(), table_, Records::Json("[{\"id\":1,\"n\":1,\"d\":\"a\"},{\"id\":2,\"n\":2,\"d\":\"b\"}]"),
                  {.partition_by = "d"})
                .status());
  ASSERT_OK(GiveAway(lake().catalog(), table_));
  ASSERT_OK_AND_ASSIGN(auto partitions, AllPartitions(lake().catalog(), table_));
  partitions[0].storage.columns[1].type = "string";
  ASSERT_OK(lake().catalog().ApplyPartitions(table_, {.put = {partitions[0]}, .replace_existing = true}));
  const auto mismatch = [&](const std::string& sql) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto reader, Query(lake(), sql));
    return reader->ToTable().status();
  };
  const Status told = mismatch("SELECT n FROM sales.orders");
  ASSERT_FAILS(ErrorKind::kInvalid, "column n of table sales.orders is bigint, and partition d=a", told);
  EXPECT_THAT(told.message(),
              ::testing::AllOf(::testing::HasSubstr("HIVE_PARTITION_SCHEMA_MISMATCH"), ::testing::HasSubstr("string")));
  EXPECT_OK(mismatch("SELECT n FROM sales.orders WHERE d = 'b'"));
}

INSTANTIATE_TEST_SUITE_P(Lakes, FacadeTest,
                         ::testing::Values(Kind{"Folder", [] { return std::make_unique<FolderWorld>(); }},
                                           Kind{"GlueAndS3", [] { return std::make_unique<AwsWorld>(false); }},
                                           Kind{"GlueAndAthena", [] { return std::make_unique<AwsWorld>(true); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace glaux::testing
