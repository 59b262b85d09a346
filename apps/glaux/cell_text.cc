#include "cell_text.h"

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <arrow/type_traits.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <fmt/format.h>
#include <utf8proc.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdlib>
#include <vector>

namespace glaux::cli {
namespace {

using arrow::Array;
using arrow::Type;

template <typename Integer>
void AppendInteger(Integer value, std::string* out) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  out->append(digits, end.ptr);
}

/// The shortest digits that read back as the same number, and never like an integer: "1.0".
template <typename Float>
void AppendFloat(Float value, CellStyle style, std::string* out) {
  if (!std::isfinite(value)) {
    *out += style == CellStyle::kJson ? "null" : std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf";
    return;
  }
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  const std::string_view text(digits, static_cast<size_t>(end.ptr - digits));
  out->append(text);
  if (text.find_first_of(".e") == std::string_view::npos) *out += ".0";
}

/// Digits of an unscaled decimal with its point: never an exponent, so that no reader rounds it.
void AppendDecimal(std::string digits, int32_t scale, std::string* out) {
  size_t first = 0;
  if (digits.starts_with('-')) {
    *out += '-';
    first = 1;
  }
  digits.erase(0, first);
  if (scale <= 0) {
    if (digits != "0") digits.append(static_cast<size_t>(-scale), '0');
    *out += digits;
    return;
  }
  const auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  out->append(digits, 0, digits.size() - places).append(".").append(digits, digits.size() - places);
}

void AppendHex(std::string_view bytes, std::string* out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    *out += kDigits[byte >> 4];
    *out += kDigits[byte & 15];
  }
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1'000'000;
    case arrow::TimeUnit::NANO:
      return 1'000'000'000;
  }
  return 1;
}

