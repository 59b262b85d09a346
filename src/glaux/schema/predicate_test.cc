#include "glaux/schema/predicate.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "glaux/schema/random_type_internal.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using arrow::MakeScalar;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Op = Predicate::Op;
using Truth = Predicate::Truth;
using ScalarPtr = std::shared_ptr<arrow::Scalar>;
using Row = std::map<std::string, ScalarPtr>;

Predicate::Lookup In(const Row& row) {
  return [&row](const std::string& column) {
    const auto found = row.find(column);
    return found == row.end() ? nullptr : found->second;
  };
}

std::string Say(const Result<Truth>& truth) {
  if (!truth.ok()) return truth.status().message();
  return *truth == Truth::kTrue ? "true" : *truth == Truth::kFalse ? "false" : "unknown";
}

std::string Evaluate(std::string_view text, const Row& row) {
  const auto predicate = Predicate::Parse(text);
  return predicate.ok() ? Say(predicate->Evaluate(In(row))) : predicate.status().message();
}

std::string Reprint(std::string_view text) {
  const auto predicate = Predicate::Parse(text);
  return predicate.ok() ? predicate->ToString() : predicate.status().message();
}

ScalarPtr Typed(const std::shared_ptr<arrow::DataType>& type, std::string_view text) {
  return arrow::Scalar::Parse(type, text).ValueOrDie();
}

ScalarPtr Decimal(int precision, int scale, std::string_view text) {
  const auto value = arrow::Decimal128::FromString(text).ValueOrDie();
  return std::make_shared<arrow::Decimal128Scalar>(value, arrow::decimal128(precision, scale));
}

const ScalarPtr kJanuary = Typed(arrow::date32(), "2025-01-31");

TEST(Predicate, IsAlwaysTrueWithoutText) {
  for (const auto* text : {"", "  \n"}) {
    ASSERT_OK_AND_ASSIGN(const auto predicate, Predicate::Parse(text));
    EXPECT_TRUE(predicate.always_true());
    EXPECT_EQ(Say(predicate.Evaluate(In({}))), "true");
    EXPECT_EQ(predicate.ToString(), "");
    EXPECT_THAT(predicate.Columns(), IsEmpty());
  }
}

TEST(Predicate, ReadsWhatGlueTakes) {
  EXPECT_EQ(Reprint("year = '2025' AND month IN ('01','02')"), "year = '2025' AND month IN ('01', '02')");
  EXPECT_EQ(Reprint("A<>1 or b != 2.50 and not c>=-3"), "a <> 1 OR (b <> 2.50 AND NOT (c >= -3))");
  EXPECT_EQ(Reprint("(a = 1 OR b = 2) AND c < 3"), "(a = 1 OR b = 2) AND c < 3");
  EXPECT_EQ(Reprint("dt BETWEEN '2025-01-01' AND '2025-01-31'"), "dt >= '2025-01-01' AND dt <= '2025-01-31'");
  EXPECT_EQ(Reprint("dt not between 1 and 2"), "NOT (dt >= 1 AND dt <= 2)");
  EXPECT_EQ(Reprint("a NOT IN (1) AND b NOT LIKE 'x%' AND c IS NOT NULL AND d IS NULL"),
            "a NOT IN (1) AND b NOT LIKE 'x%' AND c IS NOT NULL AND d IS NULL");
  EXPECT_EQ(Reprint("date = DATE '2025-01-31' and timestamp > timestamp '2025-01-31 08:00:00'"),
            "date = DATE '2025-01-31' AND timestamp > TIMESTAMP '2025-01-31 08:00:00.000000'");
  EXPECT_EQ(Reprint("\"Line Item\" = 'it''s' AND `or` = TRUE"), "\"line item\" = 'it''s' AND \"or\" = TRUE");
  EXPECT_EQ(Reprint("5 < a AND NOT NOT b = 1"), "a > 5 AND b = 1");
  EXPECT_EQ(Reprint("a LIKE '50!%_' ESCAPE '!'"), "a LIKE '50\\%_' ESCAPE '\\'");
  EXPECT_EQ(Reprint("GRÖSSE = 1"), "\"grösse\" = 1");
  EXPECT_EQ(Reprint("FALSE"), "FALSE");
  EXPECT_EQ(Reprint("TRUE OR a = 1"), "");
}

