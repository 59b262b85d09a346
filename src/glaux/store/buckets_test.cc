#include "glaux/store/buckets.h"

#include <filesystem>

#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

class BucketsTest : public ::testing::TestWithParam<bool> {
 protected:
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    auto list = buckets->List();
    EXPECT_TRUE(list.ok()) << list.status().ToString();
    for (const auto& bucket : *list) names.push_back(bucket.name);
    return names;
  }

  TempDir dir;
  std::shared_ptr<BucketHost> buckets =
      GetParam() ? MakeDirectoryBuckets({.root = dir / "store", .sync = false}) : MakeMemoryBuckets();
};

INSTANTIATE_TEST_SUITE_P(Buckets, BucketsTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "Directory" : "Memory"; });

TEST_P(BucketsTest, ComeAndGo) {
  EXPECT_TRUE(Names().empty());
  ASSERT_OK(buckets->Create("two"));
  ASSERT_OK(buckets->Create("one.b-c_D"));
  EXPECT_EQ(Names(), (std::vector<std::string>{"one.b-c_D", "two"}));
  EXPECT_EQ(KindOf(buckets->Create("two")), ErrorKind::kAlreadyExists);
  ASSERT_OK(buckets->Delete("two"));
  EXPECT_EQ(Names(), std::vector<std::string>{"one.b-c_D"});
  EXPECT_EQ(KindOf(buckets->Delete("two")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(buckets->Open("two").status()), ErrorKind::kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto list, buckets->List());
  EXPECT_LT(std::chrono::abs(list[0].created - Clock::System().Now()), std::chrono::minutes(5));
}

TEST_P(BucketsTest, OnlyEmptyOnesAreDeleted) {
  ASSERT_OK(buckets->Create("b"));
  ASSERT_OK_AND_ASSIGN(const auto store, buckets->Open("b"));
  ASSERT_OK(PutString(*store, "d/k", "x"));
  EXPECT_EQ(KindOf(buckets->Delete("b")), ErrorKind::kPrecondition);
  ASSERT_OK_AND_ASSIGN(const auto text, GetString(*store, "d/k"));
  EXPECT_EQ(text, "x");
  ASSERT_OK(store->Delete(std::vector<std::string>{"d/k"}));
  ASSERT_OK(store->CreateMultipart("k"));
  ASSERT_OK(buckets->Delete("b"));
  ASSERT_OK(buckets->Create("b"));
  ASSERT_OK_AND_ASSIGN(const auto again, buckets->Open("b"));
  ASSERT_OK(PutString(*again, "k", "new"));
  ASSERT_OK_AND_ASSIGN(const auto uploads, again->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
}

TEST_P(BucketsTest, NamesThatLeadElsewhereAreRefused) {
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "../x", "a b", "ü"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(KindOf(buckets->Create(name)), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(buckets->Open(name).status()), ErrorKind::kNotFound);
    EXPECT_EQ(KindOf(buckets->Delete(name)), ErrorKind::kNotFound);
  }
  EXPECT_EQ(KindOf(buckets->Create(std::string(64, 'b'))), ErrorKind::kInvalid);
}

TEST(DirectoryBuckets, AFolderThatWasReplacedIsOpenedAgain) {
  TempDir dir;
  const auto buckets = MakeDirectoryBuckets({.root = dir / "store", .sync = false});
  ASSERT_OK(buckets->Create("b"));
  ASSERT_OK_AND_ASSIGN(const auto old, buckets->Open("b"));
  std::filesystem::rename(dir / "store/b", dir / "store/c");
  std::filesystem::create_directory(dir / "store/b");
  ASSERT_OK_AND_ASSIGN(const auto now, buckets->Open("b"));
  ASSERT_OK(PutString(*now, "k", "x"));
  EXPECT_TRUE(std::filesystem::exists(dir / "store/b/k"));
}

}  // namespace
}  // namespace glaux::testing
