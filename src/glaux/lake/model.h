#pragma once

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <arrow/table_builder.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "glaux/lake/read.h"
#include "glaux/lake/write.h"

/// \file
/// Described C++ structs as rows:
///
///     struct Order {
///       int64_t id;
///       std::string country;
///       std::optional<double> amount;
///       std::chrono::sys_time<std::chrono::microseconds> at;
///     };
///     BOOST_DESCRIBE_STRUCT(Order, (), (id, country, amount, at))
///
///     Write(*lake, {"sales", "orders"}, orders, {.partition_by = "day(at)"});     // orders: std::vector<Order>
///     Read<Order>(*lake, {"sales", "orders"}, {.since = yesterday});
///
/// A member is a column; its type is, in Glue's words: bool boolean; signed integers tinyint to bigint, unsigned ones
/// the next wider type that holds their range (uint64_t decimal(20,0)); float and double; std::string string;
/// std::vector<std::byte> binary; Decimal<P, S> decimal(P,S); sys_days date; sys_time timestamp; described enums
/// string, by the enumerator's name; std::vector array; std::map and std::unordered_map map; described structs struct;
/// std::optional what is in it, or null. A null for any other member, and a value that the member's type does not hold,
/// is an error that names column and row.

namespace glaux {

/// A decimal(Precision, Scale).
template <int Precision, int Scale>
struct Decimal {
  arrow::Decimal128 value;
  bool operator==(const Decimal&) const = default;
};

template <typename T>
concept DescribedStruct = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <typename T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

namespace model_internal {

template <typename T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <typename T, typename Descriptor>
using MemberType = std::remove_cvref_t<decltype(std::declval<T&>().*Descriptor::pointer)>;

Status NullValue();
Status UnknownEnumerator(std::string_view found, const std::vector<std::string_view>& names);
/// "column a, row 7: …", "column a.b, …": `step` is put in front of what an error within a column says.
Status Within(const Status& status, std::string_view step);
Status InRow(const Status& status, std::string_view column, int64_t row);

/// How a type of C++ is a column:
///
///     static std::shared_ptr<arrow::DataType> Type();
///     static Status Append(const T& value, arrow::ArrayBuilder* to);
///     explicit Column(const arrow::Array& array);          // which has Type()
///     Status Get(int64_t row, T* value) const;
template <typename T>
class Column;

/// Of values that Arrow has as they are.
template <typename T, typename ArrowType, typename Stored = T>
class PlainColumn {
 public:
  using Builder = typename arrow::TypeTraits<ArrowType>::BuilderType;
  using Array = typename arrow::TypeTraits<ArrowType>::ArrayType;
  static std::shared_ptr<arrow::DataType> Type() { return arrow::TypeTraits<ArrowType>::type_singleton(); }
  static Status Append(const T& value, arrow::ArrayBuilder* to) {
    return static_cast<Builder&>(*to).Append(static_cast<Stored>(value));
  }
  explicit PlainColumn(const arrow::Array& array) : array_(static_cast<const Array&>(array)) {}
  Status Get(int64_t row, T* value) const {
    if (array_.IsNull(row)) return NullValue();
    *value = static_cast<T>(array_.Value(row));
    return Status::OK();
  }

 private:
  const Array& array_;
};

template <>
class Column<bool> : public PlainColumn<bool, arrow::BooleanType> {
  using PlainColumn::PlainColumn;
};

template <std::floating_point T>
requires(sizeof(T) <= 8) class Column<T>
    : public PlainColumn<T, std::conditional_t<sizeof(T) == 4, arrow::FloatType, arrow::DoubleType>> {
  using PlainColumn<T, std::conditional_t<sizeof(T) == 4, arrow::FloatType, arrow::DoubleType>>::PlainColumn;
};

template <typename T>
using IntegerTypeOf = std::conditional_t<
    std::is_signed_v<T>,
    std::conditional_t<sizeof(T) == 1, arrow::Int8Type,
                       std::conditional_t<sizeof(T) == 2, arrow::Int16Type,
                                          std::conditional_t<sizeof(T) == 4, arrow::Int32Type, arrow::Int64Type>>>,
    std::conditional_t<sizeof(T) == 1, arrow::UInt8Type,
                       std::conditional_t<sizeof(T) == 2, arrow::UInt16Type,
                                          std::conditional_t<sizeof(T) == 4, arrow::UInt32Type, arrow::UInt64Type>>>>;
template <std::integral T>
class Column<T> : public PlainColumn<T, IntegerTypeOf<T>, typename IntegerTypeOf<T>::c_type> {
  using PlainColumn<T, IntegerTypeOf<T>, typename IntegerTypeOf<T>::c_type>::PlainColumn;
};

template <>
class Column<std::string> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::utf8(); }
  static Status Append(const std::string& value, arrow::ArrayBuilder* to) {
    return static_cast<arrow::StringBuilder&>(*to).Append(value);
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::StringArray&>(array)) {}
  Status Get(int64_t row, std::string* value) const {
    if (array_.IsNull(row)) return NullValue();
    *value = array_.GetView(row);
    return Status::OK();
  }

