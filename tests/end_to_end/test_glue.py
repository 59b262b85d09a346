"""The Glue wire of `glaux serve`, by boto3, and the program as a client of it."""
import datetime
import http.client
import json
import subprocess
import unittest
import urllib.parse

from lake import DENIED, INVALID, NOT_FOUND, NOT_IMPLEMENTED, PROGRAM, UNAVAILABLE
from served import KEY, SECRET, ServedTest

try:
    import boto3
    import botocore.config
    from botocore.exceptions import ClientError

    from aws_model import check_answers
    from recorder import Recorder
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")

PARQUET = {"InputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
           "OutputFormat": "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
           "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
                         "Parameters": {"serialization.format": "1"}}}


def table(name, *keys, **more):
    return {"Name": name, "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "parquet", "of": "somebody"},
            "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
            "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint", "Comment": "which"},
                                              {"Name": "v", "Type": "struct<a:int,b:array<string>>"}],
                                  "Location": f"s3://lake/{name}/"} | PARQUET} | more


def partition(*values, **more):
    return {"Values": list(values), "StorageDescriptor": {"Columns": [{"Name": "id", "Type": "bigint"}],
                                                          "Location": "s3://lake/t/" + "/".join(values)} | PARQUET} | more


class GlueTest(ServedTest):
    options = ("--wire", "s3,glue")

    def setUp(self):
        super().setUp()
        self.glue = self.glue_client()

    def glue_client(self, key=KEY, secret=SECRET):
        config = botocore.config.Config(retries={"max_attempts": 1, "mode": "standard"})
        return check_answers(boto3.client("glue", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=key,
                                          aws_secret_access_key=secret, config=config))

    def refuses(self, code, call, *words, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response
        self.assertEqual((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]), (code, 400),
                         error["Error"]["Message"])
        for word in words:
            self.assertIn(word, error["Error"]["Message"])

    def pages(self, operation, of, **arguments):
        return [page[of] for page in self.glue.get_paginator(operation).paginate(**arguments)]


class Databases(GlueTest):
    def test_databases_come_change_and_go(self):
        self.glue.create_database(DatabaseInput={"Name": "Shop", "Description": "what is sold", "LocationUri": "s3://lake/shop",
                                                 "Parameters": {"owner": "me", "empty": ""}})
        found = self.glue.get_database(Name="SHOP")["Database"]
        self.assertEqual((found["Name"], found["Description"], found["LocationUri"], found["Parameters"]),
                         ("shop", "what is sold", "s3://lake/shop", {"owner": "me", "empty": ""}))
        age = datetime.datetime.now(datetime.timezone.utc) - found["CreateTime"]
        self.assertLess(abs(age.total_seconds()), 300)
        self.refuses("AlreadyExistsException", self.glue.create_database, "shop", DatabaseInput={"Name": "shop"})
        self.glue.update_database(Name="shop", DatabaseInput={"Name": "shop", "Parameters": {"owner": "you"}})
        changed = self.glue.get_database(Name="shop")["Database"]
        self.assertEqual((changed["Parameters"], changed["CreateTime"]), ({"owner": "you"}, found["CreateTime"]))
        self.assertNotIn("Description", changed)
        self.glue.create_table(DatabaseName="shop", TableInput=table("t"))
        self.glue.delete_database(Name="shop")  # with its tables, as Glue does
        self.refuses("EntityNotFoundException", self.glue.get_database, "shop", Name="shop")
        self.refuses("EntityNotFoundException", self.glue.delete_database, Name="shop")
        self.refuses("EntityNotFoundException", self.glue.get_tables, DatabaseName="shop")
        self.refuses("InvalidInputException", self.glue.create_database, DatabaseInput={"Name": "x" * 256})
        self.assertEqual(self.glue.get_databases()["DatabaseList"], [])

    def test_databases_are_listed_in_pages(self):
        for number in range(7):
            self.glue.create_database(DatabaseInput={"Name": f"d{number}"})
        pages = self.pages("get_databases", "DatabaseList", PaginationConfig={"PageSize": 3})
        self.assertEqual([[one["Name"] for one in page] for page in pages], [["d0", "d1", "d2"], ["d3", "d4", "d5"], ["d6"]])

    def test_only_who_has_the_key_is_served(self):
        self.refuses("InvalidSignatureException", self.glue_client(secret="another").get_databases)
        self.refuses("UnrecognizedClientException", self.glue_client(key="SOMEBODY").get_databases)

    def test_one_port_has_both_wires(self):
        s3 = self.client()
        s3.put_object(Bucket="lake", Key="k", Body=b"x")
        self.glue.create_database(DatabaseInput={"Name": "d"})
        self.assertEqual(s3.get_object(Bucket="lake", Key="k")["Body"].read(), b"x")
        self.assertIn("(s3, glue)", self.said[-1])

    def test_what_is_not_there_is_named(self):
        self.refuses("UnknownOperationException", self.glue.get_crawlers, "GetCrawlers")
        self.refuses("InvalidInputException", self.glue.create_database, "TargetDatabase",
                     DatabaseInput={"Name": "x", "TargetDatabase": {"CatalogId": "1", "DatabaseName": "y"}})


