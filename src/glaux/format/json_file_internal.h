#pragma once

#include <cstdint>
#include <memory>

#include "glaux/base/status.h"
#include "glaux/format/format.h"
#include "glaux/format/json_block_internal.h"

namespace glaux {

/// "jsonl" or "json".
enum class JsonFileKind : uint8_t { kLines, kDocument };

/// kInvalid names the option.
Status CheckJsonOptions(JsonFileKind kind, const JsonOptions& options);

Result<std::unique_ptr<JsonSplitter>> OpenJsonSplitter(JsonFileKind kind, const InputFile& input,
                                                       const FormatOptions& options, int64_t block_bytes);

/// Columns from the keys of the first `sample_bytes` of data (0: of all), in order of their first appearance. Records
/// that are no objects are in a column `value`. Lines that do not parse are passed over, and told; a file in which no
/// line parses is the error of its first line.
Result<InferredSchema> InferJson(JsonFileKind kind, const InputFile& input, const InferOptions& options);

/// The columns of one block's records.
Result<std::shared_ptr<arrow::Schema>> InferJsonBlock(const std::string& name, const JsonBlock& block, int max_depth);

Result<std::unique_ptr<FileReader>> OpenJsonReader(JsonFileKind kind, const InputFile& input,
                                                   const ReadOptions& options);

Result<std::unique_ptr<FileWriter>> OpenJsonWriter(JsonFileKind kind, std::shared_ptr<arrow::io::OutputStream> sink,
                                                   std::shared_ptr<arrow::Schema> schema, const WriteOptions& options);

}  // namespace glaux
