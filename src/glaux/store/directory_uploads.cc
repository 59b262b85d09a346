#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <optional>
#include <tuple>
#include <utility>

#include "glaux/base/random.h"
#include "glaux/store/directory_uploads_internal.h"

namespace glaux {
namespace {

constexpr int kMaxParts = 10'000;
constexpr mode_t kFileMode = 0666, kDirMode = 0777;
constexpr char kKeyFile[] = "key", kDataFile[] = "data", kPartsFile[] = "parts", kNewPartsFile[] = "parts.new";

// One line of `parts`. In line 0 `offset` is the number of the part that may be appended next.
struct Line {
  std::string file;
  int64_t offset = 0;
  int64_t size = 0;
  std::string etag = {};

  int64_t end() const { return offset + size; }
  // A part that came out of order or again has a file of its own.
  bool OwnsFile() const { return file == etag; }
};

constexpr int kLineBytes = 32 + 1 + 20 + 1 + 20 + 1 + 32 + 1;

std::string FormatLine(const Line& line) {
  char text[kLineBytes + 1];
  std::snprintf(text, sizeof text, "%-32s %20" PRId64 " %20" PRId64 " %-32s\n", line.file.c_str(), line.offset,
                line.size, line.etag.c_str());
  return text;
}

std::optional<Line> ParseLine(const char* text) {
  char file[33], etag[33] = "";
  Line line;
  if (std::sscanf(text, "%32s %20" SCNd64 " %20" SCNd64 " %32s", file, &line.offset, &line.size, etag) < 3) return {};
  line.file = file;
  line.etag = etag;
  return line;
}

bool IsUploadId(std::string_view id) { return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == id.npos; }

// An upload's folder, open. Every call opens its own, since a lock belongs to an open file.
struct Upload {
  std::string id;
  std::string key;
  posix::Fd dir;
  posix::Fd key_file;
  Timestamp initiated = {};
};

Status GoneError(std::string_view operation, std::string_view key, std::string_view upload_id) {
  return MakeError(ErrorKind::kNotFound, operation, " ", key, ": there is no upload ", upload_id);
}

Result<Upload> OpenUpload(const DirectoryRoot& root, std::string_view operation, std::string_view key,
                          std::string_view upload_id) {
  if (!IsUploadId(upload_id)) return GoneError(operation, key, upload_id);
  Upload upload{.id = std::string(upload_id), .key = {}, .dir = {}, .key_file = {}};
  const int dir = posix::OpenBeneath(root.fd(), std::string(kUploadsDir) + "/" + upload.id, O_RDONLY | O_DIRECTORY);
  if (dir == -ENOENT) return GoneError(operation, key, upload_id);
  if (dir < 0) return root.Error(-dir, operation, key);
  upload.dir = posix::Fd(dir);
  const int file = posix::OpenBeneath(dir, kKeyFile, O_RDWR);
  if (file == -ENOENT) return GoneError(operation, key, upload_id);
  if (file < 0) return root.Error(-file, operation, key);
  upload.key_file = posix::Fd(file);
  char text[1025];
  const auto size = ::pread(file, text, sizeof text, 0);
  struct stat info;
  if (size < 0 || ::fstat(file, &info) != 0) return root.Error(errno, operation, key);
  upload.key.assign(text, static_cast<size_t>(size));
  upload.initiated = DirectoryRoot::InfoOf(key, info).last_modified;
  return upload;
}

// The right to change an upload, which is there: held for bookkeeping, and by Complete while it joins parts.
class LockedUpload {
 public:
  static Result<LockedUpload> Make(const DirectoryRoot& root, std::string_view operation, const Upload& upload) {
    if (const int error = posix::Lock(upload.key_file.get(), posix::LockMode::kExclusive); error < 0) {
      return root.Error(-error, operation, upload.key);
    }
    LockedUpload locked(root, operation, upload);
    locked.parts_ = posix::Fd(posix::OpenBeneath(upload.dir.get(), kPartsFile, O_RDWR));
    if (locked.parts_.get() == -ENOENT) return locked.Gone();
    if (locked.parts_.get() < 0) return locked.Error(-locked.parts_.get());
    ARROW_ASSIGN_OR_RAISE(auto head, locked.Read(0));
    if (!head)
      return MakeError(ErrorKind::kCorrupt, operation, " ", upload.key, ": the notes of upload ", upload.id,
                       " cannot be read");
    locked.head = *std::move(head);
    struct stat data;
    if (::fstatat(upload.dir.get(), locked.head.file.c_str(), &data, AT_SYMLINK_NOFOLLOW) != 0) return locked.Gone();
    return locked;
  }