class Alone(GlueTest):
    options = ("--wire", "glue")

    def test_glue_alone_answers_s3_in_its_own_words(self):
        self.glue.create_database(DatabaseInput={"Name": "d"})
        self.assertEqual(len(self.glue.get_databases()["DatabaseList"]), 1)
        with self.assertRaises(ClientError):
            self.client().list_buckets()


class Anonymous(GlueTest):
    options = ("--wire", "s3,glue", "--anonymous")

    def test_unsigned_requests_find_their_wire(self):
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port)
        connection.request("POST", "/", b"{}", {"X-Amz-Target": "AWSGlue.GetDatabases"})
        self.assertEqual(json.loads(connection.getresponse().read()), {"DatabaseList": []})
        connection.request("GET", "/lake?list-type=2")
        self.assertIn(b"ListBucketResult", connection.getresponse().read())
        connection.close()


class Tables(GlueTest):
    def setUp(self):
        super().setUp()
        self.glue.create_database(DatabaseInput={"Name": "shop"})

    def create(self, *inputs):
        for one in inputs:
            self.glue.create_table(DatabaseName="shop", TableInput=one)

    def names(self, **arguments):
        return [one["Name"] for page in self.pages("get_tables", "TableList", DatabaseName="shop", **arguments) for one in page]

    def test_a_table_comes_back_as_it_was_given(self):
        given = table("Orders", "year", Owner="finance", Retention=3, Description="all of them")
        self.create(given)
        found = self.glue.get_table(DatabaseName="shop", Name="ORDERS")["Table"]
        for field in ("Owner", "Retention", "Description", "Parameters", "PartitionKeys", "TableType"):
            self.assertEqual(found[field], given[field], field)
        for field in ("Columns", "Location", "InputFormat", "OutputFormat", "SerdeInfo"):
            self.assertEqual(found["StorageDescriptor"][field], given["StorageDescriptor"][field], field)
        self.assertEqual((found["Name"], found["DatabaseName"], found["VersionId"]), ("orders", "shop", "0"))
        self.assertEqual(found["CreateTime"], found["UpdateTime"])
        self.refuses("AlreadyExistsException", self.glue.create_table, "shop.orders", DatabaseName="shop", TableInput=given)
        self.refuses("EntityNotFoundException", self.glue.create_table, "none", DatabaseName="none", TableInput=given)
        self.refuses("EntityNotFoundException", self.glue.get_table, "none", DatabaseName="shop", Name="none")
        self.refuses("InvalidInputException", self.glue.create_table, "id", DatabaseName="shop", TableInput=table("x", "ID"))
        self.glue.delete_table(DatabaseName="shop", Name="orders")
        self.refuses("EntityNotFoundException", self.glue.delete_table, DatabaseName="shop", Name="orders")

    def test_an_update_that_names_a_version_never_overwrites_another(self):
        self.create(table("t"))
        self.glue.update_table(DatabaseName="shop", TableInput=table("t", Description="1"), VersionId="0")
        self.refuses("ConcurrentModificationException", self.glue.update_table, "has version 1, expected 0",
                     DatabaseName="shop", TableInput=table("t", Description="2"), VersionId="0", SkipArchive=True)
        self.glue.update_table(DatabaseName="shop", TableInput=table("t", Description="3"))  # whatever is there
        found = self.glue.get_table(DatabaseName="shop", Name="t")["Table"]
        self.assertEqual((found["VersionId"], found["Description"]), ("2", "3"))
        self.refuses("InvalidInputException", self.glue.update_table, "partition keys", DatabaseName="shop",
                     TableInput=table("t", "year"))
        self.refuses("EntityNotFoundException", self.glue.update_table, DatabaseName="shop", TableInput=table("none"))

        versions = self.pages("get_table_versions", "TableVersions", DatabaseName="shop", TableName="t",
                              PaginationConfig={"PageSize": 2})
        self.assertEqual([[one["VersionId"] for one in page] for page in versions], [["2", "1"], ["0"]])
        old = self.glue.get_table_version(DatabaseName="shop", TableName="t", VersionId="1")["TableVersion"]
        self.assertEqual((old["VersionId"], old["Table"]["Description"]), ("1", "1"))
        newest = self.glue.get_table_version(DatabaseName="shop", TableName="t")["TableVersion"]
        self.assertEqual(newest["VersionId"], "2")
        self.refuses("EntityNotFoundException", self.glue.get_table_version, DatabaseName="shop", TableName="t", VersionId="9")

    def test_tables_are_listed_in_pages_by_expression_and_in_part(self):
        self.create(*(table(f"{kind}_{number}") for kind in ("cur", "log") for number in range(60)))
        everything = [f"{kind}_{number}" for kind in ("cur", "log") for number in range(60)]
        self.assertEqual(self.names(), sorted(everything))
        self.assertEqual(self.names(PaginationConfig={"PageSize": 7}), sorted(everything))
        self.assertEqual(self.names(Expression="log_.*", PaginationConfig={"PageSize": 7}),
                         sorted(name for name in everything if name.startswith("log")))
        self.assertEqual(self.names(Expression="cur_1*"), ["cur_1"] + [f"cur_1{n}" for n in range(10)])
        self.assertEqual(self.names(Expression="*_5"), ["cur_5", "log_5"])
        self.assertEqual(self.names(Expression="cur_(3|5)"), ["cur_3", "cur_5"])
        self.assertEqual(self.names(Expression="none"), [])
        self.refuses("InvalidInputException", self.glue.get_tables, DatabaseName="shop", Expression="(")
        self.refuses("InvalidInputException", self.glue.get_tables, DatabaseName="shop", NextToken="none of ours")
        (only,) = self.glue.get_tables(DatabaseName="shop", Expression="cur_3", AttributesToGet=["NAME", "TABLE_TYPE"])["TableList"]
        self.assertEqual(only, {"Name": "cur_3", "DatabaseName": "shop", "TableType": "EXTERNAL_TABLE"})

    def test_a_batch_of_deletes_says_which_failed(self):
        self.create(table("a"), table("b"))
        done = self.glue.batch_delete_table(DatabaseName="shop", TablesToDelete=["a", "none", "b"])
        ((name, code),) = [(one["TableName"], one["ErrorDetail"]["ErrorCode"]) for one in done["Errors"]]
        self.assertEqual((name, code), ("none", "EntityNotFoundException"))
        self.assertEqual(self.names(), [])

    def test_search(self):
        self.glue.create_database(DatabaseInput={"Name": "logs"})
        self.create(table("orders", Description="What was sold"), table("customer-link"), table("xlinkx"))
        self.glue.create_table(DatabaseName="logs", TableInput=table("orders", Parameters={"Team": "platform"}))

        def found(**arguments):
            return [f'{one["DatabaseName"]}.{one["Name"]}' for one in self.glue.search_tables(**arguments)["TableList"]]
        self.assertEqual(found(SearchText="SOLD"), ["shop.orders"])
        self.assertEqual(found(Filters=[{"Key": "Name", "Value": "link"}]), ["shop.customer-link"])
        self.assertEqual(found(Filters=[{"Key": "Name", "Value": "orders"}, {"Key": "DatabaseName", "Value": "logs"}]),
                         ["logs.orders"])
        self.assertEqual(found(Filters=[{"Key": "team", "Value": "platform"}]), ["logs.orders"])
        self.assertEqual(found(Filters=[{"Key": "UpdateTime", "Value": "1", "Comparator": "LESS_THAN"}]), [])
        self.assertEqual(found(SortCriteria=[{"FieldName": "Name", "Sort": "DESC"}])[0], "shop.xlinkx")
        first = self.glue.search_tables(MaxResults=3)
        second = self.glue.search_tables(MaxResults=3, NextToken=first["NextToken"])
        self.assertEqual([len(page["TableList"]) for page in (first, second)], [3, 1])
        self.assertNotIn("NextToken", second)

    def test_what_a_table_asks_for_and_would_not_get_is_refused(self):
        self.refuses("InvalidInputException", self.glue.create_table, "PartitionIndexes", DatabaseName="shop",
                     TableInput=table("t", "y"), PartitionIndexes=[{"Keys": ["y"], "IndexName": "i"}])
        self.refuses("InvalidInputException", self.glue.create_table, "TargetTable", DatabaseName="shop",
                     TableInput=table("t", TargetTable={"CatalogId": "1", "DatabaseName": "d", "Name": "n"}))
        self.create(table("t", "y"))
        self.assertEqual(self.glue.get_partition_indexes(DatabaseName="shop", TableName="t")["PartitionIndexDescriptorList"], [])


