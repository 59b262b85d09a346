#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glaux/sync/source_run.h"
#include "glaux/sync/sync.h"

namespace glaux {

/// Between which parts a run stands while it is planned. They outlive it.
struct PipelineParts {
  const PipelineConfig& pipeline;
  const DestinationConfig& destination;
  Target& target;
  /// Inferred.
  const std::vector<std::unique_ptr<SourceRun>>& sources;

  /// What the pipeline says about changes of columns, else the destination, else what its kind is given.
  SchemaContract contract() const;
  /// The target gets new columns with its new rows.
  bool makes_anew() const { return destination.mode == WriteMode::kReplace && !target.keeps_columns(); }
};

/// What a run is going to write, and what it changes to the target for it.
struct PipelinePlan {
  EvolutionPlan evolution;
  std::vector<std::string> untyped = {};       ///< columns without any value, so without a type
  std::vector<std::string> result_names = {};  ///< of the columns of a query, as the target has them
  std::vector<std::string> renamed = {};       ///< "Billing Period -> billing_period"
};

/// The plan for rows that go from the sources as they are. Compares the data with the target under the contract: what
/// that refuses is an error that names the first file at fault.
Result<PipelinePlan> PlanRows(const PipelineParts& parts);

/// The plan for rows that a query gives, with these columns.
Result<PipelinePlan> PlanQueryRows(const PipelineParts& parts, const arrow::Schema& result);

/// The target's list of columns that had no value yet, if it changes: new ones in, those that got a type out.
std::optional<std::string> UntypedColumns(const Table* table, const arrow::Schema& columns,
                                          const std::vector<std::string>& untyped);

}  // namespace glaux
