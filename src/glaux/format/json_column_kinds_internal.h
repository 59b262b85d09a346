#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>

#include "glaux/format/json_column_internal.h"

namespace glaux {

/// Strings, their dictionaries, and binary.
Result<std::unique_ptr<JsonColumn>> MakeJsonStringColumn(const std::shared_ptr<arrow::DataType>& type);

/// Structs, lists and maps.
Result<std::unique_ptr<JsonColumn>> MakeJsonNestedColumn(const std::shared_ptr<arrow::DataType>& type,
                                                         const std::string& path, const JsonRules* rules);

/// Scalars as JsonRules has them that are lenient.
Result<std::unique_ptr<JsonColumn>> MakeLenientJsonColumn(const std::shared_ptr<arrow::DataType>& type,
                                                          const JsonRules& rules);

/// "an int64", "a decimal(10,2)", "an array".
std::string ExpectedWords(const arrow::DataType& type);

}  // namespace glaux
