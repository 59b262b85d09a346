#include "glaux/serve/s3/object_headers_internal.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "glaux/aws/sigv4.h"

namespace glaux::serve::s3 {
namespace {

constexpr std::array<std::string_view, 6> kKept = {"cache-control",    "content-disposition", "content-encoding",
                                                   "content-language", "content-type",        "expires"};
constexpr std::string_view kMetadata = "x-amz-meta-";
/// What S3 says of an object whose type nobody gave.
constexpr std::string_view kDefaultType = "binary/octet-stream";
constexpr size_t kMaxMetadata = 2048, kMaxTags = 10, kMaxTagKey = 128, kMaxTagValue = 256;

/// "gzip,aws-chunked" without the way in which the request came.
std::string WithoutChunked(std::string_view encodings) {
  std::string kept;
  while (!encodings.empty()) {
    auto one = encodings.substr(0, encodings.find(','));
    encodings.remove_prefix(std::min(one.size() + 1, encodings.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.empty() || one == "aws-chunked") continue;
    kept.append(kept.empty() ? "" : ",").append(one);
  }
  return kept;
}

size_t CharactersOf(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

Status InvalidTag(std::string_view why) { return S3Error(ErrorKind::kInvalid, 400, "InvalidTag", why); }

Status CheckTags(const std::vector<wire::s3::Tag>& tags) {
  if (tags.size() > kMaxTags)
    return S3Error(ErrorKind::kInvalid, 400, "BadRequest", "Object tags cannot be greater than 10");
  for (size_t i = 0; i < tags.size(); ++i) {
    if (tags[i].Key.empty() || CharactersOf(tags[i].Key) > kMaxTagKey) {
      return InvalidTag("The TagKey you have provided is invalid");
    }
    if (CharactersOf(tags[i].Value) > kMaxTagValue) return InvalidTag("The TagValue you have provided is invalid");
    for (size_t j = 0; j < i; ++j) {
      if (tags[j].Key == tags[i].Key) return InvalidTag("Cannot provide multiple Tags with the same key");
    }
  }
  return Status::OK();
}

}  // namespace

Result<ObjectAttributes> ReadAttributes(const Call& call) {
  ObjectAttributes attributes;
  size_t metadata = 0;
  for (const auto& [name, value] : call.request.headers.fields()) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower.starts_with(kMetadata) && lower.size() > kMetadata.size()) {
      metadata += lower.size() - kMetadata.size() + value.size();
      auto& kept = attributes[lower];
      kept.append(kept.empty() ? "" : ",").append(value);
    } else if (std::find(kKept.begin(), kKept.end(), lower) != kKept.end()) {
      std::string kept = lower == "content-encoding" ? WithoutChunked(value) : value;
      if (!kept.empty() && kept != kDefaultType) attributes[lower] = std::move(kept);
    } else if (lower == kTaggingAttribute && !value.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto tags, ParseTags(value));
      ARROW_ASSIGN_OR_RAISE(attributes[lower], FormatTags(tags));
    }
  }
  if (metadata > kMaxMetadata) {
    return S3Error(ErrorKind::kInvalid, 400, "MetadataTooLarge",
                   "Your metadata headers exceed the maximum allowed metadata size of ", kMaxMetadata, " bytes");
  }
  return attributes;
}

void AddObjectHeaders(Call& call, const ObjectInfo& info) {
  call.headers.Add("ETag", QuoteETag(info.etag));
  call.headers.Add("Last-Modified", FormatHttpDate(info.last_modified));
  call.headers.Add("Accept-Ranges", "bytes");
  bool typed = false;
  for (const auto& [name, value] : info.attributes) {
    if (name == kTaggingAttribute) {
      call.headers.Add("x-amz-tagging-count", std::to_string(std::count(value.begin(), value.end(), '&') + 1));
      continue;
    }
    typed |= name == "content-type";
    call.headers.Add(name, value);
  }
  if (!typed) call.headers.Add("Content-Type", std::string(kDefaultType));
}

