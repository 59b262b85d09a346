#include "glaux/table/hive/commit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/store/memory_store.h"
#include "glaux/table/hive/commit_json_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::HasSubstr;

constexpr char kState[] =
    R"({"format-version":2,"version":7,"open":"x","open-replaces":true,"recent":["a","b"],"ledger":["a"],)"
    R"("streams":{"s":"1"},"watermark":"2025-01-31T00:00:00Z","overwrites":3,)"
    R"("replaced":[{"id":"b","until":"2025-01-31T01:00:00Z"}]})";

CommitRecord FullRecord() {
  CommitRecord record{.id = "r"};
  record.objects = {{.key = "k", .upload_id = "u", .parts = {{1, "e", 5}}, .size = 5}};
  record.partitions = {{"2025", "01"}};
  record.moves = {{.values = {"2025", "02"}, .from = "old/", .to = std::nullopt},
                  {.values = {"2025", "03"}, .from = std::nullopt, .to = "new/"}};
  record.location_from = "from/";
  record.location_to = "to/";
  record.columns = {{.name = "c", .type = "int"}};
  record.parameters = {{"p", ""}};
  record.sources = {{.key = "f", .etag = "e", .size = 3, .modified = Timestamp(std::chrono::seconds(5))}};
  record.streams = {{.stream = "s", .expected = std::nullopt, .next = "2"}};
  record.watermark = Timestamp(std::chrono::seconds(9));
  record.attached = {{.folder = "s3://b/bad/", .object = {.key = "bad/x", .upload_id = "v", .parts = {}, .size = 0}}};
  record.rows = 4;
  record.replaces = true;
  record.replaced = {"gone"};
  record.grace = std::chrono::seconds(60);
  return record;
}

TEST(CommitJson, AStateComesBackAsItWasWritten) {
  ASSERT_OK_AND_ASSIGN(const auto state, ParseState(kState, "k"));
  EXPECT_EQ(state.version, 7);
  EXPECT_EQ(state.streams.at("s"), "1");
  EXPECT_EQ(state.replaced.at(0).id, "b");
  ASSERT_OK_AND_ASSIGN(const auto again, ParseState(PrintState(state), "k"));
  EXPECT_EQ(PrintState(again), PrintState(state));
  EXPECT_EQ(PrintState(state).size(), std::string_view(kState).size());
}

TEST(CommitJson, ARecordComesBackAsItWasWritten) {
  const std::string text = PrintRecord(FullRecord());
  ASSERT_OK_AND_ASSIGN(const auto record, ParseRecord(text, "k"));
  EXPECT_EQ(PrintRecord(record), text);
  EXPECT_EQ(record.moves.size(), 2u);
  EXPECT_EQ(record.moves[0].to, std::nullopt);
  EXPECT_EQ(record.attached[0].uri(), "s3://b/bad/x");
  EXPECT_EQ(record.sources[0].modified, Timestamp(std::chrono::seconds(5)));
}

TEST(CommitJson, AFileCutAnywhereIsCorrupt) {
  const std::string state = kState, record = PrintRecord(FullRecord());
  for (size_t length = 0; length < state.size(); ++length) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read k: ", ParseState(state.substr(0, length), "k"));
  }
  for (size_t length = 0; length < record.size(); ++length) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read k: ", ParseRecord(record.substr(0, length), "k"));
  }
}

