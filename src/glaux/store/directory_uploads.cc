#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <tuple>
#include <utility>

#include "glaux/base/clock.h"
#include "glaux/base/random.h"
#include "glaux/store/directory_uploads_internal.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

constexpr int kMaxParts = 10'000;
constexpr mode_t kFileMode = 0666;  // less the umask
constexpr char kData[] = "data", kParts[] = "parts";

// The notes are lines of one length. Line 0: the object's file, the number of the part that may be appended to it next,
// the size taken so far, when the upload began and the size of its slots. Then the key, then the line of each part at
// its place: its file, offset, size and ETag. Files are named without the upload's id.
struct Line {
  std::string file;
  int64_t offset = 0;
  int64_t size = 0;
  std::string etag = {};

  int64_t end() const { return offset + size; }
  // A part that has no room in the object's file has a file of its own.
  bool OwnsFile() const { return file == etag; }
  // The room is taken, and the bytes are on their way.
  bool IsReserved() const { return etag == kReserved; }

  static constexpr char kReserved[] = "-";
};

// Head::next of a file that takes no more parts; and of one that must not become the object as it is.
constexpr int64_t kFull = kMaxParts + 1, kClosed = kMaxParts + 2;

// What line 0 says.
struct Head {
  std::string file;
  int64_t next = 1;   // part that may be appended, at `size`; kFull, kClosed: none
  int64_t size = 0;   // of the parts that were appended
  std::string begun;  // microseconds since 1970
  // Parts that come before their turn, as those of clients that send several at once, have room by their number: part n
  // begins at (n - 1) * slot. 0: there was none yet.
  int64_t slot = 0;
};

constexpr int kLineBytes = 32 + 1 + 20 + 1 + 20 + 1 + 32 + 1;
constexpr int kKeyLines = (kMaxKeyBytes + 1 + kLineBytes - 1) / kLineBytes;

int64_t PlaceOf(int number) { return int64_t{kLineBytes} * (number == 0 ? 0 : number + kKeyLines); }

std::string FormatLine(const Line& line) {
  char text[kLineBytes + 1];
  std::snprintf(text, sizeof text, "%-32s %20" PRId64 " %20" PRId64 " %-32s\n", line.file.c_str(), line.offset,
                line.size, line.etag.c_str());
  return text;
}

std::optional<Line> ParseLine(const char* text) {
  char file[33], etag[33];
  Line line;
  if (std::sscanf(text, "%32s %20" SCNd64 " %20" SCNd64 " %32s", file, &line.offset, &line.size, etag) != 4) return {};
  line.file = file;
  line.etag = etag;
  return line;
}

std::string FormatHead(const Head& head) {
  return FormatLine({.file = head.file,
                     .offset = head.next,
                     .size = head.size,
                     .etag = head.begun + "/" + std::to_string(head.slot)});
}

Head HeadOf(const Line& line) {
  const size_t slash = std::min(line.etag.find('/'), line.etag.size());
  return {.file = line.file,
          .next = line.offset,
          .size = line.size,
          .begun = line.etag.substr(0, slash),
          .slot = slash < line.etag.size() ? std::strtoll(line.etag.c_str() + slash + 1, nullptr, 10) : 0};
}

bool IsUploadId(std::string_view id) { return id.size() == 32 && id.find_first_not_of("0123456789abcdef") == id.npos; }

std::string PathOf(std::string_view upload_id, std::string_view file) {
  return std::string(kUploadsDir).append("/").append(upload_id).append(".").append(file);
}

// An upload's notes, open. Every call opens its own, since a lock belongs to an open file.
struct Upload {
  std::string id;
  std::string key;
  posix::Fd notes;
};

Status GoneError(std::string_view operation, std::string_view key, std::string_view upload_id) {
  return MakeError(ErrorKind::kNotFound, operation, " ", key, ": there is no upload ", upload_id);
}

Result<Upload> OpenUpload(const DirectoryRoot& root, std::string_view operation, std::string_view key,
                          std::string_view upload_id) {
  if (!IsUploadId(upload_id)) return GoneError(operation, key, upload_id);
  const int fd = posix::OpenBeneath(root.fd(), PathOf(upload_id, kParts), O_RDWR);
  if (fd == -ENOENT) return GoneError(operation, key, upload_id);
  if (fd < 0) return root.Error(-fd, operation, key);
  Upload upload{.id = std::string(upload_id), .key = {}, .notes = posix::Fd(fd)};
  char text[kMaxKeyBytes + 1];
  const auto size = ::pread(fd, text, sizeof text, kLineBytes);
  if (size < 0) return root.Error(errno, operation, key);
  upload.key = std::string(text, static_cast<size_t>(size));
  upload.key.resize(std::min(upload.key.find('\n'), upload.key.size()));
  return upload;
}

