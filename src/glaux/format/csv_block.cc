#include "glaux/format/csv_block_internal.h"

#include <arrow/buffer.h>

#include <algorithm>
#include <cstring>

#include "glaux/format/csv_bad_rows_internal.h"
#include "glaux/format/csv_scan_internal.h"

namespace glaux {
namespace {

/// Remembers where the last whole row ends.
struct LastRowSink {
  size_t end = 0;
  void BeginRow(size_t) {}
  void Fields(uint64_t, size_t) {}
  bool EndRow(size_t, size_t next) {
    end = next;
    return true;
  }
};

/// Keeps the fields of one row.
struct FirstRowSink {
  bool found = false;
  size_t begin = 0;
  size_t next = 0;
  std::vector<size_t> ends;
  void BeginRow(size_t at) { begin = at; }
  void Fields(uint64_t mask, size_t base) {
    for (; mask != 0; mask &= mask - 1) ends.push_back(base + static_cast<size_t>(std::countr_zero(mask)));
  }
  bool EndRow(size_t end, size_t after) {
    ends.push_back(end);
    next = after;
    found = true;
    return false;
  }
};

Status UnclosedQuote(const std::string& name, int64_t line) {
  return MakeError(ErrorKind::kInvalid, "read ", name, ", line ", line,
                   ": a quote opens in this line and is never closed");
}

}  // namespace

/// Fills CsvFields while rows have the fields they should.
struct CsvFieldSink {
  CsvFields& fields;
  int64_t max_line_bytes;
  size_t count = 0;
  size_t capacity = 0;
  size_t row_count = 0;  // fields at the begin of the row
  Status failed = Status::OK();
  bool ragged = false;
  bool too_long = false;
  std::vector<CsvBadText>* bad = nullptr;

  bool Reserve() {
    if (count + 64 <= capacity) return true;
    const size_t wanted = std::max<size_t>(capacity * 2, 4096);
    failed = fields.buffer_->Resize(static_cast<int64_t>(wanted * sizeof(uint32_t)), false);
    if (!failed.ok()) return false;
    fields.ends_ = reinterpret_cast<uint32_t*>(fields.buffer_->mutable_data());
    capacity = wanted;
    return true;
  }
  void BeginRow(size_t at) { fields.row_begins_.push_back(static_cast<uint32_t>(at)); }
  void Fields(uint64_t mask, size_t base) {
    if (!Reserve()) return;
    // Counted by the pointer: without a flag for newer processors, popcount is a call.
    uint32_t* out = fields.ends_ + count;
    for (; mask != 0; mask &= mask - 1)
      *out++ = static_cast<uint32_t>(base) + static_cast<uint32_t>(std::countr_zero(mask));
    count = static_cast<size_t>(out - fields.ends_);
  }
  bool EndRow(size_t end, size_t) {
    if (!Reserve()) return false;
    fields.ends_[count++] = static_cast<uint32_t>(end);
    ragged = count - row_count != static_cast<size_t>(fields.columns_);
    too_long = static_cast<int64_t>(end - fields.row_begins_.back()) > max_line_bytes;
    if (ragged || too_long) return bad != nullptr && LeaveOut(end);
    row_count = count;
    return true;
  }
  bool LeaveOut(size_t end) {
    std::ostringstream reason;
    if (too_long) {
      reason << "line longer than max_line_bytes (" << max_line_bytes << ")";
    } else {
      reason << "expected " << fields.columns_ << " fields, found " << count - row_count;
    }
    bad->push_back({.begin = fields.row_begins_.back(), .end = end, .reason = std::move(reason).str()});
    DropRow();
    return true;
  }
  void DropRow() {
    fields.row_begins_.pop_back();
    count = row_count;
    ragged = too_long = false;
  }
};

CsvBlockSplitter::CsvBlockSplitter(std::string name, std::unique_ptr<ByteSource> source, const CsvDialect& dialect,
                                   const CsvBlockOptions& options)
    : name_(std::move(name)), source_(std::move(source)), dialect_(dialect), options_(options) {
  // Offsets in a block are 32 bits wide.
  options_.block_bytes = std::clamp<int64_t>(options_.block_bytes, 64, 1 << 30);
  options_.max_line_bytes = std::clamp<int64_t>(options_.max_line_bytes, 1, 1 << 30);
}

Result<std::optional<CsvBlock>> CsvBlockSplitter::Next() {
  if (ended_) return std::nullopt;
  int64_t capacity = options_.block_bytes;
  while (true) {
    capacity = std::max(capacity, static_cast<int64_t>(rest_.size()) + options_.block_bytes / 2);
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(capacity + kScanPadding));
    uint8_t* data = buffer->mutable_data();
    if (!rest_.empty()) std::memcpy(data, rest_.data(), rest_.size());
    const int64_t wanted = capacity - static_cast<int64_t>(rest_.size());
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(wanted, data + rest_.size()));
    std::string_view text(reinterpret_cast<const char*>(data), rest_.size() + static_cast<size_t>(got));
    std::memset(data + text.size(), 0, kScanPadding);
    ended_ = got < wanted;
    const size_t cut = ended_ ? text.size() : WholeRows(text);
    rest_buffer_ = buffer;
    rest_ = text.substr(cut);
    if (cut > 0) {
      CsvBlock block{.buffer = std::move(buffer), .text = text.substr(0, cut), .first_line = line_};
      line_ += CountLines(block.text);
      return block;
    }
    if (ended_) return std::nullopt;
    if (static_cast<int64_t>(text.size()) <= options_.max_line_bytes) {
      capacity *= 2;
    } else if (pass_over_) {
      ARROW_RETURN_NOT_OK(PassOverRow(text));
    } else {
      return LineTooLong(text);
    }
  }
}

