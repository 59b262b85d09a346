#include "glaux/store/object_store.h"

#include <algorithm>
#include <cstring>

#include "glaux/store/byte_range_internal.h"
#include "glaux/store/parallel_list.h"

namespace glaux {
namespace {

constexpr int64_t kStreamReadBytes = 1 << 20;
/// A range that one Get takes, for GetStream.
constexpr int64_t kStreamGetBytes = 8 << 20;
/// What one Put takes of a stream; more goes through an upload in parts of this size.
constexpr size_t kStreamPartBytes = 8 << 20;
constexpr int64_t kMaxParts = 10'000;

class RangeReader final : public ObjectReader {
 public:
  RangeReader(ObjectStore& store, ObjectInfo info) : store_(store), info_(std::move(info)) {}

  const ObjectInfo& info() const override { return info_; }

  Result<size_t> ReadAt(int64_t offset, std::span<std::byte> out) override {
    if (offset >= info_.size || out.empty()) return 0;
    ARROW_ASSIGN_OR_RAISE(
        const auto bytes,
        store_.Get(info_.key,
                   {.range = {.offset = offset, .length = static_cast<int64_t>(out.size())}, .if_match = info_.etag}));
    std::memcpy(out.data(), bytes->data(), bytes->size());
    return static_cast<size_t>(bytes->size());
  }

 private:
  ObjectStore& store_;
  const ObjectInfo info_;
};

class PartOfObject final : public ByteReader {
 public:
  PartOfObject(ObjectReader& reader, int64_t offset, int64_t length)
      : reader_(reader), offset_(offset), left_(length), size_(length) {}

  Result<size_t> Read(std::span<std::byte> out) override {
    out = out.first(static_cast<size_t>(std::min<int64_t>(left_, static_cast<int64_t>(out.size()))));
    if (out.empty()) return 0;
    ARROW_ASSIGN_OR_RAISE(const auto got, reader_.ReadAt(offset_, out));
    if (got == 0) {
      return MakeError(ErrorKind::kPrecondition, "read ", reader_.info().key, ": it ends ", left_,
                       " bytes before its size says");
    }
    offset_ += static_cast<int64_t>(got);
    left_ -= static_cast<int64_t>(got);
    return got;
  }

  std::optional<int64_t> size() const override { return size_; }

 private:
  ObjectReader& reader_;
  int64_t offset_;
  int64_t left_;
  const int64_t size_;
};

/// Read until `out` is full or the stream ends.
Result<size_t> Fill(ByteReader& body, std::span<std::byte> out) {
  size_t filled = 0;
  while (filled < out.size()) {
    ARROW_ASSIGN_OR_RAISE(const auto got, body.Read(out.subspan(filled)));
    if (got == 0) break;
    filled += got;
  }
  return filled;
}

Status SendParts(ObjectStore& store, std::string_view key, const std::string& id, std::vector<std::byte>& buffer,
                 ByteReader& body, std::vector<UploadedPart>& parts) {
  for (size_t filled = buffer.size(); filled > 0;) {
    ARROW_ASSIGN_OR_RAISE(
        auto part, store.UploadPart(key, id, static_cast<int>(parts.size()) + 1, std::span(buffer).first(filled)));
    parts.push_back(std::move(part));
    ARROW_ASSIGN_OR_RAISE(filled, Fill(body, buffer));
  }
  return Status::OK();
}

}  // namespace

Result<std::unique_ptr<ObjectReader>> ObjectStore::OpenObject(std::string_view key, const GetOptions& options) {
  ARROW_ASSIGN_OR_RAISE(auto info, Head(key));
  if (!options.if_match.empty() && options.if_match != info.etag) {
    return MakeError(ErrorKind::kPrecondition, "open ", key, ": the object has changed: ETag ", info.etag,
                     ", expected ", options.if_match);
  }
  if (!options.if_none_match.empty() && options.if_none_match == info.etag) {
    return MakeError(ErrorKind::kPrecondition, "open ", key, ": the object has not changed: ETag ", info.etag);
  }
  return std::make_unique<RangeReader>(*this, std::move(info));
}

Result<int64_t> ObjectStore::GetStream(std::string_view key, const GetOptions& options, const ByteSink& sink) {
  if (options.range.length.value_or(INT64_MAX) <= kStreamGetBytes) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, Get(key, options));
    if (bytes->size() > 0) ARROW_RETURN_NOT_OK(sink(options.range.offset, AsBytes(std::string_view(*bytes))));
    return bytes->size();
  }
  ARROW_ASSIGN_OR_RAISE(const auto reader, OpenObject(key, options));
  ARROW_ASSIGN_OR_RAISE(const auto range, ClampRange(options.range, reader->info().size, key));
  const int64_t length = *range.length;
  const auto body = ReadRange(*reader, range.offset, length);
  std::vector<std::byte> buffer(static_cast<size_t>(std::min(length, kStreamReadBytes)));
  for (int64_t at = 0; at < length;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, body->Read(buffer));
    ARROW_RETURN_NOT_OK(sink(range.offset + at, std::span(buffer).first(got)));
    at += static_cast<int64_t>(got);
  }
  return length;
}

