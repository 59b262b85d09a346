#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "glaux/format/inflate_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

const Format& Orc() { return *FormatByName("orc").ValueOrDie(); }

/// A file that pyarrow wrote: id int64, name string with nulls, price decimal, at timestamp, tags list<string>.
std::string WrittenByPyarrow(int rows, const std::string& compression, int stripe_bytes,
                             const std::string& columns = "id,name,price,at,tags") {
  const testing::TempDir folder;
  const auto script = folder.Write("write.py", R"(
import datetime, decimal, sys
import pyarrow as pa
from pyarrow import orc
rows = range(int(sys.argv[2]))
table = pa.table({
    "id": pa.array(list(rows), pa.int64()),
    "name": pa.array([None if i % 5 == 0 else "name %d" % (i % 7) for i in rows], pa.string()),
    "price": pa.array([decimal.Decimal(i * 100 + 25) / 100 for i in rows], pa.decimal128(12, 2)),
    "at": pa.array([datetime.datetime(2025, 1, 1) + datetime.timedelta(seconds=i) for i in rows], pa.timestamp("ns")),
    "tags": pa.array([["t"] * (i % 3) for i in rows], pa.list_(pa.string())),
}).select(sys.argv[5].split(","))
with orc.ORCWriter(sys.argv[1], compression=sys.argv[3], stripe_size=int(sys.argv[4]), batch_size=1000) as writer:
    for batch in table.to_batches(max_chunksize=1000):
        writer.write(pa.Table.from_batches([batch]))
)");
  const std::string path = folder / "a.orc";
  const std::string command = std::string(GLAUX_PYTHON) + " " + script + " " + path + " " + std::to_string(rows) + " " +
                              compression + " " + std::to_string(stripe_bytes) + " " + columns;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return testing::ReadFileOrDie(path);
}

#define GLAUX_PYARROW_OR_SKIP() \
  if (!std::filesystem::exists(GLAUX_PYTHON)) GTEST_SKIP() << "no pyarrow to write ORC files with: " << GLAUX_PYTHON

std::string Row(int i) {
  std::string tags;
  for (int j = 0; j < i % 3; ++j) tags += std::string(j > 0 ? "," : "") + "\n    \"t\"";
  return std::to_string(i) + "|" + (i % 5 == 0 ? "null" : "name " + std::to_string(i % 7)) + "|" + std::to_string(i) +
         ".25";
}

std::vector<std::string> Expected(int rows) {
  std::vector<std::string> expected;
  for (int i = 0; i < rows; ++i) expected.push_back(Row(i));
  return expected;
}

ReadOptions FirstColumns() {
  return WithSchema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8()),
                     arrow::field("price", arrow::decimal128(12, 2))});
}

