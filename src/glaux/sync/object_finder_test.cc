#include "glaux/sync/object_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "glaux/store/memory_store.h"
#include "glaux/sync/file_finder.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/forwarding_store.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class ObjectFinderTest : public ::testing::Test {
 protected:
  ObjectFinderTest() {
    environment.open_folder = [this](std::string_view uri, const S3Access&) -> Result<Location> {
      const std::string_view bucket = "s3://b/";
      if (!uri.starts_with(bucket)) return MakeError(ErrorKind::kNotFound, "no bucket ", uri);
      return Location{store, std::string(uri.substr(bucket.size()))};
    };
  }

  void Put(const std::vector<std::string>& keys) {
    for (const auto& key : keys) ASSERT_OK(PutString(*store, key, key));
  }

  std::vector<std::string> Find(const std::string& uri, bool recursive = false, bool all = false) {
    const auto found = FindObjects(environment, uri, {.recursive = recursive, .all = all});
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> below;
    if (!found.ok()) return below;
    hidden = found->hidden;
    for (const auto& object : found->objects) {
      below.push_back(object.below);
      EXPECT_EQ(object.is_folder, object.below.ends_with('/'));
      if (!object.is_folder) {
        EXPECT_EQ(object.info.size, static_cast<int64_t>(object.place.key.size()));
      }
    }
    return below;
  }

  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  SyncEnvironment environment;
  int64_t hidden = 0;
};

TEST_F(ObjectFinderTest, AnObjectIsItself) {
  Put({"a/b.csv", "a/b.csv/c", "a/b"});
  EXPECT_THAT(Find("s3://b/a/b.csv"), ElementsAre("b.csv"));
  EXPECT_THAT(Find("s3://b/a/b.csv/"), ElementsAre("c"));
  EXPECT_THAT(Find("s3://b/a/b"), ElementsAre("b"));
}

TEST_F(ObjectFinderTest, AFolderIsItsFirstLevelOrAll) {
  Put({"a/1", "a/x/2", "a/x/y/3", "ab/4"});
  EXPECT_THAT(Find("s3://b/a"), ElementsAre("1", "x/"));
  EXPECT_THAT(Find("s3://b/a/", true), ElementsAre("1", "x/2", "x/y/3"));
  EXPECT_THAT(Find("s3://b/"), ElementsAre("a/", "ab/"));
  EXPECT_THAT(Find("s3://b", true), ElementsAre("a/1", "a/x/2", "a/x/y/3", "ab/4"));
}

TEST_F(ObjectFinderTest, APatternGivesObjectsAndFoldersThatMatch) {
  Put({"in/2026-01/a.csv", "in/2026-02/a.csv", "in/2026-02/b.json", "in/2026.csv", "other/2026"});
  EXPECT_THAT(Find("s3://b/in/2026*"), ElementsAre("2026-01/", "2026-02/", "2026.csv"));
  EXPECT_THAT(Find("s3://b/in/*/a.csv"), ElementsAre("2026-01/a.csv", "2026-02/a.csv"));
  EXPECT_THAT(Find("s3://b/**/*.csv"), ElementsAre("in/2026-01/a.csv", "in/2026-02/a.csv", "in/2026.csv"));
  EXPECT_THAT(Find("s3://b/{in,other}/2026-0[2-9]", true), ElementsAre("in/2026-02/a.csv", "in/2026-02/b.json"));
  EXPECT_THAT(Find("s3://b/in/*.xml"), IsEmpty());
}

TEST_F(ObjectFinderTest, AnEscapedCharacterIsItself) {
  Put({"in[1]/a*.csv", "in[1]/ab.csv"});
  EXPECT_THAT(Find("s3://b/in\\[1]/a\\*.csv"), ElementsAre("a*.csv"));
  EXPECT_THAT(Find("s3://b/in\\[1]/a*.csv"), ElementsAre("in[1]/a*.csv", "in[1]/ab.csv"));
}

