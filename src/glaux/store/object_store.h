#pragma once

#include <arrow/buffer.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "glaux/base/clock.h"
#include "glaux/base/status.h"
#include "glaux/store/request_counts.h"

namespace glaux {

/// What only some stores can do. Ask before relying on it.
struct StoreTraits {
  /// PutOptions::if_absent and if_match are checked and applied as one step.
  bool conditional_put = true;
  /// Copy moves no bytes through this process.
  bool server_side_copy = true;
  /// List order is the byte order of the keys.
  bool ordered_list = true;
  /// Smallest size of a multipart part but the last, in bytes.
  int64_t min_part_size = 1;
  /// Each call waits for a network: many at once take little longer than one, and one large one less than many small.
  bool remote = false;
  /// Parts that ObjectWriter sends at once, because each one waits for a network.
  int parallel_parts = 1;
  /// Objects keep attributes. Without, PutOptions::attributes and those of uploads are kNotImplemented.
  bool attributes = false;
  /// SetAttributes answers.
  bool set_attributes = false;
  /// ListParts answers.
  bool list_parts = false;
  /// Whether calls are requests that somebody bills, and whose prices they have.
  RequestBilling billing = {};
};

/// What is kept with an object besides its bytes, by HTTP header name in lower case: "content-type",
/// "cache-control", "x-amz-meta-owner". A store does not interpret them. Most objects have none, which costs nothing.
using ObjectAttributes = std::map<std::string, std::string, std::less<>>;

/// A range of bytes in an object: `length` bytes from `offset`, or to the end where `length` is unset.
/// A range that reaches past the end is cut; one that begins at or past the end of a non-empty object is kInvalid.
struct ByteRange {
  int64_t offset = 0;
  std::optional<int64_t> length = {};
};

struct ObjectInfo {
  std::string key;
  int64_t size = 0;
  /// Changes whenever the content does. Opaque, without quotes.
  std::string etag = {};
  Timestamp last_modified = {};
  /// The store's own version of the object, where it keeps versions.
  std::string version = {};
  /// From Head and OpenObject; List, Put and the rest leave them out.
  ObjectAttributes attributes = {};
  StorageClass storage_class = StorageClass::kStandard;
};

struct GetOptions {
  ByteRange range = {};
  /// kPrecondition unless the object's ETag is this one.
  std::string if_match = {};
  /// kPrecondition if the object's ETag is this one (HTTP's 304).
  std::string if_none_match = {};
};

struct PutOptions {
  /// kPrecondition if the key exists.
  bool if_absent = false;
  /// kPrecondition unless the key exists with this ETag.
  std::string if_match = {};
  /// Unset: none; with Copy, those of the source. CompleteMultipart takes those that the upload began with.
  std::optional<ObjectAttributes> attributes = {};
};

/// Takes bytes of an object as they arrive; `offset` is that of the first one in the object. An error ends the call
/// that feeds it and is passed on as it is.
using ByteSink = std::function<Status(int64_t offset, std::span<const std::byte> bytes)>;

/// Bytes that are read piece by piece, once. Not thread-safe.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  /// Fill at most `out.size()` bytes. \return 0 at the end; an error means that the rest will never come
  virtual Result<size_t> Read(std::span<std::byte> out) = 0;
  /// Bytes in all, where that is known before.
  virtual std::optional<int64_t> size() const { return std::nullopt; }
};

/// One version of an object, open for reading; it stays readable as it is while others replace or delete the object,
/// or fails with kPrecondition. Thread-safe.
class ObjectReader {
 public:
  virtual ~ObjectReader() = default;
  virtual const ObjectInfo& info() const = 0;
  /// Fill `out` from `offset`; less only at the end of the object.
  virtual Result<size_t> ReadAt(int64_t offset, std::span<std::byte> out) = 0;
  /// A file that holds these bytes from its offset 0, for sendfile and its like; -1 where there is none. It belongs to
  /// the reader.
  virtual int descriptor() const { return -1; }
};

struct ListOptions {
  std::string prefix = {};
  /// Keys that hold this after the prefix are folded into `common_prefixes`. Empty: no folding. Only "/" need work.
  std::string delimiter = {};
  /// Only keys greater than this one, in byte order.
  std::string start_after = {};
  /// `next_token` of the page before, with all else unchanged. Opaque.
  std::string continuation_token = {};
  /// Objects and common prefixes together, 1 to 1000.
  int max_keys = 1000;
};

struct ListPage {
  std::vector<ObjectInfo> objects;
  /// With the delimiter at their end: "a/b/".
  std::vector<std::string> common_prefixes;
  /// Of a directory: keys that lie between those of the page and are no objects, for people to know of: symbolic links
  /// and special files, each on one page.
  std::vector<std::string> passed_over = {};
  /// Empty: this was the last page.
  std::string next_token;
};

struct UploadedPart {
  int number = 0;  ///< 1 to 10,000
  std::string etag;
  int64_t size = 0;
  /// The store's own checksum of the part, where CompleteMultipart wants it back. Opaque.
  std::string checksum = {};
};

/// A multipart upload that is neither complete nor aborted.
struct MultipartUpload {
  std::string key;
  std::string upload_id;
  Timestamp initiated = {};
};

struct DeleteFailure {
  std::string key;
  Status error;
};

