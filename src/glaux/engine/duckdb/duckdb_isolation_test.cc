#include <arrow/api.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "glaux/engine/duckdb/fake_lake.h"
#include "glaux/testing/matchers.h"
#include "glaux/testing/temp_dir.h"

namespace glaux::testing {

namespace {

class DuckDBIsolation : public ::testing::Test {
 protected:
  void SetUp() override {
    lake_.AddTable({"db", "t"}, {arrow::field("id", arrow::int64())});
    lake_.AddFile({"db", "t"}, {},
                  *FakeLake::Rows(arrow::schema({arrow::field("id", arrow::int64())}), R"([{"id":1}])"));
    secret_ = dir_.Write("secret.csv", "a,b\n1,2\n");
    ASSERT_OK_AND_ASSIGN(engine_, lake_.Engine());
  }

  Status Run(const std::string& sql) { return QueryTable(*engine_, {.sql = sql}).status(); }
  std::string Quoted(const std::string& name) { return "'" + (dir_ / name) + "'"; }

  FakeLake lake_;
  TempDir dir_;
  std::string secret_;
  std::unique_ptr<QueryEngine> engine_;
};

}  // namespace

TEST_F(DuckDBIsolation, SqlReadsNoLocalFiles) {
  for (const std::string& sql :
       {"SELECT * FROM read_csv('" + secret_ + "')", "SELECT * FROM read_text('" + secret_ + "')",
        "SELECT * FROM read_blob('" + secret_ + "')", "SELECT * FROM read_json('" + secret_ + "')",
        "SELECT * FROM read_parquet('" + secret_ + "')", "SELECT * FROM '" + secret_ + "'",
        "SELECT * FROM read_duckdb('" + dir_.path().string() + "/x.duckdb')",
        "SELECT * FROM sniff_csv('" + secret_ + "')", "SELECT * FROM parquet_metadata('" + secret_ + "')",
        "SELECT * FROM glob('" + dir_.path().string() + "/*')", "SELECT * FROM read_text('file://" + secret_ + "')",
        "SELECT * FROM query('SELECT * FROM read_text(''" + secret_ + "'')')",
        std::string("SELECT * FROM read_text('/proc/self/environ')"),
        std::string("SELECT * FROM read_csv('https://example.com/x.csv')"),
        std::string("SELECT * FROM read_parquet('s3://other/x.parquet')"),
        std::string("SELECT * FROM read_text('s3://lake/../../etc/passwd')"),
        std::string("SELECT * FROM read_csv('../../etc/passwd')")}) {
    const auto status = Run(sql);
    ASSERT_FALSE(status.ok()) << sql;
    if (sql.find("/../") == std::string::npos) {
      EXPECT_EQ(KindName(KindOf(status)), KindName(ErrorKind::kDenied)) << sql << "\n" << status.ToString();
      EXPECT_THAT(InfoOf(status).hint, ::testing::HasSubstr("allow_local_access")) << sql;
    }
  }
}

TEST_F(DuckDBIsolation, SqlWritesNoLocalFiles) {
  for (const std::string& sql :
       {"COPY (SELECT 1) TO " + Quoted("x.csv"), "COPY db.t TO " + Quoted("x.parquet"),
        "EXPORT DATABASE " + Quoted("dump"), "EXPLAIN ANALYZE COPY (SELECT 1) TO " + Quoted("x.csv"),
        "ATTACH " + Quoted("x.duckdb"), "PRAGMA profiling_output=" + Quoted("profile"),
        std::string("PRAGMA enable_profiling='json'"),
        "SELECT * FROM enable_logging(storage='file', storage_config={'path': " + Quoted("log") + "})",
        "CALL enable_logging(storage='file', storage_config={'path': " + Quoted("log") + "})"}) {
    const auto status = Run(sql);
    EXPECT_FALSE(status.ok()) << sql;
  }
  ASSERT_FAILS(ErrorKind::kDenied, "COPY TO", Run("COPY (SELECT 1) TO " + Quoted("x.csv")));
  ASSERT_FAILS(ErrorKind::kDenied, "ATTACH", Run("ATTACH " + Quoted("x.duckdb")));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dir_.path())) {
    EXPECT_EQ(entry.path().filename(), "secret.csv");
    ++files;
  }
  EXPECT_EQ(files, 1);
}

TEST_F(DuckDBIsolation, SqlChangesNoSettingsAndLoadsNoExtensions) {
  for (const std::string sql :
       {"SET enable_external_access = true", "SET GLOBAL allowed_directories = ['/']", "SET lock_configuration = false",
        "RESET lock_configuration", "SET disabled_filesystems = ''", "SET memory_limit = '100GB'",
        "SET TimeZone = 'Asia/Tokyo'", "SET temp_directory = '/tmp'", "PRAGMA memory_limit='100GB'", "INSTALL httpfs",
        "LOAD httpfs", "LOAD '/tmp/x.duckdb_extension'", "USE system"}) {
    const auto status = Run(sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_EQ(KindName(KindOf(status)), KindName(ErrorKind::kDenied)) << sql << "\n" << status.ToString();
  }
}

TEST_F(DuckDBIsolation, SqlOnlyReadsTheLake) {
  for (const std::string sql :
       {"INSERT INTO db.t VALUES (2)", "CREATE TABLE db.u AS SELECT 1 AS x", "CREATE TABLE db.u (x int)",
        "CREATE SCHEMA other", "DROP TABLE db.t", "UPDATE db.t SET id = 2", "DELETE FROM db.t",
        "ALTER TABLE db.t ADD COLUMN x int", "CREATE VIEW db.v AS SELECT 1",
        "COPY db.t FROM 's3://lake/db/t/0.parquet'", "BEGIN", "CREATE SECRET s (TYPE s3)",
        "MERGE INTO db.t USING db.t u ON t.id = u.id WHEN MATCHED THEN DELETE"}) {
    const auto status = Run(sql);
    ASSERT_FALSE(status.ok()) << sql;
    EXPECT_EQ(KindName(KindOf(status)), KindName(ErrorKind::kNotImplemented)) << sql << "\n" << status.ToString();
  }
}

TEST_F(DuckDBIsolation, LocalAccessOpensLocalFilesAndKeepsTheLake) {
  ASSERT_OK_AND_ASSIGN(engine_, lake_.Engine({.allow_local_access = true}));
  ASSERT_OK_AND_ASSIGN(const auto rows, QueryTable(*engine_, {.sql = "SELECT a + b FROM read_csv('" + secret_ + "')"}));
  EXPECT_EQ(rows->num_rows(), 1);
  ASSERT_OK(Run("COPY db.t TO " + Quoted("out.parquet")));
  EXPECT_TRUE(std::filesystem::exists(dir_ / "out.parquet"));
  ASSERT_OK(Run("SELECT * FROM read_parquet('s3://lake/db/t/0.parquet')"));
  ASSERT_FAILS(ErrorKind::kNotImplemented, "only reads", Run("CREATE TABLE db.u AS SELECT 1 AS x"));
}

}  // namespace glaux::testing