void AppendDate(int64_t days, std::string* out) {
  // Days since 0000-03-01 and eras of 400 years ("days to civil"): unlike std::chrono's years, these do not end at
  // 32767.
  const int64_t shifted = days + 719'468;
  const int64_t era = FloorDivide(shifted, 146'097);
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  const int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  fmt::format_to(std::back_inserter(*out), "{}{:04}-{:02}-{:02}", year < 0 ? "-" : "", std::abs(year), month, day);
}

/// A time of day with no, 3, 6 or 9 digits of a second: as few as are exact.
void AppendTimeOfDay(int64_t value, int64_t per_second, std::string* out) {
  const int64_t seconds = value / per_second;
  const int64_t nanos = value % per_second * (1'000'000'000 / per_second);
  const auto to = std::back_inserter(*out);
  fmt::format_to(to, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
  if (nanos == 0) return;
  if (nanos % 1'000'000 == 0) {
    fmt::format_to(to, ".{:03}", nanos / 1'000'000);
  } else if (nanos % 1'000 == 0) {
    fmt::format_to(to, ".{:06}", nanos / 1'000);
  } else {
    fmt::format_to(to, ".{:09}", nanos);
  }
}

void AppendInterval(int64_t months, int64_t days, int64_t nanos, std::string* out) {
  const size_t start = out->size();
  const auto part = [&](int64_t count, std::string_view name) {
    if (count == 0) return;
    if (out->size() > start) *out += ' ';
    AppendInteger(count, out);
    out->append(" ").append(name).append(count == 1 || count == -1 ? "" : "s");
  };
  part(months / 12, "year");
  part(months % 12, "month");
  part(days, "day");
  if (nanos != 0 || out->size() == start) {
    if (out->size() > start) *out += ' ';
    if (nanos < 0) *out += '-';
    AppendTimeOfDay(nanos < 0 ? -nanos : nanos, 1'000'000'000, out);
  }
}

template <typename Print>
class Leaf final : public CellPrinter {
 public:
  Leaf(std::shared_ptr<Array> array, CellStyle style, bool quoted, Print print)
      : array_(std::move(array)),
        json_(style == CellStyle::kJson),
        quoted_(json_ && quoted),
        print_(std::move(print)) {}
  bool IsNull(int64_t row) const override { return array_->IsNull(row); }
  void Append(int64_t row, std::string* out) const override {
    if (array_->IsNull(row)) {
      if (json_) *out += "null";
      return;
    }
    if (quoted_) *out += '"';
    print_(row, out);
    if (quoted_) *out += '"';
  }

 private:
  const std::shared_ptr<Array> array_;
  const bool json_;
  const bool quoted_;
  const Print print_;
};

/// \param quoted in JSON, wrap what is printed in quotes: for text that needs no escapes
template <typename Print>
std::unique_ptr<CellPrinter> MakeLeaf(std::shared_ptr<Array> array, CellStyle style, bool quoted, Print print) {
  return std::make_unique<Leaf<Print>>(std::move(array), style, quoted, std::move(print));
}

template <typename ArrayType>
Result<std::unique_ptr<CellPrinter>> NumberPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const ArrayType*>(array.get());
  return MakeLeaf(std::move(array), style, false, [values, style](int64_t row, std::string* out) {
    const auto value = values->Value(row);
    if constexpr (std::floating_point<std::decay_t<decltype(value)>>) {
      AppendFloat(value, style, out);
    } else {
      AppendInteger(value, out);
    }
  });
}

template <typename ArrayType, typename Decimal>
Result<std::unique_ptr<CellPrinter>> DecimalPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const ArrayType*>(array.get());
  const int32_t scale = static_cast<const arrow::DecimalType&>(*array->type()).scale();
  return MakeLeaf(std::move(array), style, false, [values, scale](int64_t row, std::string* out) {
    AppendDecimal(Decimal(values->GetValue(row)).ToIntegerString(), scale, out);
  });
}

template <typename ArrayType>
Result<std::unique_ptr<CellPrinter>> StringPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const ArrayType*>(array.get());
  return MakeLeaf(std::move(array), style, false, [values, style](int64_t row, std::string* out) {
    if (style == CellStyle::kJson) {
      AppendJsonString(values->GetView(row), out);
    } else {
      out->append(values->GetView(row));
    }
  });
}

template <typename ArrayType>
Result<std::unique_ptr<CellPrinter>> BinaryPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const ArrayType*>(array.get());
  return MakeLeaf(std::move(array), style, true,
                  [values](int64_t row, std::string* out) { AppendHex(std::string_view(values->GetView(row)), out); });
}

Result<std::unique_ptr<CellPrinter>> UuidPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const arrow::FixedSizeBinaryArray*>(array.get());
  return MakeLeaf(std::move(array), style, true, [values](int64_t row, std::string* out) {
    std::string digits;
    AppendHex(values->GetView(row), &digits);
    for (const size_t at : {20, 16, 12, 8}) digits.insert(at, "-");
    *out += digits;
  });
}

Result<std::unique_ptr<CellPrinter>> TimestampPrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const arrow::TimestampArray*>(array.get());
  const auto& type = static_cast<const arrow::TimestampType&>(*array->type());
  const int64_t per_second = UnitsPerSecond(type.unit());
  const bool zoned = !type.timezone().empty();
  return MakeLeaf(std::move(array), style, true, [=](int64_t row, std::string* out) {
    const int64_t per_day = 86'400 * per_second;
    const int64_t days = FloorDivide(values->Value(row), per_day);
    AppendDate(days, out);
    *out += style == CellStyle::kJson ? 'T' : ' ';
    const int64_t since_midnight = values->Value(row) % per_day;  // days * per_day may be beyond int64
    AppendTimeOfDay(since_midnight < 0 ? since_midnight + per_day : since_midnight, per_second, out);
    if (zoned) *out += 'Z';  // a value with a zone is stored in UTC, whatever zone it is shown in
  });
}

