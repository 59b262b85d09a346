#include "glaux/engine/athena/result_reader_internal.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>

#include "glaux/base/parallel.h"

namespace glaux::athena {
namespace {

/// Bytes that are read before they are taken apart; as many again are read meanwhile.
constexpr int64_t kWindow = 8 << 20;
/// Bytes of one request.
constexpr int64_t kPiece = 2 << 20;
/// Bytes of rows that one core takes apart at a time.
constexpr size_t kBlock = 512 << 10;

class ObjectRows final : public arrow::RecordBatchReader {
 public:
  ObjectRows(std::shared_ptr<ObjectReader> object, std::shared_ptr<const ResultColumns> columns, ResultForm form,
             std::string what)
      : object_(std::move(object)),
        columns_(std::move(columns)),
        form_(form),
        what_(std::move(what)),
        size_(object_->info().size),
        reads_(Pool::kIo, static_cast<int>(kWindow / kPiece)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return columns_->schema(); }

  Status Begin() { return StartRead(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (ready_.empty() && !ended_) {
      const Status status = FillReady();
      if (!status.ok()) {
        ended_ = true;
        return Prefix(status, "read the result of " + what_);
      }
    }
    if (ready_.empty()) return Status::OK();
    *batch = std::move(ready_.front());
    ready_.pop_front();
    return Status::OK();
  }

 private:
  /// Begin to read the next window.
  Status StartRead() {
    const int64_t length = std::min(kWindow, size_ - next_offset_);
    coming_.assign(static_cast<size_t>(length), '\0');
    for (int64_t at = 0; at < length; at += kPiece) {
      const auto piece = static_cast<size_t>(std::min(kPiece, length - at));
      char* const into = coming_.data() + at;
      const int64_t offset = next_offset_ + at;
      ARROW_RETURN_NOT_OK(reads_.Start([this, into, piece, offset]() -> Status {
        ARROW_ASSIGN_OR_RAISE(const size_t got,
                              object_->ReadAt(offset, std::as_writable_bytes(std::span(into, piece))));
        if (got == piece) return Status::OK();
        return MakeError(ErrorKind::kCorrupt, "the object ends at byte ", offset + static_cast<int64_t>(got),
                         ", expected ", size_);
      }));
    }
    next_offset_ += length;
    return Status::OK();
  }

  /// The rows of the next window as batches.
  Status FillReady() {
    ARROW_RETURN_NOT_OK(reads_.Wait());
    if (rest_.empty()) {
      text_.swap(coming_);
    } else {
      text_.swap(rest_);
      text_.append(coming_);
    }
    rest_.clear();
    const bool last = next_offset_ == size_;
    if (!last) ARROW_RETURN_NOT_OK(StartRead());
    // A last line without an end is a line.
    std::string_view rows(text_);
    if (!last) rows = rows.substr(0, WholeRowsOf(rows));
    rest_.assign(text_, rows.size());
    ended_ = last;
    if (!header_read_ && form_ == ResultForm::kCsv) {
      if (rows.empty() && !last) return Status::OK();
      ARROW_RETURN_NOT_OK(TakeHeader(&rows));
    }
    header_read_ = true;
    return ReadRows(rows);
  }

  size_t WholeRowsOf(std::string_view text) const {
    if (form_ == ResultForm::kCsv) return WholeRows(text);
    const size_t end = text.rfind('\n');
    return end == text.npos ? 0 : end + 1;
  }

  Status TakeHeader(std::string_view* rows) const {
    if (rows->empty()) return MakeError(ErrorKind::kCorrupt, "the object is empty, expected a line of names");
    size_t end = 0;
    for (bool quoted = false; end < rows->size(); ++end) {
      if ((*rows)[end] == '"') quoted = !quoted;
      if ((*rows)[end] == '\n' && !quoted) break;
    }
    std::vector<Cell> names;
    ARROW_RETURN_NOT_OK(ReadCells(rows->substr(0, end), columns_->size(), 0, &names));
    rows->remove_prefix(std::min(end + 1, rows->size()));
    return Status::OK();
  }

  /// Cut rows into blocks that begin with a row.
  std::vector<std::string_view> Blocks(std::string_view rows) const {
    std::vector<std::string_view> blocks;
    while (!rows.empty()) {
      size_t size = rows.size();
      for (size_t most = kBlock; most < rows.size(); most *= 2) {
        if (const size_t whole = WholeRowsOf(rows.substr(0, most)); whole > 0) {
          size = whole;
          break;
        }
      }
      blocks.push_back(rows.substr(0, size));
      rows.remove_prefix(size);
    }
    return blocks;
  }

  Status ReadRows(std::string_view rows) {
    const auto blocks = Blocks(rows);
    std::vector<Result<std::shared_ptr<arrow::RecordBatch>>> batches(blocks.size());
    const auto read = [&](size_t i, int64_t first_row) -> Result<std::shared_ptr<arrow::RecordBatch>> {
      std::vector<Cell> cells;
      cells.reserve(blocks[i].size() / 8);
      if (form_ == ResultForm::kCsv) {
        ARROW_RETURN_NOT_OK(ReadCells(blocks[i], columns_->size(), first_row, &cells));
      } else {
        ReadLines(blocks[i], columns_->size(), &cells);
      }
      return columns_->ToBatch(cells, first_row);
    };
    ARROW_RETURN_NOT_OK(
        ParallelForIndex(blocks.size(), 0, Pool::kCpu, arrow::StopToken::Unstoppable(), [&](size_t i) -> Status {
          batches[i] = read(i, 1);
          return Status::OK();
        }));
    for (size_t i = 0; i < blocks.size(); ++i) {
      // The number of a row is known when all before it are counted.
      if (!batches[i].ok()) return read(i, rows_read_ + 1).status();
      rows_read_ += (*batches[i])->num_rows();
      if ((*batches[i])->num_rows() > 0) ready_.push_back(*std::move(batches[i]));
    }
    return Status::OK();
  }

  const std::shared_ptr<ObjectReader> object_;
  const std::shared_ptr<const ResultColumns> columns_;
  const ResultForm form_;
  const std::string what_;
  const int64_t size_;
  int64_t next_offset_ = 0;
  std::string coming_;  ///< what is being read
  std::string text_;    ///< what batches are made of
  std::string rest_;    ///< the beginning of a row
  bool header_read_ = false;
  bool ended_ = false;
  int64_t rows_read_ = 0;
  std::deque<std::shared_ptr<arrow::RecordBatch>> ready_;
  TaskGroup reads_;  ///< last: ends before what it writes to
};

class PageRows final : public arrow::RecordBatchReader {
 public:
  PageRows(std::shared_ptr<AthenaConnection> connection, std::string id, wire::GetQueryResultsResponse first,
           std::shared_ptr<const ResultColumns> columns, ResultForm form)
      : connection_(std::move(connection)),
        id_(std::move(id)),
        page_(std::move(first)),
        columns_(std::move(columns)),
        form_(form) {}

