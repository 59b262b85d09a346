#include "glaux/engine/duckdb/explain_internal.h"

#include <duckdb/catalog/catalog_entry/table_catalog_entry.hpp>
#include <duckdb/common/arrow/arrow_converter.hpp>
#include <duckdb/parser/expression/cast_expression.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/expression/function_expression.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/planner/operator/logical_get.hpp>

#include <arrow/c/bridge.h>
#include <arrow/type.h>

#include <boost/json.hpp>

#include <map>

#include "glaux/engine/duckdb/athena_tree_internal.h"
#include "glaux/engine/duckdb/lake_file_list_internal.h"
#include "glaux/schema/types.h"
#include "glaux/sql/literal.h"

namespace glaux::duckdb_engine {
namespace {

namespace json = boost::json;

constexpr char kCatalog[] = "awsdatacatalog";

/// What a table's scans read; a table that is read twice is read twice.
void AddScans(const duckdb::LogicalOperator& plan, std::map<std::pair<std::string, std::string>, ScanTotals>* tables) {
  if (plan.type == duckdb::LogicalOperatorType::LOGICAL_GET) {
    const auto& get = plan.Cast<duckdb::LogicalGet>();
    const auto table = get.GetTable();
    const auto* files = FilesOf(get.bind_data.get());
    if (table && files != nullptr) {
      auto& totals = (*tables)[{table->ParentSchema().name, table->name}];
      const auto one = files->Totals();
      totals.bytes += one.bytes;
      totals.files += one.files;
      totals.partitions_total += one.partitions_total;
      totals.partitions_scanned += one.partitions_scanned;
    }
  }
  for (const auto& child : plan.children) AddScans(*child, tables);
}

/// A type as the parser leaves it is a name that nobody has looked up yet.
duckdb::LogicalType LookedUp(const duckdb::LogicalType& type) {
  auto name = duckdb::StringUtil::Replace(duckdb::StringUtil::Upper(type.ToString()), "\"", "");
  name.erase(0, name.rfind('.') + 1);
  for (const auto& known : {duckdb::LogicalType::DATE, duckdb::LogicalType::TIMESTAMP, duckdb::LogicalType::TIME}) {
    if (name == duckdb::LogicalType(known).ToString()) return known;
  }
  return type;
}

/// The value of an expression that is a literal; null for any other.
duckdb::unique_ptr<duckdb::Value> ValueOfLiteral(const duckdb::ParsedExpression& expression) {
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::CONSTANT) {
    return duckdb::make_uniq<duckdb::Value>(expression.Cast<duckdb::ConstantExpression>().value);
  }
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::CAST) {
    const auto& cast = expression.Cast<duckdb::CastExpression>();
    const auto value = ValueOfLiteral(*cast.child);
    return value ? duckdb::make_uniq<duckdb::Value>(value->DefaultCastAs(LookedUp(cast.cast_type))) : nullptr;
  }
  if (expression.GetExpressionClass() == duckdb::ExpressionClass::FUNCTION) {
    const auto& function = expression.Cast<duckdb::FunctionExpression>();
    if (function.children.size() != 1 || (function.function_name != "-" && function.function_name != "+")) {
      return nullptr;
    }
    const auto value = ValueOfLiteral(*function.children[0]);
    if (!value || function.function_name == "+") return value ? duckdb::make_uniq<duckdb::Value>(*value) : nullptr;
    return duckdb::make_uniq<duckdb::Value>(duckdb::Value("-" + value->ToString()).DefaultCastAs(value->type()));
  }
  return nullptr;
}

}  // namespace

Result<std::string> ExplainOutput(duckdb::Connection& connection, duckdb::unique_ptr<duckdb::SQLStatement> query) {
  const auto prepared = connection.Prepare(std::move(query));
  if (prepared->HasError()) prepared->error.Throw();
  auto properties = connection.context->GetClientProperties();
  ArrowSchema c_schema;
  duckdb::ArrowConverter::ToArrowSchema(&c_schema, prepared->GetTypes(), prepared->GetNames(), properties);
  ARROW_ASSIGN_OR_RAISE(auto schema, arrow::ImportSchema(&c_schema));
  ARROW_ASSIGN_OR_RAISE(schema, NamedByPlace(std::move(schema)));
  json::array outputs;
  std::string names;
  for (const auto& field : schema->fields()) {
    const auto type = ToAthenaType(*field->type());
    if (!type.ok()) return Prefix(type.status(), "column " + field->name());
    outputs.push_back({{"symbol", field->name()}, {"type", *type}});
    names += (names.empty() ? "" : ", ") + field->name();
  }
  return json::serialize(json::object{{"id", "0"},
                                      {"name", "Output"},
                                      {"descriptor", {{"columnNames", "[" + names + "]"}}},
                                      {"outputs", std::move(outputs)},
                                      {"details", json::array()},
                                      {"estimates", json::array()},
                                      {"children", json::array()}});
}

Result<std::string> ExplainIo(duckdb::Connection& connection, const std::string& query) {
  std::map<std::pair<std::string, std::string>, ScanTotals> tables;
  // The plan's tables live as long as their transaction.
  connection.BeginTransaction();
  {
    const auto plan = connection.ExtractPlan(query);
    AddScans(*plan, &tables);
  }
  connection.Rollback();
  json::array inputs;
  for (const auto& [name, totals] : tables) {
    inputs.push_back(
        {{"table", {{"catalog", kCatalog}, {"schemaTable", {{"schema", name.first}, {"table", name.second}}}}},
         {"constraint", {{"none", false}, {"columnConstraints", json::array()}}},
         {"estimate",
          {{"outputRowCount", "NaN"},
           {"outputSizeInBytes", static_cast<double>(totals.bytes)},
           {"files", totals.files},
           {"partitionsTotal", totals.partitions_total},
           {"partitionsScanned", totals.partitions_scanned}}}});
  }
  return json::serialize(json::object{{"inputTableColumnInfos", std::move(inputs)}});
}

duckdb::Value ValueOfParameter(const std::string& text) {
  if (!sql::IsLiteral(text)) return duckdb::Value(text);
  try {
    const auto expressions = duckdb::Parser::ParseExpressionList(text);
    if (expressions.size() == 1) {
      if (const auto value = ValueOfLiteral(*expressions[0])) return *value;
    }
  } catch (const std::exception&) {
    // No value of the type that it names: it is told where the statement uses it as a text.
  }
  return duckdb::Value(text);
}

}  // namespace glaux::duckdb_engine
