"""awswrangler, PyAthena, SQLAlchemy, dlt and the AWS CLI as clients of `glaux serve --wire s3,glue,athena`."""
import json
import os
import pathlib
import subprocess
import unittest

from lake import SOURCE
from served import ServedTest, wait_until

PEERS = SOURCE / ".deps/peers/bin/python"
PYTHON = os.environ.get("GLAUX_PEERS_PYTHON") or (str(PEERS) if PEERS.exists() else "python3")

WRANGLER = """
import json, sys
import awswrangler as wr
import pandas as pd

said = {}
wr.catalog.create_database("shop", exist_ok=True)
frame = pd.DataFrame({"id": [1, 2, 3, 4], "paid": [1.5, 2.5, None, 4.5], "name": ["Ann", "", None, 'say "hi", you'],
                      "bought": pd.date_range("2025-01-31 08:30:00", periods=4),
                      "country": ["DE", "FR", "DE", "IT"]})
wr.s3.to_parquet(frame, "s3://lake/shop/orders/", dataset=True, database="shop", table="orders", partition_cols=["country"])
plain = dict(database="shop", ctas_approach=False, s3_output="s3://lake/results/")
read = wr.athena.read_sql_query("select id, paid, name, bought, country from orders order by id", **plain)
said["types"] = {name: str(kind) for name, kind in read.dtypes.items()}
said["ids"] = [int(value) for value in read["id"]]
said["names"] = [None if pd.isna(value) else value for value in read["name"]]
said["at"] = str(read["bought"][0])
said["chunks"] = [len(chunk) for chunk in wr.athena.read_sql_query("select id from orders", chunksize=3, **plain)]
said["by_parameter"] = [int(value) for value in wr.athena.read_sql_query(
    "select id from orders where country = ? and name = ?", params=["IT", 'say "hi", you'], paramstyle="qmark", **plain)["id"]]
said["by_name"] = [int(value) for value in wr.athena.read_sql_query(
    "select id from orders where country = :country", params={"country": "FR"}, **plain)["id"]]
said["table"] = len(wr.athena.read_sql_table("orders", **plain))
id = wr.athena.start_query_execution("select count(*) as n from orders", database="shop", s3_output="s3://lake/results/")
said["state"] = wr.athena.wait_query(id)["Status"]["State"]
said["count"] = wr.athena.get_query_results(id)["n"].tolist()
said["in_primary"] = wr.athena.read_sql_query("select 7 as seven", database="shop", ctas_approach=False, workgroup="primary")["seven"].tolist()
try:
    wr.athena.read_sql_query("select * from nothing", **plain)
except wr.exceptions.QueryFailed as error:
    said["failed"] = str(error)

query = "select id, paid, name, bought, country, sum(id) over () as ids, cast(1.5 as decimal(5,2)) as e, array[id] as list from orders"
out = "s3://lake/elsewhere/"
for way, options in {"ctas": dict(ctas_approach=True, s3_output=out),
                     "unload": dict(ctas_approach=False, unload_approach=True, s3_output=out + "unload/")}.items():
    read = wr.athena.read_sql_query(query, database="shop", **options).sort_values("id")
    said[way] = {"types": {name: str(kind) for name, kind in read.dtypes.items()}, "ids": [int(one) for one in read["ids"]],
                 "names": [None if pd.isna(one) else one for one in read["name"]], "e": str(read["e"][0]), "list": list(map(int, read["list"][0]))}
said["ctas_chunks"] = sum(len(one) for one in wr.athena.read_sql_query(query, database="shop", s3_output=out, chunksize=2))
said["ctas_empty"] = len(wr.athena.read_sql_query("select id from orders where id < 0", database="shop", s3_output=out))
said["left"] = wr.s3.list_objects(out)
made = wr.athena.create_ctas_table("select country, count(*) as n from orders group by 1", database="shop", ctas_table="by_country",
                                   s3_output="s3://lake/made/", wait=True)
said["made"] = wr.athena.read_sql_query("select sum(n) as n from by_country", **plain)["n"].tolist()
said["unloaded"] = wr.athena.unload("select id, country from orders", path="s3://lake/unloaded/", database="shop",
                                    partitioned_by=["country"]).manifest_location is not None
said["objects"] = sorted(one.split("/")[-2] for one in wr.s3.list_objects("s3://lake/unloaded/", suffix=".parquet"))
said["repaired"] = wr.athena.repair_table("orders", database="shop")
said["described"] = wr.athena.describe_table("orders", database="shop")["Column Name"].tolist()
said["shown"] = "CREATE EXTERNAL TABLE" in wr.athena.show_create_table("orders", database="shop")
try:
    wr.athena.read_sql_query("select 1, 2 as b", database="shop", s3_output=out)
except Exception as error:
    said["unnamed"] = str(error)
json.dump(said, open(sys.argv[1], "w"))
"""

