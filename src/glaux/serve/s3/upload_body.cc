#include "glaux/serve/s3/upload_body_internal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "glaux/aws/sigv4.h"
#include "glaux/base/base64.h"
#include "glaux/serve/s3/digest_internal.h"

namespace glaux::serve::s3 {
namespace {

constexpr std::string_view kChecksumPrefix = "x-amz-checksum-";
/// Of a chunk's first line and of all trailing headers.
constexpr size_t kMaxChunkLine = 1024, kMaxTrailer = 16 << 10;

Status Incomplete(std::string_view why) { return S3Error(ErrorKind::kInvalid, 400, "IncompleteBody", why); }

Status BadSignature(std::string_view of) {
  return S3Error(ErrorKind::kUnauthenticated, 403, "SignatureDoesNotMatch", "the signature of ", of,
                 " is not that of its content");
}

/// What the connection gives, with S3's codes for what goes wrong there.
class ClientBody final : public ByteReader {
 public:
  explicit ClientBody(ByteReader& body) : body_(body) {}

  Result<size_t> Read(std::span<std::byte> out) override {
    auto got = body_.Read(out);
    if (got.ok()) return got;
    return KindOf(got.status()) == ErrorKind::kTimeout ? WithCode(got.status(), "RequestTimeout", 400)
                                                       : WithCode(got.status(), "IncompleteBody", 400);
  }
  std::optional<int64_t> size() const override { return body_.size(); }

 private:
  ByteReader& body_;
};

/// Content-Encoding aws-chunked: "<size>[;chunk-signature=<hex>]\r\n<bytes>\r\n" up to a chunk of no bytes, then
/// trailing headers. Source: Amazon S3 API Reference, "Signature calculations: transferring a payload in multiple
/// chunks".
class ChunkedBody final : public ByteReader {
 public:
  ChunkedBody(ByteReader& body, const Caller& caller, std::optional<int64_t> size)
      : body_(body),
        caller_(caller),
        signed_(caller.payload_hash != aws::kStreamingUnsignedTrailer),
        trailer_(caller.payload_hash != aws::kStreamingPayload),
        previous_signature_(caller.signature),
        size_(size) {}

  std::optional<int64_t> size() const override { return size_; }
  const http::Headers& trailers() const { return trailers_; }

  Result<size_t> Read(std::span<std::byte> out) override {
    if (done_ || out.empty()) return 0;
    if (left_ == 0) {
      ARROW_RETURN_NOT_OK(BeginChunk());
      if (left_ == 0) {
        ARROW_RETURN_NOT_OK(End());
        done_ = true;
        return 0;
      }
    }
    out = out.first(static_cast<size_t>(std::min<int64_t>(left_, static_cast<int64_t>(out.size()))));
    ARROW_ASSIGN_OR_RAISE(const auto got, Take(out));
    if (got == 0) return Incomplete("the body ends within a chunk");
    if (signed_) digest_->Update(out.first(got));
    left_ -= static_cast<int64_t>(got);
    total_ += static_cast<int64_t>(got);
    if (left_ == 0) {
      ARROW_RETURN_NOT_OK(CheckChunk());
      ARROW_ASSIGN_OR_RAISE(const auto line, Line(2));
      if (!line.empty()) return Incomplete("a chunk is longer than its size says");
    }
    return got;
  }

 private:
  Status BeginChunk() {
    ARROW_ASSIGN_OR_RAISE(const auto line, Line(kMaxChunkLine));
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), left_, 16);
    std::string_view rest(end, static_cast<size_t>(line.data() + line.size() - end));
    if (error != std::errc() || left_ < 0 || (!rest.empty() && rest.front() != ';')) {
      return Incomplete("a chunk does not begin with its size");
    }
    if (size_ && left_ > *size_ - total_)
      return Incomplete("the chunks hold more than x-amz-decoded-content-length says");
    if (!signed_) return Status::OK();
    constexpr std::string_view kSignature = ";chunk-signature=";
    if (!rest.starts_with(kSignature)) return BadSignature("a chunk without one");
    chunk_signature_ = rest.substr(kSignature.size());
    digest_ = Digest::Make("sha256");
    return Status::OK();
  }

  Status CheckChunk() {
    if (!signed_) return Status::OK();
    const auto expected =
        aws::SignChunk(caller_.signing_key, caller_.time, caller_.scope, previous_signature_, Hex(digest_->Finish()));
    if (!aws::EqualInConstantTime(expected, chunk_signature_)) return BadSignature("a chunk");
    previous_signature_ = expected;
    return Status::OK();
  }

