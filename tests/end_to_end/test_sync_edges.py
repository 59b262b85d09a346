"""What stands at the edges of pipelines and file commands: secrets, links, names with a date, dry runs of chains, first runs
at once, files that nobody meant."""
import os
import subprocess
import time
import unittest

from lake import DENIED, INVALID, NOT_FOUND, OK, PROGRAM
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


class Links(SyncTest):
    def setUp(self):
        super().setUp()
        self.write("in/a.csv", "id\n1\n")
        self.write("elsewhere/b.csv", "id\n2\n")
        os.symlink("../elsewhere/b.csv", self.here / "in/link.csv")
        os.symlink("../elsewhere", self.here / "in/folder")

    def test_links_in_folders_are_passed_over_and_counted(self):
        for pattern, links in (("in/*.csv", 1), ("in/**", 2), ("in", 2), ("in/*/*.csv", 2), ("in/a*.csv", 0)):
            with self.subTest(pattern):
                self.flow({"path": pattern}, {"path": f"out-{links}-{len(pattern)}/", "format": "jsonl"})
                for arguments in (["--dry-run"], []):
                    report = self.sync_one(*arguments)
                    self.assertEqual(report["sources"][0]["files_links"], links)
                    notes = " ".join(report["notes"])
                    self.assertEqual("passed over, the first: " + str(self.here / "in") in notes, links > 0, notes)
                    if links > 0:
                        self.assertIn("passed over", self.last.err)

    def test_a_folder_of_links_alone_says_so(self):
        (self.here / "in/a.csv").unlink()
        self.flow({"path": "in/"}, {"path": "out.jsonl"})
        self.refuse_sync(NOT_FOUND, ["symbolic link", "in/"])
        self.flow({"path": "in/*.csv"}, {"path": "out.jsonl"})
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        self.assertIn("in/link.csv", self.last.err)

    def test_a_link_that_is_named_is_followed_to_the_file_that_it_stands_for_now(self):
        os.symlink("elsewhere/b.csv", self.here / "latest.csv")
        self.flow({"path": "latest.csv"}, {"path": "out/", "format": "jsonl"})
        self.sync_one()
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        (self.here / "latest.csv").unlink()
        os.symlink("in/a.csv", self.here / "latest.csv")
        self.sync_one()
        self.assert_same_rows(self.folder_rows("out"), [{"id": 1}, {"id": 2}])
        (self.here / "latest.csv").unlink()
        os.symlink("nowhere.csv", self.here / "latest.csv")
        self.sync_one(code=NOT_FOUND)

    def test_commands_say_it_too(self):
        self.assertIn("2 symbolic links passed over", self.succeed("ls", "in").err)
        self.assertIn("left out 2 symbolic links", self.succeed("cp", "-r", "in", "copy").err)
        self.assertEqual(self.files_in("copy"), ["a.csv"])
        self.assertIn("1 symbolic link passed over", self.succeed("head", "in/*.csv").err)
        self.assertEqual(self.succeed("cat", "in/link.csv").text, "id\n2\n")
        self.assertIn("2 symbolic links were passed over", self.succeed("load", "in", "db.t", "--partition-by", "none").err)
        self.assertIn("1 symbolic link was passed over", self.succeed("load", "in/*.csv", "db.u", "--partition-by", "none").err)
        self.succeed("load", "in/link.csv", "db.v", "--partition-by", "none")
        self.assertEqual([self.rows(f"SELECT id FROM db.{t}") for t in "tuv"], [[["1"]], [["1"]], [["2"]]])
        self.refuse(NOT_FOUND, ["only where they are named"], "ls", "in/l*.csv")


