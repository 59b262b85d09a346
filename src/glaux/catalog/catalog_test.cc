#include "glaux/catalog/catalog.h"

#include "glaux/catalog/memory_catalog.h"
#include "glaux/testing/matchers.h"

namespace glaux {
namespace {

TEST(ParseTableId, TakesOneNameOrTwo) {
  const std::pair<std::string, TableId> cases[] = {
      {"t", {"main", "t"}},
      {"db.t", {"db", "t"}},
      {"DB.MyTable", {"db", "mytable"}},
      {" db . t ", {"db", "t"}},
      {"my-db.my-table", {"my-db", "my-table"}},
      {"\"db\".\"t\"", {"db", "t"}},
      {"`db`.t", {"db", "t"}},
      {"\"a.b\".`c.d`", {"a.b", "c.d"}},
      {"\"say \"\"hi\"\"\".`a``b`", {"say \"hi\"", "a`b"}},
  };
  for (const auto& [text, expected] : cases) {
    const auto id = ParseTableId(text, "main");
    ASSERT_TRUE(id.ok()) << text << ": " << id.status().ToString();
    EXPECT_EQ(*id, expected) << text;
  }
}

TEST(ParseTableId, RefusesWhatIsNoName) {
  for (const std::string text : {"", ".", "db.", ".t", "a.b.c", "\"db.t", "\"db\"x.t", "d\"b.t", "``", " "}) {
    EXPECT_EQ(KindOf(ParseTableId(text, "main").status()), ErrorKind::kInvalid) << text;
  }
  ASSERT_FAILS(ErrorKind::kInvalid, "database name is empty", ParseTableId("t", ""));
}

TEST(Conveniences, GatherAllPages) {
  const auto catalog = MakeMemoryCatalog();
  ASSERT_OK(catalog->CreateDatabase({.name = "db"}));
  TableEntry table{.id = {"db", "t"}, .partition_keys = {{.name = "n", .type = "int"}}};
  ASSERT_OK(catalog->CreateTable(table));
  PartitionChange change;
  for (int i = 0; i < 2500; ++i) change.put.push_back({.values = {std::to_string(i)}});
  ASSERT_OK(catalog->ApplyPartitions(table.id, change));
  ASSERT_OK_AND_ASSIGN(const auto all, AllPartitions(*catalog, table.id));
  EXPECT_EQ(all.size(), 2500u);
  ASSERT_OK_AND_ASSIGN(const auto some, AllPartitions(*catalog, table.id, "n >= 1300"));
  EXPECT_EQ(some.size(), 1200u);

  for (int i = 0; i < 1001; ++i) {
    ASSERT_OK(catalog->CreateDatabase({.name = "db" + std::to_string(i)}));
    ASSERT_OK(catalog->CreateTable({.id = {"db", "t" + std::to_string(i)}}));
  }
  ASSERT_OK_AND_ASSIGN(const auto databases, AllDatabases(*catalog));
  EXPECT_EQ(databases.size(), 1002u);
  ASSERT_OK_AND_ASSIGN(const auto tables, AllTables(*catalog, "db"));
  EXPECT_EQ(tables.size(), 1002u);
}

}  // namespace
}  // namespace glaux
