"""What requests to S3 cost: the dry run's word before, the program's own count after, and what the server saw."""
import collections
import gzip
import json
import random
import re
import time
import unittest

from lake import INVALID, NOT_FOUND
from pipelines import csv_text, yaml
from test_s3 import S3Test

KINDS = ("list", "get", "head", "put", "copy", "delete")
PRICES = {"source": "our contract", "list": 5, "transfer_out": 0, "classes": {"STANDARD": {"put": 5, "get": 0.4}}}


def rows(count, seed):
    """Rows that do not get small when they are compressed."""
    pick = random.Random(seed)
    return [{"id": i, "name": f"{pick.getrandbits(256):x}", "amount": f"{pick.randrange(10**6)}.25"} for i in range(count)]


class CostTest(S3Test):
    options = ("--verbose",)

    looked_up_to = 0

    def seen(self):
        """What the server was asked since the last call, by kind; copies count as puts."""
        # A line is written after its answer has gone out.
        log = self.here / "serve.log"
        text, before = log.read_text(), None
        while text != before:
            time.sleep(0.2)
            before, text = text, log.read_text()
        new, self.looked_up_to = text[self.looked_up_to:], len(text)
        counts = collections.Counter()
        for method, path in self.requests(new):
            query = path.partition("?")[2]
            if method == "GET":
                counts["list" if "list-type=2" in query or "uploads" in query.split("&") else "get"] += 1
            elif method == "POST" and query.startswith("delete"):
                counts["delete"] += 1
            else:
                counts[{"HEAD": "head", "DELETE": "delete"}.get(method, "put")] += 1
        return counts

    def assert_counted(self, counts):
        """The program's count is the server's."""
        own = {kind: counts[kind] for kind in KINDS}
        own["put"] += own.pop("copy")
        seen = self.seen()
        self.assertEqual(own, {kind: seen[kind] for kind in own})

    def report(self, *arguments, **how):
        self.sync(*arguments, env=self.as_client(), **how)
        return json.loads((self.here / "report.json").read_text())

    def assert_foretold(self, slack=0, bytes_slack=0.0):
        """A dry run says what the run then takes. \\return counts of the run"""
        self.seen()
        planned = self.report("--dry-run")["requests"]
        self.seen()
        happened = self.report()["requests"]
        self.assert_counted(happened)
        for kind in KINDS:
            self.assertLessEqual(abs(planned[kind] - happened[kind]), slack, f"{kind}: {planned} {happened}")
        for way in ("bytes_received", "bytes_sent"):
            self.assertLessEqual(abs(planned[way] - happened[way]), 20_000 + bytes_slack * happened[way], f"{way}: {planned} {happened}")
        self.assertEqual((happened["unbilled"], happened["retries"]), (0, 0))
        return happened

    def counts_in(self, text):
        """The counts of a line "requests: …"."""
        line = re.search(r"^requests: (.*)$", text, re.M)
        self.assertIsNotNone(line, text)
        return {word: int(count.replace(",", "")) for count, word in re.findall(r"([\d,]+) (LIST|GET|PUT|COPY|DELETE)", line[1])}


class Pipelines(CostTest):
    def put_gzip(self, key, content):
        path = self.lake / "store/lake" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()))

    def test_compressed_csv_into_a_table(self):
        self.write("glaux.yaml", yaml({"lake": {"store": "s3://lake/w", "aws": {"endpoint_url": self.url, "region": "us-east-1"}}}))
        self.put_gzip("in/a.csv.gz", csv_text(rows(50_000, 1)))
        self.put_gzip("in/b.csv.gz", csv_text(rows(1_000, 2)))
        self.flow({"uri": "s3://lake/in/*.csv.gz"}, {"table": "db.t"})
        env = self.as_client()
        del env["GLAUX_LAKE"]
        self.as_client = lambda **more: env | more
        first = self.assert_foretold(bytes_slack=0.8)
        self.assertGreater(first["get"], 2)
        self.put_gzip("in/c.csv.gz", csv_text(rows(100, 3)))
        self.assert_foretold(bytes_slack=0.8)
        self.assertEqual(self.value("select count(*) from db.t", env=env), "51100")
        # Nothing is new: the dry run is all of the run.
        self.assert_foretold()

    def test_json_lines_into_parquet_files(self):
        for name in ("a", "b"):
            self.put(f"in/{name}.jsonl", "".join(json.dumps(row) + "\n" for row in rows(3_000, name)))
        source = {"uri": "s3://lake/in/*.jsonl", **self.s3_keys}
        for target in ({"uri": "s3://lake/out/", "format": "parquet", "mode": "append"},
                       {"uri": "s3://lake/all/", "format": "parquet", "mode": "replace"},
                       {"uri": "s3://lake/one.csv", "mode": "replace"}):
            with self.subTest(target=target):
                self.flow(source, {**target, **self.s3_keys})
                self.assert_foretold(bytes_slack=0.9)
                self.put("in/c.jsonl", '{"id":7,"name":"x","amount":"1.0"}\n')
                self.assert_foretold(bytes_slack=0.9)

    def test_an_upsert_into_a_new_table(self):
        self.put("in/a.csv", csv_text(rows(2_000, 1)))
        self.flow({"uri": "s3://lake/in/*.csv", **self.s3_keys},
                  {"uri": "s3://lake/out/", "format": "parquet", "mode": "upsert", "primary_key": "id", **self.s3_keys})
        self.assert_foretold(bytes_slack=0.9)

    def test_dollars_need_prices_where_the_server_is_not_aws(self):
        self.put("in/a.csv", csv_text(rows(10, 1)))
        self.flow({"uri": "s3://lake/in/*.csv", **self.s3_keys}, {"path": "out.csv"})
        report = self.report("--dry-run")
        self.assertIsNone(report["requests"]["dollars"])
        self.assertNotIn("$", self.last.err)
        self.write("prices.yaml", yaml(PRICES))
        report = self.report("--prices", "prices.yaml")["requests"]
        self.assertAlmostEqual(report["dollars"], (5 * (report["list"] + report["put"]) + 0.4 * (report["get"] + report["head"])) / 1000)
        self.assertEqual(report["prices"], "our contract")
        self.assertIn("our contract", self.last.err)

    def test_prices_of_the_configuration_and_their_errors(self):
        self.put("in/a.csv", csv_text(rows(10, 1)))
        self.flow({"uri": "s3://lake/in/*.csv", **self.s3_keys}, {"path": "out.csv"})
        self.write("glaux.yaml", yaml({"lake": {"store": "own"}, "prices": "prices.yaml"}))
        env = self.as_client()
        del env["GLAUX_LAKE"]
        self.refuse_sync(INVALID, ["glaux.yaml, line ", "prices.yaml"], env=env)
        self.write("prices.yaml", "classes:\n  STANDARD:\n    putt: 1\n")
        self.refuse_sync(INVALID, ["prices.yaml, line 3", "classes.STANDARD.putt", "get, put, retrieval"], env=env)
        self.write("prices.yaml", yaml(PRICES))
        self.sync("--dry-run", env=env)
        self.assertIn("our contract", self.last.err)
        self.refuse_sync(NOT_FOUND, ["none.yaml"], "--prices", "none.yaml", env=env)

    def test_a_lake_in_a_folder_costs_nothing(self):
        self.write("a.csv", csv_text(rows(10, 1)))
        self.flow({"path": "a.csv"}, {"table": "db.t"})
        self.assertEqual(self.report("--dry-run")["requests"]["dollars"], 0)
        self.assertNotIn("requests:", self.last.err)
        self.report()
        self.assertNotIn("requests:", self.last.err)


