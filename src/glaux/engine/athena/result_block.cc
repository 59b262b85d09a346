#include "glaux/engine/athena/result_block_internal.h"

#include <arrow/array/array_base.h>
#include <arrow/builder.h>
#include <arrow/type.h>

#include <bit>
#include <cstring>

namespace glaux::athena {
namespace {

constexpr size_t kShownBytes = 80;

/// Whether there is an odd number of quotes in a text.
bool OddQuotes(std::string_view text) {
  constexpr uint64_t kQuotes = 0x2222222222222222, kLow = 0x7f7f7f7f7f7f7f7f;
  size_t count = 0, at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    word ^= kQuotes;
    // The high bit of each byte that is zero now, and of no other.
    count += static_cast<size_t>(std::popcount(~(((word & kLow) + kLow) | word | kLow)));
  }
  for (; at < text.size(); ++at) count += text[at] == '"';
  return count % 2 == 1;
}

const char* FindQuote(const char* at, const char* end) {
  // Most values are shorter than a call of memchr is worth.
  for (const char* near = std::min(end, at + 16); at < near; ++at) {
    if (*at == '"') return at;
  }
  return static_cast<const char*>(std::memchr(at, '"', static_cast<size_t>(end - at)));
}

std::string Shown(std::string_view text) {
  return text.size() <= kShownBytes ? std::string(text) : std::string(text.substr(0, kShownBytes)) + "…";
}

Status BadRow(int64_t row, std::string_view what) {
  return MakeError({.kind = ErrorKind::kCorrupt, .service = "athena"}, "row ", row, " of the result: ", what);
}

}  // namespace

Result<std::shared_ptr<const ResultColumns>> ResultColumns::Make(std::shared_ptr<arrow::Schema> schema) {
  auto columns = std::make_shared<ResultColumns>();
  for (const auto& field : schema->fields()) {
    auto reader = MakeTextReader(field->type());
    if (!reader.ok()) return Prefix(reader.status(), "column " + field->name());
    columns->readers_.push_back(*std::move(reader));
  }
  columns->schema_ = std::move(schema);
  return columns;
}

Result<std::shared_ptr<arrow::RecordBatch>> ResultColumns::ToBatch(const std::vector<Cell>& cells,
                                                                   int64_t first_row) const {
  const auto rows = static_cast<int64_t>(cells.size() / size());
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (size_t i = 0; i < size(); ++i) {
    const auto& field = schema_->field(static_cast<int>(i));
    ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::MakeBuilder(field->type()));
    TextProblem problem;
    if (!readers_[i]->AppendColumn(cells.data() + i, size(), rows, builder.get(), &problem)) {
      std::string scratch;
      const Cell& cell = cells[static_cast<size_t>(problem.row) * size() + i];
      const auto text = TextOf(cell, &scratch);
      ErrorInfo info{.kind = ErrorKind::kCorrupt, .service = "athena"};
      if (field->type()->num_fields() == 0) {
        return MakeError(std::move(info), "row ", first_row + problem.row, " of the result, column ", field->name(),
                         ": expected ", problem.expected, ", found: ", Shown(text));
      }
      info.hint =
          "texts with commas or brackets in nested values cannot be told apart: CAST the column to JSON, or "
          "read the query with --results unload";
      return MakeError(std::move(info), "row ", first_row + problem.row, " of the result, column ", field->name(),
                       ", position ", problem.position + 1, ": expected ", problem.expected,
                       ", found: ", Shown(text.substr(std::min(problem.position, text.size()))), ", in: ", Shown(text));
    }
    ARROW_ASSIGN_OR_RAISE(auto array, builder->Finish());
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(schema_, rows, std::move(arrays));
}

size_t WholeRows(std::string_view text) {
  // A line ends outside of quotes: behind an even number of them.
  bool odd = OddQuotes(text);
  for (size_t at = text.size(); at > 0; --at) {
    const char c = text[at - 1];
    if (c == '"') odd = !odd;
    if (c == '\n' && !odd) return at;
  }
  return 0;
}

Status ReadCells(std::string_view text, size_t columns, int64_t first_row, std::vector<Cell>* cells) {
  const char* at = text.data();
  const char* const end = at + text.size();
  int64_t row = first_row;
  while (at < end) {
    for (size_t column = 0; column < columns; ++column) {
      Cell cell;
      if (at < end && *at == '"') {
        cell.data = ++at;
        for (;;) {
          at = FindQuote(at, end);
          if (at == nullptr) return BadRow(row, "a quote is not closed");
          if (at + 1 == end || at[1] != '"') break;
          cell.escaped = true;
          at += 2;
        }
        cell.size = static_cast<uint32_t>(at - cell.data);
        ++at;
      }
      cells->push_back(cell);
      const char expected = column + 1 < columns ? ',' : '\n';
      // The last line may end without its end.
      if (at == end && expected == '\n') break;
      if (at == end || *at != expected) {
        const bool other = at != end && (*at == ',' || *at == '\n');
        if (!other) return BadRow(row, "expected every value in double quotes");
        return BadRow(
            row, *at == ',' ? "it has more values than there are columns, " + std::to_string(columns)
                            : "it has " + std::to_string(column + 1) + " values, expected " + std::to_string(columns));
      }
      ++at;
    }
    ++row;
  }
  return Status::OK();
}

void ReadLines(std::string_view text, size_t columns, std::vector<Cell>* cells) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    for (size_t column = 0; column < columns; ++column) {
      const size_t tab = column + 1 < columns ? std::min(line.find('\t'), line.size()) : line.size();
      std::string_view value = line.substr(0, tab);
      line.remove_prefix(std::min(tab + 1, line.size()));
      const size_t last = value.find_last_not_of(' ');
      value = value.substr(0, last == value.npos ? 0 : last + 1);
      cells->push_back({.data = value.data(), .size = static_cast<uint32_t>(value.size())});
    }
  }
}

}  // namespace glaux::athena
