#include "glaux/testing/matchers.h"
#include "glaux/wire/glue_partition.h"
#include "glaux/wire/glue_table.h"

namespace glaux::wire::glue {
namespace {

using ::testing::HasSubstr;
namespace json = boost::json;

template <typename Shape>
std::string CodeAndMessage(std::string_view text) {
  const auto parsed = ParseShape<Shape>(text, UnknownFields::kRefuse);
  return parsed.ok() ? "OK" : InfoOf(parsed.status()).code + ": " + parsed.status().message();
}

TEST(JsonShape, WritesWhatIsSetAndReadsItAgain) {
  GetPartitionsRequest request{.DatabaseName = "db", .TableName = "t", .Expression = "year = '2025'"};
  request.Segment = {.SegmentNumber = 1, .TotalSegments = 4};
  request.MaxResults = 100;
  request.ExcludeColumnSchema = true;
  const std::string text = PrintShape(request);
  EXPECT_EQ(text, R"({"DatabaseName":"db","TableName":"t","Expression":"year = '2025'",)"
                  R"("Segment":{"SegmentNumber":1,"TotalSegments":4},"MaxResults":100,"ExcludeColumnSchema":true})");
  ASSERT_OK_AND_ASSIGN(const auto read, ParseShape<GetPartitionsRequest>(text, UnknownFields::kRefuse));
  EXPECT_EQ(read.Expression, request.Expression);
  EXPECT_EQ(read.Segment->TotalSegments, 4);
  EXPECT_EQ(read.MaxResults, 100);
  EXPECT_FALSE(read.NextToken.has_value());
}

TEST(JsonShape, ReadsListsOfShapesAndJsonAsItIs) {
  ASSERT_OK_AND_ASSIGN(
      auto read,
      ParseShape<BatchUpdatePartitionRequest>(
          R"({"DatabaseName":"d","TableName":"t","Entries":[{"PartitionValueList":["a","b"],"PartitionInput":{"x":[1]}}]})",
          UnknownFields::kRefuse));
  ASSERT_EQ(read.Entries.size(), 1u);
  EXPECT_EQ(read.Entries[0].PartitionValueList, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(json::serialize(read.Entries[0].PartitionInput), R"({"x":[1]})");
}

TEST(JsonShape, NamesWhatIsWrongWithItsPath) {
  using Update = BatchUpdatePartitionRequest;
  EXPECT_EQ(CodeAndMessage<GetTableRequest>(R"({"DatabaseName":"d","Name":"t"})"), "OK");
  EXPECT_EQ(
      CodeAndMessage<GetTableRequest>(R"({"DatabaseName":"d"})"),
      "ValidationException: 1 validation error detected: Value null at 'Name' failed to satisfy constraint: Member "
      "must not be null");
  EXPECT_THAT(CodeAndMessage<GetTableRequest>(R"({"DatabaseName":"d","Name":null})"),
              HasSubstr("Value null at 'Name'"));
  EXPECT_EQ(CodeAndMessage<GetTableRequest>(R"({"DatabaseName":"d","Name":"t","Naem":1})"),
            "ValidationException: 1 validation error detected: there is no field 'Naem'");
  EXPECT_EQ(CodeAndMessage<GetTableRequest>(R"({"DatabaseName":1,"Name":"t"})"),
            "SerializationException: DatabaseName: expected text, found int64");
  EXPECT_EQ(
      CodeAndMessage<Update>(
          R"({"DatabaseName":"d","TableName":"t","Entries":[{"PartitionValueList":["a",2],"PartitionInput":{}}]})"),
      "SerializationException: Entries[0].PartitionValueList[1]: expected text, found int64");
  EXPECT_EQ(CodeAndMessage<Update>(R"({"DatabaseName":"d","TableName":"t","Entries":{}})"),
            "SerializationException: Entries: expected a list, found object");
  EXPECT_EQ(CodeAndMessage<GetTablesRequest>(R"({"DatabaseName":"d","MaxResults":1.5})"),
            "SerializationException: MaxResults: expected a whole number, found double");
  EXPECT_EQ(CodeAndMessage<GetTableRequest>("[]"), "SerializationException: the body: expected an object, found array");
}

TEST(JsonShape, RefusesWhatIsNoJson) {
  for (const std::string text : {"{", "{}x", "{'a':1}", "\xff", R"({"a":"\ud800"})"}) {
    EXPECT_THAT(CodeAndMessage<GetDatabasesRequest>(text), HasSubstr("SerializationException: the body is no JSON"))
        << text;
  }
  EXPECT_THAT(CodeAndMessage<GetDatabasesRequest>(std::string(100'000, '[')), HasSubstr("SerializationException"));
  EXPECT_EQ(CodeAndMessage<GetDatabasesRequest>(""), "OK");
  EXPECT_EQ(CodeAndMessage<GetDatabasesRequest>(" \n"), "OK");
}

TEST(JsonShape, PassesOverWhatAClientDoesNotKnow) {
  ASSERT_OK_AND_ASSIGN(const auto read,
                       ParseShape<GetPartitionsResponse>(R"({"New":{},"NextToken":"t"})", UnknownFields::kSkip));
  EXPECT_EQ(read.NextToken, "t");
  EXPECT_FALSE(read.Partitions.has_value());
}

std::string Checked(Status (*check)(json::object&), std::string_view text) {
  auto input = json::parse({text.data(), text.size()}).as_object();
  const Status status = check(input);
  return status.ok() ? "OK" : InfoOf(status).code + ": " + status.message();
}

TEST(GlueEntries, RefusesWhatGlueDoesNotHaveAndWhatNoCatalogOfOursKeeps) {
  EXPECT_EQ(Checked(CheckTableInput, R"({"Name":"t","LastAccessTime":1,"StorageDescriptor":{"Columns":[{"Name":"a"}],
            "SkewedInfo":{"SkewedColumnNames":[],"SkewedColumnValues":[]},"AdditionalLocations":[]}})"),
            "OK");
  EXPECT_EQ(Checked(CheckTableInput, R"({"Nmae":"t"})"),
            "ValidationException: 1 validation error detected: there is no field 'TableInput.Nmae'");
  EXPECT_THAT(Checked(CheckTableInput, R"({"StorageDescriptor":{"Columns":[{"Name":"a"},{"Nam":"b"}]}})"),
              HasSubstr("'TableInput.StorageDescriptor.Columns[1].Nam'"));
  EXPECT_THAT(Checked(CheckTableInput, R"({"VersionId":"1"})"), HasSubstr("ValidationException"));
  EXPECT_EQ(Checked(CheckTableInput, R"({"TargetTable":{"Name":"x"}})"),
            "InvalidInputException: TableInput.TargetTable is not supported by this catalog: leave it out");
  EXPECT_THAT(Checked(CheckPartitionInput, R"({"StorageDescriptor":{"SchemaReference":{"SchemaVersionNumber":1}}})"),
              HasSubstr("InvalidInputException: PartitionInput.StorageDescriptor.SchemaReference"));
  EXPECT_EQ(Checked(CheckPartitionInput, R"({"Values":["a"],"Parameters":{"any":"thing"}})"), "OK");
  EXPECT_THAT(Checked(CheckDatabaseInput, R"({"Name":"d","CreateTableDefaultPermissions":[{"Permissions":["ALL"]}]})"),
              HasSubstr("InvalidInputException"));
}

TEST(GlueEntries, AnUpdateKeepsWhatItDoesNotKnow) {
  auto input = TableInputOf(json::parse(R"({"Name":"t","DatabaseName":"d","VersionId":"3","CreatedBy":"me",
      "LastAccessTime":5,"Description":"old","TargetTable":{"Name":"x"},"Parameters":{"a":"1"},
      "StorageDescriptor":{"Location":"s3://old/","SkewedInfo":{"SkewedColumnNames":["c"]},"InputFormat":"gone"}})")
                                .as_object());
  OverlayTable(json::parse(R"({"Name":"t","DatabaseName":"d","VersionId":"9","Parameters":{"b":"2"},
      "StorageDescriptor":{"Location":"s3://new/"}})")
                   .as_object(),
               &input);
  EXPECT_EQ(json::value(input), json::parse(R"({"Name":"t","LastAccessTime":5,"TargetTable":{"Name":"x"},
      "Parameters":{"b":"2"},
      "StorageDescriptor":{"Location":"s3://new/","SkewedInfo":{"SkewedColumnNames":["c"]}}})"));
}

}  // namespace
}  // namespace glaux::wire::glue
