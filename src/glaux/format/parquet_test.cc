#include <arrow/compute/cast.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "glaux/format/reading_for_test.h"

namespace glaux {
namespace {

const Format& Parquet() { return *FormatByName("parquet").ValueOrDie(); }

/// Some rows of several types, `rows` of them.
std::shared_ptr<arrow::Table> SomeTable(int rows, bool dictionaries) {
  std::string text = "id,name,price,at,none\n";
  for (int i = 0; i < rows; ++i) {
    text += std::to_string(i) + "," + (i % 5 == 0 ? "" : "name " + std::to_string(i % 37)) + "," + std::to_string(i) +
            ".25,2025-01-01T00:00:" + std::to_string(10 + i % 50) + "Z,\n";
  }
  ReadOptions options = WithSchema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()),
                                    arrow::field("price", arrow::decimal128(12, 2)),
                                    arrow::field("at", arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")),
                                    arrow::field("none", arrow::utf8())});
  options.dictionary_strings = dictionaries;
  options.block_bytes = 4000;
  return ReadAll(InMemory("a.csv", text), options).ValueOrDie();
}

arrow::FieldVector PlainFields(const arrow::Schema& schema) {
  auto fields = schema.fields();
  for (auto& field : fields) {
    if (field->type()->id() == arrow::Type::DICTIONARY) field = field->WithType(arrow::utf8());
  }
  return fields;
}

Result<std::string> Written(const arrow::Table& table, const ParquetOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(auto writer, Parquet().OpenWriter(sink, arrow::schema(PlainFields(*table.schema())),
                                                          {.format = {.parquet = options}}));
  arrow::TableBatchReader batches(table);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, batches.Next());
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(writer->Write(batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(const auto buffer, sink->Finish());
  return buffer->ToString();
}

/// A file of a store, which is gone or replaced after some reads.
class FailingFile final : public arrow::io::RandomAccessFile {
 public:
  FailingFile(std::string content, int reads, ErrorKind kind)
      : content_(std::move(content)), reads_left_(reads), kind_(kind) {}

  Status Close() override { return Status::OK(); }
  bool closed() const override { return false; }
  Result<int64_t> Tell() const override { return position_; }
  Status Seek(int64_t position) override { return position_ = position, Status::OK(); }
  Result<int64_t> GetSize() override { return static_cast<int64_t>(content_.size()); }
  Result<int64_t> ReadAt(int64_t position, int64_t size, void* out) override {
    if (reads_left_-- <= 0) return MakeError(kind_, "get s3://lake/a.parquet: not what it was");
    return static_cast<int64_t>(
        content_.copy(static_cast<char*>(out), static_cast<size_t>(size), static_cast<size_t>(position)));
  }
  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t size) override {
    std::string bytes(static_cast<size_t>(size), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position, size, bytes.data()));
    bytes.resize(static_cast<size_t>(got));
    return arrow::Buffer::FromString(std::move(bytes));
  }
  Result<int64_t> Read(int64_t size, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, size, out));
    position_ += got;
    return got;
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(position_, size));
    position_ += bytes->size();
    return bytes;
  }

 private:
  const std::string content_;
  std::atomic<int> reads_left_;
  const ErrorKind kind_;
  int64_t position_ = 0;
};

TEST(ParquetReader, AFileThatVanishesOrChangesIsNotCorrupt) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*SomeTable(2500, true), {.row_group_rows = 1000}));
  for (const auto kind : {ErrorKind::kNotFound, ErrorKind::kPrecondition, ErrorKind::kUnavailable}) {
    int reads = 0;
    for (;; ++reads) {
      SCOPED_TRACE(reads);
      const auto failing = std::make_shared<FailingFile>(file, reads, kind);
      const auto read = ReadAll({.name = "a.parquet", .file = failing});
      if (read.ok()) break;
      ASSERT_FAILS(kind, "read a.parquet", read);
      EXPECT_THAT(read.status().message(), ::testing::HasSubstr("not what it was"));
    }
    EXPECT_GT(reads, 3) << "the footer and three row groups are read";
  }
  ASSERT_FAILS(
      ErrorKind::kNotFound, "read a.parquet",
      Parquet().Infer({.name = "a.parquet", .file = std::make_shared<FailingFile>(file, 0, ErrorKind::kNotFound)}, {}));
}

TEST(ParquetWriter, WritesDictionariesAsPlainStringColumns) {
  const auto table = SomeTable(3000, true);
  ASSERT_GT(table->column(1)->num_chunks(), 10);
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*table));
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.parquet", file)));
  EXPECT_EQ(Types(*back->schema()),
            "id: int64, name: string, price: decimal128(12, 2), at: timestamp[us, tz=UTC], none: string");
  EXPECT_TRUE(back->Equals(*SomeTable(3000, false)));
  EXPECT_EQ(file.find("ARROW:schema"), std::string::npos);
  EXPECT_NE(file.find("glaux version"), std::string::npos);
}

