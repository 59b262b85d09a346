#include "glaux/lake/lake.h"

#include <algorithm>
#include <filesystem>
#include <mutex>

#include "glaux/catalog/memory_catalog.h"
#include "glaux/catalog/sqlite_catalog.h"
#include "glaux/engine/duckdb/duckdb_engine.h"
#include "glaux/lake/load_internal.h"
#include "glaux/lake/sync_targets_internal.h"
#include "glaux/schema/names.h"
#include "glaux/table/hive/folder_table.h"
#include "glaux/table/hive/hive_table.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

/// Less than this, and no batch would fit.
constexpr int64_t kLeastMemory = 32 << 20;

/// Edits that turn one name into the other.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = corner + (a[i - 1] != b[j - 1]);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

class LocalLake final : public Lake {
 public:
  LocalLake(LakeConfig config, std::string root, std::shared_ptr<Catalog> catalog)
      : config_(std::move(config)), root_(std::move(root)), catalog_(std::move(catalog)), buckets_(MakeBuckets()) {
    load_.hive = {.catalog = catalog_, .resolve = [this](std::string_view uri) { return Resolve(uri); }};
    load_.location_of = [this](const TableId& id) {
      const std::string base =
          config_.file_locations ? "file://" + StoreFolder() + "/" + config_.bucket : "s3://" + config_.bucket;
      return base + "/" + id.database + "/" + id.name + "/";
    };
  }

  const LakeConfig& config() const override { return config_; }
  Catalog& catalog() override { return *catalog_; }

  Result<QueryEngine*> engine() override {
    std::lock_guard lock(mutex_);
    if (engine_ == nullptr) {
      LakeAccess access;
      access.catalog = catalog_;
      access.open_table = [this](const TableId& id) { return OpenTable(id); };
      access.resolve = [this](std::string_view uri) { return Resolve(uri); };
      ARROW_ASSIGN_OR_RAISE(engine_,
                            MakeDuckDBEngine(std::move(access), {.default_database = config_.database,
                                                                 .memory_limit = config_.memory_limit,
                                                                 .allow_local_access = config_.allow_local_access}));
    }
    return engine_.get();
  }

  Result<Location> Resolve(std::string_view uri) override {
    ARROW_ASSIGN_OR_RAISE(const auto address, Take(uri));
    auto store = buckets_->Open(address.bucket);
    if (!store.ok() && KindOf(store.status()) == ErrorKind::kNotFound) {
      const Status made = buckets_->Create(address.bucket);
      // Somebody else may have made it meanwhile.
      if (!made.ok() && KindOf(made) != ErrorKind::kAlreadyExists) return made;
      store = buckets_->Open(address.bucket);
    }
    ARROW_RETURN_NOT_OK(store.status());
    return Location{*std::move(store), address.key};
  }

  Result<std::vector<std::string>> Buckets() override {
    ARROW_ASSIGN_OR_RAISE(const auto buckets, buckets_->List());
    std::vector<std::string> names;
    for (const auto& bucket : buckets) names.push_back(bucket.name);
    return names;
  }

  std::shared_ptr<BucketHost> bucket_host() override { return buckets_; }

  Result<std::shared_ptr<Table>> OpenTable(const TableId& id) override {
    auto table = OpenHiveTable(load_.hive, id);
    if (table.ok() || KindOf(table.status()) != ErrorKind::kNotFound) return table;
    return WithHint(table.status(), NearNames(id));
  }

  Result<LoadSummary> Load(const LoadOptions& options) override {
    LoadOptions folded = options;
    if (folded.table.database.empty()) folded.table.database = config_.database;
    ARROW_ASSIGN_OR_RAISE(folded.table.database, NormalizeTableName(folded.table.database));
    ARROW_ASSIGN_OR_RAISE(folded.table.name, NormalizeTableName(folded.table.name));
    return LoadIntoLake(*this, load_, folded);
  }

  SyncEnvironment sync_environment(std::shared_ptr<arrow::io::OutputStream> out) override {
    using For = LocalFolders::For;
    const auto folder = [this](std::string_view uri, For purpose) -> Result<Location> {
      const bool own = uri.starts_with("s3://") || uri.starts_with("file://" + StoreFolder() + "/");
      if (!own && uri.starts_with("file://")) return folders_.Open(uri, purpose);
      ARROW_ASSIGN_OR_RAISE(const auto address, Take(uri));
      std::error_code error;
      if (purpose == For::kReading && !fs::is_directory(StoreFolder() + "/" + address.bucket, error)) {
        return MakeError(ErrorKind::kNotFound, "open ", uri, ": the lake ", root_, " has no bucket ", address.bucket);
      }
      return Resolve(uri);
    };
    SyncEnvironment environment;
    environment.open_folder = [folder](std::string_view uri) { return folder(uri, For::kReading); };
    environment.make_folder = [folder](std::string_view uri) { return folder(uri, For::kWriting); };
    environment.list_committed = ListCommitted;
    environment.open_table = [this](const TableId& id) { return OpenTable(id); };
    environment.resolve = load_.hive.resolve;
    environment.engine = [this] { return engine(); };
    environment.clock = load_.hive.clock;
    environment.memory_limit = config_.memory_limit;
    environment.database = config_.database;
    SyncLake lake{.hive = load_.hive,
                  .location_of = load_.location_of,
                  .open_folder = folder,
                  .engine = environment.engine,
                  .database = config_.database,
                  .memory_limit = config_.memory_limit,
                  .out = std::move(out)};
    environment.open_target = [lake = std::move(lake)](const DestinationConfig& destination, TargetUse use) {
      return OpenSyncTarget(lake, destination, use);
    };
    return environment;
  }

