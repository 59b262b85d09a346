"""The Athena wire of `glaux serve`, by boto3."""
import concurrent.futures
import csv
import io
import json
import time
import unittest
import uuid

from served import KEY, SECRET, ServedTest, wait_until

try:
    import boto3
    import botocore.config
    from botocore.exceptions import ClientError

    from aws_model import check_answers
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")

# So long that nobody waits for its end.
ENDLESS = "select count(*) from range(100000) a, range(100000) b, range(100000) c where a.range + b.range + c.range = 7"


class AthenaTest(ServedTest):
    options = ("--wire", "s3,glue,athena")

    def setUp(self):
        super().setUp()
        self.athena = self.athena_client()
        self.s3 = self.client()

    def athena_client(self, key=KEY, secret=SECRET, **config):
        config = botocore.config.Config(retries={"max_attempts": 1, "mode": "standard"}, **config)
        return check_answers(boto3.client("athena", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=key,
                                          aws_secret_access_key=secret, config=config))

    def start(self, sql, **more):
        return self.athena.start_query_execution(QueryString=sql, **more)["QueryExecutionId"]

    def execution(self, id):
        return self.athena.get_query_execution(QueryExecutionId=id)["QueryExecution"]

    def finish(self, id):
        end = time.monotonic() + 60
        while True:
            execution = self.execution(id)
            if execution["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return execution
            self.assertLess(time.monotonic(), end, "the query does not end")
            time.sleep(0.01)

    def query(self, sql, **more):
        """The id and the execution of a query that succeeds."""
        id = self.start(sql, **more)
        execution = self.finish(id)
        self.assertEqual(execution["Status"]["State"], "SUCCEEDED", execution["Status"].get("StateChangeReason"))
        return id, execution

    def fail_query(self, sql, *words, **more):
        execution = self.finish(self.start(sql, **more))
        self.assertEqual(execution["Status"]["State"], "FAILED")
        for word in words:
            self.assertIn(word, execution["Status"]["StateChangeReason"])
        return execution

    def answer(self, sql, **more):
        """The values of a query, line by line, without the header; None is NULL."""
        id, _ = self.query(sql, **more)
        rows = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]["Rows"]
        return [[datum.get("VarCharValue") for datum in row["Data"]] for row in rows[1:]]

    def object_of(self, execution, more=""):
        bucket, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").split("/", 1)
        return self.s3.get_object(Bucket=bucket, Key=key + more)["Body"].read()

    def refuses(self, code, call, *words, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        response = caught.exception.response
        self.assertEqual((response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]), (code, 400),
                         response["Error"]["Message"])
        for word in words:
            self.assertIn(word, response["Error"]["Message"])
        return response

    def load_orders(self):
        self.write("orders.csv", "id,country,amount\n" + "".join(f"{i},{'DE' if i % 3 else 'FR'},{i}.25\n" for i in range(1, 31)))
        self.succeed("load", "orders.csv", "shop.orders", "--partition-by", "country")


