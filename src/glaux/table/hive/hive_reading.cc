#include "glaux/table/hive/hive_reading.h"

#include <algorithm>
#include <charconv>

#include "glaux/schema/types.h"

namespace glaux {
namespace {

constexpr std::string_view kLazySimple = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe";
constexpr std::string_view kOpenCsv = "org.apache.hadoop.hive.serde2.OpenCSVSerde";
constexpr std::string_view kOpenXJson = "org.openx.data.jsonserde.JsonSerDe";
constexpr std::string_view kHiveJson[] = {"org.apache.hive.hcatalog.data.JsonSerDe",
                                          "org.apache.hadoop.hive.serde2.JsonSerDe"};

bool Holds(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return text;
}

/// Properties of a descriptor, and of the table where it has none.
class Properties {
 public:
  Properties(const StorageDescriptor& storage, const TableEntry& table, std::string_view subject)
      : serde_(storage.serde_info.parameters),
        places_{&serde_, &storage.parameters, &table.parameters},
        subject_(subject) {}

  const std::string* Find(const std::string& key) const {
    for (const auto* place : places_) {
      if (const auto found = place->find(key); found != place->end()) return &found->second;
    }
    return nullptr;
  }
  /// Of the SerDe's own.
  const Parameters& serde() const { return serde_; }
  const std::string* OfSerDe(const std::string& key) const {
    const auto found = serde_.find(key);
    return found == serde_.end() || found->second.empty() ? nullptr : &found->second;
  }

  Result<bool> Flag(const std::string& key, bool otherwise) const {
    const auto* value = Find(key);
    if (value == nullptr) return otherwise;
    const auto lower = Lower(*value);
    if (lower == "true" || lower == "false") return lower == "true";
    return Wrong(key, "true or false", *value);
  }

  Result<int64_t> Count(const std::string& key) const {
    const auto* value = Find(key);
    if (value == nullptr) return 0;
    int64_t count = 0;
    const auto end = std::from_chars(value->data(), value->data() + value->size(), count);
    if (end.ec != std::errc() || end.ptr != value->data() + value->size() || count < 0) {
      return Wrong(key, "a number of lines", *value);
    }
    return count;
  }

  /// The character that a property of LazySimpleSerDe means: itself, or the one with this code.
  static char Character(const std::string& value) {
    int code = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), code);
    const bool is_code = end.ec == std::errc() && end.ptr == value.data() + value.size() && code >= -128 && code <= 127;
    return is_code ? static_cast<char>(code) : value[0];
  }

  Status Wrong(const std::string& key, std::string_view expected, std::string_view found) const {
    return MakeError(ErrorKind::kInvalid, subject_, ": property ", key, ": expected ", expected, ", found: ", found);
  }
  Status NotSupported(const std::string& key, std::string_view why) const {
    return MakeError(ErrorKind::kNotImplemented, subject_, ": property ", key, " = ", *Find(key), ": ", why);
  }

 private:
  const Parameters& serde_;
  const Parameters* const places_[3];
  const std::string_view subject_;
};

std::vector<std::string> NamesOf(const StorageDescriptor& storage) {
  std::vector<std::string> names;
  for (const auto& column : storage.columns) names.push_back(Lower(column.name));
  return names;
}

/// What both SerDes for text and those for JSON have in common.
Status ReadCommon(const Properties& properties, FormatOptions* options, int64_t* skip_lines) {
  ARROW_ASSIGN_OR_RAISE(*skip_lines, properties.Count("skip.header.line.count"));
  ARROW_ASSIGN_OR_RAISE(const int64_t footer, properties.Count("skip.footer.line.count"));
  if (footer > 0) return properties.NotSupported("skip.footer.line.count", "lines at the end of files are not skipped");
  if (const auto* line = properties.OfSerDe("line.delim"); line != nullptr && *line != "\n" && *line != "10") {
    return properties.NotSupported("line.delim", "lines end with a line feed");
  }
  if (properties.OfSerDe("timestamp.formats") != nullptr) {
    return properties.NotSupported("timestamp.formats", "make the column a string, and parse it in the query");
  }
  if (const auto* encoding = properties.OfSerDe("serialization.encoding"); encoding != nullptr) {
    const auto lower = Lower(*encoding);
    constexpr std::pair<std::string_view, std::string_view> kKnown[] = {
        {"utf-8", "utf-8"},         {"utf8", "utf-8"},     {"iso-8859-1", "latin-1"},
        {"latin1", "latin-1"},      {"us-ascii", "utf-8"}, {"windows-1252", "windows-1252"},
        {"cp1252", "windows-1252"}, {"utf-16", "utf-16"},  {"utf-16le", "utf-16le"},
        {"utf-16be", "utf-16be"},
    };
    const auto* known =
        std::find_if(std::begin(kKnown), std::end(kKnown), [&](const auto& entry) { return entry.first == lower; });
    if (known == std::end(kKnown))
      return properties.NotSupported("serialization.encoding", "the encoding is not known");
    options->text.encoding = known->second;
  }
  return Status::OK();
}

