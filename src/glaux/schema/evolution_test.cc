#include "glaux/schema/evolution.h"

#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

using arrow::field;
using arrow::schema;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = SchemaDifference::Kind;
using Schema = std::shared_ptr<arrow::Schema>;
using TypePtr = std::shared_ptr<arrow::DataType>;

Result<EvolutionPlan> Plan(const Schema& table, const Schema& data, SchemaContract contract = {},
                           EvolutionRules rules = {}) {
  return PlanEvolution(*table, *data, contract, rules, "billing.cur, file a.csv.gz");
}

Schema One(const TypePtr& type) { return schema({field("a", type)}); }

std::vector<std::string> Lines(const EvolutionPlan& plan) {
  std::vector<std::string> lines;
  for (const auto& difference : plan.differences) lines.push_back(difference.ToString());
  return lines;
}

constexpr SchemaContract kWideningContract{.data_type = ContractMode::kEvolve};

TEST(PlanEvolution, FindsNothingToDoForTheSameColumnsInAnyOrder) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(schema({field("a", arrow::int32()), field("b", arrow::utf8())}),
                                             schema({field("b", arrow::utf8()), field("a", arrow::int32())})));
  EXPECT_THAT(plan.differences, IsEmpty());
  EXPECT_FALSE(plan.changes_table());
  EXPECT_THAT(plan.write_schema->field_names(), ElementsAre("a", "b"));
}

TEST(PlanEvolution, AddsNewColumnsAtTheEndInTheOrderOfTheData) {
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       Plan(One(arrow::int32()), schema({field("z", arrow::uint8()), field("a", arrow::int32()),
                                                         field("b", arrow::large_utf8())})));
  EXPECT_THAT(plan.table_schema->field_names(), ElementsAre("a", "z", "b"));
  EXPECT_THAT(plan.write_schema->field_names(), ElementsAre("a", "z", "b"));
  EXPECT_THAT(Lines(plan), ElementsAre("add column z: smallint", "add column b: string"));
  EXPECT_TRUE(plan.table_schema->field(1)->type()->Equals(*arrow::int16()));
  EXPECT_TRUE(plan.changes_table());
}

TEST(PlanEvolution, ReadsAMissingColumnAsNull) {
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       Plan(schema({field("a", arrow::int32()), field("b", arrow::utf8())}), One(arrow::int32())));
  EXPECT_THAT(Lines(plan), ElementsAre("read column b: string as null: not in the data"));
  EXPECT_FALSE(plan.changes_table());
  EXPECT_EQ(plan.table_schema->num_fields(), 2);
  EXPECT_THAT(plan.write_schema->field_names(), ElementsAre("a"));
}

TEST(PlanEvolution, RefusesToLeaveARequiredColumnWithoutValues) {
  const auto table = schema({field("a", arrow::int32(), false), field("b", arrow::int32())});
  ASSERT_FAILS(ErrorKind::kInvalid, "column a: int is required", Plan(table, schema({field("b", arrow::int32())})));
  ASSERT_FAILS(ErrorKind::kInvalid, "column a: int is required", Plan(table, One(arrow::null())));
}

TEST(PlanEvolution, DoesNotAddAColumnThatHasNoTypeYet) {
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       Plan(One(arrow::int32()), schema({field("a", arrow::int32()), field("b", arrow::null()),
                                                         field("c", arrow::list(arrow::null()))})));
  EXPECT_THAT(Lines(plan), ElementsAre("leave out column b: no value has given it a type",
                                       "leave out column c: no value has given it a type"));
  EXPECT_THAT(plan.discarded_columns, ElementsAre("b", "c"));
  EXPECT_FALSE(plan.changes_table());
  EXPECT_THAT(plan.table_schema->field_names(), ElementsAre("a"));
}

TEST(PlanEvolution, AddsTheTypedPartOfANewStruct) {
  ASSERT_OK_AND_ASSIGN(
      const auto plan,
      Plan(schema(arrow::FieldVector{}), One(arrow::struct_({field("x", arrow::int32()), field("y", arrow::null())}))));
  EXPECT_TRUE(plan.table_schema->field(0)->type()->Equals(*arrow::struct_({field("x", arrow::int32())})));
  EXPECT_THAT(plan.discarded_columns, ElementsAre("a.y"));
}