class DryRuns(SyncTest):
    def test_a_dry_run_into_duckdb_makes_nothing(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"path": "x.duckdb", "table": "t"})
        before = self.tree()
        report = self.sync_one("--dry-run")
        self.assertTrue(report["target_created"])
        self.assertEqual(self.tree(), before)
        self.sync_one()
        self.write("in.csv", "id,more\n2,x\n")
        content = (self.here / "x.duckdb").read_bytes()
        report = self.sync_one("--dry-run")
        self.assertEqual((report["target_created"], report["changes"]), (False, ["add column more: string"]))
        self.assertIn("add column more: string", self.last.err)
        self.assertEqual((self.here / "x.duckdb").read_bytes(), content)
        self.assertEqual(self.sync_one()["changes"], ["add column more: string"])

    def test_a_dry_run_into_duckdb_refuses_what_a_run_refuses(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"path": "none/x.duckdb", "table": "t"})
        for arguments in (["--dry-run"], []):
            self.sync_one(*arguments, code=NOT_FOUND)
        self.flow({"path": "in.csv"}, {"path": "x.duckdb", "table": "t"})
        self.sync_one()
        self.write("in.csv", "id\nx\n")
        for arguments in (["--dry-run"], []):
            self.sync_one(*arguments, code=INVALID)

    def chain(self, second, to=None, **more):
        self.write("in/a.csv", "id,name\n1,x\n2,y\n")
        self.describe({"files": {"path": "in/*.csv"}, "second": second}, {"first": {"table": "db.first"}, "out": to or {"path": "out.jsonl"}},
                      [{"name": "a", "from": "files", "to": "first"}, {"name": "b", "from": "second", "to": "out"} | more])

    def test_a_chain_is_planned_with_the_columns_that_the_first_would_make(self):
        self.chain({"table": "db.first", "columns": ["name", "id"]}, {"table": "db.second", "partition_by": "none"})
        before = self.tree()
        reports = self.sync("--dry-run")
        self.assertEqual(reports["b"]["changes"], ["add column name: string", "add column id: bigint"])
        self.assertTrue(reports["b"]["target_created"])
        self.assertIn("pipeline a, which runs before this one", reports["b"]["notes"][0])
        self.assertEqual(self.tree(), before)
        made = self.sync()
        self.assertEqual(made["b"]["changes"], reports["b"]["changes"])
        self.assertEqual(made["b"]["rows_written"], 2)
        # Nothing new for the first: what the second says is all there is to say.
        self.assertEqual([note for note in self.sync("--dry-run")["b"]["notes"] if "pipeline a" in note], [])

    def test_a_column_that_a_chain_would_not_have_is_an_error_of_the_dry_run(self):
        self.chain({"table": "db.first", "columns": ["nope"]})
        self.refuse_sync(INVALID, ["no column nope"], "--dry-run")

    def test_what_cannot_be_known_is_said(self):
        for second in ({"sql": "SELECT id FROM db.first"}, {"path": "made/x.jsonl"}):
            with self.subTest(second):
                self.chain(second)
                if "path" in second:
                    self.describe({"files": {"path": "in/*.csv"}, "second": second}, {"first": {"path": "made/x.jsonl"}, "out": {"path": "out.jsonl"}},
                                  [{"name": "a", "from": "files", "to": "first"}, {"name": "b", "from": "second", "to": "out"}])
                reports = self.sync("--dry-run")
                self.assertEqual((reports["a"]["state"], reports["b"]["state"]), ("succeeded", "not_known"))
                self.assertIn("cannot be told before pipeline a has run: ", reports["b"]["notes"][0])
                self.assertIn("b: depends on what runs before it", self.last.err)
                self.assertEqual(self.sync()["b"]["rows_written"], 2)
                (self.here / "out.jsonl").unlink()

    def test_what_nobody_makes_is_missing(self):
        self.chain({"table": "db.other"})
        self.refuse_sync(NOT_FOUND, ["pipeline b: source second: ", "is not there"], "--dry-run")


