#include <arrow/api.h>

#include <algorithm>

#include "glaux/schema/scanner_internal.h"
#include "glaux/schema/type_table_internal.h"

namespace glaux::schema_internal {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

struct Synonym {
  std::string_view word;
  std::string_view dialects;  ///< letters: g Glue, a Athena, d DuckDB
  TypePtr type;
};

char Letter(Dialect dialect) {
  switch (dialect) {
    case Dialect::kGlue:
      return 'g';
    case Dialect::kAthena:
      return 'a';
    default:
      return 'd';
  }
}

const std::vector<Synonym>& Synonyms() {
  static const std::vector<Synonym> synonyms = {
      {"bool", "gad", arrow::boolean()},
      {"logical", "d", arrow::boolean()},
      {"byte", "ga", arrow::int8()},
      {"int1", "d", arrow::int8()},
      {"short", "gad", arrow::int16()},
      {"int2", "d", arrow::int16()},
      {"int", "ad", arrow::int32()},
      {"integer", "ga", arrow::int32()},
      {"signed", "d", arrow::int32()},
      {"int4", "d", arrow::int32()},
      {"long", "gad", arrow::int64()},
      {"int8", "d", arrow::int64()},
      {"oid", "d", arrow::int64()},
      {"hugeint", "d", arrow::decimal128(38, 0)},
      {"int128", "d", arrow::decimal128(38, 0)},
      {"uhugeint", "d", arrow::decimal128(38, 0)},
      {"uint128", "d", arrow::decimal128(38, 0)},
      {"uint8", "d", arrow::uint8()},
      {"uint16", "d", arrow::uint16()},
      {"uint32", "d", arrow::uint32()},
      {"uint64", "d", arrow::uint64()},
      {"real", "gd", arrow::float32()},
      {"float", "a", arrow::float32()},
      {"float4", "d", arrow::float32()},
      {"float8", "d", arrow::float64()},
      {"string", "ad", arrow::utf8()},
      {"text", "gd", arrow::utf8()},
      {"bpchar", "d", arrow::utf8()},
      {"nvarchar", "d", arrow::utf8()},
      {"json", "ad", arrow::utf8()},
      {"uuid", "ad", arrow::utf8()},
      {"guid", "d", arrow::utf8()},
      {"bit", "d", arrow::utf8()},
      {"bitstring", "d", arrow::utf8()},
      {"bignum", "d", arrow::utf8()},
      {"varint", "d", arrow::utf8()},
      {"ipaddress", "a", arrow::utf8()},
      {"timetz", "d", arrow::utf8()},
      {"binary", "ad", arrow::binary()},
      {"varbinary", "gd", arrow::binary()},
      {"bytea", "d", arrow::binary()},
      {"hyperloglog", "a", arrow::binary()},
      {"p4hyperloglog", "a", arrow::binary()},
      {"tdigest", "a", arrow::binary()},
      {"qdigest", "a", arrow::binary()},
      {"datetime", "d", arrow::timestamp(TimeUnit::MICRO)},
      {"timestamp_us", "d", arrow::timestamp(TimeUnit::MICRO)},
      {"timestamptz", "gad", arrow::timestamp(TimeUnit::MICRO, "UTC")},
      {"timestamp_ltz", "g", arrow::timestamp(TimeUnit::MICRO)},
      {"timestamp_ntz", "g", arrow::timestamp(TimeUnit::MICRO)},
      {"time_ns", "d", arrow::time64(TimeUnit::NANO)},
      {"null", "d", arrow::null()},
  };
  return synonyms;
}

}  // namespace

std::string_view DialectName(Dialect dialect) {
  switch (dialect) {
    case Dialect::kGlue:
      return "Glue type";
    case Dialect::kAthena:
      return "Athena type";
    default:
      return "DuckDB type";
  }
}

std::string_view TypeRow::name(Dialect dialect) const {
  switch (dialect) {
    case Dialect::kGlue:
      return glue;
    case Dialect::kAthena:
      return athena;
    default:
      return duckdb;
  }
}

