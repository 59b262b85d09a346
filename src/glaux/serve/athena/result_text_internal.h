#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/wire/athena_query.h"

namespace glaux::serve::athena {

/// Describe columns in Athena's words: integer with precision 10, decimal with its own, varchar, array, map, row.
/// kNotImplemented for a type that Athena has no name for.
Result<std::vector<glaux::wire::athena::ColumnInfo>> ColumnsOf(const arrow::Schema& schema);

/// Appends one value, which is not null, as Athena writes it: 1.0E10, 2025-01-31 08:30:00.000, [a, b], {k=v}, {a=1}.
using ValueText = std::function<void(const arrow::Array& values, int64_t row, std::string* out)>;

/// kNotImplemented as ColumnsOf.
Result<ValueText> ValueTextOf(const arrow::DataType& type);

/// A value of a line, in double quotes: a quote in it is doubled.
void AppendQuoted(std::string_view text, std::string* out);

}  // namespace glaux::serve::athena