Status ReadLazySimple(const Properties& properties, HiveTextOptions* text) {
  text->serde = HiveTextOptions::Serde::kLazySimple;
  const auto set = [&](size_t level, std::initializer_list<const char*> keys) {
    for (const auto* key : keys) {
      if (const auto* value = properties.OfSerDe(key); value != nullptr) {
        text->separators[level] = Properties::Character(*value);
        return;
      }
    }
  };
  set(0, {"field.delim", "serialization.format"});
  set(1, {"collection.delim", "colelction.delim"});
  set(2, {"mapkey.delim"});
  if (const auto* escape = properties.OfSerDe("escape.delim"); escape != nullptr) {
    text->escape = Properties::Character(*escape);
  }
  if (const auto* null = properties.Find("serialization.null.format"); null != nullptr) text->null_text = *null;
  ARROW_ASSIGN_OR_RAISE(text->last_takes_rest, properties.Flag("serialization.last.column.takes.rest", false));
  return Status::OK();
}

Status ReadOpenCsv(const Properties& properties, HiveTextOptions* text) {
  text->serde = HiveTextOptions::Serde::kOpenCsv;
  const auto character = [&](const char* key, char otherwise) {
    const auto* value = properties.OfSerDe(key);
    return value == nullptr ? otherwise : (*value)[0];
  };
  const auto unless_null = [](char c) { return c == '\0' ? std::optional<char>() : std::optional<char>(c); };
  text->separators.assign(1, character("separatorChar", ','));
  text->quote = unless_null(character("quoteChar", '"'));
  text->escape = unless_null(character("escapeChar", '\\'));
  ARROW_ASSIGN_OR_RAISE(text->null_for_invalid, properties.Flag("use.null.for.invalid.data", false));
  return Status::OK();
}

Status ReadOpenXJson(const Properties& properties, HiveJsonOptions* json) {
  json->lenient = true;
  ARROW_ASSIGN_OR_RAISE(json->ignore_case, properties.Flag("case.insensitive", true));
  ARROW_ASSIGN_OR_RAISE(json->null_for_malformed, properties.Flag("ignore.malformed.json", false));
  ARROW_ASSIGN_OR_RAISE(json->dots_are_underscores, properties.Flag("dots.in.keys", false));
  constexpr std::string_view kMapping = "mapping.";
  for (const auto& [key, value] : properties.serde()) {
    if (key.starts_with(kMapping)) json->keys[Lower(key.substr(kMapping.size()))] = value;
  }
  return Status::OK();
}

Status NotSupported(const StorageDescriptor& storage, std::string_view subject) {
  const auto& serde = storage.serde_info.serialization_library;
  const auto& input = storage.input_format;
  constexpr const char* kSupported =
      "read are Parquet, ORC, Avro, and text of LazySimpleSerDe, OpenCSVSerde and the JSON SerDes";
  if (Holds(input, "SymlinkTextInputFormat")) {
    return MakeError(
        {.kind = ErrorKind::kNotImplemented, .hint = "make a table over the folder of the data files themselves"},
        subject, ": its files are lists of other files (", input, "), which are not followed");
  }
  if (!input.empty() && !Holds(input, "TextInputFormat")) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = kSupported}, subject, ": input format ", input,
                     " is not supported");
  }
  return MakeError({.kind = ErrorKind::kNotImplemented, .hint = kSupported}, subject, ": SerDe ", serde,
                   " is not supported");
}

