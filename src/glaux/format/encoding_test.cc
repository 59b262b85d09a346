#include <gtest/gtest.h>

#include "glaux/format/inflate_for_test.h"

namespace glaux {
namespace {

using namespace std::string_literals;

// A letter of one, two, three and four bytes in UTF-8.
constexpr char kLetters[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80";
const std::string kLittle = "a\0\xe4\0\xac\x20\x3d\xd8\x00\xde"s;
const std::string kBig = "\0a\0\xe4\x20\xac\xd8\x3d\xde\x00"s;

TEST(Encoding, ReadsLatin1) {
  EXPECT_EQ(Inflated("x.csv", "caf\xe9 \x80\xff", {.encoding = "latin-1"}).ValueOrDie(),
            "caf\xc3\xa9 \xc2\x80\xc3\xbf");
}

TEST(Encoding, ReadsWindows1252) {
  EXPECT_EQ(Inflated("x.csv", "\x80 \x93z\x94 \xfc \x9f", {.encoding = "windows-1252"}).ValueOrDie(), "€ “z” ü Ÿ");
  ASSERT_FAILS(ErrorKind::kInvalid, "read x.csv, byte 2 of the text: windows-1252 has no character for this byte: 81",
               Inflated("x.csv", "ab\x81", {.encoding = "windows-1252"}));
}

TEST(Encoding, ReadsUtf16InPiecesOfAnySize) {
  for (const int64_t step : {1, 2, 3, 5, 1000}) {
    EXPECT_EQ(Inflated("x", kLittle, {.encoding = "utf-16le"}, step).ValueOrDie(), kLetters);
    EXPECT_EQ(Inflated("x", kLittle, {.encoding = "utf-16"}, step).ValueOrDie(), kLetters);
    EXPECT_EQ(Inflated("x", kBig, {.encoding = "utf-16be"}, step).ValueOrDie(), kLetters);
  }
}

TEST(Encoding, ReadsSurrogatePairsAcrossItsBuffers) {
  for (const size_t before : {32'765, 32'766, 32'767, 32'768}) {
    std::string stored;
    for (size_t i = 0; i < before; ++i) stored += "x\0"s;
    EXPECT_EQ(Inflated("x", stored + kLittle, {.encoding = "utf-16le"}, 4096).ValueOrDie(),
              std::string(before, 'x') + kLetters);
    ASSERT_FAILS(ErrorKind::kInvalid, "byte " + std::to_string(before * 2) + " of the text",
                 Inflated("x", stored + "\x3d\xd8"s, {.encoding = "utf-16le"}, 4096));
  }
}

TEST(Encoding, LetsAByteOrderMarkWin) {
  for (const std::string encoding : {"utf-8", "latin-1", "utf-16", "utf-16be", "utf-16le"}) {
    const TextOptions options{.encoding = encoding};
    EXPECT_EQ(Inflated("x", "\xff\xfe" + kLittle, options).ValueOrDie(), kLetters) << encoding;
    EXPECT_EQ(Inflated("x", "\xfe\xff" + kBig, options).ValueOrDie(), kLetters) << encoding;
    EXPECT_EQ(Inflated("x", "\xef\xbb\xbf"s + kLetters, options).ValueOrDie(), kLetters) << encoding;
    EXPECT_EQ(Inflated("x", "\xef\xbb\xbf", options).ValueOrDie(), "") << encoding;
  }
}

TEST(Encoding, RefusesWhatIsNotUtf16) {
  const TextOptions little{.encoding = "utf-16le"};
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 2 of the text: half of a UTF-16 unit at the end of the file: 62",
               Inflated("x", "a\0b"s, little));
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 2 of the text: second half of a surrogate pair without the first: dc00",
               Inflated("x", "a\0\x00\xdc"s, little));
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 0 of the text: first half of a surrogate pair without the second: d83d",
               Inflated("x", "\x3d\xd8z\0"s, little));
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 0 of the text: first half of a surrogate pair at the end of the file: d83d",
               Inflated("x", "\x3d\xd8"s, little));
  ASSERT_FAILS(ErrorKind::kInvalid, "half of a UTF-16 unit", Inflated("x", "\x3d\xd8z"s, little));
  // The mark counts: offsets are those of the file.
  ASSERT_FAILS(ErrorKind::kInvalid, "byte 4 of the text",
               Inflated("x",
                        "\xff\xfe"
                        "a\0b"s,
                        little));
}

TEST(Encoding, DoesNotTakeUtf16WithoutAMarkForUtf8) {
  for (const auto& [text, hint] : {std::pair{"a\0,\0b\0"s, "utf-16le"}, std::pair{"\0a\0,\0b"s, "utf-16be"}}) {
    const auto read = Inflated("x.csv", text);
    ASSERT_FAILS(ErrorKind::kInvalid, "read x.csv: every other byte is zero", read);
    EXPECT_EQ(InfoOf(read.status()).hint, std::string("say the file's encoding: ") + hint);
    EXPECT_EQ(Inflated("x.csv", text, {.encoding = hint}).ValueOrDie(), "a,b");
  }
  // Single zero bytes are somebody's data.
  EXPECT_EQ(Inflated("x.csv", "a\0bc"s).ValueOrDie(), "a\0bc"s);
  EXPECT_EQ(Inflated("x.csv", "\0abc"s).ValueOrDie(), "\0abc"s);
}

TEST(Encoding, RefusesUtf32AndUnknownNames) {
  ASSERT_FAILS(ErrorKind::kInvalid, "UTF-32", Inflated("x", "\xff\xfe\0\0a\0\0\0"s));
  ASSERT_FAILS(ErrorKind::kInvalid, "known: utf-8, latin-1, windows-1252, utf-16, utf-16le, utf-16be",
               Inflated("x", "a", {.encoding = "ebcdic"}));
}

TEST(Encoding, IsThatOfWhatWasInflated) {
  ASSERT_OK_AND_ASSIGN(const auto stored, Compressed("n\xf6,b\n\xe4,2\n", "zstd"));
  ReadOptions options;
  options.format.text.encoding = "latin-1";
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv.zst", stored), options));
  EXPECT_EQ(table->schema()->field(0)->name(), "nö");
  EXPECT_THAT(Rows(*table), ::testing::ElementsAre("ä|2"));
}

TEST(Encoding, ReadsCsvInUtf16ByItsMark) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadStrings(InMemory("a.csv",
                                                              "\xff\xfe"
                                                              "v\0\n\0\xac\x20\n\0"s)));
  EXPECT_THAT(Rows(*table), ::testing::ElementsAre("€"));
}

TEST(Encoding, IsRefusedWhenWriting) {
  ASSERT_OK_AND_ASSIGN(const auto sink, arrow::io::BufferOutputStream::Create());
  ASSERT_FAILS(ErrorKind::kNotImplemented, "written in utf-8 only, not in latin-1",
               OpenCompressed(sink, {.encoding = "latin-1", .compression = "none"}));
}

}  // namespace
}  // namespace glaux
