#!/usr/bin/env python3
"""What the peers do, written as their own documentation advises, one process a job so that start and memory are theirs.

    peers.py load polars|pyarrow|duckdb EXPORTS OUT
    peers.py query polars|pyarrow|duckdb OUT

Account numbers have leading zeros and stay text; the start of usage is a timestamp and gives year, month and day.
"""
import pathlib
import sys

START, NAME, COST, ACCOUNT = "lineItem/UsageStartDate", "product/ProductName", "lineItem/UnblendedCost", "lineItem/UsageAccountId"
TEXT = [ACCOUNT, "bill/PayerAccountId"]
KEYS = {"year": "%Y", "month": "%m", "day": "%d"}


def load_polars(exports, out):
    import polars as pl
    frame = pl.scan_csv(sorted(exports.glob("*.csv.gz")), schema_overrides={name: pl.String for name in TEXT}, infer_schema_length=10_000)
    start = pl.col(START).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")
    frame = frame.with_columns(start).with_columns(**{key: pl.col(START).dt.strftime(form) for key, form in KEYS.items()})
    frame.sink_parquet(pl.PartitionBy(out, key=list(KEYS), include_key=False), compression="snappy", mkdir=True)


def load_pyarrow(exports, out):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv as csv
    import pyarrow.dataset as ds
    from concurrent.futures import ThreadPoolExecutor

    def read(path):
        table = csv.read_csv(path, read_options=csv.ReadOptions(use_threads=False, block_size=4 << 20),
                             convert_options=csv.ConvertOptions(column_types={name: pa.string() for name in TEXT},
                                                                strings_can_be_null=True, null_values=[""]))
        for key, form in KEYS.items():
            table = table.append_column(key, pc.strftime(table[START], format=form))
        return table

    with ThreadPoolExecutor(2) as pool:
        table = pa.concat_tables(pool.map(read, sorted(exports.glob("*.csv.gz"))), promote_options="permissive")
    keys = ds.partitioning(pa.schema([(key, pa.string()) for key in KEYS]), flavor="hive")
    ds.write_dataset(table, out, format="parquet", partitioning=keys,
                     file_options=ds.ParquetFileFormat().make_write_options(compression="snappy"))


def load_duckdb(exports, out):
    import duckdb
    types = ", ".join(f"'{name}': 'VARCHAR'" for name in TEXT)
    keys = ", ".join(f"""strftime("{START}", '{form}') AS {key}""" for key, form in KEYS.items())
    out.mkdir(parents=True)
    duckdb.sql(f"""COPY (SELECT *, {keys} FROM read_csv('{exports}/*.csv.gz', types = {{{types}}}))
                   TO '{out}' (FORMAT parquet, COMPRESSION snappy, PARTITION_BY ({", ".join(KEYS)}), OVERWRITE_OR_IGNORE)""")


def query_polars(out):
    import polars as pl
    frame = pl.scan_parquet(out / "**/*.parquet", hive_partitioning=True, hive_schema={key: pl.String for key in KEYS})
    frame = frame.filter(pl.col("day").is_between(pl.lit("11"), pl.lit("20"))).group_by(NAME).agg(
        pl.col(COST).sum().alias("cost"), pl.col(ACCOUNT).n_unique().alias("accounts")).sort(NAME)
    return frame.collect().rows()


def query_pyarrow(out):
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.dataset as ds
    keys = ds.partitioning(pa.schema([(key, pa.string()) for key in KEYS]), flavor="hive")
    table = ds.dataset(out, format="parquet", partitioning=keys).to_table(
        columns=[NAME, COST, ACCOUNT], filter=(pc.field("day") >= "11") & (pc.field("day") <= "20"))
    grouped = table.group_by(NAME).aggregate([(COST, "sum"), (ACCOUNT, "count_distinct")]).sort_by(NAME)
    return list(zip(*(grouped[column].to_pylist() for column in (NAME, f"{COST}_sum", f"{ACCOUNT}_count_distinct"))))


def query_duckdb(out):
    import duckdb
    return duckdb.sql(f"""SELECT "{NAME}", sum("{COST}"), count(DISTINCT "{ACCOUNT}")
                          FROM read_parquet('{out}/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)
                          WHERE day BETWEEN '11' AND '20' GROUP BY 1 ORDER BY 1""").fetchall()


def main():
    job, tool, *paths = sys.argv[1:]
    result = globals()[f"{job}_{tool}"](*(pathlib.Path(path) for path in paths))
    if job == "query":
        print("product,cost,accounts")
        for name, cost, accounts in result:
            print(f"{name},{cost},{accounts}")


if __name__ == "__main__":
    main()
