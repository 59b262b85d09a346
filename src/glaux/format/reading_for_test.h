#pragma once

#include <arrow/api.h>
#include <arrow/io/memory.h>

#include <memory>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/testing/matchers.h"

namespace glaux {

inline InputFile InMemory(std::string name, std::string content) {
  return {.name = std::move(name),
          .file = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(std::move(content)))};
}

inline Result<std::shared_ptr<arrow::Table>> ReadAll(const InputFile& input, const ReadOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatOfFile(input.name));
  ARROW_ASSIGN_OR_RAISE(auto reader, format->OpenReader(input, options));
  ARROW_ASSIGN_OR_RAISE(auto table, ToBatchReader(std::move(reader))->ToTable());
  ARROW_RETURN_NOT_OK(table->ValidateFull());
  return table;
}

/// Read text of which every column is a string.
inline Result<std::shared_ptr<arrow::Table>> ReadStrings(const InputFile& input, ReadOptions options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto* format, FormatOfFile(input.name));
  ARROW_ASSIGN_OR_RAISE(const auto inferred, format->Infer(input, {.format = options.format}));
  arrow::FieldVector fields;
  for (const auto& field : inferred.schema->fields()) fields.push_back(field->WithType(arrow::utf8()));
  options.schema = arrow::schema(fields);
  return ReadAll(input, options);
}

inline ReadOptions WithSchema(arrow::FieldVector fields) { return {.schema = arrow::schema(std::move(fields))}; }

/// One string for each row, "1|x|null".
inline std::vector<std::string> Rows(const arrow::Table& table) {
  std::vector<std::string> rows(static_cast<size_t>(table.num_rows()));
  for (int column = 0; column < table.num_columns(); ++column) {
    size_t row = 0;
    for (const auto& chunk : table.column(column)->chunks()) {
      for (int64_t i = 0; i < chunk->length(); ++i, ++row) {
        if (column > 0) rows[row] += "|";
        if (chunk->IsNull(i)) {
          rows[row] += "null";
          continue;
        }
        const auto scalar = chunk->GetScalar(i).ValueOrDie();
        rows[row] +=
            scalar->type->id() == arrow::Type::DICTIONARY
                ? static_cast<const arrow::DictionaryScalar&>(*scalar).GetEncodedValue().ValueOrDie()->ToString()
                : scalar->ToString();
      }
    }
  }
  return rows;
}

/// "a: int64, b: string".
inline std::string Types(const arrow::Schema& schema) {
  std::string types;
  for (const auto& field : schema.fields()) {
    if (!types.empty()) types += ", ";
    types += field->name() + ": " + field->type()->ToString();
  }
  return types;
}

}  // namespace glaux
