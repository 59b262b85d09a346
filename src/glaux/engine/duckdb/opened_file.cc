#include "glaux/engine/duckdb/opened_file_internal.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "glaux/engine/duckdb/read_ahead_internal.h"
#include "glaux/store/parallel_get.h"

namespace glaux::duckdb_engine {
namespace {

/// Objects up to this size come with one Get.
constexpr int64_t kWholeFile = 1 << 20;
/// Of larger ones this much is taken with the footer.
constexpr int64_t kTail = 64 << 10;
/// Ranges with at most this much between them come with one Get.
constexpr int64_t kMaxGap = 256 << 10;
/// Longer Gets are cut, so that their parts come at once.
constexpr int64_t kMaxPiece = 8 << 20;

constexpr std::chrono::milliseconds kStopPoll{50};

}  // namespace

struct OpenedFile::Piece {
  enum class State { kPlanned, kRunning, kHere, kFailed, kUsed };

  int64_t begin = 0;
  int64_t end = 0;
  /// What is wanted of it, by offset; once all of it was read, the memory is free. Empty: kept as long as the file.
  std::vector<WantedRange> wanted = {};
  int64_t left = 0;
  State state = State::kPlanned;
  bool held = false;
  std::shared_ptr<arrow::Buffer> bytes = {};
  Status error = {};
};

OpenedFile::OpenedFile(std::string uri, std::shared_ptr<ObjectStore> store, ObjectInfo object)
    : uri_(std::move(uri)), store_(std::move(store)), object_(std::move(object)) {
  tail_ = std::make_shared<Piece>();
  tail_->begin = object_.size <= kWholeFile ? 0 : object_.size - kTail;
  tail_->end = object_.size;
  pieces_.push_back(tail_);
}

OpenedFile::~OpenedFile() {
  for (const auto& piece : pieces_) {
    if (piece->held) *held_ -= SizeOf(*piece);
  }
}

bool OpenedFile::tail_is_all() const { return tail_->begin == 0; }

int64_t OpenedFile::SizeOf(const Piece& piece) { return piece.end - piece.begin; }

void OpenedFile::SetOwner(std::weak_ptr<ReadAhead> owner, std::shared_ptr<std::atomic<int64_t>> held, FindWanted find) {
  std::lock_guard lock(mutex_);
  owner_ = std::move(owner);
  held_ = std::move(held);
  find_ = std::move(find);
}

std::vector<std::shared_ptr<OpenedFile::Piece>> OpenedFile::planned() const {
  std::lock_guard lock(mutex_);
  return planned_;
}

bool OpenedFile::Hold(Piece& piece) {
  std::lock_guard lock(mutex_);
  if (piece.state != Piece::State::kPlanned || piece.held || held_ == nullptr) return false;
  piece.held = true;
  *held_ += SizeOf(piece);
  return true;
}

std::vector<std::shared_ptr<OpenedFile::Piece>> OpenedFile::Plan(std::vector<WantedRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
  std::vector<std::shared_ptr<Piece>> planned;
  for (const auto& range : ranges) {
    const int64_t range_end = std::min(range.offset + range.length, tail_->begin);
    for (int64_t at = std::max(range.offset, planned.empty() ? 0 : planned.back()->end); at < range_end;) {
      Piece* last = planned.empty() ? nullptr : planned.back().get();
      const int64_t joined_end = last == nullptr ? 0 : std::min(range_end, last->begin + kMaxPiece);
      const bool joins = last != nullptr && at - last->end <= kMaxGap && joined_end > at;
      if (!joins) {
        planned.push_back(std::make_shared<Piece>());
        last = planned.back().get();
        last->begin = at;
      }
      last->end = joins ? joined_end : std::min(range_end, at + kMaxPiece);
      last->wanted.push_back({.offset = at, .length = last->end - at});
      last->left += last->end - at;
      at = last->end;
    }
  }
  std::lock_guard lock(mutex_);
  pieces_.insert(pieces_.begin(), planned.begin(), planned.end());  // the tail is behind them all
  planned_ = planned;
  return planned;
}

Result<std::shared_ptr<arrow::Buffer>> OpenedFile::Get(int64_t offset, int64_t length,
                                                       const ReadingQuery& query) const {
  if (query.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "read ", uri_, ": cancelled");
  if (length == 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
  Result<std::shared_ptr<arrow::Buffer>> bytes = nullptr;
  if (length > kMaxPiece) {
    const ByteRange range{.offset = offset, .length = length};
    auto ranges = ReadRanges(*store_, object_, std::span(&range, 1), {.stop = query.stop});
    bytes = ranges.ok() ? std::move(ranges->front()) : Result<std::shared_ptr<arrow::Buffer>>(ranges.status());
  } else {
    bytes = store_->Get(object_.key, {.range = {.offset = offset, .length = length}, .if_match = object_.etag});
  }
  if (!bytes.ok()) {
    const auto kind = KindOf(bytes.status());
    if (kind != ErrorKind::kPrecondition && kind != ErrorKind::kNotFound) return Prefix(bytes.status(), "read " + uri_);
    auto info = InfoOf(bytes.status());
    info.hint = "run the query again: it will plan with the files that are there now";
    return MakeError(info, "read ", uri_, ": it was ", kind == ErrorKind::kNotFound ? "deleted" : "replaced",
                     " after the query was planned: ", bytes.status().message());
  }
  if ((*bytes)->size() != length) {
    return MakeError(ErrorKind::kCorrupt, "read ", uri_, ": it should have ", object_.size, " bytes and ends at ",
                     offset + (*bytes)->size());
  }
  if (query.bytes != nullptr) *query.bytes += length;
  return bytes;
}

void OpenedFile::Fetch(Piece& piece, const ReadingQuery& query) {
  {
    std::lock_guard lock(mutex_);
    if (piece.state != Piece::State::kPlanned) return;
    piece.state = Piece::State::kRunning;
  }
  auto bytes = Get(piece.begin, SizeOf(piece), query);
  if (bytes.ok() && &piece == tail_.get() && !tail_is_all()) {
    FindWanted find;
    {
      std::lock_guard lock(mutex_);
      find = std::move(find_);
    }
    if (find) Plan(find(**bytes));
  }
  std::lock_guard lock(mutex_);
  piece.state = bytes.ok() ? Piece::State::kHere : Piece::State::kFailed;
  if (bytes.ok()) {
    piece.bytes = std::move(bytes).ValueUnsafe();
  } else {
    piece.error = bytes.status();
  }
  changed_.notify_all();
}

// `*bytes` stays null where they were used up: then they are read as what lies in a gap.
Status OpenedFile::Await(Piece& piece, const ReadingQuery& query, std::shared_ptr<arrow::Buffer>* bytes) {
  Fetch(piece, query);
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kStopPoll, [&] { return piece.state != Piece::State::kRunning; })) {
    if (query.stop.IsStopRequested()) return MakeError(ErrorKind::kCancelled, "read ", uri_, ": cancelled");
  }
  *bytes = piece.bytes;
  return piece.error;
}

