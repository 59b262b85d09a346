#!/usr/bin/env python3
"""Run every ```sh block of a document, in order, in one empty folder, with the built glaux first on the PATH.

    docs_test.py PROGRAM DOCUMENT...
    docs_test.py --keys PROGRAM DOCS_FOLDER

A block that ends with an error fails the test. Blocks of other languages are for reading. With --keys: every key of
pipeline files, and every word that one takes, is in the document that describes it, and the tables there name no other.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.M | re.S)
FENCED = re.compile(r"^```.*?^```", re.M | re.S)
CODE = re.compile(r"`([^`]+)`")

# Which part of the JSON Schema is described where; "" is the top of the file.
PLACES = {
    "": "guide/pipelines.md",
    "pipeline": "guide/pipelines.md",
    "source": "SOURCE.md",
    "select": "SOURCE.md",
    "incremental": "SOURCE.md",
    "destination": "DESTINATION.md",
    "contract": "DESTINATION.md",
}


def environment(tools):
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("GLAUX_", "ATHENA_", "AWS_"))}
    return kept | {"PATH": f"{tools}:{kept['PATH']}"}


def run_blocks(program, document):
    """The number of blocks that failed."""
    blocks = BLOCK.findall(document.read_text(encoding="utf-8"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        tools = pathlib.Path(folder, "bin")
        tools.mkdir()
        (tools / "glaux").symlink_to(program)
        work = pathlib.Path(folder, "work")
        work.mkdir()
        for block in blocks:
            run = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block], cwd=work, env=environment(tools), text=True, capture_output=True
            )
            if run.returncode != 0:
                failed += 1
                print(f"{document}: a block ended with {run.returncode}:\n{block}\n{run.stdout}{run.stderr}")
    print(f"{document}: {len(blocks)} blocks run")
    return failed


def words_of(schema):
    """The words that a key may have as its value."""
    choices = [schema, *schema.get("anyOf", [])]
    return {word for choice in choices for word in choice.get("enum", []) if isinstance(word, str)}


def keys_of_tables(text):
    """What stands in the first column of tables whose first column is headed "key"."""
    keys, within = set(), False
    for line in text.splitlines():
        if not line.startswith("|"):
            within = False
            continue
        first = line.strip("|").split("|")[0].strip()
        if first == "key":
            within = True
        elif within:
            keys.update(CODE.findall(first))
    return keys


def check_keys(program, docs):
    """Problems, one a line."""
    schema = json.loads(subprocess.run([program, "sync", "--schema"], text=True, capture_output=True, check=True).stdout)
    parts = {"": schema} | schema["$defs"]
    problems = [f"no document describes {name} of the schema" for name in parts.keys() - PLACES.keys()]
    known = {}
    for part, place in PLACES.items():
        text = FENCED.sub("", (docs / place).read_text(encoding="utf-8"))
        named = keys_of_tables(text)
        spelled = set(CODE.findall(text))
        for key, about in parts[part]["properties"].items():
            known.setdefault(place, set()).add(key)
            if key not in named:
                problems.append(f"{place}: no table has the key {key} of {part or 'the file'}")
            for word in words_of(about) - spelled:
                problems.append(f"{place}: nothing says that {key} of {part or 'the file'} may be `{word}`")
    for place, keys in known.items():
        text = FENCED.sub("", (docs / place).read_text(encoding="utf-8"))
        for key in keys_of_tables(text) - keys:
            problems.append(f"{place}: a table has the key {key}, which pipeline files do not have")
    return sorted(problems)


def main():
    if sys.argv[1] == "--keys":
        problems = check_keys(pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3]))
        print("\n".join(problems) if problems else "every key is described")
        return 1 if problems else 0
    program = pathlib.Path(sys.argv[1]).resolve()
    return 1 if sum(run_blocks(program, pathlib.Path(path)) for path in sys.argv[2:]) else 0


if __name__ == "__main__":
    sys.exit(main())
