#include "glaux/sync/config_value_internal.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "glaux/base/near_names.h"
#include "glaux/base/quantity.h"
#include "glaux/base/secrets.h"

namespace glaux::pipeline_file {
namespace {

template <typename Number>
bool ParseWhole(const std::string& text, Number* number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool IsVariableName(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x80 && (std::isalnum(static_cast<unsigned char>(c)) || c == '_');
  });
}

}  // namespace

std::string NearestHint(std::string_view typed, const std::vector<std::string>& names) {
  const auto near = NearMatches(typed, names);
  return near.empty() ? std::string() : "; did you mean " + near.front() + "?";
}

std::string Value::Shown() const {
  if (NamesSecret(key_)) return "a value that is not shown";
  switch (node_->kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMapping:
      return "keys and values";
    case YamlNode::Kind::kScalar:
      break;
  }
  constexpr size_t kMost = 80;
  // Before it is cut: half an address does not look like one.
  const std::string text = WithoutSecrets(node_->text);
  if (text.size() <= kMost) return text.empty() ? "an empty text" : text;
  size_t end = kMost;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

Status Value::Wrong(std::string_view what) const {
  std::string text = key_;
  if (!where_.empty()) text += " of " + where_;
  return ErrorAt(around_->file, *node_, text + ": " + std::string(what));
}

Status Value::Expected(std::string_view expected) const {
  std::string found = Shown();
  // NULL, null and ~ are no texts in YAML.
  if (node_->kind == YamlNode::Kind::kNull) found += ", or a null; quote it if the text is meant";
  return Wrong("expected " + std::string(expected) + ", found: " + found);
}

Status Value::Refused(const Status& status, std::string_view expected) const {
  if (has_variable() || NamesSecret(key_)) return Expected(expected);
  return Wrong(status.message());
}

bool Value::has_variable() const {
  return node_->kind == YamlNode::Kind::kScalar && node_->text.find("${") != std::string::npos;
}

Result<std::string> Value::Expand() const {
  const std::string_view text = node_->text;
  std::string expanded;
  for (size_t at = 0; at < text.size();) {
    const auto dollar = std::min(text.find('$', at), text.size());
    expanded += text.substr(at, dollar - at);
    if (dollar == text.size()) break;
    const char next = dollar + 1 < text.size() ? text[dollar + 1] : '\0';
    if (next != '{') {
      expanded += '$';
      at = dollar + (next == '$' ? 2 : 1);
      continue;
    }
    const auto end = text.find('}', dollar);
    if (end == std::string_view::npos) return Wrong("${ without }; write $$ for a dollar");
    const auto inside = text.substr(dollar + 2, end - dollar - 2);
    const auto colon = inside.find(":-");
    const auto name = inside.substr(0, colon);
    if (!IsVariableName(name)) {
      return Wrong("'" + std::string(text.substr(dollar, end - dollar + 1)) +
                   "' is no variable; write ${NAME} or ${NAME:-default}, and $$ for a dollar");
    }
    const auto value = around_->env ? around_->env(name) : std::nullopt;
    if (colon != std::string_view::npos) {
      expanded += value && !value->empty() ? std::string_view(*value) : inside.substr(colon + 2);
    } else if (value) {
      expanded += *value;
    } else {
      return Wrong("environment variable " + std::string(name) + " is not set; set it, or write ${" +
                   std::string(name) + ":-default}");
    }
    at = end + 1;
  }
  return expanded;
}

Result<std::string> Value::Text(std::string_view expected, bool may_be_empty) const {
  if (node_->kind != YamlNode::Kind::kScalar) return Expected(expected);
  ARROW_ASSIGN_OR_RAISE(auto text, Expand());
  if (text.empty() && !may_be_empty) return Expected(expected);
  if (text.find('\0') != std::string::npos) return Expected(std::string(expected) + " without zero bytes");
  return text;
}

Result<int64_t> Value::Integer(int64_t least, int64_t most) const {
  const auto expected = most == INT64_MAX
                            ? "a whole number of at least " + std::to_string(least)
                            : "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  ARROW_ASSIGN_OR_RAISE(const auto text, Text(expected));
  int64_t number = 0;
  if (!ParseWhole(text, &number) || number < least || number > most) return Expected(expected);
  return number;
}

Result<double> Value::Number() const {
  ARROW_ASSIGN_OR_RAISE(const auto text, Text("a number above 0"));
  double number = 0;
  if (!ParseWhole(text, &number) || !std::isfinite(number) || number <= 0) return Expected("a number above 0");
  return number;
}

Result<bool> Value::Boolean() const {
  ARROW_ASSIGN_OR_RAISE(const auto text, Text("true or false"));
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return Expected("true or false");
}

Result<int64_t> Value::Size() const {
  constexpr std::string_view kExpected = "a size (4096, 64K, 512MiB, 1.5GB)";
  ARROW_ASSIGN_OR_RAISE(const auto text, Text(kExpected));
  const auto size = ParseByteSize(text);
  return size.ok() ? size : Expected(kExpected);
}

Result<std::chrono::milliseconds> Value::Duration() const {
  constexpr std::string_view kExpected = "a duration (500ms, 30s, 5m, 1h, 2d)";
  ARROW_ASSIGN_OR_RAISE(const auto text, Text(kExpected));
  const auto duration = ParseDuration(text);
  return duration.ok() ? duration : Expected(kExpected);
}

Result<Timestamp> Value::Time() const {
  constexpr std::string_view kExpected = "a time in UTC (2026-01-31T08:30:00Z) or a date (2026-01-31)";
  ARROW_ASSIGN_OR_RAISE(auto text, Text(kExpected));
  if (text.size() == 10) text += "T00:00:00Z";
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  if (!text.ends_with('Z') && text.size() >= 19 && text.find('+') == std::string::npos) text += 'Z';
  const auto time = ParseTimestamp(text);
  return time.ok() ? time : Expected(kExpected);
}

Result<char> Value::Character() const {
  constexpr std::string_view kExpected = "one ASCII character, or tab, space, pipe, comma, semicolon";
  ARROW_ASSIGN_OR_RAISE(const auto text, Text(kExpected));
  const auto character = ParseCharacter(text);
  return character.ok() ? character : Expected(kExpected);
}

Result<std::string> Value::Word(const std::vector<std::string_view>& words) const {
  std::string expected;
  for (size_t i = 0; i < words.size(); ++i) {
    expected += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  }
  ARROW_ASSIGN_OR_RAISE(auto text, Text(expected));
  if (std::find(words.begin(), words.end(), text) != words.end()) return text;
  const auto hint =
      has_variable() ? std::string() : NearestHint(text, std::vector<std::string>(words.begin(), words.end()));
  return Wrong("expected " + expected + ", found: " + Shown() + hint);
}

std::vector<Value> Value::Items() const {
  if (node_->kind != YamlNode::Kind::kSequence) return {*this};
  std::vector<Value> items;
  for (const auto* item : node_->items) items.emplace_back(*around_, *item, key_, where_);
  return items;
}

Result<std::vector<std::string>> Value::Texts(bool may_be_empty) const {
  if (node_->kind == YamlNode::Kind::kMapping || node_->kind == YamlNode::Kind::kNull ||
      (node_->kind == YamlNode::Kind::kSequence && node_->items.empty())) {
    return Expected("a text or a list of texts");
  }
  std::vector<std::string> texts;
  for (const auto& item : Items()) {
    ARROW_ASSIGN_OR_RAISE(texts.emplace_back(), item.Text("a text", may_be_empty));
  }
  return texts;
}

Result<std::map<std::string, std::string>> Value::TextMap(std::string_view expected) const {
  if (node_->kind != YamlNode::Kind::kMapping || node_->fields.empty()) return Expected(expected);
  std::map<std::string, std::string> texts;
  ARROW_ASSIGN_OR_RAISE(const auto fields, Fields(key_ + " of " + where_));
  for (const auto& field : fields) {
    ARROW_ASSIGN_OR_RAISE(texts[field.key()], field.Text());
  }
  return texts;
}

Result<std::vector<Value>> Value::Fields(const std::string& where) const {
  if (node_->kind != YamlNode::Kind::kMapping) return Expected("keys and values");
  std::vector<Value> fields;
  for (const auto& [key, value] : node_->fields) fields.emplace_back(*around_, *value, key->text, where);
  return fields;
}

}  // namespace glaux::pipeline_file