  LockedUpload(LockedUpload&& other) noexcept
      : head(std::move(other.head)),
        root_(other.root_),
        operation_(other.operation_),
        upload_(std::exchange(other.upload_, nullptr)),
        parts_(std::move(other.parts_)) {}
  ~LockedUpload() {
    if (upload_ != nullptr) ::flock(upload_->key_file.get(), LOCK_UN);
  }

  Line head;  // line 0

  int dir() const { return upload_->dir.get(); }
  Status Gone() const { return GoneError(operation_, upload_->key, upload_->id); }
  Status Error(int error) const { return root_.Error(error, operation_, upload_->key); }

  Result<std::optional<Line>> Read(int number) const {
    char text[kLineBytes + 1] = "";
    const auto got = ::pread(parts_.get(), text, kLineBytes, int64_t{number} * kLineBytes);
    if (got < 0) return Error(errno);
    // A part that was not sent is a hole in the file, or lies behind its end.
    if (got < kLineBytes) return std::nullopt;
    return ParseLine(text);
  }

  Status Write(int number, const Line& line) const {
    const std::string text = FormatLine(line);
    const int error = posix::WriteAt(parts_.get(), AsBytes(text), int64_t{number} * kLineBytes);
    return error < 0 ? Error(-error) : Status::OK();
  }

  Status Sync() const {
    const int error = root_.sync() ? SyncFile(parts_.get()) : 0;
    return error < 0 ? Error(-error) : Status::OK();
  }

  /// Take room for one more part at the end of the data.
  Result<Line> Append(int number, int64_t size, std::string etag) {
    Line line{.file = head.file, .offset = head.size, .size = size, .etag = std::move(etag)};
    Line after = head;
    after.offset = number + 1;
    after.size = line.end();
    ARROW_RETURN_NOT_OK(Write(0, after));
    return line;
  }

  /// Give back the room of a part that could not be written, if nothing was appended behind it.
  void TakeBack(int number, const Line& line) {
    if (head.file != line.file || head.size != line.end() || head.offset != number + 1) return;
    head.offset = number;
    head.size = line.offset;
    if (!Write(0, head).ok()) return;
    const posix::Fd data(posix::OpenBeneath(dir(), head.file, O_RDWR));
    if (data.get() >= 0 && ::ftruncate(data.get(), head.size) != 0) return;  // what is too much is left out at the end
  }

  /// Copy the parts into one new file and note that they are there now. `lines` are those of `parts`.
  Status Join(std::span<const UploadedPart> parts, std::span<Line> lines) {
    const std::string name = NewId();
    const Status status = [&]() -> Status {
      const posix::Fd to(posix::OpenBeneath(dir(), name, O_RDWR | O_CREAT | O_EXCL, kFileMode));
      if (to.get() < 0) return Error(-to.get());
      int64_t size = 0;
      std::string open_name;
      posix::Fd from;
      for (auto& line : lines) {
        if (open_name != line.file) {
          from = posix::Fd(posix::OpenBeneath(dir(), line.file, O_RDONLY));
          if (from.get() < 0) return Error(-from.get());
          open_name = line.file;
        }
        const int error = posix::CopyBytes(from.get(), line.offset, to.get(), size, line.size);
        if (error == -ENODATA) return Short();
        if (error < 0) return Error(-error);
        line.file = name;
        line.offset = size;
        size += line.size;
      }
      if (root_.sync()) {
        if (const int error = SyncFile(to.get()); error < 0) return Error(-error);
      }
      // Nothing is appended to the joined file: what may still be on its way into the old one must not reach it.
      head = {.file = name, .offset = kMaxParts + 1, .size = size};
      return Replace(parts, lines);
    }();
    if (!status.ok()) ::unlinkat(dir(), name.c_str(), 0);
    return status;
  }

