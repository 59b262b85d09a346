#include "glaux/store/directory_store.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <numeric>
#include <random>
#include <utility>

#include "glaux/store/object_writer.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/object_store_conformance.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

namespace fs = std::filesystem;

// A store whose folder goes with it.
std::shared_ptr<ObjectStore> MakeTemporaryStore(bool sync) {
  struct Holder {
    TempDir dir;
    std::shared_ptr<ObjectStore> store;
  };
  auto holder = std::make_shared<Holder>();
  holder->store = MakeDirectoryStore({.root = holder->dir / "root", .sync = sync}).ValueOrDie();
  return {holder, holder->store.get()};
}

// Not synced: the suite writes thousands of objects, and what sync does no test without a power switch can see.
INSTANTIATE_TEST_SUITE_P(Directory, ObjectStoreConformance,
                         ::testing::Values(StoreUnderTest{"Directory", [] { return MakeTemporaryStore(false); }}));

class DirectoryStoreTest : public ::testing::Test {
 protected:
  std::shared_ptr<ObjectStore> Open(bool sync = false) {
    return MakeDirectoryStore({.root = root, .sync = sync}).ValueOrDie();
  }

  std::vector<std::string> Keys(std::string_view prefix = "") {
    std::vector<std::string> keys;
    auto objects = ListAll(*store, prefix);
    EXPECT_TRUE(objects.ok()) << objects.status().ToString();
    if (objects.ok()) {
      for (const auto& object : *objects) keys.push_back(object.key);
    }
    return keys;
  }

  // All files under the private folder but the locks.
  size_t Leftovers() {
    size_t count = 0;
    for (const char* folder : {".glaux/tmp", ".glaux/uploads"}) {
      if (!fs::exists(fs::path(root) / folder)) continue;
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder))
        count += entry.is_regular_file();
    }
    return count;
  }

  TempDir dir;
  std::string root = dir / "root";
  std::shared_ptr<ObjectStore> store = Open();
};

TEST_F(DirectoryStoreTest, AnObjectIsAPlainFile) {
  ASSERT_OK(PutString(*store, "a/b c/ü.txt", "content"));
  EXPECT_EQ(ReadFileOrDie(fs::path(root) / "a/b c/ü.txt"), "content");
  EXPECT_EQ(store->name(), "file://" + root);
}

TEST_F(DirectoryStoreTest, FilesOfOtherProgramsAreObjects) {
  dir.Write("root/by/hand.csv", "1,2\n");
  ASSERT_OK_AND_ASSIGN(const auto info, store->Head("by/hand.csv"));
  EXPECT_EQ(info.size, 4);
  EXPECT_EQ(Keys(), std::vector<std::string>{"by/hand.csv"});
  dir.Write("root/by/hand.csv", "1,2\n3,4\n");
  EXPECT_EQ(KindOf(store->Get("by/hand.csv", {.if_match = info.etag}).status()), ErrorKind::kPrecondition);
}

TEST_F(DirectoryStoreTest, SyncedWritesWorkAlike) {
  store = Open(true);
  ASSERT_OK_AND_ASSIGN(const auto put, PutString(*store, "new/folder/k", "content"));
  ASSERT_OK(PutString(*store, "new/folder/k", "other", {.if_match = put.etag}));
  ASSERT_OK(store->Copy("new/folder/k", "copy"));
  ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(store, "m/k", 4));
  ASSERT_OK(writer->Write(std::string_view("0123456789")));
  ASSERT_OK(writer->Close());
  ASSERT_OK(Complete(*store, writer->pending()));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "m/k"));
  EXPECT_EQ(body, "0123456789");
  EXPECT_EQ(Keys(), (std::vector<std::string>{"copy", "m/k", "new/folder/k"}));
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, KeysThatADirectoryCannotHoldAreInvalid) {
  const std::string long_name(256, 'n');
  for (const std::string& key : {std::string("."), std::string(".."), std::string("a/../b"), std::string("a/./b"),
                                 std::string("a//b"), std::string("a//"), std::string("../out"), std::string(".glaux"),
                                 std::string(".glaux/tmp/x"), std::string("a/.glaux/x"), long_name}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(KindOf(PutString(*store, key, "x").status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->Head(key).status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->Get(key).status()), ErrorKind::kInvalid);
    ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(std::vector{key}));
    EXPECT_EQ(failures.size(), 1u);
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "segment '..'", PutString(*store, "a/../b", "x"));
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, AKeyCannotBeTheFolderOfAnother) {
  ASSERT_OK(PutString(*store, "a", "x"));
  ASSERT_FAILS(ErrorKind::kInvalid, "a/b: a part of the path is an object", PutString(*store, "a/b", "x"));
  ASSERT_OK(PutString(*store, "d/e/f", "x"));
  ASSERT_FAILS(ErrorKind::kInvalid, "d: the key is the folder of other keys", PutString(*store, "d", "x"));
  ASSERT_FAILS(ErrorKind::kInvalid, "d/e: the key is the folder", PutString(*store, "d/e", "x", {.if_absent = true}));
  EXPECT_EQ(Keys(), (std::vector<std::string>{"a", "d/e/f"}));
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, AnEmptyFolderIsInNobodysWay) {
  fs::create_directories(fs::path(root) / "made/by/hand");
  EXPECT_TRUE(Keys().empty());
  ASSERT_OK_AND_ASSIGN(const auto page, store->List({.delimiter = "/"}));
  EXPECT_TRUE(page.common_prefixes.empty());
  ASSERT_OK(PutString(*store, "made/by/hand", "x"));
  ASSERT_OK(PutString(*store, "made/by/hand2", "x", {.if_absent = true}));
}

