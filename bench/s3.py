#!/usr/bin/env python3
"""Time glaux beside s5cmd, rclone, the AWS CLI, boto3, pyarrow, polars and duckdb against an outside S3 server.

list        all keys below a prefix (100,000 in 50 folders)
get_small   20,000 objects of 4 KiB to files            put_small   the other way
get_large   one object of 2 GiB to a file               put_large   the other way
load        64 csv.gz files on S3 -> a partitioned table on S3
read        three columns and ten of the days out of that table
mirror      s5cmd against the server, and against `glaux serve` (put_small, get_small, put_large, get_large)

    s3.py --glaux build/glaux --data DIR [--jobs list,read] [--rounds 3] [--scale 0.1] [--delays 0,20] [--server versitygw|minio]

Every tool takes its turn in every round, each job is a process of its own. With a delay, answers come through
delay_proxy.py; the requests that it counted are printed (a run without delay goes straight to the server).
"""
import argparse
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from compare import measure, normalized  # noqa: E402
from s3_peers import BUCKET, GLAUX_SQL, REGION  # noqa: E402

START_S3 = HERE.parent.parent / "shared" / "peers" / "start-s3"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIAGLAUXTEST0000000", "AWS_SECRET_ACCESS_KEY": "glauxtestsecretglauxtestsecret0000000000"}
TOOLS = {
    "list": ["glaux", "s5cmd", "rclone", "aws", "boto3", "pyarrow", "duckdb"],
    "get_small": ["glaux", "s5cmd", "rclone", "aws", "boto3"],
    "put_small": ["glaux", "s5cmd", "rclone", "aws", "boto3"],
    "get_large": ["glaux", "s5cmd", "rclone", "aws"],
    "put_large": ["glaux", "s5cmd", "rclone", "aws"],
    "load": ["glaux", "polars"],
    "read": ["glaux", "polars", "pyarrow", "duckdb"],
    "mirror": [],
}
PARTITION = "day(lineItem/UsageStartDate)"


