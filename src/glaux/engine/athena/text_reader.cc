#include "glaux/engine/athena/text_reader_internal.h"

#include <arrow/builder.h>
#include <arrow/type.h>

#include "glaux/engine/athena/nested_text_internal.h"
#include "glaux/engine/athena/value_text_internal.h"

namespace glaux::athena {
namespace {

int64_t PerSecond(arrow::TimeUnit::type unit) {
  static constexpr int64_t kUnits[] = {1, 1'000, 1'000'000, 1'000'000'000};
  return kUnits[unit];
}

/// Values that `Read(text, &value)` reads.
template <typename Builder, typename Value, typename Read>
class PlainReader final : public TextReader {
 public:
  PlainReader(std::string expected, Read read) : expected_(std::move(expected)), read_(std::move(read)) {}

  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    Value value{};
    if (read_(text, &value) && static_cast<Builder*>(builder)->Append(value).ok()) return true;
    problem->expected = expected_;
    return false;
  }

  bool AppendColumn(const Cell* cell, size_t stride, int64_t rows, arrow::ArrayBuilder* builder,
                    TextProblem* problem) const override {
    auto& out = static_cast<Builder&>(*builder);
    problem->expected = expected_;
    if (!out.Reserve(rows).ok()) return false;
    std::string scratch;
    for (int64_t row = 0; row < rows; ++row, cell += stride) {
      if (cell->data == nullptr) {
        out.UnsafeAppendNull();
        continue;
      }
      Value value{};
      if (!read_(TextOf(*cell, &scratch), &value)) {
        problem->row = row;
        return false;
      }
      out.UnsafeAppend(value);
    }
    return true;
  }

 private:
  const std::string expected_;
  const Read read_;
};

template <typename Builder, typename Value, typename Read>
std::unique_ptr<TextReader> MakePlain(std::string expected, Read read) {
  return std::make_unique<PlainReader<Builder, Value, Read>>(std::move(expected), std::move(read));
}

class StringReader final : public TextReader {
 public:
  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    if (static_cast<arrow::StringBuilder*>(builder)->Append(text).ok()) return true;
    problem->expected = "less than 2 GiB of text in a batch";
    return false;
  }

  bool AppendColumn(const Cell* first, size_t stride, int64_t rows, arrow::ArrayBuilder* builder,
                    TextProblem* problem) const override {
    auto& out = static_cast<arrow::StringBuilder&>(*builder);
    problem->expected = "less than 2 GiB of text in a batch";
    int64_t bytes = 0;
    const Cell* cell = first;
    for (int64_t row = 0; row < rows; ++row, cell += stride) bytes += cell->size;
    if (!out.Reserve(rows).ok() || !out.ReserveData(bytes).ok()) return false;
    std::string scratch;
    cell = first;
    for (int64_t row = 0; row < rows; ++row, cell += stride) {
      if (cell->data == nullptr) {
        out.UnsafeAppendNull();
      } else {
        out.UnsafeAppend(TextOf(*cell, &scratch));
      }
    }
    return true;
  }
};

class BytesReader final : public TextReader {
 public:
  bool Append(std::string_view text, arrow::ArrayBuilder* builder, TextProblem* problem) const override {
    std::string bytes;
    if (ReadBytes(text, &bytes) && static_cast<arrow::BinaryBuilder*>(builder)->Append(bytes).ok()) return true;
    problem->expected = "varbinary, as in 01 ff";
    return false;
  }

  bool AppendColumn(const Cell* cell, size_t stride, int64_t rows, arrow::ArrayBuilder* builder,
                    TextProblem* problem) const override {
    return AppendOneByOne(*this, cell, stride, rows, builder, problem);
  }
};

std::unique_ptr<TextReader> TimestampReader(const arrow::TimestampType& type) {
  const int64_t per_second = PerSecond(type.unit());
  if (type.timezone().empty()) {
    return MakePlain<arrow::TimestampBuilder, int64_t>(
        "timestamp", [=](std::string_view text, int64_t* out) { return ReadTimestamp(text, per_second, out); });
  }
  return MakePlain<arrow::TimestampBuilder, int64_t>(
      "timestamp with time zone",
      [=](std::string_view text, int64_t* out) { return ReadTimestampWithZone(text, per_second, out); });
}

