#include "glaux/sql/view.h"

#include "glaux/testing/matchers.h"

namespace glaux::sql {
namespace {

TEST(PrestoView, IsWhatAthenaWrites) {
  EXPECT_EQ(
      ToPrestoView({.sql = "SELECT 1 a", .database = "d", .columns = {{.name = "a", .type = "integer"}}}),
      // {"originalSql":"SELECT 1 a","catalog":"awsdatacatalog","schema":"d","columns":[{"name":"a","type":"integer"}]}
      "/* Presto View: "
      "eyJvcmlnaW5hbFNxbCI6IlNFTEVDVCAxIGEiLCJjYXRhbG9nIjoiYXdzZGF0YWNhdGFsb2ciLCJzY2hlbWEiOiJkIiwiY29sdW1ucyI6W3"
      "sibmFtZSI6ImEiLCJ0eXBlIjoiaW50ZWdlciJ9XX0= */");
}

TEST(PrestoView, IsReadBack) {
  const View view{.sql = "SELECT 'ä;*/' AS x", .database = "other", .columns = {{.name = "x", .type = "varchar"}}};
  const auto entry = MakeViewEntry({"d", "v"}, view, {{.name = "x", .type = "string"}});
  EXPECT_EQ(entry.table_type, "VIRTUAL_VIEW");
  ASSERT_OK_AND_ASSIGN(const auto read, ViewOf(entry));
  EXPECT_EQ(read.sql, view.sql);
  EXPECT_EQ(read.database, "other");
  EXPECT_EQ(read.columns, view.columns);
}

TEST(PrestoView, SaysWhatIsWrongWithIt) {
  TableEntry entry{.id = {"d", "v"}, .table_type = "VIRTUAL_VIEW"};
  entry.view_original_text = "SELECT 1";
  ASSERT_FAILS(ErrorKind::kNotImplemented, "view d.v", ViewOf(entry));
  entry.view_original_text = "/* Presto View: */";
  ASSERT_FAILS(ErrorKind::kNotImplemented, "view d.v", ViewOf(entry));
  entry.view_original_text = "/* Presto View: ?? */";
  ASSERT_FAILS(ErrorKind::kCorrupt, "no Base64", ViewOf(entry));
  entry.view_original_text = "/* Presto View: e30= */";
  ASSERT_FAILS(ErrorKind::kCorrupt, "no originalSql", ViewOf(entry));
  entry.view_original_text = "/* Presto View: W10= */";
  ASSERT_FAILS(ErrorKind::kCorrupt, "no JSON object", ViewOf(entry));
  entry.table_type = "EXTERNAL_TABLE";
  ASSERT_FAILS(ErrorKind::kInvalid, "d.v is no view", ViewOf(entry));
}

}  // namespace
}  // namespace glaux::sql
