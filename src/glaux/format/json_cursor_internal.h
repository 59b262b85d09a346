#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

/// Why a record was not taken.
enum class JsonRefusal : uint8_t {
  kNone,
  kSyntax,    ///< it is not JSON, or nested too deep
  kConflict,  ///< a value does not fit the type of its column
  kMemory,
};

/// Something about a record that was taken, and that people should know.
struct JsonRemark {
  enum class Kind : uint8_t { kDoubledKey, kUnknownKey } kind;
  std::string key;
};

/// Walks over the tokens of JSON text (see JsonIndex). What it steps over has been checked to be JSON. Functions that
/// return bool say in `refusal` and what belongs to it why they returned false.
struct JsonCursor {
  const char* text = nullptr;
  const uint32_t* at = nullptr;
  const uint32_t* end = nullptr;
  int depth = 0;
  int max_depth = 512;

  JsonRefusal refusal = JsonRefusal::kNone;
  size_t offset = 0;   ///< of what was refused
  std::string reason;  ///< kSyntax: "expected a value"; kConflict: "an int64" was expected
  std::string path;    ///< keys down to it: "a.b[2].c"
  std::vector<JsonRemark> remarks;

  char Peek() const { return text[*at]; }
  const char* Here() const { return text + *at; }

  /// What is between the quotes of the string that begins here.
  std::string_view RawString() const {
    const uint32_t begin = *at + 1;
    uint32_t stop = at[1] - 1;
    // Between a string and the next token there is only white space.
    while (text[stop] != '"') --stop;
    return {text + begin, stop - begin};
  }
  /// Step over `null` if it is here.
  bool TakeNull() {
    const char* const here = Here();
    if (here[0] != 'n' || here[1] != 'u' || here[2] != 'l' || here[3] != 'l' || !EndsScalar(here[4])) return false;
    ++at;
    return true;
  }
  /// Step over one value of any kind.
  bool Skip();
  /// Step over one value and append it without white space between its tokens; all else as the file has it.
  bool SkipInto(std::string* compact);
  /// Step over a number: its text.
  bool TakeNumber(std::string_view* number);
  /// A key and its colon: the key without its quotes, escapes and all.
  bool TakeKey(std::string_view* raw);
  bool Enter() {
    ++at;
    return ++depth <= max_depth || FailDepth();
  }

  bool FailSyntax(size_t where, std::string_view expected);
  bool FailDepth();
  /// The value that begins here is not `expected`. Syntax where it is no JSON value at all.
  bool FailConflict(std::string_view expected);
  bool FailMemory();
  /// A failure is within this member or element.
  void FailedAt(std::string_view key);
  void FailedAt(int64_t element);

  /// What may stand behind a number, true, false or null.
  static bool EndsScalar(char c) {
    return c == ',' || c == '}' || c == ']' || c == '\n' || c == ' ' || c == '\r' || c == '\t' || c == ':' ||
           c == '[' || c == '{';
  }
};

/// Behind the number that begins at `text`, or null where it is none: -?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?
const char* EndOfNumber(const char* text);

/// Is there a backslash? Bytes behind the text are read: kJsonPadding of them.
bool HasEscape(std::string_view raw);

/// Replace what is between quotes by what it means. \return nothing, or what is wrong
std::string_view Unescape(std::string_view raw, std::string* out);

/// At most about 60 bytes, cut between characters.
std::string JsonExcerpt(std::string_view text);

}  // namespace glaux
