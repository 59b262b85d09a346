"""dbt, with its Athena adapter, as a client of `glaux serve --wire s3,glue,athena`."""
import json
import os
import pathlib
import shutil
import subprocess
import unittest

from lake import SOURCE
from served import ServedTest

# A Python of its own, with scripts/requirements-dbt.txt: its PyAthena is another one than that of the other peers.
OWN = SOURCE / ".deps/dbt/bin/dbt"
DBT = os.environ.get("GLAUX_DBT") or (str(OWN) if OWN.exists() else "dbt")

PROJECT = {
    "dbt_project.yml": """
name: shop
version: "1.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
""",
    "profiles.yml": """
shop:
  target: dev
  outputs:
    dev: {type: athena, s3_staging_dir: s3://athena-results/dbt/, s3_data_dir: s3://lake/dbt/, region_name: us-east-1,
          database: awsdatacatalog, schema: shop_of_dbt, work_group: primary, threads: 2, poll_interval: 0.1, num_retries: 0}
""",
    "models/by_country.sql": """
{{ config(materialized='table') }}
select country, count(*) as n, max(born) as youngest, sum(id) as ids from {{ source('raw', 'people') }} group by 1
""",
    "models/germans.sql": """
{{ config(materialized='view') }}
select id, upper(name) as name, id / 2 as half from {{ source('raw', 'people') }} where country = 'DE'
""",
    "models/daily.sql": """
{{ config(materialized='incremental', incremental_strategy='insert_overwrite', partitioned_by=['country']) }}
select id, name, {{ var('run', 1) }} as run, country from {{ source('raw', 'people') }}
{% if is_incremental() %} where country = 'DE' {% endif %}
""",
    "models/log.sql": """
{{ config(materialized='incremental', incremental_strategy='append') }}
select id, {{ var('run', 1) }} as run from {{ ref('germans') }}
""",
    "models/schema.yml": """
version: 2
sources:
  - {name: raw, schema: raw, tables: [{name: people}]}
models:
  - name: by_country
    description: people by country
    columns:
      - {name: country, tests: [unique, not_null]}
      - {name: n, description: how many}
  - name: germans
    columns: [{name: id, tests: [unique]}]
""",
}


PEOPLE = """id,name,country,born
1,Ann,DE,1990-01-31
2,Bob,FR,1985-06-01
3,Cid,DE,2001-12-24
"""


class Dbt(ServedTest):
    options = ("--wire", "s3,glue,athena")

    def dbt(self, *arguments):
        environment = self.client_environment() | {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
        return subprocess.run([DBT, *arguments, "--profiles-dir", "."], cwd=self.project, env=environment, capture_output=True,
                              text=True, timeout=300)

    def results(self, *arguments):
        """What became of each node of a run, by its name."""
        run = self.dbt(*arguments)
        told = json.loads(pathlib.Path(self.project, "target/run_results.json").read_text())
        states = {one["unique_id"].split(".")[2]: one["status"] for one in told["results"]}
        self.assertEqual(run.returncode, 0, f"{states}\n{run.stdout[-4000:]}")
        return states

    def setUp(self):
        if shutil.which(DBT) is None:
            self.skipTest("there is no dbt; scripts/requirements-dbt.txt and GLAUX_DBT say how to have it")
        super().setUp()
        self.project = self.here / "project"
        for name, text in PROJECT.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.lstrip("\n"))
        self.write("people.csv", PEOPLE)
        self.succeed("load", "people.csv", "raw.people")

    def test_a_project_builds_and_builds_again(self):
        states = self.results("build")
        self.assertEqual({name: states[name] for name in ("by_country", "germans", "daily", "log")},
                         {"by_country": "success", "germans": "success", "daily": "success", "log": "success"})
        self.assertEqual([state for name, state in states.items() if "_by_country_" in name or "_germans_" in name], ["pass"] * 3)
        self.assertEqual(self.rows("select country, n, youngest, ids from shop_of_dbt.by_country order by 1"),
                         [["DE", "2", "2001-12-24", "4"], ["FR", "1", "1985-06-01", "2"]])
        self.assertEqual(self.rows("select id, name, half from shop_of_dbt.germans order by 1"), [["1", "ANN", "0"], ["3", "CID", "1"]])

        self.results("run", "--vars", "run: 2")
        # insert_overwrite replaces the partitions that it writes, append adds.
        self.assertEqual(self.rows("select id, run, country from shop_of_dbt.daily order by 1"), [["1", "2", "DE"], ["2", "1", "FR"], ["3", "2", "DE"]])
        self.assertEqual(self.rows("select run, count(*) from shop_of_dbt.log group by 1 order by 1"), [["1", "2"], ["2", "2"]])
        self.results("run", "--full-refresh", "--select", "daily")
        self.assertEqual(self.value("select count(*) from shop_of_dbt.daily where run = 1"), "3")

    def test_iceberg_is_refused_by_its_name(self):
        (self.project / "models/frozen.sql").write_text("{{ config(materialized='table', table_type='iceberg') }} select 1 as a")
        run = self.dbt("run", "--select", "frozen")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("iceberg", run.stdout.lower())


if __name__ == "__main__":
    unittest.main()
