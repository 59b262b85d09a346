"""Statements that write and that show the catalog, as Athena has them, run by glaux query on the embedded engine."""
import base64
import json
import re
import signal
import sqlite3
import time
import unittest

from lake import DENIED, INVALID, NOT_FOUND, NOT_IMPLEMENTED, OK, LakeTest

EXISTS = 5


class StatementTest(LakeTest):
    def sql(self, text, *more):
        return self.succeed("query", text, *more)

    def names(self, text):
        return [row[0] for row in self.rows(text)]

    def refuse_sql(self, code, words, text):
        outcome = self.run_program("query", text)
        self.assertEqual(outcome.code, code, f"{text}\n{outcome.err}")
        for word in words:
            self.assertIn(word, outcome.err, text)
        return outcome

    def make_orders(self):
        self.sql("create database sales")
        self.sql("create table sales.orders with (partitioned_by = array['day']) as "
                 "select i as id, 'n' || i as name, '0' || (i % 3 + 1) as day from range(9) t(i)")

    def folder(self, *parts):
        return self.lake.joinpath("store", "lake", *parts)


class Databases(StatementTest):
    def test_a_database_is_made_shown_and_dropped(self):
        outcome = self.sql("CREATE DATABASE IF NOT EXISTS Sales COMMENT 'what was sold' WITH DBPROPERTIES ('a'='b')")
        self.assertEqual(outcome.out, b"")
        self.sql("create schema if not exists sales")
        self.sql("create database stock;")
        self.assertEqual(self.names("show databases"), ["sales", "stock"])
        self.assertEqual(self.names("show schemas like 's*l*'"), ["sales"])
        self.assertEqual(self.names("show databases like 'x|st*'"), ["stock"])
        self.sql("drop database stock")
        self.sql("drop database if exists stock")
        self.assertEqual(self.names("show databases"), ["sales"])

    def test_errors_say_what_to_do_next(self):
        self.sql("create database sales")
        self.refuse_sql(EXISTS, ["sales is there already"], "create database sales")
        self.refuse_sql(NOT_FOUND, ["salse"], "drop database salse")
        self.refuse_sql(NOT_FOUND, ["there is no database salse", "sales"], "show tables in salse")
        self.refuse_sql(DENIED, ["/etc", "not in the lake"], "create database x location '/etc'")
        self.sql("create table sales.t as select 1 as a")
        self.refuse_sql(EXISTS, ["holds 1 table", "CASCADE"], "drop database sales")
        self.sql("drop database sales cascade")
        self.assertEqual(self.names("show databases"), [])

    def test_asking_makes_no_lake_and_writing_does(self):
        self.sql("show databases")
        self.assertFalse(self.lake.exists())
        self.refuse_sql(INVALID, ["line 1:16"], "create database")
        self.assertFalse(self.lake.exists())
        self.sql("create database a")
        self.assertEqual(self.names("show databases"), ["a"])


