#include "glaux/engine/duckdb/athena_functions_internal.h"

#include <duckdb/catalog/catalog_entry/aggregate_function_catalog_entry.hpp>
#include <duckdb/catalog/catalog_entry/scalar_function_catalog_entry.hpp>
#include <duckdb/common/enums/date_part_specifier.hpp>
#include <duckdb/common/types/interval.hpp>
#include <duckdb/common/types/timestamp.hpp>
#include <duckdb/common/vector_operations/binary_executor.hpp>
#include <duckdb/common/vector_operations/ternary_executor.hpp>
#include <duckdb/parser/parsed_data/create_aggregate_function_info.hpp>
#include <duckdb/parser/parsed_data/create_macro_info.hpp>
#include <duckdb/parser/parsed_data/create_scalar_function_info.hpp>
#include <duckdb/parser/parsed_data/drop_info.hpp>
#include <duckdb/parser/parser.hpp>
#include <duckdb/parser/statement/create_statement.hpp>

#include <functional>

#include "glaux/engine/duckdb/athena_arithmetic_internal.h"
#include "glaux/engine/duckdb/athena_collections_internal.h"
#include "glaux/engine/duckdb/lazy_macros_internal.h"

namespace glaux::duckdb_engine {
namespace {

using duckdb::LogicalType;

/// MySQL's format letters, which date_format and date_parse take, as strftime's. %M is a month's name there and minutes
/// here, so the names come first.
#define GLAUX_STRFTIME_FORMAT(format)                                                                            \
  "replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(replace(" format              \
  ", '%M', '%B'), '%i', '%M'), '%T', '%H:%M:%S'), '%r', '%I:%M:%S %p'), '%s', '%S'), '%h', '%I'), '%W', '%A'), " \
  "'%e', '%-d'), '%c', '%-m'), '%k', '%-H'), '%l', '%-I')"

/// As CREATE MACRO has them; one of several arities is one macro.
constexpr const char* kMacros[] = {
    // What others are made of.
    "athena_first_values(m) AS map_from_entries(list_transform(map_entries(m), lambda e: struct_pack(k := e.key, v := "
    "e.value[1])))",
    // dates and times
    "date_format(t, format) AS strftime(t, " GLAUX_STRFTIME_FORMAT("format") ")",
    "date_parse(s, format) AS strptime(s, " GLAUX_STRFTIME_FORMAT("format") ")",
    "from_unixtime(seconds) AS to_timestamp(seconds)",
    "to_unixtime(t) AS epoch(t)",
    "from_iso8601_timestamp(s) AS CAST(s AS TIMESTAMPTZ)",
    "from_iso8601_date(s) AS CAST(s AS DATE)",
    "to_iso8601(t) AS CASE typeof(t) WHEN 'DATE' THEN strftime(t, '%Y-%m-%d') "
    "WHEN 'TIMESTAMP WITH TIME ZONE' THEN strftime(t, '%Y-%m-%dT%H:%M:%S.%gZ') "
    "ELSE strftime(t, '%Y-%m-%dT%H:%M:%S.%g') END",
    "day_of_week(t) AS isodow(t)",
    "dow(t) AS isodow(t)",
    "day_of_month(t) AS day(t)",
    "day_of_year(t) AS dayofyear(t)",
    "doy(t) AS dayofyear(t)",
    "week_of_year(t) AS week(t)",
    "year_of_week(t) AS isoyear(t)",
    "yow(t) AS isoyear(t)",
    "last_day_of_month(t) AS last_day(t)",
    "format_datetime(t, pattern) AS strftime(t, athena_joda(pattern))",
    "parse_datetime(s, pattern) AS CAST(strptime(s, athena_joda(pattern)) AS TIMESTAMPTZ)",
    "with_timezone(t, zone) AS timezone(zone, CAST(t AS TIMESTAMP))",
    "at_timezone(t, zone) AS timezone(zone, CAST(t AS TIMESTAMPTZ))",
    "current_timezone() AS 'UTC'",
    // text
    "regexp_like(s, pattern) AS regexp_matches(s, pattern)",
    "codepoint(s) AS unicode(s)",
    "levenshtein_distance(a, b) AS levenshtein(a, b)",
    "hamming_distance(a, b) AS hamming(a, b)",
    "normalize(s) AS nfc_normalize(s)",
    "to_utf8(s) AS encode(s)",
    "from_utf8(b) AS decode(b)",
    "url_extract_protocol(u) AS nullif(regexp_extract(u, '^([^:/?#]+):', 1), '')",
    "url_extract_host(u) AS nullif(regexp_extract(u, '^[^:/?#]+://(?:[^/?#@]*@)?([^/:?#]*)', 1), '')",
    "url_extract_port(u) AS CAST(nullif(regexp_extract(u, '^[^:/?#]+://(?:[^/?#@]*@)?[^/:?#]*:([0-9]+)', 1), '') AS "
    "BIGINT)",
    "url_extract_path(u) AS regexp_extract(u, '^[^:/?#]+:(?://[^/?#]*)?([^?#]*)', 1)",
    "url_extract_query(u) AS regexp_extract(u, '^[^?#]*[?]([^#]*)', 1)",
    "url_extract_fragment(u) AS regexp_extract(u, '#(.*)$', 1)",
    "url_extract_parameter(u, name) AS CASE WHEN regexp_matches(u, '^[^?#]*[?]([^#]*&)?' || regexp_escape(name) || "
    "'(=|&|#|$)') THEN url_decode(regexp_extract(u, '^[^?#]*[?](?:[^#]*&)?' || regexp_escape(name) || '=([^&#]*)', 1)) "
    "END",
    // numbers
    "rand() AS random()",
    "truncate(x) AS trunc(x)",
    "e() AS exp(1.0)",
    "infinity() AS CAST('infinity' AS DOUBLE)",
    "nan() AS CAST('nan' AS DOUBLE)",
    "is_nan(x) AS isnan(x)",
    "is_finite(x) AS isfinite(x)",
    "is_infinite(x) AS isinf(x)",
    "bitwise_and(a, b) AS a & b",
    "bitwise_or(a, b) AS a | b",
    "bitwise_xor(a, b) AS xor(a, b)",
    "bitwise_not(a) AS ~a",
    "bitwise_left_shift(a, n) AS a << n",
    "bitwise_right_shift(a, n) AS a >> n",
    "width_bucket(x, low, high, n) AS CASE WHEN x < low THEN 0 WHEN x >= high THEN n + 1 "
    "ELSE CAST(floor((x - low) * n / (high - low)) AS BIGINT) + 1 END",
    // arrays and maps
    "array_join(a, delimiter) AS array_to_string(a, delimiter), "
    "(a, delimiter, null_replacement) AS array_to_string(list_transform(a, lambda x: coalesce(CAST(x AS VARCHAR), "
    "null_replacement)), delimiter)",
    "array_max(a) AS list_max(a)",
    "array_min(a) AS list_min(a)",
    "array_union(a, b) AS list_distinct(list_concat(a, b))",
    "array_except(a, b) AS list_filter(list_distinct(a), lambda x: NOT list_contains(b, x))",
    "array_remove(a, element) AS list_filter(a, lambda x: x <> element)",
    "arrays_overlap(a, b) AS list_has_any(a, b)",
    "slice(a, start, length) AS list_slice(a, start, CASE WHEN start < 0 AND start + length >= 0 THEN -1 ELSE start + "
    "length - 1 END)",
    "zip(a, b) AS list_zip(a, b), (a, b, c) AS list_zip(a, b, c)",
    "split_to_map(s, delimiter, separator) AS map_from_entries(list_transform(string_split(s, delimiter), lambda x: "
    "struct_pack(k := split_part(x, separator, 1), v := substr(x, strpos(x, separator) + length(separator)))))",
    "multimap_from_entries(a) AS athena_multimap(a)",
    // JSON
    "json_extract_scalar(j, path) AS CASE WHEN json_type(j, path) IN ('OBJECT', 'ARRAY') THEN NULL "
    "ELSE json_extract_string(j, path) END",
    "json_parse(s) AS CAST(s AS JSON)",
    "json_format(j) AS CAST(j AS VARCHAR)",
    "json_size(j, path) AS CASE json_type(j, path) WHEN 'ARRAY' THEN CAST(json_array_length(j, path) AS BIGINT) WHEN "
    "'OBJECT' THEN len(json_keys(j, path)) ELSE CASE WHEN json_type(j, path) IS NOT NULL THEN 0 END END",
    "json_array_contains(j, value) AS list_contains(CAST(CAST(j AS JSON) AS JSON[]), to_json(value))",
    // Athena's meaning of names that DuckDB has, too: AthenaToDuckDB writes these.
    "athena_regexp_replace(s, pattern) AS regexp_replace(s, pattern, '', 'g'), (s, pattern, replacement) AS "
    "regexp_replace(s, pattern, regexp_replace(replacement, '[$]([0-9])', '\\\\\\1', 'g'), 'g')",
    "athena_regexp_extract(s, pattern) AS CASE WHEN regexp_matches(s, pattern) THEN regexp_extract(s, pattern) END, "
    "(s, pattern, n) AS CASE WHEN regexp_matches(s, pattern) THEN regexp_extract(s, pattern, n) END",
    "athena_md5(b) AS unhex(md5(b))",
    "athena_sha1(b) AS unhex(sha1(b))",
    "athena_sha256(b) AS unhex(sha256(b))",
    "athena_millisecond(t) AS millisecond(t) % 1000",
    "athena_at_timezone(zone, t) AS timezone(zone, CAST(t AS TIMESTAMPTZ))",
    "athena_json_array_length(j) AS CAST(json_array_length(j) AS BIGINT)",
    "athena_histogram(x) AS map_from_entries(list_transform(map_entries(histogram(x)), lambda e: struct_pack(k := "
    "e.key, "
    "v := CAST(e.value AS BIGINT))))",
    "athena_cardinality(x) AS CAST(cardinality(x) AS BIGINT)",
    "athena_repeat(element, n) AS list_transform(range(n), lambda i: element)",
    "athena_array_position(a, x) AS CASE WHEN a IS NOT NULL AND x IS NOT NULL THEN CAST(coalesce(list_position(a, x), "
    "0) AS BIGINT) END",
    // aggregates
    "approx_distinct(x) AS approx_count_distinct(x), (x, e) AS approx_count_distinct(x)",
    "approx_percentile(x, p) AS approx_quantile(x, p)",
    "every(x) AS bool_and(x)",
    "bitwise_and_agg(x) AS bit_and(x)",
    "bitwise_or_agg(x) AS bit_or(x)",
    "bitwise_xor_agg(x) AS bit_xor(x)",
    "multimap_agg(k, v) AS athena_multimap(list(struct_pack(key := k, value := v)))",
    "map_agg(k, v) AS athena_first_values(athena_multimap(list(struct_pack(key := k, value := v))))",
    "map_union(m) AS athena_first_values(athena_multimap(flatten(list(map_entries(m)))))",
};

/// `count` times `each`, if a T holds it.
template <typename T>
T Times(int64_t count, int64_t each) {
  T product = 0;
  if (__builtin_mul_overflow(count, each, &product)) {
    throw duckdb::OutOfRangeException("date_add: %lld is too much", count);
  }
  return product;
}

duckdb::interval_t IntervalOf(const std::string& unit, int64_t count) {
  using duckdb::DatePartSpecifier;
  duckdb::interval_t interval;
  interval.months = 0;
  interval.days = 0;
  interval.micros = 0;
  switch (duckdb::GetDatePartSpecifier(unit)) {
    case DatePartSpecifier::YEAR:
      interval.months = Times<int32_t>(count, 12);
      return interval;
    case DatePartSpecifier::QUARTER:
      interval.months = Times<int32_t>(count, 3);
      return interval;
    case DatePartSpecifier::MONTH:
      interval.months = Times<int32_t>(count, 1);
      return interval;
    case DatePartSpecifier::WEEK:
      interval.days = Times<int32_t>(count, 7);
      return interval;
    case DatePartSpecifier::DAY:
      interval.days = Times<int32_t>(count, 1);
      return interval;
    case DatePartSpecifier::HOUR:
      interval.micros = Times<int64_t>(count, duckdb::Interval::MICROS_PER_HOUR);
      return interval;
    case DatePartSpecifier::MINUTE:
      interval.micros = Times<int64_t>(count, duckdb::Interval::MICROS_PER_MINUTE);
      return interval;
    case DatePartSpecifier::SECOND:
      interval.micros = Times<int64_t>(count, duckdb::Interval::MICROS_PER_SEC);
      return interval;
    case DatePartSpecifier::MILLISECONDS:
      interval.micros = Times<int64_t>(count, duckdb::Interval::MICROS_PER_MSEC);
      return interval;
    default:
      throw duckdb::InvalidInputException(
          "date_add: \"%s\" is no unit; there are millisecond, second, minute, hour, day, week, month, quarter and "
          "year",
          unit);
  }
}

template <typename T>
void DateAdd(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::TernaryExecutor::Execute<duckdb::string_t, int64_t, T, T>(
      arguments.data[0], arguments.data[1], arguments.data[2], result, arguments.size(),
      [](duckdb::string_t unit, int64_t count, T time) {
        return duckdb::Interval::Add(time, IntervalOf(unit.GetString(), count));
      });
}

template <typename T>
void AddInterval(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<T, duckdb::interval_t, duckdb::timestamp_t>(
      arguments.data[0], arguments.data[1], result, arguments.size(), [](T time, duckdb::interval_t interval) {
        if constexpr (std::is_same_v<T, duckdb::date_t>) {
          return duckdb::Interval::Add(duckdb::Timestamp::FromDatetime(time, duckdb::dtime_t(0)), interval);
        } else {
          return duckdb::Interval::Add(time, interval);
        }
      });
}

/// date_add(unit, count, time), which keeps the type of `time`; and DuckDB's own of two arguments, which had no room
/// beside it.
duckdb::ScalarFunctionSet DateAddFunctions() {
  duckdb::ScalarFunctionSet set("date_add");
  const auto add = [&](duckdb::vector<LogicalType> arguments, const LogicalType& type,
                       duckdb::scalar_function_t function) {
    set.AddFunction(duckdb::ScalarFunction(std::move(arguments), type, std::move(function)));
  };
  const LogicalType unit = LogicalType::VARCHAR, count = LogicalType::BIGINT, interval = LogicalType::INTERVAL;
  add({unit, count, LogicalType::DATE}, LogicalType::DATE, DateAdd<duckdb::date_t>);
  add({LogicalType::DATE, interval}, LogicalType::TIMESTAMP, AddInterval<duckdb::date_t>);
  for (const auto& type : {LogicalType(LogicalType::TIMESTAMP), LogicalType(LogicalType::TIMESTAMP_TZ)}) {
    add({unit, count, type}, type, DateAdd<duckdb::timestamp_t>);
    add({type, interval}, type, AddInterval<duckdb::timestamp_t>);
  }
  return set;
}

/// date_trunc of a date, which stays one.
void DateTrunc(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<duckdb::string_t, duckdb::date_t, duckdb::date_t>(
      arguments.data[0], arguments.data[1], result, arguments.size(), [](duckdb::string_t unit, duckdb::date_t date) {
        using duckdb::DatePartSpecifier;
        if (!duckdb::Date::IsFinite(date)) return date;
        int32_t year = 0, month = 0, day = 0;
        duckdb::Date::Convert(date, year, month, day);
        switch (duckdb::GetDatePartSpecifier(unit.GetString())) {
          case DatePartSpecifier::YEAR:
            return duckdb::Date::FromDate(year, 1, 1);
          case DatePartSpecifier::QUARTER:
            return duckdb::Date::FromDate(year, (month - 1) / 3 * 3 + 1, 1);
          case DatePartSpecifier::MONTH:
            return duckdb::Date::FromDate(year, month, 1);
          case DatePartSpecifier::WEEK:
            return duckdb::Date::GetMondayOfCurrentWeek(date);
          case DatePartSpecifier::DAY:
            return date;
          default:
            throw duckdb::InvalidInputException(
                "date_trunc: \"%s\" is no unit of a date; there are day, week, month, quarter and year",
                unit.GetString());
        }
      });
}

class Registrar {
 public:
  explicit Registrar(duckdb::ClientContext& context)
      : context_(context), catalog_(duckdb::Catalog::GetSystemCatalog(context)) {}

