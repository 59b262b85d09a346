#include <algorithm>
#include <charconv>
#include <optional>

#include "glaux/base/near_names.h"
#include "glaux/lake/statement_write_properties_internal.h"
#include "glaux/schema/names.h"

namespace glaux {
namespace {

using sql::WriteProperty;

template <typename... Parts>
Status At(const WriteProperty& property, ErrorKind kind, Parts&&... parts) {
  return MakeError(kind, "line ", property.line, ":", property.column, ": property ", property.name, ": ",
                   std::forward<Parts>(parts)...);
}

Status Unknown(const WriteProperty& property, const std::vector<std::string>& known) {
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
  const std::string near = DidYouMean(property.name, known);
  return MakeError({.kind = ErrorKind::kInvalid, .hint = near.empty() ? "properties are " + list : near}, "line ",
                   property.line, ":", property.column, ": there is no property ", property.name);
}

Result<std::string> TextOf(const WriteProperty& property) {
  if (!property.is_list) return property.value;
  return At(property, ErrorKind::kInvalid, "expected a text, found an array");
}

Result<std::vector<std::string>> ListOf(const WriteProperty& property) {
  if (property.is_list) return property.list;
  return At(property, ErrorKind::kInvalid, "expected ARRAY['a', 'b'], found ", property.value);
}

/// Parquet's codecs, in lower case.
std::optional<std::string> ParquetCodec(std::string_view text) {
  const std::string folded = FoldName(text);
  for (const std::string_view known : {"snappy", "gzip", "zstd", "lz4", "brotli", "none"}) {
    if (folded == known) return folded;
  }
  if (folded == "uncompressed") return "none";
  return std::nullopt;
}

constexpr std::string_view kCodecs = "SNAPPY, GZIP, ZSTD, LZ4, BROTLI or NONE";

}  // namespace

Result<TableProperties> TableProperties::Read(const std::vector<WriteProperty>& properties) {
  TableProperties out;
  const WriteProperty* compression = nullptr;
  for (const auto& property : properties) {
    const auto& name = property.name;
    if (name == "format") {
      ARROW_ASSIGN_OR_RAISE(const auto format, TextOf(property));
      if (FoldName(format) != "parquet") {
        return At(property, ErrorKind::kNotImplemented, format, " is not written, expected PARQUET");
      }
    } else if (name == "table_type") {
      ARROW_ASSIGN_OR_RAISE(const auto type, TextOf(property));
      if (FoldName(type) != "hive") {
        return At(property, ErrorKind::kNotImplemented, type, " tables are not written, expected HIVE");
      }
    } else if (name == "external_location") {
      ARROW_ASSIGN_OR_RAISE(out.location, TextOf(property));
    } else if (name == "partitioned_by") {
      ARROW_ASSIGN_OR_RAISE(out.partitioned_by, ListOf(property));
    } else if (name == "write_compression" || name == "parquet_compression") {
      if (compression != nullptr) {
        return At(property, ErrorKind::kInvalid, "compression is said twice, by ", compression->name, " too");
      }
      compression = &property;
      ARROW_ASSIGN_OR_RAISE(const auto text, TextOf(property));
      const auto codec = ParquetCodec(text);
      if (!codec.has_value()) return At(property, ErrorKind::kInvalid, "expected ", kCodecs, ", found ", text);
      out.compression = *codec;
    } else if (name == "is_external") {
      ARROW_ASSIGN_OR_RAISE(const auto text, TextOf(property));
      if (FoldName(text) != "true") {
        return At(property, ErrorKind::kNotImplemented, text, " is of Iceberg tables, which are not written");
      }
    } else if (name == "bucketed_by" || name == "bucket_count" || name == "location" || name == "partitioning" ||
               name == "orc_compression" || name == "field_delimiter") {
      return At(property, ErrorKind::kNotImplemented,
                "it is not supported: tables are written as Parquet without buckets");
    } else {
      return Unknown(property, {"format", "external_location", "partitioned_by", "write_compression",
                                "parquet_compression", "table_type", "is_external"});
    }
  }
  return out;
}

Result<UnloadProperties> UnloadProperties::Read(const std::vector<WriteProperty>& properties) {
  UnloadProperties out;
  const auto find = [&](std::string_view name) -> const WriteProperty* {
    const auto at = std::find_if(properties.begin(), properties.end(),
                                 [&](const WriteProperty& property) { return property.name == name; });
    return at == properties.end() ? nullptr : &*at;
  };
  const std::vector<std::string> known = {"format", "compression", "compression_level", "field_delimiter",
                                          "partitioned_by"};
  for (const auto& property : properties) {
    if (std::find(known.begin(), known.end(), property.name) == known.end()) return Unknown(property, known);
  }
  const auto* format = find("format");
  if (format == nullptr) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "add WITH (format = 'PARQUET')"},
                     "UNLOAD: the property format is missing");
  }
  ARROW_ASSIGN_OR_RAISE(const auto word, TextOf(*format));
  const std::string folded = FoldName(word);
  const bool text = folded == "json" || folded == "textfile";
  if (folded == "orc") {
    return At(*format, ErrorKind::kNotImplemented, word, " is not written, expected PARQUET, AVRO, JSON or TEXTFILE");
  }
  if (!text && folded != "parquet" && folded != "avro") {
    return At(*format, ErrorKind::kInvalid, "expected PARQUET, AVRO, JSON or TEXTFILE, found ", word);
  }
  out.format = folded == "textfile" ? "csv" : folded == "json" ? "jsonl" : folded;
  auto& options = out.format_options;
  options.text.compression = "gzip";  // as Athena has it
  if (folded == "textfile") {
    options.csv.delimiter = '\x01';
    options.csv.write_header = false;
  }
  if (const auto* partitioned = find("partitioned_by")) {
    ARROW_ASSIGN_OR_RAISE(out.partitioned_by, ListOf(*partitioned));
  }
  if (const auto* compression = find("compression")) {
    ARROW_ASSIGN_OR_RAISE(const auto codec, TextOf(*compression));
    const std::string lower = FoldName(codec);
    if (folded == "parquet") {
      const auto parquet = ParquetCodec(codec);
      if (!parquet.has_value()) return At(*compression, ErrorKind::kInvalid, "expected ", kCodecs, ", found ", codec);
      options.parquet.compression = *parquet;
    } else if (text && (lower == "gzip" || lower == "none" || lower == "zstd" || lower == "snappy" || lower == "bz2" ||
                        lower == "lz4")) {
      options.text.compression = lower;
    } else if (text) {
      return At(*compression, ErrorKind::kInvalid, "expected GZIP, ZSTD, SNAPPY, LZ4, BZ2 or NONE, found ", codec);
    } else {
      return At(*compression, ErrorKind::kNotImplemented, "it is not supported of ", word, " files");
    }
  }
  if (const auto* level = find("compression_level")) {
    int number = 0;
    const auto [end, error] = std::from_chars(level->value.data(), level->value.data() + level->value.size(), number);
    if (level->is_list || error != std::errc() || end != level->value.data() + level->value.size()) {
      return At(*level, ErrorKind::kInvalid, "expected a whole number, found ", level->value);
    }
    if (!text && folded != "parquet") {
      return At(*level, ErrorKind::kNotImplemented, "it is not supported of ", word, " files");
    }
    (text ? options.text.compression_level : options.parquet.compression_level) = number;
  }
  if (const auto* delimiter = find("field_delimiter")) {
    if (folded != "textfile") return At(*delimiter, ErrorKind::kInvalid, "it belongs to the format TEXTFILE");
    if (delimiter->is_list || delimiter->value.size() != 1) {
      return At(*delimiter, ErrorKind::kInvalid, "expected one character, found ", delimiter->value);
    }
    options.csv.delimiter = delimiter->value[0];
  }
  return out;
}

Result<std::string> CompressionOfTable(const TableEntry& table) {
  for (const char* name : {"parquet.compression", "parquet.compress", "write.compression"}) {
    const auto at = table.parameters.find(name);
    if (at == table.parameters.end()) continue;
    const auto codec = ParquetCodec(at->second);
    if (codec.has_value()) return *codec;
    return MakeError(ErrorKind::kInvalid, "table ", table.id.ToString(), ", property ", name, ": expected ", kCodecs,
                     ", found ", at->second);
  }
  return std::string("snappy");
}

}  // namespace glaux
