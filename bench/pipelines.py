#!/usr/bin/env python3
"""Time `glaux sync` beside polars, pyarrow and duckdb, whole processes, every tool in turn in every round.

(d) jsonl      one JSONL.gz file of narrow rows -> one Parquet file
(e) csv        one CSV file of 10 million narrow rows -> one Parquet file
(f) back       that Parquet file -> one CSV file
(g) small      10,000 small CSV files -> one table (for glaux also: a ledger of what was read, one commit)

    pipelines.py --glaux build/glaux --data DIR [--rounds 3] [--jobs jsonl,csv,back,small] [--scale 1.0]
    pipelines.py peer JOB TOOL SOURCE TARGET          (what a peer does, as its documentation advises)
"""
import argparse
import gzip
import json
import os
import pathlib
import platform
import random
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

WORDS = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel"]


def make_rows(count, seed):
    """Narrow rows: an id, a time, a word, a price, a flag."""
    pick = random.Random(seed)
    for i in range(count):
        yield (i, f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}:00", WORDS[pick.randrange(8)],
               f"{pick.randrange(10**6) / 100:.2f}", "true" if i % 3 else "false")


def make_data(data, scale):
    """Files are made once, a piece of 100,000 rows repeated: making them must not take longer than the bench."""
    data.mkdir(parents=True, exist_ok=True)
    stamp = data / "pipelines.stamp"
    if stamp.exists() and stamp.read_text() == str(scale):
        return
    rows = list(make_rows(100_000, 1))
    csv_piece = "".join(",".join(map(str, row)) + "\n" for row in rows).encode()
    names = ["id", "ts", "word", "price", "flag"]
    json_piece = "".join(json.dumps({"id": r[0], "ts": r[1], "word": r[2], "price": float(r[3]), "flag": r[4] == "true",
                                     "tags": [r[2], "x"]}) + "\n" for r in rows).encode()
    pieces = max(1, int(100 * scale))
    with open(data / "narrow.csv", "wb") as out:
        out.write((",".join(names) + "\n").encode())
        for _ in range(pieces):
            out.write(csv_piece)
    with gzip.open(data / "narrow.jsonl.gz", "wb", compresslevel=6) as out:
        for _ in range(max(1, pieces // 4)):
            out.write(json_piece)
    small = data / "small"
    shutil.rmtree(small, ignore_errors=True)
    small.mkdir()
    for i in range(max(1, int(10_000 * scale))):
        lines = [",".join(map(str, row)) for row in rows[(i * 20) % 99_000:(i * 20) % 99_000 + 20]]
        (small / f"part-{i:05d}.csv").write_text(",".join(names) + "\n" + "\n".join(lines) + "\n")
    (data / "narrow.parquet").unlink(missing_ok=True)  # was made of the rows before
    stamp.write_text(str(scale))


def peer(job, tool, source, target):
    if tool == "polars":
        import polars as pl
        if job == "jsonl":
            pl.scan_ndjson(source).sink_parquet(target, compression="snappy")
        elif job == "csv":
            pl.scan_csv(source, try_parse_dates=True).sink_parquet(target, compression="snappy")
        elif job == "back":
            pl.scan_parquet(source).sink_csv(target)
        else:
            pathlib.Path(target).mkdir()
            pl.scan_csv(f"{source}/*.csv", try_parse_dates=True).sink_parquet(f"{target}/part.parquet", compression="snappy")
    elif tool == "duckdb":
        import duckdb
        if job == "jsonl":
            duckdb.sql(f"COPY (SELECT * FROM read_json('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION snappy)")
        elif job == "csv":
            duckdb.sql(f"COPY (SELECT * FROM read_csv('{source}')) TO '{target}' (FORMAT parquet, COMPRESSION snappy)")
        elif job == "back":
            duckdb.sql(f"COPY (SELECT * FROM '{source}') TO '{target}' (FORMAT csv, HEADER)")
        else:
            pathlib.Path(target).mkdir()
            duckdb.sql(f"COPY (SELECT * FROM read_csv('{source}/*.csv')) TO '{target}/part.parquet' (FORMAT parquet, COMPRESSION snappy)")
    else:
        import pyarrow.csv as pc
        import pyarrow.json as pj
        import pyarrow.parquet as pq
        import pyarrow as pa
        if job == "jsonl":
            with pa.CompressedInputStream(source, "gzip") as stream:
                pq.write_table(pj.read_json(stream), target, compression="snappy")
        elif job == "csv":
            with pc.open_csv(source) as reader, pq.ParquetWriter(target, reader.schema, compression="snappy") as writer:
                for batch in reader:
                    writer.write_batch(batch)
        elif job == "back":
            file = pq.ParquetFile(source)
            with pc.CSVWriter(target, file.schema_arrow) as writer:
                for batch in file.iter_batches(1 << 17):
                    writer.write_batch(batch)
        else:
            import pyarrow.dataset as ds
            ds.write_dataset(ds.dataset(source, format="csv"), target, format="parquet")


JOBS = {"jsonl": ("narrow.jsonl.gz", "out.parquet"), "csv": ("narrow.csv", "out.parquet"),
        "back": ("narrow.parquet", "out.csv"), "small": ("small", "out")}
TITLES = {"jsonl": "(d) JSONL.gz -> Parquet", "csv": "(e) CSV of narrow rows -> Parquet", "back": "(f) Parquet -> CSV",
          "small": "(g) 10,000 small CSV files -> one table"}


def glaux_command(glaux, job, source, work):
    if job == "small":
        config = (f'sources: {{ in: {{ connector: file, path: "{source}/*.csv" }} }}\n'
                  f'destinations: {{ out: {{ connector: table, table: bench.small, partition_by: none }} }}\n')
    else:
        config = (f'sources: {{ in: {{ connector: file, path: "{source}" }} }}\n'
                  f'destinations: {{ out: {{ connector: file, path: "{work}/{JOBS[job][1]}", mode: replace }} }}\n')
    path = work / "pipeline.yaml"
    path.write_text(f"lake: {work}/lake\n" + config)
    return [glaux, "--quiet", "sync", str(path)]


def rows_of(job, work):
    """Rows that a tool wrote, as pyarrow counts them."""
    import pyarrow.dataset as ds
    if job == "back":
        with open(work / "out.csv", "rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 24), b"")) - 1
    files = [str(p) for p in work.rglob("*.parquet") if "_glaux" not in p.parts]
    return ds.dataset(files, format="parquet").count_rows()


def main():
    if len(sys.argv) > 1 and sys.argv[1] == "peer":
        return peer(*sys.argv[2:])
    if len(sys.argv) > 1 and sys.argv[1] == "rows":
        return print(rows_of(sys.argv[2], pathlib.Path(sys.argv[3])))
    from compare import measure, print_table
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--glaux", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", default=",".join(JOBS))
    parser.add_argument("--tools", default="glaux,polars,pyarrow,duckdb")
    parser.add_argument("--scale", type=float, default=1.0)
    args = parser.parse_args()
    data = pathlib.Path(args.data).resolve()
    make_data(data, args.scale)
    glaux, tools = str(pathlib.Path(args.glaux).resolve()), args.tools.split(",")
    # In processes of their own: what this one holds would count as its children's peak.
    if not (data / "narrow.parquet").exists():
        measure([sys.executable, __file__, "peer", "csv", "duckdb", str(data / "narrow.csv"), str(data / "narrow.parquet")])
    print(f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores; medians of {args.rounds} rounds, every tool in turn")
    report = {}
    for job in args.jobs.split(","):
        runs, rows = {tool: [] for tool in tools}, {}
        for round_number in range(args.rounds + 1):  # the first round warms the page cache and is not counted
            for tool in tools:
                work = data / "work" / tool
                shutil.rmtree(work, ignore_errors=True)
                work.mkdir(parents=True)
                source, target = data / JOBS[job][0], work / JOBS[job][1]
                command = (glaux_command(glaux, job, source, work) if tool == "glaux" else
                           [sys.executable, __file__, "peer", job, tool, str(source), str(target)])
                run = measure(command)
                if round_number == 0:
                    rows[tool] = measure([sys.executable, __file__, "rows", job, str(work)])["out"]
                else:
                    runs[tool].append(run)
        if len(set(rows.values())) != 1:
            raise SystemExit(f"the tools disagree: {rows}")
        report[job] = print_table(TITLES[job], runs)
        best = min(report[job][tool]["wall"] for tool in tools if tool != "glaux") if len(tools) > 1 else 0
        if best:
            print(f"glaux to the best of the others: {report[job]['glaux']['wall'] / best:.2f}")
    (HERE / "results").mkdir(exist_ok=True)
    (HERE / "results" / "pipelines.json").write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
