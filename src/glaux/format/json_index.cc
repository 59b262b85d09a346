#include "glaux/format/json_index_internal.h"

#include <arrow/util/utf8.h>
#include <simdjson.h>

#include <algorithm>

namespace glaux {
namespace {

/// The parser of a thread, taken out while it is in use.
thread_local std::unique_ptr<simdjson::internal::dom_parser_implementation> idle_parser;
/// An index takes four bytes a byte of text: that of a giant record is not kept.
constexpr size_t kMostKept = 8 << 20;

constexpr uint32_t kNothing[] = {0, 0};

size_t ValidPrefix(std::string_view text) {
  const auto* const data = reinterpret_cast<const uint8_t*>(text.data());
  size_t low = 0;
  size_t at = 0;
  // Character by character: this is for messages only.
  while (at < text.size()) {
    const uint8_t lead = data[at];
    const size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (at + size > text.size() || !arrow::util::ValidateUTF8(data + at, static_cast<int64_t>(size))) return low;
    at += size;
    low = at;
  }
  return low;
}

}  // namespace

JsonIndex::JsonIndex() : parser_(std::move(idle_parser)) {}

JsonIndex::~JsonIndex() {
  if (parser_ != nullptr && parser_->capacity() <= kMostKept) idle_parser = std::move(parser_);
}

Result<bool> JsonIndex::Find(std::string_view text) {
  begin_ = end_ = kNothing;
  if (text.empty()) return true;
  if (parser_ == nullptr || parser_->capacity() < text.size()) {
    const size_t capacity = std::max<size_t>(text.size() + text.size() / 4, 64 << 10);
    const auto error = parser_ == nullptr ? simdjson::get_active_implementation()->create_dom_parser_implementation(
                                                capacity, /*max_depth=*/1, parser_)
                                          : parser_->allocate(capacity, 1);
    if (error != simdjson::SUCCESS) return Status::OutOfMemory("no memory for an index over ", text.size(), " bytes");
  }
  const auto error =
      parser_->stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(), simdjson::stage1_mode::regular);
  if (error == simdjson::EMPTY) return true;
  if (error != simdjson::SUCCESS) return false;
  begin_ = parser_->structural_indexes.get();
  end_ = begin_ + parser_->n_structural_indexes;
  return true;
}

JsonFault FindJsonFault(std::string_view text) {
  arrow::util::InitializeUTF8();
  const size_t valid = ValidPrefix(text);
  bool in_string = false;
  size_t opened = 0;
  for (size_t i = 0; i < valid; ++i) {
    const char c = text[i];
    if (!in_string) {
      in_string = c == '"';
      opened = i;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return {i, c == '\n' ? "a line ends within a string (write \\n)"
                           : "a bare control character in a string (write \\u00" + std::string(c < 16 ? "0" : "1") +
                                 "0123456789abcdef"[c & 15] + ")"};
    } else if (c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = false;
    }
  }
  if (valid < text.size()) return {valid, "expected UTF-8, found bytes that are not"};
  if (in_string) return {opened, "a string opens here and is never closed"};
  return {0, "not JSON"};
}

}  // namespace glaux
