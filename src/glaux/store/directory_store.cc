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

// An open file keeps its bytes while others give its name to another file.
class FileReader final : public ObjectReader {
 public:
  FileReader(const DirectoryRoot& root, DirectoryRoot::OpenedObject object) : root_(root), object_(std::move(object)) {}

  const ObjectInfo& info() const override { return object_.info; }
  int descriptor() const override { return object_.fd.get(); }

  Result<size_t> ReadAt(int64_t offset, std::span<std::byte> out) override {
    size_t done = 0;
    while (done < out.size()) {
      const auto got =
          ::pread(object_.fd.get(), out.data() + done, out.size() - done, offset + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return root_.Error(errno, "read", object_.info.key);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

 private:
  const DirectoryRoot& root_;
  const DirectoryRoot::OpenedObject object_;
};

class DirectoryStore final : public ObjectStore {
 public:
  explicit DirectoryStore(std::unique_ptr<DirectoryRoot> root) : root_(std::move(root)) {}

  StoreTraits traits() const override { return {.attributes = true, .set_attributes = true, .list_parts = true}; }
  std::string name() const override { return root_->name(); }

  Result<ObjectInfo> Head(std::string_view key) override {
    ARROW_ASSIGN_OR_RAISE(auto object, root_->OpenObject("head", key, OpenFor::kStat));
    object.info.attributes = DirectoryRoot::ReadAttributes(object.fd.get());
    return std::move(object.info);
  }

  Result<std::unique_ptr<ObjectReader>> OpenObject(std::string_view key, const GetOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(auto object, root_->OpenObject("open", key, OpenFor::kRead));
    ARROW_RETURN_NOT_OK(Check("open", object.info, options));
    object.info.attributes = DirectoryRoot::ReadAttributes(object.fd.get());
    return std::make_unique<FileReader>(*root_, std::move(object));
  }

  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(const auto object, root_->OpenObject("get", key, OpenFor::kRead));
    ARROW_RETURN_NOT_OK(Check("get", object.info, options));
    const auto precondition = [&](std::string_view why) {
      return MakeError(ErrorKind::kPrecondition, "get ", root_->name(), "/", key, ": ", why);
    };
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
                         DirectoryRoot::InfoOf(key, now).etag != object.info.etag) {
      return precondition("the file changed while it was read");
    }
    return body;
  }

  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(root_->CheckKey("put", key));
    ARROW_ASSIGN_OR_RAISE(auto file, root_->MakeTempFile("put", key));
    if (const int error = posix::WriteAt(file.fd(), body, 0); error < 0) return root_->Error(-error, "put", key);
    return PublishWith("put", key, std::move(file), options.attributes, options);
  }

  Result<ObjectInfo> PutStream(std::string_view key, ByteReader& body, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(root_->CheckKey("put", key));
    ARROW_ASSIGN_OR_RAISE(auto file, root_->MakeTempFile("put", key));
    ARROW_RETURN_NOT_OK(root_->WriteStream("put", key, file.fd(), 0, body));
    return PublishWith("put", key, std::move(file), options.attributes, options);
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
    auto attributes = options.attributes;
    if (!attributes) attributes = DirectoryRoot::ReadAttributes(source.fd.get());
    return PublishWith("copy to", to, std::move(file), attributes, options);
  }

  Status SetAttributes(std::string_view key, const ObjectAttributes& attributes, const std::string& if_match) override {
    return root_->SetAttributes(key, attributes, if_match);
  }

  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes) override {
    return uploads_.Create(key, attributes);
  }

  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override {
    return uploads_.UploadPart(key, upload_id, number, static_cast<int64_t>(body.size()),
                               [&](int fd, int64_t offset) -> Result<int64_t> {
                                 const int error = posix::WriteAt(fd, body, offset);
                                 if (error < 0) return root_->Error(-error, "upload a part of", key);
                                 return static_cast<int64_t>(body.size());
                               });
  }

  Result<UploadedPart> UploadPartStream(std::string_view key, std::string_view upload_id, int number,
                                        ByteReader& body) override {
    return uploads_.UploadPart(key, upload_id, number, body.size(), [&](int fd, int64_t offset) {
      return root_->WriteStream("upload a part of", key, fd, offset, body);
    });
  }

  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id) override {
    return uploads_.ListParts(key, upload_id);
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
  Status Check(std::string_view operation, const ObjectInfo& object, const GetOptions& options) const {
    if (!options.if_match.empty() && options.if_match != object.etag) {
      return MakeError(ErrorKind::kPrecondition, operation, " ", name(), "/", object.key,
                       ": the object has changed: ETag ", object.etag, ", expected ", options.if_match);
    }
    if (!options.if_none_match.empty() && options.if_none_match == object.etag) {
      return MakeError(ErrorKind::kPrecondition, operation, " ", name(), "/", object.key,
                       ": the object has not changed: ETag ", object.etag);
    }
    return Status::OK();
  }

  Result<ObjectInfo> PublishWith(std::string_view operation, std::string_view key, DirectoryRoot::TempFile file,
                                 const std::optional<ObjectAttributes>& attributes, const PutOptions& options) {
    if (attributes && !attributes->empty()) {
      ARROW_RETURN_NOT_OK(root_->WriteAttributes(operation, key, file.fd(), *attributes));
    }
    return root_->Publish(operation, key, std::move(file), options);
  }

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
