#include "glaux/store/request_counts.h"

#include <algorithm>

namespace glaux {
namespace {

constexpr std::array<std::string_view, kStorageClasses> kNames = {
    "STANDARD", "INTELLIGENT_TIERING", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"};

using Lines = std::array<RequestCounts::Line, kStorageClasses>;

/// `change(a, b)` for each number of two tables.
template <typename Change>
void ForEachNumber(Lines* into, const Lines& from, const Change& change) {
  for (size_t i = 0; i < kStorageClasses; ++i) {
    for (size_t k = 0; k < kRequestKinds; ++k) change((*into)[i].requests[k], from[i].requests[k]);
    change((*into)[i].bytes_received, from[i].bytes_received);
    change((*into)[i].bytes_sent, from[i].bytes_sent);
  }
}

template <typename Number>
int64_t Sum(const RequestCounts& counts, const Number& number) {
  int64_t sum = 0;
  for (const auto* lines : {&counts.aws, &counts.other}) {
    for (const auto& line : *lines) sum += number(line);
  }
  return sum;
}

}  // namespace

std::string_view StorageClassName(StorageClass storage_class) { return kNames[static_cast<size_t>(storage_class)]; }

StorageClass StorageClassOf(std::string_view name) {
  const auto at = std::find(kNames.begin(), kNames.end(), name);
  return at == kNames.end() ? StorageClass::kStandard : static_cast<StorageClass>(at - kNames.begin());
}

void RequestCounts::Add(RequestBilling billing, RequestKind kind, int64_t requests, int64_t received, int64_t sent) {
  if (billing.place == RequestPlace::kNone) return;
  auto& line = (billing.place == RequestPlace::kAws ? aws : other)[static_cast<size_t>(billing.storage_class)];
  line.requests[static_cast<size_t>(kind)] += requests;
  line.bytes_received += received;
  line.bytes_sent += sent;
}

int64_t RequestCounts::Of(RequestKind kind) const {
  return Sum(*this, [kind](const Line& line) { return line.requests[static_cast<size_t>(kind)]; });
}

int64_t RequestCounts::bytes_received() const {
  return Sum(*this, [](const Line& line) { return line.bytes_received; });
}

int64_t RequestCounts::bytes_sent() const {
  return Sum(*this, [](const Line& line) { return line.bytes_sent; });
}

RequestCounts& RequestCounts::operator+=(const RequestCounts& more) {
  const auto add = [](int64_t& a, int64_t b) { a += b; };
  ForEachNumber(&aws, more.aws, add);
  ForEachNumber(&other, more.other, add);
  unbilled += more.unbilled;
  retries += more.retries;
  return *this;
}

RequestCounts RequestCounts::operator-(const RequestCounts& before) const {
  RequestCounts rest = *this;
  const auto subtract = [](int64_t& a, int64_t b) { a -= b; };
  ForEachNumber(&rest.aws, before.aws, subtract);
  ForEachNumber(&rest.other, before.other, subtract);
  rest.unbilled -= before.unbilled;
  rest.retries -= before.retries;
  return rest;
}

RequestCounts RequestsOfCopy(RequestBilling billing, StorageClass source, int64_t size, bool conditional) {
  RequestCounts counts;
  const RequestBilling read{.place = billing.place, .storage_class = source};
  counts.Add(read, RequestKind::kHead, 1);
  if (conditional && size <= kMostCopiedByHand) {
    counts.Add(read, RequestKind::kGet, 1, size);
    counts.Add(billing, RequestKind::kPut, 1, 0, size);
  } else if (!conditional && size <= kMostCopiedAtOnce) {
    counts.Add(billing, RequestKind::kCopy, 1);
  } else {
    counts.Add(billing, RequestKind::kCopy, (size + kCopyPartBytes - 1) / kCopyPartBytes);
    counts.Add(billing, RequestKind::kPut, 2);
  }
  return counts;
}

RequestCounts RequestsOfUpload(RequestBilling billing, int64_t size, int64_t part_size) {
  RequestCounts counts;
  counts.Add(billing, RequestKind::kPut, 2 + std::max<int64_t>(1, (size + part_size - 1) / part_size), 0, size);
  return counts;
}

void RequestMeter::Count(RequestBilling billing, RequestKind kind, int64_t received, int64_t sent) {
  if (billing.place == RequestPlace::kNone) return;
  auto& line = (billing.place == RequestPlace::kAws ? aws_ : other_)[static_cast<size_t>(billing.storage_class)];
  line.requests[static_cast<size_t>(kind)].fetch_add(1, std::memory_order_relaxed);
  line.bytes_received.fetch_add(received, std::memory_order_relaxed);
  line.bytes_sent.fetch_add(sent, std::memory_order_relaxed);
}

RequestCounts RequestMeter::Read() const {
  RequestCounts counts;
  for (size_t i = 0; i < kStorageClasses; ++i) {
    for (const auto& [from, into] : {std::pair{&aws_[i], &counts.aws[i]}, {&other_[i], &counts.other[i]}}) {
      for (size_t k = 0; k < kRequestKinds; ++k) into->requests[k] = from->requests[k].load(std::memory_order_relaxed);
      into->bytes_received = from->bytes_received.load(std::memory_order_relaxed);
      into->bytes_sent = from->bytes_sent.load(std::memory_order_relaxed);
    }
  }
  counts.unbilled = unbilled_.load(std::memory_order_relaxed);
  counts.retries = retries_.load(std::memory_order_relaxed);
  return counts;
}

}  // namespace glaux
