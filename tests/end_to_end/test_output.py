"""What the program prints and writes: formats, files, streams, exit codes and completions."""
import csv
import datetime
import decimal
import gzip
import io
import json
import os
import pty
import subprocess
import unittest

from lake import INVALID, NOT_FOUND, NOT_IMPLEMENTED, OK, PROGRAM, UNAVAILABLE, LakeTest

try:
    import pyarrow as pa
    import pyarrow.parquet
except ImportError:
    pa = None

SQL = """select * from (values
  (1, 'plain', 1.50::decimal(10,2), timestamp '2025-01-02 03:04:05.123456', date '2025-01-02', true, 0.1::double, [1, null], {'a': 1, 'b': 'x'}),
  (2, 'a,b "c"\n\td|e', -0.05::decimal(10,2), timestamp '1969-12-31 23:59:59', date '0001-01-01', false, 1e300::double, [], {'a': null, 'b': 'ü'}),
  (3, '', null, null, null, null, null, null, null),
  (null, null, 12345678.90::decimal(10,2), timestamp '2025-01-02 00:00:00', null, null, -2.5::double, [3], null)
  ) as t(i, s, d, t, day, b, f, l, st)"""
ROWS = [
    {"i": 1, "s": "plain", "d": decimal.Decimal("1.50"), "t": datetime.datetime(2025, 1, 2, 3, 4, 5, 123456), "day": datetime.date(2025, 1, 2),
     "b": True, "f": 0.1, "l": [1, None], "st": {"a": 1, "b": "x"}},
    {"i": 2, "s": 'a,b "c"\n\td|e', "d": decimal.Decimal("-0.05"), "t": datetime.datetime(1969, 12, 31, 23, 59, 59), "day": datetime.date(1, 1, 1),
     "b": False, "f": 1e300, "l": [], "st": {"a": None, "b": "ü"}},
    {"i": 3, "s": "", "d": None, "t": None, "day": None, "b": None, "f": None, "l": None, "st": None},
    {"i": None, "s": None, "d": decimal.Decimal("12345678.90"), "t": datetime.datetime(2025, 1, 2), "day": None, "b": None, "f": -2.5, "l": [3], "st": None},
]


