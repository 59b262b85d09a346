#include "glaux/engine/duckdb/athena_tree_internal.h"

#include <duckdb/parser/expression/columnref_expression.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/expression/function_expression.hpp>
#include <duckdb/parser/expression/subquery_expression.hpp>
#include <duckdb/parser/expression/window_expression.hpp>
#include <duckdb/parser/parsed_expression_iterator.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/query_node/list.hpp>
#include <duckdb/parser/statement/explain_statement.hpp>
#include <duckdb/parser/statement/select_statement.hpp>
#include <duckdb/parser/tableref/list.hpp>

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "glaux/engine/duckdb/athena_lambdas_internal.h"
#include "glaux/engine/duckdb/lake_catalog_internal.h"
#include "glaux/engine/query_engine.h"

namespace glaux::duckdb_engine {
namespace {

using ExpressionPtr = duckdb::unique_ptr<duckdb::ParsedExpression>;
using RefPtr = duckdb::unique_ptr<duckdb::TableRef>;
using duckdb::ExpressionClass;

/// Operators and functions of another meaning, and the names under which the engine has Athena's.
constexpr std::pair<const char*, const char*> kMeanings[] = {
    {"/", "athena_divide"},          {"%", "athena_mod"},   {"mod", "athena_mod"},
    {"sum", "athena_sum"},           {"avg", "athena_avg"}, {"timezone", "athena_at_timezone"},
    {"count_if", "athena_count_if"},
};

/// Goes through a query, from the inside out.
class Walker {
 public:
  explicit Walker(bool names) : names_(names) {}

  void Visit(duckdb::QueryNode& node) {
    for (auto& [name, cte] : node.cte_map.map) {
      named_here_.insert(duckdb::StringUtil::Lower(name));
      if (cte->query) Visit(*cte->query->node);
    }
    switch (node.type) {
      case duckdb::QueryNodeType::SELECT_NODE:
        VisitSelect(node.Cast<duckdb::SelectNode>());
        break;
      case duckdb::QueryNodeType::SET_OPERATION_NODE:
        for (auto& child : node.Cast<duckdb::SetOperationNode>().children) Visit(*child);
        break;
      case duckdb::QueryNodeType::RECURSIVE_CTE_NODE:
        Visit(*node.Cast<duckdb::RecursiveCTENode>().left);
        Visit(*node.Cast<duckdb::RecursiveCTENode>().right);
        break;
      case duckdb::QueryNodeType::CTE_NODE:
        Visit(*node.Cast<duckdb::CTENode>().query);
        Visit(*node.Cast<duckdb::CTENode>().child);
        break;
      default:
        break;
    }
    duckdb::ParsedExpressionIterator::EnumerateQueryNodeModifiers(node, [this](ExpressionPtr& child) { Visit(child); });
  }

  /// Tables that are named without their database, after all was visited.
  bool has_plain_tables() const {
    return std::any_of(plain_tables_.begin(), plain_tables_.end(),
                       [&](const std::string& name) { return !named_here_.contains(name); });
  }

  void Visit(ExpressionPtr& expression) {
    if (!expression) return;
    duckdb::ParsedExpressionIterator::EnumerateChildren(*expression, [this](ExpressionPtr& child) { Visit(child); });
    if (expression->GetExpressionClass() == ExpressionClass::SUBQUERY) {
      Visit(*expression->Cast<duckdb::SubqueryExpression>().subquery->node);
    }
    if (expression->GetExpressionClass() == ExpressionClass::WINDOW) {
      Rename(&expression->Cast<duckdb::WindowExpression>().function_name);
    }
    if (expression->GetExpressionClass() != ExpressionClass::FUNCTION) return;
    auto& function = expression->Cast<duckdb::FunctionExpression>();
    if (Rename(&function.function_name)) {
      function.is_operator = false;
      return;
    }
    auto written_out = NullOfNull(function);
    if (!written_out) written_out = lambdas_.WriteOut(function);
    if (written_out) {
      written_out->SetAlias(expression->GetAlias());
      written_out->SetQueryLocation(expression->GetQueryLocation());
      expression = std::move(written_out);
    }
  }

