#include "cost_text.h"

#include <gtest/gtest.h>

namespace glaux::cli {
namespace {

RequestCounts Some(RequestPlace place) {
  RequestCounts counts;
  counts.Add({.place = place}, RequestKind::kList, 2);
  counts.Add({.place = place}, RequestKind::kGet, 1'200, 5'000'000);
  counts.Add({.place = place}, RequestKind::kHead, 34);
  counts.Add({.place = place}, RequestKind::kPut, 9, 0, 1'000);
  return counts;
}

TEST(DescribeRequests, SaysWhatWasSentAndWhatItCosts) {
  auto counts = Some(RequestPlace::kAws);
  counts.Add({.place = RequestPlace::kAws}, RequestKind::kDelete, 1);
  counts.retries = 2;
  counts.unbilled = 3;
  EXPECT_EQ(
      DescribeRequests(counts, DefaultPrices(), CostTense::kHappened),
      "requests: 2 LIST, 1,234 GET, 9 PUT, 1 DELETE, 3 not billed, 2 of them repeated; 5.0 MB received, 1.0 kB sent; "
      "$0.00055 (AWS list prices of us-east-1, 2025; data transfer is not in it)\n");
}

TEST(DescribeRequests, SaysOfAPlanThatItIsAbout) {
  EXPECT_EQ(
      DescribeRequests(Some(RequestPlace::kAws), DefaultPrices(), CostTense::kPlanned),
      "requests: about 2 LIST, 1,234 GET, 9 PUT; 5.0 MB to receive, 1.0 kB to send; about $0.00055 (AWS list prices "
      "of us-east-1, 2025; data transfer is not in it)\n");
}

TEST(DescribeRequests, HasNoDollarsWhereNobodyKnowsThem) {
  EXPECT_EQ(DescribeRequests(Some(RequestPlace::kOther), DefaultPrices(), CostTense::kHappened),
            "requests: 2 LIST, 1,234 GET, 9 PUT; 5.0 MB received, 1.0 kB sent\n");
  auto both = Some(RequestPlace::kOther);
  both += Some(RequestPlace::kAws);
  EXPECT_NE(
      DescribeRequests(both, DefaultPrices(), CostTense::kHappened).find("requests to other servers are not in it"),
      std::string::npos);
  PriceTable own{.source = "ours", .list = 500'000, .is_own = true};
  own.transfer_out = 0;
  EXPECT_NE(DescribeRequests(Some(RequestPlace::kOther), own, CostTense::kHappened).find("; $1000.00 (ours)\n"),
            std::string::npos);
}

TEST(DescribeRequests, SaysNothingOfNothing) {
  EXPECT_EQ(DescribeRequests({}, DefaultPrices(), CostTense::kHappened), "");
}

}  // namespace
}  // namespace glaux::cli
