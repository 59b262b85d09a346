#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/table/table.h"

namespace glaux {

/// A data file of which columns are read.
struct DataFileReader {
  std::unique_ptr<FileReader> reader;
  std::vector<std::string> names;  ///< of the reader's columns, as the table has them

  /// A batch of the reader with all columns of `schema`: null in those that the file lacks.
  Result<std::shared_ptr<arrow::RecordBatch>> Complete(const arrow::RecordBatch& batch,
                                                       const std::shared_ptr<arrow::Schema>& schema) const;
};

/// Open a data file to read columns of its table. Partition columns are not in it, and not to be asked for.
///
/// \param plan of which the file is
/// \param wanted columns with the types that batches have
/// \param options without schema and format
/// \param ranges rows with other values may be left out
/// \return kInvalid if two columns of the file have one name to the table; else the reader's
Result<DataFileReader> OpenDataFile(const ScanPlan& plan, const DataFile& file, const InputFile& input,
                                    const arrow::FieldVector& wanted, ReadOptions options,
                                    const std::vector<ColumnRange>& ranges = {});

}  // namespace glaux
