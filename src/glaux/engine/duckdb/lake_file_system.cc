#include "glaux/engine/duckdb/lake_file_system_internal.h"

#include <duckdb/common/file_opener.hpp>
#include <duckdb/common/virtual_file_system.hpp>

#include <fnmatch.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "glaux/engine/duckdb/opened_file_internal.h"
#include "glaux/engine/duckdb/query_state_internal.h"

namespace glaux::duckdb_engine {

namespace {

using duckdb::FileOpener;
using duckdb::FileOpenFlags;
using duckdb::idx_t;
using duckdb::optional_ptr;
using duckdb::string;

ReadingQuery Reading(const duckdb::shared_ptr<QueryContext>& query) {
  return query ? ReadingQuery{.stop = query->stop(), .bytes = &query->bytes_scanned} : ReadingQuery{};
}

/// Size and ETag where a plan tells them.
bool TakePlanned(const duckdb::OpenFileInfo& info, ObjectInfo* object) {
  if (!info.extended_info) return false;
  const auto& options = info.extended_info->options;
  const auto size = options.find(kFileSizeOption);
  const auto etag = options.find(kFileEtagOption);
  if (size == options.end() || etag == options.end()) return false;
  object->size = duckdb::BigIntValue::Get(size->second);
  object->etag = duckdb::StringValue::Get(etag->second);
  return true;
}

bool IsOfTable(const duckdb::OpenFileInfo& info) {
  return info.extended_info && info.extended_info->options.contains(kTableFileOption);
}

duckdb::shared_ptr<QueryContext> QueryOf(optional_ptr<FileOpener> opener) {
  auto context = FileOpener::TryGetClientContext(opener);
  return context ? QueryContext::Of(*context) : nullptr;
}

class LakeFileHandle : public duckdb::FileHandle {
 public:
  LakeFileHandle(duckdb::FileSystem& file_system, FileOpenFlags flags, std::shared_ptr<OpenedFile> file,
                 duckdb::shared_ptr<QueryContext> query)
      : FileHandle(file_system, file->uri(), flags), file_(std::move(file)), query_(std::move(query)) {}

  void Close() override {}

  const OpenedFile& file() const { return *file_; }
  const std::shared_ptr<OpenedFile>& shared_file() const { return file_; }

  void ReadAt(void* out, int64_t length, int64_t offset) {
    const Status status = file_->ReadAt(
        offset, {static_cast<std::byte*>(out), static_cast<size_t>(std::max<int64_t>(length, 0))}, Reading(query_));
    if (status.ok()) return;
    if (KindOf(status) == ErrorKind::kCancelled && query_ && query_->stop().IsStopRequested()) {
      throw duckdb::InterruptException();
    }
    Throw(query_.get(), status);
  }

  int64_t position = 0;

 private:
  const std::shared_ptr<OpenedFile> file_;
  const duckdb::shared_ptr<QueryContext> query_;
};

LakeFileHandle& AsLake(duckdb::FileHandle& handle) { return static_cast<LakeFileHandle&>(handle); }

/// Reads URIs ("s3://bucket/key") through the lake's stores.
class LakeFileSystem : public duckdb::FileSystem {
 public:
  LakeFileSystem(LakeAccess lake, bool only_lake) : lake_(std::move(lake)), only_lake_(only_lake) {
    if (!lake_.resolve_named) lake_.resolve_named = lake_.resolve;
  }

  bool CanHandleFile(const string& path) override {
    if (path.find("://") == string::npos) return false;
    return only_lake_ || lake_.resolve_named(path).ok();
  }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const string& path, FileOpenFlags flags,
                                                  optional_ptr<FileOpener> opener) override {
    return OpenFileExtended(duckdb::OpenFileInfo(path), flags, opener);
  }

