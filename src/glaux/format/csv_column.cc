#include "glaux/format/csv_column_internal.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "glaux/format/csv_string_column_internal.h"
#include "glaux/format/csv_value_internal.h"

namespace glaux {
namespace {

/// Values of one width, each made by `Parser`: `bool operator()(std::string_view, Value*)`.
template <typename Value, typename Parser>
class FixedWidthColumn final : public CsvColumn {
 public:
  FixedWidthColumn(std::shared_ptr<arrow::DataType> type, Parser parser)
      : type_(std::move(type)), parser_(std::move(parser)) {}

  Status Reserve(int64_t rows) override {
    ARROW_RETURN_NOT_OK(validity_.Reserve(rows));
    ARROW_ASSIGN_OR_RAISE(buffer_, arrow::AllocateBuffer(rows * static_cast<int64_t>(sizeof(Value))));
    values_ = reinterpret_cast<Value*>(buffer_->mutable_data());
    return Status::OK();
  }

  int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) override {
    const auto failed = cells.Each(column, first, last, [&](int64_t row, const CsvCell& cell) {
      values_[row] = Value{};
      const bool null = cell.text.empty() || cells.IsNull(cell);
      validity_.Append(!null);
      return null || parser_(cell.text, &values_[row]);
    });
    return failed;
  }

  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const auto rows = validity_.rows();
    const auto nulls = validity_.null_count();
    return arrow::MakeArray(arrow::ArrayData::Make(type_, rows, {validity_.Finish(), std::move(buffer_)}, nulls));
  }

 private:
  std::shared_ptr<arrow::DataType> type_;
  Parser parser_;
  Validity validity_;
  std::shared_ptr<arrow::Buffer> buffer_;
  Value* values_ = nullptr;
};

template <typename Value, typename Parser>
std::unique_ptr<CsvColumn> MakeFixedWidth(std::shared_ptr<arrow::DataType> type, Parser parser) {
  return std::make_unique<FixedWidthColumn<Value, Parser>>(std::move(type), std::move(parser));
}

template <typename Value>
std::unique_ptr<CsvColumn> MakeInteger(std::shared_ptr<arrow::DataType> type) {
  return MakeFixedWidth<Value>(std::move(type), [](std::string_view text, Value* value) {
    int64_t number = 0;
    if (!ParseInteger(text, &number)) return false;
    *value = static_cast<Value>(number);
    return std::in_range<Value>(number);
  });
}

struct ParseUnsigned {
  bool operator()(std::string_view text, uint64_t* value) const {
    *value = 0;
    if (!LooksLikeInteger(text) || text[0] == '-' || text.size() > 20) return false;
    for (const char c : text) {
      const auto digit = static_cast<uint64_t>(c - '0');
      if (__builtin_mul_overflow(*value, uint64_t{10}, value) || __builtin_add_overflow(*value, digit, value))
        return false;
    }
    return true;
  }
};

class ParseReal {
 public:
  explicit ParseReal(const CsvRules& rules) : rules_(&rules) {}
  bool operator()(std::string_view text, double* value) {
    return rules_->WithPoint(&text, &scratch_) && (ParseDouble(text, value) || ParseNotFinite(text, value));
  }

 private:
  const CsvRules* rules_;
  std::string scratch_;
};

/// Only what a float holds as well as a double does, or decimal text of which it is the nearest: no integer beyond 2^24
/// that it cannot hold, no overflow.
class ParseFloat {
 public:
  explicit ParseFloat(const CsvRules& rules) : parse_(rules) {}
  bool operator()(std::string_view text, float* value) {
    double wide = 0;
    if (!parse_(text, &wide)) return false;
    *value = static_cast<float>(wide);
    if (std::isfinite(wide) && !std::isfinite(*value)) return false;
    return !LooksLikeInteger(text) || static_cast<double>(*value) == wide;
  }

 private:
  ParseReal parse_;
};

