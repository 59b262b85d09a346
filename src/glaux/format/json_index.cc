#include "glaux/format/json_index_internal.h"

#include <arrow/util/utf8.h>

#include <algorithm>
#include <bit>
#include <utility>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace glaux {
namespace {

/// The memory of a thread's last index, taken out while it is in use.
struct Idle {
  size_t capacity = 0;
  std::unique_ptr<uint32_t[]> tokens;
};
thread_local Idle idle;
/// An index takes four bytes a byte of text: that of a giant record is not kept.
constexpr size_t kMostKept = 8 << 20;

/// What 64 bytes are; bit i is byte i.
struct Classes {
  uint64_t quote = 0;
  uint64_t backslash = 0;
  uint64_t punctuation = 0;  ///< {}[],:
  uint64_t space = 0;
  uint64_t control = 0;  ///< below 0x20
  uint64_t not_ascii = 0;

  explicit Classes(const char* text) {
#if defined(__SSE2__)
    for (int lane = 0; lane < 4; ++lane) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text) + lane);
      const auto is = [&](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
      const auto put = [lane](__m128i mask, uint64_t* bits) {
        *bits |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(mask))) << (16 * lane);
      };
      // [ and {, ] and } differ in one bit.
      const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
      const __m128i brackets =
          _mm_or_si128(_mm_cmpeq_epi8(folded, _mm_set1_epi8('{')), _mm_cmpeq_epi8(folded, _mm_set1_epi8('}')));
      put(is('"'), &quote);
      put(is('\\'), &backslash);
      put(_mm_or_si128(brackets, _mm_or_si128(is(','), is(':'))), &punctuation);
      put(_mm_or_si128(_mm_or_si128(is(' '), is('\n')), _mm_or_si128(is('\r'), is('\t'))), &space);
      put(_mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f)), &control);
      put(bytes, &not_ascii);
    }
#else
    for (int i = 0; i < 64; ++i) {
      const auto c = static_cast<unsigned char>(text[i]);
      const uint64_t bit = uint64_t{1} << i;
      if (c == '"') quote |= bit;
      if (c == '\\') backslash |= bit;
      if (c == '{' || c == '}' || c == '[' || c == ']' || c == ',' || c == ':') punctuation |= bit;
      if (c == ' ' || c == '\n' || c == '\r' || c == '\t') space |= bit;
      if (c < 0x20) control |= bit;
      if (c >= 0x80) not_ascii |= bit;
    }
#endif
  }
};

/// Bit i is the parity of bits 0 to i.
uint64_t RunningParity(uint64_t bits) {
  for (int step = 1; step < 64; step *= 2) bits ^= bits << step;
  return bits;
}

size_t ValidPrefix(std::string_view text) {
  const auto* const data = reinterpret_cast<const uint8_t*>(text.data());
  size_t low = 0;
  size_t at = 0;
  // Character by character: this is for messages only.
  while (at < text.size()) {
    const uint8_t lead = data[at];
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (at + size > text.size() || !arrow::util::ValidateUTF8(data + at, static_cast<int64_t>(size))) return low;
    at += size;
    low = at;
  }
  return low;
}

}  // namespace

JsonIndex::JsonIndex() : capacity_(std::exchange(idle.capacity, 0)), tokens_(std::move(idle.tokens)) {}

JsonIndex::~JsonIndex() {
  if (capacity_ <= kMostKept) idle = {.capacity = capacity_, .tokens = std::move(tokens_)};
}

bool JsonIndex::Find(std::string_view text) {
  // A token a byte, and the size of the text behind them.
  if (capacity_ < text.size() + 1) {
    capacity_ = std::max<size_t>(text.size() + text.size() / 8 + 1, 64 << 10);
    tokens_ = std::make_unique_for_overwrite<uint32_t[]>(capacity_);
  }
  uint32_t* out = tokens_.get();
  uint64_t in_string = 0;  // all bits, if the last byte is within a string
  uint64_t escaped = 0;    // bit 0: the next byte is behind a backslash
  uint64_t in_scalar = 0;  // bit 0: the last byte is of a number or word
  uint64_t bad_control = 0;
  uint64_t not_ascii = 0;
  for (size_t base = 0; base < text.size(); base += 64) {
    const Classes bytes(text.data() + base);
    const uint64_t valid = text.size() - base < 64 ? (uint64_t{1} << (text.size() - base)) - 1 : ~uint64_t{0};
    // A backslash that is not escaped itself escapes the next byte. They are rare.
    uint64_t next_escaped = 0;
    for (uint64_t slashes = bytes.backslash & valid & ~escaped; slashes != 0;) {
      const int at = std::countr_zero(slashes);
      if (at == 63) {
        next_escaped = 1;
        break;
      }
      escaped |= uint64_t{2} << at;
      slashes &= ~(uint64_t{3} << at);
    }
    const uint64_t quotes = bytes.quote & valid & ~escaped;
    // From an opening quote up to its closing one, without that.
    const uint64_t strings = RunningParity(quotes) ^ in_string;
    in_string = static_cast<uint64_t>(static_cast<int64_t>(strings) >> 63);
    escaped = next_escaped;
    const uint64_t outside = ~(strings | quotes) & valid;
    const uint64_t scalars = outside & ~bytes.punctuation & ~bytes.space;
    const uint64_t scalar_begins = scalars & ~(scalars << 1 | in_scalar);
    in_scalar = scalars >> 63;
    bad_control |= bytes.control & strings & valid;
    not_ascii |= bytes.not_ascii & valid;
    uint64_t begins = (bytes.punctuation & outside) | (quotes & strings) | scalar_begins;
    for (; begins != 0; begins &= begins - 1) {
      *out++ = static_cast<uint32_t>(base) + static_cast<uint32_t>(std::countr_zero(begins));
    }
  }
  *out = static_cast<uint32_t>(text.size());
  end_ = out;
  if (in_string != 0 || bad_control != 0) return false;
  if (not_ascii == 0) return true;
  arrow::util::InitializeUTF8();
  return arrow::util::ValidateUTF8(text);
}

JsonFault FindJsonFault(std::string_view text) {
  arrow::util::InitializeUTF8();
  const size_t valid = ValidPrefix(text);
  bool in_string = false;
  size_t opened = 0;
  for (size_t i = 0; i < valid; ++i) {
    const char c = text[i];
    if (!in_string) {
      in_string = c == '"';
      opened = i;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return {i, c == '\n' ? "a line ends within a string (write \\n)"
                           : "a bare control character in a string (write \\u00" + std::string(c < 16 ? "0" : "1") +
                                 "0123456789abcdef"[c & 15] + ")"};
    } else if (c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = false;
    }
  }
  if (valid < text.size()) return {valid, "expected UTF-8, found bytes that are not"};
  if (in_string) return {opened, "a string opens here and is never closed"};
  return {0, "not JSON"};
}

}  // namespace glaux
