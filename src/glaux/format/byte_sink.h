#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// TextOptions::compression that the name of a file to be written asks for: "a.csv.gz" is "gzip", "a.csv" "none".
/// "a.zip" is "zip", which OpenCompressed refuses.
std::string CompressionOfFile(std::string_view name);

/// What the names of files compressed this way end in: ".gz" for "gzip", nothing for "none" and "auto".
std::string EndingOfCompression(std::string_view compression);

/// Compress what is written on `sink`. Close() ends the compressed stream and leaves the sink open; without it the file
/// is cut short.
///
/// "none" and "auto" hand bytes on as they are: there is no name here that "auto" could ask, so callers replace it with
/// CompressionOfFile. A level that the codec does not have is kInvalid and says which it has: gzip 1 to 9, bz2 1 to 9,
/// zstd up to 22, lz4 1 to 12, brotli 0 to 11, xz 0 to 9; snappy none. An encoding other than UTF-8 is kNotImplemented.
Result<std::shared_ptr<arrow::io::OutputStream>> OpenCompressed(std::shared_ptr<arrow::io::OutputStream> sink,
                                                                const TextOptions& options);

}  // namespace glaux
