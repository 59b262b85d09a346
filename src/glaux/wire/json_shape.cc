#include "glaux/wire/json_shape.h"

namespace glaux::wire {
namespace {

Status Bad(std::string_view code, std::string message) {
  return MakeErrorMessage({.kind = ErrorKind::kInvalid, .code = std::string(code), .http_status = 400},
                          std::move(message));
}

/// Deeper is nobody's request, and a parser's stack has an end.
constexpr size_t kMostDepth = 64;

}  // namespace

std::string JsonPlace::ToString() const {
  std::string text = outer == nullptr ? "" : outer->ToString();
  if (name.empty() && outer != nullptr) return text + "[" + std::to_string(index) + "]";
  if (!text.empty()) text += '.';
  return text.append(name.substr(0, 255));
}

Status JsonFieldMissing(const JsonPlace& place) {
  return Bad("ValidationException", "1 validation error detected: Value null at '" + place.ToString() +
                                        "' failed to satisfy constraint: Member must not be null");
}

Status JsonFieldUnknown(const JsonPlace& place) {
  return Bad("ValidationException", "1 validation error detected: there is no field '" + place.ToString() + "'");
}

Status JsonKindWrong(const JsonPlace& place, std::string_view expected, const boost::json::value& found) {
  const std::string where = place.ToString();
  return Bad("SerializationException", (where.empty() ? "the body" : where) + ": expected " + std::string(expected) +
                                           ", found " + std::string(boost::json::to_string(found.kind())));
}

Result<boost::json::value> ParseJsonBody(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) return boost::json::value(boost::json::object());
  boost::json::parse_options options;
  options.max_depth = kMostDepth;
  boost::system::error_code error;
  auto value = boost::json::parse({text.data(), text.size()}, error, {}, options);
  if (error) return Bad("SerializationException", "the body is no JSON: " + error.message());
  return value;
}

}  // namespace glaux::wire
