#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "glaux/catalog/catalog.h"
#include "glaux/store/location.h"
#include "glaux/store/object_writer.h"
#include "glaux/table/table.h"

namespace glaux {

/// A longer grace would be beyond what times can say.
inline constexpr std::chrono::seconds kLongestGrace = std::chrono::days(36'500);

/// Of the ledger: more are merged into one.
inline constexpr size_t kMostSegments = 24;

/// Where a partition is after a commit, when that does not follow from its values.
struct PartitionMove {
  std::vector<std::string> values;
  std::optional<std::string> from;  ///< its location before; nullopt: it was not there
  std::optional<std::string> to;    ///< nullopt: it is dropped
};

/// Everything that one commit does, written down before it begins, so that anybody can finish it.
struct CommitRecord {
  std::string id;
  /// Uploads to complete.
  std::vector<PendingObject> objects;
  /// Partitions that must be registered; locations follow from the values. One that is there stays as it is.
  std::vector<std::vector<std::string>> partitions;
  /// Partitions whose location changes.
  std::vector<PartitionMove> moves;
  /// The new location of an unpartitioned table, and the one before.
  std::optional<std::string> location_from;
  std::optional<std::string> location_to;
  /// The table to create, if it was not there.
  std::optional<TableEntry> create;
  /// Columns to append to the table if it lacks them, and types to widen.
  std::vector<Column> columns;
  Parameters parameters;
  std::vector<LoadedFile> sources;
  std::vector<StreamChange> streams;
  std::optional<Timestamp> watermark;
  /// Uploads to complete that are no data of the table. One that is gone and not there was taken away by somebody who
  /// has seen it.
  std::vector<AttachedObject> attached;
  int64_t rows = 0;
  /// The rows of the commit replace others: those of these files (below the root), which go `grace` after the commit is
  /// closed.
  bool replaces = false;
  std::vector<std::string> replaced;
  std::chrono::seconds grace{0};
};

/// The log of commits of one table of files: a small object that only compare-and-swap changes.
///
/// Below the table's root:
///   _glaux/state.json           version, the open commit, recent commits, segments of the ledger, streams
///   _glaux/commits/<id>.json    a commit's record, from before it begins until it is finished; of an overwrite until
///                               the files that it replaced are gone
///   _glaux/ledger/<id>.jsonl    source files that commits have loaded; never changed once written
///   _glaux/dropped              there while the table is dropped: written first, gone last
///
/// A commit is: upload all files, but complete no upload; write the record; swap the state to name it as open - from
/// here on it happens; complete the uploads, register in the catalog, complete what is attached (rows that were set
/// aside, anywhere); swap the state to closed. Readers leave out the
/// files of a commit that is open in the state they read, and go to the locations before it if it is an overwrite.
/// Whoever finds an open commit finishes it: every step can be repeated.
///
/// Streams, the ledger and its watermark change in the swap that closes the commit, so they always belong to the rows
/// that readers see. What a commit expects of them is checked before the swap that opens it; while it is open nobody
/// else changes them, because everybody who reads them to act on them finishes the open commit first.
///
/// Format version 1 knows no streams, no watermark, no overwrites and nothing attached, and is what is written until
/// one of them is used; from then on it is 2, which a glaux that does not know them refuses to touch.
///
/// Thread-safe: it holds nothing but its place.
class CommitLog {
 public:
  /// An overwrite whose replaced files are still there.
  struct Replaced {
    std::string id;
    Timestamp until;  ///< from then on they may go
  };
  struct State {
    int format = 1;
    int64_t version = 0;
    std::string open;                            ///< id of the open commit; empty: none
    bool open_replaces = false;                  ///< the open commit is an overwrite
    std::vector<std::string> recent;             ///< ids of finished commits, newest last
    std::vector<std::string> ledger;             ///< names of segments
    std::map<std::string, std::string> streams;  ///< by name
    std::optional<Timestamp> watermark;          ///< of the ledger
    int64_t overwrites = 0;                      ///< that were closed, ever
    std::vector<Replaced> replaced;              ///< oldest first
    std::string etag;                            ///< of the state object; empty: there is none yet

    bool Knows(std::string_view commit_id) const;
    /// Whether the ledger has forgotten a file as old, and takes it for loaded. A file without a time is never old.
    bool PastWatermark(const LoadedFile& file) const;
    /// kPrecondition if a stream is not as a change expects; kInvalid if one is named twice.
    Status CheckStreams(std::span<const StreamChange> changes) const;
    void ChangeStreams(std::span<const StreamChange> changes);
  };

  /// \param prefix of the log in the store: "<root>_glaux/"
  CommitLog(std::shared_ptr<ObjectStore> store, std::string prefix);

  /// kCorrupt if the state does not parse; kNotImplemented if a newer glaux wrote it.
  Result<State> Read() const;
  /// Every source file that finished commits have loaded. kNotFound if segments were merged since `state` was read.
  Result<std::vector<LoadedFile>> ReadLedger(const State& state) const;

  Status WriteRecord(const CommitRecord& record) const;
  /// kNotFound when the commit is finished and forgotten.
  Result<CommitRecord> ReadRecord(const std::string& id) const;
  /// Commits whose record is there: the open one, those whose replaced files are there, and those that never began.
  Result<std::vector<ObjectInfo>> ListRecords() const;
  Status DropRecord(const std::string& id) const;

  /// Name a commit as open. kPrecondition if the state is not `state` any more. A lost answer is looked up.
  Result<State> Begin(const State& state, const CommitRecord& record) const;
  /// Close the open commit with all that it changes in the state; success if somebody else has done so.
  /// \param now from when on the grace counts
  Status Finish(const CommitRecord& record, Timestamp now) const;

  /// Replace the state. kPrecondition if it is not `from` any more. After a lost answer nobody knows.
  Result<State> Swap(const State& from, State to) const;
  Status WriteSegment(const std::string& name, std::span<const LoadedFile> files) const;
  /// Drop segments that the state does not name any more.
  Status DropSegments(std::span<const std::string> names) const;

 private:
  std::string Key(std::string_view name) const { return prefix_ + std::string(name); }

  std::shared_ptr<ObjectStore> store_;
  std::string prefix_;
};

/// An attached object as JSON, for those who keep it somewhere else than in a log.
std::string PrintAttached(const AttachedObject& attached);
/// kCorrupt, naming `key`, where the text is from.
Result<AttachedObject> ParseAttached(std::string_view text, std::string_view key);
/// Complete an attached object in its place, once or again.
Status CompleteAttached(const LocationResolver& resolve, const AttachedObject& attached);

/// Errors after which nobody knows whether the call had its effect.
bool AnswerWasLost(const Status& status);

}  // namespace glaux