class Partitions(GlueTest):
    def setUp(self):
        super().setUp()
        self.glue.create_database(DatabaseInput={"Name": "shop"})
        self.glue.create_table(DatabaseName="shop", TableInput=table("t", "year", "month"))
        self.of = {"DatabaseName": "shop", "TableName": "t"}

    def create(self, *values):
        for start in range(0, len(values), 100):
            done = self.glue.batch_create_partition(PartitionInputList=[partition(*one) for one in values[start:start + 100]],
                                                    **self.of)
            self.assertEqual(done["Errors"], [])

    def values(self, **arguments):
        pages = self.pages("get_partitions", "Partitions", **self.of, **arguments)
        return [one["Values"] for page in pages for one in page]

    def test_a_partition_comes_changes_moves_and_goes(self):
        given = partition("2025", "a/b'c", Parameters={"rows": "17"})
        self.glue.create_partition(PartitionInput=given, **self.of)
        self.refuses("AlreadyExistsException", self.glue.create_partition, "2025", PartitionInput=given, **self.of)
        found = self.glue.get_partition(PartitionValues=["2025", "a/b'c"], **self.of)["Partition"]
        self.assertEqual((found["Parameters"], found["DatabaseName"], found["TableName"]), ({"rows": "17"}, "shop", "t"))
        self.assertEqual(found["StorageDescriptor"]["Columns"], given["StorageDescriptor"]["Columns"])
        self.assertIn("CreationTime", found)
        self.glue.update_partition(PartitionValueList=["2025", "a/b'c"], **self.of,
                                   PartitionInput=partition("2025", "a/b'c", Parameters={"rows": "18"}))
        self.assertEqual(self.glue.get_partition(PartitionValues=["2025", "a/b'c"], **self.of)["Partition"]["Parameters"],
                         {"rows": "18"})
        self.glue.update_partition(PartitionValueList=["2025", "a/b'c"], PartitionInput=partition("2026", "1"), **self.of)
        self.assertEqual(self.values(), [["2026", "1"]])
        self.refuses("EntityNotFoundException", self.glue.update_partition, PartitionValueList=["1999", "1"], **self.of,
                     PartitionInput=partition("1999", "1"))
        self.refuses("EntityNotFoundException", self.glue.get_partition, "1999", PartitionValues=["1999", "1"], **self.of)
        self.refuses("InvalidInputException", self.glue.create_partition, PartitionInput=partition("2025"), **self.of)
        self.refuses("InvalidInputException", self.glue.get_partition, PartitionValues=["2026"], **self.of)
        self.glue.delete_partition(PartitionValues=["2026", "1"], **self.of)
        self.refuses("EntityNotFoundException", self.glue.delete_partition, PartitionValues=["2026", "1"], **self.of)
        self.refuses("EntityNotFoundException", self.glue.get_partitions, DatabaseName="shop", TableName="none")

    def test_partitions_are_found_by_expression_page_and_segment(self):
        everything = [[str(year), f"{month:02}"] for year in range(2000, 2025) for month in range(1, 13)]
        self.create(*everything)
        self.assertEqual(self.values(), everything)
        self.assertEqual(self.values(PaginationConfig={"PageSize": 7}), everything)
        self.assertEqual(self.values(Expression="year = '2003' AND month IN ('01', '12')"), [["2003", "01"], ["2003", "12"]])
        self.assertEqual(self.values(Expression="(year >= '2024' or year = '2000') and not month > '01'"),
                         [["2000", "01"], ["2024", "01"]])
        self.assertEqual(self.values(Expression="year between '2003' and '2004' and month like '1%'",
                                     PaginationConfig={"PageSize": 2}),
                         [[year, month] for year in ("2003", "2004") for month in ("10", "11", "12")])
        segments = [self.values(Segment={"SegmentNumber": number, "TotalSegments": 4}) for number in range(4)]
        self.assertEqual(sorted(sum(segments, [])), everything)
        self.assertTrue(all(segments))
        self.refuses("InvalidInputException", self.glue.get_partitions, "color", Expression="color = 'red'", **self.of)
        self.refuses("InvalidInputException", self.glue.get_partitions, Expression="year = ", **self.of)
        self.refuses("InvalidInputException", self.glue.get_partitions, **self.of,
                     Segment={"SegmentNumber": 4, "TotalSegments": 4})
        first = self.glue.get_partitions(MaxResults=1, ExcludeColumnSchema=True, **self.of)["Partitions"][0]
        self.assertEqual(first["StorageDescriptor"]["Columns"], [])
        self.assertEqual(first["StorageDescriptor"]["Location"], "s3://lake/t/2000/01")

    def test_batches_do_what_they_can_and_say_what_they_could_not(self):
        self.create(["2025", "01"], ["2025", "02"])
        done = self.glue.batch_create_partition(**self.of, PartitionInputList=[
            partition("2025", "02"), partition("2025", "03"), partition("2025"), partition("2025", "04")])
        self.assertEqual([(one["PartitionValues"], one["ErrorDetail"]["ErrorCode"]) for one in done["Errors"]],
                         [(["2025", "02"], "AlreadyExistsException"), (["2025"], "InvalidInputException")])
        self.assertEqual(self.values(), [["2025", f"0{month}"] for month in (1, 2, 3, 4)])

        done = self.glue.batch_update_partition(**self.of, Entries=[
            {"PartitionValueList": ["2025", "01"], "PartitionInput": partition("2025", "01", Parameters={"n": "1"})},
            {"PartitionValueList": ["2025", "09"], "PartitionInput": partition("2025", "09")},
            {"PartitionValueList": ["2025", "04"], "PartitionInput": partition("2026", "04")}])
        self.assertEqual([(one["PartitionValueList"], one["ErrorDetail"]["ErrorCode"]) for one in done["Errors"]],
                         [(["2025", "09"], "EntityNotFoundException")])
        got = self.glue.batch_get_partition(PartitionsToGet=[{"Values": ["2026", "04"]}, {"Values": ["2025", "01"]},
                                                             {"Values": ["1999", "01"]}], **self.of)
        self.assertEqual([(one["Values"], one["Parameters"]) for one in got["Partitions"]],
                         [(["2026", "04"], {}), (["2025", "01"], {"n": "1"})])
        self.assertEqual(got["UnprocessedKeys"], [])

        done = self.glue.batch_delete_partition(PartitionsToDelete=[{"Values": ["2025", "01"]}, {"Values": ["1999", "01"]}],
                                                **self.of)
        self.assertEqual([one["PartitionValues"] for one in done["Errors"]], [["1999", "01"]])
        self.assertEqual(self.values(), [["2025", "02"], ["2025", "03"], ["2026", "04"]])

    def test_batches_have_glues_limits(self):
        def unchecked(operation, **arguments):
            config = botocore.config.Config(parameter_validation=False)
            client = boto3.client("glue", endpoint_url=self.url, region_name="eu-west-1", aws_access_key_id=KEY,
                                  aws_secret_access_key=SECRET, config=config)
            return lambda: getattr(client, operation)(**self.of, **arguments)
        many = [partition("2025", str(number)) for number in range(101)]
        values = [{"Values": one["Values"]} for one in many]
        self.refuses("ValidationException", unchecked("batch_create_partition", PartitionInputList=many), "100")
        self.refuses("ValidationException", unchecked("batch_delete_partition", PartitionsToDelete=values[:26]), "25")
        self.refuses("ValidationException", unchecked("batch_get_partition", PartitionsToGet=values * 10), "1000")
        self.refuses("ValidationException", unchecked("get_partitions", MaxResults=1001), "1000")
        self.refuses("ValidationException", unchecked("get_partitions", Segment={"SegmentNumber": 0, "TotalSegments": 11}), "10")
        self.assertEqual(self.values(), [])


