#include "glaux/format/csv_rules_internal.h"

namespace glaux {

Result<CsvRules> CsvRules::Make(const CsvOptions& options) {
  CsvRules rules{.decimal_separator = options.decimal_separator};
  if (options.decimal_separator != '.' && options.decimal_separator != ',') {
    return MakeError(ErrorKind::kInvalid, "csv options: the decimal separator must be '.' or ',', found: byte ",
                     static_cast<int>(static_cast<unsigned char>(options.decimal_separator)));
  }
  if (options.decimal_separator == ',' && options.delimiter == ',') {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "files with decimal commas mostly have the delimiter ';'"},
                     "csv options: delimiter and decimal separator must differ, both are ','");
  }
  for (const auto& format : options.date_formats) {
    ARROW_ASSIGN_OR_RAISE(auto parsed, TimeFormat::Make(format));
    if (parsed.has_clock()) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give it as a timestamp format"},
                       "csv options: date format ", format, " holds a time of day");
    }
    rules.dates.push_back(std::move(parsed));
  }
  for (const auto& format : options.timestamp_formats) {
    ARROW_ASSIGN_OR_RAISE(auto parsed, TimeFormat::Make(format));
    rules.timestamps.push_back(std::move(parsed));
  }
  return rules;
}

bool CsvRules::Date(std::string_view text, int32_t* days) const {
  ParsedTime time;
  for (const auto& format : dates) {
    if (format.Parse(text, &time)) {
      *days = static_cast<int32_t>((time.seconds - (time.seconds < 0 ? 86399 : 0)) / 86400);
      return true;
    }
  }
  return ParseDate(text, days);
}

bool CsvRules::Time(std::string_view text, ParsedTime* time) const {
  for (const auto& format : timestamps) {
    if (format.Parse(text, time)) return true;
  }
  return ParseTime(text, time);
}

bool CsvRules::ReplaceSeparator(std::string_view* text, std::string* scratch) const {
  const size_t at = text->find(decimal_separator);
  if (text->find('.') != std::string_view::npos) return false;
  if (at == std::string_view::npos) return true;
  scratch->assign(*text);
  (*scratch)[at] = '.';
  *text = *scratch;
  return true;
}

}  // namespace glaux
