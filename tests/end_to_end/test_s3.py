"""Files, pipelines and tables on S3, over the wire: the program as a client of its own server and of scripted ones."""
import base64
import http.server
import json
import os
import re
import threading
import unittest

from lake import DENIED, INVALID, NOT_FOUND, UNAVAILABLE
from pipelines import SyncTest, csv_text, needs_pyarrow, yaml
from served import KEY, SECRET, ServedTest

ROWS = [{"id": i, "country": "DE" if i % 3 else "FR", "amount": f"{i}.25"} for i in range(1, 31)]


class S3Test(ServedTest, SyncTest):
    """`self.lake` is served; the program under test works in another lake, and reaches the first one as S3."""

    def setUp(self):
        super().setUp()
        self.own_lake = self.here / "own"
        self.s3_keys = {"aws_access_key_id": KEY, "aws_secret_access_key": "${S3_SECRET}", "region": "us-east-1",
                        "endpoint_url": self.url}

    def client(self, *arguments, env=None, **how):
        """Run the program with the server as its S3."""
        return self.run_program(*arguments, env=self.as_client(**(env or {})), **how)

    def as_client(self, **more):
        return self.client_environment() | {"GLAUX_LAKE": str(self.own_lake), "S3_SECRET": SECRET} | more

    def put(self, key, content, bucket="lake"):
        return self.write(f"the-lake/store/{bucket}/{key}", content)

    def served(self, key, bucket="lake"):
        return (self.lake / "store" / bucket / key).read_text()

    def requests(self, log=None):
        """What the server was asked so far, or by these lines of its log, as (method, path with query)."""
        return re.findall(r"^\S+ \S+ ([A-Z]+) (\S+) \d", (self.here / "serve.log").read_text() if log is None else log, re.M)


class Commands(S3Test):
    options = ("--verbose",)

    def test_file_commands_take_s3_addresses_as_they_take_paths(self):
        self.write("orders.csv", csv_text(ROWS))
        to_s3 = ("--region", "us-east-1")
        env = self.as_client()
        self.succeed("cp", "orders.csv", "s3://lake/in/orders.csv", *to_s3, env=env)
        self.assertEqual(self.served("in/orders.csv"), csv_text(ROWS))
        self.assertIn("orders.csv", self.succeed("ls", "s3://lake/in/", *to_s3, env=env).text)
        self.assertEqual(self.succeed("cat", "s3://lake/in/orders.csv", *to_s3, env=env).text, csv_text(ROWS))
        self.assertIn("DE", self.succeed("head", "s3://lake/in/orders.csv", *to_s3, env=env).text)
        self.succeed("convert", "s3://lake/in/*.csv", "s3://lake/out/orders.jsonl", *to_s3, env=env)
        self.assertEqual(len(self.served("out/orders.jsonl").splitlines()), len(ROWS))
        self.succeed("cp", "-r", "s3://lake/in/", "back/", *to_s3, env=env)
        self.assertEqual((self.here / "back/orders.csv").read_text(), csv_text(ROWS))
        self.assertFalse((self.own_lake / "store/lake/in").exists())

    def test_without_a_word_about_s3_an_address_is_in_the_lake(self):
        self.put("in/a.csv", csv_text(ROWS))
        outcome = self.client("cat", "s3://lake/in/a.csv")
        self.assertEqual(outcome.code, NOT_FOUND)
        self.assertEqual(self.requests(), [])

    def test_load_takes_objects_prefixes_and_patterns(self):
        for day in (1, 2, 3):
            self.put(f"in/2026-01-0{day}.csv", csv_text(ROWS))
        self.put("in/readme.md", "# no rows\n")
        env = self.as_client()
        self.succeed("load", "s3://lake/in/2026-*.csv", "db.t", "--region", "us-east-1", "--partition-by", "country", env=env)
        self.assertEqual(self.value("select count(*) from db.t", env=env), "90")
        again = self.succeed("load", "s3://lake/in/2026-*.csv", "db.t", "--region", "us-east-1", env=env)
        self.assertEqual(self.value("select count(*) from db.t", env=env), "90", again.err)
        self.refuse(NOT_FOUND, ["s3://lake/none/"], "load", "s3://lake/none/", "db.t", "--region", "us-east-1", env=env)

    def test_sql_reads_files_on_s3_beside_tables_in_a_folder(self):
        env = self.as_client(AWS_REGION="us-east-1")
        self.write("own.csv", "id\n1\n2\n")
        self.succeed("load", "own.csv", "db.t", env=env)
        for i in range(3):
            self.put(f"in/{i}.csv", csv_text(ROWS))

        def count(sql):
            return self.succeed("query", f"select count(*) as n from {sql}", "--format", "csv", "--region", "us-east-1", env=env).text.split()[1]

        self.assertEqual(count("'s3://lake/in/*.csv'"), str(3 * len(ROWS)))
        self.assertEqual(count("db.t join 's3://lake/in/1.csv' using (id)"), "2")
        # Without a word about S3 the address of the table's own file means the folder.
        (file,) = (self.own_lake / "store").rglob("*.parquet")
        key = str(file.relative_to(self.own_lake / "store/lake"))
        self.assertEqual(self.value(f"select count(*) from 's3://lake/{key}'", env=env), "2")
        self.refuse(NOT_FOUND, [f"s3://lake/{key}"], "query", f"select * from 's3://lake/{key}'", "--region", "us-east-1", env=env)
        self.put(key, file.read_bytes()[:100])
        self.assertEqual(count("db.t"), "2")


