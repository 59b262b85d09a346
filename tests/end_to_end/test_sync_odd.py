"""Pipelines with odd names, odd files, odd values and odd places."""
import csv
import gzip
import io
import json
import os
import stat
import subprocess
import unittest

from lake import DENIED, INVALID, NOT_FOUND, OK, PROGRAM
from pipelines import SyncTest, csv_text, needs_pyarrow, pa


class Names(SyncTest):
    NAMES = ["plain", "with space", "ünï", 'quo"te', "sin'gle", "sel`ect", "select", "order", "a.b", "line\nbreak", "%s", "${HOME}", "tab\there", "1digit", "-dash", "emoji😀", "_glaux_sequence"]

    def make(self, names):
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(names)
        for base in (0, 100):
            writer.writerow(range(base, base + len(names)))
        self.write("in.csv", text.getvalue())
        return [dict(zip(names, range(base, base + len(names)))) for base in (0, 100)]

    def test_columns_of_any_name_go_into_files(self):
        rows = self.make(self.NAMES)
        for ending in ("jsonl", "json", "csv") + (("parquet",) if pa else ()):
            self.flow({"path": "in.csv"}, {"path": f"out.{ending}"})
            self.sync_one()
            self.assertEqual([{k: int(v) for k, v in row.items()} for row in self.rows_of(f"out.{ending}")], rows, ending)

    def test_columns_of_any_name_may_be_keys_and_stand_in_sql(self):
        names = [name for name in self.NAMES if not name.startswith("_glaux")]
        rows = self.make(names)
        for number, key in enumerate(names):
            target = {"path": f"out-{number}/", "format": "jsonl", "mode": "upsert", "primary_key": key.replace("$", "$$")}
            self.flow({"path": "in.csv", "incremental": {"files": "all"}}, target)
            self.sync_one()
            self.sync_one()
            self.assert_same_rows(self.folder_rows(f"out-{number}"), rows, key)
        quoted = ", ".join('"' + name.replace('"', '""').replace("$", "$$") + '"' for name in names)
        self.flow({"path": "in.csv"}, {"path": "sql.jsonl"}, sql=f"select {quoted} from s order by 1")
        self.sync_one()
        self.assertEqual(self.rows_of("sql.jsonl"), rows)

    def test_a_column_with_a_name_of_ours_is_refused_where_it_cannot_be(self):
        self.write("in.csv", "id,_glaux_sequence,_glaux_incoming\n1,5,6\n")
        for target in ({"path": "out/", "format": "jsonl"}, {"path": "out.jsonl"}, {"table": "db.t"}):
            self.flow({"path": "in.csv"}, target | {"mode": "upsert", "primary_key": "id"})
            self.refuse_sync(INVALID, ["_glaux_sequence"])
        self.assertEqual(self.tables(), [])

    def test_columns_that_differ_by_case(self):
        self.write("in.csv", "id,ID,v\n1,2,3\n")
        self.flow({"path": "in.csv"}, {"path": "out.jsonl"})
        self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": 1, "ID": 2, "v": 3}])
        for target in ({"table": "db.t"}, {"path": "x.duckdb", "table": "t"}):
            self.flow({"path": "in.csv"}, target)
            self.refuse_sync(INVALID, ["id", "ID"])
        self.flow({"path": "in.csv", "incremental": {"files": "all"}},
                  {"path": "keyed.jsonl", "mode": "upsert", "primary_key": "v"})
        for _ in range(2):
            self.sync_one()
            self.assertEqual(self.rows_of("keyed.jsonl"), [{"id": 1, "ID": 2, "v": 3}])
        self.write("in.csv", "id,id\n1,2\n")
        self.flow({"path": "in.csv"}, {"path": "out.jsonl"})
        self.refuse_sync(INVALID, ["in.csv, line 1", "one name: id"])
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": 1, "ID": 2, "v": 3}])

    def test_files_and_folders_of_any_name(self):
        for name in ("sp ace", "ü'\"", "#%&+ %41", "[x]", "a,b;c", "-dash", "emoji😀"):
            self.write(f"in/{name}/{name}.csv", f"id\n{len(name)}\n")
            self.flow({"path": "in/**"}, {"path": f"out/{name}.jsonl" if "[" not in name else "out/x.jsonl"})
            self.sync_one()
        self.assertEqual(len(self.rows_of("out/emoji😀.jsonl")), 7)
        self.flow({"path": "in/*/*.csv"}, {"path": "many/", "format": "jsonl"})
        self.sync_one()
        self.assertEqual(self.sync_one()["state"], "nothing_new")

    def test_values_of_partitions_may_be_odd(self):
        rows = [{"id": i, "p": p} for i, p in enumerate(["a b", "ü/x", "%41", "a=b", "..", "'", None, ".", "x" * 100])]
        self.write("in.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for target in ({"path": "out/", "format": "jsonl", "partition_by": "p"}, {"table": "db.t", "partition_by": "p"}):
            self.flow({"path": "in.jsonl"}, target)
            self.sync_one()
        self.assert_same_rows([json.loads(line) for line in self.succeed("query", "select id, p from db.t", "--format", "jsonl").text.splitlines()], rows)
        self.assertEqual(sorted(row["id"] for row in self.folder_rows("out")), list(range(9)))
        # Nothing went up and out of the folder.
        self.assertEqual(sorted(path.name for path in self.here.iterdir()), ["in.jsonl", "out", "p.yaml", "report.json", "the-lake"])


class Empty(SyncTest):
    def test_files_without_anything_are_nothing_new(self):
        self.write("in/a.csv", "")
        self.write("in/b.csv", "\n\n")
        self.write("in/c.jsonl", "")
        self.write("in/d.json", "[]")
        self.write("in/e.csv.gz", gzip.compress(b""))
        self.flow({"path": "in/*"}, {"path": "out.jsonl"})
        report = self.sync_one()
        self.assertEqual((report["state"], report["sources"][0]["files_empty"]), ("nothing_new", 5))
        self.write("in/f.csv", "id\n1\n")
        self.sync_one()
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": 1}])

    def test_a_header_alone_beside_rows(self):
        self.write("in/a.csv", "id,v,w\n")
        self.write("in/b.csv", "id,v\n1,2\n")
        self.flow({"path": "in/*"}, {"path": "out.jsonl"})
        self.sync_one()
        self.assertEqual([{k: v for k, v in row.items() if v is not None} for row in self.rows_of("out.jsonl")], [{"id": 1, "v": 2}])

    def test_a_header_alone_into_what_has_columns(self):
        for target in ({"table": "db.t"}, {"path": "many/", "format": "jsonl"}, {"path": "out/x.csv"}, {"path": "keyed/", "format": "jsonl", "mode": "upsert", "primary_key": "id"},
                       {"path": "replaced/", "format": "jsonl", "mode": "replace"}, {"path": "x.duckdb", "table": "t"}):
            self.write("in.csv", "id,v\n1,2\n")
            self.flow({"path": "in.csv"}, target)
            self.sync_one()
            self.write("in.csv", "id,v\n")
            self.assertEqual(self.sync_one()["rows_written"], 0, target)


class Places(SyncTest):
    def test_a_target_inside_its_source_is_not_read_again(self):
        for name, source, target in (("file", {"path": "file/**"}, {"path": "file/out.csv"}), ("folder", {"path": "folder/"}, {"path": "folder/", "format": "csv"}),
                                     ("below", {"path": "below/**/*.csv"}, {"path": "below/sub/", "format": "csv"})):
            self.write(f"{name}/a.csv", "id\n1\n")
            self.flow(source, target)
            for _ in range(3):
                outcome = self.run_program("sync", "p.yaml")
                self.assertIn(outcome.code, (OK, INVALID), outcome.err)
            self.assertLessEqual(len(self.folder_rows(name)), 2, name)

    def test_a_file_onto_itself(self):
        self.write("one.csv", "id,v\n3,1\n1,2\n")
        self.flow({"path": "one.csv"}, {"path": "one.csv"}, sql="select * from s order by id")
        for _ in range(2):
            self.sync_one()
            self.assertEqual((self.here / "one.csv").read_text(), "id,v\n1,2\n3,1\n")

    def test_a_table_onto_itself(self):
        self.write("in.csv", "id\n1\n1\n2\n")
        self.flow({"path": "in.csv"}, {"table": "db.t"})
        self.sync_one()
        self.flow({"table": "db.t"}, {"table": "db.t", "mode": "replace"}, sql="select distinct id from s")
        self.sync_one()
        self.assertEqual(sorted(self.rows("select id from db.t")), [["1"], ["2"]])

    def test_a_table_can_be_copied(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"table": "db.t"})
        self.sync_one()
        self.flow({"table": "db.t"}, {"table": "db.copy"})
        self.sync_one()
        self.assertEqual(self.rows("select * from db.copy"), self.rows("select * from db.t"))

    def test_partition_keys_of_a_source_are_no_new_columns(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"table": "db.t"})
        self.sync_one()
        self.flow({"table": "db.t"}, {"table": "db.t"})
        self.assertEqual(self.sync_one()["changes"], [])

    def old_table(self, name="db.t", **destination):
        """A table whose rows lie in the partitions of two days long ago."""
        for id, day in ((1, "02"), (2, "03")):
            self.write(f"old/year=2020/month=01/day={day}/a.csv", f"id,at\n{id},2020-01-{day}T05:00:00Z\n")
        self.flow({"path": "old/**/*.csv"}, {"table": name} | destination)
        return self.sync_one()

    OLD = [["1", "2020", "01", "02"], ["2", "2020", "01", "03"]]

    def partitions(self, table):
        return [line.split()[0] for line in self.succeed("partitions", table).text.splitlines() if "2020" in line]

    def test_keys_that_rows_bring_along_are_kept(self):
        self.assertEqual(self.old_table()["partitions_added"], 2)
        self.assertEqual(self.rows("select id, year, month, day from db.t order by id"), self.OLD)
        self.flow({"table": "db.t"}, {"table": "db.copy"})
        report = self.sync_one()
        self.assertEqual((report["partitions_added"], report["rows_written"]), (2, 2))
        self.assertEqual(self.rows("select id, year, month, day from db.copy order by id"), self.OLD)
        self.assertEqual([row[0] for row in self.rows("select id from db.copy where day = '03'")], ["2"])
        # Rows without such keys go on being of today.
        self.write("new.csv", "id\n3\n")
        self.flow({"path": "new.csv"}, {"table": "db.copy"})
        self.sync_one()
        self.assertNotEqual(self.rows("select year from db.copy where id = 3"), [["2020"]])
        # Neither table got a column of that.
        for table in ("db.t", "db.copy"):
            cells = [line.split("│")[1].strip() for line in self.succeed("schema", table).text.splitlines() if line.startswith("│")]
            self.assertEqual(cells[1:].count("year"), 1, cells)

    def test_a_copy_may_be_made_by_a_query_and_again(self):
        self.old_table()
        self.flow({"table": "db.t"}, {"table": "db.copy"}, sql="select * from s where id > 1")
        self.sync_one()
        self.assertEqual(self.rows("select id, year, month, day from db.copy"), self.OLD[1:])
        self.flow({"table": "db.t"}, {"table": "db.copy", "mode": "overwrite_partitions"})
        report = self.sync_one()
        self.assertEqual((report["partitions_added"], report["partitions_replaced"]), (1, 1))
        self.assertEqual(self.rows("select id, year, month, day from db.copy order by id"), self.OLD)
        self.flow({"table": "db.t"}, {"table": "db.copy", "mode": "replace"})
        self.sync_one()
        self.assertEqual(self.rows("select id, year, month, day from db.copy order by id"), self.OLD)

    def test_keys_are_made_again_where_the_target_makes_them_of_a_column(self):
        self.old_table()
        for number in range(2):
            self.flow({"table": "db.t"}, {"table": "db.hours", "partition_by": "hour(at)"})
            self.sync_one()
        self.assertEqual(self.rows("select distinct id, year, month, day, hour from db.hours order by id"), [row + ["05"] for row in self.OLD])
        # And keys that were made of a column come along all the same.
        self.flow({"table": "db.hours"}, {"table": "db.days"})
        self.sync_one()
        self.assertEqual(self.rows("select distinct id, year, month, day, hour from db.days order by id"), [row + ["05"] for row in self.OLD])

    def test_keys_are_columns_where_no_key_has_their_name(self):
        self.old_table()
        for destination in ({"path": "copy.jsonl"}, {"table": "db.flat", "partition_by": "none"}, {"table": "db.ids", "partition_by": "id"}):
            self.flow({"table": "db.t"}, destination)
            self.sync_one()
            found = [[str(row[key]) for key in ("id", "year", "month", "day")] for row in self.rows_of("copy.jsonl")] if "path" in destination else self.rows(
                f"select id, year, month, day from {destination['table']} order by id")
            self.assertEqual(sorted(found), self.OLD, destination)
        # Of a coarser layout the keys are kept, and what it does not know is a column.
        self.flow({"table": "db.t"}, {"table": "db.months", "partition_by": "month()"})
        self.sync_one()
        self.assertEqual(self.rows("select id, year, month, day from db.months order by id"), self.OLD)

    def test_a_finer_layout_and_an_upsert_make_keys_of_their_own(self):
        self.old_table()
        self.flow({"table": "db.t"}, {"table": "db.hours", "partition_by": "hour()"})
        self.sync_one()
        self.assertEqual(self.rows("select count(*) from db.hours where year = '2020'"), [["0"]])
        self.write("new.csv", "id\n1\n7\n")
        self.flow({"path": "new.csv"}, {"table": "db.keyed"})
        self.sync_one()
        self.flow({"table": "db.t"}, {"table": "db.keyed", "mode": "upsert", "primary_key": "id"})
        self.sync_one()
        self.assertEqual([row[0] for row in self.rows("select id from db.keyed order by id")], ["1", "2", "7"])

    def test_columns_do_not_hide_behind_keys(self):
        self.old_table()
        before = self.rows("select * from db.t order by id")
        self.write("cars.csv", "id,year\n5,1999\n")
        for destination in ({"table": "db.t"}, {"table": "db.cars"}, {"table": "db.t", "mode": "upsert", "primary_key": "id"}):
            self.flow({"path": "cars.csv"}, destination)
            self.refuse_sync(INVALID, ["the data has a column year", "partition key"])
        self.assertEqual(self.rows("select * from db.t order by id"), before)

    def test_a_partitioned_folder_is_read_with_its_keys(self):
        rows = [{"id": i, "p": f"p{i % 3}"} for i in range(9)]
        self.write("in.csv", csv_text(rows))
        self.flow({"path": "in.csv"}, {"path": "out/", "format": "jsonl", "partition_by": "p"})
        self.sync_one()
        self.flow({"path": "out/**"}, {"path": "back.jsonl"}, name="back.yaml")
        self.sync_one(file="back.yaml")
        self.assert_same_rows(self.rows_of("back.jsonl"), rows)

    def test_logs_are_no_data_unless_they_are_named(self):
        self.write("in.csv", "id\n1\nx\n")
        self.flow({"path": "in.csv", "types": {"id": "int"}}, {"path": "out/", "format": "jsonl"}, on_error="quarantine")
        self.sync_one()
        for pattern, expected in (("out/**", 1), ("out/*.jsonl", 1), ("out/", 1), ("out/_quarantine/*.jsonl", 1), ("out/*/*.jsonl", 0)):
            self.flow({"path": pattern}, {"connector": "stdout"}, name="look.yaml")
            out = self.succeed("sync", "look.yaml").text
            self.assertEqual(len(out.splitlines()), expected, pattern)

    def test_files_of_others_in_a_folder_of_ours_are_data(self):
        self.write("in.csv", "id\n1\n")
        self.flow({"path": "in.csv"}, {"path": "out/", "format": "jsonl", "mode": "upsert", "primary_key": "id"})
        self.sync_one()
        self.write("out/other.jsonl", '{"id": 2}\n')
        self.write("in.csv", "id\n2\n3\n")
        self.sync_one()
        self.assert_same_rows(self.folder_rows("out"), [{"id": 1}, {"id": 2}, {"id": 3}])

    def test_paths_with_dots_and_from_elsewhere(self):
        self.write("a/b/in.csv", "id\n1\n")
        self.write("a/c/p.yaml", json.dumps({"sources": {"s": {"path": "../b/./in.csv"}}, "destinations": {"d": {"path": "./../d/out.jsonl"}}}))
        self.succeed("sync", "a/c/p.yaml")
        self.assertEqual(self.rows_of("a/d/out.jsonl"), [{"id": 1}])

    def test_what_is_no_file_is_not_replaced_by_one(self):
        self.write("in.csv", "id\n1\n")
        os.mkfifo(self.here / "fifo.csv")
        (self.here / "empty.csv").mkdir()
        self.write("full.csv/keep.txt", "x")
        for name in ("fifo.csv", "empty.csv", "full.csv"):
            kind = stat.S_IFMT(os.lstat(self.here / name).st_mode)
            self.flow({"path": "in.csv"}, {"path": name})
            for _ in range(2):
                self.refuse_sync(INVALID, [name])
            self.assertEqual(stat.S_IFMT(os.lstat(self.here / name).st_mode), kind, name)

    def test_a_link_is_not_replaced_by_a_file(self):
        self.write("in.csv", "id\n1\n")
        self.write("real.csv", "id\n7\n")
        os.symlink("real.csv", self.here / "link.csv")
        self.flow({"path": "in.csv"}, {"path": "link.csv"})
        self.refuse_sync(INVALID, ["link.csv", "symbolic link"])
        self.assertEqual((self.here / "real.csv").read_text(), "id\n7\n")

    def test_folders_are_no_files_and_links_make_no_circle(self):
        self.write("real/a.csv", "id\n1\n")
        os.symlink(".", self.here / "real/circle")
        os.mkfifo(self.here / "real/fifo.csv")
        self.write("real/folder.csv/b.csv", "id\n2\n")
        self.flow({"path": "real/**"}, {"path": "out.jsonl"})
        self.sync_one(timeout=20)
        self.assertEqual(self.rows_of("out.jsonl"), [{"id": 1}, {"id": 2}])
        self.flow({"path": "real/fifo.csv"}, {"path": "out.jsonl"})
        self.refuse_sync(NOT_FOUND, ["fifo.csv"], timeout=20)

    def test_what_may_not_be_read_or_written_is_denied(self):
        if os.geteuid() == 0 and subprocess.run(["setpriv", "--reuid=65534", "true"], capture_output=True).returncode != 0:
            self.skipTest("root may do everything, and setpriv is not there")
        self.write("in.csv", "id\n1\n")
        self.write("secret/x.csv", "id\n1\n")
        for folder, mode in (("locked", 0o555), ("hidden", 0)):
            (self.here / folder).mkdir()
            os.chmod(self.here / folder, mode)
            self.addCleanup(os.chmod, self.here / folder, 0o755)
        os.chmod(self.here / "secret/x.csv", 0)
        self.lake.mkdir()
        for path in (self.here, self.lake):
            os.chmod(path, 0o777)
        for source, target in (("in.csv", {"path": "locked/x.csv"}), ("in.csv", {"path": "locked/sub/", "format": "csv"}), ("hidden/*.csv", {"path": "out.csv"}), ("secret/x.csv", {"path": "out.csv"}),
                               ("in.csv", {"path": "locked/x.duckdb", "table": "t"})):
            self.flow({"path": source}, target)
            command = [PROGRAM, "sync", "p.yaml"]
            if os.geteuid() == 0:
                command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command]
            done = subprocess.run(command, cwd=self.here, env=self.environment(), capture_output=True, text=True, timeout=60)
            if done.returncode in (126, 127):
                self.skipTest("another user may not run the program here")
            self.assertEqual(done.returncode, DENIED, done.stderr)
            self.assertIn("Permission denied", done.stderr)


