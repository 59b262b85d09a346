#include "glaux/catalog/entry_json.h"

#include <cmath>
#include <cstdint>

namespace glaux {
namespace {

namespace json = boost::json;

void PutText(json::object& out, std::string_view name, std::string_view text) {
  if (!text.empty()) out[name] = text;
}

void PutTime(json::object& out, std::string_view name, Timestamp time) {
  // Glue prints seconds as a floating-point number; a double holds microseconds exactly enough until the year 2255.
  if (time != Timestamp{}) out[name] = static_cast<double>(time.time_since_epoch().count()) / 1e6;
}

json::object ToJson(const Column& column) {
  json::object out;
  out["Name"] = column.name;
  PutText(out, "Type", column.type);
  PutText(out, "Comment", column.comment);
  if (!column.parameters.empty()) out["Parameters"] = glaux::ToJson(column.parameters);
  return out;
}

json::array ToJson(const std::vector<Column>& columns) {
  json::array out;
  out.reserve(columns.size());
  for (const auto& column : columns) out.push_back(ToJson(column));
  return out;
}

json::array ToJson(const std::vector<std::string>& texts) {
  json::array out;
  out.reserve(texts.size());
  for (const auto& text : texts) out.push_back(json::string(text));
  return out;
}

/// Reads one JSON object field by field; the first error stays and the rest is skipped.
class Reader {
 public:
  Reader(const json::value& value, std::string path) : path_(std::move(path)) {
    object_ = value.if_object();
    if (object_ == nullptr) Fail(path_.empty() ? "the entry" : path_, "an object", value);
  }

  void Read(std::string_view name, std::string* out) {
    if (const auto* value = Find(name)) Take(*value, Path(name), out);
  }
  void Read(std::string_view name, bool* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    if (value->is_bool()) {
      *out = value->get_bool();
    } else {
      Fail(Path(name), "true or false", *value);
    }
  }
  void Read(std::string_view name, int* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    boost::system::error_code error;
    const int number = value->to_number<int>(error);
    if (error) {
      Fail(Path(name), "a whole number", *value);
    } else {
      *out = number;
    }
  }
  void Read(std::string_view name, Timestamp* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    boost::system::error_code error;
    const double seconds = value->to_number<double>(error);
    // Also keeps the conversion below in the range of 64 bits.
    if (error || !(std::abs(seconds) < 9e12)) {
      Fail(Path(name), "seconds since 1970", *value);
    } else {
      *out = Timestamp(std::chrono::microseconds(std::llround(seconds * 1e6)));
    }
  }
  void Read(std::string_view name, Parameters* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    const auto* object = value->if_object();
    if (object == nullptr) return Fail(Path(name), "an object", *value);
    for (const auto& [key, item] : *object) {
      // Some writers put null for "no value".
      auto& text = (*out)[std::string(key)];
      if (!item.is_null()) Take(item, Path(name) + "." + std::string(key), &text);
    }
  }
  void Read(std::string_view name, std::vector<std::string>* out) {
    ForEach(name, [&](const json::value& item, const std::string& path) { Take(item, path, &out->emplace_back()); });
  }
  void Read(std::string_view name, std::vector<Column>* out) {
    ForEach(name, [&](const json::value& item, const std::string& path) {
      Reader reader(item, path);
      auto& column = out->emplace_back();
      reader.Read("Name", &column.name);
      reader.Read("Type", &column.type);
      reader.Read("Comment", &column.comment);
      reader.Read("Parameters", &column.parameters);
      Keep(reader.status());
    });
  }
  void Read(std::string_view name, std::vector<SortColumn>* out) {
    ForEach(name, [&](const json::value& item, const std::string& path) {
      Reader reader(item, path);
      auto& column = out->emplace_back();
      reader.Read("Column", &column.column);
      reader.Read("SortOrder", &column.sort_order);
      Keep(reader.status());
    });
  }
  void Read(std::string_view name, SerDeInfo* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    Reader reader(*value, Path(name));
    reader.Read("Name", &out->name);
    reader.Read("SerializationLibrary", &out->serialization_library);
    reader.Read("Parameters", &out->parameters);
    Keep(reader.status());
  }
  void Read(std::string_view name, StorageDescriptor* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    Reader reader(*value, Path(name));
    reader.ReadDescriptor(out);
    Keep(reader.status());
  }
  void ReadDescriptor(StorageDescriptor* out) {
    Read("Columns", &out->columns);
    Read("Location", &out->location);
    Read("InputFormat", &out->input_format);
    Read("OutputFormat", &out->output_format);
    Read("Compressed", &out->compressed);
    Read("NumberOfBuckets", &out->number_of_buckets);
    Read("SerdeInfo", &out->serde_info);
    Read("BucketColumns", &out->bucket_columns);
    Read("SortColumns", &out->sort_columns);
    Read("Parameters", &out->parameters);
    Read("StoredAsSubDirectories", &out->stored_as_sub_directories);
  }

  const Status& status() const { return status_; }

 private:
  const json::value* Find(std::string_view name) const {
    if (object_ == nullptr || !status_.ok()) return nullptr;
    const auto* value = object_->if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  std::string Path(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
  }
  void Keep(const Status& status) {
    if (status_.ok()) status_ = status;
  }
  void Fail(const std::string& path, std::string_view expected, const json::value& found) {
    if (status_.ok()) {
      status_ =
          MakeError(ErrorKind::kInvalid, path, ": expected ", expected, ", found ", json::to_string(found.kind()));
    }
  }
  void Take(const json::value& value, const std::string& path, std::string* out) {
    if (const auto* text = value.if_string()) {
      out->assign(text->data(), text->size());
    } else {
      Fail(path, "text", value);
    }
  }
  template <typename Work>
  void ForEach(std::string_view name, Work&& work) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    const auto* array = value->if_array();
    if (array == nullptr) return Fail(Path(name), "an array", *value);
    for (size_t i = 0; i < array->size() && status_.ok(); ++i) {
      work((*array)[i], Path(name) + "[" + std::to_string(i) + "]");
    }
  }

