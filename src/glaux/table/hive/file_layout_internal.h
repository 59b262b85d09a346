#pragma once

#include <arrow/io/interfaces.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/table/hive/hive_commit_internal.h"

namespace glaux {

/// How the files of a table are named and written.
///
/// Of a table in a catalog: Parquet, in places that the catalog gives. Of a folder: of any format, side by side with
/// what others put there, and every file of the format counts. Of a single file: that one.
struct FileLayout {
  bool folder = false;      ///< a folder or a single file, without a catalog
  std::string single = {};  ///< name of the single file; empty: there are many
  const Format* format = nullptr;
  FormatOptions options = {};
  /// With {run} and {part}.
  std::string file_name = {};
  /// Of a folder: read the entry again. The second says that there is no log yet: the entry was made from the files.
  std::function<Result<std::pair<TableEntry, bool>>()> load = {};

  /// Whether a file below the folder holds rows of the table.
  bool Counts(std::string_view key) const;
  /// The name of a commit's n-th file.
  std::string NameOf(const std::string& commit_id, int part) const;
  /// What a writer writes into: the object, with the compression of text files around it.
  Result<std::shared_ptr<arrow::io::OutputStream>> OpenSink(std::shared_ptr<arrow::io::OutputStream> object) const;
};

/// Check a pattern and complete an empty one. kInvalid.
Result<std::string> FileNamePattern(const std::string& pattern, const Format& format, const FormatOptions& options);

/// The layout of a table in a catalog.
Result<FileLayout> ParquetLayout(const std::string& compression);

/// A folder's columns, which keep Arrow types that Glue has no word for: a parameter of its entry.
inline constexpr char kArrowSchemaParameter[] = "glaux.arrow-schema";
Result<std::string> PrintArrowSchema(const arrow::Schema& schema);
Result<std::shared_ptr<arrow::Schema>> ParseArrowSchema(const std::string& text);
/// Columns for comparing and merging; the types are Arrow's names.
std::vector<Column> ArrowColumns(const arrow::Schema& schema);

/// Open a view of a table. \param staged whether the first commit makes its entry
Result<std::shared_ptr<Table>> MakeHiveTable(HivePlace place, TableEntry entry, bool staged, FileLayout layout);

}  // namespace glaux
