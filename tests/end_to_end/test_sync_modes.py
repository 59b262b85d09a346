"""How rows meet those that are there: each mode, into each kind of target, against a model in Python."""
import json
import random
import unittest

from lake import INVALID, OK
from pipelines import SyncTest, csv_text, day, needs_pyarrow, pa

try:
    import duckdb
except ImportError:
    duckdb = None

COLUMNS = ["id", "region", "v", "ts"]
TARGETS = {
    "table": {"table": "db.t"},
    "partitioned table": {"table": "db.t", "partition_by": "region"},
    "folder": {"path": "out/", "format": "jsonl"},
    "parquet folder": {"path": "out/"},
    "partitioned folder": {"path": "out/", "format": "jsonl", "partition_by": "region"},
    "file": {"path": "out.jsonl"},
    "parquet file": {"path": "out.parquet"},
    "duckdb": {"path": "out.duckdb", "table": "main.t"},
}
# Text that no type is read into, so that all readers say the same.
TYPES = {"id": "bigint", "region": "string", "v": "bigint", "ts": "string"}


class ModesTest(SyncTest):
    def setUp(self):
        super().setUp()
        self.round = 0

    def begin(self, name):
        """A fresh lake and folder for one target."""
        self.lake = self.here / f"lake-{name.replace(' ', '-')}"
        self.folder = name.replace(" ", "-")
        self.target = dict(TARGETS[name])
        self.name = name
        if "path" in self.target:
            self.target["path"] = f"{self.folder}/{self.target['path']}"

    def give(self, *files, types=TYPES, **destination):
        """Run with these files (lists of rows) as the new ones."""
        self.round += 1
        for number, rows in enumerate(files):
            self.write(f"{self.folder}/in-{self.round}/{number:02d}.csv", csv_text(rows, destination.get("columns", COLUMNS)))
        destination.pop("columns", None)
        self.flow({"path": f"{self.folder}/in-{self.round}/*.csv", "types": types}, self.target | destination)
        return self.sync_one(code=self.expect)

    expect = OK

    def rows_there(self, columns=COLUMNS):
        if "table" in self.target and "path" not in self.target:
            out = self.succeed("query", f"select {', '.join(columns)} from db.t", "--format", "jsonl").text
            rows = [json.loads(line) for line in out.splitlines()]
        elif self.name == "duckdb":
            with duckdb.connect(str(self.here / self.target["path"]), read_only=True) as db:
                rows = [dict(zip(columns, row)) for row in db.execute(f"select {', '.join(columns)} from t").fetchall()]
        elif self.target["path"].endswith("/"):
            rows = self.folder_rows(self.target["path"], keys=("region",))
        else:
            rows = self.rows_of(self.target["path"])
        return [{column: row.get(column) for column in columns} for row in rows]

    def assert_there(self, expected, columns=COLUMNS):
        self.assert_same_rows(self.rows_there(columns), [{c: row.get(c) for c in columns} for row in expected], self.name)

    def each(self, *names, without=()):
        """Begin with each target in turn; those that cannot be tested here are left out."""
        for name in names or TARGETS:
            if name not in without and not (name == "duckdb" and duckdb is None) and not ("parquet" in name and pa is None):
                self.begin(name)
                yield name


def row(id, v=0, region="eu", ts="2026-01-01"):
    return {"id": id, "region": region, "v": v, "ts": ts}


class Append(ModesTest):
    def test_rows_are_added_and_doubles_stay(self):
        for _ in self.each(without=("file", "parquet file")):
            first = [row(i, region="eu" if i % 3 else "us") for i in range(50)]
            second = [row(i, 1) for i in range(40, 60)]
            self.give(first, mode="append")
            report = self.give(second, second, mode="append")
            self.assertEqual((report["rows_written"], report["rows_unchanged"]), (40, 0))
            self.assert_there(first + second + second)

    def test_a_single_file_cannot_be_added_to(self):
        self.begin("file")
        self.write(f"{self.folder}/in.csv", "id\n1\n")
        self.flow({"path": f"{self.folder}/in.csv"}, self.target | {"mode": "append"})
        self.refuse_sync(INVALID, ["append does not fit a single file"])


