#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/wire/athena_saved_query.h"
#include "glaux/wire/athena_workgroup.h"

namespace glaux::serve::athena {

/// What clients have us keep.
struct KeptState {
  std::vector<glaux::wire::athena::WorkGroup> WorkGroups = {};
  std::vector<glaux::wire::athena::NamedQuery> NamedQueries = {};
  std::vector<glaux::wire::athena::PreparedStatement> PreparedStatements = {};
};
BOOST_DESCRIBE_STRUCT(KeptState, (), (WorkGroups, NamedQueries, PreparedStatements))

/// KeptState in memory and, where it has a path, in a file that is replaced with each change. Thread-safe.
class Kept {
 public:
  /// kCorrupt if there is a file that is none of ours.
  static Result<std::unique_ptr<Kept>> Open(std::string path);

  /// As it is now. Never changes under the reader.
  std::shared_ptr<const KeptState> Get() const;
  /// Apply a change; an error of it, or of writing, changes nothing.
  Status Change(const std::function<Status(KeptState*)>& change);

 private:
  explicit Kept(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  std::mutex change_mutex_;  ///< held over a change and its write
  mutable std::mutex mutex_;
  std::shared_ptr<const KeptState> state_ = std::make_shared<KeptState>();
};

}  // namespace glaux::serve::athena
