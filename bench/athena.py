#!/usr/bin/env python3
"""Time glaux as a client of Athena beside PyAthena's cursors and awswrangler, against `glaux serve --wire s3,glue,athena`.

fetch       a result of 300,000 rows x 20 columns, from the query's end to rows in memory
program     the same as whole programs, from the start of the process (SELECT and all)
queries     64 small queries at once, of one process

    athena.py --glaux build/glaux [--fetch build/athena_fetch] [--python PEERS_PYTHON] [--rows 300000] [--rounds 5]

Every tool takes its turn in every round, the best of three tries in a warm process counts; the floor is parsing the object
with pyarrow from memory. PEERS_PYTHON has what scripts/requirements-peers.txt names, and polars. --fetch is built with
`cmake --build build --target athena_fetch` where GLAUX_BENCHMARKS is on.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
COLUMNS = ", ".join(
    ["i as id"] + [f"i * {n} as n{n}" for n in range(1, 5)] + [f"i / {n}.7e0 as x{n}" for n in range(1, 5)]
    + [f"'text number ' || cast(i % {n}000 as varchar) as t{n}" for n in range(1, 6)]
    + ["i % 3 = 0 as b", "date '2025-01-01' + cast(i % 300 as integer) as d",
       "timestamp '2025-01-01 00:00:00' + to_seconds(i) as ts", "cast(i % 10000 as decimal(18,2)) / 100 as m",
       "case when i % 7 = 0 then null else 'x' end as s", "cast(i % 100 as integer) as k"])

PEER = r"""
import json, os, sys, time
tool, id, sql, out = sys.argv[1:5]
began = time.perf_counter()
import boto3
endpoint = os.environ["AWS_ENDPOINT_URL"]
location = "s3://athena-results/"

def cursor_of(name):
    import pyathena
    if name == "polars":
        from pyathena.polars.cursor import PolarsCursor as Cursor
    elif name == "arrow":
        from pyathena.arrow.cursor import ArrowCursor as Cursor
    else:
        from pyathena.pandas.cursor import PandasCursor as Cursor
    return pyathena.connect(s3_staging_dir=location, schema_name="shop", poll_interval=0.05).cursor(Cursor)

def fetch(name, id):
    if name == "wrangler":
        import awswrangler as wr
        return len(wr.athena.get_query_results(id)) if id else len(
            wr.athena.read_sql_query(sql, database="shop", ctas_approach=False, s3_output=location))
    cursor = cursor_of(name)
    if id:
        cursor._execute = lambda *_, **__: id  # the query is done: no other one is started
    result = cursor.execute(sql)
    frame = result.as_arrow() if name == "arrow" else result.as_polars() if name == "polars" else result.as_pandas()
    return len(frame)

took = []
if id:
    fetch(tool, id)  # imports and connections
    for _ in range(3):
        begin = time.perf_counter()
        rows = fetch(tool, id)
        took.append(time.perf_counter() - begin)
else:
    rows = fetch(tool, None)
    took.append(time.perf_counter() - began)
json.dump({"rows": rows, "seconds": min(took)}, open(out, "w"))
"""

FLOOR = r"""
import io, json, sys, time
import pyarrow.csv as csv
data = open(sys.argv[1], "rb").read()
best = 1e9
for _ in range(3):
    begin = time.perf_counter()
    csv.read_csv(io.BytesIO(data), convert_options=csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False))
    best = min(best, time.perf_counter() - begin)
