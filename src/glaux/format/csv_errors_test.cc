#include <gtest/gtest.h>

#include "glaux/base/memory.h"
#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

using ::testing::HasSubstr;

Status Read(std::string content, const ReadOptions& options = {}) {
  return ReadAll(InMemory("orders.csv", std::move(content)), options).status();
}

ReadOptions As(const std::shared_ptr<arrow::DataType>& type) { return WithSchema({arrow::field("amount", type)}); }

TEST(CsvErrors, NameFileLineColumnAndWhatWasExpectedAndFound) {
  std::string text = "id,amount\n";
  for (int i = 2; i < 1042; ++i) text += "1,2.00\n";
  text += "7,\"12,50\"\n";
  const Status status = Read(text, As(arrow::decimal128(10, 2)));
  EXPECT_EQ(status.message(), "read orders.csv, line 1042, column amount: expected a decimal(10,2), found: 12,50");
  EXPECT_EQ(InfoOf(status).code, kTypeConflict);
  EXPECT_EQ(KindOf(status), ErrorKind::kInvalid);
}

TEST(CsvErrors, CountLinesInsideQuotes) {
  ReadOptions options = As(arrow::int64());
  options.block_bytes = 64;
  ASSERT_FAILS(ErrorKind::kInvalid, "line 9, column amount",
               Read("id,amount\r\n\"x\ny\r\nz\",1\r\n\"\n\n\",2\r\n\r\nq,x\r\n", options));
}

TEST(CsvErrors, ConvertExactlyOrNotAtAll) {
  const auto conflict = [](const std::string& value, const std::shared_ptr<arrow::DataType>& type) {
    const Status status = Read("id,amount\n1," + value + "\n", As(type));
    return InfoOf(status).code == kTypeConflict;
  };
  const auto micro = arrow::timestamp(arrow::TimeUnit::MICRO);
  for (const std::string value :
       {"007", "-0", "+5", " 5", "5 ", "1.0", "1e3", "9223372036854775808", "0x1F", "1_000", "x"}) {
    EXPECT_TRUE(conflict(value, arrow::int64())) << value;
  }
  EXPECT_TRUE(conflict("128", arrow::int8()));
  EXPECT_TRUE(conflict("-1", arrow::uint64()));
  EXPECT_TRUE(conflict("18446744073709551616", arrow::uint64()));
  EXPECT_TRUE(conflict("12.505", arrow::decimal128(10, 2)));
  EXPECT_TRUE(conflict("123456789", arrow::decimal128(10, 2)));
  EXPECT_TRUE(conflict("007.00", arrow::decimal128(10, 2)));
  for (const std::string value : {"1,5", "1e999", "9007199254740993", "1.2.3", "1e", ".", "-", "0x10", "1f"}) {
    EXPECT_TRUE(conflict(value == "1,5" ? "\"1,5\"" : value, arrow::float64())) << value;
  }
  EXPECT_TRUE(conflict("16777217", arrow::float32()));
  EXPECT_TRUE(conflict("1e300", arrow::float32()));
  EXPECT_TRUE(conflict("yes", arrow::boolean()));
  for (const std::string value : {"2023-02-29", "2023-13-01", "2023-1-1", "20230101", "2023-01-01T00:00:00"}) {
    EXPECT_TRUE(conflict(value, arrow::date32())) << value;
  }
  for (const std::string value :
       {"2025-01-01T24:00:00", "2025-01-01T00:60:00", "2025-01-01T00:00:00.1234567", "2025-01-01T00:00:00.",
        "2025-01-01T00", "2025-01-01T00:00:00+1", "2025-01-01T00:00:00ZZ"}) {
    EXPECT_TRUE(conflict(value, micro)) << value;
  }
  EXPECT_TRUE(conflict("2025-01-01T00:00:00", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")));
  EXPECT_TRUE(conflict("2025-01-01T00:00:00.5", arrow::timestamp(arrow::TimeUnit::SECOND)));
  EXPECT_TRUE(conflict("3000-01-01", arrow::timestamp(arrow::TimeUnit::NANO)));
  EXPECT_TRUE(conflict("x", arrow::null()));
  EXPECT_TRUE(conflict("\"\"", arrow::null()));
}

TEST(CsvErrors, CutLongValues) {
  const Status status = Read("amount,b\n" + std::string(59, 'x') + "äöü,1\n", As(arrow::int64()));
  EXPECT_THAT(status.message(), HasSubstr("found: " + std::string(59, 'x') + "…"));
}

TEST(CsvErrors, RefuseTypesThatTextCannotHold) {
  ASSERT_FAILS(ErrorKind::kInvalid, "column amount: a CSV value cannot be read as list",
               Read("amount\n1\n", As(arrow::list(arrow::int64()))));
}

TEST(CsvErrors, NameTheLineOfARowWithTooManyOrTooFewFields) {
  ASSERT_FAILS(ErrorKind::kInvalid, "read orders.csv, line 4: expected 2 fields, found 3",
               Read("a,b\n\"x\n\",2\n1,2,3\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "read orders.csv, line 3: expected 3 fields, found 2",
               Read("a,b,c\n1,2,3\n1,2\n4,5,6\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2: expected 2 fields, found 1", Read("a,b\n1"));
}

TEST(CsvErrors, NameTheLineWhereAQuoteOpensThatIsNeverClosed) {
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3: a quote opens in this line and is never closed",
               Read("a,b\n1,2\n3,\"x\n4,5\n6,7\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "line 1: a quote opens", Read("a,\"b\n1,2\n"));
  ReadOptions options;
  options.block_bytes = 64;
  options.format.csv.max_line_bytes = 200;
  std::string text = "a,b\n1,2\n3,\"x\n";
  for (int i = 0; i < 1000; ++i) text += "4,5\n";
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3: a quote opens in this line and is not closed within max_line_bytes (200)",
               Read(text, options));
}

/// 200 MB without a line end, made as it is read.
class EndlessLine final : public arrow::io::RandomAccessFile {
 public:
  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return 0; }
  Status Seek(int64_t) override { return Status::OK(); }
  Result<int64_t> GetSize() override { return 200'000'000; }
  Result<int64_t> Read(int64_t, void*) override { return Status::NotImplemented("reads have a position"); }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t) override {
    return Status::NotImplemented("reads have a position");
  }
  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    const int64_t have = std::clamp<int64_t>(200'000'000 - position, 0, size);
    std::memset(out, 'x', static_cast<size_t>(have));
    if (position == 0) std::memcpy(out, "a,b\n1,2\n", 8);
    most_read_ = std::max(most_read_, position + have);
    return have;
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size));
    ARROW_ASSIGN_OR_RAISE(const auto have, ReadAt(position, size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(have));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  int64_t most_read() const { return most_read_; }

 private:
  int64_t most_read_ = 0;
};

