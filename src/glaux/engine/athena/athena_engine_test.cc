#include "glaux/engine/athena/athena_engine.h"

#include <arrow/builder.h>
#include <arrow/io/memory.h>
#include <arrow/table.h>

#include <boost/json.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

#include "glaux/aws/playing_for_test.h"
#include "glaux/format/format.h"
#include "glaux/store/memory_store.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using aws::testing::Answer;
using aws::testing::PlayingTransport;
using aws::testing::Sent;
using std::chrono::milliseconds;
using testing::FakeClock;
using ::testing::HasSubstr;
namespace json = boost::json;

/// An Athena that plays: every start is a query of its own, unless its token is known, and runs until a test ends it.
class AthenaEngineTest : public ::testing::Test {
 protected:
  struct Played {
    std::string id;
    json::object request;
    std::string state = "RUNNING";
    std::string reason;
    json::object error;
  };

  AthenaEngineTest() {
    transport = std::make_shared<PlayingTransport>([this](const Sent& sent) -> Result<http::Response> {
      const std::lock_guard lock(mutex);
      const std::string operation = sent.headers.Get("x-amz-target").substr(std::string("AmazonAthena.").size());
      operations.push_back(operation);
      const auto request = json::parse(sent.body).as_object();
      if (auto& faults = this->faults[operation]; !faults.empty()) {
        const auto fault = faults.front();
        faults.erase(faults.begin());
        if (fault == Fault::kThrottle) {
          return Answer(
              400,
              R"({"__type":"TooManyRequestsException","Message":"slow down","Reason":"CONCURRENT_QUERY_LIMIT_EXCEEDED"})");
        }
        if (fault == Fault::kDeny) return Answer(400, R"({"__type":"AccessDeniedException","Message":"no"})");
        if (fault == Fault::kBreak) return Answer(500, "not implemented");
        if (fault == Fault::kLoseRequest) return MakeError(ErrorKind::kUnavailable, "connection reset");
        static_cast<void>(Play(operation, request));
        return MakeError(ErrorKind::kUnavailable, "connection reset");
      }
      return Play(operation, request);
    });
    Open({});
  }

  void Open(AthenaEngineOptions options) {
    engine.reset();
    options.region = "eu-central-1";
    options.endpoint_url = "https://athena.eu-central-1.amazonaws.com";
    options.transport = transport;
    options.credentials = testing::TestKeys();
    options.clock = &clock;
    options.first_poll = milliseconds(1);
    options.max_poll = milliseconds(5);
    options.resolve = [this](std::string_view uri) -> Result<Location> {
      return Location{store, std::string(uri.substr(std::string_view("s3://results/").size()))};
    };
    engine = MakeAthenaEngine(std::move(options)).ValueOrDie();
  }

  enum class Fault { kThrottle, kDeny, kBreak, kLoseRequest, kLoseAnswer };

  Result<http::Response> Play(const std::string& operation, const json::object& request) {
    if (operation == "StartQueryExecution") return Start(request);
    if (operation == "BatchGetQueryExecution") return Look(request);
    if (operation == "GetQueryExecution") {
      const auto looked = Look({{"QueryExecutionIds", json::array{request.at("QueryExecutionId")}}});
      const auto found = json::parse(looked->body).at("QueryExecutions").as_array();
      if (found.empty()) return Answer(400, R"({"__type":"InvalidRequestException","Message":"was not found"})");
      return Answer(200, json::serialize(json::object{{"QueryExecution", found[0]}}));
    }
    if (operation == "StopQueryExecution") {
      const std::string id(request.at("QueryExecutionId").as_string());
      stopped.insert(id);
      return Answer(200, "{}");
    }
    if (operation == "GetQueryResults") {
      return Answer(200, request.contains("NextToken") ? next_page : page);
    }
    return Answer(400, R"({"__type":"UnknownOperationException"})");
  }

  Result<http::Response> Start(const json::object& request) {
    const std::string token(request.at("ClientRequestToken").as_string());
    EXPECT_GE(token.size(), 32u);
    if (!by_token.contains(token)) {
      Played played{.id = "query-" + std::to_string(queries.size()),
                    .request = request,
                    .state = begin_state,
                    .reason = begin_reason,
                    .error = begin_error};
      by_token[token] = queries.size();
      queries.push_back(std::move(played));
      if (on_start) on_start(request);
    }
    return Answer(200, json::serialize(json::object{{"QueryExecutionId", queries[by_token[token]].id}}));
  }

