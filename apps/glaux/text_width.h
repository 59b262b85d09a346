#pragma once

#include <string>
#include <string_view>

namespace glaux::cli {

// Text in the cells of a terminal. Text is UTF-8; bytes that are not are shown as \xNN by Printable.

/// Cells that the text takes: 2 for East Asian wide characters and emoji, 0 for combining marks. Printable text only.
int DisplayWidth(std::string_view text);

/// The text with all that would move the cursor, change colours or reorder the line spelled out: "\n", "\x1b",
/// "\u202e".
std::string Printable(std::string_view text);

/// The text if it fits `width` cells, else its beginning and `ellipsis`; no character is cut in two.
std::string Shorten(std::string_view text, int width, std::string_view ellipsis);

/// The text with blanks to `width` cells, behind it or, with `right`, in front.
std::string Pad(std::string_view text, int width, bool right = false);

}  // namespace glaux::cli
