#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>

#include "glaux/format/format.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

InputFile InMemory(std::string name, std::string content) {
  return {.name = std::move(name), .file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(content)))};
}

Result<std::shared_ptr<arrow::Table>> ReadAll(const InputFile& input, const ReadOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatOfFile(input.name));
  ARROW_ASSIGN_OR_RAISE(auto reader, format->OpenReader(input, options));
  return ToBatchReader(std::move(reader))->ToTable();
}

TEST(CsvReader, ReadsGzipAndInfersTypes) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv.gz", testing::Gzip("a,b,c\n1,2.5,x\n,\"3\",\"\"\n"))));
  EXPECT_EQ(table->schema()->ToString(), "a: int64\nb: double\nc: string");
  EXPECT_EQ(table->num_rows(), 2);
  ASSERT_OK(table->ValidateFull());
}

}  // namespace
}  // namespace glaux
