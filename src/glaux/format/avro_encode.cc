#include "glaux/format/avro_encode_internal.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>

#include <utility>

#include "glaux/format/avro_container_internal.h"
#include "glaux/format/value_text_internal.h"

namespace glaux {
namespace {

/// Values without nulls. Write: `Status operator()(int64_t row, std::string* out)`.
template <typename Write>
class ValueEncoder final : public AvroEncoder {
 public:
  explicit ValueEncoder(Write write) : write_(std::move(write)) {}
  Status Append(int64_t row, std::string* out) const override { return write_(row, out); }

 private:
  Write write_;
};

template <typename Write>
std::unique_ptr<AvroEncoder> MakeValue(Write write) {
  return std::make_unique<ValueEncoder<Write>>(std::move(write));
}

template <typename Array>
const Array& As(const arrow::Array& array) {
  return static_cast<const Array&>(array);
}

template <typename Array>
std::unique_ptr<AvroEncoder> MakeInteger(const arrow::Array& array) {
  return MakeValue([values = As<Array>(array).raw_values()](int64_t row, std::string* out) {
    AppendAvroLong(static_cast<int64_t>(values[row]), out);
    return Status::OK();
  });
}

template <typename Array>
std::unique_ptr<AvroEncoder> MakeReal(const arrow::Array& array) {
  return MakeValue([values = As<Array>(array).raw_values()](int64_t row, std::string* out) {
    out->append(reinterpret_cast<const char*>(values + row), sizeof(values[row]));
    return Status::OK();
  });
}

template <typename Array>
std::unique_ptr<AvroEncoder> MakeBytes(const arrow::Array& array) {
  return MakeValue([values = &As<Array>(array)](int64_t row, std::string* out) {
    AppendAvroBytes(values->GetView(row), out);
    return Status::OK();
  });
}

/// Two's complement in little-endian order, as the fewest big-endian bytes.
void AppendBigEndian(const uint8_t* bytes, size_t size, std::string* out) {
  const uint8_t sign = (bytes[size - 1] & 0x80) != 0 ? 0xff : 0;
  while (size > 1 && bytes[size - 1] == sign && ((bytes[size - 2] ^ sign) & 0x80) == 0) --size;
  AppendAvroLong(static_cast<int64_t>(size), out);
  for (size_t i = size; i > 0; --i) out->push_back(static_cast<char>(bytes[i - 1]));
}

std::unique_ptr<AvroEncoder> MakeUnsigned(const arrow::Array& array) {
  return MakeValue([values = As<arrow::UInt64Array>(array).raw_values()](int64_t row, std::string* out) {
    uint8_t bytes[9] = {};
    std::memcpy(bytes, values + row, 8);
    AppendBigEndian(bytes, sizeof(bytes), out);
    return Status::OK();
  });
}

std::unique_ptr<AvroEncoder> MakeDecimal(const arrow::Array& array) {
  return MakeValue([values = &As<arrow::FixedSizeBinaryArray>(array)](int64_t row, std::string* out) {
    AppendBigEndian(values->GetValue(row), static_cast<size_t>(values->byte_width()), out);
    return Status::OK();
  });
}

/// Times that Avro counts in units `factor` times as small.
template <typename Array>
std::unique_ptr<AvroEncoder> MakeScaled(const arrow::Array& array, int64_t factor, bool is_int) {
  return MakeValue([&array, values = As<Array>(array).raw_values(), factor, is_int](int64_t row, std::string* out) {
    int64_t value = 0;
    if (__builtin_mul_overflow(int64_t{values[row]}, factor, &value) || (is_int && !std::in_range<int32_t>(value))) {
      return MakeError(ErrorKind::kInvalid, "the ", array.type()->ToString(), " ", values[row],
                       " is beyond what Avro holds");
    }
    AppendAvroLong(value, out);
    return Status::OK();
  });
}

std::unique_ptr<AvroEncoder> MakeDate64(const arrow::Array& array) {
  return MakeValue([values = As<arrow::Date64Array>(array).raw_values()](int64_t row, std::string* out) {
    constexpr int64_t kDay = 86'400'000;
    if (values[row] % kDay != 0 || !std::in_range<int32_t>(values[row] / kDay)) {
      return MakeError(ErrorKind::kInvalid, "the date64 ", values[row], " is no date that Avro holds");
    }
    AppendAvroLong(values[row] / kDay, out);
    return Status::OK();
  });
}

std::unique_ptr<AvroEncoder> MakeDuration(const arrow::Array& array) {
  return MakeValue([values = &As<arrow::MonthDayNanoIntervalArray>(array)](int64_t row, std::string* out) {
    const auto value = values->GetValue(row);
    const int64_t milliseconds = value.nanoseconds / 1'000'000;
    if (value.months < 0 || value.days < 0 || value.nanoseconds % 1'000'000 != 0 ||
        !std::in_range<uint32_t>(milliseconds)) {
      return MakeError(ErrorKind::kInvalid,
                       "an interval that is negative or has parts of a millisecond is no duration of Avro");
    }
    for (const auto part : {static_cast<uint32_t>(value.months), static_cast<uint32_t>(value.days),
                            static_cast<uint32_t>(milliseconds)}) {
      out->append(reinterpret_cast<const char*>(&part), sizeof(part));
    }
    return Status::OK();
  });
}

/// Items [begin, end) of an array or map: one block, and the empty one that ends it.
template <typename Write>
Status AppendItems(int64_t begin, int64_t end, std::string* out, Write&& write) {
  if (end > begin) {
    AppendAvroLong(end - begin, out);
    for (int64_t i = begin; i < end; ++i) ARROW_RETURN_NOT_OK(write(i));
  }
  out->push_back('\0');
  return Status::OK();
}

template <typename List>
Result<std::unique_ptr<AvroEncoder>> MakeList(const arrow::Array& array) {
  const auto& list = As<List>(array);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<AvroEncoder> items,
                        AvroEncoder::Make(*list.values(), *list.list_type()->value_field()));
  return MakeValue([&list, values = list.values(), items](int64_t row, std::string* out) {
    const int64_t begin = list.value_offset(row);
    return AppendItems(begin, begin + list.value_length(row), out, [&](int64_t i) { return items->Append(i, out); });
  });
}

Result<std::unique_ptr<AvroEncoder>> MakeMap(const arrow::Array& array) {
  const auto& map = As<arrow::MapArray>(array);
  const auto& type = *map.map_type();
  // Keys stand without a branch: as strings of a map, or as fields that are not null.
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<AvroEncoder> keys,
                        AvroEncoder::Make(*map.keys(), *type.key_field()->WithNullable(false)));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<AvroEncoder> items, AvroEncoder::Make(*map.items(), *type.item_field()));
  return MakeValue(
      [&map, key_array = map.keys(), item_array = map.items(), keys, items](int64_t row, std::string* out) {
        const int64_t begin = map.value_offset(row);
        return AppendItems(begin, begin + map.value_length(row), out, [&](int64_t i) {
          ARROW_RETURN_NOT_OK(keys->Append(i, out));
          return items->Append(i, out);
        });
      });
}