  Status Short() const {
    return MakeError(ErrorKind::kCorrupt, operation_, " ", upload_->key, ": a part of upload ", upload_->id,
                     " has lost bytes on the disk; abort the upload and write again");
  }

 private:
  LockedUpload(const DirectoryRoot& root, std::string_view operation, const Upload& upload)
      : root_(root), operation_(operation), upload_(&upload) {}

  // Change line 0 and those of the parts in one step.
  Status Replace(std::span<const UploadedPart> parts, std::span<const Line> lines) {
    struct stat file;
    if (::fstat(parts_.get(), &file) != 0) return Error(errno);
    ::unlinkat(dir(), kNewPartsFile, 0);
    posix::Fd copy(posix::OpenBeneath(dir(), kNewPartsFile, O_RDWR | O_CREAT | O_EXCL, kFileMode));
    if (copy.get() < 0) return Error(-copy.get());
    if (const int error = posix::CopyBytes(parts_.get(), 0, copy.get(), 0, file.st_size); error < 0)
      return Error(-error);
    std::swap(parts_, copy);
    ARROW_RETURN_NOT_OK(Write(0, head));
    for (size_t i = 0; i < parts.size(); ++i) ARROW_RETURN_NOT_OK(Write(parts[i].number, lines[i]));
    ARROW_RETURN_NOT_OK(Sync());
    return ::renameat(dir(), kNewPartsFile, dir(), kPartsFile) == 0 ? Status::OK() : Error(errno);
  }

