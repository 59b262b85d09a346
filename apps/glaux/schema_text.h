#pragma once

#include <arrow/type_fwd.h>

#include <boost/json.hpp>

#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux::cli {

/// A table as Glue's CreateTable takes it: the fields of its TableInput, two blanks of indent.
std::string ToGlueJson(const TableEntry& table);

/// One line a column: "name: type", then " not null" where it is not nullable.
std::string ToArrowText(const arrow::Schema& schema);

/// JSON with two blanks of indent, arrays and objects without members on one line.
std::string PrettyJson(const boost::json::value& value);

}  // namespace glaux::cli
