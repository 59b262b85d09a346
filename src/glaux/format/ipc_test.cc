#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <gtest/gtest.h>

#include <thread>

#include "glaux/format/inflate_for_test.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;

const Format& Ipc() { return *FormatByName("arrow").ValueOrDie(); }

/// Three batches, the last of them smaller. \param dictionaries the name comes as a dictionary
std::shared_ptr<arrow::Table> SomeTable(bool dictionaries = false) {
  std::string text = "id,name,price\n";
  for (int i = 0; i < 25; ++i) {
    text += std::to_string(i) + "," + (i % 5 == 0 ? "" : "name " + std::to_string(i % 3)) + "," + std::to_string(i) +
            ".25\n";
  }
  auto options = WithSchema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()),
                             arrow::field("price", arrow::decimal128(12, 2))});
  options.dictionary_strings = dictionaries;
  return ReadAll(InMemory("a.csv", text), options).ValueOrDie();
}

enum class Kind { kFile, kStream };

std::string Stored(const arrow::Table& table, Kind kind,
                   arrow::Compression::type codec = arrow::Compression::UNCOMPRESSED) {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  if (codec != arrow::Compression::UNCOMPRESSED) options.codec = arrow::util::Codec::Create(codec).ValueOrDie();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto writer = kind == Kind::kFile ? arrow::ipc::MakeFileWriter(sink, table.schema(), options).ValueOrDie()
                                          : arrow::ipc::MakeStreamWriter(sink, table.schema(), options).ValueOrDie();
  EXPECT_OK(writer->WriteTable(table, 10));
  EXPECT_OK(writer->Close());
  return sink->Finish().ValueOrDie()->ToString();
}

class IpcKinds : public ::testing::TestWithParam<Kind> {};

TEST_P(IpcKinds, AreReadWithAndWithoutCompressedBuffers) {
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD, arrow::Compression::LZ4_FRAME}) {
    for (const bool dictionaries : {false, true}) {
      const auto input = InMemory("a.arrow", Stored(*SomeTable(dictionaries), GetParam(), codec));
      EXPECT_EQ(Types(*Ipc().Infer(input, {}).ValueOrDie().schema),
                "id: int64, name: string, price: decimal128(12, 2)");
      EXPECT_EQ(Rows(*ReadAll(input).ValueOrDie()), Rows(*SomeTable()));
    }
  }
}

TEST_P(IpcKinds, GiveTheColumnsThatAreAskedFor) {
  const auto input = InMemory("a.arrow", Stored(*SomeTable(), GetParam()));
  ASSERT_OK_AND_ASSIGN(
      const auto table,
      ReadAll(input, WithSchema({arrow::field("price", arrow::float64()), arrow::field("id", arrow::int8())})));
  EXPECT_EQ(table->num_rows(), 25);
  EXPECT_EQ(Rows(*table)[7], "7.25|7");
  EXPECT_EQ(ReadAll(input, WithSchema({})).ValueOrDie()->num_rows(), 25);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.arrow: no column x",
               ReadAll(input, WithSchema({arrow::field("x", arrow::utf8())})));
  const auto conflict = ReadAll(input, WithSchema({arrow::field("price", arrow::int64())}));
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.arrow, batch 0, column price: expected int64", conflict);
  EXPECT_EQ(InfoOf(conflict.status()).code, kTypeConflict);
}

TEST_P(IpcKinds, GiveDictionaries) {
  ReadOptions options;
  options.dictionary_strings = true;
  for (const bool dictionaries : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const auto table,
                         ReadAll(InMemory("a.arrow", Stored(*SomeTable(dictionaries), GetParam())), options));
    EXPECT_EQ(table->schema()->field(1)->type()->ToString(), "dictionary<values=string, indices=int32, ordered=0>");
    EXPECT_EQ(Rows(*table), Rows(*SomeTable()));
  }
}

TEST_P(IpcKinds, AreReadCompressed) {
  const auto stored = Stored(*SomeTable(), GetParam());
  EXPECT_EQ(ReadAll(InMemory("a.arrow.gz", Compressed(stored, "gzip").ValueOrDie())).ValueOrDie()->num_rows(), 25);
}

