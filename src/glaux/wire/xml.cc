#include <cstdio>
#include <cstring>

#include "glaux/base/utf8.h"
#include "glaux/wire/s3_error.h"
#include "glaux/wire/xml_internal.h"

namespace glaux::wire {
namespace {

void AppendReference(unsigned code, std::string* out) {
  char text[16];
  out->append(text, std::snprintf(text, sizeof text, "&#x%X;", code));
}

// U+FFFE and U+FFFF, which XML has no place for, as bytes.
bool IsNoncharacter(std::string_view text) {
  return text.starts_with("\xEF\xBF\xBE") || text.starts_with("\xEF\xBF\xBF");
}

}  // namespace

void AppendXmlText(std::string_view text, std::string* out) {
  std::string valid;
  for (const char c : text) {
    if ((c & 0x80) == 0) continue;
    valid = ValidUtf8(text);
    text = valid;
    break;
  }
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    switch (c) {
      case '&':
        *out += "&amp;";
        break;
      case '<':
        *out += "&lt;";
        break;
      case '>':
        *out += "&gt;";
        break;
      case '"':
        *out += "&quot;";
        break;
      default:
        if (c == 0) {
          *out += "\xEF\xBF\xBD";  // no reference can stand for NUL
        } else if (c < 0x20 || c == 0x7F) {
          AppendReference(c, out);
        } else if (c == 0xEF && IsNoncharacter(text.substr(i))) {
          AppendReference(0xFF00u | static_cast<unsigned char>((text[i + 2] & 0x3F) | 0xC0), out);
          i += 2;
        } else {
          *out += static_cast<char>(c);
        }
    }
  }
}

std::string FormatXmlTime(Timestamp time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds).count();
  std::string text = FormatTimestamp(std::chrono::time_point_cast<std::chrono::microseconds>(seconds));
  text.pop_back();
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(millis));
  return text + fraction;
}

// ---- writer ---------------------------------------------------------------------------------------------------------

XmlWriter::XmlWriter(std::string_view root, std::string_view xmlns) : root_(root) {
  out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<";
  out_ += root;
  if (!xmlns.empty()) {
    out_ += " xmlns=\"";
    out_ += xmlns;
    out_ += '"';
  }
  out_ += '>';
}

std::string XmlWriter::Finish() && {
  Close(root_);
  return std::move(out_);
}

void XmlWriter::Open(std::string_view name) { (out_ += '<').append(name) += '>'; }
void XmlWriter::Close(std::string_view name) { (out_ += "</").append(name) += '>'; }

void XmlWriter::Text(std::string_view name, const std::string& value, Need need) {
  if (value.empty() && need == Need::kIfSet) return;
  Open(name);
  AppendXmlText(value, &out_);
  Close(name);
}

void XmlWriter::Key(std::string_view name, const std::string& value, Need need) {
  Text(name, url_ ? s3::EncodeUrl(value) : value, need);
}

void XmlWriter::ETag(std::string_view name, const std::string& value, Need need) {
  if (value.empty() && need == Need::kIfSet) return;
  Text(name, '"' + value + '"', need);
}

void XmlWriter::Number(std::string_view name, int64_t value, Need need) {
  if (value != 0 || need != Need::kIfSet) Text(name, std::to_string(value), need);
}

void XmlWriter::Number(std::string_view name, const std::optional<int64_t>& value) {
  if (value) Text(name, std::to_string(*value), Need::kAlways);
}

void XmlWriter::Flag(std::string_view name, bool value, Need need) {
  if (value || need != Need::kIfSet) Text(name, value ? "true" : "false", need);
}

void XmlWriter::Time(std::string_view name, Timestamp value, Need need) {
  if (value != Timestamp{} || need != Need::kIfSet) Text(name, FormatXmlTime(value), need);
}

// ---- reader ---------------------------------------------------------------------------------------------------------