TEST_F(DirectoryStoreTest, APutThatFailsLeavesNoFolders) {
  EXPECT_EQ(KindOf(PutString(*store, "d/e/k", "x", {.if_match = "etag"}).status()), ErrorKind::kPrecondition);
  EXPECT_FALSE(fs::exists(root + "/d"));
  ASSERT_OK(PutString(*store, "d", "x"));
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, AnyDelimiterFoldsAcrossFolders) {
  for (const char* key : {"x/y-1/a", "x/y-1/b", "x/y-2", "x/z", "w"}) ASSERT_OK(PutString(*store, key, "x"));
  for (int max_keys : {1, 2, 1000}) {
    ListOptions options{.delimiter = "-", .max_keys = max_keys};
    std::vector<std::string> keys, prefixes;
    do {
      ASSERT_OK_AND_ASSIGN(const auto page, store->List(options));
      for (const auto& object : page.objects) keys.push_back(object.key);
      prefixes.insert(prefixes.end(), page.common_prefixes.begin(), page.common_prefixes.end());
      options.continuation_token = page.next_token;
    } while (!options.continuation_token.empty());
    EXPECT_EQ(keys, (std::vector<std::string>{"w", "x/z"}));
    EXPECT_EQ(prefixes, std::vector<std::string>{"x/y-"});
  }
}

