#include "glaux/schema/names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using ::testing::HasSubstr;

TEST(NormalizeColumnName, FoldsToLowerCaseAndJoinsWithOneUnderscore) {
  EXPECT_EQ(NormalizeColumnName("lineItem/UnblendedCost"), "lineitem_unblendedcost");
  EXPECT_EQ(NormalizeColumnName("resourceTags/user:Name"), "resourcetags_user_name");
  EXPECT_EQ(NormalizeColumnName("a  b"), "a_b");
  EXPECT_EQ(NormalizeColumnName("Price (EUR)"), "price_eur");
}

TEST(NormalizeColumnName, KeepsLettersAndDigitsOfEveryScript) {
  EXPECT_EQ(NormalizeColumnName("Größe"), "größe");
  EXPECT_EQ(NormalizeColumnName("ΑΘΗΝΑ"), "αθηνα");
  EXPECT_EQ(NormalizeColumnName("金額 2025"), "金額_2025");
  EXPECT_EQ(NormalizeColumnName("हिन्दी"), "हिन्दी");
  EXPECT_EQ(NormalizeColumnName("Fläche m²"), "fläche_m²");
}

TEST(NormalizeColumnName, ComposesAccentsSoThatBothSpellingsMeet) {
  EXPECT_EQ(NormalizeColumnName("Gro\xcc\x88sse"), NormalizeColumnName("Grösse"));
}

TEST(NormalizeColumnName, KeepsUnderscoresOfTheSourceAndDropsOnlyItsOwnAtTheEnds) {
  EXPECT_EQ(NormalizeColumnName("_id"), "_id");
  EXPECT_EQ(NormalizeColumnName("a__b_"), "a__b_");
  EXPECT_EQ(NormalizeColumnName("/a/"), "a");
}

TEST(NormalizeColumnName, CallsANameOfWhichNothingIsLeftColumn) {
  EXPECT_EQ(NormalizeColumnName(""), "column");
  EXPECT_EQ(NormalizeColumnName("€ / $"), "column");
}

TEST(NormalizeColumnName, ChangesNothingTheSecondTime) {
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {"A",        "b", "_", " ", "/", "Ä",    "İ",  "o\xcc\x88",
                                           "\xcc\x82", "ß", "Σ", "é", "9", "\xff", "日", "ǅ"};
  for (int i = 0; i < 5'000; ++i) {
    std::string name;
    for (auto n = random() % 8; n > 0; --n) name += pieces[random() % pieces.size()];
    const std::string once = NormalizeColumnName(name);
    ASSERT_EQ(NormalizeColumnName(once), once) << name;
  }
}

TEST(NormalizeColumnNames, SaysWhichNamesWereRewritten) {
  ASSERT_OK_AND_ASSIGN(const auto names, NormalizeColumnNames({"id", "User Name"}));
  EXPECT_FALSE(names[0].rewritten());
  EXPECT_TRUE(names[1].rewritten());
  EXPECT_EQ(names[1].source, "User Name");
  EXPECT_EQ(names[1].column, "user_name");
}

TEST(NormalizeColumnNames, RefusesTwoNamesThatMeetAndNamesBoth) {
  const auto meet = NormalizeColumnNames({"user name", "x", "user/name"}).status();
  EXPECT_EQ(KindOf(meet), ErrorKind::kInvalid);
  EXPECT_THAT(meet.message(), HasSubstr("\"user name\" and \"user/name\" both become user_name"));
  EXPECT_THAT(meet.message(), HasSubstr("columns 1 and 3"));
  ASSERT_FAILS(ErrorKind::kInvalid, "\"Id\" and \"ID\"", NormalizeColumnNames({"Id", "ID"}));
}

TEST(NormalizeColumnNames, RefusesTheSameNameTwice) {
  ASSERT_FAILS(ErrorKind::kInvalid, "columns 1 and 2 have the same name: a", NormalizeColumnNames({"a", "a"}));
}

TEST(NormalizeColumnNames, RefusesNamesThatAreNotUtf8) {
  ASSERT_FAILS(ErrorKind::kInvalid, "column 2: its name is not UTF-8: gr\\xf6sse",
               NormalizeColumnNames({"a", "gr\xf6sse"}));
}

TEST(NormalizeColumnNames, RefusesNamesLongerThanGlueTakes) {
  ASSERT_OK(NormalizeColumnNames({std::string(255, 'a')}));
  ASSERT_FAILS(ErrorKind::kInvalid, "has 256 characters", NormalizeColumnNames({std::string(256, 'a')}));
}

TEST(NormalizeTableName, FoldsAndChecks) {
  ASSERT_OK_AND_ASSIGN(const auto name, NormalizeTableName("Cur-2025_01"));
  EXPECT_EQ(name, "cur-2025_01");
  ASSERT_FAILS(ErrorKind::kInvalid, "found: a.b", NormalizeTableName("a.b"));
  ASSERT_FAILS(ErrorKind::kInvalid, "empty", NormalizeTableName(""));
  ASSERT_FAILS(ErrorKind::kInvalid, "found: 256", NormalizeTableName(std::string(256, 'a')));
  ASSERT_FAILS(ErrorKind::kInvalid, "\\xff", NormalizeTableName("a\xff"));
}

}  // namespace
}  // namespace glaux
