#include "glaux/sync/request_plan.h"

#include <algorithm>

#include "glaux/format/byte_sink.h"
#include "glaux/format/byte_source.h"
#include "glaux/store/sequential_input.h"

namespace glaux {
namespace {

/// Bytes of text in a byte of the file, about.
constexpr double kOfCompressedText = 6, kOfColumns = 3, kOfJson = 1 / kJsonByText;

int64_t TextBytes(const SourceFile& file) {
  const auto size = static_cast<double>(file.ledger.size);
  if (file.format != nullptr && !file.format->is_text()) return static_cast<int64_t>(size * kOfColumns);
  const auto compression = CompressionOfFile(file.ledger.key);
  const bool plain = file.member.empty() && (compression.empty() || compression == "none");
  const bool json = file.format != nullptr && file.format->name().starts_with("json");
  return static_cast<int64_t>(size * (plain ? 1 : kOfCompressedText) * (json ? kOfJson : 1));
}

int64_t PiecesOf(int64_t bytes, int64_t piece) { return (bytes + piece - 1) / piece; }

}  // namespace

RequestCounts RequestsToRead(const std::vector<SourceFile>& files) {
  RequestCounts counts;
  for (const auto& file : files) {
    const RequestBilling billing{.place = file.place.store->traits().billing.place,
                                 .storage_class = file.storage_class};
    const int64_t size = file.ledger.size;
    if (!file.is_read_ahead()) {
      counts.Add(billing, RequestKind::kGet, std::max<int64_t>(1, PiecesOf(size, kStoredPieceBytes)), size);
      continue;
    }
    const auto head = file.head->bytes();
    const int64_t kept = head == nullptr ? 0 : head->size();
    const int64_t begin = head == nullptr ? std::min(size, kStoredPieceBytes) : kept;
    const int64_t gets = (head == nullptr ? 1 : 0) + PiecesOf(size - begin, kSequentialPieceBytes);
    counts.Add(billing, RequestKind::kGet, gets, size - kept);
  }
  return counts;
}

ExpectedWrite ExpectedOf(const std::vector<SourceFile>& files, const InferredFiles& inferred, int64_t sample_bytes) {
  ExpectedWrite expected{.rows = inferred.rows_seen, .sources = static_cast<int64_t>(files.size())};
  int64_t sampled = 0;
  for (const auto& file : files) {
    const int64_t bytes = TextBytes(file);
    expected.bytes += bytes;
    sampled += sample_bytes > 0 ? std::min(bytes, sample_bytes) : bytes;
  }
  if (!inferred.complete && sampled > 0) {
    const double share = static_cast<double>(expected.bytes) / static_cast<double>(sampled);
    expected.rows = static_cast<int64_t>(static_cast<double>(inferred.rows_seen) * share);
  }
  return expected;
}

std::vector<std::string> WhatIsNotKnown(const Table& table, bool merges) {
  std::vector<std::string> notes;
  const auto spec = table.partition_spec();
  if (std::any_of(spec.begin(), spec.end(), [](const PartitionField& field) { return !field.source_column.empty(); })) {
    notes.push_back(
        "requests are counted for one partition; each further one that the rows turn out to have takes 3 PUT and more");
  }
  if (merges) {
    notes.push_back(
        "requests are counted for new rows alone; rows that are there and change are read and written again");
  }
  return notes;
}

}  // namespace glaux