TEST_F(DirectoryStoreTest, LinksArePassedOverOutLoudAndOnce) {
  ASSERT_OK(PutString(*store, "a/k", "x"));
  ASSERT_OK(PutString(*store, "b/k", "x"));
  ASSERT_OK(PutString(*store, "z", "x"));
  fs::create_directories(fs::path(root) / "only/links");
  std::vector<std::string> links = {"a/a", "a/z", "b0", "only/links/1", "only/links/2", "zz"};
  for (const auto& link : links) fs::create_symlink("nowhere", fs::path(root) / link);
  ASSERT_EQ(mkfifo((fs::path(root) / "zz-fifo").c_str(), 0600), 0);
  links.emplace_back("zz-fifo");
  for (const int page_size : {1, 2, 3, 100}) {
    for (const char* delimiter : {"", "/"}) {
      std::vector<std::string> passed_over;
      ListOptions options{.delimiter = delimiter, .max_keys = page_size};
      do {
        ASSERT_OK_AND_ASSIGN(const auto page, store->List(options));
        passed_over.insert(passed_over.end(), page.passed_over.begin(), page.passed_over.end());
        options.continuation_token = page.next_token;
      } while (!options.continuation_token.empty());
      // With a delimiter what is in a folder is told of when that folder is listed, if there is a reason to list it.
      EXPECT_EQ(passed_over, *delimiter == '\0'
                                 ? links
                                 : std::vector<std::string>({"b0", "only/links/1", "only/links/2", "zz", "zz-fifo"}))
          << page_size;
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto page, store->List({.prefix = "only/links/2"}));
  EXPECT_EQ(page.passed_over, std::vector<std::string>{"only/links/2"});
}

TEST_F(DirectoryStoreTest, LinksAreNotFollowed) {
  dir.Write("outside/secret", "secret");
  ASSERT_OK(PutString(*store, "in/k", "x"));
  fs::create_directory_symlink(dir / "outside", fs::path(root) / "out");
  fs::create_symlink(dir / "outside/secret", fs::path(root) / "file");
  fs::create_directory_symlink("in", fs::path(root) / "within");
  EXPECT_EQ(Keys(), std::vector<std::string>{"in/k"});
  EXPECT_TRUE(Keys("out/").empty());
  ASSERT_OK_AND_ASSIGN(const auto page, store->List({.delimiter = "/"}));
  EXPECT_EQ(page.common_prefixes, std::vector<std::string>{"in/"});
  for (const char* key : {"out/secret", "file", "within/k"}) {
    SCOPED_TRACE(key);
    EXPECT_EQ(KindOf(store->Get(key).status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->Head(key).status()), ErrorKind::kInvalid);
    EXPECT_EQ(KindOf(store->Copy(key, "copy").status()), ErrorKind::kInvalid);
    ASSERT_OK_AND_ASSIGN(const auto failures, store->Delete(std::vector<std::string>{key}));
    EXPECT_EQ(failures.size(), 1u);
  }
  EXPECT_EQ(KindOf(PutString(*store, "out/new", "x").status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(PutString(*store, "out/deep/new", "x").status()), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(store->Copy("in/k", "out/k").status()), ErrorKind::kInvalid);
  EXPECT_EQ(std::distance(fs::directory_iterator(dir / "outside"), {}), 1);
  EXPECT_EQ(ReadFileOrDie(dir / "outside/secret"), "secret");
  EXPECT_EQ(KindOf(PutString(*store, "file", "x", {.if_absent = true}).status()), ErrorKind::kPrecondition);
  // The link itself may be replaced; what it pointed to stays.
  ASSERT_OK(PutString(*store, "file", "mine"));
  EXPECT_EQ(ReadFileOrDie(dir / "outside/secret"), "secret");
}

TEST_F(DirectoryStoreTest, PipesAndOtherSpecialFilesAreNotObjects) {
  ASSERT_EQ(::mkfifo((root + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(KindOf(store->Get("pipe").status()), ErrorKind::kNotFound);
  EXPECT_TRUE(Keys().empty());
}

TEST_F(DirectoryStoreTest, TheRootMayBeALinkAndIsMadeIfMissing) {
  fs::create_directories(dir / "real");
  fs::create_directory_symlink(dir / "real", dir / "link");
  ASSERT_OK_AND_ASSIGN(const auto linked, MakeDirectoryStore({.root = dir / "link"}));
  ASSERT_OK(PutString(*linked, "k", "x"));
  EXPECT_TRUE(fs::exists(dir / "real/k"));
  ASSERT_OK(MakeDirectoryStore({.root = dir / "new/er/root"}));
  EXPECT_TRUE(fs::is_directory(dir / "new/er/root"));
}

TEST_F(DirectoryStoreTest, ARootThatIsNoFolderFails) {
  dir.Write("file", "x");
  ASSERT_FAILS(ErrorKind::kInvalid, "file", MakeDirectoryStore({.root = dir / "file"}));
  EXPECT_EQ(KindOf(MakeDirectoryStore({.root = ""}).status()), ErrorKind::kInvalid);
}

TEST_F(DirectoryStoreTest, ReadingWritesNothing) {
  dir.Write("root/k", "x");
  EXPECT_EQ(Keys(), std::vector<std::string>{"k"});
  ASSERT_OK(GetString(*store, "k"));
  ASSERT_OK(store->ListMultipart(""));
  EXPECT_FALSE(fs::exists(root + "/.glaux"));
}

TEST_F(DirectoryStoreTest, DeletingTheLastObjectRemovesItsFolders) {
  ASSERT_OK(PutString(*store, "a/b/c/1", "x"));
  ASSERT_OK(PutString(*store, "a/2", "x"));
  ASSERT_OK(store->Delete(std::vector<std::string>{"a/b/c/1"}));
  EXPECT_FALSE(fs::exists(root + "/a/b"));
  EXPECT_TRUE(fs::exists(root + "/a"));
}

TEST_F(DirectoryStoreTest, AStoreInsideAnotherOneKeepsItsPrivateFiles) {
  ASSERT_OK_AND_ASSIGN(const auto inner, MakeDirectoryStore({.root = root + "/bucket", .sync = false}));
  ASSERT_OK(PutString(*inner, "k", "x"));
  ASSERT_OK(inner->CreateMultipart("m"));
  EXPECT_EQ(Keys(), std::vector<std::string>{"bucket/k"});
}

TEST_F(DirectoryStoreTest, PartsInSequenceAreNotCopied) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  std::vector<UploadedPart> parts;
  for (int n = 1; n <= 3; ++n) {
    ASSERT_OK_AND_ASSIGN(auto part, store->UploadPart("k", id, n, AsBytes("part " + std::to_string(n))));
    parts.push_back(part);
  }
  struct stat data, object;
  ASSERT_EQ(::stat((root + "/.glaux/uploads/" + id + ".data").c_str(), &data), 0);
  ASSERT_OK(store->CompleteMultipart("k", id, parts));
  ASSERT_EQ(::stat((root + "/k").c_str(), &object), 0);
  EXPECT_EQ(data.st_ino, object.st_ino);
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, PartsOfOneSizeAreNotCopiedInWhateverOrderTheyCome) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  std::vector<UploadedPart> parts(5);
  for (const int n : {3, 1, 2, 5, 4}) {
    const std::string body(n == 5 ? 2 : 6, static_cast<char>('0' + n));
    ASSERT_OK_AND_ASSIGN(parts[static_cast<size_t>(n - 1)], store->UploadPart("k", id, n, AsBytes(body)));
  }
  ASSERT_OK(store->UploadPart("k", id, 8, AsBytes("unused")));
  struct stat data, object;
  ASSERT_EQ(::stat((root + "/.glaux/uploads/" + id + ".data").c_str(), &data), 0);
  ASSERT_OK(store->CompleteMultipart("k", id, parts));
  ASSERT_EQ(::stat((root + "/k").c_str(), &object), 0);
  EXPECT_EQ(data.st_ino, object.st_ino);
  EXPECT_EQ(GetString(*store, "k").ValueOrDie(), "11111122222233333344444455");
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, PartsOfAnySizesAndOrderMakeOneObject) {
  std::mt19937 dice(7);
  for (int round = 0; round < 200; ++round) {
    ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
    std::vector<int> numbers(1 + dice() % 6);
    std::iota(numbers.begin(), numbers.end(), 1);
    std::vector<UploadedPart> parts(numbers.size());
    std::vector<std::string> bodies(numbers.size());
    const size_t usual = 1 + dice() % 5;
    std::shuffle(numbers.begin(), numbers.end(), dice);
    for (const int again : {0, 1}) {
      for (const int n : numbers) {
        if (again == 1 && dice() % 4 != 0) continue;
        auto& body = bodies[static_cast<size_t>(n - 1)];
        body.assign(dice() % 4 == 0 ? dice() % 8 : usual, static_cast<char>('a' + dice() % 26));
        ASSERT_OK_AND_ASSIGN(parts[static_cast<size_t>(n - 1)], store->UploadPart("k", id, n, AsBytes(body)));
      }
    }
    std::string whole;
    for (const auto& body : bodies) whole += body;
    ASSERT_OK(store->CompleteMultipart("k", id, parts));
    ASSERT_EQ(GetString(*store, "k").ValueOrDie(), whole) << "round " << round;
    ASSERT_EQ(Leftovers(), 0u);
  }
}

TEST_F(DirectoryStoreTest, APartThatIsStillOnItsWayDoesNotReachTheObject) {
  /// Its bytes come when the upload has been completed.
  class LateReader final : public ByteReader {
   public:
    explicit LateReader(std::function<void()> before) : before_(std::move(before)) {}
    Result<size_t> Read(std::span<std::byte> out) override {
      if (before_) std::exchange(before_, {})();
      const size_t count = std::min(out.size(), left_);
      std::fill_n(out.begin(), count, std::byte{'L'});
      left_ -= count;
      return count;
    }
    std::optional<int64_t> size() const override { return 6; }

   private:
    std::function<void()> before_;
    size_t left_ = 6;
  };
  for (const bool sent_again : {false, true}) {
    ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
    ASSERT_OK_AND_ASSIGN(const auto one, store->UploadPart("k", id, 1, AsBytes("111111")));
    LateReader late([&] {
      if (sent_again) ASSERT_OK(store->UploadPart("k", id, 2, AsBytes("222222")));
      ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one}));
    });
    EXPECT_EQ(KindOf(store->UploadPartStream("k", id, 2, late).status()), ErrorKind::kNotFound);
    EXPECT_EQ(GetString(*store, "k").ValueOrDie(), "111111");
    EXPECT_EQ(Leftovers(), 0u);
  }
}

