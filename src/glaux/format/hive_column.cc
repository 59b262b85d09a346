#include "glaux/format/hive_column_internal.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "glaux/base/base64.h"
#include "glaux/format/hive_value_internal.h"
#include "glaux/format/json_values_internal.h"

namespace glaux {
namespace {

/// Values of one width, each made by `Parser`: `bool operator()(std::string_view, Value*)`.
template <typename Value, typename Parser>
class FixedWidthColumn final : public HiveColumn {
 public:
  FixedWidthColumn(std::shared_ptr<arrow::DataType> type, Parser parser)
      : type_(std::move(type)), parser_(std::move(parser)) {}

  bool Reserve(int64_t rows) override { return values_.Reserve(rows); }
  bool Append(std::string_view text) override {
    Value value{};
    if (!parser_(text, &value) || !values_.Append(length_, value)) return false;
    ++length_;
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!values_.AppendNulls(length_, count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    values_.Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return values_.Finish(type_, length_); }

 private:
  const std::shared_ptr<arrow::DataType> type_;
  Parser parser_;
  JsonNullable<Value> values_;
};

template <typename Value, typename Parser>
std::unique_ptr<HiveColumn> MakeFixedWidth(std::shared_ptr<arrow::DataType> type, Parser parser) {
  return std::make_unique<FixedWidthColumn<Value, Parser>>(std::move(type), std::move(parser));
}

template <typename Value>
std::unique_ptr<HiveColumn> MakeInteger(const std::shared_ptr<arrow::DataType>& type, HiveDialect dialect) {
  return MakeFixedWidth<Value>(type,
                               [fraction = dialect != HiveDialect::kOpenCsv](std::string_view text, Value* value) {
                                 int64_t number = 0;
                                 if (!ParseHiveInteger(text, fraction, &number) || !std::in_range<Value>(number))
                                   return false;
                                 *value = static_cast<Value>(number);
                                 return true;
                               });
}

std::unique_ptr<HiveColumn> MakeDecimal(const std::shared_ptr<arrow::DataType>& type) {
  const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
  return MakeFixedWidth<arrow::Decimal128>(type, [precision = decimal.precision(), wanted = decimal.scale()](
                                                     std::string_view text, arrow::Decimal128* value) {
    int32_t digits = 0;
    int32_t scale = 0;
    if (!arrow::Decimal128::FromString(text, value, &digits, &scale).ok()) return false;
    if (scale > wanted) {
      *value = value->ReduceScaleBy(scale - wanted, /*round=*/true);
    } else if (scale < wanted) {
      const auto scaled = value->Rescale(scale, wanted);
      if (!scaled.ok()) return false;
      *value = *scaled;
    }
    return value->FitsInPrecision(precision);
  });
}

std::unique_ptr<HiveColumn> MakeDate(const std::shared_ptr<arrow::DataType>& type, HiveDialect dialect) {
  return MakeFixedWidth<int32_t>(type, [dialect](std::string_view text, int32_t* days) {
    if (dialect != HiveDialect::kOpenCsv && ParseHiveDate(text, days)) return true;
    int64_t number = 0;
    if (dialect == HiveDialect::kLazySimple || !ParseHiveInteger(text, false, &number)) return false;
    *days = static_cast<int32_t>(number);
    return std::in_range<int32_t>(number);
  });
}

/// A number says how long after 1970: milliseconds to OpenCSVSerde; to the SerDe of JSON these only from 13 digits on,
/// and seconds else.
bool ParseEpoch(std::string_view text, HiveDialect dialect, int64_t* micros) {
  int64_t number = 0;
  if (ParseHiveInteger(text, false, &number)) {
    const bool seconds = dialect == HiveDialect::kOpenXJson && text.size() < 13;
    return !__builtin_mul_overflow(number, int64_t{seconds ? 1'000'000 : 1'000}, micros);
  }
  double fraction = 0;
  if (dialect != HiveDialect::kOpenXJson || !ParseHiveDouble(text, &fraction) || std::abs(fraction) > 1e12)
    return false;
  *micros = std::llround(fraction * 1e3) * 1000;
  return true;
}

std::unique_ptr<HiveColumn> MakeTimestamp(const std::shared_ptr<arrow::DataType>& type, HiveDialect dialect) {
  return MakeFixedWidth<int64_t>(type, [dialect](std::string_view text, int64_t* micros) {
    if (dialect != HiveDialect::kOpenCsv && ParseHiveTimestamp(text, micros)) return true;
    return dialect != HiveDialect::kLazySimple && ParseEpoch(text, dialect, micros);
  });
}

bool IsWord(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

class BooleanColumn final : public HiveColumn {
 public:
  BooleanColumn(HiveDialect dialect) : dialect_(dialect) {}

  bool Reserve(int64_t rows) override { return values_.Reserve(rows); }
  bool Append(std::string_view text) override {
    const bool yes = IsWord(text, "true");
    if (!yes && dialect_ != HiveDialect::kOpenXJson && !IsWord(text, "false")) return false;
    if (!values_.Append(length_, yes)) return false;
    ++length_;
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!values_.AppendNulls(length_, count)) return false;
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    values_.Truncate(length);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return values_.FinishBooleans(length_); }

 private:
  const HiveDialect dialect_;
  JsonNullable<uint8_t> values_;
};

/// Text, and bytes: base64 where it is some, else the bytes as they are.
class StringColumn final : public HiveColumn {
 public:
  StringColumn(std::shared_ptr<arrow::DataType> type, const HiveTextRules& rules)
      : type_(std::move(type)),
        is_text_(type_->id() == arrow::Type::STRING),
        escape_(rules.dialect == HiveDialect::kLazySimple ? rules.options.escape : std::nullopt),
        rules_(rules) {
    arrow::util::InitializeUTF8();
  }

  bool Reserve(int64_t rows) override { return ends_.Reserve(rows + 1); }
  bool Append(std::string_view text) override {
    if (escape_ && text.find(*escape_) != std::string_view::npos) text = Unescaped(text);
    if (!is_text_) {
      scratch_.clear();
      if (DecodeBase64(text, &scratch_)) {
        text = scratch_;
      } else if (rules_.dialect == HiveDialect::kOpenXJson) {
        return false;
      }
    } else if (!arrow::util::ValidateUTF8(text)) {
      valid_ = ToValidUtf8(text);
      text = valid_;
      rules_.not_utf8.fetch_add(1, std::memory_order_relaxed);
    }
    const auto size = static_cast<int64_t>(text.size());
    const int64_t begin = bytes_.size();
    if (begin + size > std::numeric_limits<int32_t>::max() || !bytes_.Extend(size)) return false;
    if (size > 0) std::memcpy(bytes_.data() + begin, text.data(), text.size());
    if (!ends_.Append(static_cast<int32_t>(begin + size))) return false;
    validity_.AppendValid(length_++);
    return true;
  }
  bool AppendNulls(int64_t count) override {
    if (!validity_.AppendNulls(length_, count) || !ends_.Extend(count)) return false;
    std::fill_n(ends_.data() + length_, count, static_cast<int32_t>(bytes_.size()));
    length_ += count;
    return true;
  }
  void Truncate(int64_t length) override {
    ends_.Truncate(length);
    bytes_.Truncate(length == 0 ? 0 : ends_.data()[length - 1]);
    length_ = length;
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, validity_.Finish(length_, &nulls));
    ARROW_ASSIGN_OR_RAISE(auto offsets, FinishEnds(&ends_, length_));
    ARROW_ASSIGN_OR_RAISE(auto bytes, bytes_.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(type_, length_, {std::move(validity), std::move(offsets), std::move(bytes)}, nulls));
  }

 private:
  std::string_view Unescaped(std::string_view text) {
    unescaped_.clear();
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == *escape_ && i + 1 < text.size()) ++i;
      unescaped_ += text[i];
    }
    return unescaped_;
  }

