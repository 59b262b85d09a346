#include "output_file.h"

#include <arrow/io/compressed.h>
#include <arrow/util/compression.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>

namespace glaux::cli {
namespace {

constexpr char kBrokenPipe[] = "EPIPE";

class DescriptorStream final : public arrow::io::OutputStream {
 public:
  DescriptorStream(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {
    set_mode(arrow::io::FileMode::WRITE);
  }
  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t bytes) override {
    const char* at = static_cast<const char*>(data);
    while (bytes > 0) {
      const ssize_t written = ::write(descriptor_, at, static_cast<size_t>(bytes));
      if (written < 0) {
        if (errno == EINTR) continue;
        if (errno == EPIPE) {
          return MakeError({.kind = ErrorKind::kCancelled, .code = kBrokenPipe}, "write ", name_,
                           ": nobody reads any more");
        }
        return ErrnoError(errno, "write " + name_);
      }
      at += written;
      bytes -= written;
      position_ += written;
    }
    return Status::OK();
  }
  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  Result<int64_t> Tell() const override { return position_; }
  bool closed() const override { return closed_; }

 private:
  const int descriptor_;
  const std::string name_;
  int64_t position_ = 0;
  bool closed_ = false;
};

/// Where a link leads, so that the file behind it is replaced and not the link.
std::string Target(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_symlink(path, error)) return path;
  const auto target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target.string();
}

}  // namespace

std::shared_ptr<arrow::io::OutputStream> MakeDescriptorStream(int descriptor, std::string name) {
  return std::make_shared<DescriptorStream>(descriptor, std::move(name));
}

bool IsBrokenPipe(const Status& status) { return !status.ok() && InfoOf(status).code == kBrokenPipe; }

Result<std::unique_ptr<OutputFile>> OutputFile::Open(const std::string& given, std::string_view codec) {
  const std::string path = Target(given);
  struct stat info {};
  const bool there = ::stat(path.c_str(), &info) == 0;
  if (there && S_ISDIR(info.st_mode)) {
    return MakeError(ErrorKind::kInvalid, "write ", given, ": this is a folder, not a file");
  }
  std::string pending;
  int descriptor = -1;
  if (there && !S_ISREG(info.st_mode)) {
    descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  } else {
    if (there && ::access(path.c_str(), W_OK) != 0) return ErrnoError(errno, "write " + given);
    const auto slash = path.rfind('/') + 1;  // npos + 1 is 0
    pending = path.substr(0, slash) + "." + path.substr(slash) + ".XXXXXX";
    descriptor = ::mkostemp(pending.data(), O_CLOEXEC);
    if (descriptor >= 0) {
      // mkostemp is for secrets; this file gets the rights that any new file would have, or the old one had.
      const mode_t mask = ::umask(0);
      ::umask(mask);
      ::fchmod(descriptor, there ? info.st_mode & 07777 : 0666 & ~mask);
    }
  }
  if (descriptor < 0) return ErrnoError(errno, "write " + given);

  std::unique_ptr<OutputFile> file(new OutputFile(path, std::move(pending), descriptor));
  file->stream_ = MakeDescriptorStream(descriptor, given);
  file->takes_pieces_ = !file->pending_.empty() && codec.empty();
  if (!codec.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto type, arrow::util::Codec::GetCompressionType(std::string(codec)));
    ARROW_ASSIGN_OR_RAISE(const auto made, arrow::util::Codec::Create(type));
    // The stream keeps what it needs of the codec and may outlive it.
    ARROW_ASSIGN_OR_RAISE(file->stream_, arrow::io::CompressedOutputStream::Make(made.get(), file->stream_));
  }
  return file;
}

OutputFile::~OutputFile() {
  // A compressing stream writes its end when it is destroyed, into a file that nobody wants.
  if (stream_ != nullptr && !stream_->closed()) (void)stream_->Abort();
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!pending_.empty()) ::unlink(pending_.c_str());
}

Status OutputFile::WriteAt(int64_t offset, const void* data, int64_t size) {
  const char* at = static_cast<const char*>(data);
  std::lock_guard lock(piece_mutex_);
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor_, at, static_cast<size_t>(size), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "write " + path_);
    at += written;
    size -= written;
    offset += written;
  }
  return Status::OK();
}

Status OutputFile::Commit() {
  ARROW_RETURN_NOT_OK(stream_->Close());
  // Some file systems tell only here that the disk is full.
  if (::close(std::exchange(descriptor_, -1)) != 0) return ErrnoError(errno, "write " + path_);
  if (pending_.empty()) return Status::OK();
  if (::rename(pending_.c_str(), path_.c_str()) != 0) return ErrnoError(errno, "write " + path_);
  pending_.clear();
  return Status::OK();
}

}  // namespace glaux::cli
