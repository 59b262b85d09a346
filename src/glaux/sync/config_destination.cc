#include <algorithm>

#include "glaux/sync/config_format_internal.h"
#include "glaux/sync/config_keys_internal.h"
#include "glaux/sync/config_s3_internal.h"
#include "glaux/table/table.h"

namespace glaux::pipeline_file {
namespace {

enum Kinds : unsigned { kFiles = 1, kTable = 2, kDuckDB = 4, kStdout = 8 };

struct DestinationDraft {
  DestinationConfig config;
  std::optional<std::string> connector = {};
  std::string address = {};  ///< of uri or path
  std::string bucket = {};
  std::string key = {};
  std::string table = {};
  std::optional<std::string> mode = {};
  std::optional<std::string> compression = {};
  std::optional<int> compression_level = {};
};

const KeyTable<DestinationDraft>& DestinationKeys() {
  using D = DestinationDraft;
  static const auto table = [] {
    KeyTable<D> keys;
    keys.Word(
        "connector", "What is written. Default: by the address.", {"s3", "file", "files", "table", "duckdb", "stdout"},
        [](D & d) -> auto& { return d.connector; });
    keys.Text(
        "uri",
        "A file, s3://bucket/key, file:///path or a path; many files, if it ends in '/' or holds {run}, "
        "{part}, {date}, {time} or {pipeline}. Also table:database.table and stdout:.",
        [](D & d) -> auto& { return d.address; });
    keys.Text(
            "path", "A path relative to this file's folder; of connector duckdb the database file.",
            [](D & d) -> auto& { return d.address; })
        .In(kFiles | kDuckDB)
        .InsteadOf("uri");
    keys.Text(
            "bucket", "The bucket, with key.", [](D & d) -> auto& { return d.bucket; })
        .In(kFiles)
        .InsteadOf("uri");
    keys.Text(
            "key", "The key in the bucket, or a prefix that ends in '/'.", [](D & d) -> auto& { return d.key; })
        .In(kFiles)
        .InsteadOf("uri");
    keys.Text(
            "table", "database.table of the lake; of connector duckdb schema.table of the database.",
            [](D & d) -> auto& { return d.table; })
        .In(kTable | kDuckDB);
    keys.Word(
            "mode", "How rows meet those that are there. Default: append; of a single file replace.",
            {"append", "replace", "overwrite_partitions", "upsert", "insert_new"},
            [](D & d) -> auto& { return d.mode; })
        .In(kFiles | kTable | kDuckDB);
    keys.Texts(
            "primary_key", "Columns that tell rows apart, for upsert and insert_new.",
            [](D & d) -> auto& { return d.config.primary_key; })
        .In(kFiles | kTable | kDuckDB);
    keys.Text(
            "datetime_field", "Of rows with one key the greatest value here stays. Default: the row that came last.",
            [](D & d) -> auto& { return d.config.datetime_field; })
        .In(kFiles | kTable | kDuckDB);
    keys.Word(
            "format", "Of the files. Default: by the address, of a folder parquet.", WrittenFormatNames(),
            [](D & d) -> auto& { return d.config.format; })
        .In(kFiles | kStdout);
    keys.Text(
            "partition_by", "Folders by value: \"day(ts), region\".",
            [](D & d) -> auto& { return d.config.partition_by; })
        .In(kFiles | kTable);
    keys.Size(
            "target_file_size", "A file is closed and the next one begun at this size. Default: 128MiB.",
            [](D & d) -> auto& { return d.config.target_file_bytes; })
        .In(kFiles | kTable);
    AddS3Keys(
        &keys, [](D& d) -> S3Access& { return d.config.s3; }, kFiles, true);
    keys.Section("contract", "What may happen to the table when data does not fit it.", "contract",
                 [](const Value& value, D* d) -> Status {
                   ARROW_ASSIGN_OR_RAISE(d->config.contract, ReadContract(value));
                   return Status::OK();
                 })
        .In(kFiles | kTable | kDuckDB);
    keys.Text(
            "compression",
            "Text: auto, none, gzip, bz2, zstd, lz4, snappy, brotli, xz. Parquet: snappy (the "
            "default), zstd, gzip, brotli, lz4, none.",
            [](D & d) -> auto& { return d.compression; })
        .In(kFiles | kTable | kStdout)
        .Of(kTextFamilies | kParquetFamily);
    keys.Integer(
            "compression_level", "The codec's own level. Default: the codec's.", -131'072, 22,
            [](D & d) -> auto& { return d.compression_level; })
        .In(kFiles | kStdout)
        .Of(kTextFamilies | kParquetFamily);
    AddWritingKeys(
        &keys, [](D& d) -> FormatOptions& { return d.config.format_options; }, kFiles | kStdout);
    return keys;
  }();
  return table;
}

struct Connector {
  DestinationConfig::Kind kind;
  unsigned bit;
  std::string name;  ///< for errors
};

bool IsDatabaseFile(std::string_view path) { return path.ends_with(".duckdb") || path.ends_with(".db"); }

/// Take "table:…" and "stdout:" apart: they name the connector too.
Status TakeApartUri(const Given& given, DestinationDraft* draft) {
  const auto* uri = given.Find("uri");
  if (uri == nullptr) return Status::OK();
  std::string_view implied;
  if (draft->address.starts_with("table:")) {
    implied = "table";
    if (given.Find("table")) return given.Find("table")->Wrong("is given by uri too; keep one of them");
    draft->table = draft->address.substr(6);
  } else if (draft->address == "stdout:" || draft->address == "-") {
    implied = "stdout";
  } else {
    return Status::OK();
  }
  if (draft->connector && *draft->connector != implied) {
    return uri->Wrong("names connector " + std::string(implied) + ", and the connector is " + *draft->connector);
  }
  draft->connector = implied;
  return Status::OK();
}

Result<Connector> FindConnector(const Value& mapping, const Given& given, const DestinationDraft& draft) {
  using Kind = DestinationConfig::Kind;
  auto connector = draft.connector.value_or("");
  const bool implied = connector.empty();
  if (implied) {
    if (given.Find("bucket") || given.Find("key")) {
      connector = "s3";
    } else if (!draft.address.empty()) {
      connector = IsDatabaseFile(draft.address) && !draft.address.starts_with("s3://") ? "duckdb" : "files";
    } else if (given.Find("table")) {
      connector = "table";
    } else {
      return ErrorAt(mapping.around().file, mapping.node(),
                     mapping.where() + " has no address; give uri, path, bucket and key, table, or connector: stdout");
    }
  }
  const auto name = implied ? "a destination of connector " + connector : "connector " + connector;
  if (connector == "table") return Connector{Kind::kTable, kTable, name};
  if (connector == "duckdb") return Connector{Kind::kDuckDB, kDuckDB, name};
  if (connector == "stdout") return Connector{Kind::kStdout, kStdout, name};
  return Connector{Kind::kFiles, kFiles, name};
}

/// Whether an address is many files. Tokens that are not known, and globs, are errors.
Result<bool> IsManyFiles(const Value& value, std::string_view text) {
  static const std::vector<std::string> kTokens = {"run", "part", "date", "time", "pipeline"};
  bool many = text.ends_with('/');
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '*' || text[at] == '?') return value.Wrong("a destination takes no globs");
    if (text[at] == '}') return value.Wrong("'}' without '{'");
    if (text[at] != '{') continue;
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) return value.Wrong("'{' without '}'");
    const std::string token(text.substr(at + 1, end - at - 1));
    if (std::find(kTokens.begin(), kTokens.end(), token) == kTokens.end()) {
      return value.Wrong("no token like this between { and }; there are {run}, {part}, {date}, {time}, {pipeline}");
    }
    many = true;
    at = end;
  }
  return many;
}