class Shows(StatementTest):
    def test_what_is_in_a_database(self):
        self.make_orders()
        self.sql("create table sales.items as select 1 as a")
        self.assertEqual(self.names("show tables in sales"), ["items", "orders"])
        self.assertEqual(self.names("show tables in sales 'ord.*|none'"), ["orders"])
        self.assertEqual(self.names("show columns in sales.orders"), ["id", "name", "day"])
        self.assertEqual(self.names("show partitions sales.orders"), ["day=01", "day=02", "day=03"])
        self.assertEqual(self.rows("show tblproperties sales.orders('classification')"), [["classification", "parquet"]])
        self.refuse_sql(INVALID, ["no partition keys"], "show partitions sales.items")
        self.refuse_sql(NOT_FOUND, ["sales.itmes", "items"], "describe sales.itmes")

    def test_describe_has_the_partition_keys(self):
        self.make_orders()
        rows = self.rows("describe sales.orders")
        self.assertEqual(rows[:3], [["id", "bigint", ""], ["name", "string", ""], ["day", "string", ""]])
        self.assertIn(["# Partition Information", "", ""], rows)
        self.assertIn("ParquetHiveSerDe", self.sql("describe formatted sales.orders").text)
        self.assertEqual(self.rows("describe sales.orders name"), [["name", "string", ""]])
        self.refuse_sql(NOT_FOUND, ["nam", "name"], "describe sales.orders nam")

    def test_the_statement_that_is_shown_makes_the_same_table(self):
        self.make_orders()
        lines = self.names("show create table sales.orders")
        self.assertEqual(lines[0], "CREATE EXTERNAL TABLE `sales`.`orders` (")
        self.assertEqual("\n".join(lines) + "\n", self.succeed("schema", "sales.orders", "--as", "ddl").text)
        self.sql("drop table sales.orders")
        self.sql("\n".join(lines))
        self.assertEqual(self.names("show create table sales.orders"), lines)
        self.sql("msck repair table sales.orders")
        self.assertEqual(self.value("select count(*) from sales.orders"), "9")

    def test_what_the_engine_itself_describes_stays(self):
        self.assertEqual(self.rows("describe select 1 as a")[0][:2], ["a", "INTEGER"])
        self.sql("summarize select 1 as a")


class ExternalTables(StatementTest):
    def test_a_table_over_files_that_are_there(self):
        self.make_orders()
        self.sql("""
          -- the same files under another name
          CREATE EXTERNAL TABLE IF NOT EXISTS sales.again (id bigint COMMENT 'it''s', name string)
          COMMENT 'again' PARTITIONED BY (`day` string) STORED AS PARQUET
          LOCATION 's3://lake/sales/orders'
          TBLPROPERTIES ('projection.enabled'='false', 'parquet.compression'='ZSTD');""")
        self.assertEqual(self.value("select count(*) from sales.again"), "0")
        self.assertEqual(sorted(self.names("msck repair table sales.again"))[-1],
                         "Repair: Added partition to metastore again:day=03")
        self.assertEqual(self.value("select sum(id) from sales.again where day <> '01'"), "27")
        self.assertEqual(self.rows("show tblproperties sales.again('projection.enabled')"), [["projection.enabled", "false"]])
        self.assertEqual(self.rows("describe sales.again id"), [["id", "bigint", "it's"]])

    def test_dropping_it_leaves_the_files(self):
        self.make_orders()
        before = sorted(self.folder().rglob("*.parquet"))
        self.sql("drop table sales.orders")
        self.assertEqual(sorted(self.folder().rglob("*.parquet")), before)
        self.sql("drop table if exists sales.orders")
        self.refuse_sql(NOT_FOUND, ["sales.orders"], "drop table sales.orders")
        # A new table of the name takes a folder beside it.
        self.sql("create table sales.orders as select 1 as a")
        self.assertEqual(self.rows("select * from sales.orders"), [["1"]])

    def test_formats_keep_their_classes(self):
        self.sql("create external table c (a string, b array<struct<x:int>>) row format delimited fields terminated by '\\t' "
                 "null defined as 'NA' location 's3://lake/csv/' tblproperties ('skip.header.line.count'='1')")
        text = self.sql("show create table c", "--format", "csv").text
        for word in ("LazySimpleSerDe", "TextInputFormat", "'field.delim'='\\t'", "'serialization.null.format'='NA'"):
            self.assertIn(word.replace("\t", "\\t"), text.replace("\t", "\\t"))
        self.sql("create external table j (a string) row format serde 'org.openx.data.jsonserde.JsonSerDe' "
                 "with serdeproperties ('ignore.malformed.json'='true') location 's3://lake/json/'")
        self.assertEqual(self.rows("select * from c"), [])
        self.refuse_sql(NOT_IMPLEMENTED, ["write into default.c", "only Parquet"], "insert into c select 'x', null")

    def test_locations_that_are_none(self):
        self.make_orders()
        file = next(self.folder("sales", "orders", "day=01").glob("*.parquet"))
        make = "create external table e (a int) stored as parquet"
        self.refuse_sql(INVALID, ["LOCATION is missing"], make)
        self.refuse_sql(INVALID, ["expected a folder, found a file", "day=01/"],
                        f"{make} location 's3://lake/sales/orders/day=01/{file.name}'")
        self.refuse_sql(INVALID, ["a whole bucket"], f"{make} location 's3://lake/'")
        self.refuse_sql(NOT_FOUND, ["no bucket typo"], f"{make} location 's3://typo/x/'")
        self.refuse_sql(DENIED, ["not in the lake"], f"{make} location 'file:///etc/'")
        self.refuse_sql(INVALID, ["patterns"], f"{make} location 's3://lake/*/'")
        self.refuse_sql(INVALID, ["."], f"{make} location 's3://lake/../x/'")
        self.assertFalse((self.lake / "store" / "typo").exists())
        self.assertEqual(self.names("show tables"), [])

    def test_what_is_wrong_is_said_with_its_place(self):
        self.refuse_sql(INVALID, ["line 2:5", "column b", "nonsense"], "create external table e (a int,\n  b nonsense) location 's3://lake/e/'")
        self.refuse_sql(INVALID, ["line 1:33", "a and A"], "create external table e (a int, A int) location 's3://lake/e/'")
        self.refuse_sql(INVALID, ["reserved word order", "`order`"], "create external table e (order int) location 's3://lake/e/'")
        self.refuse_sql(INVALID, ["partition key"], "create external table e (a int) partitioned by (A string) location 's3://lake/e/'")
        self.refuse_sql(NOT_FOUND, ["nowhere"], "create external table nowhere.e (a int) location 's3://lake/e/'")
        self.refuse_sql(NOT_IMPLEMENTED, ["Iceberg"], "create table e (a int)")

    def test_five_thousand_columns(self):
        columns = ", ".join(f"c{i} string" for i in range(5000))
        self.write("wide.sql", f"create external table wide ({columns}) stored as parquet location 's3://lake/wide/'")
        self.succeed("query", "-f", "wide.sql")
        self.assertEqual(len(self.rows("show columns in wide")), 5000)
        self.assertEqual(self.value("select count(*) from wide"), "0")


