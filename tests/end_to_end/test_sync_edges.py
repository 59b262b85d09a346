"""What stands at the edges of pipelines and file commands: secrets, links, names with a date, dry runs of chains, first runs
at once, files that nobody meant."""
import time
import unittest

from lake import INVALID, OK
from pipelines import SyncTest, csv_text


class Secrets(SyncTest):
    def test_secrets_of_addresses_are_nowhere(self):
        signed = "?X-Amz-Credential=hunter2&X-Amz-Signature=hunter2"
        for source in ({"uri": "s3://hunter2:hunter2@lake/x.csv"}, {"path": f"none.csv{signed}"}, {"uri": f"s3://lake/x.csv{signed}"},
                       {"uri": f"ftp://{'u' * 70}:hunter2@host/x.csv"}, {"path": "aws_secret_access_key=hunter2.csv"}, {"sql": "SELECT x, SECRET 'hunter2' FROM"}):
            with self.subTest(source):
                self.flow(source, {"path": "o.jsonl"})
                outcome = self.run_program("sync", "p.yaml", "--verbose", "--report", "report.json")
                self.assertIn("glaux: error: " if outcome.code != OK else "nothing new", outcome.err)
                report = self.here / "report.json"
                self.assertNotIn("hunter2", outcome.err + outcome.text + (report.read_text() if report.exists() else ""))
        for command in (["ls", "https://u:hunter2@h/x"], ["cat", f"x.csv{signed}"], ["cp", f"s3://lake/x{signed}", "y"], ["schema", "s3://u:hunter2@lake/x.csv"],
                        ["load", f"https://h/x{signed}", "db.t"], ["convert", "ftp://u:hunter2@h/x.csv", "y.csv"]):
            with self.subTest(command):
                outcome = self.run_program(*command)
                self.assertNotEqual(outcome.code, OK)
                self.assertNotIn("hunter2", outcome.err + outcome.text)

    def test_a_file_that_is_called_like_a_signed_address_is_read_and_its_secret_not_kept(self):
        name = "x.csv?X-Amz-Signature=hunter2"
        self.write(f"in/{name}", "id\n1\n")
        self.flow({"path": "in/*", "format": "csv"}, {"path": "out/", "format": "jsonl"})
        for arguments in (["--dry-run"], ["--verbose"], []):
            outcome = self.succeed("sync", "p.yaml", "--report", "report.json", *arguments)
            self.assertNotIn("hunter2", outcome.err + outcome.text + (self.here / "report.json").read_text())
        self.assertEqual(self.folder_rows("out"), [{"id": 1}])
        self.assertNotIn("hunter2", self.succeed("state", "show", "p.yaml").text)
        for path in (self.here / "out").rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hunter2", path.read_bytes(), path)