class Replace(ModesTest):
    def test_only_the_new_rows_are_there(self):
        for _ in self.each():
            self.give([row(i, region="eu" if i % 3 else "us") for i in range(50)], mode="replace")
            second = [row(i, 1, region="asia") for i in range(40, 60)]
            self.give(second, mode="replace")
            self.assert_there(second)

    def test_a_second_run_reads_all_files_again(self):
        for _ in self.each():
            rows = [row(i) for i in range(9)]
            self.give(rows, mode="replace")
            report = self.sync_one()
            self.assertEqual((report["state"], report["rows_written"]), ("succeeded", 9))
            self.assert_there(rows)

    def test_columns_of_files_are_those_of_the_new_rows(self):
        for _ in self.each("file", "folder"):
            self.give([row(i) for i in range(9)], mode="replace")
            self.write(f"{self.folder}/other.csv", "x,y\n1,2\n")
            self.flow({"path": f"{self.folder}/other.csv"}, self.target | {"mode": "replace"})
            self.sync_one()
            found = self.folder_rows(self.target["path"]) if self.target["path"].endswith("/") else self.rows_of(self.target["path"])
            self.assertEqual(found, [{"x": 1, "y": 2}])

    def test_no_rows_replace_all_rows(self):
        for _ in self.each():
            self.give([row(i) for i in range(9)], mode="replace")
            self.write(f"{self.folder}/none.csv", "id,region,v,ts\n")
            self.flow({"path": f"{self.folder}/none.csv", "types": TYPES}, self.target | {"mode": "replace"})
            self.sync_one()
            self.assert_there([])


class OverwritePartitions(ModesTest):
    def test_only_partitions_with_new_rows_change(self):
        for _ in self.each("partitioned table", "partitioned folder"):
            first = [row(i, region=("eu", "us", "asia")[i % 3]) for i in range(60)]
            self.give(first, mode="overwrite_partitions")
            second = [row(i, 1, region="us") for i in range(100, 110)] + [row(200, 1, region="mars")]
            report = self.give(second, mode="overwrite_partitions")
            self.assertEqual((report["partitions_added"], report["partitions_replaced"]), (1, 1))
            self.assert_there([r for r in first if r["region"] != "us"] + second)

    def test_random_rounds(self):
        dice = random.Random(5)
        for _ in self.each("partitioned table", "partitioned folder"):
            there = {}
            for _ in range(4):
                new = [row(dice.randrange(1000), dice.randrange(99), region=dice.choice("abcde")) for _ in range(dice.randrange(1, 12))]
                self.give(new[:5], new[5:] or new[:0], mode="overwrite_partitions")
                for region in {r["region"] for r in new}:
                    there[region] = [r for r in new if r["region"] == region]
                self.assert_there([r for rows in there.values() for r in rows])

    def test_what_has_no_partitions_is_refused(self):
        for name in ("folder", "file", "duckdb"):
            self.begin(name)
            self.write(f"{self.folder}/in.csv", "id\n1\n")
            self.flow({"path": f"{self.folder}/in.csv"}, self.target | {"mode": "overwrite_partitions"})
            self.refuse_sync(INVALID, ["overwrite_partitions" if name != "duckdb" else "no partitions"])


class Model:
    """What upsert and insert_new leave."""

    def __init__(self, keys, field=None):
        self.keys, self.field, self.rows = keys, field, {}

    def key(self, row):
        return tuple(row[k] for k in self.keys)

    def upsert(self, rows):
        for new in rows:
            old = self.rows.get(self.key(new))
            # Null is the least.
            if old is None or self.field is None or (new[self.field] or "") >= (old[self.field] or ""):
                self.rows[self.key(new)] = new

    def insert_new(self, rows):
        fresh = Model(self.keys, self.field)
        fresh.upsert(new for new in rows if self.key(new) not in self.rows)
        self.rows |= fresh.rows