size_t CsvBlockSplitter::WholeRows(std::string_view text) const {
  if (!dialect_.escape && !dialect_.comment) return WholeRowsByQuotes(text);
  LastRowSink sink;
  CsvScanner(dialect_, true, sink).Scan(text, false);
  return sink.end;
}

size_t CsvBlockSplitter::WholeRowsByQuotes(std::string_view text) const {
  const char quote = dialect_.quote;
  // The last line end behind `begin` that ends a row. A CR that is the last byte there is may be half of a CRLF.
  const auto last_row_end = [](std::string_view part) -> size_t {
    if (const size_t at = part.rfind('\n'); at != std::string_view::npos) return at + 1;
    const size_t at = part.rfind('\r');
    return at == std::string_view::npos ? 0 : at + 1;
  };
  const std::string_view all_but_last_cr = text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
  size_t whole = 0;
  size_t plain = 0;  // text from here to the next quoted field is outside of quotes
  size_t at = 0;
  while (true) {
    at = text.find(quote, at);
    if (at == std::string_view::npos) {
      const size_t end = last_row_end(all_but_last_cr.substr(std::min(plain, all_but_last_cr.size())));
      return end == 0 ? whole : plain + end;
    }
    const char before = at == 0 ? '\n' : text[at - 1];
    if (before != dialect_.delimiter && before != '\n' && before != '\r') {
      ++at;
      continue;
    }
    if (const size_t end = last_row_end(text.substr(plain, at - plain)); end != 0) whole = plain + end;
    do {
      at = text.find(quote, at + 1);
      if (at == std::string_view::npos) return whole;
      ++at;
    } while (at < text.size() && text[at] == quote);
    plain = at;
  }
}

Status CsvBlockSplitter::PassOverRow(std::string_view text) {
  CsvRowEnd row(dialect_);
  size_t begin = 0;
  size_t end = row.Find(text, &begin);
  if (row.began()) {
    const std::string reason =
        (row.in_quotes() ? std::string("a quote opens in this row and is not closed within max_line_bytes (")
                         : std::string("line longer than max_line_bytes (")) +
        std::to_string(options_.max_line_bytes) + ")";
    if (on_bad_row_) {
      ARROW_RETURN_NOT_OK(on_bad_row_({.file = name_,
                                       .line = line_ + CountLines(text.substr(0, begin)),
                                       .reason = reason,
                                       .content = CutContent(text.substr(begin))}));
    }
  }
  bool cr = false;  // the last byte so far: half of a CRLF, it may be
  while (true) {
    const std::string_view gone = text.substr(0, end);
    line_ += CountLines(gone) - (cr && gone.starts_with('\n') ? 1 : 0);
    if (!gone.empty()) cr = gone.ends_with('\r');
    rest_ = text.substr(end);
    if (!rest_.empty() || ended_) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer, arrow::AllocateBuffer(options_.block_bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t got, source_->Read(options_.block_bytes, buffer->mutable_data()));
    ended_ = got < options_.block_bytes;
    rest_buffer_ = buffer;
    text = {reinterpret_cast<const char*>(buffer->data()), static_cast<size_t>(got)};
    end = row.Find(text, &begin);
  }
}

