#pragma once

#include <duckdb.hpp>

#include <memory>
#include <mutex>
#include <vector>

#include "glaux/engine/duckdb/arrow_rows_internal.h"
#include "glaux/engine/duckdb/relation_stream_internal.h"
#include "glaux/engine/query_engine.h"

namespace glaux::duckdb_engine {

/// The relations of one query and the scans of them that are under way. Thread-safe.
class QueryRelations {
 public:
  struct Relation {
    std::shared_ptr<const QueryRelation> source;
    std::shared_ptr<std::mutex> open_mutex;
    std::shared_ptr<const ArrowColumns> columns;
  };

  /// Show the relations to a connection as temporary views, which come before every table in the search for a plain
  /// name. The connection's QueryContext must hold this.
  Status ShowTo(duckdb::Connection& connection, const std::vector<QueryRelation>& relations);

  size_t size() const { return relations_.size(); }
  const Relation& relation(size_t index) const { return relations_.at(index); }
  std::shared_ptr<RelationStream> Begin(size_t index);

  /// End all scans and wake who waits for rows; later ones end at once. Does not wait for a reader.
  void Stop();
  /// Stop and wait until no reader is left.
  void Finish();

  /// A reader's error, which is why the query fails. The first one counts.
  void FailWith(const Status& error);
  Status failure() const;

 private:
  std::vector<Relation> relations_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<RelationStream>> streams_;
  bool stopped_ = false;
  Status failure_;
};

/// Check names, schemas and openers. kInvalid.
Status CheckRelations(const std::vector<QueryRelation>& relations);

/// Register the table function that the views read.
void RegisterRelationScan(duckdb::Connection& connection);

}  // namespace glaux::duckdb_engine
