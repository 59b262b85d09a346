#pragma once

#include <optional>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/lake/lake.h"

namespace glaux {

/// A file that a load may read, found but not opened.
struct FoundFile {
  LoadedFile ledger;  ///< what the ledger knows it by
  std::string name;   ///< what errors call it
  Location place;
  const Format* format = nullptr;

  Result<InputFile> Open() const;
};

struct FoundFiles {
  std::vector<FoundFile> files;  ///< sorted by key, each once
  int64_t empty = 0;             ///< files of no bytes, passed over
  int64_t hidden = 0;            ///< names that begin with '.' or '_' inside folders, passed over
};

/// Find the files behind paths, folders, globs and s3:// URIs of the lake. kNotFound for a path or pattern that has
/// none.
Result<FoundFiles> FindInputs(Lake& lake, const std::vector<std::string>& inputs,
                              const std::optional<std::string>& format);

}  // namespace glaux