  Result<http::Response> Look(const json::object& request) {
    json::array executions, missing;
    const auto& ids = request.at("QueryExecutionIds").as_array();
    EXPECT_LE(ids.size(), 50u);
    most_looked_at = std::max(most_looked_at.load(), ids.size());
    for (const auto& id : ids) {
      const auto found =
          std::find_if(queries.begin(), queries.end(), [&](const auto& one) { return id.as_string() == one.id; });
      if (found == queries.end() || found->state == "GONE") {
        missing.push_back(
            {{"QueryExecutionId", id}, {"ErrorCode", "INVALID_INPUT"}, {"ErrorMessage", "was not found"}});
        continue;
      }
      json::object status{{"State", found->state}};
      if (!found->reason.empty()) status["StateChangeReason"] = found->reason;
      if (!found->error.empty()) status["AthenaError"] = found->error;
      executions.push_back({{"QueryExecutionId", id},
                            {"StatementType", "DML"},
                            {"Status", status},
                            {"ResultConfiguration", {{"OutputLocation", "s3://results/" + found->id + ".csv"}}},
                            {"Statistics",
                             {{"DataScannedInBytes", 123},
                              {"QueryQueueTimeInMillis", 7},
                              {"QueryPlanningTimeInMillis", 8},
                              {"DataManifestLocation", manifest},
                              {"EngineExecutionTimeInMillis", 9}}}});
    }
    return Answer(
        200, json::serialize(json::object{{"QueryExecutions", executions}, {"UnprocessedQueryExecutionIds", missing}}));
  }

  size_t CountOf(std::string_view operation) {
    const std::lock_guard lock(mutex);
    return static_cast<size_t>(std::count(operations.begin(), operations.end(), operation));
  }
  bool WasStopped(const std::string& id) {
    const std::lock_guard lock(mutex);
    return stopped.contains(id);
  }
  QueryStatus Wait(const QueryId& id) { return engine->GetStatus(id, milliseconds(20'000)).ValueOrDie(); }
  template <typename Condition>
  bool WaitUntil(Condition condition) {
    for (int i = 0; i < 4000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(milliseconds(1));
    }
    return false;
  }

  FakeClock clock;
  std::mutex mutex;  ///< of what the transport plays and remembers
  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  std::vector<std::string> operations;
  std::map<std::string, std::vector<Fault>> faults;
  std::vector<Played> queries;
  std::map<std::string, size_t> by_token;
  std::set<std::string> stopped;
  std::atomic<size_t> most_looked_at = 0;
  std::string begin_state = "SUCCEEDED";
  std::string begin_reason;
  std::string manifest;
  std::function<void(const json::object& request)> on_start;
  json::object begin_error;
  std::string page = R"({"ResultSet":{"ResultSetMetadata":{"ColumnInfo":[{"Name":"n","Type":"bigint"}]},
      "Rows":[{"Data":[{"VarCharValue":"n"}]},{"Data":[{"VarCharValue":"1"}]},{"Data":[{}]}]}})";
  std::string next_page;
  std::shared_ptr<PlayingTransport> transport;
  std::unique_ptr<QueryEngine> engine;
};

TEST_F(AthenaEngineTest, AsksAsItWasToldTo) {
  Open({.workgroup = "team",
        .output_location = "s3://results/",
        .database = "shop",
        .result_reuse = std::chrono::minutes(60)});
  ASSERT_OK_AND_ASSIGN(const auto table, QueryTable(*engine, {.sql = "SELECT ?, ?", .parameters = {"5", "it's"}}));
  EXPECT_EQ(table->num_rows(), 2);
  EXPECT_EQ(table->schema()->field(0)->ToString(), "n: int64");
  EXPECT_EQ(table->column(0)->null_count(), 1);
  auto request = queries.at(0).request;
  request.erase("ClientRequestToken");
  EXPECT_EQ(request, json::parse(R"({"QueryString":"SELECT ?, ?","QueryExecutionContext":{"Database":"shop"},
      "ResultConfiguration":{"OutputLocation":"s3://results/"},"WorkGroup":"team","ExecutionParameters":["5","'it''s'"],
      "ResultReuseConfiguration":{"ResultReuseByAgeConfiguration":{"Enabled":true,"MaxAgeInMinutes":60}}})"));
  const auto& sent = transport->sent.front();
  EXPECT_EQ(sent.headers.Get("content-type"), "application/x-amz-json-1.1");
  EXPECT_THAT(sent.headers.Get("authorization"), HasSubstr("/eu-central-1/athena/aws4_request"));
}

