#include "glaux/catalog/glue/glue_catalog.h"

#include <boost/json.hpp>

#include "glaux/aws/playing_for_test.h"
#include "glaux/store/s3/s3_test_options.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using aws::testing::Answer;
using aws::testing::PlayingTransport;
using aws::testing::Sent;
using ::testing::ElementsAre;
using testing::FakeClock;
using ::testing::HasSubstr;
namespace json = boost::json;

/// Answers requests by their operation: each plays its answers in turn, the last one for ever.
class GlueCatalogTest : public ::testing::Test {
 protected:
  using Player = std::function<Result<http::Response>(const json::object& request)>;

  GlueCatalogTest() {
    transport = std::make_shared<PlayingTransport>([this](const Sent& sent) -> Result<http::Response> {
      const std::string operation = sent.headers.Get("x-amz-target").substr(std::string("AWSGlue.").size());
      operations.push_back(operation);
      auto& answers = plays[operation];
      if (answers.empty()) return Answer(400, R"({"__type":"UnknownOperationException"})");
      const Player player = answers.front();
      if (answers.size() > 1) answers.erase(answers.begin());
      return player(json::parse(sent.body).as_object());
    });
    Open({});
  }

  void Open(GlueCatalogOptions options) {
    options.region = "eu-central-1";
    options.endpoint_url = "https://glue.eu-central-1.amazonaws.com";
    options.transport = transport;
    options.credentials = testing::TestKeys();
    options.clock = &clock;
    catalog = MakeGlueCatalog(std::move(options)).ValueOrDie();
  }

  void Play(const std::string& operation, std::string body, int status = 200) {
    plays[operation].push_back([=](const json::object&) { return Answer(status, body); });
  }
  void PlayTable(std::string_view version = "0", std::string_view more = "") {
    Play("GetTable", R"({"Table":{"Name":"orders","DatabaseName":"shop","VersionId":")" + std::string(version) +
                         R"(","PartitionKeys":[{"Name":"y","Type":"string"}],"StorageDescriptor":{"Columns":[]})" +
                         std::string(more) + "}}");
  }
  void Lose(const std::string& operation) {
    plays[operation].push_back([](const json::object&) -> Result<http::Response> {
      return MakeError(ErrorKind::kUnavailable, "connection reset");
    });
  }

  json::object SentTo(std::string_view operation, size_t n = 0) const {
    for (const auto& sent : transport->sent) {
      if (sent.headers.Get("x-amz-target") != "AWSGlue." + std::string(operation)) continue;
      if (n-- == 0) return json::parse(sent.body).as_object();
    }
    ADD_FAILURE() << "nothing was sent to " << operation;
    return {};
  }
  size_t CountOf(std::string_view operation) const {
    return static_cast<size_t>(std::count(operations.begin(), operations.end(), operation));
  }

  TableEntry Orders() const {
    TableEntry table{.id = {"shop", "orders"}};
    table.partition_keys = {{.name = "y", .type = "string"}};
    return table;
  }
  static PartitionChange Puts(int count) {
    PartitionChange change;
    for (int i = 0; i < count; ++i) change.put.push_back({.values = {std::to_string(1000 + i)}});
    return change;
  }

  FakeClock clock;
  std::map<std::string, std::vector<Player>> plays;
  std::vector<std::string> operations;
  std::shared_ptr<PlayingTransport> transport;
  std::shared_ptr<Catalog> catalog;
};

TEST_F(GlueCatalogTest, SignsForGlueAndNamesTheAccount) {
  Open({.catalog_id = "123456789012"});
  Play("GetDatabase", R"({"Database":{"Name":"shop","CreateTime":1735689600.5,"CatalogId":"1","New":{}}})");
  ASSERT_OK_AND_ASSIGN(const auto database, catalog->GetDatabase("SHOP"));
  EXPECT_EQ(database.name, "shop");
  EXPECT_EQ(FormatTimestamp(database.create_time), "2025-01-01T00:00:00.500000Z");
  EXPECT_EQ(SentTo("GetDatabase"), (json::object{{"CatalogId", "123456789012"}, {"Name", "shop"}}));
  const auto& sent = transport->sent.front();
  EXPECT_EQ(sent.url, "https://glue.eu-central-1.amazonaws.com/");
  EXPECT_EQ(sent.headers.Get("content-type"), "application/x-amz-json-1.1");
  EXPECT_THAT(sent.headers.Get("authorization"), HasSubstr("/eu-central-1/glue/aws4_request"));
}