Result<PutOptions> ReadPutConditions(const Call& call) {
  PutOptions options;
  if (const auto none = call.request.headers.Find("if-none-match")) {
    if (*none != "*") {
      return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented",
                     "If-None-Match of a write: only * is implemented, found: ", *none);
    }
    options.if_absent = true;
  }
  if (const auto match = call.request.headers.Find("if-match")) {
    if (options.if_absent) return InvalidArgument("If-Match and If-None-Match exclude each other");
    options.if_match = UnquoteETag(*match);
    if (options.if_match.empty() || options.if_match == "*") {
      return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented",
                     "If-Match of a write: only an ETag is implemented");
    }
  }
  return options;
}

Status PutError(Call& call, const Status& status, const PutOptions& options) {
  if (status.ok() || KindOf(status) != ErrorKind::kPrecondition) return status;
  // S3 tells an object that is gone from one that has changed.
  if (!options.if_match.empty() && KindOf(call.store->Head(call.key).status()) == ErrorKind::kNotFound) {
    return S3Error(ErrorKind::kNotFound, 404, "NoSuchKey", "The specified key does not exist.");
  }
  call.details.emplace_back("Condition", options.if_absent ? "If-None-Match" : "If-Match");
  return status;
}

Result<std::vector<wire::s3::Tag>> ParseTags(std::string_view text) {
  auto query = Query::Parse(text);
  if (!query.ok()) return InvalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded");
  std::vector<wire::s3::Tag> tags;
  for (const auto& [key, value] : query->parameters()) tags.push_back({.Key = key, .Value = value});
  return tags;
}

Result<std::string> FormatTags(const std::vector<wire::s3::Tag>& tags) {
  ARROW_RETURN_NOT_OK(CheckTags(tags));
  std::string text;
  for (const auto& tag : tags) {
    text.append(text.empty() ? "" : "&").append(aws::UriEncode(tag.Key, false));
    text.append("=").append(aws::UriEncode(tag.Value, false));
  }
  return text;
}

Status CheckVersion(const Call& call) {
  const std::string version = call.query.Get("versionId");
  if (version.empty() || version == "null") return Status::OK();
  return S3Error(ErrorKind::kNotFound, 404, "NoSuchVersion",
                 "The specified version does not exist: objects have no versions here");
}

Status ReadError(const Call& call, const Status& status) {
  if (status.ok() || KindOf(status) != ErrorKind::kInvalid) return status;
  return S3Error(ErrorKind::kNotFound, 404, "NoSuchKey", "The specified key does not exist.");
}

Result<CopySource> OpenCopySource(Call& call) {
  std::string text = call.Header("x-amz-copy-source");
  const auto question = text.rfind("?versionId=");
  if (question != std::string::npos) {
    if (text.substr(question + 11) != "null") {
      return S3Error(ErrorKind::kNotFound, 404, "NoSuchVersion",
                     "The specified version does not exist: objects have no versions here");
    }
    text.resize(question);
  }
  auto path = aws::UriDecode(text);
  if (!path.ok()) return InvalidArgument("x-amz-copy-source is no URL-encoded bucket/key: ", text);
  if (path->starts_with('/')) path->erase(0, 1);
  const auto slash = path->find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == path->size()) {
    return InvalidArgument("Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
  }
  CopySource source{
      .bucket = path->substr(0, slash), .key = path->substr(slash + 1), .store = nullptr, .reader = nullptr};
  auto store = call.options.buckets->Open(source.bucket);
  if (!store.ok() && KindOf(store.status()) == ErrorKind::kNotFound) {
    call.details.emplace_back("BucketName", source.bucket);
    return S3Error(ErrorKind::kNotFound, 404, "NoSuchBucket", "The specified bucket does not exist");
  }
  ARROW_ASSIGN_OR_RAISE(source.store, std::move(store));
  auto reader = source.store->OpenObject(source.key);
  if (!reader.ok()) return ReadError(call, reader.status());
  source.reader = *std::move(reader);
  ARROW_RETURN_NOT_OK(CheckConditions(call, "x-amz-copy-source-", source.reader->info(), 412));
  return source;
}

}  // namespace glaux::serve::s3
