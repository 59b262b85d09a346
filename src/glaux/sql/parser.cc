#include "glaux/sql/parser_internal.h"

#include <charconv>
#include <set>

#include "glaux/schema/names.h"

namespace glaux::sql {
namespace {

constexpr std::string_view kWhatWrites =
    "statements that write are CREATE and DROP of databases, tables and views, ALTER TABLE, MSCK REPAIR TABLE, "
    "CREATE TABLE AS, INSERT INTO and UNLOAD";

bool IsName(const Token& token) {
  return token.kind == Token::Kind::kWord || token.kind == Token::Kind::kQuoted || token.kind == Token::Kind::kDouble;
}

}  // namespace

Token Parser::Next() {
  const Token token = Peek();
  at_ = token.end;
  return token;
}

bool Parser::NextIs(std::string_view word) const {
  const Token token = Peek();
  return token.kind == Token::Kind::kWord && IsWord(lexer_.Spelled(token), word);
}

bool Parser::NextIsSymbol(char symbol) const {
  const Token token = Peek();
  return token.kind == Token::Kind::kSymbol && lexer_.Spelled(token)[0] == symbol;
}

bool Parser::Accept(std::string_view word) {
  if (!NextIs(word)) return false;
  Next();
  return true;
}

bool Parser::Accept(std::string_view first, std::string_view second) {
  const size_t before = at_;
  if (Accept(first) && Accept(second)) return true;
  at_ = before;
  return false;
}

bool Parser::AcceptSymbol(char symbol) {
  if (!NextIsSymbol(symbol)) return false;
  Next();
  return true;
}

Status Parser::Expect(std::string_view word) { return Accept(word) ? Status::OK() : lexer_.Expected(Peek(), word); }

Status Parser::ExpectSymbol(char symbol, std::string_view expected) {
  return AcceptSymbol(symbol) ? Status::OK() : lexer_.Expected(Peek(), expected);
}

Status Parser::ExpectEnd() {
  while (AcceptSymbol(';')) {
  }
  if (Peek().kind == Token::Kind::kEnd) return Status::OK();
  return lexer_.Expected(Peek(), "the end of the statement");
}

Result<std::string> Parser::TakeName(std::string_view what) {
  const Token token = Peek();
  if (!IsName(token)) return lexer_.Expected(token, what);
  const std::string name = lexer_.Unquoted(token);
  if (token.kind == Token::Kind::kWord && IsReservedWord(name)) {
    return lexer_.Fail(token.begin, "expected " + std::string(what) + ", found the reserved word " + name,
                       "a name that is a reserved word stands in backticks: `" + name + "`");
  }
  if (name.empty()) return lexer_.Fail(token.begin, "expected " + std::string(what) + ", found an empty name");
  Next();
  return FoldName(name);
}

Result<std::string> Parser::TakeDatabase() {
  const size_t begin = Peek().begin;
  ARROW_ASSIGN_OR_RAISE(auto name, TakeName("the name of a database"));
  if (name == "awsdatacatalog" && AcceptSymbol('.')) {
    ARROW_ASSIGN_OR_RAISE(name, TakeName("the name of a database"));
  }
  auto checked = NormalizeTableName(name);
  return checked.ok() ? checked : lexer_.Fail(begin, checked.status().message());
}

Result<TableId> Parser::TakeTable() {
  const size_t begin = Peek().begin;
  std::vector<std::string> parts;
  do {
    ARROW_ASSIGN_OR_RAISE(auto part, TakeName("the name of a table"));
    parts.push_back(std::move(part));
  } while (AcceptSymbol('.'));
  if (parts.size() == 3 && parts[0] == "awsdatacatalog") parts.erase(parts.begin());
  if (parts.size() > 2) return lexer_.Fail(begin, "expected table or database.table, found more parts");
  TableId id{.database = "", .name = parts.back()};
  if (parts.size() == 2) id.database = parts.front();
  for (auto* part : {&id.database, &id.name}) {
    if (part->empty()) continue;
    auto checked = NormalizeTableName(*part);
    if (!checked.ok()) return lexer_.Fail(begin, checked.status().message());
    *part = *std::move(checked);
  }
  return id;
}

Result<std::string> Parser::TakeText(std::string_view what) {
  const Token token = Peek();
  if (token.kind != Token::Kind::kString && token.kind != Token::Kind::kDouble) return lexer_.Expected(token, what);
  Next();
  return lexer_.Unquoted(token);
}

Result<int> Parser::TakeNumber(std::string_view what) {
  const Token token = Peek();
  const std::string_view text = lexer_.Spelled(token);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (token.kind != Token::Kind::kWord || error != std::errc() || end != text.data() + text.size()) {
    return lexer_.Expected(token, what);
  }
  Next();
  return number;
}

Result<bool> Parser::TakeIfExists() {
  if (!Accept("IF")) return false;
  ARROW_RETURN_NOT_OK(Expect("EXISTS"));
  return true;
}

Result<bool> Parser::TakeIfNotExists() {
  if (!Accept("IF")) return false;
  ARROW_RETURN_NOT_OK(Expect("NOT"));
  ARROW_RETURN_NOT_OK(Expect("EXISTS"));
  return true;
}

Result<Parameters> Parser::TakeProperties() {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "( and properties, 'name' = 'value'"));
  Parameters properties;
  do {
    const size_t begin = Peek().begin;
    ARROW_ASSIGN_OR_RAISE(auto key, TakeText("the name of a property in quotes"));
    ARROW_RETURN_NOT_OK(ExpectSymbol('=', "= behind the property " + key));
    ARROW_ASSIGN_OR_RAISE(auto value, TakeText("the value of property " + key + " in quotes"));
    if (!properties.emplace(key, std::move(value)).second) {
      return lexer_.Fail(begin, "property " + key + " is there twice");
    }
  } while (AcceptSymbol(','));
  ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  return properties;
}

