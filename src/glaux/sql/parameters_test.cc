#include "glaux/sql/parameters.h"

#include "glaux/testing/matchers.h"

namespace glaux::sql {
namespace {

Result<std::string> Bind(std::string_view sql, const std::vector<std::string>& literals) {
  return BindLiterals(sql, literals);
}

TEST(BindLiterals, PutsEachIntoItsPlace) {
  EXPECT_EQ(Bind("SELECT ?, a FROM t WHERE b=?", {"1", "'x'"}).ValueOrDie(), "SELECT  1 , a FROM t WHERE b= 'x' ");
  EXPECT_EQ(Bind("SELECT -?", {"-1"}).ValueOrDie(), "SELECT - -1 ");
  EXPECT_EQ(Bind("SELECT 1", {}).ValueOrDie(), "SELECT 1");
}

TEST(BindLiterals, LeavesTextsNamesAndCommentsAlone) {
  EXPECT_EQ(Bind("SELECT '?''?', \"a?\" /* ? */ -- ?\n, ?", {"7"}).ValueOrDie(),
            "SELECT '?''?', \"a?\" /* ? */ -- ?\n,  7 ");
}

TEST(BindLiterals, CountsPlaces) {
  ASSERT_FAILS(ErrorKind::kInvalid, "2 places", Bind("SELECT ?, ?", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "0 places", Bind("SELECT '?'", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "0 are given", Bind("SELECT ?", {}));
}

TEST(BindLiterals, RefusesTextsWhoseEndItCannotTell) {
  ASSERT_FAILS(ErrorKind::kInvalid, "single quotes", Bind("SELECT E'it\\'s ?'", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "single quotes", Bind("SELECT $$ ? $$", {"1"}));
  ASSERT_FAILS(ErrorKind::kInvalid, "does not end", Bind("SELECT '?", {"1"}));
}

TEST(TextLiteral, CannotBeLeft) {
  EXPECT_EQ(TextLiteral("x' OR '1'='1").ValueOrDie(), "'x'' OR ''1''=''1'");
  EXPECT_EQ(QuotedName("a\"b"), "\"a\"\"b\"");
  ASSERT_FAILS(ErrorKind::kInvalid, "NUL", TextLiteral(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace glaux::sql
