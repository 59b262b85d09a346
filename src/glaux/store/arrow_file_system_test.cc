#include "glaux/store/arrow_file_system.h"

#include <arrow/io/interfaces.h>

#include "glaux/store/memory_store.h"
#include "glaux/testing/faulty_store.h"
#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

using arrow::fs::FileSelector;
using arrow::fs::FileType;

class ArrowFileSystem : public ::testing::Test {
 protected:
  void Write(const std::string& path, std::string_view body) { ASSERT_OK(PutString(*store, path, body)); }

  // "path" for objects and "path/" for folders.
  std::vector<std::string> Paths(const FileSelector& select) {
    std::vector<std::string> paths;
    auto files = fs->GetFileInfo(select);
    EXPECT_TRUE(files.ok()) << files.status().ToString();
    if (!files.ok()) return paths;
    for (const auto& file : *files) paths.push_back(file.path() + (file.IsDirectory() ? "/" : ""));
    return paths;
  }

  static FileSelector Select(const std::string& base, bool recursive = false) {
    FileSelector select;
    select.base_dir = base;
    select.recursive = recursive;
    return select;
  }

  std::shared_ptr<ObjectStore> store = MakeMemoryStore();
  std::shared_ptr<arrow::fs::FileSystem> fs = MakeArrowFileSystem(store);
};

TEST_F(ArrowFileSystem, KnowsObjectsFoldersAndWhatIsNotThere) {
  Write("d/e/f", "12345");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->GetFileInfo("d/e/f"));
  EXPECT_EQ(file.type(), FileType::File);
  EXPECT_EQ(file.size(), 5);
  for (const char* folder : {"", "d", "d/e", "d/e/"}) {
    ASSERT_OK_AND_ASSIGN(const auto info, fs->GetFileInfo(folder));
    EXPECT_EQ(info.type(), FileType::Directory) << folder;
  }
  ASSERT_OK_AND_ASSIGN(const auto missing, fs->GetFileInfo("d/e/f2"));
  EXPECT_EQ(missing.type(), FileType::NotFound);
}

TEST_F(ArrowFileSystem, ASelectorListsOneLevelOrAllOrSomeLevels) {
  for (const char* key : {"d/1", "d/e/2", "d/e/g/3", "x"}) Write(key, "x");
  EXPECT_EQ(Paths(Select("")), (std::vector<std::string>{"d/", "x"}));
  EXPECT_EQ(Paths(Select("d")), (std::vector<std::string>{"d/1", "d/e/"}));
  EXPECT_EQ(Paths(Select("d", true)), (std::vector<std::string>{"d/1", "d/e/", "d/e/2", "d/e/g/", "d/e/g/3"}));
  auto limited = Select("d", true);
  limited.max_recursion = 1;
  EXPECT_EQ(Paths(limited), (std::vector<std::string>{"d/1", "d/e/", "d/e/2", "d/e/g/"}));
  limited.max_recursion = 0;
  EXPECT_EQ(Paths(limited), (std::vector<std::string>{"d/1", "d/e/"}));
}

TEST_F(ArrowFileSystem, ASelectorOfAMissingFolderFailsUnlessAllowed) {
  Write("file", "x");
  auto select = Select("missing");
  ASSERT_FAILS(ErrorKind::kNotFound, "missing", fs->GetFileInfo(select));
  select.allow_not_found = true;
  EXPECT_TRUE(Paths(select).empty());
  ASSERT_FAILS(ErrorKind::kInvalid, "not a folder", fs->GetFileInfo(Select("file")));
}

TEST_F(ArrowFileSystem, AnObjectIsVisibleOnceItsStreamIsClosed) {
  ASSERT_OK_AND_ASSIGN(const auto stream, fs->OpenOutputStream("d/k"));
  ASSERT_OK(stream->Write(std::string_view("content")));
  ASSERT_OK_AND_ASSIGN(const bool early, Exists(*store, "d/k"));
  EXPECT_FALSE(early);
  ASSERT_OK(stream->Close());
  ASSERT_OK(stream->Close());
  ASSERT_OK_AND_ASSIGN(const auto file, fs->OpenInputFile("d/k"));
  ASSERT_OK_AND_ASSIGN(const auto body, file->ReadAt(0, 100));
  EXPECT_EQ(body->ToString(), "content");
  ASSERT_OK_AND_ASSIGN(const auto input, fs->OpenInputStream("d/k"));
  ASSERT_OK_AND_ASSIGN(const auto start, input->Read(4));
  EXPECT_EQ(start->ToString(), "cont");
}