TEST(Predicate, ShowsItsParts) {
  ASSERT_OK_AND_ASSIGN(const auto both, Predicate::Parse("B > 1 AND a LIKE 'x%' AND b IN (1,2)"));
  EXPECT_EQ(both.op(), Op::kAnd);
  ASSERT_EQ(both.children().size(), 3u);
  EXPECT_EQ(both.children()[0].comparison(), Predicate::Comparison::kGreater);
  EXPECT_EQ(both.children()[0].column(), "b");
  EXPECT_TRUE(both.children()[0].values()[0]->Equals(*MakeScalar(int64_t{1})));
  EXPECT_EQ(both.children()[1].pattern(), "x%");
  EXPECT_EQ(both.children()[2].values().size(), 2u);
  EXPECT_THAT(both.Columns(), ElementsAre("a", "b"));
}

TEST(Predicate, SaysThePositionOfWhatItDoesNotUnderstand) {
  EXPECT_EQ(Reprint("year = "),
            "filter \"year = \", column 8: expected a value: 'text', a number, TRUE, FALSE, DATE '...' or TIMESTAMP "
            "'...', found the end");
  EXPECT_THAT(Reprint("year == month"), HasSubstr("column 9: expected a value"));
  EXPECT_THAT(Reprint("(a = 1"), HasSubstr("column 7: expected AND, OR or ), found the end"));
  EXPECT_THAT(Reprint("a = 1 b"), HasSubstr("column 7: expected AND, OR or the end, found b"));
  EXPECT_THAT(Reprint("a = 'x"), HasSubstr("column 5: this ' is never closed"));
  EXPECT_THAT(Reprint("a ~ 1"), HasSubstr("column 3: expected a comparison"));
  EXPECT_THAT(Reprint("and = 1"), HasSubstr("column 1: expected a column"));
  EXPECT_THAT(Reprint("a = DATE '2025-13-01'"), HasSubstr("column 10: expected a date like"));
  EXPECT_THAT(Reprint("a = TIMESTAMP 'noon'"), HasSubstr("expected a timestamp like"));
  EXPECT_THAT(Reprint("a NOT NULL"), HasSubstr("expected IN, LIKE or BETWEEN, found NULL"));
  EXPECT_THAT(Reprint("a LIKE 'x!' ESCAPE '!'"), HasSubstr("ends with its escape character"));
  EXPECT_THAT(Reprint("a LIKE 'x' ESCAPE 'no'"), HasSubstr("one ASCII character"));
  EXPECT_THAT(Reprint("\"\" = 1"), HasSubstr("an empty one"));
  EXPECT_THAT(Reprint("a = 7abc"), HasSubstr("column 6: expected AND, OR or the end, found abc"));
  EXPECT_THAT(Reprint("a IN ()"), HasSubstr("column 7: expected a value"));
}