Result<ObjectInfo> ObjectStore::PutStream(std::string_view key, ByteReader& body, const PutOptions& options) {
  auto part_size = static_cast<size_t>(std::max<int64_t>(kStreamPartBytes, traits().min_part_size));
  const int64_t size = body.size().value_or(0);
  part_size = std::max(part_size, static_cast<size_t>((size + kMaxParts - 1) / kMaxParts));
  std::vector<std::byte> buffer(part_size);
  ARROW_ASSIGN_OR_RAISE(const auto filled, Fill(body, buffer));
  if (filled < buffer.size()) return Put(key, std::span(buffer).first(filled), options);
  ARROW_ASSIGN_OR_RAISE(const auto id, CreateMultipart(key, options.attributes.value_or(ObjectAttributes{})));
  std::vector<UploadedPart> parts;
  auto info = [&]() -> Result<ObjectInfo> {
    ARROW_RETURN_NOT_OK(SendParts(*this, key, id, buffer, body, parts));
    return CompleteMultipart(key, id, parts, options);
  }();
  // The first error says more than one of cleaning up would.
  if (!info.ok() && KindOf(info.status()) != ErrorKind::kCommitUnknown) static_cast<void>(AbortMultipart(key, id));
  return info;
}

Result<UploadedPart> ObjectStore::UploadPartStream(std::string_view key, std::string_view upload_id, int number,
                                                   ByteReader& body) {
  std::vector<std::byte> bytes(static_cast<size_t>(body.size().value_or(kStreamPartBytes)) + 1);
  size_t filled = 0;
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto got, Fill(body, std::span(bytes).subspan(filled)));
    filled += got;
    if (filled < bytes.size()) break;
    bytes.resize(bytes.size() * 2);
  }
  return UploadPart(key, upload_id, number, std::span(bytes).first(filled));
}

Result<std::vector<UploadedPart>> ObjectStore::ListParts(std::string_view key, std::string_view upload_id) {
  return MakeError(ErrorKind::kNotImplemented, "list the parts of upload ", upload_id, " of ", key, ": ", name(),
                   " does not tell them");
}

Status ObjectStore::SetAttributes(std::string_view key, const ObjectAttributes&, const std::string&) {
  return MakeError(ErrorKind::kNotImplemented, "set the attributes of ", key, ": ", name(),
                   " changes none of an object that is there");
}

std::unique_ptr<ByteReader> ReadRange(ObjectReader& reader, int64_t offset, int64_t length) {
  return std::make_unique<PartOfObject>(reader, offset, length);
}

Result<bool> Exists(ObjectStore& store, std::string_view key) {
  const auto info = store.Head(key);
  if (info.ok()) return true;
  if (KindOf(info.status()) == ErrorKind::kNotFound) return false;
  return info.status();
}

Result<std::string> GetString(ObjectStore& store, std::string_view key) {
  ARROW_ASSIGN_OR_RAISE(auto body, store.Get(key));
  return body->ToString();
}

Result<ObjectInfo> PutString(ObjectStore& store, std::string_view key, std::string_view body,
                             const PutOptions& options) {
  return store.Put(key, AsBytes(body), options);
}

Status ForEachObject(ObjectStore& store, std::string_view prefix,
                     const std::function<Status(const ObjectInfo&)>& visit) {
  if (store.traits().remote) return ParallelList(store, {.prefix = std::string(prefix)}, visit);
  ListOptions options{.prefix = std::string(prefix)};
  do {
    ARROW_ASSIGN_OR_RAISE(auto page, store.List(options));
    for (const auto& object : page.objects) ARROW_RETURN_NOT_OK(visit(object));
    options.continuation_token = std::move(page.next_token);
  } while (!options.continuation_token.empty());
  return Status::OK();
}

Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix) {
  std::vector<ObjectInfo> objects;
  ARROW_RETURN_NOT_OK(ForEachObject(store, prefix, [&](const ObjectInfo& object) {
    objects.push_back(object);
    return Status::OK();
  }));
  return objects;
}

}  // namespace glaux