  void AddMacro(const std::string& definition) {
    if (macros_ == nullptr) macros_ = &LazyMacros::Install(context_);
    macros_->Add(definition);
  }

  void AddFunctions(duckdb::ScalarFunctionSet set, duckdb::OnCreateConflict on_conflict) {
    duckdb::CreateScalarFunctionInfo info(std::move(set));
    Prepare(info);
    info.on_conflict = on_conflict;
    catalog_.CreateFunction(context_, info);
  }

  void AddAggregates(duckdb::AggregateFunctionSet set) {
    duckdb::CreateAggregateFunctionInfo info(std::move(set));
    Prepare(info);
    catalog_.CreateFunction(context_, info);
  }

  /// Those aggregates of DuckDB's that `takes` wants, under the name of the set.
  void Borrow(const char* of, const std::function<bool(const duckdb::AggregateFunction&)>& takes,
              duckdb::AggregateFunctionSet* set) {
    auto& entry = catalog_.GetEntry<duckdb::AggregateFunctionCatalogEntry>(context_, DEFAULT_SCHEMA, of);
    for (auto function : entry.functions.functions) {
      if (!takes(function)) continue;
      function.name = set->name;
      set->AddFunction(std::move(function));
    }
  }

  void DropMacro(const char* name) {
    duckdb::DropInfo info;
    info.type = duckdb::CatalogType::MACRO_ENTRY;
    info.schema = DEFAULT_SCHEMA;
    info.name = name;
    info.allow_drop_internal = true;
    catalog_.DropEntry(context_, info);
  }

