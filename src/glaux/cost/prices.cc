#include "glaux/cost/prices.h"

#include <boost/json.hpp>

#include <algorithm>

namespace glaux {
namespace {

constexpr double kThousand = 1000;
constexpr double kGigabyte = 1 << 30;  // S3 bills 2^30 bytes as one GB

double CostOfLines(const std::array<RequestCounts::Line, kStorageClasses>& lines, const PriceTable& prices) {
  double dollars = 0;
  for (size_t i = 0; i < kStorageClasses; ++i) {
    const auto& line = lines[i];
    const auto& price = prices.classes[i];
    const auto of = [&](RequestKind kind) { return static_cast<double>(line.requests[static_cast<size_t>(kind)]); };
    const auto received = static_cast<double>(line.bytes_received);
    dollars += of(RequestKind::kList) / kThousand * prices.list;
    dollars += (of(RequestKind::kPut) + of(RequestKind::kCopy)) / kThousand * price.put;
    dollars += (of(RequestKind::kGet) + of(RequestKind::kHead)) / kThousand * price.get;
    dollars += received / kGigabyte * (price.retrieval + prices.transfer_out.value_or(0));
  }
  return dollars;
}

}  // namespace

// Source: https://aws.amazon.com/s3/pricing/, US East (N. Virginia), "Requests & data retrievals". What GLACIER and
// DEEP_ARCHIVE cost to restore is not here: only restored copies can be read, and these have no retrieval price.
const PriceTable& DefaultPrices() {
  static const PriceTable prices = [] {
    PriceTable table{.source = "AWS list prices of us-east-1, 2025", .list = 0.005};
    const auto set = [&](StorageClass storage_class, PriceTable::Class price) {
      table.classes[static_cast<size_t>(storage_class)] = price;
    };
    set(StorageClass::kStandard, {.put = 0.005, .get = 0.0004});
    set(StorageClass::kIntelligentTiering, {.put = 0.005, .get = 0.0004});
    set(StorageClass::kStandardIa, {.put = 0.01, .get = 0.001, .retrieval = 0.01});
    set(StorageClass::kOneZoneIa, {.put = 0.01, .get = 0.001, .retrieval = 0.01});
    set(StorageClass::kGlacierIr, {.put = 0.02, .get = 0.01, .retrieval = 0.03});
    set(StorageClass::kGlacier, {.put = 0.03, .get = 0.0004});
    set(StorageClass::kDeepArchive, {.put = 0.05, .get = 0.0004});
    return table;
  }();
  return prices;
}

std::optional<double> CostOf(const RequestCounts& counts, const PriceTable& prices) {
  const RequestCounts nothing;
  if (counts.other == nothing.other) return CostOfLines(counts.aws, prices);
  if (prices.is_own) return CostOfLines(counts.aws, prices) + CostOfLines(counts.other, prices);
  if (counts.aws == nothing.aws) return std::nullopt;
  return CostOfLines(counts.aws, prices);
}

double AthenaDollars(int64_t bytes_scanned, double dollars_per_terabyte) {
  constexpr int64_t kMegabyte = 1 << 20;
  constexpr int64_t kLeast = 10;
  const int64_t megabytes = std::max(kLeast, (bytes_scanned + kMegabyte - 1) / kMegabyte);
  return static_cast<double>(megabytes) / kMegabyte * dollars_per_terabyte;
}

std::string RequestsJson(const RequestCounts& counts, const PriceTable& prices) {
  boost::json::object out{{"list", counts.Of(RequestKind::kList)},
                          {"get", counts.Of(RequestKind::kGet)},
                          {"head", counts.Of(RequestKind::kHead)},
                          {"put", counts.Of(RequestKind::kPut)},
                          {"copy", counts.Of(RequestKind::kCopy)},
                          {"delete", counts.Of(RequestKind::kDelete)},
                          {"unbilled", counts.unbilled},
                          {"retries", counts.retries},
                          {"bytes_received", counts.bytes_received()},
                          {"bytes_sent", counts.bytes_sent()},
                          {"dollars", nullptr}};
  if (const auto dollars = CostOf(counts, prices); dollars.has_value()) {
    out["dollars"] = *dollars;
    out["prices"] = prices.source;
  }
  return boost::json::serialize(out);
}

}  // namespace glaux