TEST_F(GlueCatalogTest, MakesATableThatAthenaCanRead) {
  Play("CreateTable", "{}");
  PlayTable();
  TableEntry table = Orders();
  table.storage.columns = {{.name = "ID", .type = "int"}};
  table.parameters = {{"classification", "parquet"}};
  ASSERT_OK(catalog->CreateTable(table));
  const auto input = SentTo("CreateTable").at("TableInput").as_object();
  EXPECT_EQ(input.at("TableType"), "EXTERNAL_TABLE");
  EXPECT_EQ(input.at("Parameters"), (json::object{{"classification", "parquet"}}));
  EXPECT_EQ(input.at("StorageDescriptor").at("Columns"), (json::array{{{"Name", "id"}, {"Type", "int"}}}));
  EXPECT_EQ(input.at("PartitionKeys"), (json::array{{{"Name", "y"}, {"Type", "string"}}}));
  EXPECT_FALSE(input.contains("DatabaseName"));
  EXPECT_FALSE(input.contains("VersionId"));
}

TEST_F(GlueCatalogTest, CommitsWithTheVersionAndKeepsWhatIsNotOurs) {
  PlayTable("7", R"(,"Parameters":{"a":"1"},"LastAccessTime":5,"CreatedBy":"x","TargetTable":{"Name":"n"})");
  PlayTable("8");
  Play("UpdateTable", "{}");
  ASSERT_OK_AND_ASSIGN(auto table, catalog->GetTable({"shop", "orders"}));
  plays["GetTable"].clear();
  PlayTable("7", R"(,"Parameters":{"a":"1"},"LastAccessTime":5,"CreatedBy":"x","TargetTable":{"Name":"n"})");
  PlayTable("8", R"(,"Description":"new","Parameters":{"a":"1"},"TableType":"EXTERNAL_TABLE")");
  table.description = "new";
  ASSERT_OK_AND_ASSIGN(const auto committed, catalog->CommitTable("7", table));
  EXPECT_EQ(committed.version_id, "8");
  const auto sent = SentTo("UpdateTable");
  EXPECT_EQ(sent.at("VersionId"), "7");
  const auto input = sent.at("TableInput").as_object();
  EXPECT_EQ(input.at("LastAccessTime"), 5);
  EXPECT_EQ(input.at("TargetTable"), (json::object{{"Name", "n"}}));
  EXPECT_EQ(input.at("Description"), "new");
  EXPECT_FALSE(input.contains("CreatedBy"));
}

TEST_F(GlueCatalogTest, NeverOverwritesWhatSomebodyElseChanged) {
  PlayTable("8");
  ASSERT_FAILS(ErrorKind::kPrecondition, "shop.orders has version 8, expected 7", catalog->CommitTable("7", Orders()));
  EXPECT_EQ(CountOf("UpdateTable"), 0u);
  // Between the read and the update: Glue refuses it.
  Play("UpdateTable", R"({"__type":"ConcurrentModificationException","Message":"changed"})", 400);
  ASSERT_FAILS(ErrorKind::kPrecondition, "shop.orders", catalog->CommitTable("8", Orders()));
  EXPECT_EQ(CountOf("UpdateTable"), 1u);
}

TEST_F(GlueCatalogTest, LooksWhetherAnUpdateHappenedWhoseAnswerWasLost) {
  PlayTable("7");
  PlayTable("8", R"(,"TableType":"EXTERNAL_TABLE")");
  Lose("UpdateTable");
  ASSERT_OK_AND_ASSIGN(const auto committed, catalog->CommitTable("7", Orders()));
  EXPECT_EQ(committed.version_id, "8");
  EXPECT_EQ(CountOf("UpdateTable"), 1u);
}

TEST_F(GlueCatalogTest, RepeatsAnUpdateThatDidNotHappen) {
  PlayTable("7");
  PlayTable("7");
  PlayTable("8", R"(,"TableType":"EXTERNAL_TABLE")");
  Lose("UpdateTable");
  Play("UpdateTable", "{}");
  ASSERT_OK(catalog->CommitTable("7", Orders()));
  EXPECT_EQ(CountOf("UpdateTable"), 2u);
}