class Queries(AthenaTest):
    def test_a_query_goes_its_way_to_the_result_object(self):
        self.load_orders()
        id, execution = self.query("SELECT country, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1",
                                   QueryExecutionContext={"Database": "shop", "Catalog": "AwsDataCatalog"})
        self.assertEqual(str(uuid.UUID(id)), id)
        self.assertEqual((execution["StatementType"], execution["SubstatementType"], execution["WorkGroup"]),
                         ("DML", "SELECT", "primary"))
        self.assertEqual(execution["QueryExecutionContext"], {"Database": "shop", "Catalog": "AwsDataCatalog"})
        self.assertEqual(execution["ResultConfiguration"]["OutputLocation"], f"s3://athena-results/{id}.csv")
        self.assertEqual(self.object_of(execution), b'"country","n"\n"DE","20"\n"FR","10"\n')
        statistics = execution["Statistics"]
        self.assertGreater(statistics["DataScannedInBytes"], 0)
        self.assertEqual(statistics["TotalExecutionTimeInMillis"],
                         statistics["QueryQueueTimeInMillis"] + statistics["EngineExecutionTimeInMillis"])
        status = execution["Status"]
        self.assertLessEqual(status["SubmissionDateTime"], status["CompletionDateTime"])

        answer = self.athena.get_query_results(QueryExecutionId=id)
        self.assertEqual([[datum["VarCharValue"] for datum in row["Data"]] for row in answer["ResultSet"]["Rows"]],
                         [["country", "n"], ["DE", "20"], ["FR", "10"]])
        self.assertEqual(answer["UpdateCount"], 0)
        self.assertNotIn("NextToken", answer)
        columns = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        self.assertEqual(columns[1], {"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": "n", "Label": "n",
                                      "Type": "bigint", "Precision": 19, "Scale": 0, "Nullable": "UNKNOWN",
                                      "CaseSensitive": False})
        timeline = self.athena.get_query_runtime_statistics(QueryExecutionId=id)["QueryRuntimeStatistics"]
        self.assertEqual((timeline["Rows"]["OutputRows"], timeline["Rows"]["OutputBytes"]), (2, 34))

    def test_values_are_written_as_athena_writes_them(self):
        cases = [
            ("true", "boolean", "true"), ("cast(5 as tinyint)", "tinyint", "5"), ("cast(-7 as smallint)", "smallint", "-7"),
            ("cast(12 as integer)", "integer", "12"), ("cast(9223372036854775807 as bigint)", "bigint", "9223372036854775807"),
            ("cast(1 as double)", "double", "1.0"), ("cast(0.001 as double)", "double", "0.001"),
            ("cast(0.00012 as double)", "double", "1.2E-4"), ("cast(12345678 as double)", "double", "1.2345678E7"),
            ("cast('-infinity' as double)", "double", "-Infinity"), ("cast('nan' as double)", "double", "NaN"),
            ("cast(1.5 as real)", "float", "1.5"), ("cast(-12.5 as decimal(10,2))", "decimal", "-12.50"),
            ("'x'", "varchar", "x"), ("'say \"hi\", you'", "varchar", 'say "hi", you'), ("'a\nb'", "varchar", "a\nb"),
            ("'Grüße 你好 🦉'", "varchar", "Grüße 你好 🦉"), ("''", "varchar", ""), ("cast(null as varchar)", "varchar", None),
            ("date '2025-01-31'", "date", "2025-01-31"), ("date '1969-12-31'", "date", "1969-12-31"),
            ("timestamp '2025-01-31 08:30:00'", "timestamp", "2025-01-31 08:30:00.000"),
            ("timestamp '1969-12-31 23:59:59.5'", "timestamp", "1969-12-31 23:59:59.500"),
            ("timestamp '2025-01-31 08:30:00.123456'", "timestamp", "2025-01-31 08:30:00.123456"),
            ("timestamptz '2025-01-31 08:30:00+02'", "timestamp with time zone", "2025-01-31 06:30:00.000 UTC"),
            ("time '08:30:00'", "time", "08:30:00.000"), ("'\\x01\\xFF'::blob", "varbinary", "01 ff"),
            ("[1, null, 3]", "array", "[1, null, 3]"), ("map(['k', 'l'], ['v', null])", "map", "{k=v, l=null}"),
            ("{'a': 1, 'b': ['x']}", "row", "{a=1, b=[x]}")]
        sql = "select " + ", ".join(f"{expression} as c{number}" for number, (expression, _, _) in enumerate(cases))
        id, execution = self.query(sql)
        set = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]
        types = [column["Type"] for column in set["ResultSetMetadata"]["ColumnInfo"]]
        texts = [datum.get("VarCharValue") for datum in set["Rows"][1]["Data"]]
        self.assertEqual(list(zip([case[0] for case in cases], types, texts)), cases)
        decimal = set["ResultSetMetadata"]["ColumnInfo"][12]
        self.assertEqual((decimal["Precision"], decimal["Scale"]), (10, 2))
        rows = list(csv.reader(io.StringIO(self.object_of(execution).decode())))
        self.assertEqual(rows[1], [text or "" for text in texts])

    def test_sql_means_what_it_means_to_athena(self):
        for sql, value in (("1 / 2", "0"), ("7 / 2.0", "3.5"), ("regexp_replace('aab', 'a', 'x')", "xxb"), ("regexp_replace('a1', '([0-9])', '<$1>')", "a<1>"),
                           ("regexp_extract('abc', '[0-9]+')", None), ("element_at(map(ARRAY['a'], ARRAY[1]), 'a')", "1"), ("element_at(ARRAY[5], 1)", "5"),
                           ("date_diff('month', DATE '2025-01-31', DATE '2025-02-01')", "0"), ("date_trunc('month', DATE '2025-02-03')", "2025-02-01"),
                           ("to_hex(md5(to_utf8('a')))", "0CC175B9C0F1B6A831C399E269772661"), ("typeof(1)", "integer"),
                           ("reduce(ARRAY[1, 2, 3], 0, (s, x) -> s + x, s -> s * 10)", "60"), ("any_match(ARRAY[1, 2], x -> x > 1)", "true"),
                           ("CAST(ARRAY[1, 2] AS array(varchar))", "[1, 2]"), ("from_utf8(X'41')", "A")):
            with self.subTest(sql):
                self.assertEqual(self.answer(f"SELECT {sql} AS v"), [[value]])
        self.assertEqual(self.answer("SELECT sum(x) / count(*) AS v FROM (VALUES 1, 2, 4) AS t(x)"), [["2"]])

    def test_null_and_empty_stay_apart(self):
        _, execution = self.query("select '' as empty, cast(null as varchar) as missing, 'x' as last")
        self.assertEqual(self.object_of(execution), b'"empty","missing","last"\n"",,"x"\n')
        _, execution = self.query("select cast(null as varchar) as missing union all select ''")
        self.assertEqual(sorted(self.object_of(execution).splitlines()), [b'', b'""', b'"missing"'])

    def test_the_object_beside_it_names_the_columns(self):
        _, execution = self.query("select 1 as first, cast(2.5 as decimal(7,3)) as second")
        metadata = self.object_of(execution, ".metadata")

        def fields(message):
            def number(at):
                value = shift = 0
                while True:
                    byte = message[at]
                    value |= (byte & 127) << shift
                    at, shift = at + 1, shift + 7
                    if byte < 128:
                        return value, at
            at = 0
            while at < len(message):
                key, at = number(at)
                value, at = number(at)
                if key & 7 == 2:
                    value, at = message[at:at + value], at + value
                yield key >> 3, value
        columns = [dict(fields(one)) for field, one in fields(metadata) if field == 4]
        self.assertEqual([(one[1], one[4], one[5], one[6], one[7], one[8]) for one in columns],
                         [(b"hive", b"first", b"first", b"integer", 10, 0), (b"hive", b"second", b"second", b"decimal", 7, 3)])

    def test_results_come_in_pages(self):
        id, _ = self.query("select range as n, 'v' || range as text from range(2500) order by 1")
        pages, token = [], {}
        while token is not None:
            answer = self.athena.get_query_results(QueryExecutionId=id, MaxResults=1000, **token)
            pages.append([row["Data"][0]["VarCharValue"] for row in answer["ResultSet"]["Rows"]])
            token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
        self.assertEqual([len(page) for page in pages], [1000, 1000, 501])
        self.assertEqual(sum(pages, []), ["n"] + [str(n) for n in range(2500)])
        other, _ = self.query("select 1")
        token = self.athena.get_query_results(QueryExecutionId=id, MaxResults=1)["NextToken"]
        self.refuses("InvalidRequestException", self.athena.get_query_results, "NextToken", QueryExecutionId=other, NextToken=token)
        self.refuses("InvalidRequestException", self.athena.get_query_results, "NextToken", QueryExecutionId=id, NextToken="?")

    def test_a_row_may_be_larger_than_a_page(self):
        id, _ = self.query("select rpad('x', 9000000, 'x') as v, 1 as n union all select 'y', 2 order by 2")
        first = self.athena.get_query_results(QueryExecutionId=id)
        rows, token = first["ResultSet"]["Rows"], first.get("NextToken")
        while token:
            answer = self.athena.get_query_results(QueryExecutionId=id, NextToken=token)
            rows, token = rows + answer["ResultSet"]["Rows"], answer.get("NextToken")
        self.assertEqual([len(row["Data"][0]["VarCharValue"]) for row in rows], [1, 9_000_000, 1])

    def test_a_query_has_one_token(self):
        token = str(uuid.uuid4())
        first = self.start("select 1", ClientRequestToken=token)
        self.assertEqual(self.start("select 1", ClientRequestToken=token), first)
        self.refuses("InvalidRequestException", self.start, "Idempotent", sql="select 2", ClientRequestToken=token)
        self.assertNotEqual(self.start("select 1"), first)

    def test_a_query_that_runs_is_stopped(self):
        id = self.start(ENDLESS)
        wait_until(lambda: self.execution(id)["Status"]["State"] == "RUNNING")
        self.refuses("InvalidRequestException", self.athena.get_query_results, "RUNNING", QueryExecutionId=id)
        self.athena.stop_query_execution(QueryExecutionId=id)
        execution = self.finish(id)
        self.assertEqual(execution["Status"]["State"], "CANCELLED")
        self.assertIn("cancelled", execution["Status"]["StateChangeReason"])
        self.refuses("InvalidRequestException", self.athena.get_query_results, "CANCELLED", QueryExecutionId=id)
        self.assertEqual(self.s3.list_objects_v2(Bucket="athena-results").get("KeyCount"), 0)
        self.athena.stop_query_execution(QueryExecutionId=id)  # again is no error

    def test_queries_beyond_eight_wait(self):
        ids = [self.start(ENDLESS) for _ in range(9)]
        wait_until(lambda: [self.execution(id)["Status"]["State"] for id in ids].count("RUNNING") == 8)
        last = self.execution(ids[8])
        self.assertEqual(last["Status"]["State"], "QUEUED")
        self.athena.stop_query_execution(QueryExecutionId=ids[8])
        self.assertEqual(self.execution(ids[8])["Status"]["State"], "CANCELLED")
        self.athena.stop_query_execution(QueryExecutionId=ids[0])
        self.assertEqual(self.answer("select 1 as one"), [["1"]])
        for id in ids[1:8]:
            self.athena.stop_query_execution(QueryExecutionId=id)

    def test_many_clients_at_once(self):
        def ask(number):
            return self.answer(f"select {number} as n, sum(range) from range({number})")
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(ask, range(1, 65)))
        self.assertEqual([rows[0][0] for rows in answers], [str(number) for number in range(1, 65)])

    def test_the_server_ends_while_queries_run(self):
        for _ in range(10):
            self.start(ENDLESS)
        began = time.monotonic()
        self.assertEqual(self.stop(), 0)
        self.assertLess(time.monotonic() - began, 20)

    def test_queries_are_listed_newest_first(self):
        ids = [self.start(f"select {number}") for number in range(5)]
        listed, token = [], {}
        while token is not None:
            answer = self.athena.list_query_executions(MaxResults=2, **token)
            listed += answer["QueryExecutionIds"]
            token = {"NextToken": answer["NextToken"]} if "NextToken" in answer else None
        self.assertEqual(listed, ids[::-1])
        for id in ids:
            self.finish(id)
        none = str(uuid.uuid4())
        answer = self.athena.batch_get_query_execution(QueryExecutionIds=[ids[1], none, ids[0]])
        self.assertEqual([one["Query"] for one in answer["QueryExecutions"]], ["select 1", "select 0"])
        self.assertEqual([one["QueryExecutionId"] for one in answer["UnprocessedQueryExecutionIds"]], [none])


