#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "glaux/table/hive/commit_log.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {

struct FileLayout;

/// The place of one table: its files, its log, its name in the catalog.
struct HivePlace {
  HiveEnvironment environment;
  TableId id;
  std::string location;                ///< URI of the root, ends with '/'; the table's own location may be below it
  std::shared_ptr<ObjectStore> store;  ///< of the location
  std::string prefix;                  ///< key of the location in the store, ends with '/'
  std::shared_ptr<CommitLog> log;

  static Result<HivePlace> Make(const HiveEnvironment& environment, const TableEntry& entry);
};

/// The location with a '/' at its end.
std::string FolderOf(std::string location);

/// Do all that an open commit still has to do, up to closing it. Every step may have been done before.
Status FinishCommit(const HivePlace& place, const CommitRecord& record, const arrow::StopToken& stop);

/// If a commit is open, finish it. \return the state after that
Result<CommitLog::State> FinishOpenCommit(const HivePlace& place, const arrow::StopToken& stop,
                                          int64_t* finished = nullptr);

/// The ledger as it is once no commit is open, and the state that it belongs to.
struct Ledger {
  CommitLog::State state;
  std::vector<LoadedFile> files;
};
Result<Ledger> ReadLedger(const HivePlace& place);

/// Bytes of a data file that are kept before they go to the store as one part, at least: a store that sends parts over
/// a network has larger ones.
inline constexpr int64_t kDataPartBytes = 1 << 20;

/// What of the log is known without looking at it again.
struct SeenLog {
  bool there = false;    ///< its state is
  int64_t segments = 0;  ///< of the ledger
};

/// Where an append is to go.
struct AppendPlace {
  const HivePlace& place;
  const FileLayout& layout;
  const TableEntry& entry;
  bool staged = false;
  bool partitioned = false;
  SeenLog log;

  /// About how many files rows become, of one partition.
  int64_t FilesOf(int64_t rows, int64_t bytes, int64_t target_file_bytes) const;
};

/// Table::RequestsOf.
RequestCounts RequestsOfAppend(const AppendPlace& at, const EvolutionPlan& plan, const AppendOptions& options,
                               const ExpectedWrite& expected);

/// Table::ChangeStream and Table::ForgetLoaded.
Status ChangeStream(const HivePlace& place, const StreamChange& change);
Result<int64_t> ForgetLoaded(const HivePlace& place, const std::function<bool(const LoadedFile&)>& forget);

/// Files (URIs) that overwrites have replaced and that are not gone yet.
Result<std::set<std::string>> ReplacedFiles(const HivePlace& place, const CommitLog::State& state);

/// Delete the files that overwrites have replaced and whose grace is over. \return how many
Result<int64_t> DropReplaced(const HivePlace& place);

/// The files that readers see at a location of this table, or of a partition of it: no hidden ones, no empty ones; of a
/// folder only those of its format, and none that are deeper.
Status ForEachDataFile(const HivePlace& place, const FileLayout& layout, const std::string& location,
                       const std::function<Status(std::string uri, const ObjectInfo& object)>& visit);

/// The partitions that there are with their locations: those of the catalog, or the folders of a folder.
/// \param columns with the columns that each has for itself in the catalog: most of the bytes
Result<std::vector<PartitionEntry>> PartitionsOf(const HivePlace& place, const FileLayout& layout,
                                                 std::span<const std::string> keys, const std::string& expression = {},
                                                 bool columns = false);

/// Fill in what an overwrite moves and replaces, as the table is now. No commit is open. In a folder nothing moves: the
/// new files appear beside those that are replaced, which readers of ours leave out from then on and which go at once.
/// \param written partitions that get rows; of an unpartitioned table one without values
Status DescribeOverwrite(const HivePlace& place, const FileLayout& layout, const TableEntry& entry,
                         const AppendOptions& options, const std::vector<std::vector<std::string>>& written,
                         const arrow::StopToken& stop, CommitRecord* record, CommitSummary* summary);

/// Begin an append of a table that may not be in the catalog yet.
/// \param entry the catalog's entry, or the one to create
/// \param staged whether the commit creates the table
Result<std::unique_ptr<Append>> MakeHiveAppend(HivePlace place, const TableEntry& entry, bool staged,
                                               std::vector<PartitionField> spec, const EvolutionPlan& plan,
                                               const AppendOptions& options, FileLayout layout);

}  // namespace glaux
