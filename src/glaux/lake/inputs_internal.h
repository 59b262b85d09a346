#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/lake/lake.h"
#include "glaux/sync/file_finder.h"

namespace glaux {

struct FoundFiles {
  std::vector<SourceFile> files;  ///< sorted by key, each once
  int64_t empty = 0;              ///< files of no bytes, passed over
  int64_t hidden = 0;             ///< names that begin with '.' or '_' inside folders, passed over
};

/// Find the files behind paths, folders, globs and s3:// URIs of the lake. kNotFound for a path or pattern that has
/// none.
Result<FoundFiles> FindInputs(Lake& lake, const std::vector<std::string>& inputs,
                              const std::optional<std::string>& format, const arrow::StopToken& stop);

}  // namespace glaux
