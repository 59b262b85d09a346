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
/// Kept rows are JSON lines {"file", "line", "column", "reason", "content", "time"}, in an object that nobody sees
/// until the commit to which it is attached happens. Of a target that takes no attachments Publish makes it visible,
/// after the commit: such a target remembers nothing, so that a run that is cut off between the two is repeated as a
/// whole.
class Quarantine {
 public:
  struct Options {
    OnError on_error = OnError::kFail;
    std::string folder = {};  ///< where kept rows go; a URI that ends in '/'
    std::string run_id = {};  ///< names the object
    LocationResolver open_folder = {};
    Clock* clock = &Clock::System();
    std::optional<int64_t> max_errors = {};
    int64_t rows_before = 0;  ///< of the same run, at checkpoints before: they count for max_errors
  };
  static Result<std::unique_ptr<Quarantine>> Make(Options options);
  /// Drops kept rows that were neither published nor released.
  ~Quarantine();

  OnError on_error() const { return options_.on_error; }
  /// The error itself with OnError::kFail, and when there are more than may be.
  Status Add(const BadRow& row);
  /// What readers call; empty with OnError::kFail, so that they stop at their first error with their own words.
  std::function<Status(BadRow)> handler();

  int64_t rows() const;
  /// End the writing. \return the kept rows, which nobody sees yet; nothing if there are none
  Result<std::optional<AttachedObject>> Close();
  /// A commit has them, or may have them: they are not dropped any more.
  void Release();
  /// Make them visible.
  Status Publish();

  struct Reason {
    std::string text;  ///< of the first row of its kind
    int64_t rows = 0;
  };
  /// The most frequent reasons, by column.
  std::vector<Reason> reasons() const;

 private:
  explicit Quarantine(Options options) : options_(std::move(options)) {}

  const Options options_;
  mutable std::mutex mutex_;
  int64_t rows_ = 0;
  std::map<std::string, Reason> reasons_;
  Location place_;
  std::shared_ptr<ObjectWriter> writer_;
  std::optional<PendingObject> closed_;  // and still to be dropped
};

}  // namespace glaux
