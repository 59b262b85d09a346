#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux::cli {

/// Looks up an environment variable; unset and empty are the same.
using EnvironmentLookup = std::function<std::string(std::string_view)>;
/// The process's own environment.
std::string ProcessEnvironment(std::string_view name);

enum class ColorMode { kAuto, kAlways, kNever };

/// What a stream can show.
struct Terminal {
  bool interactive = false;  ///< a terminal, not a file or a pipe
  /// Cells of a line. Unset: no limit, as for files and pipes.
  std::optional<int> width = {};
  bool utf8 = false;
  bool colors = false;

  /// The text in a style if the stream takes colours. Styles are SGR numbers: kDim, kBold, kRed.
  std::string Styled(std::string_view text, std::string_view style) const;
};

inline constexpr std::string_view kBold = "1";
inline constexpr std::string_view kDim = "2";
inline constexpr std::string_view kRed = "1;31";
inline constexpr std::string_view kYellow = "33";

/// Look at a file descriptor. COLUMNS wins over what the terminal says, 80 where neither knows; NO_COLOR (no-color.org)
/// and TERM=dumb turn `kAuto` colours off; UTF-8 is decided by LC_ALL, LC_CTYPE, LANG in this order.
Terminal DetectTerminal(int descriptor, ColorMode mode, const EnvironmentLookup& environment);

/// The part of DetectTerminal that asks no device: `interactive` and `device_width` (0: not known) are given.
Terminal DescribeTerminal(bool interactive, int device_width, ColorMode mode, const EnvironmentLookup& environment);

}  // namespace glaux::cli
