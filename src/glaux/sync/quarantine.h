#pragma once

#include <arrow/io/type_fwd.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/store/object_writer.h"
#include "glaux/sync/config.h"
#include "glaux/sync/environment.h"

namespace glaux {

/// What becomes of rows that cannot be taken: an error, a count, or a line in a file. Thread-safe.
///
/// Kept rows are JSON lines {"file", "line", "column", "reason", "content", "time"}, in an object that appears with
/// Publish: before the commit, so that no row is ever in neither place.
class Quarantine {
 public:
  /// \param folder where kept rows go (ends in '/')
  /// \param rows_before of the same run, at checkpoints before: they count for max_errors
  static Result<std::unique_ptr<Quarantine>> Make(const SyncEnvironment& environment, OnError on_error,
                                                  std::string folder, std::string run_id,
                                                  std::optional<int64_t> max_errors, int64_t rows_before = 0);
  ~Quarantine();

  OnError on_error() const { return on_error_; }
  /// The error itself with OnError::kFail, and when there are more than may be.
  Status Add(const BadRow& row);
  /// What readers call; empty with OnError::kFail, so that they stop at their first error with their own words.
  std::function<Status(BadRow)> handler();

  int64_t rows() const;
  /// Make the kept rows visible. \return where they are; empty if there are none
  Result<std::string> Publish();
  /// Take back what was published: the commit did not happen.
  Status Withdraw();

  struct Reason {
    std::string text;  ///< of the first row of its kind
    int64_t rows = 0;
  };
  /// The most frequent reasons, by column.
  std::vector<Reason> reasons() const;

 private:
  Quarantine(const SyncEnvironment& environment, OnError on_error, std::string folder, std::string run_id,
             std::optional<int64_t> max_errors);

  const SyncEnvironment& environment_;
  const OnError on_error_;
  const std::string folder_;
  const std::string run_id_;
  const std::optional<int64_t> max_errors_;
  mutable std::mutex mutex_;
  int64_t rows_before_ = 0;
  int64_t rows_ = 0;
  std::map<std::string, Reason> reasons_;
  Location place_;
  std::shared_ptr<ObjectWriter> writer_;
  bool published_ = false;
};

}  // namespace glaux
