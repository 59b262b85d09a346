"""Files, names and statements that are wrong: a clear error, and a lake as it was before."""
import gzip
import os
import random
import unittest

from lake import CORRUPT, DENIED, INVALID, NOT_FOUND, OK, UNAVAILABLE, LakeTest

try:
    import pyarrow as pa
    import pyarrow.dataset
    import pyarrow.parquet
except ImportError:
    pa = None

MEBIBYTE = 1 << 20


class BadFile(LakeTest):
    """Each file comes with one that is sound, and neither may leave a trace."""

    def refuse_file(self, name, content, code, words, *options):
        self.write(name, content)
        self.write("sound.csv", "a,b\n1,7\n")
        with self.subTest(name):
            self.refuse(code, [name, *words], "load", "sound.csv", name, "t.refused", *options)
            self.assertEqual(self.tables(), [])
            self.assertEqual(self.stored(), {})

    def test_gzip_that_is_cut_off(self):
        whole = gzip.compress(b"a,b\n" + b"1,x\n" * 5000)
        for at in (1, 9, 15, len(whole) // 2, len(whole) - 9, len(whole) - 8, len(whole) - 1):
            self.refuse_file(f"cut-at-{at}.csv.gz", whole[:at], CORRUPT, ["gz"])

    def test_gzip_whose_checksum_or_size_is_wrong(self):
        whole = gzip.compress(b"a,b\n" + b"1,x\n" * 5000)
        self.refuse_file("checksum.csv.gz", whole[:-8] + bytes([whole[-8] ^ 1]) + whole[-7:], CORRUPT, ["gzip"])
        self.refuse_file("size.csv.gz", whole[:-1] + bytes([whole[-1] ^ 1]), CORRUPT, ["gzip"])

    def test_garbage_behind_gzip(self):
        self.refuse_file("garbage.csv.gz", gzip.compress(b"a,b\n1,x\n") + b"garbage", CORRUPT, ["gzip"])

    def test_text_that_is_called_gzip(self):
        self.refuse_file("text.csv.gz", b"a,b\n1,x\n", CORRUPT, [".gz"])

    def test_rows_that_are_too_short_or_too_long(self):
        self.refuse_file("short.csv", "a,b\n1,x\n2\n3,z\n", INVALID, ["line 3", "expected 2", "found 1"])
        self.refuse_file("long.csv", "a,b\n1,x\n2,y\n3,z,w\n", INVALID, ["line 4", "expected 2", "found 3"])

    def test_the_line_of_a_ragged_row_counts_lines_in_quotes(self):
        self.refuse_file("quoted.csv", 'a,b\n1,"x\ny\nz"\n2\n', INVALID, ["line 5"])

    def test_a_ragged_row_far_behind_the_sample(self):
        self.refuse_file("far.csv", "a,b\n" + "1,x\n" * 600_000 + "2\n" + "3,z\n", INVALID, ["line 600002"])

    def test_a_quote_that_is_never_closed(self):
        self.refuse_file("quote.csv", 'a,b\n1,x\n2,"y\n3,z\n', INVALID, ["line 3", "quote"])

    def test_a_quote_that_is_never_closed_in_a_large_file(self):
        self.refuse_file("large-quote.csv", 'a,b\n1,x\n2,"y\n' + "3,z\n" * 500_000, INVALID, ["line 3", "quote"])

    def test_bytes_that_are_not_utf8(self):
        self.refuse_file("latin.csv", b"a,b\n1,x\n2,caf\xe9\n", INVALID, ["line 3", "column b", "UTF-8"])
        self.refuse_file("latin-header.csv", b"a,caf\xe9\n1,x\n", INVALID, ["line 1", "UTF-8"])

    def test_utf16_with_a_byte_order_mark_is_read_as_that(self):
        text = "a,b\n1,ä€😀\n2,y\n"
        for name, mark, encoding in (("little", b"\xff\xfe", "utf-16-le"), ("big", b"\xfe\xff", "utf-16-be")):
            with self.subTest(name):
                self.write(f"{name}.csv", mark + text.encode(encoding))
                self.succeed("load", f"{name}.csv", f"t.{name}")
                self.assertEqual(self.rows(f"select a, b from t.{name} order by a"), [["1", "ä€😀"], ["2", "y"]])

    def test_half_a_unit_of_utf16_is_refused(self):
        self.refuse_file("odd.csv", "a,b\n1,x\n".encode("utf-16") + b"y", INVALID, ["odd.csv", "half of a UTF-16 unit"])

    def test_utf16_without_a_byte_order_mark_is_not_taken_for_utf8(self):
        for encoding in ("utf-16-le", "utf-16-be"):
            with self.subTest(encoding):
                self.refuse_file(f"{encoding}.csv", "a,b\n1,x\n2,y\n".encode(encoding), INVALID, [f"{encoding}.csv"])

    def test_columns_of_one_name(self):
        self.refuse_file("twice.csv", "a,b,a\n1,2,3\n", INVALID, ["line 1", "columns 1 and 3", "a"])
        self.refuse_file("case.csv", "a,A\n1,2\n", INVALID, ['"a"', '"A"'])
        self.refuse_file("rewritten.csv", "x/y,x_y\n1,2\n", INVALID, ['"x/y"', '"x_y"'])

    def test_a_value_that_is_not_of_the_type_that_is_given(self):
        self.refuse_file("typed.csv", "a,b\n1,2\n2,abc\n", INVALID, ["line 3", "column b", "int", "abc"], "--type", "b=bigint")

    def test_decimals_that_do_not_fit_are_not_rounded(self):
        self.write("decimals.csv", "a\n1.25\n1.255\n")
        self.refuse(INVALID, ["decimals.csv", "line 3", "column a", "1.255"], "load", "decimals.csv", "t.refused", "--type", "a=decimal(10,2)")
        self.assertEqual(self.tables(), [])

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_damaged_parquet(self):
        path = self.here / "whole.parquet"
        rows = 20_000
        pa.parquet.write_table(pa.table({"a": list(range(rows)), "b": [f"text {i}" for i in range(rows)]}), path,
                               compression="snappy", use_dictionary=False, write_page_checksum=True)
        whole = path.read_bytes()
        footer = int.from_bytes(whole[-8:-4], "little")
        flipped = bytearray(whole)
        flipped[len(whole) // 3] ^= 0xFF
        broken_footer = bytearray(whole)
        for i in range(40):
            broken_footer[-8 - footer + i] ^= 0xFF
        for name, content in (("cut.parquet", whole[: len(whole) // 2]), ("no-magic.parquet", whole[:-4] + b"XXXX"),
                              ("huge-footer.parquet", whole[:-8] + b"\xff\xff\xff\x7fPAR1"), ("footer.parquet", bytes(broken_footer)),
                              ("tiny.parquet", b"PAR1"), ("text.parquet", b"a,b\n1,2\n" * 10)):
            with self.subTest(name):
                self.write(name, content)
                self.refuse(CORRUPT, [name], "load", name, "t.refused")
                self.assertEqual(self.stored(), {})
        with self.subTest("page.parquet"):
            self.write("page.parquet", bytes(flipped))
            self.refuse(CORRUPT, ["page.parquet", "column"], "load", "page.parquet", "t.refused")
            self.assertEqual((self.tables(), self.stored()), ([], {}))

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_parquet_with_any_byte_damaged_ends_with_a_code_of_ours(self):
        path = self.here / "whole.parquet"
        pa.parquet.write_table(pa.table({"a": [1, 2, 3], "b": ["x", None, "z"]}), path)
        whole = path.read_bytes()
        dice = random.Random(7)
        for position in sorted(dice.sample(range(len(whole)), 25)):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << dice.randrange(8)
            self.write("damaged.parquet", bytes(damaged))
            outcome = self.run_program("load", "damaged.parquet", f"t.at{position}")
            self.assertIn(outcome.code, (OK, INVALID, CORRUPT, 9), f"byte {position}: {outcome}")
            if outcome.code != OK:
                self.assertIn("damaged.parquet", outcome.err, f"byte {position}")


class OddFile(LakeTest):
    def test_nul_bytes_are_kept_or_refused_but_never_cut(self):
        self.write("nul.csv", b"a,b\n1,x\0y\n")
        outcome = self.run_program("load", "nul.csv", "t.nul")
        if outcome.code == OK:
            self.assertEqual(self.rows("select length(b), b = 'x' || chr(0) || 'y' from t.nul"), [["3", "true"]])
        else:
            self.assertEqual(outcome.code, INVALID)
            self.assertIn("line 2", outcome.err)

    def test_a_line_of_200_megabytes_is_refused_in_bounded_memory(self):
        with gzip.open(self.here / "line.csv.gz", "wb", 1) as packed:
            packed.write(b"a,b\n1,")
            for _ in range(200):
                packed.write(b"x" * MEBIBYTE)
            packed.write(b"\n2,y\n")
        code, err, peak = self.peak_of("load", "line.csv.gz", "t.line")
        self.assertEqual(code, INVALID, err)
        self.assertIn("line.csv.gz, line 2", err)
        self.assertLess(peak or 0, 600 * MEBIBYTE)
        self.assertEqual(self.stored(), {})

    def test_what_is_said_about_a_long_value_is_short(self):
        self.write("value.csv", "a\n1\n" + "x" * 5 * MEBIBYTE + "\n")
        outcome = self.refuse(INVALID, ["value.csv", "line 3"], "load", "value.csv", "t.value", "--type", "a=bigint")
        self.assertLess(len(outcome.err), 2000)

    def test_a_file_without_a_byte_is_passed_over_out_loud(self):
        self.write("empty.csv", "")
        outcome = self.succeed("load", "empty.csv", "t.empty")
        self.assertIn("nothing to load", outcome.err)
        self.assertEqual(self.tables(), [])

    def test_a_packed_file_without_a_byte_is_passed_over_likewise(self):
        self.write("empty.csv.gz", gzip.compress(b""))
        outcome = self.succeed("load", "empty.csv.gz", "t.empty")
        self.assertIn("nothing to load", outcome.err)
        self.assertEqual(self.tables(), [])

    def test_an_empty_file_beside_others_does_no_harm(self):
        self.write("in/empty.csv", "")
        self.write("in/full.csv", "a\n1\n")
        outcome = self.succeed("load", "in/", "t.data")
        self.assertIn("passed over", outcome.err)
        self.assertEqual(self.value("select count(*) from t.data"), "1")

    def test_a_header_alone_makes_no_table_unless_types_are_given(self):
        self.write("header.csv", "a,b\n")
        self.refuse(INVALID, ["t.header", "--type"], "load", "header.csv", "t.header")
        self.assertEqual(self.tables(), [])
        self.succeed("load", "header.csv", "t.header", "--type", "a=bigint", "--type", "b=string")
        self.assertEqual(self.value("select count(*) from t.header"), "0")

    def test_a_header_alone_beside_others_does_no_harm(self):
        self.write("in/header.csv", "a,b\n")
        self.write("in/full.csv", "a,b\n1,x\n")
        self.succeed("load", "in/", "t.data")
        self.assertEqual(self.rows("select a, b from t.data"), [["1", "x"]])

    def test_numbers_beyond_64_bits_keep_their_digits(self):
        numbers = ["9223372036854775807", "9223372036854775808", "-9223372036854775809", "12345678901234567890123"]
        self.write("big.csv", "a\n" + "\n".join(numbers) + "\n")
        self.succeed("load", "big.csv", "t.big")
        self.assertEqual({row[0] for row in self.rows("select a from t.big")}, set(numbers))

    def test_numbers_beyond_38_digits_keep_their_digits(self):
        numbers = ["1" * 39, "-" + "9" * 45, "1"]
        self.write("huge.csv", "a\n" + "\n".join(numbers) + "\n")
        self.succeed("load", "huge.csv", "t.huge")
        self.assertEqual({row[0] for row in self.rows("select a from t.huge")}, set(numbers))

    def test_a_large_number_behind_small_ones_beyond_the_sample(self):
        self.write("late.csv", "a\n" + "".join(f"{i}\n" for i in range(20_000)) + "9223372036854775808\n")
        self.succeed("load", "late.csv", "t.late", "--sample", "1KB")
        self.assertEqual(self.rows("select count(*), max(a)::varchar from t.late"), [["20001", "9223372036854775808"]])

    def test_a_number_beyond_64_bits_is_refused_where_the_column_has_64(self):
        self.write("small.csv", "a\n1\n")
        self.write("big.csv", "a\n9223372036854775808\n")
        self.succeed("load", "small.csv", "t.data")
        self.refuse(INVALID, ["column a", "bigint"], "load", "big.csv", "t.data")
        self.assertEqual(self.rows("select a from t.data"), [["1"]])

    def test_files_that_are_not_there_or_not_known(self):
        self.write("data.xyz", "a\n1\n")
        (self.here / "folder").mkdir()
        self.refuse(INVALID, ["data.xyz"], "load", "data.xyz", "t.data")
        self.refuse(NOT_FOUND, ["absent.csv"], "load", "absent.csv", "t.data")
        self.refuse(NOT_FOUND, ["absent-*.csv"], "load", "absent-*.csv", "t.data")
        self.refuse(NOT_FOUND, ["folder"], "load", "folder", "t.data")
        self.assertEqual(self.tables(), [])

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_a_file_that_may_not_be_read(self):
        self.write("secret.csv", "a\n1\n").chmod(0)
        self.refuse(DENIED, ["secret.csv"], "load", "secret.csv", "t.data")

    def test_a_pipe_does_not_hang_the_load(self):
        os.mkfifo(self.here / "pipe.csv")
        outcome = self.run_program("load", "pipe.csv", "t.data", timeout=20)
        self.assertNotEqual(outcome.code, OK)
        self.assertIn("pipe.csv", outcome.err)

    def test_hidden_files_of_a_folder_are_passed_over(self):
        self.write("in/_SUCCESS", "")
        self.write("in/.part.csv.crc", b"\0\1\2")
        self.write("in/_temporary/a.csv", "a\nx\n")
        self.write("in/a.csv", "a\n1\n")
        self.succeed("load", "in/", "t.data")
        self.assertEqual(self.rows("select a from t.data"), [["1"]])


class PartitionValues(LakeTest):
    VALUES = ["a/b", "a=b", "50%", "%2F", "x:y", "two words", " lead and trail ", "ü", "a\\b", '"q"', "it's", "..", ".", "a\nb", "_x", ".x", "A", "a", ""]

    def load_values(self):
        text = "id,p\n" + "".join('%d,"%s"\n' % (i, value.replace('"', '""')) for i, value in enumerate(self.VALUES))
        self.write("data.csv", text)
        self.succeed("load", "data.csv", "t.data", "--partition-by", "p")

    def test_odd_values_come_back_from_the_path(self):
        self.load_values()
        found = {int(i): p for i, p in self.rows("select id, p from t.data")}
        self.assertEqual(found, dict(enumerate(self.VALUES)))

    def test_odd_values_can_be_asked_for(self):
        self.load_values()
        for i, value in enumerate(self.VALUES):
            if value:
                with self.subTest(value):
                    quoted = value.replace("'", "''")
                    self.assertEqual(self.rows(f"select id from t.data where p = '{quoted}'"), [[str(i)]])

    def test_an_empty_value_is_one_that_is_null(self):
        self.load_values()
        self.assertEqual(self.rows("select id from t.data where p is null"), [[str(self.VALUES.index(""))]])

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_another_reader_finds_the_same_values(self):
        self.load_values()
        table = self.lake / "store" / "lake" / "t" / "data"
        files = [str(path) for path in table.rglob("*.parquet")]
        scheme = pa.dataset.partitioning(pa.schema([("p", pa.string())]), flavor="hive")
        rows = pa.dataset.dataset(files, partitioning=scheme, partition_base_dir=str(table)).to_table(columns=["id", "p"]).to_pylist()
        self.assertEqual({row["id"]: row["p"] or "" for row in rows}, dict(enumerate(self.VALUES)))

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_odd_values_in_parquet_files(self):
        pa.parquet.write_table(pa.table({"id": list(range(len(self.VALUES))), "p": self.VALUES}), self.here / "data.parquet")
        self.succeed("load", "data.parquet", "t.data", "--partition-by", "p")
        self.assertEqual({int(i): p for i, p in self.rows("select id, p from t.data")}, dict(enumerate(self.VALUES)))

    def test_nothing_is_written_outside_the_table(self):
        self.load_values()
        for name in self.stored():
            self.assertTrue(name.startswith("lake/t/data/"), name)


class Names(LakeTest):
    def test_names_that_cannot_be(self):
        self.write("data.csv", "a\n1\n")
        for name in ("a.b.c", "t.", ".t", "", "t.a b", "t.a;drop", "t.ü", "t.'x'", "t.a%b", "t.a\nb", "..", "t." + "x" * 300):
            with self.subTest(name):
                outcome = self.run_program("load", "data.csv", name)
                self.assertEqual(outcome.code, INVALID, f"{name!r}: {outcome.err}")
                self.assertIn("glaux: error: ", outcome.err)
        self.assertEqual(self.tables(), [])
        self.assertEqual(self.stored(), {})

    def test_a_file_in_place_of_the_table_is_understood(self):
        self.write("a.csv", "a\n1\n")
        self.write("b.csv", "a\n1\n")
        self.refuse(INVALID, ["b.csv", "table"], "load", "a.csv", "b.csv")

    def test_names_with_upper_case_are_folded(self):
        self.write("data.csv", "Id,UPPER\n1,x\n")
        self.succeed("load", "data.csv", "Sales.Orders")
        self.assertEqual(self.tables(), ["sales.orders"])
        self.assertEqual(self.rows("select ID, upper from SALES.Orders"), [["1", "x"]])

    def test_columns_that_are_words_of_sql(self):
        self.write("data.csv", 'select,from,"a b","c""d",日本,1st\n1,2,3,4,5,6\n')
        self.succeed("load", "data.csv", "t.words")
        names = list(self.columns("t.words"))[:6]
        self.assertEqual(len(set(names)), 6)
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        self.assertEqual(self.rows(f"select {quoted} from t.words"), [["1", "2", "3", "4", "5", "6"]])

    def test_a_column_with_the_name_of_a_partition_key(self):
        self.write("data.csv", "year,v\n1999,x\n")
        outcome = self.run_program("load", "data.csv", "t.data")
        if outcome.code == OK:
            self.assertIn(["1999"], self.rows("select * exclude (v) from t.data") + self.rows("select year from t.data"))
        else:
            self.assertEqual(outcome.code, INVALID, outcome.err)
            self.assertIn("year", outcome.err)


class WhatSqlMayNotDo(LakeTest):
    DENIED = ["select * from read_csv('/etc/passwd')", "select * from read_text('/etc/passwd')", "select * from read_blob('/etc/passwd')",
              "select * from read_json('/etc/passwd')", "select * from read_parquet('/etc/passwd')", "select * from glob('/etc/*')",
              "select (select content from read_text('/etc/passwd'))", "with x as (select * from read_csv_auto('/etc/passwd')) select * from x",
              "copy (select 1) to 'stolen.csv'", "copy (select 1) to 'stolen.parquet' (format parquet)", "attach 'other.db'", "attach ':memory:' as m",
              "install httpfs", "load httpfs", "set enable_external_access=true", "set global allowed_directories=['/']",
              "pragma enable_external_access=true", "export database 'stolen'", "import database '/etc'"]

    def test_local_files_settings_and_extensions_are_denied(self):
        for sql in self.DENIED:
            with self.subTest(sql):
                self.refuse(DENIED, [], "query", sql)
        self.assertEqual([path.name for path in self.here.iterdir() if path != self.lake], [])

    def test_no_statement_shows_the_file(self):
        marks = self.write("secret.csv", "name\nfor-your-eyes-only\n")
        for sql in ("select * from '{}'", 'select * from "{}"', "describe '{}'", "summarize '{}'", "select * from query('from ''{}''')",
                    "select * from query_table('{}')", "from sniff_csv('{}')", "explain analyze select * from read_csv('{}')",
                    "select * from read_csv(['{}'])", "create table x as from read_csv('{}')", "create view v as from read_csv('{}')",
                    "prepare p as from read_csv('{}')", "select * from parquet_scan('{}')", "select * from parquet_metadata('{}')",
                    "select * from read_csv('file://{}')", "call read_csv('{}')"):
            with self.subTest(sql):
                outcome = self.run_program("query", sql.format(marks))
                self.assertNotEqual(outcome.code, OK)
                self.assertNotIn("for-your-eyes-only", outcome.err + outcome.text)

    def test_what_athena_does_not_do_with_such_tables_changes_nothing(self):
        self.write("data.csv", "a\n1\n")
        self.succeed("load", "data.csv", "t.data")
        before = self.stored()
        for sql in ("insert into t.data values ('x')", "update t.data set a = 2", "delete from t.data", "truncate t.data",
                    "alter table t.data add column b int", "create or replace table t.data as select 1", "drop table t.data; drop table t.data",
                    "with x as (select 2 as a) insert into t.data select a from x", "merge into t.data using t.data s on true when matched then delete"):
            with self.subTest(sql):
                self.assertNotEqual(self.run_program("query", sql).code, OK)
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.rows("select a from t.data"), [["1"]])

    def test_settings_that_limit_memory_hold(self):
        code, err, peak = self.peak_of("query", "select count(distinct hash(i)) from range(30000000) t(i)", "--memory-limit", "64MiB", "--timeout", "8s")
        self.assertIn(code, (OK, UNAVAILABLE), err)
        self.assertLess(peak or 0, 400 * MEBIBYTE)


if __name__ == "__main__":
    unittest.main()