  const DirectoryRoot& root_;
  const std::string_view operation_;
  const Upload* upload_;
  posix::Fd parts_;
};

// Take an upload that is done with out of the way in one step, then remove what is left of it.
void Discard(const DirectoryRoot& root, const std::string& upload_id) {
  const std::string trash = std::string(kTempDir) + "/" + NewId();
  if (::renameat(root.fd(), (std::string(kUploadsDir) + "/" + upload_id).c_str(), root.fd(), trash.c_str()) == 0) {
    RemoveTree(root.fd(), trash);
  }
}

// The lines of the parts that were asked for. kInvalid as CompleteMultipart says.
Result<std::vector<Line>> Select(const LockedUpload& upload, std::string_view key,
                                 std::span<const UploadedPart> parts) {
  if (parts.empty()) return MakeError(ErrorKind::kInvalid, "complete ", key, ": no parts");
  std::vector<Line> lines;
  int previous = 0;
  for (const auto& part : parts) {
    if (part.number <= previous) {
      return MakeError(ErrorKind::kInvalid, "complete ", key, ": part ", part.number, " after part ", previous);
    }
    previous = part.number;
    std::optional<Line> line;
    if (part.number <= kMaxParts) {
      ARROW_ASSIGN_OR_RAISE(line, upload.Read(part.number));
    }
    if (!line || line->etag != part.etag) {
      return MakeError(ErrorKind::kInvalid, "complete ", key, ": part ", part.number, " with ETag ", part.etag,
                       " was not uploaded");
    }
    lines.push_back(*std::move(line));
  }
  return lines;
}

// Whether the file that becomes the object holds just these parts, in their order.
bool IsInPlace(const Line& head, std::span<const Line> lines) {
  int64_t size = 0;
  for (const auto& line : lines) {
    if (line.file != head.file || line.offset != size) return false;
    size = line.end();
  }
  return size == head.size;
}

}  // namespace

Result<std::string> DirectoryUploads::Create(std::string_view key) {
  constexpr char kOperation[] = "begin an upload of";
  ARROW_RETURN_NOT_OK(root_.CheckKey(kOperation, key));
  const std::string id = NewId();
  const std::string folder = std::string(kTempDir) + "/" + id;
  int made = ::mkdirat(root_.fd(), folder.c_str(), kDirMode);
  if (made != 0 && errno == ENOENT) {
    ARROW_RETURN_NOT_OK(root_.MakePrivateDirs());
    made = ::mkdirat(root_.fd(), folder.c_str(), kDirMode);
  }
  if (made != 0) return root_.Error(errno, kOperation, key);
  // It is filled aside, so that others find it whole.
  const int error = [&] {
    const posix::Fd dir(posix::OpenBeneath(root_.fd(), folder, O_RDONLY | O_DIRECTORY));
    if (dir.get() < 0) return dir.get();
    const std::string head = FormatLine({.file = kDataFile, .offset = 1, .size = 0});
    for (const auto& [name, content] :
         {std::pair<const char*, std::string_view>{kKeyFile, key}, {kPartsFile, head}, {kDataFile, ""}}) {
      const posix::Fd file(posix::OpenBeneath(dir.get(), name, O_WRONLY | O_CREAT | O_EXCL, kFileMode));
      if (file.get() < 0) return file.get();
      if (const int error = posix::WriteAt(file.get(), AsBytes(content), 0); error < 0) return error;
      if (const int error = root_.sync() ? SyncFile(file.get()) : 0; error < 0) return error;
    }
    if (const int error = root_.sync() ? SyncFile(dir.get()) : 0; error < 0) return error;
    const std::string final_name = std::string(kUploadsDir) + "/" + id;
    if (::renameat(root_.fd(), folder.c_str(), root_.fd(), final_name.c_str()) != 0) return -errno;
    if (!root_.sync()) return 0;
    const posix::Fd uploads(posix::OpenBeneath(root_.fd(), kUploadsDir, O_RDONLY | O_DIRECTORY));
    return uploads.get() < 0 ? uploads.get() : SyncFile(uploads.get());
  }();
  if (error < 0) {
    RemoveTree(root_.fd(), folder);
    return root_.Error(-error, kOperation, key);
  }
  return id;
}

Result<UploadedPart> DirectoryUploads::UploadPart(std::string_view key, std::string_view upload_id, int number,
                                                  std::span<const std::byte> body) {
  constexpr char kOperation[] = "upload a part of";
  if (number < 1 || number > kMaxParts) {
    return MakeError(ErrorKind::kInvalid, kOperation, " ", key, ": part numbers are from 1 to ", kMaxParts,
                     ", found: ", number);
  }
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  const auto size = static_cast<int64_t>(body.size());
  const std::string etag = NewId();
  Line line{.file = etag, .offset = 0, .size = size, .etag = etag};
  {
    ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
    if (locked.head.offset == number) {
      ARROW_ASSIGN_OR_RAISE(line, locked.Append(number, size, etag));
    }
  }

  const int error = [&] {
    const int create = line.OwnsFile() ? O_CREAT | O_EXCL : 0;
    const posix::Fd file(posix::OpenBeneath(upload.dir.get(), line.file, O_WRONLY | create, kFileMode));
    if (file.get() < 0) return file.get();
    if (const int error = posix::WriteAt(file.get(), body, line.offset); error < 0) return error;
    // A pending object may be completed after a loss of power, so its bytes must be there by then.
    if (!root_.sync()) return 0;
    const int error = SyncFile(file.get());
    return error < 0 || !line.OwnsFile() ? error : SyncFile(upload.dir.get());
  }();

  Status status = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
    if (error < 0) {
      if (!line.OwnsFile()) locked.TakeBack(number, line);
      return locked.Error(-error);
    }
    ARROW_ASSIGN_OR_RAISE(const auto before, locked.Read(number));
    ARROW_RETURN_NOT_OK(locked.Write(number, line));
    ARROW_RETURN_NOT_OK(locked.Sync());
    if (before && before->OwnsFile()) ::unlinkat(upload.dir.get(), before->file.c_str(), 0);
    return Status::OK();
  }();
  if (!status.ok()) {
    if (line.OwnsFile()) ::unlinkat(upload.dir.get(), line.file.c_str(), 0);
    return status;
  }
  return UploadedPart{.number = number, .etag = etag, .size = size};
}