TEST(PlanEvolution, AnAllNullColumnFitsEveryTypeAndIsNotWritten) {
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(schema({field("a", arrow::int32()), field("b", arrow::utf8())}),
                                             schema({field("a", arrow::null()), field("b", arrow::utf8())})));
  EXPECT_THAT(plan.differences, IsEmpty());
  EXPECT_THAT(plan.write_schema->field_names(), ElementsAre("b"));
  EXPECT_THAT(plan.discarded_columns, IsEmpty());
}

TEST(PlanEvolution, CastsValuesThatFit) {
  const std::vector<std::pair<TypePtr, TypePtr>> fitting = {
      {arrow::int64(), arrow::int32()},
      {arrow::int64(), arrow::uint16()},
      {arrow::decimal128(12, 2), arrow::int32()},
      {arrow::decimal128(22, 2), arrow::uint64()},
      {arrow::float64(), arrow::float32()},
      {arrow::float64(), arrow::int64()},
      {arrow::decimal128(10, 3), arrow::decimal128(8, 2)},
  };
  for (const auto& [table, data] : fitting) {
    SCOPED_TRACE(table->ToString() + " <- " + data->ToString());
    ASSERT_OK_AND_ASSIGN(const auto plan, Plan(One(table), One(data)));
    ASSERT_EQ(plan.differences.size(), 1u);
    EXPECT_EQ(plan.differences[0].kind, Kind::kCastValue);
    EXPECT_TRUE(plan.write_schema->field(0)->type()->Equals(*table));
    EXPECT_FALSE(plan.changes_table());
  }
}

TEST(PlanEvolution, TakesWhatOnlyDiffersInMemory) {
  const std::vector<std::pair<TypePtr, TypePtr>> same = {
      {arrow::utf8(), arrow::dictionary(arrow::int32(), arrow::utf8())},
      {arrow::utf8(), arrow::large_utf8()},
      {arrow::int64(), arrow::uint32()},
      {arrow::decimal128(20, 0), arrow::uint64()},
      {arrow::utf8(), arrow::time64(arrow::TimeUnit::MICRO)},
      {arrow::timestamp(arrow::TimeUnit::MICRO), arrow::timestamp(arrow::TimeUnit::NANO, "UTC")},
      {arrow::list(arrow::int16()), arrow::large_list(arrow::uint8())},
  };
  for (const auto& [table, data] : same) {
    ASSERT_OK_AND_ASSIGN(const auto plan, Plan(One(table), One(data)));
    EXPECT_THAT(plan.differences, IsEmpty()) << data->ToString();
    EXPECT_TRUE(plan.write_schema->field(0)->type()->Equals(*table));
  }
}

TEST(PlanEvolution, WidensUnderEvolve) {
  const std::vector<std::array<TypePtr, 3>> cases = {
      {arrow::int32(), arrow::int64(), arrow::int64()},
      {arrow::int8(), arrow::uint8(), arrow::int16()},
      {arrow::float32(), arrow::float64(), arrow::float64()},
      {arrow::decimal128(10, 2), arrow::decimal128(12, 2), arrow::decimal128(12, 2)},
      {arrow::decimal128(10, 2), arrow::decimal128(12, 0), arrow::decimal128(14, 2)},
      {arrow::decimal128(10, 2), arrow::int64(), arrow::decimal128(21, 2)},
  };
  for (const auto& [table, data, wide] : cases) {
    SCOPED_TRACE(table->ToString() + " <- " + data->ToString());
    ASSERT_OK_AND_ASSIGN(const auto plan, Plan(One(table), One(data), kWideningContract));
    ASSERT_EQ(plan.differences.size(), 1u);
    EXPECT_EQ(plan.differences[0].kind, Kind::kWidenType);
    EXPECT_TRUE(plan.changes_table());
    EXPECT_TRUE(plan.table_schema->field(0)->type()->Equals(*wide));
    EXPECT_TRUE(plan.write_schema->field(0)->type()->Equals(*wide));
    // Frozen types, or rules without widening, refuse the same.
    ASSERT_FAILS(ErrorKind::kInvalid, "billing.cur, file a.csv.gz: column a is", Plan(One(table), One(data)));
    ASSERT_FAILS(ErrorKind::kInvalid, "column a is",
                 Plan(One(table), One(data), kWideningContract, {.widen_types = false}));
  }
}

