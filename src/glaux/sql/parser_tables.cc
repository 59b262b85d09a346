#include <arrow/type.h>

#include <map>
#include <set>

#include "glaux/schema/names.h"
#include "glaux/schema/types.h"
#include "glaux/sql/parser_internal.h"

namespace glaux::sql {

Status Parser::Again(const Token& token, std::string_view clause) const {
  return lexer_.Fail(token.begin, std::string(clause) + " is there twice");
}

/// A type reaches to a comma, a closing parenthesis or COMMENT that is not inside of its brackets.
Result<std::string> Parser::TakeType(const std::string& column) {
  const size_t begin = Peek().begin;
  size_t end = begin;
  int depth = 0;
  while (true) {
    const Token token = Peek();
    if (token.kind == Token::Kind::kEnd || token.kind == Token::Kind::kBroken) return lexer_.Expected(token, ")");
    const std::string_view text = lexer_.Spelled(token);
    if (token.kind == Token::Kind::kSymbol) {
      if (depth == 0 && (text == "," || text == ")")) break;
      if (text == "<" || text == "(") ++depth;
      if (text == ">" || text == ")") --depth;
      if (depth < 0 || text == ";") return lexer_.Expected(token, "a type of column " + column);
    } else if (depth == 0 && token.kind == Token::Kind::kWord && IsWord(text, "COMMENT")) {
      break;
    } else if (token.kind == Token::Kind::kString) {
      return lexer_.Expected(token, ", or ) behind column " + column);
    }
    end = token.end;
    Next();
  }
  if (end == begin) return lexer_.Expected(Peek(), "a type of column " + column);
  const std::string_view spelled = lexer_.text().substr(begin, end - begin);
  const auto type = ParseGlueType(spelled);
  if (!type.ok()) return lexer_.Fail(begin, "column " + column + ": " + type.status().message());
  // Glue tells texts by their length; Arrow does not.
  const std::string lower = FoldName(spelled);
  if ((*type)->id() == arrow::Type::STRING && (lower.starts_with("varchar(") || lower.starts_with("char("))) {
    return lower;
  }
  auto printed = ToGlueType(**type);
  if (!printed.ok()) return lexer_.Fail(begin, "column " + column + ": " + printed.status().message());
  return printed;
}

Result<std::vector<Column>> Parser::TakeColumns(std::string_view what) {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "( and " + std::string(what)));
  std::vector<Column> columns;
  std::map<std::string, std::string> seen;  // folded, and as it is written
  do {
    const Token token = Peek();
    Column column;
    ARROW_ASSIGN_OR_RAISE(column.name, TakeName("the name of a column"));
    const std::string written = lexer_.Unquoted(token);
    const auto [other, fresh] = seen.emplace(column.name, written);
    if (!fresh) {
      return lexer_.Fail(token.begin, other->second == written ? "column " + written + " is there twice"
                                                               : "columns " + other->second + " and " + written +
                                                                     " are one name in lower case, " + column.name);
    }
    ARROW_ASSIGN_OR_RAISE(column.type, TakeType(column.name));
    if (Accept("COMMENT")) {
      ARROW_ASSIGN_OR_RAISE(column.comment, TakeText("the comment of column " + column.name + " in quotes"));
    }
    columns.push_back(std::move(column));
  } while (AcceptSymbol(','));
  ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  return columns;
}

Result<DelimitedRows> Parser::TakeDelimitedRows() {
  DelimitedRows rows;
  const auto terminated = [&](std::string* out) -> Status {
    ARROW_RETURN_NOT_OK(Expect("TERMINATED"));
    ARROW_RETURN_NOT_OK(Expect("BY"));
    return TakeText("a delimiter in quotes").Value(out);
  };
  while (true) {
    if (Accept("FIELDS")) {
      ARROW_RETURN_NOT_OK(terminated(&rows.field));
      if (Accept("ESCAPED", "BY")) {
        ARROW_ASSIGN_OR_RAISE(rows.escape, TakeText("an escape character in quotes"));
      }
    } else if (Accept("COLLECTION", "ITEMS")) {
      ARROW_RETURN_NOT_OK(terminated(&rows.collection_item));
    } else if (Accept("MAP", "KEYS")) {
      ARROW_RETURN_NOT_OK(terminated(&rows.map_key));
    } else if (Accept("LINES")) {
      ARROW_RETURN_NOT_OK(terminated(&rows.line));
    } else if (Accept("NULL", "DEFINED")) {
      ARROW_RETURN_NOT_OK(Expect("AS"));
      ARROW_ASSIGN_OR_RAISE(rows.null, TakeText("the text of null in quotes"));
      rows.null_said = true;
    } else {
      return rows;
    }
  }
}

