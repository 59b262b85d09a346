#pragma once

#include <string_view>

#include "glaux/base/status.h"

namespace glaux::aws {

/// What an error code of a service means, and what to do about it.
struct KnownError {
  std::string_view code;
  ErrorKind kind;
  std::string_view hint = {};
};

/// Null: not in the services' lists.
const KnownError* FindServiceError(std::string_view code);

/// What to do about an error by the words in its message, where the code alone does not tell. Empty: nothing known.
std::string_view HintOfMessage(std::string_view message);

inline constexpr std::string_view kHintWhoAmI =
    "glaux doctor shows which credentials are used; their policies must allow this";
inline constexpr std::string_view kHintRegion = "set region to where the bucket is";

}  // namespace glaux::aws
