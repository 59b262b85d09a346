#include "stored_copy.h"

#include <arrow/buffer.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "glaux/base/memory.h"
#include "glaux/base/parallel.h"
#include "glaux/base/secrets.h"
#include "glaux/store/object_input.h"
#include "glaux/store/object_writer.h"

namespace glaux::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPart = 8 << 20;
/// Pieces of one large object on their way at once.
constexpr int kPartsAtOnce = 16;
constexpr int64_t kLongestDownload = 64 << 20;
/// Bytes of all pieces and small objects that are in memory at once.
constexpr int64_t kMemory = 256 << 20;

/// Takes its bytes from a budget for as long as it lives.
class Held {
 public:
  Held(MemoryBudget* budget, int64_t bytes) : budget_(budget), bytes_(bytes) { budget_->Acquire(bytes_); }
  ~Held() { budget_->Release(bytes_); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  MemoryBudget* const budget_;
  const int64_t bytes_;
};

/// Where local files really are: the folder is looked at once for all of its files.
class LocalPlaces {
 public:
  std::string Of(const std::string& path) {
    std::error_code error;
    const fs::path file(path);
    if (fs::is_symlink(fs::symlink_status(file, error))) return "file://" + Canonical(file);
    auto [at, fresh] = folders_.try_emplace(file.parent_path().string());
    if (fresh) at->second = Canonical(file.parent_path());
    return "file://" + at->second + "/" + file.filename().string();
  }

 private:
  static std::string Canonical(const fs::path& path) {
    std::error_code error;
    const auto canonical = fs::weakly_canonical(path, error);
    return error ? path.string() : canonical.string();
  }

  std::map<std::string, std::string> folders_;
};

/// Where an object really is: two addresses of one object have one place.
std::string PlaceOf(const Location& place, LocalPlaces* local) {
  const std::string name = place.store->name();
  const std::string address = name + (name.ends_with('/') ? "" : "/") + place.key;
  return address.starts_with("file://") ? local->Of(address.substr(7)) : address;
}

/// Store and key of s3:// addresses to be written; each folder is opened once. Thread-safe.
class WritablePlaces {
 public:
  enum class Folder { kLook, kMake };
  WritablePlaces(const SyncEnvironment& environment, Folder folder) : environment_(environment), folder_(folder) {}

  Result<Location> Of(const std::string& uri) {
    const size_t slash = uri.rfind('/');
    const std::string folder = uri.substr(0, slash + 1);
    std::lock_guard lock(mutex_);
    auto at = folders_.find(folder);
    if (at == folders_.end()) {
      ARROW_ASSIGN_OR_RAISE(auto place, folder_ == Folder::kMake ? environment_.make_folder(folder, {})
                                                                 : environment_.open_folder(folder, {}));
      at = folders_.emplace(folder, std::move(place)).first;
    }
    Location place = at->second;
    place.key += uri.substr(slash + 1);
    return place;
  }

