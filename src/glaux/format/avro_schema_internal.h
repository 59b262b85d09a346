#pragma once

#include <arrow/type_fwd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/status.h"

namespace glaux {

enum class AvroKind : uint8_t {
  kNull,
  kBoolean,
  kInt,
  kLong,
  kFloat,
  kDouble,
  kBytes,
  kString,
  kFixed,
  kEnum,
  kArray,
  kMap,
  kRecord,
  kUnion
};

/// What stands on top of a kind. An annotation that does not fit its type is none, as the specification wants it.
enum class AvroLogical : uint8_t {
  kNone,
  kDecimal,
  kDate,
  kTimeMillis,
  kTimeMicros,
  kTimestampMillis,
  kTimestampMicros,
  kTimestampNanos,
  kLocalTimestampMillis,
  kLocalTimestampMicros,
  kLocalTimestampNanos,
  kUuid,
  kDuration,
  kMap  ///< an array of records of key and value: how Iceberg spells maps of which the keys are no strings
};

struct AvroType;
using AvroTypePtr = std::shared_ptr<const AvroType>;

struct AvroField {
  std::string name;
  AvroTypePtr type;
  /// What the schema says of the field beyond name, type, doc, default, order and aliases: strings bare, all else as
  /// JSON. "field-id" is how Iceberg numbers columns.
  std::map<std::string, std::string> attributes;
};

/// One type of an Avro schema (specification 1.11, "Schema Declaration"). A name that is used again is the same object.
struct AvroType {
  AvroKind kind = AvroKind::kNull;
  AvroLogical logical = AvroLogical::kNone;
  int precision = 0;
  int scale = 0;
  int64_t size = 0;                   ///< of fixed
  std::string name;                   ///< full name of record, enum and fixed
  std::vector<std::string> symbols;   ///< of enum
  std::vector<AvroField> fields;      ///< of record
  std::vector<AvroTypePtr> branches;  ///< of union; the only one of array and map is what they hold
  std::map<std::string, std::string> attributes;

  int depth = 1;          ///< levels of nesting
  int64_t nodes = 1;      ///< types in it, each as often as it is used
  int64_t min_bytes = 0;  ///< that any value takes, up to 2^30
};

/// Parse the JSON text of a schema. kCorrupt for what is none, kNotImplemented for a type that contains itself.
/// `where` stands in front of errors.
Result<AvroTypePtr> ParseAvroSchema(std::string_view json, std::string_view where);

/// The branch of a union of null and one other type that is not null; else nothing.
const AvroType* NullableOf(const AvroType& type);

/// The Arrow type of values. A union of null and T is T; any other union is a struct of one nullable field for each
/// branch that is not null ("member0", "member1", …), of which at most one has a value: which one it was is kept.
/// Enums are strings, durations intervals of months, days and nanoseconds, UUIDs that are fixed stay 16 bytes.
Result<std::shared_ptr<arrow::DataType>> ArrowTypeOf(const AvroType& type);

/// A field of a record. Attributes become metadata "avro.<name>", ids "PARQUET:field_id", as Parquet has them.
Result<std::shared_ptr<arrow::Field>> ArrowFieldOf(const AvroField& field);

/// The schema of files whose records these are; a file of other values has one column, "value".
Result<std::shared_ptr<arrow::Schema>> ArrowSchemaOf(const AvroTypePtr& type);

/// The JSON text of the schema for rows of an Arrow schema, named "row". Nullable fields are unions with null first.
/// Names that Avro does not allow are respelled, and the attribute "iceberg-field-name" keeps them.
/// kInvalid for types that Avro has no words for.
Result<std::string> AvroSchemaOf(const arrow::Schema& schema);

}  // namespace glaux
