"""Upserts touch what they must and nothing else: files of other partitions, memory, and the steps of a backfill."""
import json
import os
import random
import signal
import time
import unittest

from lake import INVALID, OK, SANITIZED
from pipelines import SyncTest, csv_text, day
from test_sync_crash import KILLS
from test_sync_modes import Model, row

COLUMNS = ["id", "region", "v", "ts"]
TYPES = {"id": "bigint", "region": "string", "v": "bigint", "ts": "string"}
TARGETS = {"table": {"table": "db.t"}, "folder": {"path": "out/", "format": "jsonl"}}
# What Hive writes as %XX, what looks like that, and null.
ODD = ["a/b", "x=y", "50%25", "%2F", "ü", "a b", "q'q\"", ".hidden", "_under", None]


class UpsertTest(SyncTest):
    def begin(self, name, number=0, **destination):
        self.lake = self.here / f"lake-{name}-{number}"
        self.folder = f"{name}-{number}"
        self.target = TARGETS[name] | destination
        if "path" in self.target:
            self.target["path"] = f"{self.folder}/{self.target['path']}"
        self.round = 0

    def give(self, rows, **destination):
        self.round += 1
        self.write(f"{self.folder}/in-{self.round}/a.csv", csv_text(rows, COLUMNS))
        self.flow({"path": f"{self.folder}/in-{self.round}/*.csv", "types": TYPES}, self.target | destination)
        return self.sync_one()

    def assert_there(self, expected):
        if "table" in self.target:
            found = [json.loads(line) for line in self.succeed("query", "select id, region, v, ts from db.t", "--format", "jsonl").text.splitlines()]
        else:
            self.write("look.json", json.dumps({"sources": {"s": {"path": self.target["path"] + "**", "format": "jsonl"}}, "destinations": {"d": {"path": f"{self.folder}/look.jsonl"}}}))
            self.sync_one(file="look.json")
            found = self.rows_of(f"{self.folder}/look.jsonl")
        self.assert_same_rows([{c: r.get(c) for c in COLUMNS} for r in found], expected)

    def data(self):
        """Data files and what the store's ETag of each is made of, by partition folder."""
        root = self.lake / "store" if "table" in self.target else self.here / self.target["path"]
        files = {}
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix in (".parquet", ".jsonl") and "_glaux" not in path.parts:
                stat = path.stat()
                files[path.relative_to(root)] = (stat.st_mtime_ns, stat.st_ino, stat.st_size)
        return files

    def changed(self, before):
        """Partitions with new files, and those whose old files have gone or changed; of tables files go after a grace."""
        after = self.data()

        def region(path):
            return next((part.split("=", 1)[1] for part in path.parts if part.startswith("region=")), "")
        new = {region(path) for path in after if path not in before}
        for path, stat in before.items():
            if path in after:
                self.assertEqual(after[path], stat, f"{path} was written again")
        return new, {region(path) for path in before if path not in after}


class Untouched(UpsertTest):
    def test_partitions_without_a_row_that_loses_keep_their_files(self):
        first = [row(i, 1, region="abcd"[i % 4]) for i in range(400)]
        for number, keys in enumerate((["id"], ["id", "region"])):
            for name in TARGETS:
                self.begin(name, number, partition_by="region")
                self.give(first, mode="upsert", primary_key=keys)
                before = self.data()
                # One of b changes, one is new to b, one is new to c, one is a partition's first.
                report = self.give([row(1, 2, region="b"), row(1001, 2, region="b"), row(1002, 2, region="c"), row(1003, 2, region="e")], mode="upsert", primary_key=keys)
                self.assertEqual((report["rows_written"], report["partitions_replaced"], report["partitions_added"]), (4, 1, 1))
                new, gone = self.changed(before)
                self.assertEqual(new, {"b", "c", "e"})
                self.assertLessEqual(gone, {"b"})
                expected = [r for r in first if r["id"] != 1] + [row(1, 2, region="b"), row(1001, 2, region="b"), row(1002, 2, region="c"), row(1003, 2, region="e")]
                self.assert_there(expected)

    def test_a_key_that_moves_leaves_its_old_partition(self):
        first = [row(i, 1, region="abcd"[i % 4]) for i in range(400)]
        for name in TARGETS:
            self.begin(name, partition_by="region")
            self.give(first, mode="upsert", primary_key="id")
            before = self.data()
            report = self.give([row(0, 2, region="c")], mode="upsert", primary_key="id")
            self.assertEqual((report["rows_written"], report["partitions_replaced"]), (1, 1))
            new, gone = self.changed(before)
            self.assertEqual(new, {"a", "c"})
            self.assertLessEqual(gone, {"a"})
            self.assert_there(first[1:] + [row(0, 2, region="c")])

    def test_the_last_row_of_a_partition_moves_away(self):
        for name in TARGETS:
            self.begin(name, partition_by="region")
            self.give([row(1, 1, region="a"), row(2, 1, region="b")], mode="upsert", primary_key="id")
            self.give([row(1, 2, region="b")], mode="upsert", primary_key="id")
            self.assert_there([row(1, 2, region="b"), row(2, 1, region="b")])
            # And back into the folder whose replaced files may still lie there.
            self.give([row(1, 3, region="a")], mode="upsert", primary_key="id")
            self.assert_there([row(1, 3, region="a"), row(2, 1, region="b")])

    def test_rows_that_lose_by_time_write_nothing_again(self):
        for name in TARGETS:
            self.begin(name, partition_by="region")
            first = [row(i, 1, region="ab"[i % 2], ts=day(5)) for i in range(20)]
            options = {"mode": "upsert", "primary_key": "id", "datetime_field": "ts"}
            self.give(first, **options)
            before = self.data()
            report = self.give([row(1, 2, region="a", ts=day(1)), row(2, 2, region="a", ts=None)], **options)
            self.assertEqual((report["rows_written"], report["rows_unchanged"], report["partitions_replaced"]), (0, 2, 0))
            self.assertEqual(self.data(), before)
            self.assert_there(first)

    def test_insert_new_and_new_keys_only_add(self):
        for number, (mode, partition) in enumerate((("insert_new", "region"), ("insert_new", "none"), ("upsert", "region"), ("upsert", "none"))):
            for name in TARGETS:
                self.begin(name, number, partition_by=partition)
                first = [row(i, 1, region="ab"[i % 2]) for i in range(20)]
                self.give(first, mode=mode, primary_key="id")
                before = self.data()
                more = [row(100 + i, 2, region="bc"[i % 2]) for i in range(4)]
                known = [row(3, 9, region="z")] if mode == "insert_new" else []
                report = self.give(more + known, mode=mode, primary_key="id")
                self.assertEqual((report["rows_written"], report["rows_unchanged"], report["partitions_replaced"]), (4, len(known), 0))
                _, gone = self.changed(before)
                self.assertEqual(gone, set())
                self.assertLessEqual(before.items(), self.data().items())
                self.assert_there(first + more)