TEST(ParquetWriter, EndsRowGroupsAtFlushAndWhenTheyAreFull) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*SomeTable(2500, true), {.row_group_rows = 1000}));
  ReadOptions options;
  options.batch_rows = 10'000;
  ASSERT_OK_AND_ASSIGN(const auto reader, Parquet().OpenReader(InMemory("a.parquet", file), options));
  std::vector<int64_t> rows;
  while (auto task = reader->Next().ValueOrDie()) rows.push_back((*task)().ValueOrDie()->num_rows());
  EXPECT_THAT(rows, ::testing::ElementsAre(1000, 1000, 500));
}

TEST(ParquetWriter, TakesDenseAndDictionaryBatchesInOneRowGroup) {
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  const auto dense = SomeTable(10, false)->CombineChunksToBatch().ValueOrDie();
  const auto encoded = SomeTable(10, true)->CombineChunksToBatch().ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto writer, Parquet().OpenWriter(sink, dense->schema(), {}));
  ASSERT_OK(writer->Write(dense));
  ASSERT_OK(writer->Write(encoded->Slice(3, 4)));
  ASSERT_OK(writer->Close());
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.parquet", sink->Finish().ValueOrDie()->ToString())));
  EXPECT_EQ(back->num_rows(), 14);
  EXPECT_TRUE(back->Slice(10)->CombineChunksToBatch().ValueOrDie()->Equals(*dense->Slice(3, 4)));
}

TEST(ParquetWriter, WritesValuesThatAreMostlyDistinct) {
  std::string text = "a,b\n";
  for (int i = 0; i < 20'000; ++i) text += "value " + std::to_string(i) + ",\n";
  ReadOptions options;
  options.dictionary_strings = true;
  options.block_bytes = 1000;
  ASSERT_OK_AND_ASSIGN(const auto encoded, ReadStrings(InMemory("a.csv", text), options));
  ASSERT_OK_AND_ASSIGN(const auto dense, ReadStrings(InMemory("a.csv", text)));
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.parquet", Written(*encoded).ValueOrDie())));
  EXPECT_TRUE(back->Equals(*dense));
}

TEST(ParquetWriter, WritesEveryCompression) {
  const auto table = SomeTable(100, false);
  for (const std::string name : {"snappy", "zstd", "gzip", "none"}) {
    ASSERT_OK_AND_ASSIGN(const auto back,
                         ReadAll(InMemory("a.parquet", Written(*table, {.compression = name}).ValueOrDie())));
    EXPECT_TRUE(back->Equals(*table)) << name;
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "no compression lzma; known: snappy, zstd, gzip, brotli, lz4, none",
               Written(*table, {.compression = "lzma"}));
}

TEST(ParquetWriter, WritesAValidFileWithoutRows) {
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.parquet", Written(*SomeTable(0, false)).ValueOrDie())));
  EXPECT_EQ(back->num_rows(), 0);
  EXPECT_EQ(back->num_columns(), 5);
}

TEST(ParquetWriter, RefusesBatchesThatDoNotFit) {
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_OK_AND_ASSIGN(
      const auto writer,
      Parquet().OpenWriter(sink, arrow::schema({arrow::field("a", arrow::int64(), /*nullable=*/false)}), {}));
  const auto batch = [](const std::string& text) {
    return ReadAll(InMemory("a.csv", text)).ValueOrDie()->CombineChunksToBatch().ValueOrDie();
  };
  ASSERT_FAILS(ErrorKind::kInvalid, "column a: expected int64", writer->Write(batch("a\nx\n")));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected a batch of 1 columns", writer->Write(batch("a,b\n1,2\n")));
  ASSERT_FAILS(ErrorKind::kInvalid, "expected no nulls, found 1", writer->Write(batch("a\n1\n\n")));
  ASSERT_OK(writer->Write(batch("a\n1\n")));
  ASSERT_OK(writer->Close());
  EXPECT_EQ(writer->bytes_written().ValueOrDie(), sink->Finish().ValueOrDie()->size());
}

TEST(ParquetReader, SlicesRowGroupsAndDecodesThemInAnyOrderOnAnyThread) {
  const auto table = SomeTable(2500, false);
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*table, {.row_group_rows = 1000}));
  for (const int64_t batch_rows : {1, 300, 1000, 4000}) {
    ReadOptions options;
    options.batch_rows = batch_rows;
    ASSERT_OK_AND_ASSIGN(const auto reader, Parquet().OpenReader(InMemory("a.parquet", file), options));
    std::vector<DecodeTask> tasks;
    while (auto task = reader->Next().ValueOrDie()) tasks.push_back(*std::move(task));
    arrow::RecordBatchVector batches(tasks.size());
    std::atomic<size_t> next = 0;
    const auto work = [&] {
      for (size_t i = next++; i < tasks.size(); i = next++)
        batches[tasks.size() - 1 - i] = tasks[tasks.size() - 1 - i]().ValueOrDie();
    };
    std::thread other(work);
    work();
    other.join();
    for (const auto& batch : batches) EXPECT_LE(batch->num_rows(), batch_rows);
    EXPECT_TRUE(arrow::Table::FromRecordBatches(table->schema(), batches).ValueOrDie()->Equals(*table));
  }
}

