#include "glaux/schema/names.h"
#include "glaux/sql/parser_internal.h"

namespace glaux::sql {
namespace {

bool IsQuote(const Token& token) { return token.kind == Token::Kind::kString || token.kind == Token::Kind::kDouble; }

}  // namespace

InnerQuery Parser::Slice(size_t begin, size_t end) const {
  InnerQuery query;
  for (size_t i = 0; i < begin; ++i) {
    const char c = lexer_.text()[i];
    if (c == '\n') {
      query.sql += '\n';
    } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
      query.sql += ' ';
    }
  }
  query.sql += lexer_.text().substr(begin, end - begin);
  return query;
}

Result<InnerQuery> Parser::TakeQueryToEnd(bool* with_data) {
  const Token first = Peek();
  if (first.kind == Token::Kind::kEnd || NextIsSymbol(';')) return lexer_.Expected(first, "a query");
  // The last three words, where they are outside of parentheses, may not be the query's.
  std::vector<Token> last;
  size_t end = first.begin;
  int depth = 0;
  while (true) {
    const Token token = Peek();
    if (token.kind == Token::Kind::kEnd) break;
    if (token.kind == Token::Kind::kBroken) return lexer_.Expected(token, "a query");
    if (token.kind == Token::Kind::kSymbol) {
      const char symbol = lexer_.Spelled(token)[0];
      if (symbol == ';') break;
      if (symbol == '(') ++depth;
      if (symbol == ')') --depth;
    }
    if (last.size() == 3) last.erase(last.begin());
    if (depth == 0) {
      last.push_back(token);
    } else {
      last.clear();
    }
    end = token.end;
    Next();
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  const auto ends_with = [&](std::initializer_list<std::string_view> words) {
    if (last.size() < words.size()) return false;
    auto token = last.end() - static_cast<std::ptrdiff_t>(words.size());
    for (const auto word : words) {
      if (token->kind != Token::Kind::kWord || !IsWord(lexer_.Spelled(*token), word)) return false;
      ++token;
    }
    return true;
  };
  if (with_data != nullptr) {
    *with_data = true;
    if (ends_with({"WITH", "NO", "DATA"})) {
      *with_data = false;
      end = last.front().begin;
    } else if (ends_with({"WITH", "DATA"})) {
      end = last[last.size() - 2].begin;
    }
  }
  return Slice(first.begin, end);
}

Result<InnerQuery> Parser::TakeQueryInParentheses() {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "( and a query"));
  const size_t begin = Peek().begin;
  int depth = 1;
  while (true) {
    const Token token = Peek();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kBroken) {
      return lexer_.Expected(token, ") behind the query");
    }
    if (token.kind == Token::Kind::kSymbol) {
      const char symbol = lexer_.Spelled(token)[0];
      if (symbol == '(') ++depth;
      if (symbol == ')' && --depth == 0) {
        if (token.begin == begin) return lexer_.Expected(token, "a query");
        Next();
        return Slice(begin, token.begin);
      }
      if (symbol == ';') return lexer_.Expected(token, ") behind the query");
    }
    Next();
  }
}

Result<std::vector<WriteProperty>> Parser::TakeWriteProperties() {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "( and properties, name = value"));
  std::vector<WriteProperty> properties;
  do {
    WriteProperty property;
    const Token token = Peek();
    if (token.kind != Token::Kind::kWord) return lexer_.Expected(token, "the name of a property");
    property.name = FoldName(lexer_.Spelled(Next()));
    const auto position = lexer_.PositionOf(token.begin);
    property.line = position.line;
    property.column = position.column;
    for (const auto& other : properties) {
      if (other.name == property.name) return Again(token, "property " + property.name);
    }
    ARROW_RETURN_NOT_OK(ExpectSymbol('=', "= behind property " + property.name));
    if (Accept("ARRAY")) {
      property.is_list = true;
      ARROW_RETURN_NOT_OK(ExpectSymbol('[', "["));
      while (!NextIsSymbol(']')) {
        ARROW_ASSIGN_OR_RAISE(auto item, TakeText("a text in quotes"));
        property.list.push_back(std::move(item));
        if (!AcceptSymbol(',')) break;
      }
      ARROW_RETURN_NOT_OK(ExpectSymbol(']', ", or ]"));
    } else {
      const Token value = Next();
      if (value.kind != Token::Kind::kWord && !IsQuote(value)) {
        return lexer_.Expected(value, "the value of property " + property.name);
      }
      property.value = lexer_.Unquoted(value);
    }
    properties.push_back(std::move(property));
  } while (AcceptSymbol(','));
  ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  return properties;
}

Result<Statement> Parser::CreateTableRest() {
  CreateTableAs create;
  ARROW_ASSIGN_OR_RAISE(create.if_not_exists, TakeIfNotExists());
  ARROW_ASSIGN_OR_RAISE(create.table, TakeTable());
  if (NextIsSymbol('(') || NextIs("COMMENT") || NextIs("PARTITIONED") || NextIs("LOCATION")) {
    return Unsupported("CREATE TABLE with columns, which makes an Iceberg table in Athena,",
                       "CREATE EXTERNAL TABLE makes a table over a folder, CREATE TABLE … AS SELECT one from a query");
  }
  if (Accept("WITH")) {
    ARROW_ASSIGN_OR_RAISE(create.properties, TakeWriteProperties());
  }
  if (!Accept("AS")) return lexer_.Expected(Peek(), create.properties.empty() ? "AS or WITH" : "AS");
  ARROW_ASSIGN_OR_RAISE(create.query, TakeQueryToEnd(&create.with_data));
  return create;
}

Result<Statement> Parser::CreateViewRest(bool or_replace) {
  CreateView create{.view = {}, .or_replace = or_replace, .query = {}};
  ARROW_ASSIGN_OR_RAISE(create.view, TakeTable());
  ARROW_RETURN_NOT_OK(Expect("AS"));
  ARROW_ASSIGN_OR_RAISE(create.query, TakeQueryToEnd(nullptr));
  return create;
}

Result<Statement> Parser::InsertRest() {
  if (NextIs("OVERWRITE")) return Unsupported("INSERT OVERWRITE", "Athena has INSERT INTO only; glaux sync overwrites");
  ARROW_RETURN_NOT_OK(Expect("INTO"));
  InsertInto insert;
  ARROW_ASSIGN_OR_RAISE(insert.table, TakeTable());
  Parser ahead = *this;
  if (ahead.AcceptSymbol('(') && !ahead.NextIs("SELECT") && !ahead.NextIs("WITH") && !ahead.NextIs("VALUES") &&
      !ahead.NextIsSymbol('(')) {
    const Token token = Peek();
    ARROW_ASSIGN_OR_RAISE(insert.columns, TakeNames("the name of a column"));
    for (size_t i = 0; i < insert.columns.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (insert.columns[i] == insert.columns[j]) return Again(token, "column " + insert.columns[i]);
      }
    }
  }
  ARROW_ASSIGN_OR_RAISE(insert.query, TakeQueryToEnd(nullptr));
  return insert;
}

Result<Statement> Parser::UnloadRest() {
  Unload unload;
  ARROW_ASSIGN_OR_RAISE(unload.query, TakeQueryInParentheses());
  ARROW_RETURN_NOT_OK(Expect("TO"));
  ARROW_ASSIGN_OR_RAISE(unload.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
  if (Accept("WITH")) {
    ARROW_ASSIGN_OR_RAISE(unload.properties, TakeWriteProperties());
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return unload;
}

}  // namespace glaux::sql
