#include "glaux/engine/query_estimate.h"

#include <arrow/array/array_binary.h>
#include <arrow/table.h>

#include <boost/json.hpp>

#include <cmath>

namespace glaux {
namespace {

namespace json = boost::json;

const json::value* Inside(const json::value& value, std::initializer_list<std::string_view> path) {
  const json::value* at = &value;
  for (const auto name : path) {
    const auto* object = at->if_object();
    at = object == nullptr ? nullptr : object->if_contains(name);
    if (at == nullptr) return nullptr;
  }
  return at;
}

std::string Text(const json::value* value) {
  const auto* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

/// A number from 0; Trino writes "NaN" where it does not know.
std::optional<int64_t> Number(const json::value* value) {
  if (value == nullptr || !value->is_number()) return std::nullopt;
  boost::system::error_code error;
  const double number = value->to_number<double>(error);
  if (error || !std::isfinite(number) || number < 0 || number > 9e18) return std::nullopt;
  return static_cast<int64_t>(number);
}

}  // namespace

std::optional<int64_t> QueryEstimate::bytes() const {
  int64_t sum = 0;
  for (const auto& input : inputs) {
    if (!input.bytes) return std::nullopt;
    sum += *input.bytes;
  }
  return sum;
}

Result<QueryEstimate> ParseIoPlan(std::string_view text) {
  boost::system::error_code error;
  const auto plan = json::parse(text, error);
  const auto* inputs = error ? nullptr : Inside(plan, {"inputTableColumnInfos"});
  if (inputs == nullptr || !inputs->is_array()) {
    return MakeError(ErrorKind::kCorrupt, "EXPLAIN (TYPE IO) tells no tables: ",
                     error ? error.message() : "there is no list inputTableColumnInfos");
  }
  QueryEstimate estimate;
  for (const auto& one : inputs->get_array()) {
    QueryEstimate::Input input;
    input.table = Text(Inside(one, {"table", "schemaTable", "schema"})) + "." +
                  Text(Inside(one, {"table", "schemaTable", "table"}));
    input.bytes = Number(Inside(one, {"estimate", "outputSizeInBytes"}));
    input.files = Number(Inside(one, {"estimate", "files"}));
    input.partitions_total = Number(Inside(one, {"estimate", "partitionsTotal"})).value_or(0);
    input.partitions_scanned = Number(Inside(one, {"estimate", "partitionsScanned"})).value_or(0);
    estimate.inputs.push_back(std::move(input));
  }
  return estimate;
}

Result<QueryEstimate> EstimateQuery(QueryEngine& engine, const QueryRequest& request) {
  QueryRequest explain = request;
  explain.sql = "EXPLAIN (TYPE IO, FORMAT JSON) " + request.sql;
  ARROW_ASSIGN_OR_RAISE(const auto table, QueryTable(engine, explain));
  std::string text;
  if (table->num_columns() == 1) {
    for (const auto& chunk : table->column(0)->chunks()) {
      if (chunk->type_id() != arrow::Type::STRING) break;
      const auto& lines = static_cast<const arrow::StringArray&>(*chunk);
      for (int64_t i = 0; i < lines.length(); ++i) text.append(lines.GetView(i)).push_back('\n');
    }
  }
  return ParseIoPlan(text);
}

}  // namespace glaux