TEST_P(IpcKinds, AreDecodedOnSeveralThreads) {
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       Ipc().OpenReader(InMemory("a.arrow", Stored(*SomeTable(true), GetParam())), {}));
  std::vector<std::thread> threads;
  std::vector<int64_t> rows(3);
  for (size_t i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(auto task, reader->Next());
    threads.emplace_back([task = *task, &rows, i] { rows[i] = task().ValueOrDie()->num_rows(); });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_THAT(rows, ElementsAre(10, 10, 5));
  EXPECT_FALSE(reader->Next().ValueOrDie().has_value());
}

TEST_P(IpcKinds, NoticeEveryCut) {
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD}) {
    const auto stored = Stored(*SomeTable(true), GetParam(), codec);
    for (size_t keep = 0; keep < stored.size(); ++keep) {
      ASSERT_FAILS(ErrorKind::kCorrupt, "read a.arrow", ReadAll(InMemory("a.arrow", stored.substr(0, keep))));
    }
  }
}

TEST_P(IpcKinds, SurviveEveryFlippedBit) {
  for (const auto codec : {arrow::Compression::UNCOMPRESSED, arrow::Compression::ZSTD}) {
    const auto stored = Stored(*SomeTable(true), GetParam(), codec);
    for (size_t at = 0; at < stored.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        auto damaged = stored;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const auto back = ReadAll(InMemory("a.arrow", damaged));
        if (back.ok()) continue;  // the format has no checksums
        EXPECT_THAT(back.status().message(), ::testing::HasSubstr("a.arrow"));
        EXPECT_NE(KindOf(back.status()), ErrorKind::kOther) << back.status().ToString();
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, IpcKinds, ::testing::Values(Kind::kFile, Kind::kStream),
                         [](const auto& info) { return info.param == Kind::kFile ? "File" : "Stream"; });

TEST(Ipc, RefusesWhatFollowsAStream) {
  const auto stored = Stored(*SomeTable(), Kind::kStream);
  ASSERT_FAILS(ErrorKind::kCorrupt, "something follows the end of the stream, at byte " + std::to_string(stored.size()),
               ReadAll(InMemory("a.arrow", stored + stored)));
}

TEST(Ipc, RefusesOtherFiles) {
  ASSERT_FAILS(ErrorKind::kCorrupt, "read a.arrow: the file is empty", ReadAll(InMemory("a.arrow", "")));
  ASSERT_FAILS(ErrorKind::kCorrupt, "read a.arrow", ReadAll(InMemory("a.arrow", "id,name\n1,x\n")));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "Feather files of version 1", ReadAll(InMemory("a.feather", "FEA1....")));
}

TEST(Ipc, WritesFiles) {
  const auto plain = SomeTable(false)->CombineChunksToBatch().ValueOrDie();
  const auto encoded = SomeTable(true)->CombineChunksToBatch().ValueOrDie();
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_OK_AND_ASSIGN(const auto writer, Ipc().OpenWriter(sink, plain->schema(), {}));
  ASSERT_OK(writer->Write(plain));
  ASSERT_OK(writer->Write(encoded));
  ASSERT_FAILS(ErrorKind::kInvalid, "write arrow: expected a batch of 3 columns, found 1",
               writer->Write(plain->SelectColumns({0}).ValueOrDie()));
  ASSERT_FAILS(ErrorKind::kInvalid, "write arrow, column id: expected int64, found a batch with string",
               writer->Write(plain->SelectColumns({1, 1, 2}).ValueOrDie()));
  ASSERT_OK(writer->Close());
  EXPECT_GT(writer->bytes_written().ValueOrDie(), 1000);
  const auto stored = sink->Finish().ValueOrDie()->ToString();
  EXPECT_TRUE(stored.starts_with("ARROW1"));
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.arrow", stored)));
  EXPECT_EQ(back->num_rows(), 50);
  EXPECT_EQ(Rows(*back->Slice(25)), Rows(*SomeTable()));
}

TEST(Ipc, WritesAnEmptyFile) {
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_OK_AND_ASSIGN(const auto writer, Ipc().OpenWriter(sink, SomeTable()->schema(), {}));
  ASSERT_OK(writer->Close());
  ASSERT_OK_AND_ASSIGN(const auto back, ReadAll(InMemory("a.arrow", sink->Finish().ValueOrDie()->ToString())));
  EXPECT_EQ(back->num_rows(), 0);
  EXPECT_EQ(back->num_columns(), 3);
}

}  // namespace
}  // namespace glaux
