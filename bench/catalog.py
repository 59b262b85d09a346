#!/usr/bin/env python3
"""Time glaux beside awswrangler and pyarrow on tables of many partitions, over `glaux serve --wire s3,glue`.

write      one write of 100,000 rows into 1,000 partitions of a new table
register   10,000 partitions that are there, in the catalog
prune      a query that ten of the 10,000 partitions answer

    catalog.py --glaux build/glaux [--jobs write,prune] [--rounds 3] [--partitions 10000] [--delays 0,20]

Every tool takes its turn in every round, each job is a process of its own; awswrangler's time is also given without its
imports. Requests are counted by delay_proxy.py: GET, PUT, LIST … are of S3, POST is of Glue and of uploads in parts.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from compare import measure  # noqa: E402
from s3 import Proxy  # noqa: E402

KEYS = {"AWS_ACCESS_KEY_ID": "GLAUXBENCHKEY", "AWS_SECRET_ACCESS_KEY": "glauxbenchsecret", "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1", "AWS_EC2_METADATA_DISABLED": "true"}
TOOLS = {"write": ["glaux", "awswrangler", "pyarrow"], "register": ["glaux", "awswrangler"], "prune": ["glaux", "awswrangler"]}
WRITTEN = 1000


class Bench:
    def __init__(self, args):
        self.glaux, self.count, self.peers = str(pathlib.Path(args.glaux).resolve()), args.partitions, args.peers
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="glaux-bench-"))
        os.environ.update(KEYS, AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        self.server = subprocess.Popen([self.glaux, "serve", "--lake", str(self.work / "served"), "--wire", "s3,glue", "--listen",
                                        "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                       env=os.environ | {"GLAUX_SERVE_KEYS": f"{KEYS['AWS_ACCESS_KEY_ID']}:{KEYS['AWS_SECRET_ACCESS_KEY']}"})
        self.url = next(line.split()[1] for line in self.server.stdout if line.startswith("ready: "))
        self.made = 0
        rows = "\n".join(f"{i},{i * 7 % 1000}.25,{i % 100 / 8},p{i % WRITTEN:04}" for i in range(100 * WRITTEN))
        (self.work / "rows.csv").write_text("id,amount,share,part\n" + rows + "\n")

    def close(self):
        self.server.kill()
        self.server.wait()
        shutil.rmtree(self.work, ignore_errors=True)

    def lake(self, endpoint):
        path = self.work / f"{endpoint.rsplit(':', 1)[1]}.yaml"
        path.write_text(f"lake: {{ store: 's3://lake/glaux', catalog: glue, database: bench, glue: {{ endpoint_url: '{endpoint}' }}, "
                        f"aws: {{ region: eu-central-1, endpoint_url: '{endpoint}' }} }}\n")
        return [self.glaux, "--quiet", "--lake", str(path)]

    def run_glaux(self, *arguments):
        return subprocess.run([*self.lake(self.url), *arguments], check=True, capture_output=True, text=True).stdout

    def fresh(self):
        self.made += 1
        return f"t{self.made}"

    def empty_table(self):
        """A table without partitions, in the catalog."""
        name = self.fresh()
        self.run_glaux("query", "CREATE DATABASE IF NOT EXISTS bench")
        self.run_glaux("query", f"CREATE EXTERNAL TABLE {name} (id bigint, amount double, share double) PARTITIONED BY (part string) "
                                f"STORED AS PARQUET LOCATION 's3://lake/theirs/{name}/'")
        return name

    def add_partitions(self, name):
        values = "\n".join(f"PARTITION (part = 'p{i:05}')" for i in range(self.count))
        path = self.work / "add.sql"
        path.write_text(f"ALTER TABLE {name} ADD {values}")
        return path

    def pruned_table(self):
        """10,000 partitions, and files in the first ten."""
        name = self.empty_table()
        self.run_glaux("query", "-f", str(self.add_partitions(name)))
        (self.work / "ten.csv").write_text("id,amount,share,part\n" + "".join(f"{i},1.5,0.5,p{i:05}\n" for i in range(10)))
        self.run_glaux("load", str(self.work / "ten.csv"), name)
        return name

    def job(self, job, tool, endpoint, table):
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        if tool == "glaux":
            command = self.lake(endpoint) + {
                "write": lambda: ["load", str(self.work / "rows.csv"), table, "--partition-by", "part"],
                "register": lambda: ["query", "-f", str(self.add_partitions(table))],
                "prune": lambda: ["query", "--format", "csv", f"SELECT sum(id) FROM {table} WHERE part < 'p00010'"],
            }[job]()
        else:
            command = [self.peers, str(HERE / "catalog_peers.py"), job, tool, str(self.work / "rows.csv"), table, str(self.count)]
        return measure(command)

    def check(self, job, table, run, tool):
        """What was done, as the catalog and a query tell."""
        if job == "prune":
            assert run["out"].split()[-1] == "45", (tool, run["out"])
            return
        if tool == "pyarrow":
            return
        listed = self.run_glaux("partitions", table, "--format", "csv")
        assert len(listed.splitlines()) - 1 == (WRITTEN if job == "write" else self.count), (tool, len(listed.splitlines()))
        if job == "write":
            assert self.run_glaux("query", "--format", "csv", f"SELECT count(*) FROM {table}").split()[-1] == str(100 * WRITTEN), tool


def report(title, tools, runs):
    print(f"\n{title}\n{'':12}{'wall s':>9}{'min-max':>14}{'cpu s':>8}{'imports s':>11}  requests")
    for tool in tools:
        walls = [run["wall"] for run in runs[tool]]
        one = runs[tool][-1]
        imports = f"{one['imports']:.2f}" if "imports" in one else ""
        print(f"{tool:12}{statistics.median(walls):9.2f}{f'{min(walls):.2f}-{max(walls):.2f}':>14}"
              f"{statistics.median(run['cpu'] for run in runs[tool]):8.2f}{imports:>11}  "
              + ", ".join(f"{count} {name}" for name, count in sorted(one["requests"].items())), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glaux", required=True)
    parser.add_argument("--jobs", default="write,register,prune")
    parser.add_argument("--tools", default="glaux,awswrangler,pyarrow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--partitions", type=int, default=10_000)
    parser.add_argument("--delays", default="0,20", help="milliseconds")
    parser.add_argument("--peers", default=sys.executable, help="a Python that has awswrangler and pyarrow")
    args = parser.parse_args()
    wanted = args.tools.split(",")
    if args.peers == sys.executable and importlib.util.find_spec("awswrangler") is None:
        wanted = [tool for tool in wanted if tool != "awswrangler"]
        print("without awswrangler, which is not installed here (scripts/requirements-peers.txt)")
    bench = Bench(args)
    try:
        print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; medians of {args.rounds} rounds, every tool in turn")
        for job in args.jobs.split(","):
            tools = [tool for tool in TOOLS[job] if tool in wanted]
            pruned = bench.pruned_table() if job == "prune" else None
            for delay in map(float, args.delays.split(",")):
                proxy, runs = Proxy(bench.url, delay), {tool: [] for tool in tools}
                for _ in range(args.rounds):
                    for tool in tools:
                        table = pruned or (bench.empty_table() if job == "register" else bench.fresh())
                        proxy.requests()
                        run = bench.job(job, tool, proxy.url, table)
                        run["requests"] = proxy.requests()
                        if tool != "glaux":
                            run["imports"], run["out"] = json.loads(run["out"].splitlines()[-1])
                        bench.check(job, table, run, tool)
                        runs[tool].append(run)
                proxy.stop()
                report(f"{job}, {delay:g} ms", tools, runs)
    finally:
        bench.close()


if __name__ == "__main__":
    main()
