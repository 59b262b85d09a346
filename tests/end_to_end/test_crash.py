"""Loads that are cut off, run beside each other or run out of disk: never a row lost, never one twice."""
import os
import random
import signal
import subprocess
import time
import unittest

from lake import CANCELLED, NOT_FOUND, OK, UNAVAILABLE, LakeTest

ROWS = 40_000


class CrashTest(LakeTest):
    def make_files(self, folder, files=4, rows=ROWS, first=0):
        """Files whose ids go from `first` up, over eight partitions."""
        each = rows // files
        for number in range(files):
            begin = first + number * each
            lines = (f"{i},{i % 8},{i * 0.5},text of the row {i}\n" for i in range(begin, begin + each))
            self.write(f"{folder}/{number:03d}.csv", "id,p,v,s\n" + "".join(lines))

    def load_arguments(self, folder):
        return ("load", folder, "t.data", "--partition-by", "p")

    def assert_each_id_once(self, first, last):
        found = self.rows("select count(*), count(distinct id), min(id), max(id), sum(v) from t.data")
        total = f"{sum(range(first, last)) * 0.5:.1f}"
        self.assertEqual(found, [[str(last - first), str(last - first), str(first), str(last - 1), total]])

    def count(self):
        """Rows that a query sees; None where there is no table."""
        outcome = self.run_program("query", "select count(*) from t.data", "--format", "csv")
        if outcome.code == NOT_FOUND:
            return None
        self.assertEqual(outcome.code, OK, outcome.err)
        return int(outcome.text.split()[1])

    def names(self):
        """Names of the files of the store; those that come and go meanwhile do no harm."""
        store = self.lake / "store"
        return {os.path.relpath(os.path.join(folder, name), store) for folder, _, files in os.walk(store) for name in files
                if "/locks" not in folder}

    def typical_time(self, folder):
        """Seconds that a load of the folder takes, measured in a lake of its own."""
        begin = time.monotonic()
        self.succeed(*self.load_arguments(folder), "--lake", self.here / "measured")
        return time.monotonic() - begin