TEST_F(AthenaEngineTest, TellsTimesBytesAndDollars) {
  ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "SELECT 1"}));
  const auto status = Wait(id);
  EXPECT_EQ(status.state, QueryState::kSucceeded);
  EXPECT_EQ(status.service_id, "query-0");
  EXPECT_EQ(status.statistics.bytes_scanned, 123);
  EXPECT_EQ(status.statistics.queue_time, milliseconds(7));
  EXPECT_EQ(status.statistics.planning_time, milliseconds(8));
  EXPECT_EQ(status.statistics.execution_time, milliseconds(9));
  ASSERT_TRUE(status.statistics.dollars.has_value());
  EXPECT_DOUBLE_EQ(*status.statistics.dollars, AthenaDollars(10 << 20));
}

TEST_F(AthenaEngineTest, RepeatsAStartWhoseAnswerWasLostAndRunsItOnce) {
  faults["StartQueryExecution"] = {Fault::kLoseAnswer, Fault::kLoseRequest};
  ASSERT_OK(QueryTable(*engine, {.sql = "SELECT 1"}));
  EXPECT_EQ(CountOf("StartQueryExecution"), 3u);
  EXPECT_EQ(queries.size(), 1u);
}

TEST_F(AthenaEngineTest, WaitsWhereStartsAreThrottled) {
  // More than one call's tries.
  faults["StartQueryExecution"] = std::vector<Fault>(7, Fault::kThrottle);
  faults["BatchGetQueryExecution"] = {Fault::kThrottle};
  ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "SELECT 1"}));
  EXPECT_EQ(Wait(id).state, QueryState::kSucceeded);
  EXPECT_EQ(queries.size(), 1u);
  Open({.patience = milliseconds(0)});
  faults["StartQueryExecution"] = std::vector<Fault>(7, Fault::kThrottle);
  ASSERT_FAILS(ErrorKind::kThrottled, "slow down", engine->Submit({.sql = "SELECT 1"}));
}

TEST_F(AthenaEngineTest, KeepsQueriesHereThatFindTooManyOthersAndLooksAtAllAtOnce) {
  begin_state = "RUNNING";
  Open({.max_concurrent = 20});
  std::vector<QueryId> ids;
  for (int i = 0; i < 64; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "SELECT " + std::to_string(i)}));
    ids.push_back(id);
  }
  EXPECT_TRUE(WaitUntil([&] { return most_looked_at == 20; }));
  EXPECT_EQ(CountOf("StartQueryExecution"), 20u);
  EXPECT_EQ(engine->GetStatus(ids.back()).ValueOrDie().state, QueryState::kQueued);
}

TEST_F(AthenaEngineTest, StartsWhatWaitedWhenOthersAreDone) {
  Open({.max_concurrent = 3});
  std::vector<QueryId> ids;
  for (int i = 0; i < 64; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "SELECT " + std::to_string(i)}));
    ids.push_back(id);
  }
  for (const auto& id : ids) EXPECT_EQ(Wait(id).state, QueryState::kSucceeded);
  EXPECT_EQ(queries.size(), 64u);
}

TEST_F(AthenaEngineTest, TellsTheKindOfAFailureByItsReason) {
  begin_state = "FAILED";
  const auto fails = [&](const std::string& reason, int category, ErrorKind kind) {
    begin_reason = reason;
    begin_error = {{"ErrorCategory", category}, {"ErrorType", 1002}};
    const auto status = QueryTable(*engine, {.sql = "SELECT 1"}).status();
    EXPECT_EQ(KindOf(status), kind) << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr("query query-"));
    EXPECT_THAT(status.message(), HasSubstr(reason));
    return InfoOf(status).code;
  };
  EXPECT_EQ(fails("TABLE_NOT_FOUND: line 1:15: Table 'x' does not exist", 2, ErrorKind::kNotFound), "TABLE_NOT_FOUND");
  EXPECT_EQ(fails("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", 2, ErrorKind::kInvalid),
            "COLUMN_NOT_FOUND");
  EXPECT_EQ(fails("Query exhausted resources at this scale factor", 1, ErrorKind::kUnavailable), "");
  fails("PERMISSION_DENIED: Access Denied", 2, ErrorKind::kDenied);
  fails("HIVE_BAD_DATA: Error parsing", 2, ErrorKind::kCorrupt);
  fails("something else", 3, ErrorKind::kOther);
}

