#include "glaux/catalog/entry_json.h"

#include <chrono>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

namespace json = boost::json;

Timestamp At(int64_t microseconds) { return Timestamp(std::chrono::microseconds(microseconds)); }

StorageDescriptor FullStorage() {
  return {.columns = {{.name = "a", .type = "array<struct<B:int>>", .comment = "note", .parameters = {{"k", "v"}}},
                      {.name = "b", .type = "string"}},
          .location = "s3://lake/t/",
          .input_format = "in",
          .output_format = "out",
          .compressed = true,
          .number_of_buckets = 8,
          .serde_info = {.name = "serde", .serialization_library = "lib", .parameters = {{"field.delim", ","}}},
          .bucket_columns = {"a"},
          .sort_columns = {{.column = "b", .sort_order = 0}},
          .parameters = {{"p", ""}},
          .stored_as_sub_directories = true};
}

TEST(EntryJson, ReadsBackEveryFieldOfATable) {
  TableEntry table{.id = {"db", "t"},
                   .description = "d",
                   .owner = "o",
                   .retention = 3,
                   .storage = FullStorage(),
                   .partition_keys = {{.name = "day", .type = "date"}},
                   .table_type = "EXTERNAL_TABLE",
                   .view_original_text = "v1",
                   .view_expanded_text = "v2",
                   .parameters = {{"x", "y"}},
                   .version_id = "7",
                   .create_time = At(1735689600123457),
                   .update_time = At(1735689600999999)};
  ASSERT_OK_AND_ASSIGN(const auto read, TableFromJson(json::parse(json::serialize(ToJson(table)))));
  EXPECT_EQ(read.id, table.id);
  EXPECT_EQ(read.description, "d");
  EXPECT_EQ(read.owner, "o");
  EXPECT_EQ(read.retention, 3);
  EXPECT_EQ(read.storage, table.storage);
  EXPECT_EQ(read.partition_keys, table.partition_keys);
  EXPECT_EQ(read.table_type, "EXTERNAL_TABLE");
  EXPECT_EQ(read.view_original_text, "v1");
  EXPECT_EQ(read.view_expanded_text, "v2");
  EXPECT_EQ(read.parameters, table.parameters);
  EXPECT_EQ(read.version_id, "7");
  EXPECT_EQ(read.create_time, table.create_time);
  EXPECT_EQ(read.update_time, table.update_time);
}

TEST(EntryJson, ReadsBackEveryFieldOfAPartitionAndADatabase) {
  const PartitionEntry partition{
      .values = {"", "a/b"}, .storage = FullStorage(), .parameters = {{"n", "1"}}, .creation_time = At(1)};
  ASSERT_OK_AND_ASSIGN(const auto read, PartitionFromJson(ToJson(partition)));
  EXPECT_EQ(read.values, partition.values);
  EXPECT_EQ(read.storage, partition.storage);
  EXPECT_EQ(read.parameters, partition.parameters);
  EXPECT_EQ(read.creation_time, partition.creation_time);

  const DatabaseEntry database{
      .name = "db", .description = "d", .location_uri = "s3://l/", .parameters = {{"a", "b"}}, .create_time = At(-5)};
  ASSERT_OK_AND_ASSIGN(const auto again, DatabaseFromJson(ToJson(database)));
  EXPECT_EQ(again.name, "db");
  EXPECT_EQ(again.description, "d");
  EXPECT_EQ(again.location_uri, "s3://l/");
  EXPECT_EQ(again.parameters, database.parameters);
  EXPECT_EQ(again.create_time, database.create_time);
}

TEST(EntryJson, LeavesOutWhatTheCatalogSetsUntilItIsSet) {
  const auto table = ToJson(TableEntry{.id = {.database = {}, .name = "t"}});
  for (const auto* field : {"DatabaseName", "CreateTime", "UpdateTime", "VersionId", "Description"}) {
    EXPECT_FALSE(table.contains(field)) << field;
  }
  for (const auto* field : {"Name", "StorageDescriptor", "PartitionKeys", "Parameters", "Retention"}) {
    EXPECT_TRUE(table.contains(field)) << field;
  }
  EXPECT_FALSE(ToJson(PartitionEntry{}).contains("CreationTime"));
}

