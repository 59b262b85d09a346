#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "glaux/lake/inputs_internal.h"
#include "glaux/lake/lake.h"
#include "glaux/table/loader.h"

namespace glaux {

/// What inference said about the files of one load.
struct InferredFiles {
  std::vector<InferredSchema> schemas;  ///< one a file
  bool complete = false;                ///< every row of every file was seen
  int64_t rows_seen = 0;
};

/// kInvalid if a type that the user gave does not parse: known before any file is looked at.
Status CheckGivenTypes(const LoadOptions& options);

/// Infer the columns of all files side by side.
/// \param sample_bytes of each file; 0: all
Result<InferredFiles> InferFiles(const std::vector<FoundFile>& files, const LoadOptions& options, int64_t sample_bytes);

/// The files' columns as the table is to see them: names normalized, types unified over the files and brought to what a
/// table stores.
struct DataShape {
  std::shared_ptr<arrow::Schema> schema;                     ///< a column without any value has type null
  std::vector<std::shared_ptr<arrow::Schema>> file_schemas;  ///< of each file alone
  std::vector<std::vector<std::string>>
      column_names;                  ///< of each file: the table's names of its columns, in file order
  std::vector<std::string> renamed;  ///< "lineItem/UnblendedCost -> lineitem_unblendedcost"
  std::vector<std::string> untyped;  ///< columns of type null
};

/// \param table the table's columns with which inferred types of text files are reconciled: a column that reads 1, 2, 3
///        fits a table's double, decimal or string column. Null for a new table.
Result<DataShape> ShapeOf(const std::vector<FoundFile>& files, const InferredFiles& inferred,
                          const LoadOptions& options, const arrow::Schema* table);

/// What LoadFiles reads: each file's columns with the types that the table gives them.
Result<std::vector<LoadInput>> MakeLoadInputs(const std::vector<FoundFile>& files, const InferredFiles& inferred,
                                              const DataShape& shape, const EvolutionPlan& plan,
                                              const LoadOptions& options);

}  // namespace glaux
