#include "glaux/format/avro_decode_internal.h"

#include <arrow/api.h>
#include <arrow/buffer_builder.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <bit>
#include <limits>

namespace glaux {

static_assert(std::endian::native == std::endian::little, "numbers of Avro are little-endian");

bool AvroCursor::ReadLong(int64_t* value) {
  uint64_t bits = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_ == end_) return Fail("the data ends within a number");
    const auto byte = static_cast<unsigned char>(*at_++);
    // The tenth byte holds one bit.
    if (shift == 63 && byte > 1) break;
    bits |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
      return true;
    }
  }
  return Fail("a number of more than 64 bits");
}

bool AvroCursor::ReadInt(int32_t* value) {
  int64_t wide = 0;
  if (!ReadLong(&wide)) return false;
  *value = static_cast<int32_t>(wide);
  return *value == wide || Fail("expected an int, found " + std::to_string(wide));
}

bool AvroCursor::ReadBoolean(bool* value) {
  std::string_view byte;
  if (!Take(1, &byte)) return false;
  *value = byte[0] != 0;
  return static_cast<unsigned char>(byte[0]) <= 1 || Fail("expected a boolean, found a byte that is not 0 or 1");
}

bool AvroCursor::Take(int64_t size, std::string_view* bytes) {
  if (size < 0) return Fail("a length of " + std::to_string(size));
  if (size > left()) {
    return Fail("expected " + std::to_string(size) + " bytes, found " + std::to_string(left()));
  }
  *bytes = {at_, static_cast<size_t>(size)};
  at_ += size;
  return true;
}

bool AvroCursor::TakeSized(std::string_view* bytes) {
  int64_t size = 0;
  return ReadLong(&size) && Take(size, bytes);
}

bool AvroCursor::ReadCount(int64_t least_bytes, int64_t* count, int64_t* bytes) {
  int64_t size = -1;
  if (!ReadLong(count)) return false;
  if (*count < 0) {
    if (*count == std::numeric_limits<int64_t>::min()) return Fail("a count beyond 64 bits");
    *count = -*count;
    if (!ReadLong(&size)) return false;
    if (size < 0 || size > left())
      return Fail("a block of " + std::to_string(size) + " bytes where " + std::to_string(left()) + " are left");
  }
  if (bytes != nullptr) *bytes = size;
  if (least_bytes > 0 && *count > left() / least_bytes) {
    return Fail("a count of " + std::to_string(*count) + " items where " + std::to_string(left()) + " bytes are left");
  }
  return true;
}

namespace {

bool SkipItems(const AvroType& type, bool keys, AvroCursor* cursor) {
  const auto& item = *type.branches[0];
  while (true) {
    int64_t count = 0;
    int64_t bytes = -1;
    std::string_view skipped;
    if (!cursor->ReadCount(item.min_bytes + (keys ? 1 : 0), &count, &bytes)) return false;
    if (count == 0) return true;
    if (bytes >= 0) {
      if (!cursor->Take(bytes, &skipped)) return false;
      continue;
    }
    for (int64_t i = 0; i < count; ++i) {
      if (!cursor->Spend(1) || (keys && !cursor->TakeSized(&skipped)) || !SkipAvro(item, cursor)) return false;
    }
  }
}

}  // namespace

bool SkipAvro(const AvroType& type, AvroCursor* cursor) {
  int64_t number = 0;
  bool boolean = false;
  std::string_view bytes;
  switch (type.kind) {
    case AvroKind::kNull:
      return cursor->Spend(1);
    case AvroKind::kBoolean:
      return cursor->ReadBoolean(&boolean);
    case AvroKind::kInt:
    case AvroKind::kLong:
    case AvroKind::kEnum:
      return cursor->ReadLong(&number);
    case AvroKind::kFloat:
      return cursor->Take(4, &bytes);
    case AvroKind::kDouble:
      return cursor->Take(8, &bytes);
    case AvroKind::kBytes:
    case AvroKind::kString:
      return cursor->TakeSized(&bytes);
    case AvroKind::kFixed:
      return cursor->Spend(1) && cursor->Take(type.size, &bytes);
    case AvroKind::kArray:
      return SkipItems(type, false, cursor);
    case AvroKind::kMap:
      return SkipItems(type, true, cursor);
    case AvroKind::kRecord:
      if (!cursor->Spend(1)) return false;
      return std::all_of(type.fields.begin(), type.fields.end(),
                         [&](const AvroField& field) { return SkipAvro(*field.type, cursor); });
    case AvroKind::kUnion:
      if (!cursor->ReadLong(&number)) return false;
      if (number < 0 || number >= static_cast<int64_t>(type.branches.size())) {
        return cursor->Fail("no branch " + std::to_string(number) + " in a union of " +
                            std::to_string(type.branches.size()));
      }
      return SkipAvro(*type.branches[static_cast<size_t>(number)], cursor);
  }
  return false;
}