Status Parser::TakeRowFormat(CreateExternalTable* table) {
  ARROW_RETURN_NOT_OK(Expect("FORMAT"));
  if (Accept("DELIMITED")) {
    ARROW_ASSIGN_OR_RAISE(table->delimited, TakeDelimitedRows());
    return Status::OK();
  }
  if (!Accept("SERDE")) return lexer_.Expected(Peek(), "DELIMITED or SERDE");
  ARROW_ASSIGN_OR_RAISE(table->serde, TakeText("the name of a SerDe in quotes"));
  return Status::OK();
}

Status Parser::TakeStoredAs(CreateExternalTable* table) {
  ARROW_RETURN_NOT_OK(Expect("AS"));
  if (Accept("INPUTFORMAT")) {
    ARROW_ASSIGN_OR_RAISE(table->input_format, TakeText("the name of an input format in quotes"));
    ARROW_RETURN_NOT_OK(Expect("OUTPUTFORMAT"));
    ARROW_ASSIGN_OR_RAISE(table->output_format, TakeText("the name of an output format in quotes"));
    return Status::OK();
  }
  constexpr std::string_view kExpected = "PARQUET, ORC, AVRO, TEXTFILE, JSONFILE, SEQUENCEFILE, RCFILE or INPUTFORMAT";
  const Token token = Peek();
  if (token.kind == Token::Kind::kWord) {
    const std::string word = Upper(lexer_.Spelled(token));
    for (const std::string_view known : {"PARQUET", "ORC", "AVRO", "TEXTFILE", "JSONFILE", "SEQUENCEFILE", "RCFILE"}) {
      if (word != known) continue;
      Next();
      table->stored_as = word;
      return Status::OK();
    }
  }
  return lexer_.Expected(token, kExpected);
}

Status Parser::TakeBuckets(CreateExternalTable* table) {
  ARROW_RETURN_NOT_OK(Expect("BY"));
  ARROW_ASSIGN_OR_RAISE(table->bucket_columns, TakeNames("the name of a column"));
  if (Accept("SORTED", "BY")) {
    ARROW_RETURN_NOT_OK(ExpectSymbol('(', "("));
    do {
      SortColumn column;
      ARROW_ASSIGN_OR_RAISE(column.column, TakeName("the name of a column"));
      if (Accept("DESC")) {
        column.sort_order = 0;
      } else {
        Accept("ASC");
      }
      table->sort_columns.push_back(std::move(column));
    } while (AcceptSymbol(','));
    ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  }
  ARROW_RETURN_NOT_OK(Expect("INTO"));
  const Token count = Peek();
  ARROW_ASSIGN_OR_RAISE(table->buckets, TakeNumber("a number of buckets"));
  if (table->buckets < 1) return lexer_.Expected(count, "at least one bucket");
  return Expect("BUCKETS");
}

