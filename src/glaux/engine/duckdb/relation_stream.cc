#include "glaux/engine/duckdb/relation_stream_internal.h"

#include <arrow/record_batch.h>
#include <arrow/type.h>

namespace glaux::duckdb_engine {

namespace {

/// Batches that wait to be converted while the reader makes the next one.
constexpr size_t kAhead = 2;

}  // namespace

RelationStream::RelationStream(std::shared_ptr<const QueryRelation> relation, std::shared_ptr<std::mutex> open_mutex)
    : relation_(std::move(relation)), open_mutex_(std::move(open_mutex)) {}

RelationStream::~RelationStream() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

Result<RelationStream::Rows> RelationStream::Next() {
  std::unique_lock lock(mutex_);
  if (!thread_.joinable() && !stopped_) thread_ = std::thread([this] { Run(); });
  changed_.wait(lock, [&] { return stopped_ || !batches_.empty() || end_; });
  if (stopped_) return MakeError(ErrorKind::kCancelled, "relation ", relation_->name, " is read no further");
  if (!batches_.empty()) {
    Rows rows{.batch = std::move(batches_.front()), .index = given_++};
    batches_.pop_front();
    changed_.notify_all();
    return rows;
  }
  ARROW_RETURN_NOT_OK(*end_);
  return Rows{};
}

void RelationStream::Stop() {
  std::lock_guard lock(mutex_);
  stopped_ = true;
  batches_.clear();
  changed_.notify_all();
}

bool RelationStream::stopped() const {
  std::lock_guard lock(mutex_);
  return stopped_;
}

void RelationStream::Run() {
  Status end;
  try {
    end = ReadAll();
  } catch (const std::exception& error) {
    end = MakeError(ErrorKind::kOther, "read relation ", relation_->name, ": ", error.what());
  }
  std::lock_guard lock(mutex_);
  end_ = end;
  changed_.notify_all();
}

Status RelationStream::ReadAll() {
  std::shared_ptr<arrow::RecordBatchReader> reader;
  {
    std::lock_guard opening(*open_mutex_);
    if (stopped()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(reader, relation_->open());
  }
  if (!reader) return MakeError(ErrorKind::kInvalid, "read relation ", relation_->name, ": it opened no reader");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stopped_ || batches_.size() < kAhead; });
      if (stopped_) return Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto batch, reader->Next());
    if (!batch) return Status::OK();
    ARROW_RETURN_NOT_OK(Check(*batch));
    if (batch->num_rows() == 0) continue;
    std::lock_guard lock(mutex_);
    if (stopped_) return Status::OK();
    batches_.push_back(std::move(batch));
    changed_.notify_all();
  }
}

// The rows are taken over by the layout that the schema promises, so a batch of another one must not get further.
Status RelationStream::Check(const arrow::RecordBatch& batch) const {
  const auto& wanted = *relation_->schema;
  const auto refuse = [&](auto&&... what) {
    return MakeError(ErrorKind::kInvalid, "read relation ", relation_->name, ": ", what...);
  };
  if (batch.num_columns() != wanted.num_fields()) {
    return refuse("a batch has ", batch.num_columns(), " columns, its schema has ", wanted.num_fields());
  }
  for (int i = 0; i < wanted.num_fields(); ++i) {
    const auto& field = *wanted.field(i);
    if (batch.column_name(i) != field.name()) {
      return refuse("column ", i + 1, " of a batch is ", batch.column_name(i), ", the schema has ", field.name());
    }
    if (!batch.column(i)->type()->Equals(*field.type())) {
      return refuse("column ", field.name(), " of a batch is ", batch.column(i)->type()->ToString(),
                    ", the schema has ", field.type()->ToString());
    }
  }
  if (const auto valid = batch.Validate(); !valid.ok()) return refuse("a batch is broken: ", valid.message());
  return Status::OK();
}

}  // namespace glaux::duckdb_engine
