#include "glaux/format/csv_dialect_internal.h"

#include "glaux/format/csv_scan_internal.h"

namespace glaux {

Result<CsvDialect> CsvDialect::Make(const CsvOptions& options) {
  CsvDialect dialect{
      .delimiter = options.delimiter, .quote = options.quote, .escape = options.escape, .comment = options.comment};
  if (dialect.escape == dialect.quote) dialect.escape.reset();
  const auto check = [](std::string_view what, char c) {
    if (c == '\n' || c == '\r' || c == '\0' || static_cast<unsigned char>(c) > 0x7f) {
      return MakeError(ErrorKind::kInvalid, "csv options: the ", what,
                       " must be one ASCII character and no line end, found: byte ",
                       static_cast<int>(static_cast<unsigned char>(c)));
    }
    return Status::OK();
  };
  ARROW_RETURN_NOT_OK(check("delimiter", dialect.delimiter));
  ARROW_RETURN_NOT_OK(check("quote", dialect.quote));
  if (dialect.escape) ARROW_RETURN_NOT_OK(check("escape", *dialect.escape));
  if (dialect.comment) ARROW_RETURN_NOT_OK(check("comment", *dialect.comment));
  if (dialect.delimiter == dialect.quote || dialect.escape == dialect.delimiter ||
      dialect.comment == dialect.delimiter || dialect.comment == dialect.quote ||
      (dialect.escape && dialect.comment == dialect.escape)) {
    return MakeError(ErrorKind::kInvalid, "csv options: delimiter, quote, escape and comment must differ");
  }
  return dialect;
}

int64_t CountLines(std::string_view text) {
  int64_t lines = 0;
  size_t at = 0;
  uint64_t returns = 0;
  for (; at + 64 <= text.size(); at += 64) {
    const ByteMask bytes(text.data() + at);
    lines += bytes.Count('\n');
    returns |= bytes.Equal('\r');
  }
  for (; at < text.size(); ++at) {
    lines += text[at] == '\n';
    returns |= text[at] == '\r';
  }
  if (returns == 0) return lines;
  for (at = text.find('\r'); at != std::string_view::npos; at = text.find('\r', at + 1)) {
    if (at + 1 == text.size() || text[at + 1] != '\n') ++lines;
  }
  return lines;
}

}  // namespace glaux