TEST_F(GlueCatalogTest, FindsAnUpdateThatWasLostAmongTheVersionsWhereOthersFollowed) {
  const auto version = [](std::string_view id, std::string_view description) {
    return R"({"VersionId":")" + std::string(id) + R"(","Table":{"Name":"orders","DatabaseName":"shop","VersionId":")" +
           std::string(id) + R"(","TableType":"EXTERNAL_TABLE","Description":")" + std::string(description) +
           R"(","PartitionKeys":[{"Name":"y","Type":"string"}],"StorageDescriptor":{"Columns":[]}}})";
  };
  PlayTable("7");
  PlayTable("9", R"(,"Description":"of somebody else")");
  Lose("UpdateTable");
  TableEntry ours = Orders();
  ours.description = "ours";
  Play("GetTableVersions", R"({"TableVersions":[)" + version("9", "of somebody else") + "," + version("8", "ours") +
                               "," + version("7", "") + "]}");
  ASSERT_OK_AND_ASSIGN(const auto committed, catalog->CommitTable("7", ours));
  EXPECT_EQ(committed.description, "ours");
  EXPECT_EQ(committed.version_id, "7");  // gone, so that nobody overwrites what followed

  plays["GetTable"].clear();
  plays["GetTableVersions"].clear();
  PlayTable("7");
  PlayTable("9", R"(,"Description":"of somebody else")");
  Play("GetTableVersions", R"({"TableVersions":[)" + version("9", "of somebody else") + "," + version("7", "") + "]}");
  ASSERT_FAILS(ErrorKind::kPrecondition, "has version 9, expected 7", catalog->CommitTable("7", ours));
}

TEST_F(GlueCatalogTest, SaysSoWhereNobodyKnowsWhetherAnUpdateHappened) {
  PlayTable("7");
  PlayTable("9", R"(,"Description":"of somebody else")");
  Lose("UpdateTable");
  Play("GetTableVersions", R"({"TableVersions":[]})");
  ASSERT_FAILS(ErrorKind::kCommitUnknown, "not known whether", catalog->CommitTable("7", Orders()));
}

TEST_F(GlueCatalogTest, ATableThatWasMadeByATryThatWasLostIsOurs) {
  Lose("CreateTable");
  PlayTable("0", R"(,"TableType":"EXTERNAL_TABLE")");
  ASSERT_OK(catalog->CreateTable(Orders()));
  EXPECT_EQ(CountOf("CreateTable"), 1u);
}

TEST_F(GlueCatalogTest, WritesPartitionsInBatchesAndTriesThrottledOnesAgain) {
  PlayTable();
  int calls = 0;
  plays["BatchCreatePartition"].push_back([&](const json::object& request) {
    const auto& inputs = request.at("PartitionInputList").as_array();
    EXPECT_LE(inputs.size(), 100u);
    json::array errors;
    if (calls++ == 0) {
      errors.push_back({{"PartitionValues", inputs.at(3).at("Values")},
                        {"ErrorDetail", {{"ErrorCode", "InternalServiceException"}, {"ErrorMessage", "busy"}}}});
      errors.push_back({{"PartitionValues", inputs.at(5).at("Values")},
                        {"ErrorDetail", {{"ErrorCode", "ThrottlingException"}, {"ErrorMessage", "busy"}}}});
    }
    return Answer(200, json::serialize(json::object{{"Errors", errors}}));
  });
  ASSERT_OK(catalog->ApplyPartitions({"shop", "orders"}, Puts(120)));
  EXPECT_EQ(CountOf("BatchCreatePartition"), 3u);
  size_t sent = 0;
  size_t two = 0;
  for (size_t i = 0; i < 3; ++i) {
    const auto count = SentTo("BatchCreatePartition", i).at("PartitionInputList").as_array().size();
    sent += count;
    two += count == 2;
  }
  EXPECT_EQ(sent, 122u);
  EXPECT_EQ(two, 1u);
}

TEST_F(GlueCatalogTest, NamesThePartitionThatWasRefusedAndWhy) {
  PlayTable();
  Play("BatchCreatePartition", R"({"Errors":[
    {"PartitionValues":["1001"],"ErrorDetail":{"ErrorCode":"InternalServiceException","ErrorMessage":"busy"}},
    {"PartitionValues":["1002"],"ErrorDetail":{"ErrorCode":"InvalidInputException","ErrorMessage":"bad location"}}]})");
  ASSERT_FAILS(
      ErrorKind::kInvalid,
      "BatchCreatePartition shop.orders: partition [1002]: InvalidInputException: bad location; 2 of a batch of 5",
      catalog->ApplyPartitions({"shop", "orders"}, Puts(5)));
  EXPECT_EQ(CountOf("BatchCreatePartition"), 1u);
}

TEST_F(GlueCatalogTest, GivesUpOnAPartitionThatIsNeverTaken) {
  PlayTable();
  Play("BatchDeletePartition", R"({"Errors":[{"PartitionValues":["1"],
    "ErrorDetail":{"ErrorCode":"InternalServiceException","ErrorMessage":"busy"}}]})");
  ASSERT_FAILS(ErrorKind::kUnavailable, "partition [1]: InternalServiceException: busy",
               catalog->ApplyPartitions({"shop", "orders"}, {.drop = {{"1"}}}));
  EXPECT_EQ(CountOf("BatchDeletePartition"), 5u);
}

