#pragma once

#include <arrow/record_batch.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/serve/athena/result_text_internal.h"
#include "glaux/serve/athena/statement_text_internal.h"
#include "glaux/store/object_store.h"

namespace glaux::serve::athena {

/// The rows of a query as the bytes of Athena's result object, made as they are read.
///
/// kRows: a header and lines whose values are all in double quotes, and nothing at all for NULL. kText: lines as they
/// are, values apart by tabs. kDone: nothing, whatever rows there are.
class ResultBytes final : public ByteReader {
 public:
  /// kNotImplemented, naming the column, for a type that Athena does not have.
  static Result<std::unique_ptr<ResultBytes>> Make(std::shared_ptr<arrow::RecordBatchReader> rows, ResultKind kind);

  Result<size_t> Read(std::span<std::byte> out) override;

  int64_t rows() const { return row_count_; }
  int64_t bytes() const { return byte_count_; }

 private:
  ResultBytes(std::shared_ptr<arrow::RecordBatchReader> rows, ResultKind kind) : rows_(std::move(rows)), kind_(kind) {}
  Status Fill();
  void AppendRow(int64_t row);

  const std::shared_ptr<arrow::RecordBatchReader> rows_;
  const ResultKind kind_;
  std::vector<ValueText> texts_;
  arrow::ArrayVector columns_;  // of the batch at hand
  int64_t batch_rows_ = 0;
  int64_t next_row_ = 0;
  bool ended_ = false;
  std::string pending_;
  size_t taken_ = 0;
  int64_t row_count_ = 0;
  int64_t byte_count_ = 0;
};

/// Read all rows of a statement that writes. \return the number that it tells, where it has one row with one integer
Result<std::optional<int64_t>> ReadUpdateCount(arrow::RecordBatchReader& rows);

/// The object beside a result, in the form in which clients read Athena's: a protobuf message of the columns (field 4:
/// catalog 1, schema 2, table 3, name 4, label 5, type 6, precision 7, scale 8, nullable 9, case-sensitive 10).
std::string MetadataOf(const std::vector<glaux::wire::athena::ColumnInfo>& columns);

struct ResultPage {
  std::vector<glaux::wire::athena::Row> rows;
  /// Where the next page begins; unset: this was the last one.
  std::optional<int64_t> next = {};
};

/// Read up to `most` lines of a result object from `offset` on, and fewer of long ones. kNotFound: the object is gone;
/// kInvalid: `offset` is no beginning of a line; kCorrupt.
Result<ResultPage> ReadResultPage(ObjectStore& store, std::string_view key, ResultKind kind, int64_t offset,
                                  int64_t most);

}  // namespace glaux::serve::athena
