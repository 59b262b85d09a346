#include "glaux/format/csv_file_internal.h"

namespace glaux {
Result<std::unique_ptr<FileWriter>> OpenCsvWriter(std::shared_ptr<arrow::io::OutputStream>, std::shared_ptr<arrow::Schema>, const WriteOptions&) {
  return MakeError(ErrorKind::kNotImplemented, "csv");
}
}  // namespace glaux
