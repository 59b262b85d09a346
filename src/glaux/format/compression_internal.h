#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/util/type_fwd.h>

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/stored_bytes_internal.h"

namespace glaux {

using OutputPtr = std::shared_ptr<arrow::io::OutputStream>;

/// One way to compress a file: what it is called, how it is recognised, who reads and writes it.
struct Compression {
  std::string_view name;
  /// How names end, without a dot.
  std::array<std::string_view, 2> endings;
  /// Whether bytes begin a stream; of fewer bytes than `magic_bytes`: whether they may. Null: bytes do not tell.
  bool (*matches)(std::string_view start);
  size_t magic_bytes;
  /// Streams that follow one another are read as one. Errors are kCorrupt with the file and the offset.
  Result<std::unique_ptr<ByteSource>> (*open)(StoredBytes bytes);
  Result<OutputPtr> (*create)(OutputPtr sink, std::optional<int> level);

  /// Whole magic bytes are there.
  bool Begins(std::string_view start) const {
    return matches != nullptr && start.size() >= magic_bytes && matches(start);
  }
};

/// All compressions of a single stream. The one list: names, endings and magic bytes are looked up here only.
std::span<const Compression> Compressions();

/// By TextOptions::compression. Null for "auto" and "none"; kInvalid that lists the names there are.
Result<const Compression*> CompressionByName(std::string_view name);

/// By the ending of a file's name. Null: it has none of a compression.
const Compression* CompressionByEnding(std::string_view file_name);

/// "gz", "zst", …, and "zip": what is taken off a name before its extension says the format. In lower case.
bool IsCompressionEnding(std::string_view ending);

/// A name ends with a dot and this, in any case.
bool HasEnding(std::string_view file_name, std::string_view ending);

/// The first bytes are those of `magic`, as far as there are any.
inline bool MayBegin(std::string_view start, std::string_view magic) {
  return start.substr(0, magic.size()) == magic.substr(0, start.size());
}

/// A level outside of [least, most] is kInvalid.
Status CheckLevel(std::string_view compression, std::optional<int> level, int least, int most);

/// Bytes as they are stored.
std::unique_ptr<ByteSource> OpenPlainSource(StoredBytes bytes);

/// Streams of one of Arrow's codecs: bz2, zstd, lz4 frame, brotli.
Result<std::unique_ptr<ByteSource>> OpenCodecSource(StoredBytes bytes, arrow::Compression::type codec,
                                                    std::string_view name, bool (*matches)(std::string_view));
Result<OutputPtr> OpenCodecOutput(OutputPtr sink, arrow::Compression::type codec, std::string_view name,
                                  std::optional<int> level);

/// Snappy in its framing format, whose checksums are verified. There are no levels.
Result<std::unique_ptr<ByteSource>> OpenSnappySource(StoredBytes bytes);
Result<OutputPtr> OpenSnappyOutput(OutputPtr sink, std::optional<int> level);

/// One LZ4 frame with a checksum of the content.
Result<OutputPtr> OpenLz4Output(OutputPtr sink, std::optional<int> level);

/// xz with CRC64.
Result<std::unique_ptr<ByteSource>> OpenXzSource(StoredBytes bytes);
Result<OutputPtr> OpenXzOutput(OutputPtr sink, std::optional<int> level);

}  // namespace glaux
