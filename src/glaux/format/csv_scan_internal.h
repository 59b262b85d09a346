#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "glaux/format/csv_dialect_internal.h"

namespace glaux {

/// Bytes that must be readable (whatever they hold) behind a text that is scanned.
inline constexpr int64_t kScanPadding = 64;

/// Which of 64 bytes are one of the characters; bit i is byte i.
class ByteMask {
 public:
#if defined(__SSE2__)
  explicit ByteMask(const char* bytes) {
    for (int i = 0; i < 4; ++i) lanes_[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i);
  }
  uint64_t Equal(char c) const {
    const __m128i wanted = _mm_set1_epi8(c);
    uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(lanes_[i], wanted))))
              << (16 * i);
    }
    return mask;
  }
  int64_t Count(char c) const {
    const __m128i wanted = _mm_set1_epi8(c);
    __m128i counts = _mm_setzero_si128();
    for (int i = 0; i < 4; ++i) counts = _mm_sub_epi8(counts, _mm_cmpeq_epi8(lanes_[i], wanted));
    const __m128i sums = _mm_sad_epu8(counts, _mm_setzero_si128());
    return _mm_cvtsi128_si64(sums) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums));
  }

 private:
  __m128i lanes_[4];
#else
  explicit ByteMask(const char* bytes) { std::memcpy(bytes_, bytes, sizeof(bytes_)); }
  uint64_t Equal(char c) const {
    uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) mask |= static_cast<uint64_t>(bytes_[i] == c) << i;
    return mask;
  }
  int64_t Count(char c) const { return std::popcount(Equal(c)); }

 private:
  char bytes_[64];
#endif
};

/// Walk over the rows of CSV text and tell `sink` where fields and rows end.
///
///   void BeginRow(size_t begin)             the row's first byte
///   void Fields(uint64_t mask, size_t base) a delimiter at base + i for each bit i
///   bool EndRow(size_t end, size_t next)    where the last field and where the line ends; false stops
///
/// A quote means something only where a field begins; text behind a closing quote belongs to the field. Lines that
/// begin with the comment character are no rows; lines without a byte are none if `skip_blank_lines`.
template <typename Sink>
class CsvScanner {
 public:
  CsvScanner(const CsvDialect& dialect, bool skip_blank_lines, Sink& sink)
      : dialect_(dialect), skip_blank_lines_(skip_blank_lines), sink_(sink) {}

  /// Scan text that begins where a row may begin; kScanPadding bytes behind it can be read. What is behind the last
  /// line end is a row if `final`, else it is left.
  void Scan(std::string_view text, bool final) {
    const size_t size = text.size();
    const char* data = text.data();
    size_t field = SkipToRow(text, 0);
    if (field == size) return;
    sink_.BeginRow(field);
    size_t done = field;  // what is before this is dealt with
    for (size_t base = field & ~size_t{63}; base < size; base += 64) {
      if (done >= base + 64) continue;
      const ByteMask bytes(data + base);
      uint64_t valid = size - base < 64 ? (uint64_t{1} << (size - base)) - 1 : ~uint64_t{0};
      if (done > base) valid &= ~uint64_t{0} << (done - base);
      const uint64_t delimiters = bytes.Equal(dialect_.delimiter) & valid;
      uint64_t specials = bytes.Equal(dialect_.quote) & valid;
      if (dialect_.escape) specials |= bytes.Equal(*dialect_.escape) & valid;
      if (!in_quotes_) {
        specials |= (bytes.Equal('\n') | bytes.Equal('\r')) & valid;
        if (specials == 0) {
          if (delimiters != 0) {
            sink_.Fields(delimiters, base);
            field = base + 64 - static_cast<size_t>(std::countl_zero(delimiters));
          }
          continue;
        }
      } else if (specials == 0) {
        continue;
      } else {
        specials |= (bytes.Equal('\n') | bytes.Equal('\r')) & valid;
      }
      for (specials |= delimiters; specials != 0; specials &= specials - 1) {
        const size_t bit = static_cast<size_t>(std::countr_zero(specials));
        const size_t at = base + bit;
        if (at < done) continue;
        const char c = data[at];
        if (dialect_.escape && c == *dialect_.escape) {
          done = at + 2;
        } else if (in_quotes_) {
          if (c != dialect_.quote) continue;
          if (at + 1 < size && data[at + 1] == dialect_.quote) {
            done = at + 2;
          } else {
            in_quotes_ = false;
          }
        } else if (c == dialect_.delimiter) {
          sink_.Fields(uint64_t{1} << bit, base);
          field = at + 1;
        } else if (c == dialect_.quote) {
          in_quotes_ = at == field;
          quote_at_ = at;
        } else {
          // A CR that is the last byte there is may be half of a CRLF.
          if (c == '\r' && at + 1 == size && !final) return;
          const size_t next = at + (c == '\r' && at + 1 < size && data[at + 1] == '\n' ? 2 : 1);
          if (!sink_.EndRow(at, next)) return;
          field = done = SkipToRow(text, next);
          if (field == size) return;
          sink_.BeginRow(field);
        }
      }
    }
    if (final && !in_quotes_) sink_.EndRow(size, size);
  }

  /// The text ended inside quotes, which opened at quote_at().
  bool in_quotes() const { return in_quotes_; }
  size_t quote_at() const { return quote_at_; }

 private:
  size_t SkipToRow(std::string_view text, size_t at) const {
    while (at < text.size()) {
      if (dialect_.comment && text[at] == *dialect_.comment) {
        at = text.find_first_of("\r\n", at);
        if (at == std::string_view::npos) return text.size();
        at += text.substr(at, 2) == "\r\n" ? 2 : 1;
      } else if (skip_blank_lines_ && (text[at] == '\n' || text[at] == '\r')) {
        ++at;
      } else {
        break;
      }
    }
    return at;
  }

  CsvDialect dialect_;
  bool skip_blank_lines_;
  Sink& sink_;
  bool in_quotes_ = false;
  size_t quote_at_ = 0;
};

}  // namespace glaux
