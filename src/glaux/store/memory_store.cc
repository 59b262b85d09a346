#include "glaux/store/memory_store.h"

#include <bit>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>

#include "glaux/base/random.h"
#include "glaux/store/byte_range_internal.h"
#include "glaux/store/list_pager_internal.h"
#include "glaux/store/object_key.h"

namespace glaux {
namespace {

using Bytes = std::span<const std::byte>;

// Two lanes of multiply and rotate over eight bytes at a time: 128 bits that only have to tell contents apart.
std::string HashOf(Bytes body) {
  uint64_t a = 0x9e3779b97f4a7c15 ^ body.size(), b = 0xc2b2ae3d27d4eb4f;
  const auto mix = [&](uint64_t word) {
    a = std::rotl(a ^ word, 29) * 0xbf58476d1ce4e5b9;
    b = (std::rotl(b, 31) + word) * 0x94d049bb133111eb;
  };
  size_t at = 0;
  for (; at + 8 <= body.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, body.data() + at, 8);
    mix(word);
  }
  uint64_t tail = 0;
  if (at < body.size()) std::memcpy(&tail, body.data() + at, body.size() - at);
  mix(tail);
  mix(a ^ (b >> 32));
  char text[33];
  std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(a),
                static_cast<unsigned long long>(b));
  return text;
}

class MemoryReader final : public ObjectReader {
 public:
  MemoryReader(ObjectInfo info, std::shared_ptr<arrow::Buffer> body) : info_(std::move(info)), body_(std::move(body)) {}

  const ObjectInfo& info() const override { return info_; }

  Result<size_t> ReadAt(int64_t offset, std::span<std::byte> out) override {
    if (offset >= body_->size() || out.empty()) return 0;
    const auto size = std::min(out.size(), static_cast<size_t>(body_->size() - offset));
    std::memcpy(out.data(), body_->data() + offset, size);
    return size;
  }

 private:
  const ObjectInfo info_;
  const std::shared_ptr<arrow::Buffer> body_;
};

class MemoryStore final : public ObjectStore {
 public:
  StoreTraits traits() const override { return {.attributes = true, .set_attributes = true, .list_parts = true}; }
  std::string name() const override { return "memory:"; }