class Alterations(StatementTest):
    def test_columns_are_added_and_replaced(self):
        self.make_orders()
        self.sql("alter table sales.orders add columns (price double, note string comment 'x')")
        self.assertEqual(self.value("select count(*) from sales.orders where price is null and note is null"), "9")
        self.sql("insert into sales.orders values (100::bigint, 'x', 1.5, 'n', '01')")
        self.assertEqual(self.rows("select id, price, note from sales.orders where price is not null"), [["100", "1.5", "n"]])
        self.refuse_sql(EXISTS, ["column price"], "alter table sales.orders add columns (price int)")
        self.refuse_sql(EXISTS, ["column day"], "alter table sales.orders add columns (day int)")
        self.sql("alter table sales.orders replace columns (id bigint, price double)")
        self.assertEqual(self.names("show columns in sales.orders"), ["id", "price", "day"])
        self.sql("alter table sales.orders set tblproperties ('owner'='me')")
        self.assertEqual(self.rows("show tblproperties sales.orders('owner')"), [["owner", "me"]])

    def test_partitions_come_and_go(self):
        self.make_orders()
        self.sql("alter table sales.orders drop partition (day='01'), partition (day='02')")
        self.assertEqual(self.names("show partitions sales.orders"), ["day=03"])
        self.refuse_sql(NOT_FOUND, ["day=01"], "alter table sales.orders drop partition (day='01')")
        self.sql("alter table sales.orders drop if exists partition (day='01')")
        self.sql("alter table sales.orders add partition (day='one') location 's3://lake/sales/orders/day=01/' partition (day='02')")
        self.assertEqual(self.rows("select day, count(*) from sales.orders group by 1 order by 1"), [["02", "3"], ["03", "3"], ["one", "3"]])
        self.refuse_sql(EXISTS, ["day=02", "IF NOT EXISTS"], "alter table sales.orders add partition (day='02')")
        self.sql("alter table sales.orders add if not exists partition (day='02')")
        self.sql("alter table sales.orders partition (day='one') set location 's3://lake/sales/orders/nothing/'")
        self.assertEqual(self.value("select count(*) from sales.orders where day = 'one'"), "0")
        self.refuse_sql(INVALID, ["dya", "day"], "alter table sales.orders add partition (dya='1')")
        self.refuse_sql(DENIED, ["not in the lake"], "alter table sales.orders add partition (day='x') location '/etc/'")

    def test_values_of_partitions_have_their_keys_type(self):
        self.sql("create external table t (a int) partitioned by (n int, d date) stored as parquet location 's3://lake/t/'")
        self.refuse_sql(INVALID, ["partition key n", "int", "abc"], "alter table t add partition (n='abc', d='2025-01-01')")
        self.refuse_sql(INVALID, ["partition key d"], "alter table t add partition (n=1)")
        self.sql("alter table t add partition (n=1, d='2025-01-01')")
        self.assertEqual(self.names("show partitions t"), ["n=1/d=2025-01-01"])

    def test_msck_adds_what_is_there(self):
        self.make_orders()
        self.sql("alter table sales.orders drop partition (day='01')")
        self.assertEqual(self.names("msck repair table sales.orders"),
                         ["Partitions not in metastore:\torders:day=01", "Repair: Added partition to metastore orders:day=01"])
        self.assertEqual(self.names("msck repair table sales.orders"), [])
        self.assertEqual(self.value("select count(*) from sales.orders"), "9")


