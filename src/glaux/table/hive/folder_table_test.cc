#include "glaux/table/hive/folder_table.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <thread>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/folder_catalog_internal.h"
#include "glaux/table/hive/orders_for_test.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/run_together.h"

namespace glaux {
namespace {

using glaux::testing::FaultyStore;
using glaux::testing::RunTogether;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
using Ids = std::vector<int64_t>;

/// A store, and what is opened over it by URI "s3://lake/<key>".
struct Files {
  std::shared_ptr<ObjectStore> store = MakeMemoryStore();

  static LocationResolver Resolve(std::shared_ptr<ObjectStore> through) {
    return [through](std::string_view uri) -> Result<Location> {
      if (!uri.starts_with("s3://lake/")) return MakeError(ErrorKind::kDenied, uri);
      return Location{through, std::string(uri.substr(10))};
    };
  }

  Result<std::shared_ptr<Table>> Open(const FolderSpec& spec, std::shared_ptr<ObjectStore> through = nullptr) const {
    return OpenFolderTable(Resolve(through == nullptr ? store : through), spec);
  }

  static Result<std::unique_ptr<Append>> Begin(Table& table, const std::shared_ptr<arrow::Schema>& data,
                                               const AppendOptions& options) {
    EvolutionPlan plan{.table_schema = data, .write_schema = data};
    // What the table has and the data has not stays.
    for (const auto& field : table.schema()->fields()) {
      if (data->GetFieldByName(field->name()) != nullptr) continue;
      const auto& keys = table.partition_columns();
      if (std::find(keys.begin(), keys.end(), field->name()) != keys.end()) continue;
      ARROW_ASSIGN_OR_RAISE(plan.table_schema, plan.table_schema->AddField(plan.table_schema->num_fields(), field));
    }
    return table.NewAppend(plan, options);
  }

  Result<CommitSummary> Add(const FolderSpec& spec, const std::shared_ptr<arrow::RecordBatch>& batch,
                            const AppendOptions& options = {}, std::shared_ptr<ObjectStore> through = nullptr,
                            std::span<const StreamChange> streams = {}) const {
    ARROW_ASSIGN_OR_RAISE(const auto table, Open(spec, std::move(through)));
    ARROW_ASSIGN_OR_RAISE(const auto append, Begin(*table, batch->schema(), options));
    ARROW_RETURN_NOT_OK(append->Write(batch));
    return append->Commit({}, streams);
  }

  Result<std::shared_ptr<arrow::Table>> Read(const FolderSpec& spec, const ScanOptions& options = {}) const {
    ARROW_ASSIGN_OR_RAISE(const auto table, Open(spec));
    ARROW_ASSIGN_OR_RAISE(const auto reader, Scan(*table, Resolve(store), options));
    return reader->ToTable();
  }
  Result<Ids> ReadIds(const FolderSpec& spec, const ScanOptions& options = {}) const {
    ARROW_ASSIGN_OR_RAISE(const auto rows, Read(spec, options));
    return rows->GetColumnByName("id") == nullptr ? Ids() : SortedIds(*rows);
  }

  std::vector<std::string> Keys(const std::string& prefix = "") const {
    std::vector<std::string> keys;
    for (const auto& object : ListAll(*store, prefix).ValueOrDie()) {
      if (object.key.find("_glaux/") == std::string::npos) keys.push_back(object.key);
    }
    return keys;
  }
  /// As somebody who lists for himself.
  std::vector<std::string> Committed(const std::string& prefix) const {
    std::vector<std::string> keys;
    for (const auto& object : ListAll(*store, prefix).ValueOrDie()) keys.push_back(object.key);
    return KeepCommitted(*store, prefix, keys).ValueOrDie();
  }
};

const FolderSpec kParquet{.location = "s3://lake/out/"};
const FolderSpec kCsv{.location = "s3://lake/out/", .format = "csv"};
const FolderSpec kByRegion{.location = "s3://lake/out/", .partition_by = {{Transform::kIdentity, "region"}}};
const FolderSpec kOneCsv{.location = "s3://lake/out/orders.csv", .format = "csv"};
const FolderSpec kOneParquet{.location = "s3://lake/out/orders.parquet"};
const AppendOptions kReplaceAll{.overwrite = Overwrite::kTable};
const AppendOptions kReplaceParts{.overwrite = Overwrite::kPartitions};

TEST(FolderTable, AppendsSideBySide) {
  Files files;
  ASSERT_OK_AND_ASSIGN(const auto empty, files.ReadIds(kParquet));
  EXPECT_THAT(empty, IsEmpty());
  ASSERT_OK_AND_ASSIGN(const auto first, files.Add(kParquet, Orders(0, 2)));
  EXPECT_THAT(first.files, ElementsAre("s3://lake/out/" + first.commit_id + "-00000.parquet"));
  ASSERT_OK(files.Add(kParquet, Orders(2, 2)));
  EXPECT_EQ(files.ReadIds(kParquet).ValueOrDie(), Ids({0, 1, 2, 3}));
  EXPECT_THAT(files.Keys(), SizeIs(2));
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kParquet));
  EXPECT_EQ(table->schema()->ToString(), Orders(0, 0)->schema()->ToString());
}

