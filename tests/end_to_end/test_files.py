"""Commands on files and objects: ls, cat, head, cp, convert, and schema of files."""
import csv
import gzip
import io
import json
import os
import signal
import unittest

from lake import CANCELLED, CORRUPT, INVALID, NOT_FOUND, NOT_IMPLEMENTED, OK, UNAVAILABLE, LakeTest

ORDERS = "id,name,total\n1,ann,1.50\n2,bob,\n3,\"c,d\",3.25\n"


class FilesTest(LakeTest):
    def put(self, key, content, bucket="lake"):
        """An object of the lake, as another program would write it."""
        return self.write(f"the-lake/store/{bucket}/{key}", content)

    def names(self, *arguments):
        return [json.loads(line)["name"] for line in self.succeed("ls", "--json", *arguments).text.splitlines()]

    def litter(self):
        """Files and folders that a program keeps for itself."""
        return sorted(str(path.relative_to(self.here)) for path in self.here.rglob("*")
                      if path.name.startswith((".", "_")) and self.lake not in path.parents)


class Ls(FilesTest):
    def test_a_line_is_time_size_and_name(self):
        self.write("in/a.csv", "x" * 1234)
        self.write("in/deep/b.csv", "x")
        os.utime(self.here / "in/a.csv", (1_767_225_600, 1_767_225_600))
        self.assertEqual(self.succeed("ls", "in").text, "2026-01-01 00:00:00 1234 a.csv\n" + " " * 25 + "deep/\n")
        self.assertEqual(self.succeed("ls", "in/a.csv", "--human").text, "2026-01-01 00:00:00 1.2 kB a.csv\n")

    def test_one_level_or_all(self):
        for name in ("a", "d/b", "d/e/c", ".hidden", "_log/x"):
            self.write(f"in/{name}", "x")
        self.assertEqual(self.names("in"), ["a", "d/"])
        self.assertEqual(self.names("in/", "-r"), ["a", "d/b", "d/e/c"])
        self.assertEqual(self.names("in", "-r", "--all"), [".hidden", "_log/x", "a", "d/b", "d/e/c"])
        self.assertEqual(self.names("in", "--all"), [".hidden", "_log/", "a", "d/"])

    def test_patterns(self):
        for name in ("2026-01/a.csv", "2026-02/b.json", "2026-02/b.csv", "2027/c.csv"):
            self.write(f"in/{name}", "x")
        self.assertEqual(self.names("in/2026-*/*.csv"), ["2026-01/a.csv", "2026-02/b.csv"])
        self.assertEqual(self.names("in/**/*.{json,csv}"), ["2026-01/a.csv", "2026-02/b.csv", "2026-02/b.json", "2027/c.csv"])
        self.assertEqual(self.names("in/2026*"), ["2026-01/", "2026-02/"])
        self.assertEqual(self.names("in/2026*", "-r"), ["2026-01/a.csv", "2026-02/b.csv", "2026-02/b.json"])
        self.refuse(NOT_FOUND, ["in/*.xml", "nothing matches"], "ls", "in/*.xml")
        self.refuse(INVALID, ["bracket"], "ls", "in/[a")

    def test_a_name_with_special_characters_is_taken_as_it_is(self):
        self.write("in[1]/a*{b}.csv", "x")
        self.write("in[1]/abc.csv", "y")
        self.assertEqual(self.succeed("cat", "in[1]/a*{b}.csv").text, "x")
        self.assertEqual(self.succeed("cat", "*.csv", cwd=self.here / "in[1]").text, "xy")

    def test_buckets_and_objects(self):
        self.assertEqual(self.succeed("ls").text, "")
        self.assertFalse(self.lake.exists())
        self.put("t/a.csv", "abc")
        self.put("z", "abcd", bucket="other")
        self.assertEqual(self.names(), ["s3://lake/", "s3://other/"])
        self.assertEqual(self.names("s3://lake"), ["t/"])
        found = json.loads(self.succeed("ls", "s3://lake/t/", "--json").text)
        self.assertEqual((found["address"], found["size"], found["type"]), ("s3://lake/t/a.csv", 3, "object"))
        self.assertEqual(json.loads(self.succeed("ls", "s3://lake/", "s3://other", "-r", "--json", "--summarize").text.splitlines()[-1]),
                         {"objects": 2, "folders": 0, "bytes": 7})
        self.assertEqual(self.succeed("ls", "s3://lake/", "--summarize").text.splitlines()[-1], "0 objects, 1 folder, 0 bytes (0 B)")
        self.refuse(NOT_FOUND, ["no bucket nowhere"], "ls", "s3://nowhere/a")
        self.refuse(NOT_FOUND, ["s3://lake/u/"], "ls", "s3://lake/u/")
        self.assertFalse((self.lake / "store/nowhere").exists())

    def test_what_is_not_there(self):
        self.refuse(NOT_FOUND, ["ls missing", "no"], "ls", "missing")
        self.refuse(NOT_FOUND, ["ls missing/a"], "ls", "missing/a")
        self.refuse(NOT_IMPLEMENTED, ["gs://"], "ls", "gs://bucket/a")
        self.refuse(INVALID, ["s3:///a"], "ls", "s3:///a")
        (self.here / "empty").mkdir()
        self.assertEqual(self.succeed("ls", "empty").text, "")


