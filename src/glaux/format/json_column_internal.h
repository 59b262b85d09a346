#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/format.h"
#include "glaux/format/hive_column_internal.h"
#include "glaux/format/json_cursor_internal.h"

namespace glaux {

/// What is worth telling of the records of a file. Thread-safe.
class JsonNotes {
 public:
  void Add(const JsonRemark& remark, int64_t line);
  std::vector<std::string> Sentences() const;
  /// FileReader::unknown_keys.
  std::map<std::string, int64_t> UnknownKeys() const;

 private:
  mutable std::mutex mutex_;
  /// With the first line of each.
  std::map<std::string, int64_t> doubled_;
  std::map<std::string, int64_t> unknown_;
  bool more_ = false;
};

/// How Hive's SerDes take keys and values. Shared by tasks on any thread.
struct JsonRules {
  explicit JsonRules(HiveJsonOptions options) : hive(std::move(options)) { text.dialect = HiveDialect::kOpenXJson; }
  HiveJsonOptions hive;
  HiveTextRules text;
};

/// Turns the values of one key into an array. Used by one thread.
///
/// What converts: null to every type; true and false to bool; number literals to integers, decimals and floating
/// numbers, exactly (an integer that a double does not hold is refused, a fraction becomes the nearest); "NaN",
/// "Infinity" and "-Infinity" to floating numbers; strings with ISO 8601 to dates, times and timestamps; strings with
/// base64 to binary; objects to structs and maps; arrays of {"key", "value"} to maps; arrays to lists.
/// A string column takes every value: a string as what it means, all else as its JSON text without white space between
/// tokens, in which numbers, escapes and doubled keys are as the file has them.
class JsonColumn {
 public:
  virtual ~JsonColumn() = default;

  /// Values so far.
  int64_t length() const { return length_; }

  virtual Status Reserve(int64_t rows) = 0;
  /// Step over one value and append it. False: `in` says why; call Truncate before the next one.
  virtual bool Append(JsonCursor& in) = 0;
  /// False if there is no memory.
  virtual bool AppendNulls(int64_t count) = 0;
  /// Forget all values but the first `length`.
  virtual void Truncate(int64_t length) = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;

  /// kInvalid for types that no JSON value becomes. `path` is what remarks call the column. `rules` must outlive it;
  /// null: as JSON is.
  static Result<std::unique_ptr<JsonColumn>> Make(const std::shared_ptr<arrow::DataType>& type,
                                                  const std::string& path = {}, const JsonRules* rules = nullptr);

 protected:
  int64_t length_ = 0;
};

/// The members of objects, each in its column. What is worth telling goes to JsonCursor::remarks.
class JsonFields {
 public:
  /// `path` is what stands before the names in remarks: "a.b." or nothing.
  static Result<std::unique_ptr<JsonFields>> Make(const arrow::FieldVector& fields, const std::string& path,
                                                  const JsonRules* rules = nullptr);
  ~JsonFields();

  Status Reserve(int64_t rows);
  /// Step over an object, of which the brace is here, and append it as row number `row`. Columns that it does not name
  /// stay behind until their next value or Fill.
  bool Append(JsonCursor& in, int64_t row);
  /// Append what is no object as the value of the field named `value`; only step over it where there is no such field.
  bool AppendAsValue(JsonCursor& in, int64_t row);
  /// Give every column `rows` values.
  bool Fill(int64_t rows);
  /// Forget the rows from `rows` on.
  void Truncate(int64_t rows);
  Result<arrow::ArrayVector> Finish();

 private:
  struct Key;
  struct Keys;
  JsonFields();
  bool AppendTo(const Key& key, int64_t row, JsonCursor& in);

  std::vector<std::unique_ptr<JsonColumn>> columns_;
  std::unique_ptr<Keys> keys_;
};

}  // namespace glaux
