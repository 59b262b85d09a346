#pragma once

#include <arrow/scalar.h>

#include <compare>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::schema_internal {

/// Order of a value and a literal, after the literal was cast to the value's type: text meets numbers, dates and times
/// as what it spells, and text as text; numbers meet each other exactly. Neither is null. kInvalid where that makes no
/// sense.
Result<std::partial_ordering> CompareToLiteral(const arrow::Scalar& value, const arrow::Scalar& literal);

/// SQL's LIKE over UTF-8: % is any text, _ one character, a backslash takes the meaning from the character behind it.
bool MatchesLike(std::string_view text, std::string_view pattern);

/// The text of a value, as LIKE sees it.
std::string TextOf(const arrow::Scalar& value);

}  // namespace glaux::schema_internal
