#pragma once

#include <boost/json.hpp>

#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux {

// Entries as JSON with AWS Glue's own field names ("Table", "Partition", "Database", "StorageDescriptor" of the Data
// Catalog API). The local catalog stores them, and Glue's protocol speaks them.
//
// Printing: arrays, maps and flags are always there, text and times only where they are set, so an entry without what
// the catalog sets prints as Glue's TableInput, PartitionInput, DatabaseInput. Times are seconds since 1970 with a
// fraction. Reading: a field that is not there or null keeps its default; fields that we do not know are skipped; a
// field of another type is kInvalid and named with its path ("StorageDescriptor.Columns[2].Name").

boost::json::object ToJson(const Parameters& parameters);
boost::json::object ToJson(const StorageDescriptor& storage);
boost::json::object ToJson(const DatabaseEntry& database);
boost::json::object ToJson(const TableEntry& table);
boost::json::object ToJson(const PartitionEntry& partition);

Result<Parameters> ParametersFromJson(const boost::json::value& json);
Result<StorageDescriptor> StorageDescriptorFromJson(const boost::json::value& json);
Result<DatabaseEntry> DatabaseFromJson(const boost::json::value& json);
Result<TableEntry> TableFromJson(const boost::json::value& json);
Result<PartitionEntry> PartitionFromJson(const boost::json::value& json);

}  // namespace glaux
