#include <arrow/api.h>

#include "glaux/format/csv_text_internal.h"

namespace glaux {
namespace {

void AppendQuoted(std::string_view value, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : value) {
    if (c == '"' || c == '\\') {
      out->push_back('\\');
      out->push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      *out += "\\u00";
      out->push_back(kHex[c >> 4]);
      out->push_back(kHex[c & 15]);
    } else {
      out->push_back(c);
    }
  }
  out->push_back('"');
}

Status AppendItems(const arrow::Array& values, int64_t begin, int64_t end, std::string* out) {
  out->push_back('[');
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) out->push_back(',');
    ARROW_RETURN_NOT_OK(AppendJson(values, i, out));
  }
  out->push_back(']');
  return Status::OK();
}

template <typename List>
Status AppendList(const arrow::Array& array, int64_t row, std::string* out) {
  const auto& list = static_cast<const List&>(array);
  return AppendItems(*list.values(), list.value_offset(row), list.value_offset(row) + list.value_length(row), out);
}

Status AppendStruct(const arrow::StructArray& array, int64_t row, std::string* out) {
  out->push_back('{');
  for (int i = 0; i < array.num_fields(); ++i) {
    if (i > 0) out->push_back(',');
    AppendQuoted(array.struct_type()->field(i)->name(), out);
    out->push_back(':');
    ARROW_RETURN_NOT_OK(AppendJson(*array.field(i), row, out));
  }
  out->push_back('}');
  return Status::OK();
}

/// An object, with keys as text.
Status AppendMap(const arrow::MapArray& array, int64_t row, std::string* out) {
  out->push_back('{');
  for (int64_t i = array.value_offset(row); i < array.value_offset(row + 1); ++i) {
    if (i > array.value_offset(row)) out->push_back(',');
    std::string key;
    ARROW_RETURN_NOT_OK(AppendJson(*array.keys(), i, &key));
    if (key.starts_with('"')) {
      *out += key;
    } else {
      AppendQuoted(key, out);
    }
    out->push_back(':');
    ARROW_RETURN_NOT_OK(AppendJson(*array.items(), i, out));
  }
  out->push_back('}');
  return Status::OK();
}

}  // namespace

Status AppendJson(const arrow::Array& array, int64_t row, std::string* out) {
  if (array.IsNull(row)) {
    *out += "null";
    return Status::OK();
  }
  switch (array.type_id()) {
    case arrow::Type::NA:
      *out += "null";
      return Status::OK();
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      AppendQuoted(static_cast<const arrow::BinaryArray&>(array).GetView(row), out);
      return Status::OK();
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      AppendQuoted(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row), out);
      return Status::OK();
    case arrow::Type::FIXED_SIZE_BINARY:
      AppendQuoted(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetView(row), out);
      return Status::OK();
    case arrow::Type::DICTIONARY: {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
      return AppendJson(*dictionary.dictionary(), dictionary.GetValueIndex(row), out);
    }
    case arrow::Type::LIST:
      return AppendList<arrow::ListArray>(array, row, out);
    case arrow::Type::LARGE_LIST:
      return AppendList<arrow::LargeListArray>(array, row, out);
    case arrow::Type::FIXED_SIZE_LIST:
      return AppendList<arrow::FixedSizeListArray>(array, row, out);
    case arrow::Type::STRUCT:
      return AppendStruct(static_cast<const arrow::StructArray&>(array), row, out);
    case arrow::Type::MAP:
      return AppendMap(static_cast<const arrow::MapArray&>(array), row, out);
    default:
      break;
  }
  std::string text;
  ARROW_RETURN_NOT_OK(AppendPlain(array, row, &text));
  const bool bare = text != "nan" && text != "inf" && text != "-inf" &&
                    (arrow::is_numeric(array.type_id()) || arrow::is_decimal(array.type_id()) ||
                     array.type_id() == arrow::Type::BOOL);
  if (bare) {
    *out += text;
  } else {
    AppendQuoted(text, out);
  }
  return Status::OK();
}

}  // namespace glaux