  std::shared_ptr<arrow::Schema> schema() const override { return columns_->schema(); }

  Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (page_) {
      ARROW_ASSIGN_OR_RAISE(auto rows, Read(*page_));
      const auto token = page_->NextToken;
      page_.reset();
      if (token) {
        ARROW_ASSIGN_OR_RAISE(
            page_, connection_->Send(
                       wire::GetQueryResultsRequest{.QueryExecutionId = id_, .NextToken = token, .MaxResults = 1000},
                       "query " + id_));
      }
      if (rows->num_rows() == 0) continue;
      rows_read_ += rows->num_rows();
      *batch = std::move(rows);
      break;
    }
    return Status::OK();
  }

 private:
  Result<std::shared_ptr<arrow::RecordBatch>> Read(const wire::GetQueryResultsResponse& page) {
    static const std::vector<wire::Row> kNone;
    static const std::vector<wire::Datum> kNoData;
    const auto& rows = page.ResultSet && page.ResultSet->Rows ? *page.ResultSet->Rows : kNone;
    std::vector<Cell> cells;
    for (const auto& row : rows) {
      // The first line of a result of rows has the names.
      if (form_ == ResultForm::kCsv && !header_read_) {
        header_read_ = true;
        continue;
      }
      const auto& data = row.Data ? *row.Data : kNoData;
      if (form_ == ResultForm::kLines && data.size() == 1 && data[0].VarCharValue) {
        const size_t before = cells.size();
        ReadLines(*data[0].VarCharValue, columns_->size(), &cells);
        if (cells.size() == before) {
          cells.resize(before + columns_->size(), Cell{.data = "", .size = 0});  // an empty line is one
        }
        continue;
      }
      if (data.size() != columns_->size()) {
        return MakeError({.kind = ErrorKind::kCorrupt, .service = "athena", .operation = "GetQueryResults"},
                         "read the result of query ", id_, ": row ", rows_read_ + 1, " has ", data.size(),
                         " values, expected ", columns_->size());
      }
      for (const auto& datum : data) {
        Cell cell;
        if (datum.VarCharValue) {
          cell = {.data = datum.VarCharValue->data(), .size = static_cast<uint32_t>(datum.VarCharValue->size())};
        }
        cells.push_back(cell);
      }
    }
    auto batch = columns_->ToBatch(cells, rows_read_ + 1);
    return batch.ok() ? batch : Prefix(batch.status(), "read the result of query " + id_);
  }

  const std::shared_ptr<AthenaConnection> connection_;
  const std::string id_;
  std::optional<wire::GetQueryResultsResponse> page_;
  const std::shared_ptr<const ResultColumns> columns_;
  const ResultForm form_;
  bool header_read_ = false;
  int64_t rows_read_ = 0;
};

}  // namespace

Result<std::shared_ptr<arrow::RecordBatchReader>> ReadResultObject(std::shared_ptr<ObjectReader> object,
                                                                   std::shared_ptr<const ResultColumns> columns,
                                                                   ResultForm form, std::string what) {
  auto rows = std::make_shared<ObjectRows>(std::move(object), std::move(columns), form, std::move(what));
  ARROW_RETURN_NOT_OK(rows->Begin());
  return rows;
}

std::shared_ptr<arrow::RecordBatchReader> ReadResultPages(std::shared_ptr<AthenaConnection> connection, std::string id,
                                                          wire::GetQueryResultsResponse first,
                                                          std::shared_ptr<const ResultColumns> columns,
                                                          ResultForm form) {
  return std::make_shared<PageRows>(std::move(connection), std::move(id), std::move(first), std::move(columns), form);
}

}  // namespace glaux::athena