TEST_F(DirectoryStoreTest, NothingIsLeftOfUploadsThatWereJoinedRepeatedOrAborted) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  ASSERT_OK_AND_ASSIGN(const auto two, store->UploadPart("k", id, 2, AsBytes("two")));
  ASSERT_OK(store->UploadPart("k", id, 1, AsBytes("one")));
  ASSERT_OK(store->UploadPart("k", id, 1, AsBytes("One")));
  ASSERT_OK_AND_ASSIGN(const auto one, store->UploadPart("k", id, 1, AsBytes("ONE")));
  ASSERT_OK(store->UploadPart("k", id, 7, AsBytes("not used")));
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two}));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "k"));
  EXPECT_EQ(body, "ONEtwo");
  EXPECT_EQ(Leftovers(), 0u);
  ASSERT_OK_AND_ASSIGN(const auto aborted, store->CreateMultipart("k"));
  ASSERT_OK(store->UploadPart("k", aborted, 3, AsBytes("x")));
  ASSERT_OK(store->AbortMultipart("k", aborted));
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, AnotherStoreOfTheSameFolderGoesOnWithAnUpload) {
  const auto writer = ObjectWriter::Open(store, "t/k", 3).ValueOrDie();
  ASSERT_OK(writer->Write(std::string_view("0123456789")));
  ASSERT_OK(writer->Close());
  const auto other = Open();
  ASSERT_OK_AND_ASSIGN(const auto uploads, other->ListMultipart("t/"));
  ASSERT_EQ(uploads.size(), 1u);
  EXPECT_EQ(uploads[0].upload_id, writer->pending().upload_id);
  ASSERT_OK(Complete(*other, writer->pending()));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "t/k"));
  EXPECT_EQ(body, "0123456789");
}

