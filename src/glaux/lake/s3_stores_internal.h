#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "glaux/store/object_store.h"
#include "glaux/store/s3_access.h"

namespace glaux {

/// Buckets of S3 as stores, each made once, with one connection pool and one set of credentials per access.
/// Thread-safe. Nothing is sent before a store is used.
class S3Stores {
 public:
  /// \param defaults what an access leaves open
  /// \param meter counts what all of them send
  S3Stores(S3Access defaults, std::shared_ptr<RequestMeter> meter);
  ~S3Stores();

  Result<std::shared_ptr<ObjectStore>> Open(const std::string& bucket, const S3Access& access);
  /// Buckets of the account, sorted.
  Result<std::vector<std::string>> ListBuckets();

 private:
  struct Session;
  Result<std::shared_ptr<Session>> SessionOf(const S3Access& access);

  const S3Access defaults_;
  const std::shared_ptr<RequestMeter> meter_;
  std::mutex mutex_;
  std::vector<std::pair<S3Access, std::shared_ptr<Session>>> sessions_;
};

}  // namespace glaux
