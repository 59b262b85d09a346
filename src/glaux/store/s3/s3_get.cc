#include <algorithm>
#include <charconv>
#include <cstring>

#include "glaux/store/s3/s3_digest_internal.h"
#include "glaux/store/s3/s3_object_internal.h"

namespace glaux::s3 {
namespace {

// How often a read is begun anew because the object changed under it, or its bytes were not those of its checksum.
constexpr int kMaxReads = 3;
// Memory taken on the word of a Content-Length; more is taken as it comes.
constexpr int64_t kMaxReserve = int64_t{1} << 30;
// No object is larger; a range that reaches this far is one to the end.
constexpr int64_t kFarEnd = int64_t{1} << 50;

std::string RangeHeader(int64_t offset, const std::optional<int64_t>& length) {
  std::string text = "bytes=" + std::to_string(offset) + "-";
  if (length && *length < kFarEnd - std::min(offset, kFarEnd)) text += std::to_string(offset + *length - 1);
  return text;
}

// First byte of "bytes 5-9/100".
std::optional<int64_t> RangeBegin(std::string_view content_range) {
  if (!content_range.starts_with("bytes ")) return std::nullopt;
  content_range.remove_prefix(6);
  int64_t begin = 0;
  const auto [end, error] = std::from_chars(content_range.data(), content_range.data() + content_range.size(), begin);
  if (error != std::errc() || end == content_range.data() + content_range.size() || *end != '-') return std::nullopt;
  return begin;
}

/// One object's bytes as they arrive, over one answer or, after a cut, several.
class Download {
 public:
  Download(S3Connection& connection, std::string_view key, const GetOptions& options)
      : connection_(connection), key_(key), options_(options) {}

  Result<std::shared_ptr<arrow::Buffer>> Run() {
    S3Call call{.operation = "GetObject", .key = key_, .customer_key = true};
    const auto& range = options_.range;
    whole_ = range.offset == 0 && !range.length;
    if (!whole_) call.headers.Set("Range", RangeHeader(range.offset, range.length));
    if (whole_) call.headers.Set("x-amz-checksum-mode", "ENABLED");
    if (!options_.if_match.empty()) call.headers.Set("If-Match", WithQuotes(options_.if_match));
    if (!options_.if_none_match.empty()) call.headers.Set("If-None-Match", WithQuotes(options_.if_none_match));
    call.on_head = [this](const http::ResponseHead& head) { return OnHead(head); };
    call.on_data = [this](std::span<const std::byte> bytes) { return OnData(bytes); };
    call.resume = [this](http::Request* request) { return Resume(request); };
    call.accept = [](int status) { return status == 304; };
    auto response = connection_.Send(call);
    if (!response.ok()) {
      if (resumed_ && KindOf(response.status()) == ErrorKind::kPrecondition) changed_ = true;
      return response.status();
    }
    if (response->status == 304) return Error(ErrorKind::kPrecondition, "the object has the ETag of if_none_match");
    return Finish();
  }

  /// The object was replaced between two answers.
  bool changed() const { return changed_; }
  /// The bytes are not those of the checksum.
  bool corrupt() const { return corrupt_; }

 private:
  Status Error(ErrorKind kind, std::string_view what) const { return connection_.Error(kind, "GetObject", key_, what); }

  static bool IsContent(int status) { return status == 200 || status == 206; }

  Status OnHead(const http::ResponseHead& head) {
    content_ = IsContent(head.status);
    if (!content_) return Status::OK();
    const auto begin = head.status == 206 ? RangeBegin(head.headers.Get("content-range")) : std::optional<int64_t>(0);
    if (!begin) return Error(ErrorKind::kCorrupt, "the answer does not say which range it holds");
    const int64_t wanted = options_.range.offset + received_;
    if (*begin > wanted) return Error(ErrorKind::kCorrupt, "the answer begins behind the range that was asked for");
    // A server that does not know ranges sends the whole object.
    skip_ = wanted - *begin;
    if (received_ == 0) {
      first_ = head;
      const int64_t length = InfoFromHeaders(key_, head.headers).size - skip_;
      return Reserve(std::clamp<int64_t>(length, 0, options_.range.length.value_or(kMaxReserve)));
    }
    if (WithoutQuotes(head.headers.Get("etag")) == WithoutQuotes(first_.headers.Get("etag"))) return Status::OK();
    changed_ = true;
    return Error(ErrorKind::kPrecondition, "the object was replaced while it was read");
  }

