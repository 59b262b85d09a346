"""Tables that crawlers, Athena, Spark and Hive made, of text, JSON, ORC and Avro, read by SQL on the embedded engine."""
import bz2
import csv
import datetime
import gzip
import io
import json
import unittest

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet

from lake import CORRUPT, INVALID, NOT_IMPLEMENTED, OK, TESTDATA, LakeTest

OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"


class TablesOfOthers(LakeTest):
    def setUp(self):
        super().setUp()
        self.sql("create database d")

    def sql(self, text, *more):
        return self.succeed("query", text, *more)

    def put(self, name, content):
        path = self.lake / "store" / "lake" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def make(self, name, columns, how, properties="", partitions=""):
        """A table over the folder of its name, as somebody's DDL says."""
        by = f"PARTITIONED BY ({partitions})" if partitions else ""
        more = f"TBLPROPERTIES ({properties})" if properties else ""
        self.sql(f"CREATE EXTERNAL TABLE d.{name} ({columns}) {by} {how} LOCATION 's3://lake/{name}/' {more}")

    def serde(self, library, properties=""):
        return f"ROW FORMAT SERDE '{library}'" + (f" WITH SERDEPROPERTIES ({properties})" if properties else "")

    def json_rows(self, sql):
        out = self.sql(sql, "--format", "jsonl").text
        return [json.loads(line) for line in out.splitlines()]

    def refuse_sql(self, code, words, text):
        return self.refuse(code, words, "query", text)


