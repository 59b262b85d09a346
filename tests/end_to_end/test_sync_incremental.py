"""What a run takes, compared with the runs before: ledger, cursor, states, ranges."""
import collections
import datetime
import json
import random
import unittest

from lake import CORRUPT, INVALID, NOT_FOUND, NOT_IMPLEMENTED, OK
from pipelines import SyncTest, csv_text


def stamp(minutes):
    """A timestamp so many minutes after a fixed moment."""
    return (datetime.datetime(2026, 3, 1) + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S")


class IncrementalTest(SyncTest):
    TARGET = {"path": "out/", "format": "jsonl"}

    def taken(self):
        return self.folder_rows("out")

    def assert_taken(self, rows, msg=None):
        self.assert_same_rows(self.taken(), rows, msg)


class Ledger(IncrementalTest):
    def test_a_file_is_read_once(self):
        self.write("in/a.csv", "id\n1\n2\n")
        for target in ({"path": "out/", "format": "jsonl"}, {"table": "db.t"}, {"path": "x.duckdb", "table": "t"}):
            self.flow({"path": "in/*.csv"}, target)
            self.assertEqual(self.sync_one()["rows_written"], 2)
            before = self.tree()
            report = self.sync_one()
            self.assertEqual((report["state"], report["sources"][0]["files_known"]), ("nothing_new", 1))
            self.assertEqual(self.tree(), before)
        self.write("in/b.csv", "id\n3\n")
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["sources"][0]["files"], report["sources"][0]["files_known"]), (1, 1, 1))

    def test_a_file_that_changed_is_a_new_file(self):
        self.write("in/a.csv", "id,v\n1,1\n2,1\n")
        self.write("in/b.csv", "id,v\n3,1\n")
        self.flow({"path": "in/*.csv"}, self.TARGET | {"mode": "upsert", "primary_key": "id"})
        self.sync_one()
        self.write("in/a.csv", "id,v\n1,2\n4,2\n")
        report = self.sync_one()
        self.assertEqual((report["sources"][0]["files"], report["sources"][0]["files_known"]), (1, 1))
        self.assert_taken([{"id": 1, "v": 2}, {"id": 2, "v": 1}, {"id": 3, "v": 1}, {"id": 4, "v": 2}])

    def test_a_file_that_changed_is_added_again_by_append(self):
        self.write("in/a.csv", "id\n1\n2\n")
        self.flow({"path": "in/*.csv"}, self.TARGET)
        self.sync_one()
        self.write("in/a.csv", "id\n1\n2\n3\n")
        outcome = self.run_program("sync", "p.yaml")
        self.assertEqual(outcome.code, OK, outcome.err)
        self.assertIn(sorted(row["id"] for row in self.taken()), ([1, 1, 2, 2, 3],))

    def test_every_run_reads_all_files_when_told_so(self):
        self.write("in/a.csv", "id\n1\n")
        self.flow({"path": "in/*.csv", "incremental": {"files": "all"}}, self.TARGET)
        for _ in range(3):
            self.sync_one()
        self.assert_taken([{"id": 1}] * 3)

    def test_replace_reads_new_files_only_when_told_so(self):
        self.flow({"path": "in/*.csv", "incremental": {"files": "new"}}, self.TARGET | {"mode": "replace"})
        for number in range(3):
            self.write(f"in/{number}.csv", f"id\n{number}\n")
            self.sync_one()
            self.assert_taken([{"id": number}])
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        self.assert_taken([{"id": 2}])

    def test_two_pipelines_into_one_target_share_its_ledger_and_nothing_is_lost(self):
        self.write("in/a.csv", "id\n1\n")
        self.write("more/b.csv", "id\n2\n")
        self.describe({"a": {"path": "in/*"}, "b": {"path": "more/*"}}, {"d": self.TARGET}, [{"name": "one", "from": "a", "to": "d"}, {"name": "two", "from": "b", "to": "d"}])
        self.sync()
        self.sync()
        self.assert_taken([{"id": 1}, {"id": 2}])

    def test_an_overlap_window_keeps_the_ledger_small_and_old_files_out(self):
        self.flow({"path": "in/*.csv", "incremental": {"overlap_window": "1h"}}, self.TARGET)
        # The ledger forgets when it merges its segments, every now and then.
        count = 30
        for number in range(count):
            self.write(f"in/{number}.csv", f"id\n{number}\n")
            self.age(f"in/{number}.csv", (count - number) * 1800)
            self.sync_one()
        self.assert_taken([{"id": number} for number in range(count)])
        (shown,) = json.loads(self.succeed("state", "show", "p.yaml").text)
        self.assertLess(len(shown["files"]), 15)
        # A late one within the window is read, one from before it is taken for known.
        self.write("in/late.csv", "id\n100\n")
        self.age("in/late.csv", 2400 + 1800)
        self.write("in/ancient.csv", "id\n200\n")
        self.age("in/ancient.csv", 86_400)
        self.sync_one()
        self.assert_taken([{"id": number} for number in [*range(count), 100]])

    def test_a_full_refresh_reads_everything_again(self):
        self.write("in/a.csv", "id,v\n1,1\n2,1\n")
        self.flow({"path": "in/*.csv"}, self.TARGET | {"mode": "upsert", "primary_key": "id"})
        self.sync_one()
        report = self.sync_one("--full-refresh")
        self.assertEqual((report["state"], report["sources"][0]["rows_read"]), ("succeeded", 2))
        self.assert_taken([{"id": 1, "v": 1}, {"id": 2, "v": 1}])
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_checkpoints_commit_on_the_way(self):
        for number in range(12):
            self.write(f"in/{number:02d}.csv", csv_text([{"id": number * 100 + i} for i in range(100)]))
        self.flow({"path": "in/*.csv"}, self.TARGET, checkpoint=1000)
        report = self.sync_one()
        self.assertGreater(len(report["commits"]), 3)
        self.assertEqual(report["rows_written"], 1200)
        self.assert_taken([{"id": i} for i in range(1200)])
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_max_records_of_files_stops_at_the_end_of_a_file(self):
        rows = [{"id": i} for i in range(95)]
        for number in range(10):
            self.write(f"in/{number}.csv", csv_text(rows[number * 10:number * 10 + 10]))
        self.flow({"path": "in/*.csv", "max_records": 25}, self.TARGET)
        seen = []
        while (report := self.sync_one())["state"] != "nothing_new":
            seen.append(report["rows_written"])
            self.assertLess(len(seen), 8)
        self.assertEqual(sum(seen), 95)
        self.assertTrue(all(25 <= count <= 40 for count in seen[:-1]), seen)
        self.assert_taken(rows)


