#include "glaux/format/byte_source.h"

#include <arrow/io/interfaces.h>

#include <algorithm>
#include <cstring>
#include <string_view>

#include "glaux/format/compression_internal.h"
#include "glaux/format/stored_bytes_internal.h"
#include "glaux/format/text_encoding_internal.h"
#include "glaux/format/zip_archive_internal.h"

namespace glaux {
namespace {

class PlainSource final : public ByteSource {
 public:
  explicit PlainSource(StoredBytes bytes) : bytes_(std::move(bytes)) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size) {
      ARROW_ASSIGN_OR_RAISE(const auto piece, bytes_.Peek());
      if (piece.empty()) break;
      const int64_t take = std::min<int64_t>(size - done, static_cast<int64_t>(piece.size()));
      std::memcpy(out + done, piece.data(), static_cast<size_t>(take));
      bytes_.Skip(take);
      done += take;
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return bytes_.stored_bytes_read(); }

 private:
  StoredBytes bytes_;
};

/// Stops what inflates without end.
class InflationGuard final : public ByteSource {
 public:
  InflationGuard(std::unique_ptr<ByteSource> source, std::string name, int64_t stored_size, int64_t max_inflation)
      : source_(std::move(source)), name_(std::move(name)), stored_size_(stored_size), max_inflation_(max_inflation) {
    if (__builtin_mul_overflow(std::max<int64_t>(stored_size, 1), max_inflation, &limit_)) {
      limit_ = std::numeric_limits<int64_t>::max();
    }
    limit_ = std::max(limit_, kAlwaysAllowed);
  }

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(size, out));
    inflated_ += got;
    if (inflated_ > limit_) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "raise max_inflation if the file is to be trusted"},
                       "read ", name_, ": ", stored_size_, " bytes inflate to more than ", limit_,
                       ", a ratio above max_inflation (", max_inflation_, ")");
    }
    return got;
  }

  int64_t stored_bytes_read() const override { return source_->stored_bytes_read(); }

 private:
  static constexpr int64_t kAlwaysAllowed = 1 << 30;

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  int64_t stored_size_;
  int64_t max_inflation_;
  int64_t limit_ = 0;
  int64_t inflated_ = 0;
};

Status WrongCompression(std::string_view name, std::string_view promise) {
  return MakeError({.kind = ErrorKind::kCorrupt, .hint = "name it for what it is, or say its compression"}, "read ",
                   name, ": ", promise, ", but the first bytes are of something else");
}

/// Which compression the bytes have. Null: none.
Result<const Compression*> Detect(std::string_view name, std::string_view start, const TextOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto* named, CompressionByName(options.compression));
  if (options.compression == "none" || start.empty()) return nullptr;
  if (named != nullptr) {
    if (named->matches == nullptr || named->Begins(start)) return named;
    return WrongCompression(name, "it is said to be " + std::string(named->name));
  }
  const auto* promised = CompressionByEnding(name);
  if (promised != nullptr && (promised->matches == nullptr || promised->Begins(start))) return promised;
  if (promised != nullptr) {
    return WrongCompression(name, "the name ends in " + std::string(name.substr(name.rfind('.'))));
  }
  for (const auto& compression : Compressions()) {
    if (compression.Begins(start)) return &compression;
  }
  return nullptr;
}

Status CheckOptions(const TextOptions& options) {
  if (options.max_inflation < 1) {
    return MakeError(ErrorKind::kInvalid, "text options: max_inflation is ", options.max_inflation,
                     ", expected 1 or more");
  }
  return Status::OK();
}

/// Inflate what is not in an archive, or no longer.
Result<std::unique_ptr<ByteSource>> Inflate(StoredBytes bytes, int64_t stored_size, const TextOptions& options) {
  const auto name = bytes.input().name;
  ARROW_ASSIGN_OR_RAISE(const auto start, bytes.Peek());
  ARROW_ASSIGN_OR_RAISE(const auto* compression, Detect(name, start, options));
  if (compression == nullptr) return OpenPlainSource(std::move(bytes));
  ARROW_ASSIGN_OR_RAISE(auto source, compression->open(std::move(bytes)));
  return std::make_unique<InflationGuard>(std::move(source), name, stored_size, options.max_inflation);
}

Result<std::unique_ptr<ByteSource>> InflateMember(const InputFile& input, const TextOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto member, OpenZipMember(input));
  std::unique_ptr<ByteSource> guarded = std::make_unique<InflationGuard>(std::move(member.bytes), member.input.name,
                                                                         member.stored_size, options.max_inflation);
  StoredBytes bytes(member.input, std::move(guarded));
  ARROW_ASSIGN_OR_RAISE(const auto start, bytes.Peek());
  if (options.compression != "none" && IsZip(start)) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "unpack the outer archive first"}, "read ",
                     member.input.name, ": a zip archive in a zip archive");
  }
  return Inflate(std::move(bytes), member.stored_size, options);
}

}  // namespace

std::unique_ptr<ByteSource> OpenPlainSource(StoredBytes bytes) {
  return std::make_unique<PlainSource>(std::move(bytes));
}

Result<std::unique_ptr<ByteSource>> OpenInflated(const InputFile& input, const TextOptions& options) {
  ARROW_RETURN_NOT_OK(CheckOptions(options));
  ARROW_RETURN_NOT_OK(CompressionByName(options.compression).status());
  if (!input.member.empty()) return InflateMember(input, options);
  StoredBytes bytes(input);
  ARROW_ASSIGN_OR_RAISE(const auto start, bytes.Peek());
  if (options.compression == "auto" && !start.empty()) {
    if (IsZip(start)) return InflateMember(input, options);
    if (HasEnding(input.name, "zip")) return WrongCompression(input.name, "the name ends in .zip");
  }
  auto size = input.file->GetSize();
  if (!size.ok()) return Prefix(size.status(), "read " + input.name);
  return Inflate(std::move(bytes), *size, options);
}

Result<std::unique_ptr<ByteSource>> OpenDecompressed(const InputFile& input, const TextOptions& options) {
  ARROW_RETURN_NOT_OK(CheckEncoding(options.encoding));
  ARROW_ASSIGN_OR_RAISE(auto bytes, OpenInflated(input, options));
  return ToUtf8(std::move(bytes), input.name, options.encoding);
}

}  // namespace glaux