Result<Statement> Parser::CreateExternalTableRest() {
  CreateExternalTable table;
  ARROW_ASSIGN_OR_RAISE(table.if_not_exists, TakeIfNotExists());
  ARROW_ASSIGN_OR_RAISE(table.table, TakeTable());
  if (NextIsSymbol('(')) {
    ARROW_ASSIGN_OR_RAISE(table.columns, TakeColumns("columns"));
  }
  std::set<std::string_view> seen;
  while (true) {
    const Token token = Peek();
    const auto once = [&](std::string_view clause) {
      return seen.insert(clause).second ? Status::OK() : Again(token, clause);
    };
    if (Accept("COMMENT")) {
      ARROW_RETURN_NOT_OK(once("COMMENT"));
      ARROW_ASSIGN_OR_RAISE(table.comment, TakeText("the comment in quotes"));
    } else if (Accept("PARTITIONED", "BY")) {
      ARROW_RETURN_NOT_OK(once("PARTITIONED BY"));
      ARROW_ASSIGN_OR_RAISE(table.partition_keys, TakeColumns("partition keys with their types"));
    } else if (Accept("CLUSTERED")) {
      ARROW_RETURN_NOT_OK(once("CLUSTERED BY"));
      ARROW_RETURN_NOT_OK(TakeBuckets(&table));
    } else if (Accept("ROW")) {
      ARROW_RETURN_NOT_OK(once("ROW FORMAT"));
      ARROW_RETURN_NOT_OK(TakeRowFormat(&table));
    } else if (Accept("WITH", "SERDEPROPERTIES")) {
      ARROW_RETURN_NOT_OK(once("WITH SERDEPROPERTIES"));
      ARROW_ASSIGN_OR_RAISE(table.serde_properties, TakeProperties());
    } else if (Accept("STORED")) {
      ARROW_RETURN_NOT_OK(once("STORED AS"));
      ARROW_RETURN_NOT_OK(TakeStoredAs(&table));
    } else if (Accept("LOCATION")) {
      ARROW_RETURN_NOT_OK(once("LOCATION"));
      ARROW_ASSIGN_OR_RAISE(table.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
    } else if (Accept("TBLPROPERTIES")) {
      ARROW_RETURN_NOT_OK(once("TBLPROPERTIES"));
      ARROW_ASSIGN_OR_RAISE(table.properties, TakeProperties());
    } else {
      break;
    }
  }
  const Token rest = Peek();
  if (rest.kind == Token::Kind::kWord && table.location.empty()) {
    return lexer_.Expected(
        rest,
        "COMMENT, PARTITIONED BY, CLUSTERED BY, ROW FORMAT, WITH SERDEPROPERTIES, STORED AS, LOCATION or "
        "TBLPROPERTIES");
  }
  ARROW_RETURN_NOT_OK(ExpectEnd());
  for (const auto& key : table.partition_keys) {
    for (const auto& column : table.columns) {
      if (column.name != key.name) continue;
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "leave partition keys out of the columns"},
                       "CREATE EXTERNAL TABLE ", table.table.name, ": column ", key.name, " is a partition key too");
    }
  }
  return table;
}

Result<PartitionSpec> Parser::TakePartition() {
  ARROW_RETURN_NOT_OK(ExpectSymbol('(', "( and partition keys, key = 'value'"));
  PartitionSpec spec;
  do {
    const Token token = Peek();
    ARROW_ASSIGN_OR_RAISE(auto key, TakeName("the name of a partition key"));
    for (const auto& [other, value] : spec) {
      if (other == key) return Again(token, "partition key " + key);
    }
    ARROW_RETURN_NOT_OK(ExpectSymbol('=', "= behind partition key " + key));
    std::string value = AcceptSymbol('-') ? "-" : "";
    const Token text = Peek();
    const bool number =
        text.kind == Token::Kind::kWord && lexer_.Spelled(text)[0] >= '0' && lexer_.Spelled(text)[0] <= '9';
    if (number) {
      value += lexer_.Spelled(text);
      Next();
      if (AcceptSymbol('.')) {
        const Token digits = Next();
        if (digits.kind != Token::Kind::kWord) return lexer_.Expected(digits, "digits");
        value += "." + std::string(lexer_.Spelled(digits));
      }
    } else if (value.empty()) {
      if (Accept("DATE") || Accept("TIMESTAMP")) {
        // The type in front of a text changes nothing: a partition's value is a text.
      }
      ARROW_ASSIGN_OR_RAISE(value, TakeText("the value of partition key " + key + ", a text in quotes or a number"));
    } else {
      return lexer_.Expected(text, "a number");
    }
    spec.emplace_back(std::move(key), std::move(value));
  } while (AcceptSymbol(','));
  ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
  return spec;
}