TEST(FolderTable, KeepsTypesAndNamesAsTheyAre) {
  Files files;
  arrow::UInt32Builder numbers;
  ASSERT_OK(numbers.AppendValues({7, 4'000'000'000u}));
  arrow::Time64Builder times(arrow::time64(arrow::TimeUnit::MICRO), arrow::default_memory_pool());
  ASSERT_OK(times.AppendValues({1, 2}));
  arrow::StringBuilder texts;
  ASSERT_OK(texts.AppendValues({"a", "b"}));
  const auto schema = arrow::schema({arrow::field("Unit/Price", arrow::uint32()), arrow::field("at", times.type()),
                                     arrow::field("Größe", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 2, {numbers.Finish().ValueOrDie(), times.Finish().ValueOrDie(), texts.Finish().ValueOrDie()});
  ASSERT_OK(files.Add(kParquet, batch));
  ASSERT_OK_AND_ASSIGN(const auto rows, files.Read(kParquet));
  EXPECT_EQ(rows->schema()->ToString(), schema->ToString());
  ASSERT_OK_AND_ASSIGN(const auto combined, rows->CombineChunksToBatch());
  EXPECT_TRUE(combined->Equals(*batch)) << combined->ToString();
}

TEST(FolderTable, FilterFindsAColumnWhateverItsCase) {
  Files files;
  auto batch = Orders(0, 4);
  ASSERT_OK_AND_ASSIGN(batch, batch->RenameColumns({"id", "Region", "at"}));
  ASSERT_OK(files.Add(kParquet, batch));
  ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("Region = 'eu'"));
  EXPECT_EQ(files.ReadIds(kParquet, {.columns = std::vector<std::string>{"id"}, .filter = filter}).ValueOrDie(),
            Ids({0, 2}));
  EXPECT_EQ(files.ReadIds(kParquet, {.filter = filter}).ValueOrDie(), Ids({0, 2}));
}

TEST(FolderTable, ColumnsThatComeLaterAreNullBefore) {
  Files files;
  ASSERT_OK(files.Add(kParquet, Orders(0, 2)));
  auto wider = Orders(2, 2);
  ASSERT_OK_AND_ASSIGN(wider, wider->AddColumn(3, "tax", wider->column(0)));
  ASSERT_OK(files.Add(kParquet, wider));
  ASSERT_OK(files.Add(kParquet, Orders(4, 1)));
  ASSERT_OK_AND_ASSIGN(const auto rows, files.Read(kParquet));
  EXPECT_EQ(rows->num_columns(), 4);
  EXPECT_EQ(rows->GetColumnByName("tax")->null_count(), 3);
}

TEST(FolderTable, WritesTextAndReadsItWithTheSameOptions) {
  Files files;
  auto spec = kCsv;
  spec.format_options.csv.delimiter = ';';
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(spec, Orders(0, 3)));
  EXPECT_THAT(summary.files, ElementsAre(::testing::EndsWith("-00000.csv")));
  EXPECT_THAT(GetString(*files.store, files.Keys().at(0)).ValueOrDie(), HasSubstr("id;region;at\n0;eu;2025-01-31"));
  EXPECT_EQ(files.ReadIds(spec).ValueOrDie(), Ids({0, 1, 2}));

  for (const auto& [compression, ending] : {std::pair("gzip", ".csv.gz"), std::pair("zstd", ".csv.zst")}) {
    Files packed;
    spec.format_options.text.compression = compression;
    ASSERT_OK_AND_ASSIGN(const auto written, packed.Add(spec, Orders(0, 3)));
    EXPECT_THAT(written.files, ElementsAre(::testing::EndsWith(ending)));
    EXPECT_THAT(GetString(*packed.store, packed.Keys().at(0)).ValueOrDie(), ::testing::Not(::testing::StartsWith("id;region")));
    EXPECT_EQ(packed.ReadIds(spec).ValueOrDie(), Ids({0, 1, 2}));
  }
}

TEST(FolderTable, PartitionsAreFolders) {
  Files files;
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(kByRegion, Orders(0, 3)));
  EXPECT_EQ(summary.partitions_added, 2);
  ASSERT_OK_AND_ASSIGN(const auto again, files.Add(kByRegion, Orders(3, 1)));
  EXPECT_EQ(again.partitions_added, 0);
  EXPECT_THAT(files.Keys("out/region=us/"), SizeIs(2));
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({0, 1, 2, 3}));
  ASSERT_OK_AND_ASSIGN(const auto filter, Predicate::Parse("region = 'us'"));
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kByRegion));
  ASSERT_OK_AND_ASSIGN(const auto plan, table->Plan({.filter = filter}));
  EXPECT_EQ(plan.files.size(), 2u);
  // Who says nothing of partitions gets those of the log; who says another thing is told.
  EXPECT_EQ(files.ReadIds(kParquet).ValueOrDie(), Ids({0, 1, 2, 3}));
  auto other = kByRegion;
  other.partition_by = {{Transform::kDay, "at"}};
  ASSERT_FAILS(ErrorKind::kInvalid, "partitioned by region, expected: day(at)", files.Open(other));
  ASSERT_FAILS(ErrorKind::kInvalid, "its log is of parquet files", files.Open(kCsv));
}

