#include "stored_copy.h"

#include <arrow/buffer.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>

#include "glaux/base/parallel.h"
#include "glaux/base/secrets.h"
#include "glaux/store/object_input.h"
#include "glaux/store/object_writer.h"

namespace glaux::cli {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPart = 8 << 20;

/// Where an object really is: two addresses of one object have one place.
std::string PlaceOf(const Location& place) {
  const std::string name = place.store->name();
  const std::string address = name + (name.ends_with('/') ? "" : "/") + place.key;
  if (!address.starts_with("file://")) return address;
  std::error_code error;
  const auto canonical = fs::weakly_canonical(address.substr(7), error);
  return error ? address : "file://" + canonical.string();
}

std::string PlaceOfPath(const std::string& path) {
  std::error_code error;
  const auto canonical = fs::weakly_canonical(path, error);
  return "file://" + (error ? path : canonical.string());
}

/// Store and key of an s3:// address to be written.
Result<Location> Writable(const SyncEnvironment& environment, const std::string& uri, bool make) {
  const size_t slash = uri.rfind('/');
  const std::string folder = uri.substr(0, slash + 1);
  ARROW_ASSIGN_OR_RAISE(auto place, make ? environment.make_folder(folder, {}) : environment.open_folder(folder, {}));
  place.key += uri.substr(slash + 1);
  return place;
}

/// An upload has at most 10,000 parts.
int64_t PartSize(int64_t size) { return std::max(kPart, size / 9'000 + 1); }

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

class Copier {
 public:
  Copier(const SyncEnvironment& environment, const CopyOptions& options)
      : environment_(environment), options_(options) {}

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
    ARROW_RETURN_NOT_OK(MakeFoldersAbove(path));
    ARROW_ASSIGN_OR_RAISE(const auto file, OpenOutputFile(path));
    ARROW_RETURN_NOT_OK(Pass(copy, *file->stream()));
    ARROW_RETURN_NOT_OK(file->Commit());
    return Done(copy);
  }

  Status ToStore(const PlannedCopy& copy) {
    ARROW_ASSIGN_OR_RAISE(const auto to, Writable(environment_, copy.to, true));
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
      ARROW_ASSIGN_OR_RAISE(const auto body, from.store->Get(from.key, {.if_match = copy.from.info.etag}));
      status = to.store->Put(to.key, AsBytes(std::string_view(*body)), put).status();
    } else {
      status = Upload(copy, to, put);
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

  const SyncEnvironment& environment_;
  const CopyOptions& options_;
  std::atomic<int64_t> copied_{0}, kept_{0}, bytes_{0}, server_side_{0};
};

}  // namespace

Result<std::vector<PlannedCopy>> PlanCopies(const std::vector<FoundObject>& objects, const Address& target,
                                            const SyncEnvironment& environment) {
  const bool into_folder = target.uri.ends_with('/');
  std::map<std::string, const FoundObject*> sources;
  for (const auto& object : objects) sources[PlaceOf(object.place)] = &object;
  std::map<std::string, const FoundObject*> taken;
  std::vector<PlannedCopy> copies;
  for (const auto& object : objects) {
    PlannedCopy copy{.from = object, .to = into_folder ? target.uri + object.below : target.uri};
    if (into_folder) ARROW_RETURN_NOT_OK(CheckBelow(object, target.is_local()));
    std::string place;
    if (target.is_local()) {
      place = PlaceOfPath(copy.to.substr(7));
    } else {
      const auto writable = Writable(environment, copy.to, false);
      // A bucket that is not there yet holds none of the sources.
      if (!writable.ok() && KindOf(writable.status()) != ErrorKind::kNotFound) return writable.status();
      place = writable.ok() ? PlaceOf(*writable) : copy.to;
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
  for (const auto& copy : copies) {
    const auto& info = copy.from.info;
    const RequestBilling read{.place = copy.from.place.store->traits().billing.place,
                              .storage_class = info.storage_class};
    if (copy.to.starts_with("file://")) {
      counts.Add(read, RequestKind::kGet, (info.size + kPart - 1) / kPart, info.size);
      continue;
    }
    const auto to = Writable(environment, copy.to, false);
    if (!to.ok() && KindOf(to.status()) == ErrorKind::kNotFound) {
      // A bucket of the lake that is not there yet: a folder.
      counts.Add(read, RequestKind::kGet, std::max<int64_t>(1, (info.size + kPart - 1) / kPart), info.size);
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
      counts.Add(read, RequestKind::kGet, (info.size + kPart - 1) / kPart, info.size);
      counts += RequestsOfUpload(traits.billing, info.size, std::max(PartSize(info.size), traits.min_part_size));
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