class AgainstTheModel(UpsertTest):
    def test_partitions_of_odd_names(self):
        for number, (keys, field) in enumerate(((["id"], None), (["id"], "ts"), (["region", "id"], "ts"))):
            for mode in ("upsert", "insert_new"):
                for name in TARGETS:
                    self.begin(name, f"{number}-{mode}", partition_by="region")
                    dice, model = random.Random(number), Model(keys, field)
                    # No key is null, and of a folder's null partition a reader makes text.
                    regions = [r for r in ODD if r is not None or ("region" not in keys and name == "table")]
                    options = {"mode": mode, "primary_key": keys} | ({"datetime_field": field} if field else {})
                    for _ in range(3):
                        rows = [row(dice.randrange(30), dice.randrange(10**6), dice.choice(regions), dice.choice([day(dice.randrange(4)), None])) for _ in range(40)]
                        self.give(rows, **options)
                        getattr(model, mode)(rows)
                        self.assert_there(model.rows.values())

    def test_doubles_that_were_appended_become_one(self):
        for name in TARGETS:
            for field in (None, "ts"):
                self.begin(name, field or "none", partition_by="region")
                self.give([row(1, 1, "a", day(1)), row(1, 2, "b", day(3)), row(1, 3, "b", day(2)), row(2, 1, "a"), row(2, 1, "a")], mode="append")
                options = {"mode": "upsert", "primary_key": "id"} | ({"datetime_field": field} if field else {})
                self.give([row(1, 9, "c", day(2))], **options)
                self.assert_there([row(2, 1, "a"), row(2, 1, "a"), row(1, 2, "b", day(3)) if field else row(1, 9, "c", day(2))])

    def test_a_table_by_day_of_a_column(self):
        self.begin("table", partition_by="day(at)")
        rows = {i: {"id": i, "at": f"{day(i % 5)}T08:00:00Z", "v": 1} for i in range(50)}
        for number, change in enumerate(({}, {3: {"v": 2}, 7: {"at": f"{day(9)}T00:00:00Z"}}, {7: {"at": f"{day(0)}T00:00:00Z"}, 60: {}})):
            new = [rows.get(i, {"id": i, "at": f"{day(1)}T01:00:00Z", "v": 5}) | more for i, more in change.items()] or list(rows.values())
            rows |= {r["id"]: r for r in new}
            self.write(f"in-{number}/a.csv", csv_text(new))
            self.flow({"path": f"in-{number}/*.csv", "types": {"id": "int", "at": "timestamp", "v": "int"}}, self.target | {"mode": "upsert", "primary_key": "id"})
            report = self.sync_one()
            self.assertEqual(report["partitions_replaced"], [0, 2, 1][number])
            found = self.rows('select id, v, cast("at" as varchar) from db.t')
            self.assertEqual(sorted((int(i), int(v), at[:10]) for i, v, at in found), sorted((r["id"], r["v"], r["at"][:10]) for r in rows.values()))


