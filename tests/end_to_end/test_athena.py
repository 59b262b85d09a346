"""The program with `engine: athena`, against our own server of Athena's protocol."""
import json
import signal
import subprocess
import time
import unittest

from lake import CANCELLED, INVALID, NOT_FOUND, PROGRAM, UNAVAILABLE
from served import KEY, SECRET, ServedTest, wait_until

try:
    import boto3

    from recorder import Recorder
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")

ENDLESS = "select count(*) from range(100000) a, range(100000) b, range(100000) c where a.range + b.range + c.range = 7"


class Athena(ServedTest):
    options = ("--wire", "s3,glue,athena")

    def setUp(self):
        super().setUp()
        self.recorder = Recorder(self.url, "athena")
        self.addCleanup(self.recorder.stop)
        self.describe()
        self.write("orders.csv", "id,country,amount,note\n"
                   + "".join(f"{i},{'DE' if i % 3 else 'FR'},{i}.25,{'' if i % 2 else 'n'}\n" for i in range(1, 31)))
        self.env = self.client_environment() | {"GLAUX_LAKE": str(self.here / "glaux.yaml")}
        self.succeed("load", "orders.csv", "orders", "--partition-by", "country", env=self.env)

    def describe(self, **athena):
        athena = {"endpoint_url": self.recorder.url, "output_location": "s3://athena-results/x/"} | athena
        self.write("glaux.yaml", json.dumps({"lake": {
            "store": "s3://lake/tables", "catalog": "glue", "engine": "athena", "athena": athena, "database": "shop",
            "aws": {"region": "eu-central-1", "endpoint_url": self.url}}}))

    def athena_client(self):
        return boto3.client("athena", endpoint_url=self.url, region_name="eu-central-1", aws_access_key_id=KEY,
                            aws_secret_access_key=SECRET)

    def states(self):
        client = self.athena_client()
        ids = client.list_query_executions()["QueryExecutionIds"]
        return [client.get_query_execution(QueryExecutionId=id)["QueryExecution"]["Status"]["State"] for id in ids]

    def ask(self, sql, *options):
        return [json.loads(line) for line in
                self.succeed("query", sql, "--format", "jsonl", *options, env=self.env).text.splitlines()]

    def test_a_query_runs_at_athena_and_its_rows_come_typed(self):
        self.assertEqual(self.ask("select country, count(*) as n, sum(amount) as paid from orders group by 1 order by 1"),
                         [{"country": "DE", "n": 20, "paid": 305.0}, {"country": "FR", "n": 10, "paid": 167.5}])
        self.assertEqual(self.ask("select cast(null as varchar) as a, '' as b, true as c, date '2025-01-31' as d, "
                                  "cast(1.5 as decimal(5,2)) as e, timestamp '2025-01-31 08:30:00' as f"),
                         [{"a": None, "b": "", "c": True, "d": "2025-01-31", "e": 1.5, "f": "2025-01-31T08:30:00"}])
        start = self.recorder.requests[self.recorder.operations.index("StartQueryExecution")]
        self.assertEqual(start["QueryExecutionContext"], {"Database": "shop"})
        self.assertGreaterEqual(len(start["ClientRequestToken"]), 32)
        self.assertEqual(self.recorder.problems, [])

    def test_a_large_result_comes_from_its_object_or_in_pages(self):
        sql = "select a.id * 1000 + b.id as n, a.note from orders a, orders b order by 1"
        by = {}
        for way in ("auto", "csv", "api"):
            outcome = self.succeed("query", sql, "--results", way, "--format", "csv", "--verbose", env=self.env)
            by[way] = outcome.out
            self.assertIn("pages of GetQueryResults" if way == "api" else "result object s3://athena-results/x/", outcome.err)
        self.assertEqual(by["auto"].count(b"\n"), 901)
        self.assertEqual(by["auto"], by["csv"])
        self.assertEqual(by["auto"], by["api"])
        self.assertEqual(self.recorder.problems, [])

    def test_unload_gives_the_same_rows_and_leaves_no_file(self):
        sql = "select id, amount, country, note from orders"
        way = self.ask(sql, "--results", "unload")
        self.assertEqual(sorted(way, key=lambda row: row["id"]), sorted(self.ask(sql), key=lambda row: row["id"]))
        self.assertEqual([key for key in self.stored_files("athena-results") if "unload/" in key], [])
        self.assertEqual(self.ask("select id from orders where id > 100", "--results", "unload"), [])

    def test_nested_columns_have_their_types(self):
        sql = ("select id, array[1, null] as list, map(array['a'], array[array['x', 'y', 'z']]) as m, "
               "cast(row(1, 'a, b') as row(n integer, word varchar)) as r from orders where id < 3 order by id")
        self.assertEqual(self.ask(sql)[0], {"id": 1, "list": [1, None], "m": {"a": ["x", "y", "z"]},
                                            "r": {"n": 1, "word": "a, b"}})
        explained = [request["QueryString"] for operation, request in zip(self.recorder.operations, self.recorder.requests)
                     if operation == "StartQueryExecution"]
        self.assertEqual([sql.startswith("EXPLAIN (FORMAT JSON)") for sql in explained], [False, True])

    def test_nested_columns_without_a_plan_are_text_and_that_is_said(self):
        self.athena_client().create_prepared_statement(StatementName="p", WorkGroup="primary",
                                                       QueryStatement="select array[id, 0] as list from orders where id = ?")
        outcome = self.succeed("query", "execute p using 7", "--format", "jsonl", env=self.env)
        self.assertEqual(json.loads(outcome.text), {"list": "[7, 0]"})
        self.assertIn("note: array, map and row columns are text: ", outcome.err)

    def test_odd_sizes(self):
        names = [f"c{i}" for i in range(5000)]
        sql = "select " + ", ".join(f"{i} as {name}" for i, name in enumerate(names))
        for way in ("auto", "csv"):
            (row,) = self.ask(sql, "--results", way)
            self.assertEqual(row, {name: i for i, name in enumerate(names)})
        self.write("long.sql", "select '" + "x" * 1_000_000 + "' as a")
        self.refuse(INVALID, ["262144"], "query", "-f", "long.sql", env=self.env)
        self.write("long.sql", "select '" + "x" * 200_000 + "' as a, i from range(200) t(i)")
        self.assertEqual([len(line) for line in self.succeed("query", "-f", "long.sql", "--format", "csv", env=self.env).text.splitlines()[1:3]],
                         [200_002, 200_002])

    def test_statements_that_write_run_at_athena(self):
        self.succeed("query", "create table totals as select country, count(*) as n from orders group by 1", env=self.env)
        self.assertEqual(self.ask("insert into totals values ('IT', 7)"), [{"rows": 1}])
        self.assertEqual(self.ask("select sum(n) as n from totals"), [{"n": 37}])
        self.assertEqual([list(row.values()) for row in self.ask("show tables")], [["orders"], ["totals"]])
        self.assertEqual([list(row.values())[0] for row in self.ask("show partitions orders")], ["country=DE", "country=FR"])
        self.succeed("query", "drop table totals", env=self.env)
        self.assertEqual(self.recorder.problems, [])

    def test_parameters_are_values_and_nothing_else(self):
        self.assertEqual(self.ask("select count(*) as n from orders where country = ? and id < ?", "--param", "FR", "--param", "10"),
                         [{"n": 3}])
        self.assertEqual(self.ask("select ? as a", "--param", "x' or '1'='1"), [{"a": "x' or '1'='1"}])
        # The embedded engine binds the same values.
        local = self.succeed("query", "select count(*) as n from range(10) t(i) where i < ? and ? = 'it''s'", "--param", "4",
                             "--param", "it's", "--format", "csv")
        self.assertEqual(local.text, "n\n4\n")

    def test_errors_have_their_kind_and_the_query_id(self):
        self.refuse(NOT_FOUND, ["nowhere", "query "], "query", "select * from nowhere", env=self.env)
        self.refuse(INVALID, ["query "], "query", "select nocolumn from orders", env=self.env)
        self.describe(workgroup="nobody")
        self.refuse(INVALID, ["nobody"], "query", "select 1", env=self.env)

    def test_nothing_is_left_running(self):
        self.refuse(UNAVAILABLE, ["timeout of 300 ms"], "query", ENDLESS, "--timeout", "300ms", env=self.env)
        wait_until(lambda: set(self.states()) <= {"SUCCEEDED", "CANCELLED"})
        process = subprocess.Popen([PROGRAM, "query", ENDLESS], cwd=self.here, env=self.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: "RUNNING" in self.states())
        self.signal_at_work(process, signal.SIGINT, 0)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, CANCELLED, err)
        wait_until(lambda: "RUNNING" not in self.states() and "QUEUED" not in self.states())

    def test_an_estimate_runs_nothing_and_limits_refuse(self):
        estimate = json.loads(self.succeed("query", "select * from orders where country = 'FR'", "--estimate", "--format", "json",
                                           env=self.env).text)
        (table,) = estimate["tables"]
        self.assertEqual((table["table"], table["files"], table["partitions_scanned"], table["partitions_total"]),
                         ("shop.orders", 1, 1, 2))
        self.assertGreater(estimate["bytes"], 0)
        given = json.loads(self.succeed("query", "select * from orders where country = ?", "--param", "FR", "--estimate",
                                        "--format", "json", env=self.env).text)
        self.assertEqual(given, estimate)
        self.assertNotIn("StartQueryExecution", self.recorder.operations)
        self.refuse(INVALID, ["--max-scan allows 1 B", "was not run"], "query", "select * from orders", "--max-scan", "1B", env=self.env)
        self.refuse(INVALID, ["--max-cost allows $0.0000010"], "query", "select * from orders", "--max-cost", "0.000001", env=self.env)
        self.assertNotIn("StartQueryExecution", self.recorder.operations)
        self.ask("select count(*) as n from orders", "--max-scan", "1GiB", "--max-cost", "1")
        self.succeed("query", "select * from orders where country = ?", "--param", "FR", "--max-scan", "1GiB", env=self.env)

    def test_a_workgroup_that_enforces_its_location_has_the_results(self):
        athena = self.athena_client()
        self.client().create_bucket(Bucket="enforced")
        athena.create_work_group(Name="strict", Configuration={
            "EnforceWorkGroupConfiguration": True, "ResultConfiguration": {"OutputLocation": "s3://enforced/here/"}})
        self.describe(workgroup="strict")
        outcome = self.succeed("query", "select id from orders", "--results", "csv", "--format", "csv", "--verbose", env=self.env)
        self.assertEqual(outcome.text.count("\n"), 31)
        self.assertIn("result object s3://enforced/here/", outcome.err)

    def test_a_query_without_a_place_for_its_result_says_what_to_do(self):
        athena = self.athena_client()
        athena.create_work_group(Name="nowhere", Configuration={"EnforceWorkGroupConfiguration": False})
        self.describe(workgroup="nowhere", output_location="s3://missing-bucket/")
        self.refuse(INVALID, ["missing-bucket"], "query", "select 1", env=self.env)
        config = json.loads((self.here / "glaux.yaml").read_text())
        del config["lake"]["athena"]["output_location"]
        self.write("glaux.yaml", json.dumps(config))
        self.refuse(INVALID, ["No output location provided", "S3_OUTPUT_LOCATION"], "query", "select 1", env=self.env)
        self.assertEqual(self.succeed("query", "select 1 as n", "--format", "csv",
                                      env=self.env | {"S3_OUTPUT_LOCATION": "s3://athena-results/env/"}).text, "n\n1\n")

    def test_explain_tells_columns_and_tables(self):
        plan = json.loads("".join(row["Query Plan"] for row in self.ask(
            "explain (format json) select id, array[row(1, 'a')] as nested from orders")))
        self.assertEqual(plan["name"], "Output")
        self.assertEqual(plan["descriptor"]["columnNames"], "[id, nested]")
        self.assertEqual(plan["outputs"][0], {"symbol": "id", "type": "bigint"})
        self.assertRegex(plan["outputs"][1]["type"], r"array\(row\(.*integer.*varchar\)\)")
        plan = json.loads("".join(row["Query Plan"] for row in self.ask(
            "explain (type io, format json) select * from orders where country = 'DE'")))
        (table,) = plan["inputTableColumnInfos"]
        self.assertEqual(table["table"]["schemaTable"], {"schema": "shop", "table": "orders"})
        self.assertEqual((table["estimate"]["files"], table["estimate"]["partitionsTotal"]), (1, 2))
        self.refuse(INVALID, ["nocolumn"], "query", "explain (format json) select nocolumn from orders", env=self.env)

    def test_many_queries_at_once_wait_for_their_turn(self):
        self.describe(max_concurrent=2)
        processes = [subprocess.Popen([PROGRAM, "query", f"select {i} as n from orders limit 1", "--format", "csv"], cwd=self.here,
                                      env=self.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) for i in range(8)]
        self.assertEqual([process.communicate(timeout=60)[0] for process in processes], [f"n\n{i}\n" for i in range(8)])

    def test_a_lake_says_what_it_does_not_know(self):
        self.write("bad.yaml", "lake:\n  engine: trino\n")
        self.refuse(INVALID, ["expected duckdb or athena", "line 2"], "--lake", "bad.yaml", "query", "select 1")
        self.write("bad.yaml", "lake:\n  athena: { workgroup: w }\n")
        self.refuse(INVALID, ["engine is not Athena"], "--lake", "bad.yaml", "query", "select 1")
        self.refuse(INVALID, ["engine is Athena"], "query", "select 1", "--results", "csv")
        self.refuse(INVALID, ["auto, csv, unload, api"], "query", "select 1", "--results", "fast", env=self.env)


if __name__ == "__main__":
    unittest.main()