class Keyed(ModesTest):
    """upsert and insert_new."""

    def random_rounds(self, mode, seed, keys, field, rounds=4):
        for _ in self.each():
            dice = random.Random(seed)
            model = Model(keys, field)
            destination = {"mode": mode, "primary_key": keys} | ({"datetime_field": field} if field else {})
            for number in range(rounds):
                files = [[row(dice.randrange(40), dice.randrange(10**6), dice.choice(["eu", "us", "asia"]), dice.choice([day(dice.randrange(6)), None]))
                          for _ in range(dice.randrange(1, 40))] for _ in range(dice.randrange(1, 4))]
                report = self.give(*files, **destination)
                given = [r for rows in files for r in rows]
                before = dict(model.rows)
                getattr(model, mode)(given)
                self.assert_there(model.rows.values())
                self.assertEqual(report["rows_written"] + report["rows_unchanged"], len(given))
                changed = sum(1 for key, r in model.rows.items() if before.get(key) is not r)
                self.assertEqual(report["rows_written"], changed)
            self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_upsert_last_in_file_order_wins(self):
        self.random_rounds("upsert", 1, ["id"], None)

    def test_upsert_by_a_datetime_field_with_ties_and_nulls(self):
        self.random_rounds("upsert", 2, ["id"], "ts")

    def test_upsert_with_two_keys(self):
        self.random_rounds("upsert", 3, ["id", "region"], "ts")

    def test_insert_new(self):
        self.random_rounds("insert_new", 4, ["id"], None)

    def test_insert_new_by_a_datetime_field(self):
        self.random_rounds("insert_new", 5, ["region", "id"], "ts")

    def test_keys_move_between_partitions(self):
        for _ in self.each("partitioned table", "partitioned folder"):
            self.give([row(1, 1, "eu"), row(2, 2, "eu"), row(3, 3, "us")], mode="upsert", primary_key="id")
            self.give([row(1, 10, "us"), row(3, 30, "asia")], mode="upsert", primary_key="id")
            self.assert_there([row(1, 10, "us"), row(2, 2, "eu"), row(3, 30, "asia")])
            self.give([row(2, 20, "asia")], mode="upsert", primary_key="id")
            self.assert_there([row(1, 10, "us"), row(2, 20, "asia"), row(3, 30, "asia")])

    def test_null_keys_are_refused_and_nothing_is_written(self):
        for mode in ("upsert", "insert_new"):
            for name in self.each():
                self.lake = self.here / f"lake-{mode}-{self.folder}"
                self.folder = f"{mode}-{self.folder}"
                if "path" in self.target:
                    self.target["path"] = f"{mode}-{self.target['path']}"
                self.give([row(1), row(2)], mode=mode, primary_key="id")
                self.write(f"{self.folder}/in.csv", csv_text([row(3), row(None), row(4)]))
                self.flow({"path": f"{self.folder}/in.csv", "types": TYPES}, self.target | {"mode": mode, "primary_key": "id"})
                before = self.tree()
                self.refuse_sync(INVALID, ["id", "no value in the primary key" if name == "duckdb" else "null"])
                self.assert_there([row(1), row(2)])
                if name != "duckdb":
                    self.assertEqual(self.tree(), before)

    def test_a_key_that_is_no_column_is_refused(self):
        for _ in self.each():
            self.write(f"{self.folder}/in.csv", "id,region\n1,eu\n")
            for keys, word in (({"primary_key": "ident"}, "ident"), ({"primary_key": "id", "datetime_field": "changed"}, "changed")):
                self.flow({"path": f"{self.folder}/in.csv"}, self.target | {"mode": "upsert"} | keys)
                self.refuse_sync(INVALID, [word])

    def test_columns_are_added_by_an_upsert(self):
        wide = COLUMNS + ["more"]
        for _ in self.each():
            self.give([row(1, 1), row(2, 2)], mode="upsert", primary_key="id")
            self.give([row(2, 20) | {"more": "x"}, row(3, 30) | {"more": "y"}], mode="upsert", primary_key="id", columns=wide, types=TYPES | {"more": "string"})
            self.assert_there([row(1, 1), row(2, 20) | {"more": "x"}, row(3, 30) | {"more": "y"}], wide)
            self.give([row(3, 31)], mode="upsert", primary_key="id")
            self.assert_there([row(1, 1), row(2, 20) | {"more": "x"}, row(3, 31)], wide)

    def test_types_widen_in_an_upsert_of_a_table(self):
        for _ in self.each("table", "partitioned table", "duckdb"):
            self.give([row(1, 1), row(2, 2)], mode="upsert", primary_key="id", types=TYPES | {"v": "int"})
            self.give([row(2, 2**40)], mode="upsert", primary_key="id", contract={"data_type": "evolve"})
            self.assert_there([row(1, 1), row(2, 2**40)])

    @needs_pyarrow
    def test_types_widen_in_an_upsert_of_files(self):
        for _ in self.each("parquet file", "parquet folder"):
            self.give([row(1, 1), row(2, 2)], mode="upsert", primary_key="id", types=TYPES | {"v": "int"})
            self.give([row(2, 2**40)], mode="upsert", primary_key="id", contract={"data_type": "evolve"})
            self.assert_there([row(1, 1), row(2, 2**40)])

    def test_an_upsert_of_a_single_file_keeps_rows_that_did_not_change_in_order(self):
        self.begin("file")
        self.give([row(i, i) for i in range(60_000)], mode="upsert", primary_key="id")
        for number in range(8):
            self.give([row(i, -i) for i in range(number, 80_000, 1000)], mode="upsert", primary_key="id")
            found = [r["id"] for r in self.rows_there() if r["id"] % 1000 > 8]
            self.assertEqual(found == sorted(found), True, f"round {number}")

    def test_a_key_may_be_a_date_a_decimal_or_a_boolean(self):
        for column, values in (("date", ["2026-01-01", "1969-12-31"]), ("decimal(12,3)", ["1.500", "-2.250"]), ("boolean", ["true", "false"]), ("timestamp", ["2026-01-01T00:00:00", "1960-05-05T01:02:03.5"]),
                               ("string", ["a", ""])):
            with self.subTest(column):
                self.folder, self.name, self.target = f"t-{column[:4]}", "file", {"path": f"t-{column[:4]}/out.csv"}
                for v in (1, 2):
                    self.give([{"k": value, "v": v} for value in values], mode="upsert", primary_key="k", columns=["k", "v"], types={"k": column, "v": "int"})
                found = self.rows_of(self.target["path"])
                self.assertEqual(len(found), 2)
                self.assertEqual({r["v"] for r in found}, {"2"})


