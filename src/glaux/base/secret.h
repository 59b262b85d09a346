#pragma once

#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace glaux {

/// Text that must not be shown. It cannot be streamed, formatted or compared by accident; Expose() is explicit.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  /// The text itself: for signing and for sending, never for a message.
  std::string_view Expose() const { return value_; }

  bool operator==(const Secret&) const = default;

  /// GoogleTest would print the bytes of the object.
  friend void PrintTo(const Secret& secret, std::ostream* stream) {
    *stream << (secret.empty() ? "no secret" : "a secret");
  }

 private:
  std::string value_;
};

}  // namespace glaux