class Formats(LakeTest):
    def query(self, format):
        outcome = self.succeed("query", SQL, "--format", format)
        self.assertEqual(outcome.err, "")
        return outcome

    def assert_delimited(self, text, delimiter):
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
        self.assertEqual(rows[0], list(ROWS[0]))
        self.assertEqual(len(rows), 5)
        for found, expected in zip(rows[1:], ROWS):
            cell = dict(zip(rows[0], found))
            self.assertEqual(cell["i"], "" if expected["i"] is None else str(expected["i"]))
            self.assertEqual(cell["s"], expected["s"] or "")
            self.assertEqual(cell["d"], "" if expected["d"] is None else str(expected["d"]))
            self.assertEqual(cell["t"] and datetime.datetime.fromisoformat(cell["t"]), expected["t"] or "")
            self.assertEqual(cell["day"], str(expected["day"] or ""))
            self.assertEqual(cell["b"], "" if expected["b"] is None else str(expected["b"]).lower())
            self.assertEqual(cell["f"] and float(cell["f"]), "" if expected["f"] is None else expected["f"])
            self.assertEqual(json.loads(cell["l"] or "null"), expected["l"])
            self.assertEqual(json.loads(cell["st"] or "null"), expected["st"])

    def test_csv(self):
        text = self.query("csv").text
        self.assert_delimited(text, ",")
        self.assertIn('\n3,"",,', text, "an empty text is told from null")
        self.assertIn("\n,,12345678.90,", text)

    def test_tsv(self):
        self.assert_delimited(self.query("tsv").text, "\t")

    def assert_objects(self, found):
        for row, expected in zip(found, ROWS, strict=True):
            self.assertEqual(list(row), list(expected))
            row = row | {"t": row["t"] and datetime.datetime.fromisoformat(row["t"]), "day": row["day"] and datetime.date.fromisoformat(row["day"]),
                         "f": row["f"] if row["f"] is None else float(row["f"])}
            self.assertEqual(row, expected)

    def test_json_keeps_every_digit(self):
        text = self.query("json").text
        self.assert_objects(json.loads(text, parse_float=decimal.Decimal))
        self.assertIn('"d":1.50', text)

    def test_json_of_no_rows_is_an_empty_list(self):
        self.assertEqual(json.loads(self.succeed("query", "select 1 as a where false", "--format", "json").text), [])

    def test_json_has_no_word_that_json_does_not_know(self):
        text = self.succeed("query", "select 'nan'::double n, 'inf'::double p, '-inf'::double m", "--format", "json").text
        json.loads(text, parse_constant=lambda word: self.fail(f"{word} is not JSON"))

    def test_jsonl(self):
        lines = self.query("jsonl").text.splitlines()
        self.assert_objects([json.loads(line, parse_float=decimal.Decimal) for line in lines])

    def test_markdown_has_a_row_a_line(self):
        lines = self.query("markdown").text.splitlines()
        self.assertEqual(len(lines), 6)
        self.assertRegex(lines[1], r"^\|( -+:? \|)+$")
        for line in lines:
            self.assertEqual(line.replace("\\|", "").count("|"), 10, line)

    def test_table_is_aligned_and_shows_null(self):
        text = self.query("table").text
        lines = text.splitlines()
        self.assertIn("NULL", text)
        self.assertEqual(len({len(line) for line in lines if line and line[0] in "│┌├└"}), 1)
        self.assertIn("4 rows", text)

    def test_table_shows_the_first_and_the_last_rows(self):
        text = self.succeed("query", "select i from range(1000) t(i) order by i", "--max-rows", "10").text
        self.assertIn("│ 999", text.replace("│    ", "│ "))
        self.assertNotIn(" 500 ", text)
        self.assertIn("1,000 rows", text)
        whole = self.succeed("query", "select i from range(1000) t(i) order by i", "--max-rows", "all").text
        self.assertIn(" 500 ", whole)

    def test_table_does_not_let_text_move_the_cursor(self):
        text = self.succeed("query", r"select chr(27) || '[2J' || chr(7) as s").text
        self.assertFalse({"\x1b", "\x07"} & set(text))

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_parquet(self):
        table = pa.parquet.read_table(io.BytesIO(self.query("parquet").out))
        self.assertEqual(table.to_pylist(), ROWS)
        self.assertEqual(table.schema.field("d").type, pa.decimal128(10, 2))

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_arrow_on_standard_output(self):
        out = self.query("arrow").out
        reader = pa.ipc.open_file(pa.BufferReader(out)) if out.startswith(b"ARROW1") else pa.ipc.open_stream(out)
        self.assertEqual(reader.read_all().to_pylist(), ROWS)

    @unittest.skipIf(pa is None, "pyarrow is not installed")
    def test_a_number_of_39_digits_is_exact_or_refused_in_parquet(self):
        text = "170141183460469231731687303715884105727"
        outcome = self.run_program("query", f"select {text}::hugeint as h", "--format", "parquet")
        if outcome.code != OK:
            self.assertEqual(outcome.code, INVALID)
            return
        column = pa.parquet.read_table(io.BytesIO(outcome.out))["h"]
        column.validate(full=True)
        self.assertEqual(str(column[0].as_py()), text)