 private:
  const arrow::StringArray& array_;
};

template <>
class Column<std::vector<std::byte>> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::binary(); }
  static Status Append(const std::vector<std::byte>& value, arrow::ArrayBuilder* to) {
    return static_cast<arrow::BinaryBuilder&>(*to).Append(reinterpret_cast<const uint8_t*>(value.data()),
                                                          static_cast<int32_t>(value.size()));
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::BinaryArray&>(array)) {}
  Status Get(int64_t row, std::vector<std::byte>* value) const {
    if (array_.IsNull(row)) return NullValue();
    const auto bytes = std::as_bytes(std::span(array_.GetView(row)));
    value->assign(bytes.begin(), bytes.end());
    return Status::OK();
  }

 private:
  const arrow::BinaryArray& array_;
};

template <>
class Column<std::chrono::sys_days> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::date32(); }
  static Status Append(std::chrono::sys_days value, arrow::ArrayBuilder* to) {
    return static_cast<arrow::Date32Builder&>(*to).Append(value.time_since_epoch().count());
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::Date32Array&>(array)) {}
  Status Get(int64_t row, std::chrono::sys_days* value) const {
    if (array_.IsNull(row)) return NullValue();
    *value = std::chrono::sys_days(std::chrono::days(array_.Value(row)));
    return Status::OK();
  }

 private:
  const arrow::Date32Array& array_;
};

/// Seconds, milliseconds, microseconds, nanoseconds.
template <typename Duration>
requires(!std::same_as<Duration, std::chrono::days>) class Column<std::chrono::sys_time<Duration>> {
 public:
  using Time = std::chrono::sys_time<Duration>;
  static std::shared_ptr<arrow::DataType> Type() {
    using Period = typename Duration::period;
    static_assert(std::ratio_equal_v<Period, std::ratio<1>> || std::ratio_equal_v<Period, std::milli> ||
                      std::ratio_equal_v<Period, std::micro> || std::ratio_equal_v<Period, std::nano>,
                  "a column of times has seconds, milliseconds, microseconds or nanoseconds");
    return arrow::timestamp(std::ratio_equal_v<Period, std::ratio<1>> ? arrow::TimeUnit::SECOND
                            : std::ratio_equal_v<Period, std::milli>  ? arrow::TimeUnit::MILLI
                            : std::ratio_equal_v<Period, std::micro>  ? arrow::TimeUnit::MICRO
                                                                      : arrow::TimeUnit::NANO);
  }
  static Status Append(Time value, arrow::ArrayBuilder* to) {
    return static_cast<arrow::TimestampBuilder&>(*to).Append(value.time_since_epoch().count());
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::TimestampArray&>(array)) {}
  Status Get(int64_t row, Time* value) const {
    if (array_.IsNull(row)) return NullValue();
    *value = Time(Duration(array_.Value(row)));
    return Status::OK();
  }

 private:
  const arrow::TimestampArray& array_;
};

template <int Precision, int Scale>
class Column<Decimal<Precision, Scale>> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::decimal128(Precision, Scale); }
  static Status Append(const Decimal<Precision, Scale>& value, arrow::ArrayBuilder* to) {
    if (!value.value.FitsInPrecision(Precision)) {
      return MakeError(ErrorKind::kInvalid, value.value.ToString(Scale), " has more than ", Precision, " digits");
    }
    return static_cast<arrow::Decimal128Builder&>(*to).Append(value.value);
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::Decimal128Array&>(array)) {}
  Status Get(int64_t row, Decimal<Precision, Scale>* value) const {
    if (array_.IsNull(row)) return NullValue();
    value->value = arrow::Decimal128(array_.GetValue(row));
    return Status::OK();
  }

 private:
  const arrow::Decimal128Array& array_;
};

