#include <algorithm>
#include <iterator>

#include "glaux/base/base64.h"
#include "glaux/serve/s3/call_internal.h"
#include "glaux/serve/s3/digest_internal.h"
#include "glaux/wire/s3_list.h"

namespace glaux::serve::s3 {
namespace {

constexpr int64_t kMaxKeys = 1000;
/// Greater than any key that goes on after a common prefix.
constexpr std::string_view kPastAll = "\xF4\x8F\xBF\xBF\xF4\x8F\xBF\xBF";

struct Wanted {
  ListOptions options;
  std::string encoding_type;
  int64_t max_keys = kMaxKeys;
};

Result<Wanted> ReadWanted(const Call& call) {
  Wanted wanted;
  wanted.options.prefix = call.query.Get("prefix");
  wanted.options.delimiter = call.query.Get("delimiter");
  wanted.encoding_type = call.query.Get("encoding-type");
  if (!wanted.encoding_type.empty() && wanted.encoding_type != "url") {
    return InvalidArgument("Invalid Encoding Method specified in Request: ", wanted.encoding_type);
  }
  ARROW_ASSIGN_OR_RAISE(wanted.max_keys, IntParameter(call, "max-keys", kMaxKeys, 0, INT32_MAX));
  wanted.max_keys = std::min(wanted.max_keys, kMaxKeys);
  wanted.options.max_keys = static_cast<int>(std::max<int64_t>(wanted.max_keys, 1));
  return wanted;
}

/// A page, and none of it where no key is wanted.
Result<ListPage> ReadPage(Call& call, const Wanted& wanted) {
  if (wanted.max_keys == 0) return ListPage{};
  return call.store->List(wanted.options);
}

std::vector<wire::s3::Object> Contents(const ListPage& page, bool with_owner) {
  std::vector<wire::s3::Object> contents;
  contents.reserve(page.objects.size());
  for (const auto& object : page.objects) {
    auto& one = contents.emplace_back();
    one.Key = object.key;
    one.LastModified = object.last_modified;
    one.ETag = object.etag;
    one.Size = object.size;
    one.StorageClass = "STANDARD";
    if (with_owner) one.owner = TheOwner();
  }
  return contents;
}

/// The last of the page in the order of keys.
std::string LastOf(const ListPage& page) {
  std::string last = page.objects.empty() ? "" : page.objects.back().key;
  if (!page.common_prefixes.empty()) last = std::max(last, page.common_prefixes.back());
  return last;
}

/// Where a marker stands for a whole common prefix, all of that was shown.
std::string PastMarker(const std::string& marker, const ListOptions& options) {
  if (options.delimiter.empty() || marker.size() <= options.prefix.size() || !marker.starts_with(options.prefix) ||
      !marker.ends_with(options.delimiter)) {
    return marker;
  }
  return marker + std::string(kPastAll);
}

}  // namespace

Status ListObjects(Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto wanted, ReadWanted(call));
  wire::s3::ListBucketResult result;
  result.Marker = call.query.Get("marker");
  wanted.options.start_after = PastMarker(result.Marker, wanted.options);
  ARROW_ASSIGN_OR_RAISE(auto page, ReadPage(call, wanted));
  result.Name = call.bucket;
  result.Prefix = wanted.options.prefix;
  result.Delimiter = wanted.options.delimiter;
  result.MaxKeys = wanted.max_keys;
  result.EncodingType = wanted.encoding_type;
  result.IsTruncated = !page.next_token.empty();
  if (result.IsTruncated) result.NextMarker = LastOf(page);
  result.Contents = Contents(page, true);
  result.CommonPrefixes = std::move(page.common_prefixes);
  return call.SendXml(result.ToXml());
}

Status ListObjectsV2(Call& call) {
  if (call.query.Get("list-type") != "2") return InvalidArgument("Invalid List Type specified in Request");
  ARROW_ASSIGN_OR_RAISE(auto wanted, ReadWanted(call));
  wire::s3::ListBucketResultV2 result;
  result.StartAfter = call.query.Get("start-after");
  result.ContinuationToken = call.query.Get("continuation-token");
  wanted.options.start_after = result.StartAfter;
  if (call.query.Has("continuation-token") &&
      (result.ContinuationToken.empty() ||
       !DecodeBase64(result.ContinuationToken, &wanted.options.continuation_token))) {
    return InvalidArgument("The continuation token provided is incorrect");
  }
  auto listed = ReadPage(call, wanted);
  if (!listed.ok() && KindOf(listed.status()) == ErrorKind::kInvalid && !result.ContinuationToken.empty()) {
    return InvalidArgument("The continuation token provided is incorrect");
  }
  ARROW_ASSIGN_OR_RAISE(auto page, std::move(listed));
  result.Name = call.bucket;
  result.Prefix = wanted.options.prefix;
  result.Delimiter = wanted.options.delimiter;
  result.MaxKeys = wanted.max_keys;
  result.EncodingType = wanted.encoding_type;
  result.KeyCount = static_cast<int64_t>(page.objects.size() + page.common_prefixes.size());
  result.IsTruncated = !page.next_token.empty();
  if (result.IsTruncated) result.NextContinuationToken = Base64(page.next_token);
  result.Contents = Contents(page, call.query.Get("fetch-owner") == "true");
  result.CommonPrefixes = std::move(page.common_prefixes);
  return call.SendXml(result.ToXml());
}

/// Every object is its only version, "null".
Status ListObjectVersions(Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto wanted, ReadWanted(call));
  wire::s3::ListVersionsResult result;
  result.KeyMarker = call.query.Get("key-marker");
  result.VersionIdMarker = call.query.Get("version-id-marker");
  wanted.options.start_after = PastMarker(result.KeyMarker, wanted.options);
  ARROW_ASSIGN_OR_RAISE(auto page, ReadPage(call, wanted));
  result.Name = call.bucket;
  result.Prefix = wanted.options.prefix;
  result.Delimiter = wanted.options.delimiter;
  result.MaxKeys = wanted.max_keys;
  result.EncodingType = wanted.encoding_type;
  result.IsTruncated = !page.next_token.empty();
  if (result.IsTruncated) {
    result.NextKeyMarker = LastOf(page);
    result.NextVersionIdMarker = "null";
  }
  for (const auto& object : page.objects) {
    auto& one = result.versions.emplace_back();
    one.Key = object.key;
    one.VersionId = "null";
    one.IsLatest = true;
    one.LastModified = object.last_modified;
    one.ETag = object.etag;
    one.Size = object.size;
    one.StorageClass = "STANDARD";
    one.owner = TheOwner();
  }
  result.CommonPrefixes = std::move(page.common_prefixes);
  return call.SendXml(result.ToXml());
}

}  // namespace glaux::serve::s3