TEST(Orc, IsReadInBatchesOfAnySize) {
  GLAUX_PYARROW_OR_SKIP();
  for (const std::string compression : {"uncompressed", "zlib", "zstd", "snappy", "lz4"}) {
    const auto input = InMemory("a.orc", WrittenByPyarrow(30'000, compression, 65'536));
    ASSERT_OK_AND_ASSIGN(const auto inferred, Orc().Infer(input, {}));
    EXPECT_EQ(Types(*inferred.schema),
              "id: int64, name: string, price: decimal128(12, 2), at: timestamp[ns], tags: list<item: string>");
    EXPECT_EQ(inferred.rows_seen, 30'000);
    for (const int64_t batch_rows : {777, 1 << 20}) {
      auto options = FirstColumns();
      options.batch_rows = batch_rows;
      EXPECT_EQ(Rows(*ReadAll(input, options).ValueOrDie()), Expected(30'000)) << compression;
    }
    EXPECT_EQ(ReadAll(input).ValueOrDie()->num_columns(), 5);
  }
}

TEST(Orc, GivesTheColumnsThatAreAskedFor) {
  GLAUX_PYARROW_OR_SKIP();
  const auto input = InMemory("a.orc", WrittenByPyarrow(20, "zlib", 65'536));
  ASSERT_OK_AND_ASSIGN(const auto table,
                       ReadAll(input, WithSchema({arrow::field("at", arrow::timestamp(arrow::TimeUnit::SECOND)),
                                                  arrow::field("id", arrow::int16())})));
  EXPECT_EQ(Rows(*table)[7], "2025-01-01 00:00:07|7");
  EXPECT_EQ(ReadAll(input, WithSchema({})).ValueOrDie()->num_rows(), 20);
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.orc: no column x",
               ReadAll(input, WithSchema({arrow::field("x", arrow::utf8())})));
  const auto conflict = ReadAll(input, WithSchema({arrow::field("price", arrow::int64())}));
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.orc, stripe 0, column price: expected int64", conflict);
  EXPECT_EQ(InfoOf(conflict.status()).code, kTypeConflict);
}

TEST(Orc, GivesDictionaries) {
  GLAUX_PYARROW_OR_SKIP();
  auto options = FirstColumns();
  options.dictionary_strings = true;
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.orc", WrittenByPyarrow(50, "zlib", 65'536)), options));
  EXPECT_EQ(table->schema()->field(1)->type()->ToString(), "dictionary<values=string, indices=int32, ordered=0>");
  EXPECT_EQ(Rows(*table), Expected(50));
}

TEST(Orc, IsDecodedOnSeveralThreadsInAnyOrder) {
  GLAUX_PYARROW_OR_SKIP();
  auto options = FirstColumns();
  options.batch_rows = 1000;
  ASSERT_OK_AND_ASSIGN(const auto reader,
                       Orc().OpenReader(InMemory("a.orc", WrittenByPyarrow(30'000, "zlib", 65'536)), options));
  std::vector<DecodeTask> tasks;
  while (auto task = reader->Next().ValueOrDie()) tasks.push_back(*std::move(task));
  ASSERT_GE(tasks.size(), 30u);
  std::vector<std::shared_ptr<arrow::RecordBatch>> batches(tasks.size());
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (size_t i = tasks.size(); i-- > 0;) {
        if (i % 4 == thread) batches[i] = tasks[i]().ValueOrDie();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Rows(*arrow::Table::FromRecordBatches(batches).ValueOrDie()), Expected(30'000));
}

TEST(Orc, IsReadCompressedAgain) {
  GLAUX_PYARROW_OR_SKIP();
  const auto stored = WrittenByPyarrow(20, "zlib", 65'536);
  EXPECT_EQ(Rows(*ReadAll(InMemory("a.orc.zst", Compressed(stored, "zstd").ValueOrDie()), FirstColumns()).ValueOrDie()),
            Expected(20));
}

TEST(Orc, NoticesEveryCut) {
  GLAUX_PYARROW_OR_SKIP();
  const auto stored = WrittenByPyarrow(20, "zlib", 65'536);
  for (size_t keep = 0; keep < stored.size(); ++keep) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.orc", ReadAll(InMemory("a.orc", stored.substr(0, keep))));
  }
}

// The library itself dies of many of these: of lengths of strings that cannot be, and of a decimal's precision.
TEST(Orc, SurvivesFlippedBits) {
  GLAUX_PYARROW_OR_SKIP();
  for (const std::string compression : {"zlib", "uncompressed"}) {
    const auto stored = WrittenByPyarrow(20, compression, 65'536);
    for (size_t at = 0; at < stored.size(); ++at) {
      auto damaged = stored;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
      const auto back = ReadAll(InMemory("a.orc", damaged));
      if (back.ok()) continue;  // the format has no checksums
      EXPECT_THAT(back.status().message(), ::testing::HasSubstr("a.orc"));
      EXPECT_NE(KindOf(back.status()), ErrorKind::kOther) << back.status().ToString();
    }
  }
}

TEST(Orc, IsNotWritten) {
  ASSERT_FAILS(ErrorKind::kNotImplemented, "parquet, arrow, csv and txt are written",
               Orc().OpenWriter(nullptr, arrow::schema({}), {}));
}

}  // namespace
}  // namespace glaux
