#include "app.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/record_batch.h>

#include <sstream>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"
#include "output_file.h"
#include "test_batch.h"

namespace glaux::cli {
namespace {

using glaux::cli::testing::Batch;
using glaux::testing::ReadFileOrDie;
using glaux::testing::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// Gives the batches and then the error it was told to.
class FakeEngine final : public QueryEngine {
 public:
  EngineTraits traits() const override { return {.name = "fake", .dialect = "fake"}; }
  Result<QueryId> Submit(const QueryRequest& given) override {
    request = given;
    return "q1";
  }
  Result<QueryStatus> GetStatus(const QueryId&, std::chrono::milliseconds) override {
    return QueryStatus{
        .state = QueryState::kSucceeded,
        .statistics = {.bytes_scanned = 2'000'000, .files_opened = 3, .partitions_total = 9, .partitions_scanned = 2}};
  }
  Status Cancel(const QueryId&) override { return Status::OK(); }
  Result<std::shared_ptr<arrow::RecordBatchReader>> Results(const QueryId&) override {
    class Reader final : public arrow::RecordBatchReader {
     public:
      explicit Reader(FakeEngine& engine) : engine_(engine) {}
      std::shared_ptr<arrow::Schema> schema() const override { return engine_.batch->schema(); }
      Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
        *batch = engine_.batches-- > 0 ? engine_.batch : nullptr;
        return *batch == nullptr ? engine_.error : Status::OK();
      }

     private:
      FakeEngine& engine_;
    };
    return std::make_shared<Reader>(*this);
  }
  void Release(const QueryId&) override { ++released; }

  QueryRequest request;
  std::shared_ptr<arrow::RecordBatch> batch = Batch({{arrow::field("n", arrow::int64()), "[1, 2]"}});
  int batches = 1;
  Status error;
  int released = 0;
};

/// What a run did to the lake and what it was told.
struct World {
  std::shared_ptr<Catalog> catalog = MakeMemoryCatalog();
  FakeEngine engine;
  LakeConfig config;
  std::string lake_option;
  std::optional<LoadOptions> loaded;
  LoadSummary summary;
  QueryEstimate estimate;
  std::string estimated;
  Status load_error;
  std::vector<std::string> dropped;
  std::string input;
  bool in_interactive = false;
};

class FakeLake final : public Lake {
 public:
  explicit FakeLake(World& world) : world_(world) {}
  const LakeConfig& config() const override { return world_.config; }
  Catalog& catalog() override { return *world_.catalog; }
  Result<QueryEngine*> engine() override { return &world_.engine; }
  Result<QueryEstimate> Estimate(const QueryRequest& request) override {
    world_.estimated = request.sql;
    return world_.estimate;
  }
  Result<Location> Resolve(std::string_view uri) override {
    return MakeError(ErrorKind::kNotFound, "no store for ", uri);
  }
  Result<std::vector<std::string>> Buckets() override { return std::vector<std::string>(); }
  std::shared_ptr<const RequestMeter> meter() const override { return std::make_shared<RequestMeter>(); }
  std::shared_ptr<BucketHost> bucket_host() override { return MakeMemoryBuckets(); }
  Result<std::shared_ptr<Table>> OpenTable(const TableId& id) override {
    return MakeError({.kind = ErrorKind::kNotFound, .hint = "did you mean 'cur'"}, "there is no table ", id.ToString());
  }
  Result<LoadSummary> Load(const LoadOptions& options) override {
    world_.loaded = options;
    if (!world_.load_error.ok()) return world_.load_error;
    return world_.summary;
  }
  Result<std::unique_ptr<Target>> OpenTarget(const DestinationConfig&, TargetUse) override {
    return MakeError(ErrorKind::kNotImplemented, "no targets");
  }
  SyncEnvironment sync_environment(std::shared_ptr<arrow::io::OutputStream>) override { return {}; }
  Status DropTable(const TableId& id) override {
    world_.dropped.push_back(id.ToString());
    return world_.catalog->DropTable(id);
  }