class LazySimple(TablesOfOthers):
    def test_values_are_what_hive_makes_of_text(self):
        self.make("t", "i int, s string, f double, b boolean, d date, ts timestamp, n decimal(6,2)",
                  "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
        self.put("t/a.csv", "1,x,1.5,true,2024-02-29,2024-02-29 12:30:01.25,12.345\n"
                            "007, y ,1e3,FALSE,2024-02-30,nope,99999\n"
                            "12.9,\\N,,maybe,,,\n"
                            "abc\n"
                            "5,extra,1,true,2024-01-01,2024-01-01,1,more,and more\n")
        self.assertEqual(self.json_rows("select * from d.t"), [
            {"i": 1, "s": "x", "f": 1.5, "b": True, "d": "2024-02-29", "ts": "2024-02-29T12:30:01.250", "n": 12.35},
            {"i": 7, "s": " y ", "f": 1000.0, "b": False, "d": None, "ts": None, "n": None},
            {"i": 12, "s": None, "f": None, "b": None, "d": None, "ts": None, "n": None},
            {"i": None, "s": None, "f": None, "b": None, "d": None, "ts": None, "n": None},
            {"i": 5, "s": "extra", "f": 1.0, "b": True, "d": "2024-01-01", "ts": "2024-01-01T00:00:00", "n": 1.0}])

    def test_nested_columns_have_separators_of_their_own(self):
        self.make("t", "a array<int>, m map<string,int>, s struct<x:int,y:array<string>>",
                  "ROW FORMAT DELIMITED FIELDS TERMINATED BY '|' COLLECTION ITEMS TERMINATED BY ',' "
                  "MAP KEYS TERMINATED BY ':'")
        self.put("t/a", "1,2,x|k:1,l:2|7,a:b\n\\N||\n")
        self.assertEqual(self.rows("select a[1], a[3] is null, len(a), m['l'], s.x, s.y[2] from d.t"),
                         [["1", "true", "3", "2", "7", "b"], ["", "true", "", "", "", ""]])

    def test_escapes_null_words_and_headers(self):
        self.make("t", "a string, b string", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ',' ESCAPED BY '\\\\' "
                  "NULL DEFINED AS '-'", "'skip.header.line.count'='2'")
        for name in ("t/one.csv", "t/two.csv"):
            self.put(name, "a,b\n--,--\nx\\,y,-\r\n")
        self.assertEqual(self.rows("select a, b is null from d.t"), [["x,y", "true"]] * 2)
        self.assertEqual(self.value("select count(*) from d.t"), "2")

    def test_the_default_separator_is_control_a(self):
        self.make("t", "a int, b string", "")
        self.put("t/000000_0", "1\x01one\n2\x01two")
        self.assertEqual(self.rows("select a, b from d.t order by a"), [["1", "one"], ["2", "two"]])
        self.assertEqual(self.rows("select \"$path\" from d.t where a = 2"), [["s3://lake/t/000000_0"]])

    def test_compressed_files_and_empty_lines(self):
        self.make("t", "a string, b int", "ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\t'")
        text = b"x\t1\n\ny\t2\n"
        self.put("t/a.gz", gzip.compress(text))
        self.put("t/b.bz2", bz2.compress(text))
        self.put("t/c.txt", text)
        self.assertEqual(self.rows("select a, sum(b), count(*) from d.t group by a order by a"),
                         [["", "", "3"], ["x", "3", "3"], ["y", "6", "3"]])

    def test_partitions_have_properties_of_their_own(self):
        self.make("t", "a int, b string", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','", partitions="day string")
        self.put("t/day=1/a.csv", "1,x\n")
        self.sql("ALTER TABLE d.t ADD PARTITION (day='1')")
        catalog = self.lake / "catalog.sqlite"
        self.assertTrue(catalog.exists())
        # Whoever changes the table afterwards leaves the partition as it was registered.
        self.sql("ALTER TABLE d.t SET TBLPROPERTIES ('skip.header.line.count'='1')")
        self.put("t/day=2/a.csv", "a,b\n2,y\n")
        self.sql("ALTER TABLE d.t ADD PARTITION (day='2')")
        self.assertEqual(self.rows("select a, b, day from d.t where day = '2'"), [["2", "y", "2"]])

    def test_bytes_that_are_no_utf8_read_as_the_replacement_and_are_told(self):
        self.make("t", "a string, b int", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
        self.put("t/a.csv", b"caf\xe9,1\nplain,2\n")
        outcome = self.sql("select a from d.t order by b", "--format", "csv")
        self.assertEqual(outcome.text.splitlines()[1:], ["caf\ufffd", "plain"])
        self.assertIn("a.csv: 1 value has bytes that are no UTF-8", outcome.err)

    def test_a_line_that_never_ends_and_a_file_that_is_cut_off(self):
        self.make("t", "a string", "")
        self.put("t/a.gz", gzip.compress(b"one\ntwo\n" * 1000)[:-20])
        self.refuse_sql(CORRUPT, ["d.t", "a.gz"], "select count(*) from d.t")
        self.make("u", "a string", "")
        self.put("u/a.txt", b"short\n" + b"x" * (70 << 20))
        self.refuse_sql(CORRUPT, ["u/a.txt", "line 2", "longer"], "select count(*) from d.u")

    def test_many_files_and_one_large_one_give_the_rows_that_duckdb_finds(self):
        import duckdb
        self.make("t", "id bigint, name string, amount double", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
        rows = "".join(f"{i},name {i % 977},{i * 0.25}\n" for i in range(200_000))
        big = self.put("t/big.csv", rows)
        for n in range(30):
            self.put(f"t/small-{n:02}.csv", f"{n},s,{n}\n")
        sql = "select count(*), sum(id), sum(amount), count(distinct name) from {}"
        theirs = duckdb.sql(sql.format(f"read_csv('{big.parent}/*.csv', header = false, "
                                       "columns = {'id': 'BIGINT', 'name': 'VARCHAR', 'amount': 'DOUBLE'})")).fetchone()
        (ours,) = self.rows(sql.format("d.t"))
        self.assertEqual([float(value) for value in ours], [float(value) for value in theirs])
        outcome = self.sql("select count(*) from d.t", "--verbose")
        self.assertIn("31 files", outcome.err)


class OpenCsv(TablesOfOthers):
    def test_csv_of_all_kinds_reads_as_pythons_csv_reads_it(self):
        for path in sorted((TESTDATA / "csv-spectrum" / "data" / "csvs").glob("*.csv")):
            text = path.read_bytes().decode()
            rows = list(csv.reader(io.StringIO(text, newline="")))
            if any("\n" in value for row in rows for value in row) or path.stem == "json":
                continue  # a line is a row to this SerDe, and a backslash its escape
            with self.subTest(path.stem):
                name = path.stem
                self.make(name, ", ".join(f"c{i} string" for i in range(len(rows[0]))), self.serde(OPEN_CSV),
                          "'skip.header.line.count'='1'")
                self.put(f"{name}/{path.name}", path.read_bytes())
                self.assertEqual(self.rows(f"select * from d.{name}"), rows[1:])

    def test_load_balancer_logs(self):
        files = sorted((TESTDATA / "elb-cloudfront-logs" / "data").glob("loadbalancer_*.csv"))
        self.make("alb", ", ".join(f"c{i} string" for i in range(29)),
                  self.serde(OPEN_CSV, "'separatorChar'=' ', 'quoteChar'='\"', 'escapeChar'='\\\\'"))
        wanted = []
        for path in files:
            self.put(f"alb/{path.name}", path.read_bytes())
            wanted += csv.reader(path.read_text().splitlines(), delimiter=" ")
        self.assertEqual(sorted(self.rows("select c0, c12, c13, c17 from d.alb")),
                         sorted([row[0], row[12], row[13], row[17]] for row in wanted))

    def test_dates_are_days_and_timestamps_milliseconds(self):
        self.make("t", "a string, d date, ts timestamp, n int, b boolean", self.serde(OPEN_CSV))
        self.put("t/a.csv", '"unixvalue","18276","1579059880000","5","true"\n')
        self.assertEqual(self.rows("select * from d.t"),
                         [["unixvalue", "2020-01-15", "2020-01-15 03:44:40", "5", "true"]])

    def test_what_is_no_number_is_an_error_that_names_its_place_unless_the_table_says_null(self):
        self.make("t", "a string, n int", self.serde(OPEN_CSV))
        self.put("t/a.csv", 'x,1\ny,\n')
        self.refuse_sql(CORRUPT, ["t/a.csv", "line 2", "column n", "found: nothing", "use.null.for.invalid.data"],
                        "select n from d.t")
        self.assertEqual(self.rows("select a from d.t order by 1"), [["x"], ["y"]])
        self.sql("ALTER TABLE d.t SET TBLPROPERTIES ('use.null.for.invalid.data'='true')")
        self.assertEqual(self.rows("select a, n from d.t order by 1"), [["x", "1"], ["y", ""]])

    def test_a_quote_that_is_not_closed_in_its_line_is_told(self):
        self.make("t", "a string, b string", self.serde(OPEN_CSV))
        self.put("t/a.csv", 'x,"open\nhere",y\nlast,row\n')
        outcome = self.sql("select a, b from d.t", "--format", "csv")
        self.assertIn("quote that is not closed", outcome.err)
        self.assertIn("last,row", outcome.text)


class Json(TablesOfOthers):
    def test_cloudtrail_reads_as_pythons_json_reads_it(self):
        self.make("trail", "records array<struct<eventname:string,eventsource:string,useridentity:struct<type:string,"
                  "accountid:string>,readonly:boolean,requestparameters:string>>", self.serde(OPENX))
        wanted = []
        for path in sorted((TESTDATA / "cloudtrail" / "data").glob("*.json")):
            content = json.loads(path.read_text())
            self.put(f"trail/{path.name}", json.dumps(content))
            wanted += content["Records"]
        rows = self.rows("select r.eventname, r.eventsource, r.useridentity.type, r.readonly from d.trail "
                         "cross join unnest(records) as t(r) order by 1, 2, 3, 4")
        self.assertGreater(len(wanted), 100)
        self.assertEqual(sorted(rows), sorted(
            [r["eventName"], r["eventSource"], r["userIdentity"].get("type", ""),
             {None: "", True: "true", False: "false"}[r.get("readOnly")]] for r in wanted))

    def test_openx_takes_what_converts_and_the_rest_is_null(self):
        self.make("t", "id int, price double, name string, tags array<string>, o struct<x:int>, ts timestamp",
                  self.serde(OPENX, "'mapping.id'='ID-Number', 'dots.in.keys'='true', 'mapping.ts'='time'"))
        self.put("t/a.json", '{"ID-Number": "12", "Price": "1.5", "Name": {"b": [1, 2]}, "tags": "one", "time": "2024-01-02T03:04:05Z"}\n'
                             '{"ID-Number": "twelve", "price": 2, "name": true, "tags": ["a", "b"], "o": {"X": 3}, "time": 1700000000}\n'
                             '\n'
                             '[1, 2]\n')
        self.assertEqual(self.json_rows("select * from d.t"), [
            {"id": 12, "price": 1.5, "name": '{"b":[1,2]}', "tags": ["one"], "o": None, "ts": "2024-01-02T03:04:05"},
            {"id": None, "price": 2.0, "name": "true", "tags": ["a", "b"], "o": {"x": 3}, "ts": "2023-11-14T22:13:20"},
            dict.fromkeys(["id", "price", "name", "tags", "o", "ts"]),
            dict.fromkeys(["id", "price", "name", "tags", "o", "ts"])])

    def test_malformed_lines_are_an_error_unless_the_table_ignores_them(self):
        self.make("t", "a int", self.serde(OPENX))
        self.put("t/a.json", '{"a": 1}\n{"a": 2\n{"a": 3}\n')
        self.refuse_sql(CORRUPT, ["t/a.json", "line 2"], "select a from d.t")
        self.make("u", "a int", self.serde(OPENX, "'ignore.malformed.json'='true'"))
        self.put("u/a.json", '{"a": 1}\n{"a": 2\n{"a": 3}\n')
        self.assertEqual(self.json_rows("select a from d.u"), [{"a": 1}, {"a": None}, {"a": 3}])

    def test_hives_own_serde_wants_the_types(self):
        self.make("t", "a int, b string", self.serde(HCATALOG))
        self.put("t/a.json", '{"A": 1, "B": "x", "c": 9}\n{"b": "y"}\n')
        self.assertEqual(self.rows("select a, b from d.t"), [["1", "x"], ["", "y"]])
        self.put("t/b.json", '{"a": "one"}\n')
        self.refuse_sql(CORRUPT, ["t/b.json", "line 1", "key a", "int"], "select a from d.t")


class Columnar(TablesOfOthers):
    def test_orc_goes_by_place_and_by_name_where_the_table_says_so(self):
        data = pa.table({"_col0": pa.array([1, 2], pa.int32()), "_col1": ["x", "y"]})
        sink = io.BytesIO()
        pa.orc.write_table(data, sink)
        self.make("t", "id int, name string, later double", "STORED AS ORC")
        self.put("t/a.orc", sink.getvalue())
        self.assertEqual(self.rows("select id, name, later from d.t order by 1"), [["1", "x", ""], ["2", "y", ""]])
        named = io.BytesIO()
        pa.orc.write_table(pa.table({"name": ["x"], "id": pa.array([1], pa.int32())}), named)
        self.make("u", "id int, name string", "STORED AS ORC", "'orc.column.index.access'='false'")
        self.put("u/a.orc", named.getvalue())
        self.assertEqual(self.rows("select id, name from d.u"), [["1", "x"]])

    def test_avro_files_have_the_rows_of_their_parquet_twins(self):
        self.make("t", "value decimal(10,2)", "STORED AS AVRO")
        self.put("t/a.avro", (TESTDATA / "avro-arrow" / "data" / "int64_decimal.avro").read_bytes())
        twin = pa.parquet.read_table(TESTDATA / "parquet-good" / "data" / "int64_decimal.parquet")
        self.assertEqual([row[0] for row in self.rows("select value from d.t order by value")],
                         [str(value) for value in sorted(twin["value"].to_pylist())])
        self.assertEqual(self.value("select count(*) from d.t"), str(twin.num_rows))


class Projection(TablesOfOthers):
    def parquet(self, **columns):
        sink = io.BytesIO()
        pa.parquet.write_table(pa.table(columns), sink)
        return sink.getvalue()

    def project(self, name, keys, properties, columns="a bigint", how="STORED AS PARQUET"):
        self.make(name, columns, how, ", ".join(f"'{k}'='{v}'" for k, v in
                                                ({"projection.enabled": "true"} | properties).items()), keys)

    def test_enums_and_integers(self):
        self.project("t", "region string, hour string",
                     {"projection.region.type": "enum", "projection.region.values": "eu,us",
                      "projection.hour.type": "integer", "projection.hour.range": "0,23",
                      "projection.hour.digits": "2"})
        self.put("t/region=eu/hour=07/x.parquet", self.parquet(a=[1]))
        self.put("t/region=us/hour=23/x.parquet", self.parquet(a=[2]))
        self.put("t/region=cn/hour=01/x.parquet", self.parquet(a=[3]))  # no value of the projection
        self.assertEqual(self.rows("select * from d.t order by a"), [["1", "eu", "07"], ["2", "us", "23"]])
        outcome = self.sql("select a from d.t where region = 'us' and hour in ('23', '22')", "--verbose")
        self.assertIn("1 of 2 partitions", outcome.err)
        self.assertEqual(self.rows("show partitions d.t"), [])

    def test_dates_with_a_template(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        self.project("t", "day string",
                     {"projection.day.type": "date", "projection.day.format": "yyyy/MM/dd",
                      "projection.day.range": "NOW-2DAYS,NOW", "projection.day.interval": "1",
                      "projection.day.interval.unit": "DAYS", "storage.location.template": "s3://lake/logs/${day}"},
                     "a int", "ROW FORMAT DELIMITED FIELDS TERMINATED BY ','")
        for back in range(4):
            day = today - datetime.timedelta(days=back)
            self.put(f"logs/{day:%Y/%m/%d}/a.csv", f"{back}\n")
        self.assertEqual([row[0] for row in self.rows("select a from d.t order by a")], ["0", "1", "2"])
        yesterday = today - datetime.timedelta(days=1)
        self.assertEqual(self.rows(f"select a, day from d.t where day = '{yesterday:%Y/%m/%d}'"),
                         [["1", f"{yesterday:%Y/%m/%d}"]])
        self.refuse_sql(NOT_IMPLEMENTED, ["d.t"], "insert into d.t values (1, '2024/01/01')")

    def test_a_million_values_are_not_listed_where_one_is_asked_for(self):
        self.project("t", "id bigint", {"projection.id.type": "integer", "projection.id.range": "0,9999999999"})
        self.put("t/id=123456789/x.parquet", self.parquet(a=[5]))
        self.assertEqual(self.rows("select a, id from d.t where id = 123456789"), [["5", "123456789"]])
        self.refuse_sql(INVALID, ["more than 1000000", "id"], "select count(*) from d.t")

    def test_injected_keys_need_their_value(self):
        self.project("t", "device string", {"projection.device.type": "injected"})
        self.put("t/device=a-1/x.parquet", self.parquet(a=[5]))
        self.assertEqual(self.rows("select a from d.t where device = 'a-1'"), [["5"]])
        self.assertEqual(self.rows("select a from d.t where device = 'nobody'"), [])
        self.refuse_sql(INVALID, ["injected projected partition column device", "static equality"],
                        "select a from d.t where device > 'a'")

    def test_what_is_configured_wrongly_is_named(self):
        self.project("t", "a1 string, b1 string", {"projection.a1.type": "enum", "projection.a1.values": "x"})
        self.refuse_sql(INVALID, ["d.t", "missing projection configuration: [b1]"], "select * from d.t")
        self.project("u", "n int", {"projection.n.type": "integer", "projection.n.range": "one,two"})
        self.refuse_sql(INVALID, ["projection.n.range", "one,two"], "select * from d.u")


class ToldAbout(TablesOfOthers):
    def warnings(self, sql):
        outcome = self.sql(sql, "--format", "csv")
        return [line for line in outcome.err.splitlines() if line.startswith("note: ")]

    def test_a_location_without_anything(self):
        self.make("t", "a int", "STORED AS PARQUET")
        (warning,) = self.warnings("select * from d.t")
        self.assertIn("table d.t has no rows: there is nothing at s3://lake/t/", warning)

    def test_a_location_that_is_a_file(self):
        self.make("t", "a int", "")
        self.put("t", "1\n")
        (warning,) = self.warnings("select * from d.t")
        self.assertIn("s3://lake/t is a file", warning)

    def test_a_folder_of_markers(self):
        self.make("t", "a int", "STORED AS PARQUET")
        self.put("t/_SUCCESS", "")
        self.put("t/_metadata", "x")
        self.put("t/part-0.parquet", "")
        (warning,) = self.warnings("select count(*) from d.t")
        self.assertIn("2 files with a name that begins with _ or .", warning)
        self.assertIn("_SUCCESS", warning)
        self.assertIn("1 file without a byte (part-0.parquet)", warning)

    def test_partitions_that_nobody_registered(self):
        self.make("t", "a int", "", partitions="day string")
        self.put("t/day=1/a", "1\n")
        (warning,) = self.warnings("select * from d.t")
        self.assertIn("MSCK REPAIR TABLE d.t", warning)
        self.sql("msck repair table d.t")
        self.assertEqual(self.warnings("select * from d.t"), [])
        self.assertEqual(self.warnings("select * from d.t where day = '7'"), [])

    def test_a_manifest_among_parquet_files_is_named(self):
        self.make("t", "a int", "STORED AS PARQUET")
        self.put("t/manifest.json", '{"entries": []}')
        self.refuse_sql(CORRUPT, ["d.t", "t/manifest.json"], "select * from d.t")

    def test_what_is_not_read_is_refused_with_its_name(self):
        self.make("t", "a string", self.serde("org.apache.hadoop.hive.serde2.RegexSerDe", "'input.regex'='(.*)'"))
        self.refuse_sql(NOT_IMPLEMENTED, ["RegexSerDe", "d.t"], "select * from d.t")
        self.make("u", "a string", "STORED AS INPUTFORMAT 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat' "
                  "OUTPUTFORMAT 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat'")
        self.refuse_sql(NOT_IMPLEMENTED, ["SymlinkTextInputFormat"], "select * from d.u")
        self.make("v", "a string", "", "'table_type'='ICEBERG'")
        self.refuse_sql(NOT_IMPLEMENTED, ["iceberg"], "select * from d.v")
        self.make("w", "a string", "", "'skip.footer.line.count'='1'")
        self.refuse_sql(NOT_IMPLEMENTED, ["skip.footer.line.count"], "select * from d.w")

    def test_text_tables_are_not_written(self):
        self.make("t", "a int", "")
        self.refuse_sql(NOT_IMPLEMENTED, ["d.t", "only Parquet is written"], "insert into d.t values (1)")
        source = self.write("new.csv", "a\n1\n")
        self.refuse(NOT_IMPLEMENTED, ["d.t", "only Parquet is written"], "load", source, "d.t")


if __name__ == "__main__":
    unittest.main()