template <typename ArrayType>
Result<std::unique_ptr<CellPrinter>> TimePrinter(std::shared_ptr<Array> array, CellStyle style) {
  const auto* values = static_cast<const ArrayType*>(array.get());
  const int64_t per_second = UnitsPerSecond(static_cast<const arrow::TimeType&>(*array->type()).unit());
  return MakeLeaf(std::move(array), style, true, [values, per_second](int64_t row, std::string* out) {
    AppendTimeOfDay(values->Value(row), per_second, out);
  });
}

/// What has parts is JSON in both styles.
class Nested : public CellPrinter {
 public:
  Nested(std::shared_ptr<Array> array, CellStyle style) : array_(std::move(array)), json_(style == CellStyle::kJson) {}
  bool IsNull(int64_t row) const override { return array_->IsNull(row); }
  void Append(int64_t row, std::string* out) const override {
    if (!array_->IsNull(row)) {
      AppendValue(row, out);
    } else if (json_) {
      *out += "null";
    }
  }

 protected:
  virtual void AppendValue(int64_t row, std::string* out) const = 0;
  const std::shared_ptr<Array> array_;

 private:
  const bool json_;
};

template <typename ArrayType>
class ListPrinter final : public Nested {
 public:
  ListPrinter(std::shared_ptr<Array> array, CellStyle style, std::unique_ptr<CellPrinter> items)
      : Nested(std::move(array), style), items_(std::move(items)) {}
  static Result<std::unique_ptr<CellPrinter>> Make(std::shared_ptr<Array> array, CellStyle style) {
    ARROW_ASSIGN_OR_RAISE(auto items,
                          CellPrinter::Make(static_cast<const ArrayType&>(*array).values(), CellStyle::kJson));
    return std::make_unique<ListPrinter>(std::move(array), style, std::move(items));
  }

 protected:
  void AppendValue(int64_t row, std::string* out) const override {
    const auto& list = static_cast<const ArrayType&>(*array_);
    const int64_t begin = list.value_offset(row);
    const int64_t end = begin + list.value_length(row);
    *out += '[';
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) *out += ',';
      items_->Append(i, out);
    }
    *out += ']';
  }

 private:
  const std::unique_ptr<CellPrinter> items_;
};

class StructPrinter final : public Nested {
 public:
  StructPrinter(std::shared_ptr<Array> array, CellStyle style) : Nested(std::move(array), style) {}
  static Result<std::unique_ptr<CellPrinter>> Make(std::shared_ptr<Array> array, CellStyle style) {
    const auto& source = static_cast<const arrow::StructArray&>(*array);
    auto printer = std::make_unique<StructPrinter>(array, style);
    for (int i = 0; i < source.num_fields(); ++i) {
      std::string name;
      AppendJsonString(source.type()->field(i)->name(), &name);
      printer->names_.push_back(name + ":");
      ARROW_ASSIGN_OR_RAISE(auto field, CellPrinter::Make(source.field(i), CellStyle::kJson));
      printer->fields_.push_back(std::move(field));
    }
    return printer;
  }

 protected:
  void AppendValue(int64_t row, std::string* out) const override {
    *out += '{';
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (i > 0) *out += ',';
      *out += names_[i];
      fields_[i]->Append(row, out);
    }
    *out += '}';
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<CellPrinter>> fields_;
};

class MapPrinter final : public Nested {
 public:
  MapPrinter(std::shared_ptr<Array> array, CellStyle style, std::unique_ptr<CellPrinter> keys,
             std::unique_ptr<CellPrinter> items)
      : Nested(std::move(array), style), keys_(std::move(keys)), items_(std::move(items)) {}
  static Result<std::unique_ptr<CellPrinter>> Make(std::shared_ptr<Array> array, CellStyle style) {
    const auto& map = static_cast<const arrow::MapArray&>(*array);
    ARROW_ASSIGN_OR_RAISE(auto keys, CellPrinter::Make(map.keys(), CellStyle::kText));
    ARROW_ASSIGN_OR_RAISE(auto items, CellPrinter::Make(map.items(), CellStyle::kJson));
    return std::make_unique<MapPrinter>(std::move(array), style, std::move(keys), std::move(items));
  }

