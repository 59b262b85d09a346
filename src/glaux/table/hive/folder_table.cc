#include "glaux/table/hive/folder_table.h"

#include <arrow/api.h>

#include <algorithm>
#include <charconv>

#include "glaux/schema/evolution.h"
#include "glaux/schema/names.h"
#include "glaux/store/object_input.h"
#include "glaux/table/hive/file_layout_internal.h"
#include "glaux/table/hive/folder_catalog_internal.h"
#include "glaux/table/hive/hive_entry.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

constexpr char kClassification[] = "classification";
/// From so many files the columns of a folder without a log are read.
constexpr size_t kMostSamples = 10;

std::vector<PartitionField> Normalized(std::vector<PartitionField> spec) {
  for (auto& field : spec) {
    if (!field.source_column.empty()) field.source_column = NormalizeColumnName(field.source_column);
  }
  return spec;
}

bool IsWholeNumber(const std::string& text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // "01" is a text: as a number it would come back as another folder.
  return error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
}

/// The keys of a folder that is there, with types from what the folders are called.
std::vector<Column> KeysOf(std::span<const PartitionField> spec) {
  std::vector<Column> keys;
  for (const auto& field : spec) {
    if (field.transform == Transform::kIdentity) {
      keys.push_back({.name = field.source_column, .type = {}});
      continue;
    }
    const int levels = static_cast<int>(field.transform) - static_cast<int>(Transform::kYear) + 1;
    constexpr const char* kNames[] = {"year", "month", "day", "hour"};
    for (int level = 0; level < levels; ++level) keys.push_back({.name = kNames[level], .type = "string"});
  }
  return keys;
}

class FolderEntry {
 public:
  FolderEntry(HivePlace place, FolderSpec spec, FileLayout layout)
      : place_(std::move(place)), spec_(std::move(spec)), layout_(std::move(layout)) {
    spec_.partition_by = Normalized(std::move(spec_.partition_by));
  }

  /// The entry in the log, or one made from the files; whether there is none in the log.
  Result<std::pair<TableEntry, bool>> Load() const {
    auto entry = place_.environment.catalog->GetTable(place_.id);
    if (!entry.ok() && KindOf(entry.status()) == ErrorKind::kNotFound) {
      // A first commit that was cut off makes it.
      ARROW_ASSIGN_OR_RAISE(const auto state, place_.log->Read());
      if (!state.open.empty()) {
        ARROW_RETURN_NOT_OK(FinishOpenCommit(place_, arrow::StopToken::Unstoppable()).status());
        entry = place_.environment.catalog->GetTable(place_.id);
      }
    }
    if (!entry.ok() && KindOf(entry.status()) == ErrorKind::kNotFound) {
      ARROW_ASSIGN_OR_RAISE(auto made, FromFiles());
      return std::pair(std::move(made), true);
    }
    ARROW_RETURN_NOT_OK(entry.status());
    ARROW_RETURN_NOT_OK(Check(*entry));
    return std::pair(*std::move(entry), false);
  }

