"""Runs the built program on lakes of its own: what every test of this folder begins with.

GLAUX_PROGRAM names the program (else build/glaux of the source tree), GLAUX_TESTDATA the folder of outside files (else
../shared/testdata).
"""
import csv
import dataclasses
import io
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("GLAUX_PROGRAM") or SOURCE / "build" / "glaux").resolve()
TESTDATA = pathlib.Path(os.environ.get("GLAUX_TESTDATA") or SOURCE.parent / "shared" / "testdata")
# A program with sanitizers in it uses far more memory than the one that people run.
SANITIZED = bool(os.environ.get("GLAUX_SANITIZE"))

# docs/reference/errors.md
OK, INVALID, DENIED, NOT_FOUND, UNAVAILABLE, CORRUPT, NOT_IMPLEMENTED, CANCELLED = 0, 2, 3, 4, 7, 8, 9, 130


@dataclasses.dataclass
class Outcome:
    code: int
    out: bytes
    err: str

    @property
    def text(self):
        return self.out.decode()


class LakeTest(unittest.TestCase):
    """A folder `self.here`, which is the working directory of the program, and an empty lake `self.lake` in it."""

    maxDiff = 4000

    def setUp(self):
        if not PROGRAM.exists():
            self.fail(f"no program at {PROGRAM}; build it, or set GLAUX_PROGRAM")
        folder = tempfile.TemporaryDirectory(prefix="glaux-end-to-end-", ignore_cleanup_errors=True)
        self.addCleanup(folder.cleanup)
        self.here = pathlib.Path(folder.name).resolve()
        self.lake = self.here / "the-lake"

    def environment(self, lake=True, **more):
        """The environment without anything that steers the program; `lake=False` leaves GLAUX_LAKE out."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GLAUX_", "ATHENA_", "AWS_")) and k != "NO_COLOR"}
        if lake:
            kept["GLAUX_LAKE"] = str(self.lake)
        return kept | more

    def run_program(self, *arguments, cwd=None, env=None, stdin="", timeout=120):
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=cwd or self.here, env=env or self.environment(),
                              input=stdin.encode(), capture_output=True, timeout=timeout)
        return Outcome(done.returncode, done.stdout, done.stderr.decode())

    def start(self, *arguments):
        """The program in the background; killed at the end of the test if it still runs."""
        process = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.here, env=self.environment(),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(lambda: (process.kill(), process.communicate()) if process.returncode is None else None)
        return process

    def signal_at_work(self, process, number, delay):
        """Send a signal to a program in the background, `delay` seconds after it has begun to listen for it."""
        while process.poll() is None:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            caught = int(status.split("SigCgt:")[1].split()[0], 16) if "SigCgt:" in status else 0
            if caught >> (number - 1) & 1:
                break
            time.sleep(0.001)
        time.sleep(delay)
        process.send_signal(number)

    def peak_of(self, *arguments):
        """Run the program; its exit code, what it said and its peak memory in bytes (None under sanitizers).

        For runs that say little: nobody reads the pipes until the end.
        """
        process = self.start(*arguments)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        err = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        return process.returncode, err, None if SANITIZED else usage.ru_maxrss * 1024

    def succeed(self, *arguments, **how):
        outcome = self.run_program(*arguments, **how)
        self.assertEqual(outcome.code, OK, f"glaux {arguments} failed:\n{outcome.err}")
        return outcome

    def refuse(self, code, words, *arguments, **how):
        """The program must fail with `code`, and what it says must hold all `words`."""
        outcome = self.run_program(*arguments, **how)
        self.assertEqual(outcome.code, code, f"glaux {arguments} said:\n{outcome.err}{outcome.out[:2000]!r}")
        self.assertRegex(outcome.err, r"(?m)^glaux: error: ")
        for word in words:
            self.assertIn(word, outcome.err)
        return outcome

    def rows(self, sql, **how):
        """The rows of a query as lists of text; null and "" are both ""."""
        out = self.succeed("query", sql, "--format", "csv", **how).text
        return list(csv.reader(io.StringIO(out)))[1:]

    def value(self, sql, **how):
        ((value,),) = self.rows(sql, **how)
        return value

    def columns(self, table, **how):
        """Column -> type, in the order of the table, partition keys last."""
        out = self.succeed("schema", table, "--format", "csv", **how).text
        return {row["column"]: row["type"] for row in csv.DictReader(io.StringIO(out))}

    def tables(self, **how):
        out = self.succeed("tables", "--format", "csv", **how).text
        return [f'{row["database"]}.{row["table"]}' for row in csv.DictReader(io.StringIO(out))]

    def write(self, name, content):
        path = self.here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def stored(self, lake=None):
        """Files and content below the store that belong to tables, to tell whether anything changed."""
        store = (lake or self.lake) / "store"
        return {str(path.relative_to(store)): path.read_bytes()
                for path in sorted(store.rglob("*")) if path.is_file() and "locks" not in path.parts}

    def data_files(self, lake=None):
        return [name for name in self.stored(lake) if name.endswith(".parquet")]
