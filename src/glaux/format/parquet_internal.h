#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/type_fwd.h>
#include <parquet/exception.h>

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

Result<InferredSchema> InferParquet(InputFile input, const InferOptions& options);

Result<std::unique_ptr<FileReader>> OpenParquetReader(const InputFile& input, const ReadOptions& options);

Result<std::unique_ptr<FileWriter>> OpenParquetWriter(std::shared_ptr<arrow::io::OutputStream> sink,
                                                      std::shared_ptr<arrow::Schema> schema,
                                                      const WriteOptions& options);

/// The chunks of one column as few arrays: dictionaries become one, or dense values where that is nearly as large.
Result<std::shared_ptr<arrow::ChunkedArray>> OneDictionary(const arrow::ArrayVector& chunks,
                                                           const std::shared_ptr<arrow::DataType>& value_type);

/// The same values in another type: exactly, or kInvalid with code kTypeConflict and `where` in front.
Result<std::shared_ptr<arrow::Array>> ConvertExactly(const std::shared_ptr<arrow::Array>& array,
                                                     const std::shared_ptr<arrow::DataType>& type,
                                                     std::string_view where);

/// The words for an error of the Parquet library, which throws as well as returns: kCorrupt, unless the file could not
/// be read at all or uses what the library does not know.
Status ParquetError(const Status& status, std::string_view where);

/// Run `call`, which gives a Status, where the library may throw.
template <typename Call>
Status GuardParquet(std::string_view where, Call&& call) {
  Status status;
  try {
    status = call();
  } catch (const parquet::ParquetStatusException& error) {
    status = error.status();  // the file's own error keeps its kind
  } catch (const std::bad_alloc&) {
    status = Status::Invalid("a size in it is larger than memory");
  } catch (const std::exception& error) {
    status = Status::Invalid(error.what());
  }
  return status.ok() ? status : ParquetError(status, where);
}

}  // namespace glaux