class Files(LakeTest):
    def test_the_ending_names_the_format(self):
        for name in ("out.csv", "out.tsv", "out.json", "out.jsonl", "out.md", "out.txt", "out.parquet", "out.arrow", "out.csv.gz", "out.jsonl.zst"):
            with self.subTest(name):
                outcome = self.succeed("query", SQL, "-o", name)
                self.assertEqual(outcome.out, b"")
                self.assertGreater((self.here / name).stat().st_size, 0)
        self.assertEqual((self.here / "out.csv").read_bytes(), gzip.decompress((self.here / "out.csv.gz").read_bytes()))
        self.assertEqual((self.here / "out.csv").read_bytes(), self.succeed("query", SQL, "--format", "csv").out)
        self.assertEqual(len(json.loads((self.here / "out.json").read_text())), 4)
        self.assertTrue((self.here / "out.md").read_text().startswith("| i |"))
        if pa:
            self.assertEqual(pa.parquet.read_table(self.here / "out.parquet").to_pylist(), ROWS)
            self.assertEqual(pa.ipc.open_file(str(self.here / "out.arrow")).read_all().to_pylist(), ROWS)
            with pa.input_stream(str(self.here / "out.jsonl.zst"), compression="zstd") as unpacked:
                self.assertEqual(unpacked.read(), (self.here / "out.jsonl").read_bytes())

    def test_a_format_that_is_given_wins_over_the_ending(self):
        self.succeed("query", "select 1 as a", "-o", "out.txt", "--format", "csv")
        self.assertEqual((self.here / "out.txt").read_text(), "a\n1\n")

    def test_an_ending_that_says_nothing_is_refused(self):
        self.refuse(INVALID, ["out.xyz", "--format"], "query", "select 1", "-o", "out.xyz")
        self.assertEqual(os.listdir(self.here), [])

    def test_a_failing_query_leaves_no_file(self):
        # The second statement fails in the middle, when rows were written already.
        for sql in ("select nonsense", "select case when i = 900000 then error('late') else i::varchar end from range(1000000) t(i)"):
            for ending in ("csv", "parquet", "arrow", "json", "csv.gz", "jsonl.zst"):
                with self.subTest(sql=sql, ending=ending):
                    outcome = self.refuse(INVALID, [], "query", sql, "-o", f"out.{ending}")
                    self.assertEqual([name for name in os.listdir(self.here) if name != self.lake.name], [])
                    self.assertNotIn("interfaces.cc", outcome.err)

    def test_a_failing_query_leaves_the_old_file_as_it_was(self):
        self.write("out.csv", "old\n")
        self.refuse(INVALID, ["late"], "query", "select case when i = 900000 then error('late') else i::varchar end from range(1000000) t(i)", "-o", "out.csv")
        self.assertEqual((self.here / "out.csv").read_text(), "old\n")
        self.succeed("query", "select 1 as a", "-o", "out.csv")
        self.assertEqual((self.here / "out.csv").read_text(), "a\n1\n")

    def test_a_folder_that_is_not_there(self):
        self.refuse(NOT_FOUND, ["absent/out.csv"], "query", "select 1", "-o", "absent/out.csv")

    def test_sql_from_a_file_and_from_standard_input(self):
        self.write("report.sql", "-- a comment\nselect 41 + 1 as a;\n")
        for how in (("-f", "report.sql"), ("-f", "-"), ()):
            with self.subTest(how):
                out = self.succeed("query", *how, "--format", "csv", stdin="select 41 + 1 as a").text
                self.assertEqual(out, "a\n42\n")