 private:
  World& world_;
};

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

Outcome RunGlaux(World& world, std::vector<std::string> arguments,
                 std::shared_ptr<arrow::io::OutputStream> out = nullptr) {
  Outcome outcome;
  auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  std::istringstream in(world.input);
  Session session({
      .out = out != nullptr ? out : sink,
      .err = [&](std::string_view text) { outcome.err += text; },
      .in = &in,
      .in_interactive = world.in_interactive,
      .environment = [](std::string_view) { return std::string(); },
      .out_terminal = [](ColorMode) { return Terminal{}; },
      .err_terminal = [](ColorMode) { return Terminal{}; },
      .find_config = [&](std::string_view given, const std::string&) -> Result<LakeConfig> {
        world.lake_option = given;
        return world.config;
      },
      .open_lake = [&](const LakeConfig& config) -> Result<std::unique_ptr<Lake>> {
        world.config = config;
        return std::make_unique<FakeLake>(world);
      },
  });
  outcome.code = RunApp(std::move(arguments), &session);
  outcome.out = sink->Finish().ValueOrDie()->ToString();
  return outcome;
}

void AddTable(World& world, const std::string& database, const std::string& table) {
  if (!world.catalog->GetDatabase(database).ok()) ASSERT_OK(world.catalog->CreateDatabase({.name = database}));
  TableEntry entry{.id = {database, table}, .table_type = "EXTERNAL_TABLE"};
  entry.storage.columns = {{.name = "id", .type = "bigint"}, {.name = "name", .type = "string"}};
  entry.storage.location = "s3://lake/" + database + "/" + table + "/";
  entry.partition_keys = {{.name = "year", .type = "string"}};
  ASSERT_OK(world.catalog->CreateTable(entry));
}

TEST(CommandLine, HelpAndVersionGoToStandardOutput) {
  World world;
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"query", "--help"}, {"--version"}, {"version"}}) {
    const auto outcome = RunGlaux(world, arguments);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.out, HasSubstr("glaux"));
    EXPECT_EQ(outcome.err, "");
  }
  EXPECT_THAT(RunGlaux(world, {"load", "--help"}).out, HasSubstr("Usage: glaux load [OPTIONS] FILES... TABLE\n"));
}

TEST(CommandLine, WithoutACommandItExplainsItselfOnStandardError) {
  World world;
  const auto outcome = RunGlaux(world, {});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("Commands:"));
}

