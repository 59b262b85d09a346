#include "glaux/sync/row_stream.h"

#include <arrow/api.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <set>

namespace glaux {
namespace {

/// The batch under the target's names, without columns that have none there.
std::shared_ptr<arrow::RecordBatch> Rename(const arrow::RecordBatch& batch, const std::vector<std::string>& names) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (names[static_cast<size_t>(i)].empty()) continue;
    fields.push_back(arrow::field(names[static_cast<size_t>(i)], batch.column(i)->type()));
    columns.push_back(batch.column(i));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.num_rows(), std::move(columns));
}

/// Whether there is a column "a", or "a.b" inside one.
bool Has(const arrow::Schema& schema, const std::string& path) {
  if (schema.GetFieldIndex(path) >= 0) return true;  // a whole column without a value is read, and tells for itself
  const std::function<bool(const arrow::DataType&, std::string_view)> inside = [&](const arrow::DataType& type,
                                                                                   std::string_view rest) -> bool {
    if (type.id() == arrow::Type::LIST) return inside(*type.field(0)->type(), rest);
    // What is kept as text, or as a map, has every key.
    if (type.id() != arrow::Type::STRUCT) return true;
    for (const auto& field : type.fields()) {
      // A part without a value so far is in no column.
      if (rest == field->name()) return field->type()->id() != arrow::Type::NA;
      if (rest.starts_with(field->name() + ".") && inside(*field->type(), rest.substr(field->name().size() + 1))) {
        return true;
      }
    }
    return false;
  };
  return inside(*arrow::struct_(schema.fields()), path);
}

class FileStreamImpl final : public FileStream {
 public:
  FileStreamImpl(std::vector<FileInput> inputs, FileStreamOptions options)
      : inputs_(std::move(inputs)),
        options_(std::move(options)),
        progress_(options_.progress == nullptr ? Progress::None() : *options_.progress),
        rows_(inputs_.size()) {}

  Result<std::optional<Piece>> Next(size_t* own) override { return options_.in_order ? NextInOrder() : NextOfOwn(own); }

  size_t files_begun() const override {
    std::lock_guard lock(mutex_);
    return begun_;
  }

  Status CheckKeys() const override {
    std::lock_guard lock(mutex_);
    return unseen_key_;
  }

  std::vector<int64_t> rows_of_files() const override { return {rows_.begin(), rows_.end()}; }

  std::vector<std::string> notes() const override {
    std::lock_guard lock(mutex_);
    return {notes_.begin(), notes_.end()};
  }

 private:
  /// Lives as long as a piece of it does.
  struct OpenFile {
    explicit OpenFile(FileStreamImpl* stream) : stream(stream) {}
    ~OpenFile() {
      if (reader != nullptr) stream->Keep(*reader, stream->inputs_[index]);
    }
    FileStreamImpl* const stream;
    size_t index = 0;
    std::mutex mutex;
    std::unique_ptr<FileReader> reader;
    int64_t reported = 0;
    int64_t pieces = 0;
    bool at_end = false;
  };

  Result<std::optional<Piece>> NextInOrder() {
    std::lock_guard lock(order_mutex_);
    for (;;) {
      if (current_ == nullptr) {
        std::lock_guard begin(mutex_);
        current_ = Begin();
        if (current_ == nullptr) return std::nullopt;
      }
      ARROW_ASSIGN_OR_RAISE(auto piece, NextOf(current_));
      if (piece.has_value()) {
        piece->number = number_++;
        return piece;
      }
      current_ = nullptr;
    }
  }

  Result<std::optional<Piece>> NextOfOwn(size_t* own) {
    for (;;) {
      std::shared_ptr<OpenFile> file;
      {
        std::lock_guard lock(mutex_);
        file = Pick(*own);
      }
      if (file == nullptr) return std::nullopt;
      ARROW_ASSIGN_OR_RAISE(auto piece, NextOf(file));
      if (piece.has_value()) {
        *own = file->index;
        return piece;
      }
      std::lock_guard lock(mutex_);
      std::erase(open_, file);
    }
  }

  std::shared_ptr<OpenFile> Begin() {
    if (begun_ >= inputs_.size() || ended_) return nullptr;
    if (options_.go_on && !options_.go_on(begun_)) {
      ended_ = true;
      return nullptr;
    }
    auto file = std::make_shared<OpenFile>(this);
    file->index = begun_++;
    return file;
  }

  /// Each thread goes through a file of its own, so that files inflate side by side; when no file is left unopened,
  /// threads help with the pieces of those that are open.
  std::shared_ptr<OpenFile> Pick(size_t own) {
    for (const auto& file : open_) {
      if (file->index == own) return file;
    }
    if (auto file = Begin()) {
      open_.push_back(file);
      return file;
    }
    if (open_.empty()) return nullptr;
    return open_[turn_++ % open_.size()];
  }