 private:
  Status Check(const TableEntry& entry) const {
    const auto parameter = [&](const char* name) {
      const auto at = entry.parameters.find(name);
      return at == entry.parameters.end() ? std::string() : at->second;
    };
    if (parameter(kClassification) != spec_.format) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "write another format into another folder"}, "open ",
                       spec_.location, " as ", spec_.format, ": its log is of ", parameter(kClassification), " files");
    }
    const std::string wanted = ToString(spec_.partition_by), found = parameter(kPartitionByParameter);
    if (!wanted.empty() && wanted != found) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "keep the partitions, or write into another folder"},
                       "open ", spec_.location, ": it is partitioned by ", found.empty() ? "nothing" : found,
                       ", expected: ", wanted);
    }
    return Status::OK();
  }

  Result<TableEntry> FromFiles() const {
    auto keys = KeysOf(spec_.partition_by);
    std::vector<std::string> names, locations;
    for (const auto& key : keys) names.push_back(key.name);
    if (keys.empty()) {
      locations.push_back(place_.location);
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto partitions, PartitionsOf(place_, layout_, names));
      for (const auto& partition : partitions) locations.push_back(partition.storage.location);
      for (size_t k = 0; k < keys.size(); ++k) {
        if (!keys[k].type.empty()) continue;
        const bool numbers = std::all_of(partitions.begin(), partitions.end(), [&](const PartitionEntry& partition) {
          return partition.values[k] == kHiveNullPartition || IsWholeNumber(partition.values[k]);
        });
        keys[k].type = numbers && !partitions.empty() ? "bigint" : "string";
      }
    }
    ARROW_ASSIGN_OR_RAISE(const auto columns, ColumnsOfFiles(locations));
    auto entry =
        MakeParquetTableEntry(place_.id, place_.location, ArrowColumns(*columns), std::move(keys), spec_.partition_by);
    entry.storage.input_format.clear();
    entry.storage.output_format.clear();
    entry.storage.serde_info = {};
    entry.parameters[kClassification] = spec_.format;
    ARROW_ASSIGN_OR_RAISE(entry.parameters[kArrowSchemaParameter], PrintArrowSchema(*columns));
    return entry;
  }

  Result<std::shared_ptr<arrow::Schema>> ColumnsOfFiles(std::span<const std::string> locations) const {
    std::vector<ObjectInfo> files;
    if (!layout_.single.empty()) {
      auto there = place_.store->Head(place_.prefix + layout_.single);
      if (there.ok()) {
        files.push_back(*std::move(there));
      } else if (KindOf(there.status()) != ErrorKind::kNotFound) {
        return there.status();
      }
    } else {
      for (const auto& location : locations) {
        ARROW_RETURN_NOT_OK(ForEachDataFile(place_, layout_, location, [&](std::string, const ObjectInfo& object) {
          files.push_back(object);
          return Status::OK();
        }));
      }
    }
    arrow::FieldVector fields;
    const size_t samples = std::min(files.size(), kMostSamples);
    for (size_t i = 0; i < samples; ++i) {
      const auto& object = files[samples == 1 ? 0 : i * (files.size() - 1) / (samples - 1)];
      ARROW_ASSIGN_OR_RAISE(auto file, OpenInput(place_.store, object));
      ARROW_ASSIGN_OR_RAISE(
          const auto found,
          layout_.format->Infer({.name = place_.location + object.key.substr(place_.prefix.size()), .file = file},
                                {.format = spec_.format_options}));
      for (const auto& field : found.schema->fields()) {
        const auto at = std::find_if(fields.begin(), fields.end(),
                                     [&](const auto& known) { return known->name() == field->name(); });
        if (at == fields.end()) {
          fields.push_back(field->WithNullable(true)->RemoveMetadata());
        } else if (!(*at)->type()->Equals(field->type())) {
          *at = (*at)->WithType(UnifyTypes((*at)->type(), field->type()));
        }
      }
    }
    for (auto& field : fields) {
      // No value was seen: text holds whatever comes.
      if (field->type()->id() == arrow::Type::NA) field = field->WithType(arrow::utf8());
    }
    return arrow::schema(std::move(fields));
  }

  const HivePlace place_;
  FolderSpec spec_;
  const FileLayout layout_;
};

}  // namespace

Result<std::shared_ptr<Table>> OpenFolderTable(const LocationResolver& resolve, const FolderSpec& spec, Clock& clock,
                                               const LocationResolver& beside) {
  const size_t slash = spec.location.rfind('/');
  if (slash == std::string::npos) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "a folder ends in '/'"}, "open '", spec.location,
                     "': expected the URI of a folder or a file");
  }
  FileLayout layout;
  layout.folder = true;
  layout.single = spec.location.substr(slash + 1);
  layout.options = spec.format_options;
  ARROW_ASSIGN_OR_RAISE(layout.format, FormatByName(spec.format));
  if (layout.single.empty()) {
    ARROW_ASSIGN_OR_RAISE(layout.file_name, FileNamePattern(spec.file_name, *layout.format, spec.format_options));
  } else if (!spec.partition_by.empty() || !spec.file_name.empty()) {
    return MakeError({.kind = ErrorKind::kInvalid, .hint = "a folder ends in '/'"}, "open ", spec.location,
                     ": a single file has no partitions and no names of files");
  }

  const std::string location = spec.location.substr(0, slash + 1);
  ARROW_ASSIGN_OR_RAISE(auto resolved, resolve(location));
  const std::string& log_name = spec.log_name.empty() ? layout.single : spec.log_name;
  const std::string log = resolved.key + "_glaux/" + (layout.single.empty() ? "" : log_name + "/");
  HivePlace place{.environment = {.catalog = MakeFolderCatalog(resolved.store, log + "table.json", location),
                                  .resolve = resolve,
                                  .beside = beside,
                                  .clock = &clock},
                  .id = {"folder", spec.location},
                  .location = location,
                  .store = resolved.store,
                  .prefix = resolved.key,
                  .log = std::make_shared<CommitLog>(resolved.store, log)};
  const auto entry = std::make_shared<FolderEntry>(place, spec, layout);
  layout.load = [entry] { return entry->Load(); };
  ARROW_ASSIGN_OR_RAISE(auto loaded, entry->Load());
  return MakeHiveTable(std::move(place), std::move(loaded.first), loaded.second, std::move(layout));
}

}  // namespace glaux