namespace {

bool Check(const Status& status, AvroCursor* cursor) { return status.ok() || cursor->Fail(status.message()); }

Result<std::shared_ptr<arrow::ArrayData>> FinishBuilder(arrow::ArrayBuilder* builder) {
  std::shared_ptr<arrow::ArrayData> data;
  ARROW_RETURN_NOT_OK(builder->FinishInternal(&data));
  return data;
}

class NullDecoder final : public AvroDecoder {
 public:
  bool Decode(AvroCursor* cursor) override { return AppendNull(cursor); }
  bool AppendNull(AvroCursor* cursor) override {
    ++length_;
    return cursor->Spend(1);
  }
  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    return arrow::ArrayData::Make(arrow::null(), length_, {nullptr}, length_);
  }

 private:
  int64_t length_ = 0;
};

/// Values that an Arrow builder takes. Read: `bool operator()(AvroCursor*, Builder*)`.
template <typename Builder, typename Read>
class BuilderDecoder final : public AvroDecoder {
 public:
  BuilderDecoder(const std::shared_ptr<arrow::DataType>& type, int64_t null_bytes, Read read)
      : builder_(type, arrow::default_memory_pool()), null_bytes_(null_bytes), read_(std::move(read)) {}

  bool Decode(AvroCursor* cursor) override { return read_(cursor, &builder_); }
  bool AppendNull(AvroCursor* cursor) override {
    return cursor->Spend(null_bytes_) && Check(builder_.AppendNull(), cursor);
  }
  Result<std::shared_ptr<arrow::ArrayData>> Finish() override { return FinishBuilder(&builder_); }

 private:
  Builder builder_;
  int64_t null_bytes_;
  Read read_;
};

template <typename Builder, typename Read>
std::unique_ptr<AvroDecoder> MakeBuilder(const std::shared_ptr<arrow::DataType>& type, int64_t null_bytes, Read read) {
  return std::make_unique<BuilderDecoder<Builder, Read>>(type, null_bytes, std::move(read));
}

template <typename Builder>
std::unique_ptr<AvroDecoder> MakeInt(const std::shared_ptr<arrow::DataType>& type) {
  return MakeBuilder<Builder>(type, 4, [](AvroCursor* cursor, Builder* builder) {
    int32_t value = 0;
    return cursor->ReadInt(&value) && Check(builder->Append(value), cursor);
  });
}

template <typename Builder>
std::unique_ptr<AvroDecoder> MakeLong(const std::shared_ptr<arrow::DataType>& type) {
  return MakeBuilder<Builder>(type, 8, [](AvroCursor* cursor, Builder* builder) {
    int64_t value = 0;
    return cursor->ReadLong(&value) && Check(builder->Append(value), cursor);
  });
}

template <typename Builder, typename Value>
std::unique_ptr<AvroDecoder> MakeReal(const std::shared_ptr<arrow::DataType>& type) {
  return MakeBuilder<Builder>(type, sizeof(Value), [](AvroCursor* cursor, Builder* builder) {
    Value value = 0;
    return cursor->ReadFixed(&value) && Check(builder->Append(value), cursor);
  });
}

std::unique_ptr<AvroDecoder> MakeString(const std::shared_ptr<arrow::DataType>& type) {
  arrow::util::InitializeUTF8();
  return MakeBuilder<arrow::StringBuilder>(type, 4, [](AvroCursor* cursor, arrow::StringBuilder* builder) {
    std::string_view value;
    if (!cursor->TakeSized(&value)) return false;
    if (!arrow::util::ValidateUTF8(value)) return cursor->Fail("expected UTF-8, found bytes that are not");
    return Check(builder->Append(value), cursor);
  });
}

std::unique_ptr<AvroDecoder> MakeEnum(const AvroType& type, const std::shared_ptr<arrow::DataType>& arrow_type) {
  return MakeBuilder<arrow::StringBuilder>(
      arrow_type, 4, [&symbols = type.symbols](AvroCursor* cursor, arrow::StringBuilder* builder) {
        int32_t index = 0;
        if (!cursor->ReadInt(&index)) return false;
        if (index < 0 || index >= static_cast<int32_t>(symbols.size())) {
          return cursor->Fail("no symbol " + std::to_string(index) + " in an enum of " +
                              std::to_string(symbols.size()));
        }
        const auto& symbol = symbols[static_cast<size_t>(index)];
        return cursor->Spend(static_cast<int64_t>(symbol.size())) && Check(builder->Append(symbol), cursor);
      });
}

