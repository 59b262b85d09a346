#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"

namespace arrow::io {
class OutputStream;
}

namespace glaux {

class StoredBytes;

/// Inflate members one after the other, each against its checksum. Zero bytes may follow the last member; anything else
/// there, an early end and a wrong checksum are kCorrupt.
Result<std::unique_ptr<ByteSource>> OpenGzipSource(StoredBytes bytes);

/// Inflate one deflate stream without a wrapper; what follows it is not looked at.
Result<std::unique_ptr<ByteSource>> OpenDeflateSource(StoredBytes bytes);

/// Compress what is written into one gzip member on `sink`. Close() ends the member and leaves the sink open; without
/// it the file is cut short.
///
/// \param level 1 to 3: several times faster than zlib; 4 to 9: zlib's. Unset: 2. Others are kInvalid
Result<std::shared_ptr<arrow::io::OutputStream>> OpenGzipOutput(std::shared_ptr<arrow::io::OutputStream> sink,
                                                                std::optional<int> level = {});

}  // namespace glaux