TEST(FolderTable, AKeyFollowsTheRulesOfTablesAndItsColumnKeepsItsName) {
  Files files;
  auto batch = Orders(0, 3);
  ASSERT_OK_AND_ASSIGN(batch, batch->RenameColumns({"id", "Re/Gion", "At"}));
  const FolderSpec spec{.location = "s3://lake/out/",
                        .partition_by = {{Transform::kIdentity, "Re/Gion"}, {Transform::kYear, "At"}}};
  ASSERT_OK(files.Add(spec, batch));
  EXPECT_THAT(files.Keys("out/re_gion=eu/year=2025/"), SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const auto rows, files.Read(spec));
  EXPECT_THAT(rows->schema()->field_names(), ElementsAre("id", "At", "re_gion", "year"));
  EXPECT_EQ(SortedIds(*rows), Ids({0, 1, 2}));
}

TEST(FolderTable, FilesThatOthersWroteAreItsRows) {
  Files there, files;
  ASSERT_OK(there.Add(kByRegion, Orders(0, 3)));
  // The same files, without the log and under names of somebody else.
  for (const auto& key : there.Keys()) {
    const std::string folder = key.substr(0, key.rfind('/') + 1);
    ASSERT_OK(PutString(*files.store, folder + "part-0.parquet", GetString(*there.store, key).ValueOrDie()));
  }
  ASSERT_OK(PutString(*files.store, "out/region=eu/readme.txt", "not a row"));
  ASSERT_OK(PutString(*files.store, "out/region=eu/_hidden.parquet", "not a row"));
  ASSERT_OK(PutString(*files.store, "out/region=eu/deeper/x.parquet", "not a row"));
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({0, 1, 2}));
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kByRegion));
  EXPECT_THAT(table->schema()->field_names(), ElementsAre("id", "at", "region"));
  ASSERT_OK(files.Add(kByRegion, Orders(5, 1)));
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({0, 1, 2, 5}));
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(kByRegion, Orders(6, 1), kReplaceAll));
  EXPECT_EQ(summary.files_replaced, 3);
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({6}));
  EXPECT_THAT(files.Keys("out/region=eu/"),
              UnorderedElementsAre("out/region=eu/readme.txt", "out/region=eu/_hidden.parquet",
                                   "out/region=eu/deeper/x.parquet", HasSubstr(summary.commit_id)));
}

