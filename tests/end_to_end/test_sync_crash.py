"""Pipelines that are killed, run beside each other, run out of disk or have their files change: every row once.

GLAUX_KILLS says how many runs are killed; the default is a handful.
"""
import collections
import json
import os
import random
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from lake import NOT_FOUND, OK, UNAVAILABLE
from pipelines import SyncTest, csv_text

try:
    import duckdb
except ImportError:
    duckdb = None

KILLS = int(os.environ.get("GLAUX_KILLS") or 16)
CONFLICT = 5


class CrashTest(SyncTest):
    """Rows are (id, v); ids of a round do not overlap with those of others unless they are meant to."""

    def make(self, folder, first, count, v, files=4):
        each = count // files
        for number in range(files):
            begin = first + number * each
            self.write(f"{folder}/{v}-{number}.csv", "id,v,p\n" + "".join(f"{i},{v},p{i % 4}\n" for i in range(begin, begin + each)))

    def seen(self, destination):
        """id -> list of v as a reader of ours sees them; None if there is nothing."""
        if "table" in destination and "path" not in destination:
            outcome = self.run_program("query", "select id, v from db.t", "--format", "csv")
            if outcome.code == NOT_FOUND:
                return None
        elif destination["path"].endswith(".duckdb"):
            if not (self.here / destination["path"]).exists():
                return None
            with duckdb.connect(str(self.here / destination["path"])) as db:
                try:
                    rows = db.execute("select id, v from t").fetchall()
                except duckdb.CatalogException:
                    return None
            return self.grouped(rows)
        else:
            if not (self.here / destination["path"]).exists():
                return None
            path = destination["path"] + ("**" if destination["path"].endswith("/") else "")
            self.flow({"path": path, "columns": ["id", "v"]} | ({"format": "jsonl"} if "format" in destination else {}), {"path": "looked/rows.csv"}, name="look.yaml")
            outcome = self.run_program("sync", "look.yaml", "--quiet")
            if outcome.code == NOT_FOUND and "No such file" in outcome.err:
                # A replace took the file away meanwhile, and the run has not seen a part of anything.
                return self.seen(destination)
            self.assertEqual(outcome.code, OK, outcome.err)
            looked = self.here / "looked/rows.csv"
            text = looked.read_text() if looked.exists() else ""
            looked.unlink(missing_ok=True)
            return self.grouped(line.split(",") for line in text.splitlines()[1:])
        self.assertEqual(outcome.code, OK, outcome.err)
        return self.grouped(line.split(",") for line in outcome.text.splitlines()[1:])

    @staticmethod
    def grouped(rows):
        found = collections.defaultdict(list)
        for id, v in rows:
            found[int(id)].append(int(v))
        return dict(found) or None


    QUARANTINES = {
        "a table": ({"table": "db.t"}, {}),
        "a folder elsewhere": ({"path": "out/", "format": "jsonl"}, {"quarantine": "bad/"}),
        "a table, a folder elsewhere": ({"table": "db.t"}, {"quarantine": "bad/"}),
        "a file": ({"path": "out/x.jsonl", "mode": "upsert", "primary_key": "id"}, {}),
        "checkpoints": ({"path": "out/", "format": "jsonl"}, {"checkpoint": "60KB"}),
        "upsert": ({"table": "db.t", "mode": "upsert", "primary_key": "id"}, {}),
    } | ({"DuckDB": ({"path": "x.duckdb", "table": "t"}, {})} if duckdb else {})

    def bad_rows(self):
        """Contents of all quarantined rows, wherever their files are."""
        found = [path for path in self.here.rglob("*.jsonl") if path.parent.name in ("_quarantine", "bad") or path.parent.name.endswith(".quarantine")]
        return sorted(json.loads(line)["content"] for path in found for line in path.read_text().splitlines())

    def here_of_round(self, number):
        """Each round has a folder and a lake of its own."""
        if not hasattr(self, "root"):
            self.root = self.here
        self.here = self.root / f"round-{number}"
        self.here.mkdir()
        self.lake = self.here / "the-lake"


