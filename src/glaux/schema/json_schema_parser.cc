#include <arrow/api.h>

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

#include "glaux/schema/evolution.h"
#include "glaux/schema/json_schema.h"
#include "glaux/schema/types.h"

namespace glaux {
namespace {

namespace json = boost::json;
using TypePtr = std::shared_ptr<arrow::DataType>;

constexpr int kMaxDepth = 100;
// References can name each other so that a small text means endlessly many fields.
constexpr int kMaxParts = 100'000;
// How Pydantic's patterns for a Decimal begin.
constexpr std::string_view kDecimalPattern = R"(^(?!^[-+.]*$)[+-]?0*)";

struct Typed {
  TypePtr type;
  bool nullable = false;
};

std::string_view ViewOf(const json::string& text) { return {text.data(), text.size()}; }

std::optional<std::string_view> TextAt(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  const auto* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr) return std::nullopt;
  return ViewOf(*text);
}

std::optional<int> NumberAt(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_int64() || value->get_int64() < 0 || value->get_int64() > 1'000)
    return std::nullopt;
  return static_cast<int>(value->get_int64());
}

/// The number behind `marker` in a pattern: 2 in "\.\d{0,2}" for the marker "\.\d{0,".
std::optional<int> NumberBehind(std::string_view pattern, std::string_view marker) {
  const size_t found = pattern.find(marker);
  if (found == std::string_view::npos) return std::nullopt;
  const auto rest = pattern.substr(found + marker.size());
  int number = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), number).ec != std::errc()) return std::nullopt;
  return number;
}

struct DecimalDigits {
  std::optional<int> digits, places;

  void Take(const json::object& object) {
    for (const char* key : {"maxDigits", "max_digits"}) {
      if (const auto n = NumberAt(object, key)) digits = n;
    }
    for (const char* key : {"decimalPlaces", "decimal_places"}) {
      if (const auto n = NumberAt(object, key)) places = n;
    }
    const auto pattern = TextAt(object, "pattern");
    if (!pattern || !pattern->starts_with(kDecimalPattern)) return;
    if (const auto n = NumberBehind(*pattern, R"([\d.]{1,)"); n && !digits) digits = *n - 1;
    for (const char* marker : {R"(\.\d{0,)", R"(\.?\d{0,)"}) {
      if (const auto n = NumberBehind(*pattern, marker); n && !places) places = n;
    }
  }
};

class SchemaReader {
 public:
  explicit SchemaReader(const json::value& root) : root_(root) {}

  Result<std::shared_ptr<arrow::Schema>> Read() {
    ARROW_ASSIGN_OR_RAISE(const auto typed, Parse(root_, ""));
    if (typed.type->id() != arrow::Type::STRUCT) {
      return Fail("", "expected a record (an object with properties), found: ", typed.type->ToString());
    }
    return arrow::schema(typed.type->fields());
  }

 private:
  template <typename... Args>
  static Status Fail(const std::string& path, Args&&... args) {
    return MakeError(ErrorKind::kInvalid, "JSON Schema at ", path.empty() ? "the root" : path, ": ",
                     std::forward<Args>(args)...);
  }

  static std::string Below(const std::string& path, std::string_view key) {
    std::string result = path + "/";
    for (const char c : key) {
      if (c == '~') {
        result += "~0";
      } else if (c == '/') {
        result += "~1";
      } else {
        result += c;
      }
    }
    return result;
  }

  static std::string Below(const std::string& path, std::string_view key, size_t index) {
    return Below(path, key) + "/" + std::to_string(index);
  }

  Result<Typed> Parse(const json::value& value, const std::string& path) {
    if (++depth_ > kMaxDepth)
      return Fail(path, "schemas nest at most ", kMaxDepth, " levels deep, and this one goes on");
    if (++parts_ > kMaxParts) return Fail(path, "the schema has more than ", kMaxParts, " parts");
    auto typed = ParseAny(value, path);
    --depth_;
    return typed;
  }