class BadInput(AthenaTest):
    def test_what_fails_says_why(self):
        self.load_orders()
        failed = self.fail_query("select * from shop.nothing", "TABLE_NOT_FOUND", "nothing")
        self.assertEqual(failed["Status"]["AthenaError"]["ErrorCategory"], 2)
        self.assertFalse(failed["Status"]["AthenaError"]["Retryable"])
        self.fail_query("select none from shop.orders", "none")
        self.fail_query("select from where", "SYNTAX_ERROR")
        self.fail_query("show tables", "SCHEMA_NOT_FOUND", "nowhere", QueryExecutionContext={"Database": "nowhere"})
        self.fail_query("select cast('x' as bigint)", "INVALID_CAST_ARGUMENT")
        self.fail_query("select interval '1' day as i", "NOT_SUPPORTED", "column i")
        failed = self.fail_query("select * from read_csv('/etc/passwd')", "PERMISSION_DENIED")
        self.refuses("InvalidRequestException", self.athena.get_query_results, "FAILED",
                     QueryExecutionId=failed["QueryExecutionId"])

    def test_what_is_no_statement_does_not_start(self):
        said = self.refuses("InvalidRequestException", self.start, "selec", sql="selec 1")
        self.assertEqual(said["AthenaErrorCode"], "MALFORMED_QUERY")
        self.refuses("InvalidRequestException", self.start, "empty", sql=" -- nothing\n")
        self.refuses("InvalidRequestException", self.start, "Catalog", sql="select 1", QueryExecutionContext={"Catalog": "other"})
        self.assertEqual(self.athena.list_query_executions().get("QueryExecutionIds", []), [])

    def test_a_query_has_a_greatest_length(self):
        long = self.athena_client(parameter_validation=False)
        text = "select '" + "x" * (262_144 - 9) + "'"
        self.assertEqual(len(text), 262_144)
        self.query(text)
        said = self.refuses("InvalidRequestException", long.start_query_execution, "262144", QueryString="select '" + "x" * 300_000 + "'")
        self.assertEqual(said["AthenaErrorCode"], "INVALID_INPUT")

    def test_ids_and_keys_that_nobody_knows(self):
        for call in (self.athena.get_query_execution, self.athena.get_query_results, self.athena.stop_query_execution,
                     self.athena.get_query_runtime_statistics):
            self.refuses("InvalidRequestException", call, "was not found", QueryExecutionId=str(uuid.uuid4()))
        self.refuses("InvalidSignatureException", self.athena_client(secret="another").list_work_groups)
        self.refuses("UnrecognizedClientException", self.athena_client(key="SOMEBODY").list_work_groups)
        self.refuses("UnknownOperationException", self.athena.list_application_dpu_sizes, "ListApplicationDPUSizes")

    def test_results_go_where_they_can(self):
        def output(location):
            return {"sql": "select 1", "ResultConfiguration": {"OutputLocation": location}}
        self.refuses("InvalidRequestException", self.start, "no-such-bucket", **output("s3://no-such-bucket/x/"))
        self.refuses("InvalidRequestException", self.start, "S3", **output("/tmp"))
        self.refuses("InvalidRequestException", self.start, "S3", **output("s3://../etc/"))
        self.s3.create_bucket(Bucket="mine")
        id, execution = self.query(**output("s3://mine/a/b"))
        self.assertEqual(execution["ResultConfiguration"]["OutputLocation"], f"s3://mine/a/b/{id}.csv")
        self.assertEqual(self.object_of(execution), b'"_col0"\n"1"\n')
        self.s3.delete_object(Bucket="mine", Key=f"a/b/{id}.csv")
        self.refuses("InvalidRequestException", self.athena.get_query_results, "gone", QueryExecutionId=id)
        encrypted = {"EncryptionConfiguration": {"EncryptionOption": "SSE_S3"}}
        self.refuses("InvalidRequestException", self.start, "EncryptionConfiguration", sql="select 1", ResultConfiguration=encrypted)


