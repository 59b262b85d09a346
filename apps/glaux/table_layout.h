#pragma once

#include <optional>
#include <vector>

namespace glaux::cli {

/// What a column of a printed table asks for, in cells.
struct ColumnDemand {
  int width = 0;  ///< of its widest value or name
  int least = 0;  ///< below this it is rather left out; at most `width`
};

struct TableLayout {
  /// Width of each column that is shown. One without a value is left out.
  std::vector<std::optional<int>> widths;
  int shown = 0;
};

/// Fit columns between the bars of a table, "│ a │ b │", on lines of `line_width` cells (unset: no limit).
///
/// The widest columns become narrower first, none of them below its least width; if that is not enough, columns in the
/// middle are left out, and a column of one ellipsis stands for them. The first and the last column stay.
TableLayout FitColumns(const std::vector<ColumnDemand>& columns, std::optional<int> line_width);

}  // namespace glaux::cli
