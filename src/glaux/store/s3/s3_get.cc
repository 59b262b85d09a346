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

/// Where the bytes of a download go.
class Target {
 public:
  virtual ~Target() = default;
  /// Begin, again after a failed try. `size` is what the answer promises.
  virtual Status Begin(int64_t size) = 0;
  /// Take the bytes that stand at `position` in the range.
  virtual Status Add(int64_t position, std::span<const std::byte> bytes) = 0;
};

class BufferTarget final : public Target {
 public:
  Status Begin(int64_t size) override {
    size_ = 0;
    return Reserve(std::min(size, kMaxReserve));
  }
  Status Add(int64_t position, std::span<const std::byte> bytes) override {
    size_ = position + static_cast<int64_t>(bytes.size());
    if (size_ > buffer_->size()) ARROW_RETURN_NOT_OK(Reserve(std::max(size_, 2 * buffer_->size())));
    std::memcpy(buffer_->mutable_data() + position, bytes.data(), bytes.size());
    return Status::OK();
  }
  Result<std::shared_ptr<arrow::Buffer>> Finish() {
    if (buffer_ == nullptr) return std::make_shared<arrow::Buffer>(nullptr, 0);
    ARROW_RETURN_NOT_OK(buffer_->Resize(size_));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer_));
  }

 private:
  Status Reserve(int64_t size) {
    if (buffer_ == nullptr) return arrow::AllocateResizableBuffer(size).Value(&buffer_);
    return size > buffer_->size() ? buffer_->Resize(size) : Status::OK();
  }

  std::unique_ptr<arrow::ResizableBuffer> buffer_;
  int64_t size_ = 0;
};

class SinkTarget final : public Target {
 public:
  SinkTarget(int64_t offset, const ByteSink& sink) : offset_(offset), sink_(sink) {}
  Status Begin(int64_t) override { return Status::OK(); }
  Status Add(int64_t position, std::span<const std::byte> bytes) override { return sink_(offset_ + position, bytes); }

 private:
  const int64_t offset_;
  const ByteSink& sink_;
};

/// One object's bytes as they arrive, over one answer or, after a cut, several.
class Download {
 public:
  Download(S3Connection& connection, std::string_view key, const GetOptions& options, Target* target)
      : connection_(connection), key_(key), options_(options), target_(target) {}

  /// \return how many bytes the range has
  Result<int64_t> Run() {
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
    ARROW_RETURN_NOT_OK(target_error_);
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
      check_ = BodyCheck(whole_ ? head.headers : http::Headers());
      const int64_t length = InfoFromHeaders(key_, head.headers).size - skip_;
      return target_->Begin(std::clamp<int64_t>(length, 0, options_.range.length.value_or(kFarEnd)));
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
    check_.Add(bytes);
    target_error_ = target_->Add(received_, bytes);
    // Whatever it means to the target, to the client it is nothing that another try could mend.
    if (!target_error_.ok()) return Error(ErrorKind::kInvalid, "the bytes were not taken");
    received_ += static_cast<int64_t>(bytes.size());
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

  Result<int64_t> Finish() {
    if (skip_ > 0) return Error(ErrorKind::kInvalid, "the range begins at or past the end of the object");
    if (check_.Matches()) return received_;
    corrupt_ = true;
    return Error(ErrorKind::kCorrupt, "the bytes do not have the object's checksum " + std::string(check_.algorithm()));
  }

  S3Connection& connection_;
  const std::string key_;
  const GetOptions& options_;
  Target* const target_;
  http::ResponseHead first_;
  BodyCheck check_{http::Headers()};
  Status target_error_;
  int64_t received_ = 0;
  int64_t skip_ = 0;
  bool whole_ = false;
  bool content_ = false;
  bool resumed_ = false;
  bool changed_ = false;
  bool corrupt_ = false;
};

// What S3 has no way to ask for: no bytes at all, and any range of an object without bytes.
Status GetNothing(S3Connection& connection, std::string_view key, const GetOptions& options) {
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
  if (info.size == 0 || options.range.length == 0) return Status::OK();
  return connection.Error(ErrorKind::kUnavailable, "GetObject", key, "the object changed while it was read");
}

/// Get, into a target. \return how many bytes the range has
Result<int64_t> GetInto(S3Connection& connection, std::string_view key, const GetOptions& options, Target* target) {
  ARROW_RETURN_NOT_OK(CheckS3Key(key));
  if (options.range.offset < 0 || options.range.length.value_or(0) < 0) {
    return connection.Error(ErrorKind::kInvalid, "GetObject", key, "a range cannot be negative");
  }
  const auto nothing = [&]() -> Result<int64_t> {
    ARROW_RETURN_NOT_OK(GetNothing(connection, key, options));
    return 0;
  };
  if (options.range.length == 0) return nothing();
  for (int reads = 1;; ++reads) {
    Download download(connection, key, options, target);
    const auto size = download.Run();
    if (size.ok()) return size;
    if (InfoOf(size.status()).http_status == 416) return nothing();
    const bool again = download.corrupt() || (download.changed() && options.if_match.empty());
    if (!again || reads == kMaxReads) return size;
  }
}

}  // namespace

Result<std::shared_ptr<arrow::Buffer>> GetObject(S3Connection& connection, std::string_view key,
                                                 const GetOptions& options) {
  BufferTarget target;
  ARROW_RETURN_NOT_OK(GetInto(connection, key, options, &target).status());
  return target.Finish();
}

Result<int64_t> GetObjectStream(S3Connection& connection, std::string_view key, const GetOptions& options,
                                const ByteSink& sink) {
  SinkTarget target(options.range.offset, sink);
  return GetInto(connection, key, options, &target);
}

}  // namespace glaux::s3
