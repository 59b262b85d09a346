#include "glaux/sync/spool.h"

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/api.h>
#include <arrow/util/compression.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace glaux {
namespace {

/// A temporary file without a name.
class UnlinkedFile {
 public:
  explicit UnlinkedFile(int fd) : fd_(fd) {}
  UnlinkedFile(const UnlinkedFile&) = delete;
  ~UnlinkedFile() { ::close(fd_); }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

/// Reads a descriptor that several readers share, each with a position of its own.
class SharedInput final : public arrow::io::InputStream {
 public:
  explicit SharedInput(std::shared_ptr<UnlinkedFile> file) : file_(std::move(file)) {}
  ~SharedInput() override = default;

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return position_; }

  Result<int64_t> Read(int64_t size, void* out) override {
    int64_t done = 0;
    while (done < size) {
      const ssize_t n =
          ::pread(file_->fd(), static_cast<char*>(out) + done, static_cast<size_t>(size - done), position_ + done);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return ErrnoError(errno, "read a temporary file");
      if (n == 0) break;
      done += n;
    }
    position_ += done;
    return done;
  }

  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t size) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(size));
    ARROW_ASSIGN_OR_RAISE(const int64_t done, Read(size, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(done));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  const std::shared_ptr<UnlinkedFile> file_;
  int64_t position_ = 0;
  bool closed_ = false;
};

class FileSpool final : public Spool {
 public:
  FileSpool(std::shared_ptr<UnlinkedFile> file, std::shared_ptr<arrow::io::OutputStream> out,
            std::shared_ptr<arrow::ipc::RecordBatchWriter> writer)
      : file_(std::move(file)), out_(std::move(out)), writer_(std::move(writer)) {}

  Status Write(const std::shared_ptr<arrow::RecordBatch>& batch) override {
    std::lock_guard lock(mutex_);
    rows_ += batch->num_rows();
    return Prefix(writer_->WriteRecordBatch(*batch), "write a temporary file");
  }

  Status Finish() override {
    std::lock_guard lock(mutex_);
    ARROW_RETURN_NOT_OK(writer_->Close());
    return Prefix(out_->Close(), "write a temporary file");
  }

  int64_t rows() const override { return rows_; }

  Result<std::shared_ptr<arrow::RecordBatchReader>> Read(std::vector<int> columns) const override {
    auto options = arrow::ipc::IpcReadOptions::Defaults();
    options.included_fields = std::move(columns);
    options.use_threads = false;
    return arrow::ipc::RecordBatchStreamReader::Open(std::make_shared<SharedInput>(file_), options);
  }

 private:
  const std::shared_ptr<UnlinkedFile> file_;
  const std::shared_ptr<arrow::io::OutputStream> out_;
  const std::shared_ptr<arrow::ipc::RecordBatchWriter> writer_;
  std::mutex mutex_;
  int64_t rows_ = 0;
};

}  // namespace

Result<std::unique_ptr<Spool>> Spool::Make(std::shared_ptr<arrow::Schema> schema) {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder == nullptr || *folder == '\0' ? "/tmp" : folder) + "/glaux-spool-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) return ErrnoError(errno, "make a temporary file " + path);
  auto file = std::make_shared<UnlinkedFile>(fd);
  ::unlink(path.c_str());
  const int copy = ::dup(fd);
  if (copy < 0) return ErrnoError(errno, "make a temporary file " + path);
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::FileOutputStream::Open(copy));
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.use_threads = false;
  ARROW_ASSIGN_OR_RAISE(options.codec, arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME));
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(out, std::move(schema), options));
  return std::make_unique<FileSpool>(std::move(file), std::move(out), std::move(writer));
}

}  // namespace glaux