print(best)
"""


class Server:
    def __init__(self, glaux, folder):
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("AWS_", "GLAUX_", "ATHENA_"))} | KEYS
        self.lake = folder / "lake"
        environment = self.environment | {"GLAUX_SERVE_KEYS": "bench:secret", "GLAUX_LAKE": str(self.lake)}
        self.process = subprocess.Popen([glaux, "serve", "--wire", "s3,glue,athena", "--listen", "127.0.0.1:0"],
                                        env=environment, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if line.startswith("ready: "):
                self.url = line.split()[1]
                break
        self.environment |= {"AWS_ENDPOINT_URL": self.url, "GLAUX_LAKE": str(folder / "aws.yaml")}
        (folder / "aws.yaml").write_text(json.dumps({"lake": {
            "store": "s3://lake", "catalog": "glue", "engine": "athena", "database": "shop",
            "athena": {"output_location": "s3://athena-results/"}, "aws": {"endpoint_url": self.url}}}))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def run(command, environment):
    """Seconds of a whole program."""
    import time
    begin = time.perf_counter()
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[:3]} failed:\n{done.stderr}")
    return time.perf_counter() - begin, done


def show(title, times, reference):
    print(f"\n{title}")
    for name, values in sorted(times.items(), key=lambda one: statistics.median(one[1])):
        middle = statistics.median(values)
        beside = f"  {middle / statistics.median(times[reference]):.2f} of {reference}" if reference in times else ""
        print(f"  {name:24} {middle:8.3f} s{beside}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glaux", required=True)
    parser.add_argument("--fetch", help="the program of bench/athena_fetch.cc: the time in a process")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--peers", default="polars,pandas,wrangler", help="also arrow, which finds S3 at AWS only")
    arguments = parser.parse_args()
    glaux = str(pathlib.Path(arguments.glaux).resolve())
    peers = [name for name in arguments.peers.split(",") if name]
    with tempfile.TemporaryDirectory(prefix="glaux-bench-athena-") as name:
        folder = pathlib.Path(name)
        server = Server(glaux, folder)
        try:
            measure(arguments, glaux, peers, folder, server)
        finally:
            server.stop()


def measure(arguments, glaux, peers, folder, server):
    sql = f"select {COLUMNS} from range({arguments.rows}) t(i)"
    environment = server.environment
    run([glaux, "query", "create database if not exists shop"], environment)
    _, done = run([glaux, "query", sql, "-o", str(folder / "rows.parquet"), "--results", "csv", "--verbose"], environment)
    id = next(word for line in done.stderr.splitlines() if line.startswith("query ") for word in [line.split()[1].rstrip(":")])
    stored = server.lake / "store" / "athena-results" / f"{id}.csv"
    print(f"{arguments.rows:,} rows, {stored.stat().st_size / 1e6:.1f} MB of CSV")
    (folder / "peer.py").write_text(PEER)

    times = {}
    for _ in range(arguments.rounds):
        if arguments.fetch:
            _, done = run([arguments.fetch, "fetch", sql], environment)
            seconds, rows = done.stdout.split()
            assert int(rows) == arguments.rows, done.stdout
            times.setdefault("glaux", []).append(float(seconds))
        for peer in peers:
            run([arguments.python, str(folder / "peer.py"), peer, id, sql, str(folder / "said")], environment)
            said = json.loads((folder / "said").read_text())
            assert said["rows"] == arguments.rows, (peer, said)
            times.setdefault(peer, []).append(said["seconds"])
        _, done = run([arguments.python, "-c", FLOOR, str(stored)], environment)
        times.setdefault("floor (pyarrow, memory)", []).append(float(done.stdout))
    show("fetch, in a process", times, "polars")

    times = {}
    for _ in range(arguments.rounds):
        seconds, _ = run([glaux, "query", sql, "-o", str(folder / "rows.arrow")], environment)
        times.setdefault("glaux", []).append(seconds)
        for peer in peers:
            seconds, _ = run([arguments.python, str(folder / "peer.py"), peer, "", sql, str(folder / "said")], environment)
            times.setdefault(peer, []).append(seconds)
    show("the query as a program", times, "polars")

    if arguments.fetch:
        _, done = run([arguments.fetch, "queries", "64"], environment)
        print(f"\n64 queries at once\n  glaux                    {float(done.stdout):8.3f} s")


if __name__ == "__main__":
    main()