TEST(CsvErrors, StopAtALineLongerThanAllowedWithoutReadingAllOfIt) {
  const auto file = std::make_shared<EndlessLine>();
  ReadOptions options;
  options.format.csv.max_line_bytes = 4 << 20;
  ASSERT_FAILS(ErrorKind::kInvalid, "read long.csv, line 3: line longer than max_line_bytes (4194304)",
               ReadAll({.name = "long.csv", .file = file}, options));
  EXPECT_LT(file->most_read(), 20 << 20);
}

TEST(CsvErrors, HoldLinesToTheLimitInsideABlockToo) {
  ReadOptions options;
  options.format.csv.max_line_bytes = 10;
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3: line longer than max_line_bytes (10)",
               Read("a,b\n12345678,9\n123456789,0\n", options));
  ASSERT_OK(Read("a,b\n12345678,9\n", options));
}

TEST(CsvErrors, NameBothColumnsOfOneName) {
  ASSERT_FAILS(ErrorKind::kInvalid, "read orders.csv, line 1: columns 1 and 3 have one name: a",
               Read("a,b,a\n1,2,3\n"));
}

TEST(CsvErrors, NameLineAndColumnOfBytesThatAreNotUtf8) {
  const std::string text = "amount,b\nx,1\n\xe4\xf6,2\n";
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3, column amount: expected UTF-8", Read(text));
  ReadOptions dictionary;
  dictionary.dictionary_strings = true;
  ASSERT_FAILS(ErrorKind::kInvalid, "line 3, column amount: expected UTF-8", Read(text, dictionary));
  EXPECT_EQ(InfoOf(Read(text)).code, "");
  ASSERT_FAILS(ErrorKind::kInvalid, "line 2, column amount: expected base64, found: x",
               Read(text, As(arrow::binary())));
  ASSERT_OK(Read(text, WithSchema({arrow::field("b", arrow::int64())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "the name of column 2 is not valid UTF-8", Read("a,\xff\n1,2\n"));
  ASSERT_FAILS(ErrorKind::kInvalid, "half of a UTF-16 unit at the end of the file: 0a",
               Read(std::string("\xff\xfe"
                                "a\0\n",
                                5)));
}

TEST(CsvErrors, RefuseANulByteInANumber) {
  const Status status = Read(std::string("amount,b\n1\0"
                                         "2,1\n",
                                         14),
                             As(arrow::int64()));
  EXPECT_EQ(InfoOf(status).code, kTypeConflict);
}

TEST(CsvErrors, RefuseOptionsThatContradictEachOther) {
  ReadOptions options;
  options.format.csv.quote = ',';
  ASSERT_FAILS(ErrorKind::kInvalid, "must differ", Read("a\n", options));
  options.format.csv.quote = '\n';
  ASSERT_FAILS(ErrorKind::kInvalid, "the quote must be one ASCII character", Read("a\n", options));
}

TEST(CsvErrors, SayWhereDamagedGzipEnds) {
  std::string text = "a,b\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919) + ",x\n";
  const auto gzip = testing::Gzip(text);
  for (const size_t keep : {gzip.size() - 1, gzip.size() - 8, gzip.size() / 2, size_t{12}, size_t{5}}) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.csv.gz: gzip stream ends early at byte " + std::to_string(keep),
                 ReadAll(InMemory("a.csv.gz", gzip.substr(0, keep))));
  }
}

}  // namespace
}  // namespace glaux
