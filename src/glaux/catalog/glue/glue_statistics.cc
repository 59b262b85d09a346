#include "glaux/catalog/glue/glue_statistics_internal.h"

#include <algorithm>

#include "glaux/wire/glue_statistics.h"

namespace glaux::glue {
namespace {

namespace wg = wire::glue;
using Values = std::vector<std::string>;

/// The request for a table or for one of its partitions: they differ in PartitionValues alone.
template <typename ForTable, typename ForPartition, typename Fill>
auto Send(GlueConnection& connection, const TableId& table, const Values& partition, Fill&& fill) {
  if (partition.empty()) {
    ForTable request{.DatabaseName = table.database, .TableName = table.name};
    fill(request);
    return connection.Send(std::move(request), table.ToString());
  }
  ForPartition request{.DatabaseName = table.database, .TableName = table.name, .PartitionValues = partition};
  fill(request);
  return connection.Send(std::move(request), table.ToString());
}

Status Refused(std::string_view operation, const TableId& table, std::string_view column, const wg::ErrorDetail& why) {
  const std::string code = why.ErrorCode.value_or("");
  return MakeError({.kind = aws::KindOfServiceError(code, 400),
                    .service = "glue",
                    .operation = std::string(operation),
                    .code = code},
                   operation, " ", table.ToString(), ": column ", column, ": ", code, ": ",
                   why.ErrorMessage.value_or(""));
}

}  // namespace

Result<std::vector<ColumnStatistics>> GetStatistics(GlueConnection& connection, const TableId& table,
                                                    const Values& partition, std::span<const std::string> columns) {
  std::vector<ColumnStatistics> found;
  // Also without a column: whether the table is there is part of the answer.
  for (size_t at = 0; at == 0 || at < columns.size(); at += wg::kMostColumnsGot) {
    const auto batch = columns.subspan(at, std::min(columns.size() - at, wg::kMostColumnsGot));
    ARROW_ASSIGN_OR_RAISE(auto answer,
                          (Send<wg::GetColumnStatisticsForTableRequest, wg::GetColumnStatisticsForPartitionRequest>(
                              connection, table, partition,
                              [&](auto& request) { request.ColumnNames.assign(batch.begin(), batch.end()); })));
    for (const auto& error : answer.Errors.value_or(std::vector<wg::ColumnError>())) {
      const auto why = error.Error.value_or(wg::ErrorDetail());
      if (why.ErrorCode == "EntityNotFoundException") continue;
      return Refused("GetColumnStatistics", table, error.ColumnName.value_or(""), why);
    }
    const auto list = answer.ColumnStatisticsList.value_or(std::vector<wg::ColumnStatistics>());
    for (const auto& name : batch) {
      const auto one =
          std::find_if(list.begin(), list.end(), [&](const auto& known) { return known.ColumnName == name; });
      if (one == list.end()) continue;
      found.push_back({.column = one->ColumnName,
                       .type = one->ColumnType,
                       .data = boost::json::serialize(one->StatisticsData),
                       .analyzed_time = one->AnalyzedTime});
    }
  }
  return found;
}

Status ApplyStatistics(GlueConnection& connection, const TableId& table, const Values& partition,
                       const StatisticsChange& change) {
  for (const auto& column : change.drop) {
    const auto done = Send<wg::DeleteColumnStatisticsForTableRequest, wg::DeleteColumnStatisticsForPartitionRequest>(
        connection, table, partition, [&](auto& request) { request.ColumnName = column; });
    if (!done.ok() && KindOf(done.status()) != ErrorKind::kNotFound) return done.status();
  }
  for (size_t at = 0; at < change.put.size(); at += wg::kMostColumnsUpdated) {
    std::vector<wg::ColumnStatistics> batch;
    for (size_t i = at; i < std::min(change.put.size(), at + wg::kMostColumnsUpdated); ++i) {
      const auto& one = change.put[i];
      ARROW_ASSIGN_OR_RAISE(auto data, wire::ParseJsonBody(one.data));
      if (!data.is_object()) return MakeError(ErrorKind::kInvalid, "statistics of column ", one.column, ": no object");
      batch.push_back({.ColumnName = one.column,
                       .ColumnType = one.type,
                       .AnalyzedTime = one.analyzed_time,
                       .StatisticsData = std::move(data.as_object())});
    }
    ARROW_ASSIGN_OR_RAISE(
        const auto answer,
        (Send<wg::UpdateColumnStatisticsForTableRequest, wg::UpdateColumnStatisticsForPartitionRequest>(
            connection, table, partition, [&](auto& request) { request.ColumnStatisticsList = batch; })));
    for (const auto& error : answer.Errors.value_or(std::vector<wg::ColumnStatisticsError>())) {
      const auto column = error.ColumnStatistics.value_or(wg::ColumnStatistics()).ColumnName;
      return Refused("UpdateColumnStatistics", table, column, error.Error.value_or(wg::ErrorDetail()));
    }
  }
  return Status::OK();
}

}  // namespace glaux::glue
