#include "glaux/store/parallel_get.h"

#include <atomic>
#include <random>

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

std::string Body(size_t size) {
  std::string body(size, '\0');
  for (size_t i = 0; i < size; ++i) body[i] = static_cast<char>(i * 31 + i / 251);
  return body;
}

ObjectInfo Write(ObjectStore& store, const std::string& body) { return PutString(store, "k", body).ValueOrDie(); }

TEST(ParallelGet, ThePiecesComeInOrderAndWhole) {
  const auto store = MakeMemoryStore();
  for (const size_t size : {0, 1, 99, 100, 101, 1000, 12'345}) {
    const std::string body = Body(size);
    const auto object = Write(*store, body);
    std::string read;
    ASSERT_OK(
        ParallelGet(*store, object, {.piece_size = 100, .max_parallel = 7}, [&](std::span<const std::byte> bytes) {
          EXPECT_LE(bytes.size(), 100u);
          read.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
          return Status::OK();
        }));
    EXPECT_EQ(read, body) << size;
    ASSERT_OK_AND_ASSIGN(const auto buffer, ParallelGetBuffer(*store, {.key = "k"}, {.piece_size = 100}));
    EXPECT_EQ(buffer->ToString(), body) << size;
  }
}

TEST(ParallelGet, AnErrorOfTheSinkOrOfAPieceIsTheErrorOfTheCall) {
  const auto store = MakeMemoryStore();
  const auto object = Write(*store, Body(10'000));
  std::atomic<int> pieces{0};
  ASSERT_FAILS(ErrorKind::kCorrupt, "enough",
               ParallelGet(*store, object, {.piece_size = 10, .max_parallel = 8}, [&](std::span<const std::byte>) {
                 return ++pieces == 5 ? MakeError(ErrorKind::kCorrupt, "enough") : Status::OK();
               }));
  EXPECT_EQ(pieces, 5);
  for (int n = 1; n <= 20; ++n) {
    FaultyStore faulty(store, n, FaultyStore::When::kBefore);
    int64_t seen = 0;
    EXPECT_EQ(KindOf(ParallelGet(faulty, object, {.piece_size = 500, .max_parallel = 4},
                                 [&](std::span<const std::byte> bytes) {
                                   seen += static_cast<int64_t>(bytes.size());
                                   return Status::OK();
                                 })),
              ErrorKind::kUnavailable);
    EXPECT_LE(seen, 500 * 19);
  }
}

TEST(ParallelGet, AnObjectThatWasReplacedIsNotMixed) {
  const auto store = MakeMemoryStore();
  const auto object = Write(*store, Body(1000));
  Write(*store, Body(2000));
  EXPECT_EQ(KindOf(ParallelGet(*store, object, {.piece_size = 100}, [](auto) { return Status::OK(); })),
            ErrorKind::kPrecondition);
  EXPECT_EQ(KindOf(ParallelGetBuffer(*store, object, {.piece_size = 100}).status()), ErrorKind::kPrecondition);
}

TEST(ReadRanges, GivesEachRangeInTheOrderAskedFor) {
  const auto store = MakeMemoryStore();
  const std::string body = Body(50'000);
  const auto object = Write(*store, body);
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<ByteRange> ranges(random() % 20);
    for (auto& range : ranges) {
      range.offset = static_cast<int64_t>(random() % body.size());
      range.length = static_cast<int64_t>(random() % (body.size() - range.offset + 1)) / (1 + random() % 50);
    }
    const ReadRangesOptions options{.max_gap = static_cast<int64_t>(random() % 3000),
                                    .max_piece = 1 + static_cast<int64_t>(random() % 9000),
                                    .max_parallel = 4};
    ASSERT_OK_AND_ASSIGN(const auto read, ReadRanges(*store, object, ranges, options));
    ASSERT_EQ(read.size(), ranges.size());
    for (size_t i = 0; i < ranges.size(); ++i) {
      EXPECT_EQ(read[i]->ToString(), body.substr(ranges[i].offset, *ranges[i].length)) << round << ' ' << i;
    }
  }
}

TEST(ReadRanges, NearRangesComeWithOneGet) {
  const auto store = MakeMemoryStore();
  const auto object = Write(*store, Body(10'000));
  const auto gets = [&](std::vector<ByteRange> ranges, const ReadRangesOptions& options) {
    FaultyStore counting(store, 0, FaultyStore::When::kBefore);
    EXPECT_OK(ReadRanges(counting, object, ranges, options));
    return counting.calls();
  };
  EXPECT_EQ(gets({{0, 10}, {100, 10}, {50, 10}}, {.max_gap = 40}), 1);
  EXPECT_EQ(gets({{0, 10}, {100, 10}, {50, 10}}, {.max_gap = 39}), 3);
  EXPECT_EQ(gets({{0, 5000}, {10, 20}, {4000, 100}}, {.max_gap = 0}), 1);
  EXPECT_EQ(gets({{0, 600}, {600, 600}}, {.max_gap = 10, .max_piece = 1000}), 2);
  EXPECT_EQ(gets({{0, 2500}}, {.max_piece = 1000}), 3);
  EXPECT_EQ(gets({}, {}), 0);
}

TEST(ReadRanges, ARangeOutsideOfTheObjectIsInvalid) {
  const auto store = MakeMemoryStore();
  const auto object = Write(*store, Body(100));
  for (const ByteRange& range : {ByteRange{0, 101}, ByteRange{100, 1}, ByteRange{-1, 5}, ByteRange{5, -1},
                                 ByteRange{5, {}}, ByteRange{INT64_MAX, 5}, ByteRange{5, INT64_MAX}}) {
    EXPECT_EQ(KindOf(ReadRanges(*store, object, std::vector{range}).status()), ErrorKind::kInvalid) << range.offset;
  }
}

}  // namespace
}  // namespace glaux::testing