  Status DropTable(const TableId& id) override {
    const Status status = DropHiveTable(load_.hive, id, load_.location_of(id));
    return KindOf(status) == ErrorKind::kNotFound && !status.ok() ? WithHint(status, NearNames(id)) : status;
  }

 private:
  struct Address {
    std::string bucket;
    std::string key;
  };

  std::string StoreFolder() const { return root_ + "/store"; }

  /// A lake that is not there and is not to be made is an empty one.
  std::shared_ptr<BucketHost> MakeBuckets() const {
    std::error_code error;
    if (!config_.create && !fs::exists(root_, error)) return MakeMemoryBuckets();
    return MakeDirectoryBuckets({.root = StoreFolder()});
  }

  /// Bucket and key of "s3://bucket/key", or of "file://" below the lake's own store.
  Result<Address> Take(std::string_view uri) const {
    std::string_view rest;
    const std::string own = "file://" + StoreFolder() + "/";
    if (uri.starts_with("s3://")) {
      rest = uri.substr(5);
    } else if (uri.starts_with(own)) {
      rest = uri.substr(own.size());
    } else {
      return MakeError({.kind = ErrorKind::kDenied,
                        .hint = "data of a lake has s3://bucket/key addresses; glaux load brings other files in"},
                       "open ", uri, ": it is not in the lake ", root_);
    }
    const size_t slash = rest.find('/');
    Address address{std::string(rest.substr(0, slash)),
                    slash == std::string_view::npos ? "" : std::string(rest.substr(slash + 1))};
    if (!IsBucketName(address.bucket))
      return MakeError(ErrorKind::kInvalid, "open ", uri, ": expected s3://bucket/key");
    return address;
  }

  /// "did you mean billing.cur", or where to look.
  std::string NearNames(const TableId& id) {
    const auto databases = AllDatabases(*catalog_);
    std::string best;
    size_t least = id.ToString().size() / 3 + 2;
    size_t tables = 0;
    if (databases.ok()) {
      for (const auto& database : *databases) {
        const auto entries = AllTables(*catalog_, database.name);
        if (!entries.ok()) continue;
        for (const auto& entry : *entries) {
          ++tables;
          const size_t distance =
              std::min(Distance(entry.id.ToString(), id.ToString()), entry.id.name == id.name ? size_t{1} : SIZE_MAX);
          if (distance < least) {
            least = distance;
            best = entry.id.ToString();
          }
        }
      }
    }
    if (!best.empty()) return "did you mean " + best + "?";
    return tables == 0 ? "the lake " + root_ + " has no tables yet; glaux load makes one"
                       : "glaux tables lists the tables of the lake " + root_;
  }

  const LakeConfig config_;
  const std::string root_;
  const std::shared_ptr<Catalog> catalog_;
  const std::shared_ptr<BucketHost> buckets_;
  LoadEnvironment load_;
  LocalFolders folders_;
  std::mutex mutex_;
  std::unique_ptr<QueryEngine> engine_;
};

}  // namespace

Result<std::unique_ptr<Lake>> Lake::Open(const LakeConfig& config) {
  if (config.memory_limit < kLeastMemory) {
    return MakeError(ErrorKind::kInvalid, "open lake ", config.directory, ": memory_limit is ", config.memory_limit,
                     " bytes, and at least 32MiB are needed");
  }
  std::error_code error;
  if (!config.create && !fs::exists(config.directory, error)) {
    return std::make_unique<LocalLake>(config, fs::absolute(config.directory).lexically_normal().string(),
                                       MakeMemoryCatalog());
  }
  fs::create_directories(config.directory + "/store/" + config.bucket, error);
  if (error) return ErrnoError(error.value(), "open lake " + config.directory);
  const fs::path root = fs::canonical(config.directory, error);
  if (error) return ErrnoError(error.value(), "open lake " + config.directory);
  ARROW_ASSIGN_OR_RAISE(auto catalog, OpenSqliteCatalog({.path = (root / "catalog.sqlite").string()}));
  return std::make_unique<LocalLake>(config, root.string(), std::move(catalog));
}

}  // namespace glaux
