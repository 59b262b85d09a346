#include "cost_text.h"

#include <fmt/format.h>

#include "human_text.h"

namespace glaux::cli {
namespace {

std::string DescribeDollars(const RequestCounts& counts, const PriceTable& prices, bool planned) {
  const auto dollars = CostOf(counts, prices);
  if (!dollars.has_value()) return {};
  std::string of = prices.source;
  if (!prices.is_own && counts.other != RequestCounts().other) of += "; requests to other servers are not in it";
  if (!prices.transfer_out.has_value()) of += "; data transfer is not in it";
  return fmt::format("; {}{} ({})", planned ? "about " : "", FormatDollars(*dollars), of);
}

}  // namespace

std::string DescribeRequests(const RequestCounts& counts, const PriceTable& prices, CostTense tense) {
  if (counts.empty()) return {};
  const bool planned = tense == CostTense::kPlanned;
  std::string text;
  const auto add = [&text](int64_t count, std::string_view what, bool always = false) {
    if (count > 0 || always) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", FormatCount(count), what);
  };
  add(counts.Of(RequestKind::kList), "LIST", true);
  add(counts.Of(RequestKind::kGet) + counts.Of(RequestKind::kHead), "GET", true);
  add(counts.Of(RequestKind::kPut), "PUT", true);
  add(counts.Of(RequestKind::kCopy), "COPY");
  add(counts.Of(RequestKind::kDelete), "DELETE");
  if (!planned) {
    add(counts.unbilled, "not billed");
    add(counts.retries, "of them repeated");
  }
  return fmt::format("requests: {}{}; {} {}, {} {}{}\n", planned ? "about " : "", text,
                     FormatBytes(static_cast<double>(counts.bytes_received())), planned ? "to receive" : "received",
                     FormatBytes(static_cast<double>(counts.bytes_sent())), planned ? "to send" : "sent",
                     DescribeDollars(counts, prices, planned));
}

}  // namespace glaux::cli