const std::vector<TypeRow>& TypeTable() {
  // A dialect's name is read back as the first row that has it. docs/reference/types.md shows this table.
  static const std::vector<TypeRow> table = [] {
    const auto us = arrow::timestamp(TimeUnit::MICRO);
    const auto text = arrow::utf8();
    return std::vector<TypeRow>{
        {arrow::boolean(), "boolean", "boolean", "BOOLEAN", arrow::boolean()},
        {arrow::int8(), "tinyint", "tinyint", "TINYINT", arrow::int8()},
        {arrow::int16(), "smallint", "smallint", "SMALLINT", arrow::int16()},
        {arrow::int32(), "int", "integer", "INTEGER", arrow::int32()},
        {arrow::int64(), "bigint", "bigint", "BIGINT", arrow::int64()},
        {arrow::uint8(), "", "", "UTINYINT", arrow::int16()},
        {arrow::uint16(), "", "", "USMALLINT", arrow::int32()},
        {arrow::uint32(), "", "", "UINTEGER", arrow::int64()},
        {arrow::uint64(), "", "", "UBIGINT", arrow::decimal128(20, 0)},
        {arrow::float32(), "float", "real", "FLOAT", arrow::float32()},
        {arrow::float64(), "double", "double", "DOUBLE", arrow::float64()},
        {arrow::utf8(), "string", "varchar", "VARCHAR", text},
        {arrow::binary(), "binary", "varbinary", "BLOB", arrow::binary()},
        {arrow::date32(), "date", "date", "DATE", arrow::date32()},
        {us, "timestamp", "timestamp(6)", "TIMESTAMP", us},
        {arrow::timestamp(TimeUnit::SECOND), "", "timestamp(0)", "TIMESTAMP_S", us},
        {arrow::timestamp(TimeUnit::MILLI), "", "timestamp(3)", "TIMESTAMP_MS", us},
        {arrow::timestamp(TimeUnit::NANO), "", "timestamp(9)", "TIMESTAMP_NS", us},
        {arrow::timestamp(TimeUnit::MICRO, "UTC"), "", "timestamp(6) with time zone", "TIMESTAMP WITH TIME ZONE", us},
        {arrow::timestamp(TimeUnit::SECOND, "UTC"), "", "timestamp(0) with time zone", "TIMESTAMP WITH TIME ZONE", us},
        {arrow::timestamp(TimeUnit::MILLI, "UTC"), "", "timestamp(3) with time zone", "TIMESTAMP WITH TIME ZONE", us},
        {arrow::timestamp(TimeUnit::NANO, "UTC"), "", "timestamp(9) with time zone", "TIMESTAMP WITH TIME ZONE", us},
        {arrow::time64(TimeUnit::MICRO), "", "time(6)", "TIME", text},
        {arrow::time64(TimeUnit::NANO), "", "time(9)", "TIME_NS", text},
        {arrow::time32(TimeUnit::SECOND), "", "time(0)", "TIME", text},
        {arrow::time32(TimeUnit::MILLI), "", "time(3)", "TIME", text},
        {arrow::duration(TimeUnit::MILLI), "", "interval day to second", "INTERVAL", arrow::int64()},
        {arrow::duration(TimeUnit::SECOND), "", "interval day to second", "INTERVAL", arrow::int64()},
        {arrow::duration(TimeUnit::MICRO), "", "interval day to second", "INTERVAL", arrow::int64()},
        {arrow::duration(TimeUnit::NANO), "", "interval day to second", "INTERVAL", arrow::int64()},
        {arrow::month_interval(), "", "interval year to month", "INTERVAL", nullptr},
        {arrow::month_day_nano_interval(), "", "", "INTERVAL", nullptr},
        {arrow::null(), "", "unknown", "\"NULL\"", nullptr},
    };
  }();
  return table;
}

const TypeRow* FindRow(const arrow::DataType& type) {
  const auto& table = TypeTable();
  const auto row = std::find_if(table.begin(), table.end(), [&](const TypeRow& r) { return r.type->Equals(type); });
  return row == table.end() ? nullptr : &*row;
}

TypePtr FindWord(Dialect dialect, std::string_view word) {
  for (const auto& row : TypeTable()) {
    if (EqualsIgnoringCase(row.name(dialect), word)) return row.type;
  }
  for (const auto& synonym : Synonyms()) {
    if (synonym.dialects.find(Letter(dialect)) != std::string_view::npos && EqualsIgnoringCase(synonym.word, word)) {
      return synonym.type;
    }
  }
  return nullptr;
}

TypePtr ListOf(TypePtr element) { return arrow::list(arrow::field("element", std::move(element))); }

