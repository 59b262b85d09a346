#include <arrow/api.h>

#include <algorithm>

#include "glaux/format/csv_file_internal.h"
#include "glaux/format/csv_guess_internal.h"

namespace glaux {
namespace {

/// Rows of which the text fits into the nearest cache.
constexpr int64_t kRowsAtATime = 64;

Result<int64_t> ObserveBlock(const CsvFile& file, const CsvBlock& block, bool skip_bad_rows,
                             std::vector<CsvTypeGuess>* guesses) {
  std::vector<CsvBadText> bad;
  ARROW_ASSIGN_OR_RAISE(const auto fields,
                        CsvFields::Find(file.name(), block, file.dialect(), static_cast<int>(guesses->size()),
                                        file.options().max_line_bytes, skip_bad_rows ? &bad : nullptr));
  const CsvCells cells(block.text, fields, file.dialect(), file.options().null_values);
  for (int64_t first = 0; first < fields.rows(); first += kRowsAtATime) {
    const int64_t last = std::min(first + kRowsAtATime, fields.rows());
    for (size_t column = 0; column < guesses->size(); ++column) {
      auto& guess = (*guesses)[column];
      if (guess.settled()) continue;
      cells.Each(static_cast<int>(column), first, last, [&](int64_t, const CsvCell& cell) {
        guess.Observe(cells, cell);
        return true;
      });
    }
  }
  return fields.rows();
}

std::shared_ptr<arrow::Schema> SchemaOf(const CsvFile& file, const std::vector<CsvTypeGuess>& guesses,
                                        const std::map<std::string, std::shared_ptr<arrow::DataType>>& types,
                                        bool integer_widths = false) {
  arrow::FieldVector fields;
  for (size_t i = 0; i < guesses.size(); ++i) {
    const auto given = types.find(file.columns()[i]);
    fields.push_back(
        arrow::field(file.columns()[i], given == types.end() ? guesses[i].type(integer_widths) : given->second));
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

Result<std::shared_ptr<arrow::Schema>> InferCsvBlock(const CsvFile& file, const CsvBlock& block, bool skip_bad_rows) {
  std::vector<CsvTypeGuess> guesses(file.columns().size(), CsvTypeGuess(file.rules()));
  ARROW_RETURN_NOT_OK(ObserveBlock(file, block, skip_bad_rows, &guesses));
  return SchemaOf(file, guesses, {});
}

Result<InferredSchema> InferCsv(const InputFile& input, const InferOptions& options) {
  constexpr int64_t kBlockBytes = 1 << 20;
  const int64_t sample = options.sample_bytes;
  ARROW_ASSIGN_OR_RAISE(auto file,
                        CsvFile::Open(input, options.format, sample > 0 ? std::min(sample, kBlockBytes) : kBlockBytes));
  if (options.skip_bad_rows) file.PassOverBadRows({});
  std::vector<CsvTypeGuess> guesses(file.columns().size(), CsvTypeGuess(file.rules()));
  InferredSchema inferred;
  int64_t seen = 0;
  while (true) {
    ARROW_ASSIGN_OR_RAISE(const auto* next, file.Peek());
    inferred.complete = next == nullptr;
    if (next == nullptr || (sample > 0 && seen >= sample)) break;
    ARROW_ASSIGN_OR_RAISE(const auto block, file.Next());
    seen += static_cast<int64_t>(block->text.size());
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, ObserveBlock(file, *block, options.skip_bad_rows, &guesses));
    inferred.rows_seen += rows;
  }
  inferred.schema = SchemaOf(file, guesses, options.types, options.integer_widths);
  return inferred;
}

}  // namespace glaux
