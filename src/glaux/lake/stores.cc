#include <algorithm>
#include <filesystem>

#include "glaux/lake/stores_internal.h"
#include "glaux/store/directory_store.h"
#include "glaux/store/memory_store.h"

namespace glaux {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFile = "file://";
constexpr std::string_view kS3 = "s3://";

}  // namespace

LakeStores::LakeStores(LakeConfig config, std::string root)
    : config_(std::move(config)), root_(std::move(root)), s3_(config_.s3) {}

Result<Location> LakeStores::Resolve(std::string_view uri) {
  ARROW_ASSIGN_OR_RAISE(const auto address, TakeApart(uri));
  if (config_.remote_store && uri.starts_with(kS3)) {
    ARROW_ASSIGN_OR_RAISE(auto store, s3_.Open(address.bucket, {}));
    return Location{std::move(store), address.key};
  }
  return OpenBucket(address);
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
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(StoreFolder(), error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (at->is_directory() && !name.starts_with('.')) names.push_back(name);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return ErrnoError(error.value(), "list the buckets of the lake " + root_);
  }
  std::sort(names.begin(), names.end());
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
  const bool plain = !address.bucket.empty() && address.bucket[0] != '.' &&
                     std::all_of(address.bucket.begin(), address.bucket.end(), [](unsigned char c) {
                       return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '_';
                     });
  if (!plain) return MakeError(ErrorKind::kInvalid, "open ", uri, ": expected s3://bucket/key");
  return address;
}

Result<Location> LakeStores::OpenBucket(const Address& address) {
  std::lock_guard lock(mutex_);
  auto& store = buckets_[address.bucket];
  std::error_code error;
  if (store == nullptr && !config_.create && !fs::exists(root_, error)) store = MakeMemoryStore();
  if (store == nullptr) {
    ARROW_ASSIGN_OR_RAISE(store, MakeDirectoryStore({.root = StoreFolder() + "/" + address.bucket}));
  }
  return Location{store, address.key};
}

Result<Location> LakeStores::OpenLocalFolder(std::string_view uri, For purpose) {
  const std::string path(uri.substr(kFile.size()));
  std::error_code error;
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
