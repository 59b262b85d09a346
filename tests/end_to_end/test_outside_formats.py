"""Formats and compressions beside other people's implementations: what glaux writes they read, what they write glaux reads.

Avro by fastavro, framed snappy, lz4, brotli, zstd, xz and bzip2 by cramjam (the Rust libraries), Arrow by pyarrow.
"""
import base64
import datetime
import decimal
import json
import random
import unittest

from pipelines import SyncTest, needs_pyarrow, pa

try:
    import cramjam
    import fastavro
except ImportError:
    cramjam = fastavro = None

UTC = datetime.timezone.utc
needs_outside = unittest.skipIf(fastavro is None, "fastavro and cramjam are not installed; make setup installs them")


def typed_rows(count=1000):
    pick = random.Random(5)
    for i in range(count):
        yield {"id": i - 500, "small": i % 100, "f": i / 7, "text": "é" * (i % 5) + str(i), "flag": i % 3 == 0, "bytes": pick.randbytes(i % 9),
               "day": datetime.date(1960, 1, 1) + datetime.timedelta(days=31 * i), "ts": datetime.datetime(2026, 1, 1, tzinfo=UTC) + datetime.timedelta(microseconds=i * 987654321),
               "money": decimal.Decimal(i * 12345 - 99).scaleb(-4), "maybe": None if i % 2 else f"x{i}", "list": [None if k == 2 else k for k in range(i % 4)],
               "inner": {"a": i, "b": None if i % 5 == 0 else "y"}, "map": {f"k{k}": k for k in range(i % 3)}}


AVRO_SCHEMA = {"type": "record", "name": "row", "fields": [
    {"name": "id", "type": "long"}, {"name": "small", "type": "int"}, {"name": "f", "type": "double"}, {"name": "text", "type": "string"}, {"name": "flag", "type": "boolean"},
    {"name": "bytes", "type": "bytes"}, {"name": "day", "type": {"type": "int", "logicalType": "date"}}, {"name": "ts", "type": {"type": "long", "logicalType": "timestamp-micros"}},
    {"name": "money", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 4}}, {"name": "maybe", "type": ["null", "string"]},
    {"name": "list", "type": {"type": "array", "items": ["null", "long"]}},
    {"name": "inner", "type": {"type": "record", "name": "inner", "fields": [{"name": "a", "type": "long"}, {"name": "b", "type": ["null", "string"]}]}},
    {"name": "map", "type": {"type": "map", "values": "long"}}]}


def arrow_table(rows):
    schema = pa.schema([("id", pa.int64()), ("small", pa.int32()), ("f", pa.float64()), ("text", pa.string()), ("flag", pa.bool_()), ("bytes", pa.binary()), ("day", pa.date32()),
                        ("ts", pa.timestamp("us", "UTC")), ("money", pa.decimal128(20, 4)), ("maybe", pa.string()), ("list", pa.list_(pa.int64())),
                        ("inner", pa.struct([("a", pa.int64()), ("b", pa.string())])), ("map", pa.map_(pa.string(), pa.int64()))])
    return pa.Table.from_pylist(rows, schema)


def plain(rows):
    """A map may come as pairs, and an instant in UTC without its zone, as tables of the lake have it."""
    return [row | {"map": dict(row["map"]), "ts": row["ts"].replace(tzinfo=None)} for row in rows]


@needs_outside
@needs_pyarrow
class Avro(SyncTest):
    def setUp(self):
        super().setUp()
        self.given = list(typed_rows())

    def test_fastavro_reads_what_glaux_writes(self):
        pa.parquet.write_table(arrow_table(self.given), self.here / "in.parquet")
        self.succeed("convert", "in.parquet", "out.avro")
        with open(self.here / "out.avro", "rb") as file:
            reader = fastavro.reader(file)
            self.assertEqual(plain(reader), plain(self.given))
            self.assertEqual(reader.writer_schema["type"], "record")

    def test_glaux_reads_what_fastavro_writes(self):
        for codec in ("null", "deflate", "snappy", "bzip2", "xz"):
            with self.subTest(codec):
                with open(self.here / "in.avro", "wb") as file:
                    fastavro.writer(file, AVRO_SCHEMA, self.given, codec=codec, sync_interval=4000)
                self.succeed("convert", "in.avro", f"{codec}.arrow")
                self.assertEqual(plain(self.rows_of(f"{codec}.arrow")), plain(self.given))

    def test_an_empty_file_has_its_columns(self):
        with open(self.here / "in.avro", "wb") as file:
            fastavro.writer(file, AVRO_SCHEMA, [])
        self.succeed("convert", "in.avro", "out.parquet")
        self.assertEqual(pa.parquet.read_table(self.here / "out.parquet").column_names, list(self.given[0]))
        self.succeed("convert", "out.parquet", "out.avro")
        with open(self.here / "out.avro", "rb") as file:
            self.assertEqual(list(fastavro.reader(file)), [])