  Status End() {
    ARROW_RETURN_NOT_OK(CheckChunk());
    if (size_ && total_ != *size_) {
      return Incomplete("the chunks hold fewer bytes than x-amz-decoded-content-length says");
    }
    std::string signed_text, signature;
    for (size_t bytes = 0;;) {
      // Some clients end the last chunk without the empty line that closes the headers.
      ARROW_ASSIGN_OR_RAISE(const auto line, Line(kMaxTrailer - bytes, MayEnd::kYes));
      if (line.empty()) break;
      bytes += line.size();
      const auto colon = line.find(':');
      if (colon == line.npos) return Incomplete("a trailing header is none");
      std::string name = line.substr(0, colon);
      std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
      std::string_view value = std::string_view(line).substr(colon + 1);
      while (value.starts_with(' ')) value.remove_prefix(1);
      while (value.ends_with(' ')) value.remove_suffix(1);
      if (name == "x-amz-trailer-signature") {
        signature = value;
      } else {
        signed_text.append(name).append(":").append(value).append("\n");
        trailers_.Add(name, std::string(value));
      }
    }
    if (signed_ && trailer_) {
      const auto expected =
          aws::SignTrailer(caller_.signing_key, caller_.time, caller_.scope, previous_signature_, signed_text);
      if (!aws::EqualInConstantTime(expected, signature)) return BadSignature("the trailing headers");
    }
    return Status::OK();
  }

  enum class MayEnd { kNo, kYes };
  /// Up to the end of the line, without it.
  Result<std::string> Line(size_t most, MayEnd may_end = MayEnd::kNo) {
    std::string line;
    for (;;) {
      if (begin_ == end_) {
        ARROW_ASSIGN_OR_RAISE(end_, body_.Read(buffer_));
        begin_ = 0;
        if (end_ == 0) {
          if (may_end == MayEnd::kYes && line.empty()) return line;
          return Incomplete("the body ends before its last chunk");
        }
      }
      const char c = static_cast<char>(buffer_[begin_++]);
      if (c == '\n') break;
      if (line.size() > most) return Incomplete("the first line of a chunk, or the trailing headers, are too long");
      line += c;
    }
    if (line.ends_with('\r')) line.pop_back();
    return line;
  }

  /// Bytes of a chunk: those that are here, else straight from the client.
  Result<size_t> Take(std::span<std::byte> out) {
    if (begin_ == end_) {
      // A small chunk comes with the line of the next one.
      if (out.size() >= buffer_.size()) return body_.Read(out);
      ARROW_ASSIGN_OR_RAISE(end_, body_.Read(buffer_));
      begin_ = 0;
    }
    const auto size = std::min(out.size(), end_ - begin_);
    std::memcpy(out.data(), buffer_.data() + begin_, size);
    begin_ += size;
    return size;
  }

  ByteReader& body_;
  const Caller& caller_;
  const bool signed_;
  const bool trailer_;
  std::string previous_signature_;
  const std::optional<int64_t> size_;
  std::string chunk_signature_;
  std::unique_ptr<Digest> digest_;
  http::Headers trailers_;
  int64_t left_ = 0;
  int64_t total_ = 0;
  bool done_ = false;
  std::array<std::byte, 16 << 10> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

/// A digest that the body must have.
struct Expectation {
  std::string algorithm;
  std::string header;    ///< that names it
  std::string expected;  ///< as in the header; empty: it comes in the trailer
  bool hexadecimal = false;
  std::unique_ptr<Digest> digest;
};

class CheckedBody final : public UploadBody {
 public:
  CheckedBody(ByteReader& client, const Caller& caller) : client_(client), caller_(caller) {}

  Status Prepare(Call& call) {
    const auto& hash = caller_.payload_hash;
    if (hash.starts_with("STREAMING-")) {
      if (hash != aws::kStreamingPayload && hash != aws::kStreamingPayloadTrailer &&
          hash != aws::kStreamingUnsignedTrailer) {
        return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented", "x-amz-content-sha256: ", hash,
                       " is not implemented");
      }
      ARROW_RETURN_NOT_OK(OpenChunks(call));
    } else if (hash.size() == 64) {
      Expect("sha256", "x-amz-content-sha256", hash, true);
    } else if (!hash.empty() && hash != aws::kUnsignedPayload) {
      return InvalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-… or a SHA-256");
    }
    if (const auto md5 = call.request.headers.Find("content-md5")) {
      std::string raw;
      if (!DecodeBase64(*md5, &raw) || raw.size() != 16) {
        return S3Error(ErrorKind::kInvalid, 400, "InvalidDigest", "the Content-MD5 you specified is not valid");
      }
      Expect("md5", "content-md5", std::string(*md5), false);
    }
    return PrepareChecksums(call);
  }

  std::optional<int64_t> size() const override { return body().size(); }

  Result<size_t> Read(std::span<std::byte> out) override {
    ARROW_ASSIGN_OR_RAISE(const auto got, body().Read(out));
    if (got > 0) {
      for (const auto& one : expectations_) one.digest->Update(out.first(got));
    } else if (!std::exchange(checked_all_, true)) {
      ARROW_RETURN_NOT_OK(CheckAll());
    }
    return got;
  }

  const http::Headers& checked() const override { return checked_; }

 private:
  ByteReader& body() { return chunks_ ? static_cast<ByteReader&>(*chunks_) : client_; }
  const ByteReader& body() const { return chunks_ ? static_cast<const ByteReader&>(*chunks_) : client_; }

