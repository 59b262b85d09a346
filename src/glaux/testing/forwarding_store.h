#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux::testing {

/// A store that passes every call on: derive from it to change one.
class ForwardingStore : public ObjectStore {
 public:
  explicit ForwardingStore(std::shared_ptr<ObjectStore> store) : store_(std::move(store)) {}

  StoreTraits traits() const override { return store_->traits(); }
  std::string name() const override { return store_->name(); }
  Result<ObjectInfo> Head(std::string_view key) override { return store_->Head(key); }
  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options) override {
    return store_->Get(key, options);
  }
  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) override {
    return store_->Put(key, body, options);
  }
  Result<ListPage> List(const ListOptions& options) override { return store_->List(options); }
  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override { return store_->Delete(keys); }
  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options) override {
    return store_->Copy(from, to, options);
  }
  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes) override {
    return store_->CreateMultipart(key, attributes);
  }
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override {
    return store_->UploadPart(key, upload_id, number, body);
  }
  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                       std::span<const UploadedPart> parts, const PutOptions& options) override {
    return store_->CompleteMultipart(key, upload_id, parts, options);
  }
  Status AbortMultipart(std::string_view key, std::string_view upload_id) override {
    return store_->AbortMultipart(key, upload_id);
  }
  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override {
    return store_->ListMultipart(prefix);
  }
  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id) override {
    return store_->ListParts(key, upload_id);
  }
  Status SetAttributes(std::string_view key, const ObjectAttributes& attributes, const std::string& if_match) override {
    return store_->SetAttributes(key, attributes, if_match);
  }

 protected:
  const std::shared_ptr<ObjectStore> store_;
};

}  // namespace glaux::testing