  Status OnData(std::span<const std::byte> bytes) {
    if (!content_) return Status::OK();
    const auto skipped = std::min<int64_t>(skip_, static_cast<int64_t>(bytes.size()));
    skip_ -= skipped;
    bytes = bytes.subspan(static_cast<size_t>(skipped));
    const int64_t left = options_.range.length.value_or(INT64_MAX) - received_;
    if (static_cast<int64_t>(bytes.size()) > left) bytes = bytes.first(static_cast<size_t>(left));
    if (bytes.empty()) return Status::OK();
    const auto size = received_ + static_cast<int64_t>(bytes.size());
    if (size > buffer_->size()) ARROW_RETURN_NOT_OK(Reserve(std::max(size, 2 * buffer_->size())));
    std::memcpy(buffer_->mutable_data() + received_, bytes.data(), bytes.size());
    received_ = size;
    return Status::OK();
  }

  // After a cut: the rest, of this same version.
  Status Resume(http::Request* request) {
    if (received_ == 0) return Status::OK();
    resumed_ = true;
    auto left = options_.range.length;
    if (left) *left -= received_;
    request->headers.Set("Range", RangeHeader(options_.range.offset + received_, left));
    request->headers.Set("If-Match", first_.headers.Get("etag"));
    request->headers.Remove("If-None-Match");
    return Status::OK();
  }

  Status Reserve(int64_t size) {
    size = std::min(size, std::max(kMaxReserve, received_ * 2));
    if (buffer_ == nullptr) return arrow::AllocateResizableBuffer(size).Value(&buffer_);
    return size > buffer_->size() ? buffer_->Resize(size) : Status::OK();
  }

  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    if (buffer_ == nullptr) ARROW_RETURN_NOT_OK(Reserve(0));
    if (skip_ > 0) return Error(ErrorKind::kInvalid, "the range begins at or past the end of the object");
    ARROW_RETURN_NOT_OK(buffer_->Resize(received_));
    std::shared_ptr<arrow::Buffer> bytes = std::move(buffer_);
    if (!whole_) return bytes;
    BodyCheck check(first_.headers);
    check.Add({reinterpret_cast<const std::byte*>(bytes->data()), static_cast<size_t>(bytes->size())});
    if (check.Matches()) return bytes;
    corrupt_ = true;
    return Error(ErrorKind::kCorrupt, "the bytes do not have the object's checksum " + std::string(check.algorithm()));
  }

  S3Connection& connection_;
  const std::string key_;
  const GetOptions& options_;
  http::ResponseHead first_;
  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t received_ = 0;
  int64_t skip_ = 0;
  bool whole_ = false;
  bool content_ = false;
  bool resumed_ = false;
  bool changed_ = false;
  bool corrupt_ = false;
};

// What S3 has no way to ask for: no bytes at all, and any range of an object without bytes.
Result<std::shared_ptr<arrow::Buffer>> GetNothing(S3Connection& connection, std::string_view key,
                                                  const GetOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto info, HeadObject(connection, key));
  if (!options.if_match.empty() && info.etag != options.if_match) {
    return connection.Error(ErrorKind::kPrecondition, "GetObject", key, "the object has another ETag than if_match");
  }
  if (!options.if_none_match.empty() && info.etag == options.if_none_match) {
    return connection.Error(ErrorKind::kPrecondition, "GetObject", key, "the object has the ETag of if_none_match");
  }
  if (info.size > 0 && options.range.offset >= info.size) {
    return connection.Error(ErrorKind::kInvalid, "GetObject", key,
                            "a range from " + std::to_string(options.range.offset) + " begins past the end of " +
                                std::to_string(info.size) + " bytes");
  }
  if (info.size == 0 || options.range.length == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
  return connection.Error(ErrorKind::kUnavailable, "GetObject", key, "the object changed while it was read");
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> GetObject(S3Connection& connection, std::string_view key,
                                                 const GetOptions& options) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  if (options.range.offset < 0 || options.range.length.value_or(0) < 0) {
    return connection.Error(ErrorKind::kInvalid, "GetObject", key, "a range cannot be negative");
  }
  if (options.range.length == 0) return GetNothing(connection, key, options);
  for (int reads = 1;; ++reads) {
    Download download(connection, key, options);
    auto bytes = download.Run();
    if (bytes.ok()) return bytes;
    if (InfoOf(bytes.status()).http_status == 416) return GetNothing(connection, key, options);
    const bool again = download.corrupt() || (download.changed() && options.if_match.empty());
    if (!again || reads == kMaxReads) return bytes;
  }
}

}  // namespace glaux::s3
