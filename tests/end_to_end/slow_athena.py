"""awswrangler and PyAthena as clients of `glaux serve --wire s3,glue,athena`."""
import json
import os
import pathlib
import subprocess
import unittest

from lake import SOURCE
from served import ServedTest

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

from pyathena.pandas.cursor import PandasCursor
frame = cursor.connection.cursor(PandasCursor).execute("select id, country, '' as empty, cast(null as varchar) as nothing from orders").as_pandas()
said["frame"] = [len(frame), list(frame.columns), str(frame["id"].dtype)]
json.dump(said, open(sys.argv[1], "w"))
"""


class Clients(ServedTest):
    options = ("--wire", "s3,glue,athena")

    def told_by(self, module, script):
        if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True).returncode != 0:
            self.skipTest(f"{PYTHON} has no {module}; scripts/requirements-peers.txt and GLAUX_PEERS_PYTHON say how to have it")
        told = pathlib.Path(self.here, "said.json")
        run = subprocess.run([PYTHON, "-W", "ignore", "-c", script, told], env=self.client_environment(), capture_output=True,
                             text=True, timeout=300)
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
        self.assertIn("nothing", said["failed"])

    def test_pyathena_reads_queries(self):
        self.write("orders.csv", "id,country,amount\n" + "".join(f"{i},{'DE' if i % 3 else 'FR'},{i}.25\n" for i in range(1, 31)))
        self.succeed("load", "orders.csv", "shop.orders", "--partition-by", "country")
        said = self.told_by("pyathena", PYATHENA)
        self.assertEqual(said["described"], [["id", "bigint"], ["country", "varchar"], ["amount", "double"], ["is_first", "boolean"],
                                             ["d", "date"], ["t", "timestamp"], ["e", "decimal"], ["nothing", "varchar"],
                                             ["empty", "varchar"], ["list", "array"]])
        self.assertEqual(said["rows"][0], ["1", "'DE'", "1.25", "True", "datetime.date(2025, 1, 31)",
                                           "datetime.datetime(2025, 1, 31, 8, 30)", "Decimal('1.50')", "None", "''", "[1, 2]"])
        self.assertEqual((said["scanned"], said["many"], said["named"], said["qmark"]), (True, 1199, 0, 20))
        self.assertEqual(said["shown"], [["orders"]])
        self.assertIn("nothing", said["failed"])
        self.assertEqual(said["frame"], [30, ["id", "country", "empty", "nothing"], "Int64"])


if __name__ == "__main__":
    unittest.main()