class Pipelines(S3Test):
    options = ("--verbose",)

    def run_pipelines(self, sources, destinations, pipelines=None, *arguments):
        self.describe(sources, destinations, pipelines)
        return self.sync(*arguments, env=self.as_client())

    def test_both_forms_of_the_connector_as_source_and_destination(self):
        self.put("data/file.csv", csv_text([{"id": 1, "a": "x"}, {"id": 2, "a": "y"}]), bucket="my-bucket")
        self.put("data/m.jsonl", '{"id":1,"b":10}\n{"id":3,"b":30}\n', bucket="my-bucket")
        (self.lake / "store/my-output-bucket").mkdir(parents=True)
        self.run_pipelines(
            {"s3_data": {"connector": "s3", "uri": "s3://my-bucket/data/file.csv", **self.s3_keys},
             "s3_more": {"connector": "s3", "bucket": "my-bucket", "key": "data/*.jsonl", "format": "jsonl", **self.s3_keys}},
            {"s3_output": {"connector": "s3", "bucket": "my-output-bucket", "key": "output/results.jsonl", "format": "jsonl",
                           "mode": "replace", **self.s3_keys}},
            [{"name": "p", "from": ["s3_data", "s3_more"], "to": "s3_output",
              "sql": "SELECT id, a, b FROM s3_data JOIN s3_more USING (id)"}])
        (line,) = self.served("output/results.jsonl", "my-output-bucket").splitlines()
        self.assertEqual(json.loads(line), {"id": 1, "a": "x", "b": 10})

    def test_a_second_run_takes_what_is_new(self):
        self.put("in/a.csv", csv_text(ROWS[:10]))
        source = {"uri": "s3://lake/in/*.csv", **self.s3_keys}
        target = {"uri": "s3://lake/out/", "format": "jsonl", "mode": "append", **self.s3_keys}
        first = self.run_pipelines({"s": source}, {"d": target})
        self.assertEqual([p["rows_written"] for p in first.values()], [10])
        self.put("in/b.csv", csv_text(ROWS[10:15]))
        second = self.run_pipelines({"s": source}, {"d": target})
        self.assertEqual([p["rows_written"] for p in second.values()], [5])
        third = self.run_pipelines({"s": source}, {"d": target})
        self.assertEqual([p["rows_written"] for p in third.values()], [0])
        lines = [line for path in sorted((self.lake / "store/lake/out").glob("*.jsonl")) for line in path.read_text().splitlines()]
        self.assertEqual(sorted(json.loads(line)["id"] for line in lines), list(range(1, 16)))

    def test_the_store_of_a_lake_on_s3_holds_tables(self):
        self.write("glaux.yaml", yaml({"lake": {"store": "s3://lake/warehouse", "aws": {"endpoint_url": self.url}}}))
        self.write("orders.csv", csv_text(ROWS))
        env = self.as_client()
        del env["GLAUX_LAKE"]
        self.succeed("load", "orders.csv", "db.orders", "--partition-by", "country", env=env)
        self.assertTrue(any((self.lake / "store/lake/warehouse/db/orders").rglob("*.parquet")))
        self.assertEqual(self.rows("select country, count(*) from db.orders group by 1 order by 1", env=env),
                         [["DE", "20"], ["FR", "10"]])
        self.flow({"path": "orders.csv", "types": {"amount": "double"}},
                  {"table": "db.sums", "mode": "upsert", "primary_key": "id", "partition_by": "country"})
        self.sync_one(env=env)
        self.assertEqual(self.value("select count(*) from db.sums", env=env), "30")

    @needs_pyarrow
    def test_a_query_reads_the_columns_and_files_that_it_needs(self):
        import pyarrow as pa
        import pyarrow.parquet as pq
        rows = 400_000
        table = pa.table({"k": range(rows), "wide": [f"{i:0200d}" for i in range(rows)], "p": [i * 4 // rows for i in range(rows)]})
        pq.write_table(table, self.here / "t.parquet", row_group_size=rows // 8, compression="none")
        self.write("glaux.yaml", yaml({"lake": {"store": "s3://lake/w", "aws": {"endpoint_url": self.url}}}))
        env = self.as_client()
        del env["GLAUX_LAKE"]
        self.succeed("load", "t.parquet", "db.t", "--partition-by", "p", env=env)
        (self.here / "serve.log").write_text("")
        self.assertEqual(self.value("select sum(k) from db.t where p = '1'", env=env), str(sum(range(rows // 4, rows // 2))))
        sent = [int(n) for n in re.findall(r"GET \S+\.parquet\S* \d+ \d+B in (\d+)B out", (self.here / "serve.log").read_text())]
        self.assertGreater(sum(sent), 0)
        # The column k of one of four partitions is far less than a hundredth of what is stored.
        self.assertLess(sum(sent), rows * 200 // 20)
        self.assertFalse([line for line in self.requests() if "p=0/" in line[1] and ".parquet" in line[1]])


class Access(S3Test):
    """What a pipeline says of its S3 holds for all that it does there."""
    options = ("--verbose",)

    def test_a_quarantine_elsewhere_is_reached_as_the_destination_is(self):
        (self.lake / "store/aside").mkdir(parents=True)
        self.put("in/a.csv", "id,n\n1,1\n2,x\n3,3\n")
        self.flow({"uri": "s3://lake/in/*.csv", "types": {"n": "int"}, **self.s3_keys},
                  {"uri": "s3://lake/out/", "format": "jsonl", **self.s3_keys},
                  on_error="quarantine", quarantine="s3://aside/rows/")
        report = self.sync_one(env=self.as_client())
        self.assertEqual((report["rows_written"], report["rows_quarantined"]), (2, 1))
        (kept,) = (self.lake / "store/aside/rows").glob("*.jsonl")
        self.assertEqual(json.loads(kept.read_text())["content"], "2,x")
        self.assertFalse((self.own_lake / "store/aside").exists())

    def test_tags_go_along_with_what_is_written(self):
        self.write("a.csv", csv_text(ROWS))
        self.flow({"path": "a.csv"}, {"uri": "s3://lake/out/a.jsonl", "mode": "replace", "tags": {"team": "sales & co"}, **self.s3_keys})
        self.sync_one(env=self.as_client())
        kept = os.getxattr(self.lake / "store/lake/out/a.jsonl", "user.glaux.attributes")
        self.assertIn(b"team=sales%20%26%20co", kept)

    def test_a_customers_key_is_checked_and_never_told(self):
        key = base64.b64encode(b"k" * 31).decode()
        self.flow({"uri": "s3://lake/in/*.csv", "sse_customer_key": key, **self.s3_keys}, {"path": "out.jsonl"})
        outcome = self.refuse_sync(INVALID, ["p.yaml, line ", "sse_customer_key", "32 bytes"], env=self.as_client())
        self.assertNotIn(key, outcome.err)
        self.write("glaux.yaml", yaml({"lake": {"store": "own", "aws": {"sse_customer_key": key}}}))
        env = self.as_client()
        del env["GLAUX_LAKE"]
        outcome = self.refuse(INVALID, ["glaux.yaml, line ", "lake.aws.sse_customer_key"], "tables", env=env)
        self.assertNotIn(key, outcome.err)


class Troubles(S3Test):
    """docs/troubleshooting.md: each row of its table is a test here."""

    def copy(self, address="s3://lake/in/a.csv", *arguments, **env):
        self.put("in/a.csv", csv_text(ROWS))
        return self.client("cat", address, "--region", "us-east-1", *arguments, env=env)

    def expect(self, outcome, code, *words):
        self.assertEqual(outcome.code, code, outcome.err)
        for word in words:
            self.assertIn(word, outcome.err)
        self.assertNotIn(SECRET, outcome.err)

    def test_no_credentials(self):
        env = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        self.expect(self.copy(**env), DENIED, "no AWS credentials were found", "aws configure", "glaux doctor")

    def test_an_unknown_key(self):
        self.expect(self.copy(AWS_ACCESS_KEY_ID="AKIAUNKNOWN"), DENIED, "InvalidAccessKeyId", "access key id")

    def test_a_wrong_secret(self):
        self.expect(self.copy(AWS_SECRET_ACCESS_KEY="wrong"), DENIED, "SignatureDoesNotMatch", "secret access key")

    def test_a_bucket_that_is_not_there(self):
        self.expect(self.copy("s3://no-such-bucket/a.csv"), NOT_FOUND, "no-such-bucket", "NoSuchBucket")

    def test_a_key_that_is_not_there(self):
        self.expect(self.copy("s3://lake/in/none.csv"), NOT_FOUND, "s3://lake/in/none.csv")

    def test_nobody_listens(self):
        self.stop()
        self.expect(self.copy(), UNAVAILABLE, "127.0.0.1", "listens")

    def test_a_profile_that_is_not_there(self):
        self.expect(self.copy("s3://lake/in/a.csv", "--profile", "nobody"), DENIED, "nobody")

    def test_secrets_of_a_pipeline_file_are_not_told(self):
        self.put("in/a.csv", csv_text(ROWS))
        source = {"uri": "s3://lake/in/*.csv", **self.s3_keys, "aws_secret_access_key": "a-wrong-secret"}
        self.flow(source, {"path": "out.jsonl"})
        outcome = self.refuse_sync(DENIED, ["SignatureDoesNotMatch"], "--verbose", env=self.as_client())
        self.assertNotIn("a-wrong-secret", outcome.err + outcome.text)

    def test_keys_that_do_not_fit_are_refused_with_their_line(self):
        for more, words in [({"aws_access_key_id": "A"}, "aws_secret_access_key is missing"),
                            ({"anonymous": True, "profile": "p"}, "anonymous"),
                            ({"endpoint_url": "127.0.0.1:9000"}, "http://host:port"),
                            ({"sse": "aes"}, "sse")]:
            self.flow({"uri": "s3://lake/in/*.csv", **more}, {"path": "out.jsonl"})
            self.refuse_sync(INVALID, ["p.yaml, line ", words], env=self.as_client())
        self.flow({"path": "a.csv", "region": "us-east-1"}, {"path": "out.jsonl"})
        self.refuse_sync(INVALID, ["region", "s3://"], env=self.as_client())


class Scripted(http.server.BaseHTTPRequestHandler):
    """An S3 that answers every request with one error."""

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def answer(self):
        status, code, extra, headers = self.server.script
        self.server.asked += 1
        self.server.headers = dict(self.headers)
        body = f"<Error><Code>{code}</Code><Message>So it is.</Message>{extra}<RequestId>R1</RequestId></Error>".encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


class ServiceErrors(SyncTest):
    """What AWS says and our own server has no reason to."""

    def answered(self, status, code, extra="", **headers):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        server.script, server.asked = (status, code, extra, headers), 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        env = self.environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="hush", AWS_SESSION_TOKEN="hushhush",
                               AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE=os.devnull,
                               AWS_SHARED_CREDENTIALS_FILE=os.devnull, AWS_REGION="us-east-1")
        outcome = self.run_program("ls", "s3://bucket/in/", "--endpoint-url", f"http://127.0.0.1:{server.server_port}", env=env)
        self.assertNotIn("hush", outcome.err)
        return outcome, server.asked

    def test_a_customers_key_goes_along_and_is_never_told(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
        server.script, server.asked = (403, "AccessDenied", "", {}), 0
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        key = base64.b64encode(b"k" * 32).decode()
        self.flow({"uri": "s3://bucket/in/a.csv", "sse_customer_key": "${SSE_KEY}", "aws_access_key_id": "A",
                   "aws_secret_access_key": "B", "region": "us-east-1", "endpoint_url": f"http://127.0.0.1:{server.server_port}"},
                  {"path": "out.jsonl"})
        outcome = self.refuse_sync(DENIED, ["AccessDenied"], "--verbose", env=self.environment(SSE_KEY=key))
        self.assertEqual(server.headers["x-amz-server-side-encryption-customer-key"], key)
        self.assertNotIn(key, outcome.err + outcome.text)
        self.assertNotIn("kkkk", outcome.err)

    def test_the_region_of_the_instance_is_used_where_nothing_says_one(self):
        class Instance(http.server.BaseHTTPRequestHandler):
            def do_PUT(self):
                self.answer(200, b"token")

            def do_GET(self):
                self.answer(*((200, b"eu-south-2") if self.path.endswith("/placement/region") else (404, b"")))

            def do_CONNECT(self):
                self.server.asked.append(self.path)
                self.answer(502, b"")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("X-aws-ec2-metadata-token-ttl-seconds", "600")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Instance)
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(lambda: (server.shutdown(), thread.join(), server.server_close()))
        url = f"http://127.0.0.1:{server.server_port}"
        self.write("glaux.yaml", yaml({"lake": {"store": "own", "s3": "aws"}}))
        env = self.environment(AWS_ACCESS_KEY_ID="AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY="hush", HTTPS_PROXY=url,
                               AWS_EC2_METADATA_SERVICE_ENDPOINT=url, AWS_CONFIG_FILE=os.devnull,
                               AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        for name in ("GLAUX_LAKE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EC2_METADATA_DISABLED"):
            env.pop(name, None)
        self.assertNotEqual(self.run_program("ls", "s3://bucket/in/", env=env).code, 0)
        self.assertEqual(set(server.asked), {"bucket.s3.eu-south-2.amazonaws.com:443"})
        server.asked.clear()
        self.run_program("ls", "s3://bucket/in/", env=env | {"AWS_REGION": "eu-west-1"})
        self.assertEqual(set(server.asked), {"bucket.s3.eu-west-1.amazonaws.com:443"})
        server.asked.clear()
        self.write("glaux.yaml", yaml({"lake": {"store": "own", "catalog": "glue"}}))
        self.assertNotEqual(self.run_program("tables", env=env).code, 0)
        self.assertEqual(set(server.asked), {"glue.eu-south-2.amazonaws.com:443"})

    def test_an_expired_token_says_to_renew_it(self):
        outcome, _ = self.answered(400, "ExpiredToken")
        self.assertEqual(outcome.code, DENIED)
        self.assertIn("have expired", outcome.err)
        self.assertIn("R1", outcome.err)

    def test_a_wrong_region_names_the_right_one(self):
        outcome, _ = self.answered(301, "PermanentRedirect", "<Endpoint>bucket.s3.eu-west-1.amazonaws.com</Endpoint><Region>eu-west-1</Region>")
        self.assertIn("eu-west-1", outcome.err)

    def test_throttling_is_repeated_and_then_told(self):
        outcome, asked = self.answered(503, "SlowDown")
        self.assertEqual(outcome.code, UNAVAILABLE)
        self.assertGreater(asked, 2)
        self.assertIn("attempts", outcome.err)

    def test_a_refusal_says_who_asks(self):
        outcome, asked = self.answered(403, "AccessDenied")
        self.assertEqual(outcome.code, DENIED)
        self.assertIn("glaux doctor", outcome.err)
        self.assertEqual(asked, 1)


if __name__ == "__main__":
    unittest.main()
