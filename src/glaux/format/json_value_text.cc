#include "glaux/format/json_value_text_internal.h"

#include <arrow/api.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <set>
#include <type_traits>
#include <vector>

#include "glaux/format/csv_text_internal.h"
#include "glaux/base/base64.h"

namespace glaux {
namespace {

using Texts = std::unique_ptr<JsonValueText>;

/// Whether a byte of a string has to be escaped.
constexpr std::array<bool, 256> kEscaped = [] {
  std::array<bool, 256> escaped{};
  for (size_t c = 0; c < 0x20; ++c) escaped[c] = true;
  escaped['"'] = escaped['\\'] = true;
  return escaped;
}();

void AppendDigits(int64_t value, int width, std::string* out) {
  std::array<char, 24> digits;
  int at = static_cast<int>(digits.size());
  for (; width > 0 || value > 0; --width, value /= 10)
    digits[static_cast<size_t>(--at)] = static_cast<char>('0' + value % 10);
  out->append(digits.data() + at, digits.size() - static_cast<size_t>(at));
}

void AppendDate(int64_t days, std::string* out) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  int year = static_cast<int>(date.year());
  if (year < 0) {
    out->push_back('-');
    year = -year;
  }
  AppendDigits(year, 4, out);
  out->push_back('-');
  AppendDigits(static_cast<unsigned>(date.month()), 2, out);
  out->push_back('-');
  AppendDigits(static_cast<unsigned>(date.day()), 2, out);
}

struct Unit {
  explicit Unit(arrow::TimeUnit::type unit)
      : per_second(unit == arrow::TimeUnit::SECOND  ? 1
                   : unit == arrow::TimeUnit::MILLI ? 1'000
                   : unit == arrow::TimeUnit::MICRO ? 1'000'000
                                                    : 1'000'000'000),
        digits(unit == arrow::TimeUnit::SECOND  ? 0
               : unit == arrow::TimeUnit::MILLI ? 3
               : unit == arrow::TimeUnit::MICRO ? 6
                                                : 9) {}
  int64_t per_second;
  int digits;
};

/// HH:MM:SS and a fraction, which is left out where it is zero.
void AppendTime(int64_t value, const Unit& unit, std::string* out) {
  const int64_t seconds = value / unit.per_second;
  AppendDigits(seconds / 3600, 2, out);
  out->push_back(':');
  AppendDigits(seconds / 60 % 60, 2, out);
  out->push_back(':');
  AppendDigits(seconds % 60, 2, out);
  if (const int64_t fraction = value % unit.per_second; fraction != 0) {
    out->push_back('.');
    AppendDigits(fraction, unit.digits, out);
  }
}

/// Text of the values of `Array`, made by a function of (array, row, out).
template <typename Array, typename Function>
class TextBy final : public JsonValueText {
 public:
  TextBy(const Array& array, Function function)
      : JsonValueText(array), values_(array), function_(std::move(function)) {}

 protected:
  void AppendValid(int64_t row, std::string* out) const override { function_(values_, row, out); }

 private:
  const Array& values_;
  Function function_;
};

template <typename Array, typename Function>
Texts MakeBy(const arrow::Array& array, Function function) {
  return std::make_unique<TextBy<Array, Function>>(static_cast<const Array&>(array), std::move(function));
}

template <typename Array>
Texts MakeInteger(const arrow::Array& array) {
  return MakeBy<Array>(array, [](const Array& values, int64_t row, std::string* out) {
    std::array<char, 24> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), values.Value(row)).ptr;
    out->append(text.data(), static_cast<size_t>(end - text.data()));
  });
}

template <typename Array>
Texts MakeReal(const arrow::Array& array) {
  return MakeBy<Array>(array, [](const Array& values, int64_t row, std::string* out) {
    const auto value = values.Value(row);
    if (!std::isfinite(value)) {
      *out += std::isnan(value) ? "\"NaN\"" : value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
      return;
    }
    std::array<char, 64> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    const std::string_view number(text.data(), static_cast<size_t>(end - text.data()));
    *out += number;
    // Without a point it would be taken for an integer.
    if (number.find_first_of(".e") == std::string_view::npos) *out += ".0";
  });
}