TEST(FolderTable, AFolderThatWasThereIsReplacedByItsFirstCommit) {
  Files files;
  ASSERT_OK(PutString(*files.store, "out/theirs.csv", "id,region,at\n7,eu,2025-01-01T00:00:00\n"));
  EXPECT_EQ(files.ReadIds(kCsv).ValueOrDie(), Ids({7}));
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(kCsv, Orders(0, 2), kReplaceAll));
  EXPECT_EQ(summary.files_replaced, 1);
  EXPECT_EQ(files.ReadIds(kCsv).ValueOrDie(), Ids({0, 1}));
  EXPECT_THAT(files.Keys(), SizeIs(1));
}

TEST(FolderTable, NumbersInPathsAreNumbersAndPaddedOnesAreText) {
  Files there, files;
  ASSERT_OK(there.Add(kParquet, Orders(0, 1)));
  const std::string body = GetString(*there.store, there.Keys().at(0)).ValueOrDie();
  ASSERT_OK(PutString(*files.store, "out/a=7/b=07/x.parquet", body));
  ASSERT_OK(PutString(*files.store, "out/a=__HIVE_DEFAULT_PARTITION__/b=11/x.parquet", body));
  const FolderSpec spec{.location = "s3://lake/out/",
                        .partition_by = {{Transform::kIdentity, "a"}, {Transform::kIdentity, "b"}}};
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(spec));
  EXPECT_EQ(table->schema()->GetFieldByName("a")->type()->ToString(), "int64");
  EXPECT_EQ(table->schema()->GetFieldByName("b")->type()->ToString(), "string");
}

TEST(FolderTable, OverwritingPartitionsKeepsTheOthers) {
  Files files;
  ASSERT_OK(files.Add(kByRegion, Orders(0, 4)));
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(kByRegion, Orders(10, 1), kReplaceParts));
  EXPECT_EQ(summary.partitions_replaced, 1);
  EXPECT_EQ(summary.files_replaced, 1);
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({1, 3, 10}));
  EXPECT_THAT(files.Keys(), SizeIs(2));
  auto named = kReplaceParts;
  named.replace_partitions = {{"us"}};
  ASSERT_OK(files.Add(kByRegion, Orders(12, 1), named));
  EXPECT_EQ(files.ReadIds(kByRegion).ValueOrDie(), Ids({12}));
}

TEST(FolderTable, StreamsAndTheLedgerLiveBesideTheFiles) {
  Files files;
  const StreamChange change[] = {{.stream = "s", .expected = std::nullopt, .next = "1"}};
  ASSERT_OK(files.Add(kCsv, Orders(0, 1), {}, nullptr, change));
  ASSERT_FAILS(ErrorKind::kPrecondition, "change stream s", files.Add(kCsv, Orders(1, 1), {}, nullptr, change));
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kCsv));
  EXPECT_EQ(table->Streams().ValueOrDie().at("s"), "1");
  EXPECT_EQ(files.ReadIds(kCsv).ValueOrDie(), Ids({0}));
}

TEST(FolderTable, NamesOfFilesFollowThePattern) {
  Files files;
  auto spec = kCsv;
  spec.file_name = "orders-{part}-of-{run}.export";
  ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(spec, Orders(0, 1)));
  EXPECT_THAT(summary.files, ElementsAre("s3://lake/out/orders-00000-of-" + summary.commit_id + ".export"));
  EXPECT_EQ(files.ReadIds(spec).ValueOrDie(), Ids({0}));
  const std::pair<const char*, const char*> wrong[] = {
      {"x-{run}.csv", "it lacks {part}"},         {"x-{part}.csv", "it lacks {run}"},
      {"_{run}-{part}.csv", "readers pass over"}, {"a/{run}-{part}.csv", "must not hold a '/'"},
      {"{run}-{part}-{day}.csv", "not known"},    {"{run}-{part}.parquet", "its ending says parquet"}};
  for (const auto& [pattern, why] : wrong) {
    spec.file_name = pattern;
    ASSERT_FAILS(ErrorKind::kInvalid, why, files.Open(spec));
  }
}