TEST(PlanEvolution, NamesTheTypesAndTheWayOnWhenItRefusesToWiden) {
  const auto status = Plan(One(arrow::int32()), One(arrow::int64())).status();
  EXPECT_EQ(status.message(), "billing.cur, file a.csv.gz: column a is int in the table and bigint in the data");
  EXPECT_EQ(InfoOf(status).hint, "let the contract widen it (types=evolve), and the column becomes bigint");
}

TEST(PlanEvolution, RefusesAChangedTypeUnderFreezeAndEvolve) {
  const auto us = arrow::timestamp(arrow::TimeUnit::MICRO);
  const std::vector<std::pair<TypePtr, TypePtr>> changed = {
      {arrow::utf8(), arrow::int32()},
      {arrow::int32(), arrow::utf8()},
      {arrow::int64(), arrow::float64()},
      {arrow::int32(), arrow::float64()},
      {us, arrow::date32()},
      {arrow::date32(), us},
      {arrow::boolean(), arrow::int8()},
      {arrow::float64(), arrow::decimal128(10, 2)},
      {arrow::decimal128(10, 2), arrow::decimal128(10, 3)},
      {arrow::decimal128(38, 30), arrow::int64()},
      {arrow::list(arrow::int32()), arrow::int32()},
      {arrow::utf8(), arrow::struct_({field("x", arrow::int32())})},
      {arrow::int64(), arrow::uint64()},
      {arrow::utf8(), arrow::dictionary(arrow::int8(), arrow::int64())},
      {arrow::utf8(), arrow::boolean()},
  };
  for (const auto& [table, data] : changed) {
    SCOPED_TRACE(table->ToString() + " <- " + data->ToString());
    ASSERT_FAILS(ErrorKind::kInvalid, "column a is ", Plan(One(table), One(data)));
    ASSERT_FAILS(ErrorKind::kInvalid, "column a is ", Plan(One(table), One(data), kWideningContract));
    EXPECT_THAT(InfoOf(Plan(One(table), One(data)).status()).hint, HasSubstr("cast the column to "));
  }
}

TEST(PlanEvolution, DiscardsTheValuesOfAChangedType) {
  const auto table = schema({field("a", arrow::int32()), field("b", arrow::utf8())});
  const auto data = schema({field("a", arrow::utf8()), field("b", arrow::utf8())});
  ASSERT_OK_AND_ASSIGN(const auto values, Plan(table, data, {.data_type = ContractMode::kDiscardValue}));
  EXPECT_THAT(values.discarded_columns, ElementsAre("a"));
  EXPECT_THAT(values.quarantine_columns, IsEmpty());
  EXPECT_THAT(values.write_schema->field_names(), ElementsAre("b"));
  EXPECT_TRUE(values.table_schema->Equals(*table));
  EXPECT_FALSE(values.changes_table());
  EXPECT_THAT(Lines(values),
              ElementsAre("change type of column a: int to string (not done: the contract leaves its values out)"));

  ASSERT_OK_AND_ASSIGN(const auto rows, Plan(table, data, {.data_type = ContractMode::kDiscardRow}));
  EXPECT_THAT(rows.quarantine_columns, ElementsAre("a"));
  EXPECT_THAT(rows.discarded_columns, IsEmpty());
  EXPECT_THAT(rows.write_schema->field_names(), ElementsAre("b"));
}

