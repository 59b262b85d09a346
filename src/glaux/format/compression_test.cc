#include <gtest/gtest.h>

#include "glaux/format/compression_internal.h"
#include "glaux/format/inflate_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

constexpr size_t kFirstChunkOfSnappy = 10;

struct Codec {
  std::string name;
  std::string ending;
  std::string level_in_range;  // empty: no levels
  std::string level_beyond;
  bool checksum = true;
};

class CompressionTest : public ::testing::TestWithParam<Codec> {
 protected:
  std::string Name() const { return "x.csv." + GetParam().ending; }
  std::string Pack(const std::string& text) const { return Compressed(text, GetParam().name).ValueOrDie(); }
};

TEST_P(CompressionTest, ReadsWhatItWritesInPiecesOfAnySize) {
  for (const size_t lines : {0, 1, 3000}) {
    const auto text = SomeLines(lines);
    const auto stored = Pack(text);
    EXPECT_TRUE(lines <= 1 || stored.size() < text.size() * 9 / 10) << stored.size();
    for (const int64_t step : {1, 7, 1000, 1 << 20}) {
      EXPECT_EQ(Inflated(Name(), stored, {}, step).ValueOrDie(), text) << lines << " lines in pieces of " << step;
    }
  }
}

TEST_P(CompressionTest, ReadsWhatItWritesBeyondItsBuffers) {
  // Several pieces and blocks each way; xz takes its time.
  const auto text = SomeLines(GetParam().name == "xz" || GetParam().name == "brotli" ? 100'000 : 500'000);
  EXPECT_EQ(Inflated(Name(), Pack(text), {}, 1 << 20).ValueOrDie(), text);
}

TEST_P(CompressionTest, ReadsWhatDoesNotCompress) {
  std::string noise;
  for (uint64_t i = 1; noise.size() < 5'000'000; ++i) {
    const uint64_t mixed = (i * 0x9e3779b97f4a7c15U) ^ ((i * 0xbf58476d1ce4e5b9U) >> 29);
    noise.append(reinterpret_cast<const char*>(&mixed), 8);
  }
  EXPECT_EQ(Inflated(Name(), Pack(noise), {.encoding = "utf-8"}, 99'999).ValueOrDie(), noise);
}

TEST_P(CompressionTest, ReadsStreamsThatFollowOneAnother) {
  std::string stored;
  std::string text;
  for (size_t i = 0; i < 20; ++i) {
    stored += Pack(SomeLines(i * 10));
    text += SomeLines(i * 10);
  }
  for (const int64_t step : {13, 100'000'000}) EXPECT_EQ(Inflated(Name(), stored, {}, step).ValueOrDie(), text);
}

TEST_P(CompressionTest, NoticesEveryCut) {
  const auto first = Pack(SomeLines(40));
  const auto stored = first + Pack("tail");
  for (size_t keep = 1; keep < stored.size(); ++keep) {
    const auto cut = Inflated(Name(), stored.substr(0, keep));
    // Between two streams, and between two chunks of snappy, a file may end.
    if (cut.ok()) {
      EXPECT_TRUE(keep == first.size() || GetParam().name == "snappy") << "cut at byte " << keep;
      continue;
    }
    ASSERT_FAILS(ErrorKind::kCorrupt, "read " + Name(), cut);
  }
}

TEST_P(CompressionTest, SaysWhereAFileIsCutOff) {
  const auto stored = Pack(SomeLines(4000));
  ASSERT_FAILS(ErrorKind::kCorrupt, "stream ends early at byte " + std::to_string(stored.size() - 1),
               Inflated(Name(), stored.substr(0, stored.size() - 1)));
}

TEST_P(CompressionTest, NoticesEveryFlippedBitOrGivesTheSameText) {
  const auto text = SomeLines(40);
  const auto stored = Pack(text);
  for (size_t at = 0; at < stored.size(); ++at) {
    for (const int bit : {0, 2, 7}) {
      auto damaged = stored;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto back = Inflated(Name(), damaged);
      if (!back.ok()) {
        EXPECT_TRUE(KindOf(back.status()) == ErrorKind::kCorrupt || KindOf(back.status()) == ErrorKind::kNotImplemented)
            << back.status().ToString();
      } else if (GetParam().name == "snappy" && at == kFirstChunkOfSnappy && bit == 7) {
        // Another type of chunk, one that may be skipped: types have no checksum.
        EXPECT_EQ(*back, "");
      } else if (GetParam().checksum) {
        EXPECT_EQ(*back, text) << "byte " << at << ", bit " << bit;
      }
    }
  }
}

TEST_P(CompressionTest, RefusesGarbageBehindAStream) {
  if (!GetParam().checksum) GTEST_SKIP() << "brotli has no magic bytes";
  const auto stored = Pack("hello");
  ASSERT_FAILS(ErrorKind::kCorrupt, "read " + Name(), Inflated(Name(), stored + "garbage, and more of it"));
}

TEST_P(CompressionTest, IsRecognisedByItsBytes) {
  if (GetParam().name == "brotli") GTEST_SKIP() << "brotli has no magic bytes";
  EXPECT_EQ(Inflated("x.csv", Pack("a,b\n1,2\n")).ValueOrDie(), "a,b\n1,2\n");
}

TEST_P(CompressionTest, IsFoundByItsName) {
  EXPECT_EQ(CompressionOfFile(Name()), GetParam().name);
  EXPECT_EQ(FormatOfFile(Name()).ValueOrDie()->name(), "csv");
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory(Name(), Pack("a,b\n1,2\n"))));
  EXPECT_THAT(Rows(*table), ::testing::ElementsAre("1|2"));
}