TEST(FolderTable, ASingleFileIsWrittenOnceAndReplacedInOneStep) {
  for (const auto& spec : {kOneCsv, kOneParquet}) {
    Files files;
    ASSERT_OK_AND_ASSIGN(const auto summary, files.Add(spec, Orders(0, 2)));
    EXPECT_THAT(summary.files, ElementsAre(spec.location));
    EXPECT_THAT(files.Keys(), SizeIs(1));
    EXPECT_EQ(files.ReadIds(spec).ValueOrDie(), Ids({0, 1}));
    ASSERT_FAILS(ErrorKind::kInvalid, "cannot be appended to", files.Add(spec, Orders(2, 1)));
    ASSERT_OK_AND_ASSIGN(const auto table, files.Open(spec));
    ASSERT_OK_AND_ASSIGN(const auto old_plan, table->Plan({}));
    ASSERT_OK(files.Add(spec, Orders(5, 3), kReplaceAll));
    EXPECT_EQ(files.ReadIds(spec).ValueOrDie(), Ids({5, 6, 7}));
    ASSERT_OK_AND_ASSIGN(const auto new_plan, table->Plan({}));
    EXPECT_NE(old_plan.files.at(0).etag, new_plan.files.at(0).etag);
    // Without rows it is a file without rows.
    ASSERT_OK(files.Add(spec, Orders(0, 0), kReplaceAll));
    EXPECT_EQ(files.ReadIds(spec).ValueOrDie(), Ids());
    EXPECT_THAT(files.Keys(), SizeIs(1));
    EXPECT_THAT(files.Committed("out/"), SizeIs(1));
  }
}

TEST(FolderTable, ASingleFileStaysOneHoweverMuchComes) {
  Files files;
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kOneParquet));
  ASSERT_OK_AND_ASSIGN(const auto append,
                       Files::Begin(*table, Orders(0, 0)->schema(), {.memory_limit = 1, .target_file_bytes = 1}));
  for (int i = 0; i < 40; ++i) ASSERT_OK(append->Write(Orders(i, 1)));
  ASSERT_OK(append->Commit({}));
  EXPECT_THAT(files.Keys(), ElementsAre("out/orders.parquet"));
  EXPECT_THAT(files.ReadIds(kOneParquet).ValueOrDie(), SizeIs(40));
}

TEST(FolderTable, AFileThatAppearsMeanwhileIsNotOverwritten) {
  Files files;
  ASSERT_OK_AND_ASSIGN(const auto table, files.Open(kOneCsv));
  ASSERT_OK_AND_ASSIGN(const auto append, Files::Begin(*table, Orders(0, 0)->schema(), {}));
  ASSERT_OK(append->Write(Orders(0, 1)));
  ASSERT_OK(PutString(*files.store, "out/orders.csv", "theirs"));
  ASSERT_FAILS(ErrorKind::kPrecondition, "has appeared meanwhile", append->Commit({}));
  EXPECT_EQ(GetString(*files.store, "out/orders.csv").ValueOrDie(), "theirs");
}

struct FaultCase {
  const char* name;
  FolderSpec spec;
  AppendOptions options;
  Ids old_rows, new_rows;
};

class FolderFaults : public ::testing::TestWithParam<std::tuple<FaultCase, FaultyStore::When>> {};

