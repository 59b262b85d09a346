#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// Every distinct string of one column, numbered from 0 as they come. Intern is thread-safe; reading while another
/// thread interns is not.
class StringMemo {
 public:
  StringMemo();

  /// Numbers of the strings `values[0 … count)` of a string array.
  void Intern(const arrow::StringArray& values, int32_t* ids);

  int64_t size() const { return static_cast<int64_t>(offsets_.size()) - 1; }
  std::string_view at(int32_t id) const {
    return std::string_view(bytes_).substr(offsets_[id], offsets_[id + 1] - offsets_[id]);
  }
  int64_t memory() const;

 private:
  int32_t Find(std::string_view value);
  void Grow();

  mutable std::mutex mutex_;
  std::string bytes_;
  std::vector<int64_t> offsets_;
  std::vector<uint32_t> hashes_;
  std::vector<int32_t> slots_;  // open addressing; -1 is free
};

/// One column of a batch, prepared once for all partitions that take rows of it.
struct PreparedColumn {
  std::shared_ptr<arrow::Array> array;
  std::vector<int32_t> string_ids;  ///< of string columns: number in the memo, -1 for null
};

/// The rows of one column that belong to one partition and are not written yet. Not thread-safe.
class ColumnBuffer {
 public:
  /// \param memo of string columns; outlives the buffer
  static std::unique_ptr<ColumnBuffer> Make(const std::shared_ptr<arrow::DataType>& type, const StringMemo* memo);
  virtual ~ColumnBuffer() = default;

  virtual Status Append(const PreparedColumn& column, std::span<const int32_t> rows) = 0;
  /// All rows as one array: of a string column a dictionary of just the values that occur, or plain strings where most
  /// values differ.
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;
  virtual int64_t memory() const = 0;
};

/// Take a batch's column as the buffers want it: strings are interned, dictionaries of other types decoded.
Result<PreparedColumn> PrepareColumn(std::shared_ptr<arrow::Array> array, StringMemo* memo);

}  // namespace glaux