TEST_P(CompressionTest, DoesWhatTheOptionSays) {
  const auto stored = Pack("a,b\n1,2\n");
  EXPECT_EQ(Inflated("x.dat", stored, {.compression = GetParam().name}).ValueOrDie(), "a,b\n1,2\n");
  if (GetParam().name != "snappy") {
    ASSERT_OK_AND_ASSIGN(const auto raw, OpenInflated(InMemory(Name(), stored), {.compression = "none"}));
    EXPECT_EQ(Drain(*raw, 100).ValueOrDie(), stored);
  }
  ASSERT_FAILS(ErrorKind::kCorrupt, "read x.dat", Inflated("x.dat", "a,b\n1,2\n", {.compression = GetParam().name}));
}

TEST_P(CompressionTest, RefusesANameThatPromisesWhatTheBytesAreNot) {
  ASSERT_FAILS(ErrorKind::kCorrupt, "read " + Name(), Inflated(Name(), "a,b\n1,2\n"));
  EXPECT_EQ(Inflated(Name(), "").ValueOrDie(), "");
}

TEST_P(CompressionTest, TakesTheLevelsItHas) {
  if (GetParam().level_in_range.empty()) {
    ASSERT_FAILS(ErrorKind::kInvalid, "has no compression levels, found 1", Compressed("x", GetParam().name, 1));
    return;
  }
  const auto text = SomeLines(20'000);
  const int least = GetParam().name == "xz" || GetParam().name == "brotli" ? 0 : 1;
  const int most = std::stoi(GetParam().level_in_range);
  ASSERT_OK_AND_ASSIGN(const auto fast, Compressed(text, GetParam().name, least));
  ASSERT_OK_AND_ASSIGN(const auto small, Compressed(text, GetParam().name, most));
  EXPECT_EQ(Inflated(Name(), fast).ValueOrDie(), text);
  EXPECT_EQ(Inflated(Name(), small).ValueOrDie(), text);
  EXPECT_LT(small.size(), fast.size() + 1);
  ASSERT_FAILS(ErrorKind::kInvalid, "found " + GetParam().level_beyond,
               Compressed("x", GetParam().name, std::stoi(GetParam().level_beyond)));
}

INSTANTIATE_TEST_SUITE_P(All, CompressionTest,
                         ::testing::Values(Codec{"gzip", "gz", "9", "10"}, Codec{"bz2", "bz2", "9", "10"},
                                           Codec{"zstd", "zst", "19", "23"}, Codec{"lz4", "lz4", "12", "13"},
                                           Codec{"snappy", "sz", "", ""}, Codec{"brotli", "br", "9", "12", false},
                                           Codec{"xz", "xz", "6", "10"}),
                         [](const auto& info) { return info.param.name; });

TEST(Compression, KnowsEveryEnding) {
  const std::pair<std::string, std::string> endings[] = {
      {"gz", "gzip"},   {"gzip", "gzip"},     {"bz2", "bz2"},   {"zst", "zstd"}, {"zstd", "zstd"}, {"lz4", "lz4"},
      {"sz", "snappy"}, {"snappy", "snappy"}, {"br", "brotli"}, {"xz", "xz"},    {"zip", "zip"},   {"GZ", "gzip"}};
  for (const auto& [ending, name] : endings) {
    EXPECT_EQ(CompressionOfFile("a/b.csv." + ending), name);
    EXPECT_EQ(FormatOfFile("a/b.csv." + ending).ValueOrDie()->name(), "csv") << ending;
  }
  EXPECT_EQ(CompressionOfFile("a.gz/b.csv"), "none");
  EXPECT_EQ(CompressionOfFile("gz"), "none");
}

TEST(Compression, ListsWhatItKnows) {
  const std::string known = "known: auto, none, gzip, bz2, zstd, lz4, snappy, brotli, xz";
  ASSERT_FAILS(ErrorKind::kInvalid, known, Inflated("a.csv", "x", {.compression = "rar"}));
  ASSERT_FAILS(ErrorKind::kInvalid, known, Compressed("x", "rar"));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "zip archives are read, not written", Compressed("x", "zip"));
}

