#pragma once

#include <CLI/App.hpp>

#include <map>
#include <string>
#include <vector>

#include "glaux/format/format.h"

namespace glaux::cli {

/// What the command line says of files that are read, the same for all commands that read files.
struct FormatArguments {
  std::string encoding;
  std::string compression;
  std::string delimiter, quote, escape, comment;
  bool no_header = false;
  std::vector<std::string> null_values;
  std::string max_line;
  std::string decimal;
  std::vector<std::string> date_formats;
  std::vector<std::string> timestamp_formats;
  std::string records;
};

/// Add the options to a command: --encoding, --delimiter, --records …
void AddFormatArguments(CLI::App* command, FormatArguments* arguments);
/// What they mean. kInvalid names the option.
Status ReadFormatArguments(const FormatArguments& arguments, FormatOptions* options);

/// The option that says what files are, by name of a format: --format, --from-format.
void AddFormatOption(CLI::App* command, const std::string& name, std::string* format, const std::string& description);
/// The names of all formats, as the type name of an option has them: "csv|json".
std::string FormatChoices();

/// The option --type COLUMN=TYPE, which may be repeated, and what it means.
void AddTypeArguments(CLI::App* command, std::vector<std::string>* types);
Result<std::map<std::string, std::string>> ReadTypeArguments(const std::vector<std::string>& types);

/// "all" is 0.
Result<int64_t> ParseSampleSize(const std::string& text);

}  // namespace glaux::cli
