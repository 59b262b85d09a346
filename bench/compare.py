#!/usr/bin/env python3
"""Time whole processes side by side: glaux, polars, pyarrow, duckdb. Every tool takes its turn in every round.

(a) load    64 gzip CSV files x 93 columns -> Parquet partitioned by day (for glaux also: registered in a catalog, committed)
(b) query   three columns and ten of the days out of what the tool itself wrote
(c) large   one CSV file of many times the memory budget: does the peak stay where it is? (glaux only; --large GIB)

Prints medians, the ratio to polars pair by pair, CPU seconds and peak resident memory of the process.
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
PARTITION = "day(lineItem/UsageStartDate)"


def measure(command):
    """Wall and CPU seconds and peak bytes of one process, and what it printed."""
    with open(os.devnull, "w") as nothing:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=nothing)
        out = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": usage.ru_maxrss * 1024, "out": out.decode().strip()}


class Bench:
    def __init__(self, glaux, data):
        self.glaux, self.data = str(pathlib.Path(glaux).resolve()), pathlib.Path(data).resolve()
        self.work = self.data / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)

    def load(self, tool):
        target = self.work / tool
        shutil.rmtree(target, ignore_errors=True)
        if tool == "glaux":
            return measure([self.glaux, "--quiet", "--lake", str(target), "load", str(self.data / "cur"), "billing.cur",
                            "--partition-by", PARTITION])
        return measure([sys.executable, str(HERE / "peers.py"), "load", tool, str(self.data / "cur"), str(target)])

    def query(self, tool):
        target = self.work / tool
        if tool == "glaux":
            return measure([self.glaux, "--lake", str(target), "query", "--format", "csv",
                            "SELECT product_productname, sum(lineitem_unblendedcost), count(DISTINCT lineitem_usageaccountid) "
                            "FROM billing.cur WHERE day BETWEEN '11' AND '20' GROUP BY 1 ORDER BY 1"])
        return measure([sys.executable, str(HERE / "peers.py"), "query", tool, str(target)])

    def files(self, tool):
        return sum(1 for _ in (self.work / tool).rglob("*.parquet"))

    def large(self, gib):
        path = self.data / "large.csv"
        if not path.exists() or path.stat().st_size < gib << 30:
            parts = [gzip.decompress(p.read_bytes()).split(b"\n", 1) for p in sorted((self.data / "cur").glob("*.gz"))]
            with open(path, "wb") as out:
                out.write(parts[0][0] + b"\n")
                while out.tell() < gib << 30:
                    for _, body in parts:
                        out.write(body)
        target = self.work / "large"
        shutil.rmtree(target, ignore_errors=True)
        run = measure([self.glaux, "--quiet", "--lake", str(target), "load", str(path), "billing.large", "--partition-by", PARTITION])
        shutil.rmtree(target)
        size = path.stat().st_size
        print(f"\n(c) one CSV file of {size / 2**30:.1f} GiB: {run['wall']:.1f} s, {size / run['wall'] / 1e6:.0f} MB/s, "
              f"{run['cpu']:.1f} CPU s, peak {run['peak'] / 2**20:.0f} MiB")
        return {"bytes": size, "wall": run["wall"], "cpu": run["cpu"], "peak_mib": run["peak"] / 2**20}


def print_table(name, results):
    print(f"\n{name}\n{'':10}{'wall s':>9}{'min-max':>14}{'cpu s':>8}{'peak MiB':>10}{'to polars':>11}")
    rows = {}
    for tool, runs in results.items():
        ratios = [run["wall"] / peer["wall"] for run, peer in zip(runs, results.get("polars", runs))]
        row = {"wall": statistics.median(run["wall"] for run in runs), "cpu": statistics.median(run["cpu"] for run in runs),
               "peak_mib": statistics.median(run["peak"] for run in runs) / 2**20, "to_polars": statistics.median(ratios)}
        spread = f"{min(run['wall'] for run in runs):.2f}-{max(run['wall'] for run in runs):.2f}"
        print(f"{tool:10}{row['wall']:9.2f}{spread:>14}{row['cpu']:8.2f}{row['peak_mib']:10.0f}{row['to_polars']:11.2f}")
        rows[tool] = row
    return rows


def normalized(csv_text):
    """Rows of the query's answer, so that the tools can be compared: product, cost to 4 digits, accounts."""
    rows = [line.rsplit(",", 2) for line in csv_text.splitlines()[1:]]
    return tuple((name.strip('"'), f"{float(cost):.4f}", int(accounts)) for name, cost, accounts in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glaux", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tools", default="glaux,polars,pyarrow,duckdb")
    parser.add_argument("--large", type=int, default=0, metavar="GIB", help="also load one CSV file of this size")
    args = parser.parse_args()
    tools = args.tools.split(",")
    bench = Bench(args.glaux, args.data)

    load, query = {tool: [] for tool in tools}, {tool: [] for tool in tools}
    for round_number in range(args.rounds + 1):  # the first round warms the page cache and is not counted
        for tool in tools:
            run = bench.load(tool)
            if round_number > 0:
                load[tool].append(run)
    for round_number in range(args.rounds + 1):
        answers = {}
        for tool in tools:
            run = bench.query(tool)
            answers.setdefault(normalized(run["out"]), []).append(tool)
            if round_number > 0:
                query[tool].append(run)
        if len(answers) != 1:
            raise SystemExit(f"the tools disagree: {list(answers.values())}\n{answers}")
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; medians of {args.rounds} rounds, every tool in turn")
    report = {"load": print_table("(a) 64 csv.gz files x 93 columns -> Parquet by day", load)}
    print("files written: " + ", ".join(f"{tool} {bench.files(tool)}" for tool in tools))
    report["query"] = print_table("(b) three columns, ten of the days", query)
    if args.large:
        report["large"] = bench.large(args.large)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "latest.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