TEST(Compression, SkipsFramesWithoutData) {
  const std::string skip(
      "\x5a\x2a\x4d\x18\x03\x00\x00\x00"
      "abc",
      11);
  const auto zstd = Compressed("hello", "zstd").ValueOrDie();
  const auto lz4 = Compressed("hello", "lz4").ValueOrDie();
  EXPECT_EQ(Inflated("x.zst", skip + zstd + skip + zstd + skip).ValueOrDie(), "hellohello");
  EXPECT_EQ(Inflated("x.lz4", skip + lz4 + skip + lz4 + skip).ValueOrDie(), "hellohello");
  ASSERT_FAILS(ErrorKind::kCorrupt, "ends early", Inflated("x.zst", zstd + skip.substr(0, 9)));
}

TEST(Compression, SkipsChunksOfSnappyThatMayBeSkippedAndNoOthers) {
  const auto stored = Compressed("hello", "snappy").ValueOrDie();
  EXPECT_EQ(Inflated("x.sz", stored + std::string("\xfe\x02\x00\x00zz", 6) + std::string("\x80\x01\x00\x00z", 5))
                .ValueOrDie(),
            "hello");
  ASSERT_FAILS(ErrorKind::kCorrupt,
               "at byte " + std::to_string(stored.size()) + ": a chunk of a type that is not known",
               Inflated("x.sz", stored + std::string("\x02\x01\x00\x00z", 5)));
}

TEST(Compression, WritesWhatOtherProgramsRead) {
  const testing::TempDir folder;
  const auto text = SomeLines(100'000);
  for (const auto& [name, program] : {std::pair<std::string, std::string>{"gzip", "gzip"},
                                      {"bz2", "bzip2"},
                                      {"xz", "xz"},
                                      {"zstd", "zstd"},
                                      {"lz4", "lz4"}}) {
    if (std::system(("command -v " + program + " > /dev/null").c_str()) != 0) continue;
    const auto path = folder.Write("x." + name, Compressed(text, name).ValueOrDie());
    ASSERT_EQ(std::system((program + " -dc < " + path + " > " + path + ".txt").c_str()), 0) << program;
    EXPECT_EQ(testing::ReadFileOrDie(path + ".txt"), text) << program;
    const auto plain = folder.Write("plain", text);
    ASSERT_EQ(std::system((program + " -c < " + plain + " > " + path).c_str()), 0) << program;
    EXPECT_EQ(Inflated("x", testing::ReadFileOrDie(path)).ValueOrDie(), text) << program;
  }
}

TEST(Compression, RefusesBombs) {
  const auto bomb = Bomb("zstd");
  ASSERT_LT(bomb.size() * 1000, size_t{1} << 30);
  ASSERT_FAILS(ErrorKind::kInvalid,
               "read x.zst: " + std::to_string(bomb.size()) +
                   " bytes inflate to more than 1073741824, a ratio above max_inflation (1000)",
               InflatedSize(InMemory("x.zst", bomb)));
  EXPECT_EQ(InflatedSize(InMemory("x.zst", bomb), {.max_inflation = 1'000'000}).ValueOrDie(), int64_t{65} << 24);
  ASSERT_FAILS(ErrorKind::kInvalid, "max_inflation is 0, expected 1 or more",
               InflatedSize(InMemory("x.zst", bomb), {.max_inflation = 0}));
}

TEST(RandomAccess, InflatesIntoATemporaryFile) {
  const auto text = SomeLines(100'000);
  const auto input = InMemory("x.parquet.gz", Compressed(text, "gzip").ValueOrDie());
  ASSERT_OK_AND_ASSIGN(const auto file, OpenRandomAccess(input));
  EXPECT_EQ(file->GetSize().ValueOrDie(), static_cast<int64_t>(text.size()));
  EXPECT_EQ(file->ReadAt(70'000, 100).ValueOrDie()->ToString(), text.substr(70'000, 100));
}

TEST(RandomAccess, IsTheFileItselfWhereThatWillDo) {
  const auto input = InMemory("x.parquet", "PAR1");
  EXPECT_EQ(OpenRandomAccess(input).ValueOrDie(), input.file);
  ASSERT_FAILS(ErrorKind::kCorrupt, "read x.parquet.gz", OpenRandomAccess(InMemory("x.parquet.gz", "PAR1")));
}

}  // namespace
}  // namespace glaux
