#include <algorithm>

#include "glaux/catalog/entry_json.h"
#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {
namespace {

using Expect = PartitionChange::Expect;
using Values = std::vector<std::string>;

Result<PartitionEntry> EntryOf(boost::json::object input) {
  ARROW_RETURN_NOT_OK(wire::CheckPartitionInput(input));
  return PartitionFromJson(input);
}

/// An update of the partition with `before`, which may give it other values.
PartitionChange UpdateOf(const Values& before, PartitionEntry entry) {
  if (entry.values.empty()) entry.values = before;
  if (entry.values == before) {
    return {.put = {std::move(entry)}, .replace_existing = true, .drop = {}, .expect = Expect::kThere};
  }
  return {.put = {std::move(entry)}, .replace_existing = false, .drop = {before}, .expect = Expect::kMoves};
}

/// Whether an error is about one of many partitions, and not about the table or the catalog.
bool IsOfOne(const Status& status) {
  const auto kind = KindOf(status);
  return kind == ErrorKind::kAlreadyExists || kind == ErrorKind::kNotFound || kind == ErrorKind::kInvalid;
}

/// Apply changes of one kind, in one step where all of them can be, else one by one. \return what became of each
Result<std::vector<Status>> ApplyEach(Call& call, const TableId& table, std::vector<PartitionChange> changes) {
  std::vector<Status> done(changes.size());
  if (changes.empty()) return done;
  const auto& first = changes.front();
  const bool alike = std::all_of(changes.begin(), changes.end(), [&](const PartitionChange& change) {
    return change.expect == first.expect && change.expect != Expect::kMoves;
  });
  if (alike) {
    PartitionChange all{.replace_existing = first.replace_existing, .expect = first.expect};
    for (const auto& change : changes) {
      all.put.insert(all.put.end(), change.put.begin(), change.put.end());
      all.drop.insert(all.drop.end(), change.drop.begin(), change.drop.end());
    }
    const Status status = call.catalog.ApplyPartitions(table, all);
    if (status.ok()) return done;
    if (!IsOfOne(status)) return status;
  }
  ARROW_RETURN_NOT_OK(call.catalog.GetTable(table));
  for (size_t i = 0; i < changes.size(); ++i) {
    done[i] = call.catalog.ApplyPartitions(table, changes[i]);
    if (!done[i].ok() && !IsOfOne(done[i])) return done[i];
  }
  return done;
}

}  // namespace

Result<wire::Empty> Run(Call& call, wire::CreatePartitionRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(std::move(request.PartitionInput)));
  ARROW_RETURN_NOT_OK(call.catalog.ApplyPartitions({request.DatabaseName, request.TableName},
                                                   {.put = {std::move(entry)}, .expect = Expect::kNew}));
  return wire::Empty{};
}

Result<wire::GetPartitionResponse> Run(Call& call, wire::GetPartitionRequest request) {
  const TableId table{request.DatabaseName, request.TableName};
  ARROW_ASSIGN_OR_RAISE(const auto found, call.catalog.FindPartitions(table, std::span(&request.PartitionValues, 1)));
  if (found.empty()) {
    std::string values;
    for (const auto& value : request.PartitionValues) values += (values.empty() ? "" : ", ") + value;
    return GlueError(ErrorKind::kNotFound, "EntityNotFoundException", "Partition [", values, "] of table ",
                     table.ToString(), " not found.");
  }
  return wire::GetPartitionResponse{.Partition = ShownPartition(call, table, found.front())};
}

Result<wire::GetPartitionsResponse> Run(Call& call, wire::GetPartitionsRequest request) {
  ARROW_RETURN_NOT_OK(RefuseIfSet("TransactionId", request.TransactionId));
  ARROW_RETURN_NOT_OK(RefuseIfSet("QueryAsOfTime", request.QueryAsOfTime));
  PartitionQuery query{.expression = request.Expression.value_or(""),
                       .exclude_column_schema = request.ExcludeColumnSchema.value_or(false)};
  ARROW_ASSIGN_OR_RAISE(query.page, PageOf(request.MaxResults, request.NextToken, 1000));
  if (query.expression.size() > 2048) {
    return Constraint("Expression", query.expression.substr(0, 40) + "…",
                      "Member must have length less than or equal to 2048");
  }
  if (const auto& segment = request.Segment) {
    if (segment->TotalSegments < 1 || segment->TotalSegments > 10) {
      return Constraint("Segment.TotalSegments", std::to_string(segment->TotalSegments),
                        "Member must have value between 1 and 10");
    }
    if (segment->SegmentNumber < 0 || segment->SegmentNumber >= segment->TotalSegments) {
      return InvalidInput("Segment.SegmentNumber is ", segment->SegmentNumber, " of ", segment->TotalSegments,
                          ": expected 0 to ", segment->TotalSegments - 1);
    }
    query.segment =
        Segment{.number = static_cast<int>(segment->SegmentNumber), .total = static_cast<int>(segment->TotalSegments)};
  }
  const TableId table{request.DatabaseName, request.TableName};
  ARROW_ASSIGN_OR_RAISE(auto partitions, call.catalog.GetPartitions(table, query));
  wire::GetPartitionsResponse answer;
  auto& list = answer.Partitions.emplace();
  list.reserve(partitions.entries.size());
  for (const auto& partition : partitions.entries) list.push_back(ShownPartition(call, table, partition));
  answer.NextToken = TokenOf(std::move(partitions.next_token));
  return answer;
}

