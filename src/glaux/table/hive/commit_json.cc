#include <boost/json.hpp>

#include "glaux/catalog/entry_json.h"
#include "glaux/table/hive/commit_json_internal.h"

namespace glaux {
namespace {

namespace json = boost::json;

/// With streams, a watermark or overwrites.
constexpr int kNewestFormat = 2;

constexpr char kCorruptHint[] =
    "restore the object from a copy, or delete it and run glaux repair: the data files are not touched, the list of "
    "loaded files and the states of streams are lost";

std::string Text(const json::string& text) { return {text.data(), text.size()}; }

template <typename... Args>
Status Corrupt(std::string_view key, Args&&... args) {
  return MakeError({.kind = ErrorKind::kCorrupt, .hint = kCorruptHint}, "read ", key, ": ",
                   std::forward<Args>(args)...);
}

enum class Need { kRequired, kOptional };

/// The fields of one JSON object. The first one that is not as asked for is kept as the error.
class Fields {
 public:
  Fields(const json::value& value, std::string_view key, std::string_view what) : key_(key), what_(what) {
    if (value.is_object()) {
      object_ = &value.as_object();
    } else {
      status_ = Corrupt(key, what.empty() ? "the object" : what, " must be a JSON object");
    }
  }

  const Status& status() const { return status_; }

  std::string String(std::string_view name, Need need = Need::kRequired) {
    const auto* value = Find(name, need);
    if (value == nullptr) return {};
    if (!value->is_string()) return Wrong(name, "a string"), std::string();
    return Text(value->as_string());
  }
  std::optional<std::string> OptionalString(std::string_view name) {
    if (Find(name, Need::kOptional) == nullptr) return std::nullopt;
    return String(name);
  }
  int64_t Int(std::string_view name, Need need = Need::kRequired) {
    const auto* value = Find(name, need);
    if (value == nullptr) return 0;
    if (!value->is_int64()) return Wrong(name, "a whole number"), 0;
    return value->as_int64();
  }
  bool Bool(std::string_view name) {
    const auto* value = Find(name, Need::kOptional);
    if (value == nullptr) return false;
    if (!value->is_bool()) return Wrong(name, "true or false"), false;
    return value->as_bool();
  }
  std::optional<Timestamp> Time(std::string_view name, Need need) {
    if (Find(name, need) == nullptr) return std::nullopt;
    auto time = ParseTimestamp(String(name));
    if (!time.ok()) return Wrong(name, "a time as 2025-01-31T08:00:00Z"), std::nullopt;
    return *time;
  }
  std::vector<std::string> Strings(std::string_view name, Need need = Need::kRequired) {
    std::vector<std::string> out;
    Each(name, need, [&](const json::value& item) {
      if (item.is_string()) {
        out.push_back(Text(item.as_string()));
      } else {
        Wrong(name, "an array of strings");
      }
    });
    return out;
  }
  std::map<std::string, std::string> StringMap(std::string_view name) {
    std::map<std::string, std::string> out;
    const auto* value = Find(name, Need::kOptional);
    if (value == nullptr) return out;
    if (!value->is_object()) return Wrong(name, "an object of strings"), out;
    for (const auto& [item, text] : value->as_object()) {
      if (!text.is_string()) return Wrong(name, "an object of strings"), out;
      out[std::string(item)] = Text(text.as_string());
    }
    return out;
  }
  template <typename Visit>
  void Each(std::string_view name, Need need, const Visit& visit) {
    const auto* value = Find(name, need);
    if (value == nullptr) return;
    if (!value->is_array()) return Wrong(name, "an array");
    for (const auto& item : value->as_array()) visit(item);
  }
  /// Objects in an array, each read by `read(Fields&)`.
  template <typename Read>
  void Objects(std::string_view name, Need need, const Read& read) {
    Each(name, need, [&](const json::value& item) {
      Fields fields(item, key_, name);
      if (fields.status_.ok()) read(fields);
      if (status_.ok()) status_ = fields.status_;
    });
  }
  const json::value* Find(std::string_view name, Need need) {
    if (object_ == nullptr) return nullptr;
    const auto* value = object_->if_contains({name.data(), name.size()});
    if (value == nullptr && need == Need::kRequired) Fail("field ", Path(name), " is missing");
    return value;
  }
  void Wrong(std::string_view name, std::string_view expected) { Fail("field ", Path(name), " must be ", expected); }

 private:
  template <typename... Args>
  void Fail(Args&&... args) {
    if (status_.ok()) status_ = Corrupt(key_, std::forward<Args>(args)...);
  }
  std::string Path(std::string_view name) const {
    return what_.empty() ? std::string(name) : std::string(what_) + "." + std::string(name);
  }

