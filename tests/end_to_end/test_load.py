"""What load does with good files: rows, types, evolution, the ledger, and the commands that look at the result."""
import csv
import decimal
import gzip
import io
import json
import subprocess
import sys
import unittest

from lake import INVALID, NOT_FOUND, SOURCE, LakeTest

DAY = ("--partition-by", "day(lineItem/UsageStartDate)")


class BillingLoad(LakeTest):
    def make_billing(self, folder, *more):
        subprocess.run([sys.executable, SOURCE / "examples" / "make_billing_data.py", self.here / folder, *more],
                       check=True, capture_output=True)
        rows = []
        for path in sorted((self.here / folder).glob("*.csv.gz")):
            with gzip.open(path, "rt", newline="") as text:
                rows += csv.DictReader(text)
        return rows

    def january(self):
        return self.make_billing("january", "--files", "3", "--rows", "600")

    def february(self):
        return self.make_billing("february", "--files", "2", "--rows", "100", "--month", "2025-02", "--extra-column")

    @staticmethod
    def cost(rows):
        return sum(decimal.Decimal(row["lineItem/UnblendedCost"]) for row in rows)

    def assert_holds(self, rows):
        """Count, sum and the number of each day and product agree with the files."""
        count, total = self.rows("select count(*), sum(lineitem_unblendedcost) from billing.cur")[0]
        self.assertEqual(int(count), len(rows))
        self.assertAlmostEqual(float(total), float(self.cost(rows)), places=6)
        expected = {}
        for row in rows:
            key = (*row["lineItem/UsageStartDate"][:10].split("-"), row["lineItem/ProductCode"])
            expected[key] = expected.get(key, 0) + 1
        found = self.rows("select year, month, day, lineitem_productcode, count(*) from billing.cur group by all")
        self.assertEqual({tuple(row[:4]): int(row[4]) for row in found}, expected)

    def test_every_row_of_the_files_is_in_the_table(self):
        rows = self.january()
        outcome = self.succeed("load", "january/", "billing.cur", *DAY)
        self.assertIn("600 rows from 3 files", outcome.err)
        self.assertEqual(outcome.out, b"")
        self.assert_holds(rows)
        ids = {row["identity/LineItemId"] for row in rows}
        self.assertEqual({row[0] for row in self.rows("select identity_lineitemid from billing.cur")}, ids)

    def test_empty_values_are_null_and_leading_zeros_stay(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        teams = self.value("select count(*) from billing.cur where resourcetags_user_team is null")
        self.assertEqual(int(teams), sum(not row["resourceTags/user:team"] for row in rows))
        self.assertEqual(self.columns("billing.cur")["lineitem_usageaccountid"], "string")
        accounts = {row[0] for row in self.rows("select distinct lineitem_usageaccountid from billing.cur")}
        self.assertEqual(accounts, {row["lineItem/UsageAccountId"] for row in rows})

    def test_a_second_run_loads_nothing_and_says_so(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        before = self.stored()
        outcome = self.succeed("load", "january/", "billing.cur", *DAY)
        self.assertIn("3 files skipped", outcome.err)
        self.assertIn("nothing to load", outcome.err)
        self.assertEqual(self.stored(), before)
        self.assert_holds(rows)

    def test_only_files_that_are_new_are_loaded(self):
        self.make_billing("january", "--files", "2", "--rows", "400")
        self.succeed("load", "january/", "billing.cur", *DAY)
        rows = self.make_billing("january", "--files", "3", "--rows", "600")
        outcome = self.succeed("load", "january/", "billing.cur")
        self.assertIn("200 rows from 1 file", outcome.err)
        self.assert_holds(rows)

    def test_again_loads_the_files_once_more(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.succeed("load", "january/", "billing.cur", "--again")
        self.assert_holds(rows + rows)

    def test_again_does_not_claim_to_add_partitions_that_were_there(self):
        self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        outcome = self.succeed("load", "january/", "billing.cur", "--again")
        self.assertNotIn("31 partitions added", outcome.err)

    def test_a_new_column_is_added_and_old_partitions_read_null(self):
        january, february = self.january(), self.february()
        self.succeed("load", "january/", "billing.cur", *DAY)
        before = self.columns("billing.cur")
        old_files = self.stored()
        outcome = self.succeed("load", "february/", "billing.cur")
        self.assertIn("add column resourcetags_user_costcenter: bigint", outcome.err)
        after = self.columns("billing.cur")
        self.assertEqual(after.pop("resourcetags_user_costcenter"), "bigint")
        self.assertEqual(after, before)
        self.assert_holds(january + february)
        by_month = self.rows("select month, count(*), count(resourcetags_user_costcenter), sum(resourcetags_user_costcenter)"
                             " from billing.cur group by month order by month")
        centers = sum(int(row["resourceTags/user:costCenter"]) for row in february)
        self.assertEqual(by_month, [["01", "600", "0", ""], ["02", "100", "100", str(centers)]])
        now = self.stored()
        for name, content in old_files.items():
            if name.endswith(".parquet"):
                self.assertEqual(now[name], content, f"{name} was rewritten")

    def test_a_frozen_contract_refuses_the_new_column(self):
        january = self.january()
        self.february()
        self.succeed("load", "january/", "billing.cur", *DAY)
        before = self.stored()
        self.refuse(INVALID, ["billing.cur", "resourcetags_user_costcenter"], "load", "february/", "billing.cur", "--contract", "columns=freeze")
        self.assertEqual(self.stored(), before)
        self.assert_holds(january)

    def test_a_dry_run_says_the_difference_and_changes_nothing(self):
        january = self.january()
        self.february()
        outcome = self.succeed("load", "january/", "billing.cur", *DAY, "--dry-run")
        self.assertIn("would load 3 files", outcome.err)
        self.assertEqual(self.tables(), [])
        self.assertEqual(self.stored(), {})
        self.succeed("load", "january/", "billing.cur", *DAY)
        before, columns = self.stored(), self.columns("billing.cur")
        outcome = self.succeed("load", "february/", "billing.cur", "--dry-run")
        self.assertIn("add column resourcetags_user_costcenter", outcome.err)
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.columns("billing.cur"), columns)
        self.assert_holds(january)

    def test_a_partition_key_that_is_asked_to_change_is_refused(self):
        january = self.january()
        self.february()
        self.succeed("load", "january/", "billing.cur", *DAY)
        before = self.stored()
        self.refuse(INVALID, ["billing.cur", "partition"], "load", "february/", "billing.cur", "--partition-by", "month(lineItem/UsageStartDate)")
        self.refuse(INVALID, ["billing.cur", "partition"], "load", "february/", "billing.cur", "--partition-by", "product/region")
        self.assertEqual(self.stored(), before)
        self.assert_holds(january)

    def test_a_partition_key_that_is_asked_to_change_is_refused_for_files_that_are_loaded_too(self):
        self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.refuse(INVALID, ["billing.cur", "partition"], "load", "january/", "billing.cur", "--partition-by", "product/region")

    def test_commands_that_look_agree_on_the_table(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.assertEqual(self.tables(), ["billing.cur"])
        databases = json.loads(self.succeed("databases", "--format", "json").text)
        self.assertEqual([row["database"] for row in databases], ["billing"])
        days = {row["lineItem/UsageStartDate"][8:10] for row in rows}
        partitions = json.loads(self.succeed("partitions", "billing.cur", "--format", "json").text)
        self.assertEqual({row["day"] for row in partitions}, days)
        some = json.loads(self.succeed("partitions", "billing.cur", "--filter", "day in ('03', '04')", "--format", "json").text)
        self.assertEqual(sorted(row["day"] for row in some), ["03", "04"])
        self.assertEqual(list(self.columns("billing.cur"))[-3:], ["year", "month", "day"])

    def test_drop_asks_and_then_takes_the_files_away(self):
        self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.refuse(INVALID, ["billing.cur", "--yes"], "drop", "billing.cur")
        self.assertEqual(self.tables(), ["billing.cur"])
        self.succeed("drop", "billing.cur", "--yes")
        self.assertEqual(self.tables(), [])
        self.assertEqual(self.stored(), {})
        self.refuse(NOT_FOUND, ["cur"], "query", "select * from billing.cur")
        self.refuse(NOT_FOUND, ["billing.cur"], "drop", "billing.cur", "--yes")

    def test_a_dropped_table_can_be_loaded_anew(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.succeed("drop", "billing.cur", "--yes")
        self.succeed("load", "january/", "billing.cur", *DAY)
        self.assert_holds(rows)

    def test_repair_of_a_sound_table_changes_nothing(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        before = self.stored()
        self.succeed("repair", "billing.cur", "--grace", "0s")
        self.assertEqual(self.stored(), before)
        self.assert_holds(rows)

    def test_repair_registers_partitions_again_that_the_folders_have(self):
        rows = self.january()
        self.succeed("load", "january/", "billing.cur", *DAY)
        source = next((self.lake / "store").rglob("day=03"))
        copy = source.parent / "day=31b"
        copy.mkdir()
        for path in source.glob("*.parquet"):
            (copy / path.name).write_bytes(path.read_bytes())
        self.succeed("repair", "billing.cur", "--grace", "0s")
        self.assertIn("31b", {row[0] for row in self.rows("select distinct day from billing.cur")})
        self.assertEqual(int(self.value("select count(*) from billing.cur where day <> '31b'")), len(rows))


class Types(LakeTest):
    def load_text(self, text, *options, name="data.csv", table="t.data"):
        self.write(name, text)
        return self.succeed("load", name, table, *options)

    def test_types_are_found_in_the_values(self):
        self.load_text("i,f,b,d,t,z,s,m\n1,1.5,true,2025-01-02,2025-01-02T03:04:05Z,007,abc,1\n"
                       "-2,2e3,false,2024-02-29,2025-01-02T03:04:06Z,010,1x,2.5\n")
        columns = self.columns("t.data")
        self.assertEqual([columns[c] for c in "ifbdtzsm"], ["bigint", "double", "boolean", "date", "timestamp", "string", "string", "double"])
        self.assertEqual(self.rows("select i, f, b, d, t, z, s, m from t.data order by i desc"),
                         [["1", "1.5", "true", "2025-01-02", "2025-01-02 03:04:05", "007", "abc", "1.0"],
                          ["-2", "2000.0", "false", "2024-02-29", "2025-01-02 03:04:06", "010", "1x", "2.5"]])

    def test_a_type_that_is_given_wins(self):
        self.load_text("zip,cost\n12345,0.1\n54321,0.2\n", "--type", "zip=string", "--type", "cost=decimal(38,18)")
        columns = self.columns("t.data")
        self.assertEqual((columns["zip"], columns["cost"]), ("string", "decimal(38,18)"))
        self.assertEqual(decimal.Decimal(self.value("select sum(cost) from t.data")), decimal.Decimal("0.3"))

    def test_a_conflict_beyond_the_sample_widens_the_type_and_keeps_all_rows(self):
        lines = ["id,v,n"] + [f"{i},{i if i < 19_000 else f'word{i}'},{i if i < 18_000 else i + 0.5}" for i in range(20_000)]
        self.load_text("\n".join(lines) + "\n", "--sample", "1KB")
        columns = self.columns("t.data")
        self.assertEqual((columns["id"], columns["v"], columns["n"]), ("bigint", "string", "double"))
        self.assertEqual(self.rows("select count(*), count(distinct id), count(v), sum(n), count(*) filter (v like 'word%') from t.data"),
                         [["20000", "20000", "20000", f"{sum(range(20_000)) + 1000}.0", "1000"]])
        self.assertEqual(self.value("select v from t.data where id = 7"), "7")
        self.assertEqual(self.value("select v from t.data where id = 19999"), "word19999")

    def test_leading_zeros_beyond_the_sample_are_not_lost(self):
        lines = ["id,zip"] + [f"{i},{'%05d' % i if i >= 19_990 else 10_000 + i}" for i in range(19_990)] + [f"{i},00{i}" for i in range(19_990, 20_000)]
        self.load_text("\n".join(lines) + "\n", "--sample", "1KB")
        self.assertEqual(self.value("select count(*) from t.data"), "20000")
        self.assertEqual(self.value("select zip from t.data where id = 19995"), "0019995")
        self.assertEqual(self.value("select zip from t.data where id = 5"), "10005")

    def test_a_column_that_is_empty_in_the_sample_gets_its_value_later(self):
        lines = ["id,late"] + [f"{i},{'' if i < 15_000 else i}" for i in range(20_000)]
        self.load_text("\n".join(lines) + "\n", "--sample", "1KB")
        self.assertEqual(self.columns("t.data")["late"], "bigint")
        self.assertEqual(self.rows("select count(*), count(late), sum(late) from t.data"),
                         [["20000", "5000", str(sum(range(15_000, 20_000)))]])

    def test_a_conflict_between_files_widens_the_type(self):
        self.write("in/a.csv", "id,v\n1,10\n2,20\n")
        self.write("in/b.csv", "id,v\n3,x\n")
        self.succeed("load", "in/", "t.data")
        self.assertEqual(self.rows("select id, v from t.data order by id"), [["1", "10"], ["2", "20"], ["3", "x"]])

    def test_files_whose_columns_are_in_another_order_go_by_name(self):
        self.write("in/a.csv", "id,v\n1,x\n")
        self.write("in/b.csv", "v,extra,id\ny,7,2\n")
        self.succeed("load", "in/", "t.data")
        self.assertEqual(self.rows("select id, v, extra from t.data order by id"), [["1", "x", ""], ["2", "y", "7"]])

    def test_a_changed_type_is_refused_before_a_byte_is_written(self):
        self.load_text("id,n\n1,5\n", name="first.csv")
        before = self.stored()
        self.write("second.csv", "id,n\n2,abc\n")
        self.refuse(INVALID, ["t.data", "column n", "bigint", "string"], "load", "second.csv", "t.data")
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.rows("select id, n from t.data"), [["1", "5"]])

    def test_a_changed_type_names_the_file_that_has_it(self):
        self.load_text("id,n\n1,5\n", name="first.csv")
        self.write("in/good.csv", "id,n\n2,6\n")
        self.write("in/changed.csv", "id,n\n3,abc\n")
        self.refuse(INVALID, ["changed.csv"], "load", "in/", "t.data")

    def test_a_changed_type_beyond_the_sample_is_refused_too(self):
        self.load_text("id,n\n1,5\n", name="first.csv")
        before = self.stored()
        self.write("second.csv", "id,n\n" + "".join(f"{i},{i if i < 19_999 else 'abc'}\n" for i in range(20_000)))
        self.refuse(INVALID, ["column n", "bigint"], "load", "second.csv", "t.data", "--sample", "1KB")
        self.assertEqual(self.stored(), before)
        self.assertEqual(self.value("select count(*) from t.data"), "1")

    def test_whole_numbers_fit_a_column_of_fractions(self):
        self.load_text("id,n\n1,5.5\n", name="first.csv")
        self.load_text("id,n\n2,6\n", name="second.csv")
        self.assertEqual(self.columns("t.data")["n"], "double")
        self.assertEqual(self.rows("select id, n from t.data order by id"), [["1", "5.5"], ["2", "6.0"]])

    def test_a_column_that_is_missing_reads_null(self):
        self.load_text("id,n\n1,5\n", name="first.csv")
        self.load_text("id\n2\n", name="second.csv")
        self.assertEqual(self.rows("select id, n from t.data order by id"), [["1", "5"], ["2", ""]])

    def test_csv_dialects(self):
        self.load_text("# made by hand\na\tb\n1\t'x\ty'\nNA\tz\n", "--delimiter", "tab", "--quote", "'", "--comment", "#", "--null", "NA",
                       "--format", "csv", name="data.txt")
        self.assertEqual(self.rows("select a, b from t.data order by b"), [["1", "x\ty"], ["", "z"]])
        self.load_text("1|x\n2|y\n", "--delimiter", "pipe", "--no-header", name="bare.csv", table="t.bare")
        self.assertEqual(self.rows("select f0, f1 from t.bare order by f0"), [["1", "x"], ["2", "y"]])

    def test_quoted_line_breaks_and_quotes_come_back(self):
        self.load_text('id,v\r\n1,"two\r\nlines"\r\n2,"say ""hi"""\r\n3,""\r\n4,\r\n')
        values = json.loads(self.succeed("query", "select v from t.data order by id", "--format", "json").text)
        self.assertEqual([row["v"] for row in values][:2], ["two\r\nlines", 'say "hi"'])
        self.assertIsNone(values[3]["v"])

    def test_a_byte_order_mark_is_not_part_of_a_name(self):
        self.load_text(b"\xef\xbb\xbfid,v\n1,x\n")
        self.assertEqual(list(self.columns("t.data"))[:2], ["id", "v"])

    def test_compressions_of_input_and_output(self):
        self.write("in/a.csv", "id\n1\n")
        self.write("in/b.csv.gz", gzip.compress(b"id\n2\n") + gzip.compress(b"3\n"))
        for compression in ("snappy", "zstd", "gzip", "none"):
            with self.subTest(compression):
                self.succeed("load", "in/", f"t.{compression}", "--compression", compression)
                self.assertEqual(self.rows(f"select id from t.{compression} order by id"), [["1"], ["2"], ["3"]])

    def test_parquet_files_load_with_their_own_types(self):
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError:
            self.skipTest("pyarrow is not installed")
        table = pa.table({"id": pa.array([1, 2, None], pa.int32()), "d": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.50")], pa.decimal128(10, 2)),
                          "l": pa.array([[1, 2], None, []], pa.list_(pa.int64())), "s": pa.array([{"a": 1, "b": "x"}, None, {"a": None, "b": "y"}])})
        pq.write_table(table, self.here / "data.parquet")
        self.succeed("load", "data.parquet", "t.data")
        columns = self.columns("t.data")
        self.assertEqual([columns[c] for c in ("id", "d", "l", "s")], ["int", "decimal(10,2)", "array<bigint>", "struct<a:bigint,b:string>"])
        found = json.loads(self.succeed("query", "select id, d, l, s from t.data order by id nulls last", "--format", "json").text, parse_float=decimal.Decimal)
        self.assertEqual(found, table.to_pylist())


class WhereTheLakeIs(LakeTest):
    def setUp(self):
        super().setUp()
        self.write("data.csv", "id\n1\n")

    def load_here(self, *options, cwd=None, **env):
        return self.succeed("load", self.here / "data.csv", "t.data", *options, cwd=cwd, env=self.environment(lake=False, **env))

    def assert_only_lake(self, *path):
        found = sorted(str(p.parent.relative_to(self.here)) for p in self.here.rglob("catalog.sqlite"))
        self.assertEqual(found, ["/".join(path)])

    def test_option_wins_over_the_environment(self):
        self.load_here("--lake", "by-option", GLAUX_LAKE="by-environment")
        self.assert_only_lake("by-option")

    def test_environment_wins_over_the_file(self):
        self.write("glaux.yaml", "lake: local:./by-file\n")
        self.load_here(GLAUX_LAKE=str(self.here / "by-environment"))
        self.assert_only_lake("by-environment")

    def test_the_file_is_found_in_a_folder_above_and_is_relative_to_itself(self):
        self.write("glaux.yaml", "lake:\n  store: ./by-file\n  database: mine\n")
        deep = self.here / "one" / "two"
        deep.mkdir(parents=True)
        self.load_here(cwd=deep)
        self.assert_only_lake("by-file")

    def test_the_nearest_file_wins(self):
        self.write("glaux.yaml", "lake: local:./far\n")
        self.write("one/glaux.yaml", "lake: local:./near\n")
        self.load_here(cwd=self.here / "one")
        self.assert_only_lake("one", "near")

    def test_a_yaml_file_can_be_named(self):
        self.write("other.yaml", "lake: local:./named\n")
        self.load_here("--lake", "other.yaml")
        self.assert_only_lake("named")

    def test_without_any_of_them_it_is_lake_here(self):
        self.load_here()
        self.assert_only_lake("lake")

    def test_the_database_of_names_without_one(self):
        self.write("glaux.yaml", "lake:\n  store: ./here\n  database: mine\n")
        env = self.environment(lake=False)
        self.succeed("load", "data.csv", "plain", env=env)
        self.succeed("load", "data.csv", "plain", "--database", "other", env=env)
        self.assertEqual(sorted(self.tables(env=env)), ["mine.plain", "other.plain"])
        self.assertEqual(self.value("select count(*) from plain", env=env), "1")

    def test_a_wrong_field_is_named_with_file_and_line(self):
        env = self.environment(lake=False)
        for text, words in (("lake:\n  store: ./x\n  stroe: ./y\n", ["line 3", "stroe", "store"]),
                            ("lake:\n  memory_limit: lots\n", ["line 2", "memory_limit", "lots"]),
                            ("lake:\n  allow_local_access: perhaps\n", ["line 2"]),
                            ("lake: [1\n", ["line"]),
                            ("lakes: x\n", ["line 1", "lakes"])):
            with self.subTest(text):
                self.write("glaux.yaml", text)
                self.refuse(INVALID, ["glaux.yaml", *words], "tables", env=env)

    def test_a_value_that_is_wrong_names_its_field(self):
        self.write("glaux.yaml", "lake:\n  store: ./x\n  allow_local_access: perhaps\n")
        self.refuse(INVALID, ["glaux.yaml", "line 3", "allow_local_access"], "tables", env=self.environment(lake=False))

    def test_a_yaml_file_that_is_not_there(self):
        self.refuse(NOT_FOUND, ["nothing.yaml"], "tables", "--lake", "nothing.yaml")


if __name__ == "__main__":
    unittest.main()
