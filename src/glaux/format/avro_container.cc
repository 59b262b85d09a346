#include "glaux/format/avro_container_internal.h"

#include <algorithm>

namespace glaux {

namespace {

constexpr int64_t kPieceBytes = 256 << 10;
/// Far beyond what schemas have.
constexpr int64_t kMostMetadataBytes = 64 << 20;
constexpr int64_t kMostBlockBytes = 1 << 30;

}  // namespace

Result<AvroFile> AvroFile::Open(const InputFile& input, const TextOptions& text) {
  AvroFile file;
  file.name_ = input.name;
  // The bytes are no text: what they are in is not asked.
  ARROW_ASSIGN_OR_RAISE(
      file.source_, OpenDecompressed(input, {.compression = text.compression, .max_inflation = text.max_inflation}));
  ARROW_RETURN_NOT_OK(file.ReadHeader());
  return file;
}

Result<std::string_view> AvroFile::Peek() {
  if (piece_at_ == piece_.size() && !ended_) {
    piece_.resize(kPieceBytes);
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(kPieceBytes, reinterpret_cast<uint8_t*>(piece_.data())));
    ended_ = got < kPieceBytes;
    piece_.resize(static_cast<size_t>(got));
    piece_at_ = 0;
  }
  return std::string_view(piece_).substr(piece_at_);
}

Result<std::string> AvroFile::ReadBytes(int64_t size) {
  std::string bytes;
  while (static_cast<int64_t>(bytes.size()) < size) {
    ARROW_ASSIGN_OR_RAISE(const auto piece, Peek());
    if (piece.empty()) return Corrupt("the file ends early, at byte ", position_);
    const size_t take = std::min(piece.size(), static_cast<size_t>(size) - bytes.size());
    bytes += piece.substr(0, take);
    piece_at_ += take;
    position_ += static_cast<int64_t>(take);
  }
  return bytes;
}

Result<int64_t> AvroFile::ReadLong() {
  uint64_t bits = 0;
  const int64_t begin = position_;
  for (int shift = 0; shift < 70; shift += 7) {
    ARROW_ASSIGN_OR_RAISE(const auto byte, ReadBytes(1));
    const auto value = static_cast<unsigned char>(byte[0]);
    if (shift == 63 && value > 1) break;
    bits |= static_cast<uint64_t>(value & 0x7f) << shift;
    if (value < 0x80) return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
  }
  return Corrupt("a number of more than 64 bits at byte ", begin);
}

Result<std::string> AvroFile::ReadSized() {
  const int64_t begin = position_;
  ARROW_ASSIGN_OR_RAISE(const int64_t size, ReadLong());
  if (size < 0 || size > kMostMetadataBytes) return Corrupt("a length of ", size, " in the header, at byte ", begin);
  return ReadBytes(size);
}

Status AvroFile::ReadMetadata() {
  while (true) {
    ARROW_ASSIGN_OR_RAISE(int64_t count, ReadLong());
    if (count == 0) return Status::OK();
    if (count < 0) {
      ARROW_RETURN_NOT_OK(ReadLong());  // bytes of this part, which are found out by reading it
      // No file has so many entries as a count without a positive opposite.
      count = count == INT64_MIN ? INT64_MAX : -count;
    }
    for (int64_t i = 0; i < count; ++i) {
      ARROW_ASSIGN_OR_RAISE(auto key, ReadSized());
      ARROW_ASSIGN_OR_RAISE(metadata_[std::move(key)], ReadSized());
      if (position_ > kMostMetadataBytes) return Corrupt("a header of more than ", kMostMetadataBytes, " bytes");
    }
  }
}

Status AvroFile::ReadHeader() {
  ARROW_ASSIGN_OR_RAISE(const auto first, Peek());
  if (first.empty()) return Corrupt("the file is empty; expected an Avro file");
  if (!first.starts_with(kAvroMagic.substr(0, first.size()))) return Corrupt("this is no Avro file");
  ARROW_RETURN_NOT_OK(ReadBytes(static_cast<int64_t>(kAvroMagic.size())));
  ARROW_RETURN_NOT_OK(ReadMetadata());
  ARROW_ASSIGN_OR_RAISE(sync_, ReadBytes(kAvroSyncBytes));
  const auto schema = metadata_.find("avro.schema");
  if (schema == metadata_.end()) return Corrupt("the header has no avro.schema");
  ARROW_ASSIGN_OR_RAISE(type_, ParseAvroSchema(schema->second, "read " + name_ + ": "));
  const auto codec = metadata_.find("avro.codec");
  auto made = AvroCodec::Make(codec == metadata_.end() || codec->second.empty() ? "null" : codec->second);
  if (!made.ok()) return Prefix(made.status(), "read " + name_);
  codec_ = *std::move(made);
  return Status::OK();
}

Result<std::optional<AvroBlock>> AvroFile::Next() {
  AvroBlock block{.position = position_};
  ARROW_ASSIGN_OR_RAISE(const auto piece, Peek());
  if (piece.empty()) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(block.rows, ReadLong());
  ARROW_ASSIGN_OR_RAISE(const int64_t size, ReadLong());
  if (block.rows < 0) return Corrupt("block at byte ", block.position, " says ", block.rows, " rows");
  if (size < 0 || size > kMostBlockBytes) {
    return Corrupt("block at byte ", block.position, " says ", size, " bytes");
  }
  ARROW_ASSIGN_OR_RAISE(block.bytes, ReadBytes(size));
  ARROW_ASSIGN_OR_RAISE(const auto sync, ReadBytes(kAvroSyncBytes));
  if (sync != sync_) return Corrupt("block at byte ", block.position, " does not end with the file's sync marker");
  return block;
}

}  // namespace glaux
