#pragma once

#include <arrow/type_fwd.h>

#include <memory>

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

/// Compress what is written into one gzip member on `sink`. Close() ends the member and leaves the sink open; without
/// it the file is cut short.
Result<std::shared_ptr<arrow::io::OutputStream>> OpenGzipOutput(std::shared_ptr<arrow::io::OutputStream> sink);

}  // namespace glaux