template <DescribedEnum T>
class Column<T> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::utf8(); }
  static Status Append(T value, arrow::ArrayBuilder* to) {
    const char* name = boost::describe::enum_to_string(value, nullptr);
    if (name == nullptr) {
      return MakeError(ErrorKind::kInvalid, "an enumerator without a name: ",
                       static_cast<int64_t>(static_cast<std::underlying_type_t<T>>(value)));
    }
    return static_cast<arrow::StringBuilder&>(*to).Append(name);
  }
  explicit Column(const arrow::Array& array) : array_(static_cast<const arrow::StringArray&>(array)) {}
  Status Get(int64_t row, T* value) const {
    if (array_.IsNull(row)) return NullValue();
    const std::string_view found = array_.GetView(row);
    bool known = false;
    std::vector<std::string_view> names;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto one) {
      if (found == one.name) {
        *value = one.value;
        known = true;
      }
      if (!known) names.push_back(one.name);
    });
    return known ? Status::OK() : UnknownEnumerator(found, names);
  }

 private:
  const arrow::StringArray& array_;
};

template <typename T>
class Column<std::optional<T>> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return Column<T>::Type(); }
  static Status Append(const std::optional<T>& value, arrow::ArrayBuilder* to) {
    return value.has_value() ? Column<T>::Append(*value, to) : to->AppendNull();
  }
  explicit Column(const arrow::Array& array) : array_(array), values_(array) {}
  Status Get(int64_t row, std::optional<T>* value) const {
    value->reset();
    return array_.IsNull(row) ? Status::OK() : values_.Get(row, &value->emplace());
  }

 private:
  const arrow::Array& array_;
  Column<T> values_;
};

template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

/// Inside of a column all may be null: so is what is in a struct that is null.
template <typename T>
std::shared_ptr<arrow::Field> FieldNamed(std::string name) {
  return arrow::field(std::move(name), Column<T>::Type());
}

template <typename T>
class Column<std::vector<T>> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::list(FieldNamed<T>("element")); }
  static Status Append(const std::vector<T>& value, arrow::ArrayBuilder* to) {
    auto& list = static_cast<arrow::ListBuilder&>(*to);
    ARROW_RETURN_NOT_OK(list.Append());
    for (const T& one : value) ARROW_RETURN_NOT_OK(Column<T>::Append(one, list.value_builder()));
    return Status::OK();
  }
  explicit Column(const arrow::Array& array)
      : array_(static_cast<const arrow::ListArray&>(array)), values_(*array_.values()) {}
  Status Get(int64_t row, std::vector<T>* value) const {
    if (array_.IsNull(row)) return NullValue();
    value->clear();
    value->reserve(static_cast<size_t>(array_.value_length(row)));
    for (int64_t i = array_.value_offset(row); i < array_.value_offset(row + 1); ++i) {
      T one{};
      ARROW_RETURN_NOT_OK(values_.Get(i, &one));
      value->push_back(std::move(one));
    }
    return Status::OK();
  }

 private:
  const arrow::ListArray& array_;
  Column<T> values_;
};

template <typename Map>
class MapColumn {
 public:
  using Key = typename Map::key_type;
  using Item = typename Map::mapped_type;
  static_assert(!kIsOptional<Key>, "keys of a map are never null");
  static std::shared_ptr<arrow::DataType> Type() { return arrow::map(Column<Key>::Type(), FieldNamed<Item>("value")); }
  static Status Append(const Map& value, arrow::ArrayBuilder* to) {
    auto& map = static_cast<arrow::MapBuilder&>(*to);
    ARROW_RETURN_NOT_OK(map.Append());
    for (const auto& [key, item] : value) {
      ARROW_RETURN_NOT_OK(Column<Key>::Append(key, map.key_builder()));
      ARROW_RETURN_NOT_OK(Column<Item>::Append(item, map.item_builder()));
    }
    return Status::OK();
  }
  explicit MapColumn(const arrow::Array& array)
      : array_(static_cast<const arrow::MapArray&>(array)), keys_(*array_.keys()), items_(*array_.items()) {}
  Status Get(int64_t row, Map* value) const {
    if (array_.IsNull(row)) return NullValue();
    value->clear();
    for (int64_t i = array_.value_offset(row); i < array_.value_offset(row + 1); ++i) {
      Key key{};
      ARROW_RETURN_NOT_OK(keys_.Get(i, &key));
      ARROW_RETURN_NOT_OK(items_.Get(i, &(*value)[std::move(key)]));
    }
    return Status::OK();
  }

 private:
  const arrow::MapArray& array_;
  Column<Key> keys_;
  Column<Item> items_;
};
template <typename K, typename V>
class Column<std::map<K, V>> : public MapColumn<std::map<K, V>> {
  using MapColumn<std::map<K, V>>::MapColumn;
};
template <typename K, typename V>
class Column<std::unordered_map<K, V>> : public MapColumn<std::unordered_map<K, V>> {
  using MapColumn<std::unordered_map<K, V>>::MapColumn;
};

