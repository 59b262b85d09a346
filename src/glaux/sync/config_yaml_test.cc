#include "glaux/sync/config_yaml_internal.h"

#include <chrono>

#include "glaux/sync/config_reading_for_test.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Optional;

Status ParseYaml(std::string_view text) { return pipeline_file::YamlText::Parse(text, "p.yaml").status(); }

/// Refused, and soon.
void ExpectRefused(const std::string& text, const std::string& part) {
  const auto begin = std::chrono::steady_clock::now();
  const auto status = ParseYaml(text);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_FALSE(status.ok()) << text.substr(0, 100);
  EXPECT_THAT(status.message(), HasSubstr(part)) << text.substr(0, 100);
  EXPECT_LT(took, std::chrono::seconds(5)) << text.substr(0, 100);
}

std::string Repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

TEST(PipelineYaml, KeysThatComeTwiceNameBothLines) {
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3, column 1: key a comes twice: in line 1 and in line 3",
               ParseYaml("a: 1\nb: 2\na: 3\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "comes twice: in line 2 and in line 2", ParseYaml("x:\n  { b: 1, 'b': 2 }\n"));
}

TEST(PipelineYaml, ErrorsNameLineAndColumn) {
  ASSERT_FAILS(ErrorKind::kInvalid, "p.yaml, line 3, column 1: ", ParseYaml("a: 1\nb: [1, 2\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "p.yaml, line 1, column 4: ", ParseYaml("a: *nothing\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, column 1: expected the name of a key", ParseYaml("a: 1\n[b]: 2\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "tags are not known", ParseYaml("a: !!python/object 1\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "a second document", ParseYaml("a: 1\n---\nb: 2\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, column 4: a control character", ParseYaml("a: 1\nb: \x04 c\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "not UTF-8", ParseYaml("a: \xff\xfe\n"));
  EXPECT_OK(ParseYaml("\xef\xbb\xbf# with a byte order mark\r\na: größe\r\n"));
}

TEST(PipelineYaml, AnchorsAliasesAndMergeKeysWork) {
  ASSERT_OK_AND_ASSIGN(const auto config, ReadText(R"(
sources:
  a: &base { path: a.csv, delimiter: "|", columns: &columns [x, y] }
  b: { <<: *base, path: b.csv, quote: "'" }
  c: { <<: [ { quote: "'" }, *base ], columns: *columns }
destinations:
  d: { table: a.b }
)"));
  const auto& b = config.sources.at("b");
  EXPECT_THAT(b.uris, ElementsAre("file:///data/flow/b.csv"));
  EXPECT_EQ(b.format_options.csv.delimiter, '|');
  EXPECT_EQ(b.format_options.csv.quote, '\'');
  EXPECT_THAT(b.columns, Optional(ElementsAre("x", "y")));
  const auto& c = config.sources.at("c");
  EXPECT_THAT(c.uris, ElementsAre("file:///data/flow/a.csv"));
  EXPECT_EQ(c.format_options.csv.quote, '\'');
  EXPECT_THAT(c.columns, Optional(ElementsAre("x", "y")));
  ASSERT_FAILS(ErrorKind::kInvalid, "<< takes a mapping", ParseYaml("a: { <<: 1 }\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "this alias names what it stands in", ParseYaml("a: &x [ *x ]\n"));
  EXPECT_OK(ParseYaml("a: { \"<<\": 1 }\n"));  // quoted, it is a key like others
}

TEST(PipelineYaml, AliasBombsAreRefusedAtOnce) {
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  std::string mappings = "a0: &a0 { x: 1 }\n";
  std::string chain = "a0: &a0 { k0: 1 }\n";
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 2000; ++i) {
    const auto name = "a" + std::to_string(i);
    const auto before = "*a" + std::to_string(i - 1);
    const auto head = name + ": &" + name;
    if (i < 60) {
      laughs += head + " [" + before + Repeat(", " + before, 8) + "]\n";
      mappings += head + " { p: " + before + ", q: " + before + " }\n";
    }
    chain += head + " { <<: " + before + ", k" + std::to_string(i) + ": 1 }\n";
    deep += head + " [" + before + "]\n";
  }
  ExpectRefused(laughs, "more than 100000 values");
  ExpectRefused(mappings, "more than 100000 values");
  ExpectRefused(chain, "more than 100000 values");
  ExpectRefused(deep, "more than 64 levels");
  ExpectRefused("a: &a { x: 1 }\nb: { <<: [" + Repeat("*a, ", 150'000) + "*a] }\n", "more than 100000 values");
}

TEST(PipelineYaml, NestingAndSizeAreBounded) {
  ExpectRefused(Repeat("[", 10'000), "more than 64 levels");
  ExpectRefused(Repeat("[", 1'000'000), "more than 100000 brackets");
  ExpectRefused(Repeat("{a: ", 10'000), "more than 64 levels");
  ExpectRefused(Repeat("{", 90'000), "line 1");
  ExpectRefused(Repeat("- ", 10'000), "more than 64 levels");
  ExpectRefused(Repeat("? ", 10'000), "line 1");
  ExpectRefused(Repeat("&a ", 10'000), "line 1");
  ExpectRefused("a: " + Repeat("!", 500'000), "line 1");
  ExpectRefused("[" + Repeat("a,", 500'000) + "]", "more than 100000 values");
  ExpectRefused("[" + Repeat(",", 1'000'000) + "]", "line 1");
  ExpectRefused(Repeat("- a\n", 200'000), "more than 100000 values");
  ExpectRefused(std::string(2 << 20, 'a'), "at most 1048576");
  std::string staircase;
  for (int i = 0; i < 1000; ++i) staircase += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  ExpectRefused(staircase, "more than 64 levels");
}

TEST(PipelineYaml, EveryCutAndEveryChangedByteIsAnErrorOrAFile) {
  const std::string text =
      "lake: &l \"./lake\"\nsources:\n  s: { path: [a.csv, 'b.csv'], filter: >-\n    a = 1\n  }\n"
      "destinations:\n  d: &d { table: a.b, <<: { mode: append } }\npipelines:\n- { from: s, to: d }\n";
  for (size_t i = 0; i <= text.size(); ++i) {
    (void)ReadText(text.substr(0, i)).status();
    for (const char c : {'\0', '\n', '{', ']', ':', '*', '&', '"', '$', '\x80', '!', '?', '%', '|'}) {
      auto changed = text;
      if (i < changed.size()) changed[i] = c;
      const auto status = ReadText(changed).status();
      if (!status.ok()) {
        ASSERT_EQ(KindOf(status), ErrorKind::kInvalid) << status.ToString();
      }
    }
  }
}

TEST(PipelineVariables, AreReplacedInsideValues) {
  ASSERT_OK_AND_ASSIGN(
      const auto source,
      ReadSourceText("uri: 's3://${BUCKET}/${PREFIX:-data}/$$x-$5/*.csv', limit: '${N}', header: '${H:-false}'",
                     {{"BUCKET", "b"}, {"N", "12"}, {"PREFIX", ""}}));
  EXPECT_THAT(source.uris, ElementsAre("s3://b/data/$x-$5/*.csv"));
  EXPECT_THAT(source.limit, Optional(12));
  EXPECT_TRUE(source.format_options.csv.column_names);
}

TEST(PipelineVariables, CannotInjectStructure) {
  ASSERT_OK_AND_ASSIGN(const auto source, ReadSourceText("path: a.csv, file_column: \"${V}\"",
                                                         {{"V", "x }, evil: { path: b, c: ${HOME} $$\n- [a]"}}));
  EXPECT_THAT(source.file_column, Optional(std::string("x }, evil: { path: b, c: ${HOME} $$\n- [a]")));
  EXPECT_THAT(source.uris, ElementsAre("file:///data/flow/a.csv"));
}

TEST(PipelineVariables, UnsetAndMisspeltOnesAreErrors) {
  ASSERT_FAILS(ErrorKind::kInvalid,
               "line 2, column 14: path of source s: environment variable NOWHERE is not set; set it",
               ReadSourceText("path: '${NOWHERE}/a.csv'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "${ without }", ReadSourceText("path: 'a${B'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "'${1a}' is no variable", ReadSourceText("path: 'a${1a}'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "'${}' is no variable", ReadSourceText("path: 'a${}'"));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a text, found: ${E}", ReadSourceText("path: '${E}'", {{"E", ""}}));
}

TEST(PipelineVariables, AreNeverShownInErrors) {
  const std::map<std::string, std::string> environment = {{"V", "hunter2"}};
  for (const std::string keys :
       {"path: a.csv, limit: '${V}'", "path: a.csv, header: '${V}'", "path: a.csv, filter: '${V} ='",
        "path: a.csv, types: { a: '${V}' }", "path: a.csv, max_line: '${V}'", "path: a.csv, lag: '${V}'",
        "path: a.csv, delimiter: '${V}'", "path: a.csv, format: '${V}'", "path: '${V}://x'", "uri: 's3:///${V}'",
        "bucket: '${V}/', key: a", "bucket: b, key: '/${V}'", "table: '${V}.a.b'", "connector: '${V}'",
        "path: a.csv, select: { regex: '${V}(' }", "path: a.csv, select: { modified_after: '${V}' }",
        "path: a.csv, select: { partitions: '${V} >' }", "path: '${V}', columns: '${W}'",
        "path: a.csv, incremental: { files: '${V}' }"}) {
    const auto status = ReadSourceText(keys, environment).status();
    ASSERT_FALSE(status.ok()) << keys;
    EXPECT_THAT(status.ToString(), AllOf(HasSubstr("line 2"), Not(HasSubstr("hunter2")))) << keys;
  }
  for (const std::string keys :
       {"table: a.b, mode: '${V}'", "table: a.b, partition_by: '${V}('", "path: '${V}'", "path: 'a{${V}}.csv'",
        "path: 'x.csv', compression: '${V}'", "path: x.duckdb, table: '${V}.a.b'",
        "table: a.b, contract: { columns: '${V}' }", "connector: s3, uri: '${V}'"}) {
    const auto status = ReadDestinationText(keys, environment).status();
    ASSERT_FALSE(status.ok()) << keys;
    EXPECT_THAT(status.ToString(), AllOf(HasSubstr("line 2"), Not(HasSubstr("hunter2")))) << keys;
  }
  const std::string head = "sources: { s: { path: a.csv } }\ndestinations: { d: { table: a.b } }\n";
  for (const std::string pipeline : {"from: '${V}'", "to: '${V}'", "name: '${V} x'", "on_error: '${V}'"}) {
    const auto status = ReadText(head + "pipelines: [ { " + pipeline + " } ]\n", environment).status();
    ASSERT_FALSE(status.ok()) << pipeline;
    EXPECT_THAT(status.ToString(), AllOf(HasSubstr("line 3"), Not(HasSubstr("hunter2")))) << pipeline;
  }
}

TEST(PipelineSecrets, AreNotTakenWhereTheyMeanNothingAndNotShown) {
  for (const std::string key : {"access_key_id", "secret_access_key", "session_token", "password", "token", "secret",
                                "credentials", "API_KEY"}) {
    for (const auto& status :
         {ReadSourceText("path: a.csv, " + key + ": hunter2").status(),
          ReadDestinationText("table: a.b, " + key + ": hunter2").status(), ReadText(key + ": hunter2\n").status()}) {
      ASSERT_FALSE(status.ok()) << key;
      EXPECT_THAT(status.ToString(), AllOf(HasSubstr("no key '" + key + "'"), HasSubstr("they come from the AWS chain"),
                                           Not(HasSubstr("hunter2"))));
    }
  }
  for (const auto& refused : {ReadSourceText("path: a.csv, aws_secret_access_key: hunter2").status(),
                              ReadSourceText("uri: 's3://b/a.csv', aws_secret_access_key: hunter2").status(),
                              ReadDestinationText("table: a.b, aws_secret_access_key: hunter2").status()}) {
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.ToString(), AllOf(HasSubstr("aws_secret_access_key"), Not(HasSubstr("hunter2"))));
  }
  const auto status = ReadSourceText("path: a.csv, types: { password: hunter2 }").status();
  EXPECT_THAT(status.ToString(), AllOf(HasSubstr("a value that is not shown"), Not(HasSubstr("hunter2"))));
}

}  // namespace
}  // namespace glaux