TEST(CommitJson, AFieldOfAnotherTypeIsCorruptAndNamed) {
  const struct {
    const char* from;
    const char* to;
    const char* says;
  } cases[] = {
      {"\"version\":7", "\"version\":\"7\"", "field version must be a whole number"},
      {"\"version\":7", "\"version\":7.5", "field version must be a whole number"},
      {"\"version\":7", "\"version\":0", "field version must be positive"},
      {"\"version\":7,", "", "field version is missing"},
      {"\"open\":\"x\"", "\"open\":null", "field open must be a string"},
      {"\"open-replaces\":true", "\"open-replaces\":1", "field open-replaces must be true or false"},
      {"[\"a\",\"b\"]", "\"a\"", "field recent must be an array"},
      {"[\"a\",\"b\"]", "[1]", "field recent must be an array of strings"},
      {"\"ledger\":[\"a\"],", "", "field ledger is missing"},
      {"{\"s\":\"1\"}", "{\"s\":1}", "field streams must be an object of strings"},
      {"{\"s\":\"1\"}", "[]", "field streams must be an object of strings"},
      {"2025-01-31T00:00:00Z", "yesterday", "field watermark must be a time"},
      {"[{\"id\":\"b\",", "[{", "field replaced.id is missing"},
      {"[{\"id\":\"b\",\"until\":\"2025-01-31T01:00:00Z\"}]", "[7]", "replaced must be a JSON object"},
      {"\"format-version\":2", "\"format-version\":0", "format version 0 is none"},
  };
  for (const auto& test : cases) {
    std::string text = kState;
    const size_t at = text.find(test.from);
    ASSERT_NE(at, std::string::npos) << test.from;
    text.replace(at, std::string_view(test.from).size(), test.to);
    const auto status = ParseState(text, "k").status();
    EXPECT_EQ(KindOf(status), ErrorKind::kCorrupt) << text << status.ToString();
    EXPECT_THAT(status.message(), HasSubstr(test.says));
    EXPECT_FALSE(InfoOf(status).hint.empty());
  }
}

TEST(CommitJson, NumbersBeyondTheirMeaningAreCorrupt) {
  const auto with = [](std::string from, std::string to) {
    std::string text = PrintRecord(FullRecord());
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << text;
    const size_t end = text.find_first_of(",}", at);
    return ParseRecord(text.replace(at, end - at, from + to), "k");
  };
  ASSERT_FAILS(ErrorKind::kCorrupt, "field grace-seconds must be from 0 to 3153600000",
               with("\"grace-seconds\":", "9223372036854775807"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "field grace-seconds must be from 0", with("\"grace-seconds\":", "-1"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "field parts.number must be from 0 to 10000", with("\"number\":", "4294967297"));
}

TEST(CommitJson, EveryFieldOfARecordIsChecked) {
  // Turn each value in turn into one of another type.
  const std::string text = PrintRecord(FullRecord());
  int checked = 0;
  for (size_t at = text.find("\":"); at != std::string::npos; at = text.find("\":", at + 1)) {
    if (text[at + 2] == '{' || text[at + 2] == '[') continue;
    size_t end = at + 2;
    if (text[end] == '"') {
      end = text.find('"', end + 1) + 1;
    } else {
      while (text[end] != ',' && text[end] != '}') ++end;
    }
    const std::string wrong = text.substr(0, at + 2) + "[[]]" + text.substr(end);
    EXPECT_EQ(KindOf(ParseRecord(wrong, "k").status()), ErrorKind::kCorrupt) << wrong;
    ++checked;
  }
  EXPECT_GT(checked, 20);
}

TEST(CommitLog, AStateOfANewerGlauxIsRefused) {
  const std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  const CommitLog log(store, "t/_glaux/");
  ASSERT_OK(PutString(*store, "t/_glaux/state.json", R"({"format-version":3,"shape":"unknown"})"));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "written by a newer glaux", log.Read());
}

TEST(CommitLog, TheFirstFormatIsWrittenUntilSomethingNeedsTheSecond) {
  const std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  const CommitLog log(store, "t/_glaux/");
  CommitRecord plain{.id = "plain"};
  ASSERT_OK(log.WriteRecord(plain));
  ASSERT_OK(log.Begin({}, plain));
  ASSERT_OK(log.Finish(plain, {}));
  ASSERT_OK_AND_ASSIGN(const auto first, GetString(*store, "t/_glaux/state.json"));
  EXPECT_THAT(first, HasSubstr("\"format-version\":1,"));

  CommitRecord streams{.id = "streams"};
  streams.streams = {{.stream = "s", .expected = std::nullopt, .next = "1"}};
  ASSERT_OK_AND_ASSIGN(const auto state, log.Read());
  ASSERT_OK(log.WriteRecord(streams));
  ASSERT_OK(log.Begin(state, streams));
  // While it is open already: who finishes it must know streams.
  ASSERT_OK_AND_ASSIGN(const auto second, GetString(*store, "t/_glaux/state.json"));
  EXPECT_THAT(second, HasSubstr("\"format-version\":2,"));
}

}  // namespace
}  // namespace glaux
