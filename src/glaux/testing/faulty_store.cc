#include "glaux/testing/faulty_store.h"

namespace glaux::testing {

template <typename Call>
auto FaultyStore::Run(Count kind, const char* operation, std::string_view key, Call&& call) -> decltype(call()) {
  if (count_ == Count::kMutating && kind != Count::kMutating) return call();
  const int number = ++calls_;
  if (number != fail_at_call_) return call();
  if (when_ == When::kAfter) {
    // What the call would have answered is lost, as with a connection that breaks.
    static_cast<void>(call());
  }
  return MakeError({.kind = ErrorKind::kUnavailable, .service = "faulty", .operation = operation}, operation, " ", key,
                   ": injected fault ", when_ == When::kAfter ? "after" : "before", " call ", number);
}

Result<ObjectInfo> FaultyStore::Head(std::string_view key) {
  return Run(Count::kAll, "Head", key, [&] { return store_->Head(key); });
}

Result<std::shared_ptr<arrow::Buffer>> FaultyStore::Get(std::string_view key, const GetOptions& options) {
  return Run(Count::kAll, "Get", key, [&] { return store_->Get(key, options); });
}

Result<ObjectInfo> FaultyStore::Put(std::string_view key, std::span<const std::byte> body, const PutOptions& options) {
  return Run(Count::kMutating, "Put", key, [&] { return store_->Put(key, body, options); });
}

Result<ListPage> FaultyStore::List(const ListOptions& options) {
  return Run(Count::kAll, "List", options.prefix, [&] { return store_->List(options); });
}

Result<std::vector<DeleteFailure>> FaultyStore::Delete(std::span<const std::string> keys) {
  return Run(Count::kMutating, "Delete", keys.empty() ? "" : keys.front(), [&] { return store_->Delete(keys); });
}

Result<ObjectInfo> FaultyStore::Copy(std::string_view from, std::string_view to, const PutOptions& options) {
  return Run(Count::kMutating, "Copy", to, [&] { return store_->Copy(from, to, options); });
}

Result<std::string> FaultyStore::CreateMultipart(std::string_view key, const ObjectAttributes& attributes) {
  return Run(Count::kMutating, "CreateMultipart", key, [&] { return store_->CreateMultipart(key, attributes); });
}

Result<UploadedPart> FaultyStore::UploadPart(std::string_view key, std::string_view upload_id, int number,
                                             std::span<const std::byte> body) {
  return Run(Count::kMutating, "UploadPart", key, [&] { return store_->UploadPart(key, upload_id, number, body); });
}

Result<ObjectInfo> FaultyStore::CompleteMultipart(std::string_view key, std::string_view upload_id,
                                                  std::span<const UploadedPart> parts, const PutOptions& options) {
  return Run(Count::kMutating, "CompleteMultipart", key,
             [&] { return store_->CompleteMultipart(key, upload_id, parts, options); });
}

Status FaultyStore::AbortMultipart(std::string_view key, std::string_view upload_id) {
  return Run(Count::kMutating, "AbortMultipart", key, [&] { return store_->AbortMultipart(key, upload_id); });
}

Result<std::vector<MultipartUpload>> FaultyStore::ListMultipart(std::string_view prefix) {
  return Run(Count::kAll, "ListMultipart", prefix, [&] { return store_->ListMultipart(prefix); });
}

Result<std::vector<UploadedPart>> FaultyStore::ListParts(std::string_view key, std::string_view upload_id) {
  return Run(Count::kAll, "ListParts", key, [&] { return store_->ListParts(key, upload_id); });
}

Status FaultyStore::SetAttributes(std::string_view key, const ObjectAttributes& attributes,
                                  const std::string& if_match) {
  return Run(Count::kMutating, "SetAttributes", key, [&] { return store_->SetAttributes(key, attributes, if_match); });
}

}  // namespace glaux::testing