  const std::shared_ptr<arrow::DataType> type_;
  const bool is_text_;
  const std::optional<char> escape_;
  const HiveTextRules& rules_;
  std::string scratch_, unescaped_, valid_;
  JsonValues<int32_t> ends_;
  JsonValues<char> bytes_;
  JsonValidity validity_;
};

}  // namespace

Result<std::unique_ptr<HiveColumn>> HiveColumn::Make(const std::shared_ptr<arrow::DataType>& type,
                                                     const HiveTextRules& rules, int level) {
  switch (type->id()) {
    case arrow::Type::BOOL:
      return std::make_unique<BooleanColumn>(rules.dialect);
    case arrow::Type::INT8:
      return MakeInteger<int8_t>(type, rules.dialect);
    case arrow::Type::INT16:
      return MakeInteger<int16_t>(type, rules.dialect);
    case arrow::Type::INT32:
      return MakeInteger<int32_t>(type, rules.dialect);
    case arrow::Type::INT64:
      return MakeInteger<int64_t>(type, rules.dialect);
    case arrow::Type::DOUBLE:
      return MakeFixedWidth<double>(type, &ParseHiveDouble);
    case arrow::Type::FLOAT:
      return MakeFixedWidth<float>(type, [](std::string_view text, float* value) {
        double wide = 0;
        if (!ParseHiveDouble(text, &wide)) return false;
        *value = static_cast<float>(wide);
        return true;
      });
    case arrow::Type::DECIMAL128:
      return MakeDecimal(type);
    case arrow::Type::DATE32:
      return MakeDate(type, rules.dialect);
    case arrow::Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
      if (timestamp.unit() != arrow::TimeUnit::MICRO) break;
      return MakeTimestamp(type, rules.dialect);
    }
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::make_unique<StringColumn>(type, rules);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::STRUCT:
      if (rules.dialect == HiveDialect::kLazySimple) return MakeHiveNestedColumn(type, rules, level);
      break;
    default:
      break;
  }
  return MakeError(
      {.kind = ErrorKind::kNotImplemented,
       .hint = rules.dialect == HiveDialect::kOpenCsv ? "make the column a string, and parse that in the query" : ""},
      "text is not read as ", type->ToString());
}

}  // namespace glaux