  Result<std::optional<Piece>> NextOf(const std::shared_ptr<OpenFile>& file) {
    std::lock_guard lock(file->mutex);
    if (file->at_end) return std::nullopt;
    const auto& input = inputs_[file->index];
    if (file->reader == nullptr) {
      ARROW_ASSIGN_OR_RAISE(const auto opened, input.file->Open());
      auto reader = input.file->format->OpenReader(opened, input.read);
      if (!reader.ok()) return IfGone(reader.status(), input.file->name);
      file->reader = *std::move(reader);
    }
    auto next = file->reader->Next();
    if (!next.ok()) return IfGone(next.status(), input.file->name);
    auto task = *std::move(next);
    const int64_t read = file->reader->bytes_read();
    progress_.Advance(read - file->reported);
    file->reported = read;
    if (!task.has_value()) {
      input.file->head->Drop();
      file->at_end = true;
      return std::nullopt;
    }
    Piece piece;
    piece.sequence = FileSequence(static_cast<int64_t>(file->index)) | (file->pieces++ << 21);
    piece.decode = [this, file, decode = *std::move(task)]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
      const auto batch = decode();
      if (!batch.ok()) return IfGone(batch.status(), inputs_[file->index].file->name);
      rows_[file->index] += (*batch)->num_rows();
      return Finish(**batch, inputs_[file->index]);
    };
    return piece;
  }

  Result<std::shared_ptr<arrow::RecordBatch>> Finish(const arrow::RecordBatch& batch, const FileInput& input) const {
    auto renamed = Rename(batch, input.column_names);
    for (const auto& [name, value] : input.constants) {
      ARROW_ASSIGN_OR_RAISE(auto column, arrow::MakeArrayFromScalar(*value, batch.num_rows()));
      ARROW_ASSIGN_OR_RAISE(renamed, renamed->AddColumn(renamed->num_columns(), name, std::move(column)));
    }
    if (options_.file_column.empty()) return renamed;
    ARROW_ASSIGN_OR_RAISE(auto column,
                          arrow::MakeArrayFromScalar(arrow::StringScalar(input.file->ledger.key), batch.num_rows()));
    return renamed->AddColumn(renamed->num_columns(), options_.file_column, std::move(column));
  }

  /// What a file's reader has to say at its end.
  void Keep(const FileReader& reader, const FileInput& input) {
    constexpr size_t kMostNotes = 20;
    std::lock_guard lock(mutex_);
    for (auto& note : reader.notes()) {
      if (notes_.size() < kMostNotes) notes_.insert(std::move(note));
    }
    for (const auto& [key, line] : reader.unknown_keys()) {
      // Who has seen every row has seen every key.
      if (!unseen_key_.ok() || input.inferred.complete || Has(*input.inferred.schema, key)) continue;
      unseen_key_ = MakeError(
          {.kind = ErrorKind::kInvalid, .code = kTypeConflict, .hint = "sample: all looks at every row"}, "read ",
          input.file->name, ", line ", line, ": key ", key, " was not among the rows from which the columns come");
    }
  }

  const std::vector<FileInput> inputs_;
  const FileStreamOptions options_;
  Progress& progress_;
  std::vector<std::atomic<int64_t>> rows_;

  mutable std::mutex mutex_;
  std::set<std::string> notes_;
  Status unseen_key_;
  size_t begun_ = 0;
  size_t turn_ = 0;
  bool ended_ = false;
  std::vector<std::shared_ptr<OpenFile>> open_;

  std::mutex order_mutex_;
  int64_t number_ = 0;
  std::shared_ptr<OpenFile> current_;
};

class ReaderStream final : public RowStream {
 public:
  explicit ReaderStream(std::shared_ptr<arrow::RecordBatchReader> reader) : reader_(std::move(reader)) {}

  Result<std::optional<Piece>> Next(size_t*) override {
    std::lock_guard lock(mutex_);
    if (reader_ == nullptr) return std::nullopt;
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(reader_->ReadNext(&batch));
    if (batch == nullptr) {
      const auto reader = std::exchange(reader_, nullptr);
      ARROW_RETURN_NOT_OK(reader->Close());
      return std::nullopt;
    }
    Piece piece{.number = number_, .sequence = number_ << 21};
    ++number_;
    piece.decode = [batch = std::move(batch)]() -> Result<std::shared_ptr<arrow::RecordBatch>> { return batch; };
    return piece;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<arrow::RecordBatchReader> reader_;
  int64_t number_ = 0;
};

}  // namespace

Status IfGone(const Status& status, const std::string& name) {
  if (KindOf(status) != ErrorKind::kNotFound) return status;
  return MakeError({.kind = ErrorKind::kPrecondition, .hint = "run again"}, "read ", name,
                   ": it has gone since it was listed");
}

std::unique_ptr<FileStream> FileStream::Make(std::vector<FileInput> inputs, FileStreamOptions options) {
  return std::make_unique<FileStreamImpl>(std::move(inputs), std::move(options));
}

std::unique_ptr<RowStream> MakeReaderStream(std::shared_ptr<arrow::RecordBatchReader> reader) {
  return std::make_unique<ReaderStream>(std::move(reader));
}

}  // namespace glaux
