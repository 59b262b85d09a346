#!/usr/bin/env python3
"""Check that the files of one room include only rooms that its CMakeLists.txt lists.

A header named with --headers must also be found, so that the list of public headers stays true. Tests and the testing
room are free to include any room's public face.
"""
import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+"glaux/([^"]+)"', re.M)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", type=pathlib.Path, required=True)
    parser.add_argument("--room", required=True)
    parser.add_argument("--allow", nargs="*", default=[])
    parser.add_argument("--headers", nargs="*", default=[])
    args = parser.parse_args()

    folder = args.source / "glaux" / args.room
    problems = [f"{args.room}: public header {h} is not there" for h in args.headers if not (folder / h).exists()]
    for file in sorted(folder.iterdir()):
        if file.suffix not in (".h", ".cc") or file.stem.endswith(("_test", "_benchmark")):
            continue
        for target in INCLUDE.findall(file.read_text(encoding="utf-8")):
            room = target.rsplit("/", 1)[0]
            if room not in args.allow:
                problems.append(f"{file.relative_to(args.source)} includes glaux/{target}, and {args.room} does not list {room}")
            elif room != args.room and target.endswith("_internal.h"):
                problems.append(f"{file.relative_to(args.source)} includes the private header glaux/{target}")
    print("\n".join(problems) or f"{args.room}: ok")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
