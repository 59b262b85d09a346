#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"
#include "glaux/format/format.h"

namespace glaux {

/// Which columns of a file that carries its schema are read, and as what.
class Projection {
 public:
  /// kInvalid for a column of ReadOptions::schema that is not in the file, or is there or asked for twice.
  static Result<Projection> Make(const std::string& file_name, const arrow::Schema& file_schema,
                                 const ReadOptions& options);

  /// What batches have.
  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }
  /// The file's column for each column of schema().
  const std::vector<int>& file_columns() const { return file_columns_; }

  /// A batch with schema(). \param columns in the order of file_columns()
  /// \param where goes in front of errors: "read a.orc, stripe 3"
  Result<std::shared_ptr<arrow::RecordBatch>> Apply(const arrow::ArrayVector& columns, int64_t rows,
                                                    std::string_view where) const;

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<int> file_columns_;
};

/// The columns that a file has, for InferredSchema: dictionaries as what they hold, without metadata.
std::shared_ptr<arrow::Schema> PlainSchema(const arrow::Schema& schema);

/// A column as the type a writer writes: dictionaries are taken apart. kInvalid with `where` for another type.
Result<std::shared_ptr<arrow::Array>> WithoutDictionary(const std::shared_ptr<arrow::Array>& array,
                                                        const std::shared_ptr<arrow::DataType>& type,
                                                        std::string_view where);

}  // namespace glaux