PYATHENA = """
import json, sys
from pyathena import connect
from pyathena.error import OperationalError

said = {}
cursor = connect(s3_staging_dir="s3://athena-results/", schema_name="shop", poll_interval=0.05).cursor()
cursor.execute("select id, country, amount, id = 1 as is_first, date '2025-01-31' as d, timestamp '2025-01-31 08:30:00' as t, "
               "cast(1.50 as decimal(5,2)) as e, cast(null as varchar) as nothing, '' as empty, [1, 2] as list "
               "from orders order by id limit 2")
said["described"] = [(one[0], one[1]) for one in cursor.description]
said["rows"] = [[repr(value) for value in row] for row in cursor.fetchall()]
said["scanned"] = cursor.data_scanned_in_bytes > 0
said["many"] = cursor.execute("select range as n from range(2500) order by 1").fetchmany(1200)[-1][0]
said["named"] = cursor.execute("select count(*) from orders where country = %(c)s", {"c": "DE' or 1=1 --"}).fetchone()[0]
said["qmark"] = cursor.execute("select count(*) from orders where country = ?", ["DE"], paramstyle="qmark").fetchone()[0]
said["shown"] = cursor.execute("show tables").fetchall()
try:
    cursor.execute("select * from nothing")
except OperationalError as error:
    said["failed"] = str(error)

from pyathena.async_cursor import AsyncCursor
from pyathena.pandas.cursor import PandasCursor
from pyathena.polars.cursor import PolarsCursor
def cursor_of(kind, folder="", **options):
    return connect(cursor_class=kind, s3_staging_dir=f"s3://athena-results/{folder}", schema_name="shop",
                   poll_interval=0.05).cursor(**options)
query = "select id, country, amount, '' as empty, cast(null as varchar) as nothing, cast(1.5 as decimal(5,2)) as e from orders"
frame = cursor_of(PandasCursor).execute(query).as_pandas()
said["frame"] = [len(frame), list(frame.columns), str(frame["id"].dtype)]
frame = cursor_of(PolarsCursor).execute(query).as_polars()
said["polars"] = [len(frame), {name: str(kind) for name, kind in frame.schema.items()}]
said["pandas_unload"] = len(cursor_of(PandasCursor, "p/", unload=True).execute(query).as_pandas())
said["polars_unload"] = len(cursor_of(PolarsCursor, "q/", unload=True).execute(query).as_polars())
futures = [cursor_of(AsyncCursor).execute(f"select {n} as n")[1] for n in range(4)]
said["async"] = [future.result().fetchone()[0] for future in futures]
cursor.execute("create external table shop.log (a int, b string) partitioned by (day string) stored as parquet location 's3://lake/shop/log/'")
said["inserted"] = cursor.execute("insert into log values (1, 'x', 'mo'), (2, 'y', 'tu')").rowcount
cursor.executemany("insert into log values (%(a)d, %(b)s, 'we')", [{"a": 5, "b": "q'q"}, {"a": 6, "b": "r"}])
said["log"] = cursor.execute("select a, b, day from log where a > %(a)d order by a", {"a": 1}).fetchall()

# pyarrow finds S3 by an argument, and not by AWS_ENDPOINT_URL.
import os
from pyarrow import fs
from pyathena.arrow.cursor import ArrowCursor
S3FileSystem = fs.S3FileSystem
fs.S3FileSystem = lambda **options: S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"], **options)
said["arrow"] = {field.name: str(field.type) for field in cursor_of(ArrowCursor).execute(query).as_arrow().schema}
said["arrow_unload"] = cursor_of(ArrowCursor, "a/", unload=True).execute(query).as_arrow().num_rows
json.dump(said, open(sys.argv[1], "w"))
"""

