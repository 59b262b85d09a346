#include "glaux/cost/prices.h"

#include <boost/json.hpp>

#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

using ::testing::HasSubstr;

RequestCounts Some(RequestPlace place, StorageClass storage_class = StorageClass::kStandard) {
  RequestCounts counts;
  const RequestBilling billing{.place = place, .storage_class = storage_class};
  counts.Add(billing, RequestKind::kList, 1'000);
  counts.Add(billing, RequestKind::kGet, 9'000, /*received=*/int64_t{10} << 30);
  counts.Add(billing, RequestKind::kHead, 1'000);
  counts.Add(billing, RequestKind::kPut, 1'500);
  counts.Add(billing, RequestKind::kCopy, 500);
  counts.Add(billing, RequestKind::kDelete, 100'000);
  return counts;
}

TEST(Prices, RequestsCostWhatTheirClassCosts) {
  EXPECT_DOUBLE_EQ(*CostOf(Some(RequestPlace::kAws), DefaultPrices()), 0.005 + 10 * 0.0004 + 2 * 0.005);
  EXPECT_DOUBLE_EQ(*CostOf(Some(RequestPlace::kAws, StorageClass::kStandardIa), DefaultPrices()),
                   0.005 + 10 * 0.001 + 2 * 0.01 + 10 * 0.01);
  EXPECT_EQ(CostOf({}, DefaultPrices()), 0.0);
}

TEST(Prices, WhatIsNotSentCostsNothing) {
  EXPECT_TRUE(Some(RequestPlace::kNone).empty());
  EXPECT_EQ(CostOf(Some(RequestPlace::kNone), DefaultPrices()), 0.0);
}

TEST(Prices, OtherServersHaveDollarsByAnOwnTableAlone) {
  EXPECT_EQ(CostOf(Some(RequestPlace::kOther), DefaultPrices()), std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto own, ParsePrices("classes: { STANDARD: { put: 1, get: 2 } }", "p.yaml"));
  EXPECT_DOUBLE_EQ(*CostOf(Some(RequestPlace::kOther), own), 1 + 10 * 2 + 2 * 1);
  EXPECT_EQ(own.athena, kAthenaDollarsPerTerabyte);
  auto both = Some(RequestPlace::kOther);
  both += Some(RequestPlace::kAws);
  EXPECT_DOUBLE_EQ(*CostOf(both, DefaultPrices()), *CostOf(Some(RequestPlace::kAws), DefaultPrices()));
}

TEST(Prices, AnOwnTableReplacesTheDefaultAsAWhole) {
  ASSERT_OK_AND_ASSIGN(const auto prices, ParsePrices(R"(
source: our contract
list: 0.004
athena: 4.5
transfer_out: 0.02
classes:
  STANDARD: { put: 0.003 }
  GLACIER_IR: { get: 0.5, retrieval: 0.25 }
)",
                                                      "p.yaml"));
  EXPECT_EQ(prices.source, "our contract");
  EXPECT_EQ(prices.list, 0.004);
  EXPECT_EQ(prices.athena, 4.5);
  EXPECT_EQ(prices.transfer_out, 0.02);
  const auto at = [&](StorageClass storage_class) { return prices.classes[static_cast<size_t>(storage_class)]; };
  EXPECT_EQ(at(StorageClass::kStandard), (PriceTable::Class{.put = 0.003}));
  EXPECT_EQ(at(StorageClass::kGlacierIr), (PriceTable::Class{.get = 0.5, .retrieval = 0.25}));
  EXPECT_EQ(at(StorageClass::kOneZoneIa), at(StorageClass::kStandard));
  EXPECT_TRUE(prices.is_own);
  EXPECT_DOUBLE_EQ(*CostOf(Some(RequestPlace::kAws), prices), 0.004 + 2 * 0.003 + 10 * 0.02);
}

TEST(Prices, ErrorsNameFileLineAndKey) {
  for (const auto& [text, words] : std::vector<std::pair<std::string, std::vector<std::string>>>{
           {"", {"p.yaml", "no prices"}},
           {"- 1", {"p.yaml, line 1", "expected keys"}},
           {"list: 1\nput: 2", {"p.yaml, line 2", "no key put", "classes, list"}},
           {"list: cheap", {"p.yaml, line 1", "list: expected dollars", "cheap"}},
           {"list: -1", {"line 1", "list", "-1"}},
           {"list: .nan", {"line 1", "list"}},
           {"list: 1e300", {"line 1", "list"}},
           {"list: [1]", {"line 1", "list"}},
           {"classes:\n  STANDART: { put: 1 }", {"p.yaml, line 2", "classes.STANDART", "STANDARD_IA"}},
           {"classes:\n  STANDARD:\n    put: 1\n    gett: 1", {"p.yaml, line 4", "classes.STANDARD.gett", "get, put"}},
           {"classes:\n  STANDARD:\n    put: x", {"p.yaml, line 3", "classes.STANDARD.put", "x"}},
           {"list: {", {"p.yaml, line 1"}},
       }) {
    const auto read = ParsePrices(text, "p.yaml");
    EXPECT_EQ(KindOf(read.status()), ErrorKind::kInvalid) << text;
    for (const auto& word : words) EXPECT_THAT(read.status().message(), HasSubstr(word)) << text;
  }
  EXPECT_EQ(KindOf(ReadPriceFile("/no/such/file").status()), ErrorKind::kNotFound);
}

TEST(Prices, JsonHasAllCounts) {
  auto counts = Some(RequestPlace::kAws);
  counts.retries = 3;
  counts.unbilled = 2;
  const auto json = boost::json::parse(RequestsJson(counts, DefaultPrices())).as_object();
  EXPECT_EQ(json.at("get"), 9'000);
  EXPECT_EQ(json.at("copy"), 500);
  EXPECT_EQ(json.at("retries"), 3);
  EXPECT_EQ(json.at("bytes_received"), int64_t{10} << 30);
  EXPECT_DOUBLE_EQ(json.at("dollars").as_double(), 0.019);
  EXPECT_THAT(std::string(json.at("prices").as_string()), HasSubstr("us-east-1"));
  EXPECT_TRUE(boost::json::parse(RequestsJson(Some(RequestPlace::kOther), DefaultPrices())).at("dollars").is_null());
}

TEST(RequestCounts, AMeterReadsWhatWasCounted) {
  RequestMeter meter;
  meter.Count({.place = RequestPlace::kAws}, RequestKind::kGet, 10, 0);
  const auto before = meter.Read();
  meter.Count({.place = RequestPlace::kAws, .storage_class = StorageClass::kGlacierIr}, RequestKind::kGet, 5, 0);
  meter.Count({.place = RequestPlace::kOther}, RequestKind::kPut, 0, 7);
  meter.Count({.place = RequestPlace::kNone}, RequestKind::kPut, 0, 7);
  meter.CountRetry();
  meter.CountUnbilled();
  const auto since = meter.Read() - before;
  EXPECT_EQ(since.Of(RequestKind::kGet), 1);
  EXPECT_EQ(since.Of(RequestKind::kPut), 1);
  EXPECT_EQ(since.bytes_received(), 5);
  EXPECT_EQ(since.bytes_sent(), 7);
  EXPECT_EQ(since.retries + since.unbilled, 2);
}

TEST(AthenaDollars, CountsWholeMegabytesAndTenAtLeast) {
  EXPECT_DOUBLE_EQ(AthenaDollars(int64_t{1} << 40), 5.0);
  EXPECT_DOUBLE_EQ(AthenaDollars(0), 10.0 / (1 << 20) * 5);
  EXPECT_DOUBLE_EQ(AthenaDollars(10 << 20), AthenaDollars(1));
  EXPECT_DOUBLE_EQ(AthenaDollars((10 << 20) + 1, 6), 11.0 / (1 << 20) * 6);
}

}  // namespace
}  // namespace glaux::testing