  Status OpenChunks(Call& call) {
    std::optional<int64_t> size;
    if (const auto text = call.request.headers.Find("x-amz-decoded-content-length")) {
      int64_t value = -1;
      const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
      if (error != std::errc() || end != text->data() + text->size() || value < 0) {
        return InvalidArgument("x-amz-decoded-content-length is no size: ", *text);
      }
      size = value;
    } else {
      return S3Error(ErrorKind::kInvalid, 411, "MissingContentLength",
                     "a body in chunks needs the header x-amz-decoded-content-length");
    }
    chunks_ = std::make_unique<ChunkedBody>(client_, caller_, size);
    return Status::OK();
  }

  Status PrepareChecksums(Call& call) {
    for (const auto& [name, value] : call.request.headers.fields()) {
      std::string lower = name;
      std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
      if (lower == "x-amz-trailer" && chunks_ != nullptr) {
        if (!value.starts_with(kChecksumPrefix)) continue;
        ARROW_RETURN_NOT_OK(ExpectChecksum(value, ""));
      } else if (lower.starts_with(kChecksumPrefix) && lower != "x-amz-checksum-algorithm" &&
                 lower != "x-amz-checksum-type" && lower != "x-amz-checksum-mode") {
        ARROW_RETURN_NOT_OK(ExpectChecksum(lower, value));
      }
    }
    return Status::OK();
  }

  Status ExpectChecksum(const std::string& header, const std::string& value) {
    const auto algorithm = header.substr(kChecksumPrefix.size());
    if (algorithm == "md5" || Digest::Make(algorithm) == nullptr) {
      return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented", header, ": this checksum is not implemented");
    }
    std::string raw;
    if (!value.empty() && (!DecodeBase64(value, &raw) || raw.size() != Digest::Make(algorithm)->Finish().size())) {
      return S3Error(ErrorKind::kInvalid, 400, "InvalidRequest", "Value for ", header, " header is invalid.");
    }
    Expect(algorithm, header, value, false);
    return Status::OK();
  }

  void Expect(std::string_view algorithm, std::string_view header, std::string expected, bool hexadecimal) {
    expectations_.push_back({.algorithm = std::string(algorithm),
                             .header = std::string(header),
                             .expected = std::move(expected),
                             .hexadecimal = hexadecimal,
                             .digest = Digest::Make(algorithm)});
  }

  Status CheckAll() {
    for (auto& one : expectations_) {
      const std::string raw = one.digest->Finish();
      const std::string found = one.hexadecimal ? Hex(raw) : Base64(raw);
      if (one.expected.empty() && chunks_ != nullptr) one.expected = chunks_->trailers().Get(one.header);
      if (found != one.expected) return Differs(one);
      if (one.header.starts_with(kChecksumPrefix)) checked_.Add(one.header, found);
    }
    return Status::OK();
  }

  static Status Differs(const Expectation& one) {
    if (one.header == "x-amz-content-sha256") {
      return S3Error(ErrorKind::kInvalid, 400, "XAmzContentSHA256Mismatch",
                     "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }
    if (one.header == "content-md5") {
      return S3Error(ErrorKind::kInvalid, 400, "BadDigest",
                     "The Content-MD5 you specified did not match what we received.");
    }
    if (one.expected.empty()) {
      return S3Error(ErrorKind::kInvalid, 400, "MalformedTrailerError", "the trailing header ", one.header,
                     " is missing");
    }
    return S3Error(ErrorKind::kInvalid, 400, "BadDigest", "The ", one.algorithm,
                   " you specified did not match the calculated checksum.");
  }

  ByteReader& client_;
  const Caller& caller_;
  std::unique_ptr<ChunkedBody> chunks_;
  std::vector<Expectation> expectations_;
  bool checked_all_ = false;
  http::Headers checked_;
};

/// Holds the client's side and the checks over it together.
class OwningBody final : public UploadBody {
 public:
  explicit OwningBody(Call& call) : client_(*call.request.body), checked_(client_, call.caller) {}
  Status Prepare(Call& call) { return checked_.Prepare(call); }
  Result<size_t> Read(std::span<std::byte> out) override { return checked_.Read(out); }
  std::optional<int64_t> size() const override { return checked_.size(); }
  const http::Headers& checked() const override { return checked_.checked(); }

 private:
  ClientBody client_;
  CheckedBody checked_;
};

}  // namespace

Result<std::unique_ptr<UploadBody>> UploadBody::Open(Call& call) {
  if (!call.HasHeader("content-length") && !call.HasHeader("transfer-encoding")) {
    return S3Error(ErrorKind::kInvalid, 411, "MissingContentLength",
                   "You must provide the Content-Length HTTP header.");
  }
  auto body = std::make_unique<OwningBody>(call);
  ARROW_RETURN_NOT_OK(body->Prepare(call));
  return body;
}

}  // namespace glaux::serve::s3