ALCHEMY = """
import json, sys
import pandas as pd
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, func, inspect, select, text
from sqlalchemy.engine import URL

said = {}
for driver in ("rest", "pandas", "polars"):
    engine = create_engine(URL.create("awsathena+" + driver, host="athena.us-east-1.amazonaws.com", database="shop",
                                      query={"s3_staging_dir": "s3://athena-results/", "region_name": "us-east-1", "poll_interval": "0.05"}))
    seen = inspect(engine)
    one = said[driver] = {"schemas": seen.get_schema_names(), "tables": seen.get_table_names(schema="shop"),
                          "views": seen.get_view_names(schema="shop"),
                          "columns": [[column["name"], str(column["type"])] for column in seen.get_columns("orders", schema="shop")],
                          "there": [seen.has_table(name, schema="shop") for name in ("orders", "nothing")]}
    with engine.connect() as connection:
        orders = Table("orders", MetaData(), autoload_with=connection, schema="shop")
        query = select(orders.c.id, func.upper(orders.c.country)).where(orders.c.country == "DE").order_by(orders.c.id).limit(2)
        one["rows"] = [[int(row[0]), row[1]] for row in connection.execute(query)]
        one["parameter"] = int(connection.execute(text("select count(*) from orders where country = :c"), {"c": "D'E"}).scalar())
        groups = select(orders.c.country, func.sum(orders.c.id)).group_by(orders.c.country).order_by(orders.c.country).offset(1).limit(1)
        one["groups"] = [[row[0], int(row[1])] for row in connection.execute(groups)]
with engine.connect() as connection:
    table = Table("made", MetaData(schema="shop"), Column("a", Integer), Column("b", String(10)),
                  awsathena_location="s3://lake/shop/made/", awsathena_file_format="PARQUET")
    table.create(connection)
    connection.execute(table.insert(), [{"a": 1, "b": "x"}, {"a": 2, "b": "y'z"}])
    said["made"] = [list(row) for row in connection.execute(select(table).order_by(table.c.a))]
    table.drop(connection)
said["read_sql"] = list(pd.read_sql("select count(*) as n from shop.orders", engine)["n"])
json.dump(said, open(sys.argv[1], "w"), default=str)
"""

DLT = """
import json, os, sys
import dlt
from dlt.destinations import athena, filesystem

keys = {"aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "region_name": "us-east-1", "endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
pipeline = dlt.pipeline("shop", dataset_name="shop_of_dlt", pipelines_dir="pipelines",
                        destination=athena(query_result_bucket="s3://athena-results/", credentials=keys),
                        staging=filesystem(bucket_url="s3://lake/dlt", credentials=keys))
try:
    pipeline.run([{"id": 1}], table_name="orders")
    said = "loaded"
except Exception as error:
    said = str(error)
json.dump(said, open(sys.argv[1], "w"))
"""


