#include "glaux/engine/duckdb/read_ahead_internal.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <atomic>
#include <random>
#include <set>
#include <thread>

#include "glaux/store/memory_store.h"
#include "glaux/testing/forwarding_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::duckdb_engine {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kMiB = 1 << 20;

/// Counts Gets, and how many bytes of them nobody has taken over yet.
class SlowStore : public testing::ForwardingStore {
 public:
  SlowStore() : ForwardingStore(MakeMemoryStore()) {}

  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ++gets;
    const int now = ++running;
    for (int most = most_running; now > most && !most_running.compare_exchange_weak(most, now);) {
    }
    std::this_thread::sleep_for(delay);
    --running;
    if (key == broken) return MakeError(ErrorKind::kUnavailable, "get ", key, ": the line is dead");
    auto bytes = store_->Get(key, options);
    if (bytes.ok()) total += (*bytes)->size();
    return bytes;
  }

  std::chrono::milliseconds delay{0};
  std::string broken;
  std::atomic<int> gets{0}, running{0}, most_running{0};
  std::atomic<int64_t> total{0};
};

class ReadAheadTest : public ::testing::Test {
 protected:
  /// Bytes that tell where they stand.
  static std::string Content(int64_t size, uint32_t seed) {
    std::string text(static_cast<size_t>(size), '\0');
    std::mt19937 random(seed);
    for (char& c : text) c = static_cast<char>(random());
    return text;
  }

  /// A Parquet file of three columns in row groups; the strings do not compress.
  static std::string Parquet(int groups, int rows_a_group, int width) {
    arrow::Int64Builder ids;
    arrow::StringBuilder texts, others;
    for (int row = 0; row < groups * rows_a_group; ++row) {
      EXPECT_OK(ids.Append(row));
      EXPECT_OK(texts.Append(Content(width, static_cast<uint32_t>(row))));
      EXPECT_OK(others.Append(Content(width, static_cast<uint32_t>(row) + 1'000'000)));
    }
    const auto table =
        arrow::Table::Make(arrow::schema({arrow::field("Id", arrow::int64()), arrow::field("text", arrow::utf8()),
                                          arrow::field("other", arrow::utf8())}),
                           {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie(), others.Finish().ValueOrDie()});
    auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
    const auto properties = parquet::WriterProperties::Builder().disable_dictionary()->build();
    EXPECT_OK(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink, rows_a_group, properties));
    return sink->Finish().ValueOrDie()->ToString();
  }

  void Put(const std::string& key, std::string content) {
    const auto info = PutString(*store_, key, content);
    ASSERT_OK(info);
    objects_.push_back(*info);
    contents_.push_back(std::move(content));
  }

  std::shared_ptr<OpenedFile> Open(size_t i) {
    std::lock_guard lock(mutex_);
    auto file = files_[i].lock();
    if (file == nullptr)
      files_[i] = file = std::make_shared<OpenedFile>("s3://b/" + objects_[i].key, store_, objects_[i]);
    return file;
  }

  std::shared_ptr<ReadAhead> Begin(ReadAheadOptions options) {
    files_.resize(objects_.size());
    auto ahead = std::make_shared<ReadAhead>(
        objects_.size(), [this](size_t i) -> Result<std::shared_ptr<OpenedFile>> { return Open(i); },
        std::move(options));
    ahead->Begin();
    return ahead;
  }

  std::string Read(OpenedFile& file, int64_t offset, int64_t length) {
    std::string out(static_cast<size_t>(length), '\0');
    const Status status = file.ReadAt(offset, std::as_writable_bytes(std::span(out)), {});
    return status.ok() ? out : "<" + status.message();
  }

  std::shared_ptr<SlowStore> store_ = std::make_shared<SlowStore>();
  std::vector<ObjectInfo> objects_;
  std::vector<std::string> contents_;
  std::mutex mutex_;
  std::vector<std::weak_ptr<OpenedFile>> files_;
};