Status CsvBlockSplitter::LineTooLong(std::string_view text) const {
  LastRowSink sink;
  CsvScanner scanner(dialect_, true, sink);
  scanner.Scan(text, false);
  ErrorInfo info{.kind = ErrorKind::kInvalid, .hint = "allow longer lines (--max-line) if the file is right"};
  if (scanner.in_quotes()) {
    return MakeError(std::move(info), "read ", name_, ", line ", line_ + CountLines(text.substr(0, scanner.quote_at())),
                     ": a quote opens in this line and is not closed within max_line_bytes (", options_.max_line_bytes,
                     ")");
  }
  return MakeError(std::move(info), "read ", name_, ", line ", line_, ": line longer than max_line_bytes (",
                   options_.max_line_bytes, ")");
}

Result<CsvFields> CsvFields::Find(const std::string& name, const CsvBlock& block, const CsvDialect& dialect,
                                  int columns, int64_t max_line_bytes, std::vector<CsvBadText>* bad) {
  CsvFields fields;
  fields.columns_ = columns;
  ARROW_ASSIGN_OR_RAISE(fields.buffer_, arrow::AllocateResizableBuffer(0));
  CsvFieldSink sink{.fields = fields, .max_line_bytes = max_line_bytes, .bad = bad};
  CsvScanner scanner(dialect, columns != 1, sink);
  scanner.Scan(block.text, true);
  ARROW_RETURN_NOT_OK(sink.failed);
  if (scanner.in_quotes()) {
    if (bad == nullptr) return UnclosedQuote(name, block.LineAt(scanner.quote_at()));
    bad->push_back({.begin = fields.row_begins_.back(),
                    .end = block.text.size(),
                    .reason = "a quote opens in this row and is never closed"});
    sink.DropRow();
  }
  if (sink.too_long) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "raise max_line_bytes if the file is right"}, "read ", name,
                     ", line ", block.LineAt(fields.row_begins_.back()), ": line longer than max_line_bytes (",
                     max_line_bytes, ")");
  }
  if (sink.ragged) {
    return MakeError(ErrorKind::kInvalid, "read ", name, ", line ", block.LineAt(fields.row_begins_.back()),
                     ": expected ", columns, " fields, found ", sink.count - sink.row_count);
  }
  return fields;
}

void CsvFields::Remove(const std::vector<int64_t>& rows) {
  auto removed = rows.begin();
  size_t kept = 0;
  const auto width = static_cast<size_t>(columns_);
  for (size_t row = 0; row < row_begins_.size(); ++row) {
    if (removed != rows.end() && *removed == static_cast<int64_t>(row)) {
      ++removed;
      continue;
    }
    row_begins_[kept] = row_begins_[row];
    std::memmove(ends_ + kept * width, ends_ + row * width, width * sizeof(uint32_t));
    ++kept;
  }
  row_begins_.resize(kept);
}

Result<std::optional<CsvFirstRow>> ReadFirstRow(const std::string& name, const CsvBlock& block,
                                                const CsvDialect& dialect) {
  FirstRowSink sink;
  CsvScanner scanner(dialect, true, sink);
  scanner.Scan(block.text, true);
  if (scanner.in_quotes()) return UnclosedQuote(name, block.LineAt(scanner.quote_at()));
  if (!sink.found) return std::nullopt;
  CsvFirstRow row{.begin = sink.begin, .next = sink.next};
  std::string scratch;
  size_t begin = sink.begin;
  for (const size_t end : sink.ends) {
    row.fields.emplace_back(UnquoteField(block.text.substr(begin, end - begin), dialect, &scratch));
    begin = end + 1;
  }
  return row;
}

std::string_view UnquoteField(std::string_view raw, const CsvDialect& dialect, std::string* scratch) {
  const bool quoted = !raw.empty() && raw[0] == dialect.quote;
  if (quoted && !dialect.escape && raw.size() >= 2 && raw.find(dialect.quote, 1) == raw.size() - 1) {
    return raw.substr(1, raw.size() - 2);
  }
  scratch->clear();
  bool inside = quoted;
  for (size_t i = quoted ? 1 : 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (dialect.escape && c == *dialect.escape && i + 1 < raw.size()) {
      scratch->push_back(raw[++i]);
    } else if (inside && c == dialect.quote) {
      if (i + 1 < raw.size() && raw[i + 1] == dialect.quote) {
        scratch->push_back(c);
        ++i;
      } else {
        inside = false;
      }
    } else {
      scratch->push_back(c);
    }
  }
  return *scratch;
}

}  // namespace glaux
