#include <arrow/api.h>

#include "glaux/schema/type_table_internal.h"

namespace glaux::schema_internal {
namespace {

/// How one dialect writes what has parts.
struct Style {
  std::string_view decimal, array_open, array_close, map, struct_, open, close, name_end;
};

Style StyleOf(Dialect dialect) {
  switch (dialect) {
    case Dialect::kGlue:
      return {"decimal", "array<", ">", "map", "struct", "<", ">", ":"};
    case Dialect::kAthena:
      return {"decimal", "array(", ")", "map", "row", "(", ")", " "};
    default:
      return {"DECIMAL", "", "[]", "MAP", "STRUCT", "(", ")", " "};
  }
}

void AppendQuoted(std::string_view name, char quote, std::string* out) {
  *out += quote;
  for (const char c : name) {
    if (c == quote) *out += quote;
    *out += c;
  }
  *out += quote;
}

bool IsPlainIdentifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
         std::string_view::npos;
}

bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

void AppendName(Dialect dialect, std::string_view name, std::string* out) {
  if (dialect == Dialect::kGlue) {
    const bool plain = !name.empty() && name.find_first_of(":,<>`") == std::string_view::npos &&
                       !IsBlank(name.front()) && !IsBlank(name.back());
    plain ? out->append(name) : (AppendQuoted(name, '`', out), *out);
  } else {
    const bool plain = IsPlainIdentifier(name) && !(dialect == Dialect::kDuckDB && IsDuckDBKeyword(name));
    plain ? out->append(name) : (AppendQuoted(name, '"', out), *out);
  }
}

Status Append(Dialect dialect, const std::shared_ptr<arrow::DataType>& given, int depth, std::string* out) {
  if (depth > kMaxTypeDepth) {
    return MakeError(ErrorKind::kInvalid, "a type nests deeper than ", kMaxTypeDepth, " levels");
  }
  ARROW_ASSIGN_OR_RAISE(const auto type, Plain(given));
  const Style style = StyleOf(dialect);
  using arrow::Type;
  switch (type->id()) {
    case Type::DECIMAL128: {
      const auto& decimal = static_cast<const arrow::Decimal128Type&>(*type);
      out->append(style.decimal).append("(").append(std::to_string(decimal.precision())).append(",");
      out->append(std::to_string(decimal.scale())).append(")");
      return Status::OK();
    }
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
      out->append(style.array_open);
      ARROW_RETURN_NOT_OK(Append(dialect, type->field(0)->type(), depth + 1, out));
      if (dialect == Dialect::kDuckDB && type->id() == Type::FIXED_SIZE_LIST) {
        out->append("[" + std::to_string(static_cast<const arrow::FixedSizeListType&>(*type).list_size()) + "]");
      } else {
        out->append(style.array_close);
      }
      return Status::OK();
    case Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      out->append(style.map).append(style.open);
      ARROW_RETURN_NOT_OK(Append(dialect, map.key_type(), depth + 1, out));
      out->append(dialect == Dialect::kGlue ? "," : ", ");
      ARROW_RETURN_NOT_OK(Append(dialect, map.item_type(), depth + 1, out));
      out->append(style.close);
      return Status::OK();
    }
    case Type::STRUCT: {
      out->append(style.struct_).append(style.open);
      for (int i = 0; i < type->num_fields(); ++i) {
        if (i > 0) out->append(dialect == Dialect::kGlue ? "," : ", ");
        AppendName(dialect, type->field(i)->name(), out);
        out->append(style.name_end);
        ARROW_RETURN_NOT_OK(Append(dialect, type->field(i)->type(), depth + 1, out));
      }
      out->append(style.close);
      return Status::OK();
    }
    default: {
      const TypeRow* row = FindRow(*type);
      if (row != nullptr && !row->name(dialect).empty()) {
        out->append(row->name(dialect));
        return Status::OK();
      }
      if (row == nullptr || row->stored == nullptr) {
        return MakeError(ErrorKind::kInvalid, "type ", type->ToString(), " has no ", DialectName(dialect));
      }
      return Append(dialect, row->stored, depth, out);
    }
  }
}

}  // namespace

Result<std::string> PrintType(Dialect dialect, const arrow::DataType& type) {
  std::string text;
  ARROW_RETURN_NOT_OK(Append(dialect, type.GetSharedPtr(), 0, &text));
  return text;
}

}  // namespace glaux::schema_internal