class FilesByTime(SyncTest):
    """out/{date}.jsonl: a file a day. A file that is renamed to an earlier day is what a test has of yesterday."""

    def setUp(self):
        super().setUp()
        self.rows_1 = [{"id": i, "name": f"n{i}"} for i in range(5)]
        self.write("in/1.csv", csv_text(self.rows_1))

    def make_it_yesterday(self, folder="out", ending="jsonl"):
        (today,) = [name for name in self.files_in(folder) if not name.startswith("2020")]
        self.assertRegex(today, rf"^\d{{4}}-\d\d-\d\d\.{ending}$")
        (self.here / folder / today).rename(self.here / folder / f"2020-01-0{len(self.files_in(folder))}.{ending}")

    def test_each_day_has_the_rows_that_came_that_day(self):
        for ending in ("jsonl", "csv", "jsonl.gz", "parquet", "json"):
            with self.subTest(ending):
                for old in self.here.glob("in/[2-9].csv"):
                    old.unlink()
                self.flow({"path": "in/*.csv"}, {"path": f"out-{ending}/{{date}}.{ending}"})
                self.assertEqual(self.sync_one()["rows_written"], 5)
                self.make_it_yesterday(f"out-{ending}", ending)
                self.assertEqual(self.sync_one()["state"], "nothing_new")
                self.assertEqual(len(self.files_in(f"out-{ending}")), 1)
                self.write("in/2.csv", csv_text([{"id": 10, "name": "ten"}]))
                self.assertEqual(self.sync_one()["rows_written"], 1)
                self.write("in/3.csv", csv_text([{"id": 11, "name": "eleven"}]))
                report = self.sync_one()
                self.assertEqual((report["rows_written"], report["mode"]), (1, "append"))
                yesterday, today = self.files_in(f"out-{ending}")
                self.assertEqual([int(row["id"]) for row in self.rows_of(f"out-{ending}/{yesterday}")], [0, 1, 2, 3, 4])
                self.assertEqual([int(row["id"]) for row in self.rows_of(f"out-{ending}/{today}")], [10, 11])

    def test_new_columns_are_those_of_the_whole_day(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}.jsonl"})
        self.sync_one()
        self.write("in/2.csv", "id,more\n5,x\n")
        self.sync_one()
        (today,) = self.files_in("out")
        rows = self.rows_of(f"out/{today}")
        self.assertEqual([row["id"] for row in rows], [0, 1, 2, 3, 4, 5])
        self.assertEqual((rows[0]["more"], rows[-1]["more"], rows[-1]["name"]), (None, "x", None))

    def test_replace_is_a_snapshot_of_the_day(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}.jsonl", "mode": "replace"})
        self.sync_one()
        self.make_it_yesterday()
        self.write("in/2.csv", csv_text([{"id": 10, "name": "ten"}]))
        for _ in range(2):
            self.sync_one()
            _, today = self.files_in("out")
            self.assertEqual([row["id"] for row in self.rows_of(f"out/{today}")], [0, 1, 2, 3, 4, 10])

    def test_a_cursor_goes_on_from_day_to_day(self):
        self.flow({"path": "in/*.csv", "datetime_field": "id", "incremental": {"files": "all"}}, {"path": "out/{date}.jsonl"})
        self.sync_one()
        self.make_it_yesterday()
        self.write("in/1.csv", csv_text([*self.rows_1, {"id": 9, "name": "nine"}]))
        self.sync_one()
        self.assertEqual([row["id"] for row in self.folder_rows("out")], [0, 1, 2, 3, 4, 9])

    def test_a_file_a_run(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}T{time}.jsonl"})
        for number in range(2, 4):
            self.sync_one()
            self.write(f"in/{number}.csv", csv_text([{"id": number * 10, "name": "x"}]))
            time.sleep(1.1)
        self.sync_one()
        self.assertEqual(len(self.files_in("out")), 3)
        self.assertEqual([row["id"] for row in self.folder_rows("out")], [0, 1, 2, 3, 4, 20, 30])

    def test_runs_at_once_add_each_row_once(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}.jsonl"})
        self.sync_one()
        for number in range(2, 6):
            self.write(f"in/{number}.csv", csv_text([{"id": number * 10 + i, "name": "x"} for i in range(3)]))
        runs = [self.start("sync", "p.yaml") for _ in range(4)]
        for run in runs:
            _, err = run.communicate(timeout=60)
            self.assertEqual(run.returncode, OK, err)
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), [0, 1, 2, 3, 4, *[n * 10 + i for n in range(2, 6) for i in range(3)]])

    def test_keys_are_not_looked_for_in_the_files_of_other_days(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{date}.jsonl", "mode": "upsert", "primary_key": "id"})
        self.refuse_sync(INVALID, ["p.yaml, line ", "mode", "upsert", "append, replace"])

    def test_the_files_of_other_days_are_no_source(self):
        self.flow({"path": "out/*.jsonl"}, {"path": "out/{date}.jsonl"})
        self.write("out/2020-01-01.jsonl", '{"id": 1}\n')
        self.refuse_sync(INVALID, ["2020-01-01.jsonl", "itself has written"])
        self.write("out/2020-01-01.jsonl", "")
        self.write("out/other.jsonl", '{"id": 1}\n')
        self.sync_one()

    def test_the_pipeline_s_name_alone_is_one_file(self):
        self.flow({"path": "in/*.csv"}, {"path": "out/{pipeline}.jsonl"})
        for _ in range(2):
            self.assertEqual(self.sync_one()["mode"], "replace")
        self.assertEqual(self.rows_of("out/p.jsonl"), self.rows_1)


if __name__ == "__main__":
    unittest.main()
