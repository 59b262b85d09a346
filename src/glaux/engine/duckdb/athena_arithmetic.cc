#include "glaux/engine/duckdb/athena_arithmetic_internal.h"

#include <duckdb/common/types/hugeint.hpp>
#include <duckdb/common/vector_operations/binary_executor.hpp>
#include <duckdb/planner/expression.hpp>

#include <algorithm>
#include <limits>

namespace glaux::duckdb_engine {
namespace {

using duckdb::Hugeint;
using duckdb::hugeint_t;
using duckdb::LogicalType;
using duckdb::LogicalTypeId;

constexpr uint8_t kMostDigits = 38;

template <typename T>
T IsNoZero(T divisor) {
  if (divisor == T(0)) throw duckdb::OutOfRangeException("Division by zero");
  return divisor;
}

template <typename T>
void DivideIntegers(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<T, T, T>(arguments.data[0], arguments.data[1], result, arguments.size(),
                                           [](T a, T b) -> T {
                                             if (IsNoZero(b) == T(-1)) {
                                               if (a == std::numeric_limits<T>::min())
                                                 throw duckdb::OutOfRangeException("Overflow in division");
                                               return static_cast<T>(-a);
                                             }
                                             return static_cast<T>(a / b);
                                           });
}

template <typename T>
void RemainderOfIntegers(duckdb::DataChunk& arguments, duckdb::ExpressionState&, duckdb::Vector& result) {
  duckdb::BinaryExecutor::Execute<T, T, T>(
      arguments.data[0], arguments.data[1], result, arguments.size(),
      [](T a, T b) -> T { return IsNoZero(b) == T(-1) ? T(0) : static_cast<T>(a % b); });
}

/// |a| / |b| with the sign of both, rounded half up.
hugeint_t Rounded(hugeint_t a, hugeint_t b) {
  hugeint_t remainder;
  hugeint_t quotient = Hugeint::DivMod(Hugeint::Abs(a), Hugeint::Abs(b), remainder);
  // Twice the remainder may be more than there is room for.
  if (remainder >= Hugeint::Abs(b) - remainder) quotient += 1;
  return (a < hugeint_t(0)) != (b < hugeint_t(0)) ? -quotient : quotient;
}

template <typename R>
R Narrow(hugeint_t value) {
  R narrow;
  if (Hugeint::Abs(value) >= Hugeint::POWERS_OF_TEN[kMostDigits] || !Hugeint::TryCast(value, narrow)) {
    throw duckdb::OutOfRangeException("Decimal overflow");
  }
  return narrow;
}

/// \tparam R how a decimal of the result's width is kept
template <typename R>
void DivideDecimals(duckdb::DataChunk& arguments, duckdb::ExpressionState& state, duckdb::Vector& result) {
  const int scale = duckdb::DecimalType::GetScale(result.GetType());
  const int shift = scale + duckdb::DecimalType::GetScale(arguments.data[1].GetType()) -
                    duckdb::DecimalType::GetScale(arguments.data[0].GetType());
  duckdb::BinaryExecutor::Execute<hugeint_t, hugeint_t, R>(
      arguments.data[0], arguments.data[1], result, arguments.size(), [&](hugeint_t a, hugeint_t b) {
        hugeint_t wide;
        if (!Hugeint::TryMultiply(a, Hugeint::POWERS_OF_TEN[shift], wide)) {
          throw duckdb::OutOfRangeException("Decimal overflow");
        }
        return Narrow<R>(Rounded(wide, IsNoZero(b)));
      });
  static_cast<void>(state);
}

/// The decimal that holds every value of a type that is a decimal or an integer.
std::pair<uint8_t, uint8_t> DigitsOf(const LogicalType& type) {
  uint8_t width = kMostDigits, scale = 0;
  return type.GetDecimalProperties(width, scale) ? std::pair(width, scale) : std::pair(kMostDigits, uint8_t{0});
}

template <typename Function, typename Choose>
void ChooseByWidth(uint8_t width, const Choose& choose, Function* function) {
  switch (LogicalType::DECIMAL(width, 0).InternalType()) {
    case duckdb::PhysicalType::INT16:
      return choose(int16_t{}, function);
    case duckdb::PhysicalType::INT32:
      return choose(int32_t{}, function);
    case duckdb::PhysicalType::INT64:
      return choose(int64_t{}, function);
    default:
      return choose(hugeint_t{}, function);
  }
}

duckdb::unique_ptr<duckdb::FunctionData> BindDivision(duckdb::ClientContext&, duckdb::ScalarFunction& function,
                                                      duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& given) {
  const auto [p1, s1] = DigitsOf(given[0]->return_type);
  const auto [p2, s2] = DigitsOf(given[1]->return_type);
  const int width = p1 + s2 + std::max(0, s2 - s1);
  const auto most = static_cast<uint8_t>(std::min<int>(width, kMostDigits));
  function.arguments = {LogicalType::DECIMAL(kMostDigits, s1), LogicalType::DECIMAL(kMostDigits, s2)};
  function.SetReturnType(LogicalType::DECIMAL(std::max(most, std::max(s1, s2)), std::max(s1, s2)));
  ChooseByWidth(
      std::max(most, std::max(s1, s2)),
      [](auto kept, duckdb::ScalarFunction* chosen) { chosen->function = DivideDecimals<decltype(kept)>; }, &function);
  return nullptr;
}

// ---- aggregates ----

struct NoNulls {
  static bool IgnoreNull() { return true; }
};

template <typename S>
struct SumState {
  S sum;
  bool any;
};

template <typename S>
struct Sum : NoNulls {
  template <class STATE>
  static void Initialize(STATE& state) {
    state.sum = 0;
    state.any = false;
  }
  static void Add(SumState<S>& state, S value) {
    state.any = true;
    if constexpr (std::is_integral_v<S>) {
      if (__builtin_add_overflow(state.sum, value, &state.sum)) {
        throw duckdb::OutOfRangeException("Overflow in sum of bigint");
      }
    } else {
      state.sum += value;
    }
  }
  template <class INPUT, class STATE, class OP>
  static void Operation(STATE& state, const INPUT& value, duckdb::AggregateUnaryInput&) {
    Add(state, static_cast<S>(value));
  }
  template <class INPUT, class STATE, class OP>
  static void ConstantOperation(STATE& state, const INPUT& value, duckdb::AggregateUnaryInput&, duckdb::idx_t count) {
    for (duckdb::idx_t i = 0; i < count; ++i) Add(state, static_cast<S>(value));
  }
  template <class STATE, class OP>
  static void Combine(const STATE& source, STATE& target, duckdb::AggregateInputData&) {
    if (source.any) Add(target, source.sum);
  }
  template <class RESULT, class STATE>
  static void Finalize(STATE& state, RESULT& target, duckdb::AggregateFinalizeData& finalize) {
    if (!state.any) return finalize.ReturnNull();
    target = static_cast<RESULT>(state.sum);
  }
};

struct CountIf : Sum<int64_t> {
  template <class RESULT, class STATE>
  static void Finalize(STATE& state, RESULT& target, duckdb::AggregateFinalizeData&) {
    target = state.sum;
  }
};

template <typename S>
struct AverageState {
  S sum;
  int64_t count;
};

template <typename S>
struct Average : NoNulls {
  template <class STATE>
  static void Initialize(STATE& state) {
    state.sum = S(0);
    state.count = 0;
  }
  static void Add(AverageState<S>& state, const S& sum, int64_t count) {
    state.count += count;
    if constexpr (std::is_same_v<S, hugeint_t>) {
      if (!Hugeint::TryAddInPlace(state.sum, sum)) throw duckdb::OutOfRangeException("Decimal overflow");
    } else {
      state.sum += sum;
    }
  }
  template <class INPUT, class STATE, class OP>
  static void Operation(STATE& state, const INPUT& value, duckdb::AggregateUnaryInput&) {
    Add(state, static_cast<S>(value), 1);
  }
  template <class INPUT, class STATE, class OP>
  static void ConstantOperation(STATE& state, const INPUT& value, duckdb::AggregateUnaryInput&, duckdb::idx_t count) {
    for (duckdb::idx_t i = 0; i < count; ++i) Add(state, static_cast<S>(value), 1);
  }
  template <class STATE, class OP>
  static void Combine(const STATE& source, STATE& target, duckdb::AggregateInputData&) {
    Add(target, source.sum, source.count);
  }
  template <class RESULT, class STATE>
  static void Finalize(STATE& state, RESULT& target, duckdb::AggregateFinalizeData& finalize) {
    if (state.count == 0) return finalize.ReturnNull();
    if constexpr (std::is_same_v<S, hugeint_t>) {
      target = Narrow<RESULT>(Rounded(state.sum, hugeint_t(state.count)));
    } else {
      target = static_cast<RESULT>(state.sum / static_cast<S>(state.count));
    }
  }
};

template <typename T, typename S, typename R>
duckdb::AggregateFunction SumOf(const LogicalType& type, const LogicalType& result) {
  auto function = duckdb::AggregateFunction::UnaryAggregate<SumState<S>, T, R, Sum<S>>(type, result);
  if (std::is_integral_v<S>) function.SetOrderDependent(duckdb::AggregateOrderDependent::NOT_ORDER_DEPENDENT);
  return function;
}

duckdb::unique_ptr<duckdb::FunctionData> BindAverage(duckdb::ClientContext&, duckdb::AggregateFunction& function,
                                                     duckdb::vector<duckdb::unique_ptr<duckdb::Expression>>& given) {
  const auto [width, scale] = DigitsOf(given[0]->return_type);
  const auto type = LogicalType::DECIMAL(width, scale), wide = LogicalType::DECIMAL(kMostDigits, scale);
  const auto name = function.name;
  ChooseByWidth(
      width,
      [&](auto kept, duckdb::AggregateFunction* chosen) {
        *chosen = duckdb::AggregateFunction::UnaryAggregate<AverageState<hugeint_t>, hugeint_t, decltype(kept),
                                                            Average<hugeint_t>>(wide, type);
      },
      &function);
  function.name = name;
  return nullptr;
}

}  // namespace

void AddDivisions(duckdb::ScalarFunctionSet* set) {
  const auto add = [&](const LogicalType& type, duckdb::scalar_function_t function) {
    set->AddFunction(duckdb::ScalarFunction({type, type}, type, std::move(function)));
  };
  add(LogicalType::TINYINT, DivideIntegers<int8_t>);
  add(LogicalType::SMALLINT, DivideIntegers<int16_t>);
  add(LogicalType::INTEGER, DivideIntegers<int32_t>);
  add(LogicalType::BIGINT, DivideIntegers<int64_t>);
  const LogicalType decimal(LogicalTypeId::DECIMAL);
  set->AddFunction(duckdb::ScalarFunction({decimal, decimal}, decimal, nullptr, BindDivision));
}

void AddRemainders(duckdb::ScalarFunctionSet* set) {
  const auto add = [&](const LogicalType& type, duckdb::scalar_function_t function) {
    set->AddFunction(duckdb::ScalarFunction({type, type}, type, std::move(function)));
  };
  add(LogicalType::TINYINT, RemainderOfIntegers<int8_t>);
  add(LogicalType::SMALLINT, RemainderOfIntegers<int16_t>);
  add(LogicalType::INTEGER, RemainderOfIntegers<int32_t>);
  add(LogicalType::BIGINT, RemainderOfIntegers<int64_t>);
}

void AddSums(duckdb::AggregateFunctionSet* set) {
  set->AddFunction(SumOf<int8_t, int64_t, int64_t>(LogicalType::TINYINT, LogicalType::BIGINT));
  set->AddFunction(SumOf<int16_t, int64_t, int64_t>(LogicalType::SMALLINT, LogicalType::BIGINT));
  set->AddFunction(SumOf<int32_t, int64_t, int64_t>(LogicalType::INTEGER, LogicalType::BIGINT));
  set->AddFunction(SumOf<int64_t, int64_t, int64_t>(LogicalType::BIGINT, LogicalType::BIGINT));
  set->AddFunction(SumOf<float, double, float>(LogicalType::FLOAT, LogicalType::FLOAT));
}

void AddCountIf(duckdb::AggregateFunctionSet* set) {
  auto function = duckdb::AggregateFunction::UnaryAggregate<SumState<int64_t>, bool, int64_t, CountIf>(
      LogicalType::BOOLEAN, LogicalType::BIGINT);
  function.SetOrderDependent(duckdb::AggregateOrderDependent::NOT_ORDER_DEPENDENT);
  set->AddFunction(std::move(function));
}

void AddAverages(duckdb::AggregateFunctionSet* set) {
  const LogicalType decimal(LogicalTypeId::DECIMAL);
  auto of_decimals =
      duckdb::AggregateFunction::UnaryAggregate<AverageState<hugeint_t>, hugeint_t, hugeint_t, Average<hugeint_t>>(
          decimal, decimal);
  of_decimals.SetBindCallback(BindAverage);
  set->AddFunction(std::move(of_decimals));
  set->AddFunction(duckdb::AggregateFunction::UnaryAggregate<AverageState<double>, float, float, Average<double>>(
      LogicalType::FLOAT, LogicalType::FLOAT));
}

}  // namespace glaux::duckdb_engine