 protected:
  void AppendValue(int64_t row, std::string* out) const override {
    const auto& map = static_cast<const arrow::MapArray&>(*array_);
    std::string key;
    *out += '{';
    for (int64_t i = map.value_offset(row); i < map.value_offset(row + 1); ++i) {
      if (i > map.value_offset(row)) *out += ',';
      key.clear();
      keys_->Append(i, &key);
      AppendJsonString(key, out);
      *out += ':';
      items_->Append(i, out);
    }
    *out += '}';
  }

 private:
  const std::unique_ptr<CellPrinter> keys_;
  const std::unique_ptr<CellPrinter> items_;
};

class DictionaryPrinter final : public CellPrinter {
 public:
  DictionaryPrinter(std::shared_ptr<Array> array, CellStyle style, std::unique_ptr<CellPrinter> values)
      : array_(std::move(array)), json_(style == CellStyle::kJson), values_(std::move(values)) {}
  static Result<std::unique_ptr<CellPrinter>> Make(std::shared_ptr<Array> array, CellStyle style) {
    ARROW_ASSIGN_OR_RAISE(auto values,
                          CellPrinter::Make(static_cast<const arrow::DictionaryArray&>(*array).dictionary(), style));
    return std::make_unique<DictionaryPrinter>(std::move(array), style, std::move(values));
  }
  bool IsNull(int64_t row) const override { return array_->IsNull(row) || values_->IsNull(Index(row)); }
  void Append(int64_t row, std::string* out) const override {
    if (!array_->IsNull(row)) {
      values_->Append(Index(row), out);
    } else if (json_) {
      *out += "null";
    }
  }

 private:
  int64_t Index(int64_t row) const { return static_cast<const arrow::DictionaryArray&>(*array_).GetValueIndex(row); }
  const std::shared_ptr<Array> array_;
  const bool json_;
  const std::unique_ptr<CellPrinter> values_;
};

/// Types that no table has and that SQL seldom gives (unions, runs): Arrow's own text, at the price of a scalar a
/// value.
class ScalarPrinter final : public CellPrinter {
 public:
  ScalarPrinter(std::shared_ptr<Array> array, CellStyle style)
      : array_(std::move(array)), json_(style == CellStyle::kJson) {}
  bool IsNull(int64_t row) const override {
    const auto scalar = array_->GetScalar(row);
    return scalar.ok() && !(*scalar)->is_valid;
  }
  void Append(int64_t row, std::string* out) const override {
    const auto scalar = array_->GetScalar(row);
    const bool null = scalar.ok() && !(*scalar)->is_valid;
    if (json_) {
      null ? void(*out += "null") : AppendJsonString(scalar.ok() ? (*scalar)->ToString() : "", out);
    } else if (!null && scalar.ok()) {
      *out += (*scalar)->ToString();
    }
  }

 private:
  const std::shared_ptr<Array> array_;
  const bool json_;
};

}  // namespace