Result<wire::BatchGetPartitionResponse> Run(Call& call, wire::BatchGetPartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckCount("PartitionsToGet", request.PartitionsToGet.size(), 0, wire::kMostGot));
  std::vector<Values> values;
  for (auto& one : request.PartitionsToGet) values.push_back(std::move(one.Values));
  const TableId table{request.DatabaseName, request.TableName};
  ARROW_ASSIGN_OR_RAISE(const auto found, call.catalog.FindPartitions(table, values));
  wire::BatchGetPartitionResponse answer;
  auto& list = answer.Partitions.emplace();
  for (const auto& partition : found) list.push_back(ShownPartition(call, table, partition));
  answer.UnprocessedKeys.emplace();
  return answer;
}

Result<wire::PartitionErrorsResponse> Run(Call& call, wire::BatchCreatePartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckCount("PartitionInputList", request.PartitionInputList.size(), 0, wire::kMostCreated));
  std::vector<PartitionChange> changes;
  for (auto& input : request.PartitionInputList) {
    ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(std::move(input)));
    changes.push_back({.put = {std::move(entry)}, .expect = Expect::kNew});
  }
  ARROW_ASSIGN_OR_RAISE(const auto done, ApplyEach(call, {request.DatabaseName, request.TableName}, changes));
  wire::PartitionErrorsResponse answer;
  auto& errors = answer.Errors.emplace();
  for (size_t i = 0; i < done.size(); ++i) {
    if (done[i].ok()) continue;
    errors.push_back({.PartitionValues = changes[i].put[0].values, .ErrorDetail = DetailOf(call, done[i])});
  }
  return answer;
}

Result<wire::BatchUpdatePartitionResponse> Run(Call& call, wire::BatchUpdatePartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckCount("Entries", request.Entries.size(), 1, wire::kMostUpdated));
  std::vector<PartitionChange> changes;
  for (auto& one : request.Entries) {
    ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(std::move(one.PartitionInput)));
    changes.push_back(UpdateOf(one.PartitionValueList, std::move(entry)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto done,
                        ApplyEach(call, {request.DatabaseName, request.TableName}, std::move(changes)));
  wire::BatchUpdatePartitionResponse answer;
  auto& errors = answer.Errors.emplace();
  for (size_t i = 0; i < done.size(); ++i) {
    if (done[i].ok()) continue;
    errors.push_back(
        {.PartitionValueList = request.Entries[i].PartitionValueList, .ErrorDetail = DetailOf(call, done[i])});
  }
  return answer;
}

Result<wire::Empty> Run(Call& call, wire::UpdatePartitionRequest request) {
  ARROW_ASSIGN_OR_RAISE(auto entry, EntryOf(std::move(request.PartitionInput)));
  ARROW_RETURN_NOT_OK(call.catalog.ApplyPartitions({request.DatabaseName, request.TableName},
                                                   UpdateOf(request.PartitionValueList, std::move(entry))));
  return wire::Empty{};
}

Result<wire::Empty> Run(Call& call, wire::DeletePartitionRequest request) {
  ARROW_RETURN_NOT_OK(call.catalog.ApplyPartitions({request.DatabaseName, request.TableName},
                                                   {.drop = {request.PartitionValues}, .expect = Expect::kThere}));
  return wire::Empty{};
}

Result<wire::PartitionErrorsResponse> Run(Call& call, wire::BatchDeletePartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckCount("PartitionsToDelete", request.PartitionsToDelete.size(), 0, wire::kMostDeleted));
  std::vector<PartitionChange> changes;
  for (const auto& one : request.PartitionsToDelete) {
    changes.push_back({.drop = {one.Values}, .expect = Expect::kThere});
  }
  ARROW_ASSIGN_OR_RAISE(const auto done,
                        ApplyEach(call, {request.DatabaseName, request.TableName}, std::move(changes)));
  wire::PartitionErrorsResponse answer;
  auto& errors = answer.Errors.emplace();
  for (size_t i = 0; i < done.size(); ++i) {
    if (done[i].ok()) continue;
    errors.push_back({.PartitionValues = request.PartitionsToDelete[i].Values, .ErrorDetail = DetailOf(call, done[i])});
  }
  return answer;
}

}  // namespace glaux::serve::glue
