#!/usr/bin/env bash
# Load billing data into a lake on this machine, load one more batch that has a new column, and ask three questions.
#   demo.sh PROGRAM [DIRECTORY_OF_YOUR_OWN_CSV_OR_PARQUET_FILES]
# Everything it makes is below ./demo; delete that folder to begin anew.
set -euo pipefail
program=$(realpath "$1")
data=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p demo
export GLAUX_LAKE=$PWD/demo/lake

step() { printf '\n\033[1m%s\033[0m\n' "$*" >&2; }
run() {
  local word line='$ glaux'
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./=-]+$ ]] || word="\"$word\""
    line+=" $word"
  done
  printf '%s\n' "$line" >&2
  "$program" "$@"
}

if [ -n "$data" ]; then
  step "Load the files of $data"
  run load "$data" demo.data
  step "What the table has"
  run schema demo.data
  run query "SELECT count(*) AS rows FROM demo.data"
else
  step "Make twelve billing exports (AWS Cost and Usage Report, legacy layout)"
  python3 "$here/make_billing_data.py" demo/exports --files 12 --rows 24000 --month 2025-01
  python3 "$here/make_billing_data.py" demo/exports-february --files 2 --rows 4000 --month 2025-02 --extra-column

  step "Load them into a table, one partition a day"
  run load demo/exports/ billing.cur --partition-by 'day(lineItem/UsageStartDate)'

  step "Load February, in which a cost center tag is new: the table gets the column"
  run load demo/exports-february/ billing.cur

  step "Which products cost most?"
  run query "SELECT product_productname, round(sum(lineitem_unblendedcost), 2) AS cost FROM billing.cur WHERE year = '2025' GROUP BY 1 ORDER BY 2 DESC LIMIT 10"

  step "How do the teams compare from January to February?"
  run query "SELECT coalesce(resourcetags_user_team, '(no team)') AS team, round(sum(lineitem_unblendedcost) FILTER (month = '01'), 2) AS january, round(sum(lineitem_unblendedcost) FILTER (month = '02'), 2) AS february FROM billing.cur GROUP BY 1 ORDER BY 2 DESC"

  step "What did the first three days of February cost by the new tag? (only three of the files are opened)"
  run query "SELECT resourcetags_user_costcenter AS cost_center, round(sum(lineitem_unblendedcost), 2) AS cost FROM billing.cur WHERE month = '02' AND day <= '03' GROUP BY 1 ORDER BY 2 DESC LIMIT 5"
fi

step "Where things are"
printf 'Parquet files   %s\n' "$GLAUX_LAKE/store/lake/"
printf 'catalog         %s\n' "$GLAUX_LAKE/catalog.sqlite"
printf 'program         %s\n' "$program"
printf 'go on with      %s --lake %s query "SELECT ..."\n' "$program" "$GLAUX_LAKE"