TEST_F(ArrowFileSystem, AStreamThatIsAbortedOrDroppedLeavesNothing) {
  {
    ASSERT_OK_AND_ASSIGN(const auto aborted, fs->OpenOutputStream("a"));
    ASSERT_OK(aborted->Write(std::string_view("x")));
    ASSERT_OK(aborted->Abort());
    EXPECT_EQ(KindOf(aborted->Close()), ErrorKind::kCancelled);
    ASSERT_OK_AND_ASSIGN(const auto dropped, fs->OpenOutputStream("b"));
    ASSERT_OK(dropped->Write(std::string_view("x")));
  }
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
  EXPECT_TRUE(Paths(Select("", true)).empty());
}

TEST_F(ArrowFileSystem, AFailedCloseLeavesNoUpload) {
  // Create, one part, complete: the third call.
  const auto faulty =
      std::make_shared<FaultyStore>(store, 3, FaultyStore::When::kBefore, FaultyStore::Count::kMutating);
  ASSERT_OK_AND_ASSIGN(const auto stream, MakeArrowFileSystem(faulty)->OpenOutputStream("k"));
  ASSERT_OK(stream->Write(std::string_view("x")));
  EXPECT_EQ(KindOf(stream->Close()), ErrorKind::kUnavailable);
  ASSERT_OK_AND_ASSIGN(const auto uploads, store->ListMultipart(""));
  EXPECT_TRUE(uploads.empty());
}

TEST_F(ArrowFileSystem, DeletesFilesAndFolders) {
  for (const char* key : {"d/1", "d/e/2", "d2", "x"}) Write(key, "x");
  ASSERT_OK(fs->DeleteFile("x"));
  EXPECT_EQ(KindOf(fs->DeleteFile("x")), ErrorKind::kNotFound);
  ASSERT_OK(fs->DeleteDir("d"));
  EXPECT_EQ(Paths(Select("", true)), std::vector<std::string>{"d2"});
  EXPECT_EQ(KindOf(fs->DeleteDirContents("")), ErrorKind::kInvalid);
  ASSERT_OK(fs->DeleteRootDirContents());
  EXPECT_TRUE(Paths(Select("", true)).empty());
}

TEST_F(ArrowFileSystem, MovesAndCopies) {
  for (const char* key : {"d/1", "d/e/2", "x"}) Write(key, key);
  ASSERT_OK(fs->CopyFile("x", "copy"));
  ASSERT_OK(fs->Move("x", "moved"));
  ASSERT_OK(fs->Move("d", "new/d"));
  EXPECT_EQ(Paths(Select("", true)),
            (std::vector<std::string>{"copy", "moved", "new/", "new/d/", "new/d/1", "new/d/e/", "new/d/e/2"}));
  ASSERT_OK_AND_ASSIGN(const auto body, GetString(*store, "new/d/e/2"));
  EXPECT_EQ(body, "d/e/2");
  EXPECT_EQ(KindOf(fs->Move("missing", "y")), ErrorKind::kNotFound);
  EXPECT_EQ(KindOf(fs->Move("new", "new/inside")), ErrorKind::kInvalid);
  EXPECT_EQ(KindOf(fs->OpenAppendStream("copy").status()), ErrorKind::kNotImplemented);
}

TEST_F(ArrowFileSystem, IsEqualOverTheSameStoreOnly) {
  EXPECT_TRUE(fs->Equals(*MakeArrowFileSystem(store)));
  EXPECT_FALSE(fs->Equals(*MakeArrowFileSystem(MakeMemoryStore())));
}

}  // namespace
}  // namespace glaux::testing
