#!/usr/bin/env bash
# Write a table with glaux and let independent readers (pyarrow, duckdb, polars) open it: rows, schema and checksums must agree.
#   readers_of_table.sh PROGRAM SOURCE_DIR PYTHON
# PYTHON has bench/requirements.txt installed. Ends with 77 (skipped) where it, or the comparing script, is not there.
set -euo pipefail
program=$1
source=$2
python=$3
compare=${GLAUX_SHARED:-$source/../shared}/bin/readers-of-table
[ -x "$compare" ] || { echo "skipped: $compare is not there"; exit 77; }
[ -x "$python" ] || { echo "skipped: $python is not there; make bench installs it"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 "$source/examples/make_billing_data.py" "$work/january" --files 4 --rows 4000 --month 2025-01
python3 "$source/examples/make_billing_data.py" "$work/february" --files 1 --rows 1000 --month 2025-02 --extra-column
"$program" --quiet --lake "$work/lake" load "$work/january" billing.cur --partition-by 'day(lineItem/UsageStartDate)'
"$program" --quiet --lake "$work/lake" load "$work/february" billing.cur
"$python" "$compare" "$work/lake/store/lake/billing/cur" --only pyarrow,duckdb,polars,glaux \
  --also "glaux=$program --lake $work/lake query 'SELECT * FROM billing.cur' -o {out} --format parquet"