TEST_P(FolderFaults, AtAnyCallLeaveTheOldRowsOrTheNew) {
  const auto& [test, when] = GetParam();
  for (int n = 1;; ++n) {
    Files files;
    if (!test.old_rows.empty()) ASSERT_OK(files.Add(test.spec, Orders(0, 2)));
    const auto faulty = std::make_shared<FaultyStore>(files.store, n, when);
    const auto broken = files.Add(test.spec, Orders(1, 2), test.options, faulty);
    const std::string at = "fault at call " + std::to_string(n) + ": " + broken.status().ToString();

    // Those who list for themselves, before anybody has finished anything.
    Ids kept;
    for (const auto& key : files.Committed("out/")) {
      Files copy;
      const std::string folder = key.substr(0, key.rfind('/') + 1);
      const std::string name =
          test.spec.location.ends_with("/") ? "x." + test.spec.format : "orders." + test.spec.format;
      ASSERT_OK(PutString(*copy.store, folder + name, GetString(*files.store, key).ValueOrDie()));
      const auto ids = copy.ReadIds(test.spec).ValueOrDie();
      kept.insert(kept.end(), ids.begin(), ids.end());
    }
    std::sort(kept.begin(), kept.end());
    EXPECT_TRUE(kept == test.old_rows || kept == test.new_rows) << at << ::testing::PrintToString(kept);

    ASSERT_OK_AND_ASSIGN(const auto seen, files.ReadIds(test.spec));
    EXPECT_TRUE(seen == test.old_rows || seen == test.new_rows) << at;
    if (broken.ok()) {
      EXPECT_EQ(seen, test.new_rows) << at;
    }
    ASSERT_OK_AND_ASSIGN(const auto table, files.Open(test.spec));
    ASSERT_OK(table->Repair(std::chrono::hours(-1)));
    ASSERT_OK_AND_ASSIGN(const auto recovered, files.ReadIds(test.spec));
    EXPECT_TRUE(recovered == test.new_rows || (recovered == test.old_rows && !broken.ok())) << at;
    EXPECT_TRUE(files.store->ListMultipart("").ValueOrDie().empty()) << at;
    // Nothing is left that does not count.
    EXPECT_EQ(files.Keys("out/").size(), table->Plan({}).ValueOrDie().files.size()) << at;
    EXPECT_THAT(ListAll(*files.store, "out/_glaux/commits/").ValueOrDie(), IsEmpty()) << at;
    if (test.options.overwrite != Overwrite::kNone) {
      ASSERT_OK(files.Add(test.spec, Orders(1, 2), test.options));
      EXPECT_EQ(files.ReadIds(test.spec).ValueOrDie(), test.new_rows) << at;
    }
    if (!faulty->fired()) break;
    ASSERT_LT(n, 1000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, FolderFaults,
    ::testing::Combine(::testing::Values(FaultCase{"FirstFiles", kParquet, {}, {}, {1, 2}},
                                         FaultCase{"MoreFiles", kCsv, {}, {0, 1}, {0, 1, 1, 2}},
                                         FaultCase{"MorePartitions", kByRegion, {}, {0, 1}, {0, 1, 1, 2}},
                                         FaultCase{"FolderTable", kCsv, kReplaceAll, {0, 1}, {1, 2}},
                                         FaultCase{"PartitionedTable", kByRegion, kReplaceAll, {0, 1}, {1, 2}},
                                         FaultCase{"Partitions", kByRegion, kReplaceParts, {0, 1}, {1, 2}},
                                         FaultCase{"FirstSingleFile", kOneParquet, {}, {}, {1, 2}},
                                         FaultCase{"SingleFile", kOneCsv, kReplaceAll, {0, 1}, {1, 2}}),
                       ::testing::Values(FaultyStore::When::kBefore, FaultyStore::When::kAfter)),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) +
             (std::get<1>(info.param) == FaultyStore::When::kBefore ? "BeforeTheEffect" : "AfterTheEffect");
    });

TEST(FolderTable, AReaderDuringOverwritesSeesOneGenerationOrAnError) {
  for (const auto& spec : {kCsv, kByRegion, kOneCsv}) {
    Files files;
    constexpr int kRows = 4;
    ASSERT_OK(files.Add(spec, Orders(0, kRows)));
    std::atomic<bool> done{false};
    std::atomic<int> looks{0};
    std::vector<std::string> wrong, wrong_lists;
    std::thread reader([&] {
      while (!done) {
        const auto read = files.ReadIds(spec);
        if (!read.ok()) {
          // Files go at once, so they may be gone before they are read: that is said.
          const std::string why = read.status().ToString();
          if (why.find("there is no such object") == std::string::npos &&
              why.find("Precondition") == std::string::npos) {
            wrong.push_back(why);
          }
          continue;
        }
        const int64_t first = read->empty() ? -1 : read->front();
        if (first % kRows != 0 || *read != Ids({first, first + 1, first + 2, first + 3})) {
          wrong.push_back(::testing::PrintToString(*read));
        }
        ++looks;
      }
    });
    std::thread lister([&] {
      while (!done) {
        const auto objects = ListCommitted(*files.store, "out/");
        if (!objects.ok()) {
          wrong_lists.push_back(objects.status().ToString());
        } else if (objects->size() != (spec.partition_by.empty() ? 1u : 2u)) {
          wrong_lists.push_back(std::to_string(objects->size()) + " files");
        }
      }
    });
    for (int g = 1; g <= 50; ++g) {
      EXPECT_OK(files.Add(spec, Orders(g * kRows, kRows), kReplaceAll));
      // Let the reader get a look in between.
      for (const int seen = looks; g % 10 == 0 && looks == seen;) std::this_thread::yield();
    }
    done = true;
    reader.join();
    lister.join();
    EXPECT_THAT(wrong, IsEmpty());
    EXPECT_THAT(wrong_lists, IsEmpty());
  }
}

