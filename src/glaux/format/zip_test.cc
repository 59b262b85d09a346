#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "glaux/format/inflate_for_test.h"
#include "glaux/testing/temp_dir.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;

using Members = std::vector<std::pair<std::string, std::string>>;

/// An archive as libarchive writes it. \param options as archive_write_set_options takes them
std::string Zip(const Members& members, const char* options = nullptr, const char* password = nullptr) {
  std::string out(1 << 20, '\0');
  for (const auto& [name, content] : members) out.resize(out.size() + name.size() * 2 + content.size() + 1000);
  size_t used = 0;
  auto* zip = archive_write_new();
  archive_write_set_format_zip(zip);
  if (password != nullptr) archive_write_set_passphrase(zip, password);
  if (options != nullptr) {
    EXPECT_EQ(archive_write_set_options(zip, options), ARCHIVE_OK) << archive_error_string(zip);
  }
  archive_write_set_bytes_in_last_block(zip, 1);
  EXPECT_EQ(archive_write_open_memory(zip, out.data(), out.size(), &used), ARCHIVE_OK);
  for (const auto& [name, content] : members) {
    auto* entry = archive_entry_new();
    archive_entry_set_pathname(entry, name.c_str());
    archive_entry_set_filetype(entry, name.ends_with('/') ? AE_IFDIR : AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    if (!name.ends_with('/')) archive_entry_set_size(entry, static_cast<int64_t>(content.size()));
    EXPECT_LE(archive_write_header(zip, entry), ARCHIVE_OK) << archive_error_string(zip);
    if (!content.empty()) {
      EXPECT_EQ(archive_write_data(zip, content.data(), content.size()), static_cast<la_ssize_t>(content.size()));
    }
    archive_entry_free(entry);
  }
  EXPECT_EQ(archive_write_close(zip), ARCHIVE_OK) << archive_error_string(zip);
  archive_write_free(zip);
  out.resize(used);
  return out;
}

Result<std::string> ReadMember(const InputFile& member, const TextOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenDecompressed(member, options));
  return Drain(*source, 1000);
}

/// "a.zip/x=content" of every member.
Result<std::vector<std::string>> Contents(std::string zip, const TextOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto members, ArchiveMembers(InMemory("a.zip", std::move(zip))));
  std::vector<std::string> contents;
  for (const auto& member : members) {
    ARROW_ASSIGN_OR_RAISE(const auto text, ReadMember(member, options));
    contents.push_back(member.name + "=" + text);
  }
  return contents;
}

constexpr char kDeflate[] = "zip:compression=deflate";
constexpr char kStore[] = "zip:compression=store";

TEST(Zip, GivesItsMembersInOrder) {
  const Members members = {{"x.csv", "1"}, {"f/", ""}, {"f/y.csv", SomeLines(2000)}, {"empty", ""}};
  for (const char* options : {kDeflate, kStore, "zip:zip64", "zip:!zip64"}) {
    EXPECT_THAT(Contents(Zip(members, options)).ValueOrDie(),
                ElementsAre("a.zip/x.csv=1", "a.zip/f/y.csv=" + SomeLines(2000), "a.zip/empty="))
        << options;
  }
}

TEST(Zip, LeavesOutFoldersAndHiddenFiles) {
  const Members members = {{"__MACOSX/._x.csv", "m"}, {"f/", ""},     {".hidden", "h"}, {"_SUCCESS", ""},
                           {"f/.DS_Store", "d"},      {"_tmp/x", ""}, {"f/x.csv", "1"}, {"../up.csv", "2"}};
  EXPECT_THAT(Contents(Zip(members)).ValueOrDie(), ElementsAre("a.zip/f/x.csv=1", "a.zip/../up.csv=2"));
}

TEST(Zip, GivesOtherFilesAsTheyAre) {
  ASSERT_OK_AND_ASSIGN(const auto members, ArchiveMembers(InMemory("a.csv", "a\n1\n")));
  ASSERT_EQ(members.size(), 1u);
  EXPECT_EQ(members[0].name, "a.csv");
  EXPECT_EQ(members[0].member, "");
}

TEST(Zip, KeepsNamesThatAreNotAscii) {
  EXPECT_THAT(Contents(Zip({{"\xc3\xa4.csv", "1"}, {"\xe4.txt", "2"}})).ValueOrDie(),
              ElementsAre("a.zip/ä.csv=1", "a.zip/ä.txt=2"));
}