class Writes(StatementTest):
    def test_a_table_from_a_query(self):
        outcome = self.sql("create table t with (format = 'parquet', external_location = 's3://lake/elsewhere/t/', "
                           "write_compression = 'ZSTD', partitioned_by = array['b', 'c']) as "
                           "select i as a, i % 2 as b, date '2025-01-01' as c from range(10) x(i)", "--format", "csv")
        self.assertEqual(outcome.text, "rows\n10\n")
        self.assertEqual(self.names("show partitions t"), ["b=0/c=2025-01-01", "b=1/c=2025-01-01"])
        self.assertEqual(self.value("select sum(a) from t where b = 1 and c = date '2025-01-01'"), "25")
        self.assertEqual(len(list(self.folder("elsewhere", "t").glob("b=*/c=*/*.parquet"))), 2)
        self.refuse_sql(EXISTS, ["default.t is there already"], "create table t as select 1 as a")
        self.assertEqual(self.value("create table if not exists t as select 1 as a"), "0")

    def test_a_table_without_data(self):
        self.sql("create table t as select 1 as a, 'x' as b with no data")
        self.assertEqual(self.value("select count(*) from t"), "0")
        self.assertEqual(self.rows("describe t")[:2], [["a", "int", ""], ["b", "string", ""]])
        self.sql("create table u as select 1 as a where false")
        self.assertEqual(self.value("select count(*) from u"), "0")

    def test_what_a_table_from_a_query_cannot_be(self):
        self.make_orders()
        for code, words, sql in (
                (NOT_IMPLEMENTED, ["line 1:22", "ORC", "PARQUET"], "create table x with (format='ORC') as select 1 as a"),
                (NOT_IMPLEMENTED, ["bucketed_by"], "create table x with (bucketed_by=array['a'], bucket_count=2) as select 1 as a"),
                (NOT_IMPLEMENTED, ["ICEBERG"], "create table x with (table_type='ICEBERG') as select 1 as a"),
                (INVALID, ["fromat", "format"], "create table x with (fromat='PARQUET') as select 1 as a"),
                (INVALID, ["SNAPY", "SNAPPY"], "create table x with (write_compression='SNAPY') as select 1 as a"),
                (INVALID, ["last columns", "a"], "create table x with (partitioned_by=array['a']) as select 1 as a, 2 as b"),
                (INVALID, ["every column"], "create table x with (partitioned_by=array['a']) as select 1 as a"),
                (INVALID, ["no column of the query"], "create table x with (partitioned_by=array['c']) as select 1 as a"),
                (INVALID, ["a", "A"], 'create table x as select 1 as "a b", 2 as "A_B"'),
                (NOT_FOUND, ["nowhere"], "create table nowhere.x as select 1 as a"),
                (NOT_FOUND, ["absent"], "create table x as select * from absent"),
                (EXISTS, ["there is a file already"], "create table x with (external_location='s3://lake/sales/orders/') as select 1 as a"),
                (INVALID, ["LINE 2", "nonsense"], "create table x as\nselect nonsense from sales.orders")):
            self.refuse_sql(code, words, sql)
        self.assertEqual(self.names("show tables"), [])

    def test_rows_are_added(self):
        self.make_orders()
        self.assertEqual(self.value("insert into sales.orders select id + 100, name, 'new' from sales.orders where day = '01'"), "3")
        self.sql("insert into sales.orders (day, id) values ('new', 500::bigint)")
        self.assertEqual(self.rows("select count(*), count(name) from sales.orders where day = 'new'"), [["4", "3"]])
        self.assertEqual(self.value("insert into sales.orders select * from sales.orders where false"), "0")

    def test_columns_and_types_are_checked_before_anything_is_written(self):
        self.make_orders()
        before = self.stored()
        for words, sql in ((["expected 3 columns (id, name, day)", "has 1"], "insert into sales.orders select 1::bigint"),
                           (["column 1, id: expected bigint, found string"], "insert into sales.orders values ('a', 'b', 'c')"),
                           (["column 3, day: expected string, found date"], "insert into sales.orders values (1::bigint, 'b', date '2025-01-01')"),
                           (["no column idd", "id"], "insert into sales.orders (idd, day) values (1::bigint, 'x')"),
                           (["partition key day"], "insert into sales.orders (id) values (1::bigint)"),
                           (["line 1:26", "twice"], "insert into sales.orders (id, ID) values (1::bigint, 2::bigint)")):
            self.refuse_sql(INVALID, words, sql)
        self.assertEqual(self.stored(), before)

    def test_values_widen_and_none_is_lost(self):
        self.sql("create table t as select 1::bigint as a, 1.5::double as b, 1.25::decimal(10,2) as c, timestamp '2025-01-01' as d, 'x' as e with no data")
        self.sql("insert into t values (1, 2, 3.5, date '2025-02-03', 'y'), (null, null, null, null, null)")
        self.sql("insert into t select sum(a), sum(b), sum(c), max(d), max(e) from t")
        self.assertEqual(self.rows("select a, b, c, e from t where a is not null"), [["1", "2.0", "3.50", "y"]] * 2)
        self.refuse_sql(INVALID, ["column a"], "insert into t select sum(9223372036854775807::bigint), 1.0, 1.0, null, null from range(2)")
        self.assertEqual(self.value("select count(*) from t"), "3")

    def test_the_tables_own_types_stay(self):
        self.sql("create external table t (a varchar(20), b int) stored as parquet location 's3://lake/t/'")
        self.sql("insert into t values ('x', 1)")
        self.assertEqual(self.rows("describe t"), [["a", "varchar(20)", ""], ["b", "int", ""]])
        self.assertEqual(self.rows("select * from t"), [["x", "1"]])

    def test_keys_that_a_time_makes_are_not_inserted(self):
        self.write("e.csv", "id,at\n1,2025-01-02T03:04:05\n")
        self.succeed("load", "e.csv", "s.e", "--partition-by", "day(at)")
        self.sql("insert into s.e values (2::bigint, timestamp '2025-03-04 00:00:00')")
        self.assertEqual(self.rows("select id, year, month, day from s.e order by 1"), [["1", "2025", "01", "02"], ["2", "2025", "03", "04"]])
        self.refuse_sql(INVALID, ["a time makes the partition key year"], "insert into s.e (id, at, year) values (2::bigint, null, '2020')")

    def test_a_large_list_of_values(self):
        self.sql("create table t as select 1 as a with no data")
        values, size = [], 0
        while size < 1 << 20:
            values.append(f"({len(values)})")
            size += len(values[-1]) + 2
        self.write("large.sql", "insert into t values " + ", ".join(values))
        self.succeed("query", "-f", "large.sql")
        self.assertEqual(self.rows("select count(*), max(a) from t"), [[str(len(values)), str(len(values) - 1)]])

    def test_unload(self):
        self.make_orders()
        self.assertEqual(self.value("unload (select id, day from sales.orders) to 's3://lake/out/json' "
                                    "with (format='JSON', compression='NONE', partitioned_by=array['day'])"), "9")
        lines = [json.loads(line) for path in self.folder("out", "json", "day=01").glob("*") for line in path.read_text().splitlines()]
        self.assertEqual(sorted(row["id"] for row in lines), [0, 3, 6])
        self.refuse_sql(EXISTS, ["not empty"], "unload (select 1 as a) to 's3://lake/out/json/' with (format='JSON')")
        for name in ("PARQUET", "AVRO", "TEXTFILE"):
            self.sql(f"unload (select id, name from sales.orders) to 's3://lake/out/{name}/' with (format='{name}')")
            self.assertTrue([p for p in self.folder("out", name).iterdir() if p.is_file()], name)
        self.assertEqual(self.value("select count(*) from 's3://lake/out/PARQUET/*.parquet'"), "9")
        self.refuse_sql(INVALID, ["format is missing"], "unload (select 1 as a) to 's3://lake/x/'")
        self.refuse_sql(NOT_IMPLEMENTED, ["ORC", "PARQUET"], "unload (select 1 as a) to 's3://lake/x/' with (format='ORC')")
        self.refuse_sql(INVALID, ["XML"], "unload (select 1 as a) to 's3://lake/x/' with (format='XML')")
        self.refuse_sql(DENIED, ["not in the lake"], "unload (select 1 as a) to 'file:///tmp/x/' with (format='JSON')")

    def test_local_files_stay_out_of_reach(self):
        self.write("secret.csv", "name\nfor-your-eyes-only\n")
        for sql in ("create table x as from read_csv('{}')", "unload (from read_csv('{}')) to 's3://lake/x/' with (format='JSON')"):
            outcome = self.run_program("query", sql.format(self.here / "secret.csv"))
            self.assertNotEqual(outcome.code, OK)
            self.assertNotIn("for-your-eyes-only", outcome.err + outcome.text)
        self.assertEqual(self.names("show tables"), [])


