#include "glaux/serve/athena/result_object_internal.h"

#include <arrow/array.h>
#include <arrow/type.h>

#include <algorithm>
#include <cstring>

namespace glaux::serve::athena {
namespace {

using glaux::wire::athena::Datum;
using glaux::wire::athena::Row;

/// Bytes that are made before they are handed out.
constexpr size_t kFill = 256 << 10;
/// Bytes of a page of rows, unless one row has more.
constexpr int64_t kPageBytes = 4 << 20;

}  // namespace

Result<std::unique_ptr<ResultBytes>> ResultBytes::Make(std::shared_ptr<arrow::RecordBatchReader> rows,
                                                       ResultKind kind) {
  auto bytes = std::unique_ptr<ResultBytes>(new ResultBytes(std::move(rows), kind));
  const auto schema = bytes->rows_->schema();
  for (const auto& field : schema->fields()) {
    auto text = ValueTextOf(*field->type());
    if (!text.ok()) return Prefix(text.status(), "column " + field->name());
    bytes->texts_.push_back(*std::move(text));
  }
  if (kind == ResultKind::kRows) {
    for (const auto& field : schema->fields()) {
      if (!bytes->pending_.empty()) bytes->pending_.push_back(',');
      AppendQuoted(field->name(), &bytes->pending_);
    }
    bytes->pending_.push_back('\n');
  }
  return bytes;
}

void ResultBytes::AppendRow(int64_t row) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const arrow::Array& values = *columns_[i];
    if (i > 0) pending_.push_back(kind_ == ResultKind::kText ? '\t' : ',');
    if (values.IsNull(row)) continue;
    if (kind_ == ResultKind::kText) {
      texts_[i](values, row, &pending_);
      continue;
    }
    pending_.push_back('"');
    const size_t begin = pending_.size();
    texts_[i](values, row, &pending_);
    if (pending_.find('"', begin) != pending_.npos) {
      const std::string text = pending_.substr(begin);
      pending_.resize(begin - 1);
      AppendQuoted(text, &pending_);
    } else {
      pending_.push_back('"');
    }
  }
  pending_.push_back('\n');
}

Status ResultBytes::Fill() {
  pending_.erase(0, taken_);
  taken_ = 0;
  while (pending_.size() < kFill && !ended_) {
    if (next_row_ == batch_rows_) {
      std::shared_ptr<arrow::RecordBatch> batch;
      ARROW_RETURN_NOT_OK(rows_->ReadNext(&batch));
      ended_ = batch == nullptr;
      columns_ = ended_ ? arrow::ArrayVector() : batch->columns();
      batch_rows_ = ended_ ? 0 : batch->num_rows();
      next_row_ = 0;
      continue;
    }
    ++row_count_;
    if (kind_ != ResultKind::kDone) AppendRow(next_row_);
    ++next_row_;
  }
  return Status::OK();
}

Result<size_t> ResultBytes::Read(std::span<std::byte> out) {
  if (taken_ == pending_.size()) ARROW_RETURN_NOT_OK(Fill());
  const size_t size = std::min(out.size(), pending_.size() - taken_);
  std::memcpy(out.data(), pending_.data() + taken_, size);
  taken_ += size;
  byte_count_ += static_cast<int64_t>(size);
  return size;
}

Result<std::optional<int64_t>> ReadUpdateCount(arrow::RecordBatchReader& rows) {
  int64_t row_count = 0;
  std::optional<int64_t> told;
  for (;;) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(rows.ReadNext(&batch));
    if (!batch) break;
    row_count += batch->num_rows();
    if (batch->num_rows() == 1 && batch->num_columns() == 1 && batch->column(0)->type_id() == arrow::Type::INT64) {
      told = static_cast<const arrow::Int64Array&>(*batch->column(0)).Value(0);
    }
  }
  return row_count == 1 ? told : std::nullopt;
}

