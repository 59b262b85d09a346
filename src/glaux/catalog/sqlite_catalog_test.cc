#include "glaux/catalog/sqlite_catalog.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/catalog/sqlite_file_internal.h"
#include "glaux/testing/catalog_conformance.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

Result<std::shared_ptr<Catalog>> OpenInFolderOfItsOwn() {
  struct Held {
    TempDir dir;
    std::shared_ptr<Catalog> catalog;
    ~Held() { catalog.reset(); }
  };
  auto held = std::make_shared<Held>();
  ARROW_ASSIGN_OR_RAISE(held->catalog, OpenSqliteCatalog({.path = held->dir / "catalog.sqlite"}));
  Catalog* catalog = held->catalog.get();
  return std::shared_ptr<Catalog>(std::move(held), catalog);
}

Result<std::shared_ptr<Catalog>> OpenInMemory() { return MakeMemoryCatalog(); }

INSTANTIATE_TEST_SUITE_P(Local, CatalogConformance,
                         ::testing::Values(CatalogUnderTest{"SqliteFile", OpenInFolderOfItsOwn},
                                           CatalogUnderTest{"Memory", OpenInMemory}),
                         CatalogName);

TableEntry Wide(int columns) {
  TableEntry table{.id = {"db", "wide"}, .partition_keys = {{.name = "day", .type = "string"}}};
  for (int i = 0; i < columns; ++i) {
    table.storage.columns.push_back({.name = "column_" + std::to_string(i), .type = "decimal(18,6)"});
  }
  return table;
}

class SqliteFile : public ::testing::Test {
 protected:
  Result<std::shared_ptr<Catalog>> Open(bool create = true) {
    return OpenSqliteCatalog({.path = path_, .busy_timeout = std::chrono::milliseconds(5000), .create = create});
  }
  void Fill() {
    ASSERT_OK_AND_ASSIGN(auto catalog, Open());
    ASSERT_OK(catalog->CreateDatabase({.name = "db"}));
    ASSERT_OK(catalog->CreateTable(Wide(50)));
    PartitionChange change;
    for (int i = 0; i < 1000; ++i) change.put.push_back({.values = {"day " + std::to_string(i)}});
    ASSERT_OK(catalog->ApplyPartitions({"db", "wide"}, change));
  }
  /// Run statements on the file behind the catalog's back.
  void Tamper(const char* sql) {
    ASSERT_OK_AND_ASSIGN(auto connection, sqlite::Connection::Open(path_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                                                   std::chrono::milliseconds(5000)));
    ASSERT_OK(connection->Execute(sql));
  }

  TempDir dir_;
  std::string path_ = dir_ / "catalog.sqlite";
};

TEST_F(SqliteFile, KeepsEverythingWhenItIsOpenedAgain) {
  Fill();
  ASSERT_OK_AND_ASSIGN(auto catalog, Open(/*create=*/false));
  EXPECT_EQ(catalog->name(), "sqlite:" + path_);
  ASSERT_OK_AND_ASSIGN(const auto table, catalog->GetTable({"db", "wide"}));
  EXPECT_EQ(table.storage, Wide(50).storage);
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog, {"db", "wide"}));
  EXPECT_EQ(partitions.size(), 1000u);
}

TEST_F(SqliteFile, MakesItsFolder) {
  path_ = dir_ / "new/lake/catalog.sqlite";
  ASSERT_OK(Open());
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(SqliteFile, IsNotMadeWhenThatIsNotWanted) {
  ASSERT_FAILS(ErrorKind::kNotFound, path_, Open(/*create=*/false));
  EXPECT_FALSE(std::filesystem::exists(path_));
  ASSERT_FAILS(ErrorKind::kInvalid, "path is empty", OpenSqliteCatalog({}));
}

TEST_F(SqliteFile, TakesNamesThatAreSpecialToSqliteAsFiles) {
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir_.path());
  for (const std::string name : {":memory:", "file:x?mode=memory"}) {
    EXPECT_OK(OpenSqliteCatalog({.path = name}));
    EXPECT_TRUE(std::filesystem::exists(dir_ / name)) << name;
  }
  std::filesystem::current_path(before);
}

