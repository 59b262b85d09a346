#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"

namespace glaux::wire {

/// When an element stands in a document.
enum class Need {
  kRequired,  ///< always; reading fails without it
  kAlways,    ///< always written; what is missing reads as the default
  kIfSet,     ///< not written for the default
};

/// Append text with &, <, > and quotes escaped, and control characters as references; bytes that are no UTF-8 become
/// U+FFFD.
void AppendXmlText(std::string_view text, std::string* out);

/// "2026-01-31T08:30:00.000Z", as S3 writes times.
std::string FormatXmlTime(Timestamp time);

// XmlWriter and XmlReader have the same methods: one template per shape, called with either, is both directions.

class XmlWriter {
 public:
  /// `xmlns` may be empty.
  XmlWriter(std::string_view root, std::string_view xmlns);
  std::string Finish() &&;

  /// Keys of this document are URL-encoded from here on.
  void UseUrlEncoding(const std::string& encoding_type) { url_ = encoding_type == "url"; }
  void Text(std::string_view name, const std::string& value, Need need);
  /// A key, prefix or delimiter.
  void Key(std::string_view name, const std::string& value, Need need);
  void ETag(std::string_view name, const std::string& value, Need need);
  void Number(std::string_view name, int64_t value, Need need);
  void Number(std::string_view name, const std::optional<int64_t>& value);
  void Flag(std::string_view name, bool value, Need need);
  void Time(std::string_view name, Timestamp value, Need need);
  /// Text of the root itself.
  void Content(const std::string& value) { AppendXmlText(value, &out_); }

  template <typename T, typename Fields>
  void List(std::string_view name, const std::vector<T>& values, Fields fields) {
    for (const auto& value : values) Group(name, value, fields);
  }
  template <typename T, typename Fields>
  void Group(std::string_view name, const T& value, Fields fields) {
    Open(name);
    fields(*this, value);
    Close(name);
  }
  template <typename T, typename Fields>
  void Group(std::string_view name, const std::optional<T>& value, Fields fields) {
    if (value) Group(name, *value, fields);
  }
  void Texts(std::string_view name, const std::vector<std::string>& values) {
    for (const auto& value : values) Text(name, value, Need::kAlways);
  }

  void Open(std::string_view name);
  void Close(std::string_view name);

 private:
  std::string out_;
  std::string root_;
  bool url_ = false;
};

class XmlReader {
 public:
  /// Parse a document whose root has this name. The first error of any method below is kept in status().
  static Result<XmlReader> Make(std::string_view xml, std::string_view root);

  const Status& status() const { return status_; }
  pugi::xml_node node() const { return node_; }

  void UseUrlEncoding(const std::string& encoding_type) { url_ = encoding_type == "url"; }
  void Text(std::string_view name, std::string& value, Need need);
  void Key(std::string_view name, std::string& value, Need need);
  void ETag(std::string_view name, std::string& value, Need need);
  void Number(std::string_view name, int64_t& value, Need need);
  void Number(std::string_view name, std::optional<int64_t>& value);
  void Flag(std::string_view name, bool& value, Need need);
  void Time(std::string_view name, Timestamp& value, Need need);
  void Content(std::string& value) { value = TextOf(node_); }

  template <typename T, typename Fields>
  void List(std::string_view name, std::vector<T>& values, Fields fields) {
    ForEach(name, [&] { fields(*this, values.emplace_back()); });
  }
  /// The first element of this name.
  template <typename T, typename Fields>
  void Group(std::string_view name, T& value, Fields fields) {
    Inside(Find(name), [&] { fields(*this, value); });
  }
  template <typename T, typename Fields>
  void Group(std::string_view name, std::optional<T>& value, Fields fields) {
    Inside(Find(name), [&] { fields(*this, value.emplace()); });
  }
  void Texts(std::string_view name, std::vector<std::string>& values) {
    ForEach(name, [&] { values.push_back(TextOf(node_)); });
  }

  /// Call `work` with each child of this name as the current node.
  template <typename Work>
  void ForEach(std::string_view name, Work work) {
    for (const auto& child : node_.children()) {
      if (IsNamed(child, name)) Inside(child, work);
    }
  }
  template <typename Work>
  void Inside(pugi::xml_node child, Work work) {
    if (!child) return;
    const auto outer = node_;
    node_ = child;
    work();
    node_ = outer;
  }

  /// Local name equal to `name`, whatever the prefix.
  static bool IsNamed(const pugi::xml_node& node, std::string_view name);
  static std::string TextOf(const pugi::xml_node& node);
  pugi::xml_node Find(std::string_view name) const;
  void Fail(std::string_view name, std::string_view what, std::string_view found);

 private:
  std::optional<std::string> Value(std::string_view name, Need need);

  std::shared_ptr<pugi::xml_document> document_;
  pugi::xml_node node_;
  Status status_;
  bool url_ = false;
};

/// A shape from a document, with the template of its fields.
template <typename T, typename Fields>
Result<T> ReadXml(std::string_view xml, std::string_view root, Fields fields) {
  ARROW_ASSIGN_OR_RAISE(auto reader, XmlReader::Make(xml, root));
  T value;
  fields(reader, value);
  ARROW_RETURN_NOT_OK(reader.status());
  return value;
}

template <typename T, typename Fields>
std::string WriteXml(const T& value, std::string_view root, std::string_view xmlns, Fields fields) {
  XmlWriter writer(root, xmlns);
  fields(writer, value);
  return std::move(writer).Finish();
}

}  // namespace glaux::wire
