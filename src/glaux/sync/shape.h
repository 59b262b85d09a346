#pragma once

#include <arrow/type_fwd.h>
#include <arrow/util/cancel.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/schema/evolution.h"
#include "glaux/sync/file_finder.h"

namespace glaux {

/// What inference said about the files of one source.
struct InferredFiles {
  std::vector<InferredSchema> schemas;  ///< one a file
  bool complete = false;                ///< every row of every file was seen
  int64_t rows_seen = 0;
};

/// Infer the columns of all files side by side.
Result<InferredFiles> InferFiles(const std::vector<SourceFile>& files, const InferOptions& options,
                                 const arrow::StopToken& stop);

struct ShapeOptions {
  std::string subject;                            ///< what errors begin with: "load", "source orders"
  std::map<std::string, std::string> types = {};  ///< given: Glue type strings, by the file's or the result's name
  std::map<std::string, std::string> hints = {};  ///< Glue type strings by glob
  std::optional<std::vector<std::string>> columns = {};  ///< to keep; unset: all
  bool normalize_names = true;                           ///< to names that Glue and Athena can use
  /// Types become those that a table of a catalog stores; else they stay where the files agree on them.
  bool stored_types = true;
  /// The target's columns with which inferred types of text files are reconciled: a column that reads 1, 2, 3 fits a
  /// double, decimal or string column. Null: there are none yet.
  const arrow::Schema* target = nullptr;
  /// The contract lets the target's whole numbers become wider: those of text that do not fit keep the type that holds
  /// them. Needs InferOptions::integer_widths.
  bool widen = false;
};

/// kInvalid if a type that the user gave does not parse: known before any file is looked at.
Status CheckGivenTypes(const ShapeOptions& options);

/// The files' columns as the target is to see them: named, unified over the files and brought to what a table stores.
struct DataShape {
  std::shared_ptr<arrow::Schema> schema;                     ///< a column without any value has type null
  std::vector<std::shared_ptr<arrow::Schema>> file_schemas;  ///< of each file alone
  /// Of each file: the target's names of its columns, in file order; empty for a column that is not wanted.
  std::vector<std::vector<std::string>> column_names;
  std::vector<std::string> renamed;  ///< "lineItem/UnblendedCost -> lineitem_unblendedcost"
  std::vector<std::string> untyped;  ///< columns of type null
};

Result<DataShape> ShapeOf(const std::vector<SourceFile>& files, const InferredFiles& inferred,
                          const ShapeOptions& options);

/// One file as a row stream reads it.
struct FileInput {
  const SourceFile* file = nullptr;
  ReadOptions read;  ///< `schema` is set
  /// What the target calls the columns of `read.schema`, in its order; empty: read, so that a value there is found, and
  /// left out.
  std::vector<std::string> column_names;
  InferredSchema inferred;
  /// Columns that have one value in all rows of the file, under the target's names.
  std::vector<std::pair<std::string, std::shared_ptr<arrow::Scalar>>> constants = {};
};

/// What of each file is read: the columns of `wanted` with the types there.
std::vector<FileInput> MakeFileInputs(const std::vector<SourceFile>& files, const InferredFiles& inferred,
                                      const DataShape& shape, const arrow::Schema& wanted, const FormatOptions& format);

}  // namespace glaux
