#include "glaux/wire/s3_error.h"

#include "glaux/wire/xml_internal.h"

namespace glaux::wire::s3 {
namespace {

constexpr auto ErrorFields = [](auto& io, auto& error) {
  io.Text("Code", error.Code, Need::kRequired);
  io.Text("Message", error.Message, Need::kAlways);
  io.Text("Resource", error.Resource, Need::kIfSet);
  io.Text("RequestId", error.RequestId, Need::kIfSet);
  io.Text("HostId", error.HostId, Need::kIfSet);
};

bool IsKnown(std::string_view name) {
  for (const char* known : {"Code", "Message", "Resource", "RequestId", "HostId"}) {
    if (name == known) return true;
  }
  return false;
}

constexpr int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string Error::ToXml() const {
  XmlWriter writer("Error", "");
  ErrorFields(writer, *this);
  for (const auto& [name, value] : extra) writer.Text(name, value, Need::kAlways);
  return std::move(writer).Finish();
}

Result<Error> Error::FromXml(std::string_view xml) {
  ARROW_ASSIGN_OR_RAISE(auto reader, XmlReader::Make(xml, "Error"));
  Error error;
  ErrorFields(reader, error);
  ARROW_RETURN_NOT_OK(reader.status());
  for (const auto& child : reader.node().children()) {
    if (child.type() != pugi::node_element || IsKnown(child.name())) continue;
    error.extra.emplace_back(child.name(), XmlReader::TextOf(child));
  }
  return error;
}

std::string_view RootName(std::string_view xml) {
  for (size_t at = xml.find('<'); at != xml.npos; at = xml.find('<', at + 1)) {
    if (at + 1 >= xml.size()) return {};
    if (xml[at + 1] == '?') continue;
    if (xml.substr(at).starts_with("<!--")) {
      const auto end = xml.find("-->", at + 4);
      if (end == xml.npos) return {};
      at = end;
      continue;
    }
    const auto end = xml.find_first_of(" \t\r\n/>", at + 1);
    if (end == xml.npos) return {};
    const auto name = xml.substr(at + 1, end - at - 1);
    const auto colon = name.rfind(':');
    return colon == name.npos ? name : name.substr(colon + 1);
  }
  return {};
}

std::string EncodeUrl(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    const bool stays = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '_' || c == '.' || c == '*' || c == '/';
    if (stays) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      (out += '%') += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    }
  }
  return out;
}

Result<std::string> DecodeUrl(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return MakeError(ErrorKind::kInvalid, "a broken escape in the encoded key: ", text);
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace glaux::wire::s3