template <typename Builder, typename Decimal>
std::unique_ptr<AvroDecoder> MakeDecimal(const AvroType& type, const std::shared_ptr<arrow::DataType>& arrow_type) {
  const int64_t fixed = type.kind == AvroKind::kFixed ? type.size : -1;
  return MakeBuilder<Builder>(
      arrow_type, sizeof(Decimal), [fixed, precision = type.precision](AvroCursor* cursor, Builder* builder) {
        std::string_view bytes;
        if (!(fixed >= 0 ? cursor->Take(fixed, &bytes) : cursor->TakeSized(&bytes))) return false;
        if (bytes.empty()) return cursor->Fail("a decimal of no bytes");
        // Bytes in front that only repeat the sign.
        const char sign = (bytes[0] & 0x80) != 0 ? '\xff' : '\0';
        while (bytes.size() > sizeof(Decimal) && bytes[0] == sign && ((bytes[1] ^ sign) & 0x80) == 0) {
          bytes.remove_prefix(1);
        }
        if (bytes.size() <= sizeof(Decimal)) {
          const auto value = Decimal::FromBigEndian(reinterpret_cast<const uint8_t*>(bytes.data()),
                                                    static_cast<int32_t>(bytes.size()));
          if (value.ok() && value->FitsInPrecision(precision)) return Check(builder->Append(*value), cursor);
        }
        return cursor->Fail("a decimal of more than " + std::to_string(precision) + " digits");
      });
}

std::unique_ptr<AvroDecoder> MakeDuration(const std::shared_ptr<arrow::DataType>& type) {
  using Builder = arrow::MonthDayNanoIntervalBuilder;
  return MakeBuilder<Builder>(type, 16, [](AvroCursor* cursor, Builder* builder) {
    uint32_t months = 0;
    uint32_t days = 0;
    uint32_t milliseconds = 0;
    if (!cursor->ReadFixed(&months) || !cursor->ReadFixed(&days) || !cursor->ReadFixed(&milliseconds)) return false;
    if (!std::in_range<int32_t>(months) || !std::in_range<int32_t>(days)) {
      return cursor->Fail("a duration of more than 2147483647 months or days");
    }
    return Check(
        builder->Append({static_cast<int32_t>(months), static_cast<int32_t>(days), int64_t{milliseconds} * 1'000'000}),
        cursor);
  });
}

/// What compound types need: which of them are null.
class CompoundDecoder : public AvroDecoder {
 protected:
  bool AppendValidity(bool valid, AvroCursor* cursor) { return Check(validity_.Append(valid), cursor); }
  int64_t length() const { return validity_.length(); }
  Result<std::shared_ptr<arrow::Buffer>> FinishValidity(int64_t* nulls) {
    *nulls = validity_.false_count();
    ARROW_ASSIGN_OR_RAISE(auto buffer, validity_.Finish());
    return *nulls == 0 ? nullptr : buffer;
  }

 private:
  arrow::TypedBufferBuilder<bool> validity_;
};

/// Records, and unions of several types, of which one member has a value.
class StructDecoder final : public CompoundDecoder {
 public:
  StructDecoder(const AvroType& type, std::shared_ptr<arrow::DataType> arrow_type)
      : type_(type), arrow_type_(std::move(arrow_type)) {
    const auto add = [&](const AvroType& child) {
      const int at = static_cast<int>(members_.size());
      members_.push_back(Make(child, arrow_type_->field(at)->type()));
      member_of_branch_.push_back(at);
    };
    if (type.kind == AvroKind::kRecord) {
      for (const auto& field : type.fields) add(*field.type);
    } else {
      for (const auto& branch : type.branches) {
        if (branch->kind == AvroKind::kNull) {
          member_of_branch_.push_back(-1);
        } else {
          add(*branch);
        }
      }
    }
  }

  bool Decode(AvroCursor* cursor) override {
    if (type_.kind == AvroKind::kUnion) return DecodeUnion(cursor);
    if (!cursor->Spend(1)) return false;
    for (const auto& member : members_) {
      if (!member->Decode(cursor)) return false;
    }
    return AppendValidity(true, cursor);
  }

