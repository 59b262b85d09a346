#include "glaux/lake/sync_targets_internal.h"

#include <arrow/api.h>

#include <filesystem>

#include "glaux/format/byte_sink.h"
#include "glaux/schema/names.h"
#include "glaux/store/memory_store.h"
#include "glaux/sync/stdout_target.h"
#include "glaux/sync/table_target.h"
#include "glaux/table/hive/folder_table.h"
#include "glaux/table/hive/hive_entry.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

Result<std::vector<PartitionField>> SpecOf(const DestinationConfig& destination) {
  if (destination.partition_by.has_value()) {
    if (*destination.partition_by == "none") return std::vector<PartitionField>();
    return ParsePartitionSpec(*destination.partition_by);
  }
  // What is only added to is divided by time; what is rewritten by key is not.
  if (destination.mode != WriteMode::kAppend || destination.kind != DestinationConfig::Kind::kTable)
    return std::vector<PartitionField>();
  return std::vector<PartitionField>{{Transform::kDay, ""}};
}

Result<std::unique_ptr<Target>> OpenCatalogTable(const SyncLake& lake, const DestinationConfig& destination) {
  TableId id = destination.table;
  if (id.database.empty()) id.database = lake.database;
  ARROW_ASSIGN_OR_RAISE(id.database, NormalizeTableName(id.database));
  ARROW_ASSIGN_OR_RAISE(id.name, NormalizeTableName(id.name));
  ARROW_ASSIGN_OR_RAISE(const auto spec, SpecOf(destination));
  TableTargetOptions options{.name = "table " + id.ToString(),
                             .partition_by = spec,
                             .resolve = lake.hive.resolve,
                             .beside = lake.hive.beside,
                             .engine = lake.engine,
                             .compression = destination.format_options.parquet.compression,
                             .target_file_bytes = destination.target_file_bytes};
  options.open = [hive = lake.hive, id, spec, given = destination.partition_by]() -> Result<std::shared_ptr<Table>> {
    ARROW_ASSIGN_OR_RAISE(auto table, OpenHiveTable(hive, id));
    if (given.has_value() && table->partition_spec() != spec) {
      const auto there = table->partition_spec();
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "leave partition_by out, or write into a new table"},
                       "write into ", id.ToString(), ": the table is partitioned by ",
                       there.empty() ? "nothing" : ToString(there), ", asked for: ", *given,
                       "; partition keys never change");
    }
    return table;
  };
  options.stage = [hive = lake.hive, id, spec,
                   location = lake.location_of(id)](const arrow::Schema& schema) -> Result<std::shared_ptr<Table>> {
    ARROW_ASSIGN_OR_RAISE(auto keys, PartitionKeysOf(spec, schema));
    ARROW_ASSIGN_OR_RAISE(auto columns, ColumnsOf(schema, spec));
    if (columns.empty()) {
      return MakeError(ErrorKind::kInvalid, "create table ", id.ToString(),
                       ": every column is a partition key, so the files would have no columns");
    }
    return StageHiveTable(hive, MakeParquetTableEntry(id, location, std::move(columns), std::move(keys), spec));
  };
  auto table = options.open();
  if (!table.ok() && KindOf(table.status()) != ErrorKind::kNotFound) return table.status();
  if (table.ok()) options.table = *std::move(table);
  const std::string location =
      options.table == nullptr ? lake.location_of(id) : options.table->entry().storage.location;
  options.quarantine_folder = location + (location.ends_with('/') ? "" : "/") + "_quarantine/";
  return MakeTableTarget(std::move(options));
}

