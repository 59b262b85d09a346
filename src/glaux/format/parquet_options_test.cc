#include <gtest/gtest.h>
#include <parquet/bloom_filter.h>
#include <parquet/bloom_filter_reader.h>
#include <parquet/file_reader.h>
#include <parquet/metadata.h>
#include <parquet/xxhasher.h>

#include "glaux/format/inflate_for_test.h"

// What the options of the Parquet writer do, read back from the files.

namespace glaux {
namespace {

const Format& Parquet() { return *FormatByName("parquet").ValueOrDie(); }

std::shared_ptr<arrow::RecordBatch> SomeBatch(bool dictionaries) {
  std::string text = "id,name,on\n";
  for (int i = 0; i < 5000; ++i) text += std::to_string(i) + ",name " + std::to_string(i % 400) + ",true\n";
  auto options = WithSchema(
      {arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()), arrow::field("on", arrow::boolean())});
  options.dictionary_strings = dictionaries;
  return ReadAll(InMemory("a.csv", text), options).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
}

Result<std::string> Written(const ParquetOptions& options, bool dictionaries = false) {
  ARROW_ASSIGN_OR_RAISE(const auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        Parquet().OpenWriter(sink, SomeBatch(false)->schema(), {.format = {.parquet = options}}));
  ARROW_RETURN_NOT_OK(writer->Write(SomeBatch(dictionaries)));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto stored, sink->Finish());
  return stored->ToString();
}

std::unique_ptr<parquet::ParquetFileReader> Footer(const std::string& file) {
  return parquet::ParquetFileReader::Open(InMemory("", file).file);
}

std::string Rows(const std::string& file) {
  return ReadAll(InMemory("a.parquet", file)).ValueOrDie()->CombineChunksToBatch().ValueOrDie()->ToString();
}

TEST(ParquetOptions, NameTheCompression) {
  const std::pair<std::string, arrow::Compression::type> codecs[] = {
      {"snappy", arrow::Compression::SNAPPY}, {"zstd", arrow::Compression::ZSTD},
      {"gzip", arrow::Compression::GZIP},     {"brotli", arrow::Compression::BROTLI},
      {"lz4", arrow::Compression::LZ4},       {"none", arrow::Compression::UNCOMPRESSED}};
  for (const auto& [name, codec] : codecs) {
    ASSERT_OK_AND_ASSIGN(const auto file, Written({.compression = name}));
    EXPECT_EQ(Footer(file)->metadata()->RowGroup(0)->ColumnChunk(0)->compression(), codec) << name;
    EXPECT_EQ(Rows(file), SomeBatch(false)->ToString());
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "no compression lzo; known: snappy, zstd, gzip, brotli, lz4, none",
               Written({.compression = "lzo"}));
}

TEST(ParquetOptions, SetTheLevelWhereThereIsOne) {
  ASSERT_OK_AND_ASSIGN(const auto fast, Written({.compression = "zstd", .compression_level = 1}));
  ASSERT_OK_AND_ASSIGN(const auto small, Written({.compression = "zstd", .compression_level = 19}));
  EXPECT_NE(small.size(), fast.size());
  EXPECT_EQ(Rows(small), Rows(fast));
  ASSERT_FAILS(ErrorKind::kInvalid, "compression levels from 1 to 9, found 10",
               Written({.compression = "gzip", .compression_level = 10}));
  ASSERT_FAILS(ErrorKind::kInvalid, "compression snappy has no levels, found compression_level 3",
               Written({.compression = "snappy", .compression_level = 3}));
}

TEST(ParquetOptions, EndRowGroups) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written({.row_group_rows = 2000}));
  const auto footer = Footer(file);
  ASSERT_EQ(footer->metadata()->num_row_groups(), 3);
  EXPECT_EQ(footer->metadata()->RowGroup(2)->num_rows(), 1000);
}

TEST(ParquetOptions, TurnStatisticsOff) {
  ASSERT_OK_AND_ASSIGN(const auto with, Written({}));
  ASSERT_OK_AND_ASSIGN(const auto without, Written({.statistics = false}));
  EXPECT_TRUE(Footer(with)->metadata()->RowGroup(0)->ColumnChunk(0)->is_stats_set());
  EXPECT_FALSE(Footer(without)->metadata()->RowGroup(0)->ColumnChunk(0)->is_stats_set());
}

TEST(ParquetOptions, TurnThePageIndexOn) {
  ASSERT_OK_AND_ASSIGN(const auto with, Written({.page_index = true}));
  ASSERT_OK_AND_ASSIGN(const auto without, Written({}));
  const auto indexed = Footer(with);
  const auto column = indexed->metadata()->RowGroup(0)->ColumnChunk(0);
  EXPECT_TRUE(column->GetColumnIndexLocation().has_value());
  EXPECT_TRUE(column->GetOffsetIndexLocation().has_value());
  EXPECT_FALSE(Footer(without)->metadata()->RowGroup(0)->ColumnChunk(0)->GetColumnIndexLocation().has_value());
  ASSERT_FAILS(ErrorKind::kInvalid, "page_index is made of statistics",
               Written({.statistics = false, .page_index = true}));
}

TEST(ParquetOptions, GiveColumnsBloomFilters) {
  for (const bool dictionaries : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const auto file,
                         Written({.row_group_rows = 2500, .bloom_filters = {"id", "name"}}, dictionaries));
    const auto reader = Footer(file);
    for (int group = 0; group < 2; ++group) {
      const auto filters = reader->GetBloomFilterReader().RowGroup(group);
      const auto ids = filters->GetColumnBloomFilter(0);
      const auto names = filters->GetColumnBloomFilter(1);
      ASSERT_NE(ids, nullptr);
      ASSERT_NE(names, nullptr);
      EXPECT_EQ(filters->GetColumnBloomFilter(2), nullptr);
      int false_positives = 0;
      for (int64_t i = 0; i < 2500; ++i) {
        EXPECT_TRUE(ids->FindHash(ids->Hash(group * 2500 + i)));
        false_positives += ids->FindHash(ids->Hash(i + 1'000'000)) ? 1 : 0;
        const auto name = "name " + std::to_string(i % 400);
        const parquet::ByteArray value{std::string_view(name)};
        EXPECT_TRUE(names->FindHash(names->Hash(&value))) << name;
      }
      EXPECT_LT(false_positives, 500);
    }
  }
}

TEST(ParquetOptions, RefuseBloomFiltersThatCannotBe) {
  ASSERT_FAILS(ErrorKind::kInvalid, "bloom_filters names column price", Written({.bloom_filters = {"price"}}));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "bloom_filters names column on, and a bool has none",
               Written({.bloom_filters = {"on"}}));
}

TEST(ParquetFile, IsReadWhereItIsCompressedAgain) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written({}));
  for (const std::string ending : {"gz", "zst"}) {
    const auto name = "a.parquet." + ending;
    const auto input = InMemory(name, Compressed(file, CompressionOfFile(name)).ValueOrDie());
    ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(input));
    EXPECT_EQ(table->num_rows(), 5000);
    EXPECT_EQ(Parquet().Infer(input, {}).ValueOrDie().rows_seen, 5000);
  }
}

}  // namespace
}  // namespace glaux