  /// Those functions of DuckDB's that `takes` wants, under another name.
  duckdb::ScalarFunctionSet Borrow(const char* name, const char* of,
                                   const std::function<bool(const duckdb::ScalarFunction&)>& takes) {
    auto& entry = catalog_.GetEntry<duckdb::ScalarFunctionCatalogEntry>(context_, DEFAULT_SCHEMA, of);
    duckdb::ScalarFunctionSet borrowed(name);
    for (auto function : entry.functions.functions) {
      if (!takes(function)) continue;
      function.name = name;
      borrowed.AddFunction(std::move(function));
    }
    return borrowed;
  }

 private:
  static void Prepare(duckdb::CreateFunctionInfo& info) {
    info.catalog = SYSTEM_CATALOG;
    info.schema = DEFAULT_SCHEMA;
    info.internal = true;
    info.temporary = false;
  }

  duckdb::ClientContext& context_;
  duckdb::Catalog& catalog_;
  LazyMacros* macros_ = nullptr;
};

/// Whether a type is one of the integers that Athena has, too.
bool IsInteger(const LogicalType& type) {
  using Type = duckdb::LogicalTypeId;
  return type.id() == Type::TINYINT || type.id() == Type::SMALLINT || type.id() == Type::INTEGER ||
         type.id() == Type::BIGINT;
}

/// Operators and aggregates of Athena's types, and DuckDB's where these are the same.
void AddArithmetic(Registrar& registrar) {
  using Type = duckdb::LogicalTypeId;
  const auto create = duckdb::OnCreateConflict::ERROR_ON_CONFLICT;
  const auto of_no_integers = [](const auto& function) { return !IsInteger(function.arguments[0]); };
  auto divide = registrar.Borrow("athena_divide", "/", of_no_integers);
  AddDivisions(&divide);
  registrar.AddFunctions(std::move(divide), create);
  auto mod = registrar.Borrow("athena_mod", "%", of_no_integers);
  AddRemainders(&mod);
  registrar.AddFunctions(std::move(mod), create);
  duckdb::AggregateFunctionSet sum("athena_sum"), avg("athena_avg");
  registrar.Borrow(
      "sum",
      [](const auto& function) {
        return !IsInteger(function.arguments[0]) && function.arguments[0].id() != Type::BOOLEAN;
      },
      &sum);
  AddSums(&sum);
  registrar.AddAggregates(std::move(sum));
  registrar.Borrow(
      "avg", [](const auto& function) { return function.arguments[0].id() != Type::DECIMAL; }, &avg);
  AddAverages(&avg);
  registrar.AddAggregates(std::move(avg));
  duckdb::AggregateFunctionSet count_if("athena_count_if");
  AddCountIf(&count_if);
  registrar.AddAggregates(std::move(count_if));
}

}  // namespace

void RegisterAthenaFunctions(duckdb::ClientContext& context) {
  context.RunFunctionInTransaction([&] {
    Registrar registrar(context);
    using Type = duckdb::LogicalTypeId;
    const auto create = duckdb::OnCreateConflict::ERROR_ON_CONFLICT,
               overload = duckdb::OnCreateConflict::ALTER_ON_CONFLICT;
    for (auto& set : AthenaCollectionFunctions()) registrar.AddFunctions(std::move(set), create);
    for (const auto* macro : kMacros) registrar.AddMacro(macro);
    AddArithmetic(registrar);
    const auto any = [](const duckdb::ScalarFunction&) { return true; };
    const auto of_first = [](Type type) {
      return [type](const duckdb::ScalarFunction& function) { return function.arguments[0].id() == type; };
    };
    registrar.AddFunctions(registrar.Borrow("transform", "list_transform", any), create);
    // DuckDB has these of maps alone.
    registrar.AddFunctions(registrar.Borrow("cardinality", "len", of_first(Type::LIST)), overload);
    registrar.AddFunctions(registrar.Borrow("element_at", "list_extract", of_first(Type::LIST)), overload);
    // Athena's meaning of names that DuckDB has, too.
    registrar.AddFunctions(registrar.Borrow("athena_element_at", "list_extract", of_first(Type::LIST)), create);
    registrar.AddFunctions(registrar.Borrow("athena_element_at", "map_extract_value", of_first(Type::MAP)), overload);
    auto date_trunc = registrar.Borrow("athena_date_trunc", "date_trunc", [](const duckdb::ScalarFunction& function) {
      return function.arguments[1].id() != Type::DATE;
    });
    date_trunc.AddFunction(
        duckdb::ScalarFunction({LogicalType::VARCHAR, LogicalType::DATE}, LogicalType::DATE, DateTrunc));
    registrar.AddFunctions(std::move(date_trunc), create);
    registrar.DropMacro("date_add");
    registrar.AddFunctions(DateAddFunctions(), duckdb::OnCreateConflict::ERROR_ON_CONFLICT);
  });
}

}  // namespace glaux::duckdb_engine
