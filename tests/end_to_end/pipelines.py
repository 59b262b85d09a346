"""Runs pipelines: writes pipeline files and their inputs, runs `glaux sync`, reads what was written with other means."""
import csv
import datetime
import gzip
import io
import json
import os
import unittest

from lake import OK, LakeTest

try:
    import pyarrow as pa
    import pyarrow.orc
    import pyarrow.parquet
except ImportError:
    pa = None

needs_pyarrow = unittest.skipIf(pa is None, "pyarrow is not installed")


def yaml(value):
    """A pipeline file is a superset of JSON, so that a test can build it from plain values."""
    return json.dumps(value, indent=1, ensure_ascii=False)


def csv_text(rows, columns=None, delimiter=","):
    """Rows (dicts) as CSV; None is an empty field, and "" a quoted one."""
    columns = columns or list(rows[0])

    def cell(value):
        if value is None:
            return ""
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if text == "" or any(c in text for c in delimiter + '"\n\r') else text
    return "".join(delimiter.join(line) + "\n" for line in [[cell(c) for c in columns]] + [[cell(row.get(c)) for c in columns] for row in rows])


class SyncTest(LakeTest):
    def describe(self, sources, destinations, pipelines=None, name="p.yaml", **more):
        """Write a pipeline file from plain values."""
        content = {"sources": sources, "destinations": destinations, **more}
        if pipelines is not None:
            content["pipelines"] = pipelines
        return self.write(name, yaml(content))

    def flow(self, source, destination, name="p.yaml", **pipeline):
        """A pipeline file with one pipeline, p, of source s into destination d."""
        return self.describe({"s": source}, {"d": destination}, [{"name": "p", "from": "s", "to": "d", **pipeline}], name)

    def sync(self, *arguments, file="p.yaml", code=OK, **how):
        """Run pipelines; the report of each, by its name."""
        report = self.here / "report.json"
        report.unlink(missing_ok=True)
        outcome = self.run_program("sync", file, *arguments, "--report", report, **how)
        self.assertEqual(outcome.code, code, f"glaux sync {arguments} said:\n{outcome.err}{outcome.out[:2000]!r}")
        self.last = outcome
        pipelines = {one["name"]: one for one in json.loads(report.read_text())["pipelines"]} if report.exists() else {}
        for one in pipelines.values():
            self.assert_balanced(one)
        return pipelines

    def sync_one(self, *arguments, **how):
        (report,) = self.sync(*arguments, **how).values()
        return report

    def assert_balanced(self, report):
        for source in report["sources"]:
            if report["state"] == "succeeded":
                self.assertEqual(source["rows_read"], source["rows_passed"] + source["rows_filtered"] + source["rows_set_aside"], report)

    def refuse_sync(self, code, words, *arguments, file="p.yaml", **how):
        return self.refuse(code, words, "sync", file, *arguments, **how)

    # ---- what was written ---------------------------------------------------------------------------------------

    def path(self, path):
        return path if hasattr(path, "read_bytes") else self.here / path

    def rows_of(self, path):
        """Rows of one file as dicts; those of delimited text hold text."""
        path = self.path(path)
        name = path.name
        content = path.read_bytes()
        if name.endswith(".gz"):
            content, name = gzip.decompress(content), name[:-3]
        if name.endswith((".csv", ".tsv")):
            return list(csv.DictReader(io.StringIO(content.decode(), newline=""), delimiter="\t" if name.endswith(".tsv") else ","))
        if name.endswith((".jsonl", ".ndjson")):
            return [json.loads(line) for line in content.decode().splitlines()]
        if name.endswith(".json"):
            return json.loads(content)
        if name.endswith(".parquet"):
            return pa.parquet.read_table(pa.BufferReader(content)).to_pylist()
        if name.endswith((".arrow", ".feather")):
            return pa.ipc.open_file(pa.BufferReader(content)).read_all().to_pylist()
        if name.endswith(".arrows"):
            return pa.ipc.open_stream(pa.BufferReader(content)).read_all().to_pylist()
        if name.endswith(".orc"):
            return pa.orc.ORCFile(pa.BufferReader(content)).read().to_pylist()
        self.fail(f"no reader for {path}")

    def files_in(self, folder):
        """Data files below a folder, without logs and other hidden names, relative to it."""
        folder = self.path(folder)
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                      if path.is_file() and not any(part[0] in "._" for part in path.relative_to(folder).parts))

    def folder_rows(self, folder, keys=()):
        """Rows of all files of a folder; values of `key=value` folders are added as text."""
        rows = []
        for name in self.files_in(folder):
            values = dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)
            rows += [row | {key: values[key] for key in keys if key in values} for row in self.rows_of(self.path(folder) / name)]
        return rows

    def tree(self, *, without=("locks",)):
        """Every file below the working directory, but for locks and the report."""
        return {str(path.relative_to(self.here)): path.read_bytes() for path in sorted(self.here.rglob("*"))
                if path.is_file() and path.name != "report.json" and not set(without) & set(path.parts)}

    def assert_same_rows(self, found, expected, msg=None):
        """The same rows, each as often, in any order."""
        def key(row):
            return json.dumps(row, sort_keys=True, default=str)
        self.assertEqual(sorted(map(key, found)), sorted(map(key, expected)), msg)

    def age(self, name, seconds):
        """Make a file look as if it had been modified that long ago."""
        path = self.path(name)
        when = path.stat().st_mtime - seconds
        os.utime(path, (when, when))


def day(number):
    """A text of the number-th day of 2026, from 0."""
    return (datetime.date(2026, 1, 1) + datetime.timedelta(days=number)).isoformat()