// The right to change an upload, which is there: held for bookkeeping, and by Complete while it joins parts.
class LockedUpload {
 public:
  static Result<LockedUpload> Make(const DirectoryRoot& root, std::string_view operation, const Upload& upload) {
    if (const int error = posix::Lock(upload.notes.get(), posix::LockMode::kExclusive); error < 0) {
      return root.Error(-error, operation, upload.key);
    }
    LockedUpload locked(root, operation, upload);
    ARROW_ASSIGN_OR_RAISE(auto head, locked.Read(0));
    if (!head) {
      return MakeError(ErrorKind::kCorrupt, operation, " ", upload.key, ": the notes of upload ", upload.id,
                       " cannot be read");
    }
    locked.head = HeadOf(*head);
    struct stat file;
    if (::fstatat(root.fd(), locked.PathTo(locked.head.file).c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0)
      return locked.Gone();
    return locked;
  }

  LockedUpload(LockedUpload&& other) noexcept
      : head(std::move(other.head)),
        root_(other.root_),
        operation_(other.operation_),
        upload_(std::exchange(other.upload_, nullptr)) {}
  ~LockedUpload() {
    if (upload_ != nullptr) ::flock(upload_->notes.get(), LOCK_UN);
  }

  Head head;

  std::string PathTo(std::string_view file) const { return PathOf(upload_->id, file); }
  Status Gone() const { return GoneError(operation_, upload_->key, upload_->id); }
  Status Error(int error) const { return root_.Error(error, operation_, upload_->key); }
  Status Short() const {
    return MakeError(ErrorKind::kCorrupt, operation_, " ", upload_->key, ": a part of upload ", upload_->id,
                     " has lost bytes on the disk; abort the upload and write again");
  }

  Result<std::optional<Line>> Read(int number) const {
    char text[kLineBytes + 1] = "";
    const auto got = ::pread(upload_->notes.get(), text, kLineBytes, PlaceOf(number));
    if (got < 0) return Error(errno);
    // A part that was not sent is a hole in the file, or lies behind its end.
    if (got < kLineBytes) return std::nullopt;
    return ParseLine(text);
  }

  Status Write(int number, const Line& line) const { return WriteText(number, FormatLine(line)); }
  Status WriteHead() const { return WriteText(0, FormatHead(head)); }
  Status WriteText(int number, const std::string& text) const {
    const int error = posix::WriteAt(upload_->notes.get(), AsBytes(text), PlaceOf(number));
    return error < 0 ? Error(-error) : Status::OK();
  }

  Status Sync() const {
    const int error = root_.sync() ? SyncFile(upload_->notes.get()) : 0;
    return error < 0 ? Error(-error) : Status::OK();
  }

  /// Take room in the object's file for a part of which there is no line yet; unset if there is none.
  Result<std::optional<Line>> Reserve(int number, int64_t size) {
    Head after = head;
    Line line{.file = head.file, .offset = head.size, .size = size, .etag = Line::kReserved};
    const int64_t slots = head.slot == 0 ? size : head.slot;
    if (head.next == number && (head.slot == 0 || (head.size == (number - 1) * slots && size <= slots))) {
      after.next = number + 1;
      after.size = line.end();
    } else if (head.next < kFull && slots > 0 && size <= slots && (number - 1) * slots >= head.size) {
      line.offset = (number - 1) * slots;
      after.slot = slots;
    } else {
      return std::nullopt;
    }
    ARROW_RETURN_NOT_OK(Write(number, line));
    head = std::move(after);
    ARROW_RETURN_NOT_OK(WriteHead());
    return line;
  }

  /// Give back the room of a part that could not be written.
  void TakeBack(int number, const Line& line) {
    const auto now = Read(number);
    if (!now.ok() || !*now || !(*now)->IsReserved() || (*now)->file != line.file || head.file != line.file) return;
    if (!WriteText(number, std::string(kLineBytes, '\0')).ok()) return;
    if (head.size == line.end() && head.next == number + 1) {
      head.next = number;
      head.size = line.offset;
      if (!WriteHead().ok()) return;
    }
    const posix::Fd file(posix::OpenBeneath(root_.fd(), PathTo(head.file), O_RDWR));
    // Only to have the space back now: Complete cuts off what is too much.
    if (file.get() >= 0 && line.size > 0) {
      ::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, line.offset, line.size);
    }
  }

