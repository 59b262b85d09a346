#!/usr/bin/env python3
"""Run every ```sh block of a document, in order, in one empty folder, with the built glaux first on the PATH.

    docs_test.py PROGRAM DOCUMENT...
    docs_test.py --keys PROGRAM DOCS_FOLDER

A block that ends with an error fails the test. A block below <!-- on AWS --> is run with the environment of somebody who has
an account: a server of ours, over a lake of its own with the bucket my-bucket, is AWS. A ```cpp block must be part of a
program in examples/, which other tests build and run. Blocks of other languages are for reading. With --keys: every key of
pipeline files, and every word that one takes, is in the document that describes it, and the tables there name no other.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"^(<!-- on AWS -->\n+)?```sh\n(.*?)^```", re.M | re.S)
PROGRAM_BLOCK = re.compile(r"^```cpp\n(.*?)^```", re.M | re.S)
EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"
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
    clients = pathlib.Path(sys.executable).parent  # where the AWS CLI is, if anywhere
    return kept | {"PATH": f"{tools}:{kept['PATH']}:{clients}"}


@contextlib.contextmanager
def account(program, folder):
    """The variables of an AWS account, which `glaux serve` is."""
    key, secret = "GLAUXDOCSTESTKEY", "docs-test-secret"
    (folder / "store" / "my-bucket").mkdir(parents=True)
    server = subprocess.Popen([program, "--lake", folder, "serve", "--wire", "s3,glue,athena", "--listen", "127.0.0.1:0"],
                              env=environment(folder) | {"GLAUX_SERVE_KEYS": f"{key}:{secret}"}, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        url = next(line.split()[1] for line in server.stdout if line.startswith("ready: "))
        yield {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret,
               "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    finally:
        server.kill()
        server.wait()


def run_blocks(program, document):
    """The number of blocks that failed."""
    text = document.read_text(encoding="utf-8")
    blocks = BLOCK.findall(text)
    failed = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as ends:
        tools = pathlib.Path(folder, "bin")
        tools.mkdir()
        (tools / "glaux").symlink_to(program)
        work = pathlib.Path(folder, "work")
        work.mkdir()
        on_aws = None
        for aws, block in blocks:
            if aws and on_aws is None:
                on_aws = ends.enter_context(account(program, pathlib.Path(folder, "aws")))
            run = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=work, text=True, capture_output=True,
                                 env=environment(tools) | (on_aws if aws else {}))
            if run.returncode != 0:
                failed += 1
                print(f"{document}: a block ended with {run.returncode}:\n{block}\n{run.stdout}{run.stderr}")
    print(f"{document}: {len(blocks)} blocks run")
    return failed + unknown_blocks(document, text)


def unknown_blocks(document, text):
    """The number of blocks of C++ that no example has."""
    words = lambda code: " ".join(code.split())  # noqa: E731
    known = "\n".join(words(path.read_text(encoding="utf-8")) for path in sorted(EXAMPLES.rglob("*.cc")))
    unknown = [block for block in PROGRAM_BLOCK.findall(text) if words(block) not in known]
    for block in unknown:
        print(f"{document}: no program in examples/ has this block:\n{block}")
    return len(unknown)


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
