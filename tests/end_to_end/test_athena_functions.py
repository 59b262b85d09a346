"""docs/reference/athena-functions.md: what it says that an expression gives, it gives."""
import csv
import io
import pathlib
import re
import unittest

from lake import LakeTest

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs/reference/athena-functions.md"
SOURCE = pathlib.Path(__file__).resolve().parents[2] / "src/glaux/engine/duckdb/athena_functions.cc"
AGGREGATED = "from (values (1, 'a'), (2, 'b'), (3, 'b')) as t(n, s)"


def documented():
    """(expression, result, the section that it stands in)"""
    section = ""
    for line in DOCUMENT.read_text().splitlines():
        section = line.removeprefix("## ") if line.startswith("## ") else section
        if row := re.fullmatch(r"\| `(.+)` \| (.*?) ?\|", line):
            yield row[1], row[2], section


class AthenaFunctions(LakeTest):
    maxDiff = None

    def test_each_gives_what_its_documentation_says(self):
        for aggregates in (False, True):
            rows = [row for row in documented() if row[2] != "Athena's alone" and (row[2] == "Aggregates") == aggregates]
            self.assertGreater(len(rows), 2)
            columns = ", ".join(f"{expression} as c{i}" for i, (expression, _, _) in enumerate(rows))
            out = self.succeed("query", f"select {columns} {AGGREGATED if aggregates else ''}", "--format", "csv").text
            (values,) = list(csv.reader(io.StringIO(out)))[1:]
            for (expression, result, _), value in zip(rows, values):
                self.assertEqual(value, result, expression)

    def test_each_is_documented(self):
        source = SOURCE.read_text()
        macros = [name for name in re.findall(r'^    "(\w+)\([\w, ]*\) AS', source, re.M) if not name.startswith("athena_")]
        self.assertGreater(len(macros), 50)
        expressions = " ".join(expression for expression, _, _ in documented())
        self.assertEqual([name for name in {*macros, "date_add", "cardinality", "element_at", "transform"} if name + "(" not in expressions], [])

    def test_wrong_units_and_sums_that_are_too_large_are_errors(self):
        for sql, words in (("date_add('fortnight', 1, current_date)", "fortnight"), ("date_add('year', 999999999999, current_date)", "too much"),
                           ("date_add('year', 99999999, DATE '2025-01-01')", "out of range"), ("date_parse('x', '%Y')", "%Y")):
            self.assertRegex(self.run_program("query", f"select {sql}").err.lower(), words.lower(), sql)


if __name__ == "__main__":
    unittest.main()
