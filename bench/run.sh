#!/usr/bin/env bash
# Time glaux beside polars, pyarrow and duckdb on the same files, in turn, in one run.
#   run.sh                                   every suite
#   run.sh --rounds 7                        every suite, with so many rounds (and --tools glaux,duckdb)
#   run.sh load --rounds 7 --large 20        one suite with its own options: bench/compare.py
#   run.sh pipelines --jobs csv,small        one suite with its own options: bench/pipelines.py
#   run.sh s3 --jobs list,read --scale 0.1   one suite with its own options: bench/s3.py
#   run.sh load --help                       the options of a suite
# s3 runs against an outside S3 server, ../shared/peers/start-s3, and is skipped where that is not.
# The peers live in an environment of their own, made with uv: pip takes minutes to resolve these.
set -euo pipefail
cd "$(dirname "$0")/.."
deps=${GLAUX_DEPS:-$PWD/.deps}
bench=$deps/bench
data=${GLAUX_BENCH_DATA:-$PWD/build/bench-data}
suites=(load pipelines s3)

usage() {
  sed -n '2,/^# The peers/p' "$0" | sed '$d; s/^# \{0,1\}//'
}

run_load() {
  # Where only the options are asked for, no data is made.
  case " $* " in *" --help "* | *" -h "*) ;; *) python3 examples/make_billing_data.py "$data/cur" --files 64 --rows 300000 ;; esac
  "$bench/bin/python" bench/compare.py --glaux build/glaux --data "$data" "$@"
}

run_pipelines() {
  "$bench/bin/python" bench/pipelines.py --glaux build/glaux --data "$data/pipelines" "$@"
}

run_s3() {
  case " $* " in *" --help "* | *" -h "*) ;; *) tests/end_to_end/get_tools.sh ;; esac ||
    echo "bench: s5cmd and rclone could not be installed; s3 goes on without them" >&2
  "$bench/bin/python" bench/s3.py --glaux build/glaux --data "$data/s3" "$@"
}

chosen=all
case "${1:-}" in
  -h | --help)
    usage
    exit 0
    ;;
  all | load | pipelines | s3)
    chosen=$1
    shift
    ;;
  -* | "") ;;
  *)
    echo "bench: there is no suite '$1'; there are ${suites[*]}, and all" >&2
    usage >&2
    exit 2
    ;;
esac
if [ "$chosen" = all ]; then
  # What only one suite knows would stop the other one, after minutes.
  for argument in "$@"; do
    case $argument in
      -*) [[ $argument =~ ^--(rounds|tools)(=.*)?$ ]] || { echo "bench: $argument is of one suite; name it first: load $argument, pipelines $argument, or s3 $argument" >&2; exit 2; } ;;
    esac
  done
fi

if ! cmp -s bench/requirements.txt "$bench/requirements.txt"; then
  "$deps/venv/bin/pip" install -q --disable-pip-version-check uv
  "$deps/venv/bin/uv" venv -q --clear "$bench"
  VIRTUAL_ENV=$bench "$deps/venv/bin/uv" pip install -q -r bench/requirements.txt
  cp bench/requirements.txt "$bench/requirements.txt"
fi
for suite in "${suites[@]}"; do
  if [ "$chosen" = all ] || [ "$chosen" = "$suite" ]; then "run_$suite" "$@"; fi
done