/// Objects by key, in one bucket or directory.
///
/// Thread-safe; every call blocks. Keys are '/'-separated UTF-8, at most 1,024 bytes, without a leading '/'; a key that
/// a store cannot hold ("." and ".." segments in a directory) is kInvalid. An object becomes visible whole or not at
/// all, under its key, when Put or CompleteMultipart returns or shortly before. Names and rules are those of the
/// Amazon S3 API Reference.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual StoreTraits traits() const = 0;
  /// Where this is, for people: "file:///data/lake/store/lake", "s3://bucket", "memory:".
  virtual std::string name() const = 0;

  /// kNotFound if there is no such key.
  virtual Result<ObjectInfo> Head(std::string_view key) = 0;
  /// The bytes of one range, in one piece. kNotFound, kPrecondition, kInvalid (range).
  virtual Result<std::shared_ptr<arrow::Buffer>> Get(std::string_view key, const GetOptions& options = {}) = 0;
  /// Write a whole object. Replaces what is there unless a condition forbids it.
  virtual Result<ObjectInfo> Put(std::string_view key, std::span<const std::byte> body,
                                 const PutOptions& options = {}) = 0;
  /// One page of keys in byte order. Objects under upload do not appear.
  virtual Result<ListPage> List(const ListOptions& options = {}) = 0;
  /// Delete up to any number of keys; keys that are not there count as deleted.
  /// \return what could not be deleted; a Status only where nothing was tried
  virtual Result<std::vector<DeleteFailure>> Delete(std::span<const std::string> keys) = 0;
  /// Copy within this store. kNotFound.
  virtual Result<ObjectInfo> Copy(std::string_view from, std::string_view to, const PutOptions& options = {}) = 0;

  /// Begin an upload in parts; nothing is visible before CompleteMultipart. \return the upload's id
  virtual Result<std::string> CreateMultipart(std::string_view key, const ObjectAttributes& attributes = {}) = 0;
  /// Send one part; parts may come in any order, at once from several threads, and again (the last one counts).
  /// kNotFound if the upload is not there.
  virtual Result<UploadedPart> UploadPart(std::string_view key, std::string_view upload_id, int number,
                                          std::span<const std::byte> body) = 0;
  /// Make the object of these parts, ascending by number. kNotFound if the upload is not there (any more);
  /// kInvalid if a part is unknown or its ETag differs. After a condition failed the upload is still there.
  virtual Result<ObjectInfo> CompleteMultipart(std::string_view key, std::string_view upload_id,
                                               std::span<const UploadedPart> parts, const PutOptions& options = {}) = 0;
  /// Drop an upload and its parts. kNotFound if it is not there (any more).
  virtual Status AbortMultipart(std::string_view key, std::string_view upload_id) = 0;
  /// All uploads under way whose key begins with `prefix`, ordered by key.
  virtual Result<std::vector<MultipartUpload>> ListMultipart(std::string_view prefix) = 0;

  // What follows has an implementation in terms of the calls above; stores that can do better do so.

  /// Open an object, to read its description and its bytes from one and the same version. Conditions as with Get; the
  /// range is not looked at. Here: a Head, then Gets with the ETag.
  virtual Result<std::unique_ptr<ObjectReader>> OpenObject(std::string_view key, const GetOptions& options = {});
  /// Get, for bytes that need not fit into memory: they go to `sink` as they come, and some may come twice. They are
  /// good only if this returns well. \return how many the range has. Here: one Get for up to 8 MiB,
  /// else from OpenObject.
  virtual Result<int64_t> GetStream(std::string_view key, const GetOptions& options, const ByteSink& sink);
  /// Put, for a body that need not fit into memory. An error of the reader is passed on and nothing was written.
  /// Here: up to 8 MiB go through Put, more through an upload in parts.
  virtual Result<ObjectInfo> PutStream(std::string_view key, ByteReader& body, const PutOptions& options = {});
  /// UploadPart for a body that need not fit into memory. Here: it is collected in memory.
  virtual Result<UploadedPart> UploadPartStream(std::string_view key, std::string_view upload_id, int number,
                                                ByteReader& body);
  /// The parts of an upload so far, ascending by number. kNotFound; kNotImplemented without the trait.
  virtual Result<std::vector<UploadedPart>> ListParts(std::string_view key, std::string_view upload_id);
  /// Replace an object's attributes and nothing else: its ETag and last_modified stay. kNotFound, kPrecondition (the
  /// object is not the one with `if_match`); kNotImplemented without its trait.
  virtual Status SetAttributes(std::string_view key, const ObjectAttributes& attributes,
                               const std::string& if_match = {});
};

// ---- conveniences over the seam -----------------------------------------------------------------------------------

/// Whether the key exists.
Result<bool> Exists(ObjectStore& store, std::string_view key);

/// The whole object as a string.
Result<std::string> GetString(ObjectStore& store, std::string_view key);

Result<ObjectInfo> PutString(ObjectStore& store, std::string_view key, std::string_view body,
                             const PutOptions& options = {});

/// Every object under a prefix, in byte order; `visit` may stop the walk with an error. Page by page, or with the
/// trait `remote` by ParallelList.
Status ForEachObject(ObjectStore& store, std::string_view prefix,
                     const std::function<Status(const ObjectInfo&)>& visit);

/// Every object under a prefix, in memory: for prefixes that are known to be small.
Result<std::vector<ObjectInfo>> ListAll(ObjectStore& store, std::string_view prefix);

/// The bytes of an open object from `offset` on, `length` of them, as a stream. The reader must outlive it.
std::unique_ptr<ByteReader> ReadRange(ObjectReader& reader, int64_t offset, int64_t length);

/// View a string as the bytes that Put takes.
inline std::span<const std::byte> AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

}  // namespace glaux
