#include "glaux/store/parallel_get.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <numeric>

#include "glaux/base/parallel.h"

namespace glaux {
namespace {

Status CheckLength(const ObjectInfo& object, int64_t offset, int64_t length, int64_t got) {
  if (got == length) return Status::OK();
  return MakeError(ErrorKind::kCorrupt, "read ", object.key, ": ", got, " bytes came instead of ", length,
                   " from byte ", offset);
}

Result<std::shared_ptr<arrow::Buffer>> GetPiece(ObjectStore& store, const ObjectInfo& object, int64_t offset,
                                                int64_t length) {
  ARROW_ASSIGN_OR_RAISE(
      auto bytes, store.Get(object.key, {.range = {.offset = offset, .length = length}, .if_match = object.etag}));
  ARROW_RETURN_NOT_OK(CheckLength(object, offset, length, bytes->size()));
  return bytes;
}

Status GetPieceInto(ObjectStore& store, const ObjectInfo& object, int64_t offset, std::span<std::byte> out) {
  const auto length = static_cast<int64_t>(out.size());
  const auto take = [&](int64_t at, std::span<const std::byte> bytes) -> Status {
    if (at < offset || at - offset + static_cast<int64_t>(bytes.size()) > length) {
      return MakeError(ErrorKind::kCorrupt, "read ", object.key, ": bytes came from ", at, " that were not asked for");
    }
    std::memcpy(out.data() + (at - offset), bytes.data(), bytes.size());
    return Status::OK();
  };
  ARROW_ASSIGN_OR_RAISE(
      const int64_t got,
      store.GetStream(object.key, {.range = {.offset = offset, .length = length}, .if_match = object.etag}, take));
  return CheckLength(object, offset, length, got);
}

/// The bytes of a long range as pieces, many at once, each straight to its place in `whole`.
Status FillPieces(ObjectStore& store, const ObjectInfo& object, int64_t begin, int64_t piece, int max_parallel,
                  const arrow::StopToken& stop, arrow::Buffer* whole) {
  piece = std::max<int64_t>(piece, 1);
  const auto count = static_cast<size_t>((whole->size() + piece - 1) / piece);
  return ParallelForIndex(count, std::max(max_parallel, 1), Pool::kIo, stop, [&](size_t i) -> Status {
    const int64_t offset = static_cast<int64_t>(i) * piece;
    return GetPieceInto(store, object, begin + offset,
                        {reinterpret_cast<std::byte*>(whole->mutable_data()) + offset,
                         static_cast<size_t>(std::min(piece, whole->size() - offset))});
  });
}

std::span<const std::byte> AsSpan(const arrow::Buffer& buffer) {
  return {reinterpret_cast<const std::byte*>(buffer.data()), static_cast<size_t>(buffer.size())};
}

Status FillInfo(ObjectStore& store, ObjectInfo* object) {
  if (!object->etag.empty()) return Status::OK();
  return store.Head(object->key).Value(object);
}

/// Lets the holders of pieces pass in order. Pieces are begun in order too, so the one whose turn it is never waits for
/// a thread that a later one holds.
class Turns {
 public:
  /// Wait for the turn of piece `index`. \return the error of an earlier piece, after which there are no turns
  Status Wait(size_t index) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !error_.ok() || next_ == index; });
    return error_;
  }
  void End(const Status& status) {
    std::lock_guard lock(mutex_);
    ++next_;
    error_ = status;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t next_ = 0;
  Status error_;
};

/// One Get that serves several ranges.
struct Fetch {
  int64_t begin = 0;
  int64_t end = 0;
  std::shared_ptr<arrow::Buffer> bytes;
};

Status CheckRanges(const ObjectInfo& object, std::span<const ByteRange> ranges) {
  for (const auto& range : ranges) {
    const int64_t length = range.length.value_or(-1);
    if (range.offset >= 0 && length >= 0 && length <= object.size && range.offset <= object.size - length) continue;
    return MakeError(ErrorKind::kInvalid, "read ", object.key, ": ", length, " bytes from byte ", range.offset,
                     " are not within its ", object.size, " bytes");
  }
  return Status::OK();
}