class Views(StatementTest):
    def test_a_view_is_its_query(self):
        self.make_orders()
        self.sql("create view sales.late as select id, name as label from orders where day = '03'", "--database", "sales")
        self.assertEqual(self.value("select sum(id) from sales.late"), "15")
        self.assertEqual(self.rows("describe sales.late"), [["id", "bigint", ""], ["label", "string", ""]])
        self.assertEqual(self.names("show views in sales"), ["late"])
        self.assertEqual(self.names("show tables in sales"), ["late", "orders"])
        self.assertEqual(self.names("show create view sales.late"),
                         ["CREATE VIEW sales.late AS", "select id, name as label from orders where day = '03'"])
        self.sql("create or replace view sales.late as with q as (select * from sales.orders) select max(id) as top from q")
        self.assertEqual(self.rows("select v.top, o.day from sales.late v join sales.orders o on o.id = v.top"), [["8", "03"]])
        self.sql("create view sales.above as select top + 1 as more from sales.late")
        self.assertEqual(self.value("select more from sales.above"), "9")
        self.sql("create table sales.kept as select * from sales.above")
        self.sql("drop view sales.late")
        self.refuse_sql(NOT_FOUND, ["late"], "select * from sales.above")

    def test_it_is_kept_as_athena_keeps_it(self):
        self.sql("create view v as select 1 as a, array['x'] as b")
        with sqlite3.connect(self.lake / "catalog.sqlite") as catalog:
            everything = "\n".join(catalog.iterdump())
        found = re.search(r"/\* Presto View: ([A-Za-z0-9+/=]+) \*/", everything)
        view = json.loads(base64.b64decode(found.group(1)))
        self.assertEqual(view, {"originalSql": "select 1 as a, array['x'] as b", "catalog": "awsdatacatalog", "schema": "default",
                                "columns": [{"name": "a", "type": "integer"}, {"name": "b", "type": "array(varchar)"}]})

    def test_what_is_no_view(self):
        self.make_orders()
        self.sql("create view sales.v as select 1 as a")
        self.refuse_sql(EXISTS, ["CREATE OR REPLACE VIEW"], "create view sales.v as select 2 as a")
        self.refuse_sql(EXISTS, ["a table of this name"], "create or replace view sales.orders as select 2 as a")
        self.refuse_sql(INVALID, ["column 1", "AS"], "create view sales.w as select count(*) from sales.orders")
        self.refuse_sql(INVALID, ["LINE 2", "nonsense"], "create view sales.w as\nselect nonsense from sales.orders")
        self.refuse_sql(INVALID, ["it is a view", "DROP VIEW"], "drop table sales.v")
        self.refuse_sql(INVALID, ["it is a table", "DROP TABLE"], "drop view sales.orders")
        self.refuse_sql(INVALID, ["it is a view"], "insert into sales.v select 1")
        self.refuse_sql(INVALID, ["it is a view", "SHOW CREATE VIEW"], "show create table sales.v")
        self.sql("create view sales.w as select * from sales.v")
        self.sql("create or replace view sales.v as select * from sales.w")
        outcome = self.run_program("query", "select * from sales.v")
        self.assertNotEqual(outcome.code, OK)
        self.assertIn("recursi", outcome.err)


