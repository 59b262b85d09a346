#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glaux/catalog/catalog.h"
#include "glaux/store/object_writer.h"
#include "glaux/table/table.h"

namespace glaux {

/// Everything that one commit does, written down before it begins, so that anybody can finish it.
struct CommitRecord {
  std::string id;
  /// Uploads to complete.
  std::vector<PendingObject> objects;
  /// Partitions that must be registered; locations follow from the values.
  std::vector<std::vector<std::string>> partitions;
  /// The table to create, if it was not there.
  std::optional<TableEntry> create;
  /// Columns to append to the table if it lacks them, and types to widen.
  std::vector<Column> columns;
  Parameters parameters;
  std::vector<LoadedFile> sources;
  int64_t rows = 0;
};

/// The log of commits of one table of files: a small object that only compare-and-swap changes.
///
/// Below the table's location:
///   _glaux/state.json           version, the open commit, recent commits, segments of the ledger
///   _glaux/commits/<id>.json    a commit's record, from before it begins until it is finished
///   _glaux/ledger/<id>.jsonl    source files that commits have loaded; never changed once written
///
/// A commit is: upload all files, but complete no upload; write the record; swap the state to name it as open - from
/// here on it happens; complete the uploads, register in the catalog; swap the state to closed. Readers leave out the
/// files of a commit that is open in the state they read. Whoever finds an open commit finishes it: every step can be
/// repeated. Thread-safe: it holds nothing but its place.
class CommitLog {
 public:
  struct State {
    int64_t version = 0;
    std::string open;                 ///< id of the open commit; empty: none
    std::vector<std::string> recent;  ///< ids of finished commits, newest last
    std::vector<std::string> ledger;  ///< names of segments
    std::string etag;                 ///< of the state object; empty: there is none yet

    bool Knows(std::string_view commit_id) const;
  };

  CommitLog(std::shared_ptr<ObjectStore> store, std::string prefix);

  Result<State> Read() const;
  /// Every source file that finished commits have loaded.
  Result<std::vector<LoadedFile>> ReadLedger(const State& state) const;

  Status WriteRecord(const CommitRecord& record) const;
  /// kNotFound when the commit is finished and forgotten.
  Result<CommitRecord> ReadRecord(const std::string& id) const;
  /// Commits whose record is there: the open one, and those that never began.
  Result<std::vector<ObjectInfo>> ListRecords() const;
  Status DropRecord(const std::string& id) const;

  /// Name a commit as open. kPrecondition if the state is not `state` any more. A lost answer is looked up.
  Result<State> Begin(const State& state, const std::string& id) const;
  /// Close the open commit and add its sources to the ledger; success if somebody else has done so.
  Status Finish(const CommitRecord& record) const;

 private:
  std::string Key(std::string_view name) const { return prefix_ + "_glaux/" + std::string(name); }
  Result<State> Swap(const State& from, State to) const;
  Status WriteSegment(const std::string& id, std::span<const LoadedFile> files) const;

  std::shared_ptr<ObjectStore> store_;
  std::string prefix_;
};

}  // namespace glaux
