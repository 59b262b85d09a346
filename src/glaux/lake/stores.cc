#include <filesystem>

#include "glaux/lake/stores_internal.h"
#include "glaux/store/directory_store.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "file://";
constexpr std::string_view kS3 = "s3://";

/// A lake that is not there and is not to be made is an empty one.
std::shared_ptr<BucketHost> MakeBuckets(const LakeConfig& config, const std::string& root) {
  std::error_code error;
  if (!config.create && !fs::exists(root, error)) return MakeMemoryBuckets();
  return MakeDirectoryBuckets({.root = root + "/store"});
}

}  // namespace

LakeStores::LakeStores(LakeConfig config, std::string root)
    : config_(std::move(config)),
      root_(std::move(root)),
      buckets_(MakeBuckets(config_, root_)),
      s3_(config_.s3, meter_) {}

Result<Location> LakeStores::Resolve(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
  if (config_.remote_store && uri.starts_with(kS3)) {
    ARROW_ASSIGN_OR_RAISE(auto store, s3_.Open(address.bucket, {}));
    return Location{std::move(store), address.key};
  }
  return OpenBucket(address);
}

Result<Location> LakeStores::Find(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
  std::error_code error;
  const bool remote = config_.remote_store && uri.starts_with(kS3);
  if (!remote && !fs::is_directory(StoreFolder() + "/" + address.bucket, error)) {
    return MakeError(ErrorKind::kNotFound, "open ", uri, ": the lake ", root_, " has no bucket ", address.bucket);
  }
  return Resolve(uri);
}

Result<Location> LakeStores::ResolveNamed(std::string_view uri) {
  const bool remote = config_.remote_files && uri.starts_with(kS3);
  return remote ? OpenFolder(uri, For::kReading, {}) : Resolve(uri);
}

Result<Location> LakeStores::ResolveOnS3(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
  ARROW_ASSIGN_OR_RAISE(auto store, s3_.Open(address.bucket, {}));
  return Location{std::move(store), address.key};
}

Result<Location> LakeStores::OpenFolder(std::string_view uri, For purpose, const S3Access& access) {
  const bool own = uri.starts_with(std::string(kFile) + StoreFolder() + "/");
  if (!own && uri.starts_with(kFile)) return OpenLocalFolder(uri, purpose);
  ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
  if (uri.starts_with(kS3) && (config_.remote_store || config_.remote_files || !access.empty())) {
    ARROW_ASSIGN_OR_RAISE(auto store, s3_.Open(address.bucket, access));
    return Location{std::move(store), address.key};
  }
  std::error_code error;
  if (purpose == For::kReading && !fs::is_directory(StoreFolder() + "/" + address.bucket, error)) {
    return MakeError({.kind = ErrorKind::kNotFound,
                      .hint = "a bucket of S3 itself is reached with region, profile or endpoint_url beside the "
                              "address (--region, --profile, --endpoint-url), or with s3: aws in glaux.yaml"},
                     "open ", uri, ": the lake ", root_, " has no bucket ", address.bucket);
  }
  return OpenBucket(address);
}

std::string LakeStores::LocationOf(const TableId& id) const {
  std::string base = "s3://" + config_.bucket;
  if (!config_.prefix.empty()) base += "/" + config_.prefix;
  if (config_.file_locations) base = std::string(kFile) + StoreFolder() + "/" + config_.bucket;
  return base + "/" + id.database + "/" + id.name + "/";
}

Result<std::vector<std::string>> LakeStores::Buckets() {
  if (config_.remote_store || config_.remote_files) return s3_.ListBuckets();
  ARROW_ASSIGN_OR_RAISE(const auto buckets, buckets_->List());
  std::vector<std::string> names;
  for (const auto& bucket : buckets) names.push_back(bucket.name);
  return names;
}

Result<LakeStores::Address> LakeStores::TakeApart(std::string_view uri) const {
  std::string_view rest;
  const std::string own = std::string(kFile) + StoreFolder() + "/";
  if (uri.starts_with(kS3)) {
    rest = uri.substr(kS3.size());
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
  if (!IsBucketName(address.bucket)) return MakeError(ErrorKind::kInvalid, "open ", uri, ": expected s3://bucket/key");
  return address;
}

Result<Location> LakeStores::OpenBucket(const Address& address) {
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

Result<Location> LakeStores::OpenLocalFolder(std::string_view uri, For purpose) {
  const std::string path(uri.substr(kFile.size()));
  std::error_code error;
  for (fs::path above = path; purpose != For::kReading && above.has_relative_path(); above = above.parent_path()) {
    const auto status = fs::status(above, error);
    if (fs::is_directory(status)) break;
    if (fs::exists(status)) {
      return MakeError({.kind = ErrorKind::kInvalid, .hint = "name another folder, or move the file away"},
                       "write into the folder ", path, ": ", above.string(), " is a file");
    }
  }
  if (purpose == For::kReading && !fs::is_directory(path, error)) {
    return MakeError(ErrorKind::kNotFound, "open ", path, ": there is no such folder");
  }
  std::lock_guard lock(mutex_);
  const bool sync = purpose != For::kWritingWhatCanBeMadeAgain;
  auto& store = folders_[{path, sync}];
  if (store == nullptr) {
    ARROW_ASSIGN_OR_RAISE(store, MakeDirectoryStore({.root = path, .sync = sync}));
  }
  return Location{store, ""};
}

}  // namespace glaux