TEST_F(AthenaEngineTest, StopsAtAthenaWhatIsCancelledReleasedOrTimedOut) {
  begin_state = "RUNNING";
  ASSERT_OK_AND_ASSIGN(const auto cancelled, engine->Submit({.sql = "SELECT 1"}));
  ASSERT_OK(engine->Cancel(cancelled));
  EXPECT_TRUE(WasStopped("query-0"));
  const auto status = Wait(cancelled);
  EXPECT_EQ(status.state, QueryState::kCancelled);
  EXPECT_EQ(KindOf(status.error), ErrorKind::kCancelled);
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled", engine->Results(cancelled));

  ASSERT_OK_AND_ASSIGN(const auto released, engine->Submit({.sql = "SELECT 2"}));
  engine->Release(released);
  EXPECT_TRUE(WasStopped("query-1"));

  ASSERT_FAILS(ErrorKind::kTimeout, "query-2 ran longer than its timeout of 30 ms",
               QueryTable(*engine, {.sql = "SELECT 3", .timeout = milliseconds(30)}));
  EXPECT_TRUE(WaitUntil([&] { return WasStopped("query-2"); }));

  ASSERT_OK(engine->Submit({.sql = "SELECT 4"}));
  engine.reset();
  EXPECT_TRUE(WasStopped("query-3"));
  EXPECT_EQ(queries.size(), 4u);
}

TEST_F(AthenaEngineTest, CancelsWhatWaitsHereWithoutStartingIt) {
  begin_state = "RUNNING";
  Open({.max_concurrent = 1});
  ASSERT_OK_AND_ASSIGN(const auto first, engine->Submit({.sql = "SELECT 1"}));
  ASSERT_OK_AND_ASSIGN(const auto second, engine->Submit({.sql = "SELECT 2"}));
  ASSERT_OK(engine->Cancel(second));
  EXPECT_EQ(Wait(second).state, QueryState::kCancelled);
  ASSERT_OK(engine->Cancel(first));
  EXPECT_EQ(queries.size(), 1u);
}

TEST_F(AthenaEngineTest, TellsAStopAgainThatDidNotArrive) {
  begin_state = "RUNNING";
  faults["StopQueryExecution"] = std::vector<Fault>(3, Fault::kLoseRequest);
  ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "SELECT 1"}));
  ASSERT_FAILS(ErrorKind::kUnavailable, "query-0", engine->Cancel(id));
  EXPECT_EQ(Wait(id).state, QueryState::kCancelled);
  EXPECT_TRUE(WaitUntil([&] { return CountOf("StopQueryExecution") >= 4; }));
}

TEST_F(AthenaEngineTest, FailsWhatItMayNotLookAtAndStopsIt) {
  begin_state = "RUNNING";
  faults["BatchGetQueryExecution"] = {Fault::kDeny};
  faults["GetQueryExecution"] = {Fault::kDeny};
  ASSERT_FAILS(ErrorKind::kDenied, "query-0", QueryTable(*engine, {.sql = "SELECT 1"}));
  EXPECT_TRUE(WaitUntil([&] { return CountOf("StopQueryExecution") >= 1; }));
  Open({});
  begin_state = "GONE";
  ASSERT_FAILS(ErrorKind::kNotFound, "query-1 cannot be looked at: INVALID_INPUT: was not found",
               QueryTable(*engine, {.sql = "SELECT 1"}));
}

TEST_F(AthenaEngineTest, LooksAtOneAfterTheOtherWhereItMayNotAskForMany) {
  faults["BatchGetQueryExecution"] = {Fault::kDeny};
  for (int i = 0; i < 3; ++i) ASSERT_OK(QueryTable(*engine, {.sql = "SELECT 1"}));
  EXPECT_EQ(CountOf("BatchGetQueryExecution"), 1u);
  EXPECT_GE(CountOf("GetQueryExecution"), 3u);
  Open({});
  faults["BatchGetQueryExecution"] = std::vector<Fault>(5, Fault::kBreak);
  for (int i = 0; i < 3; ++i) ASSERT_OK(QueryTable(*engine, {.sql = "SELECT 1"}));
  EXPECT_EQ(CountOf("BatchGetQueryExecution"), 6u);
  begin_state = "GONE";
  ASSERT_FAILS(ErrorKind::kNotFound, "was not found", QueryTable(*engine, {.sql = "SELECT 1"}));
}

