#include "glaux/format/csv_file_internal.h"

#include <arrow/util/utf8.h>

#include <string_view>
#include <unordered_map>

namespace glaux {

Result<CsvFile> CsvFile::Open(const InputFile& input, const FormatOptions& format, int64_t block_bytes) {
  const CsvOptions& options = format.csv;
  CsvFile file;
  file.name_ = input.name;
  file.options_ = options;
  ARROW_ASSIGN_OR_RAISE(file.dialect_, CsvDialect::Make(options));
  ARROW_ASSIGN_OR_RAISE(file.rules_, CsvRules::Make(options));
  ARROW_ASSIGN_OR_RAISE(auto source, OpenDecompressed(input, format.text));
  file.splitter_ = std::make_unique<CsvBlockSplitter>(
      input.name, std::move(source), file.dialect_,
      CsvBlockOptions{.block_bytes = block_bytes, .max_line_bytes = options.max_line_bytes});
  ARROW_RETURN_NOT_OK(file.ReadColumns());
  return file;
}

Status CsvFile::ReadColumns() {
  if (options_.column_names && !options_.column_names->empty()) return NameColumns(*options_.column_names, 1);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(next_, splitter_->Next());
    if (!next_) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto row, ReadFirstRow(name_, *next_, dialect_));
    if (!row) continue;
    if (options_.column_names) {
      std::vector<std::string> names;
      for (size_t i = 0; i < row->fields.size(); ++i) names.push_back("f" + std::to_string(i));
      return NameColumns(std::move(names), 1);
    }
    const int64_t line = next_->LineAt(row->begin);
    next_->first_line = next_->LineAt(row->next);
    next_->text.remove_prefix(row->next);
    if (next_->text.empty()) next_.reset();
    return NameColumns(std::move(row->fields), line);
  }
}

Status CsvFile::NameColumns(std::vector<std::string> names, int64_t line) {
  std::unordered_map<std::string_view, size_t> seen;
  arrow::util::InitializeUTF8();
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) names[i] = "column_" + std::to_string(i + 1);
    if (!arrow::util::ValidateUTF8(names[i])) {
      return MakeError(ErrorKind::kInvalid, "read ", name_, ", line ", line, ": the name of column ", i + 1,
                       " is not valid UTF-8");
    }
    if (const auto [at, fresh] = seen.emplace(names[i], i); !fresh) {
      return MakeError(ErrorKind::kInvalid, "read ", name_, ", line ", line, ": columns ", at->second + 1, " and ",
                       i + 1, " have one name: ", names[i]);
    }
  }
  columns_ = std::move(names);
  return Status::OK();
}

Result<const CsvBlock*> CsvFile::Peek() {
  if (!next_ && !columns_.empty()) {
    ARROW_ASSIGN_OR_RAISE(next_, splitter_->Next());
  }
  return next_ ? &*next_ : nullptr;
}

Result<std::optional<CsvBlock>> CsvFile::Next() {
  ARROW_RETURN_NOT_OK(Peek());
  return std::exchange(next_, std::nullopt);
}

}  // namespace glaux
