#include "glaux/format/text_encoding_internal.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iomanip>
#include <sstream>
#include <vector>

namespace glaux {
namespace {

enum class Encoding { kUtf8, kLatin1, kWindows1252, kUtf16, kUtf16Le, kUtf16Be };

struct NamedEncoding {
  std::string_view name;
  Encoding encoding;
};

constexpr std::array kEncodings = {
    NamedEncoding{"utf-8", Encoding::kUtf8},
    NamedEncoding{"latin-1", Encoding::kLatin1},
    NamedEncoding{"windows-1252", Encoding::kWindows1252},
    NamedEncoding{"utf-16", Encoding::kUtf16},
    NamedEncoding{"utf-16le", Encoding::kUtf16Le},
    NamedEncoding{"utf-16be", Encoding::kUtf16Be},
};

// Bytes 80 to 9f of windows-1252; 0: no character.
constexpr std::array<uint16_t, 32> kWindows1252 = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

Result<Encoding> EncodingByName(std::string_view name) {
  std::string known;
  for (const auto& encoding : kEncodings) {
    if (encoding.name == name) return encoding.encoding;
    known.append(known.empty() ? "" : ", ").append(encoding.name);
  }
  return MakeError(ErrorKind::kInvalid, "text options: no encoding ", name, "; known: ", known);
}

void AppendUtf8(uint32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
    return;
  }
  if (c < 0x800) {
    out->push_back(static_cast<char>(0xc0 | c >> 6));
  } else {
    if (c < 0x10000) {
      out->push_back(static_cast<char>(0xe0 | c >> 12));
    } else {
      out->push_back(static_cast<char>(0xf0 | c >> 18));
      out->push_back(static_cast<char>(0x80 | (c >> 12 & 0x3f)));
    }
    out->push_back(static_cast<char>(0x80 | (c >> 6 & 0x3f)));
  }
  out->push_back(static_cast<char>(0x80 | (c & 0x3f)));
}

/// Hands on bytes, of which the first were read already.
class RestSource final : public ByteSource {
 public:
  RestSource(std::string start, std::unique_ptr<ByteSource> source)
      : start_(std::move(start)), source_(std::move(source)) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    const auto take = std::min(static_cast<size_t>(size), start_.size());
    if (take > 0) {
      std::memcpy(out, start_.data(), take);
      start_.erase(0, take);
    }
    const auto done = static_cast<int64_t>(take);
    if (done == size) return done;
    ARROW_ASSIGN_OR_RAISE(const int64_t more, source_->Read(size - done, out + done));
    return done + more;
  }

  int64_t stored_bytes_read() const override { return source_->stored_bytes_read(); }

 private:
  std::string start_;
  std::unique_ptr<ByteSource> source_;
};

class Transcoder final : public ByteSource {
 public:
  Transcoder(std::unique_ptr<ByteSource> source, std::string name, Encoding encoding, int64_t position)
      : source_(std::move(source)), name_(std::move(name)), encoding_(encoding), position_(position) {}

  Result<int64_t> Read(int64_t size, uint8_t* out) override {
    int64_t done = 0;
    while (done < size) {
      if (at_ == text_.size()) {
        if (ended_) break;
        ARROW_RETURN_NOT_OK(NextPiece());
        continue;
      }
      const auto take = std::min(static_cast<size_t>(size - done), text_.size() - at_);
      std::memcpy(out + done, text_.data() + at_, take);
      at_ += take;
      done += static_cast<int64_t>(take);
    }
    return done;
  }

  int64_t stored_bytes_read() const override { return source_->stored_bytes_read(); }