class Statistics(GlueTest):
    def test_statistics_are_kept_for_the_table_and_for_each_partition(self):
        self.glue.create_database(DatabaseInput={"Name": "shop"})
        self.glue.create_table(DatabaseName="shop", TableInput=table("t", "year"))
        of = {"DatabaseName": "shop", "TableName": "t"}
        self.glue.create_partition(PartitionInput=partition("2025"), **of)
        time = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)

        def column(name, nulls):
            data = {"MinimumValue": -5, "MaximumValue": 2 ** 60, "NumberOfNulls": nulls, "NumberOfDistinctValues": 7}
            return {"ColumnName": name, "ColumnType": "bigint", "AnalyzedTime": time,
                    "StatisticsData": {"Type": "LONG", "LongColumnStatisticsData": data}}

        self.assertEqual(self.glue.update_column_statistics_for_table(ColumnStatisticsList=[column("id", 1)], **of)["Errors"], [])
        done = self.glue.update_column_statistics_for_partition(PartitionValues=["2025"], **of,
                                                                ColumnStatisticsList=[column("id", 2), column("none", 3)])
        self.assertEqual([(one["ColumnStatistics"]["ColumnName"], one["Error"]["ErrorCode"]) for one in done["Errors"]],
                         [("none", "EntityNotFoundException")])
        found = self.glue.get_column_statistics_for_table(ColumnNames=["id", "v"], **of)
        self.assertEqual(found["ColumnStatisticsList"], [column("id", 1)])
        self.assertEqual([one["ColumnName"] for one in found["Errors"]], ["v"])
        found = self.glue.get_column_statistics_for_partition(PartitionValues=["2025"], ColumnNames=["id"], **of)
        self.assertEqual(found["ColumnStatisticsList"], [column("id", 2)])
        for _ in range(2):  # none to delete is no error
            self.glue.delete_column_statistics_for_partition(PartitionValues=["2025"], ColumnName="id", **of)
        found = self.glue.get_column_statistics_for_partition(PartitionValues=["2025"], ColumnNames=["id"], **of)
        self.assertEqual(found["ColumnStatisticsList"], [])
        self.refuses("EntityNotFoundException", self.glue.delete_column_statistics_for_partition, PartitionValues=["1999"],
                     ColumnName="id", **of)
        self.refuses("EntityNotFoundException", self.glue.get_column_statistics_for_partition, PartitionValues=["1999"],
                     ColumnNames=["id"], **of)
        broken = column("id", 1) | {"StatisticsData": {"Type": "STRING"}}
        done = self.glue.update_column_statistics_for_table(ColumnStatisticsList=[broken], **of)
        self.assertEqual([one["Error"]["ErrorCode"] for one in done["Errors"]], ["InvalidInputException"])


