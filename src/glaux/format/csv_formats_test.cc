#include <gtest/gtest.h>

#include "glaux/format/reading_for_test.h"
#include "glaux/format/time_format_internal.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;

/// What a format makes of a text: "2025-01-31T10:00:00.000000001Z", or "no".
std::string Parsed(const std::string& format, const std::string& text) {
  const auto parsed = TimeFormat::Make(format);
  if (!parsed.ok()) return parsed.status().message();
  ParsedTime time;
  if (!parsed->Parse(text, &time)) return "no";
  std::string out;
  static const auto iso = TimeFormat::Make("%Y-%m-%dT%H:%M:%S.%f").ValueOrDie();
  EXPECT_TRUE(iso.Append(time.seconds, time.nanoseconds, &out));
  while (out.ends_with('0')) out.pop_back();
  if (out.ends_with('.')) out.pop_back();
  return out + (time.zone == Zone::kOffset ? "Z" : "");
}

TEST(TimeFormat, ReadsWhatItSays) {
  EXPECT_EQ(Parsed("%d/%m/%Y", "31/01/2025"), "2025-01-31T00:00:00");
  EXPECT_EQ(Parsed("%d/%m/%Y", "1/2/2025"), "2025-02-01T00:00:00");
  EXPECT_EQ(Parsed("%m/%d/%y", "12/31/68"), "2068-12-31T00:00:00");
  EXPECT_EQ(Parsed("%m/%d/%y", "12/31/69"), "1969-12-31T00:00:00");
  EXPECT_EQ(Parsed("%Y%m%d", "20250131"), "2025-01-31T00:00:00");
  EXPECT_EQ(Parsed("%d-%b-%Y", "05-jAN-2025"), "2025-01-05T00:00:00");
  EXPECT_EQ(Parsed("%d %B %Y", "5 September 2025"), "2025-09-05T00:00:00");
  EXPECT_EQ(Parsed("%e %b %Y", " 5 May 2025"), "2025-05-05T00:00:00");
  EXPECT_EQ(Parsed("%Y-%j", "2024-366"), "2024-12-31T00:00:00");
  EXPECT_EQ(Parsed("%d.%m.%Y %H:%M:%S", "31.01.2025 23:59:58"), "2025-01-31T23:59:58");
  EXPECT_EQ(Parsed("%F %T.%f", "2025-01-31 10:00:01.5"), "2025-01-31T10:00:01.5");
  EXPECT_EQ(Parsed("%F %T,%f", "2025-01-31 10:00:01,123456789"), "2025-01-31T10:00:01.123456789");
  EXPECT_EQ(Parsed("%m/%d/%Y %I:%M %p", "1/31/2025 12:05 AM"), "2025-01-31T00:05:00");
  EXPECT_EQ(Parsed("%m/%d/%Y %I:%M %p", "1/31/2025 12:05 pm"), "2025-01-31T12:05:00");
  EXPECT_EQ(Parsed("%a, %d %b %Y %T %z", "Fri, 31 Jan 2025 10:00:00 +0130"), "2025-01-31T08:30:00Z");
  EXPECT_EQ(Parsed("%F %R%z", "1969-12-31 23:30-02:00"), "1970-01-01T01:30:00Z");
  EXPECT_EQ(Parsed("100%% %F", "100% 2025-01-31"), "2025-01-31T00:00:00");
}

TEST(TimeFormat, RefusesWhatIsNotExactlySo) {
  EXPECT_EQ(Parsed("%d/%m/%Y", "31/02/2025"), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", "31/01/2025 "), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", " 31/01/2025"), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", "31/01/25"), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", "31/13/2025"), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", "00/01/2025"), "no");
  EXPECT_EQ(Parsed("%d/%m/%Y", ""), "no");
  EXPECT_EQ(Parsed("%Y%m%d", "2025131"), "no");
  EXPECT_EQ(Parsed("%Y-%j", "2025-366"), "no");
  EXPECT_EQ(Parsed("%Y-%j", "9999-366"), "no");
  EXPECT_EQ(Parsed("%F %T", "2025-01-31 24:00:00"), "no");
  EXPECT_EQ(Parsed("%F %T", "2025-01-31 10:00:60"), "no");
  EXPECT_EQ(Parsed("%F %I %p", "2025-01-31 13 PM"), "no");
  EXPECT_EQ(Parsed("%F %T.%f", "2025-01-31 10:00:01.1234567890"), "no");
  EXPECT_EQ(Parsed("%a %F", "Mon 2025-01-31"), "no");
  EXPECT_EQ(Parsed("%F %z", "2025-01-31 +1"), "no");
}

