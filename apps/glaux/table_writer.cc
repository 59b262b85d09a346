#include <arrow/type.h>
#include <arrow/type_traits.h>

#include <algorithm>
#include <deque>

#include "human_text.h"
#include "result_writer_internal.h"
#include "table_layout.h"
#include "text_width.h"

namespace glaux::cli {
namespace {

struct Cell {
  std::string text;
  bool null = false;
};
using Row = std::vector<Cell>;

struct Drawing {
  std::string_view horizontal, vertical, ellipsis, omitted_row;
  std::string_view top[3], middle[3], bottom[3];  // left, crossing, right
};

constexpr Drawing kBoxes = {"─", "│", "…", "·", {"┌", "┬", "┐"}, {"├", "┼", "┤"}, {"└", "┴", "┘"}};
constexpr Drawing kAscii = {"-", "|", "...", ".", {"+", "+", "+"}, {"+", "+", "+"}, {"+", "+", "+"}};

/// Narrower text says too little.
constexpr int kLeastWidth = 12;
/// Numbers and times up to this width are shown whole: an int64, a timestamp with microseconds.
constexpr int kWholeWidth = 27;
constexpr int kTypeWidth = 14;
/// Lines of dots that stand for the rows left out.
constexpr int kOmissionRows = 3;

class TableWriter final : public ResultWriter {
 public:
  TableWriter(std::shared_ptr<arrow::Schema> schema, Sink sink, const ResultWriterOptions& options)
      : schema_(std::move(schema)),
        buffer_(std::move(sink)),
        options_(options),
        drawing_(options.terminal.utf8 ? kBoxes : kAscii) {
    const int64_t most = options_.max_rows.value_or(INT64_MAX / 2);
    // An odd row goes to the front.
    head_rows_ = (most + 1) / 2;
    tail_rows_ = most - head_rows_;
  }

  Status Write(const arrow::RecordBatch& batch) override {
    if (batch.num_rows() == 0) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const auto printers, MakePrinters(batch, CellStyle::kText));
    const int64_t to_head = std::clamp<int64_t>(head_rows_ - static_cast<int64_t>(head_.size()), 0, batch.num_rows());
    for (int64_t row = 0; row < to_head; ++row) head_.push_back(FormatRow(printers, row));
    // Of the rest of this batch only its own last rows can still be among the last of all.
    for (int64_t row = std::max(to_head, batch.num_rows() - kept_tail()); row < batch.num_rows(); ++row) {
      tail_.push_back(FormatRow(printers, row));
      if (static_cast<int64_t>(tail_.size()) > kept_tail()) tail_.pop_front();
    }
    rows_ += batch.num_rows();
    return Status::OK();
  }

  Status Finish() override {
    if (schema_->num_fields() == 0) return Status::OK();
    if (Omitted() > 0) {
      while (static_cast<int64_t>(tail_.size()) > tail_rows_) tail_.pop_front();
    }
    std::vector<Cell> names;
    std::vector<Cell> types;
    for (const auto& field : schema_->fields()) {
      names.push_back({Printable(field->name())});
      if (options_.type_name) types.push_back({Printable(options_.type_name(*field->type()))});
      right_.push_back(IsNumberType(*field->type()));
    }
    std::vector<ColumnDemand> demands;
    for (size_t i = 0; i < names.size(); ++i) {
      int value_width = 1;
      for (const auto* rows : {&head_, &tail_}) {
        for (const auto& row : *rows) value_width = std::max(value_width, DisplayWidth(row[i].text));
      }
      ColumnDemand demand{.width = std::max(value_width, DisplayWidth(names[i].text))};
      // A long type (a struct's) is no reason for a wide column.
      if (!types.empty()) demand.width = std::max(demand.width, std::min(DisplayWidth(types[i].text), kTypeWidth));
      const bool whole = right_[i] || arrow::is_temporal(schema_->field(static_cast<int>(i))->type()->id());
      demand.least = std::min(demand.width, whole ? std::clamp(value_width, kLeastWidth, kWholeWidth) : kLeastWidth);
      demands.push_back(demand);
    }
    layout_ = FitColumns(demands, options_.terminal.width);

    DrawRule(drawing_.top);
    DrawRow(names, kBold);
    if (!types.empty()) DrawRow(types, kDim);
    DrawRule(drawing_.middle);
    for (const auto& row : head_) DrawRow(row, {});
    if (Omitted() > 0) {
      for (int i = 0; i < kOmissionRows; ++i) DrawOmission();
    }
    for (const auto& row : tail_) DrawRow(row, {});
    DrawRule(drawing_.bottom);
    DrawFooter();
    return buffer_.Write();
  }

