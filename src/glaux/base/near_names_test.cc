#include "glaux/base/near_names.h"

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearMatches, FindTyposBeginningsAndSwappedLetters) {
  const std::vector<std::string> names = {"load", "query", "tables", "databases", "--format"};
  EXPECT_THAT(NearMatches("tabels", names), ElementsAre("tables"));
  EXPECT_THAT(NearMatches("da", names), ElementsAre("databases"));
  EXPECT_THAT(NearMatches("QUERRY", names), ElementsAre("query"));
  EXPECT_THAT(NearMatches("--fromat", names), ElementsAre("--format"));
  EXPECT_THAT(NearMatches("xyzzy", names), IsEmpty());
  EXPECT_EQ(DidYouMean("tabels", names), "did you mean 'tables'");
  EXPECT_EQ(DidYouMean("xyzzy", names), "");
}

}  // namespace
}  // namespace glaux