struct ParseDate32 {
  const CsvRules* rules;
  bool operator()(std::string_view text, int32_t* value) const { return rules->Date(text, value); }
};

struct ParseDate64 {
  const CsvRules* rules;
  bool operator()(std::string_view text, int64_t* value) const {
    int32_t days = 0;
    if (!rules->Date(text, &days)) return false;
    *value = int64_t{days} * 86'400'000;
    return true;
  }
};

/// A time with an offset becomes UTC. One without fits only a type without zone: what zone it means is not known.
class ParseTimestamp {
 public:
  ParseTimestamp(const arrow::TimestampType& type, const CsvRules& rules)
      : zoned_(!type.timezone().empty()), rules_(rules.has_time_formats() ? &rules : nullptr) {
    switch (type.unit()) {
      case arrow::TimeUnit::SECOND:
        per_second_ = 1;
        break;
      case arrow::TimeUnit::MILLI:
        per_second_ = 1'000;
        break;
      case arrow::TimeUnit::MICRO:
        per_second_ = 1'000'000;
        break;
      case arrow::TimeUnit::NANO:
        per_second_ = 1'000'000'000;
        break;
    }
    nanoseconds_per_unit_ = static_cast<int32_t>(1'000'000'000 / per_second_);
  }

  bool operator()(std::string_view text, int64_t* value) const {
    ParsedTime time;
    int32_t days = 0;
    if (rules_ != nullptr && rules_->Time(text, &time)) {
      // as the file's own format says
    } else if (rules_ != nullptr ? rules_->Date(text, &days) : text.size() == 10 && ParseDate(text, &days)) {
      time = {.seconds = int64_t{days} * 86400};
    } else if (!ParseTime(text, &time)) {
      return false;
    }
    if (zoned_ && time.zone == Zone::kNone) return false;
    if (time.nanoseconds % nanoseconds_per_unit_ != 0) return false;
    return !__builtin_mul_overflow(time.seconds, per_second_, value) &&
           !__builtin_add_overflow(*value, int64_t{time.nanoseconds / nanoseconds_per_unit_}, value);
  }

 private:
  bool zoned_;
  const CsvRules* rules_;
  int64_t per_second_ = 1;
  int32_t nanoseconds_per_unit_ = 1;
};

template <typename Decimal>
class ParseDecimal {
 public:
  ParseDecimal(const arrow::DecimalType& type, const CsvRules& rules)
      : precision_(type.precision()), scale_(type.scale()), rules_(&rules) {}

  bool operator()(std::string_view text, Decimal* value) {
    if (!rules_->WithPoint(&text, &scratch_)) return false;
    // Arrow takes signs and leading zeros that would be lost.
    const auto digits = text.starts_with('-') ? text.substr(1) : text;
    if (digits.empty() || digits[0] == '+' ||
        (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')) {
      return false;
    }
    int32_t precision = 0;
    int32_t scale = 0;
    if (!Decimal::FromString(text, value, &precision, &scale).ok()) return false;
    if (scale != scale_) {
      auto scaled = value->Rescale(scale, scale_);
      if (!scaled.ok()) return false;
      *value = *scaled;
    }
    return value->FitsInPrecision(precision_);
  }

 private:
  int32_t precision_;
  int32_t scale_;
  const CsvRules* rules_;
  std::string scratch_;
};

/// Takes no value.
class NullColumn final : public CsvColumn {
 public:
  Status Reserve(int64_t rows) override {
    rows_ = rows;
    return Status::OK();
  }
  int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) override {
    return cells.Each(column, first, last, [&](int64_t, const CsvCell& cell) { return cells.IsNull(cell); });
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override { return std::make_shared<arrow::NullArray>(rows_); }

 private:
  int64_t rows_ = 0;
};

class BooleanColumn final : public CsvColumn {
 public:
  Status Reserve(int64_t rows) override {
    ARROW_RETURN_NOT_OK(validity_.Reserve(rows));
    return values_.Reserve(rows);
  }
  int64_t Append(const CsvCells& cells, int column, int64_t first, int64_t last) override {
    return cells.Each(column, first, last, [&](int64_t, const CsvCell& cell) {
      const bool null = cell.text.empty() || cells.IsNull(cell);
      bool value = false;
      const bool fits = null || ParseBoolean(cell.text, &value);
      validity_.Append(!null);
      values_.Append(value);
      return fits;
    });
  }
  Result<std::shared_ptr<arrow::Array>> Finish() override {
    const auto rows = validity_.rows();
    const auto nulls = validity_.null_count();
    return std::make_shared<arrow::BooleanArray>(rows, values_.FinishBits(), validity_.Finish(), nulls);
  }