Result<Statement> Parser::AlterPartition(TableId table) {
  SetPartitionLocation set{.table = std::move(table), .partition = {}, .location = {}};
  ARROW_ASSIGN_OR_RAISE(set.partition, TakePartition());
  if (Accept("RENAME")) return Unsupported("ALTER TABLE … PARTITION … RENAME");
  ARROW_RETURN_NOT_OK(Expect("SET"));
  if (NextIs("FILEFORMAT") || NextIs("SERDE")) return Unsupported("ALTER TABLE … PARTITION … SET FILEFORMAT");
  ARROW_RETURN_NOT_OK(Expect("LOCATION"));
  ARROW_ASSIGN_OR_RAISE(set.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
  ARROW_RETURN_NOT_OK(ExpectEnd());
  return set;
}

Result<Statement> Parser::AlterSet(TableId table) {
  if (Accept("TBLPROPERTIES")) {
    SetTableProperties set{.table = std::move(table), .properties = {}};
    ARROW_ASSIGN_OR_RAISE(set.properties, TakeProperties());
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return set;
  }
  if (Accept("LOCATION")) {
    SetTableLocation set{.table = std::move(table), .location = {}};
    ARROW_ASSIGN_OR_RAISE(set.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return set;
  }
  return lexer_.Expected(Peek(), "TBLPROPERTIES or LOCATION");
}

Result<Statement> Parser::AlterTableRest() {
  ARROW_ASSIGN_OR_RAISE(auto table, TakeTable());
  if (Accept("ADD", "COLUMNS")) {
    AddColumns add{.table = std::move(table), .columns = {}};
    ARROW_ASSIGN_OR_RAISE(add.columns, TakeColumns("columns"));
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return add;
  }
  if (Accept("REPLACE", "COLUMNS")) {
    ReplaceColumns replace{.table = std::move(table), .columns = {}};
    ARROW_ASSIGN_OR_RAISE(replace.columns, TakeColumns("columns"));
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return replace;
  }
  if (Accept("ADD")) {
    AddPartitions add{.table = std::move(table)};
    ARROW_ASSIGN_OR_RAISE(add.if_not_exists, TakeIfNotExists());
    if (!NextIs("PARTITION")) return lexer_.Expected(Peek(), "COLUMNS or PARTITION");
    while (Accept("PARTITION")) {
      AddPartitions::Partition partition;
      ARROW_ASSIGN_OR_RAISE(partition.values, TakePartition());
      if (Accept("LOCATION")) {
        ARROW_ASSIGN_OR_RAISE(partition.location, TakeText("the location in quotes, 's3://bucket/folder/'"));
      }
      add.partitions.push_back(std::move(partition));
    }
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return add;
  }
  if (Accept("DROP")) {
    if (NextIs("COLUMN"))
      return Unsupported("ALTER TABLE … DROP COLUMN", "ALTER TABLE … REPLACE COLUMNS leaves it out");
    DropPartitions drop{.table = std::move(table)};
    ARROW_ASSIGN_OR_RAISE(drop.if_exists, TakeIfExists());
    do {
      ARROW_RETURN_NOT_OK(Expect("PARTITION"));
      ARROW_ASSIGN_OR_RAISE(auto values, TakePartition());
      drop.partitions.push_back(std::move(values));
    } while (AcceptSymbol(','));
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return drop;
  }
  if (Accept("PARTITION")) return AlterPartition(std::move(table));
  if (Accept("SET")) return AlterSet(std::move(table));
  if (Accept("UNSET", "TBLPROPERTIES")) {
    UnsetTableProperties unset{.table = std::move(table), .keys = {}};
    ARROW_RETURN_NOT_OK(ExpectSymbol('(', "("));
    do {
      ARROW_ASSIGN_OR_RAISE(auto key, TakeText("the name of a property in quotes"));
      unset.keys.push_back(std::move(key));
    } while (AcceptSymbol(','));
    ARROW_RETURN_NOT_OK(ExpectSymbol(')', ", or )"));
    ARROW_RETURN_NOT_OK(ExpectEnd());
    return unset;
  }
  const Token token = Peek();
  for (const std::string_view known : {"RENAME", "CHANGE", "CONCATENATE", "COMPACT", "CLUSTERED", "EXECUTE"}) {
    if (NextIs(known)) return Unsupported("ALTER TABLE … " + Upper(lexer_.Spelled(token)));
  }
  return lexer_.Expected(token, "ADD, DROP, REPLACE COLUMNS, PARTITION, SET or UNSET TBLPROPERTIES");
}

}  // namespace glaux::sql
