#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// The characters that mean something in one CSV file.
struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  std::optional<char> escape = {};
  std::optional<char> comment = {};

  /// kInvalid where two of them are one, or one is a line end or not ASCII.
  static Result<CsvDialect> Make(const CsvOptions& options);
};

/// Lines that end before `end`: LF, CRLF and CR each end one, inside quotes too.
int64_t CountLines(std::string_view text);

}  // namespace glaux