class Proxy:
    """delay_proxy.py, running."""

    def __init__(self, to, delay):
        self.process = subprocess.Popen([sys.executable, str(HERE / "delay_proxy.py"), "--to", to, "--delay", str(delay)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def requests(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Bench:
    def __init__(self, args):
        self.glaux, self.data = str(pathlib.Path(args.glaux).resolve()), pathlib.Path(args.data).resolve()
        self.tools_folder = pathlib.Path(os.environ.get("GLAUX_TOOLS", pathlib.Path.home() / ".cache/glaux-tools")) / "bin"
        self.scale = args.scale
        self.work = self.data / "work"
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        os.environ.update(KEYS, AWS_REGION=REGION, AWS_DEFAULT_REGION=REGION, AWS_EC2_METADATA_DISABLED="true")
        self.large = max(16, int(2048 * self.scale)) << 20
        self.counts = {"list": max(3000, int(100_000 * self.scale)), "small": max(200, int(20_000 * self.scale))}

    # ---- data ------------------------------------------------------------------------------------------------------

    def make_data(self, endpoint, jobs):
        """What the jobs read, as files and then in the bucket; both are made once for a scale and server."""
        self.endpoint(endpoint)
        self.s5("mb", f"s3://{BUCKET}", check=False)
        if {"get_small", "put_small", "mirror"} & set(jobs):
            self.make_small(self.data / "small", self.counts["small"], 4096)
            self.upload("small/")
        if {"get_large", "put_large", "mirror"} & set(jobs):
            path = self.data / "large" / "large.bin"
            if not path.exists() or path.stat().st_size != self.large:
                path.parent.mkdir(exist_ok=True)
                block = os.urandom(1 << 20)
                with open(path, "wb") as out:
                    for _ in range(self.large >> 20):
                        out.write(block)
            self.upload("large/")
        if "list" in jobs:
            self.make_small(self.data / "list", self.counts["list"], 16, folders=50)
            self.upload("list/")
        if {"load", "read"} & set(jobs):
            rows = max(3200, int(300_000 * self.scale))
            if not (self.data / f"cur-{rows}").exists():
                shutil.rmtree(self.data / "cur", ignore_errors=True)
                subprocess.run([sys.executable, str(HERE.parent / "examples/make_billing_data.py"), str(self.data / "cur"), "--files", "64",
                                "--rows", str(rows)], check=True, stdout=subprocess.DEVNULL)
                (self.data / f"cur-{rows}").touch()
            self.upload("cur/")
        if "read" in jobs:
            self.job("load", "glaux", endpoint)

    def make_small(self, folder, count, size, folders=1):
        stamp = self.data / f"{folder.name}-{count}"
        if stamp.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        for i in range(count):
            at = folder / f"day={i * folders // count:03d}" if folders > 1 else folder
            at.mkdir(parents=True, exist_ok=True)
            (at / f"part-{i:06d}.bin").write_bytes(f"{i:08d}".encode() * (size // 8))
        stamp.touch()

    def upload(self, prefix):
        self.s5("cp", f"{self.data / prefix}/*".replace("//*", "/*"), f"s3://{BUCKET}/{prefix}")

    def s5(self, *arguments, check=True):
        subprocess.run([str(self.tools_folder / "s5cmd"), *arguments], check=check, stdout=subprocess.DEVNULL,
                       stderr=None if check else subprocess.DEVNULL)

    # ---- jobs ------------------------------------------------------------------------------------------------------

    def endpoint(self, url):
        os.environ.update(S3_ENDPOINT_URL=url, AWS_ENDPOINT_URL=url, RCLONE_CONFIG_B_TYPE="s3", RCLONE_CONFIG_B_PROVIDER="Other",
                          RCLONE_CONFIG_B_ENDPOINT=url, RCLONE_CONFIG_B_REGION=REGION, RCLONE_CONFIG_B_FORCE_PATH_STYLE="true",
                          RCLONE_CONFIG_B_ACCESS_KEY_ID=KEYS["AWS_ACCESS_KEY_ID"],
                          RCLONE_CONFIG_B_SECRET_ACCESS_KEY=KEYS["AWS_SECRET_ACCESS_KEY"], RCLONE_CONFIG="")

    def job(self, job, tool, endpoint):
        """Run one tool's turn; \\return what measure() does, with the answer in `out`."""
        self.endpoint(endpoint)
        to, s3 = self.work / tool, f"s3://{BUCKET}"
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        if job == "load":
            self.s5("rm", f"{s3}/lake-{tool}/*", check=False)
            shutil.rmtree(self.work / f"lake-{tool}", ignore_errors=True)
        if tool == "glaux":
            command = self.glaux_command(job, endpoint, to, s3)
        elif tool in ("s5cmd", "rclone", "aws"):
            command = self.client_command(job, tool, endpoint, to, s3)
        else:
            arguments = {"list": ["list/"], "get_small": ["small/", str(to)], "put_small": [str(self.data / "small"), "put/"],
                         "load": ["cur/", f"lake-{tool}/"], "read": ["lake-glaux/billing/cur/"]}[job]
            command = [sys.executable, str(HERE / "s3_peers.py"), job, tool, endpoint, *arguments]
        run = measure(command)
        run["out"] = self.answer(job, tool, run["out"], to)
        return run

    def glaux_command(self, job, endpoint, to, s3):
        lake = self.work / "lake-glaux"
        lake.mkdir(exist_ok=True)
        (lake / "glaux.yaml").write_text(f"lake: {{ store: '{s3}/lake-glaux', aws: {{ region: {REGION}, endpoint_url: '{endpoint}' }} }}\n")
        glaux = [self.glaux, "--quiet", "--lake", str(lake / "glaux.yaml")]
        return glaux + {
            "list": ["ls", "-r", f"{s3}/list/"],
            "get_small": ["cp", "-r", f"{s3}/small/", f"{to}/"],
            "put_small": ["cp", "-r", f"{self.data}/small", f"{s3}/put/"],
            "get_large": ["cp", f"{s3}/large/large.bin", f"{to}/"],
            "put_large": ["cp", f"{self.data}/large/large.bin", f"{s3}/put/"],
            "load": ["load", f"{s3}/cur/", "billing.cur", "--partition-by", PARTITION],
            "read": ["query", "--format", "csv", GLAUX_SQL],
        }[job]

    def client_command(self, job, tool, endpoint, to, s3):
        small, large = f"{self.data}/small/", f"{self.data}/large/large.bin"
        s5 = [str(self.tools_folder / "s5cmd"), "--log", "error"]
        rclone = [str(self.tools_folder / "rclone"), "--s3-no-check-bucket", "--checkers", "32", "--transfers", "32"]
        parts = ["--multi-thread-streams", "16", "--s3-upload-concurrency", "16"]
        aws = [shutil.which("aws", path=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}") or "aws", "s3", "--only-show-errors"]
        if job == "list":
            return {"s5cmd": [s5[0], "ls", f"{s3}/list/*"], "rclone": rclone + ["lsf", "-R", "--files-only", "--fast-list", f"b:{BUCKET}/list"],
                    "aws": [*aws[:2], "ls", "--recursive", f"{s3}/list/"]}[tool]
        return {
            "get_small": {"s5cmd": s5 + ["cp", f"{s3}/small/*", f"{to}/"], "rclone": rclone + ["copy", f"b:{BUCKET}/small", str(to)],
                          "aws": aws[:2] + ["cp", "--only-show-errors", "--recursive", f"{s3}/small/", str(to)]},
            "put_small": {"s5cmd": s5 + ["cp", f"{small}*", f"{s3}/put/"],
                          "rclone": rclone + ["copy", "--no-check-dest", small, f"b:{BUCKET}/put"],
                          "aws": aws[:2] + ["cp", "--only-show-errors", "--recursive", small, f"{s3}/put/"]},
            "get_large": {"s5cmd": s5 + ["cp", "--concurrency", "16", f"{s3}/large/large.bin", f"{to}/"],
                          "rclone": rclone + parts + ["copy", f"b:{BUCKET}/large/large.bin", str(to)],
                          "aws": aws[:2] + ["cp", "--only-show-errors", f"{s3}/large/large.bin", f"{to}/"]},
            "put_large": {"s5cmd": s5 + ["cp", "--concurrency", "16", large, f"{s3}/put/"],
                          "rclone": rclone + parts + ["copy", "--no-check-dest", large, f"b:{BUCKET}/put"],
                          "aws": aws[:2] + ["cp", "--only-show-errors", large, f"{s3}/put/"]},
        }[job][tool]

    def answer(self, job, tool, out, to):
        """What all tools must agree on."""
        if job == "list":
            return int(out) if tool in ("boto3", "pyarrow", "duckdb") else len(out.splitlines())
        if job.startswith("get"):
            files = [path for path in to.rglob("*") if path.is_file()]
            return (len(files), sum(path.stat().st_size for path in files))
        if job == "read":
            return normalized(out if tool == "glaux" else "head\n" + out)
        return None

    def run(self, job, tools, endpoint, proxy, rounds):
        """\\return the runs of each tool, in turn; the first round warms up and is not counted."""
        runs = {tool: [] for tool in tools}
        for round_number in range(rounds + 1):
            answers = {}
            for tool in tools:
                if proxy:
                    proxy.requests()
                run = self.job(job, tool, endpoint)
                run["requests"] = proxy.requests() if proxy else {}
                answers.setdefault(run["out"], []).append(tool)
                if round_number:
                    runs[tool].append(run)
            if len(answers) != 1:
                raise SystemExit(f"{job}: the tools disagree: {[(str(answer)[:80], who) for answer, who in answers.items()]}")
        return runs

    def usable(self, tool, job):
        """The words why a tool cannot take part; empty if it can."""
        if tool in ("s5cmd", "rclone") and not (self.tools_folder / tool).exists():
            return "not installed: tests/end_to_end/get_tools.sh"
        try:
            if tool == "duckdb":
                import duckdb
                duckdb.connect().sql("LOAD httpfs")
            elif tool in ("boto3", "pyarrow", "polars"):
                __import__(tool)
            elif tool == "aws" and not shutil.which("aws", path=f"{pathlib.Path(sys.executable).parent}:{os.environ['PATH']}"):
                return "not installed"
        except Exception as error:
            return str(error).splitlines()[0]
        return ""

    # ---- the mirror ----------------------------------------------------------------------------------------------------

    def mirror(self, server, rounds):
        """One client, s5cmd, against the outside server and against glaux serve."""
        home = self.work / "mirror"
        home.mkdir(exist_ok=True)
        serve = subprocess.Popen([self.glaux, "--lake", str(home / "lake"), "serve", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE,
                                 stderr=open(home / "log", "w"), text=True, env=os.environ | {"GLAUX_SERVE_KEYS": ":".join(KEYS.values())})
        url = next(word for line in serve.stdout for word in line.split() if word.startswith("http"))
        try:
            servers = {"glaux serve": url, "outside": server}
            self.endpoint(url)
            self.s5("mb", f"s3://{BUCKET}", check=False)
            results = {}
            for job in ("put_small", "get_small", "put_large", "get_large"):
                runs = {name: [] for name in servers}
                for round_number in range(rounds + 1):
                    for name, at in servers.items():
                        self.endpoint(at)
                        if job.startswith("get") and round_number == 0:
                            self.upload("small/" if job == "get_small" else "large/")
                        run = self.job(job, "s5cmd", at)
                        run["requests"] = {}
                        if round_number:
                            runs[name].append(run)
                results[job] = print_table(f"mirror, {job}: s5cmd against", runs, first="outside")
            return results
        finally:
            serve.terminate()
            serve.wait()


def print_table(title, runs, first="glaux"):
    """\\return the rows; ratios are of the first one to the best other, pair by pair of a round."""
    print(f"\n{title}\n{'':12}{'wall s':>9}{'min-max':>14}{'cpu s':>8}{'peak MiB':>10}{'x ' + first:>10}  requests")
    rows = {}
    for tool, measured in runs.items():
        walls = [run["wall"] for run in measured]
        ratio = statistics.median(run["wall"] / base["wall"] for run, base in zip(measured, runs.get(first, measured)))
        requests = measured[-1]["requests"]
        rows[tool] = {"wall": statistics.median(walls), "cpu": statistics.median(run["cpu"] for run in measured),
                      "peak_mib": statistics.median(run["peak"] for run in measured) / 2**20, f"to_{first}": ratio, "requests": requests}
        told = " ".join(f"{name} {count}" for name, count in sorted(requests.items()))
        print(f"{tool:12}{rows[tool]['wall']:9.2f}{f'{min(walls):.2f}-{max(walls):.2f}':>14}{rows[tool]['cpu']:8.2f}"
              f"{rows[tool]['peak_mib']:10.0f}{ratio:10.2f}  {told}")
    others = [row["wall"] for tool, row in rows.items() if tool != first]
    if first in rows and others:
        print(f"{first} to the best of the others: {rows[first]['wall'] / min(others):.2f}", flush=True)
    return rows


def start_server(data, kind):
    if not START_S3.exists():
        print(f"s3: skipped, there is no outside S3 server here ({os.path.relpath(START_S3)})")
        raise SystemExit(0)
    out = subprocess.run([str(START_S3), "--data", str(data / f"server-{kind}"), "--server", kind], check=True, stdout=subprocess.PIPE, text=True,
                         env=os.environ | {"GLAUX_PEER_KEY": KEYS["AWS_ACCESS_KEY_ID"], "GLAUX_PEER_SECRET": KEYS["AWS_SECRET_ACCESS_KEY"]})
    found = dict(line.split("=", 1) for line in out.stdout.split())
    return int(found["pid"]), found["url"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glaux", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default=",".join(TOOLS))
    parser.add_argument("--tools", default="", help="only these (and glaux)")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--delays", default="0,20", help="milliseconds that are added to every answer")
    parser.add_argument("--server", default="versitygw", choices=["versitygw", "minio"])
    args = parser.parse_args()
    jobs = args.jobs.split(",")
    if unknown := [job for job in jobs if job not in TOOLS]:
        parser.error(f"there is no job {unknown[0]}; there are {', '.join(TOOLS)}")
    bench = Bench(args)
    pid, url = start_server(bench.data, args.server)
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; {args.server}; medians of {args.rounds} rounds, every tool in turn; "
          f"scale {args.scale:g}")
    report = {}
    try:
        bench.make_data(url, jobs)
        for job in jobs:
            if job == "mirror":
                report["mirror"] = bench.mirror(url, args.rounds)
                continue
            tools = [tool for tool in TOOLS[job] if not args.tools or tool == "glaux" or tool in args.tools.split(",")]
            for tool in list(tools):
                if why := bench.usable(tool, job):
                    print(f"{job}: without {tool}: {why}")
                    tools.remove(tool)
            for delay in map(float, args.delays.split(",")):
                proxy = Proxy(url, delay) if delay else None
                try:
                    runs = bench.run(job, tools, proxy.url if proxy else url, proxy, args.rounds)
                finally:
                    if proxy:
                        proxy.stop()
                report[f"{job}-{delay:g}ms"] = print_table(f"{job}, {delay:g} ms added", runs)
    finally:
        os.kill(pid, 15)
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "s3.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
