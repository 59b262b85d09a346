#include "format_arguments.h"

#include <algorithm>
#include <cctype>

#include "arguments.h"

namespace glaux::cli {
namespace {

const std::vector<std::string>& Compressions() {
  static const std::vector<std::string> names = {"auto", "none",   "gzip",   "bz2", "zstd",
                                                 "lz4",  "snappy", "brotli", "xz"};
  return names;
}

const std::vector<std::string>& Encodings() {
  static const std::vector<std::string> names = {"utf-8", "latin-1", "windows-1252", "utf-16", "utf-16le", "utf-16be"};
  return names;
}

std::string Joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

Status OneOf(const char* option, const std::string& given, const std::vector<std::string>& names, std::string* value) {
  if (given.empty()) return Status::OK();
  std::string lower = given;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (std::find(names.begin(), names.end(), lower) == names.end()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = DidYouMean(lower, names)}, option, ": found '", given,
                     "', expected one of ", Joined(names, ", "));
  }
  *value = lower;
  return Status::OK();
}

template <typename Value>
Status OneCharacter(const char* option, const std::string& text, Value* value) {
  if (text.empty()) return Status::OK();
  const auto character = ParseCharacter(text);
  if (!character.ok()) return Prefix(character.status(), option);
  *value = *character;
  return Status::OK();
}

}  // namespace

void AddFormatArguments(CLI::App* command, FormatArguments* arguments) {
  const auto add = [&](const char* name, auto* value, const char* description, const std::string& type) {
    return command->add_option(name, *value, description)->type_name(type);
  };
  add("--encoding", &arguments->encoding, "of text (utf-8); a byte order mark wins over it", Joined(Encodings(), "|"));
  add("--from-compression", &arguments->compression, "of the files (auto: their first bytes and endings say)",
      Joined(Compressions(), "|"));
  add("--delimiter", &arguments->delimiter, "CSV: what stands between values (,); tab and pipe have names", "CHAR");
  add("--quote", &arguments->quote, "CSV: what wraps a value (\")", "CHAR");
  add("--escape", &arguments->escape, "CSV: what takes the next character literally; without it a quote is doubled",
      "CHAR");
  command->add_flag("--no-header", arguments->no_header, "CSV: the first row is data; columns are f0, f1, ...");
  add("--null", &arguments->null_values, "CSV: an unquoted value that means null, instead of nothing; may be repeated",
      "TEXT")
      ->allow_extra_args(false);
  add("--max-line", &arguments->max_line, "CSV: longest line that is taken for one (16MiB)", "SIZE");
  add("--comment", &arguments->comment, "CSV: lines that begin with this are skipped", "CHAR");
  add("--decimal", &arguments->decimal, "CSV: what stands before the fraction of a number (.), a point or a comma",
      "CHAR");
  add("--date-format", &arguments->date_formats,
      "CSV: how dates are written beside 2026-01-31, as in %d.%m.%Y; may be repeated", "STRPTIME")
      ->allow_extra_args(false);
  add("--timestamp-format", &arguments->timestamp_formats,
      "CSV: how times are written beside 2026-01-31 08:30:00, as in \"%d/%m/%Y %H:%M\"; may be repeated", "STRPTIME")
      ->allow_extra_args(false);
  add("--records", &arguments->records, "JSON: where in a document the records are, as a JSON Pointer: /Records",
      "POINTER");
}

Status ReadFormatArguments(const FormatArguments& arguments, FormatOptions* options) {
  auto& csv = options->csv;
  ARROW_RETURN_NOT_OK(OneOf("--encoding", arguments.encoding, Encodings(), &options->text.encoding));
  ARROW_RETURN_NOT_OK(OneOf("--from-compression", arguments.compression, Compressions(), &options->text.compression));
  ARROW_RETURN_NOT_OK(OneCharacter("--delimiter", arguments.delimiter, &csv.delimiter));
  ARROW_RETURN_NOT_OK(OneCharacter("--quote", arguments.quote, &csv.quote));
  ARROW_RETURN_NOT_OK(OneCharacter("--escape", arguments.escape, &csv.escape));
  ARROW_RETURN_NOT_OK(OneCharacter("--comment", arguments.comment, &csv.comment));
  if (arguments.no_header) csv.column_names.emplace();
  if (!arguments.null_values.empty()) csv.null_values = arguments.null_values;
  if (!arguments.max_line.empty()) {
    ARROW_ASSIGN_OR_RAISE(csv.max_line_bytes, ParseByteSize(arguments.max_line));
  }
  ARROW_RETURN_NOT_OK(OneCharacter("--decimal", arguments.decimal, &csv.decimal_separator));
  if (csv.decimal_separator != '.' && csv.decimal_separator != ',') {
    return MakeError(ErrorKind::kInvalid, "--decimal: found '", arguments.decimal, "', expected a point or a comma");
  }
  csv.date_formats = arguments.date_formats;
  csv.timestamp_formats = arguments.timestamp_formats;
  if (!arguments.records.empty()) {
    if (!arguments.records.starts_with('/')) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "as in /Records or /data/items"}, "--records: found '",
                       arguments.records, "', expected a JSON Pointer, which begins with /");
    }
    options->json.records = arguments.records;
  }
  return Status::OK();
}

void AddFormatOption(CLI::App* command, const std::string& name, std::string* format, const std::string& description) {
  command->add_option(name, *format, description)->type_name(FormatChoices());
}

std::string FormatChoices() {
  std::string choices;
  for (const auto* format : AllFormats()) choices.append(choices.empty() ? "" : "|").append(format->name());
  return choices;
}

void AddTypeArguments(CLI::App* command, std::vector<std::string>* types) {
  command->add_option("--type", *types, "type of a column, as in zip=string; may be repeated")
      ->type_name("COLUMN=TYPE")
      ->allow_extra_args(false);
}

Result<std::map<std::string, std::string>> ReadTypeArguments(const std::vector<std::string>& types) {
  std::map<std::string, std::string> given;
  for (const auto& text : types) {
    ARROW_ASSIGN_OR_RAISE(auto assignment, ParseAssignment(text));
    if (!given.insert(assignment).second) {
      return MakeError(ErrorKind::kInvalid, "--type: column '", assignment.first, "' is given twice");
    }
  }
  return given;
}

Result<int64_t> ParseSampleSize(const std::string& text) {
  if (text == "all") return 0;
  ARROW_ASSIGN_OR_RAISE(const int64_t size, ParseByteSize(text));
  if (size == 0) return MakeError(ErrorKind::kInvalid, "--sample: found '", text, "', expected a size, or all");
  return size;
}

}  // namespace glaux::cli
