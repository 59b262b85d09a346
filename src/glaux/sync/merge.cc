#include "glaux/sync/merge.h"

#include <arrow/api.h>

namespace glaux {
namespace {

constexpr char kIncoming[] = "glaux_incoming", kTarget[] = "glaux_target";

QueryRelation RelationOf(const char* name, const MergeSide& side) {
  return {.name = name, .schema = side.schema, .open = side.open, .rows = side.rows};
}

bool HasTime(const MergeSide& side) { return side.schema->GetFieldIndex(kMergeTime) >= 0; }

/// "k0, k1"
std::string Keys(const MergeSide& side) {
  std::string out;
  for (size_t i = 0; side.schema->GetFieldIndex(MergeKeyColumn(i)) >= 0; ++i) {
    out += (i > 0 ? ", " : "") + MergeKeyColumn(i);
  }
  return out;
}

/// Run a query whose columns are all bigint, and visit its rows.
Status ForEachRow(QueryEngine& engine, const QueryRequest& request, const arrow::StopToken& stop,
                  const std::function<Status(std::span<const int64_t* const> columns, int64_t row)>& visit) {
  ARROW_ASSIGN_OR_RAISE(const auto result, Query(engine, request));
  for (;;) {
    if (stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled; nothing was changed");
    ARROW_ASSIGN_OR_RAISE(const auto batch, result.reader->Next());
    if (batch == nullptr) return Status::OK();
    std::vector<const int64_t*> columns;
    for (const auto& column : batch->columns()) {
      columns.push_back(static_cast<const arrow::Int64Array&>(*column).raw_values());
    }
    for (int64_t row = 0; row < batch->num_rows(); ++row) ARROW_RETURN_NOT_OK(visit(columns, row));
  }
}

/// Columns: position in the target, position of the new row, whether the target's row stays.
std::string MeetingSql(WriteMode mode, const MergeSide& incoming) {
  const std::string keys = Keys(incoming);
  if (mode == WriteMode::kInsertNew) {
    return "SELECT target.p, incoming.p, 1::BIGINT FROM glaux_target AS target JOIN glaux_incoming AS incoming USING "
           "(" +
           keys + ")";
  }
  if (!HasTime(incoming)) {
    return "SELECT p, -1::BIGINT, 0::BIGINT FROM glaux_target SEMI JOIN glaux_incoming USING (" + keys + ")";
  }
  return "SELECT old, new, CASE WHEN later AND row_number() OVER (PARTITION BY new ORDER BY t DESC NULLS LAST, old "
         "DESC) "
         "= 1 THEN 1::BIGINT ELSE 0::BIGINT END FROM (\n"
         "  SELECT target.p AS old, incoming.p AS new, target.t AS t,\n"
         "    coalesce(target.t > incoming.t, target.t IS NOT NULL) AS later\n"
         "  FROM glaux_target AS target JOIN glaux_incoming AS incoming USING (" +
         keys + ")\n)";
}

}  // namespace

std::string MergeKeyColumn(size_t key) { return "k" + std::to_string(key); }

Result<std::vector<bool>> LastOfEachKey(QueryEngine& engine, const MergeSide& incoming, size_t rows,
                                        const arrow::StopToken& stop) {
  const std::string time = HasTime(incoming) ? "t DESC NULLS LAST, " : "";
  QueryRequest request{.sql = "SELECT p FROM glaux_incoming QUALIFY row_number() OVER (PARTITION BY " + Keys(incoming) +
                              " ORDER BY " + time + "s DESC) = 1"};
  request.relations.push_back(RelationOf(kIncoming, incoming));
  std::vector<bool> taken(rows);
  ARROW_RETURN_NOT_OK(ForEachRow(engine, request, stop, [&](auto columns, int64_t row) -> Status {
    taken[static_cast<size_t>(columns[0][row])] = true;
    return Status::OK();
  }));
  return taken;
}

Status MeetTarget(QueryEngine& engine, WriteMode mode, const MergeSide& incoming, const MergeSide& target,
                  const arrow::StopToken& stop, const std::function<Status(const MergeMeeting&)>& meet) {
  QueryRequest request{.sql = MeetingSql(mode, incoming)};
  request.relations.push_back(RelationOf(kIncoming, incoming));
  request.relations.push_back(RelationOf(kTarget, target));
  return ForEachRow(engine, request, stop, [&](auto columns, int64_t row) {
    return meet({.target = columns[0][row], .incoming = columns[1][row], .target_stays = columns[2][row] != 0});
  });
}

}  // namespace glaux