Result<std::unique_ptr<AvroEncoder>> MakeStruct(const arrow::Array& array) {
  const auto& rows = As<arrow::StructArray>(array);
  std::vector<std::shared_ptr<AvroEncoder>> members;
  arrow::ArrayVector arrays;
  for (int i = 0; i < rows.num_fields(); ++i) {
    arrays.push_back(rows.field(i));
    ARROW_ASSIGN_OR_RAISE(members.emplace_back(), AvroEncoder::Make(*arrays.back(), *rows.type()->field(i)));
  }
  return MakeValue([arrays, members](int64_t row, std::string* out) {
    for (const auto& member : members) ARROW_RETURN_NOT_OK(member->Append(row, out));
    return Status::OK();
  });
}

Result<std::unique_ptr<AvroEncoder>> MakeBare(const arrow::Array& array) {
  switch (array.type_id()) {
    case arrow::Type::NA:
      return MakeValue([](int64_t, std::string*) { return Status::OK(); });
    case arrow::Type::BOOL:
      return MakeValue([values = &As<arrow::BooleanArray>(array)](int64_t row, std::string* out) {
        out->push_back(values->Value(row) ? '\1' : '\0');
        return Status::OK();
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
      return MakeUnsigned(array);
    case arrow::Type::FLOAT:
      return MakeReal<arrow::FloatArray>(array);
    case arrow::Type::DOUBLE:
      return MakeReal<arrow::DoubleArray>(array);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return MakeBytes<arrow::BinaryArray>(array);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return MakeBytes<arrow::LargeBinaryArray>(array);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return MakeBytes<arrow::BinaryViewArray>(array);
    case arrow::Type::FIXED_SIZE_BINARY:
      return MakeValue([values = &As<arrow::FixedSizeBinaryArray>(array)](int64_t row, std::string* out) {
        *out += values->GetView(row);
        return Status::OK();
      });
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return MakeDecimal(array);
    case arrow::Type::DATE32:
      return MakeInteger<arrow::Date32Array>(array);
    case arrow::Type::DATE64:
      return MakeDate64(array);
    case arrow::Type::TIME32:
      return MakeScaled<arrow::Time32Array>(
          array, static_cast<const arrow::TimeType&>(*array.type()).unit() == arrow::TimeUnit::SECOND ? 1000 : 1, true);
    case arrow::Type::TIME64:
      return MakeScaled<arrow::Time64Array>(array, 1, false);
    case arrow::Type::TIMESTAMP:
      return MakeScaled<arrow::TimestampArray>(
          array, static_cast<const arrow::TimestampType&>(*array.type()).unit() == arrow::TimeUnit::SECOND ? 1000 : 1,
          false);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return MakeDuration(array);
    case arrow::Type::LIST:
      return MakeList<arrow::ListArray>(array);
    case arrow::Type::LARGE_LIST:
      return MakeList<arrow::LargeListArray>(array);
    case arrow::Type::FIXED_SIZE_LIST:
      return MakeList<arrow::FixedSizeListArray>(array);
    case arrow::Type::MAP:
      return MakeMap(array);
    case arrow::Type::STRUCT:
      return MakeStruct(array);
    default:
      return MakeError(ErrorKind::kInvalid, "Avro has no type for ", array.type()->ToString());
  }
}

}  // namespace

Result<std::unique_ptr<AvroEncoder>> AvroEncoder::Make(const arrow::Array& array, const arrow::Field& field) {
  const auto* dictionary = array.type_id() == arrow::Type::DICTIONARY ? &As<arrow::DictionaryArray>(array) : nullptr;
  const auto values = dictionary != nullptr ? dictionary->dictionary() : nullptr;
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<AvroEncoder> bare, MakeBare(values != nullptr ? *values : array));
  if (array.type_id() == arrow::Type::NA) {
    return MakeValue([](int64_t, std::string*) { return Status::OK(); });
  }
  return MakeValue([&array, dictionary, values, bare, nullable = field.nullable(), name = field.name()](
                       int64_t row, std::string* out) -> Status {
    bool null = array.IsNull(row);
    if (!null && dictionary != nullptr) {
      row = dictionary->GetValueIndex(row);
      null = values->IsNull(row);
    }
    if (null) {
      if (!nullable) return MakeError(ErrorKind::kInvalid, "a null in ", name, ", which has none");
      out->push_back('\0');
      return Status::OK();
    }
    if (nullable) out->push_back('\2');
    return bare->Append(row, out);
  });
}

}  // namespace glaux