class Parameters(AthenaTest):
    def test_parameters_are_values_and_nothing_else(self):
        def echo(*values):
            sql = "select " + ", ".join(f"? as c{number}" for number in range(len(values)))
            return self.answer(sql, ExecutionParameters=list(values))[0]
        hostile = ["it's", "'", "' or 1=1 --", "x'); drop table orders; --", "'a' or 'b'", "\\'", "/* */ 1", "1; select 2",
                   "$$x$$", "Grüße 🦉", '"', "`a`", "-- 1", "1 -- x", "a\nb", "date 'x", "null null"]
        self.assertEqual(echo(*hostile), hostile)
        self.assertEqual(echo("1", "-2.5", "'quoted'", "'it''s'", "''", "true", "date '2025-01-31'", "1e3"),
                         ["1", "-2.5", "quoted", "it's", "", "true", "2025-01-31", "1000.0"])
        self.assertEqual(echo("null"), [None])

    def test_only_question_marks_that_stand_for_values_count(self):
        sql = "select '?' as \"?\", ? as v /* ? */ -- ?\n, 5 -? as less, e'\\'?' as e, $$ ? $$ as d"
        self.assertEqual(self.answer(sql, ExecutionParameters=["x", "-3"]), [["?", "x", "8", "'?", " ? "]])
        self.refuses("InvalidRequestException", self.start, "expected 1 but found 2", sql="select ?", ExecutionParameters=["1", "2"])
        self.refuses("InvalidRequestException", self.start, "expected 2 but found 1", sql="select ?, ?", ExecutionParameters=["1"])

    def test_prepared_statements_run(self):
        self.load_orders()
        create = self.athena.create_prepared_statement
        create(StatementName="by_country", WorkGroup="primary", QueryStatement="select count(*) as n from shop.orders where country = ? and id > ?")
        self.assertEqual(self.answer("EXECUTE by_country USING 'DE', 3"), [["18"]])
        self.assertEqual(self.answer("execute by_country", ExecutionParameters=["'FR'", "0"]), [["10"]])
        self.assertEqual(self.answer("EXECUTE by_country USING 'x'' or 1=1 --', 3"), [["0"]])
        self.refuses("InvalidRequestException", self.start, "expected 2 but found 1", sql="EXECUTE by_country USING 1")
        self.refuses("InvalidRequestException", create, "already exists", StatementName="by_country", WorkGroup="primary", QueryStatement="select 1")
        self.athena.update_prepared_statement(StatementName="by_country", WorkGroup="primary", QueryStatement="select ? as v", Description="d")
        found = self.athena.get_prepared_statement(StatementName="by_country", WorkGroup="primary")["PreparedStatement"]
        self.assertEqual((found["QueryStatement"], found["Description"], found["WorkGroupName"]), ("select ? as v", "d", "primary"))
        self.assertEqual(self.answer("EXECUTE by_country USING 7"), [["7"]])
        self.assertEqual([one["StatementName"] for one in self.athena.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]],
                         ["by_country"])
        self.athena.delete_prepared_statement(StatementName="by_country", WorkGroup="primary")
        for call in (self.athena.get_prepared_statement, self.athena.delete_prepared_statement):
            self.refuses("ResourceNotFoundException", call, "by_country", StatementName="by_country", WorkGroup="primary")


    def test_statements_prepare_and_deallocate(self):
        _, execution = self.query("PREPARE p FROM SELECT ? + 1 AS n, ? AS s")
        self.assertEqual(execution["StatementType"], "DDL")
        self.assertEqual(self.answer("EXECUTE p USING 1, 'it''s'"), [["2", "it's"]])
        self.query("PREPARE p FROM SELECT 5 AS n")
        self.athena.create_prepared_statement(StatementName="q", WorkGroup="primary", QueryStatement="select ?")
        found = self.athena.batch_get_prepared_statement(PreparedStatementNames=["p", "nothing", "q"], WorkGroup="primary")
        self.assertEqual([(one["StatementName"], one["QueryStatement"]) for one in found["PreparedStatements"]],
                         [("p", "SELECT 5 AS n"), ("q", "select ?")])
        self.assertEqual([one["StatementName"] for one in found["UnprocessedPreparedStatementNames"]], ["nothing"])
        self.query("DEALLOCATE PREPARE p;")
        self.refuses("InvalidRequestException", self.start, "p was not found", sql="EXECUTE p")
        self.fail_query("DEALLOCATE PREPARE p", "p was not found")
        self.refuses("InvalidRequestException", self.start, "PREPARE <name> FROM", sql="PREPARE p SELECT 1")
        self.refuses("InvalidRequestException", self.start, "DEALLOCATE PREPARE <name>", sql="DEALLOCATE p")
        self.refuses("InvalidRequestException", self.start, "PREPARE takes none", sql="PREPARE p FROM SELECT ?", ExecutionParameters=["1"])


