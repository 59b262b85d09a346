#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "glaux/base/status.h"
#include "glaux/format/csv_rules_internal.h"
#include "glaux/format/csv_text_internal.h"
#include "glaux/format/format.h"

namespace glaux {

/// Makes CSV text of batches, a few hundred rows at a time: column by column to text, then row by row to one buffer.
/// Thread-safe.
class CsvEncoder {
 public:
  static Result<CsvEncoder> Make(std::shared_ptr<arrow::Schema> schema, const CsvOptions& options);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// The row that names the columns; nothing if there are none.
  std::string Header() const;

  /// kInvalid for a batch of another schema, and for values that CSV or the options' formats cannot hold.
  Result<std::shared_ptr<arrow::Buffer>> Encode(const arrow::RecordBatch& batch) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  CsvOptions options_;
  std::shared_ptr<const CsvText> text_;
  std::shared_ptr<const CsvRules> rules_;
};

}  // namespace glaux