template <DescribedStruct T>
arrow::FieldVector FieldsOfStruct() {
  arrow::FieldVector fields;
  boost::mp11::mp_for_each<Members<T>>(
      [&](auto member) { fields.push_back(FieldNamed<MemberType<T, decltype(member)>>(member.name)); });
  return fields;
}

template <DescribedStruct T>
arrow::FieldVector ColumnsOfStruct() {
  auto fields = FieldsOfStruct<T>();
  size_t i = 0;
  boost::mp11::mp_for_each<Members<T>>([&](auto member) {
    auto& field = fields[i++];
    field = field->WithNullable(kIsOptional<MemberType<T, decltype(member)>>);
  });
  return fields;
}

template <DescribedStruct T>
class Column<T> {
 public:
  static std::shared_ptr<arrow::DataType> Type() { return arrow::struct_(FieldsOfStruct<T>()); }
  static Status Append(const T& value, arrow::ArrayBuilder* to) {
    auto& builder = static_cast<arrow::StructBuilder&>(*to);
    ARROW_RETURN_NOT_OK(builder.Append());
    return AppendMembers(value, [&](int i) { return builder.field_builder(i); });
  }
  template <typename BuilderOf>
  static Status AppendMembers(const T& value, BuilderOf&& builder_of) {
    Status status;
    int i = 0;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      auto* builder = builder_of(i++);
      if (!status.ok()) return;
      status = Column<MemberType<T, decltype(member)>>::Append(value.*decltype(member)::pointer, builder);
      if (!status.ok()) status = Within(status, member.name);
    });
    return status;
  }

  explicit Column(const arrow::Array& array)
      : array_(&array), fields_(static_cast<const arrow::StructArray&>(array).fields()), members_(Open(fields_)) {}
  Status Get(int64_t row, T* value) const {
    if (array_->IsNull(row)) return NullValue();
    Status status;
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<boost::mp11::mp_size<Members<T>>::value>>([&](auto i) {
      using Member = boost::mp11::mp_at<Members<T>, decltype(i)>;
      if (!status.ok()) return;
      status = std::get<i>(members_).Get(row, &(value->*Member::pointer));
      if (!status.ok()) status = Within(status, Member::name);
    });
    return status;
  }

 private:
  template <typename Member>
  using ColumnOf = Column<MemberType<T, Member>>;
  using Columns = boost::mp11::mp_rename<boost::mp11::mp_transform<ColumnOf, Members<T>>, std::tuple>;

  static Columns Open(const arrow::ArrayVector& fields) {
    return [&]<size_t... I>(std::index_sequence<I...>) {
      return Columns(std::tuple_element_t<I, Columns>(*fields[I])...);
    }
    (std::make_index_sequence<std::tuple_size_v<Columns>>());
  }

  const arrow::Array* array_;
  arrow::ArrayVector fields_;  // a sliced struct makes them anew
  Columns members_;
};

/// Columns of the model out of a batch, by name; cast exactly. kInvalid names a column that is not there, unless it may
/// be null.
Result<std::shared_ptr<arrow::RecordBatch>> Conform(const std::shared_ptr<arrow::RecordBatch>& batch,
                                                    const std::shared_ptr<arrow::Schema>& model);
/// Read only the columns of the model that the table has, unless the caller names some.
Result<TableReadOptions> ColumnsFor(Lake& lake, const TableId& table, const arrow::Schema& model,
                                    TableReadOptions options);
std::shared_ptr<arrow::RecordBatchReader> ReaderOf(std::shared_ptr<arrow::Schema> schema,
                                                   std::function<Result<std::shared_ptr<arrow::RecordBatch>>()> next);

}  // namespace model_internal

/// The columns of a described struct. Those of std::optional may be null.
template <DescribedStruct T>
std::shared_ptr<arrow::Schema> SchemaOf() {
  static const auto schema = arrow::schema(model_internal::ColumnsOfStruct<T>());
  return schema;
}

template <typename T>
Model Model::Of() {
  return Model(SchemaOf<T>());
}

