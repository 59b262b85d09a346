#include "terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cctype>
#include <charconv>
#include <cstdlib>

namespace glaux::cli {
namespace {

bool IsUtf8Locale(const EnvironmentLookup& environment) {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment(name);
    if (value.empty()) continue;
    for (char& c : value) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

std::string ProcessEnvironment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::string() : std::string(value);
}

std::string Terminal::Styled(std::string_view text, std::string_view style) const {
  if (!colors || text.empty()) return std::string(text);
  return std::string("\x1b[").append(style).append("m").append(text).append("\x1b[0m");
}

Terminal DescribeTerminal(bool interactive, int device_width, ColorMode mode, const EnvironmentLookup& environment) {
  Terminal terminal{.interactive = interactive, .utf8 = IsUtf8Locale(environment)};
  if (interactive) {
    int width = device_width > 0 ? device_width : 80;
    const std::string columns = environment("COLUMNS");
    int given = 0;
    const auto end = std::from_chars(columns.data(), columns.data() + columns.size(), given);
    if (end.ec == std::errc() && end.ptr == columns.data() + columns.size() && given > 0) width = given;
    terminal.width = width;
  }
  terminal.colors = mode == ColorMode::kAlways || (mode == ColorMode::kAuto && interactive &&
                                                   environment("NO_COLOR").empty() && environment("TERM") != "dumb");
  return terminal;
}

Terminal DetectTerminal(int descriptor, ColorMode mode, const EnvironmentLookup& environment) {
  const bool interactive = isatty(descriptor) == 1;
  winsize size{};
  const bool known = interactive && ioctl(descriptor, TIOCGWINSZ, &size) == 0;
  return DescribeTerminal(interactive, known ? size.ws_col : 0, mode, environment);
}

}  // namespace glaux::cli