 private:
  const SyncEnvironment& environment_;
  const Folder folder_;
  std::mutex mutex_;
  std::map<std::string, Location> folders_;
};

/// An upload has at most 10,000 parts.
int64_t PartSize(int64_t size) { return std::max(kPart, size / 9'000 + 1); }

/// Bytes of one Get of a large object that goes straight into a file: each request costs, and none of it is in memory.
int64_t DownloadSize(int64_t size) {
  return std::clamp((size + kPartsAtOnce - 1) / kPartsAtOnce, kPart, kLongestDownload);
}
int64_t PiecesOf(int64_t size, int64_t piece) { return std::max<int64_t>(1, (size + piece - 1) / piece); }

/// Keys of other stores may hold what a path takes for a way out.
Status CheckBelow(const FoundObject& object, bool local) {
  for (size_t begin = 0; local && begin <= object.below.size();) {
    const size_t end = std::min(object.below.find('/', begin), object.below.size());
    const auto segment = std::string_view(object.below).substr(begin, end - begin);
    if (segment.empty() || segment == "." || segment == "..") {
      return MakeError(ErrorKind::kInvalid, "copy ", ShownAddress(object.uri), ": '", object.below,
                       "' cannot be the name of a local file; copy it alone, to a name of its own");
    }
    begin = end + 1;
  }
  return Status::OK();
}

/// Writes a stretch of a file that comes in small pieces, as few large ones: of those small ones, most time would go
/// into the calls.
class StretchWriter {
 public:
  explicit StretchWriter(OutputFile* file) : file_(file), buffer_(kWrite) {}

  Status Add(int64_t offset, std::span<const std::byte> bytes) {
    if (offset != begin_ + filled_) {
      ARROW_RETURN_NOT_OK(Flush());
      begin_ = offset;
    }
    while (!bytes.empty()) {
      // Up to where a page of the file ends, however the stretch began.
      const int64_t room = kWrite - begin_ % kWrite - filled_;
      const auto count = static_cast<size_t>(std::min(room, static_cast<int64_t>(bytes.size())));
      std::memcpy(buffer_.data() + filled_, bytes.data(), count);
      filled_ += static_cast<int64_t>(count);
      bytes = bytes.subspan(count);
      if (static_cast<int64_t>(count) == room) ARROW_RETURN_NOT_OK(Flush());
    }
    return Status::OK();
  }

  Status Flush() {
    const int64_t size = std::exchange(filled_, 0);
    begin_ += size;
    return size == 0 ? Status::OK() : file_->WriteAt(begin_ - size, buffer_.data(), size);
  }

 private:
  static constexpr int64_t kWrite = 256 << 10;

  OutputFile* const file_;
  std::vector<std::byte> buffer_;
  int64_t begin_ = 0;
  int64_t filled_ = 0;
};

class Copier {
 public:
  Copier(const SyncEnvironment& environment, const CopyOptions& options)
      : options_(options), writable_(environment, WritablePlaces::Folder::kMake) {}

  Status Copy(const PlannedCopy& copy) {
    const Status status = copy.to.starts_with("file://") ? ToFile(copy) : ToStore(copy);
    if (status.ok()) return status;
    if (options_.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled");
    return Prefix(status, "copy " + ShownAddress(copy.from.uri) + " to " + ShownAddress(copy.to));
  }

  void Take(CopySummary* summary) const {
    *summary = {.copied = copied_, .kept = kept_, .bytes = bytes_, .server_side = server_side_};
  }

 private:
  Status ToFile(const PlannedCopy& copy) {
    const std::string path = copy.to.substr(7);
    std::error_code error;
    if (options_.no_clobber && fs::exists(path, error)) return Keep(copy);
    ARROW_RETURN_NOT_OK(MakeFolderOnce(path));
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenOutputFile(path));
    if (copy.from.info.size <= kPart) {
      const Held held(&memory_, copy.from.info.size);
      ARROW_ASSIGN_OR_RAISE(const auto body, GetWhole(copy.from));
      ARROW_RETURN_NOT_OK(file->stream()->Write(body->data(), body->size()));
      options_.progress->Advance(body->size());
    } else if (copy.from.place.store->traits().remote && file->takes_pieces()) {
      ARROW_RETURN_NOT_OK(Download(copy, file.get()));
    } else {
      ARROW_RETURN_NOT_OK(Pass(copy, *file->stream()));
    }
    ARROW_RETURN_NOT_OK(file->Commit());
    return Done(copy);
  }

  Status MakeFolderOnce(const std::string& path) {
    std::lock_guard lock(folders_mutex_);
    if (!folders_.insert(fs::path(path).parent_path().string()).second) return Status::OK();
    return MakeFoldersAbove(path);
  }

  static Result<std::shared_ptr<arrow::Buffer>> GetWhole(const FoundObject& object) {
    ARROW_ASSIGN_OR_RAISE(auto body, object.place.store->Get(object.place.key, {.if_match = object.info.etag}));
    return body;
  }

  Status ToStore(const PlannedCopy& copy) {
    ARROW_ASSIGN_OR_RAISE(const auto to, writable_.Of(copy.to));
    const auto& from = copy.from.place;
    if (options_.no_clobber) {
      ARROW_ASSIGN_OR_RAISE(const bool there, Exists(*to.store, to.key));
      if (there) return Keep(copy);
    }
    const PutOptions put{.if_absent = options_.no_clobber && to.store->traits().conditional_put};
    Status status;
    const bool within = from.store->name() == to.store->name() && to.store->traits().server_side_copy;
    if (within) {
      status = to.store->Copy(from.key, to.key, put).status();
    } else if (copy.from.info.size <= kPart) {
      const Held held(&memory_, copy.from.info.size);
      ARROW_ASSIGN_OR_RAISE(const auto body, GetWhole(copy.from));
      status = to.store->Put(to.key, AsBytes(std::string_view(*body)), put).status();
    } else {
      const bool waits = from.store->traits().remote || to.store->traits().remote;
      status = waits ? UploadPieces(copy, to, put) : Upload(copy, to, put);
    }
    if (put.if_absent && KindOf(status) == ErrorKind::kPrecondition && !status.ok()) {
      // Somebody has written it meanwhile, or the source has changed.
      ARROW_ASSIGN_OR_RAISE(const bool there, Exists(*to.store, to.key));
      if (there) return Keep(copy);
    }
    ARROW_RETURN_NOT_OK(status);
    if (within) ++server_side_;
    if (within || copy.from.info.size <= kPart) options_.progress->Advance(copy.from.info.size);
    return Done(copy);
  }

  Status Upload(const PlannedCopy& copy, const Location& to, const PutOptions& put) {
    ARROW_ASSIGN_OR_RAISE(const auto writer, ObjectWriter::Open(to.store, to.key, PartSize(copy.from.info.size)));
    ARROW_RETURN_NOT_OK(Pass(copy, *writer));
    ARROW_RETURN_NOT_OK(writer->Close());
    const auto completed = Complete(*to.store, writer->pending(), put);
    if (!completed.ok()) (void)Abort(*to.store, writer->pending());
    return completed.status();
  }

  /// The same with many parts on their way at once, each read and sent by one thread.
  Status UploadPieces(const PlannedCopy& copy, const Location& to, const PutOptions& put) {
    const int64_t size = copy.from.info.size;
    const int64_t part_size = std::max(PartSize(size), to.store->traits().min_part_size);
    PendingObject pending{.key = to.key, .upload_id = {}, .parts = {}, .size = copy.from.info.size};
    ARROW_ASSIGN_OR_RAISE(pending.upload_id, to.store->CreateMultipart(to.key));
    pending.parts.resize(static_cast<size_t>(PiecesOf(size, part_size)));
    Status status = ForEachPiece(copy, part_size, [&](size_t i, const GetOptions& piece) -> Status {
      const Held held(&memory_, *piece.range.length);
      ARROW_ASSIGN_OR_RAISE(const auto bytes, copy.from.place.store->Get(copy.from.place.key, piece));
      ARROW_RETURN_NOT_OK(CheckLength(piece.range, bytes->size(), size));
      ARROW_RETURN_NOT_OK(
          to.store
              ->UploadPart(pending.key, pending.upload_id, static_cast<int>(i) + 1, AsBytes(std::string_view(*bytes)))
              .Value(&pending.parts[i]));
      options_.progress->Advance(bytes->size());
      return Status::OK();
    });
    if (status.ok()) status = Complete(*to.store, pending, put).status();
    if (!status.ok() && KindOf(status) != ErrorKind::kCommitUnknown) (void)Abort(*to.store, pending);
    return status;
  }

  /// A large object in pieces, many on their way at once, each straight into its place in the file.
  Status Download(const PlannedCopy& copy, OutputFile* file) {
    const int64_t size = copy.from.info.size;
    return ForEachPiece(copy, DownloadSize(size), [&](size_t, const GetOptions& piece) -> Status {
      StretchWriter writer(file);
      const auto write = [&](int64_t offset, std::span<const std::byte> bytes) {
        options_.progress->Advance(static_cast<int64_t>(bytes.size()));
        return writer.Add(offset, bytes);
      };
      ARROW_ASSIGN_OR_RAISE(const int64_t got, copy.from.place.store->GetStream(copy.from.place.key, piece, write));
      ARROW_RETURN_NOT_OK(writer.Flush());
      return CheckLength(piece.range, got, size);
    });
  }

  /// Ranges of one version of a large object, many at once, in no order.
  Status ForEachPiece(const PlannedCopy& copy, int64_t piece_size,
                      const std::function<Status(size_t index, const GetOptions& piece)>& take) {
    // Its version is known from the listing; a store that tells none is asked.
    const auto& place = copy.from.place;
    ObjectInfo object = copy.from.info;
    if (object.etag.empty()) {
      ARROW_ASSIGN_OR_RAISE(object, place.store->Head(place.key));
    }
    const int64_t size = copy.from.info.size;
    return ParallelForIndex(
        static_cast<size_t>(PiecesOf(size, piece_size)), kPartsAtOnce, Pool::kIo, options_.stop,
        [&](size_t i) -> Status {
          const int64_t offset = static_cast<int64_t>(i) * piece_size;
          return take(
              i, {.range = {.offset = offset, .length = std::min(piece_size, size - offset)}, .if_match = object.etag});
        });
  }

  static Status CheckLength(const ByteRange& range, int64_t got, int64_t size) {
    if (got == *range.length) return Status::OK();
    return MakeError(ErrorKind::kCorrupt, "it ends at byte ", range.offset + got, " of ", size);
  }

  Status Pass(const PlannedCopy& copy, arrow::io::OutputStream& out) {
    ARROW_ASSIGN_OR_RAISE(const auto in, OpenInput(copy.from.place.store, copy.from.info));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, in->GetSize());
    for (int64_t at = 0; at < size;) {
      if (options_.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "cancelled");
      ARROW_ASSIGN_OR_RAISE(const auto piece, in->ReadAt(at, std::min(kPart, size - at)));
      if (piece->size() == 0) return MakeError(ErrorKind::kCorrupt, "it ends at byte ", at, " of ", size);
      ARROW_RETURN_NOT_OK(out.Write(piece->data(), piece->size()));
      at += piece->size();
      options_.progress->Advance(piece->size());
    }
    return Status::OK();
  }

  Status Keep(const PlannedCopy& copy) {
    ++kept_;
    options_.progress->Advance(copy.from.info.size);
    return Status::OK();
  }

  Status Done(const PlannedCopy& copy) {
    ++copied_;
    bytes_ += copy.from.info.size;
    return Status::OK();
  }

  const CopyOptions& options_;
  WritablePlaces writable_;
  MemoryBudget memory_{kMemory};
  std::mutex folders_mutex_;
  std::set<std::string> folders_;
  std::atomic<int64_t> copied_{0}, kept_{0}, bytes_{0}, server_side_{0};
};

}  // namespace

Result<std::vector<PlannedCopy>> PlanCopies(const std::vector<FoundObject>& objects, const Address& target,
                                            const SyncEnvironment& environment) {
  const bool into_folder = target.uri.ends_with('/');
  LocalPlaces local;
  WritablePlaces writable(environment, WritablePlaces::Folder::kLook);
  std::map<std::string, const FoundObject*> sources;
  for (const auto& object : objects) sources[PlaceOf(object.place, &local)] = &object;
  std::map<std::string, const FoundObject*> taken;
  std::vector<PlannedCopy> copies;
  for (const auto& object : objects) {
    PlannedCopy copy{.from = object, .to = into_folder ? target.uri + object.below : target.uri};
    if (into_folder) ARROW_RETURN_NOT_OK(CheckBelow(object, target.is_local()));
    std::string place;
    if (target.is_local()) {
      place = local.Of(copy.to.substr(7));
    } else {
      const auto to = writable.Of(copy.to);
      // A bucket that is not there yet holds none of the sources.
      if (!to.ok() && KindOf(to.status()) != ErrorKind::kNotFound) return to.status();
      place = to.ok() ? PlaceOf(*to, &local) : copy.to;
    }
    if (const auto at = sources.find(place); at != sources.end()) {
      const bool itself = at->second->uri == object.uri;
      return MakeError(ErrorKind::kInvalid, "copy ", ShownAddress(object.uri), " to ", ShownAddress(copy.to), ": ",
                       itself
                           ? "this is the same file"
                           : "this would overwrite " + ShownAddress(at->second->uri) + ", which is to be copied too");
    }
    if (const auto [at, fresh] = taken.try_emplace(place, &object); !fresh) {
      return MakeError(ErrorKind::kInvalid, "copy ", ShownAddress(at->second->uri), " and ", ShownAddress(object.uri),
                       ": both would become ", ShownAddress(copy.to));
    }
    copies.push_back(std::move(copy));
  }
  return copies;
}

Result<RequestCounts> RequestsToCopy(const std::vector<PlannedCopy>& copies, const SyncEnvironment& environment,
                                     const CopyOptions& options) {
  RequestCounts counts;
  WritablePlaces places(environment, WritablePlaces::Folder::kLook);
  for (const auto& copy : copies) {
    const auto& info = copy.from.info;
    const RequestBilling read{.place = copy.from.place.store->traits().billing.place,
                              .storage_class = info.storage_class};
    if (copy.to.starts_with("file://")) {
      counts.Add(read, RequestKind::kGet, PiecesOf(info.size, DownloadSize(info.size)), info.size);
      continue;
    }
    const auto to = places.Of(copy.to);
    if (!to.ok() && KindOf(to.status()) == ErrorKind::kNotFound) {
      // A bucket of the lake that is not there yet: a folder.
      counts.Add(read, RequestKind::kGet, PiecesOf(info.size, PartSize(info.size)), info.size);
      continue;
    }
    ARROW_RETURN_NOT_OK(to.status());
    const auto traits = to->store->traits();
    if (options.no_clobber) counts.Add(traits.billing, RequestKind::kHead, 1);
    if (copy.from.place.store->name() == to->store->name() && traits.server_side_copy) {
      counts +=
          RequestsOfCopy(traits.billing, info.storage_class, info.size, options.no_clobber && traits.conditional_put);
    } else if (info.size <= kPart) {
      counts.Add(read, RequestKind::kGet, 1, info.size);
      counts.Add(traits.billing, RequestKind::kPut, 1, 0, info.size);
    } else {
      const int64_t part_size = std::max(PartSize(info.size), traits.min_part_size);
      counts.Add(read, RequestKind::kGet, PiecesOf(info.size, part_size), info.size);
      counts += RequestsOfUpload(traits.billing, info.size, part_size);
    }
  }
  return counts;
}

Status CopyObjects(const std::vector<PlannedCopy>& copies, const SyncEnvironment& environment,
                   const CopyOptions& options, CopySummary* summary) {
  Copier copier(environment, options);
  const Status status = ParallelForIndex(copies.size(), options.jobs, Pool::kIo, options.stop,
                                         [&](size_t i) { return copier.Copy(copies[i]); });
  copier.Take(summary);
  return status;
}

Status MakeFoldersAbove(const std::string& path) {
  const auto folder = fs::path(path).parent_path();
  std::error_code error;
  fs::create_directories(folder, error);
  if (error && !fs::is_directory(folder)) return ErrnoError(error.value(), "make the folder " + folder.string());
  return Status::OK();
}

Result<std::unique_ptr<OutputFile>> OpenOutputFile(const std::string& path) {
  // Finding out the rights of new files changes them for the process for a moment.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  return OutputFile::Open(path, "");
}

}  // namespace glaux::cli
