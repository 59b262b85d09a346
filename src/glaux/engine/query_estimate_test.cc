#include "glaux/engine/query_estimate.h"

#include "glaux/testing/matchers.h"

namespace glaux::testing {
namespace {

TEST(IoPlan, TellsTablesAndBytesAsTrinoWritesThem) {
  ASSERT_OK_AND_ASSIGN(const auto estimate, ParseIoPlan(R"({"inputTableColumnInfos":[
    {"table":{"catalog":"awsdatacatalog","schemaTable":{"schema":"shop","table":"orders"}},
     "constraint":{"none":false,"columnConstraints":[]},
     "estimate":{"outputRowCount":10.0,"outputSizeInBytes":1234.0,"files":3,"partitionsTotal":9,"partitionsScanned":2}},
    {"table":{"catalog":"awsdatacatalog","schemaTable":{"schema":"shop","table":"customers"}},
     "estimate":{"outputRowCount":5.0,"outputSizeInBytes":766.0}}],"estimate":{}})"));
  ASSERT_EQ(estimate.inputs.size(), 2u);
  EXPECT_EQ(estimate.inputs[0].table, "shop.orders");
  EXPECT_EQ(estimate.inputs[0].files, 3);
  EXPECT_EQ(estimate.inputs[0].partitions_scanned, 2);
  EXPECT_EQ(estimate.bytes(), 2000);
}

TEST(IoPlan, DoesNotKnowWhatTrinoDoesNotKnow) {
  ASSERT_OK_AND_ASSIGN(const auto estimate, ParseIoPlan(R"({"inputTableColumnInfos":[
    {"table":{"schemaTable":{"schema":"s","table":"t"}},"estimate":{"outputSizeInBytes":"NaN"}}]})"));
  EXPECT_FALSE(estimate.bytes().has_value());
}

TEST(IoPlan, SaysWhatIsNoPlan) {
  ASSERT_FAILS(ErrorKind::kCorrupt, "tells no tables", ParseIoPlan("Fragment 0"));
  ASSERT_FAILS(ErrorKind::kCorrupt, "inputTableColumnInfos", ParseIoPlan("{}"));
}

}  // namespace
}  // namespace glaux::testing
