#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/sql/lexer_internal.h"
#include "glaux/sql/statement.h"

namespace glaux::sql {

/// One statement, from its first token to its end. The functions that take something leave the parser behind it.
class Parser {
 public:
  Parser(std::string_view text, Texts texts) : lexer_(text, texts) {}

  Token Peek() const { return lexer_.At(at_); }
  Token Next();
  /// Whether these words come next; takes them if they do.
  bool Accept(std::string_view word);
  bool Accept(std::string_view first, std::string_view second);
  bool AcceptSymbol(char symbol);
  /// \param context what the word belongs to, for the message: "MSCK"
  Status Expect(std::string_view word);
  Status ExpectSymbol(char symbol, std::string_view expected);
  /// A semicolon at most, then nothing.
  Status ExpectEnd();
  bool NextIs(std::string_view word) const;
  bool NextIsSymbol(char symbol) const;

  /// A name, folded to lower case.
  Result<std::string> TakeName(std::string_view what);
  Result<TableId> TakeTable();
  Result<std::string> TakeDatabase();
  Result<std::string> TakeText(std::string_view what);
  Result<int> TakeNumber(std::string_view what);
  /// ('key' = 'value', …)
  Result<Parameters> TakeProperties();
  /// (name type [COMMENT 'text'], …)
  Result<std::vector<Column>> TakeColumns(std::string_view what);
  /// (name, …)
  Result<std::vector<std::string>> TakeNames(std::string_view what);
  /// (key = value, …)
  Result<PartitionSpec> TakePartition();
  Result<bool> TakeIfExists();
  Result<bool> TakeIfNotExists();
  /// WITH (name = value, …) of writes, from the parenthesis on.
  Result<std::vector<WriteProperty>> TakeWriteProperties();
  /// The rest of the statement as a query, without a semicolon at its end and without `suffix`, if that stands there.
  /// \param with_data set to false by WITH NO DATA; null: these words are part of the query
  Result<InnerQuery> TakeQueryToEnd(bool* with_data);
  /// ( query )
  Result<InnerQuery> TakeQueryInParentheses();

  Result<Statement> CreateDatabaseRest();
  Result<Statement> CreateExternalTableRest();
  Result<Statement> CreateTableRest();
  Result<Statement> DropRest();
  Result<Statement> AlterTableRest();
  Result<Statement> AlterDatabaseRest();
  Result<Statement> RepairRest();
  Result<Statement> CreateViewRest(bool or_replace);
  Result<Statement> InsertRest();
  Result<Statement> UnloadRest();
  Result<std::optional<Statement>> ShowRest();
  Result<std::optional<Statement>> DescribeRest();

  const Lexer& lexer() const { return lexer_; }
  Status Unsupported(std::string_view name, std::string hint = {}) const;

 private:
  struct PartName {
    std::string text;
    Token token;
  };
  Result<std::string> TakeType(const std::string& column);
  Result<std::optional<std::string>> TakePattern();
  Result<std::string> TakeOptionalDatabase();
  Result<DelimitedRows> TakeDelimitedRows();
  Status TakeRowFormat(CreateExternalTable* table);
  Status TakeStoredAs(CreateExternalTable* table);
  Status TakeBuckets(CreateExternalTable* table);
  Result<Statement> AlterPartition(TableId table);
  Result<Statement> AlterSet(TableId table);
  InnerQuery Slice(size_t begin, size_t end) const;
  Status Again(const Token& token, std::string_view clause) const;

  Lexer lexer_;
  size_t at_ = 0;
};

}  // namespace glaux::sql