TEST_F(SqliteFile, ShowsACommitToEveryOtherCatalogOnTheFile) {
  ASSERT_OK_AND_ASSIGN(auto one, Open());
  ASSERT_OK_AND_ASSIGN(auto two, Open());
  ASSERT_OK(one->CreateDatabase({.name = "db"}));
  ASSERT_OK(two->CreateTable(Wide(1)));
  ASSERT_OK_AND_ASSIGN(auto table, one->GetTable({"db", "wide"}));
  ASSERT_OK(two->CommitTable("0", table));
  ASSERT_FAILS(ErrorKind::kPrecondition, "version 1, expected 0", one->CommitTable("0", table));
}

TEST_F(SqliteFile, StoresSharedColumnsOnce) {
  ASSERT_OK_AND_ASSIGN(auto catalog, Open());
  ASSERT_OK(catalog->CreateDatabase({.name = "db"}));
  ASSERT_OK_AND_ASSIGN(TableEntry table, catalog->CreateTable(Wide(200)));
  PartitionChange change;
  for (int i = 0; i < 2000; ++i) {
    PartitionEntry partition{.values = {"2025-" + std::to_string(i)}, .storage = table.storage};
    partition.storage.location = "s3://lake/wide/day=" + partition.values[0] + "/";
    change.put.push_back(std::move(partition));
  }
  ASSERT_OK(catalog->ApplyPartitions(table.id, change));
  for (int i = 0; i < 20; ++i) {
    ASSERT_OK_AND_ASSIGN(table, catalog->CommitTable(table.version_id, table));
  }
  ASSERT_OK_AND_ASSIGN(auto connection, sqlite::OpenCatalogFile(path_, std::chrono::milliseconds(5000), false));
  ASSERT_OK_AND_ASSIGN(const auto shapes, connection->Number("SELECT count(*) FROM shapes"));
  EXPECT_EQ(shapes, 1);
  ASSERT_OK_AND_ASSIGN(const auto pages, connection->Number("PRAGMA page_count"));
  EXPECT_LT(*pages * 4096, 600'000) << "2,000 copies of 200 columns are 20 MB";
  ASSERT_OK(catalog->DropTable(table.id));
  ASSERT_OK_AND_ASSIGN(const auto left, connection->Number("SELECT (SELECT count(*) FROM shapes) + "
                                                           "(SELECT count(*) FROM table_versions) + "
                                                           "(SELECT count(*) FROM partitions)"));
  EXPECT_EQ(left, 0);
}

TEST_F(SqliteFile, RefusesAFileThatIsNotSqliteAndLeavesItAsItIs) {
  const std::string content = "year,month\n2025,01\n" + std::string(4000, 'x');
  dir_.Write("catalog.sqlite", content);
  ASSERT_FAILS(ErrorKind::kCorrupt, path_, Open());
  EXPECT_NE(InfoOf(Open().status()).hint, "");
  EXPECT_EQ(ReadFileOrDie(path_), content);
}

TEST_F(SqliteFile, RefusesTheDatabaseOfAnotherProgramAndLeavesItAsItIs) {
  Tamper("CREATE TABLE bookmarks(url TEXT)");
  const auto before = ReadFileOrDie(path_);
  ASSERT_FAILS(ErrorKind::kCorrupt, path_ + ": the file is a SQLite database of another program", Open());
  EXPECT_EQ(ReadFileOrDie(path_), before);
}

TEST_F(SqliteFile, RefusesAFileOfANewerRelease) {
  Fill();
  Tamper("PRAGMA user_version = 2");
  ASSERT_FAILS(ErrorKind::kNotImplemented, "its tables have version 2, this program knows 1", Open());
  EXPECT_THAT(InfoOf(Open().status()).hint, ::testing::HasSubstr("update glaux"));
}

TEST_F(SqliteFile, SaysThatATruncatedFileIsCorrupt) {
  Fill();
  for (const double share : {0.9, 0.5, 0.1}) {
    std::filesystem::resize_file(path_, static_cast<uintmax_t>(std::filesystem::file_size(path_) * share));
    ASSERT_FAILS(ErrorKind::kCorrupt, path_, Open());
  }
  std::filesystem::resize_file(path_, 60);
  ASSERT_FAILS(ErrorKind::kCorrupt, path_, Open());
}

TEST_F(SqliteFile, SaysWhichEntryIsDamaged) {
  Fill();
  Tamper("UPDATE table_versions SET entry = '{\"Name\": '");
  ASSERT_OK_AND_ASSIGN(auto catalog, Open());
  ASSERT_FAILS(ErrorKind::kCorrupt, "table db.wide is damaged", catalog->GetTable({"db", "wide"}));
  ASSERT_FAILS(ErrorKind::kCorrupt, "table db.wide is damaged", catalog->ListTables("db"));
  Tamper("UPDATE table_versions SET entry = '{\"Name\":\"wide\",\"PartitionKeys\":[{\"Name\":\"day\"}]}'");
  ASSERT_OK(catalog->GetPartitions({"db", "wide"}));
  Tamper("UPDATE partitions SET key = x'00ff0001' WHERE key = (SELECT min(key) FROM partitions)");
  ASSERT_FAILS(ErrorKind::kCorrupt, "a partition of table db.wide", catalog->GetPartitions({"db", "wide"}));
  Tamper("DELETE FROM shapes");
  ASSERT_FAILS(ErrorKind::kCorrupt, "storage descriptor", catalog->GetTable({"db", "wide"}));
  Tamper("UPDATE databases SET entry = '[]'");
  ASSERT_FAILS(ErrorKind::kCorrupt, "database db", catalog->GetDatabase("db"));
}

TEST_F(SqliteFile, SaysThatAFolderIsNotAFile) {
  std::filesystem::create_directories(path_);
  ASSERT_FAILS(ErrorKind::kInvalid, path_, Open());
}

TEST_F(SqliteFile, IsDeniedInAFolderThatIsNotWritable) {
  Fill();
  auto open_as_nobody = [&](const std::string& path) {
    // Permissions do not bind the superuser, so another process gives that up before it opens the file.
    const pid_t child = fork();
    if (child == 0) {
      if (geteuid() == 0 && setuid(65534) != 0) _exit(99);
      _exit(static_cast<int>(KindOf(OpenSqliteCatalog({.path = path}).status())));
    }
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? static_cast<ErrorKind>(WEXITSTATUS(status)) : ErrorKind::kOther;
  };
  ASSERT_EQ(chmod(dir_.path().c_str(), 0555), 0);
  EXPECT_EQ(KindName(open_as_nobody(dir_ / "other.sqlite")), "Denied");
  EXPECT_EQ(KindName(open_as_nobody(dir_ / "below/other.sqlite")), "Denied");
  EXPECT_EQ(KindName(open_as_nobody(path_)), "Denied");
  ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
}

TEST_F(SqliteFile, ReadsWhileAnotherProcessWritesAndSaysWhenItWaitedTooLong) {
  Fill();
  ASSERT_OK_AND_ASSIGN(auto catalog, OpenSqliteCatalog({.path = path_, .busy_timeout = std::chrono::milliseconds(30)}));
  ASSERT_OK_AND_ASSIGN(auto other, sqlite::OpenCatalogFile(path_, std::chrono::milliseconds(30), false));
  ASSERT_OK_AND_ASSIGN(auto transaction, sqlite::Transaction::Begin(*other, sqlite::Transaction::Mode::kWrite));
  ASSERT_OK(other->Execute("DELETE FROM partitions"));
  ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog, {"db", "wide"}));
  EXPECT_EQ(partitions.size(), 1000u) << "what is not committed does not show";
  ASSERT_FAILS(ErrorKind::kTimeout, "locked for 30 ms", catalog->CreateDatabase({.name = "late"}));
  ASSERT_OK(transaction.Commit());
  ASSERT_OK(catalog->CreateDatabase({.name = "late"}));
}

}  // namespace
}  // namespace glaux::testing
