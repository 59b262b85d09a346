#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11/algorithm.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

/// Shapes of AWS's JSON protocols: plain structs that BOOST_DESCRIBE_STRUCT describes, whose members have the names of
/// the wire. A client writes its request and reads the answer, a server does the reverse, with the same structs.
///
/// A member is text, a flag, a whole number, a time (on the wire: seconds since 1970, with a fraction), a list, a map
/// of texts, another shape, or JSON that passes as it is (boost::json::object, boost::json::value). One that may be
/// missing is std::optional; null counts as missing.
namespace glaux::wire {

/// What a reader does with a field that a shape does not have.
enum class UnknownFields { kSkip, kRefuse };

/// Where a reader is, for errors: "Entries[2].PartitionInput".
struct JsonPlace {
  const JsonPlace* outer = nullptr;
  std::string_view name = {};
  size_t index = 0;  ///< in a list, where there is no name

  std::string ToString() const;
};

/// The errors of reading, with the codes that AWS's services give them.
Status JsonFieldMissing(const JsonPlace& place);
Status JsonFieldUnknown(const JsonPlace& place);
Status JsonKindWrong(const JsonPlace& place, std::string_view expected, const boost::json::value& found);

namespace json_shape {

template <typename T>
concept Described = boost::describe::has_describe_members<T>::value;
template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public>;

template <typename T>
struct IsOptional : std::false_type {};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <typename T>
struct IsVector : std::false_type {};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {};

template <typename T>
boost::json::value Write(T value) {
  if constexpr (Described<T>) {
    boost::json::object out;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      auto& field = value.*member.pointer;
      if constexpr (IsOptional<std::decay_t<decltype(field)>>::value) {
        if (field) out[member.name] = Write(std::move(*field));
      } else {
        out[member.name] = Write(std::move(field));
      }
    });
    return out;
  } else if constexpr (IsVector<T>::value) {
    boost::json::array out;
    out.reserve(value.size());
    for (auto& item : value) out.push_back(Write(std::move(item)));
    return out;
  } else if constexpr (std::is_same_v<T, std::map<std::string, std::string>>) {
    boost::json::object out;
    out.reserve(value.size());
    for (const auto& [name, text] : value) out[name] = text;
    return out;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return boost::json::string(value);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    // A double holds microseconds exactly enough until the year 2255.
    return static_cast<double>(value.time_since_epoch().count()) / 1e6;
  } else {
    return boost::json::value(std::move(value));
  }
}

inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields, std::string* out) {
  const auto* text = value.if_string();
  if (text == nullptr) return JsonKindWrong(place, "text", value);
  out->assign(text->data(), text->size());
  return Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields, bool* out) {
  if (!value.is_bool()) return JsonKindWrong(place, "true or false", value);
  *out = value.get_bool();
  return Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields, int64_t* out) {
  boost::system::error_code error;
  *out = value.to_number<int64_t>(error);
  return error ? JsonKindWrong(place, "a whole number", value) : Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields, Timestamp* out) {
  boost::system::error_code error;
  const double seconds = value.to_number<double>(error);
  // Also keeps the conversion in the range of 64 bits.
  if (error || !(std::abs(seconds) < 9e12)) return JsonKindWrong(place, "seconds since 1970", value);
  *out = Timestamp(std::chrono::microseconds(std::llround(seconds * 1e6)));
  return Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields, boost::json::object* out) {
  if (!value.is_object()) return JsonKindWrong(place, "an object", value);
  *out = std::move(value.get_object());
  return Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace&, UnknownFields, boost::json::value* out) {
  *out = std::move(value);
  return Status::OK();
}
inline Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields unknown,
                   std::map<std::string, std::string>* out) {
  if (!value.is_object()) return JsonKindWrong(place, "an object", value);
  for (auto& [name, text] : value.get_object()) {
    const JsonPlace here{&place, name};
    ARROW_RETURN_NOT_OK(Read(text, here, unknown, &(*out)[std::string(name)]));
  }
  return Status::OK();
}
template <Described T>
Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields unknown, T* out);
template <typename T>
Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields unknown, std::vector<T>* out) {
  if (!value.is_array()) return JsonKindWrong(place, "a list", value);
  auto& array = value.get_array();
  out->resize(array.size());
  for (size_t i = 0; i < array.size(); ++i) {
    const JsonPlace here{.outer = &place, .index = i};
    ARROW_RETURN_NOT_OK(Read(array[i], here, unknown, &(*out)[i]));
  }
  return Status::OK();
}

template <Described T>
Status Read(boost::json::value& value, const JsonPlace& place, UnknownFields unknown, T* out) {
  if (!value.is_object()) return JsonKindWrong(place, "an object", value);
  auto& object = value.get_object();
  size_t known = 0;
  Status status;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    if (!status.ok()) return;
    auto* found = object.if_contains(member.name);
    known += found != nullptr;
    const JsonPlace here{&place, member.name};
    auto& field = out->*member.pointer;
    const bool missing = found == nullptr || found->is_null();
    if constexpr (IsOptional<std::decay_t<decltype(field)>>::value) {
      if (!missing) status = Read(*found, here, unknown, &field.emplace());
    } else {
      status = missing ? JsonFieldMissing(here) : Read(*found, here, unknown, &field);
    }
  });
  ARROW_RETURN_NOT_OK(status);
  if (unknown == UnknownFields::kSkip || known == object.size()) return Status::OK();
  for (const auto& [name, ignored] : object) {
    bool found = false;
    const std::string_view wanted = name;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) { found |= wanted == member.name; });
    if (!found) return JsonFieldUnknown({&place, wanted});
  }
  return Status::OK();
}

}  // namespace json_shape

/// A shape as JSON; members that are not set are left out.
template <json_shape::Described T>
std::string PrintShape(T shape) {
  return boost::json::serialize(json_shape::Write(std::move(shape)));
}

/// Parse text into a shape; nothing at all counts as {}. kInvalid with the code SerializationException: broken JSON, or
/// a value of another kind; ValidationException: a field that is missing, or not known where `unknown` refuses them.
template <json_shape::Described T>
Result<T> ParseShape(std::string_view text, UnknownFields unknown);

/// The JSON of a body; nothing at all is {}.
Result<boost::json::value> ParseJsonBody(std::string_view text);

template <json_shape::Described T>
Result<T> ParseShape(std::string_view text, UnknownFields unknown) {
  ARROW_ASSIGN_OR_RAISE(auto value, ParseJsonBody(text));
  T out;
  ARROW_RETURN_NOT_OK(json_shape::Read(value, JsonPlace{}, unknown, &out));
  return out;
}

}  // namespace glaux::wire