class Account(GlueTest):
    def test_what_is_always_empty_or_always_the_same(self):
        self.glue.create_database(DatabaseInput={"Name": "d"})
        self.assertEqual(self.glue.get_user_defined_functions(DatabaseName="d", Pattern="*")["UserDefinedFunctions"], [])
        settings = self.glue.get_data_catalog_encryption_settings()["DataCatalogEncryptionSettings"]
        self.assertEqual(settings["EncryptionAtRest"], {"CatalogEncryptionMode": "DISABLED"})
        self.assertTrue(self.glue.get_catalog_import_status()["ImportStatus"]["ImportCompleted"])

    def test_tags(self):
        arn = "arn:aws:glue:us-east-1:000000000000:"
        self.glue.create_database(DatabaseInput={"Name": "d"}, Tags={"team": "shop"})
        self.glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
        self.assertEqual(self.glue.get_tags(ResourceArn=arn + "database/d")["Tags"], {"team": "shop"})
        table = arn + "table/d/t"
        self.assertEqual(self.glue.get_tags(ResourceArn=table)["Tags"], {})
        self.glue.tag_resource(ResourceArn=table, TagsToAdd={"a": "1", "b": "2"})
        self.glue.tag_resource(ResourceArn=table, TagsToAdd={"b": "3", "c": ""})
        self.glue.untag_resource(ResourceArn=table, TagsToRemove=["a", "none"])
        self.assertEqual(self.glue.get_tags(ResourceArn=table)["Tags"], {"b": "3", "c": ""})
        self.glue.tag_resource(ResourceArn=arn + "catalog", TagsToAdd={"owner": "data"})
        self.assertEqual(self.glue.get_tags(ResourceArn=arn + "catalog")["Tags"], {"owner": "data"})
        for call, more in ((self.glue.get_tags, {}), (self.glue.tag_resource, {"TagsToAdd": {"a": "b"}}),
                           (self.glue.untag_resource, {"TagsToRemove": ["a"]})):
            self.refuses("EntityNotFoundException", call, ResourceArn=arn + "table/d/none", **more)
            self.refuses("InvalidInputException", call, ResourceArn=arn + "job/x", **more)
        many = {f"k{i}": "" for i in range(49)}
        self.refuses("InvalidInputException", self.glue.tag_resource, ResourceArn=table, TagsToAdd=many)
        self.refuses("InvalidInputException", self.glue.tag_resource, ResourceArn=table, TagsToAdd={"aws:x": ""})
        self.refuses("InvalidInputException", self.glue.create_database, DatabaseInput={"Name": "e"}, Tags={"aws:x": ""})
        self.refuses("EntityNotFoundException", self.glue.get_database, Name="e")

    def test_tags_outlive_the_server_but_not_the_table(self):
        table = "arn:aws:glue:us-east-1:000000000000:table/d/t"
        self.glue.create_database(DatabaseInput={"Name": "d"})
        self.glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
        self.glue.tag_resource(ResourceArn=table, TagsToAdd={"a": "1"})
        self.stop()
        self.serve(*self.options)
        self.glue = self.glue_client()
        self.assertEqual(self.glue.get_tags(ResourceArn=table)["Tags"], {"a": "1"})
        self.glue.delete_table(DatabaseName="d", Name="t")
        self.glue.create_table(DatabaseName="d", TableInput={"Name": "t"})
        self.assertEqual(self.glue.get_tags(ResourceArn=table)["Tags"], {})