class Cat(FilesTest):
    def test_bytes_as_they_are(self):
        content = bytes(range(256)) * 40_000
        self.write("a.bin", content)
        self.put("b.bin", content)
        self.assertEqual(self.succeed("cat", "a.bin", "s3://lake/b.bin").out, content * 2)
        self.assertEqual(self.succeed("cat", f"file://{self.here}/a.bin").out, content)
        self.assertEqual(self.succeed("cat", "-", stdin="some\ntext").text, "some\ntext")
        self.assertEqual(self.litter(), [])

    def test_inflated(self):
        packed = gzip.compress(ORDERS.encode())
        self.write("a.csv.gz", packed)
        self.assertEqual(self.succeed("cat", "a.csv.gz").out, packed)
        self.assertEqual(self.succeed("cat", "--decompress", "a.csv.gz").text, ORDERS)
        self.write("plain.csv", ORDERS)
        self.assertEqual(self.succeed("cat", "-d", "*.csv*").text, ORDERS * 2)
        self.write("cut.csv.gz", packed[:-6])
        self.refuse(CORRUPT, ["cut.csv.gz"], "cat", "-d", "cut.csv.gz")

    def test_what_cannot_be_printed(self):
        (self.here / "folder").mkdir()
        self.refuse(INVALID, ["folder", "this is a folder"], "cat", "folder")
        self.refuse(NOT_FOUND, ["missing.csv"], "cat", "missing.csv")
        self.refuse(NOT_FOUND, ["*.csv", "no file matches"], "cat", "*.csv")


