#include <algorithm>

#include "glaux/catalog/entry_rules.h"
#include "glaux/serve/glue/call_internal.h"

namespace glaux::serve::glue {
namespace {

using Values = std::vector<std::string>;

constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
    {"BOOLEAN", "BooleanColumnStatisticsData"}, {"DATE", "DateColumnStatisticsData"},
    {"DECIMAL", "DecimalColumnStatisticsData"}, {"DOUBLE", "DoubleColumnStatisticsData"},
    {"LONG", "LongColumnStatisticsData"},       {"STRING", "StringColumnStatisticsData"},
    {"BINARY", "BinaryColumnStatisticsData"}};

/// StatisticsData has a Type, and the data of this type.
Status CheckData(const wire::ColumnStatistics& statistics) {
  const auto* type = statistics.StatisticsData.if_contains("Type");
  for (const auto& [kind, member] : kKinds) {
    if (type == nullptr || !type->is_string() || std::string_view(type->get_string()) != kind) continue;
    const auto* data = statistics.StatisticsData.if_contains(member);
    if (data != nullptr && data->is_object()) return Status::OK();
    return InvalidInput("StatisticsData of column ", statistics.ColumnName, " has the Type ", kind, " and no ", member);
  }
  return InvalidInput("StatisticsData of column ", statistics.ColumnName,
                      ": expected a Type of BOOLEAN, DATE, DECIMAL, DOUBLE, LONG, STRING, BINARY");
}

Result<wire::GetColumnStatisticsResponse> Get(Call& call, const TableId& table, const Values& partition,
                                              const Values& columns) {
  ARROW_RETURN_NOT_OK(CheckCount("ColumnNames", columns.size(), 0, wire::kMostColumnsGot));
  ARROW_ASSIGN_OR_RAISE(auto found, call.catalog.GetStatistics(table, partition, columns));
  wire::GetColumnStatisticsResponse answer;
  auto& list = answer.ColumnStatisticsList.emplace();
  auto& errors = answer.Errors.emplace();
  for (const auto& name : columns) {
    ARROW_ASSIGN_OR_RAISE(const auto column, CheckName("column", name));
    const auto at =
        std::find_if(found.begin(), found.end(), [&](const ColumnStatistics& one) { return one.column == column; });
    if (at == found.end()) {
      errors.push_back({.ColumnName = name,
                        .Error = wire::ErrorDetail{.ErrorCode = "EntityNotFoundException",
                                                   .ErrorMessage = "there are no statistics of column " + name}});
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(auto data, glaux::wire::ParseJsonBody(at->data));
    list.push_back({.ColumnName = at->column,
                    .ColumnType = at->type,
                    .AnalyzedTime = at->analyzed_time,
                    .StatisticsData = std::move(data.as_object())});
  }
  return answer;
}

Result<wire::UpdateColumnStatisticsResponse> Update(Call& call, const TableId& table, const Values& partition,
                                                    std::vector<wire::ColumnStatistics> given) {
  ARROW_RETURN_NOT_OK(CheckCount("ColumnStatisticsList", given.size(), 0, wire::kMostColumnsUpdated));
  ARROW_RETURN_NOT_OK(call.catalog.GetStatistics(table, partition, {}));  // the table and the partition are there
  wire::UpdateColumnStatisticsResponse answer;
  auto& errors = answer.Errors.emplace();
  for (auto& one : given) {
    Status status = CheckData(one);
    if (status.ok()) {
      status = call.catalog.ApplyStatistics(table, partition,
                                            {.put = {{.column = one.ColumnName,
                                                      .type = one.ColumnType,
                                                      .data = boost::json::serialize(one.StatisticsData),
                                                      .analyzed_time = one.AnalyzedTime}}});
    }
    if (!status.ok()) errors.push_back({.ColumnStatistics = std::move(one), .Error = DetailOf(call, status)});
  }
  return answer;
}

Result<wire::Empty> Delete(Call& call, const TableId& table, const Values& partition, const std::string& column) {
  ARROW_ASSIGN_OR_RAISE(const auto found, call.catalog.GetStatistics(table, partition, std::span(&column, 1)));
  // Trino deletes those of every column that it does not know, and takes an error for a table that is gone.
  if (!found.empty()) ARROW_RETURN_NOT_OK(call.catalog.ApplyStatistics(table, partition, {.drop = {column}}));
  return wire::Empty{};
}

/// The values of a partition; none would mean the table.
Status CheckValues(const Values& values) {
  return values.empty() ? InvalidInput("PartitionValues is empty") : Status::OK();
}

}  // namespace

Result<wire::GetColumnStatisticsResponse> Run(Call& call, wire::GetColumnStatisticsForTableRequest request) {
  return Get(call, {request.DatabaseName, request.TableName}, {}, request.ColumnNames);
}

Result<wire::GetColumnStatisticsResponse> Run(Call& call, wire::GetColumnStatisticsForPartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckValues(request.PartitionValues));
  return Get(call, {request.DatabaseName, request.TableName}, request.PartitionValues, request.ColumnNames);
}

Result<wire::UpdateColumnStatisticsResponse> Run(Call& call, wire::UpdateColumnStatisticsForTableRequest request) {
  return Update(call, {request.DatabaseName, request.TableName}, {}, std::move(request.ColumnStatisticsList));
}

Result<wire::UpdateColumnStatisticsResponse> Run(Call& call, wire::UpdateColumnStatisticsForPartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckValues(request.PartitionValues));
  return Update(call, {request.DatabaseName, request.TableName}, request.PartitionValues,
                std::move(request.ColumnStatisticsList));
}

Result<wire::Empty> Run(Call& call, wire::DeleteColumnStatisticsForTableRequest request) {
  return Delete(call, {request.DatabaseName, request.TableName}, {}, request.ColumnName);
}

Result<wire::Empty> Run(Call& call, wire::DeleteColumnStatisticsForPartitionRequest request) {
  ARROW_RETURN_NOT_OK(CheckValues(request.PartitionValues));
  return Delete(call, {request.DatabaseName, request.TableName}, request.PartitionValues, request.ColumnName);
}

}  // namespace glaux::serve::glue