Result<ObjectInfo> DirectoryUploads::Complete(std::string_view key, std::string_view upload_id,
                                              std::span<const UploadedPart> parts, const PutOptions& options) {
  constexpr char kOperation[] = "complete";
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
  ARROW_ASSIGN_OR_RAISE(auto lines, Select(locked, key, parts));
  if (!IsInPlace(locked.head, lines)) ARROW_RETURN_NOT_OK(locked.Join(parts, lines));

  const posix::Fd file(posix::OpenBeneath(upload.dir.get(), locked.head.file, O_RDWR));
  if (file.get() < 0) return locked.Error(-file.get());
  struct stat now;
  if (::fstat(file.get(), &now) != 0) return locked.Error(errno);
  if (now.st_size < locked.head.size) return locked.Short();
  if (::ftruncate(file.get(), locked.head.size) != 0) return locked.Error(errno);
  // This also ends the upload, in the same step: the file has left its folder.
  ARROW_ASSIGN_OR_RAISE(auto info,
                        root_.Publish(kOperation, key, upload.dir.get(), locked.head.file, file.get(), options));
  Discard(root_, upload.id);
  return info;
}

Status DirectoryUploads::Abort(std::string_view key, std::string_view upload_id) {
  constexpr char kOperation[] = "abort the upload of";
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  ARROW_ASSIGN_OR_RAISE(const auto locked, LockedUpload::Make(root_, kOperation, upload));
  if (::unlinkat(upload.dir.get(), locked.head.file.c_str(), 0) != 0) return locked.Error(errno);
  Discard(root_, upload.id);
  return Status::OK();
}

Result<std::vector<MultipartUpload>> DirectoryUploads::List(std::string_view prefix) {
  constexpr char kOperation[] = "list uploads of";
  std::vector<MultipartUpload> uploads;
  const int fd = posix::OpenBeneath(root_.fd(), kUploadsDir, O_RDONLY | O_DIRECTORY);
  if (fd == -ENOENT) return uploads;
  if (fd < 0) return root_.Error(-fd, kOperation, prefix);
  DIR* stream = ::fdopendir(fd);
  if (stream == nullptr) {
    ::close(fd);
    return root_.Error(ENOMEM, kOperation, prefix);
  }
  std::vector<std::string> ids;
  while (const dirent* entry = ::readdir(stream)) {
    if (IsUploadId(entry->d_name)) ids.emplace_back(entry->d_name);
  }
  ::closedir(stream);
  for (const auto& id : ids) {
    const Status status = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, prefix, id));
      ARROW_RETURN_NOT_OK(LockedUpload::Make(root_, kOperation, upload));
      if (upload.key.starts_with(prefix)) {
        uploads.push_back({.key = upload.key, .upload_id = id, .initiated = upload.initiated});
      }
      return Status::OK();
    }();
    if (status.ok()) continue;
    if (KindOf(status) != ErrorKind::kNotFound) return status;
    // Completed, by a process that was killed before it had cleared away.
    Discard(root_, id);
  }
  std::sort(uploads.begin(), uploads.end(),
            [](const auto& a, const auto& b) { return std::tie(a.key, a.upload_id) < std::tie(b.key, b.upload_id); });
  return uploads;
}

}  // namespace glaux