class Head(FilesTest):
    def test_the_first_rows(self):
        self.write("a.csv", "n\n" + "".join(f"{i}\n" for i in range(100_000)))
        out = self.succeed("head", "a.csv", "--format", "csv").text
        self.assertEqual(out.split(), ["n"] + [str(i) for i in range(10)])
        self.assertEqual(len(self.succeed("head", "-n", "99999", "a.csv", "--format", "csv").text.split()), 100_000)
        self.assertEqual(self.succeed("head", "-n", "0", "a.csv", "--format", "csv").text, "n\n")
        table = self.succeed("head", "-n2", "a.csv").text
        self.assertIn("bigint", table)

    def test_a_value_beyond_the_sample(self):
        self.write("a.csv", "n\n" + "1\n" * 200_000 + "word\n")
        out = self.succeed("head", "-n", "300000", "a.csv", "--format", "csv").text
        self.assertEqual(out.split()[-1], "word")

    def test_rows_of_several_files_in_the_order_given(self):
        self.write("b.csv", "id,x\n1,a\n2,b\n")
        self.write("a.json", '[{"id": 3, "y": [1, 2]}]')
        self.write("c.csv", "not,read\n\"")
        rows = [json.loads(line) for line in
                self.succeed("head", "b.csv", "a.json", "c.csv", "-n", "3", "--format", "jsonl").text.splitlines()]
        self.assertEqual(rows, [{"id": 1, "x": "a", "y": None}, {"id": 2, "x": "b", "y": None}, {"id": 3, "x": None, "y": [1, 2]}])

    def test_a_column_without_a_value(self):
        self.write("a.csv", "id,empty\n1,\n2,\n")
        self.assertEqual(self.succeed("head", "a.csv", "--format", "csv").text, "id,empty\n1,\n2,\n")

    def test_how_files_are_read(self):
        self.write("a.txt", "n;d;t\n1,5;31.12.2026;gr\u00fcn\n".encode("windows-1252"))
        out = self.succeed("head", "a.txt", "--from-format", "csv", "--delimiter", ";", "--decimal", ",", "--date-format",
                           "%d.%m.%Y", "--encoding", "windows-1252", "--format", "jsonl").text
        self.assertEqual(json.loads(out), {"n": 1.5, "d": "2026-12-31", "t": "gr\u00fcn"})
        self.assertEqual(self.succeed("head", "-", "--from-format", "json", "--records", "/a/b", "--format", "csv",
                                      stdin='{"a": {"b": [{"x": 1}, {"x": 2}]}}').text, "x\n1\n2\n")
        self.assertEqual(self.succeed("head", "a.txt", "--from-format", "csv", "--delimiter", ";", "--encoding", "latin-1",
                                      "--type", "n=string", "--format", "csv", "-n1").text.splitlines()[1].split(",")[0], '"1')

    def test_bad_input(self):
        self.write("a.csv", "id\n1\n")
        self.write("b.unknown", "id\n")
        self.write("c.parquet", "PAR1 but no more")
        self.write("d.json", '{"a": ')
        self.refuse(NOT_FOUND, ["missing.csv"], "head", "missing.csv")
        self.refuse(NOT_FOUND, ["*.xml", "no file matches"], "head", "*.xml")
        self.refuse(INVALID, ["b.unknown", "csv"], "head", "b.unknown")
        self.refuse(CORRUPT, ["c.parquet"], "head", "c.parquet")
        self.refuse(INVALID, ["d.json"], "head", "d.json")
        self.refuse(INVALID, ["--from-format"], "head", "-", stdin="a\n")
        self.refuse(INVALID, ["'many'"], "head", "a.csv", "-n", "many")
        self.refuse(INVALID, ["nothing"], "head", "a.csv", "--from-format", "nothing")
        self.refuse(INVALID, ["--encoding", "utf-8"], "head", "a.csv", "--encoding", "utf8")
        self.refuse(INVALID, ["--decimal"], "head", "a.csv", "--decimal", ";")
        self.refuse(INVALID, ["--records"], "head", "d.json", "--records", "a")
        self.refuse(INVALID, ["nope"], "head", "a.csv", "--type", "nope=int")


