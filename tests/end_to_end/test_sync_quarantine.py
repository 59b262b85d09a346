"""Rows and columns that do not fit: fail, skip, quarantine, and contracts."""
import json
import random
import unittest

from lake import INVALID, NOT_FOUND, OK
from pipelines import SyncTest, csv_text

try:
    import duckdb
except ImportError:
    duckdb = None

needs_duckdb = unittest.skipIf(duckdb is None, "duckdb is not installed")
TYPES = {"id": "bigint", "v": "int", "d": "date"}
GOOD = [{"id": i, "v": i * 2, "d": f"2026-01-{1 + i % 28:02d}"} for i in range(100)]


class BadRows(SyncTest):
    """Some cells of a file are no values of their columns' types."""

    TARGETS = {"folder": {"path": "out/", "format": "jsonl"}, "file": {"path": "out.jsonl"}, "table": {"table": "db.t"}, "keyed": {"path": "out/", "format": "jsonl", "mode": "upsert", "primary_key": "id"},
               "duckdb": {"path": "x.duckdb", "table": "t"}}

    def make(self, seed=1, bad=10):
        """Rows of two files, of which some are bad. The bad ones by line: (file, line, column)."""
        dice = random.Random(seed)
        rows = [dict(row) for row in GOOD]
        self.bad = {}
        for i in dice.sample(range(100), bad):
            column, value = dice.choice([("v", "x"), ("v", "1.5"), ("v", "99999999999"), ("d", "2026-02-30"), ("d", "today")])
            rows[i][column] = value
            self.bad[(f"{self.here}/in/{'a' if i < 60 else 'b'}.csv", (i if i < 60 else i - 60) + 2)] = (column, value, i)
        self.write("in/a.csv", csv_text(rows[:60]))
        self.write("in/b.csv", csv_text(rows[60:]))
        self.good = [row for row in GOOD if row["id"] not in {i for _, _, i in self.bad.values()}]

    def run_with(self, on_error, target=TARGETS["folder"], code=OK, **pipeline):
        self.flow({"path": "in/*.csv", "types": TYPES}, target, on_error=on_error, **pipeline)
        return self.sync_one(code=code)

    def quarantined(self, report):
        name = report["quarantine"].removeprefix("file://")
        if name.startswith("s3://"):
            name = self.lake / "store" / name.removeprefix("s3://")
        return [json.loads(line) for line in self.path(name).read_text().splitlines()]

    def assert_quarantine(self, report):
        lines = self.quarantined(report)
        self.assertEqual(len(lines), len(self.bad))
        self.assertEqual({(line["file"], line["line"]) for line in lines}, set(self.bad))
        for line in lines:
            column, value, i = self.bad[(line["file"], line["line"])]
            self.assertEqual(line["column"], column)
            self.assertIn(value, line["reason"])
            self.assertIn(value, line["content"])
            self.assertIn(str(i), line["content"])
            self.assertRegex(line["time"], r"^\d{4}-\d\d-\d\dT")
            self.assertLessEqual(set(line), {"file", "line", "column", "reason", "content", "time"})

    def test_fail_names_a_row_and_writes_nothing(self):
        self.make()
        for name, target in self.TARGETS.items():
            self.flow({"path": "in/*.csv", "types": TYPES}, target)
            outcome = self.refuse_sync(INVALID, [".csv, line ", "column "])
            self.assertIn("expected", outcome.err)
            for path in ("out", "out.jsonl"):
                self.assertFalse((self.here / path).is_file() or (self.here / path).exists() and self.files_in(path), name)
        self.assertEqual(self.tables(), [])

    def test_skip_leaves_them_out_and_counts_them(self):
        self.make()
        for name, target in self.TARGETS.items():
            (self.here / name).mkdir()
            report = self.run_with("skip", target | ({"path": f"{name}/{target['path']}"} if "path" in target else {}))
            self.assertEqual((report["rows_written"], report["rows_skipped"], report["rows_quarantined"]), (90, 10, 0), name)
            self.assertEqual(report["sources"][0]["rows_set_aside"], 10)
            self.assertTrue(report["reasons"])
        self.assert_same_rows(self.rows_of("file/out.jsonl"), self.good)
        self.assert_same_rows(self.folder_rows("keyed/out"), self.good)
        self.assertFalse(list(self.here.rglob("_quarantine")))

    def test_quarantine_keeps_them(self):
        for seed in range(3):
            self.make(seed, bad=5 + 10 * seed)
            report = self.run_with("quarantine", {"path": f"out-{seed}/", "format": "jsonl"})
            self.assertEqual((report["rows_written"], report["rows_quarantined"]), (len(self.good), len(self.bad)))
            self.assertIn(f"/out-{seed}/_quarantine/", report["quarantine"])
            self.assert_quarantine(report)
            self.assert_same_rows(self.folder_rows(f"out-{seed}"), self.good)

    def test_quarantine_next_to_each_target(self):
        self.make()
        for name, target in self.TARGETS.items():
            if name == "duckdb":
                continue
            self.lake = self.here / f"lake-{name}"
            report = self.run_with("quarantine", target | ({"path": f"{name}/{target['path']}"} if "path" in target else {}))
            self.assertIn("_quarantine/", report["quarantine"], name)
            self.assert_quarantine(report)

    def test_a_duckdb_target_has_a_quarantine_or_asks_for_a_place(self):
        self.make()
        self.flow({"path": "in/*.csv", "types": TYPES}, self.TARGETS["duckdb"], on_error="quarantine")
        outcome = self.run_program("sync", "p.yaml")
        if outcome.code != OK:
            self.assertEqual(outcome.code, INVALID)
            self.assertIn("quarantine", outcome.err)
            report = self.run_with("quarantine", self.TARGETS["duckdb"], quarantine="bad/")
            self.assert_quarantine(report)

    def test_quarantine_in_a_folder_of_choice(self):
        self.make()
        report = self.run_with("quarantine", quarantine="bad/rows/")
        self.assertEqual([name.rsplit("/", 1)[0] for name in self.files_in("bad")], ["rows"])
        self.assert_quarantine(report)

    def test_a_folder_of_choice_without_a_slash_is_a_folder_too(self):
        self.make()
        report = self.run_with("quarantine", quarantine="bad")
        self.assertEqual(len(self.files_in("bad")), 1)
        self.assert_quarantine(report)

    def test_max_errors(self):
        self.make()
        for on_error in ("skip", "quarantine"):
            before = self.tree()
            self.flow({"path": "in/*.csv", "types": TYPES}, self.TARGETS["folder"], on_error=on_error, max_errors=9)
            self.refuse_sync(INVALID, ["more than 9 rows"])
            self.assertEqual([name for name in self.tree() if "out/" in name], [name for name in before if "out/" in name])
        report = self.run_with("quarantine", max_errors=10)
        self.assertEqual(report["rows_written"], 90)

    def make_pairs(self):
        """Six files with a good and a bad row each."""
        for i in range(6):
            self.write(f"pairs/{i}.csv", f"id\n{i}\nx{i}\n")
        return {"path": "pairs/*.csv", "types": {"id": "int"}}

    def test_max_errors_is_of_the_run_and_not_of_a_checkpoint(self):
        self.flow(self.make_pairs(), self.TARGETS["folder"], on_error="quarantine", max_errors=4, checkpoint="1")
        self.refuse_sync(INVALID, ["more than 4 rows"])

    def test_checkpoints_keep_every_bad_row(self):
        self.flow(self.make_pairs(), self.TARGETS["folder"], on_error="quarantine", checkpoint="1")
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (6, 6))
        lines = [json.loads(line) for path in (self.here / "out/_quarantine").glob("*.jsonl") for line in path.read_text().splitlines()]
        self.assertEqual(sorted(line["content"] for line in lines), [f"x{i}" for i in range(6)])

    def test_what_fails_behind_a_checkpoint_goes_on_from_there(self):
        source = self.make_pairs()
        for i in (0, 1, 2, 4, 5):
            self.write(f"pairs/{i}.csv", f"id\n{i}\n")
        self.flow(source, self.TARGETS["folder"], checkpoint="1")
        self.refuse_sync(INVALID, ["pairs/3.csv, line 3"])
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), [0, 1, 2])
        self.write("pairs/3.csv", "id\n3\n")
        self.assertEqual(self.sync_one()["rows_written"], 3)
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(6)))

    def test_no_bad_row_is_no_quarantine(self):
        self.make(bad=0)
        report = self.run_with("quarantine", max_errors=0)
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (100, 0))
        self.assertNotIn("quarantine", report)
        self.assertFalse(list(self.here.rglob("_quarantine")))

    def test_all_rows_bad(self):
        self.write("in/a.csv", csv_text([{"id": "x", "v": 1, "d": "2026-01-01"}] * 5))
        report = self.run_with("quarantine")
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (0, 5))
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_a_second_run_sets_nothing_aside_again(self):
        self.make()
        self.run_with("quarantine")
        files = [str(path) for path in (self.here / "out/_quarantine").iterdir()]
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        self.assertEqual([str(path) for path in (self.here / "out/_quarantine").iterdir()], files)

    def test_quarantined_rows_are_no_rows_of_the_target(self):
        self.make()
        self.run_with("quarantine")
        self.flow({"path": "out/**"}, {"connector": "stdout"}, name="back.yaml")
        out = self.succeed("sync", "back.yaml").text
        self.assert_same_rows([json.loads(line) for line in out.splitlines()], self.good)

    def test_rows_and_lines_that_do_not_parse(self):
        self.write("in/a.csv", 'id,v,d\n1,2,2026-01-01\n2,3\n4,5,2026-01-01,9\n5,6,2026-01-02\n')
        report = self.run_with("quarantine")
        self.assertEqual(report["rows_written"] + report["rows_quarantined"], 4)
        self.assertEqual([line["line"] for line in self.quarantined(report)], [line for line in (3, 4)][-report["rows_quarantined"]:])
        self.write("in2/a.jsonl", '{"id": 1}\n{"id": 2\nnonsense\n\n{"id": 3}\n')
        self.flow({"path": "in2/*.jsonl"}, {"path": "out2/", "format": "jsonl"}, on_error="quarantine")
        report = self.sync_one()
        self.assert_same_rows(self.folder_rows("out2"), [{"id": 1}, {"id": 3}])
        self.assertEqual([line["line"] for line in self.quarantined(report)], [2, 3])

    def test_content_that_is_no_utf8_is_still_json(self):
        self.write("in/a.csv", b"id,v,d\n1,2,2026-01-01\n2,\xff\xfe,2026-01-01\n")
        report = self.run_with("quarantine")
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (1, 1))
        (line,) = self.quarantined(report)
        self.assertIn("\ufffd", line["content"])

    def test_bad_rows_under_sql_are_set_aside_once(self):
        self.make()
        self.flow({"path": "in/*.csv", "types": TYPES}, self.TARGETS["folder"], on_error="quarantine",
                  sql="select a.id, b.v from s a join s b using (id)")
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (90, 10))
        self.assert_quarantine(report)

    def test_many_bad_rows(self):
        self.write("in/a.csv", "id,v,d\n" + "".join(f"{i},{'x' if i % 2 else i % 1000},2026-01-01\n" for i in range(60_000)))
        report = self.run_with("quarantine")
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (30_000, 30_000))
        lines = self.quarantined(report)
        self.assertEqual(sorted(line["line"] for line in lines), list(range(3, 60_003, 2)))

    def test_null_cursors_go_to_quarantine(self):
        self.write("in.csv", "id,ts\n1,2026-01-01\n2,\n")
        self.flow({"path": "in.csv", "datetime_field": "ts"}, self.TARGETS["folder"], on_error="quarantine")
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (1, 1))
        (line,) = self.quarantined(report)
        self.assertEqual((line["column"], json.loads(line["content"])["id"]), ("ts", 2))


