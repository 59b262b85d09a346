"""Files that other programs made, in, and tables of ours read by another program."""
import csv
import datetime
import decimal
import gzip
import json
import shutil
import unittest
import zipfile

from lake import TESTDATA, LakeTest

try:
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.dataset
    import pyarrow.parquet
except ImportError:
    pa = None


class OutsideTest(LakeTest):
    def given(self, *path):
        found = TESTDATA.joinpath(*path)
        if not found.exists():
            self.skipTest(f"no outside test data at {found}; GLAUX_TESTDATA names its folder")
        return found

    def table_folder(self, database, table):
        return self.lake / "store" / "lake" / database / table

    @staticmethod
    def read_csv(path):
        opened = gzip.open(path, "rt", newline="", encoding="utf-8") if path.suffix == ".gz" else open(path, newline="", encoding="utf-8")
        with opened as text:
            return list(csv.DictReader(text))


def folded(name):
    """A source's column name as Glue and Athena take it."""
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower())


class CostAndUsageReport(OutsideTest):
    """The 195 columns of koku-nise."""

    def setUp(self):
        super().setUp()
        self.file = self.given("cur-nise", "data", "cur-2024-01-2.csv.gz")
        self.expected = self.read_csv(self.file)

    def test_rows_columns_and_costs_survive(self):
        self.succeed("load", self.file, "billing.cur", "--partition-by", "day(lineItem/UsageStartDate)")
        self.assertEqual(int(self.value("select count(*) from billing.cur")), len(self.expected))
        columns = self.columns("billing.cur")
        for name in self.expected[0]:
            filled = sum(row[name] != "" for row in self.expected)
            if filled:
                self.assertIn(folded(name), columns)
        total = sum(decimal.Decimal(row["lineItem/UnblendedCost"] or 0) for row in self.expected)
        self.assertAlmostEqual(float(self.value("select sum(lineitem_unblendedcost) from billing.cur")), float(total), places=6)

    def test_costs_as_decimals_are_exact(self):
        self.succeed("load", self.file, "billing.cur", "--type", "lineItem/UnblendedCost=decimal(38,18)")
        self.assertEqual(self.columns("billing.cur")["lineitem_unblendedcost"], "decimal(38,18)")
        total = sum(decimal.Decimal(row["lineItem/UnblendedCost"] or 0) for row in self.expected)
        self.assertEqual(decimal.Decimal(self.value("select sum(lineitem_unblendedcost) from billing.cur")), total)

    def test_every_cell_is_the_one_of_the_file(self):
        self.succeed("load", self.file, "billing.cur")
        columns = self.columns("billing.cur")
        names = [name for name in self.expected[0] if folded(name) in columns]
        order = "identity_lineitemid, lineitem_resourceid, lineitem_usagestartdate"
        out = self.succeed("query", f"select * from billing.cur order by {order}", "--format", "json").text
        found = json.loads(out, parse_float=decimal.Decimal)

        def comparable(type, text):
            if text is None or text == "":
                return ""
            if type in ("double", "float"):
                return float(text)
            if type.startswith(("bigint", "int", "decimal")):
                return decimal.Decimal(text)
            if type == "timestamp":
                return datetime.datetime.fromisoformat(str(text).replace("Z", "")).replace(tzinfo=None)
            return str(text).lower() if type == "boolean" else str(text)

        def as_set(rows, key):
            return sorted((tuple(comparable(columns[folded(name)], row[key(name)]) for name in names) for row in rows), key=repr)

        ours, theirs = as_set(found, folded), as_set(self.expected, str)
        for mine, given in zip(ours, theirs, strict=True):
            different = [(name, a, b) for name, a, b in zip(names, mine, given) if a != b]
            self.assertEqual(different, [])

    def test_numbers_that_begin_with_zero_stay_text(self):
        self.succeed("load", self.file, "billing.cur")
        columns = self.columns("billing.cur")
        for name in self.expected[0]:
            if any(len(row[name]) > 1 and row[name].isdigit() and row[name][0] == "0" for row in self.expected):
                self.assertEqual(columns[folded(name)], "string", name)


