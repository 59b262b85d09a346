#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "glaux/format/format.h"
#include "glaux/store/sequential_input.h"
#include "glaux/sync/config.h"
#include "glaux/sync/environment.h"
#include "glaux/table/table.h"

namespace glaux {

/// A file that a source reads, found but not opened.
struct SourceFile {
  LoadedFile ledger;  ///< what the ledger knows it by; with zip archives: the archive and "#member"
  Location place;
  std::string name;    ///< what errors call it
  std::string member;  ///< of a zip archive
  const Format* format = nullptr;
  /// Of the `key=value` folders below the part of the address that was given: they are columns. Null is no value.
  std::vector<std::pair<std::string, std::optional<std::string>>> path_values = {};
  StorageClass storage_class = StorageClass::kStandard;
  /// Of text on a remote store: what inference has read is not asked for again.
  std::shared_ptr<ObjectHead> head = std::make_shared<ObjectHead>();

  Result<InputFile> Open() const;
  /// Whether Open gives an OpenSequentialInput.
  bool is_read_ahead() const;
};

/// The members of a zip archive as files of their own, each with its format; any other file as it is, with its format.
/// \param format of all of them; unset: by their names
Result<std::vector<SourceFile>> ExpandArchive(SourceFile file, const std::optional<std::string>& format);

struct FoundSourceFiles {
  std::vector<SourceFile> files;  ///< by the source's addresses, those of one by name; each once
  int64_t bytes = 0;              ///< of the files
  int64_t requests = 0;           ///< lists and heads that finding them took
  int64_t empty = 0;              ///< files of no bytes, passed over
  int64_t hidden = 0;             ///< passed over
  /// Addresses of symbolic links and special files that the source's patterns match. They are not followed: who may
  /// write into a folder could have any file read that this program may read.
  std::vector<std::string> links = {};
  int64_t not_selected = 0;    ///< left out by `select` or by a commit that is not finished
  int64_t folders_pruned = 0;  ///< not listed, because no file there can be wanted
};

/// Find the files of a source. Lists no more than the literal part of a pattern and, where a pattern or a partition
/// condition lets it leave out folders, goes folder by folder.
/// \return kNotFound for an address that has nothing and is no pattern
Result<FoundSourceFiles> FindSourceFiles(const SyncEnvironment& environment, const SourceConfig& source,
                                         const arrow::StopToken& stop);

}  // namespace glaux
