#pragma once

#include <cstdint>
#include <memory>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// Files are read in pieces of this many stored bytes.
inline constexpr int64_t kStoredPieceBytes = 1 << 20;

/// The decompressed bytes of a file, front to back. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fill `out` with the next `size` bytes; fewer only where the data ends, then 0. kCorrupt names the file.
  virtual Result<int64_t> Read(int64_t size, uint8_t* out) = 0;
  /// Bytes of the file as stored that were taken so far.
  virtual int64_t stored_bytes_read() const = 0;
};

/// Open a text file: inflated, and as UTF-8 without a byte order mark.
///
/// The first bytes say how it is compressed (brotli: the name); a name that promises a compression which the bytes do
/// not have is kCorrupt. An empty file is no bytes, whatever it is called. Streams that follow one another in a file
/// are read as one. Data that is cut off or damaged is kCorrupt with the file and the offset in it; data that inflates
/// beyond `max_inflation` is kInvalid. Of a zip archive the member is read, which may be compressed again; without
/// `input.member` the only one there is, else kInvalid that names them.
///
/// Text in another encoding becomes UTF-8; what the encoding does not have is kInvalid with the offset, and so is
/// UTF-16 without a mark that nobody named (every other of the first bytes is zero). Text that is UTF-8 already is
/// handed on unchecked.
Result<std::unique_ptr<ByteSource>> OpenDecompressed(const InputFile& input, const TextOptions& options = {});

/// The same without a look at encodings and byte order marks: for files that are not text.
Result<std::unique_ptr<ByteSource>> OpenInflated(const InputFile& input, const TextOptions& options = {});

/// A file that can be read anywhere: the file itself, or, of a zip member, a file whose name ends in a compression's
/// and one of which `compression` names one, what it inflates to, in a temporary file that has no name and goes with
/// its last user. In $TMPDIR, else /tmp; a full disk is kUnavailable.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenRandomAccess(const InputFile& input,
                                                                      const TextOptions& options = {});

}  // namespace glaux