  std::string_view key_;
  std::string_view what_;
  const json::object* object_ = nullptr;
  Status status_;
};

Result<json::value> Parse(std::string_view text, std::string_view key) {
  boost::system::error_code error;
  auto value = json::parse({text.data(), text.size()}, error);
  if (error) return Corrupt(key, "not JSON: ", error.message());
  if (!value.is_object()) return Corrupt(key, "not a JSON object");
  return value;
}

json::array ToArray(std::span<const std::string> items) {
  json::array out;
  for (const auto& item : items) out.emplace_back(item);
  return out;
}

json::object ToJson(const PendingObject& object) {
  json::array parts;
  for (const auto& part : object.parts) {
    json::object out{{"number", part.number}, {"etag", part.etag}, {"size", part.size}};
    if (!part.checksum.empty()) out["checksum"] = part.checksum;
    parts.push_back(std::move(out));
  }
  return {{"key", object.key}, {"upload-id", object.upload_id}, {"size", object.size}, {"parts", std::move(parts)}};
}

PendingObject PendingFrom(Fields& fields) {
  PendingObject out{
      .key = fields.String("key"), .upload_id = fields.String("upload-id"), .parts = {}, .size = fields.Int("size")};
  fields.Objects("parts", Need::kRequired, [&](Fields& part) {
    out.parts.push_back({static_cast<int>(part.Int("number")), part.String("etag"), part.Int("size"),
                         part.String("checksum", Need::kOptional)});
  });
  return out;
}

json::object ToJson(const LoadedFile& file) {
  json::object out{{"key", file.key}, {"etag", file.etag}, {"size", file.size}};
  if (file.modified != Timestamp{}) out["modified"] = FormatTimestamp(file.modified);
  return out;
}

LoadedFile LoadedFrom(Fields& fields) {
  return {.key = fields.String("key"),
          .etag = fields.String("etag"),
          .size = fields.Int("size"),
          .modified = fields.Time("modified", Need::kOptional).value_or(Timestamp{})};
}

json::object ToJson(const StreamChange& change) {
  json::object out{{"stream", change.stream}};
  if (change.expected.has_value()) out["expected"] = *change.expected;
  if (change.next.has_value()) out["next"] = *change.next;
  return out;
}

json::object ToJson(const PartitionMove& move) {
  json::object out{{"values", ToArray(move.values)}};
  if (move.from.has_value()) out["from"] = *move.from;
  if (move.to.has_value()) out["to"] = *move.to;
  return out;
}

}  // namespace

std::string PrintState(const CommitLog::State& state) {
  json::object out{{"format-version", state.format},
                   {"version", state.version},
                   {"recent", ToArray(state.recent)},
                   {"ledger", ToArray(state.ledger)}};
  if (!state.open.empty()) out["open"] = state.open;
  if (state.open_replaces) out["open-replaces"] = true;
  if (!state.streams.empty()) {
    json::object streams;
    for (const auto& [name, text] : state.streams) streams[name] = text;
    out["streams"] = std::move(streams);
  }
  if (state.watermark.has_value()) out["watermark"] = FormatTimestamp(*state.watermark);
  if (state.overwrites > 0) out["overwrites"] = state.overwrites;
  if (!state.replaced.empty()) {
    json::array replaced;
    for (const auto& item : state.replaced) {
      replaced.push_back(json::object{{"id", item.id}, {"until", FormatTimestamp(item.until)}});
    }
    out["replaced"] = std::move(replaced);
  }
  return json::serialize(out);
}

Result<CommitLog::State> ParseState(std::string_view text, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(const auto value, Parse(text, key));
  Fields fields(value, key, "");
  const int64_t format = fields.Int("format-version");
  ARROW_RETURN_NOT_OK(fields.status());
  if (format > kNewestFormat) {
    return MakeError({.kind = ErrorKind::kNotImplemented, .hint = "use a newer glaux"}, "read ", key,
                     ": written by a newer glaux: format version ", format, ", this one knows up to ", kNewestFormat);
  }
  if (format < 1) return Corrupt(key, "format version ", format, " is none");
  CommitLog::State state{.format = static_cast<int>(format),
                         .version = fields.Int("version"),
                         .open = fields.String("open", Need::kOptional),
                         .open_replaces = fields.Bool("open-replaces"),
                         .recent = fields.Strings("recent"),
                         .ledger = fields.Strings("ledger"),
                         .streams = fields.StringMap("streams"),
                         .watermark = fields.Time("watermark", Need::kOptional),
                         .overwrites = fields.Int("overwrites", Need::kOptional),
                         .replaced = {},
                         .etag = {}};
  fields.Objects("replaced", Need::kOptional, [&](Fields& item) {
    state.replaced.push_back({item.String("id"), item.Time("until", Need::kRequired).value_or(Timestamp{})});
  });
  ARROW_RETURN_NOT_OK(fields.status());
  if (state.version < 1) return Corrupt(key, "field version must be positive, found: ", state.version);
  return state;
}

std::string PrintRecord(const CommitRecord& record) {
  json::object out{{"id", record.id}, {"rows", record.rows}};
  json::array objects, partitions, columns, sources;
  for (const auto& object : record.objects) objects.push_back(ToJson(object));
  for (const auto& values : record.partitions) partitions.push_back(ToArray(values));
  for (const auto& column : record.columns)
    columns.push_back(json::object{{"name", column.name}, {"type", column.type}});
  for (const auto& file : record.sources) sources.push_back(ToJson(file));
  json::object parameters;
  for (const auto& [name, value] : record.parameters) parameters[name] = value;
  out["objects"] = std::move(objects);
  out["partitions"] = std::move(partitions);
  out["columns"] = std::move(columns);
  out["parameters"] = std::move(parameters);
  out["sources"] = std::move(sources);
  if (record.create.has_value()) out["create"] = ToJson(*record.create);
  if (!record.streams.empty()) {
    json::array streams;
    for (const auto& change : record.streams) streams.push_back(ToJson(change));
    out["streams"] = std::move(streams);
  }
  if (record.watermark.has_value()) out["watermark"] = FormatTimestamp(*record.watermark);
  if (!record.moves.empty()) {
    json::array moves;
    for (const auto& move : record.moves) moves.push_back(ToJson(move));
    out["moves"] = std::move(moves);
  }
  if (record.location_from.has_value()) out["location-from"] = *record.location_from;
  if (record.location_to.has_value()) out["location-to"] = *record.location_to;
  if (record.replaces) {
    out["replaces"] = true;
    out["replaced"] = ToArray(record.replaced);
    out["grace-seconds"] = record.grace.count();
  }
  return json::serialize(out);
}

Result<CommitRecord> ParseRecord(std::string_view text, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(const auto value, Parse(text, key));
  Fields fields(value, key, "");
  CommitRecord record;
  record.id = fields.String("id");
  record.rows = fields.Int("rows");
  fields.Objects("objects", Need::kRequired, [&](Fields& item) { record.objects.push_back(PendingFrom(item)); });
  fields.Each("partitions", Need::kRequired, [&](const json::value& item) {
    if (!item.is_array()) return fields.Wrong("partitions", "an array of arrays of strings");
    std::vector<std::string> values;
    for (const auto& text_of_key : item.as_array()) {
      if (!text_of_key.is_string()) return fields.Wrong("partitions", "an array of arrays of strings");
      values.push_back(Text(text_of_key.as_string()));
    }
    record.partitions.push_back(std::move(values));
  });
  fields.Objects("moves", Need::kOptional, [&](Fields& item) {
    record.moves.push_back({item.Strings("values"), item.OptionalString("from"), item.OptionalString("to")});
  });
  fields.Objects("columns", Need::kRequired, [&](Fields& item) {
    record.columns.push_back({.name = item.String("name"), .type = item.String("type")});
  });
  fields.Objects("sources", Need::kRequired, [&](Fields& item) { record.sources.push_back(LoadedFrom(item)); });
  fields.Objects("streams", Need::kOptional, [&](Fields& item) {
    record.streams.push_back({item.String("stream"), item.OptionalString("expected"), item.OptionalString("next")});
  });
  record.parameters = fields.StringMap("parameters");
  record.watermark = fields.Time("watermark", Need::kOptional);
  record.location_from = fields.OptionalString("location-from");
  record.location_to = fields.OptionalString("location-to");
  record.replaces = fields.Bool("replaces");
  if (record.replaces) {
    record.replaced = fields.Strings("replaced");
    record.grace = std::chrono::seconds(fields.Int("grace-seconds"));
  }
  const auto* create = fields.Find("create", Need::kOptional);
  ARROW_RETURN_NOT_OK(fields.status());
  if (create != nullptr) {
    auto table = TableFromJson(*create);
    if (!table.ok()) return Corrupt(key, "field create: ", table.status().message());
    record.create = *std::move(table);
  }
  return record;
}

std::string PrintLoaded(const LoadedFile& file) { return json::serialize(ToJson(file)); }

Result<LoadedFile> ParseLoaded(std::string_view text, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(const auto value, Parse(text, key));
  Fields fields(value, key, "");
  auto file = LoadedFrom(fields);
  ARROW_RETURN_NOT_OK(fields.status());
  return file;
}

}  // namespace glaux
