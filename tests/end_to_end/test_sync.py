"""Pipelines: every kind of source into every kind of destination, and what picks the files and rows."""
import bz2
import datetime
import gzip
import io
import json
import lzma
import os
import time
import unittest
import zipfile

from lake import INVALID, NOT_FOUND, OK
from pipelines import SyncTest, csv_text, needs_pyarrow, pa, yaml

try:
    import duckdb
except ImportError:
    duckdb = None

ROWS = [{"id": i, "name": f"name {i}", "amount": i * 0.25, "made": f"2026-01-{1 + i % 5:02d}", "region": "eu" if i % 2 else "us"} for i in range(40)]


def as_text(rows):
    return [{key: "" if value is None else str(value) for key, value in row.items()} for row in rows]


class Destinations(SyncTest):
    def setUp(self):
        super().setUp()
        self.write("in/a.csv", csv_text(ROWS[:25]))
        self.write("in/b.csv", csv_text(ROWS[25:]))

    def expected(self):
        return [row | {"made": datetime.date.fromisoformat(row["made"])} for row in ROWS]

    def test_a_table(self):
        self.flow({"path": "in/*.csv"}, {"table": "db.orders", "partition_by": "region"})
        report = self.sync_one()
        self.assertEqual((report["state"], report["rows_written"], report["target_created"]), ("succeeded", 40, True))
        self.assertEqual(report["partitions_added"], 2)
        found = self.rows("select id, name, amount, made, region from db.orders order by id")
        self.assertEqual([[int(r[0]), r[1], float(r[2]), r[3], r[4]] for r in found], [list(row.values()) for row in ROWS])
        self.assertEqual(self.columns("db.orders"), {"id": "bigint", "name": "string", "amount": "double", "made": "date", "region": "string"})

    def test_a_table_by_uri(self):
        self.flow({"uri": "in/*.csv"}, {"uri": "table:db.orders"})
        self.sync_one()
        self.assertEqual(self.value("select count(*) from db.orders"), "40")

    def test_single_files_of_each_text_format_keep_the_order(self):
        for ending in ("csv", "tsv", "jsonl", "json", "csv.gz"):
            with self.subTest(ending):
                self.flow({"path": "in/*.csv"}, {"path": f"out/rows.{ending}"})
                report = self.sync_one()
                self.assertEqual((report["mode"], report["rows_written"]), ("replace", 40))
                found = self.rows_of(f"out/rows.{ending}")
                self.assertEqual(as_text(found), as_text(ROWS))

    @needs_pyarrow
    def test_a_single_parquet_file_has_types(self):
        for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
            with self.subTest(codec):
                self.flow({"path": "in/*.csv"}, {"path": "out/rows.parquet", "compression": codec})
                self.sync_one()
                self.assertEqual(self.rows_of("out/rows.parquet"), self.expected())
                found = pa.parquet.ParquetFile(self.here / "out/rows.parquet").metadata.row_group(0).column(1).compression
                self.assertEqual(found, "UNCOMPRESSED" if codec == "none" else codec.upper())

    def test_an_avro_file_reads_back_the_same(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/rows.avro"})
        self.sync_one()
        self.flow({"path": "out/rows.avro"}, {"path": "back.jsonl"}, name="back.yaml")
        self.sync_one(file="back.yaml")
        self.assertEqual(self.rows_of("back.jsonl"), ROWS)

    def test_compressed_text_files_of_each_codec_read_back_the_same(self):
        for codec, ending in (("gzip", "gz"), ("bz2", "bz2"), ("zstd", "zst"), ("lz4", "lz4"), ("brotli", "br"), ("xz", "xz"), ("snappy", "snappy")):
            with self.subTest(codec):
                self.flow({"path": "in/*.csv"}, {"path": f"out/rows.jsonl.{ending}", "compression": codec})
                self.sync_one()
                packed = (self.here / f"out/rows.jsonl.{ending}").read_bytes()
                unpack = {"gzip": gzip.decompress, "bz2": bz2.decompress, "xz": lzma.decompress}.get(codec)
                if unpack is None and pa is not None and codec in ("zstd", "lz4", "brotli"):
                    def unpack(content):
                        return pa.CompressedInputStream(pa.BufferReader(content), codec).read()
                if unpack is not None:
                    self.assertEqual([json.loads(line) for line in unpack(packed).splitlines()], ROWS)
                self.flow({"path": f"out/rows.jsonl.{ending}"}, {"path": "back.jsonl"}, name="back.yaml")
                self.sync_one(file="back.yaml")
                self.assertEqual(self.rows_of("back.jsonl"), ROWS)

    def test_the_ending_of_a_text_file_says_its_compression(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/rows.csv.bz2"})
        self.sync_one()
        self.assertEqual(bz2.decompress((self.here / "out/rows.csv.bz2").read_bytes()).count(b"\n"), 41)

    @needs_pyarrow
    def test_a_folder_is_many_files(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/"})
        report = self.sync_one()
        self.assertEqual(report["mode"], "append")
        self.assertTrue(all(name.endswith(".parquet") for name in self.files_in("out")))
        self.assert_same_rows(self.folder_rows("out"), self.expected())
        self.assertEqual([name.rsplit("/", 1)[1] for name in report["files"]], self.files_in("out"))

    def test_a_folder_of_text(self):
        for format in ("csv", "tsv", "jsonl"):
            with self.subTest(format):
                self.flow({"path": "in/*.csv"}, {"path": f"out-{format}/", "format": format})
                self.sync_one()
                self.assert_same_rows(as_text(self.folder_rows(f"out-{format}")), as_text(ROWS))

    @needs_pyarrow
    def test_a_partitioned_folder(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/", "partition_by": "region"})
        report = self.sync_one()
        self.assertEqual(report["partitions_added"], 2)
        self.assert_same_rows(self.folder_rows("out", keys=("region",)), self.expected())
        self.assertEqual({name.split("/")[0] for name in self.files_in("out")}, {"region=eu", "region=us"})

    def test_a_folder_partitioned_by_a_number(self):
        self.flow({"path": "in/*.csv", "columns": ["id", "name"]}, {"path": "out/", "format": "jsonl", "partition_by": "id"})
        self.sync_one()
        self.assert_same_rows(self.folder_rows("out", keys=("id",)), [{"id": str(row["id"]), "name": row["name"]} for row in ROWS])

    @needs_pyarrow
    def test_a_folder_partitioned_by_time(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/", "partition_by": "day(made), region"})
        self.sync_one()
        expected = {f"year=2026/month=01/day={row['made'][8:]}/region={row['region']}" for row in ROWS}
        self.assertEqual({name.rsplit("/", 1)[0] for name in self.files_in("out")}, expected)
        found = [row["id"] for name in self.files_in("out") for row in self.rows_of(self.here / "out" / name)]
        self.assertEqual(sorted(found), list(range(40)))

    def test_tokens_in_names(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{pipeline}/{date}-{run}-{part}.jsonl"})
        before = datetime.datetime.now(datetime.timezone.utc)
        self.sync_one()
        after = datetime.datetime.now(datetime.timezone.utc)
        (name,) = self.files_in("out")
        self.assertRegex(name, r"^p/\d{4}-\d\d-\d\d-[0-9a-f]{32}-\d{5}\.jsonl$")
        self.assertIn(name.split("/")[1][:10], (before.date().isoformat(), after.date().isoformat()))
        self.assert_same_rows(self.rows_of(f"out/{name}"), ROWS)
        self.write("in/c.csv", csv_text([ROWS[0] | {"id": 100}]))
        self.assertEqual(self.sync_one()["rows_written"], 1)
        self.assertEqual(len(self.files_in("out")), 2)
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}/{run}-{part}.jsonl"})
        self.refuse_sync(INVALID, ["p.yaml, line ", "{date}", "not of the folder"])

    def test_a_file_name_with_a_date_alone_is_a_file_a_day(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}.jsonl"})
        self.sync_one()
        self.assertEqual(self.folder_rows("out"), ROWS)
        self.write("in/c.csv", csv_text([ROWS[0] | {"id": 100}]))
        self.sync_one()
        self.assertEqual(self.folder_rows("out"), [*ROWS, ROWS[0] | {"id": 100}])

    def test_small_files_are_closed_at_their_size(self):
        self.write("in/c.csv", csv_text([{"id": i, "name": os.urandom(40).hex(), "amount": 0.5, "made": "2026-01-01", "region": "eu"} for i in range(40, 30_000)]))
        self.flow({"path": "in/*.csv"}, {"path": "out/", "target_file_size": "256KiB", "format": "jsonl"})
        self.sync_one()
        sizes = [(self.here / "out" / name).stat().st_size for name in self.files_in("out")]
        self.assertGreaterEqual(len(sizes), 3)
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(30_000)))

    def test_stdout_in_each_text_format(self):
        for format in ("csv", "tsv", "jsonl", "json"):
            with self.subTest(format):
                self.flow({"path": "in/*.csv"}, {"connector": "stdout", "format": format})
                self.sync_one()
                self.write(f"caught.{format}", self.last.out)
                self.assertEqual(as_text(self.rows_of(f"caught.{format}")), as_text(ROWS))

    def test_stdout_by_its_short_names_is_jsonl(self):
        for uri in ("stdout:", "-"):
            self.flow({"path": "in/*.csv"}, {"uri": uri})
            outcome = self.succeed("sync", "p.yaml")
            self.assertEqual([json.loads(line) for line in outcome.text.splitlines()], ROWS)

    def test_stdout_compressed(self):
        self.flow({"path": "in/*.csv"}, {"connector": "stdout", "compression": "gzip"})
        outcome = self.succeed("sync", "p.yaml")
        self.assertEqual([json.loads(line) for line in gzip.decompress(outcome.out).splitlines()], ROWS)

    def test_csv_as_its_options_say(self):
        self.flow({"path": "in/*.csv", "columns": ["id", "made"], "limit": 2},
                  {"path": "out.csv", "delimiter": ";", "header": False, "date_format": "%d.%m.%Y"})
        self.sync_one()
        self.assertEqual((self.here / "out.csv").read_text(), "0;01.01.2026\n1;02.01.2026\n")

    @needs_pyarrow
    def test_parquet_files_are_closed_at_their_size_too(self):
        self.write("in/c.csv", csv_text([{"id": i, "name": os.urandom(40).hex(), "amount": 0.5, "made": "2026-01-01", "region": "eu"} for i in range(40, 60_000)]))
        self.flow({"path": "in/*.csv"}, {"path": "out/", "target_file_size": "256KiB"})
        self.sync_one()
        self.assertGreater(len(self.files_in("out")), 3)

    @unittest.skipIf(duckdb is None, "duckdb is not installed")
    def test_a_duckdb_table(self):
        self.flow({"path": "in/*.csv"}, {"path": "x.duckdb", "table": "main.orders"})
        self.assertEqual(self.sync_one()["rows_written"], 40)
        with duckdb.connect(str(self.here / "x.duckdb"), read_only=True) as db:
            found = db.execute("select * from orders order by id").fetchall()
        self.assertEqual([list(row) for row in found], [list(row.values()) for row in self.expected()])
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_local_and_s3_addresses_and_both_forms_of_s3(self):
        absolute = self.here / "in/*.csv"
        self.describe({"a": {"uri": f"file://{absolute}"}, "b": {"uri": "s3://one/x/*.jsonl"}, "c": {"connector": "s3", "bucket": "two", "key": "y/**"}},
                      {"first": {"uri": "s3://one/x/rows.jsonl"}, "second": {"connector": "s3", "bucket": "two", "key": "y/", "format": "jsonl"},
                       "third": {"connector": "file", "path": str(self.here / "out.jsonl")}},
                      [{"from": "a", "to": "first"}, {"from": "b", "to": "second"}, {"from": "c", "to": "third"}])
        reports = self.sync()
        self.assertEqual([one["rows_written"] for one in reports.values()], [40, 40, 40])
        self.assert_same_rows(self.rows_of("out.jsonl"), ROWS)
        self.assert_same_rows(self.rows_of(self.lake / "store/one/x/rows.jsonl"), ROWS)


class Sources(SyncTest):
    def test_a_table_and_a_query_are_sources(self):
        self.write("in.csv", csv_text(ROWS))
        self.succeed("load", "in.csv", "db.orders")
        self.describe({"t": {"table": "db.orders", "columns": ["id", "region"], "filter": "id < 10"},
                       "q": {"sql": "select region, count(*) n, sum(amount) total from db.orders group by 1 order by 1"},
                       "u": {"uri": "table:db.orders"}, "v": {"uri": "sql:select max(id) m from db.orders"}},
                      {name: {"path": f"{name}.jsonl"} for name in "tquv"},
                      [{"from": name, "to": name} for name in "tquv"])
        reports = self.sync()
        self.assert_same_rows(self.rows_of("t.jsonl"), [{"id": row["id"], "region": row["region"]} for row in ROWS[:10]])
        self.assertEqual(self.rows_of("q.jsonl"), [{"region": region, "n": 20, "total": sum(r["amount"] for r in ROWS if r["region"] == region)} for region in ("eu", "us")])
        self.assertEqual(len(self.rows_of("u.jsonl")), 40)
        self.assertEqual(self.rows_of("v.jsonl"), [{"m": 39}])
        self.assertEqual(reports["u"]["sources"][0]["rows_read"], 40)

    def test_sql_over_two_sources_joins_them(self):
        self.write("orders.csv", csv_text(ROWS))
        self.write("regions.json", json.dumps([{"code": "eu", "label": "Europe"}, {"code": "us", "label": "America"}]))
        self.describe({"orders": {"path": "orders.csv"}, "regions": {"path": "regions.json"}}, {"d": {"path": "out.jsonl"}},
                      [{"from": ["orders", "regions"], "to": "d", "sql": "select id, label from orders join regions on region = code where amount >= 5 order by id desc"}])
        report = self.sync_one()
        labels = {"eu": "Europe", "us": "America"}
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": r["id"], "label": labels[r["region"]]} for r in reversed(ROWS) if r["amount"] >= 5])
        self.assertEqual({one["name"]: one["rows_read"] for one in report["sources"]}, {"orders": 40, "regions": 2})

    def test_a_source_may_be_joined_with_itself(self):
        rows = [{"id": i, "parent": i // 2, "v": i * 7} for i in range(20_000)]
        self.write("in/a.csv", csv_text(rows[:9000]))
        self.write("in/b.csv", csv_text(rows[9000:]))
        self.flow({"path": "in/"}, {"path": "out.jsonl"},
                  sql="select a.id, b.v as parent_v from s a join s b on a.parent = b.id order by a.id")
        report = self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": r["id"], "parent_v": r["parent"] * 7} for r in rows])
        self.assertEqual(report["sources"][0]["rows_read"], 20_000)

    def test_sql_may_read_tables_of_the_lake_beside_its_sources(self):
        self.write("in.csv", csv_text(ROWS))
        self.succeed("load", "in.csv", "db.orders")
        self.write("ids.csv", "id\n3\n5\n99\n")
        self.flow({"path": "ids.csv"}, {"path": "out.jsonl"}, sql="select s.id, o.name from s left join db.orders o using (id) order by 1")
        self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": 3, "name": "name 3"}, {"id": 5, "name": "name 5"}, {"id": 99, "name": None}])

    def test_several_sources_follow_each_other(self):
        self.write("a.csv", "id,x\n1,a\n2,b\n")
        self.write("b.jsonl", '{"id": 3, "y": 0.5}\n')
        self.write("c.csv", "x,id\nc,4\n")
        self.describe({"a": {"path": "a.csv"}, "b": {"path": "b.jsonl"}, "c": {"path": "c.csv"}}, {"d": {"path": "out.jsonl"}}, [{"from": ["c", "a", "b"], "to": "d"}])
        self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), [{"x": "c", "id": 4, "y": None}, {"x": "a", "id": 1, "y": None}, {"x": "b", "id": 2, "y": None}, {"x": None, "id": 3, "y": 0.5}])

    def test_pipelines_run_in_the_order_in_which_they_depend(self):
        self.write("in.csv", csv_text(ROWS))
        self.describe({"f": {"path": "in.csv"}, "t": {"table": "db.one", "columns": list(ROWS[0])}, "o": {"path": "two.jsonl"}},
                      {"one": {"table": "db.one"}, "two": {"path": "two.jsonl"}, "three": {"path": "three/", "format": "jsonl"}},
                      [{"from": "f", "to": "one"}, {"from": "t", "to": "two"}, {"from": "o", "to": "three"}])
        self.sync()
        self.assert_same_rows(self.folder_rows("three"), ROWS)

    def test_a_pipeline_behind_a_failed_one_does_not_run(self):
        self.write("in.csv", "id\n1\n")
        self.describe({"f": {"path": "in.csv", "types": {"id": "date"}}, "t": {"table": "db.one"}, "g": {"path": "in.csv"}},
                      {"one": {"table": "db.one"}, "two": {"path": "two.jsonl"}, "three": {"path": "three.jsonl"}},
                      [{"from": "f", "to": "one"}, {"from": "t", "to": "two"}, {"from": "g", "to": "three"}])
        reports = self.sync(code=INVALID)
        self.assertEqual([one["state"] for one in reports.values()], ["failed", "failed", "succeeded"])
        self.assertIn("follows pipeline one", reports["two"]["error"]["message"])
        self.assertEqual(self.rows_of("three.jsonl"), [{"id": 1}])
        self.assertFalse((self.here / "two.jsonl").exists())

    def test_names_choose_pipelines(self):
        self.write("in.csv", "id\n1\n")
        self.describe({"f": {"path": "in.csv"}}, {"one": {"path": "one.jsonl"}, "two": {"path": "two.jsonl"}}, [{"to": "one"}, {"to": "two"}])
        self.assertEqual(list(self.sync("two")), ["two"])
        self.assertFalse((self.here / "one.jsonl").exists())
        self.refuse_sync(NOT_FOUND, ["there is no pipeline three", "one, two"], "three")

    def test_environment_variables_stand_for_values(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "${FOLDER:-.}/${FILE}"}, {"path": "out-$$.jsonl"})
        self.refuse_sync(INVALID, ["FILE", "p.yaml, line "])
        self.sync_one(env=self.environment(FILE="in.csv"))
        self.assertEqual(self.rows_of("out-$.jsonl"), [{"id": 1}])
        self.refuse_sync(NOT_FOUND, ["nowhere/"], env=self.environment(FILE="in.csv", FOLDER="nowhere"))

    def test_paths_are_relative_to_the_pipeline_file(self):
        self.write("flows/p.yaml", yaml({"sources": {"s": {"path": "../in.csv"}}, "destinations": {"d": {"path": "out.jsonl"}}}))
        self.write("in.csv", "id\n1\n")
        elsewhere = self.here / "elsewhere"
        elsewhere.mkdir()
        self.succeed("sync", "../flows/p.yaml", cwd=elsewhere)
        self.assertEqual(self.rows_of("flows/out.jsonl"), [{"id": 1}])


class Selecting(SyncTest):
    """Which files are read; every file holds its own name."""

    def make(self, *names):
        for name in names:
            self.write(f"in/{name}", f"name\n{name}\n")

    def read(self, source, **pipeline):
        self.flow({"path": "in/**"} | source, {"path": "out.jsonl"}, **pipeline)
        self.report = self.sync_one()
        self.source = self.report["sources"][0]
        return [row["name"] for row in self.rows_of("out.jsonl")] if (self.here / "out.jsonl").exists() else []

    def test_globs(self):
        self.make("a.csv", "b.csv", "b.tsv", "x/c.csv", "x/y/d.csv", "x/y/[e].csv")
        for pattern, expected in (("in/*.csv", ["a.csv", "b.csv"]), ("in/?.csv", ["a.csv", "b.csv"]), ("in/**/*.csv", ["a.csv", "b.csv", "x/c.csv", "x/y/[e].csv", "x/y/d.csv"]),
                                  ("in/*/*.csv", ["x/c.csv"]), ("in/[b-z]*.{csv,tsv}", ["b.csv", "b.tsv"]), ("in/x/", ["x/c.csv", "x/y/[e].csv", "x/y/d.csv"]),
                                  ("in/x", ["x/c.csv", "x/y/[e].csv", "x/y/d.csv"]), ("in/x/**/d.csv", ["x/y/d.csv"]), ("in/{a,x/c}.csv", ["a.csv", "x/c.csv"])):
            with self.subTest(pattern):
                self.assertEqual(self.read({"path": pattern}), expected)
        self.assertEqual(self.read({"path": ["in/b.csv", "in/a.csv", "in/*.csv"]}), ["b.csv", "a.csv"])

    def test_exclude_and_regex(self):
        self.make("a.csv", "b.csv", "c-tmp.csv", "x/a.csv")
        self.assertEqual(self.read({"select": {"exclude": ["*-tmp.csv", "b.csv"]}}), ["a.csv", "x/a.csv"])
        self.assertEqual(self.read({"select": {"regex": "^[ab]\\.csv$"}}), ["a.csv", "b.csv"])
        self.assertEqual(self.source["files_not_selected"], 2)

    def test_hidden_files_are_read_only_when_asked_for(self):
        self.make("a.csv", ".b.csv", "_c.csv", "_x/d.csv", ".y/e.csv")
        self.assertEqual(self.read({}), ["a.csv"])
        self.assertEqual(sorted(self.read({"select": {"include_hidden": True}})), sorted(["a.csv", ".b.csv", "_c.csv", "_x/d.csv", ".y/e.csv"]))

    def test_sizes_and_times(self):
        self.make("a.csv", "b.csv")
        self.write("in/big.csv", "name\nbig.csv\n" + "x" * 1000 + "\n")
        self.age("in/a.csv", 86_400 * 3)
        self.assertEqual(self.read({"select": {"max_size": 100}}), ["a.csv", "b.csv"])
        self.assertEqual(self.read({"select": {"min_size": "0.5KB"}})[0], "big.csv")
        cut = datetime.datetime.fromtimestamp(time.time() - 86_400, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.assertEqual(self.read({"select": {"modified_before": cut}}), ["a.csv"])
        self.assertEqual(self.read({"select": {"modified_after": cut, "max_size": 100}}), ["b.csv"])

    def test_modified_after_is_inclusive_and_before_exclusive(self):
        self.make("a.csv", "b.csv")
        for name, when in (("a.csv", 1_700_000_000), ("b.csv", 1_700_000_001)):
            os.utime(self.here / "in" / name, (when, when))
        self.assertEqual(self.read({"select": {"modified_after": "2023-11-14T22:13:21Z"}}), ["b.csv"])
        self.assertEqual(self.read({"select": {"modified_before": "2023-11-14T22:13:21Z"}}), ["a.csv"])

    def test_partitions_prune_folders_before_they_are_listed(self):
        for year in range(2020, 2027):
            for month in range(1, 13):
                self.write(f"in/year={year}/month={month:02d}/a.csv", f"name\n{year}-{month:02d}\n")
        found = self.read({"select": {"partitions": "year = '2026' AND month >= '11'"}})
        self.assertEqual(found, ["2026-11", "2026-12"])
        pruned = self.source["requests"]
        self.assertLess(pruned, 10)
        self.assertEqual(len(self.read({"select": {"partitions": "month = '02'"}})), 7)
        dry = self.sync_one("--dry-run")
        self.assertLess(dry["sources"][0]["requests"], 1 + 7 + 7 + 3)
        self.assertEqual(self.read({"select": {"partitions": "year IN ('2020', '2021') AND NOT month < '12'"}}), ["2020-12", "2021-12"])

    def test_rows_and_columns(self):
        self.write("in/a.csv", csv_text(ROWS))
        self.flow({"path": "in/a.csv", "columns": ["name", "id"], "filter": "amount >= 2 AND region = 'eu'"}, {"path": "out.jsonl"})
        report = self.sync_one()
        expected = [{"name": r["name"], "id": r["id"]} for r in ROWS if r["amount"] >= 2 and r["region"] == "eu"]
        self.assertEqual(self.rows_of("out.jsonl"), expected)
        self.assertEqual(list(self.rows_of("out.jsonl")[0]), ["name", "id"])
        self.assertEqual((report["sources"][0]["rows_read"], report["sources"][0]["rows_passed"]), (40, len(expected)))

    def test_a_column_that_is_not_there_is_named(self):
        self.write("in/a.csv", "id,name\n1,a\n")
        self.flow({"path": "in/a.csv", "columns": ["id", "nam"]}, {"path": "out.jsonl"})
        self.refuse_sync(INVALID, ["no column nam", "name"])
        self.flow({"path": "in/a.csv", "filter": "nam = 'a'"}, {"path": "out.jsonl"})
        self.refuse_sync(INVALID, ["no column nam"])
        self.assertFalse((self.here / "out.jsonl").exists())

    def test_limit(self):
        self.write("in/a.csv", csv_text(ROWS))
        self.flow({"path": "in/", "limit": 7}, {"path": "out.jsonl"})
        self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), ROWS[:7])
        self.succeed("load", "in/a.csv", "db.orders")
        self.flow({"table": "db.orders", "limit": 7}, {"path": "table.jsonl"}, name="t.yaml")
        self.sync_one(file="t.yaml")
        self.assertEqual(len(self.rows_of("table.jsonl")), 7)

    def test_file_column(self):
        self.make("a.csv", "x/b.csv")
        self.flow({"path": "in/**", "file_column": "origin"}, {"path": "out.jsonl"})
        self.sync_one()
        for row in self.rows_of("out.jsonl"):
            self.assertTrue(row["origin"].endswith(f"{self.here}/in/{row['name']}"), row)
        self.flow({"path": "in/**", "file_column": "name"}, {"path": "out.jsonl"})
        self.refuse_sync(INVALID, ["file_column name", "have a column of that name"])

    def test_an_address_that_is_not_there_is_an_error_and_a_pattern_is_not(self):
        self.flow({"path": "in/none.csv"}, {"path": "out.jsonl"})
        self.refuse_sync(NOT_FOUND, ["source s", f"{self.here}/in/"])
        self.write("in/some.csv", "id\n1\n")
        self.refuse_sync(NOT_FOUND, ["in/none.csv"])
        (self.here / "in/some.csv").unlink()
        self.flow({"path": "in/*.csv"}, {"path": "out.jsonl"})
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        self.assertFalse((self.here / "out.jsonl").exists())


class Packed(SyncTest):
    def read(self, path, **source):
        self.flow({"path": path, **source}, {"path": "out.jsonl"})
        self.sync_one()
        return self.rows_of("out.jsonl")

    def test_zip_archives(self):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.csv", csv_text(ROWS[:10]))
            archive.writestr("deep/b.csv", csv_text(ROWS[10:30]))
            archive.writestr("c.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS[30:]))
            archive.writestr("deep/", "")
        self.write("in/x.zip", packed.getvalue())
        self.assert_same_rows(self.read("in/*.zip"), ROWS)
        self.flow({"path": "in/*.zip"}, {"path": "folder/", "format": "jsonl"})
        self.assertEqual(self.sync_one()["rows_written"], 40)
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_compressed_inputs_of_each_codec(self):
        text = csv_text(ROWS).encode()
        packed = {"gz": gzip.compress(text), "bz2": bz2.compress(text), "xz": lzma.compress(text)}
        if pa is not None:
            for codec, ending in (("zstd", "zst"), ("lz4", "lz4"), ("brotli", "br")):
                sink = pa.BufferOutputStream()
                with pa.CompressedOutputStream(sink, codec) as stream:
                    stream.write(text)
                packed[ending] = sink.getvalue().to_pybytes()
        for ending, content in packed.items():
            with self.subTest(ending):
                self.write(f"in/{ending}/a.csv.{ending}", content)
                self.assertEqual(self.read(f"in/{ending}/*"), ROWS)

    def test_two_gzip_members_are_one_file(self):
        text = csv_text(ROWS).encode()
        self.write("a.csv.gz", gzip.compress(text[:300]) + gzip.compress(text[300:]))
        self.assertEqual(self.read("a.csv.gz"), ROWS)

    def test_a_compressed_file_that_is_cut_off_is_an_error(self):
        content = gzip.compress(csv_text([{"id": i, "x": os.urandom(30).hex()} for i in range(5000)]).encode())
        self.write("a.csv.gz", content[:-2000])
        self.flow({"path": "a.csv.gz"}, {"path": "out.jsonl"})
        outcome = self.run_program("sync", "p.yaml")
        self.assertNotEqual(outcome.code, OK)
        self.assertIn("a.csv.gz", outcome.err)
        self.assertFalse((self.here / "out.jsonl").exists())

    def test_encodings(self):
        rows = [{"id": 1, "name": "Zoë Müller"}, {"id": 2, "name": "naïve"}]
        for encoding, python in (("latin-1", "latin-1"), ("utf-16", "utf-16"), ("utf-8", "utf-8-sig"), ("windows-1252", "cp1252")):
            with self.subTest(encoding):
                self.write("in.csv", csv_text(rows).encode(python))
                self.assertEqual(self.read("in.csv", encoding=encoding), rows)

    def test_csv_dialects(self):
        self.write("in.txt", "# made by hand\nid|when|amount\n1|31.12.2025|'1,5'\n2|NA|-2,25\n")
        rows = self.read("in.txt", format="csv", delimiter="pipe", quote="'", comment="#", decimal_separator=",", null_values=["NA"],
                         date_formats=["%d.%m.%Y"])
        self.assertEqual(rows, [{"id": 1, "when": "2025-12-31", "amount": 1.5}, {"id": 2, "when": None, "amount": -2.25}])
        self.write("in.csv", "1,a\n2,b\n")
        self.assertEqual(self.read("in.csv", header=False), [{"f0": 1, "f1": "a"}, {"f0": 2, "f1": "b"}])
        self.assertEqual(self.read("in.csv", names=["n", "t"]), [{"n": 1, "t": "a"}, {"n": 2, "t": "b"}])

    def test_types_and_hints(self):
        self.write("in.csv", "zip,n,made_at,free\n01234,1,,x\n99999,2,,y\n")
        self.flow({"path": "in.csv", "types": {"n": "decimal(10,2)"}, "hints": {"*_at": "timestamp"}}, {"table": "db.t"})
        self.sync_one()
        columns = self.columns("db.t")
        self.assertEqual((columns["zip"], columns["n"], columns["made_at"]), ("string", "decimal(10,2)", "timestamp"))

    def test_json_records_inside_a_document(self):
        self.write("in.json", json.dumps({"meta": 1, "data": {"rows": ROWS[:5]}}))
        self.assertEqual(self.read("in.json", records="/data/rows"), ROWS[:5])


class DryRun(SyncTest):
    def test_a_dry_run_changes_nothing_and_tells_what_the_run_does(self):
        self.write("in/a.csv", csv_text(ROWS[:25]))
        self.write("in/b.csv", csv_text(ROWS[25:]))
        self.describe({"s": {"path": "in/*.csv"}},
                      {"table": {"table": "db.orders"}, "file": {"path": "out/x.jsonl"}, "folder": {"path": "many/"}, "keyed": {"table": "db.keyed", "mode": "upsert", "primary_key": "id"},
                       "duck": {"path": "x.duckdb", "table": "t"}},
                      [{"to": name} for name in ("table", "file", "folder", "keyed", "duck")])
        for part in ("first", "second"):
            with self.subTest(part):
                before = self.tree()
                dry = self.sync("--dry-run")
                self.assertIn("nothing was changed", self.last.err)
                self.assertEqual(self.tree(), before)
                run = self.sync()
                for name, report in run.items():
                    if name != "duck":
                        self.assertEqual(dry[name]["changes"], report["changes"], name)
                    self.assertEqual(dry[name]["state"], report["state"], name)
                    self.assertEqual([s["files"] for s in dry[name]["sources"]], [s["files"] for s in report["sources"]], name)
                    self.assertEqual([s["files_known"] for s in dry[name]["sources"]], [s["files_known"] for s in report["sources"]], name)
            self.write("in/c.csv", "id,name,extra\n100,x,true\n")
        self.assertIn("add column extra: boolean", run["table"]["changes"])

    def test_a_dry_run_does_not_even_make_the_lake(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"path": "far/away/out.jsonl"})
        names = sorted(path.name for path in self.here.rglob("*"))
        self.sync_one("--dry-run")
        self.assertEqual(sorted(path.name for path in self.here.rglob("*") if path.name != "report.json"), names)

    def test_a_dry_run_fails_where_the_run_fails(self):
        self.write("in.csv", "id,day\n1,monday\n")
        self.flow({"path": "in.csv"}, {"table": "db.t"})
        self.refuse_sync(INVALID, ["partition key has the same name"])
        self.refuse_sync(INVALID, ["partition key has the same name"], "--dry-run")

    def test_a_dry_run_into_duckdb_shows_changes(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"path": "x.duckdb", "table": "t"})
        self.assertEqual(self.sync_one("--dry-run")["changes"], ["add column id: bigint"])

    def test_a_dry_run_shows_new_files(self):
        self.write("in/a.csv", "id\n1\n")
        self.flow({"path": "in/*.csv"}, {"table": "db.t"})
        self.sync_one()
        self.write("in/b.csv", "id\n2\n")
        outcome = self.succeed("state", "diff", "p.yaml")
        self.assertIn("in/b.csv", outcome.text)
        self.assertNotIn("in/a.csv", outcome.text)


