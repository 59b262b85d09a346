#pragma once

#include <arrow/type_fwd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// Whose rules turn text into values.
enum class HiveDialect { kLazySimple, kOpenCsv, kOpenXJson };

/// What columns of one file are made with, and what they found out. Shared by tasks on any thread.
struct HiveTextRules {
  HiveDialect dialect = HiveDialect::kLazySimple;
  HiveTextOptions options = {};
  /// Values in which bytes were no UTF-8.
  mutable std::atomic<int64_t> not_utf8{0};
};

/// Turns the texts of one column into an array. Used by one thread.
class HiveColumn {
 public:
  virtual ~HiveColumn() = default;

  /// Values so far.
  int64_t length() const { return length_; }

  virtual bool Reserve(int64_t rows) = 0;
  /// Append what a text says; false where that is no value of the type, and nothing was appended.
  virtual bool Append(std::string_view text) = 0;
  /// False if there is no memory.
  virtual bool AppendNulls(int64_t count) = 0;
  /// Forget all values but the first `length`.
  virtual void Truncate(int64_t length) = 0;
  virtual Result<std::shared_ptr<arrow::Array>> Finish() = 0;

  /// \param level of the separators: 0 for a column of the table
  /// \return kNotImplemented for types that the dialect has no text for. `rules` must outlive the column.
  static Result<std::unique_ptr<HiveColumn>> Make(const std::shared_ptr<arrow::DataType>& type,
                                                  const HiveTextRules& rules, int level = 0);

 protected:
  int64_t length_ = 0;
};

/// Lists, maps and structs of LazySimpleSerDe.
Result<std::unique_ptr<HiveColumn>> MakeHiveNestedColumn(const std::shared_ptr<arrow::DataType>& type,
                                                         const HiveTextRules& rules, int level);

}  // namespace glaux