/// A folder's files, or one file.
Result<std::unique_ptr<Target>> OpenFiles(const SyncLake& lake, const DestinationConfig& destination, TargetUse use) {
  const size_t slash = destination.uri.rfind('/');
  const std::string folder = destination.uri.substr(0, slash + 1);
  const std::string name = destination.uri.substr(slash + 1);
  if (folder.find('{') != std::string::npos) {
    return MakeError(ErrorKind::kInvalid, destination.place.ToString(), ": ", destination.uri,
                     ": {run}, {part}, {date} and {time} belong into the name of the files, not of the folder");
  }
  if (const std::string path = destination.uri.substr(std::string_view("file://").size());
      destination.uri.starts_with("file://") && !name.empty()) {
    std::error_code error;
    const auto status = fs::status(path, error);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      return MakeError({.kind = ErrorKind::kInvalid,
                        .hint = fs::is_directory(status) ? "end the path with / to write files into the folder"
                                                         : "a destination of connector stdout writes into pipes"},
                       destination.place.ToString(), ": ", path, " is there and is no regular file");
    }
  }
  const bool single_file = !name.empty() && name.find('{') == std::string::npos;
  FolderSpec spec{.location = single_file ? destination.uri : folder,
                  .format_options = destination.format_options,
                  .file_name = single_file ? "" : name,
                  .log_name = destination.name_by_time};
  ARROW_ASSIGN_OR_RAISE(const auto* format,
                        destination.format.has_value() ? FormatByName(*destination.format) : FormatOfFile(name));
  spec.format = std::string(format->name());
  auto& compression = spec.format_options.text.compression;
  if (compression == "auto") compression = CompressionOfFile(name);
  ARROW_ASSIGN_OR_RAISE(spec.partition_by, SpecOf(destination));
  // What remembers nothing is made again by the same command: no loss of power can make it say what is not so.
  const auto purpose =
      destination.mode == WriteMode::kReplace ? LakeStores::For::kWritingWhatCanBeMadeAgain : LakeStores::For::kWriting;
  auto opened = lake.open_folder(folder, use == TargetUse::kLook ? LakeStores::For::kReading : purpose, destination.s3);
  if (use == TargetUse::kLook && KindOf(opened.status()) == ErrorKind::kNotFound)
    opened = Location{MakeMemoryStore(), ""};
  ARROW_ASSIGN_OR_RAISE(const auto place, opened);
  const LocationResolver resolve = [folder, place](std::string_view uri) -> Result<Location> {
    if (!uri.starts_with(folder)) return MakeError(ErrorKind::kDenied, "open ", uri, ": it is not in ", folder);
    return Location{place.store, place.key + std::string(uri.substr(folder.size()))};
  };
  const LocationResolver beside = [resolve, folder, open = lake.open_folder, access = destination.s3,
                                   elsewhere = lake.hive.beside](std::string_view uri) -> Result<Location> {
    if (uri.starts_with(folder)) return resolve(uri);
    // Whoever says how the destination's S3 is reached means the quarantine there, too.
    return uri.starts_with("s3://") && !access.empty() ? open(uri, LakeStores::For::kWriting, access) : elsewhere(uri);
  };
  TableTargetOptions options{.name = destination.uri,
                             .in_catalog = false,
                             .single_file = single_file,
                             .quarantine_folder = folder + "_quarantine/",
                             .resolve = resolve,
                             .beside = beside,
                             .engine = lake.engine,
                             .compression = destination.format_options.parquet.compression,
                             .target_file_bytes = destination.target_file_bytes};
  options.open = [resolve, beside, spec, clock = lake.hive.clock] {
    return OpenFolderTable(resolve, spec, *clock, beside);
  };
  ARROW_ASSIGN_OR_RAISE(options.table, options.open());
  return MakeTableTarget(std::move(options));
}

}  // namespace

Result<std::unique_ptr<Target>> OpenSyncTarget(const SyncLake& lake, const DestinationConfig& destination,
                                               TargetUse use) {
  switch (destination.kind) {
    case DestinationConfig::Kind::kTable:
      return OpenCatalogTable(lake, destination);
    case DestinationConfig::Kind::kFiles:
      return OpenFiles(lake, destination, use);
    case DestinationConfig::Kind::kStdout:
      return MakeStdoutTarget(destination, lake.out);
    case DestinationConfig::Kind::kDuckDB:
      return OpenDuckDBTarget(destination, lake.hive.beside, lake.memory_limit);
  }
  return MakeError(ErrorKind::kInvalid, "destination ", destination.name, " is of no known kind");
}

}  // namespace glaux