 private:
  Validity validity_;
  Validity values_;
};

}  // namespace

CsvCells::CsvCells(std::string_view text, const CsvFields& fields, const CsvDialect& dialect,
                   const std::vector<std::string>& null_values)
    : text_(text), fields_(fields), dialect_(dialect), null_values_(null_values) {
  for (const auto& word : null_values) (word.empty() ? empty_is_null_ : has_null_words_) = true;
  arrow::util::InitializeUTF8();
  utf8_ = arrow::util::ValidateUTF8(text);
}

bool CsvCells::IsNullWord(std::string_view text) const {
  for (const auto& word : null_values_) {
    if (text == word) return true;
  }
  return false;
}

bool IsStringColumn(const arrow::DataType& type) {
  if (type.id() == arrow::Type::DICTIONARY) {
    return IsStringColumn(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return arrow::is_string(type.id());
}

Result<std::unique_ptr<CsvColumn>> CsvColumn::Make(const std::shared_ptr<arrow::DataType>& type,
                                                   const CsvRules& rules) {
  switch (type->id()) {
    case arrow::Type::NA:
      return std::make_unique<NullColumn>();
    case arrow::Type::BOOL:
      return std::make_unique<BooleanColumn>();
    case arrow::Type::INT8:
      return MakeInteger<int8_t>(type);
    case arrow::Type::INT16:
      return MakeInteger<int16_t>(type);
    case arrow::Type::INT32:
      return MakeInteger<int32_t>(type);
    case arrow::Type::INT64:
      return MakeInteger<int64_t>(type);
    case arrow::Type::UINT8:
      return MakeInteger<uint8_t>(type);
    case arrow::Type::UINT16:
      return MakeInteger<uint16_t>(type);
    case arrow::Type::UINT32:
      return MakeInteger<uint32_t>(type);
    case arrow::Type::UINT64:
      return MakeFixedWidth<uint64_t>(type, ParseUnsigned{});
    case arrow::Type::FLOAT:
      return MakeFixedWidth<float>(type, ParseFloat(rules));
    case arrow::Type::DOUBLE:
      return MakeFixedWidth<double>(type, ParseReal(rules));
    case arrow::Type::DECIMAL128:
      return MakeFixedWidth<arrow::Decimal128>(
          type, ParseDecimal<arrow::Decimal128>(static_cast<const arrow::DecimalType&>(*type), rules));
    case arrow::Type::DECIMAL256:
      return MakeFixedWidth<arrow::Decimal256>(
          type, ParseDecimal<arrow::Decimal256>(static_cast<const arrow::DecimalType&>(*type), rules));
    case arrow::Type::DATE32:
      return MakeFixedWidth<int32_t>(type, ParseDate32{&rules});
    case arrow::Type::DATE64:
      return MakeFixedWidth<int64_t>(type, ParseDate64{&rules});
    case arrow::Type::TIMESTAMP:
      return MakeFixedWidth<int64_t>(type, ParseTimestamp(static_cast<const arrow::TimestampType&>(*type), rules));
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::DICTIONARY:
      return MakeStringColumn(type);
    default:
      return MakeError(ErrorKind::kInvalid, "a CSV value cannot be read as ", type->ToString());
  }
}

}  // namespace glaux