TEST(Zip, ReadsTheOnlyMemberOfAnArchive) {
  EXPECT_EQ(Inflated("a.zip", Zip({{"x.csv", "hello"}, {"__MACOSX/x", ""}})).ValueOrDie(), "hello");
  EXPECT_EQ(Inflated("a.dat", Zip({{"x.csv", "hello"}})).ValueOrDie(), "hello");
  ASSERT_FAILS(ErrorKind::kInvalid, "read a.zip: the zip archive has 2 members, expected one: x.csv, y.csv",
               Inflated("a.zip", Zip({{"x.csv", "1"}, {"y.csv", "2"}})));
  ASSERT_FAILS(ErrorKind::kInvalid, "the zip archive has no members", Inflated("a.zip", Zip({})));
  EXPECT_TRUE(ArchiveMembers(InMemory("a.zip", Zip({}))).ValueOrDie().empty());
}

TEST(Zip, ReadsCsvWithItsTypes) {
  ASSERT_OK_AND_ASSIGN(const auto table, ReadAll(InMemory("a.csv.zip", Zip({{"x.csv", "a,b\n1,x\n"}}))));
  EXPECT_EQ(Types(*table->schema()), "a: int64, b: string");
}

TEST(Zip, InflatesMembersThatAreCompressedAgain) {
  const auto gzip = Compressed(SomeLines(500), "gzip").ValueOrDie();
  const auto zip = Zip({{"x.csv.gz", gzip}, {"y.csv.br", Compressed("y", "brotli").ValueOrDie()}}, kStore);
  EXPECT_THAT(Contents(zip).ValueOrDie(), ElementsAre("a.zip/x.csv.gz=" + SomeLines(500), "a.zip/y.csv.br=y"));
  ASSERT_OK_AND_ASSIGN(const auto members, ArchiveMembers(InMemory("a.zip", zip)));
  ASSERT_OK_AND_ASSIGN(const auto raw, OpenInflated(members[0], {.compression = "none"}));
  EXPECT_EQ(Drain(*raw, 100).ValueOrDie(), gzip);
  EXPECT_EQ(FormatOfFile(members[0].name).ValueOrDie()->name(), "csv");
}

TEST(Zip, SaysWhichMemberOfACompressedOneIsDamaged) {
  auto gzip = Compressed(SomeLines(500), "gzip").ValueOrDie();
  gzip.resize(gzip.size() - 4);
  ASSERT_FAILS(ErrorKind::kCorrupt, "read a.zip/x.csv.gz: gzip stream ends early",
               Contents(Zip({{"x.csv.gz", gzip}}, kStore)));
}

TEST(Zip, IsReadBehindOtherBytesAndWithAComment) {
  auto zip = Zip({{"x.csv", "1"}, {"y.csv", "2"}});
  zip[zip.size() - 2] = 22;
  zip += "PK\x05\x06 is how it would end";  // 22 bytes and something
  zip.resize(zip.size() - (std::string("PK\x05\x06 is how it would end").size() - 22));
  EXPECT_THAT(Contents(zip).ValueOrDie(), ElementsAre("a.zip/x.csv=1", "a.zip/y.csv=2"));
  const InputFile behind{.name = "a.exe/x.csv", .file = InMemory("", "MZ program" + zip).file, .member = "x.csv"};
  EXPECT_EQ(ReadMember(behind).ValueOrDie(), "1");
}

TEST(Zip, RefusesEncryptedMembers) {
  const auto zip = Zip({{"x.csv", "secret"}}, "zip:encryption=traditional", "password");
  ASSERT_FAILS(ErrorKind::kNotImplemented, "read a.zip/x.csv: the member of the zip archive is encrypted",
               ArchiveMembers(InMemory("a.zip", zip)));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "encrypted", Inflated("a.zip", zip));
}

TEST(Zip, RefusesTwoMembersOfOneName) {
  ASSERT_FAILS(ErrorKind::kInvalid, "two members of the zip archive have one name: x.csv",
               ArchiveMembers(InMemory("a.zip", Zip({{"x.csv", "1"}, {"x.csv", "2"}}))));
}

TEST(Zip, RefusesAnArchiveInAnArchive) {
  ASSERT_FAILS(ErrorKind::kNotImplemented, "read a.zip/b.zip: a zip archive in a zip archive",
               Contents(Zip({{"b.zip", Zip({{"x.csv", "1"}})}})));
}

