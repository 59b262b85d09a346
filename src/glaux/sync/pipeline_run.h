#pragma once

#include <functional>
#include <string>
#include <vector>

#include "glaux/sync/sync.h"

namespace glaux {

/// The name under which a target keeps what a pipeline has read of a source.
std::string StreamName(const PipelineConfig& pipeline, const std::string& source);

/// The destination of a pipeline, with {pipeline}, {date} and {time} (UTC) in its address replaced.
DestinationConfig DestinationOf(const SyncConfig& config, const PipelineConfig& pipeline, Clock& clock);

/// What a run that is one step of several has to know.
struct BackfillStep {
  /// Called before each commit, with the partitions whose rows it replaces: waits, or says why it must not happen.
  std::function<Status(const std::vector<std::vector<std::string>>& replaces)> before_commit = {};
  /// Other steps commit while this one reads.
  bool side_by_side = false;
};

/// Run one pipeline from beginning to end.
/// \param memory_limit bytes for all that it does
PipelineReport RunPipeline(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                           const SyncOptions& options, int64_t memory_limit, const BackfillStep& step = {});

}  // namespace glaux
