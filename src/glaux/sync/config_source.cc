#include <algorithm>
#include <regex>

#include "glaux/schema/predicate.h"
#include "glaux/schema/types.h"
#include "glaux/sync/config_format_internal.h"
#include "glaux/sync/config_keys_internal.h"
#include "glaux/sync/config_s3_internal.h"

namespace glaux::pipeline_file {
namespace {

enum Kinds : unsigned { kFiles = 1, kTable = 2, kQuery = 4 };

struct SourceDraft {
  SourceConfig config;
  std::optional<std::string> connector = {};
  std::vector<std::string> addresses = {};  ///< of uri or path
  std::string bucket = {};
  std::vector<std::string> keys = {};
  std::string table = {};
  std::string sql = {};
  std::optional<bool> header = {};
  std::optional<Value> incremental = {};
};

Status ReadCondition(const Value& value, std::string* into) {
  ARROW_ASSIGN_OR_RAISE(*into, value.Text("a condition (year = '2026')"));
  const auto predicate = Predicate::Parse(*into);
  if (!predicate.ok()) return value.Refused(predicate.status(), "a condition (year = '2026')");
  return Status::OK();
}

Status ReadRegex(const Value& value, std::optional<std::string>* into) {
  constexpr size_t kLongest = 1000;  // std::regex compiles recursively
  ARROW_ASSIGN_OR_RAISE(const auto text, value.Text("a regular expression"));
  if (text.size() > kLongest) return value.Expected("a regular expression of at most 1000 characters");
  try {
    std::regex(text, std::regex::ECMAScript);
  } catch (const std::regex_error&) {
    return value.Expected("a regular expression (ECMAScript)");
  }
  *into = text;
  return Status::OK();
}

Status ReadTypes(const Value& value, std::map<std::string, std::string>* into) {
  constexpr std::string_view kExpected = "columns with Glue types (zip: string)";
  ARROW_ASSIGN_OR_RAISE(*into, value.TextMap(kExpected));
  ARROW_ASSIGN_OR_RAISE(const auto fields, value.Fields(value.key() + " of " + value.where()));
  for (const auto& field : fields) {
    const auto type = ParseGlueType((*into)[field.key()]);
    if (!type.ok()) return field.Refused(type.status(), "a Glue type (string, bigint, decimal(10,2))");
  }
  return Status::OK();
}

const KeyTable<FileSelection>& SelectKeys() {
  using S = FileSelection;
  static const auto table = [] {
    KeyTable<S> keys;
    keys.Texts(
        "exclude", "Globs of files to leave out.", [](S & s) -> auto& { return s.exclude; });
    keys.Add("regex", "Must be found in the file's key (ECMAScript).", Shape::kText,
             [](const Value& value, S* s) { return ReadRegex(value, &s->regex); });
    keys.Time(
        "modified_after", "Only files modified then or later.", [](S & s) -> auto& { return s.modified_after; });
    keys.Time(
        "modified_before", "Only files modified earlier.", [](S & s) -> auto& { return s.modified_before; });
    keys.Size(
        "min_size", "Only files of this size or more.", [](S & s) -> auto& { return s.min_size; }, true);
    keys.Size(
        "max_size", "Only files of this size or less.", [](S & s) -> auto& { return s.max_size; }, true);
    keys.Add("partitions", "Condition over Hive path keys, tested before a folder is listed: \"year = '2026'\".",
             Shape::kText, [](const Value& value, S* s) { return ReadCondition(value, &s->partitions); });
    keys.Boolean(
        "include_hidden", "Also files whose names begin with '.' or '_'. Default: false.",
        [](S & s) -> auto& { return s.include_hidden; });
    return keys;
  }();
  return table;
}

// These stand under `incremental`, and beside it as other tools have them.
template <typename T, typename Get>
void AddCursorKeys(KeyTable<T>* keys, Get get) {
  keys->Text(
      "datetime_field", "Only rows whose value here is beyond that of earlier runs.", [get](T & t) -> auto& {
        return get(t).datetime_field;
      });
  keys->Number(
      "time_filter_hours", "Only rows of the last hours before the run, by datetime_field.", [get](T & t) -> auto& {
        return get(t).time_filter_hours;
      });
  keys->Integer(
      "max_records", "Stop behind this many records, at the next place where going on is safe.", 1,
      INT64_MAX, [get](T & t) -> auto& { return get(t).max_records; });
  keys->Duration(
      "lag", "How late rows may come by datetime_field; that much is looked at again.", [get](T & t) -> auto& {
        return get(t).lag;
      });
}

const KeyTable<IncrementalConfig>& IncrementalKeys() {
  using I = IncrementalConfig;
  static const auto table = [] {
    KeyTable<I> keys;
    keys.Add("files", "all: every run reads every file; new: each file is read once. Default: by the mode.",
             Shape::kWord,
             [](const Value& value, I* into) -> Status {
               ARROW_ASSIGN_OR_RAISE(const auto word, value.Word({"all", "new"}));
               into->files = word == "all" ? I::Files::kAll : I::Files::kNew;
               return Status::OK();
             })
        .In(kFiles)
        .words = {"all", "new"};
    keys.Duration(
            "overlap_window", "Files modified longer than this before the newest one are known by that time alone.",
            [](I & i) -> auto& { return i.overlap_window; })
        .In(kFiles);
    AddCursorKeys(&keys, [](I& i) -> I& { return i; });
    keys.Text(
        "initial_value", "Where the first run begins, in the words of datetime_field.",
        [](I & i) -> auto& { return i.initial_value; });
    keys.Boolean(
        "closed", "Look at rows at exactly the last value again. Default: true.",
        [](I & i) -> auto& { return i.closed; });
    return keys;
  }();
  return table;
}

Status ReadSample(const Value& value, SourceDraft* draft) {
  ARROW_ASSIGN_OR_RAISE(const auto text, value.Text("a size (1MiB) or all"));
  if (text == "all") {
    draft->config.sample_bytes = 0;
    return Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const auto size, value.Size());
  if (size == 0) return value.Expected("a size above 0, or all");
  draft->config.sample_bytes = size;
  return Status::OK();
}

const KeyTable<SourceDraft>& SourceKeys() {
  using S = SourceDraft;
  static const auto table = [] {
    KeyTable<S> keys;
    keys.Word(
        "connector", "Where the rows are. Default: by the address.", {"s3", "file", "files", "table", "query"},
        [](S & s) -> auto& { return s.connector; });
    keys.Texts(
        "uri",
        "Addresses of files: s3://bucket/key, file:///path, a path; globs with ** and {a,b}. Also "
        "table:database.table and sql:SELECT ….",
        [](S & s) -> auto& { return s.addresses; });
    keys.Texts(
            "path", "Paths of files, relative to this file's folder; globs.",
            [](S & s) -> auto& { return s.addresses; })
        .In(kFiles)
        .InsteadOf("uri");
    keys.Text(
            "bucket", "The bucket, with key.", [](S & s) -> auto& { return s.bucket; })
        .In(kFiles)
        .InsteadOf("uri");
    keys.Texts(
            "key", "Keys in the bucket; globs.", [](S & s) -> auto& { return s.keys; })
        .In(kFiles)
        .InsteadOf("uri");
    keys.Text(
            "table", "database.table of the lake.", [](S & s) -> auto& { return s.table; })
        .In(kTable)
        .InsteadOf("uri");
    keys.Text(
            "sql", "A query over the lake.", [](S & s) -> auto& { return s.sql; })
        .In(kQuery)
        .InsteadOf("uri");
    keys.Word(
            "format", "Of the files. Default: by their names.", FormatNames(),
            [](S & s) -> auto& { return s.config.format; })
        .In(kFiles);
    keys.Add("header", "Whether the first row names the columns; without it they are f0, f1, …. Default: true.",
             Shape::kBoolean,
             [](const Value& value, S* s) -> Status {
               ARROW_ASSIGN_OR_RAISE(s->header, value.Boolean());
               return Status::OK();
             })
        .In(kFiles)
        .Of(kCsvFamily);
    AddReadingKeys(
        &keys, [](S& s) -> FormatOptions& { return s.config.format_options; }, kFiles);
    keys.Add("types", "Types that are given, not inferred: Glue types by column.", Shape::kTextMap,
             [](const Value& value, S* s) { return ReadTypes(value, &s->config.types); })
        .In(kFiles);
    keys.Add("hints", "Types by globs of column names, where inference finds nothing or a narrower type.",
             Shape::kTextMap, [](const Value& value, S* s) { return ReadTypes(value, &s->config.hints); })
        .In(kFiles);
    keys.Add("sample", "How much of each file inference looks at: a size, or all.", Shape::kSize, ReadSample)
        .In(kFiles)
        .Of(kTextFamilies);
    keys.Text(
            "file_column", "A column that says which file each row is from.",
            [](S & s) -> auto& { return s.config.file_column; })
        .In(kFiles);
    AddS3Keys(
        &keys, [](S& s) -> S3Access& { return s.config.s3; }, kFiles, false);
    keys.Section(
            "select", "Which of the files behind the address are read.", "select",
            [](const Value& value, S* s) -> Status {
              ARROW_RETURN_NOT_OK(
                  ReadKeys(value, value.key() + " of " + value.where(), SelectKeys(), &s->config.select));
              const auto& select = s->config.select;
              if (select.min_size && select.max_size && *select.min_size > *select.max_size)
                return value.Wrong("min_size is above max_size: no file fits");
              if (select.modified_after && select.modified_before && *select.modified_after >= *select.modified_before)
                return value.Wrong("modified_after is not before modified_before: no file fits");
              return Status::OK();
            })
        .In(kFiles);
    keys.Texts(
        "columns", "Columns to read. Default: all.", [](S & s) -> auto& { return s.config.columns; });
    keys.Add("filter", "Only rows for which this SQL condition is true: \"amount > 0 AND region = 'eu'\".",
             Shape::kText, [](const Value& value, S* s) { return ReadCondition(value, &s->config.filter); });
    keys.Integer(
        "limit", "Most rows of a run.", 1, INT64_MAX, [](S & s) -> auto& { return s.config.limit; });
    AddCursorKeys(&keys, [](S& s) -> IncrementalConfig& { return s.config.incremental; });
    keys.Section("incremental", "What a run takes, compared with the runs before.", "incremental",
                 [](const Value& value, S* s) -> Status {
                   s->incremental = value;
                   return Status::OK();  // read when all keys beside it are
                 });
    return keys;
  }();
  return table;
}

struct Connector {
  unsigned kind;
  std::string_view name;  ///< for errors
};

/// Take "table:…" and "sql:…" apart: they name the connector too.
Status TakeApartUri(const Given& given, SourceDraft* draft) {
  const auto* uri = given.Find("uri");
  if (uri == nullptr) return Status::OK();
  for (const auto& address : draft->addresses) {
    const bool table = address.starts_with("table:");
    if (!table && !address.starts_with("sql:")) continue;
    if (draft->addresses.size() > 1) return uri->Wrong("table: and sql: stand alone; make it a source of its own");
    const std::string_view implied = table ? "table" : "query";
    if (draft->connector && *draft->connector != implied) {
      return uri->Wrong("names a " + std::string(implied) + ", and the connector is " + *draft->connector);
    }
    draft->connector = implied;
    auto rest = address.substr(address.find(':') + 1);
    rest.erase(0, std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    if (rest.empty()) return uri->Expected("table:database.table or sql:SELECT …");
    (table ? draft->table : draft->sql) = std::move(rest);
    draft->addresses.clear();
    return Status::OK();
  }
  return Status::OK();
}

Result<Connector> FindConnector(const Value& mapping, const Given& given, const SourceDraft& draft) {
  if (!draft.connector) {
    const bool files = given.Find("uri") || given.Find("path") || given.Find("bucket") || given.Find("key");
    if (files) return Connector{kFiles, "a source of files"};
    if (given.Find("table")) return Connector{kTable, "a source that is a table"};
    if (given.Find("sql")) return Connector{kQuery, "a source that is a query"};
    return ErrorAt(mapping.around().file, mapping.node(),
                   mapping.where() + " has no address; give uri, path, bucket and key, table or sql");
  }
  if (*draft.connector == "table") return Connector{kTable, "connector table"};
  if (*draft.connector == "query") return Connector{kQuery, "connector query"};
  if (*draft.connector == "s3") return Connector{kFiles, "connector s3"};
  return Connector{kFiles, *draft.connector == "file" ? "connector file" : "connector files"};
}

Status ReadAddresses(const Value& mapping, const Given& given, SourceDraft* draft) {
  auto& uris = draft->config.uris;
  const auto* bucket = given.Find("bucket");
  const auto* key = given.Find("key");
  if (bucket != nullptr || key != nullptr) {
    if (bucket == nullptr) return key->Wrong("bucket is missing beside it");
    if (key == nullptr) return bucket->Wrong("key is missing beside it (** for all of the bucket)");
    if (given.Find("path")) return given.Find("path")->Wrong("does not fit bucket and key; keep one of them");
    if (draft->connector == "file") return bucket->Wrong("does not fit connector file; take connector s3");
    const auto items = key->Items();
    for (size_t i = 0; i < items.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(uris.emplace_back(), JoinBucket(*bucket, draft->bucket, items[i], draft->keys[i]));
    }
    return Status::OK();
  }
  const auto* address = given.Find("uri");
  if (address == nullptr) address = given.Find("path");
  if (address == nullptr) {
    return ErrorAt(mapping.around().file, mapping.node(),
                   mapping.where() + " has no address; give uri, path, or bucket and key");
  }
  const auto items = address->Items();
  for (size_t i = 0; i < items.size(); ++i) {
    const auto& text = draft->addresses[i];
    const bool s3 = text.starts_with("s3://");
    if (draft->connector == "s3" && !s3) return items[i].Expected("s3://bucket/key for connector s3");
    if (s3 && (draft->connector == "file" || address->key() == "path")) {
      return items[i].Expected("a path; s3:// stands under uri, with connector s3");
    }
    if (text.ends_with(".duckdb")) return items[i].Expected("files of rows; a DuckDB file can be a destination only");
    ARROW_ASSIGN_OR_RAISE(uris.emplace_back(), ResolveAddress(items[i], text));
  }
  return Status::OK();
}

Status CheckCursor(const Given& given, const Given& inner, const SourceConfig& source) {
  if (!source.incremental.datetime_field.empty()) return Status::OK();
  std::vector<std::string_view> keys = {"initial_value", "closed", "lag", "time_filter_hours"};
  // Files have another place to stop at: their ends.
  if (source.kind != SourceConfig::Kind::kFiles) keys.push_back("max_records");
  for (const auto key : keys) {
    for (const auto* values : {&given, &inner}) {
      if (const auto* value = values->Find(key)) return value->Wrong("needs datetime_field");
    }
  }
  return Status::OK();
}

Status ReadIncremental(const Given& given, const Connector& connector, SourceDraft* draft) {
  Given inner;
  if (draft->incremental) {
    const auto& value = *draft->incremental;
    ARROW_RETURN_NOT_OK(
        ReadKeys(value, value.key() + " of " + value.where(), IncrementalKeys(), &draft->config.incremental, &inner));
    for (const auto& one : inner.values()) {
      if (given.Find(one.key())) return one.Wrong("is given beside incremental too; keep one of them");
    }
    ARROW_RETURN_NOT_OK(CheckPlaces(inner, IncrementalKeys().docs(), connector.kind, connector.name, kAnyFamily, ""));
    const auto* window = inner.Find("overlap_window");
    if (window != nullptr && draft->config.incremental.files == IncrementalConfig::Files::kAll) {
      return window->Wrong("does not fit files: all, which remembers no files");
    }
  }
  return CheckCursor(given, inner, draft->config);
}

Status FinishCsv(const Given& given, SourceDraft* draft) {
  auto& csv = draft->config.format_options.csv;
  if (draft->header) {
    if (*draft->header && csv.column_names) return given.Find("names")->Wrong("does not fit header: true");
    if (!*draft->header && !csv.column_names) csv.column_names.emplace();
  }
  return CheckDialect(given, csv);
}

}  // namespace

std::vector<const KeyDoc*> SourceKeyDocs() { return SourceKeys().docs(); }
std::vector<const KeyDoc*> SelectKeyDocs() { return SelectKeys().docs(); }
std::vector<const KeyDoc*> IncrementalKeyDocs() { return IncrementalKeys().docs(); }

Result<SourceConfig> ReadSource(const Value& value) {
  SourceDraft draft{.config = {.name = value.key(), .place = value.place()}};
  const Value mapping(value.around(), value.node(), value.key(), "source " + value.key());
  Given given;
  ARROW_RETURN_NOT_OK(ReadKeys(value, mapping.where(), SourceKeys(), &draft, &given));
  ARROW_RETURN_NOT_OK(TakeApartUri(given, &draft));
  ARROW_ASSIGN_OR_RAISE(const auto connector, FindConnector(mapping, given, draft));
  auto& config = draft.config;
  ARROW_RETURN_NOT_OK(CheckPlaces(given, SourceKeyDocs(), connector.kind, connector.name, kAnyFamily, ""));
  if (connector.kind == kFiles) {
    ARROW_RETURN_NOT_OK(ReadAddresses(mapping, given, &draft));
    const unsigned families = config.format ? FamilyOfFormat(*config.format) : FamiliesOfAddresses(config.uris);
    const std::string format = config.format ? *config.format : FormatOfAddress(config.uris.front());
    ARROW_RETURN_NOT_OK(CheckPlaces(given, SourceKeyDocs(), connector.kind, connector.name, families, format));
    ARROW_RETURN_NOT_OK(FinishCsv(given, &draft));
    const bool all_s3 = std::all_of(config.uris.begin(), config.uris.end(),
                                    [](const std::string& uri) { return uri.starts_with("s3://"); });
    ARROW_RETURN_NOT_OK(CheckS3(given, config.s3, all_s3));
  } else if (connector.kind == kTable) {
    config.kind = SourceConfig::Kind::kTable;
    const auto* table = given.Find("table") ? given.Find("table") : given.Find("uri");
    if (table == nullptr || draft.table.empty()) {
      return ErrorAt(value.around().file, value.node(), mapping.where() + " has no table (database.table)");
    }
    ARROW_ASSIGN_OR_RAISE(config.table, ParseTableName(*table, draft.table));
  } else {
    config.kind = SourceConfig::Kind::kQuery;
    config.sql = draft.sql;
    if (config.sql.empty()) return ErrorAt(value.around().file, value.node(), mapping.where() + " has no sql");
  }
  ARROW_RETURN_NOT_OK(ReadIncremental(given, connector, &draft));
  return config;
}

}  // namespace glaux::pipeline_file
