#include "address.h"

#include <sstream>

#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::cli {
namespace {

class AddressTest : public ::testing::Test {
 protected:
  std::string UriOf(std::string_view text, AddressUse use = AddressUse::kRead) {
    const auto address = ParseAddress(text, use, dir.path().string());
    EXPECT_TRUE(address.ok()) << address.status();
    return address.ok() ? address->uri : "";
  }
  std::string Here(const std::string& rest) {
    return "file://" + std::filesystem::canonical(dir.path()).string() + "/" + rest;
  }
  testing::TempDir dir;
};

TEST_F(AddressTest, APathIsRelativeToTheWorkingDirectory) {
  EXPECT_EQ(UriOf("a.csv"), Here("a.csv"));
  EXPECT_EQ(UriOf("x/../a.csv"), Here("a.csv"));
  EXPECT_EQ(UriOf("x/"), Here("x/"));
  EXPECT_EQ(UriOf("."), Here("").substr(0, Here("").size() - 1));
  EXPECT_EQ(UriOf("/a/b.csv"), "file:///a/b.csv");
  EXPECT_EQ(UriOf("file:///a/b.csv"), "file:///a/b.csv");
}

TEST_F(AddressTest, OtherStoresStayAsTheyAre) {
  EXPECT_EQ(UriOf("s3://lake/a//b*.csv"), "s3://lake/a//b*.csv");
  EXPECT_EQ(UriOf("s3://lake"), "s3://lake");
  EXPECT_EQ(UriOf("-"), "");
}

TEST_F(AddressTest, APatternKeepsItsSpecialCharactersAndAFileLosesThem) {
  dir.Write("in[1]/a*.csv", "x");
  EXPECT_EQ(UriOf("*.csv"), Here("*.csv"));
  EXPECT_EQ(UriOf("in[1]/a*.csv"), Here("in\\[1]/a\\*.csv"));
  EXPECT_EQ(UriOf("in[1]/b*.csv"), Here("in[1]/b*.csv"));
  EXPECT_EQ(UriOf("in[1]/"), Here("in\\[1]/"));
}

TEST_F(AddressTest, TheWorkingDirectoryIsNoPattern) {
  dir.Write("in[1]/a.csv", "x");
  ASSERT_OK_AND_ASSIGN(const auto address, ParseAddress("**/*.csv", AddressUse::kRead, dir / "in[1]"));
  EXPECT_EQ(address.uri, Here("in\\[1]/**/*.csv"));
}

TEST_F(AddressTest, WhatIsWrittenIsNoPattern) {
  EXPECT_EQ(UriOf("a*[1].csv", AddressUse::kWrite), Here("a*[1].csv"));
  EXPECT_EQ(UriOf("out/", AddressUse::kWrite), Here("out/"));
}

TEST_F(AddressTest, LinksAreFollowed) {
  dir.Write("real/a.csv", "x");
  std::filesystem::create_directory_symlink(dir / "real", dir / "link");
  EXPECT_EQ(UriOf("link/a.csv"), Here("real/a.csv"));
  EXPECT_EQ(UriOf("link/*.csv"), Here("real/*.csv"));
  EXPECT_EQ(UriOf("link/new.csv", AddressUse::kWrite), Here("real/new.csv"));
}

TEST_F(AddressTest, WhatIsNoAddressIsRefused) {
  const auto parse = [&](std::string_view text) { return ParseAddress(text, AddressUse::kRead, dir.path().string()); };
  ASSERT_FAILS(ErrorKind::kInvalid, "empty", parse(""));
  ASSERT_FAILS(ErrorKind::kInvalid, "s3://bucket/key", parse("s3://"));
  ASSERT_FAILS(ErrorKind::kInvalid, "s3://bucket/key", parse("s3:///key"));
  ASSERT_FAILS(ErrorKind::kInvalid, "file:///", parse("file://host/a"));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "gs://", parse("gs://bucket/a"));
  ASSERT_FAILS(ErrorKind::kInvalid, "NUL", parse(std::string_view("a\0b", 3)));
}

TEST(SpooledInputTest, IsAFileUntilItGoes) {
  std::string path;
  {
    std::istringstream in(std::string(3 << 20, 'x') + "end");
    ASSERT_OK_AND_ASSIGN(const auto spooled, SpooledInput::Make(in));
    path = spooled->path();
    EXPECT_EQ(std::filesystem::file_size(path), (3u << 20) + 3);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

}  // namespace
}  // namespace glaux::cli