class Cp(FilesTest):
    def test_to_and_from_the_lake(self):
        content = os.urandom(20 << 20)
        self.write("big.bin", content)
        self.write("small.bin", b"")
        self.succeed("cp", "big.bin", "small.bin", "s3://lake/in/")
        self.assertEqual((self.lake / "store/lake/in/big.bin").read_bytes(), content)
        self.succeed("cp", "s3://lake/in/big.bin", "back.bin")
        self.assertEqual((self.here / "back.bin").read_bytes(), content)
        self.succeed("cp", "s3://lake/in/big.bin", "s3://lake/copy.bin")
        self.assertEqual((self.lake / "store/lake/copy.bin").read_bytes(), content)
        self.succeed("cp", "s3://lake/in/small.bin", ".")
        self.succeed("cp", "small.bin", "new/folder/")
        self.assertEqual((self.here / "new/folder/small.bin").read_bytes(), b"")
        self.assertEqual(self.litter(), [])

    def test_folders_and_patterns(self):
        for name in ("a.csv", "d/b.csv", "d/e/c.json", ".hidden"):
            self.write(f"in/{name}", name)
        self.refuse(INVALID, ["in", "folder", "-r"], "cp", "in", "out/")
        self.assertIn("1 hidden", self.succeed("cp", "-r", "in", "s3://lake/x").err)
        self.assertEqual(self.names("s3://lake/x", "-r"), ["a.csv", "d/b.csv", "d/e/c.json"])
        self.succeed("cp", "s3://lake/x/**/*.csv", "out")
        self.assertEqual(self.names("out", "-r"), ["a.csv", "d/b.csv"])
        self.succeed("cp", "-r", "--all", "in/", "all")
        self.assertEqual((self.here / "all/.hidden").read_text(), ".hidden")
        self.assertEqual((self.here / "all/d/e/c.json").read_text(), "d/e/c.json")

    def test_what_is_there(self):
        self.write("a", "new")
        self.write("b", "new")
        self.write("out/a", "old")
        self.assertIn("kept 1", self.succeed("cp", "-n", "a", "b", "out").err)
        self.assertEqual([(self.here / "out" / name).read_text() for name in "ab"], ["old", "new"])
        self.succeed("cp", "a", "out/")
        self.assertEqual((self.here / "out/a").read_text(), "new")
        self.put("a", "old")
        self.succeed("cp", "--no-clobber", "a", "s3://lake/")
        self.assertEqual((self.lake / "store/lake/a").read_text(), "old")
        self.succeed("cp", "a", "s3://lake")
        self.assertEqual((self.lake / "store/lake/a").read_text(), "new")

    def test_never_onto_itself(self):
        self.write("a", "1")
        self.write("d/a", "2")
        self.put("k", "3")
        os.symlink("a", self.here / "link")
        self.refuse(INVALID, ["same file"], "cp", "a", "a")
        self.refuse(INVALID, ["same file"], "cp", "link", "a")
        self.refuse(INVALID, ["same file"], "cp", "a", "d/../a")
        self.refuse(INVALID, ["same file"], "cp", "s3://lake/k", "s3://lake/")
        self.refuse(INVALID, ["same file"], "cp", "s3://lake/k", f"file://{self.lake}/store/lake/k")
        self.refuse(INVALID, ["both would become"], "cp", "a", "d/a", "out/")
        self.refuse(INVALID, ["to be copied too"], "cp", "-r", "d/", "a", ".")
        self.assertEqual([(self.here / name).read_text() for name in ("a", "d/a")], ["1", "2"])
        self.assertFalse((self.here / "out").exists())

    def test_nothing_is_done_where_it_cannot_be(self):
        self.write("a", "1")
        self.write("b", "2")
        self.refuse(NOT_FOUND, ["missing"], "cp", "missing", "out/")
        self.refuse(NOT_FOUND, ["*.csv", "no file matches"], "cp", "*.csv", "out/")
        self.refuse(INVALID, ["a is a file"], "cp", "a", "b", "a")
        self.refuse(INVALID, ["where to"], "cp", "a")
        self.refuse(INVALID, ["standard input has no name"], "cp", "-", "out/")
        self.refuse(INVALID, ["--jobs"], "cp", "a", "out/", "--jobs", "0")
        self.assertFalse((self.here / "out").exists())
        out = self.succeed("cp", "a", "b", "s3://lake/in/", "--dry-run").text
        self.assertEqual(out.splitlines(), [f"cp {self.here}/{name} s3://lake/in/{name}" for name in "ab"])
        self.assertFalse(self.lake.exists())

    def test_standard_input(self):
        self.succeed("cp", "-", "s3://lake/in/a.txt", stdin="hello")
        self.assertEqual(self.succeed("cat", "s3://lake/in/a.txt").text, "hello")

    @unittest.skipIf(os.geteuid() == 0, "root may write anywhere")
    def test_a_folder_that_cannot_be_written(self):
        self.write("a", "1")
        (self.here / "closed").mkdir(mode=0o500)
        self.refuse(3, ["closed"], "cp", "a", "closed/")


