#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/avro_codec_internal.h"
#include "glaux/format/avro_schema_internal.h"
#include "glaux/format/byte_source.h"
#include "glaux/format/format.h"

namespace glaux {

/// Rows as the file has them, compressed.
struct AvroBlock {
  int64_t rows = 0;
  int64_t position = 0;  ///< of the block in the file
  std::string bytes;
};

/// An Avro object container file (specification 1.11, "Object Container Files"), front to back. Not thread-safe.
class AvroFile {
 public:
  /// Read the header. kCorrupt if it is none.
  static Result<AvroFile> Open(const InputFile& input, const TextOptions& text);

  const AvroTypePtr& type() const { return type_; }
  const std::shared_ptr<const AvroCodec>& codec() const { return codec_; }
  /// "avro.schema", "avro.codec" and what the writer added.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }

  /// The next block, its sync marker checked, or nothing at the end.
  Result<std::optional<AvroBlock>> Next();

  int64_t stored_bytes_read() const { return source_->stored_bytes_read(); }

 private:
  Status ReadHeader();
  Status ReadMetadata();
  Result<int64_t> ReadLong();
  /// Exactly `size` bytes, held only as they come: a size that lies costs what is there.
  Result<std::string> ReadBytes(int64_t size);
  Result<std::string> ReadSized();
  template <typename... Args>
  Status Corrupt(Args&&... args) const {
    return MakeError(ErrorKind::kCorrupt, "read ", name_, ": ", std::forward<Args>(args)...);
  }

  std::string name_;
  std::unique_ptr<ByteSource> source_;
  int64_t position_ = 0;
  bool ended_ = false;
  std::string piece_;
  size_t piece_at_ = 0;
  std::map<std::string, std::string> metadata_;
  std::string sync_;
  AvroTypePtr type_;
  std::shared_ptr<const AvroCodec> codec_;

  /// Bytes that are read and not used; none only at the end.
  Result<std::string_view> Peek();
};

/// Append a number in Avro's encoding.
inline void AppendAvroLong(int64_t value, std::string* out) {
  auto bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  for (; bits >= 0x80; bits >>= 7) out->push_back(static_cast<char>(bits | 0x80));
  out->push_back(static_cast<char>(bits));
}

inline void AppendAvroBytes(std::string_view bytes, std::string* out) {
  AppendAvroLong(static_cast<int64_t>(bytes.size()), out);
  *out += bytes;
}

inline constexpr std::string_view kAvroMagic = "Obj\x01";
inline constexpr int64_t kAvroSyncBytes = 16;

Result<InferredSchema> InferAvro(const InputFile& input, const InferOptions& options);

Result<std::unique_ptr<FileReader>> OpenAvroReader(const InputFile& input, const ReadOptions& options);

Result<std::unique_ptr<FileWriter>> OpenAvroWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                   std::shared_ptr<arrow::Schema> schema, const WriteOptions& options);

}  // namespace glaux
