#pragma once

#include <string>

#include "glaux/serve/s3/call_internal.h"

namespace glaux::serve::s3 {

/// What a request says about its object and a store keeps with it: content type and its kin, x-amz-meta-…, tags.
Result<ObjectAttributes> ReadAttributes(const Call& call);

/// The headers that describe an object in answers to GET and HEAD.
void AddObjectHeaders(Call& call, const ObjectInfo& info);

/// If-None-Match: * and If-Match of a writing request.
Result<PutOptions> ReadPutConditions(const Call& call);
/// A failed write, with S3's code for it.
Status PutError(Call& call, const Status& status, const PutOptions& options);

/// Attribute that holds an object's tags, as the header of this name has them: "a=1&b=2", encoded.
inline constexpr std::string_view kTaggingAttribute = "x-amz-tagging";
/// InvalidTag unless S3 takes these.
Result<std::vector<wire::s3::Tag>> ParseTags(std::string_view text);
Result<std::string> FormatTags(const std::vector<wire::s3::Tag>& tags);

/// Objects have one version, named "null". kNotFound for any other.
Status CheckVersion(const Call& call);

/// A read that failed: a key that this store cannot hold is one that is not there.
Status ReadError(const Call& call, const Status& status);

/// Where x-amz-copy-source leads.
struct CopySource {
  std::string bucket;
  std::string key;
  std::shared_ptr<ObjectStore> store;
  std::unique_ptr<ObjectReader> reader;
};
/// Open it, with its conditions checked.
Result<CopySource> OpenCopySource(Call& call);

}  // namespace glaux::serve::s3