 private:
  /// Convert the next bytes; half a character waits at the start of `raw_` for its other half.
  Status NextPiece() {
    text_.clear();
    at_ = 0;
    const auto room = static_cast<int64_t>(raw_.size() - kept_);
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(room, raw_.data() + kept_));
    ended_ = got < room;
    const size_t size = kept_ + static_cast<size_t>(got);
    size_t used = size;
    if (encoding_ == Encoding::kLatin1 || encoding_ == Encoding::kWindows1252) {
      ARROW_RETURN_NOT_OK(FromBytes(size));
    } else {
      ARROW_ASSIGN_OR_RAISE(used, FromUnits(size));
    }
    kept_ = size - used;
    if (kept_ > 0) std::memmove(raw_.data(), raw_.data() + used, kept_);
    position_ += static_cast<int64_t>(used);
    return Status::OK();
  }

  Status FromBytes(size_t size) {
    for (size_t i = 0; i < size; ++i) {
      uint32_t c = raw_[i];
      if (encoding_ == Encoding::kWindows1252 && c >= 0x80 && c < 0xa0) {
        c = kWindows1252[c - 0x80];
        if (c == 0) return NoCharacter(i, "windows-1252 has no character for this byte", raw_[i], 2);
      }
      AppendUtf8(c, &text_);
    }
    return Status::OK();
  }

  uint32_t Unit(size_t at) const {
    const uint32_t first = raw_[at];
    const uint32_t second = raw_[at + 1];
    return encoding_ == Encoding::kUtf16Be ? first << 8 | second : second << 8 | first;
  }

  /// \return bytes that were converted
  Result<size_t> FromUnits(size_t size) {
    size_t i = 0;
    for (; i + 2 <= size; i += 2) {
      const uint32_t unit = Unit(i);
      if (unit < 0xd800 || unit > 0xdfff) {
        AppendUtf8(unit, &text_);
        continue;
      }
      if (unit >= 0xdc00) return NoCharacter(i, "second half of a surrogate pair without the first", unit, 4);
      if (i + 4 > size) break;
      const uint32_t low = Unit(i + 2);
      if (low < 0xdc00 || low > 0xdfff) {
        return NoCharacter(i, "first half of a surrogate pair without the second", unit, 4);
      }
      AppendUtf8(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00), &text_);
      i += 2;
    }
    if (ended_ && i < size) {
      return size - i == 2 ? NoCharacter(i, "first half of a surrogate pair at the end of the file", Unit(i), 4)
                           : NoCharacter(size - 1, "half of a UTF-16 unit at the end of the file", raw_[size - 1], 2);
    }
    return i;
  }

  Status NoCharacter(size_t at, std::string_view what, uint32_t found, int digits) const {
    std::ostringstream hex;
    hex << std::hex << std::setfill('0') << std::setw(digits) << found;
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "say the file's encoding"}, "read ", name_, ", byte ",
                     position_ + static_cast<int64_t>(at), " of the text: ", what, ": ", hex.str());
  }

  std::unique_ptr<ByteSource> source_;
  std::string name_;
  Encoding encoding_;
  int64_t position_;
  std::vector<uint8_t> raw_ = std::vector<uint8_t>(64 << 10);
  size_t kept_ = 0;
  std::string text_;
  size_t at_ = 0;
  bool ended_ = false;
};

}  // namespace

Status CheckEncoding(std::string_view encoding) { return EncodingByName(encoding).status(); }

Result<std::unique_ptr<ByteSource>> ToUtf8(std::unique_ptr<ByteSource> source, std::string name,
                                           std::string_view encoding) {
  ARROW_ASSIGN_OR_RAISE(auto wanted, EncodingByName(encoding));
  std::string start(4, '\0');
  ARROW_ASSIGN_OR_RAISE(const int64_t got, source->Read(4, reinterpret_cast<uint8_t*>(start.data())));
  start.resize(static_cast<size_t>(got));
  size_t mark = 0;
  if (start.starts_with("\xef\xbb\xbf")) {
    wanted = Encoding::kUtf8;
    mark = 3;
  } else if (start == std::string_view("\xff\xfe\0\0", 4) || start == std::string_view("\0\0\xfe\xff", 4)) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "convert it first: iconv -f utf-32 -t utf-8"}, "read ", name,
                     ": found the byte order mark of UTF-32, which is not read");
  } else if (start.starts_with("\xff\xfe")) {
    wanted = Encoding::kUtf16Le;
    mark = 2;
  } else if (start.starts_with("\xfe\xff")) {
    wanted = Encoding::kUtf16Be;
    mark = 2;
  }
  if (wanted == Encoding::kUtf8 && mark == 0 && got == 4) {
    const std::array<bool, 4> nul{start[0] == 0, start[1] == 0, start[2] == 0, start[3] == 0};
    const bool little = nul == std::array{false, true, false, true};
    if (little || nul == std::array{true, false, true, false}) {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = little ? "say the file's encoding: utf-16le" : "say the file's encoding: utf-16be"},
                       "read ", name, ": every other byte is zero: this is UTF-16 without a byte order mark");
    }
  }
  std::unique_ptr<ByteSource> rest = std::make_unique<RestSource>(start.substr(mark), std::move(source));
  if (wanted == Encoding::kUtf8) return rest;
  if (wanted == Encoding::kUtf16) wanted = Encoding::kUtf16Le;
  return std::make_unique<Transcoder>(std::move(rest), std::move(name), wanted, static_cast<int64_t>(mark));
}

}  // namespace glaux
