#pragma once

#include <arrow/type_fwd.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "address.h"
#include "glaux/sync/shape.h"
#include "session.h"

namespace glaux::cli {

struct InputFileOptions {
  /// Name of a format; empty: by the endings.
  std::string format = {};
  bool all = false;  ///< hidden files too
};

/// Files behind the addresses of a command line, in the order of the addresses, each once.
struct InputFiles {
  std::vector<SourceFile> files;
  int64_t empty = 0;                                   ///< files of no bytes, passed over
  std::vector<std::shared_ptr<SpooledInput>> spooled;  ///< standard input
};

/// Find files to be read as rows. \param command what errors begin with
/// \return kNotFound if an address has none; kInvalid if a name does not say which format it is
Result<InputFiles> FindInputFiles(Session& session, Lake& lake, const std::vector<Address>& addresses,
                                  const InputFileOptions& options, const std::string& command);

/// Read files from the first one on, until `take` returns false. Batches have the columns of `schema`.
/// \param block_bytes of text, decoded at once
Status ReadRowsInOrder(const std::vector<SourceFile>& files, const InferredFiles& inferred, const DataShape& shape,
                       const std::shared_ptr<arrow::Schema>& schema, const FormatOptions& format, int64_t block_bytes,
                       const arrow::StopToken& stop,
                       const std::function<Result<bool>(size_t file, const arrow::RecordBatch&)>& take);

}  // namespace glaux::cli
