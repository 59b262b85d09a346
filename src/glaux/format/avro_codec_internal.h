#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

/// How the blocks of an Avro file are compressed: "null", "deflate", "snappy", "bzip2", "xz", "zstandard".
/// Thread-safe: each call works for itself.
class AvroCodec {
 public:
  virtual ~AvroCodec() = default;
  /// The bytes of one block. kCorrupt without the name of the file; kInvalid for more than a gibibyte. Memory grows
  /// with what really comes out, not with what the block says.
  virtual Result<std::shared_ptr<arrow::Buffer>> Decompress(std::string_view block) const = 0;
  virtual Result<std::string> Compress(std::string_view bytes) const = 0;

  /// Names are those of the specification; kNotImplemented for others.
  static Result<std::shared_ptr<const AvroCodec>> Make(std::string_view name, std::optional<int> level = {});
};

}  // namespace glaux
