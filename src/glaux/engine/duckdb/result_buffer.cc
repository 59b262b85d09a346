#include "glaux/engine/duckdb/result_buffer_internal.h"

#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/util/byte_size.h>

#include <filesystem>

namespace glaux::duckdb_engine {

ResultBuffer::ResultBuffer(int64_t memory_limit, std::string spill_path)
    : memory_limit_(memory_limit), spill_path_(std::move(spill_path)) {}

ResultBuffer::~ResultBuffer() {
  spill_reader_.reset();
  spill_writer_.reset();
  if (spill_file_) {
    (void)spill_file_->Close();
    std::error_code ignored;
    std::filesystem::remove(spill_path_, ignored);
  }
}

void ResultBuffer::SetSchema(std::shared_ptr<arrow::Schema> schema) {
  std::lock_guard lock(mutex_);
  schema_ = std::move(schema);
  changed_.notify_all();
}

Status ResultBuffer::Push(const std::shared_ptr<arrow::RecordBatch>& batch) {
  const int64_t size = arrow::util::TotalBufferSize(*batch);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] {
    return closed_ || spill_writer_ || !attached_ || batches_.empty() || bytes_ + size <= memory_limit_;
  });
  if (closed_) return MakeError(ErrorKind::kCancelled, "the query's rows are no longer wanted");
  if (spill_writer_ || (!attached_ && bytes_ + size > memory_limit_)) return Spill(*batch);
  batches_.emplace_back(batch, size);
  bytes_ += size;
  changed_.notify_all();
  return Status::OK();
}

Status ResultBuffer::Spill(const arrow::RecordBatch& batch) {
  const auto write = [&]() -> Status {
    if (!spill_writer_) {
      ARROW_ASSIGN_OR_RAISE(spill_file_, arrow::io::FileOutputStream::Open(spill_path_));
      ARROW_ASSIGN_OR_RAISE(spill_writer_, arrow::ipc::MakeStreamWriter(spill_file_, schema_));
    }
    return spill_writer_->WriteRecordBatch(batch);
  };
  const auto written = write();
  if (written.ok()) return written;
  return MakeError(
      {.kind = ErrorKind::kUnavailable, .hint = "free space in temp_directory, or read the rows while the query runs"},
      "keep the query's rows in ", spill_path_, ": ", written.message());
}

void ResultBuffer::Finish(const Status& error) {
  std::lock_guard lock(mutex_);
  if (finished_) return;
  finished_ = error;
  if (spill_writer_) {
    auto closed = spill_writer_->Close();
    if (closed.ok()) closed = spill_file_->Close();
    if (finished_->ok() && !closed.ok()) {
      finished_ = MakeError(ErrorKind::kUnavailable, "keep the query's rows in ", spill_path_, ": ", closed.message());
    }
  }
  changed_.notify_all();
}

void ResultBuffer::Attach() {
  std::lock_guard lock(mutex_);
  attached_ = true;
}

Result<std::shared_ptr<arrow::Schema>> ResultBuffer::WaitForSchema() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || schema_ || finished_; });
  if (closed_) return *closed_;
  if (schema_) return schema_;
  return *finished_;
}

Result<std::shared_ptr<arrow::RecordBatch>> ResultBuffer::Pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !batches_.empty() || finished_; });
  if (closed_) return *closed_;
  if (!batches_.empty()) {
    auto [batch, size] = std::move(batches_.front());
    batches_.pop_front();
    bytes_ -= size;
    changed_.notify_all();
    return batch;
  }
  if (spill_writer_ && (finished_->ok() || spill_reader_)) {
    if (!spill_reader_) {
      ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(spill_path_));
      ARROW_ASSIGN_OR_RAISE(spill_reader_, arrow::ipc::RecordBatchStreamReader::Open(file));
    }
    ARROW_ASSIGN_OR_RAISE(auto batch, spill_reader_->Next());
    if (batch) return batch;
  }
  if (!finished_->ok()) return *finished_;
  return nullptr;
}

void ResultBuffer::Close(const Status& error) {
  std::lock_guard lock(mutex_);
  if (closed_) return;
  closed_ = error;
  batches_.clear();
  bytes_ = 0;
  changed_.notify_all();
}

}  // namespace glaux::duckdb_engine