TEST_F(GlueCatalogTest, ReplacesOnlyThePartitionsThatAreThere) {
  PlayTable();
  Play("BatchCreatePartition", R"({"Errors":[{"PartitionValues":["1001"],
    "ErrorDetail":{"ErrorCode":"AlreadyExistsException","ErrorMessage":"there"}}]})");
  Play("BatchUpdatePartition", "{}");
  auto change = Puts(3);
  ASSERT_OK(catalog->ApplyPartitions({"shop", "orders"}, change));  // kept
  EXPECT_EQ(CountOf("BatchUpdatePartition"), 0u);
  change.replace_existing = true;
  ASSERT_OK(catalog->ApplyPartitions({"shop", "orders"}, change));
  const auto entries = SentTo("BatchUpdatePartition").at("Entries").as_array();
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].at("PartitionValueList"), json::array{"1001"});
  EXPECT_FALSE(entries[0].at("PartitionInput").as_object().contains("CreationTime"));
}

TEST_F(GlueCatalogTest, AsksAgainForPartitionsThatWereNotProcessed) {
  Play("BatchGetPartition", R"({"Partitions":[{"Values":["b"]}],"UnprocessedKeys":[{"Values":["a"]}]})");
  Play("BatchGetPartition", R"({"Partitions":[{"Values":["a"]}]})");
  const std::vector<std::vector<std::string>> wanted = {{"a"}, {"b"}, {"c"}};
  ASSERT_OK_AND_ASSIGN(const auto found, catalog->FindPartitions({"shop", "orders"}, wanted));
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].values, wanted[0]);
  EXPECT_EQ(found[1].values, wanted[1]);
  EXPECT_EQ(SentTo("BatchGetPartition", 1).at("PartitionsToGet"), (json::array{{{"Values", json::array{"a"}}}}));
}

TEST_F(GlueCatalogTest, WaitsWhereItIsThrottled) {
  Play("GetTables", R"({"__type":"ThrottlingException","message":"Rate exceeded"})", 400);
  Play("GetTables", R"({"TableList":[{"Name":"t"}]})");
  ASSERT_OK_AND_ASSIGN(const auto tables, AllTables(*catalog, "shop"));
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].id, (TableId{"shop", "t"}));
  EXPECT_GT(clock.slept().count(), 0);
}

TEST_F(GlueCatalogTest, ReadsWhatOtherToolsMade) {
  Play("GetTable", R"({"Table":{"Name":"csv","DatabaseName":"shop","Owner":"hadoop","CreateTime":1.7E9,
    "StorageDescriptor":{"Columns":[{"Name":"a","Type":"string"}],"Location":"s3://b/csv/",
      "InputFormat":"org.apache.hadoop.mapred.TextInputFormat",
      "SerdeInfo":{"SerializationLibrary":"org.apache.hadoop.hive.serde2.OpenCSVSerde","Parameters":{"separatorChar":";"}},
      "SchemaReference":{"SchemaVersionNumber":1}},
    "Parameters":{"skip.header.line.count":"1","classification":"csv"},"IsRegisteredWithLakeFormation":false,
    "FederatedTable":{"Identifier":"x"}}})");
  ASSERT_OK_AND_ASSIGN(const auto table, catalog->GetTable({"shop", "csv"}));
  EXPECT_EQ(table.storage.serde_info.parameters.at("separatorChar"), ";");
  EXPECT_EQ(table.parameters.at("skip.header.line.count"), "1");
  EXPECT_TRUE(table.partition_keys.empty());
}

TEST_F(GlueCatalogTest, SaysWhichAnswerCannotBeRead) {
  Play("GetTable", "<html>");
  ASSERT_FAILS(ErrorKind::kCorrupt, "GetTable shop.orders: the answer cannot be read",
               catalog->GetTable({"shop", "orders"}));
  Play("GetDatabases", R"({"DatabaseList":[{"Name":5}]})");
  ASSERT_FAILS(ErrorKind::kCorrupt, "Name: expected text", catalog->ListDatabases());
}

TEST_F(GlueCatalogTest, AnEmptyDatabaseIsDroppedAndAFullOneIsNot) {
  Play("GetTables", R"({"TableList":[{"Name":"t"}]})");
  ASSERT_FAILS(ErrorKind::kPrecondition, "shop holds tables", catalog->DropDatabase("shop"));
  EXPECT_THAT(operations, ElementsAre("GetTables"));
}

TEST(GlueCatalogOptions, NamesWhatIsMissing) {
  ASSERT_FAILS(ErrorKind::kInvalid, "region", MakeGlueCatalog({.endpoint_url = "http://localhost"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "endpoint_url", MakeGlueCatalog({.region = "r", .endpoint_url = "localhost"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "segments",
               MakeGlueCatalog({.region = "r", .endpoint_url = "http://localhost", .segments = 11}));
}

}  // namespace
}  // namespace glaux