namespace {

Result<TypePtr> PlainDecimal(const arrow::DecimalType& type) {
  int precision = type.precision();
  int scale = type.scale();
  if (scale < 0) {  // decimal(3,-2) holds 99900: five digits before the point
    precision -= scale;
    scale = 0;
  }
  precision = std::max(precision, scale);
  if (precision > arrow::Decimal128Type::kMaxPrecision) {
    return MakeError(ErrorKind::kInvalid, "type ", type.ToString(), ": expected a decimal of at most 38 digits");
  }
  return arrow::decimal128(precision, scale);
}

}  // namespace

Result<TypePtr> Plain(const TypePtr& type) {
  using arrow::Type;
  switch (type->id()) {
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return arrow::utf8();
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return arrow::binary();
    case Type::HALF_FLOAT:
      return arrow::float32();
    case Type::DATE64:
      return arrow::date32();
    case Type::INTERVAL_DAY_TIME:
      return arrow::month_day_nano_interval();
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return PlainDecimal(static_cast<const arrow::DecimalType&>(*type));
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
      return timestamp.timezone().empty() ? type : arrow::timestamp(timestamp.unit(), "UTC");
    }
    case Type::DICTIONARY:
      return Plain(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::RUN_END_ENCODED:
      return Plain(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::EXTENSION: {
      const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
      // Sixteen bytes say little to a reader of the table; its 36 characters do.
      if (extension.extension_name() == "arrow.uuid") return arrow::utf8();
      return Plain(extension.storage_type());
    }
    default:
      return type;
  }
}

bool IsDuckDBKeyword(std::string_view word) {
  // Sorted. Those that duckdb_keywords() lists as reserved or type_function.
  static constexpr std::string_view kKeywords[] = {"all",
                                                   "analyse",
                                                   "analyze",
                                                   "and",
                                                   "anti",
                                                   "any",
                                                   "array",
                                                   "as",
                                                   "asc",
                                                   "asof",
                                                   "asymmetric",
                                                   "at",
                                                   "authorization",
                                                   "binary",
                                                   "both",
                                                   "by",
                                                   "case",
                                                   "cast",
                                                   "check",
                                                   "collate",
                                                   "collation",
                                                   "column",
                                                   "columns",
                                                   "concurrently",
                                                   "constraint",
                                                   "create",
                                                   "cross",
                                                   "default",
                                                   "deferrable",
                                                   "desc",
                                                   "describe",
                                                   "distinct",
                                                   "do",
                                                   "else",
                                                   "end",
                                                   "except",
                                                   "false",
                                                   "fetch",
                                                   "for",
                                                   "foreign",
                                                   "freeze",
                                                   "from",
                                                   "full",
                                                   "generated",
                                                   "glob",
                                                   "group",
                                                   "having",
                                                   "ilike",
                                                   "in",
                                                   "initially",
                                                   "inner",
                                                   "intersect",
                                                   "into",
                                                   "is",
                                                   "isnull",
                                                   "join",
                                                   "lambda",
                                                   "lateral",
                                                   "leading",
                                                   "left",
                                                   "like",
                                                   "limit",
                                                   "map",
                                                   "natural",
                                                   "not",
                                                   "notnull",
                                                   "null",
                                                   "offset",
                                                   "on",
                                                   "only",
                                                   "or",
                                                   "order",
                                                   "outer",
                                                   "overlaps",
                                                   "pivot",
                                                   "pivot_longer",
                                                   "pivot_wider",
                                                   "placing",
                                                   "positional",
                                                   "primary",
                                                   "qualify",
                                                   "references",
                                                   "returning",
                                                   "right",
                                                   "select",
                                                   "semi",
                                                   "show",
                                                   "similar",
                                                   "some",
                                                   "struct",
                                                   "summarize",
                                                   "symmetric",
                                                   "table",
                                                   "tablesample",
                                                   "then",
                                                   "to",
                                                   "trailing",
                                                   "true",
                                                   "try_cast",
                                                   "tuple",
                                                   "union",
                                                   "unique",
                                                   "unpack",
                                                   "unpivot",
                                                   "using",
                                                   "variadic",
                                                   "verbose",
                                                   "when",
                                                   "where",
                                                   "window",
                                                   "with"};
  return std::binary_search(std::begin(kKeywords), std::end(kKeywords), Lower(word));
}

}  // namespace glaux::schema_internal