class Program(GlueTest):
    """The program with `catalog: glue`, against our own server."""

    def setUp(self):
        super().setUp()
        self.recorder = Recorder(self.url, "glue")
        self.addCleanup(self.recorder.stop)
        self.describe()
        self.write("orders.csv", "id,country,amount\n" + "".join(f"{i},{'DE' if i % 3 else 'FR'},{i}.25\n" for i in range(1, 31)))

    def describe(self, **glue):
        glue.setdefault("endpoint_url", self.recorder.url)
        self.write("glaux.yaml", json.dumps({"lake": {
            "store": "s3://lake/tables", "catalog": "glue", "glue": glue, "database": "shop",
            "aws": {"region": "eu-central-1", "endpoint_url": self.url}}}))

    def as_client(self, **more):
        return self.client_environment() | {"GLAUX_LAKE": str(self.here / "glaux.yaml")} | more

    def test_a_load_makes_tables_that_everybody_sees(self):
        env = self.as_client()
        self.succeed("load", "orders.csv", "orders", "--partition-by", "country", env=env)
        self.assertEqual(self.rows("select country, count(*), sum(amount) from orders group by 1 order by 1", env=env),
                         [["DE", "20", "305.0"], ["FR", "10", "167.5"]])
        self.assertEqual(self.tables(env=env), ["shop.orders"])
        found = self.glue.get_table(DatabaseName="shop", Name="orders")["Table"]
        self.assertEqual((found["TableType"], found["Parameters"]["classification"]), ("EXTERNAL_TABLE", "parquet"))
        self.assertEqual([key["Name"] for key in found["PartitionKeys"]], ["country"])
        self.assertNotIn("country", [column["Name"] for column in found["StorageDescriptor"]["Columns"]])
        self.assertEqual(found["StorageDescriptor"]["SerdeInfo"]["SerializationLibrary"],
                         PARQUET["SerdeInfo"]["SerializationLibrary"])
        parts = self.glue.get_partitions(DatabaseName="shop", TableName="orders")["Partitions"]
        self.assertEqual([one["Values"] for one in parts], [["DE"], ["FR"]])
        # The lake that is served has the same table, without any wire.
        self.assertEqual(self.value("select count(*) from shop.orders"), "30")
        self.assertEqual(self.recorder.problems, [])

    def test_a_table_evolves_and_keeps_what_others_said_of_it(self):
        env = self.as_client()
        self.succeed("load", "orders.csv", "orders", "--partition-by", "country", env=env)
        known = self.glue.get_table(DatabaseName="shop", Name="orders")["Table"]
        fields = ("Name", "TableType", "Parameters", "PartitionKeys", "StorageDescriptor")
        changed = {field: known[field] for field in fields} | {"Description": "of the team"}
        changed["Parameters"] = known["Parameters"] | {"contact": "somebody"}
        self.glue.update_table(DatabaseName="shop", TableInput=changed, VersionId=known["VersionId"])
        self.write("more.csv", "id,country,amount,tax\n31,IT,1.00,0.22\n")
        self.succeed("load", "more.csv", "orders", env=env)
        self.assertEqual(self.rows("select count(*), count(tax), sum(tax) from orders", env=env), [["31", "1", "0.22"]])
        found = self.glue.get_table(DatabaseName="shop", Name="orders")["Table"]
        self.assertEqual((found["Description"], found["Parameters"]["contact"]), ("of the team", "somebody"))
        self.assertIn("tax", [column["Name"] for column in found["StorageDescriptor"]["Columns"]])
        self.assertEqual(self.recorder.problems, [])

    def test_a_pipeline_overwrites_and_a_drop_leaves_nothing(self):
        self.write("pipelines.yaml", json.dumps({
            "sources": {"in": {"connector": "file", "path": "orders.csv"}},
            "destinations": {"out": {"connector": "table", "table": "shop.orders", "mode": "overwrite_partitions",
                                     "partition_by": "country"}},
            "pipelines": [{"name": "p", "from": "in", "to": "out"}]}))
        env = self.as_client()
        self.succeed("sync", "pipelines.yaml", env=env)
        self.write("orders.csv", "id,country,amount\n1,DE,5.00\n")
        self.succeed("sync", "pipelines.yaml", env=env)
        self.assertEqual(self.rows("select country, count(*) from orders group by 1 order by 1", env=env),
                         [["DE", "1"], ["FR", "10"]])
        self.succeed("drop", "orders", "--yes", env=env)
        self.assertEqual(self.tables(env=env), [])
        self.assertEqual(self.glue.get_tables(DatabaseName="shop")["TableList"], [])
        self.assertEqual(self.data_files(), [])
        self.assertEqual(self.recorder.problems, [])

    def test_many_partitions_go_in_batches_and_are_pruned(self):
        self.write("many.csv", "id,day\n" + "".join(f"{i},d{i:04}\n" for i in range(260)))
        env = self.as_client()
        self.succeed("load", "many.csv", "many", "--partition-by", "day", env=env)
        self.assertEqual(self.recorder.operations.count("BatchCreatePartition"), 3)
        self.assertEqual(self.value("select count(*) from many", env=env), "260")
        self.assertEqual(self.value("select id from many where day = 'd0259'", env=env), "259")
        listed = self.succeed("partitions", "many", "--filter", "day > 'd0257'", "--format", "csv", env=env).text
        self.assertEqual(len(listed.splitlines()), 3)
        self.assertEqual(self.recorder.problems, [])

    def test_loads_at_the_same_time_lose_nothing_of_each_other(self):
        env = self.as_client()
        self.succeed("load", "orders.csv", "orders", "--partition-by", "country", env=env)
        for number in range(5):
            self.write(f"more-{number}.csv", f"id,country,amount,extra_{number}\n{100 + number},N{number},1.5,7\n")
        loads = [subprocess.Popen([PROGRAM, "load", f"more-{number}.csv", "orders"], cwd=self.here, env=env,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
                 for number in range(5)]
        for load in loads:
            said, _ = load.communicate(timeout=120)
            self.assertEqual(load.returncode, 0, said)
        self.assertEqual(self.value("select count(*) from orders", env=env), "35")
        columns = [column["Name"] for column in
                   self.glue.get_table(DatabaseName="shop", Name="orders")["Table"]["StorageDescriptor"]["Columns"]]
        self.assertEqual(sorted(columns), ["amount"] + [f"extra_{number}" for number in range(5)] + ["id"])
        self.assertEqual(self.rows("select " + ", ".join(f"sum(extra_{number})" for number in range(5)) + " from orders", env=env),
                         [["7"] * 5])
        parts = self.glue.get_partitions(DatabaseName="shop", TableName="orders")["Partitions"]
        self.assertEqual([one["Values"] for one in parts], [["DE"], ["FR"]] + [[f"N{number}"] for number in range(5)])
        self.assertEqual(self.recorder.problems, [])

    def test_errors_say_what_to_do(self):
        env = self.as_client()
        self.refuse(NOT_FOUND, ["none"], "schema", "none", env=env)
        self.refuse(DENIED, ["InvalidSignatureException", "glue"], "tables",
                    env=env | {"AWS_SECRET_ACCESS_KEY": "another"})
        self.describe(endpoint_url="http://127.0.0.1:1")
        self.refuse(UNAVAILABLE, ["127.0.0.1:1"], "tables", env=env)
        self.write("glaux.yaml", "lake:\n  catalog: hive\n")
        self.refuse(INVALID, ["line 2", "sqlite or glue", "hive"], "tables", env=env)
        self.write("glaux.yaml", "lake:\n  glue:\n    catalog_id: '1'\n")
        self.refuse(INVALID, ["catalog: glue"], "tables", env=env)
        self.write("glaux.yaml", "lake:\n  catalog: glue\n  store: s3://lake/t\n")
        plain = {k: v for k, v in env.items() if not k.startswith("AWS_ENDPOINT") and k not in ("AWS_REGION", "AWS_DEFAULT_REGION")}
        self.refuse(INVALID, ["region", "AWS_REGION"], "tables", env=plain)

    def test_a_lake_on_glue_is_not_served_again(self):
        self.refuse(NOT_IMPLEMENTED, ["--lake"], "serve", "--listen", "127.0.0.1:0", env=self.as_client())


if __name__ == "__main__":
    unittest.main()