class PackedReport(OutsideTest):
    """Keboola's small report; the zip is opened by Python, as the program reads csv, csv.gz and parquet."""

    def test_the_rows_are_the_expected_ones(self):
        packed = self.given("cur-keboola", "data", "mock_data", "cur_1_0", "s3_structure", "mock-cur-bucket", "20240101-20240131", "MockTestReport-00001.csv.zip")
        expected = self.read_csv(self.given("cur-keboola", "data", "functional_tests", "cur_1_0", "expected_output.csv"))
        with zipfile.ZipFile(packed) as archive:
            archive.extractall(self.here / "report")
        source = self.read_csv(next((self.here / "report").iterdir()))
        # Every column as text, so that each value can be compared as it stands.
        types = [part for name in source[0] for part in ("--type", f"{name}=string")]
        self.succeed("load", "report/", "billing.cur", *types)
        names = [name.replace("__", "_").lower() for name in expected[0]]
        self.assertEqual(list(self.columns("billing.cur"))[: len(names)], names)
        found = self.rows(f"select {', '.join(names)} from billing.cur")
        self.assertEqual(sorted(found), sorted(list(row.values()) for row in expected))

    def test_the_types_that_are_found_keep_the_values(self):
        file = self.given("cur-keboola", "data", "mock_data", "cur_1_0", "sample_billing_data.csv")
        expected = self.read_csv(file)
        self.succeed("load", file, "billing.cur")
        found = self.rows("select lineitem_usageaccountid, sum(lineitem_unblendedcost), min(lineitem_usagestartdate) from billing.cur group by 1")
        by_account = {}
        for row in expected:
            by_account.setdefault(row["lineItem/UsageAccountId"], []).append(row)
        self.assertEqual(len(found), len(by_account))
        for account, cost, begin in found:
            rows = by_account[account]
            self.assertAlmostEqual(float(cost), sum(float(row["lineItem/UnblendedCost"]) for row in rows), places=9)
            self.assertEqual(begin, min(row["lineItem/UsageStartDate"] for row in rows).replace("T", " ").rstrip("Z"))


class ArrowTestData(OutsideTest):
    def test_counts_and_sums(self):
        for name in ("aggregate_test_100.csv", "aggregate_test_100.csv.gz", "aggregate_test_100_with_dates.csv"):
            with self.subTest(name):
                file = self.given("csv-arrow", "data", name)
                expected = self.read_csv(file)
                table = "t." + folded(name)
                self.succeed("load", file, table)
                count, *sums = self.rows(f"select count(*), {', '.join(f'sum(c{n})' for n in range(2, 11))}, sum(c11), sum(c12) from {table}")[0]
                self.assertEqual(int(count), len(expected))
                for n, found in zip(range(2, 11), sums):
                    self.assertEqual(int(decimal.Decimal(found)), sum(int(row[f"c{n}"]) for row in expected), f"c{n}")
                for n, found in zip((11, 12), sums[9:]):
                    self.assertAlmostEqual(float(found), sum(float(row[f"c{n}"]) for row in expected), places=9)
                texts = self.rows(f"select c1, c13 from {table}")
                self.assertEqual(sorted(texts), sorted([row["c1"], row["c13"]] for row in expected))

    def test_dates_and_times(self):
        file = self.given("csv-arrow", "data", "aggregate_test_100_with_dates.csv")
        expected = self.read_csv(file)
        self.succeed("load", file, "t.dates")
        columns = self.columns("t.dates")
        self.assertEqual((columns["c14"], columns["c15"]), ("date", "timestamp"))
        found = self.rows("select c14, epoch_ms(c15), c13 from t.dates")
        zone = datetime.timezone.utc
        milliseconds = lambda text: round(datetime.datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)
        self.assertEqual(sorted(found), sorted([row["c14"], str(milliseconds(row["c15"])), row["c13"]] for row in expected))