template <typename Builder, typename Value>
std::unique_ptr<TextReader> TimeReader(arrow::TimeUnit::type unit) {
  const int64_t nanos = 1'000'000'000 / PerSecond(unit);
  return MakePlain<Builder, Value>("time", [=](std::string_view text, Value* out) {
    int64_t value = 0;
    if (!ReadTime(text, &value) || value % nanos != 0) return false;
    *out = static_cast<Value>(value / nanos);
    return true;
  });
}

template <typename Builder, typename Value>
std::unique_ptr<TextReader> IntegerReader(std::string name) {
  return MakePlain<Builder, Value>(std::move(name),
                                   [](std::string_view text, Value* out) { return ReadInteger(text, out); });
}

}  // namespace

std::string_view TextOf(const Cell& cell, std::string* scratch) {
  const std::string_view text(cell.data, cell.size);
  if (!cell.escaped) return text;
  scratch->clear();
  for (size_t at = 0; at < text.size();) {
    const size_t quote = std::min(text.find('"', at), text.size());
    scratch->append(text.substr(at, quote + 1 - at));
    at = quote + 2;
  }
  return *scratch;
}

bool AppendOneByOne(const TextReader& reader, const Cell* cell, size_t stride, int64_t rows,
                    arrow::ArrayBuilder* builder, TextProblem* problem) {
  std::string scratch;
  for (int64_t row = 0; row < rows; ++row, cell += stride) {
    const bool good =
        cell->data == nullptr ? builder->AppendNull().ok() : reader.Append(TextOf(*cell, &scratch), builder, problem);
    if (!good) {
      problem->row = row;
      return false;
    }
  }
  return true;
}

Result<std::unique_ptr<TextReader>> MakeTextReader(const std::shared_ptr<arrow::DataType>& type) {
  using arrow::Type;
  switch (type->id()) {
    case Type::BOOL:
      return MakePlain<arrow::BooleanBuilder, bool>("boolean", ReadBoolean);
    case Type::INT8:
      return IntegerReader<arrow::Int8Builder, int8_t>("tinyint");
    case Type::INT16:
      return IntegerReader<arrow::Int16Builder, int16_t>("smallint");
    case Type::INT32:
      return IntegerReader<arrow::Int32Builder, int32_t>("integer");
    case Type::INT64:
      return IntegerReader<arrow::Int64Builder, int64_t>("bigint");
    case Type::FLOAT:
      return MakePlain<arrow::FloatBuilder, float>(
          "real", [](std::string_view text, float* out) { return ReadReal(text, out); });
    case Type::DOUBLE:
      return MakePlain<arrow::DoubleBuilder, double>(
          "double", [](std::string_view text, double* out) { return ReadReal(text, out); });
    case Type::STRING:
      return std::make_unique<StringReader>();
    case Type::BINARY:
      return std::make_unique<BytesReader>();
    case Type::DATE32:
      return MakePlain<arrow::Date32Builder, int32_t>("date", ReadDate);
    case Type::TIME32:
      return TimeReader<arrow::Time32Builder, int32_t>(static_cast<const arrow::Time32Type&>(*type).unit());
    case Type::TIME64:
      return TimeReader<arrow::Time64Builder, int64_t>(static_cast<const arrow::Time64Type&>(*type).unit());
    case Type::TIMESTAMP:
      return TimestampReader(static_cast<const arrow::TimestampType&>(*type));
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      return MakePlain<arrow::Decimal128Builder, arrow::Decimal128>(
          "decimal(" + std::to_string(decimal.precision()) + "," + std::to_string(decimal.scale()) + ")",
          [precision = decimal.precision(), scale = decimal.scale()](std::string_view text, arrow::Decimal128* out) {
            return ReadDecimal(text, precision, scale, out);
          });
    }
    case Type::LIST:
    case Type::MAP:
    case Type::STRUCT:
      return MakeNestedReader(type);
    default:
      return MakeError(ErrorKind::kNotImplemented, "no result of Athena has the type ", type->ToString());
  }
}

}  // namespace glaux::athena