class CursorModel:
    """The rows that runs take of a growing multiset of rows."""

    def __init__(self, lag=0, closed=True):
        self.lag, self.closed, self.last, self.done = lag, closed, None, collections.Counter()

    def run(self, rows):
        there = collections.Counter(rows)
        if self.last is None:
            wanted = there
        elif self.closed or self.lag:
            wanted = collections.Counter({row: count for row, count in there.items() if row[1] >= self.last - self.lag})
        else:
            wanted = collections.Counter({row: count for row, count in there.items() if row[1] > self.last})
        new = wanted - self.done if (self.closed or self.lag) else wanted
        self.done += new
        self.last = max([row[1] for row in wanted] + ([] if self.last is None else [self.last]), default=None)
        return new


class Cursor(IncrementalTest):
    """Rows are (id, minute): ids repeat, so that rows may be alike in everything."""

    def grow(self, dice, rows, late):
        newest = max((row[1] for row in rows), default=0)
        for _ in range(dice.randrange(0, 12)):
            rows.append((dice.randrange(4), max(0, newest + dice.randrange(-late, 3))))
        dice.shuffle(rows)

    def compare(self, seed, source_of, incremental, model, late, runs=6):
        dice = random.Random(seed)
        rows, expected = [(0, 0)], collections.Counter()
        for number in range(runs):
            source = source_of(rows)
            self.flow(source | {"incremental": {"datetime_field": "ts", **incremental}}, self.TARGET)
            report = self.sync_one()
            new = model.run(rows)
            expected += new
            self.assertEqual(report["rows_written"], sum(new.values()), f"run {number} of seed {seed}: {sorted(rows)}")
            found = collections.Counter((row["id"], row["ts"]) for row in self.taken())
            self.assertEqual(found, collections.Counter({(id, stamp(minute)): count for (id, minute), count in expected.items()}), f"run {number} of seed {seed}")
            self.grow(dice, rows, late)

    def file(self, rows):
        self.write("in/a.csv", csv_text([{"id": id, "ts": stamp(minute)} for id, minute in rows]))
        return {"path": "in/a.csv"}

    def files_of_rows(self, rows):
        """The same over several files."""
        for number in range(3):
            part = rows[number::3]
            self.write(f"many/{number}.csv", csv_text([{"id": id, "ts": stamp(minute)} for id, minute in part], ["id", "ts"]))
        return {"path": "many/*.csv"}

    def lake_table(self, rows):
        self.file(rows)
        self.flow({"path": "in/a.csv"}, {"table": "db.source", "mode": "replace"}, name="fill.yaml")
        self.sync_one(file="fill.yaml")
        return {"table": "db.source", "columns": ["id", "ts"]}

    def query(self, rows):
        self.lake_table(rows)
        return {"sql": "select id, ts from db.source"}

    def test_closed_over_a_growing_file(self):
        self.compare(1, lambda rows: self.file(rows) | {}, {"files": "all"}, CursorModel(), late=1)

    def test_closed_over_growing_files(self):
        self.compare(2, self.files_of_rows, {"files": "all"}, CursorModel(), late=1)

    def test_open_over_a_growing_file(self):
        self.compare(3, self.file, {"files": "all", "closed": False}, CursorModel(closed=False), late=1)

    def test_lag_takes_late_rows_once(self):
        self.compare(4, self.file, {"files": "all", "lag": "5m"}, CursorModel(lag=5), late=9)

    def test_lag_over_files_with_many_runs(self):
        self.compare(5, self.files_of_rows, {"files": "all", "lag": "20m"}, CursorModel(lag=20), late=8, runs=9)

    def test_closed_over_a_table(self):
        self.compare(6, self.lake_table, {}, CursorModel(), late=1)

    def test_lag_over_a_table(self):
        self.compare(7, self.lake_table, {"lag": "5m"}, CursorModel(lag=5), late=9)

    def test_closed_over_a_query(self):
        self.compare(8, self.query, {}, CursorModel(), late=1)

    def test_open_over_a_query(self):
        self.compare(9, self.query, {"closed": False}, CursorModel(closed=False), late=1)

    def compare_growing_files(self, seed, incremental, model, late):
        """Rows are added to three files, of which only those that changed are read; alike rows of two files are two."""
        dice = random.Random(seed)
        rows, expected = {name: [] for name in "abc"}, collections.Counter()
        rows["a"].append((0, 0))
        for number in range(8):
            for name, part in rows.items():
                if part:
                    self.write(f"in/{name}.csv", csv_text([{"id": id, "ts": stamp(minute)} for id, minute in part]))
            self.flow({"path": "in/*.csv", "incremental": {"datetime_field": "ts", **incremental}}, self.TARGET)
            report = self.sync_one()
            new = model.run([(id, minute, name) for name, part in rows.items() for id, minute in part])
            expected += new
            self.assertEqual(report["rows_written"], sum(new.values()), f"run {number} of seed {seed}: {rows}")
            found = collections.Counter((row["id"], row["ts"]) for row in self.taken())
            wanted = collections.Counter()
            for (id, minute, _), count in expected.items():
                wanted[(id, stamp(minute))] += count
            self.assertEqual(found, wanted, f"run {number} of seed {seed}")
            newest = max(minute for part in rows.values() for _, minute in part)
            for name in dice.sample("abc", dice.randrange(0, 3)):
                rows[name] += [(dice.randrange(3), max(0, newest + dice.randrange(-late, 3))) for _ in range(dice.randrange(1, 6))]

    def test_growing_files_of_which_only_changed_ones_are_read(self):
        self.compare_growing_files(21, {}, CursorModel(), late=2)

    def test_growing_files_with_lag_of_which_only_changed_ones_are_read(self):
        self.compare_growing_files(22, {"lag": "5m"}, CursorModel(lag=5), late=9)

    def test_upsert_needs_no_memory_of_rows(self):
        rows = {}
        dice = random.Random(10)
        newest = 0
        for number in range(6):
            for _ in range(10):
                newest += dice.randrange(2)
                rows[dice.randrange(30)] = newest
            self.file(list(rows.items()))
            self.flow({"path": "in/a.csv", "incremental": {"datetime_field": "ts", "files": "all"}}, self.TARGET | {"mode": "upsert", "primary_key": "id", "datetime_field": "ts"})
            self.sync_one()
            self.assert_taken([{"id": id, "ts": stamp(minute)} for id, minute in rows.items()])

    def test_a_row_that_looks_like_one_of_another_file_is_taken_when_each_file_is_read_once(self):
        self.flow({"path": "in/*.csv", "datetime_field": "ts"}, self.TARGET)
        self.write("in/a.csv", f"id,ts\n1,{stamp(0)}\n2,{stamp(5)}\n")
        self.sync_one()
        self.write("in/b.csv", f"id,ts\n2,{stamp(5)}\n3,{stamp(6)}\n")
        self.sync_one()
        self.assert_taken([{"id": id, "ts": stamp(m)} for id, m in ((1, 0), (2, 5), (2, 5), (3, 6))])

    def test_initial_value(self):
        self.file([(1, 0), (2, 10), (3, 20)])
        self.flow({"path": "in/a.csv", "incremental": {"files": "all", "datetime_field": "ts", "initial_value": stamp(10)}}, self.TARGET)
        self.assertEqual(self.sync_one()["rows_written"], 2)
        self.file([(1, 0), (2, 10), (3, 20), (4, 15), (5, 30)])
        self.assertEqual(self.sync_one()["rows_written"], 1)

    def test_time_filter_hours(self):
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        rows = [{"id": hours, "ts": (now - datetime.timedelta(hours=hours)).strftime("%Y-%m-%d %H:%M:%S")} for hours in (1, 5, 23, 25, 100)]
        self.write("in/a.csv", csv_text(rows))
        self.flow({"path": "in/a.csv", "datetime_field": "ts", "time_filter_hours": 24}, self.TARGET)
        self.sync_one()
        self.assertEqual(sorted(row["id"] for row in self.taken()), [1, 5, 23])

    def test_max_records_goes_on_behind_many_rows_with_one_value(self):
        for source_of in (self.lake_table, self.query, self.file):
            self.lake = self.here / f"lake-{source_of.__name__}"
            target = {"path": f"out-{source_of.__name__}/", "format": "jsonl"}
            source = source_of([(i, 5) for i in range(20)] + [(i, 6) for i in range(20, 25)])
            self.flow(source | {"incremental": {"datetime_field": "ts", "max_records": 15} | ({"files": "all"} if "path" in source else {})}, target)
            self.assertEqual([self.sync_one()["rows_written"] for _ in range(3)], [20, 5, 0], source_of.__name__)

    def test_max_records_by_the_cursor_takes_each_row_once(self):
        for source_of in (self.file, self.files_of_rows, self.lake_table, self.query):
            self.lake = self.here / f"lake-{source_of.__name__}"
            target = {"path": f"out-{source_of.__name__}/", "format": "jsonl"}
            dice = random.Random(11)
            rows = [(i, dice.randrange(30)) for i in range(100)]
            source = source_of(rows)
            self.flow(source | {"incremental": {"datetime_field": "ts", "max_records": 15} | ({"files": "all"} if "path" in source else {})}, target)
            left = sorted(minute for _, minute in rows)
            for _ in range(20):
                report = self.sync_one()
                if report["rows_written"] == 0:
                    break
                # At least so many, and never a part of the rows with one value. The last value is looked at again.
                self.assertLess(report["rows_written"], 15 + 12)
                count = report["rows_written"]
                self.assertTrue(count == len(left) or left[count - 1] != left[count], (count, left))
                left = left[count:]
            self.assert_same_rows(self.folder_rows(target["path"]), [{"id": i, "ts": stamp(m)} for i, m in rows], source_of.__name__)

    def test_decimals_that_sort(self):
        self.check_types((("decimal(20,4)", ["-0.0001", "0.5000", "9999999999999999.9998", "9999999999999999.9999"]),))

    def test_each_type_that_sorts(self):
        self.check_types((("int", ["1", "2", "2", "10"]), ("bigint", ["-5", "9223372036854775806", "9223372036854775807", "9223372036854775807"]), ("double", ["-1.5", "0.1", "0.30000000000000004", "1e300"]),
                             ("date", ["1901-02-03", "1969-12-31", "1970-01-01", "2026-01-01"]),
                             ("timestamp", ["1969-12-31T23:59:59.999999", "1970-01-01T00:00:00", "2026-01-01T00:00:00.000001", "2026-01-01T00:00:00.000002"]), ("string", ["", "a", "aa", "ü"])))

    def check_types(self, cases):
        for type, values in cases:
            folder = f"t-{type[:4]}"
            rows = []
            for number, value in enumerate(values):
                rows.append({"id": number, "c": value})
                self.write(f"{folder}/in.csv", csv_text(rows))
                self.flow({"path": f"{folder}/in.csv", "types": {"c": type}, "null_values": "NONE", "incremental": {"files": "all", "datetime_field": "c"}}, {"path": f"{folder}/out/", "format": "jsonl"})
                self.assertEqual(self.sync_one()["rows_written"], 1, (type, value))
            self.assertEqual(self.sync_one()["rows_written"], 0, type)
            self.assertEqual(sorted(row["id"] for row in self.folder_rows(f"{folder}/out")), [0, 1, 2, 3])

    def test_rows_without_a_value_fail_the_run_or_are_set_aside(self):
        self.write("in.csv", f"id,ts\n1,{stamp(0)}\n2,\n3,{stamp(1)}\n")
        self.flow({"path": "in.csv", "datetime_field": "ts"}, self.TARGET)
        self.refuse_sync(INVALID, ["ts", "null"])
        self.assertEqual(self.taken(), [])
        self.flow({"path": "in.csv", "datetime_field": "ts"}, self.TARGET, on_error="skip")
        report = self.sync_one()
        self.assertEqual((report["rows_written"], report["rows_skipped"]), (2, 1))

    def test_a_cursor_of_another_name_is_refused(self):
        self.write("in.csv", f"id,ts,at\n1,{stamp(0)},{stamp(0)}\n")
        self.flow({"path": "in.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, self.TARGET)
        self.sync_one()
        before = self.tree()
        self.flow({"path": "in.csv", "incremental": {"files": "all", "datetime_field": "at"}}, self.TARGET)
        outcome = self.refuse_sync(INVALID, ["ts", "at", "state reset"])
        self.assertIn("hint", outcome.err)
        self.flow({"path": "in.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, self.TARGET)
        self.assertEqual({k: v for k, v in self.tree().items() if k != "p.yaml"}, {k: v for k, v in before.items() if k != "p.yaml"})

    def test_a_column_that_is_not_there_or_has_no_order_is_refused(self):
        self.write("in.jsonl", '{"id": 1, "l": [1], "b": true}\n')
        for field, word in (("ts", "no column ts"), ("l", "no order"), ("b", "no order")):
            self.flow({"path": "in.jsonl", "datetime_field": field}, self.TARGET)
            self.refuse_sync(INVALID, [word])

    def test_the_cursor_need_not_be_a_column_that_goes_on(self):
        self.file([(1, 0), (1, 5), (2, 5)])
        self.flow({"path": "in/a.csv", "columns": ["id"], "incremental": {"files": "all", "datetime_field": "ts"}}, self.TARGET)
        self.sync_one()
        self.file([(1, 0), (1, 5), (2, 5), (1, 6), (2, 5)])
        self.sync_one()
        self.assert_taken([{"id": 1}, {"id": 1}, {"id": 2}, {"id": 1}, {"id": 2}])

    def test_sql_sees_new_rows_only(self):
        self.file([(1, 0), (2, 5)])
        self.flow({"path": "in/a.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, self.TARGET, sql="select id, count(*) over () n from s")
        self.sync_one()
        self.file([(1, 0), (2, 5), (3, 5), (4, 9)])
        self.sync_one()
        self.assert_taken([{"id": 1, "n": 2}, {"id": 2, "n": 2}, {"id": 3, "n": 2}, {"id": 4, "n": 2}])

    def test_each_target_remembers_on_its_own(self):
        for target in ({"path": "a/", "format": "jsonl"}, {"table": "db.t"}, {"path": "x.duckdb", "table": "t"}):
            self.file([(1, 0), (2, 5)])
            self.flow({"path": "in/a.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, target)
            self.assertEqual(self.sync_one()["rows_written"], 2)
            self.file([(1, 0), (2, 5), (3, 5), (4, 9)])
            self.assertEqual(self.sync_one()["rows_written"], 2)
            self.assertEqual(self.sync_one()["rows_written"], 0)


class Ranges(IncrementalTest):
    ROWS = [{"id": i, "ts": stamp(i * 60), "v": 1} for i in range(100)]

    def setUp(self):
        super().setUp()
        self.write("in/a.csv", csv_text(self.ROWS))

    def describe_range(self, **target):
        self.flow({"path": "in/*.csv", "datetime_field": "ts"}, self.TARGET | target)

    def test_since_is_inclusive_and_until_exclusive(self):
        self.describe_range(mode="upsert", primary_key="id")
        self.sync_one("--since", stamp(600), "--until", stamp(1200))
        self.assert_taken(self.ROWS[10:20])

    def test_a_range_leaves_states_as_they_are(self):
        self.describe_range(mode="upsert", primary_key="id")
        self.sync_one("--since", stamp(600), "--until", stamp(1200))
        # It knows of none of them, and an upsert writes those that are there once more.
        self.assertEqual(self.sync_one()["rows_written"], 100)
        self.assert_taken(self.ROWS)
        (before,) = json.loads(self.succeed("state", "show", "p.yaml").text)
        self.write("in/a.csv", csv_text([row | {"v": 2} for row in self.ROWS]))
        self.sync_one("--since", stamp(0), "--until", stamp(300))
        self.assert_taken([row | {"v": 2 if row["id"] < 5 else 1} for row in self.ROWS])
        (after,) = json.loads(self.succeed("state", "show", "p.yaml").text)
        self.assertEqual(after, before)

    def test_a_backfill_in_steps(self):
        self.describe_range(mode="upsert", primary_key="id")
        report = self.sync_one("--since", stamp(0), "--until", stamp(4000), "--backfill-step", "10h")
        self.assertEqual(report["rows_written"], 67)
        self.assert_taken(self.ROWS[:67])

    def test_a_backfill_of_partitions(self):
        self.flow({"path": "in/*.csv", "datetime_field": "ts"}, self.TARGET | {"mode": "overwrite_partitions", "partition_by": "day(ts)"})
        self.sync_one("--since", "2026-03-01", "--until", "2026-03-05", "--backfill-step", "1d")
        self.assertEqual(len(self.taken()), 96)
        self.write("in/a.csv", csv_text([row | {"v": 2} for row in self.ROWS]))
        self.sync_one("--since", "2026-03-02", "--until", "2026-03-03", "--backfill-step", "1d")
        self.assert_taken([row | {"v": 2 if 24 <= row["id"] < 48 else 1} for row in self.ROWS[:96]])

    def test_what_a_range_cannot_do_is_refused(self):
        self.describe_range()
        self.refuse_sync(INVALID, ["second time", "append"], "--since", stamp(0))
        self.describe_range(mode="upsert", primary_key="id")
        self.refuse_sync(INVALID, ["--since and --until"], "--backfill-step", "1d")
        self.refuse_sync(INVALID, ["--since", "soon"], "--since", "soon")
        self.refuse_sync(INVALID, ["--since", "soon"], "--since", "soon", "--until", stamp(5), "--backfill-step", "1d")
        self.refuse_sync(INVALID, [], "--since", stamp(0), "--until", stamp(5), "--backfill-step", "0s")
        self.flow({"path": "in/*.csv"}, self.TARGET | {"mode": "upsert", "primary_key": "id"})
        self.refuse_sync(INVALID, ["datetime_field"], "--since", stamp(0))
        self.assertEqual(self.taken(), [])


class States(IncrementalTest):
    def setUp(self):
        super().setUp()
        self.write("in/a.csv", csv_text([{"id": i, "ts": stamp(i)} for i in range(10)]))
        self.flow({"path": "in/*.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, self.TARGET)

    def show(self):
        (shown,) = json.loads(self.succeed("state", "show", "p.yaml").text)
        return shown

    def test_show(self):
        self.assertIsNone(self.show()["state"])
        self.sync_one()
        shown = self.show()
        self.assertEqual((shown["pipeline"], shown["source"]), ("p", "s"))
        self.assertEqual(shown["state"]["cursor"]["column"], "ts")
        self.assertIn("2026-03-01", shown["state"]["cursor"]["last"])
        self.assertEqual(shown["state"]["runs"], 1)

    def test_set(self):
        self.sync_one()
        self.succeed("state", "set", "p.yaml", "p", "s", stamp(7))
        self.sync_one()
        expected = [*range(10), 7, 8, 9]
        self.assertEqual(sorted(row["id"] for row in self.taken()), sorted(expected))
        self.refuse(NOT_FOUND, ["no source t"], "state", "set", "p.yaml", "p", "t", stamp(7))
        self.refuse(NOT_FOUND, ["no pipeline q"], "state", "set", "p.yaml", "q", "s", stamp(7))

    def test_a_value_that_is_none_is_refused_before_or_by_the_next_run(self):
        self.sync_one()
        outcome = self.run_program("state", "set", "p.yaml", "p", "s", "yesterday")
        if outcome.code == OK:
            before = self.tree()
            self.refuse_sync(INVALID, ["yesterday", "timestamp"])
            self.assertEqual(self.tree(), before)

    def test_reset(self):
        self.sync_one()
        outcome = self.succeed("state", "reset", "p.yaml", "p")
        self.assertIn("forgot 1", outcome.err)
        self.assertIsNone(self.show()["state"])
        self.sync_one()
        self.assertEqual(sorted(row["id"] for row in self.taken()), sorted([*range(10)] * 2))

    def test_reset_forgets_the_ledger_too(self):
        self.flow({"path": "in/*.csv"}, self.TARGET)
        self.sync_one()
        self.succeed("state", "reset", "p.yaml", "p")
        self.assertEqual(self.sync_one()["rows_written"], 10)

    def test_reset_of_a_pipeline_that_never_ran(self):
        outcome = self.run_program("state", "reset", "p.yaml", "p")
        self.assertIn(outcome.code, (OK, NOT_FOUND), outcome.err)

    def break_state(self, change):
        path = self.here / "out/_glaux/state.json"
        path.write_bytes(change(path.read_bytes()))

    def assert_refused(self, code, words):
        before = self.tree()
        self.refuse_sync(code, words)
        self.refuse_sync(code, words, "--dry-run")
        self.assertEqual(self.tree(), before)

    def test_a_state_that_is_cut_off_or_edited_is_told_and_nothing_is_written(self):
        self.sync_one()
        good = (self.here / "out/_glaux/state.json").read_bytes()
        self.write("in/b.csv", csv_text([{"id": 100, "ts": stamp(100)}]))
        for bad in (good[:-10], good[:1], b"", b"null", b"[]", b"{}", good + b"}", b"\xff\xfe" + good, good.replace(b'"version":2', b'"version":-1'), good.replace(b'"version":2', b'"version":"x"')):
            with self.subTest(bad[:30]):
                self.break_state(lambda _: bad)
                self.assert_refused(CORRUPT, ["state"])
        self.break_state(lambda _: good)
        self.assertEqual(self.sync_one()["rows_written"], 1)

    def test_a_stream_that_is_edited_is_told_and_nothing_is_written(self):
        self.sync_one()
        good = (self.here / "out/_glaux/state.json").read_bytes()
        self.write("in/b.csv", csv_text([{"id": 100, "ts": stamp(100)}]))
        stream = json.loads(json.loads(good)["streams"]["p/s"] if isinstance(json.loads(good)["streams"], dict) else "{}")

        def with_stream(text):
            state = json.loads(good)
            state["streams"]["p/s"] = text
            return json.dumps(state).encode()
        for text in ("", "{", "[]", '{"version":"1"}', json.dumps(stream | {"cursor": 5}), json.dumps(stream | {"cursor": stream["cursor"] | {"seen": {"x": {}}}}), json.dumps(stream | {"runs": "many"})):
            with self.subTest(text):
                self.break_state(lambda _: with_stream(text))
                self.assert_refused(CORRUPT, ["p/s"])
        self.break_state(lambda _: with_stream(json.dumps(stream | {"version": 99})))
        self.assert_refused(NOT_IMPLEMENTED, ["p/s", "99"])
        self.break_state(lambda _: with_stream(json.dumps(stream | {"cursor": stream["cursor"] | {"last": "some day"}})))
        self.assert_refused_by_run(INVALID, ["some day"])
        self.break_state(lambda _: with_stream("{"))
        self.succeed("state", "set", "p.yaml", "p", "s", stamp(9))
        self.assertEqual(self.sync_one()["rows_written"], 2)

    def assert_refused_by_run(self, code, words):
        before = self.tree()
        self.refuse_sync(code, words)
        self.assertEqual(self.tree(), before)

    def test_a_state_of_a_newer_version_is_left_alone(self):
        self.sync_one()
        self.break_state(lambda state: json.dumps(json.loads(state) | {"format-version": 99}).encode())
        self.assert_refused(NOT_IMPLEMENTED, ["99"])

    def test_diff(self):
        self.flow({"path": "in/*.csv"}, self.TARGET)
        self.assertIn("1 file to read", self.succeed("state", "diff", "p.yaml").text)
        self.sync_one()
        outcome = self.succeed("state", "diff", "p.yaml")
        self.assertIn("0 files to read", outcome.text)
        self.assertIn("1 read before", outcome.text)


if __name__ == "__main__":
    unittest.main()
