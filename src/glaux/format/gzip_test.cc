#include "glaux/format/gzip.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <gtest/gtest.h>

#include "glaux/format/byte_source.h"
#include "glaux/format/reading_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

Result<std::string> Decompress(std::string content, int64_t step = 1000, std::string name = "x.gz") {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenDecompressed(InMemory(std::move(name), std::move(content))));
  std::string all;
  while (true) {
    std::string piece(static_cast<size_t>(step), '\0');
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source->Read(step, reinterpret_cast<uint8_t*>(piece.data())));
    all.append(piece, 0, static_cast<size_t>(got));
    if (got < step) return all;
  }
}

std::string SomeText(size_t lines) {
  std::string text;
  for (size_t i = 0; i < lines; ++i) text += std::to_string(i * i * 2654435761U) + " line\n";
  return text;
}

TEST(Gzip, InflatesInPiecesOfAnySize) {
  const auto text = SomeText(3000);
  const auto gzip = testing::Gzip(text);
  for (const int64_t step : {1, 7, 1000, 1 << 20}) {
    ASSERT_OK_AND_ASSIGN(const auto back, Decompress(gzip, step));
    EXPECT_EQ(back, text) << "pieces of " << step;
  }
}

TEST(Gzip, InflatesMembersOneAfterTheOther) {
  std::string gzip;
  std::string text;
  for (size_t i = 0; i < 50; ++i) {
    gzip += testing::Gzip(SomeText(i * 10));
    text += SomeText(i * 10);
  }
  for (const int64_t step : {13, 100'000'000}) {
    ASSERT_OK_AND_ASSIGN(const auto back, Decompress(gzip, step));
    EXPECT_EQ(back, text);
  }
}

TEST(Gzip, AllowsZerosBehindTheLastMemberAndNothingElse) {
  const auto gzip = testing::Gzip("hello");
  EXPECT_EQ(Decompress(gzip + std::string(512, '\0')).ValueOrDie(), "hello");
  ASSERT_FAILS(ErrorKind::kCorrupt, "follows the last gzip member, at byte " + std::to_string(gzip.size()),
               Decompress(gzip + "garbage"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "follows the last gzip member", Decompress(gzip + std::string(9, '\0') + "x"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "follows the last gzip member", Decompress(gzip + std::string(9, '\0') + gzip));
  ASSERT_FAILS(ErrorKind::kCorrupt, "gzip", Decompress(gzip + "\x1fgarbage that is longer than a header"));
}

TEST(Gzip, ChecksTheChecksum) {
  auto gzip = testing::Gzip(SomeText(100));
  gzip[gzip.size() - 6] = static_cast<char>(gzip[gzip.size() - 6] ^ 1);
  ASSERT_FAILS(ErrorKind::kCorrupt, "read x.gz: gzip stream is damaged", Decompress(gzip));
}

TEST(Gzip, NoticesEveryFlippedBitOfDataOrGivesTheSameText) {
  const auto text = SomeText(40);
  const auto gzip = testing::Gzip(text);
  for (size_t at = 0; at < gzip.size(); ++at) {
    auto damaged = gzip;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    const auto back = Decompress(damaged);
    if (back.ok()) {
      EXPECT_EQ(*back, text) << "byte " << at;  // time stamp and such of the header
    } else {
      EXPECT_EQ(KindOf(back.status()), ErrorKind::kCorrupt) << back.status().ToString();
    }
  }
}

TEST(Gzip, NoticesEveryCut) {
  const auto gzip = testing::Gzip(SomeText(40)) + testing::Gzip("tail");
  const size_t first = testing::Gzip(SomeText(40)).size();
  for (size_t keep = 2; keep < gzip.size(); ++keep) {
    if (keep == first) continue;
    ASSERT_FAILS(ErrorKind::kCorrupt, "read x.gz", Decompress(gzip.substr(0, keep)));
  }
}

TEST(Gzip, WritesWhatItReads) {
  for (const size_t lines : {0, 1, 100'000}) {
    ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
    ASSERT_OK_AND_ASSIGN(const auto gzip, OpenGzipOutput(sink));
    const auto text = SomeText(lines);
    ASSERT_OK(gzip->Write(text.data(), static_cast<int64_t>(text.size() / 2)));
    ASSERT_OK(gzip->Write(text.data() + text.size() / 2, static_cast<int64_t>(text.size() - text.size() / 2)));
    ASSERT_OK(gzip->Close());
    ASSERT_OK(gzip->Close());
    EXPECT_FALSE(gzip->Write("x", 1).ok());
    ASSERT_OK_AND_ASSIGN(const auto stored, sink->Finish());
    EXPECT_EQ(Decompress(stored->ToString()).ValueOrDie(), text);
  }
}

TEST(ByteSource, GivesPlainFilesAsTheyAre) {
  const auto text = SomeText(200'000);
  EXPECT_EQ(Decompress(text, 70'001, "a.txt").ValueOrDie(), text);
  EXPECT_EQ(Decompress("", 10, "a.gz").ValueOrDie(), "");
}

}  // namespace
}  // namespace glaux
