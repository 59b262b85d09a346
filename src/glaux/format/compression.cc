#include <arrow/util/compression.h>

#include <algorithm>
#include <array>

#include "glaux/format/compression_internal.h"
#include "glaux/format/gzip.h"

namespace glaux {
namespace {

using Codec = arrow::Compression;

// Frames that hold no data may stand between frames, and before the first; LZ4 and Zstandard share them.
bool MayBeginSkippable(std::string_view start) {
  if (start.empty()) return true;
  return (static_cast<uint8_t>(start[0]) & 0xf0) == 0x50 && MayBegin(start.substr(1), "\x2a\x4d\x18");
}

bool IsGzip(std::string_view start) { return MayBegin(start, "\x1f\x8b"); }
bool IsBz2(std::string_view start) {
  if (!MayBegin(start, "BZh") || (start.size() > 3 && (start[3] < '1' || start[3] > '9'))) return false;
  // A block, or the end of an empty stream.
  return start.size() <= 4 || MayBegin(start.substr(4), "\x31\x41\x59") || MayBegin(start.substr(4), "\x17\x72\x45");
}
bool IsZstd(std::string_view start) { return MayBegin(start, "\x28\xb5\x2f\xfd") || MayBeginSkippable(start); }
bool IsLz4(std::string_view start) { return MayBegin(start, "\x04\x22\x4d\x18") || MayBeginSkippable(start); }
bool IsSnappy(std::string_view start) { return MayBegin(start, std::string_view("\xff\x06\x00\x00sNaPpY", 10)); }
bool IsXz(std::string_view start) {
  return MayBegin(start, std::string_view("\xfd"
                                          "7zXZ\x00",
                                          6));
}

constexpr std::array kCompressions = {
    Compression{"gzip", {"gz", "gzip"}, IsGzip, 2, &OpenGzipSource, &OpenGzipOutput},
    Compression{"bz2",
                {"bz2", ""},
                IsBz2,
                7,
                [](StoredBytes bytes) { return OpenCodecSource(std::move(bytes), Codec::BZ2, "bz2", IsBz2); },
                [](OutputPtr sink, std::optional<int> level) {
                  return OpenCodecOutput(std::move(sink), Codec::BZ2, "bz2", level);
                }},
    Compression{"zstd",
                {"zst", "zstd"},
                IsZstd,
                4,
                [](StoredBytes bytes) { return OpenCodecSource(std::move(bytes), Codec::ZSTD, "zstd", IsZstd); },
                [](OutputPtr sink, std::optional<int> level) {
                  return OpenCodecOutput(std::move(sink), Codec::ZSTD, "zstd", level);
                }},
    Compression{"lz4",
                {"lz4", ""},
                IsLz4,
                4,
                [](StoredBytes bytes) { return OpenCodecSource(std::move(bytes), Codec::LZ4_FRAME, "lz4", IsLz4); },
                &OpenLz4Output},
    Compression{"snappy", {"snappy", "sz"}, IsSnappy, 10, &OpenSnappySource, &OpenSnappyOutput},
    Compression{"brotli",
                {"br", ""},
                nullptr,
                0,
                [](StoredBytes bytes) { return OpenCodecSource(std::move(bytes), Codec::BROTLI, "brotli", nullptr); },
                [](OutputPtr sink, std::optional<int> level) {
                  return OpenCodecOutput(std::move(sink), Codec::BROTLI, "brotli", level);
                }},
    Compression{"xz", {"xz", ""}, IsXz, 6, &OpenXzSource, &OpenXzOutput},
};

}  // namespace

std::span<const Compression> Compressions() { return kCompressions; }

Result<const Compression*> CompressionByName(std::string_view name) {
  if (name == "auto" || name == "none") return nullptr;
  std::string known = "auto, none";
  for (const auto& compression : kCompressions) {
    if (compression.name == name) return &compression;
    known.append(", ").append(compression.name);
  }
  return MakeError(ErrorKind::kInvalid, "text options: no compression ", name, "; known: ", known);
}

bool HasEnding(std::string_view file_name, std::string_view ending) {
  if (file_name.size() <= ending.size() || file_name[file_name.size() - ending.size() - 1] != '.') return false;
  return std::equal(ending.begin(), ending.end(), file_name.end() - static_cast<ptrdiff_t>(ending.size()),
                    [](char a, char b) { return (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b) == a; });
}

const Compression* CompressionByEnding(std::string_view file_name) {
  for (const auto& compression : kCompressions) {
    for (const auto ending : compression.endings) {
      if (!ending.empty() && HasEnding(file_name, ending)) return &compression;
    }
  }
  return nullptr;
}

bool IsCompressionEnding(std::string_view ending) {
  if (ending.empty()) return false;
  return ending == "zip" || CompressionByEnding("." + std::string(ending)) != nullptr;
}

Status CheckLevel(std::string_view compression, std::optional<int> level, int least, int most) {
  if (!level || (*level >= least && *level <= most)) return Status::OK();
  return MakeError(ErrorKind::kInvalid, "text options: ", compression, " has compression levels from ", least, " to ",
                   most, ", found ", *level);
}

}  // namespace glaux