  void Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes, idx_t location) override {
    AsLake(handle).ReadAt(buffer, bytes, static_cast<int64_t>(location));
  }
  int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t bytes) override {
    auto& file = AsLake(handle);
    const int64_t length = std::min(bytes, file.file().size() - file.position);
    if (length <= 0) return 0;
    file.ReadAt(buffer, length, file.position);
    file.position += length;
    return length;
  }
  int64_t GetFileSize(duckdb::FileHandle& handle) override { return AsLake(handle).file().size(); }
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle& handle) override {
    return duckdb::timestamp_t(AsLake(handle).file().info().last_modified.time_since_epoch().count());
  }
  string GetVersionTag(duckdb::FileHandle& handle) override { return AsLake(handle).file().info().etag; }
  duckdb::FileType GetFileType(duckdb::FileHandle&) override { return duckdb::FileType::FILE_TYPE_REGULAR; }
  void Seek(duckdb::FileHandle& handle, idx_t location) override {
    AsLake(handle).position = static_cast<int64_t>(location);
  }
  idx_t SeekPosition(duckdb::FileHandle& handle) override { return static_cast<idx_t>(AsLake(handle).position); }
  void Reset(duckdb::FileHandle& handle) override { AsLake(handle).position = 0; }
  bool CanSeek() override { return true; }
  // Not on disk makes DuckDB's reader fetch whole column chunks, one Get each, instead of pages.
  bool OnDiskFile(duckdb::FileHandle&) override { return false; }
  bool IsPipe(const string&, optional_ptr<FileOpener>) override { return false; }
  string CanonicalizePath(const string& path, optional_ptr<FileOpener>) override { return path; }
  bool DirectoryExists(const string&, optional_ptr<FileOpener>) override { return false; }

  bool FileExists(const string& path, optional_ptr<FileOpener> opener) override {
    const auto query = QueryOf(opener);
    const auto resolved = Resolve(path, query.get());
    const auto info = resolved.store->Head(resolved.key);
    if (!info.ok() && KindOf(info.status()) != ErrorKind::kNotFound)
      Throw(query.get(), Prefix(info.status(), "find " + path));
    return info.ok();
  }

  duckdb::vector<duckdb::OpenFileInfo> Glob(const string& path, FileOpener* opener) override {
    duckdb::vector<duckdb::OpenFileInfo> files;
    const auto query = QueryOf(opener);
    const auto wildcard = path.find_first_of("*?[");
    if (wildcard == string::npos) {
      Resolve(path, query.get());
      files.emplace_back(path);
      return files;
    }
    const auto resolved = Resolve(path.substr(0, wildcard), query.get());
    const string base = path.substr(0, wildcard - resolved.key.size());
    const int across_folders = path.find("**") == string::npos ? FNM_PATHNAME : 0;
    const auto listed = ForEachObject(*resolved.store, resolved.key, [&](const ObjectInfo& object) {
      if (query && query->stop().IsStopRequested())
        return MakeError(ErrorKind::kCancelled, "list ", path, ": cancelled");
      const string uri = base + object.key;
      if (fnmatch(path.c_str(), uri.c_str(), across_folders) == 0) files.push_back(Describe(uri, object));
      return Status::OK();
    });
    if (!listed.ok()) Throw(query.get(), Prefix(listed, "list " + path));
    return files;
  }

  string GetName() const override { return "GlauxLake"; }

 protected:
  bool SupportsOpenFileExtended() const override { return true; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFileExtended(const duckdb::OpenFileInfo& info, FileOpenFlags flags,
                                                          optional_ptr<FileOpener> opener) override {
    const auto query = QueryOf(opener);
    if (flags.OpenForWriting()) {
      Throw(query.get(), MakeError(ErrorKind::kNotImplemented, "write ", info.path, ": SQL cannot write to the lake"));
    }
    const auto make = [&] { return Open(info, query.get()); };
    // One address may mean two files: one of a table in the lake's folder, and one in a bucket of S3.
    auto file = query ? query->Share(IsOfTable(info) ? info.path : "named " + info.path, make) : make();
    return duckdb::make_uniq<LakeFileHandle>(*this, flags, std::move(file), query);
  }

 private:
  Location Resolve(const string& path, QueryContext* query) const { return Resolve(lake_.resolve_named, path, query); }

  static Location Resolve(const LocationResolver& resolve, const string& path, QueryContext* query) {
    auto resolved = resolve(path);
    if (!resolved.ok()) {
      Throw(query,
            WithHint(Prefix(resolved.status(), "read " + path),
                     "SQL reads what lies inside the lake; set `allow_local_access: true` in glaux.yaml for more"));
    }
    return std::move(resolved).ValueUnsafe();
  }

  static duckdb::OpenFileInfo Describe(const string& uri, const ObjectInfo& object) {
    duckdb::OpenFileInfo info(uri);
    info.extended_info = duckdb::make_shared_ptr<duckdb::ExtendedOpenFileInfo>();
    info.extended_info->options[kFileSizeOption] = duckdb::Value::BIGINT(object.size);
    info.extended_info->options[kFileEtagOption] = duckdb::Value(object.etag);
    return info;
  }

  std::shared_ptr<OpenedFile> Open(const duckdb::OpenFileInfo& info, QueryContext* query) const {
    auto resolved = Resolve(IsOfTable(info) ? lake_.resolve : lake_.resolve_named, info.path, query);
    ObjectInfo object{.key = std::move(resolved.key)};
    if (TakePlanned(info, &object)) {
      return std::make_shared<OpenedFile>(info.path, std::move(resolved.store), std::move(object));
    }
    auto head = resolved.store->Head(object.key);
    if (!head.ok()) Throw(query, Prefix(head.status(), "open " + info.path));
    return std::make_shared<OpenedFile>(info.path, std::move(resolved.store), std::move(head).ValueUnsafe());
  }

  LakeAccess lake_;
  const bool only_lake_;
};

