#pragma once

#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/sql/statement.h"

namespace glaux {

/// WITH (…) of CREATE TABLE AS. Errors of Read say where the property is; what Athena knows and this engine does not
/// write is kNotImplemented.
struct TableProperties {
  std::string location = {};
  std::string compression = "snappy";
  std::vector<std::string> partitioned_by = {};

  static Result<TableProperties> Read(const std::vector<sql::WriteProperty>& properties);
};

/// WITH (…) of UNLOAD.
struct UnloadProperties {
  std::string format = {};  ///< as format/ names it
  FormatOptions format_options = {};
  std::vector<std::string> partitioned_by = {};

  static Result<UnloadProperties> Read(const std::vector<sql::WriteProperty>& properties);
};

/// How new files of a table are compressed, as its properties say in Athena's words. kInvalid.
Result<std::string> CompressionOfTable(const TableEntry& table);

}  // namespace glaux
