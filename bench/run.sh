#!/usr/bin/env bash
# Time glaux beside polars, pyarrow and duckdb on the same files, in turn, in one run.
#   run.sh [ARGUMENTS OF compare.py, for example --rounds 5 --large 20]
# The peers live in an environment of their own, made with uv: pip takes minutes to resolve these.
set -euo pipefail
cd "$(dirname "$0")/.."
deps=${GLAUX_DEPS:-$PWD/.deps}
bench=$deps/bench
if ! cmp -s bench/requirements.txt "$bench/requirements.txt"; then
  "$deps/venv/bin/pip" install -q --disable-pip-version-check uv
  "$deps/venv/bin/uv" venv -q --clear "$bench"
  VIRTUAL_ENV=$bench "$deps/venv/bin/uv" pip install -q -r bench/requirements.txt
  cp bench/requirements.txt "$bench/requirements.txt"
fi
data=${GLAUX_BENCH_DATA:-$PWD/build/bench-data}
python3 examples/make_billing_data.py "$data/cur" --files 64 --rows 300000
exec "$bench/bin/python" bench/compare.py --glaux build/glaux --data "$data" "$@"