class Contracts(SyncTest):
    """What new columns and other types do to a table."""

    def begin(self, kind, **source):
        self.kind = kind
        self.target = {"table": "db.t"} if kind == "table" else {"path": "x.duckdb", "table": "t"}
        self.write(f"{kind}/0.csv", "id,v\n1,10\n2,20\n")
        self.flow({"path": f"{kind}/*.csv"} | source, self.target)
        self.sync_one()

    def run_contract(self, text, code=OK, **contract):
        self.write(f"{self.kind}/1.csv", text)
        self.flow({"path": f"{self.kind}/*.csv"}, self.target | {"contract": contract})
        return self.sync_one(code=code)

    def found(self, columns="id, v"):
        if self.kind == "duckdb":
            with duckdb.connect(str(self.here / "x.duckdb"), read_only=True) as db:
                cursor = db.execute(f"select {columns} from t order by id")
                return [dict(zip([column[0] for column in cursor.description], row)) for row in cursor.fetchall()]
        return [json.loads(line) for line in self.succeed("query", f"select {columns} from db.t order by id", "--format", "jsonl").text.splitlines()]

    def test_new_columns_are_added(self):
        for kind in ("table", "duckdb"):
            self.begin(kind)
            report = self.run_contract("id,v,w\n3,30,x\n")
            self.assertIn("add column w", " ".join(report["changes"]))
        self.assertEqual(self.found("id, v, w")[-1], {"id": 3, "v": 30, "w": "x"})

    @needs_duckdb
    def test_freeze_refuses_new_columns_of_duckdb(self):
        self.check_freeze_refuses_new_columns("duckdb")

    def test_freeze_refuses_new_columns(self):
        self.check_freeze_refuses_new_columns("table")

    def check_freeze_refuses_new_columns(self, kind):
        self.begin(kind)
        before = self.stored() if kind == "table" else None
        self.run_contract("id,v,w\n3,30,x\n", code=INVALID, columns="freeze")
        self.assertIn("column w", self.last.err)
        self.assertEqual(len(self.found()), 2)
        if before is not None:
            self.assertEqual(self.stored(), before)

    @needs_duckdb
    def test_discard_value_drops_new_columns_of_duckdb(self):
        self.check_discard_value_drops_new_columns("duckdb")

    def test_discard_value_drops_new_columns(self):
        self.check_discard_value_drops_new_columns("table")

    def check_discard_value_drops_new_columns(self, kind):
        self.begin(kind)
        self.assertEqual(self.run_contract("id,v,w\n3,30,x\n", columns="discard_value")["rows_written"], 1)
        self.assertEqual(self.found("*")[-1]["v"], 30)
        self.assertNotIn("w", self.found("*")[-1])

    def test_discard_row_sends_rows_with_a_value_to_quarantine(self):
        self.begin("table")
        report = self.run_contract("id,v,w\n3,30,x\n4,40,\n5,50,y\n", columns="discard_row")
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (1, 2))
        self.assertEqual(report["sources"][0]["rows_set_aside"], 2)
        self.assertEqual([row["id"] for row in self.found()], [1, 2, 4])
        lines = [json.loads(line) for line in (self.lake / "store" / report["quarantine"].removeprefix("s3://")).read_text().splitlines()]
        self.assertEqual(sorted(json.loads(line["content"])["id"] for line in lines), [3, 5])
        self.assertEqual({line["column"] for line in lines}, {"w"})

    def check_widening(self, kind):
        self.begin(kind, types={"v": "int"})
        report = self.run_contract("id,v\n3,30000000000\n", code=INVALID)
        self.assertEqual(report["state"], "failed")
        self.assertIn("v", self.last.err)
        self.assertEqual(self.run_contract("id,v\n3,30000000000\n", data_type="evolve")["rows_written"], 1)
        self.assertEqual([row["v"] for row in self.found()], [10, 20, 30000000000])

    def test_a_type_that_differs_is_refused_unless_it_may_widen(self):
        self.check_widening("table")

    def type_of(self, column):
        for line in self.succeed("schema", "db.t").text.splitlines():
            cells = [cell.strip() for cell in line.split("│")]
            if cells[1:2] == [column]:
                return cells[2]
        return self.fail(f"db.t has no column {column}")

    def test_a_type_widens_no_more_than_its_values_ask_for(self):
        self.begin("table", types={"v": "tinyint"})
        for number, (value, expected) in enumerate(((100, "tinyint"), (-129, "smallint"), (5, "smallint"), (32768, "int"), (2**31, "bigint"), (1, "bigint")), 1):
            self.write(f"table/{number}.csv", f"id,v\n{number + 2},{value}\n")
            self.flow({"path": "table/*.csv"}, self.target | {"contract": {"data_type": "evolve"}})
            report = self.sync_one()
            self.assertEqual(self.type_of("v"), expected, value)
            self.assertEqual(bool(report["changes"]), value in (-129, 32768, 2**31), report["changes"])
        values = [10, 20, 100, -129, 5, 32768, 2**31, 1]
        self.assertEqual([row["v"] for row in self.found()], values)
        # Not only the engine reads the old files, and an upsert of all rows does.
        self.flow({"table": "db.t", "columns": ["id", "v"]}, {"path": "all.jsonl"}, name="all.yaml")
        self.sync_one(file="all.yaml")
        self.assertEqual(sorted((row["id"], row["v"]) for row in self.rows_of("all.jsonl")), list(enumerate(values, 1)))

    def test_an_upsert_widens_too(self):
        self.begin("table", types={"v": "int"})
        self.write("keyed.jsonl", '{"id": 2, "v": 9000000000}\n{"id": 3, "v": 1}\n')
        self.flow({"path": "keyed.jsonl"}, self.target | {"mode": "upsert", "primary_key": "id"})
        self.sync_one(code=INVALID)
        self.flow({"path": "keyed.jsonl"}, self.target | {"mode": "upsert", "primary_key": "id", "contract": {"data_type": "evolve"}})
        self.assertIn("widen column v: int to bigint", " ".join(self.sync_one()["changes"]))
        self.assertEqual([row["v"] for row in self.found()], [10, 9000000000, 1])

    def test_a_wide_value_beyond_the_sample_widens(self):
        self.begin("table", types={"v": "int"})
        self.write("table/1.csv", "id,v\n" + "".join(f"{i},7\n" for i in range(10, 20_000)) + "20000,9000000000\n")
        self.flow({"path": "table/*.csv", "sample": "1KiB"}, self.target | {"contract": {"data_type": "evolve"}})
        self.assertEqual(self.sync_one()["rows_written"], 19_991)
        self.assertEqual(self.type_of("v"), "bigint")

    def test_whole_numbers_never_become_fractions(self):
        for type_, text in (("int", "1.5"), ("bigint", "1.5"), ("int", "many")):
            with self.subTest(f"{text} into {type_}"):
                self.begin_again(types={"v": type_})
                before = self.stored()
                self.run_contract(f"id,v\n3,{text}\n", code=INVALID, data_type="evolve")
                self.assertIn("v", self.last.err)
                self.assertEqual(self.stored(), before)

    def begin_again(self, **source):
        self.succeed("drop", "db.t", "--yes") if self.tables() else None
        for path in (self.here / "table").glob("*.csv") if (self.here / "table").exists() else ():
            path.unlink()
        self.begin("table", **source)

    @needs_duckdb
    def test_a_type_that_differs_is_refused_unless_it_may_widen_in_duckdb(self):
        self.check_widening("duckdb")

    def test_values_of_another_type_may_be_dropped_or_set_aside(self):
        self.begin("table")
        report = self.run_contract("id,v\n3,many\n4,\n", data_type="discard_value")
        self.assertEqual(report["rows_written"], 2)
        self.assertEqual([row["v"] for row in self.found()], [10, 20, None, None])
        self.write("table/2.csv", "id,v\n5,lots\n6,\n")
        self.flow({"path": "table/*.csv"}, self.target | {"contract": {"data_type": "discard_row"}})
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (1, 1))

    def test_frozen_tables_must_be_there(self):
        self.write("a.csv", "id\n1\n")
        for target in ({"table": "db.t"}, {"path": "x.duckdb", "table": "t"}):
            self.flow({"path": "a.csv"}, target | {"contract": {"tables": "freeze"}})
            self.refuse_sync(NOT_FOUND if "path" not in target else INVALID, ["is not there", "freeze"])
        self.assertEqual(self.tables(), [])

    def test_the_pipeline_s_contract_wins(self):
        self.begin("table")
        self.write("table/1.csv", "id,v,w\n3,30,x\n")
        self.flow({"path": "table/*.csv"}, self.target | {"contract": {"columns": "evolve"}}, contract={"columns": "freeze"})
        self.sync_one(code=INVALID)
        self.assertEqual(len(self.found()), 2)

    @needs_duckdb
    def test_missing_columns_are_null_of_duckdb(self):
        self.check_missing_columns_are_null("duckdb")

    def test_missing_columns_are_null(self):
        self.check_missing_columns_are_null("table")

    def check_missing_columns_are_null(self, kind):
        self.begin(kind)
        self.run_contract("id\n3\n", columns="freeze")
        self.assertEqual(self.found()[-1], {"id": 3, "v": None})


if __name__ == "__main__":
    unittest.main()
