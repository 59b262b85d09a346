#include "format_arguments.h"

#include "glaux/testing/matchers.h"

namespace glaux::cli {
namespace {

TEST(FormatArguments, WhatIsNotGivenStaysAsItIs) {
  FormatOptions options;
  ASSERT_OK(ReadFormatArguments({}, &options));
  EXPECT_EQ(options.csv.delimiter, ',');
  EXPECT_EQ(options.csv.decimal_separator, '.');
  EXPECT_EQ(options.text.encoding, "utf-8");
  EXPECT_EQ(options.text.compression, "auto");
  EXPECT_FALSE(options.csv.column_names.has_value());
}

TEST(FormatArguments, EachOptionReachesItsFormat) {
  FormatOptions options;
  ASSERT_OK(ReadFormatArguments({.encoding = "UTF-16LE",
                                 .compression = "gzip",
                                 .delimiter = "tab",
                                 .quote = "'",
                                 .escape = "\\",
                                 .comment = "#",
                                 .no_header = true,
                                 .null_values = {"NA", "-"},
                                 .max_line = "1KiB",
                                 .decimal = "comma",
                                 .date_formats = {"%d.%m.%Y"},
                                 .timestamp_formats = {"%d.%m.%Y %H:%M"},
                                 .records = "/Records"},
                                &options));
  EXPECT_EQ(options.text.encoding, "utf-16le");
  EXPECT_EQ(options.text.compression, "gzip");
  EXPECT_EQ(options.csv.delimiter, '\t');
  EXPECT_EQ(options.csv.quote, '\'');
  EXPECT_EQ(options.csv.escape, '\\');
  EXPECT_EQ(options.csv.comment, '#');
  EXPECT_TRUE(options.csv.column_names.has_value());
  EXPECT_EQ(options.csv.null_values, (std::vector<std::string>{"NA", "-"}));
  EXPECT_EQ(options.csv.max_line_bytes, 1024);
  EXPECT_EQ(options.csv.decimal_separator, ',');
  EXPECT_EQ(options.csv.date_formats, std::vector<std::string>{"%d.%m.%Y"});
  EXPECT_EQ(options.csv.timestamp_formats, std::vector<std::string>{"%d.%m.%Y %H:%M"});
  EXPECT_EQ(options.json.records, "/Records");
}

TEST(FormatArguments, AnErrorNamesTheOption) {
  const auto read = [](const FormatArguments& arguments) {
    FormatOptions options;
    return ReadFormatArguments(arguments, &options);
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "--encoding", read({.encoding = "ebcdic"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "--from-compression", read({.compression = "rar"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "--delimiter", read({.delimiter = "ab"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "--decimal", read({.decimal = "x"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "JSON Pointer", read({.records = "Records"}));
}

TEST(FormatArguments, FormatsAreThoseThatThereAre) {
  const std::string choices = "|" + FormatChoices() + "|";
  for (const auto* format : AllFormats()) {
    EXPECT_NE(choices.find("|" + std::string(format->name()) + "|"), std::string::npos) << format->name();
  }
}

TEST(TypeArguments, AColumnHasOneType) {
  ASSERT_OK_AND_ASSIGN(const auto types, ReadTypeArguments({"a=int", "b=array<string>"}));
  EXPECT_EQ(types.at("b"), "array<string>");
  ASSERT_FAILS(ErrorKind::kInvalid, "'a' is given twice", ReadTypeArguments({"a=int", "a=string"}));
}

TEST(SampleSize, IsASizeOrAll) {
  ASSERT_OK_AND_ASSIGN(const auto all, ParseSampleSize("all"));
  EXPECT_EQ(all, 0);
  ASSERT_OK_AND_ASSIGN(const auto some, ParseSampleSize("64KiB"));
  EXPECT_EQ(some, 64 << 10);
  ASSERT_FAILS(ErrorKind::kInvalid, "--sample", ParseSampleSize("0"));
  ASSERT_FAILS(ErrorKind::kInvalid, "much", ParseSampleSize("much"));
}

}  // namespace
}  // namespace glaux::cli
