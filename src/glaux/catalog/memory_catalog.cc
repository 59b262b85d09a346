#include "glaux/catalog/memory_catalog.h"

#include "glaux/catalog/sqlite_catalog_internal.h"
#include "glaux/catalog/sqlite_file_internal.h"

namespace glaux {

std::shared_ptr<Catalog> MakeMemoryCatalog(Clock& clock) {
  // The same code as the file's, so that a test in memory tells the truth about the file. A database in memory belongs
  // to its connection, hence one.
  const auto busy_timeout = std::chrono::milliseconds(30'000);
  return sqlite::MakeCatalog(
             "memory", [=] { return sqlite::OpenCatalogFile(sqlite::kMemoryPath, busy_timeout, true); },
             /*max_connections=*/1, busy_timeout, clock)
      .ValueOrDie();
}

}  // namespace glaux