TEST(CommandLine, UnknownCommandsAndOptionsGetNearMatches) {
  World world;
  auto outcome = RunGlaux(world, {"--lake", "x", "tabels", "--nonsense"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err, "glaux: error: unknown command 'tabels'\nhint: did you mean 'tables'\n");
  outcome = RunGlaux(world, {"query", "select 1", "--fromat=csv"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_EQ(outcome.err,
            "glaux: error: query: unknown option --fromat\nhint: did you mean '--format'; glaux query --help shows "
            "what it takes\n");
  EXPECT_EQ(RunGlaux(world, {"schema"}).code, 2);
  outcome = RunGlaux(world, {"schema", "a", "b"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("one table or several files"));
  EXPECT_EQ(RunGlaux(world, {"tables", "--color", "pink"}).code, 2);
}

TEST(CommandLine, EveryCommandHasExamplesInItsHelp) {
  World world;
  for (const auto* command : {"load", "query", "databases", "tables", "schema", "partitions", "drop", "repair",
                              "completion", "doctor", "version", "ls", "cat", "head", "cp", "convert"}) {
    EXPECT_THAT(RunGlaux(world, {command, "--help"}).out, HasSubstr(std::string("Examples:\n  "))) << command;
  }
}

TEST(CommandLine, GlobalOptionsMayComeBeforeAndAfterTheCommand) {
  World world;
  EXPECT_EQ(RunGlaux(world, {"--lake", "one", "tables", "--memory-limit", "64M", "--database", "sales"}).code, 4);
  EXPECT_EQ(world.lake_option, "one");
  EXPECT_EQ(world.config.memory_limit, 64 << 20);
  EXPECT_EQ(world.config.database, "sales");
  EXPECT_EQ(RunGlaux(world, {"tables", "--memory-limit", "lots"}).code, 2);
}

TEST(Query, PrintsRowsInTheFormatAskedFor) {
  World world;
  const auto outcome =
      RunGlaux(world, {"query", "select n", "--format", "csv", "--database", "sales", "--timeout", "30s"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "n\n1\n2\n");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(world.engine.request.sql, "select n");
  EXPECT_EQ(world.config.database, "sales");
  EXPECT_EQ(world.engine.request.timeout, std::chrono::milliseconds(30'000));
  EXPECT_EQ(world.engine.released, 1);
}

TEST(Query, ReadsSqlFromInputAndFromFiles) {
  World world;
  world.input = "select 'in'";
  EXPECT_EQ(RunGlaux(world, {"query"}).code, 0);
  EXPECT_EQ(world.engine.request.sql, "select 'in'");
  TempDir folder;
  world.engine.batches = 1;
  EXPECT_EQ(RunGlaux(world, {"query", "-f", folder.Write("q.sql", "-- c\nselect 2")}).code, 0);
  EXPECT_EQ(world.engine.request.sql, "-- c\nselect 2");
  EXPECT_EQ(RunGlaux(world, {"query", "-- c\nselect 3"}).code, 0);
  EXPECT_EQ(world.engine.request.sql, "-- c\nselect 3");
}

TEST(Query, RefusesNoSqlTwoSqlsAndBadOptionsBeforeAnythingRuns) {
  World world;
  world.in_interactive = true;
  EXPECT_THAT(RunGlaux(world, {"query"}).err, HasSubstr("there is no SQL"));
  world.in_interactive = false;
  EXPECT_THAT(RunGlaux(world, {"query"}).err, HasSubstr("the SQL is empty"));
  EXPECT_EQ(RunGlaux(world, {"query", "select 1", "-f", "x.sql"}).code, 2);
  EXPECT_EQ(RunGlaux(world, {"query", "-f", "/nowhere/x.sql"}).code, 4);
  EXPECT_EQ(RunGlaux(world, {"query", "select 1", "-o", "x.xlsx"}).code, 2);
  EXPECT_EQ(RunGlaux(world, {"query", "select 1", "--format", "xml"}).code, 2);
  EXPECT_EQ(RunGlaux(world, {"query", "select 1", "--timeout", "soon"}).code, 2);
  EXPECT_EQ(RunGlaux(world, {"query", "select 1", "--max-rows", "-3"}).code, 2);
  EXPECT_EQ(world.engine.request.sql, "");
}

TEST(Query, WritesAFileThatIsWholeOrNotThere) {
  World world;
  TempDir folder;
  EXPECT_EQ(RunGlaux(world, {"query", "select n", "-o", folder / "a.jsonl"}).code, 0);
  EXPECT_EQ(ReadFileOrDie(folder / "a.jsonl"), "{\"n\":1}\n{\"n\":2}\n");
  world.engine.batches = 1;
  world.engine.error = MakeError(ErrorKind::kCorrupt, "footer is cut");
  const auto outcome = RunGlaux(world, {"query", "select n", "-o", folder / "b.csv"});
  EXPECT_EQ(outcome.code, 8);
  EXPECT_THAT(outcome.err, HasSubstr("footer is cut"));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
  EXPECT_EQ(world.engine.released, 2);
}

TEST(Query, TellsWhatItScannedWhenAsked) {
  World world;
  const auto outcome = RunGlaux(world, {"query", "select n", "--verbose"});
  EXPECT_THAT(outcome.err, StartsWith("2 rows in "));
  EXPECT_THAT(outcome.err, HasSubstr("2.0 MB scanned in 3 files, 2 of 9 partitions"));
  EXPECT_THAT(outcome.out, HasSubstr("2 rows, 1 column"));
}

TEST(Query, EndsQuietlyWhenNobodyReadsAnyMore) {
  class Closed final : public arrow::io::OutputStream {
   public:
    Status Write(const void*, int64_t) override {
      return MakeError({.kind = ErrorKind::kCancelled, .code = "EPIPE"}, "x");
    }
    Status Close() override { return Status::OK(); }
    Result<int64_t> Tell() const override { return 0; }
    bool closed() const override { return false; }
  };
  World world;
  const auto outcome = RunGlaux(world, {"query", "select n", "--format", "csv"}, std::make_shared<Closed>());
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(world.engine.released, 1);
}

TEST(Load, PassesOnWhatWasAskedFor) {
  World world;
  world.summary.files_loaded = 1;
  const auto outcome = RunGlaux(world, {"load",
                                        "a.txt",
                                        "b*.txt",
                                        "sales.orders",
                                        "--format",
                                        "csv",
                                        "--delimiter",
                                        "tab",
                                        "--null",
                                        "NA",
                                        "--null",
                                        "-",
                                        "--type",
                                        "zip=string",
                                        "--type",
                                        "a=b=int",
                                        "--no-header",
                                        "--sample",
                                        "all",
                                        "--partition-by",
                                        "region",
                                        "--contract",
                                        "columns=freeze",
                                        "--again",
                                        "--compression",
                                        "zstd"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto& options = *world.loaded;
  EXPECT_THAT(options.inputs, ElementsAre("a.txt", "b*.txt"));
  EXPECT_EQ(options.table.ToString(), "sales.orders");
  EXPECT_EQ(options.format, "csv");
  EXPECT_EQ(options.format_options.csv.delimiter, '\t');
  EXPECT_THAT(options.format_options.csv.null_values, ElementsAre("NA", "-"));
  ASSERT_TRUE(options.format_options.csv.column_names.has_value());
  EXPECT_THAT(*options.format_options.csv.column_names, IsEmpty());
  EXPECT_EQ(options.types.at("zip"), "string");
  EXPECT_EQ(options.types.at("a=b"), "int");
  EXPECT_EQ(options.sample_bytes, 0);
  EXPECT_EQ(options.partition_by, "region");
  EXPECT_EQ(options.contract.columns, ContractMode::kFreeze);
  EXPECT_TRUE(options.again);
  EXPECT_FALSE(options.dry_run);
  EXPECT_EQ(options.compression, "zstd");
  EXPECT_EQ(outcome.out, "");
}

TEST(Load, DoesNotTakeTheLastFileForTheTable) {
  World world;
  EXPECT_THAT(RunGlaux(world, {"load", "a.csv", "b.csv"}).err, HasSubstr("'b.csv' is a file"));
  EXPECT_THAT(RunGlaux(world, {"load", "a.csv", "dir/orders"}).err, HasSubstr("is a file"));
  EXPECT_THAT(RunGlaux(world, {"load", "sales.orders"}).err, HasSubstr("name the files"));
  EXPECT_EQ(RunGlaux(world, {"load"}).code, 2);
  EXPECT_FALSE(world.loaded.has_value());
}

TEST(Load, ReportsOnStandardErrorAndNotWhenQuiet) {
  World world;
  world.summary = {.commit = {.rows = 1'234'567, .bytes = 4'000'000, .files = {"s3://lake/x"}, .partitions_added = 31},
                   .table_created = true,
                   .files_loaded = 3,
                   .files_skipped = 2,
                   .bytes_read = 20'000'000,
                   .renamed_columns = {"lineItem/Cost -> lineitem_cost"},
                   .notes = {"column tags has no value yet"}};
  const auto outcome = RunGlaux(world, {"load", "a.csv", "orders"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("renamed 1 column: lineItem/Cost -> lineitem_cost\n"));
  EXPECT_THAT(outcome.err, HasSubstr("note: column tags has no value yet\n"));
  EXPECT_THAT(outcome.err, HasSubstr("2 files skipped"));
  EXPECT_THAT(outcome.err,
              HasSubstr("loaded 1,234,567 rows from 3 files into default.orders (new), 31 new partitions\n"));
  EXPECT_THAT(outcome.err, HasSubstr("read 20.0 MB, wrote 4.0 MB in 1 file, took "));
  EXPECT_THAT(outcome.err, HasSubstr("peak memory "));
  EXPECT_EQ(RunGlaux(world, {"load", "a.csv", "orders", "--quiet"}).err, "");
  EXPECT_THAT(RunGlaux(world, {"load", "a.csv", "orders", "--dry-run"}).err, HasSubstr("would load 3 files, 20.0 MB"));
}

TEST(Load, ErrorsEndWithTheCodeOfTheirKind) {
  World world;
  world.load_error = MakeError(ErrorKind::kCancelled, "stopped");
  const auto cancelled = RunGlaux(world, {"load", "a.csv", "t"});
  EXPECT_EQ(cancelled.code, 130);
  EXPECT_THAT(cancelled.err, HasSubstr("nothing was changed"));
  world.load_error = MakeError({.kind = ErrorKind::kPrecondition, .hint = "run it again"}, "somebody was first");
  EXPECT_EQ(RunGlaux(world, {"load", "a.csv", "t"}).code, 5);
}

TEST(Listings, ShowDatabasesAndTables) {
  World world;
  AddTable(world, "sales", "orders");
  AddTable(world, "billing", "cur");
  EXPECT_EQ(RunGlaux(world, {"databases", "--format", "csv"}).out,
            "database,description,location\nbilling,,\nsales,,\n");
  const auto tables = RunGlaux(world, {"tables", "--format", "json"}).out;
  EXPECT_THAT(tables, HasSubstr(R"({"database":"billing","table":"cur","columns":3,"partitioned by":"year")"));
  EXPECT_THAT(RunGlaux(world, {"tables", "sales"}).out, Not(HasSubstr("billing")));
  EXPECT_EQ(RunGlaux(world, {"tables", "nowhere"}).code, 4);
  const auto missing = RunGlaux(world, {"schema", "billing.cru"});
  EXPECT_EQ(missing.code, 4);
  EXPECT_THAT(missing.err, HasSubstr("hint: did you mean 'cur'"));
}

TEST(Drop, AsksAPersonAndRefusesAScript) {
  World world;
  AddTable(world, "sales", "orders");
  EXPECT_EQ(RunGlaux(world, {"drop", "sales.orders"}).code, 2);
  world.in_interactive = true;
  world.input = "n\n";
  EXPECT_EQ(RunGlaux(world, {"drop", "sales.orders"}).code, 130);
  world.input = "";
  EXPECT_EQ(RunGlaux(world, {"drop", "sales.orders"}).code, 130);
  EXPECT_THAT(world.dropped, IsEmpty());
  world.input = "y\n";
  EXPECT_EQ(RunGlaux(world, {"drop", "sales.orders"}).code, 0);
  EXPECT_THAT(world.dropped, ElementsAre("sales.orders"));
  EXPECT_EQ(RunGlaux(world, {"drop", "sales.orders", "--yes"}).code, 4);
}

std::string Complete(World& world, std::vector<std::string> words) {
  words.insert(words.begin(), "__complete");
  return RunGlaux(world, std::move(words)).out;
}

TEST(Completion, OffersCommandsOptionsAndValues) {
  World world;
  EXPECT_THAT(Complete(world, {"ta"}), StartsWith("tables\t"));
  EXPECT_THAT(Complete(world, {""}), HasSubstr("load\t"));
  EXPECT_THAT(Complete(world, {"query", "--fo"}), StartsWith("--format\t"));
  EXPECT_THAT(Complete(world, {"query", "--"}), HasSubstr("--lake\t"));
  EXPECT_EQ(Complete(world, {"query", "--format", "js"}), "json\njsonl\n");
  EXPECT_EQ(Complete(world, {"query", "--format", "=", "ts"}), "tsv\n");
  EXPECT_EQ(Complete(world, {"query", "--format="}).substr(0, 14), "--format=table");
  EXPECT_EQ(Complete(world, {"--color", "n"}), "never\n");
  EXPECT_EQ(Complete(world, {"--lake", ""}), ":folder\n");
  EXPECT_EQ(Complete(world, {"query", "-o", ""}), ":file\n");
  EXPECT_EQ(Complete(world, {"query", "--max-rows", ""}), "all\n");
  EXPECT_EQ(Complete(world, {"nonsense", ""}), "");
  EXPECT_EQ(Complete(world, {}), Complete(world, {""}));
}

TEST(Completion, OffersTablesOfALakeThatIsThere) {
  World world;
  AddTable(world, "sales", "orders");
  world.config.directory = "/nowhere/lake";
  EXPECT_EQ(Complete(world, {"partitions", ""}), "");
  EXPECT_EQ(Complete(world, {"schema", ""}), ":file\n");
  TempDir folder;
  world.config.directory = folder.path();
  EXPECT_EQ(Complete(world, {"partitions", "sa"}), "sales.orders\n");
  EXPECT_EQ(Complete(world, {"schema", "sa"}), "sales.orders\n:file\n");
  EXPECT_EQ(Complete(world, {"ls", "sa"}), ":file\n");
  EXPECT_EQ(Complete(world, {"--lake", "there", "tables", ""}), "sales\n");
  EXPECT_EQ(world.lake_option, "there");
  EXPECT_EQ(Complete(world, {"load", "a.csv", ""}), "sales.orders\n:file\n");
  EXPECT_EQ(Complete(world, {"partitions", "sales.orders", ""}), "");
}

TEST(Completion, HasAScriptForEachShell) {
  World world;
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    EXPECT_THAT(RunGlaux(world, {"completion", shell}).out, HasSubstr("__complete")) << shell;
  }
  EXPECT_EQ(RunGlaux(world, {"completion", "tcsh"}).code, 2);
}

}  // namespace
}  // namespace glaux::cli
