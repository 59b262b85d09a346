#pragma once

#include <memory>
#include <string>

#include "glaux/table/hive/commit_log.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {

/// The place of one table: its files, its log, its name in the catalog.
struct HivePlace {
  HiveEnvironment environment;
  TableId id;
  std::string location;                ///< URI, ends with '/'
  std::shared_ptr<ObjectStore> store;  ///< of the location
  std::string prefix;                  ///< key of the location in the store, ends with '/'
  std::shared_ptr<CommitLog> log;

  static Result<HivePlace> Make(const HiveEnvironment& environment, TableId id, std::string location);
};

/// Do all that an open commit still has to do, up to closing it. Every step may have been done before.
/// \return partitions that were put
Result<int64_t> FinishCommit(const HivePlace& place, const CommitRecord& record, const arrow::StopToken& stop);

/// If a commit is open, finish it. \return the state after that
Result<CommitLog::State> FinishOpenCommit(const HivePlace& place, const arrow::StopToken& stop,
                                          int64_t* finished = nullptr);

/// Begin an append of a table that may not be in the catalog yet.
/// \param entry the catalog's entry, or the one to create
/// \param staged whether the commit creates the table
Result<std::unique_ptr<Append>> MakeHiveAppend(HivePlace place, const TableEntry& entry, bool staged,
                                               std::vector<PartitionField> spec, const EvolutionPlan& plan,
                                               const AppendOptions& options);

}  // namespace glaux
