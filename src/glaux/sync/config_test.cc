#include "glaux/sync/config.h"

#include <boost/json.hpp>

#include <algorithm>
#include <set>

#include "glaux/format/format.h"
#include "glaux/sync/config_keys_internal.h"
#include "glaux/sync/config_reading_for_test.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

using namespace std::chrono_literals;  // NOLINT
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Optional;
using ::testing::Pair;

constexpr char kWhole[] = R"(
lake: ./lake
memory_limit: 512MiB
parallel: 3
sources:
  s3_data: { connector: s3, uri: "s3://my-bucket/data/file.csv" }
  s3_more: { connector: s3, bucket: "my-bucket", key: "data/*.jsonl.gz", format: jsonl }
  local:   { connector: file, path: "in/**/*.{csv,tsv}" }
  orders:  { connector: table, table: sales.orders }
  top:     { connector: query, sql: "SELECT 1" }
destinations:
  s3_output: { connector: s3, bucket: "my-output-bucket", key: "output/results.parquet", format: parquet, mode: replace }
  t:  { connector: table, table: sales.daily, mode: upsert, primary_key: [id], datetime_field: updated_at, partition_by: "day(ts), region", contract: { tables: evolve, columns: evolve, data_type: freeze } }
  db: { connector: duckdb, path: out.duckdb, table: main.orders, mode: upsert, primary_key: id }
  out: { connector: stdout, format: jsonl }
pipelines:
  - { name: daily, from: [s3_data, s3_more], to: s3_output, sql: "SELECT 2", on_error: quarantine, quarantine: "s3://b/bad/", max_errors: 100, checkpoint: 1GiB }
  - { from: top, to: t, contract: { columns: freeze } }
)";

TEST(PipelineFile, HasSourcesDestinationsAndWhatFlowsBetweenThem) {
  ASSERT_OK_AND_ASSIGN(const auto config, ReadText(kWhole));
  EXPECT_EQ(config.file, "/data/flow/pipeline.yaml");
  EXPECT_THAT(config.lake, Optional(std::string("/data/flow/lake")));
  EXPECT_THAT(config.memory_limit, Optional(512 << 20));
  EXPECT_EQ(config.parallel, 3);
  ASSERT_EQ(config.sources.size(), 5u);
  EXPECT_EQ(config.sources.at("local").place.ToString(), "/data/flow/pipeline.yaml, line 8");
  EXPECT_EQ(config.sources.at("orders").kind, SourceConfig::Kind::kTable);
  EXPECT_EQ(config.sources.at("orders").table, (TableId{"sales", "orders"}));
  EXPECT_EQ(config.sources.at("top").kind, SourceConfig::Kind::kQuery);
  EXPECT_EQ(config.sources.at("top").sql, "SELECT 1");

  const auto& t = config.destinations.at("t");
  EXPECT_EQ(t.kind, DestinationConfig::Kind::kTable);
  EXPECT_EQ(t.table, (TableId{"sales", "daily"}));
  EXPECT_EQ(t.mode, WriteMode::kUpsert);
  EXPECT_THAT(t.primary_key, ElementsAre("id"));
  EXPECT_EQ(t.datetime_field, "updated_at");
  EXPECT_THAT(t.partition_by, Optional(std::string("day(ts), region")));
  const auto& db = config.destinations.at("db");
  EXPECT_EQ(db.kind, DestinationConfig::Kind::kDuckDB);
  EXPECT_EQ(db.path, "/data/flow/out.duckdb");
  EXPECT_EQ(db.duckdb_table, "main.orders");
  EXPECT_THAT(db.primary_key, ElementsAre("id"));
  EXPECT_EQ(config.destinations.at("out").kind, DestinationConfig::Kind::kStdout);

  ASSERT_EQ(config.pipelines.size(), 2u);
  const auto& daily = config.pipelines[0];
  EXPECT_EQ(daily.name, "daily");
  EXPECT_THAT(daily.from, ElementsAre("s3_data", "s3_more"));
  EXPECT_EQ(daily.to, "s3_output");
  EXPECT_EQ(daily.sql, "SELECT 2");
  EXPECT_EQ(daily.on_error, OnError::kQuarantine);
  EXPECT_THAT(daily.quarantine, Optional(std::string("s3://b/bad/")));
  EXPECT_THAT(daily.max_errors, Optional(100));
  EXPECT_THAT(daily.checkpoint_bytes, Optional(1 << 30));
  EXPECT_FALSE(daily.contract);
  EXPECT_EQ(config.pipelines[1].name, "t");
  ASSERT_TRUE(config.pipelines[1].contract);
  EXPECT_EQ(config.pipelines[1].contract->columns, ContractMode::kFreeze);
}

