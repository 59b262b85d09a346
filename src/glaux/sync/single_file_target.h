#pragma once

#include <arrow/io/type_fwd.h>

#include <functional>
#include <memory>
#include <string>

#include "glaux/format/format.h"
#include "glaux/sync/environment.h"

namespace glaux {

/// Where the bytes of one file go. Destroying it without Commit leaves what was there before.
class FileSink {
 public:
  virtual ~FileSink() = default;
  virtual const std::shared_ptr<arrow::io::OutputStream>& stream() = 0;
  /// Let the file appear.
  virtual Status Commit() = 0;
};

struct SingleFileOptions {
  std::string name;  ///< for people
  std::string format;
  /// `text.compression` is the name of a compression; "auto" and "none" write as it is.
  FormatOptions format_options = {};
  /// Called for each write: a run that has to begin again writes a new file.
  std::function<Result<std::unique_ptr<FileSink>>()> open;
};

/// One file that a pipeline replaces, rows in the order of the source. Beside it nothing is kept: no log, no state, so
/// that every run reads everything.
Result<std::unique_ptr<Target>> MakeSingleFileTarget(SingleFileOptions options);

}  // namespace glaux