@unittest.skipIf(pa is None, "pyarrow is not installed")
class FastparquetFiles(OutsideTest):
    """Files of Spark and Impala. They are loaded as files: keys that only their paths hold are not part of the rows."""

    def setUp(self):
        super().setUp()
        self.data = self.given("hive-fastparquet", "data")

    def test_a_partitioned_folder_of_spark(self):
        theirs = pa.dataset.dataset(self.data / "split", format="parquet", partitioning="hive", exclude_invalid_files=True).to_table()
        self.succeed("load", self.data / "split", "t.split")
        self.assertEqual(int(self.value("select count(*) from t.split")), theirs.num_rows)
        self.assertNotIn("cat", self.columns("t.split"))
        found = self.rows("select count(num), sum(num) from t.split")[0]
        self.assertEqual(int(found[0]), theirs.num_rows - theirs["num"].null_count)
        self.assertAlmostEqual(float(found[1]), float(pa.compute.sum(theirs["num"]).as_py()), places=6)

    def test_each_file_of_impala(self):
        for name in ("gzip-nation.impala.parquet", "nation.dict.parquet", "nation.impala.parquet", "nation.plain.parquet", "test-timezone.parquet"):
            with self.subTest(name):
                theirs = pa.parquet.read_table(self.data / name)
                table = "t." + folded(name)
                self.succeed("load", self.data / name, table)
                self.assertEqual(int(self.value(f"select count(*) from {table}")), theirs.num_rows)
                names = [folded(column) for column in theirs.column_names]
                quoted = ", ".join(f'"{column}"' for column in names)
                rows = json.loads(self.succeed("query", f"select {quoted} from {table}", "--format", "json").text)
                self.assertEqual(len(rows), theirs.num_rows)
                for column, given in zip(names, theirs.columns):
                    if pa.types.is_integer(given.type):
                        self.assertEqual(sorted(row[column] for row in rows), sorted(given.to_pylist()))
                    elif pa.types.is_string(given.type) or pa.types.is_binary(given.type):
                        self.assertEqual(len({json.dumps(row[column]) for row in rows}), len(set(given.to_pylist())))