template <typename Array, typename Decimal>
Texts MakeDecimal(const arrow::Array& array) {
  const int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  return MakeBy<Array>(array, [scale](const Array& values, int64_t row, std::string* out) {
    std::string digits = Decimal(values.GetValue(row)).ToIntegerString();
    if (digits[0] == '-') {
      out->push_back('-');
      digits.erase(0, 1);
    }
    if (scale <= 0) {
      *out += digits;
      if (digits != "0") out->append(static_cast<size_t>(-scale), '0');
      return;
    }
    const auto places = static_cast<size_t>(scale);
    if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
    out->append(digits, 0, digits.size() - places);
    out->push_back('.');
    out->append(digits, digits.size() - places);
  });
}

template <typename Array>
Texts MakeString(const arrow::Array& array) {
  return MakeBy<Array>(
      array, [](const Array& values, int64_t row, std::string* out) { AppendJsonString(values.GetView(row), out); });
}

template <typename Array>
Texts MakeBinary(const arrow::Array& array) {
  return MakeBy<Array>(array, [](const Array& values, int64_t row, std::string* out) {
    out->push_back('"');
    AppendBase64(values.GetView(row), out);
    out->push_back('"');
  });
}

template <typename Array>
Texts MakeDate(const arrow::Array& array, int64_t per_day) {
  return MakeBy<Array>(array, [per_day](const Array& values, int64_t row, std::string* out) {
    out->push_back('"');
    AppendDate(values.Value(row) / per_day - (values.Value(row) % per_day < 0), out);
    out->push_back('"');
  });
}

template <typename Array>
Texts MakeTimeOfDay(const arrow::Array& array) {
  const Unit unit(static_cast<const arrow::TimeType&>(*array.type()).unit());
  return MakeBy<Array>(array, [unit](const Array& values, int64_t row, std::string* out) {
    out->push_back('"');
    AppendTime(values.Value(row), unit, out);
    out->push_back('"');
  });
}

Texts MakeTimestamp(const arrow::Array& array) {
  const auto& type = static_cast<const arrow::TimestampType&>(*array.type());
  return MakeBy<arrow::TimestampArray>(array, [unit = Unit(type.unit()), zoned = !type.timezone().empty()](
                                                  const arrow::TimestampArray& values, int64_t row, std::string* out) {
    const int64_t day = 86400 * unit.per_second;
    int64_t days = values.Value(row) / day;
    int64_t rest = values.Value(row) % day;
    if (rest < 0) {
      rest += day;
      --days;
    }
    out->push_back('"');
    AppendDate(days, out);
    out->push_back('T');
    AppendTime(rest, unit, out);
    out->append(zoned ? "Z\"" : "\"");
  });
}

class DictionaryText final : public JsonValueText {
 public:
  DictionaryText(const arrow::DictionaryArray& array, Texts values)
      : JsonValueText(array), indices_(array), values_(std::move(values)) {}

 protected:
  void AppendValid(int64_t row, std::string* out) const override { values_->Append(indices_.GetValueIndex(row), out); }

 private:
  const arrow::DictionaryArray& indices_;
  Texts values_;
};

template <typename List>
class ListText final : public JsonValueText {
 public:
  ListText(const List& array, Texts values) : JsonValueText(array), list_(array), values_(std::move(values)) {}

 protected:
  void AppendValid(int64_t row, std::string* out) const override {
    const int64_t begin = list_.value_offset(row);
    const int64_t end = begin + list_.value_length(row);
    out->push_back('[');
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out->push_back(',');
      values_->Append(i, out);
    }
    out->push_back(']');
  }

 private:
  const List& list_;
  Texts values_;
};

template <typename List>
Result<Texts> MakeList(const arrow::Array& array, bool omit_nulls) {
  const auto& list = static_cast<const List&>(array);
  ARROW_ASSIGN_OR_RAISE(auto values, JsonValueText::Make(*list.values(), omit_nulls));
  return std::make_unique<ListText<List>>(list, std::move(values));
}

