#include "glaux/format/parquet_internal.h"

namespace glaux {
Result<InferredSchema> InferParquet(const InputFile&) { return MakeError(ErrorKind::kNotImplemented, "parquet"); }
Result<std::unique_ptr<FileReader>> OpenParquetReader(const InputFile&, const ReadOptions&) {
  return MakeError(ErrorKind::kNotImplemented, "parquet");
}
}  // namespace glaux
