#!/usr/bin/env python3
"""One job of catalog.py by awswrangler or pyarrow. Prints the seconds of imports and the answer, as JSON.

    catalog_peers.py JOB TOOL ROWS_CSV TABLE PARTITIONS
"""
import json
import os
import sys
import time

began = time.perf_counter()
job, tool, rows, table, partitions = sys.argv[1:]
import pandas  # noqa: E402

if tool == "awswrangler":
    import awswrangler as wr
else:
    import pyarrow
    import pyarrow.csv
    import pyarrow.dataset
    import pyarrow.fs
imports = time.perf_counter() - began

place = f"s3://lake/theirs/{table}/"
answer = ""
if job == "write" and tool == "awswrangler":
    wr.s3.to_parquet(pandas.read_csv(rows), path=place, dataset=True, database="bench", table=table, partition_cols=["part"],
                     mode="append")
elif job == "write":
    s3 = pyarrow.fs.S3FileSystem(endpoint_override=os.environ["AWS_ENDPOINT_URL"])
    pyarrow.dataset.write_dataset(pyarrow.csv.read_csv(rows), f"lake/theirs/{table}", filesystem=s3, format="parquet",
                                  partitioning=pyarrow.dataset.partitioning(pyarrow.schema([("part", pyarrow.string())]), flavor="hive"),
                                  max_partitions=100_000)
elif job == "register":
    values = {f"{place}part=p{i:05}/": [f"p{i:05}"] for i in range(int(partitions))}
    wr.catalog.add_parquet_partitions(database="bench", table=table, partitions_values=values)
elif job == "prune":
    frame = wr.s3.read_parquet_table(database="bench", table=table, columns=["id"],
                                     partition_filter=lambda values: values["part"] < "p00010")
    answer = str(int(frame["id"].sum()))
print(json.dumps([imports, answer]))
