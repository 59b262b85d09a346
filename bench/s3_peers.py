"""What glaux and the peers run in the jobs of s3.py: one command a job and tool, as the tools' own documentation advises.

    s3_peers.py JOB TOOL ENDPOINT ARGUMENT...        (the Python tools, each in a process of its own)
"""
import os
import pathlib
import sys

BUCKET = "bench"
REGION = "us-east-1"
START, NAME, COST, ACCOUNT = "lineItem/UsageStartDate", "product/ProductName", "lineItem/UnblendedCost", "lineItem/UsageAccountId"
GLAUX_SQL = ("SELECT product_productname, sum(lineitem_unblendedcost), count(DISTINCT lineitem_usageaccountid) "
             "FROM billing.cur WHERE day BETWEEN '11' AND '20' GROUP BY 1 ORDER BY 1")
COLUMNS = ["product_productname", "lineitem_unblendedcost", "lineitem_usageaccountid"]


def key():
    return os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]


# ---- list ----------------------------------------------------------------------------------------------------------

def list_boto3(endpoint, prefix):
    client = boto3_client(endpoint)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    return sum(len(page.get("Contents", [])) for page in pages)


def list_pyarrow(endpoint, prefix):
    from pyarrow import fs
    found = pyarrow_fs(endpoint).get_file_info(fs.FileSelector(f"{BUCKET}/{prefix}".rstrip("/"), recursive=True))
    return sum(info.type == fs.FileType.File for info in found)


def list_duckdb(endpoint, prefix):
    return duckdb_connection(endpoint).sql(f"SELECT count(*) FROM glob('s3://{BUCKET}/{prefix}**')").fetchone()[0]


# ---- objects ---------------------------------------------------------------------------------------------------------

def get_small_boto3(endpoint, prefix, folder):
    from concurrent.futures import ThreadPoolExecutor
    client = boto3_client(endpoint)
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def get(name):
        (folder / pathlib.PurePath(name).name).write_bytes(client.get_object(Bucket=BUCKET, Key=name)["Body"].read())

    pages = client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
    with ThreadPoolExecutor(16) as pool:
        return sum(1 for _ in pool.map(get, [item["Key"] for page in pages for item in page.get("Contents", [])]))


def put_small_boto3(endpoint, folder, prefix):
    from concurrent.futures import ThreadPoolExecutor
    client = boto3_client(endpoint)
    with ThreadPoolExecutor(16) as pool:
        return sum(1 for _ in pool.map(lambda path: client.put_object(Bucket=BUCKET, Key=prefix + path.name, Body=path.read_bytes()),
                                       list(pathlib.Path(folder).iterdir())))


# ---- tables ----------------------------------------------------------------------------------------------------------

def load_polars(endpoint, exports, out):
    import polars as pl
    text = [ACCOUNT, "bill/PayerAccountId"]
    frame = pl.scan_csv(f"s3://{BUCKET}/{exports}*.csv.gz", schema_overrides={name: pl.String for name in text},
                        infer_schema_length=10_000, storage_options=polars_options(endpoint))
    start = pl.col(START).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
    keys = {"year": "%Y", "month": "%m", "day": "%d"}
    frame = frame.with_columns(start).with_columns(**{name: pl.col(START).dt.strftime(form) for name, form in keys.items()})
    frame.sink_parquet(pl.PartitionBy(f"s3://{BUCKET}/{out}", key=list(keys), include_key=False), compression="snappy",
                       storage_options=polars_options(endpoint))


def read_polars(endpoint, table):
    import polars as pl
    name, cost, account = COLUMNS
    frame = pl.scan_parquet(f"s3://{BUCKET}/{table}**/*.parquet", hive_partitioning=True,
                            hive_schema={key: pl.String for key in ("year", "month", "day")}, storage_options=polars_options(endpoint))
    frame = frame.filter(pl.col("day").is_between(pl.lit("11"), pl.lit("20"))).group_by(name).agg(
        pl.col(cost).sum().alias("cost"), pl.col(account).n_unique().alias("accounts")).sort(name)
    return frame.collect().rows()


def read_pyarrow(endpoint, table):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    name, cost, account = COLUMNS
    keys = ds.partitioning(pa.schema([(key, pa.string()) for key in ("year", "month", "day")]), flavor="hive")
    rows = ds.dataset(f"{BUCKET}/{table.rstrip('/')}", format="parquet", partitioning=keys, filesystem=pyarrow_fs(endpoint)).to_table(
        columns=COLUMNS, filter=(pc.field("day") >= "11") & (pc.field("day") <= "20"))
    grouped = rows.group_by(name).aggregate([(cost, "sum"), (account, "count_distinct")]).sort_by(name)
    return list(zip(*(grouped[column].to_pylist() for column in (name, f"{cost}_sum", f"{account}_count_distinct"))))


def read_duckdb(endpoint, table):
    name, cost, account = COLUMNS
    return duckdb_connection(endpoint).sql(
        f"""SELECT {name}, sum({cost}), count(DISTINCT {account})
            FROM read_parquet('s3://{BUCKET}/{table}**/*.parquet', hive_partitioning = true, hive_types_autocast = false)
            WHERE day BETWEEN '11' AND '20' GROUP BY 1 ORDER BY 1""").fetchall()


# ---- how the tools reach the server ----------------------------------------------------------------------------------

def boto3_client(endpoint):
    import boto3
    from botocore.config import Config
    return boto3.client("s3", endpoint_url=endpoint, region_name=REGION, config=Config(max_pool_connections=16, s3={"addressing_style": "path"}))


def pyarrow_fs(endpoint):
    from pyarrow import fs
    return fs.S3FileSystem(access_key=key()[0], secret_key=key()[1], endpoint_override=endpoint.removeprefix("http://"), scheme="http", region=REGION)


def polars_options(endpoint):
    return {"aws_access_key_id": key()[0], "aws_secret_access_key": key()[1], "aws_endpoint_url": endpoint, "aws_region": REGION,
            "aws_allow_http": "true"}


def duckdb_connection(endpoint):
    import duckdb
    connection = duckdb.connect()
    connection.sql("LOAD httpfs")
    connection.sql(f"""CREATE SECRET (TYPE s3, KEY_ID '{key()[0]}', SECRET '{key()[1]}', ENDPOINT '{endpoint.removeprefix("http://")}',
                       URL_STYLE 'path', USE_SSL false, REGION '{REGION}')""")
    return connection


def main():
    job, tool, *arguments = sys.argv[1:]
    result = globals()[f"{job}_{tool}"](*arguments)
    if isinstance(result, list):
        for name, cost, accounts in result:
            print(f'"{name}",{cost},{accounts}')
    elif result is not None:
        print(result)


if __name__ == "__main__":
    main()