class Killed(CrashTest):
    CASES = {
        "append to a folder": ({"path": "out/", "format": "jsonl"}, {}, "append"),
        "append to a partitioned folder": ({"path": "out/", "format": "jsonl", "partition_by": "p"}, {}, "append"),
        "append to a table": ({"table": "db.t", "partition_by": "p"}, {}, "append"),
        "append with checkpoints": ({"path": "out/", "format": "jsonl"}, {"checkpoint": "100KB"}, "append"),
        "checkpoints into a table": ({"table": "db.t"}, {"checkpoint": "100KB"}, "append"),
        "upsert into a table": ({"table": "db.t", "mode": "upsert", "primary_key": "id"}, {}, "upsert"),
        "upsert into a folder": ({"path": "out/", "format": "jsonl", "mode": "upsert", "primary_key": "id"}, {}, "upsert"),
        "upsert into a file": ({"path": "out/x.jsonl", "mode": "upsert", "primary_key": "id"}, {}, "upsert"),
        "upsert with checkpoints": ({"table": "db.t", "mode": "upsert", "primary_key": "id"}, {"checkpoint": "100KB"}, "upsert"),
        "replace of a file": ({"path": "out/x.jsonl"}, {}, "replace"),
        "replace of a folder": ({"path": "out/", "format": "jsonl", "mode": "replace"}, {}, "replace"),
        "replace of a table": ({"table": "db.t", "mode": "replace", "partition_by": "p"}, {}, "replace"),
        "partitions of a folder": ({"path": "out/", "format": "jsonl", "mode": "overwrite_partitions", "partition_by": "p"}, {}, "replace"),
    } | ({"append to DuckDB": ({"path": "x.duckdb", "table": "t"}, {}, "append"),
          "upsert into DuckDB": ({"path": "x.duckdb", "table": "t", "mode": "upsert", "primary_key": "id"}, {}, "upsert")} if duckdb else {})
    ROWS = 40_000

    def after(self, kind, before, first, v):
        """What is there after a run, of what was there before."""
        new = {i: [v] for i in range(first, first + self.ROWS)}
        if kind == "append":
            return {i: before.get(i, []) + new.get(i, []) for i in before.keys() | new.keys()}
        return new if kind == "replace" else before | new

    def assert_old_or_new(self, seen, old, new, name, pipeline):
        seen = seen or {}
        if "checkpoint" not in pipeline:
            self.assertIn(seen, (old, new), f"{name}: {len(old)} rows before, {len(new)} after, and {len(seen)} were seen")
            return
        # Whole files are there or not.
        for id, versions in seen.items():
            self.assertIn(versions, (old.get(id), new.get(id)), name)
        self.assertEqual(sum(1 for id in new if seen.get(id) == new[id] != old.get(id)) % (self.ROWS // 4), 0, name)

    def test_killed_runs_are_made_good_by_the_next(self):
        dice = random.Random(4)
        cases = list(self.CASES.items())
        typical, killed = {}, 0
        for number in range(KILLS):
            name, (destination, pipeline, kind) = cases[number % len(cases)]
            self.here_of_round(number)
            rounds = 1 if KILLS < 50 else 2
            there = {}
            if number % 3:
                self.make("in", 0, 4000, 1)
                self.run_pipeline(destination, pipeline)
                there = {i: [1] for i in range(4000)}
            for again in range(rounds):
                if kind == "replace":
                    for old in (self.here / "in").glob("*.csv"):
                        old.unlink()
                first = dice.choice([2000, 100_000 * (again + 1)])
                self.make("in", first, self.ROWS, again + 2)
                expected = self.after(kind, there, first, again + 2)
                self.flow({"path": "in/*.csv"}, destination, **pipeline)
                # Spread over the whole run, whose length the first round of each case tells.
                delay = dice.random() * typical.get(name, 0.15)
                begun = time.monotonic()
                process = self.start("sync", "p.yaml", "--quiet")
                time.sleep(delay)
                process.kill()
                process.communicate()
                killed += process.returncode == -signal.SIGKILL
                self.assert_old_or_new(self.seen(destination), there, expected, f"{name}, round {number}, killed after {delay:.3f} s", pipeline)
                begun = time.monotonic()
                self.run_pipeline(destination, pipeline)
                typical[name] = max(typical.get(name, 0), time.monotonic() - begun) if process.returncode == OK else typical.get(name, 0.15)
                self.assertEqual(self.seen(destination) == expected, True, f"{name}, round {number}, killed after {delay:.3f} s")
                if "path" in destination and not destination["path"].endswith(".duckdb"):
                    self.assert_outside(destination, expected, f"{name}, round {number}, killed after {delay:.3f} s")
                there = expected
            self.assertEqual([path.name for path in self.here.rglob("*.partial")], [])
        self.assertGreater(killed, KILLS // 3, "the runs were over before they could be killed")

    def run_pipeline(self, destination, pipeline):
        self.flow({"path": "in/*.csv"}, destination, **pipeline)
        self.sync_one()

    def assert_outside(self, destination, expected, name):
        """Whoever lists the folder or reads the file without us sees the same."""
        rows = self.folder_rows(destination["path"]) if destination["path"].endswith("/") else self.rows_of(destination["path"])
        self.assertEqual(self.grouped((row["id"], row["v"]) for row in rows) == expected, True, f"{name}: for others")

    def test_a_killed_cursor_takes_each_row_once(self):
        dice = random.Random(6)
        rows = []
        for number in range(max(4, KILLS // 10)):
            for _ in range(20_000):
                rows.append((len(rows), len(rows) // 7))
            self.write("in.csv", "id,ts\n" + "".join(f"{id},{ts}\n" for id, ts in rows))
            self.flow({"path": "in.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, {"path": "out/", "format": "jsonl"})
            process = self.start("sync", "p.yaml", "--quiet")
            time.sleep(dice.random() * 0.2)
            process.kill()
            process.communicate()
        self.sync_one()
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(len(rows))))

    def test_a_killed_run_leaves_no_second_quarantine(self):
        dice = random.Random(8)
        typical = 0
        for number in range(max(12, KILLS // 10)):
            self.write(f"in-{number}/a.csv", "id\n" + "".join(f"{i if i % 10 else 'x'}\n" for i in range(30_000)))
            self.flow({"path": f"in-{number}/*.csv", "types": {"id": "int"}}, {"path": f"out-{number}/", "format": "jsonl"}, on_error="quarantine")
            begun = time.monotonic()
            process = self.start("sync", "p.yaml", "--quiet")
            if number > 0:
                # The end of the run is where it publishes.
                time.sleep(typical * (0.3 + 0.7 * dice.random()))
                process.kill()
            process.communicate()
            typical = typical or time.monotonic() - begun
            self.sync_one()
            self.assertEqual(len(self.folder_rows(f"out-{number}")), 27_000)
            lines = sum(path.read_text().count("\n") for path in (self.here / f"out-{number}/_quarantine").glob("*.jsonl"))
            self.assertEqual(lines, 3000, f"round {number}")

    def test_a_killed_run_sets_each_row_aside_once(self):
        dice = random.Random(9)
        typical = {}
        for number in range(max(2 * len(self.QUARANTINES), KILLS // 5)):
            name, (destination, pipeline) = list(self.QUARANTINES.items())[number % len(self.QUARANTINES)]
            self.here_of_round(number)
            for part in range(4):
                self.write(f"in/{part}.csv", "id,v,p\n" + "".join(f"{part * 10_000 + i},{1 if i % 10 else 'x'},p\n" for i in range(10_000)))
            self.flow({"path": "in/*.csv", "types": {"id": "int", "v": "int"}}, destination, on_error="quarantine", **pipeline)
            begun = time.monotonic()
            process = self.start("sync", "p.yaml", "--quiet")
            if name in typical:
                time.sleep(typical[name] * (0.3 + 0.8 * dice.random()))
                process.kill()
            process.communicate()
            typical.setdefault(name, time.monotonic() - begun)
            before = self.bad_rows()
            self.assertEqual(len(before), len(set(before)), f"{name}, round {number}")
            self.sync_one()
            self.assertEqual(len(self.seen(destination)), 36_000, f"{name}, round {number}")
            self.assertEqual(self.bad_rows(), sorted(f"{i},x,p" for i in range(0, 40_000, 10)), f"{name}, round {number}")

    def test_a_run_killed_before_the_catalog_has_its_table_sets_rows_aside_once(self):
        for number, mode in enumerate(({}, {"mode": "upsert", "primary_key": "id"}, {"mode": "insert_new", "primary_key": "id"})):
            self.here_of_round(number)
            self.write("in/a.csv", "id,v\n" + "".join(f"{i},{1 if i % 10 else 'x'}\n" for i in range(100)))
            self.flow({"path": "in/*.csv", "types": {"id": "int", "v": "int"}}, {"table": "db.t", **mode}, on_error="quarantine")
            self.succeed("load", "in/a.csv", "db.other")
            state = self.lake / "store/lake/db/t/_glaux/state.json"
            catalog = sqlite3.connect(self.lake / "catalog.sqlite", isolation_level=None)
            catalog.execute("BEGIN IMMEDIATE")
            process = self.start("sync", "p.yaml", "--quiet")
            until = time.monotonic() + 20
            while not (state.exists() and '"open"' in state.read_text()) and time.monotonic() < until:
                time.sleep(0.005)
            process.kill()
            process.communicate()
            catalog.execute("ROLLBACK")
            catalog.close()
            self.assertIn('"open"', state.read_text())
            self.assertEqual((self.tables(), self.bad_rows()), (["db.other"], []), mode)
            self.sync_one()
            self.assertEqual(len(self.seen({"table": "db.t"})), 90, mode)
            self.assertEqual(len(self.bad_rows()), 10, mode)

    def test_a_run_that_is_interrupted_leaves_nothing(self):
        self.make("in", 0, 400_000, 1, files=8)
        for destination in ({"table": "db.t"}, {"path": "out/", "format": "jsonl"}, {"path": "single/x.jsonl"}):
            self.flow({"path": "in/*.csv"}, destination)
            before = self.data_there()
            process = self.start("sync", "p.yaml")
            self.signal_at_work(process, signal.SIGINT, 0.03)
            _, err = process.communicate(timeout=30)
            if process.returncode == OK:
                continue
            self.assertEqual(process.returncode, 130, err)
            self.assertIsNone(self.seen(destination))
            self.assertEqual(self.data_there(), before)

    def data_there(self):
        return [name for name in self.files_in(".") if name.endswith((".jsonl", ".parquet"))]


class Together(CrashTest):
    def many(self, count, destination, losers=(OK, CONFLICT), **pipeline):
        self.flow({"path": "in/*.csv"}, destination, **pipeline)
        running = [self.start("sync", "p.yaml") for _ in range(count)]
        ends = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
        for err, code in ends:
            self.assertIn(code, losers, err)
        self.assertIn(OK, [code for _, code in ends])
        return ends

    def test_five_runs_of_one_pipeline_write_each_row_once(self):
        self.make("in", 0, 20_000, 1)
        for name, destination in (("folder", {"path": "out/", "format": "jsonl"}), ("table", {"table": "db.t"}), ("upsert", {"path": "keyed/", "format": "jsonl", "mode": "upsert", "primary_key": "id"}),
                                  ("file", {"path": "one/x.jsonl"}), ("keyed file", {"path": "two/x.jsonl", "mode": "upsert", "primary_key": "id"}), ("replace", {"path": "three/", "format": "jsonl", "mode": "replace"})):
            self.many(5, destination)
            self.assertEqual(self.seen(destination) == {i: [1] for i in range(20_000)}, True, name)
            if "path" in destination:
                rows = self.folder_rows(destination["path"]) if destination["path"].endswith("/") else self.rows_of(destination["path"])
                self.assertEqual(len(rows), 20_000, name)

    def test_four_runs_at_once_set_each_row_aside_once(self):
        for number, (name, (destination, pipeline)) in enumerate(self.QUARANTINES.items()):
            if name == "DuckDB":
                continue  # one process at a time has the file
            self.here_of_round(number)
            for part in range(4):
                self.write(f"in/{part}.csv", "id,v,p\n" + "".join(f"{part * 10_000 + i},{1 if i % 10 else 'x'},p\n" for i in range(10_000)))
            self.flow({"path": "in/*.csv", "types": {"id": "int", "v": "int"}}, destination, on_error="quarantine", **pipeline)
            running = [self.start("sync", "p.yaml") for _ in range(4)]
            ends = [(process.communicate(timeout=240)[1], process.returncode) for process in running]
            for err, code in ends:
                self.assertIn(code, (OK, CONFLICT), f"{name}: {err}")
            self.assertEqual(len(self.seen(destination)), 36_000, name)
            self.assertEqual(self.bad_rows(), sorted(f"{i},x,p" for i in range(0, 40_000, 10)), name)

    @unittest.skipIf(duckdb is None, "duckdb is not installed")
    def test_five_runs_into_duckdb(self):
        self.make("in", 0, 4000, 1)
        # DuckDB lets one process at a time open a file, and the others wait; the first one makes the file.
        self.many(5, {"path": "x.duckdb", "table": "t"})
        self.assertEqual(self.seen({"path": "x.duckdb"}) == {i: [1] for i in range(4000)}, True)
        self.make("in", 4000, 20_000, 2)
        self.many(5, {"path": "x.duckdb", "table": "t"})
        self.assertEqual(self.seen({"path": "x.duckdb"}) == {i: [1 if i < 4000 else 2] for i in range(24_000)}, True)

    def test_five_runs_with_a_cursor(self):
        self.write("in/a.csv", "id,v\n" + "".join(f"{i},{i // 3}\n" for i in range(10_000)))
        for part in range(2):
            self.flow({"path": "in/*.csv", "incremental": {"files": "all", "datetime_field": "v"}}, {"path": "out/", "format": "jsonl"})
            running = [self.start("sync", "p.yaml") for _ in range(5)]
            ends = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
            for err, code in ends:
                self.assertIn(code, (OK, CONFLICT), err)
            self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(10_000 + part * 5000)))
            self.write("in/b.csv", "id,v\n" + "".join(f"{i},{i // 3}\n" for i in range(10_000, 15_000)))

    def test_readers_beside_replace_see_old_or_new(self):
        for destination in ({"path": "out/x.jsonl"}, {"path": "many/", "format": "jsonl", "mode": "replace", "target_file_size": "64KiB"}, {"table": "db.t", "mode": "replace"}):
            stop = threading.Event()
            failures, looks = [], []

            def write():
                version = 0
                while not stop.is_set():
                    version += 1
                    self.write("in/a.csv", "id,v\n" + "".join(f"{i},{version}\n" for i in range(8000)))
                    outcome = self.run_program("sync", "write.yaml", "--quiet")
                    if outcome.code != OK:
                        failures.append(outcome.err)

            self.write("in/a.csv", "id,v\n" + "".join(f"{i},0\n" for i in range(8000)))
            self.flow({"path": "in/a.csv"}, destination, name="write.yaml")
            self.sync_one(file="write.yaml")
            thread = threading.Thread(target=write)
            thread.start()
            try:
                until = time.monotonic() + 2.5
                while time.monotonic() < until:
                    seen = self.seen(destination)
                    looks.append(tuple(sorted({tuple(versions) for versions in seen.values()})))
                    self.assertEqual((len(seen), len(looks[-1]), len(looks[-1][0])), (8000, 1, 1), f"{destination}: {looks[-1]}")
                    if destination["path" if "path" in destination else "table"].endswith("x.jsonl"):
                        rows = self.rows_of(destination["path"])
                        self.assertEqual((len(rows), len({row["v"] for row in rows})), (8000, 1))
            finally:
                stop.set()
                thread.join()
            self.assertEqual(failures, [])
            self.assertGreater(len(set(looks)), 1, f"{destination}: nothing changed meanwhile")


class FilesThatChange(CrashTest):
    """Between the listing and the end of the reading."""

    def setUp(self):
        super().setUp()
        # The first file keeps the run busy while something happens to the last one.
        self.write("in/a.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(400_000)))
        self.write("in/z.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(500_000, 500_100)))

    def race(self, change, delays=(0.01, 0.04, 0.08, 0.15)):
        for number, delay in enumerate(delays):
            self.setUp_files()
            destination = {"path": f"out-{number}/", "format": "jsonl"}
            self.flow({"path": "in/*.csv"}, destination)
            process = self.start("sync", "p.yaml")
            time.sleep(delay)
            change()
            _, err = process.communicate(timeout=60)
            yield process.returncode, err, self.seen(destination)

    def setUp_files(self):
        self.write("in/z.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(500_000, 500_100)))

    def check(self, code, err, seen, *allowed):
        if code != OK:
            self.assertIn("z.csv", err)
            self.assertIsNone(seen)
            return
        first = {i: [1] for i in range(400_000)}
        self.assertIn({id: v for id, v in (seen or {}).items() if id not in first}, allowed)
        self.assertEqual({id: v for id, v in seen.items() if id in first} == first, True)

    def test_a_file_that_is_replaced_is_read_as_it_was_or_as_it_is(self):
        old, new = {i: [1] for i in range(500_000, 500_100)}, {i: [2] for i in range(600_000, 600_300)}

        def change():
            self.write("in/new", "id,v\n" + "".join(f"{i},2\n" for i in range(600_000, 600_300)))
            os.replace(self.here / "in/new", self.here / "in/z.csv")
        for code, err, seen in self.race(change):
            self.check(code, err, seen, old, new)

    def test_a_file_that_is_cut_off_is_told_or_read_as_it_is(self):
        old = {i: [1] for i in range(500_000, 500_100)}
        new = {i: [1] for i in range(500_000, 500_010)}

        def change():
            os.truncate(self.here / "in/z.csv", len("id,v\n") + 10 * len("500000,1\n"))
        for code, err, seen in self.race(change):
            self.check(code, err, seen, old, new)

    def test_a_file_that_vanishes_was_read_or_was_not_there(self):
        old = {i: [1] for i in range(500_000, 500_100)}
        for code, err, seen in self.race(lambda: (self.here / "in/z.csv").unlink()):
            self.check(code, err, seen, old, {})

    def test_many_files_that_vanish_do_not_end_the_run(self):
        (self.here / "in/z.csv").unlink()
        self.write("in/a.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(60_000)))
        self.flow({"path": "in/*.csv"}, {"path": "out.jsonl"})
        for number in range(30):
            for i in range(30):
                self.write(f"in/b{i:02d}.csv", f"id,v\n{100_000 + i},1\n")
            process = self.start("sync", "p.yaml")
            time.sleep(0.01 + 0.002 * number)
            for i in range(10, 30):
                (self.here / f"in/b{i:02d}.csv").unlink()
            _, err = process.communicate(timeout=60)
            self.assertEqual(process.returncode, OK, err)

    def test_a_file_that_grows_all_the_time_is_read_once_in_the_end(self):
        path = self.write("grow.csv", "id,v\n")
        self.flow({"path": "grow.csv", "incremental": {"files": "all", "datetime_field": "v"}}, {"path": "out/", "format": "jsonl"})
        stop = threading.Event()
        count = [0]

        def append():
            with open(path, "a") as file:
                while not stop.is_set():
                    file.write("".join(f"{i},{i // 5}\n" for i in range(count[0], count[0] + 50)))
                    file.flush()
                    count[0] += 50
                    time.sleep(0.002)
        thread = threading.Thread(target=append)
        thread.start()
        try:
            for _ in range(8):
                outcome = self.run_program("sync", "p.yaml")
                if outcome.code != OK:
                    self.assertIn("grow.csv", outcome.err)
        finally:
            stop.set()
            thread.join()
        self.sync_one()
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(count[0])))


class StandardOutput(CrashTest):
    def test_a_file_that_changes_does_not_make_rows_come_twice(self):
        self.write("in/a.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(400_000)))
        for delay in (0.01, 0.02, 0.03, 0.04, 0.06):
            self.write("in/z.csv", "id,v\n" + "".join(f"{i},1\n" for i in range(400_000, 400_100)))
            self.flow({"path": "in/*.csv"}, {"connector": "stdout", "format": "csv"})
            process = self.start("sync", "p.yaml", "--quiet")

            def change():
                time.sleep(delay)
                self.write("other", "id,v\n" + "".join(f"{i},2\n" for i in range(400_000, 400_100)))
                os.replace(self.here / "other", self.here / "in/z.csv")
            thread = threading.Thread(target=change)
            thread.start()
            out, err = process.communicate(timeout=60)
            thread.join()
            if process.returncode == OK:
                self.assertEqual([line.split(",")[0] for line in out.splitlines()], ["id", *map(str, range(400_100))])


class FullDisk(CrashTest):
    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root may mount a small disk")
        self.disk = self.here / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "glaux-test", self.disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no disk may be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=False)
        dice = random.Random(1)
        self.small = [{"id": i, "x": "y"} for i in range(100)]
        self.write("small/a.csv", csv_text(self.small))
        self.write("large/a.csv", "id,x\n" + "".join(f"{i},{dice.randbytes(40).hex()}\n" for i in range(100, 60_000)))

    def free(self):
        found = os.statvfs(self.disk)
        return found.f_bavail * found.f_bsize

    def refuse_large(self, destination, **pipeline):
        self.flow({"path": "large/*.csv"}, destination, name="large.yaml", **pipeline)
        self.refuse_sync(UNAVAILABLE, ["No space left on device"], file="large.yaml")

    def test_the_target_stays_as_it_was_and_the_space_comes_back(self):
        for destination in ({"path": "disk/out/", "format": "jsonl"}, {"path": "disk/one/x.jsonl"}, {"path": "disk/keyed/", "format": "jsonl", "mode": "upsert", "primary_key": "id"}):
            self.flow({"path": "small/*.csv"}, destination)
            self.sync_one()
            free = self.free()
            self.refuse_large(destination)
            rows = self.folder_rows(destination["path"]) if destination["path"].endswith("/") else self.rows_of(destination["path"])
            self.assert_same_rows(rows, self.small)
            self.assertGreater(self.free(), free - 100_000)
        # With room, the same pipeline goes on from there.
        subprocess.run(["mount", "-o", "remount,size=64m", self.disk], check=True)
        self.assertEqual(self.sync_one(file="large.yaml")["rows_written"], 59_900)
        self.assertEqual(len(self.folder_rows("disk/keyed")), 60_000)

    @unittest.skipIf(duckdb is None, "duckdb is not installed")
    def test_duckdb_stays_as_it_was(self):
        destination = {"path": "disk/x.duckdb", "table": "t"}
        self.flow({"path": "small/*.csv"}, destination)
        self.sync_one()
        self.flow({"path": "large/*.csv"}, destination, name="large.yaml")
        outcome = self.run_program("sync", "large.yaml")
        self.assertNotEqual(outcome.code, OK)
        self.assertRegex(outcome.err, "(?m)^glaux: error: ")
        with duckdb.connect(str(self.disk / "x.duckdb"), read_only=True) as db:
            self.assertEqual(db.execute("select count(*) from t").fetchall(), [(100,)])

    def test_a_full_disk_under_the_quarantine_fails_the_run(self):
        self.write("bad/a.csv", "id,x\n" + "".join(f"{'x' * 100},{i}\n" for i in range(30_000)) + "1,2\n")
        self.flow({"path": "bad/*.csv", "types": {"id": "int"}}, {"path": "out/", "format": "jsonl"}, on_error="quarantine", quarantine="disk/bad/")
        self.refuse_sync(UNAVAILABLE, ["No space left on device"])
        self.assertEqual(self.files_in("out") if (self.here / "out").exists() else [], [])


if __name__ == "__main__":
    unittest.main()