class Values(SyncTest):
    def test_many_tiny_files(self):
        for i in range(3000):
            self.write(f"in/{i // 100}/{i}.csv", f"id,v\n{i},{i * 2}\n")
        self.flow({"path": "in/**/*.csv"}, {"path": "out/", "format": "jsonl"})
        self.assertEqual(self.sync_one()["rows_written"], 3000)
        self.assertEqual(self.sync_one()["state"], "nothing_new")
        self.assert_same_rows(self.folder_rows("out"), [{"id": i, "v": i * 2} for i in range(3000)])

    @needs_pyarrow
    def test_many_columns(self):
        names = [f"c{i}" for i in range(500)]
        rows = [{name: i * j for j, name in enumerate(names)} for i in range(20)]
        self.write("in.csv", csv_text(rows))
        self.flow({"path": "in.csv"}, {"path": "out.parquet", "mode": "upsert", "primary_key": "c1"})
        self.sync_one()
        self.assert_same_rows(self.rows_of("out.parquet"), rows)

    def test_nesting(self):
        value = 1
        for _ in range(8):
            value = {"a": [value, None]}
        self.write("in.jsonl", json.dumps(value) + "\n")
        for target in ({"path": "out.jsonl"}, {"path": "keyed.jsonl", "mode": "upsert", "primary_key": "k"}):
            self.write("in.jsonl", json.dumps({"k": 1} | value) + "\n")
            self.flow({"path": "in.jsonl"}, target)
            self.sync_one()
            self.assertEqual(self.rows_of(target["path"]), [{"k": 1} | value])

    @needs_pyarrow
    def test_decimals_dates_and_zones_arrive_as_they_are(self):
        self.write("in.csv", "d,day,at,zoned,n\n-0.0100,0001-01-01,1969-12-31T23:59:59.999999,2026-01-01T01:30:00+02:00,-9223372036854775808\n"
                             "99999999999999.9999,9999-12-31,2026-01-01T00:00:00,2025-12-31T23:30:00Z,9223372036854775807\n")
        self.flow({"path": "in.csv", "types": {"d": "decimal(18,4)"}}, {"path": "out.parquet"})
        self.sync_one()
        first, second = self.rows_of("out.parquet")
        self.assertEqual([str(first["d"]), str(second["d"])], ["-0.0100", "99999999999999.9999"])
        self.assertEqual([str(first["day"]), str(second["day"])], ["0001-01-01", "9999-12-31"])
        self.assertEqual(first["at"].isoformat(), "1969-12-31T23:59:59.999999")
        self.assertEqual(first["zoned"].isoformat()[:19], second["zoned"].isoformat()[:19])
        self.assertEqual([first["n"], second["n"]], [-2**63, 2**63 - 1])

    def test_not_a_number_and_minus_zero_are_keys_like_others(self):
        self.write("in.csv", "k,v\nnan,1\n0.0,2\nnan,3\n-0.0,4\n1.5,5\n")
        self.flow({"path": "in.csv", "types": {"k": "double"}, "incremental": {"files": "all"}}, {"path": "out.csv", "mode": "upsert", "primary_key": "k"})
        for _ in range(2):
            self.sync_one()
            self.assertEqual(sorted(row["v"] for row in self.rows_of("out.csv")), ["3", "4", "5"])

    def test_not_a_number_as_cursor_hides_no_rows(self):
        self.write("in.csv", "id,c\n1,nan\n")
        self.flow({"path": "in.csv", "types": {"c": "double"}, "incremental": {"files": "all", "datetime_field": "c"}}, {"path": "out/", "format": "jsonl"}, on_error="skip")
        self.sync_one()
        self.write("in.csv", "id,c\n1,nan\n2,2.5\n")
        self.sync_one()
        self.assertIn({"id": 2, "c": 2.5}, self.folder_rows("out"))

    def test_cursors_with_zones(self):
        rows = ["1,2026-01-01T00:00:00Z", "2,2026-01-01T01:30:00+02:00", "3,2026-01-01T01:00:00+01:00", "4,2026-01-01T00:00:00.000001Z"]
        taken = []
        for count in (1, 3, 4):
            self.write("in.csv", "id,ts\n" + "".join(row + "\n" for row in rows[:count]))
            self.flow({"path": "in.csv", "incremental": {"files": "all", "datetime_field": "ts"}}, {"path": "out/", "format": "jsonl"})
            self.sync_one()
            taken.append(sorted(row["id"] for row in self.folder_rows("out")))
        # The second one is half an hour earlier.
        self.assertEqual(taken, [[1], [1, 3], [1, 3, 4]])

    def test_a_cursor_that_changes_its_type_is_told(self):
        for first, second in (("1", "x"), ("1", "1.5"), ("2026-01-01", "2026-01-02T10:00:00")):
            folder = f"t-{first[:2]}-{second[:2]}".replace(".", "")
            self.write(f"{folder}/in.csv", f"id,c\n1,{first}\n")
            self.flow({"path": f"{folder}/in.csv", "incremental": {"files": "all", "datetime_field": "c"}}, {"path": f"{folder}/out/", "format": "jsonl"})
            self.sync_one()
            self.write(f"{folder}/in.csv", f"id,c\n1,{first}\n2,{second}\n")
            outcome = self.run_program("sync", "p.yaml")
            if outcome.code == OK:
                self.assertEqual(sorted(row["id"] for row in self.folder_rows(f"{folder}/out")), [1, 2])
            else:
                self.assertEqual(outcome.code, INVALID)
                self.assertIn("column c", outcome.err)
                self.assertEqual([row["id"] for row in self.folder_rows(f"{folder}/out")], [1])


if __name__ == "__main__":
    unittest.main()