class Commands(CostTest):
    def foretold(self, *arguments):
        """A command's dry run says what it then takes."""
        env = self.as_client()
        self.seen()
        planned = self.counts_in(self.succeed(*arguments, "--dry-run", "--region", "us-east-1", env=env).err)
        self.seen()
        happened = self.counts_in(self.succeed(*arguments, "--region", "us-east-1", env=env).err)
        self.assertEqual(planned, happened)
        seen = self.seen()
        self.assertEqual(happened["GET"], seen["get"] + seen["head"])
        self.assertEqual(happened["LIST"], seen["list"])
        self.assertEqual(happened["PUT"] + happened.get("COPY", 0), seen["put"])
        return happened

    def test_copies_in_all_directions(self):
        (self.here / "small.bin").write_bytes(b"x" * 1000)
        (self.here / "large.bin").write_bytes(random.Random(1).randbytes(20 << 20))
        (self.here / "empty.bin").write_bytes(b"")
        self.assertEqual(self.foretold("cp", "small.bin", "s3://lake/up/")["PUT"], 1)
        self.assertEqual(self.foretold("cp", "large.bin", "s3://lake/up/")["PUT"], 5)  # begin, three parts, complete
        self.foretold("cp", "empty.bin", "s3://lake/up/")
        self.assertGreaterEqual(self.foretold("cp", "-r", "s3://lake/up/", "down/")["GET"], 4)
        self.assertEqual(self.foretold("cp", "-r", "s3://lake/up/", "s3://lake/copy/")["COPY"], 3)
        self.foretold("cp", "-n", "small.bin", "s3://lake/new/")
        self.foretold("cp", "-n", "s3://lake/up/small.bin", "s3://lake/newer/")
        self.assertEqual((self.here / "down/large.bin").read_bytes(), (self.here / "large.bin").read_bytes())

    def test_a_load(self):
        self.put("in/a.csv", csv_text(rows(1_000, 1)))
        self.foretold("load", "s3://lake/in/*.csv", "db.t")
        self.put("in/b.csv", csv_text(rows(1_000, 1)))
        self.foretold("load", "s3://lake/in/*.csv", "db.t")

    def test_what_reading_takes_is_told_with_verbose(self):
        self.put("in/a.csv", csv_text(rows(1_000, 1)))
        env = self.as_client()
        self.succeed("load", "s3://lake/in/a.csv", "db.t", "--region", "us-east-1", env=env)
        for arguments in (["ls", "s3://lake/in/"], ["cat", "s3://lake/in/a.csv"], ["head", "s3://lake/in/a.csv"], ["schema", "s3://lake/in/a.csv"],
                          ["convert", "s3://lake/in/a.csv", "a.parquet"], ["query", "select count(*) from 's3://lake/in/a.csv'"]):
            self.seen()
            told = self.counts_in(self.succeed(*arguments, "--verbose", "--region", "us-east-1", env=env).err)
            seen = self.seen()
            self.assertEqual(told.get("LIST", 0) + told.get("GET", 0), seen["list"] + seen["get"] + seen["head"], arguments)
            self.assertGreater(sum(told.values()), 0, arguments)
            self.assertNotIn("requests:", self.succeed(*arguments, "--region", "us-east-1", env=env).err)
            (self.here / "a.parquet").unlink(missing_ok=True)


if __name__ == "__main__":
    unittest.main()