@unittest.skipIf(pa is None, "pyarrow is not installed")
class ReadByAnother(OutsideTest):
    """What we wrote, read by pyarrow as a Hive dataset."""

    def read(self, database, table, **how):
        folder = self.table_folder(database, table)
        return pa.dataset.dataset(folder, format="parquet", partitioning="hive", **how).to_table()

    def test_rows_and_sums_agree(self):
        file = self.given("cur-nise", "data", "cur-2024-01-2.csv.gz")
        self.succeed("load", file, "billing.cur", "--partition-by", "day(lineItem/UsageStartDate), lineItem/ProductCode",
                     "--type", "lineItem/UnblendedCost=decimal(38,18)")
        theirs = self.read("billing", "cur")
        count, total = self.rows("select count(*), sum(lineitem_unblendedcost) from billing.cur")[0]
        self.assertEqual(theirs.num_rows, int(count))
        self.assertEqual(pa.compute.sum(theirs["lineitem_unblendedcost"]).as_py(), decimal.Decimal(total))
        ours = {(int(day), code): int(n) for day, code, n in self.rows("select day, lineitem_productcode, count(*) from billing.cur group by all")}
        groups = theirs.group_by(["day", "lineitem_productcode"]).aggregate([([], "count_all")]).to_pylist()
        self.assertEqual({(row["day"], row["lineitem_productcode"]): row["count_all"] for row in groups}, ours)

    def test_keys_stay_out_of_the_files(self):
        file = self.given("csv-arrow", "data", "aggregate_test_100.csv")
        self.succeed("load", file, "t.data", "--partition-by", "c1")
        files = list(self.table_folder("t", "data").rglob("*.parquet"))
        self.assertEqual(len(files), len({row["c1"] for row in self.read_csv(file)}))
        for path in files:
            self.assertNotIn("c1", pa.parquet.read_schema(path).names)
        self.assertEqual(self.read("t", "data").num_rows, 100)

    def test_every_type_comes_back(self):
        rows = {"i8": pa.array([1, None], pa.int8()), "i32": pa.array([-5, None], pa.int32()), "i64": pa.array([2**62, None]), "f": pa.array([0.5, None], pa.float32()),
                "d": pa.array([decimal.Decimal("1.25"), None], pa.decimal128(20, 2)), "b": pa.array([True, None]), "s": pa.array(["ü", None]),
                "bin": pa.array([b"\0\xff", None], pa.binary()), "day": pa.array([datetime.date(2024, 2, 29), None]),
                "t": pa.array([datetime.datetime(2024, 2, 29, 1, 2, 3, 456789), None], pa.timestamp("us")),
                "l": pa.array([[1, None], None], pa.list_(pa.int64())), "st": pa.array([{"x": 1, "y": ["a"]}, None]),
                "m": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64()))}
        table = pa.table({"id": [1, 2], **rows})
        pa.parquet.write_table(table, self.here / "all.parquet")
        self.succeed("load", "all.parquet", "t.all_types", "--partition-by", "id")
        theirs = self.read("t", "all_types").sort_by("id").select(table.column_names)
        self.assertEqual(theirs.to_pylist(), table.to_pylist())
        self.succeed("query", "select * from t.all_types order by id", "-o", "out.parquet")
        self.assertEqual(pa.parquet.read_table(self.here / "out.parquet").select(list(rows)).to_pylist(), table.select(list(rows)).to_pylist())

    def test_an_evolved_table_is_one_dataset(self):
        self.write("a.csv", "id,v\n1,x\n")
        self.write("b.csv", "id,v,more\n2,y,7\n")
        self.succeed("load", "a.csv", "t.data")
        self.succeed("load", "b.csv", "t.data")
        folder = self.table_folder("t", "data")
        files = sorted(folder.rglob("*.parquet"))
        schema = pa.unify_schemas([pa.parquet.read_schema(path) for path in files])
        theirs = self.read("t", "data", schema=schema).sort_by("id").select(["id", "v", "more"]).to_pylist()
        self.assertEqual(theirs, [{"id": 1, "v": "x", "more": None}, {"id": 2, "v": "y", "more": 7}])
        self.assertEqual(self.rows("select id, v, more from t.data order by id"), [["1", "x", ""], ["2", "y", "7"]])

    def test_our_own_output_loads_again(self):
        file = self.given("cur-nise", "data", "cur-2024-01-2.csv.gz")
        self.succeed("load", file, "billing.cur")
        self.succeed("query", "select * exclude (year, month, day) from billing.cur", "-o", "copy.parquet")
        self.succeed("load", "copy.parquet", "billing.copy")
        first, second = self.columns("billing.cur"), self.columns("billing.copy")
        self.assertEqual(second, first)
        difference = "select count(*) from ((select * from billing.{0} except all select * from billing.{1}))"
        self.assertEqual(self.value(difference.format("cur", "copy")), "0")
        self.assertEqual(self.value(difference.format("copy", "cur")), "0")

    def test_a_lake_that_is_moved_reads_the_same(self):
        file = self.given("csv-arrow", "data", "aggregate_test_100.csv")
        self.succeed("load", file, "t.data", "--partition-by", "c1")
        before = self.rows("select c1, sum(c2) from t.data group by 1 order by 1")
        shutil.move(self.lake, self.here / "moved")
        self.lake = self.here / "moved"
        self.assertEqual(self.rows("select c1, sum(c2) from t.data group by 1 order by 1"), before)


if __name__ == "__main__":
    unittest.main()
