#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux::testing {

/// A store whose n-th call fails with kUnavailable, for tests of everything that must be atomic. Thread-safe.
class FaultyStore final : public ObjectStore {
 public:
  enum class When {
    kBefore,  ///< nothing happens
    kAfter,   ///< it happens, and the answer is lost
  };
  enum class Count {
    kAll,       ///< reading calls count too
    kMutating,  ///< Put, Delete, Copy and those of uploads; the others pass
  };

  /// \param fail_at_call the call that fails, counted from 1; 0: none
  FaultyStore(std::shared_ptr<ObjectStore> store, int fail_at_call, When when, Count count = Count::kAll)
      : store_(std::move(store)), fail_at_call_(fail_at_call), when_(when), count_(count) {}

  /// Whether the fault has happened. If not, `fail_at_call` lies behind the last call.
  bool fired() const { return calls_ >= fail_at_call_ && fail_at_call_ > 0; }
  /// Calls so far, of those that count.
  int calls() const { return calls_; }

  StoreTraits traits() const override { return store_->traits(); }
  std::string name() const override { return store_->name(); }
  Result<ObjectInfo> Head(std::string_view key) override;
  Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options = {}) override;
  Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body,
                         const PutOptions& options = {}) override;
  Result<ListPage> List(const ListOptions& options = {}) override;
  Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) override;
  Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options = {}) override;
  Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes = {}) override;
  Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                  std::span<const std::byte> body) override;
  Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                       std::span<const UploadedPart> parts, const PutOptions& options = {}) override;
  Status AbortMultipart(std::string_view key, std::string_view upload_id) override;
  Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) override;
  Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id) override;
  Status SetAttributes(std::string_view key, const ObjectAttributes& attributes,
                       const std::string& if_match = {}) override;

 private:
  template <typename Call>
  auto Run(Count kind, const char* operation, std::string_view key, Call&& call) -> decltype(call());

  const std::shared_ptr<ObjectStore> store_;
  const int fail_at_call_;
  const When when_;
  const Count count_;
  std::atomic<int> calls_{0};
};

}  // namespace glaux::testing