TEST_F(DirectoryStoreTest, LostNotesOfAnUploadAreAnErrorAndNotAnObject) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  ASSERT_OK_AND_ASSIGN(const auto part, store->UploadPart("k", id, 1, AsBytes("content")));
  const std::string data = root + "/.glaux/uploads/" + id + ".data";
  ASSERT_EQ(::truncate(data.c_str(), 3), 0);
  ASSERT_FAILS(ErrorKind::kCorrupt, "lost bytes", store->CompleteMultipart("k", id, std::vector{part}));
  ASSERT_EQ(::truncate((root + "/.glaux/uploads/" + id + ".parts").c_str(), 20), 0);
  EXPECT_FALSE(store->CompleteMultipart("k", id, std::vector{part}).ok());
  EXPECT_TRUE(Keys().empty());
}

TEST_F(DirectoryStoreTest, OldLeftoversOfKilledWritersAreRemovedAndNewOnesAndUploadsKept) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  ASSERT_OK_AND_ASSIGN(const auto part, store->UploadPart("k", id, 1, AsBytes("x")));
  dir.Write("root/.glaux/tmp/old", "x");
  dir.Write("root/.glaux/tmp/new", "x");
  dir.Write("root/.glaux/uploads/00000000000000000000000000000000.data", "x");
  const auto long_ago = fs::file_time_type::clock::now() - std::chrono::hours(48);
  for (const auto& file : {std::string("tmp/old"), std::string("uploads/00000000000000000000000000000000.data"),
                           "uploads/" + id + ".data", "uploads/" + id + ".parts"}) {
    fs::last_write_time(root + "/.glaux/" + file, long_ago);
  }
  store = Open();
  EXPECT_FALSE(fs::exists(root + "/.glaux/tmp/old"));
  EXPECT_TRUE(fs::exists(root + "/.glaux/tmp/new"));
  EXPECT_FALSE(fs::exists(root + "/.glaux/uploads/00000000000000000000000000000000.data"));
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{part}));
}