class Order(SyncTest):
    def test_single_files_keep_the_order_of_large_inputs(self):
        for number in range(2):
            self.write(f"in/{number}.csv", "id,text\n" + "".join(f"{i},row {i} of {number}\n" for i in range(number * 150_000, (number + 1) * 150_000)))
        for ending in ("csv", "jsonl"):
            self.flow({"path": "in/*.csv"}, {"path": f"out.{ending}"})
            self.sync_one()
        lines = (self.here / "out.csv").read_text().splitlines()
        self.assertEqual(lines[1:], [f"{i},row {i} of {i // 150_000}" for i in range(300_000)])
        self.assertEqual([json.loads(line)["id"] for line in (self.here / "out.jsonl").read_text().splitlines()], list(range(300_000)))

    @needs_pyarrow
    def test_parquet_and_sql_keep_it_too(self):
        self.write("in.csv", "id,text\n" + "".join(f"{i},row {i}\n" for i in range(300_000)))
        self.flow({"path": "in.csv"}, {"path": "out.parquet", "row_group_rows": 10_000})
        self.sync_one()
        self.assertEqual([r["id"] for r in self.rows_of("out.parquet")], list(range(300_000)))
        self.flow({"path": "out.parquet"}, {"path": "back.csv"}, name="back.yaml", sql="select id from s order by id desc")
        self.sync_one(file="back.yaml")
        self.assertEqual((self.here / "back.csv").read_text().split()[1:], [str(i) for i in range(299_999, -1, -1)])

    def test_the_last_of_a_large_input_wins(self):
        lines = [f"{i % 1000},{i}\n" for i in range(200_000)]
        self.write("in/0.csv", "id,v\n" + "".join(lines[:120_000]))
        self.write("in/1.csv", "id,v\n" + "".join(lines[120_000:]))
        for destination in ({"table": "db.t"}, {"path": "out/", "format": "jsonl"}):
            self.flow({"path": "in/*.csv"}, destination | {"mode": "upsert", "primary_key": "id"})
            self.assertEqual(self.sync_one()["rows_written"], 1000)
        self.assertEqual(sorted((r["id"], r["v"]) for r in self.folder_rows("out")), [(i, 199_000 + i) for i in range(1000)])
        self.assertEqual(self.rows("select count(*), min(v - id), max(v - id) from db.t"), [["1000", "199000", "199000"]])


if __name__ == "__main__":
    unittest.main()