  Result<ObjectInfo> Head(std::string_view key) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return NotThere("head", key);
    return DescriptionOf(*found);
  }

  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    std::shared_ptr<arrow::Buffer> body;
    {
      const std::lock_guard lock(mutex_);
      const auto found = objects_.find(key);
      if (found == objects_.end()) return NotThere("get", key);
      const auto& object = found->second;
      if (!options.if_match.empty() && options.if_match != object.etag) {
        return MakeError(ErrorKind::kPrecondition, "get ", key, ": the object has changed: ETag ", object.etag,
                         ", expected ", options.if_match);
      }
      if (!options.if_none_match.empty() && options.if_none_match == object.etag) {
        return MakeError(ErrorKind::kPrecondition, "get ", key, ": the object has not changed: ETag ", object.etag);
      }
      body = object.body;
    }
    ARROW_ASSIGN_OR_RAISE(const auto range, ClampRange(options.range, body->size(), key));
    return arrow::SliceBuffer(body, range.offset, *range.length);
  }

  Result<std::unique_ptr<ObjectReader>> OpenObject(std::string_view key, const GetOptions& options) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return NotThere("open", key);
    const auto& etag = found->second.etag;
    if ((!options.if_match.empty() && options.if_match != etag) ||
        (!options.if_none_match.empty() && options.if_none_match == etag)) {
      return MakeError(ErrorKind::kPrecondition, "open ", key, ": its ETag is ", etag);
    }
    return std::make_unique<MemoryReader>(DescriptionOf(*found), found->second.body);
  }

  Result<ObjectInfo> Put(std::string_view key, Bytes body, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    ARROW_ASSIGN_OR_RAISE(auto copy, CopyOf(body));
    auto etag = HashOf(body);
    const std::lock_guard lock(mutex_);
    return Store("put", key, std::move(copy), std::move(etag), options.attributes.value_or(ObjectAttributes{}),
                 options);
  }

  Result<ListPage> List(const ListOptions& options) override {
    ARROW_ASSIGN_OR_RAISE(auto pager, ListPager::Make(options));
    const std::lock_guard lock(mutex_);
    for (auto it = objects_.lower_bound(std::max(pager.prefix(), pager.after())); it != objects_.end(); ++it) {
      if (pager.WantsKey(it->first)) {
        if (!pager.Offer(InfoOf(*it))) break;
      } else if (!it->first.starts_with(pager.prefix())) {
        break;
      }
    }
    return std::move(pager).Finish();
  }

  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override {
    std::vector<DeleteFailure> failures;
    const std::lock_guard lock(mutex_);
    for (const auto& key : keys) {
      if (auto status = CheckKey(key); !status.ok()) {
        failures.push_back({key, std::move(status)});
      } else if (const auto found = objects_.find(key); found != objects_.end()) {
        objects_.erase(found);
      }
    }
    return failures;
  }

  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options) override {
    ARROW_RETURN_NOT_OK(CheckKey(from));
    ARROW_RETURN_NOT_OK(CheckKey(to));
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(from);
    if (found == objects_.end()) return NotThere("copy", from);
    const auto& attributes = options.attributes ? *options.attributes : found->second.attributes;
    // By value: storing under the same key would take the source away.
    return Store("copy", to, found->second.body, std::string(found->second.etag), ObjectAttributes(attributes),
                 options);
  }

  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    auto id = NewId();
    const std::lock_guard lock(mutex_);
    uploads_.emplace(std::pair(std::string(key), id),
                     Upload{.initiated = Clock::System().Now(), .attributes = attributes, .parts = {}});
    return id;
  }

  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number, Bytes body) override {
    if (number < 1 || number > 10'000) {
      return MakeError(ErrorKind::kInvalid, "upload ", key, ": part numbers are from 1 to 10000, found: ", number);
    }
    ARROW_ASSIGN_OR_RAISE(auto copy, CopyOf(body));
    UploadedPart part{.number = number, .etag = HashOf(body), .size = static_cast<int64_t>(body.size())};
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(auto upload, Find(key, upload_id));
    upload->second.parts[number] = {.body = std::move(copy), .etag = part.etag, .modified = {}, .attributes = {}};
    return part;
  }

  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                       std::span<const UploadedPart> parts, const PutOptions& options) override {
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(auto upload, Find(key, upload_id));
    if (parts.empty()) return MakeError(ErrorKind::kInvalid, "complete ", key, ": no parts");
    arrow::BufferVector pieces;
    int previous = 0;
    for (const auto& part : parts) {
      if (part.number <= previous) {
        return MakeError(ErrorKind::kInvalid, "complete ", key, ": part ", part.number, " after part ", previous);
      }
      previous = part.number;
      const auto found = upload->second.parts.find(part.number);
      if (found == upload->second.parts.end() || found->second.etag != part.etag) {
        return MakeError(ErrorKind::kInvalid, "complete ", key, ": part ", part.number, " with ETag ", part.etag,
                         " was not uploaded");
      }
      pieces.push_back(found->second.body);
    }
    ARROW_ASSIGN_OR_RAISE(auto body, arrow::ConcatenateBuffers(pieces));
    auto etag = HashOf({reinterpret_cast<const std::byte*>(body->data()), static_cast<size_t>(body->size())});
    ARROW_ASSIGN_OR_RAISE(auto info,
                          Store("complete", key, std::move(body), std::move(etag), upload->second.attributes, options));
    uploads_.erase(upload);
    return info;
  }

  Status AbortMultipart(std::string_view key, std::string_view upload_id) override {
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(auto upload, Find(key, upload_id));
    uploads_.erase(upload);
    return Status::OK();
  }

  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override {
    std::vector<MultipartUpload> uploads;
    const std::lock_guard lock(mutex_);
    for (const auto& [id, upload] : uploads_) {
      if (!id.first.starts_with(prefix)) continue;
      uploads.push_back({.key = id.first, .upload_id = id.second, .initiated = upload.initiated});
    }
    return uploads;
  }

  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id) override {
    const std::lock_guard lock(mutex_);
    ARROW_ASSIGN_OR_RAISE(const auto upload, Find(key, upload_id));
    std::vector<UploadedPart> parts;
    for (const auto& [number, part] : upload->second.parts) {
      parts.push_back({.number = number, .etag = part.etag, .size = part.body->size()});
    }
    return parts;
  }

  Status SetAttributes(std::string_view key, const ObjectAttributes& attributes, const std::string& if_match) override {
    ARROW_RETURN_NOT_OK(CheckKey(key));
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) return NotThere("set the attributes of", key);
    if (!if_match.empty() && found->second.etag != if_match) {
      return MakeError(ErrorKind::kPrecondition, "set the attributes of ", key, ": its ETag is ", found->second.etag);
    }
    found->second.attributes = attributes;
    return Status::OK();
  }

 private:
  struct Object {
    std::shared_ptr<arrow::Buffer> body;
    std::string etag;
    Timestamp modified;
    ObjectAttributes attributes;
  };
  struct Upload {
    Timestamp initiated;
    ObjectAttributes attributes;
    std::map<int, Object> parts;
  };
  using Objects = std::map<std::string, Object, std::less<>>;
  using Uploads = std::map<std::pair<std::string, std::string>, Upload>;

  static ObjectInfo InfoOf(const Objects::value_type& entry) {
    const auto& [key, object] = entry;
    return {
        .key = key, .size = object.body->size(), .etag = object.etag, .last_modified = object.modified, .version = {}};
  }

  static ObjectInfo DescriptionOf(const Objects::value_type& entry) {
    ObjectInfo info = InfoOf(entry);
    info.attributes = entry.second.attributes;
    return info;
  }

  static Status NotThere(std::string_view operation, std::string_view key) {
    return MakeError(ErrorKind::kNotFound, operation, " ", key, ": there is no such object");
  }

  static Result<std::shared_ptr<arrow::Buffer>> CopyOf(Bytes body) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> copy, arrow::AllocateBuffer(body.size()));
    if (!body.empty()) std::memcpy(copy->mutable_data(), body.data(), body.size());
    return copy;
  }

  // Check the conditions and store; with mutex_ held.
  Result<ObjectInfo> Store(std::string_view operation, std::string_view key, std::shared_ptr<arrow::Buffer> body,
                           std::string etag, ObjectAttributes attributes, const PutOptions& options) {
    const auto found = objects_.find(key);
    if (options.if_absent && found != objects_.end()) {
      return MakeError(ErrorKind::kPrecondition, operation, " ", key, ": the key exists already");
    }
    if (!options.if_match.empty() && (found == objects_.end() || found->second.etag != options.if_match)) {
      return MakeError(ErrorKind::kPrecondition, operation, " ", key, ": the object is not the one with ETag ",
                       options.if_match);
    }
    const auto [entry, added] =
        objects_.insert_or_assign(std::string(key), Object{.body = std::move(body),
                                                           .etag = std::move(etag),
                                                           .modified = Clock::System().Now(),
                                                           .attributes = std::move(attributes)});
    return InfoOf(*entry);
  }

  Result<Uploads::iterator> Find(std::string_view key, std::string_view upload_id) {
    const auto found = uploads_.find(std::pair(std::string(key), std::string(upload_id)));
    if (found != uploads_.end()) return found;
    return MakeError(ErrorKind::kNotFound, "upload ", key, ": there is no upload ", upload_id);
  }

  std::mutex mutex_;
  Objects objects_;
  Uploads uploads_;
};

}  // namespace

std::shared_ptr<ObjectStore> MakeMemoryStore() { return std::make_shared<MemoryStore>(); }

}  // namespace glaux