class Convert(FilesTest):
    def test_there_and_back_again(self):
        self.write("a.csv", ORDERS)
        before = "id,name,total\n1,ann,1.5\n2,bob,\n3,\"c,d\",3.25\n"
        last = "a.csv"
        for name in ("b.parquet", "c.jsonl", "d.json.gz", "e.avro", "g.arrow", "h.tsv", "i.csv.zst", "j.csv"):
            outcome = self.succeed("convert", last, name)
            self.assertIn("converted 3 rows from 1 file", outcome.err, name)
            last = name
        self.assertEqual((self.here / "j.csv").read_text(), before)
        self.assertEqual(gzip.decompress((self.here / "d.json.gz").read_bytes())[:1], b"[")
        self.assertEqual(self.litter(), [])

    def test_to_the_lake_and_to_standard_output(self):
        self.write("a.csv", ORDERS)
        self.succeed("convert", "a.csv", "s3://lake/out/a.parquet")
        out = self.succeed("convert", "s3://lake/out/a.parquet", "-", "--to-format", "jsonl").text
        self.assertEqual(json.loads(out.splitlines()[2]), {"id": 3, "name": "c,d", "total": 3.25})
        out = self.succeed("convert", "-", "-", "--from-format", "jsonl", "--to-format", "csv", "--to-delimiter", "pipe",
                           stdin='{"a": 1, "b": "x"}\n{"a": 2}\n').text
        self.assertEqual(out, "a|b\n1|x\n2|\n")
        self.assertEqual(self.names("s3://lake/", "-r", "--all"), ["out/a.parquet"])

    def test_rows_keep_their_order(self):
        for name, start in (("b", 0), ("a", 200_000)):
            self.write(f"{name}.csv", "n\n" + "".join(f"{i}\n" for i in range(start, start + 200_000)))
        self.succeed("convert", "b.csv", "a.csv", "out.parquet")
        out = self.succeed("convert", "out.parquet", "-", "--to-format", "csv").text
        self.assertEqual(out.split()[1:], [str(i) for i in range(400_000)])

    def test_columns_and_rows(self):
        self.write("a.csv", ORDERS)
        out = self.succeed("convert", "a.csv", "-", "--to-format", "csv", "--columns", "total,id", "--where", "name <> 'bob'").text
        self.assertEqual(out, "total,id\n1.5,1\n3.25,3\n")
        out = self.succeed("convert", "a.csv", "a.csv", "-", "--to-format", "csv", "--limit", "2", "--type", "id=string",
                           "--columns", "id").text
        self.assertEqual(out.split(), ["id", "1", "2"])
        self.refuse(INVALID, ["nope", "total"], "convert", "a.csv", "b.csv", "--columns", "nope")
        self.refuse(INVALID, ["--where"], "convert", "a.csv", "b.csv", "--where", "id >")
        self.refuse(INVALID, ["nope"], "convert", "a.csv", "b.csv", "--where", "nope = 1")
        self.assertFalse((self.here / "b.csv").exists())

    def test_files_with_different_columns(self):
        self.write("in/a.csv", "id,x\n1,a\n")
        self.write("in/b.json", '{"id": 2.5, "y": true}')
        out = self.succeed("convert", "in", "-", "--to-format", "jsonl").text
        self.assertEqual([json.loads(line) for line in out.splitlines()],
                         [{"id": 1.0, "x": "a", "y": None}, {"id": 2.5, "x": None, "y": True}])

    def test_a_value_beyond_the_sample(self):
        self.write("a.csv", "n\n" + "1\n" * 50_000 + "word\n")
        self.succeed("convert", "a.csv", "b.csv", "--sample", "1KB")
        self.assertEqual((self.here / "b.csv").read_text().split()[-1], "word")
        self.assertEqual(len((self.here / "b.csv").read_text().split()), 50_002)
        self.assertEqual(self.succeed("convert", "a.csv", "-", "--to-format", "csv").text.split()[-1], "word")

    def test_the_target_is_whole_or_as_it_was(self):
        self.write("good.csv", "n\n1\n")
        self.write("bad.csv", "n,m\n" + "1,2\n" * 100_000 + "1,2,3\n")
        self.write("out.csv", "old")
        self.refuse(INVALID, ["bad.csv", "100002"], "convert", "good.csv", "bad.csv", "out.csv")
        self.assertEqual((self.here / "out.csv").read_text(), "old")
        self.refuse(INVALID, ["bad.csv"], "convert", "bad.csv", "s3://lake/out.csv")
        self.assertEqual(self.names("s3://lake", "-r"), [])
        self.refuse(INVALID, ["good.csv", "files that are read"], "convert", "good.csv", "good.csv")
        self.refuse(INVALID, ["files that are read"], "convert", "*.csv", "good.csv")
        self.assertEqual((self.here / "good.csv").read_text(), "n\n1\n")
        self.assertEqual(self.litter(), [])

    def test_bad_input(self):
        self.write("a.csv", ORDERS)
        self.write("empty.csv", "")
        self.write("broken.parquet", b"PAR1" + b"x" * 100 + b"PAR1")
        for code, words, line in (
                (NOT_FOUND, ["missing.csv"], ("missing.csv", "b.csv")),
                (NOT_FOUND, ["*.json", "no file matches"], ("*.json", "b.csv")),
                (INVALID, ["b.what", "--to-format"], ("a.csv", "b.what")),
                (INVALID, ["--to-format"], ("a.csv", "-")),
                (INVALID, ["--from-format"], ("-", "b.csv")),
                (INVALID, ["without a byte"], ("empty.csv", "b.csv")),
                (CORRUPT, ["broken.parquet"], ("broken.parquet", "b.csv")),
                (INVALID, ["folder"], ("a.csv", "out/")),
                (INVALID, ["compressed inside"], ("a.csv", "b.parquet.gz")),
                (NOT_IMPLEMENTED, ["zip"], ("a.csv", "b.csv.zip")),
                (INVALID, ["--to-delimiter"], ("a.csv", "b.parquet", "--to-delimiter", "tab")),
                (INVALID, ["--limit"], ("a.csv", "b.csv", "--limit", "few")),
                (INVALID, ["what to write"], ("a.csv",)),
        ):
            with self.subTest(line=line):
                self.refuse(code, words, "convert", *line)
                self.assertEqual([p.name for p in self.here.glob("b.*")], [])

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_a_full_disk(self):
        self.write("a.csv", ORDERS)
        outcome = self.refuse(UNAVAILABLE, ["/dev/full", "No space"], "convert", "a.csv", "/dev/full", "--to-format", "csv")
        self.assertEqual(outcome.err.count("write /dev/full"), 1)

    def test_header_only(self):
        self.write("a.csv", "id,name\n")
        self.succeed("convert", "a.csv", "b.csv")
        self.assertEqual((self.here / "b.csv").read_text(), "id,name\n")

    def test_a_column_without_a_value_stays(self):
        self.write("a.csv", "id,none,late\n" + "1,,\n" * 50_000 + "2,,7\n")
        self.succeed("convert", "a.csv", "b.jsonl", "--sample", "1KB")
        self.assertEqual(json.loads((self.here / "b.jsonl").read_text().splitlines()[-1]), {"id": 2, "none": None, "late": 7})

    def test_compression_by_name_and_by_option(self):
        self.write("a.csv", ORDERS)
        self.succeed("convert", "a.csv", "b.csv", "--to-compression", "gzip")
        self.assertEqual(gzip.decompress((self.here / "b.csv").read_bytes()).decode().splitlines()[0], "id,name,total")
        for name in ("zstd", "none", "gzip"):
            self.succeed("convert", "a.csv", f"{name}.parquet", "--to-compression", name)
        self.succeed("convert", "a.csv", "x.avro", "--to-compression", "zstd")

    def test_ctrl_c_leaves_nothing(self):
        self.write("a.csv", "a,b,c\n" + "1,two,3.5\n" * 3_000_000)
        process = self.start("convert", "a.csv", "b.parquet")
        self.signal_at_work(process, signal.SIGINT, 0.1)
        _, err = process.communicate(timeout=60)
        if process.returncode != OK:
            self.assertEqual(process.returncode, CANCELLED, err)
            self.assertFalse((self.here / "b.parquet").exists())
        self.assertEqual(self.litter(), [])