/// Rows as a batch. kInvalid for an enumerator without a name, and a decimal that has too many digits.
template <DescribedStruct T>
Result<std::shared_ptr<arrow::RecordBatch>> ToBatch(std::span<const T> rows) {
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::RecordBatchBuilder::Make(SchemaOf<T>(), arrow::default_memory_pool(),
                                                                      static_cast<int64_t>(rows.size())));
  for (size_t row = 0; row < rows.size(); ++row) {
    const Status status =
        model_internal::Column<T>::AppendMembers(rows[row], [&](int i) { return builder->GetField(i); });
    if (!status.ok()) return model_internal::InRow(status, "", static_cast<int64_t>(row));
  }
  return builder->Flush();
}

/// Rows of a batch, whose columns are found by name.
template <DescribedStruct T>
Result<std::vector<T>> FromBatch(const std::shared_ptr<arrow::RecordBatch>& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto columns, model_internal::Conform(batch, SchemaOf<T>()));
  std::vector<T> rows(static_cast<size_t>(columns->num_rows()));
  Status status;
  int at = 0;
  // Column by column, as they lie in memory.
  boost::mp11::mp_for_each<model_internal::Members<T>>([&](auto member) {
    const auto array = columns->column(at++);
    if (!status.ok()) return;
    const model_internal::Column<model_internal::MemberType<T, decltype(member)>> column(*array);
    for (size_t row = 0; row < rows.size() && status.ok(); ++row) {
      status = column.Get(static_cast<int64_t>(row), &(rows[row].*decltype(member)::pointer));
      if (!status.ok()) status = model_internal::InRow(status, member.name, static_cast<int64_t>(row));
    }
  });
  ARROW_RETURN_NOT_OK(status);
  return rows;
}

/// Rows as records.
template <DescribedStruct T>
Result<Records> RecordsOf(std::span<const T> rows) {
  ARROW_ASSIGN_OR_RAISE(auto batch, ToBatch(rows));
  return Records(std::move(batch));
}

/// Rows that come in groups, of which an empty one is the end: for more of them than fit into memory.
template <DescribedStruct T>
Records RecordsFrom(std::function<Result<std::vector<T>>()> next) {
  return Records(model_internal::ReaderOf(SchemaOf<T>(),
                                          [next = std::move(next)]() -> Result<std::shared_ptr<arrow::RecordBatch>> {
                                            ARROW_ASSIGN_OR_RAISE(const auto rows, next());
                                            if (rows.empty()) return nullptr;
                                            return ToBatch(std::span<const T>(rows));
                                          }));
}

template <DescribedStruct T>
Result<WriteSummary> Write(Lake& lake, const TableId& table, const std::vector<T>& rows,
                           const TableWriteOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto records, RecordsOf(std::span<const T>(rows)));
  return Write(lake, table, records, Model::Of<T>(), options);
}

/// A stream of rows, some at a time.
template <DescribedStruct T>
class RowReader {
 public:
  explicit RowReader(std::shared_ptr<arrow::RecordBatchReader> batches) : batches_(std::move(batches)) {}

  /// The next rows, those of one batch; none at the end.
  Result<std::vector<T>> Next() {
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, batches_->Next());
      if (batch == nullptr) return std::vector<T>();
      if (batch->num_rows() > 0) return FromBatch<T>(batch);
    }
  }

  /// All that is left, in memory.
  Result<std::vector<T>> ToVector() {
    std::vector<T> all;
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(auto rows, Next());
      if (rows.empty()) return all;
      all.insert(all.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    }
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> batches_;
};

/// Read a table's rows as structs. Columns that T does not have are not read; a member that the table has no column for
/// must be a std::optional.
template <DescribedStruct T>
Result<RowReader<T>> Read(Lake& lake, const TableId& table, const TableReadOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(const auto named, model_internal::ColumnsFor(lake, table, *SchemaOf<T>(), options));
  ARROW_ASSIGN_OR_RAISE(auto batches, Read(lake, table, named));
  return RowReader<T>(std::move(batches));
}

/// The rows of a statement as structs: columns of the result are found by the members' names.
template <DescribedStruct T>
Result<RowReader<T>> Query(Lake& lake, const std::string& sql, const LakeQueryOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto batches, Query(lake, sql, options));
  return RowReader<T>(std::move(batches));
}

/// Read a table's rows into a function, some at a time.
/// \param each takes a std::vector<T> and gives a Status, which ends the read if it is an error
template <DescribedStruct T, typename Each>
Status ReadInto(Lake& lake, const TableId& table, Each&& each, const TableReadOptions& options = {}) {
  ARROW_ASSIGN_OR_RAISE(auto reader, (Read<T>(lake, table, options)));
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto rows, reader.Next());
    if (rows.empty()) return Status::OK();
    ARROW_RETURN_NOT_OK(each(std::move(rows)));
  }
}

}  // namespace glaux
