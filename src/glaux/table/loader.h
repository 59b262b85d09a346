#pragma once

#include <span>
#include <string>
#include <vector>

#include "glaux/base/progress.h"
#include "glaux/format/format.h"
#include "glaux/table/table.h"

namespace glaux {

/// One file on its way into a table.
struct LoadInput {
  InputFile file;
  const Format* format = nullptr;
  /// Columns to read with the types they get; `schema` is set, string columns come as dictionaries.
  ReadOptions read;
  /// What the table calls the columns of `read.schema`, in its order. Columns of type null are read, so that a value in
  /// one is found, and left out.
  std::vector<std::string> column_names;
};

struct LoaderOptions {
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
  Progress* progress = nullptr;
};

/// Read files and write all of their rows: files side by side, and the pieces of one large file side by side. Memory is
/// one block a thread beyond what the append holds.
/// \return rows of each file
Result<std::vector<int64_t>> LoadFiles(std::span<const LoadInput> inputs, Append& append, const LoaderOptions& options);

}  // namespace glaux