  bool AppendNull(AvroCursor* cursor) override { return AppendOnly(-1, false, cursor); }

  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    const int64_t rows = length();
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, FinishValidity(&nulls));
    auto data = arrow::ArrayData::Make(arrow_type_, rows, {std::move(validity)}, nulls);
    for (const auto& member : members_) {
      ARROW_ASSIGN_OR_RAISE(data->child_data.emplace_back(), member->Finish());
    }
    return data;
  }

 private:
  bool DecodeUnion(AvroCursor* cursor) {
    int64_t branch = 0;
    if (!cursor->ReadLong(&branch)) return false;
    if (branch < 0 || branch >= static_cast<int64_t>(member_of_branch_.size())) {
      return cursor->Fail("no branch " + std::to_string(branch) + " in a union of " +
                          std::to_string(member_of_branch_.size()));
    }
    const int member = member_of_branch_[static_cast<size_t>(branch)];
    return AppendOnly(member, member >= 0, cursor);
  }

  /// A row of which one member is read (-1: none) and the others are null.
  bool AppendOnly(int member, bool valid, AvroCursor* cursor) {
    if (!cursor->Spend(1)) return false;
    for (size_t i = 0; i < members_.size(); ++i) {
      if (!(static_cast<int>(i) == member ? members_[i]->Decode(cursor) : members_[i]->AppendNull(cursor)))
        return false;
    }
    return AppendValidity(valid, cursor);
  }

  const AvroType& type_;
  std::shared_ptr<arrow::DataType> arrow_type_;
  std::vector<std::unique_ptr<AvroDecoder>> members_;
  std::vector<int> member_of_branch_;
};

/// Arrays and maps.
class ListDecoder final : public CompoundDecoder {
 public:
  ListDecoder(const AvroType& type, std::shared_ptr<arrow::DataType> arrow_type) : arrow_type_(std::move(arrow_type)) {
    const auto& item = *type.branches[0];
    least_bytes_ = item.min_bytes;
    if (type.kind == AvroKind::kMap) {
      const auto& map = static_cast<const arrow::MapType&>(*arrow_type_);
      least_bytes_ += 1;
      keys_ = MakeString(arrow::utf8());
      items_ = Make(item, map.item_type());
    } else {
      items_ = Make(item, arrow_type_->field(0)->type());
    }
  }

  bool Decode(AvroCursor* cursor) override {
    if (!AppendOffset(cursor)) return false;
    while (true) {
      int64_t count = 0;
      if (!cursor->ReadCount(least_bytes_, &count)) return false;
      if (count == 0) return AppendValidity(true, cursor);
      for (int64_t i = 0; i < count; ++i) {
        if (++items_count_ == std::numeric_limits<int32_t>::max()) return cursor->Fail("more than 2^31 items");
        if (!cursor->Spend(1) || (keys_ != nullptr && !keys_->Decode(cursor)) || !items_->Decode(cursor)) return false;
      }
    }
  }

  bool AppendNull(AvroCursor* cursor) override {
    return cursor->Spend(4) && AppendOffset(cursor) && AppendValidity(false, cursor);
  }

  Result<std::shared_ptr<arrow::ArrayData>> Finish() override {
    const int64_t rows = length();
    int64_t nulls = 0;
    ARROW_ASSIGN_OR_RAISE(auto validity, FinishValidity(&nulls));
    ARROW_RETURN_NOT_OK(offsets_.Append(static_cast<int32_t>(items_count_)));
    ARROW_ASSIGN_OR_RAISE(auto offsets, offsets_.Finish());
    ARROW_ASSIGN_OR_RAISE(auto items, items_->Finish());
    if (keys_ != nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto keys, keys_->Finish());
      auto pairs = arrow::ArrayData::Make(arrow_type_->field(0)->type(), items_count_, {nullptr}, 0);
      pairs->child_data = {std::move(keys), std::move(items)};
      items = std::move(pairs);
    }
    auto data = arrow::ArrayData::Make(arrow_type_, rows, {std::move(validity), std::move(offsets)}, nulls);
    data->child_data = {std::move(items)};
    return data;
  }

 private:
  bool AppendOffset(AvroCursor* cursor) { return Check(offsets_.Append(static_cast<int32_t>(items_count_)), cursor); }

  std::shared_ptr<arrow::DataType> arrow_type_;
  int64_t least_bytes_ = 0;
  std::unique_ptr<AvroDecoder> keys_;
  std::unique_ptr<AvroDecoder> items_;
  arrow::TypedBufferBuilder<int32_t> offsets_;
  int64_t items_count_ = 0;
};

