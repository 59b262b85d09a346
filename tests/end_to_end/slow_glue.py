"""awswrangler and Trino as clients of `glaux serve --wire s3,glue`: they make tables and partitions, and glaux reads them."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest
import urllib.request

from lake import SOURCE
from served import KEY, SECRET, ServedTest

PEERS = SOURCE / ".deps/peers/bin/python"
PYTHON = os.environ.get("GLAUX_PEERS_PYTHON") or (str(PEERS) if PEERS.exists() else "python3")

SCRIPT = """
import json, sys
import awswrangler as wr
import pandas as pd

said = {}
wr.catalog.create_database("shop", exist_ok=True)
frame = pd.DataFrame({"id": [1, 2, 3], "Amount Paid": [1.5, 2.5, 3.5], "country": ["DE", "FR", "DE"], "year": [2025, 2025, 2026]})
done = wr.s3.to_parquet(frame, "s3://lake/shop/orders/", dataset=True, database="shop", table="orders",
                        partition_cols=["country", "year"],
                        glue_table_settings={"description": "what was sold", "parameters": {"team": "finance"},
                                             "columns_comments": {"id": "which"}})
said["partitions"] = {key: value for key, value in done["partitions_values"].items()}
more = pd.DataFrame({"id": [4], "Amount Paid": [4.5], "note": ["new"], "country": ["IT"], "year": [2026]})
wr.s3.to_parquet(more, "s3://lake/shop/orders/", dataset=True, mode="append", database="shop", table="orders",
                 partition_cols=["country", "year"])
again = pd.DataFrame({"id": [9], "Amount Paid": [9.5], "note": ["again"], "country": ["IT"], "year": [2026]})
wr.s3.to_parquet(again, "s3://lake/shop/orders/", dataset=True, mode="overwrite_partitions", database="shop", table="orders",
                 partition_cols=["country", "year"])
said["types"] = wr.catalog.get_table_types("shop", "orders")
said["known"] = sorted(wr.catalog.get_partitions("shop", "orders").values())
said["french"] = sorted(wr.catalog.get_partitions("shop", "orders", expression="country = 'FR'").values())
said["tables"] = [one["Name"] for one in wr.catalog.get_tables(database="shop", name_contains="rder")]
said["found"] = [one["Name"] for one in wr.catalog.search_tables(text="sold")]
said["comment"] = wr.catalog.get_columns_comments("shop", "orders")["id"]
wr.catalog.upsert_table_parameters({"reviewed": "yes"}, "shop", "orders")
said["parameters"] = {key: value for key, value in wr.catalog.get_table_parameters("shop", "orders").items()
                      if key in ("team", "reviewed", "classification")}