Result<std::unique_ptr<CellPrinter>> CellPrinter::Make(std::shared_ptr<Array> array, CellStyle style) {
  const bool json = style == CellStyle::kJson;
  switch (array->type_id()) {
    case Type::NA:
      return MakeLeaf(std::move(array), style, false, [](int64_t, std::string*) {});
    case Type::BOOL: {
      const auto* values = static_cast<const arrow::BooleanArray*>(array.get());
      return MakeLeaf(std::move(array), style, false,
                      [values](int64_t row, std::string* out) { *out += values->Value(row) ? "true" : "false"; });
    }
    case Type::INT8:
      return NumberPrinter<arrow::Int8Array>(std::move(array), style);
    case Type::INT16:
      return NumberPrinter<arrow::Int16Array>(std::move(array), style);
    case Type::INT32:
      return NumberPrinter<arrow::Int32Array>(std::move(array), style);
    case Type::INT64:
      return NumberPrinter<arrow::Int64Array>(std::move(array), style);
    case Type::UINT8:
      return NumberPrinter<arrow::UInt8Array>(std::move(array), style);
    case Type::UINT16:
      return NumberPrinter<arrow::UInt16Array>(std::move(array), style);
    case Type::UINT32:
      return NumberPrinter<arrow::UInt32Array>(std::move(array), style);
    case Type::UINT64:
      return NumberPrinter<arrow::UInt64Array>(std::move(array), style);
    case Type::FLOAT:
      return NumberPrinter<arrow::FloatArray>(std::move(array), style);
    case Type::DOUBLE:
      return NumberPrinter<arrow::DoubleArray>(std::move(array), style);
    case Type::HALF_FLOAT: {
      const auto* values = static_cast<const arrow::HalfFloatArray*>(array.get());
      return MakeLeaf(std::move(array), style, false, [values, style](int64_t row, std::string* out) {
        AppendFloat(arrow::util::Float16::FromBits(values->Value(row)).ToFloat(), style, out);
      });
    }
    case Type::DECIMAL32:
      return DecimalPrinter<arrow::Decimal32Array, arrow::Decimal32>(std::move(array), style);
    case Type::DECIMAL64:
      return DecimalPrinter<arrow::Decimal64Array, arrow::Decimal64>(std::move(array), style);
    case Type::DECIMAL128:
      return DecimalPrinter<arrow::Decimal128Array, arrow::Decimal128>(std::move(array), style);
    case Type::DECIMAL256:
      return DecimalPrinter<arrow::Decimal256Array, arrow::Decimal256>(std::move(array), style);
    case Type::STRING:
      return StringPrinter<arrow::StringArray>(std::move(array), style);
    case Type::LARGE_STRING:
      return StringPrinter<arrow::LargeStringArray>(std::move(array), style);
    case Type::STRING_VIEW:
      return StringPrinter<arrow::StringViewArray>(std::move(array), style);
    case Type::BINARY:
      return BinaryPrinter<arrow::BinaryArray>(std::move(array), style);
    case Type::LARGE_BINARY:
      return BinaryPrinter<arrow::LargeBinaryArray>(std::move(array), style);
    case Type::BINARY_VIEW:
      return BinaryPrinter<arrow::BinaryViewArray>(std::move(array), style);
    case Type::FIXED_SIZE_BINARY:
      return BinaryPrinter<arrow::FixedSizeBinaryArray>(std::move(array), style);
    case Type::DATE32: {
      const auto* values = static_cast<const arrow::Date32Array*>(array.get());
      return MakeLeaf(std::move(array), style, true,
                      [values](int64_t row, std::string* out) { AppendDate(values->Value(row), out); });
    }
    case Type::DATE64: {
      const auto* values = static_cast<const arrow::Date64Array*>(array.get());
      return MakeLeaf(std::move(array), style, true, [values](int64_t row, std::string* out) {
        AppendDate(FloorDivide(values->Value(row), 86'400'000), out);
      });
    }
    case Type::TIMESTAMP:
      return TimestampPrinter(std::move(array), style);
    case Type::TIME32:
      return TimePrinter<arrow::Time32Array>(std::move(array), style);
    case Type::TIME64:
      return TimePrinter<arrow::Time64Array>(std::move(array), style);
    case Type::DURATION: {
      const auto* values = static_cast<const arrow::DurationArray*>(array.get());
      const int64_t per_second = UnitsPerSecond(static_cast<const arrow::DurationType&>(*array->type()).unit());
      return MakeLeaf(std::move(array), style, true, [values, per_second](int64_t row, std::string* out) {
        const int64_t value = values->Value(row);
        if (value < 0) *out += '-';
        AppendTimeOfDay(value < 0 ? -value : value, per_second, out);
      });
    }
    case Type::INTERVAL_MONTHS: {
      const auto* values = static_cast<const arrow::MonthIntervalArray*>(array.get());
      return MakeLeaf(std::move(array), style, true,
                      [values](int64_t row, std::string* out) { AppendInterval(values->Value(row), 0, 0, out); });
    }
    case Type::INTERVAL_DAY_TIME: {
      const auto* values = static_cast<const arrow::DayTimeIntervalArray*>(array.get());
      return MakeLeaf(std::move(array), style, true, [values](int64_t row, std::string* out) {
        const auto value = values->GetValue(row);
        AppendInterval(0, value.days, int64_t{value.milliseconds} * 1'000'000, out);
      });
    }
    case Type::INTERVAL_MONTH_DAY_NANO: {
      const auto* values = static_cast<const arrow::MonthDayNanoIntervalArray*>(array.get());
      return MakeLeaf(std::move(array), style, true, [values](int64_t row, std::string* out) {
        const auto value = values->GetValue(row);
        AppendInterval(value.months, value.days, value.nanoseconds, out);
      });
    }
    case Type::LIST:
      return ListPrinter<arrow::ListArray>::Make(std::move(array), style);
    case Type::LARGE_LIST:
      return ListPrinter<arrow::LargeListArray>::Make(std::move(array), style);
    case Type::FIXED_SIZE_LIST:
      return ListPrinter<arrow::FixedSizeListArray>::Make(std::move(array), style);
    case Type::LIST_VIEW:
      return ListPrinter<arrow::ListViewArray>::Make(std::move(array), style);
    case Type::LARGE_LIST_VIEW:
      return ListPrinter<arrow::LargeListViewArray>::Make(std::move(array), style);
    case Type::STRUCT:
      return StructPrinter::Make(std::move(array), style);
    case Type::MAP:
      return MapPrinter::Make(std::move(array), style);
    case Type::DICTIONARY:
      return DictionaryPrinter::Make(std::move(array), style);
    case Type::EXTENSION: {
      auto storage = static_cast<const arrow::ExtensionArray&>(*array).storage();
      const auto name = static_cast<const arrow::ExtensionType&>(*array->type()).extension_name();
      if (name == "arrow.uuid" && storage->type_id() == Type::FIXED_SIZE_BINARY) {
        return UuidPrinter(std::move(storage), style);
      }
      // Text that is JSON already goes into JSON as it is.
      if (json && name == "arrow.json" && storage->type_id() == Type::STRING) {
        const auto* values = static_cast<const arrow::StringArray*>(storage.get());
        return MakeLeaf(std::move(storage), style, false,
                        [values](int64_t row, std::string* out) { out->append(values->GetView(row)); });
      }
      return Make(std::move(storage), style);
    }
    default:
      return std::make_unique<ScalarPrinter>(std::move(array), style);
  }
}

