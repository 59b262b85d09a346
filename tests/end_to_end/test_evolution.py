"""Tables that change, in Glue: what others see of it (boto3), and what happens when others change them too."""
import json
import unittest

from lake import INVALID

try:
    import boto3  # noqa: F401
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")

from recorder import Recorder
from test_glue import PARQUET, GlueTest

COMMIT_UNKNOWN = 6


class Evolution(GlueTest):
    """The program with `catalog: glue`, against our own server."""

    def setUp(self):
        super().setUp()
        self.recorder = Recorder(self.url, "glue")
        self.addCleanup(self.recorder.stop)
        self.write("glaux.yaml", json.dumps({"lake": {
            "store": "s3://lake/tables", "catalog": "glue", "glue": {"endpoint_url": self.recorder.url}, "database": "shop",
            "aws": {"region": "eu-central-1", "endpoint_url": self.url}}}))
        self.env = self.client_environment() | {"GLAUX_LAKE": str(self.here / "glaux.yaml")}
        self.write("orders.csv", "id,country,amount\n1,DE,1.50\n2,FR,2.50\n3,DE,3.50\n")
        self.succeed("load", "orders.csv", "orders", "--partition-by", "country", env=self.env)

    def table(self):
        return self.glue.get_table(DatabaseName="shop", Name="orders")["Table"]

    def partitions(self, table="orders"):
        return {tuple(one["Values"]): one for one in
                self.glue.get_partitions(DatabaseName="shop", TableName=table)["Partitions"]}

    def update(self, **more):
        """Somebody else changes the table."""
        known = self.table()
        fields = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
        self.glue.update_table(DatabaseName="shop", TableInput={field: known[field] for field in fields} | more)

    def everything(self):
        objects = self.client().list_objects_v2(Bucket="lake").get("Contents", [])
        versions = self.glue.get_table_versions(DatabaseName="shop", TableName="orders")["TableVersions"]
        return [(one["Key"], one["ETag"]) for one in objects], [one["VersionId"] for one in versions]

    def test_new_columns_appear_and_old_partitions_still_read(self):
        self.write("more.csv", "id,country,amount,tax\n4,DE,4.50,0.1\n5,IT,5.50,0.2\n")
        self.succeed("load", "more.csv", "orders", env=self.env)
        columns = self.table()["StorageDescriptor"]["Columns"]
        self.assertEqual([(one["Name"], one["Type"]) for one in columns],
                         [("id", "bigint"), ("amount", "double"), ("tax", "double")])
        parts = self.partitions()
        self.assertEqual(sorted(parts), [("DE",), ("FR",), ("IT",)])
        # A partition inherits the table's columns when it is registered; what is there is left as it is.
        self.assertEqual(parts[("IT",)]["StorageDescriptor"]["Columns"], columns)
        self.assertEqual(parts[("FR",)]["StorageDescriptor"]["Columns"], columns[:2])
        self.assertEqual(parts[("IT",)]["StorageDescriptor"]["SerdeInfo"], self.table()["StorageDescriptor"]["SerdeInfo"])
        self.assertEqual(self.rows("select id, tax from orders order by id", env=self.env),
                         [["1", ""], ["2", ""], ["3", ""], ["4", "0.1"], ["5", "0.2"]])
        self.assertEqual(self.recorder.problems, [])

    def test_partitions_with_lists_of_their_own_read_by_athenas_rules(self):
        place = self.table()["StorageDescriptor"]["Location"]
        columns = [{"Name": "amount", "Type": "double"}, {"Name": "tax", "Type": "double"}, {"Name": "id", "Type": "bigint"}]
        self.glue.create_table(DatabaseName="shop", TableInput={
            "Name": "theirs", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet"},
            "PartitionKeys": [{"Name": "country", "Type": "string"}],
            "StorageDescriptor": {"Columns": columns, "Location": place} | PARQUET})
        lists = {"DE": [{"Name": "id", "Type": "int"}, {"Name": "amount", "Type": "double"}],  # older, and narrower
                 "FR": [{"Name": "id", "Type": "string"}, {"Name": "amount", "Type": "double"}]}
        for value, own in lists.items():
            self.glue.create_partition(DatabaseName="shop", TableName="theirs", PartitionInput={
                "Values": [value], "StorageDescriptor": {"Columns": own, "Location": f"{place}country={value}/"} | PARQUET})
        self.assertEqual(self.rows("select id, amount, tax from theirs where country = 'DE' order by 1", env=self.env),
                         [["1", "1.5", ""], ["3", "3.5", ""]])
        self.refuse(INVALID, ["HIVE_PARTITION_SCHEMA_MISMATCH", "column id of table shop.theirs is bigint", "country=FR",
                              "string"], "query", "select id from theirs", env=self.env)

    def test_what_is_refused_leaves_no_object_and_no_version(self):
        before = self.everything()
        self.write("text.csv", "id,country,amount\nx,DE,1.50\n")
        self.refuse(INVALID, ["shop.orders", "id", "bigint", "string"], "load", "text.csv", "orders", env=self.env)
        self.write("more.csv", "id,country,amount\n4,DE,4.50\n")
        self.refuse(INVALID, ["shop.orders", "partition keys never change"], "load", "more.csv", "orders",
                    "--partition-by", "amount", env=self.env)
        self.write("keyless.csv", "id,amount\n4,4.50\n")
        self.refuse(INVALID, ["shop.orders", "no column country"], "load", "keyless.csv", "orders", env=self.env)
        self.assertEqual(self.everything(), before)

    def test_a_change_between_our_read_and_our_update_is_kept(self):
        meanwhile = []

        def before(operation, _):
            if operation == "UpdateTable" and not meanwhile:
                meanwhile.append(operation)
                self.update(Description="changed meanwhile")

        self.recorder.before = before
        self.write("more.csv", "id,country,amount,tax\n4,DE,4.50,0.1\n")
        self.succeed("load", "more.csv", "orders", env=self.env)
        self.assertEqual(meanwhile, ["UpdateTable"])
        self.assertGreaterEqual(self.recorder.operations.count("UpdateTable"), 2)
        found = self.table()
        self.assertEqual(found["Description"], "changed meanwhile")
        self.assertIn("tax", [one["Name"] for one in found["StorageDescriptor"]["Columns"]])
        self.assertEqual(self.value("select count(tax) from orders", env=self.env), "1")

    def test_half_of_a_batch_refused_is_told_and_a_repeat_completes_it(self):
        refused = []

        def before(operation, request):
            if operation != "BatchCreatePartition" or refused:
                return None
            parts = request["PartitionInputList"]
            half = len(parts) // 2
            refused.extend(one["Values"] for one in parts[half:])
            self.glue.batch_create_partition(DatabaseName="shop", TableName="orders", PartitionInputList=parts[:half])
            return {"Errors": [{"PartitionValues": values, "ErrorDetail": {"ErrorCode": "AccessDeniedException",
                                                                           "ErrorMessage": "no more of these"}}
                               for values in refused]}

        self.recorder.before = before
        self.write("many.csv", "id,country,amount\n" + "".join(f"{i},N{i:02},1.0\n" for i in range(10)))
        self.refuse(COMMIT_UNKNOWN, ["shop.orders", "AccessDeniedException", "no more of these", "N05", "5 of a batch of 10",
                                     "will be finished"], "load", "many.csv", "orders", env=self.env)
        self.assertEqual(len(refused), 5)
        again = self.succeed("load", "many.csv", "orders", env=self.env)
        self.assertEqual(len(self.partitions()), 12)
        self.assertEqual(self.value("select count(*) from orders", env=self.env), "13", again.err)


if __name__ == "__main__":
    unittest.main()