 private:
  Row FormatRow(const std::vector<std::unique_ptr<CellPrinter>>& printers, int64_t row) const {
    Row cells(printers.size());
    for (size_t i = 0; i < printers.size(); ++i) {
      if (printers[i]->IsNull(row)) {
        cells[i] = {options_.null_text, true};
        continue;
      }
      std::string text;
      printers[i]->Append(row, &text);
      // A value of megabytes is not measured and kept whole when the line ends long before.
      constexpr size_t kBytesACell = 16;
      if (options_.terminal.width && text.size() > kBytesACell * static_cast<size_t>(*options_.terminal.width)) {
        text.resize(kBytesACell * static_cast<size_t>(*options_.terminal.width));
      }
      cells[i].text = Printable(text);
    }
    return cells;
  }

  /// Rows are left out only if more of them are than the dots in their place take.
  int64_t kept_tail() const { return tail_rows_ + kOmissionRows; }
  int64_t Omitted() const { return rows_ - static_cast<int64_t>(head_.size() + tail_.size()); }

  /// Call `draw(i, width)` for each shown column and `gap()` once where columns are left out.
  template <typename Draw, typename Gap>
  void ForEachColumn(Draw draw, Gap gap) {
    bool in_gap = false;
    for (size_t i = 0; i < layout_.widths.size(); ++i) {
      if (layout_.widths[i]) {
        draw(i, *layout_.widths[i]);
        in_gap = false;
      } else if (!in_gap) {
        gap();
        in_gap = true;
      }
    }
  }

  void DrawRule(const std::string_view (&corners)[3]) {
    std::string line;
    const auto piece = [&](int width) {
      line += corners[line.empty() ? 0 : 1];
      for (int i = 0; i < width + 2; ++i) line += drawing_.horizontal;
    };
    ForEachColumn([&](size_t, int width) { piece(width); }, [&] { piece(1); });
    line += corners[2];
    buffer_.text().append(options_.terminal.Styled(line, kDim)).append("\n");
  }

  void DrawRow(const Row& row, std::string_view style) {
    auto& out = buffer_.text();
    const std::string bar = options_.terminal.Styled(drawing_.vertical, kDim);
    ForEachColumn(
        [&](size_t i, int width) {
          const std::string text = Shorten(row[i].text, width, drawing_.ellipsis);
          const std::string blanks(static_cast<size_t>(std::max(0, width - DisplayWidth(text))), ' ');
          out += bar + ' ';
          if (right_[i]) out += blanks;
          out += options_.terminal.Styled(text, row[i].null ? kDim : style);
          if (!right_[i]) out += blanks;
          out += ' ';
        },
        [&] {
          out.append(bar)
              .append(" ")
              .append(options_.terminal.Styled(options_.terminal.utf8 ? drawing_.ellipsis : "~", kDim))
              .append(" ");
        });
    out.append(bar).append("\n");
  }

  void DrawOmission() {
    Row dots(layout_.widths.size());
    for (auto& cell : dots) cell = {std::string(drawing_.omitted_row), true};
    DrawRow(dots, {});
  }

  void DrawFooter() {
    if (!options_.footer) return;
    std::string text = FormatCount(rows_, "row", "rows");
    if (Omitted() > 0) text += " (" + FormatCount(rows_ - Omitted()) + " shown)";
    text += ", " + FormatCount(schema_->num_fields(), "column", "columns");
    if (layout_.shown < schema_->num_fields()) text += " (" + FormatCount(layout_.shown) + " shown)";
    buffer_.text().append(options_.terminal.Styled(text, kDim)).append("\n");
  }

  const std::shared_ptr<arrow::Schema> schema_;
  TextBuffer buffer_;
  const ResultWriterOptions options_;
  const Drawing& drawing_;
  int64_t head_rows_ = 0;
  int64_t tail_rows_ = 0;
  int64_t rows_ = 0;
  std::deque<Row> head_;
  std::deque<Row> tail_;
  std::vector<bool> right_;
  TableLayout layout_;
};

}  // namespace

std::unique_ptr<ResultWriter> MakeTableWriter(std::shared_ptr<arrow::Schema> schema, Sink sink,
                                              const ResultWriterOptions& options) {
  return std::make_unique<TableWriter>(std::move(schema), std::move(sink), options);
}

}  // namespace glaux::cli
