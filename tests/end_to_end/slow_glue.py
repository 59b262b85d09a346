"""awswrangler as a client of `glaux serve --wire s3,glue`: it makes tables and partitions, and glaux reads them."""
import json
import os
import pathlib
import subprocess
import unittest

from lake import SOURCE
from served import ServedTest

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


if __name__ == "__main__":
    unittest.main()
