#pragma once

#include <arrow/type_fwd.h>

#include <string>
#include <vector>

#include "format_arguments.h"
#include "session.h"

namespace glaux::cli {

struct SchemaFilesOptions {
  std::vector<std::string> addresses;
  std::string from_format;
  std::vector<std::string> types;
  std::string sample;
  bool all = false;
  FormatArguments reading;
  std::string as;      ///< empty: a listing
  std::string format;  ///< of the listing
};

/// Print what a load would make of files: their columns, and why.
Status PrintSchemaOfFiles(Session& session, const SchemaFilesOptions& options);

/// Print a table's columns as one of the forms that --as names: "glue", "arrow", "json-schema", "ddl".
Status PrintTableAs(Session& session, const std::string& as, const TableEntry& table, const arrow::Schema& schema);

/// Whether an argument means files, where it could be a table: it is an address, or a pattern, or there, or ends as
/// files do.
bool NamesFiles(const std::string& text, const std::string& working_directory);

}  // namespace glaux::cli
