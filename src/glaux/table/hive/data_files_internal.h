#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "glaux/store/object_writer.h"
#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/write_places_internal.h"

namespace glaux {

/// The data files of one commit on their way into the store: uploads that nobody sees. Thread-safe.
class DataFiles {
 public:
  using Values = std::vector<std::string>;

  /// \param target_bytes a file is closed and the next one begun once it has this size
  DataFiles(const HivePlace& place, FileLayout layout, WritePlaces& places, std::shared_ptr<arrow::Schema> schema,
            std::string commit_id, int64_t target_bytes);
  /// What was not closed is dropped from the store.
  ~DataFiles();

  /// Encode rows of one partition as a row group (or block) of their own. Calls for one partition at once go to files
  /// side by side, except where there is just one file.
  Status Write(const Values& values, std::span<const std::shared_ptr<arrow::RecordBatch>> batches);
  /// The same for formats in which rows stand alone: encoded here and now, only the append is one after the other.
  /// \return false: this format cannot, nothing was written
  Result<bool> WriteAlone(const Values& values, const arrow::RecordBatch& batch);
  /// Begin a file even though there are no rows for it, or not yet. Nothing where one is open.
  Status Touch(const Values& values);

  /// End all files. Once, when no write runs.
  Status Close(const arrow::StopToken& stop);
  /// Give up all files, also those that were closed.
  Status Drop();

  /// After Close().
  const std::vector<PendingObject>& pending() const { return pending_; }
  const std::vector<std::string>& uris() const { return uris_; }
  std::vector<Values> partitions() const;

 private:
  struct File {
    std::shared_ptr<ObjectWriter> object;
    std::shared_ptr<arrow::io::OutputStream> sink;
    std::shared_ptr<FileWriter> writer;
    std::string uri;
    int row_groups = 0;
  };
  /// Files of a partition that are open and that no thread writes.
  using Idle = std::vector<std::unique_ptr<File>>;

  Result<std::unique_ptr<File>> Take(const Values& values);
  Status Return(const Values& values, std::unique_ptr<File> file);
  Result<std::unique_ptr<File>> Open(const Values& values);
  Status CloseFile(File& file);
  Result<std::shared_ptr<arrow::RecordBatch>> AsTheFileHasIt(const std::shared_ptr<arrow::RecordBatch>& batch) const;

  const HivePlace place_;
  const FileLayout layout_;
  WritePlaces& places_;
  const std::shared_ptr<arrow::Schema> schema_;
  const std::string commit_id_;
  const int64_t target_bytes_;

  mutable std::mutex mutex_;
  std::mutex single_mutex_;  // held where there must be one file at a time
  std::map<Values, Idle> idle_;
  std::vector<PendingObject> pending_;
  std::vector<std::string> uris_;  // of the pending objects
  int next_part_ = 0;
};

}  // namespace glaux