TEST(ParquetReader, ReadsTheColumnsAskedForInTheOrderAskedForAndTheTypesAskedFor) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*SomeTable(3, false)));
  const auto read = [&](const ReadOptions& options) { return ReadAll(InMemory("a.parquet", file), options); };
  ASSERT_OK_AND_ASSIGN(const auto table,
                       read(WithSchema({arrow::field("price", arrow::decimal128(20, 4)),
                                        arrow::field("id", arrow::int32()), arrow::field("none", arrow::null())})));
  EXPECT_THAT(Rows(*table), ::testing::ElementsAre("0.2500|0|null", "1.2500|1|null", "2.2500|2|null"));
  EXPECT_EQ(InfoOf(read(WithSchema({arrow::field("price", arrow::decimal128(12, 1))})).status()).code, kTypeConflict);
  EXPECT_EQ(InfoOf(read(WithSchema({arrow::field("id", arrow::null())})).status()).code, kTypeConflict);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.parquet, row group 0, column name: expected int64",
               read(WithSchema({arrow::field("name", arrow::int64())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.parquet: no column x in the file",
               read(WithSchema({arrow::field("x", arrow::int64())})));
  ASSERT_OK_AND_ASSIGN(const auto reader, Parquet().OpenReader(InMemory("a.parquet", file), WithSchema({})));
  EXPECT_EQ((*reader->Next().ValueOrDie())().ValueOrDie()->num_rows(), 3);
}

TEST(ParquetReader, GivesStringsAsDictionaries) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*SomeTable(300, false)));
  ReadOptions options;
  options.dictionary_strings = true;
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.parquet", file), options));
  EXPECT_EQ(table->schema()->field(1)->type()->ToString(), "dictionary<values=string, indices=int32, ordered=0>");
  EXPECT_EQ(Rows(*table), Rows(*SomeTable(300, false)));
}

TEST(ParquetReader, RefusesToRoundFloats) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv", "a\n0.5\n0.1\n")));
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*table));
  EXPECT_EQ(
      InfoOf(ReadAll(InMemory("a.parquet", file), WithSchema({arrow::field("a", arrow::float32())})).status()).code,
      kTypeConflict);
  ASSERT_OK_AND_ASSIGN(const auto half, Written(*table->Slice(0, 1)));
  ASSERT_OK(ReadAll(InMemory("a.parquet", half), WithSchema({arrow::field("a", arrow::float32())})));
}

TEST(ParquetReader, InfersFromTheFooter) {
  ASSERT_OK_AND_ASSIGN(const auto inferred,
                       Parquet().Infer(InMemory("a.parquet", Written(*SomeTable(7, false)).ValueOrDie()), {}));
  EXPECT_TRUE(inferred.complete);
  EXPECT_EQ(inferred.rows_seen, 7);
  EXPECT_EQ(inferred.schema->num_fields(), 5);
}

TEST(ParquetReader, SaysWhatIsNoParquet) {
  for (const std::string content : {"", "PAR1", "a,b\n1,2\n1,2,3,4,5,6,7", "PAR1xxxxxxxxPAR1"}) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.parquet: ", ReadAll(InMemory("a.parquet", content)));
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.parquet: ", Parquet().Infer(InMemory("a.parquet", content), {}));
  }
}

TEST(ParquetReader, NamesRowGroupAndColumnOfADamagedPage) {
  ASSERT_OK_AND_ASSIGN(auto file, Written(*SomeTable(2000, false), {.compression = "zstd", .row_group_rows = 1000}));
  // The first column's first page follows the magic number.
  for (size_t at = 4; at < 60; ++at) file[at] = static_cast<char>(0xff);
  ASSERT_FAILS(ErrorKind::kCorrupt, "read a.parquet, row group 0, column id: ", ReadAll(InMemory("a.parquet", file)));
  ASSERT_OK(ReadAll(InMemory("a.parquet", file), WithSchema({arrow::field("name", arrow::utf8())})));
}

TEST(ParquetReader, NeverCrashesOnADamagedFile) {
  ASSERT_OK_AND_ASSIGN(const auto file, Written(*SomeTable(200, true)));
  for (size_t at = 0; at < file.size(); at += 3) {
    auto damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    (void)ReadAll(InMemory("a.parquet", damaged));
  }
  for (size_t keep = 0; keep < file.size(); keep += 97) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.parquet", ReadAll(InMemory("a.parquet", file.substr(0, keep))));
  }
}

}  // namespace
}  // namespace glaux
