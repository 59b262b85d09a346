#include "glaux/store/s3/s3_store.h"

#include <utility>

#include "glaux/store/s3/s3_connection_internal.h"
#include "glaux/store/s3/s3_object_internal.h"
#include "glaux/wire/s3_bucket.h"

namespace glaux {
namespace {

class S3Store final : public ObjectStore {
 public:
  explicit S3Store(std::unique_ptr<s3::S3Connection> connection) : connection_(std::move(connection)) {}

  StoreTraits traits() const override {
    const auto& options = connection_->options();
    return {.conditional_put = options.conditional_writes,
            .min_part_size = options.min_part_size,
            .remote = true,
            .parallel_parts = 4,
            .attributes = true,
            .list_parts = true,
            .billing = connection_->billing()};
  }
  std::string name() const override { return connection_->Subject(""); }

  Result<ObjectInfo> Head(std::string_view key) override { return s3::HeadObject(*connection_, key); }
  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    return s3::GetObject(*connection_, key, options);
  }
  Result<int64_t> GetStream(std::string_view key, const GetOptions& options, const ByteSink& sink) override {
    return s3::GetObjectStream(*connection_, key, options, sink);
  }
  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) override {
    return s3::PutObject(*connection_, key, body, options);
  }
  Result<ListPage> List(const ListOptions& options) override { return s3::ListObjects(*connection_, options); }
  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override {
    return s3::DeleteObjects(*connection_, keys);
  }
  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options) override {
    return s3::CopyObject(*connection_, from, to, options);
  }
  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes) override {
    return s3::CreateUpload(*connection_, key, attributes);
  }
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override {
    return s3::UploadPart(*connection_, key, upload_id, number, body);
  }
  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                       std::span<const UploadedPart> parts, const PutOptions& options) override {
    return s3::CompleteUpload(*connection_, key, upload_id, parts, options);
  }
  Status AbortMultipart(std::string_view key, std::string_view upload_id) override {
    return s3::AbortUpload(*connection_, key, upload_id);
  }
  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override {
    return s3::ListUploads(*connection_, prefix);
  }
  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id) override {
    return s3::ListParts(*connection_, key, upload_id);
  }

 private:
  const std::unique_ptr<s3::S3Connection> connection_;
};

template <typename... What>
Status Invalid(const What&... what) {
  return MakeError(ErrorKind::kInvalid, "options of an S3 store: ", what...);
}

Status CheckEncryption(const S3StoreOptions& options) {
  using Kind = S3Encryption::Kind;
  const auto& encryption = options.encryption;
  if (!encryption.kms_key_id.empty() && encryption.kind != Kind::kAwsKms) {
    return Invalid("kms_key_id ", encryption.kms_key_id, " is for encryption with KMS, and another is chosen");
  }
  if (encryption.kind != Kind::kCustomerKey) {
    return encryption.customer_key.empty() ? Status::OK()
                                           : Invalid("a customer_key is given, and another encryption chosen");
  }
  const size_t size = encryption.customer_key.Expose().size();
  if (size != 32) return Invalid("customer_key has 32 bytes, this one has ", size);
  if (options.endpoint_url.starts_with("http://") && !s3::IsLoopback(options.endpoint_url)) {
    return Invalid("customer_key would go without TLS to ", options.endpoint_url);
  }
  return Status::OK();
}

}  // namespace

Status S3StoreOptions::Validate() const {
  if (transport == nullptr) return Invalid("transport is not set");
  if (credentials == nullptr) return Invalid("credentials is not set");
  if (tags.size() > 10) return Invalid("tags are at most 10, these are ", tags.size());
  if (min_part_size < 1) return Invalid("min_part_size is at least 1, not ", min_part_size);
  if (max_single_copy < 0) return Invalid("max_single_copy is at least 0, not ", max_single_copy);
  if (copy_part_size < 1) return Invalid("copy_part_size is at least 1, not ", copy_part_size);
  if (retry.max_attempts < 1) return Invalid("retry.max_attempts is at least 1, not ", retry.max_attempts);
  return CheckEncryption(*this);
}

Result<std::shared_ptr<ObjectStore>> MakeS3Store(S3StoreOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto connection, s3::S3Connection::Make(std::move(options)));
  return std::make_shared<S3Store>(std::move(connection));
}

Status CreateS3Bucket(const S3StoreOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto connection, s3::S3Connection::Make(options));
  s3::S3Call call{.operation = "CreateBucket", .method = "PUT"};
  std::string body;
  if (!options.region.empty() && options.region != "us-east-1") {
    body = wire::s3::CreateBucketConfiguration{.LocationConstraint = options.region}.ToXml();
  }
  call.body = AsBytes(body);
  return connection->SendToService(call, /*to_bucket=*/true).status();
}

Result<std::vector<std::string>> ListS3Buckets(const S3StoreOptions& options) {
  S3StoreOptions service = options;
  service.bucket = "any";
  ARROW_ASSIGN_OR_RAISE(const auto connection, s3::S3Connection::Make(std::move(service)));
  const s3::S3Call call{.operation = "ListBuckets"};
  ARROW_ASSIGN_OR_RAISE(const auto response, connection->SendToService(call, /*to_bucket=*/false));
  const auto listed = wire::s3::ListAllMyBucketsResult::FromXml(response.body);
  if (!listed.ok()) return connection->BadAnswer(call, listed.status());
  std::vector<std::string> names;
  for (const auto& bucket : listed->Buckets) names.push_back(bucket.Name);
  return names;
}

}  // namespace glaux
