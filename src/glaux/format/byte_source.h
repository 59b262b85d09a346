#pragma once

#include <cstdint>
#include <memory>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// The decompressed bytes of a file, front to back. Not thread-safe.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// Fill `out` with the next `size` bytes; fewer only where the data ends, then 0. kCorrupt names the file.
  virtual Result<int64_t> Read(int64_t size, uint8_t* out) = 0;
  /// Bytes of the file as stored that were taken so far.
  virtual int64_t stored_bytes_read() const = 0;
};

/// Open a file that may be compressed. The first bytes say how (gzip: 1f 8b); a name that promises a compression which
/// the bytes do not have is kCorrupt. An empty file is no bytes, whatever it is called.
Result<std::unique_ptr<ByteSource>> OpenDecompressed(const InputFile& input, const TextOptions& options = {});

}  // namespace glaux
