#pragma once

#include <arrow/util/cancel.h>

#include <cstdint>
#include <string>
#include <vector>

#include "address.h"
#include "glaux/base/progress.h"
#include "glaux/sync/object_finder.h"
#include "output_file.h"

namespace glaux::cli {

/// An object, and where its bytes are to be.
struct PlannedCopy {
  FoundObject from;
  std::string to;  ///< "s3://bucket/key" or "file:///path"; no pattern
};

/// Say where each object goes. Into a folder (an address that ends in '/') objects go under what their address says
/// below the folder that was listed; to a plain address exactly one object goes.
///
/// kInvalid where two objects would go to one place, where one would go onto itself or onto another that is to be
/// copied, and for names that would lead out of the folder. Nothing has been written then.
Result<std::vector<PlannedCopy>> PlanCopies(const std::vector<FoundObject>& objects, const Address& target,
                                            const SyncEnvironment& environment);

struct CopyOptions {
  /// Leave what is there, and count it as kept.
  bool no_clobber = false;
  /// Copies at once.
  int jobs = 32;
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
  Progress* progress = &Progress::None();
};

struct CopySummary {
  int64_t copied = 0;
  int64_t kept = 0;
  int64_t bytes = 0;
  int64_t server_side = 0;  ///< of the copied: their bytes did not move through this process
};

/// What the copies will take at S3: exactly, if nothing that is there is kept and nobody else writes.
Result<RequestCounts> RequestsToCopy(const std::vector<PlannedCopy>& copies, const SyncEnvironment& environment,
                                     const CopyOptions& options);

/// Copy objects, each whole or not at all. The first error ends it; what was copied before stays.
/// \param summary also of what was done before an error
Status CopyObjects(const std::vector<PlannedCopy>& copies, const SyncEnvironment& environment,
                   const CopyOptions& options, CopySummary* summary);

/// Make the folders above a local file that is to be written.
Status MakeFoldersAbove(const std::string& path);

/// OutputFile::Open for several threads at once.
Result<std::unique_ptr<OutputFile>> OpenOutputFile(const std::string& path);

}  // namespace glaux::cli