  /// Bytes of a part may be on their way that is about to get another line: nothing more goes into the object's file,
  /// and Complete makes a new one.
  Status CloseFile() {
    head.next = kClosed;
    return WriteHead();
  }

  /// Whether bytes may be on their way into the object's file.
  Result<bool> IsBeingWritten() const {
    if (head.next == kClosed) return true;
    struct stat notes;
    if (::fstat(upload_->notes.get(), &notes) != 0) return Error(errno);
    for (int number = 1; PlaceOf(number) < notes.st_size; ++number) {
      ARROW_ASSIGN_OR_RAISE(const auto line, Read(number));
      if (line && line->IsReserved() && line->file == head.file) return true;
    }
    return false;
  }

  /// Copy the parts into a new file, which becomes the object's. `lines` are those of `parts`.
  ///
  /// Killed in between, some lines name the new file and some the old ones: both hold the bytes.
  Status Join(std::span<const UploadedPart> parts, std::span<Line> lines) {
    Head joined{.file = NewId(), .next = kFull, .size = 0, .begun = head.begun, .slot = head.slot};
    const int error = CopyInto(joined, lines);
    if (error < 0) {
      ::unlinkat(root_.fd(), PathTo(joined.file).c_str(), 0);
      return error == -ENODATA ? Short() : Error(-error);
    }
    for (size_t i = 0; i < parts.size(); ++i) ARROW_RETURN_NOT_OK(Write(parts[i].number, lines[i]));
    // Nothing more is appended to it: a write that is still on its way to the old file must not reach the object.
    head = joined;
    ARROW_RETURN_NOT_OK(WriteHead());
    ARROW_RETURN_NOT_OK(Sync());
    for (const auto& line : lines) ::unlinkat(root_.fd(), PathTo(line.etag).c_str(), 0);
    return Status::OK();
  }

  /// Remove all of an upload that is complete or aborted: its object's file is not there any more.
  void RemoveRest() const {
    struct stat notes;
    if (::fstat(upload_->notes.get(), &notes) != 0) return;
    ::unlinkat(root_.fd(), PathTo(kData).c_str(), 0);
    for (int number = 1; PlaceOf(number) < notes.st_size; ++number) {
      const auto line = Read(number);
      if (!line.ok() || !*line) continue;
      for (const auto& file : {(*line)->file, (*line)->etag}) ::unlinkat(root_.fd(), PathTo(file).c_str(), 0);
    }
    ::unlinkat(root_.fd(), PathTo(kParts).c_str(), 0);
  }

 private:
  LockedUpload(const DirectoryRoot& root, std::string_view operation, const Upload& upload)
      : root_(root), operation_(operation), upload_(&upload) {}

  int CopyInto(Head& joined, std::span<Line> lines) const {
    const posix::Fd to(posix::OpenBeneath(root_.fd(), PathTo(joined.file), O_RDWR | O_CREAT | O_EXCL, kFileMode));
    if (to.get() < 0) return to.get();
    const posix::Fd old(posix::OpenBeneath(root_.fd(), PathTo(head.file), O_RDONLY));
    if (old.get() < 0) return old.get();
    if (const auto attributes = DirectoryRoot::ReadAttributes(old.get()); !attributes.empty()) {
      // The old file has them, so the file system can keep them: what fails now is the disk.
      if (!root_.WriteAttributes(operation_, upload_->key, to.get(), attributes).ok()) return -EIO;
    }
    std::string open_file;
    posix::Fd from;
    for (auto& line : lines) {
      if (open_file != line.file) {
        from = posix::Fd(posix::OpenBeneath(root_.fd(), PathTo(line.file), O_RDONLY));
        if (from.get() < 0) return from.get();
        open_file = line.file;
      }
      if (const int error = posix::CopyBytes(from.get(), line.offset, to.get(), joined.size, line.size); error < 0)
        return error;
      line.file = joined.file;
      line.offset = joined.size;
      joined.size += line.size;
    }
    return root_.StampAndSync(to.get());
  }

  const DirectoryRoot& root_;
  const std::string_view operation_;
  const Upload* upload_;
};

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
    if (!line || line->IsReserved() || line->etag != part.etag) {
      return MakeError(ErrorKind::kInvalid, "complete ", key, ": part ", part.number, " with ETag ", part.etag,
                       " was not uploaded");
    }
    lines.push_back(*std::move(line));
  }
  return lines;
}

// Whether the object's file begins with these parts, in their order and without gaps.
bool IsInPlace(const Head& head, std::span<const Line> lines) {
  int64_t size = 0;
  for (const auto& line : lines) {
    if (line.file != head.file || line.offset != size) return false;
    size = line.end();
  }
  return true;
}

}  // namespace