TEST(PlanEvolution, TreatsNewColumnsAsTheContractSays) {
  const auto table = One(arrow::int32());
  const auto data = schema({field("a", arrow::int32()), field("tax", arrow::float64())});
  const auto frozen = Plan(table, data, {.columns = ContractMode::kFreeze}).status();
  EXPECT_EQ(KindOf(frozen), ErrorKind::kInvalid);
  EXPECT_THAT(frozen.message(),
              HasSubstr("billing.cur, file a.csv.gz: column tax: double is in the data and not in the table"));
  EXPECT_THAT(InfoOf(frozen).hint, HasSubstr("columns to evolve"));

  ASSERT_OK_AND_ASSIGN(const auto values, Plan(table, data, {.columns = ContractMode::kDiscardValue}));
  EXPECT_THAT(values.discarded_columns, ElementsAre("tax"));
  ASSERT_OK_AND_ASSIGN(const auto rows, Plan(table, data, {.columns = ContractMode::kDiscardRow}));
  EXPECT_THAT(rows.quarantine_columns, ElementsAre("tax"));
  for (const auto* plan : {&values, &rows}) {
    EXPECT_FALSE(plan->changes_table());
    EXPECT_TRUE(plan->table_schema->Equals(*table));
    EXPECT_TRUE(plan->write_schema->Equals(*table));
    EXPECT_EQ(plan->differences[0].kind, Kind::kAddColumn);
  }
}

TEST(PlanEvolution, AddsFieldsInsideStructsAtAnyDepth) {
  const auto nest = [](arrow::FieldVector fields) {
    return arrow::list(field("element", arrow::struct_(std::move(fields))));
  };
  const auto table = One(arrow::map(arrow::utf8(), nest({field("x", arrow::int32()), field("old", arrow::utf8())})));
  const auto data = One(arrow::map(
      arrow::utf8(), nest({field("new", arrow::float64()), field("x", arrow::int32()), field("n", arrow::null())})));
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(table, data));
  EXPECT_THAT(Lines(plan), ElementsAre("read column a.value.element.old: string as null: not in the data",
                                       "add field a.value.element.new: double",
                                       "leave out column a.value.element.n: no value has given it a type"));
  const auto expected = arrow::map(
      arrow::utf8(), nest({field("x", arrow::int32()), field("old", arrow::utf8()), field("new", arrow::float64())}));
  EXPECT_TRUE(plan.table_schema->field(0)->type()->Equals(*expected)) << plan.table_schema->ToString();
  EXPECT_TRUE(plan.write_schema->field(0)->type()->Equals(*expected));
  EXPECT_TRUE(plan.changes_table());

  ASSERT_FAILS(ErrorKind::kInvalid, "column a.value.element.new: double is in the data",
               Plan(table, data, {}, {.nested_fields = false}));
  ASSERT_FAILS(ErrorKind::kInvalid, "freezes its columns", Plan(table, data, {.columns = ContractMode::kFreeze}));
  ASSERT_OK_AND_ASSIGN(const auto without, Plan(table, data, {.columns = ContractMode::kDiscardValue}));
  EXPECT_THAT(without.discarded_columns, ElementsAre("a.value.element.new", "a.value.element.n"));
  EXPECT_TRUE(without.write_schema->Equals(*table));
}

TEST(PlanEvolution, WidensAndRefusesInsideNestedTypes) {
  const auto table = One(arrow::struct_({field("n", arrow::list(arrow::int32())), field("s", arrow::utf8())}));
  const auto wide = One(arrow::struct_({field("n", arrow::list(arrow::int64())), field("s", arrow::utf8())}));
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(table, wide, kWideningContract));
  EXPECT_THAT(Lines(plan), ElementsAre("widen column a.n.element: int to bigint"));
  EXPECT_TRUE(plan.table_schema->Equals(*wide)) << plan.table_schema->ToString();
  ASSERT_FAILS(ErrorKind::kInvalid, "column a.n.element is int in the table and bigint in the data", Plan(table, wide));
}

TEST(PlanEvolution, LeavesOutTheNearestFieldThatHoldsAChangedElement) {
  const auto table = One(arrow::struct_({field("n", arrow::list(arrow::int32())), field("s", arrow::utf8())}));
  const auto data = One(arrow::struct_({field("n", arrow::list(arrow::utf8())), field("s", arrow::utf8())}));
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(table, data, {.data_type = ContractMode::kDiscardValue}));
  EXPECT_THAT(plan.discarded_columns, ElementsAre("a.n"));
  EXPECT_TRUE(plan.table_schema->Equals(*table));
  EXPECT_TRUE(plan.write_schema->Equals(*One(arrow::struct_({field("s", arrow::utf8())}))));

  ASSERT_OK_AND_ASSIGN(const auto whole, Plan(One(arrow::list(arrow::struct_({field("x", arrow::int32())}))),
                                              One(arrow::list(arrow::struct_({field("x", arrow::utf8())}))),
                                              {.data_type = ContractMode::kDiscardValue}));
  EXPECT_THAT(whole.discarded_columns, ElementsAre("a.element.x"));
  EXPECT_EQ(whole.write_schema->num_fields(), 0);
}

