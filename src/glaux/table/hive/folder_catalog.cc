#include <boost/json.hpp>

#include "glaux/catalog/entry_json.h"
#include "glaux/table/hive/folder_catalog_internal.h"
#include "glaux/table/hive/hive_path.h"

namespace glaux {
namespace {

namespace json = boost::json;

class FolderCatalog final : public Catalog {
 public:
  FolderCatalog(std::shared_ptr<ObjectStore> store, std::string entry_key, std::string location)
      : store_(std::move(store)), entry_key_(std::move(entry_key)), location_(std::move(location)) {}

  CatalogTraits traits() const override {
    return {.optimistic_lock = true, .atomic_partitions = true, .table_versions = false};
  }
  std::string name() const override { return location_; }

  Result<TableEntry> GetTable(const TableId&, std::string_view) override {
    // The condition makes one version of Head and Get.
    for (;;) {
      ARROW_ASSIGN_OR_RAISE(const auto info, store_->Head(entry_key_));
      const auto body = store_->Get(entry_key_, {.if_match = info.etag});
      if (!body.ok() && KindOf(body.status()) == ErrorKind::kPrecondition) continue;
      ARROW_RETURN_NOT_OK(body.status());
      const auto corrupt = [&](std::string_view why) {
        return MakeError(
            {.kind = ErrorKind::kCorrupt,
             .hint = "restore the object from a copy, or delete it: the next write makes it from the files"},
            "read ", entry_key_, ": ", why);
      };
      boost::system::error_code error;
      const std::string_view text(**body);
      const auto value = json::parse({text.data(), text.size()}, error);
      if (error) return corrupt("not JSON: " + error.message());
      auto entry = TableFromJson(value);
      if (!entry.ok()) return corrupt(entry.status().message());
      entry->version_id = info.etag;
      entry->storage.location = location_;  // folders are moved and copied with their logs
      return entry;
    }
  }

  Status CreateDatabase(const DatabaseEntry&) override { return Status::OK(); }
  Result<TableEntry> CreateTable(const TableEntry& table) override {
    auto made = Write(table, {.if_absent = true});
    if (made.ok() || KindOf(made.status()) != ErrorKind::kPrecondition) return made;
    return MakeError(ErrorKind::kAlreadyExists, "write ", entry_key_, ": it is there already");
  }
  Result<TableEntry> CommitTable(std::string_view expected_version, const TableEntry& table) override {
    return Write(table, {.if_match = std::string(expected_version)});
  }

  Result<Page<PartitionEntry>> GetPartitions(const TableId&, const PartitionQuery&) override { return Cannot(); }
  Result<std::vector<PartitionEntry>> FindPartitions(const TableId&,
                                                     std::span<const std::vector<std::string>>) override {
    return Cannot();
  }
  // A partition is there with its first file.
  Status ApplyPartitions(const TableId&, const PartitionChange&) override { return Status::OK(); }

  Result<std::vector<ColumnStatistics>> GetStatistics(const TableId&, const std::vector<std::string>&,
                                                      std::span<const std::string>) override {
    return Cannot();
  }
  Status ApplyStatistics(const TableId&, const std::vector<std::string>&, const StatisticsChange&) override {
    return Cannot();
  }

  Result<Page<DatabaseEntry>> ListDatabases(const PageRequest&) override { return Cannot(); }
  Result<DatabaseEntry> GetDatabase(std::string_view) override { return Cannot(); }
  Status UpdateDatabase(const DatabaseEntry&) override { return Cannot(); }
  Status DropDatabase(std::string_view) override { return Cannot(); }
  Result<Page<TableEntry>> ListTables(std::string_view, const PageRequest&) override { return Cannot(); }
  Status DropTable(const TableId&) override { return Cannot(); }
  Result<Page<TableEntry>> TableVersions(const TableId&, const PageRequest&) override { return Cannot(); }

 private:
  Status Cannot() const {
    return MakeError(ErrorKind::kNotImplemented, location_, " is a folder of files: there is no catalog");
  }

  Result<TableEntry> Write(TableEntry table, const PutOptions& condition) {
    table.version_id.clear();
    ARROW_ASSIGN_OR_RAISE(const auto put, PutString(*store_, entry_key_, json::serialize(ToJson(table)), condition));
    table.version_id = put.etag;
    return table;
  }

  const std::shared_ptr<ObjectStore> store_;
  const std::string entry_key_, location_;
};

Status FoldersOf(ObjectStore& store, const std::string& prefix, std::vector<std::string>* folders) {
  ListOptions options{.prefix = prefix, .delimiter = "/"};
  do {
    ARROW_ASSIGN_OR_RAISE(auto page, store.List(options));
    folders->insert(folders->end(), page.common_prefixes.begin(), page.common_prefixes.end());
    options.continuation_token = std::move(page.next_token);
  } while (!options.continuation_token.empty());
  return Status::OK();
}

}  // namespace

std::shared_ptr<Catalog> MakeFolderCatalog(std::shared_ptr<ObjectStore> store, std::string entry_key,
                                           std::string location) {
  return std::make_shared<FolderCatalog>(std::move(store), std::move(entry_key), std::move(location));
}

Result<std::vector<PartitionEntry>> PartitionFolders(ObjectStore& store, const std::string& prefix,
                                                     const std::string& location, std::span<const std::string> keys) {
  std::vector<std::string> folders = {prefix};
  for (size_t level = 0; level < keys.size(); ++level) {
    std::vector<std::string> deeper;
    for (const auto& folder : folders) {
      std::vector<std::string> below;
      ARROW_RETURN_NOT_OK(FoldersOf(store, folder, &below));
      for (auto& name : below) {
        const std::string_view path = std::string_view(name).substr(prefix.size());
        if (ParsePartitionPath(path, keys.first(level + 1)).ok()) deeper.push_back(std::move(name));
      }
    }
    folders = std::move(deeper);
  }
  std::vector<PartitionEntry> partitions;
  for (const auto& folder : folders) {
    const std::string below = folder.substr(prefix.size());
    PartitionEntry entry;
    ARROW_ASSIGN_OR_RAISE(entry.values, ParsePartitionPath(below, keys));
    entry.storage.location = location + below;
    partitions.push_back(std::move(entry));
  }
  return partitions;
}

}  // namespace glaux