Result<std::string> DirectoryUploads::Create(std::string_view key, const ObjectAttributes& attributes) {
  constexpr char kOperation[] = "begin an upload of";
  ARROW_RETURN_NOT_OK(root_.CheckKey(kOperation, key));
  std::string id = NewId();
  std::string notes =
      FormatHead({.file = kData, .begun = std::to_string(Clock::System().Now().time_since_epoch().count())});
  notes.append(key).append(PlaceOf(1) - notes.size(), '\n');
  // The notes come last and whole: with them, the upload is there.
  ARROW_ASSIGN_OR_RAISE(auto file, root_.MakeTempFile(kOperation, key));
  int error = posix::WriteAt(file.fd(), AsBytes(notes), 0);
  Status attributes_written;
  if (error == 0) {
    constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL;
    posix::Fd data(posix::OpenBeneath(root_.fd(), PathOf(id, kData), kFlags, kFileMode));
    if (data.get() == -ENOENT) {  // who made the private folders was killed before it had made them all
      ARROW_RETURN_NOT_OK(root_.MakePrivateDirs());
      data = posix::Fd(posix::OpenBeneath(root_.fd(), PathOf(id, kData), kFlags, kFileMode));
    }
    error = std::min(data.get(), 0);
    if (error == 0 && !attributes.empty()) {
      attributes_written = root_.WriteAttributes(kOperation, key, data.get(), attributes);
    }
  }
  if (error == 0 && attributes_written.ok()) error = file.MoveTo(PathOf(id, kParts));
  if (error < 0 || !attributes_written.ok()) {
    ::unlinkat(root_.fd(), PathOf(id, kData).c_str(), 0);
    return error < 0 ? root_.Error(-error, kOperation, key) : attributes_written;
  }
  return id;
}

Result<UploadedPart> DirectoryUploads::UploadPart(std::string_view key, std::string_view upload_id, int number,
                                                  std::optional<int64_t> size,
                                                  const std::function<Result<int64_t>(int, int64_t)>& write) {
  constexpr char kOperation[] = "upload a part of";
  if (number < 1 || number > kMaxParts) {
    return MakeError(ErrorKind::kInvalid, kOperation, " ", key, ": part numbers are from 1 to ", kMaxParts,
                     ", found: ", number);
  }
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  const std::string etag = NewId();
  Line line{.file = etag, .offset = 0, .size = size.value_or(0), .etag = etag};
  bool new_file = true;
  if (size) {
    ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
    ARROW_ASSIGN_OR_RAISE(const auto before, locked.Read(number));
    new_file = locked.head.size == 0 && locked.head.slot == 0;
    std::optional<Line> reserved;
    if (!before) {
      ARROW_ASSIGN_OR_RAISE(reserved, locked.Reserve(number, *size));
    } else if (before->IsReserved()) {
      ARROW_RETURN_NOT_OK(locked.CloseFile());
    }
    if (reserved) {
      line = *reserved;
      line.etag = etag;
    } else {
      new_file = true;
    }
  }

  const std::string path = PathOf(upload.id, line.file);
  const Status written = [&]() -> Status {
    const int create = line.OwnsFile() ? O_CREAT | O_EXCL : 0;
    const posix::Fd file(posix::OpenBeneath(root_.fd(), path, O_WRONLY | create, kFileMode));
    if (file.get() < 0) return root_.Error(-file.get(), kOperation, key);
    ARROW_ASSIGN_OR_RAISE(line.size, write(file.get(), line.offset));
    // A pending object may be completed after a loss of power, so its bytes must be there by then.
    const int error = root_.StampAndSync(file.get());
    return error < 0 ? root_.Error(-error, kOperation, key) : Status::OK();
  }();

  Status status = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
    if (!written.ok()) {
      if (!line.OwnsFile()) locked.TakeBack(number, line);
      return written;
    }
    ARROW_ASSIGN_OR_RAISE(const auto before, locked.Read(number));
    ARROW_RETURN_NOT_OK(locked.Write(number, line));
    ARROW_RETURN_NOT_OK(locked.Sync());
    if (root_.sync() && new_file) {
      const posix::Fd uploads(posix::OpenBeneath(root_.fd(), kUploadsDir, O_RDONLY | O_DIRECTORY));
      if (const int failed = SyncFile(uploads.get()); failed < 0) return locked.Error(-failed);
    }
    if (before && before->OwnsFile()) ::unlinkat(root_.fd(), locked.PathTo(before->file).c_str(), 0);
    return Status::OK();
  }();
  if (!status.ok()) {
    if (line.OwnsFile()) ::unlinkat(root_.fd(), path.c_str(), 0);
    return status;
  }
  return UploadedPart{.number = number, .etag = etag, .size = line.size};
}

