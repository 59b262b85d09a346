#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::cli {

/// A stream to a file descriptor. Unbuffered; the descriptor stays open.
std::shared_ptr<arrow::io::OutputStream> MakeDescriptorStream(int descriptor, std::string name);

/// The error of a stream whose reader went away (`| head`). The program ends quietly then.
bool IsBrokenPipe(const Status& status);

/// A file that appears under its name at Commit, whole. Until then it has another name beside it, and destroying it
/// removes that. A device, a pipe or a socket is written as it is.
class OutputFile {
 public:
  /// \param codec "gzip", "zstd", or empty
  static Result<std::unique_ptr<OutputFile>> Open(const std::string& path, std::string_view codec);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::shared_ptr<arrow::io::OutputStream>& stream() const { return stream_; }
  /// Whether WriteAt works: a regular file, without a codec.
  bool takes_pieces() const { return takes_pieces_; }
  /// Write a piece anywhere, instead of through the stream. Thread-safe.
  Status WriteAt(int64_t offset, const void* data, int64_t size);
  Status Commit();

 private:
  OutputFile(std::string path, std::string pending, int descriptor)
      : path_(std::move(path)), pending_(std::move(pending)), descriptor_(descriptor) {}

  const std::string path_;
  std::string pending_;  ///< empty: written in place, or committed
  int descriptor_;
  /// The kernel lets one thread at a time write into a file, and others that want to burn a core while they wait.
  std::mutex piece_mutex_;
  bool takes_pieces_ = false;
  std::shared_ptr<arrow::io::OutputStream> stream_;
};

}  // namespace glaux::cli