/// The machine's files, of which only DuckDB's own spill files are left: a path counts only under the folder for them
/// and only when DuckDB itself asks, not when SQL does.
class SpillFileSystem : public duckdb::FileSystem {
 public:
  explicit SpillFileSystem(string folder) : folder_(std::move(folder)), local_(FileSystem::CreateLocal()) {}

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(const string& path, FileOpenFlags flags,
                                                  optional_ptr<FileOpener> opener) override {
    if (!IsSpill(path, opener)) {
      if (!FileOpener::TryGetClientContext(opener) && flags.ReturnNullIfNotExists()) return nullptr;
      Deny(path);
    }
    return local_->OpenFile(path, flags, opener);
  }
  bool FileExists(const string& path, optional_ptr<FileOpener> opener) override {
    return Check(path, opener) && local_->FileExists(path, opener);
  }
  bool DirectoryExists(const string& path, optional_ptr<FileOpener> opener) override {
    return Check(path, opener) && local_->DirectoryExists(path, opener);
  }
  bool IsPipe(const string& path, optional_ptr<FileOpener> opener) override {
    return Check(path, opener) && local_->IsPipe(path, opener);
  }
  void CreateDirectory(const string& path, optional_ptr<FileOpener> opener) override {
    Require(path, opener);
    local_->CreateDirectory(path, opener);
  }
  void RemoveDirectory(const string& path, optional_ptr<FileOpener> opener) override {
    Require(path, opener);
    local_->RemoveDirectory(path, opener);
  }
  bool ListFiles(const string& path, const std::function<void(const string&, bool)>& visit,
                 FileOpener* opener) override {
    Require(path, opener);
    return local_->ListFiles(path, visit, opener);
  }
  void MoveFile(const string& source, const string& target, optional_ptr<FileOpener> opener) override {
    Require(source, opener);
    Require(target, opener);
    local_->MoveFile(source, target, opener);
  }
  void RemoveFile(const string& path, optional_ptr<FileOpener> opener) override {
    Require(path, opener);
    local_->RemoveFile(path, opener);
  }
  bool TryRemoveFile(const string& path, optional_ptr<FileOpener> opener) override {
    Require(path, opener);
    return local_->TryRemoveFile(path, opener);
  }
  duckdb::vector<duckdb::OpenFileInfo> Glob(const string& path, FileOpener*) override { Deny(path); }
  string PathSeparator(const string& path) override { return local_->PathSeparator(path); }
  string GetName() const override { return "GlauxSpill"; }

 private:
  [[noreturn]] static void Deny(const string& path) {
    throw duckdb::PermissionException("\"%s\" is a local file, and SQL may not use local files", path);
  }

  bool IsSpill(const string& path, optional_ptr<FileOpener> opener) const {
    if (FileOpener::TryGetClientContext(opener)) return false;
    return path.compare(0, folder_.size(), folder_) == 0 && path.find("..") == string::npos;
  }
  /// DuckDB's own look at other places (limits of the machine) finds nothing; SQL's is refused.
  bool Check(const string& path, optional_ptr<FileOpener> opener) const {
    if (FileOpener::TryGetClientContext(opener)) Deny(path);
    return IsSpill(path, opener);
  }
  void Require(const string& path, optional_ptr<FileOpener> opener) const {
    if (!IsSpill(path, opener)) Deny(path);
  }

  const string folder_;
  const duckdb::unique_ptr<FileSystem> local_;
};

}  // namespace

duckdb::unique_ptr<duckdb::FileSystem> MakeFileSystem(const LakeAccess& lake, bool allow_local_access,
                                                      const std::string& temp_directory) {
  auto local = allow_local_access ? duckdb::FileSystem::CreateLocal()
                                  : duckdb::unique_ptr<duckdb::FileSystem>(new SpillFileSystem(temp_directory));
  auto files = duckdb::make_uniq<duckdb::VirtualFileSystem>(std::move(local));
  files->RegisterSubSystem(duckdb::make_uniq<LakeFileSystem>(lake, !allow_local_access));
  return files;
}

Result<std::shared_ptr<OpenedFile>> OpenShared(duckdb::ClientContext& context, const duckdb::OpenFileInfo& info) {
  try {
    const auto handle = duckdb::FileSystem::GetFileSystem(context).OpenFile(info, duckdb::FileFlags::FILE_FLAGS_READ);
    const auto* lake = dynamic_cast<const LakeFileHandle*>(handle.get());
    if (lake == nullptr) return MakeError(ErrorKind::kNotFound, "open ", info.path, ": it is not in the lake");
    return lake->shared_file();
  } catch (const std::exception& error) {
    return MakeError(ErrorKind::kOther, "open ", info.path, ": ", error.what());
  }
}

}  // namespace glaux::duckdb_engine