class StructText final : public JsonValueText {
 public:
  StructText(const arrow::StructArray& array, bool omit_nulls) : JsonValueText(array), omit_nulls_(omit_nulls) {}

  Status Add(const std::string& name, std::shared_ptr<arrow::Array> values) {
    Member member{.key = {}, .array = std::move(values), .text = {}};
    AppendJsonString(name, &member.key);
    member.key.push_back(':');
    ARROW_ASSIGN_OR_RAISE(member.text, Make(*member.array, omit_nulls_));
    members_.push_back(std::move(member));
    return Status::OK();
  }

 protected:
  void AppendValid(int64_t row, std::string* out) const override {
    out->push_back('{');
    bool first = true;
    for (const auto& member : members_) {
      if (omit_nulls_ && member.text->IsNull(row)) continue;
      if (!first) out->push_back(',');
      first = false;
      *out += member.key;
      member.text->Append(row, out);
    }
    out->push_back('}');
  }

 private:
  struct Member {
    std::string key;
    std::shared_ptr<arrow::Array> array;
    Texts text;
  };
  bool omit_nulls_;
  std::vector<Member> members_;
};

Result<Texts> MakeStruct(const arrow::Array& array, bool omit_nulls) {
  const auto& values = static_cast<const arrow::StructArray&>(array);
  auto text = std::make_unique<StructText>(values, omit_nulls);
  std::set<std::string_view> names;
  for (int i = 0; i < values.num_fields(); ++i) {
    const auto& name = values.struct_type()->field(i)->name();
    if (!names.insert(name).second) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "give them different names"}, "two columns are named ",
                       name, ", and an object holds each key once");
    }
    ARROW_RETURN_NOT_OK(text->Add(name, values.field(i)));
  }
  return text;
}

class MapText final : public JsonValueText {
 public:
  MapText(const arrow::MapArray& array, Texts keys, Texts items)
      : JsonValueText(array),
        map_(array),
        keys_(std::move(keys)),
        items_(std::move(items)),
        object_(arrow::is_string(array.map_type()->key_type()->id())) {}

 protected:
  void AppendValid(int64_t row, std::string* out) const override {
    const int64_t begin = map_.value_offset(row);
    const int64_t end = begin + map_.value_length(row);
    out->push_back(object_ ? '{' : '[');
    for (int64_t i = begin; i < end; ++i) {
      if (i > begin) out->push_back(',');
      if (!object_) *out += "{\"key\":";
      keys_->Append(i, out);
      *out += object_ ? ":" : ",\"value\":";
      items_->Append(i, out);
      if (!object_) out->push_back('}');
    }
    out->push_back(object_ ? '}' : ']');
  }

 private:
  const arrow::MapArray& map_;
  Texts keys_;
  Texts items_;
  bool object_;
};

class NullText final : public JsonValueText {
 public:
  explicit NullText(const arrow::Array& array) : JsonValueText(array) {}

 protected:
  void AppendValid(int64_t, std::string* out) const override { *out += "null"; }
};

}  // namespace

JsonValueText::JsonValueText(const arrow::Array& array)
    : array_(array), no_nulls_(array.type_id() != arrow::Type::NA && array.null_bitmap() == nullptr) {}

bool JsonValueText::IsNull(int64_t row) const { return !no_nulls_ && array_.IsNull(row); }