bool OpenedFile::Used(Piece& piece, int64_t begin, int64_t end) {
  std::lock_guard lock(mutex_);
  if (piece.wanted.empty() || piece.state != Piece::State::kHere) return false;
  for (const auto& range : piece.wanted) {
    piece.left -= std::max<int64_t>(0, std::min(end, range.offset + range.length) - std::max(begin, range.offset));
  }
  if (piece.left > 0) return false;
  piece.state = Piece::State::kUsed;
  piece.bytes.reset();
  if (std::exchange(piece.held, false)) *held_ -= SizeOf(piece);
  return true;
}

Result<std::shared_ptr<arrow::Buffer>> OpenedFile::Tail(const ReadingQuery& query) {
  std::shared_ptr<arrow::Buffer> bytes;
  ARROW_RETURN_NOT_OK(Await(*tail_, query, &bytes));
  return bytes;
}

Status OpenedFile::ReadAt(int64_t offset, std::span<std::byte> out, const ReadingQuery& query) {
  const auto length = static_cast<int64_t>(out.size());
  if (length == 0) return Status::OK();
  if (offset < 0 || offset + length > object_.size) {
    return MakeError(ErrorKind::kCorrupt, "read ", uri_, ": bytes ", offset, " to ", offset + length,
                     " were asked for, it has ", object_.size);
  }
  const int64_t end = offset + length;
  bool used = false;
  for (int64_t at = offset; at < end;) {
    std::shared_ptr<Piece> piece;
    int64_t until = end;
    {
      std::lock_guard lock(mutex_);
      auto found = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                    [](int64_t place, const auto& other) { return place < other->end; });
      while (found != pieces_.end() && (*found)->state == Piece::State::kUsed) ++found;
      if (found != pieces_.end() && (*found)->begin <= at) {
        piece = *found;
        until = std::min(end, piece->end);
      } else if (found != pieces_.end()) {
        until = std::min(end, (*found)->begin);
      }
    }
    std::shared_ptr<arrow::Buffer> bytes;
    int64_t begin = at;
    if (piece != nullptr) {
      ARROW_RETURN_NOT_OK(Await(*piece, query, &bytes));
      begin = piece->begin;
    }
    if (bytes == nullptr) {
      ARROW_ASSIGN_OR_RAISE(bytes, Get(at, until - at, query));
      begin = at;
    }
    std::memcpy(out.data() + (at - offset), bytes->data() + (at - begin), static_cast<size_t>(until - at));
    if (piece != nullptr) used |= Used(*piece, at, until);
    at = until;
  }
  if (!used) return Status::OK();
  std::shared_ptr<ReadAhead> owner;
  {
    std::lock_guard lock(mutex_);
    owner = owner_.lock();
  }
  if (owner != nullptr) owner->Used();
  return Status::OK();
}

}  // namespace glaux::duckdb_engine
