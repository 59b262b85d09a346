#pragma once

#include "glaux/sync/sync.h"

namespace glaux {

/// The name under which a target keeps what a pipeline has read of a source.
std::string StreamName(const PipelineConfig& pipeline, const std::string& source);

/// The destination of a pipeline, with {pipeline}, {date} and {time} (UTC) in its address replaced.
DestinationConfig DestinationOf(const SyncConfig& config, const PipelineConfig& pipeline, Clock& clock);

/// Run one pipeline from beginning to end.
/// \param memory_limit bytes for all that it does
PipelineReport RunPipeline(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                           const SyncOptions& options, int64_t memory_limit);

}  // namespace glaux