class Newcomers(SyncTest):
    """What people do who have not read the documents: every message says what, where, what was expected and what to do."""

    def test_yaml_that_is_none(self):
        end = "\ndestinations: {d: {path: o.jsonl}}\n"
        cases = {"sources:\n\ts:\n\t\tpath: a.csv" + end: ["line 2", "tab", "expected spaces"],
                 "sources:\n  s:\n    path: a.csv\n   format: csv" + end: ["line 4", "indentation"],
                 "sources\n  s: {path: a.csv}" + end: ["line 2", "':'"],
                 'sources: {s: {path: "a.csv}}' + end: ["not closed"],
                 "sources: {s: {path: a.csv}": ["not closed"],
                 "": ["found: nothing", "sources, destinations", "hint: glaux sync --schema"],
                 "- a\n": ["found: a list"], "hello\n": ["found: hello"],
                 "sources: {s: {path: a.csv, path: b.csv}}" + end: ["line 1, column 28", "path comes twice"],
                 "sources: {s: {path: a.csv}}\n---\nsources: {}\n": ["line 2", "second document"]}
        for text, words in cases.items():
            with self.subTest(text):
                self.write("p.yaml", text)
                self.refuse(INVALID, ["p.yaml, line ", *words], "sync", "p.yaml")
        bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12))
        self.write("p.yaml", bomb)
        self.refuse(INVALID, ["aliases written out"], "sync", "p.yaml")
        (self.here / "p.yaml").write_bytes(bytes(range(256)))
        self.refuse(INVALID, ["p.yaml"], "sync", "p.yaml")
        self.write("p.yaml", "x" * (2 << 20))
        self.refuse(INVALID, ["too large"], "sync", "p.yaml")
        self.refuse(NOT_FOUND, ["there is no such file"], "sync", "none.yaml")
        self.refuse(INVALID, ["directory"], "sync", self.here)

    def test_columns_that_are_not_there(self):
        self.write("a.csv", "id,name\n1,x\n")
        for source, destination in (({"columns": ["id", "nam"]}, {}), ({"filter": "nam = 'x'"}, {}), ({"datetime_field": "nam"}, {}), ({}, {"mode": "upsert", "primary_key": "nam"})):
            with self.subTest(source | destination):
                self.flow({"path": "a.csv"} | source, {"path": "o.jsonl"} | destination)
                outcome = self.refuse_sync(INVALID, ["no column nam; there are id, name; did you mean name?"])
                self.assertEqual(len(outcome.err.splitlines()), 1 if not destination else 2, outcome.err)

    def test_places_that_are_no_places(self):
        self.write("a.csv", "id\n1\n")
        for path, code, words in (("a.csv/x.jsonl", INVALID, ["a.csv is a file"]), ("folder", INVALID, ["format"]), ("folder.jsonl", INVALID, ["is there and is no regular file", "end the path with /"])):
            with self.subTest(path):
                (self.here / "folder.jsonl").mkdir(exist_ok=True)
                self.flow({"path": "a.csv"}, {"path": path})
                self.refuse_sync(code, words)

    @unittest.skipIf(not os.path.exists("/proc/self"), "there is no place where nobody may write")
    def test_a_place_where_nobody_may_write(self):
        self.write("a.csv", "id\n1\n")
        self.flow({"path": "a.csv"}, {"path": "/proc/glaux/x.jsonl"})
        outcome = self.run_program("sync", "p.yaml")
        self.assertIn(outcome.code, (DENIED, NOT_FOUND))
        self.assertIn("/proc/", outcome.err)

    def test_patterns_that_match_nothing_say_so(self):
        self.write("zero/a.csv", "")
        for pattern, words in (("none*.csv", "no file matches " + str(self.here / "none*.csv")), ("zero/*.csv", "1 empty, 0 hidden")):
            self.flow({"path": pattern}, {"path": "o.jsonl"})
            self.assertEqual(self.sync_one()["state"], "nothing_new")
            self.assertIn(words, self.last.err)

    def test_readers_that_go_away_are_no_error(self):
        self.write("a.csv", "id\n" + "".join(f"{i}\n" for i in range(300_000)))
        self.flow({"path": "a.csv"}, {"connector": "stdout"})
        for command in ("sync p.yaml", "cat a.csv", "convert a.csv - --to-format jsonl", "sync --schema"):
            with self.subTest(command):
                done = subprocess.run(["bash", "-c", f"set -o pipefail; '{PROGRAM}' {command} | head -1"], cwd=self.here, env=self.environment(COLUMNS="40", NO_COLOR="1"), capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, OK, done.stderr)
                self.assertEqual(len(done.stdout.splitlines()), 1)
                self.assertNotIn("error", done.stderr)
                self.assertNotIn("\x1b", done.stderr + done.stdout)


if __name__ == "__main__":
    unittest.main()
