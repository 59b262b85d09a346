#pragma once

#include <arrow/type_fwd.h>

#include <memory>
#include <string>
#include <string_view>

#include "glaux/base/status.h"

namespace glaux {

/// Read a JSON Schema (draft 2020-12, as Pydantic's model_json_schema() prints it) of one record into an Arrow schema:
/// $ref into $defs, anyOf/oneOf with null, enum and const, formats date, date-time, time, uuid, binary; nested objects,
/// arrays, tuples of one type (prefixItems), additionalProperties as map<string, T>; a property that is required and
/// not nullable is a field that is not nullable. A number with "type": ["integer", …] is int64; Decimal, which Pydantic
/// prints as anyOf number and string, is decimal(38, 18) or what maxDigits/decimalPlaces or its pattern say. Other
/// unions become the type that holds all of them (UnifyTypes; of several objects, one struct with the fields of all).
/// date-time is timestamp[us] in UTC without a zone; a property's description is its field's metadata "comment".
/// kInvalid with the JSON pointer of what has no type: anything goes, objects of unknown fields, recursive models.
Result<std::shared_ptr<arrow::Schema>> ParseJsonSchema(std::string_view text);

/// Print an Arrow schema as JSON Schema, two blanks of indent. ParseJsonSchema reads back an equal schema wherever
/// JSON Schema has the words; where it does not, "x-glaux-type" carries the Glue type.
Result<std::string> ToJsonSchema(const arrow::Schema& schema, std::string_view title);

}  // namespace glaux