class Results(AthenaTest):
    def test_statements_that_write_leave_a_list_of_their_files(self):
        self.load_orders()
        for sql in ("CREATE TABLE shop.copy WITH (partitioned_by = ARRAY['country']) AS SELECT id, amount, country FROM shop.orders",
                    "INSERT INTO shop.copy VALUES (99, 1.5, 'IT')",
                    "UNLOAD (SELECT * FROM shop.orders) TO 's3://lake/unloaded/' WITH (format = 'PARQUET')"):
            with self.subTest(sql):
                id, execution = self.query(sql)
                manifest = execution["Statistics"]["DataManifestLocation"]
                self.assertEqual(manifest, f"s3://athena-results/{id}-manifest.csv")
                self.assertEqual(execution["ResultConfiguration"]["OutputLocation"], f"s3://athena-results/{id}")
                files = self.s3.get_object(Bucket="athena-results", Key=f"{id}-manifest.csv")["Body"].read().decode().splitlines()
                self.assertEqual(len(files), 2 if "copy WITH" in sql else 1)
                for file in files:
                    bucket, key = file.removeprefix("s3://").split("/", 1)
                    self.assertEqual(self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()[:4], b"PAR1")
        id, execution = self.query("INSERT INTO shop.copy SELECT * FROM shop.copy WHERE id < 0")
        self.assertEqual(self.s3.get_object(Bucket="athena-results", Key=f"{id}-manifest.csv")["Body"].read(), b"")
        self.assertNotIn("DataManifestLocation", self.query("SELECT 1")[1]["Statistics"])
        # Nothing but data is where UNLOAD wrote.
        self.assertEqual([one["Key"].rsplit(".", 1)[1] for one in self.s3.list_objects_v2(Bucket="lake", Prefix="unloaded/")["Contents"]], ["parquet"])
        self.fail_query("UNLOAD (SELECT 1 AS a) TO 's3://lake/unloaded/' WITH (format = 'PARQUET')", "HIVE_PATH_ALREADY_EXISTS", "not empty")

    def test_a_former_result_answers_again(self):
        self.load_orders()
        reuse = {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 5}}}
        sql = "SELECT count(*) AS n FROM shop.orders"
        first, execution = self.query(sql)
        second, again = self.query(sql, **reuse)
        self.assertNotEqual(first, second)
        self.assertTrue(again["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"])
        self.assertEqual(again["ResultReuseConfiguration"], reuse["ResultReuseConfiguration"])
        self.assertEqual((again["Statistics"]["DataScannedInBytes"], again["ResultConfiguration"]["OutputLocation"]),
                         (0, execution["ResultConfiguration"]["OutputLocation"]))
        self.assertEqual(self.athena.get_query_results(QueryExecutionId=second)["ResultSet"]["Rows"][1]["Data"], [{"VarCharValue": "30"}])
        self.assertEqual(self.athena.get_query_results(QueryExecutionId=second)["ResultSet"]["ResultSetMetadata"]["ColumnInfo"][0]["Type"], "bigint")
        for other, more in ((sql + " ", reuse), (sql, {}), (sql, reuse | {"QueryExecutionContext": {"Database": "shop"}}),
                            (sql, {"ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}}})):
            self.assertFalse(self.query(other, **more)[1]["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"], (other, more))
        for one in self.s3.list_objects_v2(Bucket="athena-results")["Contents"]:
            self.s3.delete_object(Bucket="athena-results", Key=one["Key"])
        self.assertFalse(self.query(sql, **reuse)[1]["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"])
        self.refuses("InvalidRequestException", self.start, "10080", sql=sql, ResultReuseConfiguration={
            "ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 10081}})

    def test_a_result_has_many_columns(self):
        id, _ = self.query("SELECT " + ", ".join(f"{n} AS c{n}" for n in range(5000)))
        set = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]
        self.assertEqual([column["Name"] for column in set["ResultSetMetadata"]["ColumnInfo"]][-2:], ["c4998", "c4999"])
        self.assertEqual([datum["VarCharValue"] for datum in set["Rows"][1]["Data"]], [str(n) for n in range(5000)])


class WorkGroups(AthenaTest):
    def test_workgroups_say_where_results_go(self):
        self.s3.create_bucket(Bucket="team")
        primary = self.athena.get_work_group(WorkGroup="primary")["WorkGroup"]
        self.assertEqual((primary["State"], primary["Configuration"]["EnforceWorkGroupConfiguration"],
                          primary["Configuration"]["ResultConfiguration"]["OutputLocation"]), ("ENABLED", False, "s3://athena-results/"))
        self.athena.create_work_group(Name="team", Description="of the team", Configuration={
            "ResultConfiguration": {"OutputLocation": "s3://team/out/"}})
        elsewhere = {"OutputLocation": "s3://athena-results/"}
        id, execution = self.query("select 1", WorkGroup="team", ResultConfiguration=elsewhere)
        self.assertEqual(execution["ResultConfiguration"]["OutputLocation"], f"s3://team/out/{id}.csv")
        self.athena.update_work_group(WorkGroup="team", ConfigurationUpdates={"EnforceWorkGroupConfiguration": False})
        _, execution = self.query("select 1", WorkGroup="team", ResultConfiguration={"OutputLocation": "s3://team/other"})
        self.assertIn("s3://team/other/", execution["ResultConfiguration"]["OutputLocation"])
        self.athena.update_work_group(WorkGroup="team", ConfigurationUpdates={"ResultConfigurationUpdates": {"RemoveOutputLocation": True}})
        self.refuses("InvalidRequestException", self.start, "No output location", sql="select 1", WorkGroup="team")
        self.athena.update_work_group(WorkGroup="team", State="DISABLED")
        self.refuses("InvalidRequestException", self.start, "disabled", sql="select 1", WorkGroup="team", ResultConfiguration=elsewhere)
        self.assertEqual([one["Name"] for one in self.athena.list_work_groups()["WorkGroups"]], ["primary", "team"])
        self.assertEqual(len(self.athena.list_query_executions(WorkGroup="team")["QueryExecutionIds"]), 2)
        self.assertEqual(self.athena.list_query_executions().get("QueryExecutionIds", []), [])
        self.athena.delete_work_group(WorkGroup="team")
        self.refuses("InvalidRequestException", self.athena.get_work_group, "team", WorkGroup="team")
        self.refuses("InvalidRequestException", self.athena.delete_work_group, "primary", WorkGroup="primary")
        self.refuses("InvalidRequestException", self.start, "WorkGroup", sql="select 1", WorkGroup="team")
        self.refuses("InvalidRequestException", self.athena.create_work_group, "BytesScannedCutoffPerQuery", Name="x",
                     Configuration={"BytesScannedCutoffPerQuery": 10_000_000})

    def test_workgroups_have_tags(self):
        def tags(name="team"):
            listed = self.athena.list_tags_for_resource(ResourceARN=f"arn:aws:athena:eu-west-1:000000000000:workgroup/{name}")
            return {tag["Key"]: tag["Value"] for tag in listed["Tags"]}
        self.athena.create_work_group(Name="team", Tags=[{"Key": "cost", "Value": "1"}, {"Key": "of", "Value": "a"}])
        arn = "arn:aws:athena:eu-west-1:000000000000:workgroup/team"
        self.athena.tag_resource(ResourceARN=arn, Tags=[{"Key": "of", "Value": "b"}, {"Key": "new", "Value": ""}])
        self.assertEqual((tags(), tags("primary")), ({"cost": "1", "of": "b", "new": ""}, {}))
        self.athena.untag_resource(ResourceARN=arn, TagKeys=["cost", "nothing"])
        self.assertEqual(tags(), {"of": "b", "new": ""})
        self.refuses("InvalidRequestException", self.athena.tag_resource, "may have 50", ResourceARN=arn,
                     Tags=[{"Key": f"k{n}", "Value": ""} for n in range(49)])
        self.refuses("ResourceNotFoundException", self.athena.tag_resource, "nothing", ResourceARN=arn.replace("team", "nothing"), Tags=[])
        self.refuses("InvalidRequestException", self.athena.tag_resource, "no workgroup", ResourceARN="arn:aws:athena:e:1:datacatalog/x", Tags=[])
        self.athena.delete_work_group(WorkGroup="team")
        self.athena.create_work_group(Name="team")
        self.assertEqual(tags(), {})

    def test_what_is_kept_outlives_the_server(self):
        self.athena.create_work_group(Name="team")
        id = self.athena.create_named_query(Name="n", Database="shop", QueryString="select 1", WorkGroup="team")["NamedQueryId"]
        self.athena.create_prepared_statement(StatementName="p", WorkGroup="team", QueryStatement="select ?")
        self.refuses("InvalidRequestException", self.athena.delete_work_group, "not empty", WorkGroup="team")
        self.assertEqual(self.stop(), 0)
        self.serve(*self.options)
        self.athena = self.athena_client()
        self.assertEqual(self.athena.get_named_query(NamedQueryId=id)["NamedQuery"],
                         {"Name": "n", "Database": "shop", "QueryString": "select 1", "NamedQueryId": id, "WorkGroup": "team"})
        self.assertEqual(self.athena.list_prepared_statements(WorkGroup="team")["PreparedStatements"][0]["StatementName"], "p")
        self.athena.delete_work_group(WorkGroup="team", RecursiveDeleteOption=True)
        self.refuses("InvalidRequestException", self.athena.get_named_query, NamedQueryId=id)

    def test_two_servers_of_one_lake_lose_nothing_of_each_other(self):
        import signal
        import subprocess
        from lake import PROGRAM
        other = subprocess.Popen([PROGRAM, "serve", "--listen", "127.0.0.1:0", *self.options], cwd=self.here, stdout=subprocess.PIPE,
                                 env=self.environment(GLAUX_SERVE_KEYS=f"{KEY}:{SECRET}"), stdin=subprocess.DEVNULL, stderr=self.log, text=True)
        self.addCleanup(lambda: (other.send_signal(signal.SIGTERM), other.wait(), other.stdout.close()))
        url = next(line.split()[1] for line in other.stdout if line.startswith("ready: "))
        clients = [self.athena, boto3.client("athena", endpoint_url=url, region_name="eu-west-1", aws_access_key_id=KEY,
                                             aws_secret_access_key=SECRET)]

        def make(number):
            clients[number % 2].create_prepared_statement(StatementName=f"p{number:02}", WorkGroup="primary", QueryStatement="select 1")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(make, range(40)))
        for client in clients:
            self.assertEqual([one["StatementName"] for one in client.list_prepared_statements(WorkGroup="primary")["PreparedStatements"]],
                             [f"p{number:02}" for number in range(40)])

    def test_named_queries_come_change_and_go(self):
        token = str(uuid.uuid4())
        make = {"Name": "n", "Description": "d", "Database": "shop", "QueryString": "select 1"}
        id = self.athena.create_named_query(ClientRequestToken=token, **make)["NamedQueryId"]
        self.assertEqual(self.athena.create_named_query(ClientRequestToken=token, **make)["NamedQueryId"], id)
        self.athena.update_named_query(NamedQueryId=id, Name="m", QueryString="select 2")
        found = self.athena.batch_get_named_query(NamedQueryIds=[id, "none"])
        self.assertEqual([(one["Name"], one["QueryString"], one["Description"]) for one in found["NamedQueries"]], [("m", "select 2", "d")])
        self.assertEqual([one["NamedQueryId"] for one in found["UnprocessedNamedQueryIds"]], ["none"])
        self.assertEqual(self.athena.list_named_queries()["NamedQueryIds"], [id])
        self.athena.delete_named_query(NamedQueryId=id)
        self.assertEqual(self.athena.list_named_queries().get("NamedQueryIds", []), [])


class Metadata(AthenaTest):
    def test_the_catalog_is_shown(self):
        self.load_orders()
        self.assertEqual([one["CatalogName"] for one in self.athena.list_data_catalogs()["DataCatalogsSummary"]], ["AwsDataCatalog"])
        self.assertEqual(self.athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"], "GLUE")
        of = {"CatalogName": "AwsDataCatalog"}
        self.assertIn("shop", [one["Name"] for one in self.athena.list_databases(**of)["DatabaseList"]])
        self.assertEqual(self.athena.get_database(DatabaseName="shop", **of)["Database"]["Name"], "shop")
        found = self.athena.get_table_metadata(DatabaseName="shop", TableName="orders", **of)["TableMetadata"]
        self.assertEqual([(one["Name"], one["Type"]) for one in found["Columns"]], [("id", "bigint"), ("amount", "double")])
        self.assertEqual([one["Name"] for one in found["PartitionKeys"]], ["country"])
        self.assertEqual((found["TableType"], found["Parameters"]["classification"]), ("EXTERNAL_TABLE", "parquet"))
        self.assertTrue(found["Parameters"]["location"].startswith("s3://"))
        names = lambda **more: [one["Name"] for one in self.athena.list_table_metadata(DatabaseName="shop", **of, **more)["TableMetadataList"]]
        self.assertEqual((names(), names(Expression="ord.*"), names(Expression="*ers"), names(Expression="x")), (["orders"], ["orders"], ["orders"], []))
        self.refuses("MetadataException", self.athena.get_table_metadata, "none", DatabaseName="shop", TableName="none", **of)
        self.refuses("MetadataException", self.athena.get_database, "none", DatabaseName="none", **of)
        self.refuses("MetadataException", self.athena.list_table_metadata, "none", DatabaseName="none", **of)
        self.refuses("InvalidRequestException", self.athena.list_databases, "other", CatalogName="other")
        self.refuses("InvalidRequestException", self.athena.list_table_metadata, "Expression", DatabaseName="shop", Expression="(", **of)

    def test_what_is_shown_is_text(self):
        self.load_orders()
        id, execution = self.query("show tables", QueryExecutionContext={"Database": "shop"})
        self.assertEqual((execution["StatementType"], execution["SubstatementType"]), ("UTILITY", "SHOW_TABLES"))
        self.assertTrue(execution["ResultConfiguration"]["OutputLocation"].endswith(f"{id}.txt"))
        self.assertEqual(self.object_of(execution), b"orders\n")
        rows = self.athena.get_query_results(QueryExecutionId=id)["ResultSet"]["Rows"]
        self.assertEqual(rows, [{"Data": [{"VarCharValue": "orders"}]}])


if __name__ == "__main__":
    unittest.main()
