#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace glaux {

/// Where the tokens of JSON text begin: brackets, commas, colons, strings (their opening quote) and whatever else is
/// not white space. Strings are closed, hold no bare control character, and all is UTF-8; no grammar is looked at.
///
/// Not simdjson's: Arrow's library brings another version of that with the same names, and whichever is loaded first
/// serves both.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  /// False where the text is not as above; FindJsonFault tells why. kJsonPadding bytes behind the text can be read.
  bool Find(std::string_view text);

  const uint32_t* begin() const { return tokens_.get(); }
  /// Holds the size of the text.
  const uint32_t* end() const { return end_; }

 private:
  size_t capacity_ = 0;
  std::unique_ptr<uint32_t[]> tokens_;
  const uint32_t* end_ = nullptr;
};

/// What JsonIndex::Find did not like, and where.
struct JsonFault {
  size_t offset = 0;
  std::string reason;
};
JsonFault FindJsonFault(std::string_view text);

}  // namespace glaux
