#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "glaux/lake/lake.h"
#include "glaux/lake/s3_stores_internal.h"
#include "glaux/store/buckets.h"
#include "glaux/store/location.h"
#include "glaux/store/s3_access.h"

namespace glaux {

/// The one resolver: which store and key a URI means in a lake. Thread-safe.
///
///   s3://bucket/key       a folder of the lake's store, or S3 itself where the lake or `access` says so
///   file://<store>/…      the same as s3://, for lakes with file locations
///   file:///path/         any folder; for pipelines and file commands, not for tables
class LakeStores {
 public:
  enum class For {
    kReading,                    ///< kNotFound if the folder is not there
    kWriting,                    ///< make it; what is written is sent to the disk before it is visible
    kWritingWhatCanBeMadeAgain,  ///< the same without waiting for the disk
  };

  /// \param root absolute
  LakeStores(LakeConfig config, std::string root);

  /// Where a table's data is. kDenied outside the lake.
  Result<Location> Resolve(std::string_view uri);
  /// The same, and no bucket is made: kNotFound for one that is not there.
  Result<Location> Find(std::string_view uri);
  /// Where a file is that SQL names: on S3 itself where the lake says that s3:// addresses of files lead there, else as
  /// Resolve.
  Result<Location> ResolveNamed(std::string_view uri);
  /// An object on S3 itself, whatever the lake's store is: results of Athena.
  Result<Location> ResolveOnS3(std::string_view uri);
  /// A folder that a pipeline or a command names; the key ends where the URI does.
  Result<Location> OpenFolder(std::string_view uri, For purpose, const S3Access& access);
  /// URI of a new table.
  std::string LocationOf(const TableId& id) const;
  /// Sorted.
  Result<std::vector<std::string>> Buckets();
  /// The buckets that are folders of the lake's store.
  std::shared_ptr<BucketHost> bucket_host() const { return buckets_; }
  /// Counts what goes to S3.
  std::shared_ptr<const RequestMeter> meter() const { return meter_; }

 private:
  struct Address {
    std::string bucket;
    std::string key;
  };
  std::string StoreFolder() const { return root_ + "/store"; }
  Result<Address> TakeApart(std::string_view uri) const;
  Result<Location> OpenBucket(const Address& address);
  Result<Location> OpenLocalFolder(std::string_view uri, For purpose);

  const LakeConfig config_;
  const std::string root_;
  const std::shared_ptr<BucketHost> buckets_;
  const std::shared_ptr<RequestMeter> meter_ = std::make_shared<RequestMeter>();
  S3Stores s3_;
  std::mutex mutex_;
  std::map<std::pair<std::string, bool>, std::shared_ptr<ObjectStore>> folders_;
};

}  // namespace glaux