/// The address, and what gave it.
Result<const Value*> ReadAddress(const Value& mapping, const Given& given, DestinationDraft* draft) {
  const auto* bucket = given.Find("bucket");
  const auto* key = given.Find("key");
  auto& uri = draft->config.uri;
  if (bucket != nullptr || key != nullptr) {
    if (bucket == nullptr) return key->Wrong("bucket is missing beside it");
    if (key == nullptr) return bucket->Wrong("key is missing beside it");
    if (given.Find("path")) return given.Find("path")->Wrong("does not fit bucket and key; keep one of them");
    if (draft->connector == "file") return bucket->Wrong("does not fit connector file; take connector s3");
    ARROW_ASSIGN_OR_RAISE(uri, JoinBucket(*bucket, draft->bucket, *key, draft->key));
    return key;
  }
  const auto* address = given.Find("uri") ? given.Find("uri") : given.Find("path");
  if (address == nullptr) {
    return ErrorAt(mapping.around().file, mapping.node(),
                   mapping.where() + " has no address; give uri, path, or bucket and key");
  }
  const bool s3 = draft->address.starts_with("s3://");
  if (draft->connector == "s3" && !s3) return address->Expected("s3://bucket/key for connector s3");
  if (s3 && (draft->connector == "file" || address->key() == "path")) {
    return address->Expected("a path; s3:// stands under uri, with connector s3");
  }
  ARROW_ASSIGN_OR_RAISE(uri, ResolveAddress(*address, draft->address));
  return address;
}