// The Gets that cover all ranges, ascending; `fetch_of` tells which one serves a range.
std::vector<Fetch> Join(std::span<const ByteRange> ranges, const ReadRangesOptions& options,
                        std::vector<size_t>* fetch_of) {
  std::vector<size_t> order(ranges.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return ranges[a].offset < ranges[b].offset; });
  std::vector<Fetch> fetches;
  fetch_of->assign(ranges.size(), 0);
  for (const size_t i : order) {
    const int64_t begin = ranges[i].offset, end = begin + *ranges[i].length;
    const bool joins =
        !fetches.empty() && (end <= fetches.back().end || (begin - fetches.back().end <= options.max_gap &&
                                                           end - fetches.back().begin <= options.max_piece));
    if (joins) {
      fetches.back().end = std::max(fetches.back().end, end);
    } else {
      fetches.push_back({.begin = begin, .end = end, .bytes = nullptr});
    }
    (*fetch_of)[i] = fetches.size() - 1;
  }
  return fetches;
}

}  // namespace

Status ParallelGet(ObjectStore& store, ObjectInfo object, const ParallelGetOptions& options,
                   const std::function<Status(std::span<const std::byte>)>& sink) {
  ARROW_RETURN_NOT_OK(FillInfo(store, &object));
  const int64_t piece = std::max<int64_t>(options.piece_size, 1);
  const auto count = static_cast<size_t>((object.size + piece - 1) / piece);
  Turns turns;
  return ParallelForIndex(count, std::max(options.max_parallel, 1), Pool::kIo, options.stop, [&](size_t i) -> Status {
    const int64_t offset = static_cast<int64_t>(i) * piece;
    auto bytes = GetPiece(store, object, offset, std::min(piece, object.size - offset));
    ARROW_RETURN_NOT_OK(turns.Wait(i));
    const Status status = bytes.ok() ? sink(AsSpan(**bytes)) : bytes.status();
    turns.End(status);
    return status;
  });
}

Result<std::shared_ptr<arrow::Buffer>> ParallelGetBuffer(ObjectStore& store, ObjectInfo object,
                                                         const ParallelGetOptions& options) {
  ARROW_RETURN_NOT_OK(FillInfo(store, &object));
  const int64_t piece = std::max<int64_t>(options.piece_size, 1);
  if (object.size <= piece) return store.Get(object.key, {.if_match = object.etag});
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> whole, arrow::AllocateBuffer(object.size));
  ARROW_RETURN_NOT_OK(FillPieces(store, object, 0, piece, options.max_parallel, options.stop, whole.get()));
  return whole;
}

Result<std::vector<std::shared_ptr<arrow::Buffer>>> ReadRanges(ObjectStore& store, const ObjectInfo& object,
                                                               std::span<const ByteRange> ranges,
                                                               const ReadRangesOptions& options) {
  ARROW_RETURN_NOT_OK(CheckRanges(object, ranges));
  std::vector<size_t> fetch_of;
  std::vector<Fetch> fetches = Join(ranges, options, &fetch_of);
  ARROW_RETURN_NOT_OK(ParallelFor(std::span(fetches), std::max(options.max_parallel, 1), Pool::kIo, options.stop,
                                  [&](Fetch& fetch) -> Status {
                                    const int64_t length = fetch.end - fetch.begin;
                                    if (length <= options.max_piece)
                                      return GetPiece(store, object, fetch.begin, length).Value(&fetch.bytes);
                                    // A single long range: as pieces, so that it does not hold up the rest alone.
                                    ARROW_ASSIGN_OR_RAISE(fetch.bytes, arrow::AllocateBuffer(length));
                                    return FillPieces(store, object, fetch.begin, options.max_piece,
                                                      options.max_parallel, options.stop, fetch.bytes.get());
                                  }));
  std::vector<std::shared_ptr<arrow::Buffer>> out(ranges.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    const Fetch& fetch = fetches[fetch_of[i]];
    out[i] = arrow::SliceBuffer(fetch.bytes, ranges[i].offset - fetch.begin, *ranges[i].length);
  }
  return out;
}

}  // namespace glaux