Result<std::vector<std::string>> Parser::TakeNames(std::string_view what) {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "("));
  std::vector<std::string> names;
  do {
    ARROW_ASSIGN_OR_RAISE(auto name, TakeName(what));
    names.push_back(std::move(name));
  } while (AcceptSymbol(','));
  ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  return names;
}

Status Parser::Unsupported(std::string_view name, std::string hint) const {
  if (hint.empty()) hint = kWhatWrites;
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = std::move(hint)}, name, " is not supported");
}

Result<Statement> Parser::CreateDatabaseRest() {
  CreateDatabase create;
  ARROW_ASSIGN_OR_RAISE(create.if_not_exists, TakeIfNotExists());
  ARROW_ASSIGN_OR_RAISE(create.name, TakeDatabase());
  if (Accept("COMMENT")) {
    ARROW_ASSIGN_OR_RAISE(create.comment, TakeText("the comment in quotes"));
  }
  if (Accept("LOCATION")) {
    ARROW_ASSIGN_OR_RAISE(create.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
  }
  if (Accept("WITH")) {
    ARROW_RETURN_NOT_OK(Expect("DBPROPERTIES"));
    ARROW_ASSIGN_OR_RAISE(create.properties, TakeProperties());
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return create;
}

Result<Statement> Parser::DropRest() {
  if (Accept("DATABASE") || Accept("SCHEMA")) {
    DropDatabase drop;
    ARROW_ASSIGN_OR_RAISE(drop.if_exists, TakeIfExists());
    ARROW_ASSIGN_OR_RAISE(drop.name, TakeDatabase());
    drop.cascade = Accept("CASCADE");
    if (!drop.cascade) Accept("RESTRICT");
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return drop;
  }
  DropTable drop;
  drop.view = Accept("VIEW");
  if (!drop.view && !Accept("TABLE")) {
    const Token token = Peek();
    if (token.kind != Token::Kind::kWord) return lexer_.Expected(token, "DATABASE, TABLE or VIEW");
    return Unsupported("DROP " + Upper(lexer_.Spelled(token)));
  }
  ARROW_ASSIGN_OR_RAISE(drop.if_exists, TakeIfExists());
  ARROW_ASSIGN_OR_RAISE(drop.table, TakeTable());
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return drop;
}

Result<std::string> Parser::TakeOptionalDatabase() {
  if (!Accept("IN") && !Accept("FROM")) return std::string();
  return TakeDatabase();
}

Result<std::optional<std::string>> Parser::TakePattern() {
  const bool like = Accept("LIKE");
  const auto kind = Peek().kind;
  if (!like && kind != Token::Kind::kString && kind != Token::Kind::kDouble) return std::nullopt;
  ARROW_ASSIGN_OR_RAISE(auto pattern, TakeText("a pattern in quotes"));
  return pattern;
}

Result<std::optional<Statement>> Parser::ShowRest() {
  Statement statement;
  if (Accept("DATABASES") || Accept("SCHEMAS")) {
    ShowDatabases show;
    ARROW_ASSIGN_OR_RAISE(show.pattern, TakePattern());
    statement = std::move(show);
  } else if (Accept("TABLES")) {
    ShowTables show;
    ARROW_ASSIGN_OR_RAISE(show.database, TakeOptionalDatabase());
    ARROW_ASSIGN_OR_RAISE(show.pattern, TakePattern());
    statement = std::move(show);
  } else if (Accept("VIEWS")) {
    ShowViews show;
    ARROW_ASSIGN_OR_RAISE(show.database, TakeOptionalDatabase());
    ARROW_ASSIGN_OR_RAISE(show.pattern, TakePattern());
    statement = std::move(show);
  } else if (Accept("COLUMNS")) {
    ShowColumns show;
    if (!Accept("IN") && !Accept("FROM")) return lexer_.Expected(Peek(), "IN and a table");
    ARROW_ASSIGN_OR_RAISE(show.table, TakeTable());
    if (Accept("IN") || Accept("FROM")) {
      ARROW_ASSIGN_OR_RAISE(show.table.database, TakeDatabase());
    }
    statement = std::move(show);
  } else if (Accept("PARTITIONS")) {
    ShowPartitions show;
    ARROW_ASSIGN_OR_RAISE(show.table, TakeTable());
    statement = std::move(show);
  } else if (Accept("CREATE")) {
    ShowCreateTable show;
    show.view = Accept("VIEW");
    if (!show.view) ARROW_RETURN_NOT_OK(Expect("TABLE"));
    ARROW_ASSIGN_OR_RAISE(show.table, TakeTable());
    statement = std::move(show);
  } else if (Accept("TBLPROPERTIES")) {
    ShowTableProperties show;
    ARROW_ASSIGN_OR_RAISE(show.table, TakeTable());
    if (AcceptSymbol('(')) {
      ARROW_ASSIGN_OR_RAISE(show.key, TakeText("the name of a property in quotes"));
      ARROW_RETURN_NOT_OK(ExpectSymbol(')', ")"));
    }
    statement = std::move(show);
  } else {
    return std::nullopt;
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return statement;
}

Result<std::optional<Statement>> Parser::DescribeRest() {
  DescribeTable describe;
  if (Accept("EXTENDED")) {
    describe.detail = DescribeTable::Detail::kExtended;
  } else if (Accept("FORMATTED")) {
    describe.detail = DescribeTable::Detail::kFormatted;
  } else {
    // DuckDB describes queries, files and what is in a catalog of its own.
    Parser ahead = *this;
    Token token = ahead.Next();
    size_t parts = 1;
    if (!IsName(token)) return std::nullopt;
    for (const std::string_view query : {"SELECT", "WITH", "FROM", "VALUES", "TABLE", "SHOW", "PIVOT", "UNPIVOT"}) {
      if (token.kind == Token::Kind::kWord && IsWord(lexer_.Spelled(token), query)) return std::nullopt;
    }
    const std::string first = FoldName(lexer_.Unquoted(token));
    while (ahead.AcceptSymbol('.')) {
      if (!IsName(ahead.Next())) break;
      ++parts;
    }
    const bool elsewhere = first == "information_schema" || first == "pg_catalog";
    if (elsewhere || (parts > 2 && first != "awsdatacatalog")) return std::nullopt;
  }
  ARROW_ASSIGN_OR_RAISE(describe.table, TakeTable());
  if (IsName(Peek())) {
    ARROW_ASSIGN_OR_RAISE(describe.column, TakeName("the name of a column"));
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return describe;
}

Result<Statement> Parser::AlterDatabaseRest() {
  SetDatabaseProperties set;
  ARROW_ASSIGN_OR_RAISE(set.name, TakeDatabase());
  ARROW_RETURN_NOT_OK(Expect("SET"));
  if (NextIs("LOCATION") || NextIs("OWNER")) {
    return Unsupported("ALTER DATABASE SET " + Upper(lexer_.Spelled(Peek())), "SET DBPROPERTIES is there");
  }
  ARROW_RETURN_NOT_OK(Expect("DBPROPERTIES"));
  ARROW_ASSIGN_OR_RAISE(set.properties, TakeProperties());
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return set;
}

Result<Statement> Parser::RepairRest() {
  ARROW_RETURN_NOT_OK(Expect("REPAIR"));
  ARROW_RETURN_NOT_OK(Expect("TABLE"));
  RepairTable repair;
  ARROW_ASSIGN_OR_RAISE(repair.table, TakeTable());
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return repair;
}

namespace {

Result<std::optional<Statement>> ParseCreate(std::string_view text) {
  Parser hive(text, Texts::kHive);
  hive.Next();
  if (hive.Accept("DATABASE") || hive.Accept("SCHEMA")) return hive.CreateDatabaseRest();
  if (hive.Accept("EXTERNAL")) {
    ARROW_RETURN_NOT_OK(hive.Expect("TABLE"));
    return hive.CreateExternalTableRest();
  }
  const Token token = hive.Peek();
  if (token.kind != Token::Kind::kWord) return hive.lexer().Expected(token, "DATABASE, EXTERNAL TABLE, TABLE or VIEW");
  Parser parser(text, Texts::kStandard);
  parser.Next();
  if (parser.Accept("TABLE")) return parser.CreateTableRest();
  if (parser.Accept("VIEW")) return parser.CreateViewRest(/*or_replace=*/false);
  if (parser.Accept("OR", "REPLACE")) {
    if (parser.Accept("VIEW")) return parser.CreateViewRest(/*or_replace=*/true);
    return parser.Unsupported("CREATE OR REPLACE of other than VIEW");
  }
  return parser.Unsupported("CREATE " + Upper(hive.lexer().Spelled(token)));
}

}  // namespace

Result<std::optional<Statement>> ParseStatement(std::string_view text) {
  Parser hive(text, Texts::kHive);
  const Token token = hive.Next();
  if (token.kind != Token::Kind::kWord) return std::nullopt;
  const std::string first = token.end - token.begin > 16 ? "" : Upper(hive.lexer().Spelled(token));
  Parser standard(text, Texts::kStandard);
  standard.Next();
  if (first == "CREATE") return ParseCreate(text);
  if (first == "DROP") return hive.DropRest();
  if (first == "MSCK") return hive.RepairRest();
  if (first == "SHOW") return hive.ShowRest();
  if (first == "DESCRIBE" || first == "DESC") return hive.DescribeRest();
  if (first == "UNLOAD") return standard.UnloadRest();
  if (first == "INSERT") return standard.InsertRest();
  if (first == "ALTER") {
    if (hive.Accept("TABLE")) return hive.AlterTableRest();
    if (hive.Accept("DATABASE") || hive.Accept("SCHEMA")) return hive.AlterDatabaseRest();
    const Token what = hive.Peek();
    if (what.kind != Token::Kind::kWord) return hive.lexer().Expected(what, "TABLE");
    return hive.Unsupported("ALTER " + Upper(hive.lexer().Spelled(what)));
  }
  for (const std::string_view name : {"UPDATE", "DELETE", "MERGE", "TRUNCATE", "OPTIMIZE"}) {
    if (first == name) return hive.Unsupported(name);
  }
  return std::nullopt;
}

bool ChangesLake(const Statement& statement) {
  return !(std::holds_alternative<ShowDatabases>(statement) || std::holds_alternative<ShowTables>(statement) ||
           std::holds_alternative<ShowViews>(statement) || std::holds_alternative<ShowColumns>(statement) ||
           std::holds_alternative<ShowPartitions>(statement) || std::holds_alternative<ShowCreateTable>(statement) ||
           std::holds_alternative<ShowTableProperties>(statement) || std::holds_alternative<DescribeTable>(statement));
}

std::string StatementName(const Statement& statement) {
  struct Name {
    std::string operator()(const CreateDatabase&) { return "CREATE DATABASE"; }
    std::string operator()(const DropDatabase&) { return "DROP DATABASE"; }
    std::string operator()(const SetDatabaseProperties&) { return "ALTER DATABASE"; }
    std::string operator()(const ShowDatabases&) { return "SHOW DATABASES"; }
    std::string operator()(const ShowTables&) { return "SHOW TABLES"; }
    std::string operator()(const ShowViews&) { return "SHOW VIEWS"; }
    std::string operator()(const ShowColumns&) { return "SHOW COLUMNS"; }
    std::string operator()(const ShowPartitions&) { return "SHOW PARTITIONS"; }
    std::string operator()(const ShowCreateTable& show) { return show.view ? "SHOW CREATE VIEW" : "SHOW CREATE TABLE"; }
    std::string operator()(const ShowTableProperties&) { return "SHOW TBLPROPERTIES"; }
    std::string operator()(const DescribeTable&) { return "DESCRIBE"; }
    std::string operator()(const CreateExternalTable&) { return "CREATE EXTERNAL TABLE"; }
    std::string operator()(const DropTable& drop) { return drop.view ? "DROP VIEW" : "DROP TABLE"; }
    std::string operator()(const RepairTable&) { return "MSCK REPAIR TABLE"; }
    std::string operator()(const CreateTableAs&) { return "CREATE TABLE AS"; }
    std::string operator()(const CreateView&) { return "CREATE VIEW"; }
    std::string operator()(const InsertInto&) { return "INSERT INTO"; }
    std::string operator()(const Unload&) { return "UNLOAD"; }
    std::string operator()(const AddColumns&) { return "ALTER TABLE"; }
    std::string operator()(const ReplaceColumns&) { return "ALTER TABLE"; }
    std::string operator()(const AddPartitions&) { return "ALTER TABLE"; }
    std::string operator()(const DropPartitions&) { return "ALTER TABLE"; }
    std::string operator()(const SetPartitionLocation&) { return "ALTER TABLE"; }
    std::string operator()(const SetTableLocation&) { return "ALTER TABLE"; }
    std::string operator()(const SetTableProperties&) { return "ALTER TABLE"; }
    std::string operator()(const UnsetTableProperties&) { return "ALTER TABLE"; }
  };
  return std::visit(Name(), statement);
}

}  // namespace glaux::sql