class Schema(FilesTest):
    def listing(self, *arguments):
        return {row["column"]: row for row in csv.DictReader(io.StringIO(self.succeed("schema", *arguments, "--format", "csv").text))}

    def test_columns_and_why(self):
        self.write("a.csv", "Order ID,name,none\n1,ann,\n2,,\n")
        columns = self.listing("a.csv")
        self.assertEqual(list(columns), ["order_id", "name", "none"])
        self.assertEqual((columns["order_id"]["type"], columns["order_id"]["nulls"], columns["order_id"]["type from"]),
                         ("bigint", "none in 2", "all 2 rows"))
        self.assertIn("Order ID", columns["order_id"]["notes"])
        self.assertEqual(columns["name"]["nulls"], "1 of 2")
        self.assertEqual((columns["none"]["type"], columns["none"]["type from"]), ("unknown", "no value"))

    def test_files_that_differ(self):
        self.write("a.csv", "id,x\n1,2026-01-01\n")
        self.write("b.csv", "id,y\n1.5,true\n")
        columns = self.listing("a.csv", "b.csv")
        self.assertEqual(columns["id"]["type"], "double")
        self.assertIn(f"bigint in {self.here}/a.csv", columns["id"]["notes"])
        self.assertIn(f"not in {self.here}/b.csv", columns["x"]["notes"])
        self.assertIn(f"not in {self.here}/a.csv", columns["y"]["notes"])
        self.assertEqual(columns["y"]["nulls"], "1 of 2")

    def test_samples(self):
        self.write("a.csv", "n\n" + "1\n" * 50_000 + "word\n")
        column = self.listing("a.csv", "--sample", "1KB")["n"]
        self.assertEqual(column["type"], "bigint")
        self.assertRegex(column["type from"], "^a sample of [0-9,]+ rows$")
        column = self.listing("a.csv", "--sample", "all")["n"]
        self.assertEqual((column["type"], column["nulls"], column["type from"]), ("string", "none in 50,001", "all 50,001 rows"))

    def test_given_types_and_declared_ones(self):
        self.write("a.csv", ORDERS)
        self.assertEqual((self.listing("a.csv", "--type", "id=string")["id"]["type from"]), "--type")
        self.succeed("convert", "a.csv", "a.parquet")
        self.assertEqual(self.listing("a.parquet")["total"]["type from"], "the file")
        self.assertEqual(self.listing("a.parquet")["total"]["nulls"], "1 of 3")

    def test_what_it_says_is_what_a_load_does(self):
        self.write("a.csv", "Order ID,name,none,day\n1,ann,,2026-01-01\n2,,,2026-01-02\n")
        said = {name: row["type"] for name, row in self.listing("a.csv").items() if row["type"] != "unknown"}
        self.succeed("load", "a.csv", "t.a", "--partition-by", "day")
        self.assertEqual(self.columns("t.a"), said)

    def test_other_forms(self):
        self.write("orders.csv", ORDERS)
        self.assertEqual(self.succeed("schema", "orders.csv", "--as", "arrow").text, "id: int64\nname: string\ntotal: double\n")
        ddl = self.succeed("schema", "orders.csv", "--as", "ddl").text
        self.assertTrue(ddl.startswith("CREATE EXTERNAL TABLE `default`.`orders` (\n  `id` bigint,\n  `name` string,\n  `total` double\n)\n"), ddl)
        self.assertIn("LOCATION 's3://lake/default/orders/'", ddl)
        glue = json.loads(self.succeed("schema", "orders.csv", "--as", "glue").text)
        self.assertEqual([c["Type"] for c in glue["StorageDescriptor"]["Columns"]], ["bigint", "string", "double"])
        described = json.loads(self.succeed("schema", "orders.csv", "--as", "json-schema").text)
        self.assertEqual(list(described["properties"]), ["id", "name", "total"])

    def test_forms_of_a_table(self):
        self.write("orders.csv", "id,region\n1,eu\n")
        self.succeed("load", "orders.csv", "sales.orders", "--partition-by", "region")
        ddl = self.succeed("schema", "sales.orders", "--as", "ddl").text
        self.assertIn("CREATE EXTERNAL TABLE `sales`.`orders` (\n  `id` bigint\n)\nPARTITIONED BY (\n  `region` string\n)\n", ddl)
        self.assertIn("LOCATION 's3://lake/sales/orders/'", ddl)
        glue = json.loads(self.succeed("schema", "sales.orders", "--as", "glue").text)
        self.assertEqual((glue["Name"], glue["PartitionKeys"][0]["Name"]), ("orders", "region"))
        self.assertEqual(self.succeed("schema", "sales.orders", "--as", "arrow").text, "id: int64\nregion: string\n")
        self.assertEqual(list(json.loads(self.succeed("schema", "sales.orders", "--as", "json-schema").text)["properties"]),
                         ["id", "region"])

    def test_bad_input(self):
        self.write("a.csv", ORDERS)
        self.write("empty.csv", "")
        self.write("b.parquet", "nothing of that kind")
        self.refuse(NOT_FOUND, ["missing.csv"], "schema", "missing.csv")
        self.refuse(NOT_FOUND, ["x/*.csv"], "schema", "x/*.csv")
        self.refuse(INVALID, ["empty"], "schema", "empty.csv")
        self.refuse(CORRUPT, ["b.parquet"], "schema", "b.parquet")
        self.refuse(INVALID, ["yaml"], "schema", "a.csv", "--as", "yaml")
        self.refuse(INVALID, ["--format"], "schema", "a.csv", "--as", "ddl", "--format", "csv")
        self.refuse(NOT_FOUND, ["database t"], "schema", "t.none")
        self.refuse(INVALID, ["t.none", "--sample"], "schema", "t.none", "--sample", "all")


class Load(FilesTest):
    def test_takes_the_same_options(self):
        self.write("a.csv", "d;n;t\n31.12.2026;1,5;gr\u00fcn\n".encode("latin-1"))
        self.succeed("load", "a.csv", "t.a", "--delimiter", ";", "--decimal", ",", "--date-format", "%d.%m.%Y", "--encoding", "latin-1")
        self.assertEqual(self.rows("select d, n, t from t.a"), [["2026-12-31", "1.5", "gr\u00fcn"]])
        self.write("b.json", '{"Records": [{"x": 1}, {"x": 2}]}')
        self.succeed("load", "b.json", "t.b", "--records", "/Records")
        self.assertEqual(self.value("select sum(x) from t.b"), "3")


if __name__ == "__main__":
    unittest.main()
