#include "glaux/base/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace glaux {
namespace {

constexpr std::string_view kHidden = "***";

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsQuote(char c) { return c == '\'' || c == '"' || c == '`'; }
bool EndsAddress(char c) { return IsSpace(c) || c == '"' || c == '<' || c == '>'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

/// Parameters of addresses have short names too, which elsewhere mean nothing.
bool NamesSecretParameter(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kNames = {"sig", "auth", "authorization", "code", "key",
                                                             "pwd", "pass", "sas",           "jwt"};
  return NamesSecret(name) || std::find(kNames.begin(), kNames.end(), Lower(name)) != kNames.end();
}

/// Behind "://": where user and password end, which is at the last '@' before the path; npos: there are none.
/// A password may hold '/' although an address should have it escaped: then what stands before it is no port.
size_t EndOfUser(std::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size() && !EndsAddress(text[end])) ++end;
  const std::string_view rest = text.substr(begin, end - begin);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) return begin + at;
  const size_t colon = authority.find(':');
  if (colon == std::string_view::npos || authority.size() == rest.size()) return std::string_view::npos;
  const std::string_view port = authority.substr(colon + 1);
  if (std::all_of(port.begin(), port.end(), IsDigit)) return std::string_view::npos;
  const size_t at = rest.find('@');
  return at == std::string_view::npos ? at : begin + at;
}

/// Where the value of a parameter ends; a sentence's own punctuation behind the address is none of it.
size_t EndOfParameter(std::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size() && !EndsAddress(text[end]) && text[end] != '&' && text[end] != '#' && text[end] != '\'')
    ++end;
  while (end > begin && std::string_view(":,;.)").find(text[end - 1]) != std::string_view::npos) --end;
  return end;
}

/// Where the value of a setting ends: at its closing quote, or before what no value has.
size_t EndOfSetting(std::string_view text, size_t begin) {
  if (begin < text.size() && IsQuote(text[begin])) {
    const size_t quote = text.find(text[begin], begin + 1);
    return quote == std::string_view::npos ? text.size() : quote;
  }
  size_t end = begin;
  while (end < text.size() && !IsSpace(text[end]) && std::string_view(",;)}]&\"'").find(text[end]) == text.npos) ++end;
  return end;
}

/// Behind a secret's name: where its value begins; npos: there is none. "token: expected …" is a sentence, and
/// "token:x" a setting.
size_t BeginOfSetting(std::string_view text, size_t at) {
  if (at < text.size() && IsQuote(text[at])) ++at;  // the name's own
  size_t next = at;
  while (next < text.size() && IsSpace(text[next])) ++next;
  if (next >= text.size()) return std::string_view::npos;
  if (text[next] == '=') {
    ++next;
    while (next < text.size() && IsSpace(text[next])) ++next;
    return next < text.size() ? next : std::string_view::npos;
  }
  if (text[next] == ':' && next + 1 < text.size() && !IsSpace(text[next + 1]) && text[next + 1] != ':') return next + 1;
  // SQL: SECRET 'x'
  return next > at && text[next] == '\'' ? next : std::string_view::npos;
}

class Hider {
 public:
  explicit Hider(std::string_view text) : text_(text) {}

  std::string Run() {
    for (size_t at = 0; at < text_.size();) {
      if (text_.substr(at).starts_with("://")) {
        at = HideUser(at + 3);
      } else if (IsNameCharacter(text_[at]) && (at == 0 || !IsNameCharacter(text_[at - 1]))) {
        at = HideValue(at);
      } else {
        ++at;
      }
    }
    out_.append(text_.substr(taken_));
    return std::move(out_);
  }

 private:
  size_t HideUser(size_t begin) {
    const size_t end = EndOfUser(text_, begin);
    return end == std::string_view::npos ? begin : Hide(begin, end);
  }

  size_t HideValue(size_t begin) {
    size_t end = begin;
    while (end < text_.size() && IsNameCharacter(text_[end])) ++end;
    const std::string_view name = text_.substr(begin, end - begin);
    const bool parameter = begin > 0 && (text_[begin - 1] == '?' || text_[begin - 1] == '&' || text_[begin - 1] == '#');
    if (parameter && end < text_.size() && text_[end] == '=' && NamesSecretParameter(name)) {
      return Hide(end + 1, EndOfParameter(text_, end + 1));
    }
    if (!NamesSecret(name)) return end;
    const size_t value = BeginOfSetting(text_, end);
    if (value == std::string_view::npos) return end;
    const size_t value_end = EndOfSetting(text_, value);
    return Hide(IsQuote(text_[value]) ? value + 1 : value, value_end);
  }

  size_t Hide(size_t begin, size_t end) {
    if (end <= begin) return end;
    out_.append(text_.substr(taken_, begin - taken_)).append(kHidden);
    taken_ = end;
    return end;
  }

  const std::string_view text_;
  std::string out_;
  size_t taken_ = 0;  ///< of the text, up to here it is in `out_`
};

}  // namespace

bool NamesSecret(std::string_view name) {
  static constexpr std::array<std::string_view, 13> kParts = {
      "secret",     "password", "passwd", "token",      "access_key", "accesskey", "private_key",
      "credential", "api_key",  "apikey", "passphrase", "signature",  "api-key"};
  const auto lower = Lower(name);
  return std::any_of(kParts.begin(), kParts.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

std::string WithoutSecrets(std::string_view text) { return Hider(text).Run(); }

std::string ShownAddress(std::string_view uri) {
  return WithoutSecrets(uri.starts_with("file://") ? uri.substr(7) : uri);
}

std::string RememberedAddress(std::string_view uri) {
  std::string shown = WithoutSecrets(uri);
  if (shown == uri) return shown;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : uri) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[20];
  std::snprintf(digits, sizeof digits, "#%016llx", static_cast<unsigned long long>(hash));
  return shown + digits;
}

}  // namespace glaux
