#include "listing.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <CLI/App.hpp>

#include <algorithm>

namespace glaux::cli {

Listing::Listing(std::vector<std::string> columns, std::vector<std::string> numbers)
    : columns_(std::move(columns)), numbers_(std::move(numbers)) {}

Result<std::shared_ptr<arrow::RecordBatch>> Listing::ToBatch() const {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::shared_ptr<arrow::Array> array;
    if (std::find(numbers_.begin(), numbers_.end(), columns_[i]) != numbers_.end()) {
      arrow::Int64Builder builder;
      for (const auto& row : rows_) {
        const auto* value = std::get_if<int64_t>(&row[i]);
        ARROW_RETURN_NOT_OK(value == nullptr ? builder.AppendNull() : builder.Append(*value));
      }
      ARROW_RETURN_NOT_OK(builder.Finish(&array));
    } else {
      arrow::StringBuilder builder;
      for (const auto& row : rows_) {
        const auto* value = std::get_if<std::string>(&row[i]);
        ARROW_RETURN_NOT_OK(value == nullptr ? builder.AppendNull() : builder.Append(*value));
      }
      ARROW_RETURN_NOT_OK(builder.Finish(&array));
    }
    fields.push_back(arrow::field(columns_[i], array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), static_cast<int64_t>(rows_.size()),
                                  std::move(arrays));
}

Status Listing::Print(Session& session, const std::string& format_name) const {
  auto format = OutputFormat::kTable;
  if (!format_name.empty()) {
    ARROW_ASSIGN_OR_RAISE(format, ParseOutputFormat(format_name));
  }
  const Terminal terminal = session.out_terminal();
  ARROW_RETURN_NOT_OK(RefuseBinaryOnTerminal(format, terminal));
  ARROW_ASSIGN_OR_RAISE(const auto batch, ToBatch());
  ARROW_ASSIGN_OR_RAISE(
      auto writer,
      MakeResultWriter(format, batch->schema(), session.surroundings().out,
                       {.terminal = terminal, .max_rows = {}, .null_text = "", .footer = false, .seekable = false}));
  ARROW_RETURN_NOT_OK(writer->Write(*batch));
  return writer->Finish();
}

Listing::Value OptionalText(const std::string& text) { return text.empty() ? Listing::Value() : Listing::Value(text); }

void AddListingFormat(CLI::App* command, std::string* format) {
  command->add_option("--format", *format, "table (the default), csv, tsv, json, jsonl, markdown, parquet or arrow")
      ->type_name("FORMAT");
}

}  // namespace glaux::cli