said["versions"] = wr.catalog.get_table_number_of_versions("shop", "orders")
said["rows"] = len(wr.s3.read_parquet_table("orders", "shop", validate_schema=False))
wr.catalog.create_csv_table("shop", "raw", "s3://lake/shop/raw/", {"a": "bigint", "b": "string"}, sep=";")
wr.catalog.delete_partitions("orders", "shop", [["FR", "2025"]])
said["left"] = len(wr.catalog.get_partitions("shop", "orders"))
said["deleted"] = [wr.catalog.delete_table_if_exists("shop", "raw"), wr.catalog.delete_table_if_exists("shop", "raw")]
json.dump(said, open(sys.argv[1], "w"))
"""


class AwsWrangler(ServedTest):
    options = ("--wire", "s3,glue")

    def test_tables_of_awswrangler_are_tables_of_the_lake(self):
        if subprocess.run([PYTHON, "-c", "import awswrangler"], capture_output=True).returncode != 0:
            self.skipTest(f"{PYTHON} has no awswrangler; scripts/requirements-peers.txt and GLAUX_PEERS_PYTHON say how to have it")
        told = pathlib.Path(self.here, "said.json")
        run = subprocess.run([PYTHON, "-c", SCRIPT, told], env=self.client_environment(), capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr[-3000:])
        said = json.loads(told.read_text())
        self.assertEqual(said["types"], {"id": "bigint", "amount_paid": "double", "note": "string", "country": "string",
                                         "year": "bigint"})
        self.assertEqual(said["known"], [["DE", "2025"], ["DE", "2026"], ["FR", "2025"], ["IT", "2026"]])
        self.assertEqual((said["french"], said["tables"], said["found"]), ([["FR", "2025"]], ["orders"], ["orders"]))
        self.assertEqual(said["comment"], "which")
        self.assertEqual(said["parameters"], {"team": "finance", "reviewed": "yes", "classification": "parquet"})
        self.assertGreaterEqual(said["versions"], 2)
        self.assertEqual((said["rows"], said["left"], said["deleted"]), (4, 3, [True, False]))
        self.assertEqual(self.rows("select country, id, amount_paid, note from shop.orders order by id"),
                         [["DE", "1", "1.5", ""], ["DE", "3", "3.5", ""], ["IT", "9", "9.5", "again"]])


class Trino(ServedTest):
    """A real one, of start-trino in the shared peers; it needs GLAUX_PEER_CACHE with Trino in it (start-trino --fetch-only)."""

    options = ("--wire", "s3,glue")

    def setUp(self):
        shared = pathlib.Path(os.environ.get("GLAUX_SHARED") or SOURCE.parent / "shared")
        script = next((one for one in (shared, SOURCE.parent.parent / "shared") if (one / "peers/start-trino").exists()), None)
        cache = pathlib.Path(os.environ.get("GLAUX_PEER_CACHE") or pathlib.Path.home() / ".cache/glaux-peers")
        if script is None or not list(cache.glob("trino-*/.complete")):
            self.skipTest(f"there is no Trino in {cache}; start-trino --fetch-only of the shared peers brings it there")
        super().setUp()
        environment = os.environ | {"GLAUX_PEER_CACHE": str(cache), "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                                    "AWS_REGION": "us-east-1", "GLAUX_TRINO_HEAP": "1500m"}
        started = subprocess.run([script / "peers/start-trino", "--data", self.here / "trino", "--glue-endpoint", self.url,
                                  "--s3-endpoint", self.url, "--timeout", "400"], env=environment, capture_output=True, text=True)
        self.assertEqual(started.returncode, 0, started.stderr[-3000:])
        said = dict(line.split("=", 1) for line in started.stdout.splitlines())
        self.trino = said["url"]
        self.addCleanup(os.kill, int(said["pid"]), signal.SIGTERM)

    def ask(self, sql):
        request = urllib.request.Request(self.trino + "/v1/statement", sql.encode(), {"X-Trino-User": "test"})
        answer, rows = json.load(urllib.request.urlopen(request)), []
        while True:
            rows += answer.get("data") or []
            if "error" in answer:
                self.fail(f"{sql}: {answer['error']['message']}")
            if "nextUri" not in answer:
                return rows
            time.sleep(0.05)
            answer = json.load(urllib.request.urlopen(answer["nextUri"]))

    def test_tables_of_trino_are_tables_of_the_lake_and_the_other_way_round(self):
        self.ask("CREATE SCHEMA hive.shop WITH (location = 's3://lake/shop/')")
        self.ask("CREATE TABLE hive.shop.orders (id bigint, amount double, country varchar) "
                 "WITH (format = 'PARQUET', partitioned_by = ARRAY['country'])")
        self.ask("INSERT INTO hive.shop.orders VALUES (1, 1.5, 'DE'), (2, 2.5, 'FR'), (3, 3.5, 'DE')")
        self.ask("INSERT INTO hive.shop.orders VALUES (4, 4.5, 'IT')")
        self.assertEqual(self.ask("SELECT country, count(*), sum(amount) FROM hive.shop.orders GROUP BY 1 ORDER BY 1"),
                         [["DE", 2, 5.0], ["FR", 1, 2.5], ["IT", 1, 4.5]])
        statistics = {row[0]: row for row in self.ask("SHOW STATS FOR hive.shop.orders")}
        self.assertEqual((statistics["id"][5:], statistics[None][4]), (["1", "4"], 4.0))
        self.assertEqual(self.rows("select country, id, amount from shop.orders order by id"),
                         [["DE", "1", "1.5"], ["FR", "2", "2.5"], ["DE", "3", "3.5"], ["IT", "4", "4.5"]])
        self.ask("DELETE FROM hive.shop.orders WHERE country = 'IT'")
        self.assertEqual(self.value("select count(*) from shop.orders"), "3")
        self.ask("CREATE TABLE hive.shop.nation WITH (format = 'PARQUET') AS SELECT * FROM tpch.tiny.nation")
        self.assertEqual(self.value("select max(name) from shop.nation"), "VIETNAM")

        self.write("sales.csv", "id,day\n1,a\n2,a\n3,b\n")
        self.succeed("load", "sales.csv", "shop.sales", "--partition-by", "day")
        self.assertEqual(self.ask("SELECT day, count(*) FROM hive.shop.sales GROUP BY 1 ORDER BY 1"), [["a", 2], ["b", 1]])

        # Iceberg commits with the version of the table in Glue.
        self.ask("CREATE TABLE lake.shop.regions AS SELECT * FROM tpch.tiny.region")
        self.ask("INSERT INTO lake.shop.regions SELECT * FROM tpch.tiny.region")
        self.assertEqual(self.ask("SELECT count(*) FROM lake.shop.regions"), [[10]])
        for table in ("hive.shop.orders", "hive.shop.nation", "lake.shop.regions"):
            self.ask(f"DROP TABLE {table}")
        self.assertEqual(self.tables(), ["shop.sales"])


if __name__ == "__main__":
    unittest.main()
