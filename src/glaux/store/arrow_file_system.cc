#include "glaux/store/arrow_file_system.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "glaux/store/object_input.h"
#include "glaux/store/object_writer.h"

namespace glaux {
namespace {

using arrow::fs::FileInfo;
using arrow::fs::FileInfoVector;
using arrow::fs::FileSelector;
using arrow::fs::FileType;

// A writer whose object becomes visible with Close().
class VisibleOnClose final : public arrow::io::OutputStream {
 public:
  VisibleOnClose(std::shared_ptr<ObjectStore> store, std::shared_ptr<ObjectWriter> writer)
      : store_(std::move(store)), writer_(std::move(writer)) {
    set_mode(arrow::io::FileMode::WRITE);
  }

  Status Write(const void* data, int64_t size) override { return writer_->Write(data, size); }
  Status Flush() override { return writer_->Flush(); }
  Status Abort() override { return writer_->Abort(); }
  Result<int64_t> Tell() const override { return writer_->Tell(); }
  bool closed() const override { return writer_->closed(); }

  Status Close() override {
    if (writer_->closed()) return writer_->Close();
    ARROW_RETURN_NOT_OK(writer_->Close());
    const Status status = Complete(*store_, writer_->pending()).status();
    // What is not visible now never will be: nobody else knows of the upload.
    if (!status.ok()) static_cast<void>(glaux::Abort(*store_, writer_->pending()));
    return status;
  }

 private:
  const std::shared_ptr<ObjectStore> store_;
  const std::shared_ptr<ObjectWriter> writer_;
};

std::string WithoutSlash(std::string path) {
  while (!path.empty() && path.back() == '/') path.pop_back();
  return path;
}

std::string AsPrefix(const std::string& path) { return path.empty() ? path : WithoutSlash(path) + "/"; }

FileInfo FileOf(const ObjectInfo& object) {
  FileInfo file(object.key, FileType::File);
  file.set_size(object.size);
  file.set_mtime(object.last_modified);
  return file;
}

class StoreFileSystem final : public arrow::fs::FileSystem {
 public:
  explicit StoreFileSystem(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {
    default_async_is_sync_ = false;  // a store may be far away
  }

  using FileSystem::CreateDir;
  using FileSystem::DeleteDirContents;
  using FileSystem::Equals;
  using FileSystem::GetFileInfo;
  using FileSystem::OpenAppendStream;
  using FileSystem::OpenInputFile;
  using FileSystem::OpenInputStream;
  using FileSystem::OpenOutputStream;

  std::string type_name() const override { return "glaux"; }
  Result<std::string> NormalizePath(std::string path) override { return WithoutSlash(std::move(path)); }

  bool Equals(const FileSystem& other) const override {
    const auto* same = dynamic_cast<const StoreFileSystem*>(&other);
    return same != nullptr && same->store_ == store_;
  }

  Result<FileInfo> GetFileInfo(const std::string& path) override {
    const std::string key = WithoutSlash(path);
    if (key.empty()) return FileInfo(path, FileType::Directory);
    const auto object = store_->Head(key);
    if (object.ok()) return FileOf(*object);
    if (KindOf(object.status()) != ErrorKind::kNotFound) return object.status();
    ARROW_ASSIGN_OR_RAISE(const auto page, store_->List({.prefix = key + "/", .max_keys = 1}));
    return FileInfo(path, page.objects.empty() ? FileType::NotFound : FileType::Directory);
  }

  Result<FileInfoVector> GetFileInfo(const FileSelector& select) override {
    const std::string prefix = AsPrefix(select.base_dir);
    FileInfoVector files;
    std::set<std::string> folders;
    ListOptions options{.prefix = prefix, .delimiter = select.recursive ? "" : "/"};
    do {
      ARROW_ASSIGN_OR_RAISE(auto page, store_->List(options));
      for (const auto& folder : page.common_prefixes) folders.insert(WithoutSlash(folder));
      for (const auto& object : page.objects) {
        // The folders on the way to it; those at the deepest level still count, what is in them does not.
        int depth = 0;
        bool within = true;
        for (auto at = object.key.find('/', prefix.size()); at != std::string::npos && within;
             at = object.key.find('/', at + 1)) {
          folders.insert(object.key.substr(0, at));
          within = ++depth <= select.max_recursion;
        }
        if (within) files.push_back(FileOf(object));
      }
      options.continuation_token = std::move(page.next_token);
    } while (!options.continuation_token.empty());
    for (const auto& folder : folders) files.emplace_back(folder, FileType::Directory);
    if (files.empty() && !prefix.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto base, GetFileInfo(select.base_dir));
      if (base.IsFile())
        return MakeError(ErrorKind::kInvalid, "list ", select.base_dir, ": it is an object, not a folder");
      if (!select.allow_not_found)
        return MakeError(ErrorKind::kNotFound, "list ", select.base_dir, ": there is no such folder");
    }
    std::sort(files.begin(), files.end(), FileInfo::ByPath());
    return files;
  }