@needs_pyarrow
class Arrow(SyncTest):
    def test_pyarrow_reads_what_glaux_writes_and_the_other_way_round(self):
        given = list(typed_rows())
        table = arrow_table(given)
        pa.parquet.write_table(table, self.here / "in.parquet")
        self.succeed("convert", "in.parquet", "out.arrow")
        with pa.ipc.open_file(self.here / "out.arrow") as reader:
            found = reader.read_all()
        self.assertEqual(found.column_names, table.column_names)
        self.assertEqual(plain(found.to_pylist()), plain(given))
        for compression in (None, "lz4", "zstd"):
            options = pa.ipc.IpcWriteOptions(compression=compression)
            for ending, new in (("arrow", pa.ipc.new_file), ("arrows", pa.ipc.new_stream)):
                with self.subTest(f"{ending} {compression}"):
                    with new(str(self.here / f"in.{ending}"), table.schema, options=options) as writer:
                        writer.write_table(table, max_chunksize=300)
                    self.succeed("convert", f"in.{ending}", "back.arrow")
                    self.assertEqual(plain(self.rows_of("back.arrow")), plain(given))


@needs_pyarrow
class Types(SyncTest):
    """What a table has no place for, and a file has."""

    INSTANT = datetime.datetime(2026, 3, 29, 1, 30, 0, 123456, datetime.timezone.utc)

    def setUp(self):
        super().setUp()
        local = self.INSTANT.replace(tzinfo=None)
        columns = {
            "utc": ([self.INSTANT], pa.timestamp("us", "UTC")), "there": ([self.INSTANT], pa.timestamp("ms", "Europe/Berlin")),
            "local": ([local], pa.timestamp("us")), "second": ([local.replace(microsecond=0)], pa.timestamp("s")),
            "time": ([datetime.time(1, 2, 3, 456789)], pa.time64("us")), "minute": ([datetime.time(1, 2)], pa.time32("s")),
            "u64": ([2**64 - 1], pa.uint64()), "u8": ([255], pa.uint8()), "half": ([1.5], pa.float32()),
            "inside": ([{"at": self.INSTANT, "n": [2**64 - 1]}], pa.struct({"at": pa.timestamp("us", "UTC"), "n": pa.list_(pa.uint64())})),
        }
        columns["there"][0][0] = self.INSTANT.replace(microsecond=123000)
        self.given = pa.table({name: pa.array(values, type_) for name, (values, type_) in columns.items()})
        self.given = self.given.append_column("nano", pa.array([1774747800123456789], pa.timestamp("ns", "UTC")))
        pa.parquet.write_table(self.given, self.here / "in.parquet")

    def check(self, found, but=()):
        """Zones other than UTC are told as UTC: the same instant. What `but` names has another type."""
        expected = self.given.set_column(1, "there", self.given["there"].cast(pa.timestamp("ms", "UTC")))
        for name in expected.column_names:
            if name not in but:
                self.assertEqual(found[name].type, expected[name].type, name)
            self.assertEqual(found[name].cast(expected[name].type).combine_chunks(), expected[name].combine_chunks(), name)

    def test_columnar_files_keep_them(self):
        self.succeed("convert", "in.parquet", "out.parquet")
        self.check(pa.parquet.read_table(self.here / "out.parquet"), but=("second", "minute"))  # Parquet has no seconds
        self.succeed("convert", "in.parquet", "out.arrow")
        with pa.ipc.open_file(self.here / "out.arrow") as reader:
            self.check(reader.read_all(), but=("second", "minute"))
        self.flow({"path": "in.parquet"}, {"path": "flow.arrow", "mode": "replace"})
        self.sync_one()
        self.assertEqual((self.here / "flow.arrow").read_bytes(), (self.here / "out.arrow").read_bytes())

    def test_text_says_that_a_time_is_an_instant(self):
        for ending in ("csv", "jsonl"):
            self.succeed("convert", "in.parquet", f"out.{ending}")
            text = (self.here / f"out.{ending}").read_text()
            for part in ("2026-03-29T01:30:00.123456Z", "2026-03-29T01:30:00.123456789Z", "18446744073709551615", "01:02:03.456789"):
                self.assertIn(part, text, ending)
            self.assertEqual(text.count("01:30:00.123456Z"), 2, text)  # not of the local one

    def test_tables_have_their_own(self):
        self.succeed("convert", "in.parquet", "few.parquet", "--columns", "utc,u64,time")
        self.flow({"path": "few.parquet"}, {"table": "db.t", "partition_by": "none"})
        self.sync_one()
        self.assertEqual(self.rows("select utc, u64, time from db.t"), [["2026-03-29 01:30:00.123456", "18446744073709551615", "01:02:03.456789"]])