TEST(EntryJson, ReadsATableAsGlueAnswersIt) {
  const auto value = json::parse(R"({
    "Name": "cur", "DatabaseName": "billing", "Owner": "hadoop", "CreateTime": 1.700000000E9, "UpdateTime": 1700000001,
    "LastAccessTime": 1.700000002E9, "Retention": 0, "CreatedBy": "arn:aws:iam::123456789012:role/x",
    "IsRegisteredWithLakeFormation": false, "CatalogId": "123456789012", "VersionId": "12", "Description": null,
    "StorageDescriptor": {
      "Columns": [{"Name": "line_item", "Type": "string"}, {"Name": "cost", "Type": "double", "Comment": "USD"}],
      "Location": "s3://bucket/cur", "InputFormat": "i", "OutputFormat": "o", "Compressed": false, "NumberOfBuckets": -1,
      "SerdeInfo": {"SerializationLibrary": "s", "Parameters": {"serialization.format": "1"}},
      "SortColumns": [], "SkewedInfo": {"SkewedColumnNames": []}, "StoredAsSubDirectories": false},
    "PartitionKeys": [{"Name": "year", "Type": "string"}], "TableType": "EXTERNAL_TABLE",
    "Parameters": {"EXTERNAL": "TRUE", "nothing": null}})");
  ASSERT_OK_AND_ASSIGN(const auto table, TableFromJson(value));
  EXPECT_EQ(table.id.ToString(), "billing.cur");
  EXPECT_EQ(table.version_id, "12");
  EXPECT_EQ(table.create_time, At(1'700'000'000'000'000));
  EXPECT_EQ(table.update_time, At(1'700'000'001'000'000));
  EXPECT_EQ(table.storage.columns[1].comment, "USD");
  EXPECT_EQ(table.storage.number_of_buckets, -1);
  EXPECT_EQ(table.partition_keys[0].name, "year");
  EXPECT_EQ(table.parameters, (Parameters{{"EXTERNAL", "TRUE"}, {"nothing", ""}}));
}

TEST(EntryJson, NamesTheFieldOfAnotherType) {
  const std::pair<const char*, const char*> cases[] = {
      {R"([])", "the entry: expected an object, found array"},
      {R"({"Name": 5})", "Name: expected text, found int64"},
      {R"({"Retention": "3"})", "Retention: expected a whole number"},
      {R"({"Retention": 99999999999})", "Retention: expected a whole number"},
      {R"({"CreateTime": "yesterday"})", "CreateTime: expected seconds since 1970"},
      {R"({"CreateTime": 1e300})", "CreateTime: expected seconds since 1970"},
      {R"({"Parameters": {"a": {}}})", "Parameters.a: expected text, found object"},
      {R"({"Parameters": []})", "Parameters: expected an object"},
      {R"({"PartitionKeys": {}})", "PartitionKeys: expected an array"},
      {R"({"StorageDescriptor": 1})", "StorageDescriptor: expected an object"},
      {R"({"StorageDescriptor": {"Compressed": 1}})", "StorageDescriptor.Compressed: expected true or false"},
      {R"({"StorageDescriptor": {"Columns": [{"Name": "a"}, {"Name": []}]}})",
       "StorageDescriptor.Columns[1].Name: expected text, found array"},
      {R"({"StorageDescriptor": {"SerdeInfo": {"Parameters": {"a": 1}}}})",
       "StorageDescriptor.SerdeInfo.Parameters.a: expected text"},
      {R"({"StorageDescriptor": {"SortColumns": [{"SortOrder": true}]}})",
       "StorageDescriptor.SortColumns[0].SortOrder: expected a whole number"},
      {R"({"StorageDescriptor": {"BucketColumns": [null]}})", "StorageDescriptor.BucketColumns[0]: expected text"},
  };
  for (const auto& [text, message] : cases)
    ASSERT_FAILS(ErrorKind::kInvalid, message, TableFromJson(json::parse(text)));
}

}  // namespace
}  // namespace glaux