  void Visit(RefPtr& ref) {
    if (!ref) return;
    switch (ref->type) {
      case duckdb::TableReferenceType::JOIN: {
        auto& join = ref->Cast<duckdb::JoinRef>();
        Visit(join.left);
        Visit(join.right);
        Visit(join.condition);
        break;
      }
      case duckdb::TableReferenceType::BASE_TABLE: {
        const auto& table = ref->Cast<duckdb::BaseTableRef>();
        if (duckdb::StringUtil::CIEquals(table.schema_name, "information_schema")) {
          if (auto shown = InformationSchema(table)) {
            ref = std::move(shown);
            break;
          }
        }
        if (table.schema_name.empty()) plain_tables_.push_back(duckdb::StringUtil::Lower(table.table_name));
        break;
      }
      case duckdb::TableReferenceType::SUBQUERY:
        Visit(*ref->Cast<duckdb::SubqueryRef>().subquery->node);
        break;
      case duckdb::TableReferenceType::EXPRESSION_LIST: {
        auto& list = ref->Cast<duckdb::ExpressionListRef>();
        for (auto& row : list.values) {
          for (auto& value : row) Visit(value);
        }
        const size_t width = list.values.empty() ? 0 : list.values[0].size();
        for (size_t i = list.expected_names.size(); names_ && i < width; ++i) {
          list.expected_names.push_back(kUnnamedColumn + std::to_string(i));  // no two of one name
        }
        break;
      }
      case duckdb::TableReferenceType::TABLE_FUNCTION: {
        auto& function = ref->Cast<duckdb::TableFunctionRef>();
        Visit(function.function);
        if (auto rows = RowsOfUnnest(function)) ref = std::move(rows);
        break;
      }
      default:
        break;
    }
  }

 private:
  static bool Rename(std::string* function) {
    for (const auto& [theirs, ours] : kMeanings) {
      if (*function != theirs) continue;
      *function = ours;
      return true;
    }
    return false;
  }

  /// Functions that are null where an argument is, and pass it over in DuckDB. Null: another function.
  static ExpressionPtr NullOfNull(duckdb::FunctionExpression& function) {
    const bool most = function.function_name == "greatest" || function.function_name == "least";
    if (!(most || function.function_name == "concat") || function.children.size() < 2) return nullptr;
    if (!most) {
      auto all = std::move(function.children[0]);
      for (size_t i = 1; i < function.children.size(); ++i) {
        duckdb::vector<ExpressionPtr> both;
        both.push_back(std::move(all));
        both.push_back(std::move(function.children[i]));
        all = duckdb::make_uniq<duckdb::FunctionExpression>("||", std::move(both), nullptr, nullptr, false, true);
      }
      return all;
    }
    std::string is_null, call;
    std::vector<std::pair<std::string, const duckdb::ParsedExpression*>> given;
    for (size_t i = 0; i < function.children.size(); ++i) {
      const std::string name = "glaux_" + std::to_string(i);
      is_null += (i > 0 ? " OR " : "") + name + " IS NULL";
      call += (i > 0 ? ", " : "") + name;
      given.emplace_back(name, function.children[i].get());
    }
    auto expressions = duckdb::Parser::ParseExpressionList("CASE WHEN " + is_null + " THEN NULL ELSE " +
                                                           function.function_name + "(" + call + ") END");
    Substitute(given, &expressions[0]);
    return std::move(expressions[0]);
  }

  void VisitSelect(duckdb::SelectNode& select) {
    Visit(select.from_table);
    for (auto& one : select.select_list) {
      Visit(one);
      const auto kind = one->GetExpressionClass();
      if (names_ && !one->HasAlias() && kind != ExpressionClass::COLUMN_REF && kind != ExpressionClass::STAR) {
        one->SetAlias(kUnnamedColumn);
      }
    }
    Visit(select.where_clause);
    for (auto& one : select.groups.group_expressions) Visit(one);
    Visit(select.having);
    Visit(select.qualify);
  }

