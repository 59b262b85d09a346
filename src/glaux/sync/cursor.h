#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/sync/config.h"

namespace glaux {

/// How far a stream was read by the values of one column.
struct CursorState {
  std::string column;
  std::string type;                 ///< Glue's name of it
  std::optional<std::string> last;  ///< greatest value so far, as text
  /// Rows that the next run may meet again.
  struct Seen {
    std::string value;  ///< of the column
    int64_t count = 0;  ///< rows that are alike in all columns
  };
  std::map<std::string, Seen> seen;  ///< by what they are known by
};

/// What is kept of one stream: a small JSON object.
struct StreamState {
  CursorState cursor;
  std::string updated_at;  ///< time of the run that wrote it
  int64_t runs = 0;

  /// kNotImplemented for a state of a newer version, kCorrupt for what is no state; both name the stream.
  static Result<StreamState> Parse(std::string_view text, std::string_view stream);
  std::string ToString() const;
};

struct CursorBounds {
  std::optional<std::string> since = {};  ///< rows from here on, inclusive; wins over the state
  std::optional<std::string> until = {};  ///< rows before this
};

/// Takes of the rows of one stream those that are new, and finds out where the next run begins. Thread-safe.
class Cursor {
 public:
  /// \param keep_seen leave out rows that were taken before, and remember the last ones: for modes in which a row that
  ///        comes twice is there twice
  static Result<std::unique_ptr<Cursor>> Make(const IncrementalConfig& config, const CursorState& state,
                                              const CursorBounds& bounds, bool keep_seen, Clock& clock,
                                              std::string subject);

  /// From now on rows beyond this value are left for the next run; rows with this very value are taken.
  Status StopBehind(const std::string& value);

  struct Taken {
    std::shared_ptr<arrow::RecordBatch> batch;  ///< the new rows
    /// Rows whose cursor is null: nobody can say whether they are new.
    std::shared_ptr<arrow::RecordBatch> without_value;
  };
  /// \param origin the file of these rows: alike rows of two files are two rows
  Result<Taken> Take(const std::shared_ptr<arrow::RecordBatch>& batch, const std::string& origin);

  /// After all rows: what the next run starts from.
  Result<CursorState> State() const;
  /// First value that is wanted, for readers that can skip others; null: any.
  Result<std::shared_ptr<arrow::Scalar>> LowerBound(const std::shared_ptr<arrow::DataType>& type);

 private:
  Cursor() = default;
  Status Bind(const std::shared_ptr<arrow::DataType>& type);
  Status Remember(const arrow::RecordBatch& batch, const arrow::Array& values, const std::string& origin);
  Status Prune();

  IncrementalConfig config_;
  CursorState before_;
  CursorBounds bounds_;
  bool keep_seen_ = false;
  Timestamp now_;
  std::string subject_;

  mutable std::mutex mutex_;
  std::shared_ptr<arrow::DataType> type_;  // of the column, known with the first batch
  std::shared_ptr<arrow::Scalar> low_;     // rows below are old
  bool low_inclusive_ = true;
  std::shared_ptr<arrow::Scalar> high_;  // rows from here on are not wanted
  std::optional<std::string> stop_behind_;
  std::shared_ptr<arrow::Scalar> stop_;                 // nor rows beyond this
  std::shared_ptr<arrow::Scalar> last_;                 // greatest value so far
  std::map<std::string, CursorState::Seen> left_over_;  // rows of before that were not met yet
  struct Seen {
    std::shared_ptr<arrow::Scalar> value;
    int64_t count = 0;
  };
  std::map<std::string, Seen> seen_;
};

}  // namespace glaux
