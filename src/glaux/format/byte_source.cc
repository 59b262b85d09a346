#include "glaux/format/byte_source.h"

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <array>
#include <cstring>
#include <string_view>

#include "glaux/format/gzip.h"
#include "glaux/format/stored_bytes_internal.h"

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

  int64_t stored_bytes_read() const override { return bytes_.position(); }

 private:
  StoredBytes bytes_;
};

// One line for each compression: how a file begins, how its name ends, who reads it.
struct Compression {
  std::string_view magic;
  std::string_view extension;
  Result<std::unique_ptr<ByteSource>> (*open)(StoredBytes bytes);
};

constexpr std::array kCompressions = {
    Compression{"\x1f\x8b", ".gz", &OpenGzipSource},
};

bool EndsWithIgnoringCase(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         std::equal(end.begin(), end.end(), text.end() - static_cast<ptrdiff_t>(end.size()),
                    [](char a, char b) { return (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b) == a; });
}

}  // namespace

Result<std::string_view> StoredBytes::Peek() {
  if (offset_ == piece_size_) {
    offset_ = 0;
    piece_size_ = 0;
    auto piece = input_.file->ReadAt(position_, kPieceBytes);
    if (!piece.ok()) return Prefix(piece.status(), "read " + input_.name);
    piece_ = *std::move(piece);
    piece_size_ = piece_->size();
  }
  return std::string_view(reinterpret_cast<const char*>(piece_->data()) + offset_,
                          static_cast<size_t>(piece_size_ - offset_));
}

void StoredBytes::Skip(int64_t bytes) {
  offset_ += bytes;
  position_ += bytes;
  if (offset_ == piece_size_) piece_.reset();
}

Result<std::unique_ptr<ByteSource>> OpenDecompressed(const InputFile& input, const TextOptions&) {
  StoredBytes bytes(input);
  ARROW_ASSIGN_OR_RAISE(const auto start, bytes.Peek());
  for (const auto& compression : kCompressions) {
    if (start.starts_with(compression.magic)) return compression.open(std::move(bytes));
    if (!start.empty() && EndsWithIgnoringCase(input.name, compression.extension)) {
      return MakeError({.kind = ErrorKind::kCorrupt, .hint = "name it for what it is, or write it again"}, "read ",
                       input.name, ": the name ends in ", compression.extension,
                       ", but the first bytes are of something else");
    }
  }
  return std::make_unique<PlainSource>(std::move(bytes));
}

Result<std::vector<InputFile>> ArchiveMembers(const InputFile& input) { return std::vector<InputFile>{input}; }

}  // namespace glaux