TEST_F(ReadAheadTest, ASmallFileComesWithOneGet) {
  Put("a", Content(900'000, 1));
  files_.resize(1);
  const auto file = Open(0);
  EXPECT_EQ(Read(*file, 899'992, 8), contents_[0].substr(899'992));
  EXPECT_EQ(Read(*file, 5, 1000), contents_[0].substr(5, 1000));
  EXPECT_EQ(store_->gets, 1);
  EXPECT_THAT(Read(*file, 899'993, 8), HasSubstr("it has 900000"));
}

TEST_F(ReadAheadTest, AnyReadOfPlannedPiecesAndGapsGivesTheBytesOfTheFile) {
  Put("a", Content(30 * kMiB, 2));
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    files_.assign(1, {});
    const auto file = Open(0);
    std::vector<WantedRange> ranges;
    for (int i = 0; i < 12; ++i) {
      const int64_t offset = random() % (30 * kMiB);
      ranges.push_back(
          {.offset = offset, .length = static_cast<int64_t>(random() % (30 * kMiB - offset) / (1 + random() % 20))});
    }
    const auto pieces = file->Plan(ranges);
    for (size_t i = 0; i < pieces.size(); i += 2) file->Fetch(*pieces[i], {});
    for (int i = 0; i < 40; ++i) {
      const int64_t offset = random() % (30 * kMiB),
                    length = random() % std::min<int64_t>(3 * kMiB, 30 * kMiB - offset);
      ASSERT_EQ(Read(*file, offset, length), contents_[0].substr(offset, length)) << offset << " " << length;
    }
    ASSERT_EQ(Read(*file, 0, 30 * kMiB), contents_[0]);
  }
}

TEST_F(ReadAheadTest, ChunksOfTheWantedColumnsAreFound) {
  const std::string content = Parquet(3, 1000, 700);
  const auto all = ColumnChunks(arrow::Buffer(content), static_cast<int64_t>(content.size()), {"id", "TEXT"});
  ASSERT_EQ(all.size(), 6u);
  for (const auto& chunk : all) EXPECT_LE(chunk.offset + chunk.length, static_cast<int64_t>(content.size()));
  EXPECT_GT(all[1].length, 700'000);
  const std::string cut = content.substr(content.size() - 20);
  EXPECT_TRUE(ColumnChunks(arrow::Buffer(cut), static_cast<int64_t>(content.size()), {"id"}).empty());
  const std::string no_parquet = Content(1000, 1);
  EXPECT_TRUE(ColumnChunks(arrow::Buffer(no_parquet), 1000, {"id"}).empty());
  std::string broken = content;
  for (size_t i = broken.size() - 100; i < broken.size() - 8; ++i) broken[i] = '\xFF';
  EXPECT_TRUE(ColumnChunks(arrow::Buffer(broken), static_cast<int64_t>(broken.size()), {"id"}).empty());
}

TEST_F(ReadAheadTest, WhatAScanReadsIsThereBeforeItIsAskedFor) {
  for (int i = 0; i < 4; ++i) Put("f" + std::to_string(i), Parquet(2, 1000, 700));
  const auto ahead = Begin({.columns = {"id", "text"}});
  // A footer and two row groups with one Get each: "id" and "text" stand beside each other.
  for (int i = 0; store_->gets < 4 * 3 && i < 500; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(store_->gets, 4 * 3);
  for (size_t i = 0; i < 4; ++i) {
    const auto file = Open(i);
    ahead->Opened(i);
    const arrow::Buffer whole(contents_[i]);
    for (const auto& chunk : ColumnChunks(whole, file->size(), {"id", "text"})) {
      EXPECT_EQ(Read(*file, chunk.offset, chunk.length), contents_[i].substr(chunk.offset, chunk.length));
    }
  }
  EXPECT_EQ(store_->gets, 4 * 3);
}

TEST_F(ReadAheadTest, MemoryIsBoundedWhateverTheFilesHold) {
  for (int i = 0; i < 6; ++i) Put("f" + std::to_string(i), Parquet(4, 1000, 1500));
  const auto ahead = Begin({.columns = {"text"}, .memory = 4 * kMiB});
  int64_t read = 0;
  for (size_t i = 0; i < objects_.size(); ++i) {
    const auto file = Open(i);
    ahead->Opened(i);
    const arrow::Buffer whole(contents_[i]);
    for (const auto& chunk : ColumnChunks(whole, file->size(), {"text"})) {
      std::this_thread::sleep_for(std::chrono::milliseconds(30));
      EXPECT_LE(store_->total - read, 4 * kMiB + 6 * (64 << 10) + 2 * kMiB);
      EXPECT_EQ(Read(*file, chunk.offset, chunk.length), contents_[i].substr(chunk.offset, chunk.length));
      read += chunk.length;
    }
  }
  // No byte came twice.
  EXPECT_LE(store_->total, read + 6 * (64 << 10));
}

TEST_F(ReadAheadTest, AQueryThatStopsAfterAFewRowsHasNotReadAll) {
  for (int i = 0; i < 40; ++i) Put("f" + std::to_string(i), Parquet(1, 1000, 1500));
  auto ahead = Begin({.columns = {"text"}});
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  ahead.reset();
  EXPECT_LE(store_->total, 10 * kMiB);
}

TEST_F(ReadAheadTest, AnErrorIsToldByTheReadThatNeedsTheBytes) {
  Put("good", Parquet(1, 1000, 1500));
  Put("bad", Parquet(1, 1000, 1500));
  store_->broken = "bad";
  const auto ahead = Begin({.columns = {"text"}});
  const auto good = Open(0), bad = Open(1);
  EXPECT_EQ(Read(*good, 4, 100), contents_[0].substr(4, 100));
  const std::string told = Read(*bad, bad->size() - 8, 8);
  EXPECT_THAT(told, HasSubstr("read s3://b/bad"));
  EXPECT_THAT(told, HasSubstr("the line is dead"));
}

TEST_F(ReadAheadTest, AnObjectThatIsReplacedMeanwhileIsAnError) {
  Put("a", Content(3 * kMiB, 1));
  files_.resize(1);
  const auto file = Open(0);
  EXPECT_EQ(Read(*file, 3 * kMiB - 8, 8), contents_[0].substr(3 * kMiB - 8));
  ASSERT_OK(PutString(*store_, "a", Content(3 * kMiB, 2)));
  EXPECT_THAT(Read(*file, 0, 100), HasSubstr("it was replaced after the query was planned"));
  ASSERT_OK(store_->Delete(std::vector<std::string>{"a"}).status());
  EXPECT_THAT(Read(*file, 0, 100), HasSubstr("it was deleted after the query was planned"));
}

TEST_F(ReadAheadTest, AStoppedQueryBeginsNoGet) {
  for (int i = 0; i < 10; ++i) Put("f" + std::to_string(i), Parquet(1, 100, 1500));
  auto source = arrow::StopSource();
  source.RequestStop();
  auto ahead = Begin({.columns = {"text"}, .query = {.stop = source.token()}});
  ahead.reset();
  EXPECT_EQ(store_->gets, 0);
}

TEST_F(ReadAheadTest, ManyFilesAreOnTheirWayAtOnce) {
  for (int i = 0; i < 60; ++i) Put("f" + std::to_string(i), Content(1000, static_cast<uint32_t>(i)));
  store_->delay = std::chrono::milliseconds(20);
  const auto ahead = Begin({.columns = {"text"}});
  for (size_t i = 0; i < 60; ++i) {
    const auto file = Open(i);
    ahead->Opened(i);
    EXPECT_EQ(Read(*file, 0, 1000), contents_[i]);
  }
  EXPECT_EQ(store_->gets, 60);
  EXPECT_GE(store_->most_running, 12);
}

TEST_F(ReadAheadTest, ScansThatEndEarlyOrDropFilesLeaveNothingRunning) {
  for (int i = 0; i < 50; ++i) Put("f" + std::to_string(i), Parquet(1, 100, 1500));
  store_->delay = std::chrono::milliseconds(1);
  for (int round = 0; round < 30; ++round) {
    auto ahead = Begin({.columns = {"text"}, .memory = kMiB});
    for (size_t i = static_cast<size_t>(round) % 3; i < 50; i += 1 + static_cast<size_t>(round) % 5) {
      const auto file = Open(i);
      ahead->Opened(i);
      ASSERT_EQ(Read(*file, 4, 1000), contents_[i].substr(4, 1000));
      if (i > static_cast<size_t>(round)) break;
    }
    ahead.reset();
    EXPECT_EQ(store_->running, 0);
  }
}

}  // namespace
}  // namespace glaux::duckdb_engine
