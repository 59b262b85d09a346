#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "glaux/catalog/catalog.h"
#include "glaux/format/format.h"

namespace glaux {

/// How the files of a table or of a partition are read.
struct HiveReading {
  std::string format;                                 ///< for TableFormatByName
  std::shared_ptr<const FormatOptions> options = {};  ///< null: defaults
  /// Columns are found by their place in `StorageDescriptor::columns`, not by their names in the files.
  bool by_place = false;
};

/// Work out from input format, SerDe and properties how files are read: Parquet, ORC, Avro, and text of
/// LazySimpleSerDe, OpenCSVSerde and both SerDes for JSON.
///
/// \param storage of the table or partition
/// \param table whose parameters say what the descriptor does not (skip.header.line.count)
/// \param subject what errors call it: "read db.t"
/// \return kNotImplemented naming the input format, the SerDe or the property that is not supported, kInvalid for a
///         property whose value makes no sense
Result<HiveReading> ReadingOf(const StorageDescriptor& storage, const TableEntry& table, std::string_view subject);

/// Whether files of two descriptors are read in the same way. Columns that are left out are the other's.
bool ReadsAlike(const StorageDescriptor& a, const StorageDescriptor& b);

}  // namespace glaux