  Status CreateDir(const std::string&, bool) override { return Status::OK(); }

  // A folder that is not there and one that was only made look the same.
  Status DeleteDir(const std::string& path) override { return DeleteDirContents(path, true); }

  Status DeleteDirContents(const std::string& path, bool) override {
    const std::string prefix = AsPrefix(path);
    if (prefix.empty() || prefix == "/") {
      return MakeError(ErrorKind::kInvalid, "delete everything in ", store_->name(), ": use DeleteRootDirContents");
    }
    return DeleteBelow(prefix);
  }

  Status DeleteRootDirContents() override { return DeleteBelow(""); }

  Status DeleteFile(const std::string& path) override {
    ARROW_RETURN_NOT_OK(store_->Head(path));
    return DeleteKeys({path});
  }

  Status Move(const std::string& from, const std::string& to) override {
    ARROW_ASSIGN_OR_RAISE(const auto source, GetFileInfo(from));
    if (source.type() == FileType::NotFound) return MakeError(ErrorKind::kNotFound, "move ", from, ": it is not there");
    if (WithoutSlash(from) == WithoutSlash(to)) return Status::OK();
    if (source.IsFile()) {
      ARROW_RETURN_NOT_OK(CopyFile(from, to));
      return DeleteKeys({from});
    }
    const std::string old_prefix = AsPrefix(from), new_prefix = AsPrefix(to);
    if (new_prefix.starts_with(old_prefix)) {
      return MakeError(ErrorKind::kInvalid, "move ", from, ": a folder cannot move into itself, to ", to);
    }
    ARROW_ASSIGN_OR_RAISE(const auto target, store_->List({.prefix = new_prefix, .max_keys = 1}));
    if (!target.objects.empty())
      return MakeError(ErrorKind::kInvalid, "move ", from, ": the folder ", to, " is not empty");
    // Every copy is made before the first object goes: a failure leaves the old folder whole.
    ARROW_ASSIGN_OR_RAISE(const auto objects, ListAll(*store_, old_prefix));
    std::vector<std::string> keys;
    for (const auto& object : objects) {
      ARROW_RETURN_NOT_OK(store_->Copy(object.key, new_prefix + object.key.substr(old_prefix.size())));
      keys.push_back(object.key);
    }
    return DeleteKeys(keys);
  }

  Status CopyFile(const std::string& from, const std::string& to) override { return store_->Copy(from, to).status(); }

  Result<std::shared_ptr<arrow::io::InputStream>> OpenInputStream(const std::string& path) override {
    return OpenInputFile(path);
  }

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenInputFile(const std::string& path) override {
    return OpenInput(store_, ObjectInfo{.key = path});
  }

  Result<std::shared_ptr<arrow::io::OutputStream>> OpenOutputStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>&) override {
    ARROW_ASSIGN_OR_RAISE(auto writer, ObjectWriter::Open(store_, path));
    return std::make_shared<VisibleOnClose>(store_, std::move(writer));
  }

  Result<std::shared_ptr<arrow::io::OutputStream>> OpenAppendStream(
      const std::string& path, const std::shared_ptr<const arrow::KeyValueMetadata>&) override {
    return MakeError(ErrorKind::kNotImplemented, "append to ", path, ": objects are written whole");
  }

 private:
  Status DeleteKeys(const std::vector<std::string>& keys) {
    ARROW_ASSIGN_OR_RAISE(const auto failures, store_->Delete(keys));
    return failures.empty() ? Status::OK() : failures.front().error;
  }

  Status DeleteBelow(const std::string& prefix) {
    ListOptions options{.prefix = prefix};
    do {
      ARROW_ASSIGN_OR_RAISE(auto page, store_->List(options));
      std::vector<std::string> keys;
      for (auto& object : page.objects) keys.push_back(std::move(object.key));
      if (!keys.empty()) ARROW_RETURN_NOT_OK(DeleteKeys(keys));
      options.continuation_token = std::move(page.next_token);
    } while (!options.continuation_token.empty());
    return Status::OK();
  }

  const std::shared_ptr<ObjectStore> store_;
};

}  // namespace

std::shared_ptr<arrow::fs::FileSystem> MakeArrowFileSystem(std::shared_ptr<ObjectStore> store) {
  return std::make_shared<StoreFileSystem>(std::move(store));
}

}  // namespace glaux