TEST(Zip, NamesAMemberThatIsNotThere) {
  const InputFile member{.name = "a.zip/z", .file = InMemory("", Zip({{"x", "1"}})).file, .member = "z"};
  ASSERT_FAILS(ErrorKind::kNotFound, "read a.zip: the zip archive has no member z", ReadMember(member));
}

TEST(Zip, RefusesAMethodThatIsNotKnown) {
  auto zip = Zip({{"x.csv", "1"}}, kStore);
  const auto entry = zip.find("PK\x01\x02");
  zip[entry + 10] = 9;
  ASSERT_FAILS(ErrorKind::kNotImplemented, "compressed with method 9", Contents(zip));
}

TEST(Zip, NoticesEveryCut) {
  const auto zip = Zip({{"x.csv", SomeLines(40)}, {"y.csv", "2"}});
  for (size_t keep = 4; keep < zip.size(); ++keep) {
    ASSERT_FAILS(ErrorKind::kCorrupt, "read a.zip", Contents(zip.substr(0, keep)));
  }
  ASSERT_FAILS(ErrorKind::kCorrupt, "the name ends in .zip", Inflated("a.zip", "PK"));
}

TEST(Zip, NoticesEveryFlippedBitOrGivesTheSameText) {
  for (const char* options : {kDeflate, kStore, "zip:zip64"}) {
    const auto zip = Zip({{"x.csv", SomeLines(40)}, {"y.csv", "2"}}, options);
    ASSERT_OK_AND_ASSIGN(const auto expected, Contents(zip));
    for (size_t at = 4; at < zip.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        auto damaged = zip;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        const auto back = Contents(damaged);
        if (!back.ok()) {
          EXPECT_NE(KindOf(back.status()), ErrorKind::kOther) << back.status().ToString();
          continue;
        }
        // Names have no checksum: they may change, and hide a member.
        for (const auto& content : *back) {
          const auto text = content.substr(content.find('=') + 1);
          EXPECT_TRUE(content.find(expected[0].substr(12)) != std::string::npos || text == "2" ||
                      content.ends_with("=2"))
              << options << ", byte " << at << ", bit " << bit << ": " << content.substr(0, 60);
        }
      }
    }
  }
}

TEST(Zip, RefusesBombsOfTwoLayers) {
  const auto bomb = Bomb("zstd");
  const auto zip = Zip({{"x.csv.zst", bomb}}, kDeflate);
  ASSERT_OK_AND_ASSIGN(const auto members, ArchiveMembers(InMemory("a.zip", zip)));
  ASSERT_FAILS(ErrorKind::kInvalid, "a ratio above max_inflation (1000)", InflatedSize(members[0]));
  EXPECT_EQ(InflatedSize(members[0], {.max_inflation = 1'000'000'000}).ValueOrDie(), int64_t{65} << 24);
}

TEST(Zip, OffersItsMembersForRandomAccess) {
  const auto text = SomeLines(5000);
  ASSERT_OK_AND_ASSIGN(const auto members, ArchiveMembers(InMemory("a.zip", Zip({{"x.parquet", text}}))));
  ASSERT_OK_AND_ASSIGN(const auto file, OpenRandomAccess(members[0]));
  EXPECT_EQ(file->GetSize().ValueOrDie(), static_cast<int64_t>(text.size()));
  EXPECT_EQ(file->ReadAt(777, 9).ValueOrDie()->ToString(), text.substr(777, 9));
}

TEST(Zip, ReadsWhatOtherProgramsWrite) {
  if (std::system("command -v zip > /dev/null") != 0) GTEST_SKIP() << "no zip program";
  const testing::TempDir folder;
  folder.Write("f/x.csv", SomeLines(5000));
  folder.Write("f/y.csv", "2");
  for (const std::string method : {"deflate", "store", "bzip2"}) {
    const std::string command = "cd " + folder.path().string() + " && zip -q -Z " + method + " -r " + method + ".zip f";
    ASSERT_EQ(std::system(command.c_str()), 0);
    ASSERT_OK_AND_ASSIGN(auto contents, Contents(testing::ReadFileOrDie(folder.path() / (method + ".zip"))));
    std::sort(contents.begin(), contents.end());
    EXPECT_THAT(contents, ElementsAre("a.zip/f/x.csv=" + SomeLines(5000), "a.zip/f/y.csv=2")) << method;
  }
}

}  // namespace
}  // namespace glaux