class Refusals(SyncTest):
    def test_errors_of_the_file_name_line_and_exit_with_2(self):
        cases = {"sources: {}\n": [], "sources:\n  s: {path: a.csv}\ndestinations:\n  d: {path: out.jsonl, mod: append}\n": ["line 4", "mode"],
                 "sources:\n  s: {path: a.csv\n": ["p.yaml, line "], "sources:\n  s:\n    path: a.csv\n    limit: many\ndestinations: {d: {path: o.jsonl}}\n": ["line 4", "limit", "many"],
                 "\tsources: 1\n": ["line 1"], "": [], "sources: {s: {path: a.csv}}\ndestinations: {d: {path: o.jsonl}}\npipelines: [{from: t}]\n": ["line 3", "no source t"],
                 "- 1\n": [], "sources: {s: {path: a.csv}, s: {path: b.csv}}\ndestinations: {d: {path: o.jsonl}}\n": ["line 1"],
                 "&a [*a, *a]\n": []}
        for text, words in cases.items():
            with self.subTest(text):
                self.write("p.yaml", text)
                self.refuse(INVALID, ["p.yaml", *words], "sync", "p.yaml")
        self.assertFalse((self.here / "o.jsonl").exists())
        self.refuse(NOT_FOUND, ["none.yaml"], "sync", "none.yaml")

    def test_secrets_are_never_shown(self):
        for text in ("sources: {s: {path: a.csv, password: hunter2hunter2}}\ndestinations: {d: {path: o.jsonl}}\n",
                     "sources: {s: {path: a.csv, secret_key: [hunter2hunter2]}}\ndestinations: {d: {path: o.jsonl}}\n",
                     "sources: {s: {path: a.csv, aws_secret_access_key: hunter2hunter2}}\ndestinations: {d: {path: o.jsonl}}\n",
                     "sources: {s: {path: a.csv, token: '${TOKEN}'}}\ndestinations: {d: {path: o.jsonl}}\n"):
            with self.subTest(text):
                self.write("p.yaml", text)
                outcome = self.refuse(INVALID, ["p.yaml"], "sync", "p.yaml", "--verbose", env=self.environment(TOKEN="hunter2hunter2"))
                self.assertNotIn("hunter2", outcome.err + outcome.text)

    def test_passwords_in_addresses_are_not_shown(self):
        self.flow({"uri": "https://user:hunter2@host/x.csv"}, {"path": "o.jsonl"})
        outcome = self.refuse_sync(INVALID, ["p.yaml, line "])
        self.assertNotIn("hunter2", outcome.err)

    def test_the_schema_is_json(self):
        schema = json.loads(self.succeed("sync", "--schema").text)
        self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")


if __name__ == "__main__":
    unittest.main()