class Killed(CrashTest):
    ROUNDS = 12

    def test_a_killed_load_is_all_or_nothing_and_is_made_good_by_the_next(self):
        self.make_files("in")
        typical = self.typical_time("in")
        dice = random.Random(2025)
        killed = 0
        for number in range(self.ROUNDS):
            self.lake = self.here / f"lake-{number}"
            # Spread over the whole load: a few at its begin and its end too.
            delay = typical * min(1.0, (number + dice.random()) / self.ROUNDS)
            with self.subTest(round=number, delay=round(delay, 4)):
                process = self.start(*self.load_arguments("in"))
                time.sleep(delay)
                process.kill()
                process.communicate()
                killed += process.returncode == -signal.SIGKILL
                self.assertIn(self.count(), (None, 0, ROWS))
                self.succeed(*self.load_arguments("in"))
                self.assert_each_id_once(0, ROWS)
                self.assertEqual(self.count(), ROWS)
        self.assertGreater(killed, self.ROUNDS // 3, "the loads were over before they could be killed")

    def test_a_killed_load_into_a_table_with_rows_shows_the_old_ones_or_all(self):
        self.make_files("first", files=1, rows=1000)
        self.make_files("second", first=1000)
        self.succeed(*self.load_arguments("first"))
        typical = self.typical_time("second")
        dice = random.Random(7)
        for number in range(self.ROUNDS // 2):
            delay = typical * dice.random()
            with self.subTest(round=number, delay=round(delay, 4)):
                process = self.start(*self.load_arguments("second"))
                time.sleep(delay)
                process.kill()
                process.communicate()
                seen = self.count()
                self.assertIn(seen, (1000, 1000 + ROWS))
        self.succeed(*self.load_arguments("second"))
        self.assert_each_id_once(0, 1000 + ROWS)

    def test_repair_removes_what_killed_loads_left(self):
        self.make_files("first", files=1, rows=1000)
        self.make_files("second", first=1000)
        self.succeed(*self.load_arguments("first"))
        clean = set(self.stored())
        for _ in range(4):
            process = self.start(*self.load_arguments("second"))
            while process.poll() is None and self.names() <= clean:
                time.sleep(0.001)
            process.kill()
            process.communicate()
            self.assertEqual(self.count(), 1000, "the load was over before it was killed")
        self.assertGreater(self.names(), clean, "no killed load left anything")
        self.succeed("repair", "t.data", "--grace", "0s")
        # A kill in the middle of one call leaves a private file that no upload names; the store drops it a day later.
        for name in set(self.stored()) - clean:
            self.assertTrue(name.startswith("lake/.glaux/") and not name.endswith(".parts"), name)
            path = self.lake / "store" / name
            os.utime(path, (path.stat().st_mtime - 2 * 86_400,) * 2)
        self.assertEqual(self.count(), 1000)
        self.assertEqual(set(self.stored()), clean)
        self.assert_each_id_once(0, 1000)
        self.succeed(*self.load_arguments("second"))
        self.assert_each_id_once(0, 1000 + ROWS)

    def test_a_killed_reload_that_evolves_the_table_leaves_it_readable(self):
        self.make_files("first", files=1, rows=1000)
        self.write("second/a.csv", "id,p,v,s,more\n" + "".join(f"{i},{i % 8},{i * 0.5},x,{i}\n" for i in range(1000, 20_000)))
        self.succeed(*self.load_arguments("first"))
        typical = self.typical_time("second")
        dice = random.Random(11)
        for number in range(6):
            process = self.start("load", "second", "t.data")
            time.sleep(typical * (number + dice.random()) / 6)
            process.kill()
            process.communicate()
            self.assertIn(self.count(), (1000, 20_000))
        self.succeed("load", "second", "t.data")
        self.assert_each_id_once(0, 20_000)
        self.assertEqual(self.value("select count(more) from t.data"), "19000")

    def test_a_killed_drop_can_be_repeated(self):
        self.make_files("in", files=1, rows=4000)
        for delay in (0.005, 0.01, 0.02, 0.03, 0.05):
            self.succeed(*self.load_arguments("in"))
            process = self.start("drop", "t.data", "--yes")
            time.sleep(delay)
            process.kill()
            process.communicate()
            self.assertIn(self.count(), (None, 4000))
            outcome = self.run_program("drop", "t.data", "--yes")
            self.assertIn(outcome.code, (OK, NOT_FOUND), outcome.err)
            self.assertIsNone(self.count())
            self.assertEqual([name for name in self.stored() if name.startswith("lake/t/")], [])

    def test_what_a_killed_drop_left_is_told_to_a_load(self):
        self.make_files("in", files=1, rows=400)
        self.succeed(*self.load_arguments("in"))
        left = {path: path.read_bytes() for path in (self.lake / "store" / "lake" / "t").rglob("*.parquet")}
        self.succeed("drop", "t.data", "--yes")
        # As a drop leaves it that was killed before its last file was gone.
        for path, content in left.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.write(self.lake / "store" / "lake" / "t" / "data" / "_glaux" / "dropped", "")
        self.refuse(5, ["t.data", "drop", "repeat the drop"], *self.load_arguments("in"))
        self.succeed("drop", "t.data", "--yes")
        self.succeed(*self.load_arguments("in"))
        self.assert_each_id_once(0, 400)


class Interrupted(CrashTest):
    def interrupt(self, with_signal):
        self.make_files("in", files=8, rows=400_000)
        process = self.start(*self.load_arguments("in"))
        self.signal_at_work(process, with_signal, 0.1)
        out, err = process.communicate(timeout=30)
        if process.returncode == OK or "\nloaded " in err:
            self.skipTest("the load was over before the signal")
        self.assertEqual(process.returncode, CANCELLED, err)
        self.assertEqual(out, "")
        self.assertIn("glaux: error: ", err)
        self.assertEqual(self.tables(), [])
        self.assertEqual(self.stored(), {})
        self.succeed(*self.load_arguments("in"))
        self.assert_each_id_once(0, 400_000)

    def test_control_c_ends_with_130_and_leaves_nothing(self):
        self.interrupt(signal.SIGINT)

    def test_terminate_leaves_nothing_either(self):
        self.interrupt(signal.SIGTERM)

    def test_control_c_ends_a_query_and_leaves_no_file(self):
        process = self.start("query", "select count(distinct hash(i, j)) from range(1000000) a(i), range(1000000) b(j)", "-o", "out.csv")
        self.signal_at_work(process, signal.SIGINT, 0.9)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, CANCELLED, err)
        self.assertEqual([path.name for path in self.here.iterdir() if path != self.lake], [])


class Together(CrashTest):
    def both(self, one, other):
        """Run two loads at once; a loser may say that somebody was first, and is then run again."""
        running = [(arguments, self.start(*arguments)) for arguments in (one, other)]
        ends = [(arguments, process.communicate(timeout=120)[1], process.returncode) for arguments, process in running]
        for arguments, err, code in ends:
            self.assertIn(code, (OK, 5), f"{arguments}: {err}")
        return [err for _, err, _ in ends], [code for _, _, code in ends]

    def test_the_same_files_are_loaded_once(self):
        self.make_files("in")
        errs, codes = self.both(self.load_arguments("in"), self.load_arguments("in"))
        self.assertIn(OK, codes, errs)
        self.assert_each_id_once(0, ROWS)

    def test_different_files_are_both_loaded(self):
        self.make_files("one", rows=20_000)
        self.make_files("two", rows=20_000, first=20_000)
        errs, codes = self.both(self.load_arguments("one"), self.load_arguments("two"))
        self.assertEqual(codes, [OK, OK], errs)
        self.assert_each_id_once(0, 40_000)

    def test_different_files_into_a_table_that_is_there(self):
        self.make_files("zero", files=1, rows=1000)
        self.succeed(*self.load_arguments("zero"))
        self.make_files("one", rows=20_000, first=1000)
        self.make_files("two", rows=20_000, first=21_000)
        errs, codes = self.both(self.load_arguments("one"), self.load_arguments("two"))
        self.assertEqual(codes, [OK, OK], errs)
        self.assert_each_id_once(0, 41_000)

    def test_two_that_add_a_column_each(self):
        self.make_files("zero", files=1, rows=8)
        self.succeed(*self.load_arguments("zero"))
        self.write("one.csv", "id,p,v,s,mine\n8,1,4.0,x,1\n")
        self.write("two.csv", "id,p,v,s,yours\n9,1,4.5,x,2\n")
        errs, codes = self.both(("load", "one.csv", "t.data"), ("load", "two.csv", "t.data"))
        self.assertEqual(codes, [OK, OK], errs)
        self.assert_each_id_once(0, 10)
        self.assertEqual(self.rows("select sum(mine), sum(yours) from t.data"), [["1", "2"]])

    def test_five_at_once(self):
        for number in range(5):
            self.write(f"{number}.csv", "id,p,v,s\n" + "".join(f"{i},{i % 2},{i * 0.5},x\n" for i in range(number * 100, number * 100 + 100)))
        running = [self.start(*self.load_arguments(f"{number}.csv")) for number in range(5)]
        ends = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
        self.assertEqual([code for _, code in ends], [OK] * 5, ends)
        self.assert_each_id_once(0, 500)

    def test_a_query_beside_a_load_sees_all_of_it_or_nothing(self):
        self.make_files("zero", files=1, rows=1000)
        self.make_files("one", first=1000)
        self.succeed(*self.load_arguments("zero"))
        process = self.start(*self.load_arguments("one"))
        seen = set()
        while process.poll() is None:
            seen.add(self.count())
        process.communicate()
        seen.add(self.count())
        self.assertLessEqual(seen, {1000, 1000 + ROWS})
        self.assertIn(1000 + ROWS, seen)


class Ends(CrashTest):
    def test_many_short_loads_end_with_0_and_not_with_a_signal(self):
        # What is left to do in a pool while the libraries are torn down shows in one of some hundred ends.
        self.write("z.csv", "id,p\n" + "".join(f"{i},{i % 8}\n" for i in range(1000)))
        for number in range(15):
            running = [self.start("load", "z.csv", "t.data", "--partition-by", "p", "--lake", self.here / f"lake-{number}-{k}") for k in range(4)]
            for process in running:
                err = process.communicate(timeout=120)[1]
                self.assertEqual(process.returncode, OK, err)


class FullDisk(CrashTest):
    def mount(self, megabytes):
        disk = self.here / "small-disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "glaux-test", disk], capture_output=True, text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no disk may be mounted here: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], check=False)
        return disk

    def setUp(self):
        super().setUp()
        if os.geteuid() != 0:
            self.skipTest("only root may mount a small disk")

    def test_a_full_disk_is_told_and_the_table_stays_as_it_was(self):
        self.lake = self.mount(3) / "lake"
        self.make_files("small", files=1, rows=1000)
        self.succeed(*self.load_arguments("small"))
        before = self.stored()
        dice = random.Random(1)
        self.write("large.csv", "id,p,v,s\n" + "".join(f"{i},{i % 8},{i * 0.5},{dice.randbytes(40).hex()}\n" for i in range(1000, 150_000)))
        self.refuse(UNAVAILABLE, ["No space left on device"], *self.load_arguments("large.csv"))
        self.assertEqual(self.stored(), before)
        self.assert_each_id_once(0, 1000)
        self.assertFalse(list((self.lake / "store").rglob("*.partial")))
        # With room, the same command goes on from there.
        subprocess.run(["mount", "-o", "remount,size=64m", self.here / "small-disk"], check=True)
        self.succeed(*self.load_arguments("large.csv"))
        self.assert_each_id_once(0, 150_000)

    def test_a_failed_load_gives_the_space_back(self):
        disk = self.mount(3)
        self.lake = disk / "lake"
        self.make_files("small", files=1, rows=1000)
        self.succeed(*self.load_arguments("small"))
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        dice = random.Random(1)
        self.write("large.csv", "id,p,v,s\n" + "".join(f"{i},{i % 8},{i * 0.5},{dice.randbytes(40).hex()}\n" for i in range(1000, 150_000)))
        self.refuse(UNAVAILABLE, [], *self.load_arguments("large.csv"))
        now = os.statvfs(disk).f_bavail * os.statvfs(disk).f_bsize
        self.assertGreater(now, free - 200_000)

    def test_a_full_disk_under_the_output_of_a_query(self):
        disk = self.mount(1)
        self.refuse(UNAVAILABLE, ["No space left on device"], "query", "select hash(i) h, uuid() u from range(200000) t(i)", "-o", disk / "out.csv")
        self.assertEqual(list(disk.iterdir()), [])

    def test_no_room_for_the_first_table(self):
        self.lake = self.mount(1) / "lake"
        dice = random.Random(1)
        self.write("large.csv", "id,p,v,s\n" + "".join(f"{i},{i % 8},{i * 0.5},{dice.randbytes(40).hex()}\n" for i in range(60_000)))
        self.refuse(UNAVAILABLE, ["No space left on device"], *self.load_arguments("large.csv"))
        self.assertIsNone(self.count())


if __name__ == "__main__":
    unittest.main()