void AppendJsonString(std::string_view text, std::string* out) {
  *out += '"';
  size_t clean = 0;  // bytes from here on are copied as they are
  const auto flush = [&](size_t to) {
    out->append(text.substr(clean, to - clean));
    clean = to + 1;
  };
  for (size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x80) {
      utf8proc_int32_t code = 0;
      const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + i),
                                         static_cast<utf8proc_ssize_t>(text.size() - i), &code);
      if (read <= 0) {
        flush(i);
        *out += "\xef\xbf\xbd";
      }
      i += read > 0 ? static_cast<size_t>(read) : 1;
      continue;
    }
    if (byte < 0x20 || byte == '"' || byte == '\\') {
      flush(i);
      switch (byte) {
        case '"':
          *out += "\\\"";
          break;
        case '\\':
          *out += "\\\\";
          break;
        case '\n':
          *out += "\\n";
          break;
        case '\r':
          *out += "\\r";
          break;
        case '\t':
          *out += "\\t";
          break;
        default:
          fmt::format_to(std::back_inserter(*out), "\\u{:04x}", byte);
      }
    }
    ++i;
  }
  if (clean < text.size()) out->append(text.substr(clean));
  *out += '"';
}

bool IsNumberType(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || arrow::is_floating(type.id()) || arrow::is_decimal(type.id());
}

}  // namespace glaux::cli
