#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <string>
#include <vector>

#include "glaux/sync/environment.h"

namespace glaux {

/// An object behind an address, or a folder of objects.
struct FoundObject {
  std::string uri;  ///< "s3://bucket/a/b.csv"; of a folder it ends in '/'
  /// The rest of the address behind the folder that was listed: "b.csv", "2026/b.csv", "2026/". Of an address that
  /// names one object: its name.
  std::string below;
  Location place = {};
  ObjectInfo info = {};
  bool is_folder = false;
};

struct FindObjectsOptions {
  /// Give all that is below folders. Else a folder is given as such, and of a pattern only the folders that match.
  bool recursive = false;
  /// Take names that begin with '.' or '_' too, and files that a commit has not finished or has replaced.
  bool all = false;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
};

struct FoundObjects {
  enum class Address { kObject, kFolder, kPattern } address = Address::kObject;
  std::vector<FoundObject> objects;  ///< by address, each once
  int64_t hidden = 0;                ///< passed over
  int64_t links = 0;                 ///< symbolic links and special files, passed over
};

/// Find what an address of objects means: "s3://bucket/key", "file:///folder/", or a pattern as glob.h has it.
///
/// Unlike FindSourceFiles this looks at no names for formats, into no archives, and keeps empty objects. An object and
/// a folder of one name are told apart by a '/' at the end; without it the object wins.
/// \return kNotFound where there is nothing; a pattern that nothing matches is no error
Result<FoundObjects> FindObjects(const SyncEnvironment& environment, const std::string& uri,
                                 const FindObjectsOptions& options);

}  // namespace glaux