  /// Tables of the information schema with Athena's columns and words, and nothing of DuckDB's own. Null: another
  /// table.
  static RefPtr InformationSchema(const duckdb::BaseTableRef& table) {
    static constexpr std::pair<const char*, const char*> kTables[] = {
        {"columns",
         "SELECT 'awsdatacatalog' AS table_catalog, table_schema, table_name, column_name, CAST(ordinal_position AS "
         "BIGINT) AS ordinal_position, column_default, is_nullable, athena_type_name(data_type) AS data_type FROM "
         "information_schema.columns WHERE table_catalog = "},
        {"tables",
         "SELECT 'awsdatacatalog' AS table_catalog, table_schema, table_name, table_type FROM "
         "information_schema.tables "
         "WHERE table_catalog = "},
        {"schemata",
         "SELECT 'awsdatacatalog' AS catalog_name, schema_name FROM information_schema.schemata WHERE schema_name NOT "
         "IN ('main', 'information_schema', 'pg_catalog') AND catalog_name = "}};
    for (const auto& [name, query] : kTables) {
      if (!duckdb::StringUtil::CIEquals(table.table_name, name)) continue;
      duckdb::Parser parser;
      parser.ParseQuery(query + ("'" + std::string(kCatalogName) + "'"));
      auto select =
          duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements[0]));
      auto shown = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(select), table.alias.empty() ? name : table.alias);
      shown->column_name_alias = table.column_name_alias;
      shown->query_location = table.query_location;
      return shown;
    }
    return nullptr;
  }

  /// UNNEST of several arrays, of a map or of rows, as a query beside what stands before it. Null: it is DuckDB's own.
  RefPtr RowsOfUnnest(duckdb::TableFunctionRef& ref) {
    if (ref.function->GetExpressionClass() != ExpressionClass::FUNCTION) return nullptr;
    auto& function = ref.function->Cast<duckdb::FunctionExpression>();
    const bool ordinality = ref.with_ordinality == duckdb::OrdinalityType::WITH_ORDINALITY;
    const size_t names = ref.column_name_alias.size() - (ordinality && !ref.column_name_alias.empty() ? 1 : 0);
    const size_t count = function.children.size();
    if (function.function_name != "unnest" || count == 0 || (count == 1 && names == 1)) return nullptr;
    std::string outer, inner, length;
    std::vector<std::pair<std::string, const duckdb::ParsedExpression*>> given;
    for (size_t i = 0; i < count; ++i) {
      const std::string n = std::to_string(i);
      outer += (i > 0 ? ", unnest(u" : "unnest(u") + n + ")";
      inner += (i > 0 ? ", unnest(athena_rows(glaux_" : "unnest(athena_rows(glaux_") + n + ")) AS u" + n;
      length += (i > 0 ? ", coalesce(cardinality(glaux_" : "coalesce(cardinality(glaux_") + n + "), 0)";
      given.emplace_back("glaux_" + n, function.children[i].get());
    }
    if (ordinality) {
      outer += ", ordinality";
      inner += ", unnest(range(1, CAST(greatest(" + length + ") AS BIGINT) + 1)) AS ordinality";
    }
    duckdb::Parser parser;
    parser.ParseQuery("SELECT " + outer + " FROM (SELECT " + inner + ") AS u");
    auto query =
        duckdb::unique_ptr_cast<duckdb::SQLStatement, duckdb::SelectStatement>(std::move(parser.statements[0]));
    auto& from = query->node->Cast<duckdb::SelectNode>().from_table->Cast<duckdb::SubqueryRef>();
    for (auto& one : from.subquery->node->Cast<duckdb::SelectNode>().select_list) Substitute(given, &one);
    auto rows = duckdb::make_uniq<duckdb::SubqueryRef>(std::move(query), ref.alias.empty() ? "unnest" : ref.alias);
    rows->column_name_alias = ref.column_name_alias;
    rows->query_location = ref.query_location;
    return rows;
  }

  const bool names_;  ///< whether columns without one get kUnnamedColumn
  LambdaWriter lambdas_;
  std::set<std::string> named_here_;  ///< by WITH
  std::vector<std::string> plain_tables_;
};

duckdb::QueryNode* NodeOf(duckdb::SQLStatement& statement) {
  if (statement.type == duckdb::StatementType::EXPLAIN_STATEMENT) {
    return NodeOf(*statement.Cast<duckdb::ExplainStatement>().stmt);
  }
  if (statement.type != duckdb::StatementType::SELECT_STATEMENT) return nullptr;
  return statement.Cast<duckdb::SelectStatement>().node.get();
}

}  // namespace

bool GiveAthenasMeaning(duckdb::SQLStatement& statement) {
  // A plan for people shows names as they are.
  Walker walker(statement.type != duckdb::StatementType::EXPLAIN_STATEMENT);
  if (auto* node = NodeOf(statement)) walker.Visit(*node);
  return walker.has_plain_tables();
}

Result<std::shared_ptr<arrow::Schema>> NamedByPlace(std::shared_ptr<arrow::Schema> schema) {
  for (int i = 0; i < schema->num_fields(); ++i) {
    if (!schema->field(i)->name().starts_with(kUnnamedColumn)) continue;
    const auto named = schema->field(i)
                           ->WithName("_col" + std::to_string(i))
                           ->WithMergedMetadata(arrow::key_value_metadata({kUnnamedKey}, {"true"}));
    ARROW_ASSIGN_OR_RAISE(schema, schema->SetField(i, named));
  }
  return schema;
}

}  // namespace glaux::duckdb_engine
