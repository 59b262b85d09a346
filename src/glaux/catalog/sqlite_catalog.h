#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/catalog/catalog.h"

namespace glaux {

struct SqliteCatalogOptions {
  /// The file, "./lake/catalog.sqlite". On a local disk: SQLite's write-ahead log does not work over network file
  /// systems.
  std::string path;
  /// How long a call waits while other processes write before it fails with kTimeout.
  std::chrono::milliseconds busy_timeout{30'000};
  /// Make the file, and its folder, if they are not there; else that is kNotFound.
  bool create = true;
  /// Where the times of entries come from. Must outlive the catalog.
  Clock* clock = &Clock::System();
};

/// Open a catalog in one SQLite file, which any number of threads and processes may use at once.
///
/// Every change is one transaction, on the disk when the call returns; a process that is killed in a call leaves all of
/// the change or nothing. Next to the file stand "-wal" and "-shm" while it is open: they belong to it. A process that
/// forks opens its catalog after the fork.
///
/// \return kCorrupt: not a SQLite file, damaged, or of another program. kNotImplemented: made by a newer glaux.
///         kDenied: the file or its folder is not writable.
Result<std::shared_ptr<Catalog>> OpenSqliteCatalog(const SqliteCatalogOptions& options);

}  // namespace glaux