class AthenaResultsTest : public AthenaEngineTest {
 protected:
  AthenaResultsTest() {
    page.insert(page.size() - 1, R"(,"NextToken":"t")");
    next_page = R"({"ResultSet":{"Rows":[{"Data":[{"VarCharValue":"7"}]}]}})";
  }
  void PutObject(std::string_view csv) { ASSERT_OK(PutString(*store, "query-0.csv", csv)); }
};

TEST_F(AthenaResultsTest, ReadsALargerResultFromItsObject) {
  PutObject("\"n\"\n\"10\"\n\n\"30\"\n");
  ASSERT_OK_AND_ASSIGN(auto result, Query(*engine, {.sql = "SELECT 1"}));
  ASSERT_OK_AND_ASSIGN(const auto table, result.reader->ToTable());
  EXPECT_EQ(table->num_rows(), 3);
  ASSERT_OK_AND_ASSIGN(const auto status, engine->GetStatus(result.id));
  EXPECT_EQ(status.result_path, "result object s3://results/query-0.csv");
  EXPECT_EQ(status.statistics.rows, 3);
  EXPECT_EQ(CountOf("GetQueryResults"), 1u);
}

TEST_F(AthenaResultsTest, ReadsAnObjectOfManyPiecesInOrder) {
  std::string csv = "\"n\"\n";
  for (int i = 0; i < 2'000'000; ++i) csv += i % 1000 == 7 ? "\n" : "\"" + std::to_string(i) + "\"\n";
  PutObject(csv);
  ASSERT_OK_AND_ASSIGN(const auto table, QueryTable(*engine, {.sql = "SELECT 1"}));
  ASSERT_EQ(table->num_rows(), 2'000'000);
  EXPECT_EQ(table->column(0)->null_count(), 2000);
  int64_t row = 0;
  bool in_order = true;
  for (const auto& chunk : table->column(0)->chunks()) {
    const auto& values = static_cast<const arrow::Int64Array&>(*chunk);
    for (int64_t i = 0; i < values.length(); ++i, ++row) {
      in_order &= row % 1000 == 7 ? values.IsNull(i) : values.Value(i) == row;
    }
  }
  EXPECT_TRUE(in_order);
}

TEST_F(AthenaResultsTest, CountsRowsToTheOneThatIsNoValue) {
  std::string csv = "\"n\"\n";
  for (int i = 0; i < 1'500'000; ++i) csv += "\"" + std::string(i == 1'234'567 ? "x" : "1") + "\"\n";
  PutObject(csv);
  ASSERT_FAILS(ErrorKind::kCorrupt, "row 1234568 of the result, column n: expected bigint, found: x",
               QueryTable(*engine, {.sql = "SELECT 1"}));
}

TEST_F(AthenaResultsTest, ReadsPageByPageWhereTheObjectIsGoneAndSaysSo) {
  ASSERT_OK_AND_ASSIGN(auto result, Query(*engine, {.sql = "SELECT 1"}));
  ASSERT_OK_AND_ASSIGN(const auto table, result.reader->ToTable());
  EXPECT_EQ(table->num_rows(), 3);
  ASSERT_OK_AND_ASSIGN(const auto status, engine->GetStatus(result.id));
  ASSERT_EQ(status.notes.size(), 1u);
  EXPECT_THAT(status.notes[0], HasSubstr("s3://results/query-0.csv"));
  EXPECT_THAT(status.notes[0], HasSubstr("page by page"));

  result.reader.reset();  // before its engine
  Open({.results = AthenaResults::kCsv});
  ASSERT_FAILS(ErrorKind::kNotFound, "read the result of query query-1, s3://results/query-1.csv",
               QueryTable(*engine, {.sql = "SELECT 1"}));
}

TEST_F(AthenaResultsTest, IsCancelledWhileItsRowsAreRead) {
  std::string csv = "\"n\"\n";
  for (int i = 0; i < 1'000'000; ++i) csv += "\"1\"\n";
  PutObject(csv);
  ASSERT_OK_AND_ASSIGN(auto result, Query(*engine, {.sql = "SELECT 1"}));
  std::shared_ptr<arrow::RecordBatch> batch;
  ASSERT_OK(result.reader->ReadNext(&batch));
  ASSERT_OK(engine->Cancel(result.id));
  ASSERT_FAILS(ErrorKind::kCancelled, "cancelled", result.reader->ReadNext(&batch));
}

