#pragma once

#include <arrow/buffer.h>
#include <arrow/util/cancel.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "glaux/store/object_store.h"

namespace glaux::duckdb_engine {

class ReadAhead;

/// What reading does for a query: its cancellation, and its count of bytes (null: nobody counts).
struct ReadingQuery {
  arrow::StopToken stop = arrow::StopToken::Unstoppable();
  std::atomic<int64_t>* bytes = nullptr;
};

/// Bytes of an object that are wanted for sure.
struct WantedRange {
  int64_t offset = 0;
  int64_t length = 0;
};

/// One object that a query reads; all readers of it share this. Thread-safe.
///
/// It is made of pieces that were planned - its end, where the footer is, and what a ReadAhead knows to be wanted - and
/// of gaps. A piece comes with one Get, by whoever comes first: the read-ahead or a reader. What lies in a gap is got
/// when it is asked for. Every Get is of the version that was planned.
class OpenedFile {
 public:
  OpenedFile(std::string uri, std::shared_ptr<ObjectStore> store, ObjectInfo object);
  ~OpenedFile();
  OpenedFile(const OpenedFile&) = delete;
  OpenedFile& operator=(const OpenedFile&) = delete;

  const std::string& uri() const { return uri_; }
  const ObjectInfo& info() const { return object_; }
  int64_t size() const { return object_.size; }
  ObjectStore& store() const { return *store_; }

  /// Fill `out` from `offset`. kCorrupt: past the end; kPrecondition, kNotFound: it is not the planned version any
  /// more; kCancelled.
  Status ReadAt(int64_t offset, std::span<std::byte> out, const ReadingQuery& query);

  // ---- for ReadAhead

  struct Piece;
  /// The end of the object: all of a small one.
  const std::shared_ptr<Piece>& tail() const { return tail_; }
  bool tail_is_all() const;
  static int64_t SizeOf(const Piece& piece);
  /// Finds in the tail what else will be wanted of the object.
  using FindWanted = std::function<std::vector<WantedRange>(const arrow::Buffer& tail)>;
  /// Who gets pieces ahead: it is told when readers have used one up. `held` counts the bytes of pieces that it began
  /// and that are not used up. Pieces for what `find` tells are planned when the tail comes, so that no reader can ask
  /// for them before; where a reader has the tail already, none are.
  void SetOwner(std::weak_ptr<ReadAhead> owner, std::shared_ptr<std::atomic<int64_t>> held, FindWanted find);
  std::vector<std::shared_ptr<Piece>> planned() const;
  /// Plan pieces for ranges; what lies in the tail already is left out. Once, before any is begun.
  std::vector<std::shared_ptr<Piece>> Plan(std::vector<WantedRange> ranges);
  /// Count a piece as held, before it is begun. \return false if a reader has begun it already
  bool Hold(Piece& piece);
  /// Get a piece unless somebody has begun to. Its error is kept for those who read it.
  void Fetch(Piece& piece, const ReadingQuery& query);
  /// The bytes of the tail, or why they did not come.
  Result<std::shared_ptr<arrow::Buffer>> Tail(const ReadingQuery& query);

 private:
  Result<std::shared_ptr<arrow::Buffer>> Get(int64_t offset, int64_t length, const ReadingQuery& query) const;
  Status Await(Piece& piece, const ReadingQuery& query, std::shared_ptr<arrow::Buffer>* bytes);
  bool Used(Piece& piece, int64_t begin, int64_t end);

  const std::string uri_;
  const std::shared_ptr<ObjectStore> store_;
  const ObjectInfo object_;
  std::shared_ptr<Piece> tail_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Piece>> pieces_;  ///< by offset, without overlap
  std::vector<std::shared_ptr<Piece>> planned_;
  FindWanted find_;
  std::weak_ptr<ReadAhead> owner_;
  std::shared_ptr<std::atomic<int64_t>> held_;
};

}  // namespace glaux::duckdb_engine
