#!/usr/bin/env python3
"""Run every ```sh block of a document, in order, in one empty folder, with the built glaux first on the PATH.

    docs_test.py PROGRAM DOCUMENT...

A block that ends with an error fails the test. Blocks of other languages are for reading.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)


def main():
    program, documents = pathlib.Path(sys.argv[1]).resolve(), [pathlib.Path(path) for path in sys.argv[2:]]
    failed = 0
    for document in documents:
        blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            tools = pathlib.Path(folder, "bin")
            tools.mkdir()
            (tools / "glaux").symlink_to(program)
            work = pathlib.Path(folder, "work")
            work.mkdir()
            environment = {key: value for key, value in os.environ.items() if not key.startswith(("GLAUX_", "ATHENA_"))}
            environment["PATH"] = f"{tools}:{environment['PATH']}"
            for block in blocks:
                run = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, env=environment, text=True, capture_output=True)
                if run.returncode != 0:
                    failed += 1
                    print(f"{document}: a block ended with {run.returncode}:\n{block}\n{run.stdout}{run.stderr}")
        print(f"{document}: {len(blocks)} blocks run")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