Result<XmlReader> XmlReader::Make(std::string_view xml, std::string_view root) {
  const auto bad = [&](const auto&... what) { return MakeError(ErrorKind::kInvalid, "read ", root, ": ", what...); };
  if (xml.find('\0') != xml.npos) return bad("a NUL byte is no XML");
  if (ValidUtf8(xml) != xml) return bad("the document is not UTF-8");
  XmlReader reader;
  reader.document_ = std::make_shared<pugi::xml_document>();
  // Blanks alone may be a whole key. A document type is read only to be refused: S3 has none, and entities of one's own
  // are for attacks.
  const auto parsed = reader.document_->load_buffer(
      xml.data(), xml.size(), pugi::parse_default | pugi::parse_ws_pcdata | pugi::parse_doctype, pugi::encoding_utf8);
  if (!parsed) return bad("no XML at byte ", parsed.offset, ": ", parsed.description());
  for (const auto& child : reader.document_->children()) {
    if (child.type() == pugi::node_doctype) return bad("a document type is not allowed");
    if (child.type() != pugi::node_element) continue;
    if (reader.node_) return bad("a second root <", std::string_view(child.name()).substr(0, 100), '>');
    reader.node_ = child;
  }
  if (!reader.node_) return bad("there is no element");
  if (!IsNamed(reader.node_, root)) {
    return bad("the root is <", std::string_view(reader.node_.name()).substr(0, 100), '>');
  }
  return reader;
}

bool XmlReader::IsNamed(const pugi::xml_node& node, std::string_view name) {
  if (node.type() != pugi::node_element) return false;
  const std::string_view whole = node.name();
  if (whole == name) return true;
  return whole.size() > name.size() && whole.ends_with(name) && whole[whole.size() - name.size() - 1] == ':';
}

std::string XmlReader::TextOf(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node.children()) {
    if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata) text += child.value();
  }
  return text;
}

pugi::xml_node XmlReader::Find(std::string_view name) const {
  for (const auto& child : node_.children()) {
    if (IsNamed(child, name)) return child;
  }
  return {};
}

void XmlReader::Fail(std::string_view name, std::string_view what, std::string_view found) {
  if (!status_.ok()) return;
  std::string path(name);
  for (auto at = node_; at && at.type() == pugi::node_element; at = at.parent()) {
    path = std::string(at.name()).substr(0, 100) + "/" + path;
  }
  status_ = found.empty()
                ? MakeError(ErrorKind::kInvalid, "read ", path, ": ", what)
                : MakeError(ErrorKind::kInvalid, "read ", path, ": ", what, ", found: ", found.substr(0, 100));
}

std::optional<std::string> XmlReader::Value(std::string_view name, Need need) {
  const auto child = Find(name);
  if (child) return TextOf(child);
  if (need == Need::kRequired) Fail(name, "this element is missing", "");
  return std::nullopt;
}

void XmlReader::Text(std::string_view name, std::string& value, Need need) {
  if (auto text = Value(name, need)) value = *std::move(text);
}

void XmlReader::Key(std::string_view name, std::string& value, Need need) {
  auto text = Value(name, need);
  if (!text) return;
  if (!url_) {
    value = *std::move(text);
    return;
  }
  auto decoded = s3::DecodeUrl(*text);
  if (!decoded.ok()) return Fail(name, "expected a URL-encoded key", *text);
  value = *std::move(decoded);
}

void XmlReader::ETag(std::string_view name, std::string& value, Need need) {
  auto text = Value(name, need);
  if (!text) return;
  std::string_view tag = *text;
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  value = tag;
}

void XmlReader::Number(std::string_view name, int64_t& value, Need need) {
  const auto text = Value(name, need);
  if (!text) return;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < 0) {
    value = 0;
    Fail(name, "expected a number from 0", *text);
  }
}

void XmlReader::Number(std::string_view name, std::optional<int64_t>& value) {
  if (Find(name)) Number(name, value.emplace(), Need::kIfSet);
}

void XmlReader::Flag(std::string_view name, bool& value, Need need) {
  const auto text = Value(name, need);
  if (!text) return;
  if (*text == "true" || *text == "1") {
    value = true;
  } else if (*text == "false" || *text == "0") {
    value = false;
  } else {
    Fail(name, "expected true or false", *text);
  }
}

void XmlReader::Time(std::string_view name, Timestamp& value, Need need) {
  const auto text = Value(name, need);
  if (!text) return;
  const auto time = ParseTimestamp(*text);
  if (!time.ok()) return Fail(name, "expected a time like 2026-01-31T08:30:00.000Z", *text);
  value = *time;
}

}  // namespace glaux::wire
