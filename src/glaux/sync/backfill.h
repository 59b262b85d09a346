#pragma once

#include <vector>

#include "glaux/sync/sync.h"

namespace glaux {

/// The ranges of a backfill in order, or the options as they are. kInvalid.
Result<std::vector<SyncOptions>> BackfillRanges(const SyncOptions& options);

/// Run a pipeline for each of the ranges, each with a commit of its own, in their order.
///
/// Steps read side by side where no step can read what another one writes. An error ends the steps behind it before
/// they commit. overwrite_partitions refuses to replace a partition that an earlier step has just written.
PipelineReport RunRanges(const SyncEnvironment& environment, const SyncConfig& config, const PipelineConfig& pipeline,
                         const std::vector<SyncOptions>& ranges, int64_t memory_limit);

/// Whether a pipeline may read what is written into a destination.
bool MayRead(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& written);

}  // namespace glaux