TEST_F(DirectoryStoreTest, PrivateFoldersThatWereOnlyPartlyMadeAreMade) {
  for (const char* folder : {"tmp", "uploads", "locks"}) {
    SCOPED_TRACE(folder);
    fs::create_directories(root + "/.glaux/" + folder);
    ASSERT_OK(PutString(*store, "put", "x"));
    fs::remove_all(root + "/.glaux");
    fs::create_directories(root + "/.glaux/" + folder);
    ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
    ASSERT_OK_AND_ASSIGN(const auto part, store->UploadPart("k", id, 1, AsBytes("x")));
    ASSERT_OK(store->CompleteMultipart("k", id, std::vector{part}));
    fs::remove_all(root + "/.glaux");
    fs::create_directories(root + "/.glaux/" + folder);
    ASSERT_OK(store->Delete(std::vector<std::string>{"k"}));
    fs::remove_all(root + "/.glaux");
  }
}

TEST_F(DirectoryStoreTest, AnUploadWhoseObjectIsThereButWhoseNotesWereNotClearedAwayIsGone) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  ASSERT_OK_AND_ASSIGN(const auto part, store->UploadPart("k", id, 1, AsBytes("x")));
  // Killed just after the rename.
  fs::rename(root + "/.glaux/uploads/" + id + ".data", root + "/k");
  EXPECT_EQ(KindOf(store->CompleteMultipart("k", id, std::vector{part}).status()), ErrorKind::kNotFound);
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  EXPECT_EQ(Leftovers(), 0u);
}

TEST_F(DirectoryStoreTest, CompareAndSwapHoldsBetweenProcesses) {
  ASSERT_OK(PutString(*store, "counter", "1000"));
  constexpr int kProcesses = 4, kSteps = 20;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto own = MakeDirectoryStore({.root = root, .sync = false});
      if (!own.ok()) ::_exit(1);
      for (int step = 0; step < kSteps;) {
        const auto head = (*own)->Head("counter");
        if (!head.ok()) ::_exit(2);
        const auto body = (*own)->Get("counter", {.if_match = head->etag});
        if (!body.ok()) continue;
        const auto next = std::to_string(std::stoi((*body)->ToString()) + 1);
        const auto put = PutString(**own, "counter", next, {.if_match = head->etag});
        if (put.ok()) ++step;
        if (!put.ok() && KindOf(put.status()) != ErrorKind::kPrecondition) ::_exit(3);
      }
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "counter"));
  EXPECT_EQ(body, std::to_string(1000 + kProcesses * kSteps));
}

TEST_F(DirectoryStoreTest, AnotherUsersFolderIsDenied) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may do everything";
  ASSERT_OK(PutString(*store, "d/k", "x"));
  ASSERT_EQ(::chmod((root + "/d").c_str(), 0), 0);
  ASSERT_FAILS(ErrorKind::kDenied, "d/k", store->Get("d/k"));
  ASSERT_FAILS(ErrorKind::kDenied, "d/k", PutString(*store, "d/k", "x"));
  EXPECT_EQ(KindOf(store->List().status()), ErrorKind::kDenied);
  ::chmod((root + "/d").c_str(), 0700);
}