TEST(FolderTable, ManyRowsGoToFilesSideBySideAndAllArrive) {
  for (const auto& spec : {kParquet, kOneParquet}) {
    Files files;
    ASSERT_OK_AND_ASSIGN(const auto table, files.Open(spec));
    ASSERT_OK_AND_ASSIGN(const auto append, Files::Begin(*table, Orders(0, 0)->schema(), {.memory_limit = 40 << 20}));
    constexpr int kBatches = 16, kRows = 50'000;
    RunTogether(2, [&](int t) {
      for (int b = t; b < kBatches; b += 2) EXPECT_OK(append->Write(Orders(b * kRows, kRows)));
    });
    ASSERT_OK_AND_ASSIGN(const auto summary, append->Commit({}));
    EXPECT_EQ(summary.rows, kBatches * kRows);
    EXPECT_LE(summary.files.size(), static_cast<size_t>(spec.location.ends_with('/') ? PoolSize(Pool::kCpu) : 1));
    ASSERT_OK_AND_ASSIGN(const auto ids, files.ReadIds(spec));
    ASSERT_EQ(ids.size(), static_cast<size_t>(kBatches * kRows));
    for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], static_cast<int64_t>(i));
  }
}

/// A format of lines with the first column's numbers, whose rows stand alone.
class LinesFormat final : public Format {
 public:
  class Writer final : public FileWriter {
   public:
    explicit Writer(std::shared_ptr<arrow::io::OutputStream> sink) : sink_(std::move(sink)) {}
    Status Write(const std::shared_ptr<arrow::RecordBatch>&) override {
      return MakeError(ErrorKind::kOther, "rows must come encoded");
    }
    Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const override {
      std::string text;
      const auto& ids = static_cast<const arrow::Int64Array&>(*batch.column(0));
      for (int64_t i = 0; i < ids.length(); ++i) text += std::to_string(ids.Value(i)) + "\n";
      return arrow::Buffer::FromString(std::move(text));
    }
    Status WriteEncoded(const arrow::Buffer& encoded) override { return sink_->Write(encoded.data(), encoded.size()); }
    Status Flush() override { return Status::OK(); }
    Result<int64_t> bytes_written() const override { return sink_->Tell(); }
    Status Close() override { return Status::OK(); }

   private:
    const std::shared_ptr<arrow::io::OutputStream> sink_;
  };

  std::string_view name() const override { return "lines"; }
  bool carries_schema() const override { return false; }
  std::vector<std::string_view> extensions() const override { return {"lines"}; }
  Result<InferredSchema> Infer(const InputFile&, const InferOptions&) const override { return Status::IOError("no"); }
  Result<std::unique_ptr<FileReader>> OpenReader(const InputFile&, const ReadOptions&) const override {
    return Status::IOError("no");
  }
  Result<std::unique_ptr<FileWriter>> OpenWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                 std::shared_ptr<arrow::Schema>, const WriteOptions&) const override {
    return std::make_unique<Writer>(std::move(sink));
  }
};