TEST(TimeFormat, SaysWhatIsWrongWithAFormat) {
  EXPECT_EQ(Parsed("%d/%m/%Q", ""), "time format %d/%m/%Q: no directive %Q");
  EXPECT_EQ(Parsed("%d/%m/%Y%", ""), "time format %d/%m/%Y%: no directive %");
  EXPECT_EQ(Parsed("%d/%m", ""), "time format %d/%m: expected a year (%Y or %y)");
  EXPECT_EQ(Parsed("%Y/%m", ""), "time format %Y/%m: expected a month and a day (%m and %d, or %j)");
  EXPECT_EQ(Parsed("%F %m", ""), "time format %F %m: it says one part of the time twice");
  EXPECT_EQ(Parsed("%F %I", ""), "time format %F %I: %I and %p belong together; hours from 0 to 23 are %H");
  EXPECT_EQ(Parsed("%F %M", ""), "time format %F %M: expected an hour (%H or %I) with the minutes");
}

TEST(TimeFormat, WritesOnlyWhatItCanHoldWhole) {
  const auto written = [](const std::string& format, int64_t seconds, int32_t nanoseconds) {
    std::string out;
    return TimeFormat::Make(format).ValueOrDie().Append(seconds, nanoseconds, &out) ? out : "no";
  };
  constexpr int64_t kTime = 1'738'317'845;  // 2025-01-31T10:04:05Z
  EXPECT_EQ(written("%a %d.%m.%y %I:%M:%S %p %z", kTime, 0), "Fri 31.01.25 10:04:05 AM +0000");
  EXPECT_EQ(written("%A %e %B %Y %T.%f", kTime - 30 * 86400, 1000), "Wednesday  1 January 2025 10:04:05.000001");
  EXPECT_EQ(written("%Y%j%H%M%S", kTime, 0), "2025031100405");
  EXPECT_EQ(written("%F %T.%f", -1, 999'999'999), "1969-12-31 23:59:59.999999999");
  EXPECT_EQ(written("%F %T", kTime, 1), "no");
  EXPECT_EQ(written("%F %R", kTime, 0), "no");
  EXPECT_EQ(written("%F", kTime, 0), "no");
  EXPECT_EQ(written("%d.%m.%y", kTime / 86400 * 86400 - 86400LL * 365 * 100, 0), "no");
}

ReadOptions WithCsv(CsvOptions csv) {
  ReadOptions options;
  options.format.csv = std::move(csv);
  return options;
}

Result<std::string> TypesOf(const std::string& text, const CsvOptions& csv) {
  ARROW_ASSIGN_OR_RAISE(const auto inferred,
                        FormatByName("csv").ValueOrDie()->Infer(InMemory("a.csv", text), {.format = {.csv = csv}}));
  return Types(*inferred.schema);
}

TEST(CsvFormats, ReadADecimalComma) {
  const CsvOptions csv = {.delimiter = ';', .decimal_separator = ','};
  const std::string text = "a;b;c\n1,5;2;1.5\n-0,25;3;x\n1e3;;\n";
  EXPECT_EQ(TypesOf(text, csv).ValueOrDie(), "a: double, b: int64, c: string");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), WithCsv(csv)));
  EXPECT_THAT(Rows(*table), ElementsAre("1.5|2|1.5", "-0.25|3|x", "1000|null|null"));
  auto options = WithCsv(csv);
  options.schema = arrow::schema({arrow::field("a", arrow::decimal128(20, 2)), arrow::field("b", arrow::float32())});
  ASSERT_OK_AND_ASSIGN(const auto decimals,
                       ReadAll(InMemory("a.csv", "a;b\n12345678901234567,25;0,5\n1;2\n"), options));
  EXPECT_THAT(Rows(*decimals), ElementsAre("12345678901234567.25|0.5", "1.00|2"));
  for (const std::string value : {"1.5;1", "1,5,0;1", "1,5.0;1", "1;1.5"}) {
    EXPECT_EQ(InfoOf(ReadAll(InMemory("a.csv", "a;b\n" + value + "\n"), options).status()).code, kTypeConflict)
        << value;
  }
}

TEST(CsvFormats, RefuseADecimalSeparatorThatIsTheDelimiterOrNone) {
  ASSERT_FAILS(ErrorKind::kInvalid, "delimiter and decimal separator must differ",
               ReadAll(InMemory("a.csv", "a\n"), WithCsv({.decimal_separator = ','})).status());
  ASSERT_FAILS(ErrorKind::kInvalid, "the decimal separator must be '.' or ','",
               ReadAll(InMemory("a.csv", "a\n"), WithCsv({.decimal_separator = ';'})).status());
}