namespace {

void AppendVarint(uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}
void AppendNumber(int field, uint64_t value, std::string* out) {
  AppendVarint(static_cast<uint64_t>(field) << 3, out);
  AppendVarint(value, out);
}
void AppendBytes(int field, std::string_view bytes, std::string* out) {
  AppendVarint(static_cast<uint64_t>(field) << 3 | 2, out);
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

}  // namespace

std::string MetadataOf(const std::vector<glaux::wire::athena::ColumnInfo>& columns) {
  std::string message;
  for (const auto& column : columns) {
    std::string one;
    AppendBytes(1, column.CatalogName.value_or(""), &one);
    AppendBytes(2, column.SchemaName.value_or(""), &one);
    AppendBytes(3, column.TableName.value_or(""), &one);
    AppendBytes(4, column.Name, &one);
    AppendBytes(5, column.Label.value_or(column.Name), &one);
    AppendBytes(6, column.Type, &one);
    AppendNumber(7, static_cast<uint64_t>(column.Precision.value_or(0)), &one);
    AppendNumber(8, static_cast<uint64_t>(column.Scale.value_or(0)), &one);
    AppendNumber(9, 3, &one);  // unknown
    AppendNumber(10, column.CaseSensitive.value_or(false) ? 1 : 0, &one);
    AppendBytes(4, one, &message);
  }
  return message;
}

namespace {

/// Take one line of a CSV off `text`. \return false if its end is not in it
Result<bool> TakeCsvRow(std::string_view* text, Row* row) {
  size_t at = 0;
  auto& data = row->Data.emplace();
  for (;;) {
    Datum datum;
    if (at < text->size() && (*text)[at] == '"') {
      auto& value = datum.VarCharValue.emplace();
      for (++at;; ++at) {
        const auto quote = text->find('"', at);
        if (quote == text->npos || quote + 1 == text->size()) return false;
        value.append(text->substr(at, quote - at));
        at = quote + 1;
        if ((*text)[at] != '"') break;
        value.push_back('"');
      }
    }
    data.push_back(std::move(datum));
    if (at == text->size()) return false;
    const char c = (*text)[at++];
    if (c == '\n') break;
    if (c != ',') return MakeError(ErrorKind::kCorrupt, "the result object is not as it was written");
  }
  text->remove_prefix(at);
  return true;
}

Result<bool> TakeTextRow(std::string_view* text, Row* row) {
  const auto end = text->find('\n');
  if (end == text->npos) return false;
  row->Data = std::vector<Datum>{{.VarCharValue = std::string(text->substr(0, end))}};
  text->remove_prefix(end + 1);
  return true;
}

}  // namespace

Result<ResultPage> ReadResultPage(ObjectStore& store, std::string_view key, ResultKind kind, int64_t offset,
                                  int64_t most) {
  ARROW_ASSIGN_OR_RAISE(const auto object, store.OpenObject(key));
  const int64_t size = object->info().size;
  if (offset < 0 || offset > size) return MakeError(ErrorKind::kInvalid, "the token is of another result");
  ResultPage page;
  for (int64_t window = kPageBytes; page.rows.empty() && offset < size; window *= 2) {
    std::string bytes(static_cast<size_t>(std::min(window, size - offset)), '\0');
    ARROW_ASSIGN_OR_RAISE(const auto got, object->ReadAt(offset, std::as_writable_bytes(std::span(bytes))));
    std::string_view rest(bytes.data(), got);
    while (static_cast<int64_t>(page.rows.size()) < most) {
      Row row;
      ARROW_ASSIGN_OR_RAISE(const bool whole,
                            kind == ResultKind::kRows ? TakeCsvRow(&rest, &row) : TakeTextRow(&rest, &row));
      if (!whole) break;
      page.rows.push_back(std::move(row));
    }
    if (page.rows.empty() && static_cast<int64_t>(got) == size - offset) {
      return MakeError(ErrorKind::kCorrupt, "the result object ends in the middle of a line");
    }
    if (page.rows.empty()) continue;
    const int64_t next = offset + static_cast<int64_t>(got - rest.size());
    if (next < size) page.next = next;
  }
  return page;
}

}  // namespace glaux::serve::athena
