#include <gtest/gtest.h>

#include <filesystem>

#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"
#include "glaux/testing/testdata.h"

// JSON texts that other projects test their parsers with.

namespace glaux {
namespace {

/// Rows, or why there are none: the way a file is loaded, inferred first and then read with what was found.
Status Load(const std::string& name, const std::string& content, int64_t block_bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatOfFile(name));
  ARROW_ASSIGN_OR_RAISE(const auto inferred, format->Infer(InMemory(name, content), {.sample_bytes = 0}));
  ReadOptions options;
  options.schema = inferred.schema;
  options.block_bytes = block_bytes;
  return ReadAll(InMemory(name, content), options).status();
}

TEST(JsonSuites, AcceptsWhatMustBeAcceptedAndRefusesWhatMustBeRefused) {
  GLAUX_TESTDATA_OR_SKIP(suite, "jsontestsuite");
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(suite / "data")) {
    const auto name = entry.path().filename().string();
    SCOPED_TRACE(name);
    ++seen;
    const auto content = testing::ReadFileOrDie(entry.path());
    for (const int64_t block_bytes : {int64_t{1}, int64_t{3}, int64_t{1} << 20}) {
      const auto loaded = Load(name, content, block_bytes);
      const auto read = ReadAll(InMemory(name, content), {.block_bytes = block_bytes}).status();
      if (name.starts_with("y_")) {
        EXPECT_OK(loaded);
      } else if (name.starts_with("n_")) {
        for (const auto& status : {loaded, read}) {
          ASSERT_FALSE(status.ok()) << content;
          EXPECT_TRUE(KindOf(status) == ErrorKind::kInvalid || KindOf(status) == ErrorKind::kCorrupt);
          EXPECT_THAT(status.message(), ::testing::HasSubstr("read " + name));
          EXPECT_THAT(status.message(),
                      ::testing::AnyOf(::testing::HasSubstr(", line 1, byte "), ::testing::HasSubstr(", line 2, byte "),
                                       ::testing::HasSubstr(", line 3, byte "), ::testing::HasSubstr("no JSON value")));
        }
      }
    }
    // The same text within a record, under a key that is read, as text, and under one that is passed over.
    if (name.find("structure") != std::string::npos && name.starts_with("n_")) continue;
    for (const auto& type : {arrow::utf8(), std::shared_ptr<arrow::DataType>()}) {
      const auto field = arrow::field(type == nullptr ? "other" : "key", arrow::utf8());
      const auto read = ReadAll(InMemory(name, "{\"key\":" + content + "}"), WithSchema({field}));
      if (name.starts_with("y_")) {
        EXPECT_OK(read);
      } else if (name.starts_with("n_")) {
        EXPECT_FALSE(read.ok()) << content;
      }
    }
  }
  EXPECT_GE(seen, 150);
}

TEST(JsonSuites, OneLineTextsAreJsonLinesToo) {
  GLAUX_TESTDATA_OR_SKIP(suite, "jsontestsuite");
  for (const auto& entry : std::filesystem::directory_iterator(suite / "data")) {
    const auto name = entry.path().filename().string();
    SCOPED_TRACE(name);
    auto content = testing::ReadFileOrDie(entry.path());
    while (content.ends_with('\n')) content.pop_back();
    if (content.find('\n') != std::string::npos) continue;
    const bool blank = content.find_first_not_of(" \t\r\n") == std::string::npos ||
                       content == "\xef\xbb\xbf";  // a file without lines has no rows
    for (const auto& text : {content, content + "\n{}\n", "{}\r\n" + content + "\r\n"}) {
      const auto status = ReadAll(InMemory(name + "l", text)).status();
      if (name.starts_with("y_")) {
        EXPECT_OK(status);
      } else if (name.starts_with("n_") && !blank) {
        EXPECT_EQ(KindOf(status), ErrorKind::kInvalid) << text;
      }
    }
  }
}

}  // namespace
}  // namespace glaux