std::string ParquetOf(const std::string& column, std::vector<int64_t> values) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  const auto schema = arrow::schema({arrow::field(column, arrow::int64())});
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = FormatByName("parquet").ValueOrDie()->OpenWriter(sink, schema, {}).ValueOrDie();
  const auto rows = static_cast<int64_t>(values.size());
  EXPECT_OK(writer->Write(arrow::RecordBatch::Make(schema, rows, {builder.Finish().ValueOrDie()})));
  EXPECT_OK(writer->Close());
  return sink->Finish().ValueOrDie()->ToString();
}

class AthenaUnloadTest : public AthenaEngineTest {
 protected:
  AthenaUnloadTest() {
    Open({.output_location = "s3://results/", .results = AthenaResults::kUnload});
    on_start = [this](const json::object& request) {
      const std::string sql(request.at("QueryString").as_string());
      const auto at = sql.find("TO 's3://results/");
      if (at == sql.npos) return;
      folder = sql.substr(at + 17, sql.find('\'', at + 17) - at - 17);
      for (const auto& [name, bytes] : files) EXPECT_OK(PutString(*store, folder + name, bytes));
      std::string list;
      for (const auto& name : listed) list += "s3://results/" + folder + name + "\n";
      if (!listed.empty()) EXPECT_OK(PutString(*store, "m.csv", list));
    };
  }

  std::string folder;
  std::map<std::string, std::string> files = {{"a", ParquetOf("n", {1, 2})}, {"b", ParquetOf("n", {3})}};
  std::vector<std::string> listed;
};

TEST_F(AthenaUnloadTest, ReadsTheFilesThatTheManifestNamesAndDeletesThem) {
  manifest = "s3://results/m.csv";
  listed = {"b", "a"};
  files["_SUCCESS"] = "of somebody";
  ASSERT_OK_AND_ASSIGN(const auto table, QueryTable(*engine, {.sql = "SELECT n FROM t -- all;\n;"}));
  EXPECT_EQ(table->num_rows(), 3);
  EXPECT_EQ(table->column(0)->GetScalar(0).ValueOrDie()->ToString(), "3");
  const std::string sql(queries.at(0).request.at("QueryString").as_string());
  EXPECT_EQ(sql, "UNLOAD (SELECT n FROM t -- all\n) TO 's3://results/" + folder +
                     "' WITH (format = 'PARQUET', compression = 'SNAPPY')");
  ASSERT_OK_AND_ASSIGN(const auto left, ListAll(*store, "unload/"));
  EXPECT_TRUE(left.empty());
}

TEST_F(AthenaUnloadTest, ListsTheFolderWhereThereIsNoManifestAndCleansUpWhatNobodyReads) {
  ASSERT_OK_AND_ASSIGN(const auto table, QueryTable(*engine, {.sql = "SELECT n FROM t"}));
  EXPECT_EQ(table->num_rows(), 3);
  ASSERT_OK_AND_ASSIGN(const auto id, engine->Submit({.sql = "WITH a AS (SELECT 1) SELECT * FROM a"}));
  EXPECT_EQ(Wait(id).state, QueryState::kSucceeded);
  engine->Release(id);
  ASSERT_OK_AND_ASSIGN(const auto left, ListAll(*store, "unload/"));
  EXPECT_TRUE(left.empty());
}

TEST_F(AthenaUnloadTest, LeavesOtherStatementsAsTheyAre) {
  ASSERT_OK(QueryTable(*engine, {.sql = "/* a */ SHOW TABLES"}));
  EXPECT_EQ(queries.at(0).request.at("QueryString"), "/* a */ SHOW TABLES");
}

TEST(AthenaEngineOptions, NamesWhatIsMissing) {
  ASSERT_FAILS(ErrorKind::kInvalid, "region", MakeAthenaEngine({.endpoint_url = "http://localhost"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "endpoint_url", MakeAthenaEngine({.region = "r", .endpoint_url = "localhost"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "output_location",
               MakeAthenaEngine({.region = "r", .endpoint_url = "http://l", .output_location = "results"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "max_concurrent",
               MakeAthenaEngine({.region = "r", .endpoint_url = "http://l", .max_concurrent = 0}));
  ASSERT_FAILS(ErrorKind::kInvalid, "unload writes below output_location",
               MakeAthenaEngine({.region = "r", .endpoint_url = "http://l", .results = AthenaResults::kUnload}));
  ASSERT_FAILS(ErrorKind::kInvalid, "auto, csv, unload, api", ParseAthenaResults("pages"));
}

}  // namespace
}  // namespace glaux