class Memory(UpsertTest):
    @unittest.skipIf(SANITIZED, "sanitizers take memory of their own")
    def test_an_upsert_stays_within_its_limit(self):
        """The limit and a base for the program itself; without that care this took more than twice as much."""
        limit = 96 << 20
        made = "select i as id, 'customer ' || (i * 7919 % 1000003) as name, cast(i as double) / 3 as amount from (select n * {} as i from range({}) t(n))"
        for step, rows in ((1, 2_000_000), (7, 300_000)):
            self.describe({"s": {"sql": made.format(step, rows)}}, {"d": {"table": "db.t", "mode": "upsert", "primary_key": "id", "partition_by": "none"}}, [{"name": "p", "from": "s", "to": "d"}], memory_limit=limit)
            code, err, peak = self.peak_of("sync", "p.yaml", "--quiet")
            self.assertEqual(code, OK, err)
            self.assertLess(peak, limit + (130 << 20), f"{rows} rows took {peak >> 20} MiB")
        self.assertEqual(self.rows("select count(*), count(distinct id), max(id) from db.t"), [["2014285", "2014285", "2099993"]])


class Backfill(UpsertTest):
    ROWS = 30_000

    def setUp(self):
        super().setUp()
        # Each id comes on two days, so that two steps write it.
        self.stamps = [(i % (self.ROWS // 2), f"{day((i + i // (self.ROWS // 2) * 7) % 30)}T{i % 24:02d}:00:00Z", i) for i in range(self.ROWS)]
        self.write("in/a.csv", "id,at,v\n" + "".join(f"{i},{at},{v}\n" for i, at, v in self.stamps))
        self.range = ("--since", day(0), "--until", day(30), "--backfill-step", "3d")

    def describe_backfill(self, parallel=4, **target):
        self.describe({"s": {"path": "in/*.csv", "datetime_field": "at", "types": {"id": "int", "at": "timestamp", "v": "int"}}}, {"d": {"table": "db.t"} | target}, [{"name": "p", "from": "s", "to": "d"}], parallel=parallel)

    def by_steps(self):
        """id -> v, as steps of three days one after the other make it."""
        steps = [{} for _ in range(10)]
        for i, at, v in self.stamps:
            steps[(int(at[8:10]) - 1) // 3][i] = v
        return steps

    def taken(self):
        return sorted((int(i), int(v)) for i, v in self.rows("select id, v from db.t"))

    def test_upserts_side_by_side_are_as_one_by_one(self):
        expected = {}
        for step in self.by_steps():
            expected |= step
        for parallel in (1, 4):
            self.lake = self.here / f"lake-{parallel}"
            self.describe_backfill(parallel, mode="upsert", primary_key="id", partition_by="day(at)")
            report = self.sync_one(*self.range)
            self.assertEqual(len(report["commits"]), 10)
            self.assertEqual(self.taken(), sorted(expected.items()))

    def test_insert_new_side_by_side_has_each_key_once(self):
        expected = {}
        for step in self.by_steps():
            expected = step | expected
        self.describe_backfill(mode="insert_new", primary_key="id")
        self.sync_one(*self.range)
        self.assertEqual(self.taken(), sorted(expected.items()))

    def test_whole_partitions_side_by_side(self):
        self.describe_backfill(mode="overwrite_partitions", partition_by="day(at)")
        for _ in range(2):
            report = self.sync_one(*self.range)
            self.assertEqual(len(report["commits"]), 10)
            self.assertEqual(self.taken(), sorted((i, v) for i, _, v in self.stamps))

    def test_steps_that_cut_a_partition_are_refused(self):
        self.describe_backfill(mode="overwrite_partitions", partition_by="month(at)")
        self.refuse_sync(INVALID, ["partition (2026, 01)", "step 1 of the same backfill", "whole partitions"], *self.range)

    def test_a_step_that_fails_ends_those_behind_it(self):
        bad = self.here / "in/a.csv"
        bad.write_text(bad.read_text() + f"x,{day(10)}T00:00:00Z,0\n")
        self.describe_backfill(mode="upsert", primary_key="id", partition_by="day(at)")
        self.refuse_sync(INVALID, ["id"], *self.range)

    def test_a_killed_backfill_goes_on(self):
        dice = random.Random(3)
        for number, target in enumerate(({"mode": "overwrite_partitions", "partition_by": "day(at)"}, {"mode": "upsert", "primary_key": ["id", "at"], "partition_by": "day(at)"}, {"mode": "insert_new", "primary_key": ["id", "at"]})):
            self.lake = self.here / f"lake-{number}"
            self.describe_backfill(**target)
            begun = time.monotonic()
            self.sync_one(*self.range)
            took = time.monotonic() - begun
            killed = 0
            for again in range(max(2, KILLS // 8)):
                self.lake = self.here / f"lake-{number}-{again}"
                process = self.start("sync", "p.yaml", "--quiet", *self.range)
                time.sleep(took * (0.1 + 0.85 * dice.random()))
                os.kill(process.pid, signal.SIGKILL)
                process.communicate()
                killed += process.returncode == -signal.SIGKILL
                self.sync_one(*self.range)
                self.assertEqual(self.taken(), sorted((i, v) for i, _, v in self.stamps), target)
            self.assertGreater(killed, 0)


if __name__ == "__main__":
    unittest.main()
