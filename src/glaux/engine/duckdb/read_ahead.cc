#include "glaux/engine/duckdb/read_ahead_internal.h"

#include <arrow/buffer.h>
#include <parquet/metadata.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <set>
#include <utility>

namespace glaux::duckdb_engine {
namespace {

constexpr int64_t kFirstWindow = 8 << 20;
/// Files whose ends are got before their turn.
constexpr size_t kFilesAhead = 32;
/// Files that are opened before the first reader can be there.
constexpr size_t kFilesAtOnce = 8;
/// Above what may run: TaskGroup must never wait.
constexpr int kSlack = 8;
constexpr int64_t kFooterEnd = 8;  // the length, and "PAR1"

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::vector<WantedRange> ColumnChunks(const arrow::Buffer& tail, int64_t file_size,
                                      const std::vector<std::string>& columns) {
  std::vector<WantedRange> chunks;
  if (tail.size() < kFooterEnd || columns.empty()) return chunks;
  const uint8_t* end = tail.data() + tail.size();
  uint32_t length = 0;
  std::memcpy(&length, end - kFooterEnd, sizeof length);
  if (std::memcmp(end - 4, "PAR1", 4) != 0 || int64_t{length} + kFooterEnd > tail.size()) return chunks;
  std::set<std::string> wanted;
  for (const auto& column : columns) wanted.insert(Lower(column));
  try {
    const auto metadata = parquet::FileMetaData::Make(end - kFooterEnd - length, int64_t{length});
    std::vector<int> leaves;
    for (int i = 0; i < metadata->num_columns(); ++i) {
      if (wanted.contains(Lower(metadata->schema()->GetColumnRoot(i)->name()))) leaves.push_back(i);
    }
    for (int group = 0; group < metadata->num_row_groups(); ++group) {
      const auto row_group = metadata->RowGroup(group);
      for (const int leaf : leaves) {
        const auto chunk = row_group->ColumnChunk(leaf);
        int64_t begin = chunk->data_page_offset();
        if (chunk->has_dictionary_page() && chunk->dictionary_page_offset() > 0) {
          begin = std::min(begin, chunk->dictionary_page_offset());
        }
        const int64_t size = chunk->total_compressed_size();
        if (begin < 0 || size < 0 || begin > file_size || size > file_size - begin) return {};
        chunks.push_back({.offset = begin, .length = size});
      }
    }
  } catch (const std::exception&) {
    return {};
  }
  return chunks;
}

ReadAhead::ReadAhead(size_t files, OpenFile open, ReadAheadOptions options)
    : open_(std::move(open)),
      options_(std::move(options)),
      files_(files),
      window_(std::min(kFirstWindow, options_.memory)),
      tasks_(Pool::kIo, options_.max_parallel + kSlack) {}

ReadAhead::~ReadAhead() {
  std::lock_guard lock(mutex_);
  closed_ = true;
}

void ReadAhead::Begin() {
  // The first readers come at once, and must find that these are read ahead.
  for (size_t i = 0; i < std::min(files_.size(), kFilesAtOnce); ++i) Prepare(i);
  Pump();
}

void ReadAhead::Opened(size_t i) {
  {
    std::lock_guard lock(mutex_);
    files_[i].is_read = true;
    files_[i].held.reset();
    // Files far behind were left out by the scan.
    for (size_t at = i > kFilesAhead ? i - kFilesAhead : 0; at-- > 0 && files_[at].held != nullptr;) {
      files_[at].is_read = true;
      files_[at].held.reset();
    }
  }
  Used();
}

void ReadAhead::Used() {
  {
    std::lock_guard lock(mutex_);
    window_ = std::min(options_.memory, 2 * window_);
  }
  Pump();
}

void ReadAhead::Pump() {
  std::lock_guard lock(mutex_);
  while (!closed_ && running_ < options_.max_parallel && StartNext()) {
  }
}

// Ends of files before chunks: a reader needs them first.
bool ReadAhead::StartNext() {
  if (options_.query.stop.IsStopRequested()) return false;
  while (first_ < files_.size() && files_[first_].state == File::State::kDone) ++first_;
  if (opened_ < std::min(files_.size(), first_ + kFilesAhead) && *held_ < window_) {
    const size_t i = opened_++;
    files_[i].state = File::State::kOpening;
    Start([this, i] { Open(i); });
    return true;
  }
  for (size_t i = first_; i < opened_; ++i) {
    auto& file = files_[i];
    if (file.state != File::State::kOpen) {
      if (file.state == File::State::kOpening) return false;  // its chunks have the right of way
      continue;
    }
    if (*held_ > 0 && *held_ + OpenedFile::SizeOf(*file.pieces.front()) > window_) return false;
    auto piece = std::move(file.pieces.front());
    file.pieces.pop_front();
    if (file.pieces.empty()) file.state = File::State::kDone;
    const auto opened = file.file.lock();
    if (opened == nullptr) {  // read to its end, or dropped
      file.state = File::State::kDone;
      file.pieces.clear();
      continue;
    }
    if (!opened->Hold(*piece)) return true;  // a reader was faster; look again
    Start([this, opened, piece] { opened->Fetch(*piece, options_.query); });
    return true;
  }
  return false;
}

void ReadAhead::Start(std::function<void()> work) {
  ++running_;
  // Never an error: those stay with the pieces.
  static_cast<void>(tasks_.Start([this, work = std::move(work)]() mutable {
    work();
    work = nullptr;
    {
      std::lock_guard lock(mutex_);
      --running_;
    }
    Pump();
    return Status::OK();
  }));
}

std::shared_ptr<OpenedFile> ReadAhead::Prepare(size_t i) {
  {
    std::lock_guard lock(mutex_);
    if (files_[i].held != nullptr) return files_[i].held;
    if (auto there = files_[i].file.lock()) return there;
    if (files_[i].is_read) return nullptr;
  }
  const auto file = open_(i);
  if (!file.ok()) return nullptr;
  auto find = [size = (*file)->size(), columns = options_.columns](const arrow::Buffer& tail) {
    return ColumnChunks(tail, size, columns);
  };
  (*file)->SetOwner(weak_from_this(), held_, std::move(find));
  std::lock_guard lock(mutex_);
  if (!files_[i].is_read) files_[i].held = *file;
  files_[i].file = *file;
  return *file;
}

void ReadAhead::Open(size_t i) {
  std::vector<std::shared_ptr<OpenedFile::Piece>> pieces;
  if (const auto file = Prepare(i)) {
    file->Hold(*file->tail());
    if (file->Tail(options_.query).ok()) pieces = file->planned();
  }
  std::lock_guard lock(mutex_);
  files_[i].pieces.assign(pieces.begin(), pieces.end());
  files_[i].state = pieces.empty() ? File::State::kDone : File::State::kOpen;
}

}  // namespace glaux::duckdb_engine
