#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/wire/athena_saved_query.h"
#include "glaux/wire/athena_workgroup.h"

namespace glaux::serve::athena {

struct TaggedWorkGroup {
  std::string WorkGroup = {};
  std::vector<glaux::wire::athena::Tag> Tags = {};
};
BOOST_DESCRIBE_STRUCT(TaggedWorkGroup, (), (WorkGroup, Tags))

/// What clients have us keep.
struct KeptState {
  std::vector<glaux::wire::athena::WorkGroup> WorkGroups = {};
  std::vector<glaux::wire::athena::NamedQuery> NamedQueries = {};
  std::vector<glaux::wire::athena::PreparedStatement> PreparedStatements = {};
  std::optional<std::vector<TaggedWorkGroup>> Tags = {};
};
BOOST_DESCRIBE_STRUCT(KeptState, (), (WorkGroups, NamedQueries, PreparedStatements, Tags))

/// KeptState in memory and, where it has a path, in a file that is replaced with each change. Thread-safe, and so are
/// several of them, in several programs, over one file: each sees what the others have changed, and no change is lost.
class Kept {
 public:
  /// kCorrupt if there is a file that is none of ours.
  static Result<std::unique_ptr<Kept>> Open(std::string path);

  /// As it is now. Never changes under the reader.
  std::shared_ptr<const KeptState> Get() const;
  /// Apply a change; an error of it, or of writing, changes nothing.
  Status Change(const std::function<Status(KeptState*)>& change);

 private:
  /// Which version of the file was read: each change makes another file.
  struct Stamp {
    uint64_t inode = 0;  ///< 0: there is none
    int64_t changed = 0;
    int64_t size = 0;
    bool operator==(const Stamp&) const = default;
  };

  explicit Kept(std::string path) : path_(std::move(path)) {}
  static Stamp StampOf(const std::string& path);
  /// Read the file if it is not the one that was read last.
  Status Refresh() const;

  const std::string path_;
  std::mutex change_mutex_;  ///< held over a change and its write
  mutable std::mutex mutex_;
  mutable Stamp stamp_;
  mutable std::shared_ptr<const KeptState> state_ = std::make_shared<KeptState>();
};

}  // namespace glaux::serve::athena