  Result<Typed> ParseAny(const json::value& value, const std::string& path) {
    const auto* object = value.if_object();
    if (object == nullptr) return Fail(path, "expected a schema, found: ", json::serialize(value).substr(0, 60));
    if (const auto glue = TextAt(*object, "x-glaux-type")) {
      auto type = ParseGlueType(*glue);
      if (!type.ok()) return Fail(Below(path, "x-glaux-type"), type.status().message());
      return Typed{*std::move(type), NamesNull(*object)};
    }
    if (const auto reference = TextAt(*object, "$ref")) return ParseReference(*reference, path);
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      if (const auto* choices = object->if_contains(key)) return ParseUnion(*object, *choices, Below(path, key));
    }
    if (const auto* parts = object->if_contains("allOf")) return ParseAll(*parts, Below(path, "allOf"));
    if (const auto* type = object->if_contains("type")) return ParseTypes(*object, *type, path);
    if (const auto* constant = object->if_contains("const")) return ParseConstant(*constant, Below(path, "const"));
    if (const auto* values = object->if_contains("enum")) return ParseEnum(*values, Below(path, "enum"));
    if (object->contains("properties")) return ParseObject(*object, path);
    if (object->contains("items") || object->contains("prefixItems")) return ParseArray(*object, path);
    return Fail(path, "anything may stand here, so it has no column type; give it a type");
  }

  static bool NamesNull(const json::object& object) {
    const auto is_null = [](const json::value& value) {
      if (value.is_string()) return value.get_string() == "null";
      return value.is_object() && TextAt(value.get_object(), "type") == "null";
    };
    for (const std::string_view key : {"type", "anyOf", "oneOf"}) {
      const auto* choices = object.if_contains(key);
      if (choices == nullptr) continue;
      if (is_null(*choices)) return true;
      if (choices->is_array() && std::any_of(choices->get_array().begin(), choices->get_array().end(), is_null))
        return true;
    }
    return false;
  }

  Result<Typed> ParseReference(std::string_view reference, const std::string& path) {
    if (!reference.starts_with('#'))
      return Fail(path, "expected a $ref inside this schema (#/...), found: ", reference);
    const std::string pointer(reference.substr(1));
    boost::system::error_code error;
    const auto* target = root_.find_pointer(pointer, error);
    if (target == nullptr || error) return Fail(path, "the $ref leads nowhere: ", reference);
    if (std::find(open_.begin(), open_.end(), pointer) != open_.end()) {
      return Fail(path, "recursive model ", pointer.substr(pointer.rfind('/') + 1), " has no column type");
    }
    open_.push_back(pointer);
    auto typed = Parse(*target, pointer);
    open_.pop_back();
    return typed;
  }

  static bool IsDecimalText(const json::object& object) {
    const auto pattern = TextAt(object, "pattern");
    return pattern && pattern->starts_with(kDecimalPattern);
  }

  static Result<TypePtr> DecimalOf(const DecimalDigits& found, const std::string& path) {
    if (!found.places) return arrow::decimal128(38, 18);
    const int digits = std::max(found.digits.value_or(38), std::max(1, *found.places));
    if (digits > 38) return Fail(path, "expected a decimal of at most 38 digits, found: ", digits);
    return arrow::decimal128(digits, *found.places);
  }

  /// A Decimal of Pydantic: a number, or a string without a meaning of its own.
  Result<std::optional<TypePtr>> AsDecimal(const json::object& object, const json::array& choices,
                                           const std::string& path) {
    const json::object* number = nullptr;
    const json::object* text = nullptr;
    for (const auto& choice : choices) {
      const auto* branch = choice.if_object();
      const auto type = branch == nullptr ? std::nullopt : TextAt(*branch, "type");
      if (type == "null") continue;
      if (type == "number" && number == nullptr && text == nullptr)
        number = branch;
      else if (type == "string" && number != nullptr && text == nullptr && !branch->contains("format") &&
               !branch->contains("enum"))
        text = branch;
      else
        return std::nullopt;
    }
    if (number == nullptr || text == nullptr) return std::nullopt;
    DecimalDigits digits;
    for (const auto* part : {&object, number, text}) digits.Take(*part);
    ARROW_ASSIGN_OR_RAISE(auto type, DecimalOf(digits, path));
    return type;
  }

  Result<Typed> ParseUnion(const json::object& object, const json::value& choices, const std::string& path) {
    if (!choices.is_array() || choices.get_array().empty()) return Fail(path, "expected a list of schemas");
    ARROW_ASSIGN_OR_RAISE(auto decimal, AsDecimal(object, choices.get_array(), path));
    if (decimal) return Typed{*std::move(decimal), NamesNull(object)};
    std::vector<Typed> branches;
    for (size_t i = 0; i < choices.get_array().size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(auto typed, Parse(choices.get_array()[i], path + "/" + std::to_string(i)));
      branches.push_back(std::move(typed));
    }
    return Unify(branches, path);
  }

  Result<Typed> Unify(const std::vector<Typed>& branches, const std::string& path) {
    Typed result{arrow::null(), false};
    bool nested = false;
    for (const auto& branch : branches) {
      if (branch.type->id() == arrow::Type::NA || branch.nullable) result.nullable = true;
      nested = nested || arrow::is_nested(branch.type->id());
      result.type = UnifyTypes(result.type, branch.type);
    }
    if (nested && !arrow::is_nested(result.type->id())) return Fail(path, "no column type holds all of these");
    return result;
  }

  Result<Typed> ParseAll(const json::value& parts, const std::string& path) {
    if (!parts.is_array() || parts.get_array().empty()) return Fail(path, "expected a list of schemas");
    if (parts.get_array().size() == 1) return Parse(parts.get_array()[0], path + "/0");
    arrow::FieldVector fields;
    for (size_t i = 0; i < parts.get_array().size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto part, Parse(parts.get_array()[i], path + "/" + std::to_string(i)));
      if (part.type->id() != arrow::Type::STRUCT) return Fail(path, "expected objects with properties");
      for (const auto& field : part.type->fields()) {
        const auto same =
            std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f->name() == field->name(); });
        if (same == fields.end()) fields.push_back(field);
      }
    }
    return Typed{arrow::struct_(std::move(fields)), false};
  }

  Result<Typed> ParseConstant(const json::value& value, const std::string& path) {
    switch (value.kind()) {
      case json::kind::null:
        return Typed{arrow::null(), true};
      case json::kind::bool_:
        return Typed{arrow::boolean(), false};
      case json::kind::int64:
      case json::kind::uint64:
        return Typed{arrow::int64(), false};
      case json::kind::double_:
        return Typed{arrow::float64(), false};
      case json::kind::string:
        return Typed{arrow::utf8(), false};
      default:
        return Fail(path, "expected a text, number, truth value or null");
    }
  }

  Result<Typed> ParseEnum(const json::value& values, const std::string& path) {
    if (!values.is_array() || values.get_array().empty()) return Fail(path, "expected a list of values");
    std::vector<Typed> types;
    for (const auto& value : values.get_array()) {
      ARROW_ASSIGN_OR_RAISE(auto typed, ParseConstant(value, path));
      types.push_back(std::move(typed));
    }
    return Unify(types, path);
  }

  Result<Typed> ParseTypes(const json::object& object, const json::value& type, const std::string& path) {
    if (type.is_string()) return ParseNamed(object, ViewOf(type.get_string()), path);
    if (!type.is_array() || type.get_array().empty())
      return Fail(Below(path, "type"), "expected the name of a type, or a list of names");
    std::vector<Typed> branches;
    for (const auto& name : type.get_array()) {
      if (!name.is_string()) return Fail(Below(path, "type"), "expected names of types");
      ARROW_ASSIGN_OR_RAISE(auto typed, ParseNamed(object, ViewOf(name.get_string()), path));
      branches.push_back(std::move(typed));
    }
    return Unify(branches, path);
  }

  Result<Typed> ParseNamed(const json::object& object, std::string_view type, const std::string& path) {
    if (type == "integer") return Typed{arrow::int64()};
    if (type == "number") return Typed{arrow::float64()};
    if (type == "boolean") return Typed{arrow::boolean()};
    if (type == "null") return Typed{arrow::null(), true};
    if (type == "string") return ParseString(object, path);
    if (type == "object") return ParseObject(object, path);
    if (type == "array") return ParseArray(object, path);
    return Fail(Below(path, "type"), "expected string, number, integer, boolean, object, array or null, found: ", type);
  }

  static Result<Typed> ParseString(const json::object& object, const std::string& path) {
    const auto format = TextAt(object, "format");
    if (format == "date") return Typed{arrow::date32()};
    if (format == "date-time") return Typed{arrow::timestamp(arrow::TimeUnit::MICRO)};
    if (format == "time") return Typed{arrow::time64(arrow::TimeUnit::MICRO)};
    if (format == "binary" || format == "byte" || format == "base64" || format == "base64url" ||
        object.contains("contentEncoding")) {
      return Typed{arrow::binary()};
    }
    if (!IsDecimalText(object)) return Typed{arrow::utf8()};
    DecimalDigits digits;
    digits.Take(object);
    ARROW_ASSIGN_OR_RAISE(auto type, DecimalOf(digits, path));
    return Typed{std::move(type)};
  }

  Result<Typed> ParseObject(const json::object& object, const std::string& path) {
    const auto* properties = object.if_contains("properties");
    if (properties == nullptr) return ParseMap(object, path);
    if (!properties->is_object()) return Fail(Below(path, "properties"), "expected an object of schemas");
    const auto* required = object.if_contains("required");
    arrow::FieldVector fields;
    for (const auto& [key, value] : properties->get_object()) {
      const std::string name(key.data(), key.size());
      ARROW_ASSIGN_OR_RAISE(const auto typed, Parse(value, Below(Below(path, "properties"), name)));
      const bool must =
          required != nullptr && required->is_array() &&
          std::any_of(required->get_array().begin(), required->get_array().end(), [&](const json::value& other) {
            return other.is_string() && ViewOf(other.get_string()) == name;
          });
      auto field = arrow::field(name, typed.type, !must || typed.nullable);
      if (const auto description = TextAt(value.get_object(), "description")) {
        field = field->WithMetadata(arrow::key_value_metadata({"comment"}, {std::string(*description)}));
      }
      fields.push_back(std::move(field));
    }
    return Typed{arrow::struct_(std::move(fields))};
  }

  Result<Typed> ParseMap(const json::object& object, const std::string& path) {
    std::vector<Typed> values;
    if (const auto* pattern = object.if_contains("patternProperties"); pattern != nullptr && pattern->is_object()) {
      for (const auto& [key, value] : pattern->get_object()) {
        ARROW_ASSIGN_OR_RAISE(auto typed,
                              Parse(value, Below(Below(path, "patternProperties"), {key.data(), key.size()})));
        values.push_back(std::move(typed));
      }
    }
    if (const auto* more = object.if_contains("additionalProperties"); more != nullptr && more->is_object()) {
      ARROW_ASSIGN_OR_RAISE(auto typed, Parse(*more, Below(path, "additionalProperties")));
      values.push_back(std::move(typed));
    }
    if (values.empty()) {
      return Fail(
          path,
          "an object of unknown fields has no column type; give it properties, or additionalProperties of a type");
    }
    ARROW_ASSIGN_OR_RAISE(const auto value, Unify(values, path));
    return Typed{arrow::map(arrow::utf8(), arrow::field("value", value.type, value.nullable))};
  }

  Result<Typed> ParseArray(const json::object& object, const std::string& path) {
    std::vector<Typed> elements;
    if (const auto* prefix = object.if_contains("prefixItems"); prefix != nullptr && prefix->is_array()) {
      for (size_t i = 0; i < prefix->get_array().size(); ++i) {
        ARROW_ASSIGN_OR_RAISE(auto typed, Parse(prefix->get_array()[i], Below(path, "prefixItems", i)));
        elements.push_back(std::move(typed));
      }
    }
    if (const auto* items = object.if_contains("items"); items != nullptr && items->is_object()) {
      ARROW_ASSIGN_OR_RAISE(auto typed, Parse(*items, Below(path, "items")));
      elements.push_back(std::move(typed));
    }
    if (elements.empty()) return Fail(path, "an array of anything has no column type; give it items");
    ARROW_ASSIGN_OR_RAISE(const auto element, Unify(elements, path));
    const bool became_text = element.type->id() == arrow::Type::STRING &&
                             std::any_of(elements.begin(), elements.end(), [](const Typed& typed) {
                               return typed.type->id() != arrow::Type::STRING && typed.type->id() != arrow::Type::NA;
                             });
    if (became_text) return Fail(path, "a tuple of several types has no column type");
    return Typed{arrow::list(arrow::field("element", element.type, element.nullable))};
  }

  const json::value& root_;
  std::vector<std::string> open_;
  int depth_ = 0;
  int parts_ = 0;
};

Result<json::value> ParseJson(std::string_view text) {
  json::parse_options options;
  options.max_depth = 500;
  json::stream_parser parser({}, options);
  boost::system::error_code error;
  const size_t read = parser.write_some(text.data(), text.size(), error);
  // write_some stops behind the value, and needs more where the text ends too early.
  if (!error) parser.finish(error);
  if (!error && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) error = json::error::extra_data;
  if (!error) return parser.release();
  const auto before = text.substr(0, read);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  return MakeError(ErrorKind::kInvalid, "JSON Schema, line ", line, ": not JSON: ", error.message());
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> ParseJsonSchema(std::string_view text) {
  try {
    ARROW_ASSIGN_OR_RAISE(const auto root, ParseJson(text));
    return SchemaReader(root).Read();
  } catch (const std::exception& e) {
    return MakeError(ErrorKind::kInvalid, "JSON Schema: ", e.what());
  }
}

}  // namespace glaux