@needs_outside
class Compressions(SyncTest):
    CODECS = {"sz": "snappy", "lz4": "lz4", "br": "brotli", "zst": "zstd", "xz": "xz", "bz2": "bzip2", "gz": "gzip"}

    def contents(self):
        pick = random.Random(3)
        few = "".join(json.dumps({"id": i, "text": f"row {i}"}) + "\n" for i in range(3))
        many = "".join(json.dumps({"id": i, "text": pick.randbytes(20).hex()}) + "\n" for i in range(12_000))
        return {"few": few, "many": many, "same": '{"id":1,"text":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}\n' * 12_000}

    def test_others_inflate_what_glaux_deflates(self):
        for name, content in self.contents().items():
            self.write(f"{name}.jsonl", content)
            self.succeed("convert", f"{name}.jsonl", f"{name}-plain.jsonl")
            expected = (self.here / f"{name}-plain.jsonl").read_bytes()
            for ending, codec in self.CODECS.items():
                with self.subTest(f"{name} {codec}"):
                    self.succeed("convert", f"{name}.jsonl", f"{name}.jsonl.{ending}")
                    found = bytes(getattr(cramjam, codec).decompress((self.here / f"{name}.jsonl.{ending}").read_bytes()))
                    self.assertTrue(found == expected, f"{len(found)} bytes, not the {len(expected)} that were written")

    def test_glaux_inflates_what_others_deflate(self):
        for name, content in self.contents().items():
            self.write(f"{name}.jsonl", content)
            expected = self.succeed("cat", f"{name}.jsonl").out
            for ending, codec in self.CODECS.items():
                with self.subTest(f"{name} {codec}"):
                    (self.here / f"in.jsonl.{ending}").write_bytes(bytes(getattr(cramjam, codec).compress(content.encode())))
                    self.assertTrue(self.succeed("cat", "--decompress", f"in.jsonl.{ending}").out == expected)
                    self.succeed("convert", f"in.jsonl.{ending}", "out.jsonl")
                    self.assertEqual((self.here / "out.jsonl").read_bytes().count(b"\n"), content.count("\n"))


@needs_pyarrow
class BytesInText(SyncTest):
    def test_bytes_survive_csv_and_json(self):
        rows = [{"id": i, "b": value} for i, value in enumerate([b"", bytes(range(256)), None, b'\x00,"\n'])]
        pa.parquet.write_table(pa.Table.from_pylist(rows, pa.schema([("id", pa.int64()), ("b", pa.binary())])), self.here / "in.parquet")
        for ending in ("csv", "tsv", "jsonl", "json", "csv.gz"):
            with self.subTest(ending):
                self.succeed("convert", "in.parquet", f"out.{ending}")
                if ending == "csv":
                    self.assertEqual(self.rows_of("out.csv")[1]["b"], base64.b64encode(bytes(range(256))).decode())
                self.flow({"path": f"out.{ending}", "types": {"b": "binary"}}, {"path": f"back-{ending}.parquet"})
                self.sync_one()
                self.assertEqual(self.rows_of(f"back-{ending}.parquet"), rows)


if __name__ == "__main__":
    unittest.main()
