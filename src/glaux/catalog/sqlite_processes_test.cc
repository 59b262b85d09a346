#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "glaux/catalog/sqlite_catalog.h"
#include "glaux/catalog/sqlite_file_internal.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {
namespace {

/// Run `work` in a process of its own, which ends with 0 if it returns OK.
pid_t Spawn(const std::function<Status()>& work) {
  const pid_t child = fork();
  if (child != 0) return child;
  const Status status = work();
  if (!status.ok()) fprintf(stderr, "child: %s\n", status.ToString().c_str());
  _exit(status.ok() ? 0 : 1);
}

int ExitOf(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

const TableId kCounter{"db", "counter"};

/// Add one to the table's counter, as often as it takes to be first.
Status Increment(Catalog& catalog) {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(TableEntry table, catalog.GetTable(kCounter));
    table.parameters["n"] = std::to_string(std::stoi(table.parameters["n"]) + 1);
    const auto committed = catalog.CommitTable(table.version_id, table);
    if (KindOf(committed.status()) != ErrorKind::kPrecondition) return committed.status();
  }
}

class SqliteProcesses : public ::testing::Test {
 protected:
  Result<std::shared_ptr<Catalog>> Open() { return OpenSqliteCatalog({.path = path_}); }
  void MakeCounter() {
    ASSERT_OK_AND_ASSIGN(auto catalog, Open());
    ASSERT_OK(catalog->CreateDatabase({.name = "db"}));
    ASSERT_OK(catalog->CreateTable({.id = kCounter,
                                    .partition_keys = {{.name = "batch", .type = "int"}, {.name = "i", .type = "int"}},
                                    .parameters = {{"n", "0"}}}));
  }

  TempDir dir_;
  std::string path_ = dir_ / "catalog.sqlite";
};

TEST_F(SqliteProcesses, MakeANewFileTogether) {
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    children.push_back(Spawn([&, i]() -> Status {
      ARROW_ASSIGN_OR_RAISE(auto catalog, Open());
      return catalog->CreateDatabase({.name = "db" + std::to_string(i)});
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(ExitOf(child), 0);
  ASSERT_OK_AND_ASSIGN(auto catalog, Open());
  ASSERT_OK_AND_ASSIGN(const auto databases, AllDatabases(*catalog));
  EXPECT_EQ(databases.size(), 8u);
}

TEST_F(SqliteProcesses, LoseNoUpdate) {
  MakeCounter();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    children.push_back(Spawn([&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(auto catalog, Open());
      for (int n = 0; n < 50; ++n) ARROW_RETURN_NOT_OK(Increment(*catalog));
      return Status::OK();
    }));
  }
  for (const pid_t child : children) EXPECT_EQ(ExitOf(child), 0);
  ASSERT_OK_AND_ASSIGN(auto catalog, Open());
  ASSERT_OK_AND_ASSIGN(const auto table, catalog->GetTable(kCounter));
  EXPECT_EQ(table.parameters.at("n"), "200");
  EXPECT_EQ(table.version_id, "200");
}

TEST_F(SqliteProcesses, KeepWhatWasCommittedWhenAWriterIsKilled) {
  MakeCounter();
  constexpr int kBatch = 500;
  int reported = 0;
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = Spawn([&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(auto catalog, Open());
      for (int n = 0;; ++n) {
        ARROW_RETURN_NOT_OK(Increment(*catalog));
        if (write(pipe_ends[1], "c", 1) != 1) return Status::IOError("pipe");
        PartitionChange change;
        for (int i = 0; i < kBatch; ++i) {
          change.put.push_back({.values = {std::to_string(round * 1000 + n), std::to_string(i)}});
        }
        ARROW_RETURN_NOT_OK(catalog->ApplyPartitions(kCounter, change));
      }
    });
    close(pipe_ends[1]);
    char byte = 0;
    for (int i = 0; i < 3 + round && read(pipe_ends[0], &byte, 1) == 1; ++i) ++reported;
    kill(child, SIGKILL);
    EXPECT_EQ(ExitOf(child), -SIGKILL);
    while (read(pipe_ends[0], &byte, 1) == 1) ++reported;
    close(pipe_ends[0]);

    ASSERT_OK_AND_ASSIGN(auto catalog, Open());
    ASSERT_OK_AND_ASSIGN(const auto table, catalog->GetTable(kCounter));
    const int counted = std::stoi(table.parameters.at("n"));
    EXPECT_GE(counted, reported);
    EXPECT_LE(counted, reported + 1) << "at most the commit that was not reported any more";
    reported = counted;
    ASSERT_OK_AND_ASSIGN(const auto partitions, AllPartitions(*catalog, kCounter));
    EXPECT_EQ(partitions.size() % kBatch, 0u) << "a change is all or nothing";
    EXPECT_GT(partitions.size(), 0u);
  }
}

TEST_F(SqliteProcesses, FreeTheLockOfAWriterThatIsKilledInATransaction) {
  MakeCounter();
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  const pid_t child = Spawn([&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto connection, sqlite::OpenCatalogFile(path_, std::chrono::milliseconds(5000), false));
    ARROW_ASSIGN_OR_RAISE(auto transaction, sqlite::Transaction::Begin(*connection, sqlite::Transaction::Mode::kWrite));
    ARROW_RETURN_NOT_OK(connection->Execute("DELETE FROM tables; DELETE FROM databases"));
    if (write(pipe_ends[1], "t", 1) != 1) return Status::IOError("pipe");
    pause();
    return transaction.Commit();
  });
  close(pipe_ends[1]);
  char byte = 0;
  ASSERT_EQ(read(pipe_ends[0], &byte, 1), 1);
  close(pipe_ends[0]);
  kill(child, SIGKILL);
  EXPECT_EQ(ExitOf(child), -SIGKILL);

  ASSERT_OK_AND_ASSIGN(auto catalog, Open());
  ASSERT_OK(Increment(*catalog));
  ASSERT_OK_AND_ASSIGN(const auto table, catalog->GetTable(kCounter));
  EXPECT_EQ(table.parameters.at("n"), "1");
}

}  // namespace
}  // namespace glaux::testing