class Streams(LakeTest):
    def setUp(self):
        super().setUp()
        self.write("data.csv", "a\n1\n")

    def test_data_goes_to_standard_output_and_words_to_the_other(self):
        outcome = self.succeed("load", "data.csv", "t.data")
        self.assertEqual(outcome.out, b"")
        self.assertIn("loaded 1 row", outcome.err)
        for arguments in (("query", "select 1"), ("tables",), ("schema", "t.data"), ("partitions", "t.data"), ("databases",), ("version",), ("--help",)):
            with self.subTest(arguments):
                outcome = self.succeed(*arguments)
                self.assertNotEqual(outcome.out, b"")
                self.assertEqual(outcome.err, "")

    def test_quiet_leaves_only_errors(self):
        self.assertEqual(self.succeed("load", "data.csv", "t.data", "--quiet").err, "")
        self.assertEqual(self.succeed("load", "data.csv", "t.data", "-q").err, "")
        self.refuse(NOT_FOUND, [], "load", "absent.csv", "t.data", "-q")

    def on_a_terminal(self, *arguments, **env):
        """All that the program writes where both of its outputs are a terminal."""
        leader, follower = pty.openpty()
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.here, env=self.environment(TERM="xterm", **env), stdin=subprocess.DEVNULL,
                                   stdout=follower, stderr=follower)
        os.close(follower)
        written = b""
        try:
            while part := os.read(leader, 4096):
                written += part
        except OSError:  # how Linux says that the other end is closed
            pass
        os.close(leader)
        process.wait(30)
        return written

    def test_colours_are_for_terminals(self):
        self.assertIn(b"\x1b[", self.on_a_terminal("qery"))
        self.assertNotIn("\x1b", self.run_program("qery").err)

    def test_no_color_and_color_never_are_obeyed(self):
        for arguments in (("tables", "absent"), ("tables", "--fromat", "csv"), ("qery",)):
            with self.subTest(arguments):
                self.assertIn(b"\x1b[", self.on_a_terminal(*arguments))
                self.assertNotIn(b"\x1b[", self.on_a_terminal(*arguments, NO_COLOR="1"))
                self.assertNotIn(b"\x1b[", self.on_a_terminal(*arguments, "--color", "never"))
                self.assertIn("\x1b[", self.run_program(*arguments, "--color", "always").err)

    def test_an_empty_no_color_does_not_count(self):
        self.assertIn(b"\x1b[", self.on_a_terminal("qery", NO_COLOR=""))

    def test_a_reader_that_goes_away_is_no_error(self):
        process = self.start("query", "select i from range(10000000) t(i)", "--format", "csv")
        process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        process.stderr.close()
        process.wait(30)
        self.assertEqual((process.returncode, err), (OK, ""))

    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([PROGRAM, "query", "select i from range(100000) t(i)", "--format", "csv"], cwd=self.here, env=self.environment(),
                                  stdout=full, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, UNAVAILABLE, done.stderr)
        self.assertIn("No space left on device", done.stderr)


