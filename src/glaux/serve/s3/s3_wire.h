#pragma once

#include <memory>
#include <string>
#include <vector>

#include "glaux/serve/authentication.h"
#include "glaux/serve/wire.h"
#include "glaux/store/buckets.h"

namespace glaux::serve {

struct S3WireOptions {
  std::shared_ptr<BucketHost> buckets;
  AuthenticationOptions authentication;
  /// What GetBucketLocation answers. Requests may be signed for any region.
  std::string region = "us-east-1";
  /// A host of one of these domains with a name before it names a bucket: "bucket.localhost".
  std::vector<std::string> domains = {"localhost"};
  /// Origins ("https://app.example") that browsers may call from; "*" is any. Empty: none.
  std::vector<std::string> cors_origins = {};
};

/// The S3 REST API over stores. Objects have no versions; buckets belong to one owner; access is all or nothing.
/// Source: Amazon S3 API Reference.
std::shared_ptr<Wire> MakeS3Wire(S3WireOptions options);

}  // namespace glaux::serve
