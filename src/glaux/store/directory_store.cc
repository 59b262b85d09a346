#include "glaux/store/directory_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "glaux/store/byte_range_internal.h"
#include "glaux/store/directory_list_internal.h"
#include "glaux/store/directory_root_internal.h"
#include "glaux/store/directory_uploads_internal.h"

namespace glaux {
namespace {

using OpenFor = DirectoryRoot::OpenFor;

class DirectoryStore final : public ObjectStore {
 public:
  explicit DirectoryStore(std::unique_ptr<DirectoryRoot> root) : root_(std::move(root)) {}

  StoreTraits traits() const override { return {}; }
  std::string name() const override { return root_->name(); }

  Result<ObjectInfo> Head(std::string_view key) override {
    ARROW_ASSIGN_OR_RAISE(auto object, root_->OpenObject("head", key, OpenFor::kStat));
    return std::move(object.info);
  }

  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto object, root_->OpenObject("get", key, OpenFor::kRead));
    const auto& etag = object.info.etag;
    const auto precondition = [&](auto&&... why) {
      return MakeError(ErrorKind::kPrecondition, "get ", root_->name(), "/", key, ": ", why...);
    };
    if (!options.if_match.empty() && options.if_match != etag) {
      return precondition("the object has changed: ETag ", etag, ", expected ", options.if_match);
    }
    if (!options.if_none_match.empty() && options.if_none_match == etag) {
      return precondition("the object has not changed: ETag ", etag);
    }
    ARROW_ASSIGN_OR_RAISE(const auto range, ClampRange(options.range, object.info.size, key));
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> body, arrow::AllocateBuffer(*range.length));
    for (int64_t done = 0; done < *range.length;) {
      const auto got = ::pread(object.fd.get(), body->mutable_data() + done, *range.length - done, range.offset + done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return root_->Error(errno, "get", key);
      if (got == 0) return precondition("the file was cut while it was read");
      done += got;
    }
    // Our own writers never touch a file that has its name; another program may.
    if (struct stat now; !options.if_match.empty() && ::fstat(object.fd.get(), &now) == 0 &&
                         DirectoryRoot::InfoOf(key, now).etag != etag) {
      return precondition("the file changed while it was read");
    }
    return body;
  }

  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(root_->CheckKey("put", key));
    ARROW_ASSIGN_OR_RAISE(auto file, root_->MakeTempFile("put", key));
    if (const int error = posix::WriteAt(file.fd(), body, 0); error < 0) return root_->Error(-error, "put", key);
    return root_->Publish("put", key, std::move(file), options);
  }

  Result<ListPage> List(const ListOptions& options) override { return ListDirectory(*root_, folders_, options); }

  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override {
    std::vector<DeleteFailure> failures;
    for (const auto& key : keys) {
      if (Status status = root_->Delete(key); !status.ok()) failures.push_back({key, std::move(status)});
    }
    return failures;
  }

  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(root_->CheckKey("copy to", to));
    ARROW_ASSIGN_OR_RAISE(const auto source, root_->OpenObject("copy", from, OpenFor::kRead));
    ARROW_ASSIGN_OR_RAISE(auto file, root_->MakeTempFile("copy to", to));
    const int error = posix::CopyBytes(source.fd.get(), 0, file.fd(), 0, source.info.size);
    if (error == -ENODATA) {
      return MakeError(ErrorKind::kPrecondition, "copy ", name(), "/", from, ": the file was cut while it was read");
    }
    if (error < 0) return root_->Error(-error, "copy to", to);
    return root_->Publish("copy to", to, std::move(file), options);
  }

  Result<std::string> CreateMultipart(std::string_view key) override { return uploads_.Create(key); }

  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override {
    return uploads_.UploadPart(key, upload_id, number, body);
  }

  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                       std::span<const UploadedPart> parts, const PutOptions& options) override {
    return uploads_.Complete(key, upload_id, parts, options);
  }

  Status AbortMultipart(std::string_view key, std::string_view upload_id) override {
    return uploads_.Abort(key, upload_id);
  }

  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override { return uploads_.List(prefix); }

 private:
  const std::unique_ptr<DirectoryRoot> root_;
  DirectoryUploads uploads_{*root_};
  FolderCache folders_;
};

}  // namespace

Result<std::shared_ptr<ObjectStore>> MakeDirectoryStore(DirectoryStoreOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto root, DirectoryRoot::Open(options));
  return std::make_shared<DirectoryStore>(std::move(root));
}

}  // namespace glaux