class Clients(ServedTest):
    options = ("--wire", "s3,glue,athena")

    def load_orders(self):
        self.write("orders.csv", "id,country,amount\n" + "".join(f"{i},{'DE' if i % 3 else 'FR'},{i}.25\n" for i in range(1, 31)))
        self.succeed("load", "orders.csv", "shop.orders", "--partition-by", "country")

    def told_by(self, module, script):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode != 0:
            self.skipTest(f"{PYTHON} has no {module}; scripts/requirements-peers.txt and GLAUX_PEERS_PYTHON say how to have it")
        told = pathlib.Path(self.here, "said.json")
        run = subprocess.run([PYTHON, "-W", "ignore", "-c", script, told], env=self.client_environment(), capture_output=True,
                             text=True, timeout=300, cwd=self.here)
        self.assertEqual(run.returncode, 0, run.stderr[-3000:])
        return json.loads(told.read_text())

    def test_awswrangler_reads_queries(self):
        said = self.told_by("awswrangler", WRANGLER)
        self.assertEqual(said["types"]["id"], "Int64")
        self.assertTrue(said["types"]["bought"].startswith("datetime64"), said["types"])
        self.assertEqual((said["ids"], said["at"]), ([1, 2, 3, 4], "2025-01-31 08:30:00"))
        # awswrangler itself makes no difference between an empty string and NULL.
        self.assertEqual(said["names"], ["Ann", None, None, 'say "hi", you'])
        self.assertEqual((sum(said["chunks"]), said["by_parameter"], said["by_name"]), (4, [4], [2]))
        self.assertEqual((said["table"], said["state"], said["count"], said["in_primary"]), (4, "SUCCEEDED", [4], [7]))
        self.assertIn("TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.nothing' does not exist", said["failed"])
        for way in ("ctas", "unload"):
            self.assertEqual((said[way]["types"]["id"], said[way]["types"]["ids"], said[way]["ids"]), ("Int64", "Int64", [10] * 4))
            self.assertEqual((said[way]["names"], said[way]["e"], said[way]["list"]), (["Ann", "", None, 'say "hi", you'], "1.50", [1]))
        self.assertEqual((said["ctas_chunks"], said["ctas_empty"]), (4, 0))
        self.assertEqual((said["made"], said["unloaded"], said["objects"]), ([4], True, ["country=DE", "country=FR", "country=IT"]))
        self.assertEqual((said["repaired"], said["described"][:2], said["shown"]), ("SUCCEEDED", ["id", "paid"], True))
        self.assertIn("define all columns names", said["unnamed"])

    def test_pyathena_reads_queries(self):
        self.load_orders()
        said = self.told_by("pyathena", PYATHENA)
        self.assertEqual(said["described"], [["id", "bigint"], ["country", "varchar"], ["amount", "double"], ["is_first", "boolean"],
                                             ["d", "date"], ["t", "timestamp"], ["e", "decimal"], ["nothing", "varchar"],
                                             ["empty", "varchar"], ["list", "array"]])
        self.assertEqual(said["rows"][0], ["1", "'DE'", "1.25", "True", "datetime.date(2025, 1, 31)",
                                           "datetime.datetime(2025, 1, 31, 8, 30)", "Decimal('1.50')", "None", "''", "[1, 2]"])
        self.assertEqual((said["scanned"], said["many"], said["named"], said["qmark"]), (True, 1199, 0, 20))
        self.assertEqual(said["shown"], [["orders"]])
        self.assertIn("nothing", said["failed"])
        self.assertEqual(said["frame"], [30, ["id", "country", "amount", "empty", "nothing", "e"], "Int64"])
        self.assertEqual(said["polars"], [30, {"id": "Int64", "country": "String", "amount": "Float64", "empty": "String",
                                               "nothing": "String", "e": "Decimal(precision=5, scale=2)"}])
        self.assertEqual((said["pandas_unload"], said["polars_unload"], said["arrow_unload"]), (30, 30, 30))
        self.assertEqual({name: said["arrow"][name] for name in ("id", "amount", "empty")},
                         {"id": "int64", "amount": "double", "empty": "string"})
        self.assertEqual((said["async"], said["inserted"]), ([0, 1, 2, 3], 2))
        self.assertEqual(said["log"], [[2, "y", "tu"], [5, "q'q", "we"], [6, "r", "we"]])

    def test_sqlalchemy_reads_and_makes_tables(self):
        self.load_orders()
        said = self.told_by("sqlalchemy", ALCHEMY)
        for driver in ("rest", "pandas", "polars"):
            with self.subTest(driver):
                self.assertEqual(said[driver], {"schemas": ["shop"], "tables": ["orders"], "views": [], "there": [True, False],
                                                "columns": [["id", "BIGINT"], ["amount", "DOUBLE"], ["country", "VARCHAR"]],
                                                "rows": [[1, "DE"], [2, "DE"]], "parameter": 0, "groups": [["FR", 165]]})
        self.assertEqual((said["made"], said["read_sql"]), ([[1, "x"], [2, "y'z"]], [30]))

    def test_dlt_is_told_that_its_state_needs_iceberg(self):
        # Its tables may be Hive's; those in which it keeps its state never are.
        said = self.told_by("dlt", DLT)
        self.assertIn("NOT_SUPPORTED: CREATE TABLE with columns, which makes an Iceberg table in Athena", said)

    def test_the_aws_command_asks_and_shows(self):
        self.load_orders()
        aws = pathlib.Path(SOURCE, ".deps/venv/bin/aws")

        def call(*arguments):
            done = subprocess.run([aws, *arguments, "--output", "json"], env=self.client_environment(), capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout or "null")

        id = call("athena", "start-query-execution", "--query-string", "select country, count(*) as n from orders where id > ? group by 1 order by 1",
                  "--query-execution-context", "Database=shop", "--execution-parameters", "3")["QueryExecutionId"]
        wait_until(lambda: call("athena", "get-query-execution", "--query-execution-id", id)["QueryExecution"]["Status"]["State"] == "SUCCEEDED")
        rows = call("athena", "get-query-results", "--query-execution-id", id)["ResultSet"]["Rows"]
        self.assertEqual([[datum["VarCharValue"] for datum in row["Data"]] for row in rows], [["country", "n"], ["DE", "18"], ["FR", "9"]])
        self.assertEqual([table["Name"] for table in call("glue", "get-tables", "--database-name", "shop")["TableList"]], ["orders"])
        self.assertEqual([one["Values"] for one in call("glue", "get-partitions", "--database-name", "shop", "--table-name", "orders",
                                                        "--expression", "country = 'FR'")["Partitions"]], [["FR"]])
        self.assertEqual(call("sts", "get-caller-identity")["Account"], "000000000000")


if __name__ == "__main__":
    unittest.main()
