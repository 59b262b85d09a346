#pragma once

#include <string>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux::sql {

/// The statement that makes a table in Athena: CREATE EXTERNAL TABLE in Hive's DDL, with a line feed at its end. A
/// table without a location gets none, which Athena asks for. kInvalid for a view.
Result<std::string> ToAthenaDdl(const TableEntry& table);

}  // namespace glaux::sql