TEST(CsvFormats, ReadDatesAndTimesAsTheFileHasThem) {
  const CsvOptions csv = {.date_formats = {"%d/%m/%Y", "%d.%m.%Y"}, .timestamp_formats = {"%d/%m/%Y %H:%M", "%s"}};
  ASSERT_FAILS(ErrorKind::kInvalid, "no directive %s", TypesOf("a\n", csv).status());
  const CsvOptions good = {.date_formats = {"%d/%m/%Y", "%d.%m.%Y"},
                           .timestamp_formats = {"%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S.%f %z"}};
  const std::string text =
      "d,t,m,z\n"
      "31/01/2025,31/01/2025 10:30,1/2/2025,31/01/2025 10:30:00.25 +01:00\n"
      "01.02.2025,2025-02-01 00:00:00,1/2/2025 07:00,2025-01-01T00:00:00Z\n"
      "2025-02-03,,,\n";
  EXPECT_EQ(TypesOf(text, good).ValueOrDie(),
            "d: date32[day], t: timestamp[us], m: timestamp[us], z: timestamp[us, tz=UTC]");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), WithCsv(good)));
  EXPECT_THAT(Rows(*table), ElementsAre("2025-01-31|2025-01-31 10:30:00.000000|2025-02-01 00:00:00.000000|2025-01-31 "
                                        "09:30:00.250000Z",
                                        "2025-02-01|2025-02-01 00:00:00.000000|2025-02-01 07:00:00.000000|2025-01-01 "
                                        "00:00:00.000000Z",
                                        "2025-02-03|null|null|null"));
  auto options = WithCsv(good);
  options.schema = arrow::schema({arrow::field("d", arrow::date64())});
  EXPECT_EQ(InfoOf(ReadAll(InMemory("a.csv", "d\n02/30/2025\n"), options).status()).code, kTypeConflict);
  ASSERT_FAILS(ErrorKind::kInvalid, "holds a time of day", TypesOf("a\n", {.date_formats = {"%F %H"}}).status());
}

TEST(CsvFormats, TakeNumbersForDatesOnlyIfAllAre) {
  const CsvOptions csv = {.date_formats = {"%Y%m%d"}};
  EXPECT_EQ(TypesOf("a,b,c\n20250131,20250131,20250131\n20250201,20250299,2025-02-01\n", csv).ValueOrDie(),
            "a: date32[day], b: int64, c: date32[day]");
}

Result<std::string> Written(const arrow::Table& table, const CsvOptions& csv) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        FormatByName("csv").ValueOrDie()->OpenWriter(sink, table.schema(), {.format = {.csv = csv}}));
  ARROW_ASSIGN_OR_RAISE(const auto batch, table.CombineChunksToBatch());
  ARROW_RETURN_NOT_OK(writer->Write(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  return buffer->ToString();
}

TEST(CsvFormats, WriteWhatTheyRead) {
  const CsvOptions csv = {.delimiter = ';',
                          .decimal_separator = ',',
                          .date_formats = {"%d.%m.%Y", "%Y%m%d"},
                          .timestamp_formats = {"%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S.%f %z"}};
  auto options = WithCsv(csv);
  options.schema = arrow::schema({arrow::field("d", arrow::date32()), arrow::field("x", arrow::float64()),
                                  arrow::field("m", arrow::decimal128(8, 2)),
                                  arrow::field("t", arrow::timestamp(arrow::TimeUnit::MICRO)),
                                  arrow::field("z", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"))});
  const std::string text =
      "d;x;m;t;z\n31.01.2025;1,5;-12,50;31.01.2025 10:00:01;31.01.2025 10:00:01.250000 +0000\n;;;;\n"
      "01.01.0001;-0,001;0,00;31.12.1969 23:59:59;01.01.1970 00:00:00.000000 +0000\n";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), options));
  EXPECT_EQ(Written(*table, csv).ValueOrDie(), text);
  ASSERT_FAILS(ErrorKind::kInvalid, "write csv, column t: expected a time that the format %d.%m.%Y can hold whole",
               Written(*table, {.timestamp_formats = {"%d.%m.%Y"}}).status());
}

TEST(CsvFormats, QuoteWhatAFormatPutsBesideADelimiter) {
  ReadOptions options = WithCsv({.date_formats = {"%b %d, %Y"}});
  options.schema = arrow::schema({arrow::field("d", arrow::date32())});
  const std::string text = "d\n\"Jan 31, 2025\"\n";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", text), options));
  EXPECT_EQ(Written(*table, options.format.csv).ValueOrDie(), text);
}

TEST(CsvFormats, LeaveOutTheHeaderIfAsked) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv", "a,b\n1,2\n")));
  EXPECT_EQ(Written(*table, {.write_header = false}).ValueOrDie(), "1,2\n");
}

}  // namespace
}  // namespace glaux