Status CheckMode(const Given& given, const DestinationConfig& config) {
  const auto* mode = given.Find("mode");
  const bool keyed = config.mode == WriteMode::kUpsert || config.mode == WriteMode::kInsertNew;
  if (keyed && config.primary_key.empty()) {
    return mode->Wrong(std::string(WriteModeName(config.mode)) + " needs primary_key");
  }
  for (const std::string_view key : {"primary_key", "datetime_field"}) {
    if (const auto* value = given.Find(key); value != nullptr && !keyed) {
      return value->Wrong("is of modes upsert and insert_new, and the mode is " +
                          std::string(WriteModeName(config.mode)));
    }
  }
  for (size_t i = 1; i < config.primary_key.size(); ++i) {
    const auto begin = config.primary_key.begin();
    if (std::find(begin, begin + static_cast<std::ptrdiff_t>(i), config.primary_key[i]) !=
        begin + static_cast<std::ptrdiff_t>(i)) {
      return given.Find("primary_key")->Wrong("a column comes twice");
    }
  }
  if (const auto* spec = given.Find("partition_by")) {
    const auto fields = ParsePartitionSpec(*config.partition_by);
    if (!fields.ok()) return spec->Refused(fields.status(), "a partition spec (day(ts), region)");
    if (fields->empty()) return spec->Expected("a partition spec (day(ts), region)");
  }
  if (config.mode == WriteMode::kOverwritePartitions) {
    if (config.kind == DestinationConfig::Kind::kDuckDB) {
      return mode->Wrong("a DuckDB table has no partitions; take replace or upsert");
    }
    if (config.kind == DestinationConfig::Kind::kFiles && !config.partition_by) {
      return mode->Wrong("overwrite_partitions needs partition_by");
    }
  }
  return Status::OK();
}

Status FinishFiles(const Value& mapping, const Given& given, DestinationDraft* draft) {
  auto& config = draft->config;
  ARROW_ASSIGN_OR_RAISE(const auto* address, ReadAddress(mapping, given, draft));
  const auto& written = address->key() == "key" ? draft->key : draft->address;
  ARROW_ASSIGN_OR_RAISE(const bool many, IsManyFiles(*address, written));
  if (!config.format) {
    auto format = FormatOfAddress(config.uri);
    if (format.empty()) {
      if (!many) return address->Wrong("its ending says no format; give format");
      format = "parquet";
    }
    const auto& written_formats = WrittenFormatNames();
    if (std::find(written_formats.begin(), written_formats.end(), format) == written_formats.end()) {
      return address->Wrong("its ending says " + format + ", which is read and not written; take another one");
    }
    config.format = format;
  }
  if (many) return Status::OK();
  if (!draft->mode) config.mode = WriteMode::kReplace;
  if (config.mode == WriteMode::kAppend || config.mode == WriteMode::kOverwritePartitions) {
    return given.Find("mode")->Wrong(std::string(WriteModeName(config.mode)) +
                                     " does not fit a single file, which is written whole; take replace, upsert or "
                                     "insert_new, or an address that ends in '/'");
  }
  for (const std::string_view key : {"partition_by", "target_file_size"}) {
    if (const auto* value = given.Find(key)) {
      return value->Wrong("does not fit a single file; end the address in '/' for many");
    }
  }
  return Status::OK();
}

