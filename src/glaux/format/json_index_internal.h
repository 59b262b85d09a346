#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace glaux {

/// Where the tokens of JSON text begin: brackets, commas, colons, strings (their opening quote) and whatever else is
/// not white space. Strings are closed, hold no bare control character, and all is UTF-8; no grammar is looked at.
class JsonIndex {
 public:
  JsonIndex();
  ~JsonIndex();
  JsonIndex(const JsonIndex&) = delete;
  JsonIndex& operator=(const JsonIndex&) = delete;

  /// False where the text is not as above; FindJsonFault tells why. kJsonPadding bytes behind the text can be read.
  Result<bool> Find(std::string_view text);

  const uint32_t* begin() const { return begin_; }
  /// Holds the size of the text.
  const uint32_t* end() const { return end_; }

 private:
  std::unique_ptr<simdjson::internal::dom_parser_implementation> parser_;
  const uint32_t* begin_ = nullptr;
  const uint32_t* end_ = nullptr;
};

/// What JsonIndex::Find did not like, and where.
struct JsonFault {
  size_t offset = 0;
  std::string reason;
};
JsonFault FindJsonFault(std::string_view text);

}  // namespace glaux