TEST(PipelineFile, WithoutPipelinesAllSourcesFlowInTheirOrder) {
  ASSERT_OK_AND_ASSIGN(const auto config, ReadText("sources: { z: { path: z.csv }, a: { path: a.csv } }\n"
                                                   "destinations: { out: { path: out.parquet } }\n"));
  ASSERT_EQ(config.pipelines.size(), 1u);
  EXPECT_EQ(config.pipelines[0].name, "out");
  EXPECT_THAT(config.pipelines[0].from, ElementsAre("z", "a"));
  ASSERT_FAILS(ErrorKind::kInvalid, "there are 2 destinations and no pipelines",
               ReadText("sources: { a: { path: a.csv } }\n"
                        "destinations: { x: { path: x.csv }, y: { path: y.csv } }\n"));
}

TEST(PipelineFile, APipelineNamesWhatThereIs) {
  const std::string head =
      "sources: { orders: { path: a.csv }, table: { table: a.b } }\n"
      "destinations: { lake: { table: a.b }, file: { path: out.csv } }\n"
      "pipelines:\n";
  const auto read = [&](const std::string& pipelines) { return ReadText(head + pipelines); };
  ASSERT_FAILS(ErrorKind::kInvalid,
               "line 4, column 11: from of a pipeline: there is no source ordres; did you mean orders?",
               read("- { from: ordres, to: lake }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "there is no destination lkae; did you mean lake?",
               read("- { from: orders, to: lkae }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "comes twice", read("- { from: [orders, orders], to: lake }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "has no from", read("- { to: lake }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "has no to", read("- { from: orders }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 5, column 3: two pipelines have one name, the other one in line 4",
               read("- { from: orders, to: lake }\n- { from: table, to: lake }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "a name is 1 to 100 letters", read("- { from: orders, to: lake, name: a/b }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "nothing goes there", read("- { from: orders, to: lake, quarantine: bad/ }\n"));
  EXPECT_OK(read("- { from: orders, to: lake, quarantine: bad/, contract: { columns: discard_row } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "does not fit on_error: fail",
               read("- { from: orders, to: lake, max_errors: 1 }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "no source has files", read("- { from: table, to: lake, checkpoint: 1GB }\n"));
  EXPECT_OK(read("- { from: orders, to: file, contract: { columns: freeze } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "does not fit destination out",
               ReadText("sources: { s: { path: a.csv } }\ndestinations: { out: { uri: '-' } }\n"
                        "pipelines: [{ from: s, to: out, contract: { columns: freeze } }]\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected fail, skip or quarantine, found: skp; did you mean skip?",
               read("- { from: orders, to: lake, on_error: skp }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a list of pipelines", read("  a: 1\n"));
}

TEST(PipelineFile, SaysWhatIsMissingOrTooMuch) {
  ASSERT_FAILS(ErrorKind::kInvalid, "expected keys and values", ReadText(""));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected keys and values", ReadText("- a\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "sources is missing", ReadText("destinations: { d: { table: a.b } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "destinations is missing", ReadText("sources: { d: { table: a.b } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1, column 1: no key 'source' in a pipeline file; did you mean sources?",
               ReadText("source: { d: { table: a.b } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected at least one", ReadText("sources: {}\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected keys and values, found: nothing", ReadText("sources:\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "differs from a by case only",
               ReadText("sources: { a: { table: a.b }, A: { table: a.b } }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "parallel: expected a whole number from 1 to 64, found: 0",
               ReadText("parallel: 0"));
  ASSERT_FAILS(ErrorKind::kInvalid, "memory_limit: expected a size", ReadText("memory_limit: lots"));
}

TEST(PipelineFile, IsReadFromDiskWithItsFolder) {
  const testing::TempDir dir;
  const auto path =
      dir.Write("flows/p.yaml", "sources: { s: { path: in/a.csv } }\ndestinations: { d: { table: a.b } }\n");
  ASSERT_OK_AND_ASSIGN(const auto config, ReadSyncConfig(path, {}));
  EXPECT_THAT(config.sources.at("s").uris, ElementsAre("file://" + (dir / "flows/in/a.csv")));
  ASSERT_FAILS(ErrorKind::kNotFound, "there is no such file", ReadSyncConfig(dir / "none.yaml", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "this is a directory", ReadSyncConfig(dir.path().string(), {}));
  const auto large = dir.Write("large.yaml", std::string((1 << 20) + 100, '#'));
  ASSERT_FAILS(ErrorKind::kInvalid, "at most 1048576 bytes are taken", ReadSyncConfig(large, {}));
}

TEST(PipelineFile, AFolderThatReadsLikeAGlobIsAnError) {
  const auto read = [](const std::string& path) {
    return ParseSyncConfig("sources: { s: { path: '" + path + "' } }\ndestinations: { d: { table: a.b } }\n",
                           "/data/[1]/p.yaml", {});
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "would be taken for a glob", read("a.csv"));
  EXPECT_OK(read("/a.csv"));
}

TEST(PipelineFile, LakeIsRelativeToTheFile) {
  const std::string rest = "\nsources: { s: { table: a.b } }\ndestinations: { d: { table: a.c } }\n";
  for (const auto& [given, expected] : std::map<std::string, std::string>{{"local:../lake", "local:/data/lake"},
                                                                          {"aws", "aws"},
                                                                          {"/lake", "/lake"},
                                                                          {"glaux.yaml", "/data/flow/glaux.yaml"}}) {
    ASSERT_OK_AND_ASSIGN(const auto config, ReadText("lake: " + given + rest));
    EXPECT_THAT(config.lake, Optional(expected));
  }
}

TEST(PipelineFileSchema, HasEveryKeyOfTheTables) {
  const auto schema = boost::json::parse(SyncConfigJsonSchema()).as_object();
  EXPECT_EQ(schema.at("$schema").as_string(), "https://json-schema.org/draft/2020-12/schema");
  const auto check = [](const boost::json::object& mapping, const std::vector<const pipeline_file::KeyDoc*>& docs) {
    EXPECT_EQ(mapping.at("additionalProperties"), false);
    const auto& properties = mapping.at("properties").as_object();
    EXPECT_EQ(properties.size(), docs.size());
    for (const auto* doc : docs) {
      const auto* property = properties.if_contains(std::string(doc->name));
      ASSERT_NE(property, nullptr) << doc->name;
      EXPECT_FALSE(property->as_object().at("description").as_string().empty()) << doc->name;
      if (!doc->words.empty()) {
        EXPECT_EQ(property->as_object().at("anyOf").at(0).as_object().at("enum").as_array().size(), doc->words.size());
      }
    }
  };
  check(schema, pipeline_file::FileKeyDocs());
  const auto& definitions = schema.at("$defs").as_object();
  EXPECT_EQ(definitions.size(), 6u);
  for (const auto& [name, mapping] : definitions) {
    const auto docs = pipeline_file::SectionKeyDocs(name);
    ASSERT_FALSE(docs.empty()) << name;
    check(mapping.as_object(), docs);
  }
  EXPECT_EQ(schema.at("properties").at("sources").at("additionalProperties").at("$ref").as_string(), "#/$defs/source");
}

/// A YAML text as JSON: a scalar is a number or a boolean where JSON has one like it.
boost::json::value ToJson(const pipeline_file::YamlNode& node) {
  using Kind = pipeline_file::YamlNode::Kind;
  if (node.kind == Kind::kMapping) {
    boost::json::object object;
    for (const auto& [key, value] : node.fields) object[key->text] = ToJson(*value);
    return object;
  }
  if (node.kind == Kind::kSequence) {
    boost::json::array array;
    for (const auto* item : node.items) array.push_back(ToJson(*item));
    return array;
  }
  boost::system::error_code error;
  auto value = boost::json::parse(node.text, error);
  if (!error && (value.is_number() || value.is_bool())) return value;
  return boost::json::string(node.text);
}

bool HasType(const boost::json::value& value, std::string_view type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_bool();
  if (type == "integer") return value.is_int64();
  return type == "number" && value.is_number();
}

/// Whether a value is as a schema has it, for the words of JSON Schema that ours uses.
bool Fits(const boost::json::object& root, const boost::json::object& schema, const boost::json::value& value) {
  for (const auto& [word, is] : schema) {
    bool fits = true;
    if (word == "$ref") {
      const auto name = std::string_view(is.as_string()).substr(std::string_view("#/$defs/").size());
      fits = Fits(root, root.at("$defs").at(name).as_object(), value);
    } else if (word == "anyOf") {
      const auto& all = is.as_array();
      fits = std::any_of(all.begin(), all.end(), [&](const auto& one) { return Fits(root, one.as_object(), value); });
    } else if (word == "type") {
      const auto types = is.is_array() ? is.as_array() : boost::json::array{is};
      fits =
          std::any_of(types.begin(), types.end(), [&](const auto& type) { return HasType(value, type.as_string()); });
    } else if (word == "enum") {
      fits = std::find(is.as_array().begin(), is.as_array().end(), value) != is.as_array().end();
    } else if (word == "pattern") {
      fits = value.is_string() && value.as_string().find("${") != std::string::npos;
    } else if (word == "items" && value.is_array()) {
      for (const auto& item : value.as_array()) fits = fits && Fits(root, is.as_object(), item);
    } else if (word == "minimum" && value.is_int64()) {
      fits = value.as_int64() >= is.as_int64();
    } else if (word == "additionalProperties" && value.is_object()) {
      const auto* properties = schema.if_contains("properties");
      for (const auto& [key, member] : value.as_object()) {
        const auto* known = properties == nullptr ? nullptr : properties->as_object().if_contains(key);
        if (known != nullptr) {
          fits = fits && Fits(root, known->as_object(), member);
        } else {
          fits = fits && is.is_object() && Fits(root, is.as_object(), member);
        }
      }
    }
    if (!fits) return false;
  }
  return true;
}

TEST(PipelineFileSchema, TakesWhatTheReaderTakes) {
  const auto schema = boost::json::parse(SyncConfigJsonSchema()).as_object();
  const auto fits = [&](const std::string& text) {
    const auto yaml = pipeline_file::YamlText::Parse(text, "p.yaml").ValueOrDie();
    return Fits(schema, schema, ToJson(yaml->root()));
  };
  const std::string whole = kWhole;
  EXPECT_TRUE(fits(whole));
  EXPECT_TRUE(fits(whole + "  - { from: top, to: out, max_errors: '${N}' }\n"));
  EXPECT_FALSE(fits(whole + "  - { from: top, to: out, max_errors: many }\n"));
  EXPECT_FALSE(fits(whole + "  - { from: top, to: out, max_errors: -1 }\n"));
  EXPECT_FALSE(fits(whole + "  - { from: top, to: out, on_error: skp }\n"));
  EXPECT_FALSE(fits(whole + "  - { from: top, to: [out] }\n"));
  EXPECT_FALSE(fits(whole + "paralel: 3\n"));
}

TEST(PipelineFileSchema, NoTableHasAKeyTwice) {
  for (const std::string_view section : {"source", "select", "incremental", "destination", "contract", "pipeline"}) {
    std::set<std::string_view> names;
    for (const auto* doc : pipeline_file::SectionKeyDocs(section)) {
      EXPECT_TRUE(names.insert(doc->name).second) << section << " " << doc->name;
    }
  }
}

TEST(PipelineFileFormats, AreThoseThatFilesMayHave) {
  const std::string to = "\ndestinations: { d: { path: out/, format: ";
  for (const auto* format : AllFormats()) {
    const std::string name(format->name());
    SCOPED_TRACE(name);
    const auto from = "sources: { s: { path: in/*, format: " + name + " } }" + to;
    ASSERT_OK_AND_ASSIGN(const auto config, ReadText(from + "csv } }\n"));
    EXPECT_THAT(config.sources.at("s").format, Optional(name));
    const auto written = ReadText(from + name + " } }\n");
    if (format->can_write()) {
      EXPECT_OK(written);
    } else {
      ASSERT_FAILS(ErrorKind::kInvalid, "expected csv, tsv", written);
    }
    for (const auto ending : format->extensions()) {
      EXPECT_EQ(pipeline_file::FormatOfAddress("s3://b/a." + std::string(ending)), name);
      EXPECT_EQ(pipeline_file::FormatOfAddress("file:///a/{date}." + std::string(ending) + ".gz"), name);
    }
  }
  EXPECT_EQ(pipeline_file::FormatOfAddress("s3://b/a.csv/"), "");
}

TEST(PipelineFileFormats, WhatIsOnlyReadIsNoDestination) {
  const auto write = [](const std::string& to) {
    return ReadText("sources: { s: { path: in/a.orc } }\ndestinations: { d: { " + to + " } }\n");
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "its ending says orc, which is read and not written", write("path: out/a.orc"));
  EXPECT_OK(write("path: out/a.arrow"));
  EXPECT_OK(write("path: out/a.txt"));
}

TEST(PipelineFileFormats, HaveTheOptionsOfTheirKind) {
  const auto read = [](const std::string& from, const std::string& to) {
    return ReadText("sources: { s: { " + from + " } }\ndestinations: { d: { " + to + " } }\n");
  };
  EXPECT_OK(read("path: a.log, encoding: latin-1", "path: out/, format: txt, compression: gzip"));
  ASSERT_FAILS(ErrorKind::kInvalid, "is an option of csv, and the format is txt",
               read("path: a.log, delimiter: ';'", "path: out/"));
  ASSERT_FAILS(ErrorKind::kInvalid, "is an option of csv, json and txt, and the format is orc",
               read("path: a.orc, encoding: latin-1", "path: out/"));
  ASSERT_FAILS(ErrorKind::kInvalid, "is an option of csv, json, txt and parquet, and the format is arrow",
               read("path: a.csv", "path: out/, format: arrow, compression: zstd"));
}

TEST(WriteModes, AreReadAndPrinted) {
  for (const std::string_view name : {"append", "replace", "overwrite_partitions", "upsert", "insert_new"}) {
    ASSERT_OK_AND_ASSIGN(const auto mode, ParseWriteMode(name));
    EXPECT_EQ(WriteModeName(mode), name);
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "no write mode 'merge'; there are append", ParseWriteMode("merge"));
}

}  // namespace
}  // namespace glaux