TEST_F(DirectoryStoreTest, ALargeFolderIsListedInPagesWhileItChanges) {
  fs::create_directories(fs::path(root) / "n");
  for (int i = 0; i < 3000; ++i) std::ofstream(root + "/n/" + std::to_string(10000 + i)) << "x";
  EXPECT_EQ(Keys("n/").size(), 3000u);
  ::usleep(150'000);  // the folder's names may be remembered from here on
  ListOptions options{.prefix = "n/"};
  ASSERT_OK_AND_ASSIGN(auto page, store->List(options));
  ASSERT_EQ(page.objects.size(), 1000u);
  ASSERT_OK(PutString(*store, "n/11000a", "x"));
  ASSERT_OK(store->Delete(std::vector<std::string>{"n/11001"}));
  options.continuation_token = page.next_token;
  ASSERT_OK_AND_ASSIGN(page, store->List(options));
  EXPECT_EQ(page.objects[0].key, "n/11000");
  EXPECT_EQ(page.objects[1].key, "n/11000a");
  EXPECT_EQ(page.objects[2].key, "n/11002");
  EXPECT_EQ(Keys("n/").size(), 3000u);
}

TEST_F(DirectoryStoreTest, AFolderThatDoesNotConcernThePageIsNotRead) {
  ASSERT_OK(PutString(*store, "a/k", "x"));
  ASSERT_OK(PutString(*store, "b/1/k", "x"));
  ASSERT_OK(PutString(*store, "b/2/k", "x"));
  ASSERT_OK(PutString(*store, "c/k", "x"));
  // Reading a folder moves its access time; an old one moves on every file system that keeps it.
  const auto read_since = [&](const std::string& folder, auto&& action) {
    const struct timespec old[2] = {{.tv_sec = 1, .tv_nsec = 0}, {.tv_sec = 2, .tv_nsec = 0}};
    ::utimensat(AT_FDCWD, (root + "/" + folder).c_str(), old, 0);
    action();
    struct stat info;
    ::stat((root + "/" + folder).c_str(), &info);
    return info.st_atim.tv_sec != 1;
  };
  if (!read_since("b", [&] { Keys(); })) GTEST_SKIP() << "access times are not kept here";
  EXPECT_FALSE(read_since("a", [&] { Keys("b/"); }));
  EXPECT_FALSE(read_since("c", [&] { Keys("b/"); }));
  EXPECT_FALSE(read_since("b/1", [&] { Keys("b/2"); }));
  EXPECT_TRUE(read_since("b/2", [&] { Keys("b/2"); }));
  EXPECT_FALSE(read_since("a", [&] { ASSERT_OK(store->List({.start_after = "b"})); }));
}

// ---- a full disk ----------------------------------------------------------------------------------------------------

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::mount("tmpfs", dir.path().c_str(), "tmpfs", 0, "size=1m") != 0) {
      GTEST_SKIP() << "a small file system cannot be mounted here: " << std::strerror(errno);
    }
    mounted = true;
    store = MakeDirectoryStore({.root = dir / "root"}).ValueOrDie();
  }
  void TearDown() override {
    store.reset();
    if (mounted) ::umount2(dir.path().c_str(), MNT_DETACH);
  }

  TempDir dir;
  bool mounted = false;
  std::shared_ptr<ObjectStore> store;
};

TEST_F(FullDisk, APutLeavesTheOldObjectAndNothingElse) {
  ASSERT_OK(PutString(*store, "d/k", "old"));
  const std::string large(2 << 20, 'x');
  ASSERT_FAILS(ErrorKind::kUnavailable, "d/k: No space left", PutString(*store, "d/k", large));
  ASSERT_FAILS(ErrorKind::kUnavailable, "d/new: No space left", PutString(*store, "d/new", large));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "d/k"));
  EXPECT_EQ(body, "old");
  ASSERT_OK_AND_ASSIGN(const auto objects, ListAll(*store, ""));
  EXPECT_EQ(objects.size(), 1u);
  // The space of the attempts is free again.
  ASSERT_OK(PutString(*store, "d/half", std::string(500'000, 'x')));
}

TEST_F(FullDisk, ACopyLeavesNothing) {
  ASSERT_OK(PutString(*store, "k", std::string(700'000, 'x')));
  ASSERT_FAILS(ErrorKind::kUnavailable, "d/copy: No space left", store->Copy("k", "d/copy"));
  ASSERT_OK_AND_ASSIGN(const bool exists, Exists(*store, "d/copy"));
  EXPECT_FALSE(exists);
}

TEST_F(FullDisk, APartThatFailedCanBeSentAgain) {
  ASSERT_OK_AND_ASSIGN(const auto id, store->CreateMultipart("k"));
  const std::string half(400'000, 'a');
  ASSERT_OK_AND_ASSIGN(const auto one, store->UploadPart("k", id, 1, AsBytes(half)));
  ASSERT_OK(PutString(*store, "filler", std::string(300'000, 'x')));
  ASSERT_FAILS(ErrorKind::kUnavailable, "k: No space left", store->UploadPart("k", id, 2, AsBytes(half)));
  ASSERT_OK(store->Delete(std::vector<std::string>{"filler"}));
  // Appended in its place, so that completing needs no room for a copy.
  ASSERT_OK_AND_ASSIGN(const auto two, store->UploadPart("k", id, 2, AsBytes(half)));
  ASSERT_OK(store->CompleteMultipart("k", id, std::vector{one, two}));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "k"));
  EXPECT_EQ(body, half + half);
}

TEST_F(FullDisk, AWriterFailsAndLeavesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto writer, ObjectWriter::Open(store, "k", 100'000));
    ASSERT_FAILS(ErrorKind::kUnavailable, "k: No space left", writer->Write(std::string(3 << 20, 'x')));
  }
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  ASSERT_OK(PutString(*store, "k", std::string(800'000, 'x')));
}

}  // namespace
}  // namespace glaux::testing