TEST(PlanEvolution, FillsNestedNullsWithTheTablesType) {
  const auto table = One(arrow::struct_({field("n", arrow::list(arrow::int32())), field("s", arrow::utf8())}));
  const auto data = One(arrow::struct_({field("n", arrow::list(arrow::null())), field("s", arrow::null())}));
  ASSERT_OK_AND_ASSIGN(const auto plan, Plan(table, data));
  EXPECT_THAT(plan.differences, IsEmpty());
  EXPECT_TRUE(plan.write_schema->Equals(*table));
}

TEST(PlanEvolution, RefusesANewNameThatDiffersOnlyByCase) {
  ASSERT_FAILS(ErrorKind::kInvalid, "column A: int is in the data, and differs only by case from a",
               Plan(One(arrow::int32()), schema({field("a", arrow::int32()), field("A", arrow::int32())})));
}

TEST(PlanEvolution, RefusesTwoColumnsOfOneName) {
  ASSERT_FAILS(ErrorKind::kInvalid, "two columns of the data are called a",
               Plan(One(arrow::int32()), schema({field("a", arrow::int32()), field("a", arrow::int32())})));
}

TEST(PlanEvolution, RefusesTypesThatHaveNoPlaceInATable) {
  const auto data = schema({field("u", arrow::sparse_union({field("x", arrow::int32())}))});
  ASSERT_FAILS(ErrorKind::kInvalid, "billing.cur, file a.csv.gz: column u: type sparse_union",
               Plan(One(arrow::int32()), data));
}

TEST(PlanEvolution, LeavesTypesOfFilesAsTheyAreIfItIsTold) {
  const auto zoned = arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Berlin");
  const auto data =
      schema({field("a", zoned), field("b", arrow::uint64()), field("c", arrow::time64(arrow::TimeUnit::NANO)),
              field("d", arrow::large_utf8()), field("e", arrow::duration(arrow::TimeUnit::SECOND)),
              field("f", arrow::struct_({field("x", arrow::uint8())}))});
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       PlanEvolution(*schema(arrow::FieldVector{}), *data, {}, {.stored_types = false}, "a file"));
  EXPECT_EQ(plan.write_schema->ToString(),
            "a: timestamp[ns, tz=UTC]\nb: uint64\nc: time64[ns]\nd: string\ne: int64\nf: struct<x: uint8>");
  ASSERT_FAILS(ErrorKind::kInvalid, "union",
               PlanEvolution(*schema(arrow::FieldVector{}), *One(arrow::sparse_union({field("a", arrow::int32())})), {},
                             {.stored_types = false}, "a file"));
}

TEST(PlanEvolution, TellsAllProblemsAtOnceUpToFive) {
  arrow::FieldVector table;
  arrow::FieldVector data;
  for (int i = 0; i < 8; ++i) {
    table.push_back(field("c" + std::to_string(i), arrow::int32()));
    data.push_back(field("c" + std::to_string(i), arrow::utf8()));
  }
  const auto status = Plan(schema(table), schema(data)).status();
  EXPECT_THAT(status.message(), HasSubstr("column c4 is int in the table and string in the data; and 3 more"));
}

TEST(ContractMode, IsReadAndPrinted) {
  for (const auto mode :
       {ContractMode::kEvolve, ContractMode::kFreeze, ContractMode::kDiscardRow, ContractMode::kDiscardValue}) {
    ASSERT_OK_AND_ASSIGN(const auto back, ParseContractMode(ContractModeName(mode)));
    EXPECT_EQ(back, mode);
  }
  EXPECT_EQ(ContractModeName(ContractMode::kDiscardRow), "discard_row");
  ASSERT_FAILS(ErrorKind::kInvalid, "found: thaw", ParseContractMode("thaw"));
}

}  // namespace
}  // namespace glaux