void AppendJsonString(std::string_view value, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t plain = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (!kEscaped[c]) continue;
    out->append(value.data() + plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
      case '\\':
        out->push_back('\\');
        out->push_back(static_cast<char>(c));
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
        *out += "\\u00";
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(value.data() + plain, value.size() - plain);
  out->push_back('"');
}

Result<std::unique_ptr<JsonValueText>> JsonValueText::Make(const arrow::Array& array, bool omit_nulls) {
  switch (array.type_id()) {
    case arrow::Type::NA:
      return std::make_unique<NullText>(array);
    case arrow::Type::BOOL:
      return MakeBy<arrow::BooleanArray>(array, [](const arrow::BooleanArray& values, int64_t row, std::string* out) {
        *out += values.Value(row) ? "true" : "false";
      });
    case arrow::Type::INT8:
      return MakeInteger<arrow::Int8Array>(array);
    case arrow::Type::INT16:
      return MakeInteger<arrow::Int16Array>(array);
    case arrow::Type::INT32:
      return MakeInteger<arrow::Int32Array>(array);
    case arrow::Type::INT64:
      return MakeInteger<arrow::Int64Array>(array);
    case arrow::Type::UINT8:
      return MakeInteger<arrow::UInt8Array>(array);
    case arrow::Type::UINT16:
      return MakeInteger<arrow::UInt16Array>(array);
    case arrow::Type::UINT32:
      return MakeInteger<arrow::UInt32Array>(array);
    case arrow::Type::UINT64:
      return MakeInteger<arrow::UInt64Array>(array);
    case arrow::Type::FLOAT:
      return MakeReal<arrow::FloatArray>(array);
    case arrow::Type::DOUBLE:
      return MakeReal<arrow::DoubleArray>(array);
    case arrow::Type::DECIMAL128:
      return MakeDecimal<arrow::Decimal128Array, arrow::Decimal128>(array);
    case arrow::Type::DECIMAL256:
      return MakeDecimal<arrow::Decimal256Array, arrow::Decimal256>(array);
    case arrow::Type::DATE32:
      return MakeDate<arrow::Date32Array>(array, 1);
    case arrow::Type::DATE64:
      return MakeDate<arrow::Date64Array>(array, 86'400'000);
    case arrow::Type::TIMESTAMP:
      return MakeTimestamp(array);
    case arrow::Type::TIME32:
      return MakeTimeOfDay<arrow::Time32Array>(array);
    case arrow::Type::TIME64:
      return MakeTimeOfDay<arrow::Time64Array>(array);
    case arrow::Type::STRING:
      return MakeString<arrow::StringArray>(array);
    case arrow::Type::LARGE_STRING:
      return MakeString<arrow::LargeStringArray>(array);
    case arrow::Type::STRING_VIEW:
      return MakeString<arrow::StringViewArray>(array);
    case arrow::Type::BINARY:
      return MakeBinary<arrow::BinaryArray>(array);
    case arrow::Type::LARGE_BINARY:
      return MakeBinary<arrow::LargeBinaryArray>(array);
    case arrow::Type::BINARY_VIEW:
      return MakeBinary<arrow::BinaryViewArray>(array);
    case arrow::Type::FIXED_SIZE_BINARY:
      return MakeBinary<arrow::FixedSizeBinaryArray>(array);
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      ARROW_ASSIGN_OR_RAISE(auto values, Make(*dictionary.dictionary(), omit_nulls));
      return std::make_unique<DictionaryText>(dictionary, std::move(values));
    }
    case arrow::Type::LIST:
      return MakeList<arrow::ListArray>(array, omit_nulls);
    case arrow::Type::LARGE_LIST:
      return MakeList<arrow::LargeListArray>(array, omit_nulls);
    case arrow::Type::FIXED_SIZE_LIST:
      return MakeList<arrow::FixedSizeListArray>(array, omit_nulls);
    case arrow::Type::STRUCT:
      return MakeStruct(array, omit_nulls);
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapArray&>(array);
      ARROW_ASSIGN_OR_RAISE(auto keys, Make(*map.keys(), omit_nulls));
      ARROW_ASSIGN_OR_RAISE(auto items, Make(*map.items(), omit_nulls));
      return std::make_unique<MapText>(map, std::move(keys), std::move(items));
    }
    default:
      return MakeError(ErrorKind::kInvalid, "a value of type ", array.type()->ToString(), " has no JSON text");
  }
}

Status AppendJson(const arrow::Array& array, int64_t row, std::string* out) {
  ARROW_ASSIGN_OR_RAISE(const auto text, JsonValueText::Make(array, /*omit_nulls=*/false));
  text->Append(row, out);
  return Status::OK();
}

}  // namespace glaux
