#pragma once

#include <memory>
#include <vector>

#include "glaux/sync/source_run.h"
#include "glaux/sync/sync.h"

namespace glaux {

/// Whether rows of a run are put beside those that the target has.
bool Adds(WriteMode mode);

// What a pipeline must not do though each part of it may, seen before anything is inferred. kInvalid, with the place in
// the pipeline file where a key there is to be changed.

/// A range of rows (--since, --until) needs a datetime field, and a target that can take rows a second time.
Status CheckRange(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& destination,
                  const SyncOptions& options, const std::string& target_name);

/// Rows that are added are joined with what? With what is new of the other source, or with all of it: nobody can
/// guess.
Status CheckJoin(const SyncConfig& config, const PipelineConfig& pipeline, const DestinationConfig& destination);

/// A source that reads what this pipeline has written would have its rows come again and again.
Status CheckOwnFiles(const PipelineConfig& pipeline, const DestinationConfig& destination,
                     const std::vector<std::unique_ptr<SourceRun>>& sources);

/// Checkpoints need rows of files that are read once, and a target that adds.
Status CheckCheckpoints(const PipelineConfig& pipeline, const DestinationConfig& destination,
                        const std::vector<std::unique_ptr<SourceRun>>& sources);

}  // namespace glaux
