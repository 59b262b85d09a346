#pragma once

#include <memory>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/byte_source.h"

namespace glaux {

struct ZipMember {
  /// The member, named "a.zip/x.csv".
  InputFile input;
  /// Its bytes, checked against size and CRC-32 at their end.
  std::unique_ptr<ByteSource> bytes;
  /// Its size in the archive.
  int64_t stored_size = 0;
};

/// Bytes begin a zip archive: a member, or the end of an empty archive.
bool IsZip(std::string_view start);

/// Open the member that `input` means; without one, the only one there is, else kInvalid that names some.
Result<ZipMember> OpenZipMember(const InputFile& input);

}  // namespace glaux
