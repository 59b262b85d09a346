#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "glaux/aws/sigv4.h"
#include "glaux/serve/s3/call_internal.h"
#include "glaux/serve/s3/object_headers_internal.h"
#include "glaux/serve/s3/upload_body_internal.h"

namespace glaux::serve::s3 {
namespace {

/// An object up to this size goes out with its head in one piece.
constexpr int64_t kSmall = 64 << 10;
constexpr int64_t kPiece = 1 << 20;

struct Part {
  int64_t offset = 0;
  int64_t length = 0;
  bool partial = false;
};

std::optional<int64_t> ToNumber(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range && text.find_first_not_of("0123456789") == text.npos) return INT64_MAX;
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

/// What Range asks for: "bytes=0-9", "bytes=5-", "bytes=-3". What is no such range, or several, is passed over, as S3
/// does.
Result<Part> ReadRangeHeader(Call& call, int64_t size) {
  const Part all{.offset = 0, .length = size};
  const std::string text = call.Header("range");
  const std::string_view range = text;
  if (!range.starts_with("bytes=")) return all;
  const auto dash = range.find('-');
  if (dash == range.npos) return all;
  const auto first_text = range.substr(6, dash - 6), last_text = range.substr(dash + 1);
  const auto first = ToNumber(first_text), last = ToNumber(last_text);
  const auto unsatisfiable = [&] {
    call.headers.Add("Content-Range", fmt::format("bytes */{}", size));
    call.details.emplace_back("RangeRequested", text);
    call.details.emplace_back("ActualObjectSize", std::to_string(size));
    return S3Error(ErrorKind::kInvalid, 416, "InvalidRange", "The requested range is not satisfiable");
  };
  if (first_text.empty()) {
    if (!last) return all;
    if (*last == 0 || size == 0) return unsatisfiable();
    const auto length = std::min(*last, size);
    return Part{.offset = size - length, .length = length, .partial = true};
  }
  if (!first || (!last_text.empty() && (!last || *last < *first))) return all;
  if (*first >= size) return unsatisfiable();
  const auto end = last_text.empty() ? size - 1 : std::min(*last, size - 1);
  return Part{.offset = *first, .length = end - *first + 1, .partial = true};
}

Result<Part> ReadPart(Call& call, int64_t size) {
  if (!call.query.Has("partNumber")) return ReadRangeHeader(call, size);
  ARROW_ASSIGN_OR_RAISE(const auto number, IntParameter(call, "partNumber", 1, 1, 10'000));
  // An object does not remember its parts: it is one.
  if (number > 1)
    return S3Error(ErrorKind::kInvalid, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
  return Part{.offset = 0, .length = size, .partial = size > 0};
}

/// response-content-type and its kin: what the answer is to say instead.
Status OverrideHeaders(Call& call) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kOverrides = {{
      {"response-cache-control", "Cache-Control"},
      {"response-content-disposition", "Content-Disposition"},
      {"response-content-encoding", "Content-Encoding"},
      {"response-content-language", "Content-Language"},
      {"response-content-type", "Content-Type"},
      {"response-expires", "Expires"},
  }};
  for (const auto& [parameter, header] : kOverrides) {
    const auto value = call.query.Find(parameter);
    if (!value) continue;
    if (call.caller.anonymous) {
      return S3Error(ErrorKind::kInvalid, 400, "InvalidRequest",
                     "Request specific response headers cannot be used for anonymous GET requests.");
    }
    call.headers.Set(header, std::string(*value));
  }
  return Status::OK();
}

Status SendBytes(Call& call, ObjectReader& reader, const Part& part, int status) {
  std::vector<std::byte> piece(static_cast<size_t>(part.length <= kSmall      ? part.length
                                                   : reader.descriptor() >= 0 ? 0
                                                                              : std::min(part.length, kPiece)));
  if (part.length <= kSmall) {
    ARROW_ASSIGN_OR_RAISE(const auto got, reader.ReadAt(part.offset, piece));
    if (got != piece.size()) return MakeError(ErrorKind::kUnavailable, "the object was cut while it was read");
    return call.response.Send(status, call.headers, {reinterpret_cast<const char*>(piece.data()), piece.size()});
  }
  ARROW_RETURN_NOT_OK(call.response.Begin(status, call.headers, part.length));
  if (reader.descriptor() >= 0) return call.response.WriteFile(reader.descriptor(), part.offset, part.length);
  for (int64_t sent = 0; sent < part.length;) {
    const auto wanted = std::span(piece).first(static_cast<size_t>(std::min(part.length - sent, kPiece)));
    ARROW_ASSIGN_OR_RAISE(const auto got, reader.ReadAt(part.offset + sent, wanted));
    if (got == 0) return MakeError(ErrorKind::kUnavailable, "the object was cut while it was read");
    ARROW_RETURN_NOT_OK(call.response.Write(wanted.first(got)));
    sent += static_cast<int64_t>(got);
  }
  return Status::OK();
}

Status AnswerObject(Call& call, bool with_body) {
  ARROW_RETURN_NOT_OK(CheckVersion(call));
  std::unique_ptr<ObjectReader> reader;
  ObjectInfo info;
  if (with_body) {
    auto opened = call.store->OpenObject(call.key);
    if (!opened.ok()) return ReadError(call, opened.status());
    reader = *std::move(opened);
    info = reader->info();
  } else {
    auto head = call.store->Head(call.key);
    if (!head.ok()) return ReadError(call, head.status());
    info = *std::move(head);
  }
  const Status conditions = CheckConditions(call, "", info, 304);
  if (!conditions.ok()) {
    if (InfoOf(conditions).http_status == 304) AddObjectHeaders(call, info);
    return conditions;
  }
  ARROW_ASSIGN_OR_RAISE(const auto part, ReadPart(call, info.size));
  AddObjectHeaders(call, info);
  ARROW_RETURN_NOT_OK(OverrideHeaders(call));
  if (part.partial) {
    call.headers.Add("Content-Range",
                     fmt::format("bytes {}-{}/{}", part.offset, part.offset + part.length - 1, info.size));
  }
  const int status = part.partial ? 206 : 200;
  if (!with_body) return call.response.Begin(status, call.headers, part.length);
  return SendBytes(call, *reader, part, status);
}

}  // namespace

Status GetObject(Call& call) { return AnswerObject(call, true); }
Status HeadObject(Call& call) { return AnswerObject(call, false); }

Status PutObject(Call& call) {
  if (call.HasHeader("x-amz-copy-source")) return CopyObject(call);
  ARROW_ASSIGN_OR_RAISE(auto options, ReadPutConditions(call));
  ARROW_ASSIGN_OR_RAISE(options.attributes, ReadAttributes(call));
  ARROW_ASSIGN_OR_RAISE(const auto body, UploadBody::Open(call));
  const auto info = call.store->PutStream(call.key, *body, options);
  if (!info.ok()) return PutError(call, info.status(), options);
  call.headers.Add("ETag", QuoteETag(info->etag));
  for (const auto& [name, value] : body->checked().fields()) call.headers.Add(name, value);
  return call.SendNothing(200);
}

Status DeleteObject(Call& call) {
  ARROW_RETURN_NOT_OK(CheckVersion(call));
  if (call.HasHeader("if-match")) {
    return S3Error(ErrorKind::kNotImplemented, 501, "NotImplemented", "If-Match of DeleteObject is not implemented");
  }
  const std::vector<std::string> keys = {call.key};
  ARROW_ASSIGN_OR_RAISE(const auto failures, call.store->Delete(keys));
  // A key that this store cannot hold is not there, which is what was asked for.
  if (!failures.empty() && KindOf(failures[0].error) != ErrorKind::kInvalid) return failures[0].error;
  return call.SendNothing(204);
}

Status CopyObject(Call& call) {
  const std::string metadata = call.Header("x-amz-metadata-directive");
  const std::string tagging = call.Header("x-amz-tagging-directive");
  for (const auto& directive : {metadata, tagging}) {
    if (!directive.empty() && directive != "COPY" && directive != "REPLACE") {
      return InvalidArgument("Unknown metadata or tagging directive: ", directive);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto source, OpenCopySource(call));
  const bool onto_itself = source.bucket == call.bucket && source.key == call.key;
  if (onto_itself && metadata != "REPLACE" && tagging != "REPLACE") {
    return S3Error(ErrorKind::kInvalid, 400, "InvalidRequest",
                   "This copy request is illegal because it is trying to copy an object to itself without changing the "
                   "object's metadata, storage class, website redirect location or encryption attributes.");
  }
  ARROW_ASSIGN_OR_RAISE(auto options, ReadPutConditions(call));
  ARROW_ASSIGN_OR_RAISE(auto given, ReadAttributes(call));
  ObjectAttributes attributes = metadata == "REPLACE" ? given : source.reader->info().attributes;
  const auto& tags_from = tagging == "REPLACE" ? given : source.reader->info().attributes;
  attributes.erase(std::string(kTaggingAttribute));
  if (const auto tags = tags_from.find(kTaggingAttribute); tags != tags_from.end()) attributes.insert(*tags);
  options.attributes = std::move(attributes);
  auto info = [&]() -> Result<ObjectInfo> {
    if (source.bucket == call.bucket) return call.store->Copy(source.key, call.key, options);
    const auto body = ReadRange(*source.reader, 0, source.reader->info().size);
    return call.store->PutStream(call.key, *body, options);
  }();
  if (!info.ok()) return PutError(call, info.status(), options);
  return call.SendXml(wire::s3::CopyObjectResult{.ETag = info->etag, .LastModified = info->last_modified}.ToXml());
}

Status GetObjectTagging(Call& call) {
  ARROW_RETURN_NOT_OK(CheckVersion(call));
  auto info = call.store->Head(call.key);
  if (!info.ok()) return ReadError(call, info.status());
  wire::s3::Tagging tagging;
  if (const auto text = info->attributes.find(kTaggingAttribute); text != info->attributes.end()) {
    ARROW_ASSIGN_OR_RAISE(tagging.TagSet, ParseTags(text->second));
  }
  return call.SendXml(tagging.ToXml());
}

namespace {

Status SetTags(Call& call, const std::vector<wire::s3::Tag>& tags, int status) {
  ARROW_RETURN_NOT_OK(CheckVersion(call));
  ARROW_ASSIGN_OR_RAISE(auto text, FormatTags(tags));
  auto info = call.store->Head(call.key);
  if (!info.ok()) return ReadError(call, info.status());
  auto attributes = info->attributes;
  attributes.erase(std::string(kTaggingAttribute));
  if (!text.empty()) attributes.emplace(kTaggingAttribute, std::move(text));
  ARROW_RETURN_NOT_OK(call.store->SetAttributes(call.key, attributes, info->etag));
  return call.SendNothing(status);
}

}  // namespace

Status PutObjectTagging(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto xml, ReadXmlBody(call));
  const auto tagging = wire::s3::Tagging::FromXml(xml);
  if (!tagging.ok()) return WithCode(tagging.status(), "MalformedXML", 400);
  return SetTags(call, tagging->TagSet, 200);
}

Status DeleteObjectTagging(Call& call) { return SetTags(call, {}, 204); }

Status DeleteObjects(Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto xml, ReadXmlBody(call));
  const auto request = wire::s3::Delete::FromXml(xml);
  if (!request.ok()) return WithCode(request.status(), "MalformedXML", 400);
  if (request->Object.empty() || request->Object.size() > 1000) {
    return S3Error(ErrorKind::kInvalid, 400, "MalformedXML",
                   "DeleteObjects takes 1 to 1000 keys, found: ", request->Object.size());
  }
  wire::s3::DeleteResult result;
  std::vector<std::string> keys;
  for (const auto& object : request->Object) {
    if (!object.VersionId.empty() && object.VersionId != "null") {
      result.Error.push_back({.Key = object.Key,
                              .VersionId = object.VersionId,
                              .Code = "NoSuchVersion",
                              .Message = "objects have no versions here"});
    } else if (!object.ETag.empty()) {
      result.Error.push_back({.Key = object.Key,
                              .VersionId = {},
                              .Code = "NotImplemented",
                              .Message = "a condition on the ETag is not implemented"});
    } else {
      keys.push_back(object.Key);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto failures, call.store->Delete(keys));
  std::vector<std::string_view> failed;
  for (const auto& failure : failures) {
    if (KindOf(failure.error) == ErrorKind::kInvalid) continue;  // no store can hold it, so it is not there
    failed.push_back(failure.key);
    result.Error.push_back(
        {.Key = failure.key, .VersionId = {}, .Code = "InternalError", .Message = "the object was not deleted"});
  }
  if (!request->Quiet) {
    std::sort(failed.begin(), failed.end());
    for (auto& key : keys) {
      if (!std::binary_search(failed.begin(), failed.end(), key)) result.Deleted.push_back({.Key = std::move(key)});
    }
  }
  return call.SendXml(result.ToXml());
}

}  // namespace glaux::serve::s3