class CutOff(StatementTest):
    SLOW = "select i as id, md5(i::varchar) as text, i % 4 as part from range(30000000) t(i)"

    def cut(self, sql, number):
        process = self.start("query", sql)
        uploads = self.lake / "store"
        deadline = time.monotonic() + 60
        # Rows are on their way once something is written beside the catalog.
        while process.poll() is None and time.monotonic() < deadline:
            if any(path.is_file() and path.stat().st_size > 1 << 16 for path in uploads.rglob("*")):
                break
            time.sleep(0.02)
        self.assertIsNone(process.poll(), "the statement was over before it was cut off")
        process.send_signal(number)
        process.wait(timeout=60)
        return process.returncode

    def test_a_killed_statement_leaves_nothing_to_see(self):
        self.sql("create table t with (partitioned_by=array['part']) as select 1::bigint as id, 'x' as text, 9::bigint as part")
        self.assertEqual(self.cut("insert into t " + self.SLOW, signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.rows("select count(*), max(part) from t"), [["1", "9"]])
        self.assertEqual(self.names("show partitions t"), ["part=9"])
        self.sql("insert into t values (2::bigint, 'y', 9::bigint)")
        self.assertEqual(self.value("select count(*) from t"), "2")

    def test_a_killed_create_makes_no_table(self):
        self.sql("create database d")
        self.assertEqual(self.cut("create table d.t as " + self.SLOW, signal.SIGKILL), -signal.SIGKILL)
        self.assertEqual(self.names("show tables in d"), [])
        self.sql("create table d.t as select 1 as a")
        self.assertEqual(self.rows("select * from d.t"), [["1"]])

    def test_an_interrupted_statement_leaves_nothing(self):
        self.sql("create database d")
        self.assertEqual(self.cut("create table d.t as " + self.SLOW, signal.SIGINT), 130)
        self.assertEqual(self.names("show tables in d"), [])
        self.assertEqual([path for path in self.lake.rglob("*.parquet")], [])

    def test_a_timeout_ends_it(self):
        self.sql("create database d")
        outcome = self.run_program("query", "create table d.t as " + self.SLOW, "--timeout", "1s")
        self.assertEqual(outcome.code, 7, outcome.err)
        self.assertIn("timeout", outcome.err)
        self.assertEqual(self.names("show tables in d"), [])


if __name__ == "__main__":
    unittest.main()
