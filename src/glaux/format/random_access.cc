#include <arrow/io/file.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <vector>

#include "glaux/format/byte_sink.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/compression_internal.h"

namespace glaux {
namespace {

/// A file without a name; closed when this goes, unless it is released.
class NamelessFile {
 public:
  NamelessFile() = default;
  ~NamelessFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;

  Status Open() {
    const char* named = std::getenv("TMPDIR");
    folder_ = named != nullptr && *named != '\0' ? named : "/tmp";
    descriptor_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (descriptor_ >= 0) return Status::OK();
    // Not every file system knows files without a name.
    std::string path = folder_ + "/glaux-XXXXXX";
    descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (descriptor_ < 0) return ErrnoError(errno, "create a temporary file in " + folder_);
    ::unlink(path.c_str());
    return Status::OK();
  }

  Status Append(const uint8_t* data, size_t size) {
    while (size > 0) {
      const auto wrote = ::write(descriptor_, data, size);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) return ErrnoError(errno, "write a temporary file in " + folder_);
      data += wrote;
      size -= static_cast<size_t>(wrote);
    }
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Release() {
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(descriptor_));
    descriptor_ = -1;
    return file;
  }

 private:
  std::string folder_;
  int descriptor_ = -1;
};

/// The bytes are what the format reads: no archive, no compression. Only the name is asked: a look at the first bytes
/// would be one more request for each file of a table.
Result<bool> IsPlain(const InputFile& input, const TextOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto* named, CompressionByName(options.compression));
  if (!input.member.empty() || named != nullptr) return false;
  return options.compression == "none" || CompressionOfFile(input.name) == "none";
}

}  // namespace

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess(const InputFile& input,
                                                                      const TextOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const bool plain, IsPlain(input, options));
  if (plain) return input.file;
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenInflated(input, options));
  NamelessFile file;
  const auto where = "inflate " + input.name;
  if (const auto opened = file.Open(); !opened.ok()) return Prefix(opened, where);
  std::vector<uint8_t> piece(1 << 20);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source->Read(static_cast<int64_t>(piece.size()), piece.data()));
    if (const auto wrote = file.Append(piece.data(), static_cast<size_t>(got)); !wrote.ok())
      return Prefix(wrote, where);
    if (got < static_cast<int64_t>(piece.size())) return file.Release();
  }
}

}  // namespace glaux