TEST(FolderTable, RowsThatStandAloneAreEncodedByTheThreadThatBringsThem) {
  Files files;
  const LinesFormat format;
  FileLayout layout;
  layout.folder = true;
  layout.format = &format;
  layout.file_name = "{run}-{part}.lines";
  HivePlace place{.environment = {.catalog = MakeFolderCatalog(files.store, "out/_glaux/table.json", "s3://lake/out/"),
                                  .resolve = Files::Resolve(files.store)},
                  .id = {"folder", "out"},
                  .location = "s3://lake/out/",
                  .store = files.store,
                  .prefix = "out/",
                  .log = std::make_shared<CommitLog>(files.store, "out/_glaux/")};
  TableEntry entry{.id = place.id};
  entry.storage.location = place.location;
  const auto schema = Orders(0, 0)->schema();
  ASSERT_OK_AND_ASSIGN(const auto append,
                       MakeHiveAppend(place, entry, true, {}, {.table_schema = schema, .write_schema = schema},
                                      {.target_file_bytes = 5'000}, layout));
  constexpr int kThreads = 4, kBatches = 20, kRows = 100;
  RunTogether(kThreads, [&](int t) {
    for (int b = 0; b < kBatches; ++b) EXPECT_OK(append->Write(Orders((t * kBatches + b) * kRows, kRows)));
  });
  ASSERT_OK_AND_ASSIGN(const auto summary, append->Commit({}));
  EXPECT_EQ(summary.rows, kThreads * kBatches * kRows);
  EXPECT_GT(summary.files.size(), 3u);
  Ids ids;
  for (const auto& key : files.Keys("out/")) {
    std::istringstream lines(GetString(*files.store, key).ValueOrDie());
    for (int64_t id; lines >> id;) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  ASSERT_EQ(ids.size(), static_cast<size_t>(kThreads * kBatches * kRows));
  for (size_t i = 0; i < ids.size(); ++i) ASSERT_EQ(ids[i], static_cast<int64_t>(i));
}

TEST(FolderTable, WritersAtOnceAllArrive) {
  Files files;
  std::vector<Status> results(6);
  ASSERT_OK(files.Add(kCsv, Orders(100, 1)));
  RunTogether(6, [&](int i) { results[i] = files.Add(kCsv, Orders(i, 1)).status(); });
  for (const auto& result : results) EXPECT_OK(result);
  EXPECT_EQ(files.ReadIds(kCsv).ValueOrDie(), Ids({0, 1, 2, 3, 4, 5, 100}));
}

TEST(KeepCommitted, KeepsAllWhereThereIsNoLogAndTakesLogsOff) {
  const auto store = MakeMemoryStore();
  EXPECT_THAT(KeepCommitted(*store, "x/", {"x/a", "x/b/c"}).ValueOrDie(), ElementsAre("x/a", "x/b/c"));
  EXPECT_THAT(KeepCommitted(*store, "x/", {"x/a", "x/_glaux/commits/1.json"}).ValueOrDie(), ElementsAre("x/a"));
}

TEST(KeepCommitted, FindsTheLogAboveAndBelowThePrefix) {
  for (int n = 1; n < 200; ++n) {
    Files files;
    ASSERT_OK(files.Add(kByRegion, Orders(0, 2)));
    const auto faulty =
        std::make_shared<FaultyStore>(files.store, n, FaultyStore::When::kAfter, FaultyStore::Count::kMutating);
    const auto result = files.Add(kByRegion, Orders(2, 2), {}, faulty);
    if (!faulty->fired()) break;
    if (result.ok()) continue;  // a lost answer that was looked up
    // Cut off after it began, with files that are there already.
    const bool open = !CommitLog(files.store, "out/_glaux/").Read().ValueOrDie().open.empty();
    if (!open || files.Keys("out/").size() < 3) continue;
    EXPECT_THAT(files.Committed("out/"), SizeIs(2));
    EXPECT_THAT(files.Committed("out/region=eu/"), SizeIs(1));
    EXPECT_THAT(files.Committed("out/region=us/"), SizeIs(1));
    EXPECT_THAT(files.Committed(""), SizeIs(2));
    return;
  }
  FAIL() << "no fault left files of an open commit visible";
}

TEST(KeepCommitted, AnOverwriteOfWhichNotAllFilesWereListedIsNotDone) {
  Files files;
  ASSERT_OK(files.Add(kCsv, Orders(0, 2)));
  const auto before = files.Keys("out/");
  ASSERT_OK(files.Add(kCsv, Orders(2, 2), kReplaceAll));
  // The listing is from before; the replaced file is gone by now, and who reads it hears that.
  EXPECT_EQ(KeepCommitted(*files.store, "out/", before).ValueOrDie(), before);
}

}  // namespace
}  // namespace glaux
