#include "glaux/format/json_block_internal.h"

#include <algorithm>
#include <cstring>

#include "glaux/format/csv_scan_internal.h"

namespace glaux {

static_assert(kJsonPadding >= kScanPadding);

int64_t CountLineEnds(std::string_view text) {
  int64_t count = 0;
  size_t at = 0;
  for (; at + 64 <= text.size(); at += 64) count += ByteMask(text.data() + at).Count('\n');
  return count + std::count(text.begin() + static_cast<ptrdiff_t>(at), text.end(), '\n');
}

JsonWindow::JsonWindow(std::string name, std::unique_ptr<ByteSource> source, int64_t piece_bytes)
    : name_(std::move(name)), source_(std::move(source)), piece_bytes_(std::clamp<int64_t>(piece_bytes, 1, 1 << 30)) {}

JsonBlock JsonWindow::Share(size_t size, JsonLayout layout) const {
  return {.buffer = buffer_,
          .text = text_.substr(0, size),
          .layout = layout,
          .first_line = start_.line,
          .first_byte = start_.byte};
}

JsonWindow::Place JsonWindow::PlaceOf(size_t offset) const {
  const auto before = text_.substr(0, offset);
  const auto line_end = before.rfind('\n');
  if (line_end == std::string_view::npos) return {start_.line, start_.byte + static_cast<int64_t>(offset)};
  return {start_.line + CountLineEnds(before), static_cast<int64_t>(offset - line_end - 1)};
}

void JsonWindow::Drop(size_t size) {
  start_ = PlaceOf(size);
  text_.remove_prefix(size);
}

Status JsonWindow::Fill() {
  // As much again as is held: a long record is copied a few times, not once a piece. The mark of an encoding at the
  // start is three bytes.
  const int64_t rest = static_cast<int64_t>(text_.size());
  const int64_t wanted = std::max({rest, piece_bytes_ - rest, int64_t{at_start_ ? 3 : 1}});
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(rest + wanted + kJsonPadding));
  uint8_t* const to = buffer->mutable_data();
  if (rest > 0) std::memcpy(to, text_.data(), text_.size());
  ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(wanted, to + rest));
  ended_ = got < wanted;
  std::memset(to + rest + got, ' ', kJsonPadding);
  buffer_ = std::move(buffer);
  text_ = {reinterpret_cast<const char*>(to), static_cast<size_t>(rest + got)};
  if (at_start_) {
    at_start_ = false;
    if (text_.starts_with("\xff\xfe") || text_.starts_with("\xfe\xff")) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "convert the file to UTF-8 first"}, "read ", name_,
                       ": the file is UTF-16, expected UTF-8");
    }
    if (text_.starts_with("\xef\xbb\xbf")) text_.remove_prefix(3);
  }
  return Status::OK();
}

Status JsonRecordTooLong(const std::string& name, int64_t line, int64_t max_record_bytes) {
  return MakeError({.kind = ErrorKind::kInvalid, .hint = "allow longer records if the file is right"}, "read ", name,
                   ", line ", line, ": a record that begins here is longer than max_record_bytes (", max_record_bytes,
                   ")");
}

}  // namespace glaux
