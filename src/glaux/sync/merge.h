#pragma once

#include <memory>
#include <string>
#include <vector>

#include "glaux/engine/query_engine.h"

namespace glaux {

/// Names that a merge gives to columns of its own.
inline constexpr char kSequenceColumn[] = "_glaux_sequence";
inline constexpr char kIncomingColumn[] = "_glaux_incoming";

struct MergeColumns {
  std::vector<std::string> all;          ///< of the result, in its order
  std::vector<std::string> in_target;    ///< those that the target's rows have
  std::vector<std::string> primary_key;  ///< in both
  std::string datetime_field = {};       ///< empty: the row that came last wins
  /// The result is sorted: the target's rows as they were, then the incoming ones as they came. `glaux_target` has
  /// kSequenceColumn too.
  bool in_order = false;
};

/// SQL over the relations `glaux_target` and `glaux_incoming` (which has kSequenceColumn): what the target's rows are
/// after an upsert. Of rows with one key the one with the greatest datetime_field stays; among equals an incoming row,
/// and of those the last. kIncomingColumn says whether a row came in.
std::string UpsertSql(const MergeColumns& columns);

/// The same for insert_new: the incoming rows whose key the target does not have, one a key; before them the target's
/// own rows, if they are wanted.
std::string InsertNewSql(const MergeColumns& columns, bool with_target);

}  // namespace glaux