class Usage(LakeTest):
    def test_what_is_near_is_suggested(self):
        self.refuse(INVALID, ["qery", "did you mean 'query'"], "qery")
        self.refuse(INVALID, ["--fromat", "did you mean '--format'"], "tables", "--fromat", "csv")
        self.write("data.csv", "a\n1\n")
        self.succeed("load", "data.csv", "sales.orders")
        self.refuse(NOT_FOUND, ["sales.order", "sales.orders"], "schema", "sales.order")
        self.refuse(NOT_FOUND, ["orders"], "query", "select * from sales.order_")

    def test_exit_codes(self):
        self.write("data.csv", "a\n1\n")
        self.succeed("load", "data.csv", "t.data")
        for code, arguments in ((OK, ("tables",)), (OK, ("--version",)), (OK, ("load", "--help")), (INVALID, ("load",)), (INVALID, ("query", "selec 1")),
                                (INVALID, ("query", "")), (INVALID, ("query", "select 1; select 2")), (INVALID, ("tables", "--format", "xml")),
                                (INVALID, ("query", "select 1/'x'")), (INVALID, ("query", "select nothere from t.data")),
                                (INVALID, ("load", "data.csv", "t.data", "--sample", "much")), (INVALID, ("load", "data.csv", "t.new", "--type", "a=nonsense")),
                                (INVALID, ("load", "data.csv", "t.data", "--type", "a")), (INVALID, ("load", "data.csv", "t.data", "--contract", "columns=maybe")),
                                (INVALID, ("load", "data.csv", "t.data", "--compression", "lzo")), (INVALID, ("load", "data.csv", "t.data", "--delimiter", "ab")),
                                (INVALID, ("load", "data.csv", "t.new", "--partition-by", "day(a")), (INVALID, ("load", "data.csv", "t.new", "--partition-by", "nothere")),
                                (INVALID, ("load", "data.csv", "t.new", "--partition-by", "day(a)")), (INVALID, ("partitions", "t.data", "--filter", "nothere = 1")),
                                (INVALID, ("query", "select 1", "--memory-limit", "-5")), (INVALID, ("query", "select 1", "--timeout", "soon")),
                                (INVALID, ("repair", "t.data", "--grace", "x")), (INVALID, ("completion", "csh")),
                                (NOT_FOUND, ("schema", "t.absent")), (NOT_FOUND, ("tables", "absent")), (NOT_FOUND, ("partitions", "t.absent")),
                                (NOT_FOUND, ("repair", "t.absent")), (NOT_FOUND, ("query", "-f", "absent.sql")), (NOT_IMPLEMENTED, ("query", "create index x on t.data (a)")),
                                (UNAVAILABLE, ("query", "select count(distinct hash(a, b)) from range(1000000) s(a), range(1000000) t(b)", "--timeout", "300ms"))):
            with self.subTest(arguments):
                outcome = self.run_program(*arguments)
                self.assertEqual(outcome.code, code, outcome.err)
                if code != OK:
                    self.assertIn("glaux: error: ", outcome.err)
                    self.assertEqual(outcome.out, b"")

    def test_a_type_that_is_none_is_refused_even_when_the_files_are_loaded(self):
        self.write("data.csv", "a\n1\n")
        self.succeed("load", "data.csv", "t.data")
        self.refuse(INVALID, ["nonsense"], "load", "data.csv", "t.data", "--type", "a=nonsense")

    def test_a_missing_argument_is_named_as_the_help_spells_it(self):
        self.refuse(INVALID, ["FILES... TABLE"], "load")
        self.refuse(INVALID, ["TABLE"], "schema")

    def test_no_command_shows_the_help(self):
        outcome = self.run_program()
        self.assertEqual(outcome.code, INVALID)
        self.assertIn("Usage: glaux COMMAND", outcome.err)

    def test_every_command_of_the_help_has_a_help(self):
        text = self.succeed("--help").text
        names = [line.split()[0] for line in text.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertIn("load", names)
        for name in names:
            self.assertIn(f"Usage: glaux {name}", self.succeed(name, "--help").text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)

    def test_completion_scripts_are_valid(self):
        script = self.succeed("completion", "bash").out
        subprocess.run(["bash", "-n"], input=script, check=True, capture_output=True)
        for shell in ("zsh", "fish"):
            self.assertIn("glaux", self.succeed("completion", shell).text)

    def test_bash_completes_commands_and_tables(self):
        self.write("data.csv", "a\n1\n")
        self.succeed("load", "data.csv", "sales.orders")
        (self.here / "glaux").symlink_to(PROGRAM)

        def complete(line):
            words = line.split(" ")
            script = f"""source <(glaux completion bash)
                COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; COMP_LINE={line!r}; COMP_POINT={len(line)}
                how=$(complete -p glaux); how=${{how#*-F }}; ${{how%% *}} glaux {words[-1]!r} {words[-2]!r}; printf '%s\\n' "${{COMPREPLY[@]}}\""""
            env = self.environment(PATH=f"{self.here}:{os.environ['PATH']}")
            done = subprocess.run(["bash", "-c", script], cwd=self.here, env=env, capture_output=True, text=True, check=True)
            return [word.strip() for word in done.stdout.splitlines()]

        self.assertEqual(complete("glaux qu"), ["query"])
        self.assertEqual(complete("glaux schema sales.or"), ["sales.orders"])
        self.assertIn("--partition-by", complete("glaux load --pa"))


if __name__ == "__main__":
    unittest.main()
