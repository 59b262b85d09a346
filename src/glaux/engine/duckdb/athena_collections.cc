#include "glaux/engine/duckdb/athena_collections_internal.h"

#include <duckdb/common/types/date.hpp>
#include <duckdb/common/types/interval.hpp>
#include <duckdb/common/types/timestamp.hpp>
#include <duckdb/common/types/value_map.hpp>
#include <duckdb/common/vector_operations/unary_executor.hpp>
#include <duckdb/planner/expression.hpp>

#include "glaux/engine/duckdb/athena_tree_internal.h"

namespace glaux::duckdb_engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using Bound = duckdb::unique_ptr<duckdb::FunctionData>;
using Arguments = duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>;

/// As many values as Trino's sequence gives.
constexpr int64_t kMostValues = 10'000;

LogicalType RowsOf(const LogicalType& type) {
  const std::string first = kUnnamedColumn, second = first + "1";
  if (type.id() == LogicalTypeId::MAP) {
    return LogicalType::LIST(
        LogicalType::STRUCT({{first, duckdb::MapType::KeyType(type)}, {second, duckdb::MapType::ValueType(type)}}));
  }
  const auto& element = duckdb::ListType::GetChildType(type);
  return element.id() == LogicalTypeId::STRUCT ? type : LogicalType::LIST(LogicalType::STRUCT({{first, element}}));
}

Bound BindRows(duckdb::ClientContext&, duckdb::ScalarFunction& function, Arguments& given) {
  const auto& type = given[0]->return_type;
  const auto id = type.id();
  if (id != LogicalTypeId::MAP && id != LogicalTypeId::LIST && id != LogicalTypeId::SQLNULL) {
    throw duckdb::BinderException("Cannot unnest type: %s", type.ToString());
  }
  function.arguments[0] = id == LogicalTypeId::SQLNULL ? LogicalType::LIST(LogicalType::SQLNULL) : type;
  function.SetReturnType(RowsOf(function.arguments[0]));
  return nullptr;
}