Result<std::vector<UploadedPart>> DirectoryUploads::ListParts(std::string_view key, std::string_view upload_id) {
  constexpr char kOperation[] = "list the parts of";
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  ARROW_ASSIGN_OR_RAISE(const auto locked, LockedUpload::Make(root_, kOperation, upload));
  struct stat notes;
  if (::fstat(upload.notes.get(), &notes) != 0) return locked.Error(errno);
  std::vector<UploadedPart> parts;
  for (int number = 1; PlaceOf(number) < notes.st_size; ++number) {
    ARROW_ASSIGN_OR_RAISE(const auto line, locked.Read(number));
    if (line && !line->IsReserved()) parts.push_back({.number = number, .etag = line->etag, .size = line->size});
  }
  return parts;
}

Result<ObjectInfo> DirectoryUploads::Complete(std::string_view key, std::string_view upload_id,
                                              std::span<const UploadedPart> parts, const PutOptions& options) {
  constexpr char kOperation[] = "complete";
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  ARROW_ASSIGN_OR_RAISE(auto locked, LockedUpload::Make(root_, kOperation, upload));
  ARROW_ASSIGN_OR_RAISE(auto lines, Select(locked, key, parts));
  ARROW_ASSIGN_OR_RAISE(const bool being_written, locked.IsBeingWritten());
  // What is on its way must not reach the object.
  if (being_written || !IsInPlace(locked.head, lines)) ARROW_RETURN_NOT_OK(locked.Join(parts, lines));
  const int64_t size = lines.back().end();

  const std::string path = locked.PathTo(locked.head.file);
  const posix::Fd file(posix::OpenBeneath(root_.fd(), path, O_RDWR));
  if (file.get() < 0) return locked.Error(-file.get());
  struct stat now;
  if (::fstat(file.get(), &now) != 0) return locked.Error(errno);
  if (now.st_size < size) return locked.Short();
  auto content = DirectoryRoot::Content::kStampedAndSynced;
  if (now.st_size > size) {
    if (::ftruncate(file.get(), size) != 0) return locked.Error(errno);
    content = DirectoryRoot::Content::kNew;
  }
  // This also ends the upload, in the same step: the file has left it.
  ARROW_ASSIGN_OR_RAISE(auto info, root_.Publish(kOperation, key, path, file.get(), content, options));
  locked.RemoveRest();
  return info;
}

Status DirectoryUploads::Abort(std::string_view key, std::string_view upload_id) {
  constexpr char kOperation[] = "abort the upload of";
  ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, key, upload_id));
  if (upload.key != key) return GoneError(kOperation, key, upload_id);
  ARROW_ASSIGN_OR_RAISE(const auto locked, LockedUpload::Make(root_, kOperation, upload));
  if (::unlinkat(root_.fd(), locked.PathTo(locked.head.file).c_str(), 0) != 0) return locked.Error(errno);
  locked.RemoveRest();
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
    const std::string_view name = entry->d_name;
    if (name.ends_with(kPartsSuffix)) ids.emplace_back(name.substr(0, name.find('.')));
  }
  ::closedir(stream);
  for (const auto& id : ids) {
    const Status status = [&]() -> Status {
      ARROW_ASSIGN_OR_RAISE(const auto upload, OpenUpload(root_, kOperation, prefix, id));
      if (!std::string_view(upload.key).starts_with(prefix)) return Status::OK();
      ARROW_ASSIGN_OR_RAISE(const auto locked, LockedUpload::Make(root_, kOperation, upload));
      const auto initiated = std::chrono::microseconds(std::strtoll(locked.head.begun.c_str(), nullptr, 10));
      uploads.push_back({.key = upload.key, .upload_id = id, .initiated = Timestamp(initiated)});
      return Status::OK();
    }();
    if (status.ok()) continue;
    if (KindOf(status) != ErrorKind::kNotFound) return status;
    // Complete or aborted, perhaps by a process that was killed before it had cleared away.
    ::unlinkat(root_.fd(), PathOf(id, kParts).c_str(), 0);
  }
  std::sort(uploads.begin(), uploads.end(),
            [](const auto& a, const auto& b) { return std::tie(a.key, a.upload_id) < std::tie(b.key, b.upload_id); });
  return uploads;
}

}  // namespace glaux