Status FinishDuckDB(const Value& mapping, const Given& given, DestinationDraft* draft) {
  const auto* path = given.Find("path") ? given.Find("path") : given.Find("uri");
  const auto* table = given.Find("table");
  if (path == nullptr) {
    return ErrorAt(mapping.around().file, mapping.node(), mapping.where() + " has no path to its database file");
  }
  if (table == nullptr) {
    return ErrorAt(mapping.around().file, mapping.node(), mapping.where() + " has no table (schema.table)");
  }
  if (draft->address.find("://") != std::string::npos) return path->Expected("the path of a DuckDB file");
  draft->config.path = ResolvePath(*path, draft->address);
  if (draft->config.path.ends_with('/')) return path->Expected("the path of a DuckDB file");
  const auto dot = draft->table.find('.');
  if (dot == 0 || (dot != std::string::npos && (dot + 1 == draft->table.size() || dot != draft->table.rfind('.')))) {
    return table->Expected("schema.table, or table");
  }
  draft->config.duckdb_table = draft->table;
  return Status::OK();
}

/// Codecs are checked here: which there are depends on the format.
Status FinishCompression(const Given& given, unsigned families, DestinationDraft* draft) {
  auto& options = draft->config.format_options;
  const bool parquet = families == kParquetFamily;
  if (draft->compression) {
    const std::vector<std::string_view> words =
        parquet ? std::vector<std::string_view>{"snappy", "zstd", "gzip", "brotli", "lz4", "none"}
                : std::vector<std::string_view>{"auto", "none", "gzip", "bz2", "zstd", "lz4", "snappy", "brotli", "xz"};
    ARROW_ASSIGN_OR_RAISE((parquet ? options.parquet.compression : options.text.compression),
                          given.Find("compression")->Word(words));
  }
  (parquet ? options.parquet.compression_level : options.text.compression_level) = draft->compression_level;
  return Status::OK();
}

}  // namespace

std::vector<const KeyDoc*> DestinationKeyDocs() { return DestinationKeys().docs(); }

Result<DestinationConfig> ReadDestination(const Value& value) {
  DestinationDraft draft{.config = {.name = value.key(), .place = value.place()}};
  const Value mapping(value.around(), value.node(), value.key(), "destination " + value.key());
  Given given;
  ARROW_RETURN_NOT_OK(ReadKeys(value, mapping.where(), DestinationKeys(), &draft, &given));
  ARROW_RETURN_NOT_OK(TakeApartUri(given, &draft));
  ARROW_ASSIGN_OR_RAISE(const auto connector, FindConnector(mapping, given, draft));
  ARROW_RETURN_NOT_OK(CheckPlaces(given, DestinationKeyDocs(), connector.bit, connector.name, kAnyFamily, ""));
  auto& config = draft.config;
  config.kind = connector.kind;
  if (draft.mode) {
    ARROW_ASSIGN_OR_RAISE(config.mode, ParseWriteMode(*draft.mode));
  }
  unsigned families = kParquetFamily;
  std::string format = "parquet";
  switch (config.kind) {
    case DestinationConfig::Kind::kFiles:
      ARROW_RETURN_NOT_OK(FinishFiles(mapping, given, &draft));
      format = *config.format;
      families = FamilyOfFormat(format);
      ARROW_RETURN_NOT_OK(CheckS3(given, config.s3, config.uri.starts_with("s3://")));
      break;
    case DestinationConfig::Kind::kStdout:
      if (!config.format) config.format = "jsonl";
      format = *config.format;
      families = FamilyOfFormat(format);
      break;
    case DestinationConfig::Kind::kTable: {
      const auto* table = given.Find("table") ? given.Find("table") : given.Find("uri");
      if (table == nullptr || draft.table.empty()) {
        return ErrorAt(value.around().file, value.node(), mapping.where() + " has no table (database.table)");
      }
      ARROW_ASSIGN_OR_RAISE(config.table, ParseTableName(*table, draft.table));
      break;
    }
    case DestinationConfig::Kind::kDuckDB:
      ARROW_RETURN_NOT_OK(FinishDuckDB(mapping, given, &draft));
      break;
  }
  ARROW_RETURN_NOT_OK(CheckPlaces(given, DestinationKeyDocs(), connector.bit, connector.name, families, format));
  ARROW_RETURN_NOT_OK(CheckMode(given, config));
  ARROW_RETURN_NOT_OK(FinishCompression(given, families, &draft));
  ARROW_RETURN_NOT_OK(CheckDialect(given, config.format_options.csv));
  return config;
}

}  // namespace glaux::pipeline_file