  const json::object* object_ = nullptr;
  std::string path_;
  Status status_;
};

template <typename Entry>
Result<Entry> Finish(const Reader& reader, Entry entry) {
  ARROW_RETURN_NOT_OK(reader.status());
  return entry;
}

}  // namespace

json::object ToJson(const Parameters& parameters) {
  json::object out;
  out.reserve(parameters.size());
  for (const auto& [name, value] : parameters) out[name] = value;
  return out;
}

json::object ToJson(const StorageDescriptor& storage) {
  json::object out;
  out["Columns"] = ToJson(storage.columns);
  PutText(out, "Location", storage.location);
  PutText(out, "InputFormat", storage.input_format);
  PutText(out, "OutputFormat", storage.output_format);
  out["Compressed"] = storage.compressed;
  out["NumberOfBuckets"] = storage.number_of_buckets;
  json::object serde;
  PutText(serde, "Name", storage.serde_info.name);
  PutText(serde, "SerializationLibrary", storage.serde_info.serialization_library);
  serde["Parameters"] = ToJson(storage.serde_info.parameters);
  out["SerdeInfo"] = std::move(serde);
  out["BucketColumns"] = ToJson(storage.bucket_columns);
  json::array sort_columns;
  for (const auto& column : storage.sort_columns) {
    sort_columns.push_back(json::object{{"Column", column.column}, {"SortOrder", column.sort_order}});
  }
  out["SortColumns"] = std::move(sort_columns);
  out["Parameters"] = ToJson(storage.parameters);
  out["StoredAsSubDirectories"] = storage.stored_as_sub_directories;
  return out;
}

json::object ToJson(const DatabaseEntry& database) {
  json::object out;
  out["Name"] = database.name;
  PutText(out, "Description", database.description);
  PutText(out, "LocationUri", database.location_uri);
  out["Parameters"] = ToJson(database.parameters);
  PutTime(out, "CreateTime", database.create_time);
  return out;
}

json::object ToJson(const TableEntry& table) {
  json::object out;
  out["Name"] = table.id.name;
  PutText(out, "DatabaseName", table.id.database);
  PutText(out, "Description", table.description);
  PutText(out, "Owner", table.owner);
  PutTime(out, "CreateTime", table.create_time);
  PutTime(out, "UpdateTime", table.update_time);
  out["Retention"] = table.retention;
  out["StorageDescriptor"] = ToJson(table.storage);
  out["PartitionKeys"] = ToJson(table.partition_keys);
  PutText(out, "ViewOriginalText", table.view_original_text);
  PutText(out, "ViewExpandedText", table.view_expanded_text);
  PutText(out, "TableType", table.table_type);
  out["Parameters"] = ToJson(table.parameters);
  PutText(out, "VersionId", table.version_id);
  return out;
}

json::object ToJson(const PartitionEntry& partition) {
  json::object out;
  out["Values"] = ToJson(partition.values);
  PutTime(out, "CreationTime", partition.creation_time);
  out["StorageDescriptor"] = ToJson(partition.storage);
  out["Parameters"] = ToJson(partition.parameters);
  return out;
}

Result<Parameters> ParametersFromJson(const json::value& json) {
  Parameters out;
  const json::value holder = json::object{{"Parameters", json}};
  Reader reader(holder, "");
  reader.Read("Parameters", &out);
  return Finish(reader, std::move(out));
}

Result<StorageDescriptor> StorageDescriptorFromJson(const json::value& json) {
  StorageDescriptor out;
  Reader reader(json, "");
  reader.ReadDescriptor(&out);
  return Finish(reader, std::move(out));
}

Result<DatabaseEntry> DatabaseFromJson(const json::value& json) {
  DatabaseEntry out;
  Reader reader(json, "");
  reader.Read("Name", &out.name);
  reader.Read("Description", &out.description);
  reader.Read("LocationUri", &out.location_uri);
  reader.Read("Parameters", &out.parameters);
  reader.Read("CreateTime", &out.create_time);
  return Finish(reader, std::move(out));
}

Result<TableEntry> TableFromJson(const json::value& json) {
  TableEntry out;
  Reader reader(json, "");
  reader.Read("Name", &out.id.name);
  reader.Read("DatabaseName", &out.id.database);
  reader.Read("Description", &out.description);
  reader.Read("Owner", &out.owner);
  reader.Read("CreateTime", &out.create_time);
  reader.Read("UpdateTime", &out.update_time);
  reader.Read("Retention", &out.retention);
  reader.Read("StorageDescriptor", &out.storage);
  reader.Read("PartitionKeys", &out.partition_keys);
  reader.Read("ViewOriginalText", &out.view_original_text);
  reader.Read("ViewExpandedText", &out.view_expanded_text);
  reader.Read("TableType", &out.table_type);
  reader.Read("Parameters", &out.parameters);
  reader.Read("VersionId", &out.version_id);
  return Finish(reader, std::move(out));
}

Result<PartitionEntry> PartitionFromJson(const json::value& json) {
  PartitionEntry out;
  Reader reader(json, "");
  reader.Read("Values", &out.values);
  reader.Read("CreationTime", &out.creation_time);
  reader.Read("StorageDescriptor", &out.storage);
  reader.Read("Parameters", &out.parameters);
  return Finish(reader, std::move(out));
}

}  // namespace glaux