/// A union of null and one type.
class NullableDecoder final : public AvroDecoder {
 public:
  NullableDecoder(const AvroType& type, std::unique_ptr<AvroDecoder> value)
      : null_branch_(type.branches[0]->kind == AvroKind::kNull ? 0 : 1), value_(std::move(value)) {}

  bool Decode(AvroCursor* cursor) override {
    int64_t branch = 0;
    if (!cursor->ReadLong(&branch)) return false;
    if (branch != 0 && branch != 1) return cursor->Fail("no branch " + std::to_string(branch) + " in a union of 2");
    return branch == null_branch_ ? value_->AppendNull(cursor) : value_->Decode(cursor);
  }
  bool AppendNull(AvroCursor* cursor) override { return value_->AppendNull(cursor); }
  Result<std::shared_ptr<arrow::ArrayData>> Finish() override { return value_->Finish(); }

 private:
  int64_t null_branch_;
  std::unique_ptr<AvroDecoder> value_;
};

std::unique_ptr<AvroDecoder> MakeLogical(const AvroType& type, const std::shared_ptr<arrow::DataType>& arrow_type) {
  switch (arrow_type->id()) {
    case arrow::Type::DECIMAL128:
      return MakeDecimal<arrow::Decimal128Builder, arrow::Decimal128>(type, arrow_type);
    case arrow::Type::DECIMAL256:
      return MakeDecimal<arrow::Decimal256Builder, arrow::Decimal256>(type, arrow_type);
    case arrow::Type::DATE32:
      return MakeInt<arrow::Date32Builder>(arrow_type);
    case arrow::Type::TIME32:
      return MakeInt<arrow::Time32Builder>(arrow_type);
    case arrow::Type::TIME64:
      return MakeLong<arrow::Time64Builder>(arrow_type);
    case arrow::Type::TIMESTAMP:
      return MakeLong<arrow::TimestampBuilder>(arrow_type);
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return MakeDuration(arrow_type);
    default:
      return nullptr;
  }
}

}  // namespace

std::unique_ptr<AvroDecoder> AvroDecoder::Make(const AvroType& type,
                                               const std::shared_ptr<arrow::DataType>& arrow_type) {
  if (const auto* nullable = NullableOf(type)) {
    return std::make_unique<NullableDecoder>(type, Make(*nullable, arrow_type));
  }
  if (auto logical = MakeLogical(type, arrow_type)) return logical;
  switch (type.kind) {
    case AvroKind::kNull:
      return std::make_unique<NullDecoder>();
    case AvroKind::kBoolean:
      return MakeBuilder<arrow::BooleanBuilder>(arrow_type, 1, [](AvroCursor* cursor, arrow::BooleanBuilder* builder) {
        bool value = false;
        return cursor->ReadBoolean(&value) && Check(builder->Append(value), cursor);
      });
    case AvroKind::kInt:
      return MakeInt<arrow::Int32Builder>(arrow_type);
    case AvroKind::kLong:
      return MakeLong<arrow::Int64Builder>(arrow_type);
    case AvroKind::kFloat:
      return MakeReal<arrow::FloatBuilder, float>(arrow_type);
    case AvroKind::kDouble:
      return MakeReal<arrow::DoubleBuilder, double>(arrow_type);
    case AvroKind::kBytes:
      return MakeBuilder<arrow::BinaryBuilder>(arrow_type, 4, [](AvroCursor* cursor, arrow::BinaryBuilder* builder) {
        std::string_view value;
        return cursor->TakeSized(&value) && Check(builder->Append(value), cursor);
      });
    case AvroKind::kString:
      return MakeString(arrow_type);
    case AvroKind::kFixed:
      return MakeBuilder<arrow::FixedSizeBinaryBuilder>(
          arrow_type, type.size + 1, [size = type.size](AvroCursor* cursor, arrow::FixedSizeBinaryBuilder* builder) {
            std::string_view value;
            return cursor->Spend(1) && cursor->Take(size, &value) && Check(builder->Append(value), cursor);
          });
    case AvroKind::kEnum:
      return MakeEnum(type, arrow_type);
    case AvroKind::kArray:
    case AvroKind::kMap:
      return std::make_unique<ListDecoder>(type, arrow_type);
    case AvroKind::kRecord:
    case AvroKind::kUnion:
      return std::make_unique<StructDecoder>(type, arrow_type);
  }
  return nullptr;
}

}  // namespace glaux