TEST(Predicate, RefusesToNestWithoutEnd) {
  EXPECT_THAT(Reprint(std::string(100'000, '(')), HasSubstr("at most 100 levels"));
  std::string many = "a = 0";
  for (int i = 1; i < 20'000; ++i) many += " AND NOT a = " + std::to_string(i);
  EXPECT_EQ(Evaluate(many, {{"a", MakeScalar(int64_t{0})}}), "true");
  std::string nots;
  for (int i = 0; i < 100'001; ++i) nots += "NOT ";
  EXPECT_EQ(Reprint(nots + "a = 1"), "NOT (a = 1)");
}

TEST(Predicate, ComparesTextAsTextAndNumbersAsNumbers) {
  const Row row = {
      {"s", MakeScalar("07")}, {"n", MakeScalar(int32_t{7})}, {"d", MakeScalar(1.5)}, {"t", MakeScalar(int8_t{7})}};
  EXPECT_EQ(Evaluate("s = '07'", row), "true");
  EXPECT_EQ(Evaluate("s = '7'", row), "false");
  EXPECT_EQ(Evaluate("s < '1'", row), "true");
  EXPECT_EQ(Evaluate("s = 7", row), "false");
  EXPECT_EQ(Evaluate("n = '07'", row), "true");
  EXPECT_EQ(Evaluate("n < '10'", row), "true");
  EXPECT_EQ(Evaluate("n > 6.5 AND n < 7.0001", row), "true");
  EXPECT_EQ(Evaluate("d = 1.5 AND d <> 1.50001 AND d < 2 AND d = '1.5' AND d = 15e-1", row), "true");
  EXPECT_EQ(Evaluate("t < 300 AND t < '300'", row), "true");
  EXPECT_EQ(Evaluate("n = 'seven'", row), "filter on column n: expected something to compare a int with, found: seven");
  EXPECT_EQ(Evaluate("n = TRUE", row), "filter on column n: expected something to compare a int with, found: true");
}

TEST(Predicate, ComparesBigNumbersExactly) {
  const Row row = {{"n", MakeScalar(int64_t{9'007'199'254'740'993})},
                   {"u", MakeScalar(uint64_t{18'446'744'073'709'551'615u})},
                   {"d", Decimal(38, 10, "1234567890123456789012345678.0000000001")}};
  EXPECT_EQ(Evaluate("n = 9007199254740993 AND n > 9007199254740992.5", row), "true");
  EXPECT_EQ(Evaluate("u = 18446744073709551615 AND u = '18446744073709551615' AND u > -1", row), "true");
  EXPECT_EQ(Evaluate("d > 1234567890123456789012345678 AND d = '1234567890123456789012345678.0000000001'", row),
            "true");
}

TEST(Predicate, ComparesDatesAndTimes) {
  const auto noon = Typed(arrow::timestamp(arrow::TimeUnit::NANO), "2025-01-31 12:00:00.000000001");
  const Row row = {{"d", kJanuary},
                   {"t", noon},
                   {"z", std::make_shared<arrow::TimestampScalar>(1'738'281'600'000,
                                                                  arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"))},
                   {"c", Typed(arrow::time64(arrow::TimeUnit::MICRO), "08:30:00")}};
  EXPECT_EQ(Evaluate("d = '2025-01-31' AND d = DATE '2025-01-31' AND d < TIMESTAMP '2025-01-31 00:00:01'", row),
            "true");
  EXPECT_EQ(Evaluate("d > '2025-01-30 23:00:00'", row), "true");
  EXPECT_EQ(
      Evaluate("t > DATE '2025-01-31' AND t > '2025-01-31 12:00:00' AND t = TIMESTAMP '2025-01-31 12:00:00.000000001'",
               row),
      "true");
  EXPECT_EQ(Evaluate("z = '2025-01-31 00:00:00' AND z = '2025-01-31T00:00:00Z' AND z = DATE '2025-01-31'", row),
            "true");
  EXPECT_EQ(Evaluate("c = '08:30:00' AND c < '09:00:00'", row), "true");
  EXPECT_THAT(Evaluate("d = 20250131", row), HasSubstr("expected something to compare a date with, found: 20250131"));
  EXPECT_THAT(Evaluate("d = 'January'", row), HasSubstr("found: January"));
}

TEST(Predicate, LooksThroughDictionaries) {
  arrow::StringDictionaryBuilder builder;
  ASSERT_OK(builder.Append("eu"));
  ASSERT_OK_AND_ASSIGN(const auto array, builder.Finish());
  ASSERT_OK_AND_ASSIGN(const auto value, array->GetScalar(0));
  const Row row = {{"a", value}};
  EXPECT_EQ(Evaluate("a = 'eu' AND a LIKE 'e_'", row), "true");
}

TEST(Predicate, KnowsThreeTruths) {
  const Row row = {{"null", arrow::MakeNullScalar(arrow::int64())}, {"one", MakeScalar(int64_t{1})}};
  EXPECT_EQ(Evaluate("\"null\" = 1", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" <> 1", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" IN (1)", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" LIKE '%'", row), "unknown");
  EXPECT_EQ(Evaluate("NOT \"null\" = 1", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" = 1 AND one = 2", row), "false");
  EXPECT_EQ(Evaluate("\"null\" = 1 AND one = 1", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" = 1 OR one = 1", row), "true");
  EXPECT_EQ(Evaluate("\"null\" = 1 OR one = 2", row), "unknown");
  EXPECT_EQ(Evaluate("\"null\" IS NULL AND one IS NOT NULL", row), "true");
  EXPECT_EQ(Evaluate("one = NULL", row), "unknown");
  EXPECT_EQ(Evaluate("one IN (1, NULL)", row), "true");
  EXPECT_EQ(Evaluate("one NOT IN (2, NULL)", row), "unknown");
  EXPECT_EQ(Evaluate("elsewhere = 1", row), "unknown");
  EXPECT_EQ(Evaluate("elsewhere IS NULL", row), "unknown");
  EXPECT_EQ(Evaluate("FALSE AND elsewhere = 1", row), "false");
}

TEST(Predicate, MatchesPatternsByCharacter) {
  const auto like = [](std::string_view text, const std::string& pattern) {
    return Say(Predicate::Like("a", pattern).Evaluate(In({{"a", MakeScalar(std::string(text))}})));
  };
  EXPECT_EQ(like("größe", "gr__e"), "true");
  EXPECT_EQ(like("größe", "gr___e"), "false");
  EXPECT_EQ(like("", "%"), "true");
  EXPECT_EQ(like("", "_"), "false");
  EXPECT_EQ(like("abcabd", "%ab_"), "true");
  EXPECT_EQ(like("mississippi", "m%iss%ip%i"), "true");
  EXPECT_EQ(like("mississippi", "%issipx%"), "false");
  EXPECT_EQ(like("50%", "50\\%"), "true");
  EXPECT_EQ(like("505", "50\\%"), "false");
  EXPECT_EQ(like("a\\b", "a\\\\b"), "true");
  EXPECT_EQ(like("a\\", "a\\"), "true");
  EXPECT_EQ(Evaluate("a LIKE 'x\\%'", {{"a", MakeScalar("x\\y")}}), "true");
  EXPECT_EQ(Evaluate("a LIKE '2025-01%'", {{"a", kJanuary}}), "true");
  // Many wildcards must not take exponential time.
  std::string wild;
  for (int i = 0; i < 50; ++i) wild += "a%";
  EXPECT_EQ(like(std::string(5'000, 'a'), wild + "b"), "false");
}

TEST(Predicate, TakesConstantsApart) {
  EXPECT_TRUE(Predicate::And({}).always_true());
  EXPECT_EQ(Say(Predicate::Or({}).Evaluate(In({}))), "false");
  EXPECT_EQ(Say(Predicate::In("a", {}).Evaluate(In({}))), "false");
  EXPECT_EQ(Predicate::And({Predicate::IsNull("A"), Predicate()}).ToString(), "a IS NULL");
  EXPECT_EQ(Predicate::Or({}).ToString(), "FALSE");
  EXPECT_EQ(Predicate::Compare("a", Predicate::Comparison::kEqual, std::make_shared<arrow::DoubleScalar>(INFINITY))
                .ToString(),
            "a = 'inf'");
}

TEST(Predicate, MeansTheSameAfterPrintingAndParsing) {
  std::mt19937 random(11);
  const auto pick = [&](size_t n) { return random() % n; };
  const std::vector<std::string> columns = {"a", "b", "or", "x y", "größe", "date"};
  const std::vector<ScalarPtr> values = {
      MakeScalar(int64_t{-3}), MakeScalar(int32_t{0}), MakeScalar(int64_t{7}),
      MakeScalar(7.25),        MakeScalar(-1e-7),      Decimal(9, 3, "7.250"),
      Decimal(5, 0, "-3"),     MakeScalar(0.1f),       arrow::MakeNullScalar(arrow::utf8())};
  const std::vector<ScalarPtr> texts = {MakeScalar(""),     MakeScalar("it's"), MakeScalar("%_\\"),
                                        MakeScalar("NULL"), MakeScalar("ä"),    arrow::MakeNullScalar(arrow::utf8())};
  const std::vector<ScalarPtr> days = {kJanuary, Typed(arrow::date32(), "1969-12-31"),
                                       Typed(arrow::timestamp(arrow::TimeUnit::NANO), "2025-01-31 00:00:00.000000001"),
                                       Typed(arrow::timestamp(arrow::TimeUnit::SECOND, "UTC"), "2025-01-31 00:00:00Z")};
  // Columns have one kind of value each, so that nothing fails to compare.
  const auto value_for = [&](size_t column) {
    const auto& kind = column % 3 == 0 ? values : column % 3 == 1 ? texts : days;
    return kind[pick(kind.size())];
  };
  std::function<Predicate(int)> grow = [&](int depth) {
    const size_t column = pick(columns.size());
    switch (pick(depth == 0 ? 4 : 7)) {
      case 0:
        return Predicate::Compare(columns[column], static_cast<Predicate::Comparison>(pick(6)), value_for(column));
      case 1:
        return Predicate::In(columns[column], {value_for(column), value_for(column)});
      case 2:
        return Predicate::Like(columns[column],
                               std::vector<std::string>{"%", "_", "it's%", "\\%\\_\\\\", "x\\", ""}[pick(6)]);
      case 3:
        return pick(8) == 0 ? Predicate() : Predicate::IsNull(columns[column]);
      case 4:
        return Predicate::Not(grow(depth - 1));
      case 5:
        return Predicate::And({grow(depth - 1), grow(depth - 1)});
      default:
        return Predicate::Or({grow(depth - 1), grow(depth - 1), grow(depth - 1)});
    }
  };
  for (int i = 0; i < 5'000; ++i) {
    const auto predicate = grow(3);
    const std::string text = predicate.ToString();
    const auto back = Predicate::Parse(text);
    ASSERT_TRUE(back.ok()) << back.status().ToString();
    EXPECT_EQ(back->Columns(), predicate.Columns()) << text;
    for (int j = 0; j < 5; ++j) {
      Row row;
      for (size_t c = 0; c < columns.size(); ++c) {
        if (pick(5) > 0) row[columns[c]] = value_for(c);
      }
      ASSERT_EQ(Say(back->Evaluate(In(row))), Say(predicate.Evaluate(In(row)))) << text << "\n" << back->ToString();
    }
  }
}

TEST(Predicate, GarbageIsAnErrorWithAPositionAndNeverACrash) {
  schema_internal::RandomTypes random(12, {arrow::int32()}, {"a"});
  const std::vector<std::string> pieces = {"a",
                                           " ",
                                           "=",
                                           "<",
                                           ">",
                                           "!",
                                           "'",
                                           "''",
                                           "\"",
                                           "`",
                                           "(",
                                           ")",
                                           ",",
                                           "AND ",
                                           " OR ",
                                           " NOT ",
                                           " IN ",
                                           " LIKE ",
                                           " BETWEEN ",
                                           " IS ",
                                           "NULL",
                                           "TRUE",
                                           "DATE ",
                                           "TIMESTAMP ",
                                           "'2025-01-31'",
                                           "1",
                                           "-",
                                           ".",
                                           "e9",
                                           "1e999",
                                           "99999999999999999999999999999999999999999999",
                                           "\xff",
                                           " ESCAPE ",
                                           "\\"};
  int understood = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string text = random.Garbage(pieces);
    const auto predicate = Predicate::Parse(text);
    if (!predicate.ok()) {
      ASSERT_THAT(predicate.status().message(), HasSubstr(", column ")) << text;
      continue;
    }
    ++understood;
    const auto back = Predicate::Parse(predicate->ToString());
    ASSERT_TRUE(back.ok()) << text << "\n" << back.status().ToString();
  }
  EXPECT_GT(understood, 100);
}

}  // namespace
}  // namespace glaux