TEST_F(ObjectFinderTest, HiddenNamesAreCountedAndLeftOut) {
  Put({".a", "_log/1", "b", "c/_d", "c/e"});
  EXPECT_THAT(Find("s3://b/", true), ElementsAre("b", "c/e"));
  EXPECT_EQ(hidden, 3);
  EXPECT_THAT(Find("s3://b/*"), ElementsAre("b", "c/"));
  EXPECT_THAT(Find("s3://b/", true, true), ElementsAre(".a", "_log/1", "b", "c/_d", "c/e"));
  EXPECT_THAT(Find("s3://b/_log/1"), ElementsAre("1"));
}

TEST_F(ObjectFinderTest, WhatACommitHasNotFinishedIsLeftOut) {
  Put({"t/a", "t/b", "t/_glaux/state.json"});
  environment.list_committed = [](ObjectStore&, const std::string& prefix, const std::vector<ObjectInfo>*) {
    EXPECT_EQ(prefix, "t/");
    return Result<std::vector<ObjectInfo>>(std::vector<ObjectInfo>{{.key = "t/a", .size = 3}});
  };
  EXPECT_THAT(Find("s3://b/t", true), ElementsAre("a"));
  EXPECT_THAT(Find("s3://b/t", true, true), ElementsAre("_glaux/state.json", "a", "b"));
}

TEST_F(ObjectFinderTest, WhatIsNotThereIsAnError) {
  Put({"a/1"});
  ASSERT_FAILS(ErrorKind::kNotFound, "nothing below", FindObjects(environment, "s3://b/x", {}));
  ASSERT_FAILS(ErrorKind::kNotFound, "s3://b/x/", FindObjects(environment, "s3://b/x/", {}));
  ASSERT_FAILS(ErrorKind::kNotFound, "no bucket", FindObjects(environment, "s3://c/x", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "s3://bucket/key", FindObjects(environment, "x", {}));
  ASSERT_FAILS(ErrorKind::kInvalid, "bracket", FindObjects(environment, "s3://b/[a", {}));
}

TEST_F(ObjectFinderTest, SourceFilesComeInTheOrderOfTheirAddresses) {
  Put({"a.csv", "b/1.csv", "b/2.csv", "c[1].csv"});
  const auto found = FindSourceFiles(
      environment, {.name = "s", .uris = {"s3://b/c\\[1].csv", "s3://b/b/*.csv", "s3://b/a.csv", "s3://b/b/1.csv"}},
      arrow::StopToken::Unstoppable());
  ASSERT_OK(found);
  std::vector<std::string> keys;
  for (const auto& file : found->files) keys.push_back(file.place.key);
  EXPECT_THAT(keys, ElementsAre("c[1].csv", "b/1.csv", "b/2.csv", "a.csv"));
}

/// Far away: each call waits for a network.
class RemoteStore : public testing::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  StoreTraits traits() const override {
    auto traits = store_->traits();
    traits.remote = true;
    return traits;
  }
  Result<ListPage> List(const ListOptions& options) override {
    ++lists;
    return store_->List(options);
  }
  std::atomic<int> lists{0};
};

TEST_F(ObjectFinderTest, AllBelowARemoteFolderIsListedOnceAndIsWhatPagesGive) {
  std::vector<std::string> keys = {"in/_hidden", "in/a", "in/z"};
  for (int day = 0; day < 20; ++day) {
    for (int file = 0; file < 900; ++file) {
      keys.push_back("in/day=" + std::to_string(day) + "/part-" + std::to_string(file));
    }
  }
  Put(keys);
  environment.list_committed = [](ObjectStore& from, const std::string& prefix, const std::vector<ObjectInfo>* listed) {
    return listed != nullptr ? *listed : ListAll(from, prefix);
  };
  const auto by_pages = Find("s3://b/in/", true);
  EXPECT_EQ(by_pages.size(), keys.size() - 1);
  const auto remote = std::make_shared<RemoteStore>(store);
  store = remote;
  EXPECT_EQ(Find("s3://b/in/", true), by_pages);
  EXPECT_EQ(hidden, 1);
  EXPECT_LT(remote->lists, 2 * 18);  // a second listing would be more
}

}  // namespace
}  // namespace glaux