/// Tables whose files only their own log or metadata tells apart.
Status RefuseTableFormats(const TableEntry& table, std::string_view subject) {
  for (const auto* key : {"table_type", "spark.sql.sources.provider"}) {
    const auto found = table.parameters.find(key);
    if (found == table.parameters.end()) continue;
    const auto format = Lower(found->second);
    if (format == "iceberg" || format == "delta" || format == "hudi") {
      return MakeError(ErrorKind::kNotImplemented, subject, ": it is a table in the format ", format, " (", key, " = ",
                       found->second, "), of which not every file counts; such tables are not read");
    }
  }
  return Status::OK();
}

bool IsHiveJson(std::string_view serde) {
  return std::find(std::begin(kHiveJson), std::end(kHiveJson), serde) != std::end(kHiveJson);
}

Result<HiveReading> TextReading(const StorageDescriptor& storage, const Properties& properties,
                                std::string_view subject) {
  const auto& serde = storage.serde_info.serialization_library;
  auto options = std::make_shared<FormatOptions>();
  int64_t skip_lines = 0;
  ARROW_RETURN_NOT_OK(ReadCommon(properties, options.get(), &skip_lines));
  if (serde == kOpenXJson || IsHiveJson(serde)) {
    options->json.hive.emplace();
    options->json.hive->skip_lines = skip_lines;
    if (serde == kOpenXJson) ARROW_RETURN_NOT_OK(ReadOpenXJson(properties, &*options->json.hive));
    return HiveReading{.format = "jsonl", .options = std::move(options)};
  }
  auto& text = options->hive_text;
  text.skip_lines = skip_lines;
  text.column_names = NamesOf(storage);
  if (serde == kOpenCsv) {
    ARROW_RETURN_NOT_OK(ReadOpenCsv(properties, &text));
  } else if (serde == kLazySimple || serde.empty()) {
    ARROW_RETURN_NOT_OK(ReadLazySimple(properties, &text));
  } else {
    return NotSupported(storage, subject);
  }
  return HiveReading{.format = "hive-text", .options = std::move(options), .by_place = true};
}

}  // namespace

Result<HiveReading> ReadingOf(const StorageDescriptor& storage, const TableEntry& table, std::string_view subject) {
  ARROW_RETURN_NOT_OK(RefuseTableFormats(table, subject));
  const auto& input = storage.input_format;
  const auto& serde = storage.serde_info.serialization_library;
  const Properties properties(storage, table, subject);
  if ((input.empty() && serde.empty()) || Holds(input, "Parquet") || Holds(serde, "ParquetHiveSerDe")) {
    ARROW_ASSIGN_OR_RAISE(const bool by_place, properties.Flag("parquet.column.index.access", false));
    if (by_place) return properties.NotSupported("parquet.column.index.access", "columns are found by name");
    return HiveReading{.format = "parquet"};
  }
  if (Holds(input, "OrcInputFormat")) {
    ARROW_ASSIGN_OR_RAISE(const bool by_place, properties.Flag("orc.column.index.access", true));
    if (!by_place) return HiveReading{.format = "orc"};
    auto options = std::make_shared<FormatOptions>();
    options->orc.column_names = NamesOf(storage);
    return HiveReading{.format = "orc", .options = std::move(options), .by_place = true};
  }
  if (Holds(input, "AvroContainerInputFormat")) return HiveReading{.format = "avro"};
  const bool is_text = input.empty() || (Holds(input, "TextInputFormat") && !Holds(input, "Symlink"));
  return is_text ? TextReading(storage, properties, subject) : NotSupported(storage, subject);
}

bool ReadsAlike(const StorageDescriptor& a, const StorageDescriptor& b) {
  return a.input_format == b.input_format && a.serde_info.serialization_library == b.serde_info.serialization_library &&
         a.serde_info.parameters == b.serde_info.parameters && a.parameters == b.parameters &&
         (a.columns.empty() || b.columns.empty() || a.columns == b.columns);
}

}  // namespace glaux
