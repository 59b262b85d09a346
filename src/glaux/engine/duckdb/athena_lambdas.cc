#include "glaux/engine/duckdb/athena_lambdas_internal.h"

#include <duckdb/parser/expression/columnref_expression.hpp>
#include <duckdb/parser/expression/constant_expression.hpp>
#include <duckdb/parser/expression/lambda_expression.hpp>
#include <duckdb/parser/parsed_expression_iterator.hpp>
#include <duckdb/parser/parser.hpp>

#include <algorithm>

namespace glaux::duckdb_engine {
namespace {

using duckdb::ExpressionClass;
using ExpressionPtr = duckdb::unique_ptr<duckdb::ParsedExpression>;
using Given = std::vector<std::pair<std::string, const duckdb::ParsedExpression*>>;

/// Names of a lambda's parameters; none where it is something else (JSON's arrow).
std::vector<std::string> ParametersOf(const duckdb::LambdaExpression& lambda) {
  std::string problem;
  std::vector<std::string> names;
  for (const auto& one : lambda.ExtractColumnRefExpressions(problem)) {
    names.push_back(duckdb::StringUtil::Lower(one.get().Cast<duckdb::ColumnRefExpression>().GetColumnName()));
  }
  return problem.empty() ? names : std::vector<std::string>();
}

/// `glaux_n` is the n-th argument as it is, `glaux_n(a, b)` the body of the n-th, a lambda, with a and b for its
/// parameters. @ begins a name of this call's own.
struct Written {
  const char* name;
  size_t arguments;
  const char* text;
};
constexpr Written kWritten[] = {
    {"map_filter", 2,
     "map_from_entries(list_filter(map_entries(glaux_1), lambda @e: glaux_2(struct_extract(@e, 'key'), "
     "struct_extract(@e, 'value'))))"},
    {"transform_keys", 2,
     "map_from_entries(list_transform(map_entries(glaux_1), lambda @e: struct_pack(k := "
     "glaux_2(struct_extract(@e, 'key'), struct_extract(@e, 'value')), v := struct_extract(@e, 'value'))))"},
    {"transform_values", 2,
     "map_from_entries(list_transform(map_entries(glaux_1), lambda @e: struct_pack(k := struct_extract(@e, 'key'), "
     "v := glaux_2(struct_extract(@e, 'key'), struct_extract(@e, 'value')))))"},
    {"map_zip_with", 3,
     "map_from_entries(list_transform(list_concat(map_keys(glaux_1), list_filter(map_keys(glaux_2), "
     "lambda @n: NOT list_contains(map_keys(glaux_1), @n))), lambda @k: "
     "struct_pack(k := @k, v := glaux_3(@k, map_extract_value(glaux_1, @k), map_extract_value(glaux_2, @k)))))"},
    {"zip_with", 3,
     "list_transform(list_zip(glaux_1, glaux_2), lambda @e: glaux_3(struct_extract_at(@e, 1), "
     "struct_extract_at(@e, 2)))"},
    // The state may be of another type than the elements: both go through the list as one.
    {"reduce", 4,
     "list_transform([struct_extract(list_reduce(list_transform(glaux_1, lambda @x: struct_pack(s := CASE WHEN false "
     "THEN glaux_3(glaux_2, @x) ELSE glaux_2 END, x := @x)), lambda @s, @e: struct_pack(s := "
     "glaux_3(struct_extract(@s, 's'), struct_extract(@e, 'x')), x := struct_extract(@e, 'x')), "
     "struct_pack(s := glaux_2, x := NULL)), 's')], lambda @r: glaux_4(@r))[1]"},
};

std::string WithNames(std::string_view text, const std::string& names) {
  std::string out;
  for (const char c : text) c == '@' ? out.append(names) : out.append(1, c);
  return out;
}

/// An expression in the place of another, which may have been an argument with a name (`a := x`).
void Replace(ExpressionPtr* old, ExpressionPtr by) {
  by->SetAlias((*old)->GetAlias());
  *old = std::move(by);
}

/// Put the arguments of a call into the text that is written for it. \return false: a lambda does not fit
bool Fill(const duckdb::FunctionExpression& call, ExpressionPtr* expression) {
  bool good = true;
  duckdb::ParsedExpressionIterator::EnumerateChildren(**expression,
                                                      [&](ExpressionPtr& child) { good = Fill(call, &child) && good; });
  const auto argument = [&](const std::string& name) -> const duckdb::ParsedExpression* {
    if (!name.starts_with("glaux_") || name.size() != 7 || name[6] < '1' || name[6] > '4') return nullptr;
    return call.children[static_cast<size_t>(name[6] - '1')].get();
  };
  if ((*expression)->GetExpressionClass() == ExpressionClass::COLUMN_REF) {
    const auto& column = (*expression)->Cast<duckdb::ColumnRefExpression>();
    const auto* given = column.IsQualified() ? nullptr : argument(column.GetColumnName());
    if (given != nullptr) Replace(expression, given->Copy());
    return good;
  }
  if ((*expression)->GetExpressionClass() != ExpressionClass::FUNCTION) return good;
  const auto& function = (*expression)->Cast<duckdb::FunctionExpression>();
  const auto* given = argument(function.function_name);
  if (given == nullptr) return good;
  if (given->GetExpressionClass() != ExpressionClass::LAMBDA) return false;
  const auto& lambda = given->Cast<duckdb::LambdaExpression>();
  const auto names = ParametersOf(lambda);
  if (names.size() != function.children.size()) return false;
  Given values;
  for (size_t i = 0; i < names.size(); ++i) values.emplace_back(names[i], function.children[i].get());
  auto body = lambda.expr->Copy();
  Substitute(values, &body);
  Replace(expression, std::move(body));
  return good;
}

}  // namespace

void Substitute(const Given& given, ExpressionPtr* expression) {
  if ((*expression)->GetExpressionClass() == ExpressionClass::LAMBDA) {
    auto& lambda = (*expression)->Cast<duckdb::LambdaExpression>();
    const auto hidden = ParametersOf(lambda);
    Given seen;
    std::copy_if(given.begin(), given.end(), std::back_inserter(seen),
                 [&](const auto& one) { return std::find(hidden.begin(), hidden.end(), one.first) == hidden.end(); });
    if (hidden.empty()) Substitute(seen, &lambda.lhs);
    Substitute(seen, &lambda.expr);
    return;
  }
  if ((*expression)->GetExpressionClass() != ExpressionClass::COLUMN_REF) {
    duckdb::ParsedExpressionIterator::EnumerateChildren(**expression,
                                                        [&](ExpressionPtr& child) { Substitute(given, &child); });
    return;
  }
  const auto& column = (*expression)->Cast<duckdb::ColumnRefExpression>();
  const auto found = std::find_if(given.begin(), given.end(), [&](const auto& one) {
    return duckdb::StringUtil::CIEquals(one.first, column.column_names[0]);
  });
  if (found == given.end()) return;
  auto value = found->second->Copy();
  for (size_t i = 1; i < column.column_names.size(); ++i) {  // a field of it
    duckdb::vector<ExpressionPtr> arguments;
    arguments.push_back(std::move(value));
    arguments.push_back(duckdb::make_uniq<duckdb::ConstantExpression>(duckdb::Value(column.column_names[i])));
    value = duckdb::make_uniq<duckdb::FunctionExpression>("struct_extract", std::move(arguments));
  }
  Replace(expression, std::move(value));
}

ExpressionPtr LambdaWriter::WriteOut(const duckdb::FunctionExpression& function) {
  for (const auto& written : kWritten) {
    if (function.function_name != written.name || function.children.size() != written.arguments) continue;
    const auto text = WithNames(written.text, "glaux" + std::to_string(++made_) + "_");
    auto expressions = duckdb::Parser::ParseExpressionList(text);
    return Fill(function, &expressions[0]) ? std::move(expressions[0]) : nullptr;
  }
  return nullptr;
}

}  // namespace glaux::duckdb_engine