void Rows(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  auto& input = arguments.data[0];
  input.Flatten(arguments.size());
  if (input.GetType().id() == LogicalTypeId::MAP || input.GetType() == result.GetType()) {
    result.Reinterpret(input);  // a map is kept as the array of its rows
  } else {
    auto& rows = duckdb::ListVector::GetEntry(result);
    const auto size = duckdb::ListVector::GetListSize(input);
    duckdb::ListVector::Reserve(result, size);
    duckdb::StructVector::GetEntries(rows)[0]->Reference(duckdb::ListVector::GetEntry(input));
    duckdb::ListVector::SetListSize(result, size);
    auto* to = duckdb::FlatVector::GetData<duckdb::list_entry_t>(result);
    const auto* from = duckdb::FlatVector::GetData<duckdb::list_entry_t>(input);
    std::copy(from, from + arguments.size(), to);
    duckdb::FlatVector::Validity(result) = duckdb::FlatVector::Validity(input);
  }
  if (arguments.AllConstant() && arguments.size() == 1) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

Bound BindMultimap(duckdb::ClientContext&, duckdb::ScalarFunction& function, Arguments& given) {
  const auto& type = given[0]->return_type;
  const bool pairs = type.id() == LogicalTypeId::LIST &&
                     duckdb::ListType::GetChildType(type).id() == LogicalTypeId::STRUCT &&
                     duckdb::StructType::GetChildCount(duckdb::ListType::GetChildType(type)) == 2;
  if (!pairs) throw duckdb::BinderException("expected an array of rows of two fields, found %s", type.ToString());
  const auto& pair = duckdb::ListType::GetChildType(type);
  function.arguments[0] = type;
  function.SetReturnType(LogicalType::MAP(duckdb::StructType::GetChildType(pair, 0),
                                          LogicalType::LIST(duckdb::StructType::GetChildType(pair, 1))));
  return nullptr;
}

void Multimap(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  const auto& type = result.GetType();
  const auto& values_type = duckdb::MapType::ValueType(type);
  for (duckdb::idx_t row = 0; row < arguments.size(); ++row) {
    const auto given = arguments.data[0].GetValue(row);
    if (given.IsNull()) {
      result.SetValue(row, duckdb::Value(type));
      continue;
    }
    duckdb::vector<duckdb::Value> keys;
    duckdb::vector<duckdb::vector<duckdb::Value>> values;
    duckdb::value_map_t<size_t> places;
    for (const auto& pair : duckdb::ListValue::GetChildren(given)) {
      if (pair.IsNull()) continue;
      const auto& fields = duckdb::StructValue::GetChildren(pair);
      if (fields[0].IsNull()) continue;
      const auto [place, is_new] = places.emplace(fields[0], keys.size());
      if (is_new) {
        keys.push_back(fields[0]);
        values.emplace_back();
      }
      values[place->second].push_back(fields[1]);
    }
    duckdb::vector<duckdb::Value> lists;
    for (auto& list : values) {
      lists.push_back(duckdb::Value::LIST(duckdb::ListType::GetChildType(values_type), std::move(list)));
    }
    result.SetValue(row,
                    duckdb::Value::MAP(duckdb::MapType::KeyType(type), values_type, std::move(keys), std::move(lists)));
  }
  if (arguments.AllConstant()) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

std::string AthenaName(const LogicalType& type) {
  switch (type.id()) {
    case LogicalTypeId::LIST:
      return "array(" + AthenaName(duckdb::ListType::GetChildType(type)) + ")";
    case LogicalTypeId::MAP:
      return "map(" + AthenaName(duckdb::MapType::KeyType(type)) + ", " + AthenaName(duckdb::MapType::ValueType(type)) +
             ")";
    case LogicalTypeId::STRUCT: {
      std::string fields;
      const bool named = !duckdb::StructType::IsUnnamed(type);
      for (const auto& [name, field] : duckdb::StructType::GetChildTypes(type)) {
        fields += (fields.empty() ? "" : ", ") + (named ? name + " " : std::string()) + AthenaName(field);
      }
      return "row(" + fields + ")";
    }
    case LogicalTypeId::FLOAT:
      return "real";
    case LogicalTypeId::BLOB:
      return "varbinary";
    case LogicalTypeId::SQLNULL:
      return "unknown";
    case LogicalTypeId::TIMESTAMP:
      return "timestamp(3)";
    case LogicalTypeId::TIMESTAMP_TZ:
      return "timestamp(3) with time zone";
    default:
      return duckdb::StringUtil::Lower(type.ToString());
  }
}

void TypeName(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
  result.SetValue(0, duckdb::Value(AthenaName(arguments.data[0].GetType())));
}

void TypeOfName(duckdb::DataChunk& arguments, duckdb::ExpressionState& state, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<duckdb::string_t, duckdb::string_t>(
      arguments.data[0], result, arguments.size(), [&](duckdb::string_t name) {
        const auto type = duckdb::TransformStringToLogicalType(name.GetString(), state.GetContext());
        return duckdb::StringVector::AddString(result, AthenaName(type));
      });
}

void Joda(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::UnaryExecutor::Execute<duckdb::string_t, duckdb::string_t>(
      arguments.data[0], result, arguments.size(), [&](duckdb::string_t pattern) {
        return duckdb::StringVector::AddString(result, StrftimeOfJoda(pattern.GetString()));
      });
}

/// The value `n` steps behind the first.
int64_t After(int64_t first, int64_t step, int64_t n) {
  int64_t way = 0, sum = 0;
  if (__builtin_mul_overflow(step, n, &way) || __builtin_add_overflow(first, way, &sum)) {
    throw duckdb::OutOfRangeException("sequence: a value is too large");
  }
  return sum;
}
duckdb::interval_t Times(duckdb::interval_t step, int64_t n) {
  duckdb::interval_t way;
  if (__builtin_mul_overflow(step.months, n, &way.months) || __builtin_mul_overflow(step.days, n, &way.days) ||
      __builtin_mul_overflow(step.micros, n, &way.micros)) {
    throw duckdb::OutOfRangeException("sequence: a value is too large");
  }
  return way;
}
duckdb::date_t After(duckdb::date_t first, duckdb::interval_t step, int64_t n) {
  return duckdb::Interval::Add(first, Times(step, n));
}
duckdb::timestamp_t After(duckdb::timestamp_t first, duckdb::interval_t step, int64_t n) {
  return duckdb::Interval::Add(first, Times(step, n));
}

/// Of two arguments the step goes the way to the second one.
int64_t StepOf(int64_t first, int64_t last) { return first <= last ? 1 : -1; }
duckdb::interval_t StepOf(duckdb::date_t first, duckdb::date_t last) {
  duckdb::interval_t step;
  step.months = 0;
  step.days = first <= last ? 1 : -1;
  step.micros = 0;
  return step;
}
duckdb::interval_t StepOf(duckdb::timestamp_t, duckdb::timestamp_t) {
  throw duckdb::InvalidInputException("sequence of timestamps needs a step");
}

template <typename T, typename S>
void Sequence(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  const auto count = arguments.size();
  arguments.Flatten();
  result.SetVectorType(duckdb::VectorType::FLAT_VECTOR);
  auto* entries = duckdb::FlatVector::GetData<duckdb::list_entry_t>(result);
  duckdb::idx_t size = 0;
  for (duckdb::idx_t row = 0; row < count; ++row) {
    bool null = false;
    for (const auto& argument : arguments.data) null = null || !duckdb::FlatVector::Validity(argument).RowIsValid(row);
    entries[row] = {size, 0};
    if (null) {
      duckdb::FlatVector::SetNull(result, row, true);
      continue;
    }
    const T first = duckdb::FlatVector::GetData<T>(arguments.data[0])[row];
    const T last = duckdb::FlatVector::GetData<T>(arguments.data[1])[row];
    const S step =
        arguments.ColumnCount() == 3 ? duckdb::FlatVector::GetData<S>(arguments.data[2])[row] : S(StepOf(first, last));
    const T next = After(first, step, 1);
    if (next == first) throw duckdb::InvalidInputException("sequence: the step must not be zero");
    const bool up = first < next;
    if (first == last || up == (first < last)) {
      for (int64_t n = 0;; ++n) {
        const T value = After(first, step, n);
        if (up ? last < value : value < last) break;
        if (n == kMostValues) {
          throw duckdb::InvalidInputException("result of sequence function must not have more than %lld entries",
                                              kMostValues);
        }
        duckdb::ListVector::Reserve(result, size + 1);
        duckdb::FlatVector::GetData<T>(duckdb::ListVector::GetEntry(result))[size++] = value;
      }
    } else {
      throw duckdb::InvalidInputException("sequence: the last value must be in the direction of the step");
    }
    entries[row].length = size - entries[row].offset;
  }
  duckdb::ListVector::SetListSize(result, size);
  if (count == 1) result.SetVectorType(duckdb::VectorType::CONSTANT_VECTOR);
}

template <typename T, typename S>
void AddSequences(const LogicalType& type, const LogicalType& step, duckdb::ScalarFunctionSet* set) {
  const auto result = LogicalType::LIST(type);
  set->AddFunction(duckdb::ScalarFunction({type, type}, result, Sequence<T, S>));
  set->AddFunction(duckdb::ScalarFunction({type, type, step}, result, Sequence<T, S>));
}

duckdb::ScalarFunctionSet One(const char* name, const LogicalType& argument, const LogicalType& result,
                              duckdb::scalar_function_t function, duckdb::bind_scalar_function_t bind = nullptr,
                              duckdb::FunctionNullHandling nulls = duckdb::FunctionNullHandling::SPECIAL_HANDLING) {
  duckdb::ScalarFunction one({argument}, result, std::move(function), bind);
  one.null_handling = nulls;
  duckdb::ScalarFunctionSet set(name);
  set.AddFunction(std::move(one));
  return set;
}

}  // namespace

std::vector<duckdb::ScalarFunctionSet> AthenaCollectionFunctions() {
  const LogicalType any = LogicalType::ANY, text = LogicalType::VARCHAR;
  std::vector<duckdb::ScalarFunctionSet> sets;
  sets.push_back(One("athena_rows", any, any, Rows, BindRows));
  sets.push_back(One("athena_multimap", any, any, Multimap, BindMultimap));
  sets.push_back(One("athena_typeof", any, text, TypeName));
  sets.push_back(
      One("athena_type_name", text, text, TypeOfName, nullptr, duckdb::FunctionNullHandling::DEFAULT_NULL_HANDLING));
  sets.push_back(One("athena_joda", text, text, Joda, nullptr, duckdb::FunctionNullHandling::DEFAULT_NULL_HANDLING));
  duckdb::ScalarFunctionSet sequence("sequence");
  AddSequences<int64_t, int64_t>(LogicalType::BIGINT, LogicalType::BIGINT, &sequence);
  AddSequences<duckdb::date_t, duckdb::interval_t>(LogicalType::DATE, LogicalType::INTERVAL, &sequence);
  AddSequences<duckdb::timestamp_t, duckdb::interval_t>(LogicalType::TIMESTAMP, LogicalType::INTERVAL, &sequence);
  AddSequences<duckdb::timestamp_t, duckdb::interval_t>(LogicalType::TIMESTAMP_TZ, LogicalType::INTERVAL, &sequence);
  sets.push_back(std::move(sequence));
  return sets;
}

namespace {

/// What strftime calls `count` letters of a kind; null: nothing.
const char* DirectiveOf(char letter, size_t count) {
  const bool one = count == 1;
  switch (letter) {
    case 'y':
    case 'Y':
      return count == 2 ? "%y" : "%Y";
    case 'x':
      return "%G";
    case 'M':
      return count >= 4 ? "%B" : count == 3 ? "%b" : one ? "%-m" : "%m";
    case 'd':
      return one ? "%-d" : "%d";
    case 'D':
      return count == 3 ? "%j" : one ? "%-j" : nullptr;
    case 'w':
      return count == 2 ? "%V" : nullptr;
    case 'e':
      return "%u";
    case 'E':
      return count >= 4 ? "%A" : "%a";
    case 'H':
      return one ? "%-H" : "%H";
    case 'h':
      return one ? "%-I" : "%I";
    case 'm':
      return one ? "%-M" : "%M";
    case 's':
      return one ? "%-S" : "%S";
    case 'S':
      return count == 3 ? "%g" : count == 6 ? "%f" : count == 9 ? "%n" : nullptr;
    case 'a':
      return "%p";
    case 'Z':
      return one ? "%z" : nullptr;
    default:
      return nullptr;
  }
}

}  // namespace

std::string StrftimeOfJoda(std::string_view pattern) {
  std::string out;
  const auto add = [&](char c) { c == '%' ? out.append("%%") : out.append(1, c); };
  for (size_t i = 0; i < pattern.size();) {
    const char c = pattern[i];
    if (c == '\'') {
      const size_t end = pattern.find('\'', i + 1);
      if (end == pattern.npos)
        throw duckdb::InvalidInputException("the pattern %s has a text without end", std::string(pattern));
      if (end == i + 1) out += '\'';
      for (size_t at = i + 1; at < end; ++at) add(pattern[at]);
      i = end + 1;
      continue;
    }
    if (!duckdb::StringUtil::CharacterIsAlpha(c)) {
      add(c);
      ++i;
      continue;
    }
    size_t count = 1;
    while (i + count < pattern.size() && pattern[i + count] == c) ++count;
    const char* directive = DirectiveOf(c, count);
    if (directive == nullptr) {
      throw duckdb::InvalidInputException("the pattern %s has %s, which is not supported", std::string(pattern),
                                          std::string(count, c));
    }
    out += directive;
    i += count;
  }
  return out;
}

}  // namespace glaux::duckdb_engine
