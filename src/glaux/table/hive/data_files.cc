#include "glaux/table/hive/data_files_internal.h"

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "glaux/base/parallel.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

/// A file with this many row groups is closed: until then it keeps what its footer will say of each column of each one.
constexpr int kMostRowGroups = 16;

}  // namespace

DataFiles::DataFiles(const HivePlace& place, FileLayout layout, WritePlaces& places,
                     std::shared_ptr<arrow::Schema> schema, std::string commit_id, int64_t target_bytes)
    : place_(place),
      layout_(std::move(layout)),
      places_(places),
      schema_(std::move(schema)),
      commit_id_(std::move(commit_id)),
      target_bytes_(target_bytes) {}

DataFiles::~DataFiles() = default;  // an object that was not closed drops its upload

std::vector<DataFiles::Values> DataFiles::partitions() const {
  std::lock_guard lock(mutex_);
  std::vector<Values> out;
  for (const auto& [values, files] : idle_) out.push_back(values);
  return out;
}

Result<std::unique_ptr<DataFiles::File>> DataFiles::Take(const Values& values) {
  {
    std::lock_guard lock(mutex_);
    auto& idle = idle_[values];
    if (!idle.empty()) {
      auto file = std::move(idle.back());
      idle.pop_back();
      return file;
    }
  }
  return Open(values);
}

Status DataFiles::Return(const Values& values, std::unique_ptr<File> file) {
  // As stored, which for compressed text is less than the writer knows of.
  ARROW_ASSIGN_OR_RAISE(const int64_t written, file->object->Tell());
  if (layout_.single.empty() && (written >= target_bytes_ || file->row_groups >= kMostRowGroups)) {
    return CloseFile(*file);
  }
  std::lock_guard lock(mutex_);
  idle_[values].push_back(std::move(file));
  return Status::OK();
}

Result<std::unique_ptr<DataFiles::File>> DataFiles::Open(const Values& values) {
  ARROW_ASSIGN_OR_RAISE(const std::string location, places_.LocationOf(values));
  ARROW_ASSIGN_OR_RAISE(const auto at, place_.environment.resolve(location));
  if (at.store->name() != place_.store->name()) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "move the partition to the table's own store"},
                     "append to ", place_.id.ToString(), ": a partition is at ", location,
                     ", in another store than the table (", place_.location, ")");
  }
  auto file = std::make_unique<File>();
  std::string name;
  {
    std::lock_guard lock(mutex_);
    name = layout_.NameOf(commit_id_, next_part_++);
  }
  file->uri = location + name;
  const int64_t part_size = std::max(place_.store->traits().min_part_size, kDataPartBytes);
  ARROW_ASSIGN_OR_RAISE(file->object, ObjectWriter::Open(place_.store, at.key + name, part_size));
  ARROW_ASSIGN_OR_RAISE(file->sink, layout_.OpenSink(file->object));
  ARROW_ASSIGN_OR_RAISE(file->writer, layout_.format->OpenWriter(file->sink, schema_, {.format = layout_.options}));
  return file;
}

Result<std::shared_ptr<arrow::RecordBatch>> DataFiles::AsTheFileHasIt(
    const std::shared_ptr<arrow::RecordBatch>& batch) const {
  // Parquet takes dictionaries as they come, and is faster with them.
  if (layout_.format->name() == "parquet") return batch;
  auto columns = batch->columns();
  for (size_t c = 0; c < columns.size(); ++c) {
    const auto& type = schema_->field(static_cast<int>(c))->type();
    if (columns[c]->type()->Equals(type)) continue;
    ARROW_ASSIGN_OR_RAISE(columns[c], arrow::compute::Cast(*columns[c], type));
  }
  return arrow::RecordBatch::Make(schema_, batch->num_rows(), std::move(columns));
}

Status DataFiles::Write(const Values& values, std::span<const std::shared_ptr<arrow::RecordBatch>> batches) {
  std::unique_lock<std::mutex> alone(single_mutex_, std::defer_lock);
  if (!layout_.single.empty()) alone.lock();
  ARROW_ASSIGN_OR_RAISE(auto file, Take(values));
  for (const auto& given : batches) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, AsTheFileHasIt(given));
    ARROW_RETURN_NOT_OK(file->writer->Write(batch));
  }
  ARROW_RETURN_NOT_OK(file->writer->Flush());
  ++file->row_groups;
  return Return(values, std::move(file));
}

Result<bool> DataFiles::WriteAlone(const Values& values, const arrow::RecordBatch& batch) {
  // Any open file's writer encodes for all of them: what it makes of rows does not depend on what came before.
  std::shared_ptr<FileWriter> writer;
  {
    std::unique_lock<std::mutex> alone(single_mutex_);
    ARROW_ASSIGN_OR_RAISE(auto file, Take(values));
    writer = file->writer;
    ARROW_RETURN_NOT_OK(Return(values, std::move(file)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto given, AsTheFileHasIt(batch.Slice(0)));
  ARROW_ASSIGN_OR_RAISE(const auto encoded, writer->Encode(*given));
  if (encoded == nullptr) return false;
  std::unique_lock<std::mutex> alone(single_mutex_);
  ARROW_ASSIGN_OR_RAISE(auto file, Take(values));
  ARROW_RETURN_NOT_OK(file->writer->WriteEncoded(*encoded));
  ARROW_RETURN_NOT_OK(Return(values, std::move(file)));
  return true;
}

Status DataFiles::Touch(const Values& values) {
  ARROW_ASSIGN_OR_RAISE(auto file, Take(values));
  std::lock_guard lock(mutex_);
  idle_[values].push_back(std::move(file));
  return Status::OK();
}

Status DataFiles::CloseFile(File& file) {
  ARROW_RETURN_NOT_OK(file.writer->Close());
  if (file.sink != file.object) ARROW_RETURN_NOT_OK(file.sink->Close());
  ARROW_RETURN_NOT_OK(file.object->Close());
  std::lock_guard lock(mutex_);
  pending_.push_back(file.object->pending());
  uris_.push_back(std::move(file.uri));
  return Status::OK();
}

Status DataFiles::Close(const arrow::StopToken& stop) {
  std::vector<std::unique_ptr<File>> open;
  for (auto& [values, files] : idle_) {
    for (auto& file : files) open.push_back(std::move(file));
    files.clear();
  }
  // Little is left to encode, and a store that keeps its promises waits for the disk.
  return ParallelFor(std::span(open), 0, Pool::kIo, stop,
                     [&](std::unique_ptr<File>& file) { return CloseFile(*file); });
}

Status DataFiles::Drop() {
  idle_.clear();
  Status first;
  for (const auto& object : pending_) {
    const Status status = glaux::Abort(*place_.store, object);
    if (first.ok()) first = status;
  }
  return first;
}

}  // namespace glaux
