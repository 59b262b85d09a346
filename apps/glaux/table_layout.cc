#include "table_layout.h"

#include <algorithm>

namespace glaux::cli {
namespace {

constexpr int kGapWidth = 1;  // the column "…" that stands for what is left out
constexpr int kBars = 3;      // "│ " in front of a column and " " behind it

/// Give each column what it asks for, the widest less: no column gets more than one common limit.
void Widen(const std::vector<ColumnDemand>& columns, int room, TableLayout* layout) {
  int limit = 0;
  const auto used = [&](int cap) {
    int sum = 0;
    for (size_t i = 0; i < columns.size(); ++i) {
      if (layout->widths[i]) sum += std::max(columns[i].least, std::min(columns[i].width, cap));
    }
    return sum;
  };
  int high = 0;
  for (const auto& column : columns) high = std::max(high, column.width);
  while (limit < high) {
    const int middle = limit + (high - limit + 1) / 2;
    if (used(middle) <= room) {
      limit = middle;
    } else {
      high = middle - 1;
    }
  }
  int left = room - used(limit);
  for (size_t i = 0; i < columns.size(); ++i) {
    if (!layout->widths[i]) continue;
    int width = std::max(columns[i].least, std::min(columns[i].width, limit));
    if (width < columns[i].width && left > 0) {
      ++width;
      --left;
    }
    layout->widths[i] = width;
  }
}

}  // namespace

TableLayout FitColumns(const std::vector<ColumnDemand>& columns, std::optional<int> line_width) {
  TableLayout layout{.shown = static_cast<int>(columns.size())};
  for (const auto& column : columns) layout.widths.emplace_back(column.width);
  if (!line_width.has_value() || columns.empty()) return layout;

  const int line = *line_width - 1;  // the last bar
  int least = 0;
  for (const auto& column : columns) least += column.least + kBars;
  // Leave out the middle, one column after the other, until the rest fits at its least width.
  size_t begin = columns.size() / 2;
  size_t end = begin;
  const auto gap = [&] { return end > begin ? kGapWidth + kBars : 0; };
  while (least + gap() > line && end - begin + 2 < columns.size()) {
    const bool left_side = begin >= columns.size() - end;
    const size_t dropped = left_side ? --begin : end++;
    layout.widths[dropped].reset();
    least -= columns[dropped].least + kBars;
    --layout.shown;
  }
  int room = line - gap() - kBars * layout.shown;
  if (least + gap() > line) {
    // Two columns at the least width and still too wide: share what there is.
    for (size_t i = 0; i < columns.size(); ++i) {
      if (layout.widths[i]) layout.widths[i] = std::max(1, std::min(columns[i].width, room / layout.shown));
    }
    return layout;
  }
  Widen(columns, room, &layout);
  return layout;
}

}  // namespace glaux::cli
