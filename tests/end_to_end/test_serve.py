"""The S3 wire of `glaux serve`, by boto3: what programs of others see."""
import base64
import datetime
import hashlib
import io
import os
import socket
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import zlib

from served import KEY, SECRET, ServedTest, wait_until

try:
    from boto3.s3.transfer import TransferConfig
    from botocore.exceptions import ClientError
except ImportError:
    raise unittest.SkipTest("boto3 is not installed; scripts/setup.sh installs it")


class S3Test(ServedTest):
    def setUp(self):
        super().setUp()
        self.s3 = self.client()
        self.s3.create_bucket(Bucket="lake-1")

    def put(self, key, body=b"", **more):
        return self.s3.put_object(Bucket="lake-1", Key=key, Body=body, **more)

    def get(self, key, **more):
        return self.s3.get_object(Bucket="lake-1", Key=key, **more)["Body"].read()

    def keys(self, **more):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket="lake-1", **more)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def refuses(self, code, status, call, **arguments):
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        error = caught.exception.response
        self.assertEqual((error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]), (code, status),
                         error["Error"].get("Message"))
        return error


class Buckets(S3Test):
    def test_buckets_come_and_go(self):
        self.s3.create_bucket(Bucket="second.bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        listed = self.s3.list_buckets()
        self.assertEqual([one["Name"] for one in listed["Buckets"]], ["lake", "lake-1", "second.bucket"])
        age = datetime.datetime.now(datetime.timezone.utc) - listed["Buckets"][1]["CreationDate"]
        self.assertLess(abs(age.total_seconds()), 300)
        self.assertIn("ID", listed["Owner"])
        self.s3.head_bucket(Bucket="lake-1")
        self.assertIsNone(self.s3.get_bucket_location(Bucket="lake-1")["LocationConstraint"])
        self.assertNotIn("Status", self.s3.get_bucket_versioning(Bucket="lake-1"))
        self.put("d/k", b"x")
        self.refuses("BucketNotEmpty", 409, self.s3.delete_bucket, Bucket="lake-1")
        self.s3.delete_object(Bucket="lake-1", Key="d/k")
        self.s3.delete_bucket(Bucket="lake-1")
        self.refuses("404", 404, self.s3.head_bucket, Bucket="lake-1")
        self.refuses("NoSuchBucket", 404, self.s3.delete_bucket, Bucket="lake-1")
        self.refuses("NoSuchBucket", 404, self.s3.list_objects_v2, Bucket="lake-1")
        self.refuses("NoSuchBucket", 404, self.s3.put_object, Bucket="lake-1", Key="k", Body=b"x")

    def test_names_that_are_none_and_names_that_are_taken(self):
        self.refuses("BucketAlreadyOwnedByYou", 409, self.s3.create_bucket, Bucket="lake-1")
        self.refuses("InvalidBucketName", 400, self.s3.create_bucket, Bucket="Upper")
        self.refuses("InvalidBucketName", 400, self.s3.create_bucket, Bucket="a..b")

    def test_what_a_bucket_does_not_have_is_said_in_s3s_words(self):
        self.refuses("NoSuchBucketPolicy", 404, self.s3.get_bucket_policy, Bucket="lake-1")
        self.refuses("NoSuchLifecycleConfiguration", 404, self.s3.get_bucket_lifecycle_configuration, Bucket="lake-1")
        error = self.refuses("NotImplemented", 501, self.s3.get_bucket_acl, Bucket="lake-1")
        self.assertIn("BucketAcl", error["Error"]["Message"])


class Objects(S3Test):
    def test_bodies_of_many_sizes_come_back(self):
        for size in (0, 1, 65_535, 65_536, 65_537, 3_000_000, 20_000_000):
            body = os.urandom(min(size, 1_000_000)) * (1 if size <= 1_000_000 else size // 1_000_000)
            with self.subTest(size=size):
                put = self.put("d/k", body)
                got = self.s3.get_object(Bucket="lake-1", Key="d/k")
                self.assertEqual(got["ContentLength"], len(body))
                self.assertEqual(got["ETag"], put["ETag"])
                self.assertEqual(hashlib.sha256(got["Body"].read()).digest(), hashlib.sha256(body).digest())

    def test_what_is_said_of_an_object_stays_with_it(self):
        expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
        self.put("k", b"x", ContentType="text/csv; charset=utf-8", CacheControl="max-age=1", ContentDisposition="attachment",
                 ContentEncoding="gzip", ContentLanguage="de", Expires=expires, Metadata={"owner": "me", "empty": ""})
        for call in (self.s3.head_object, self.s3.get_object):
            found = call(Bucket="lake-1", Key="k")
            self.assertEqual(found["ContentType"], "text/csv; charset=utf-8")
            self.assertEqual(found["CacheControl"], "max-age=1")
            self.assertEqual(found["ContentDisposition"], "attachment")
            self.assertEqual(found["ContentEncoding"], "gzip")
            self.assertEqual(found["ContentLanguage"], "de")
            self.assertEqual(found["Metadata"], {"owner": "me", "empty": ""})
        self.put("k", b"x")
        found = self.s3.head_object(Bucket="lake-1", Key="k")
        self.assertEqual((found["ContentType"], found["Metadata"]), ("binary/octet-stream", {}))
        self.refuses("MetadataTooLarge", 400, self.put, key="k", body=b"x", Metadata={"m": "x" * 2100})

    def test_an_answer_may_be_told_what_to_say(self):
        self.put("k", b"x", ContentType="text/plain")
        found = self.s3.get_object(Bucket="lake-1", Key="k", ResponseContentType="text/html",
                                   ResponseContentDisposition="attachment; filename=a.html")
        self.assertEqual(found["ContentType"], "text/html")
        self.assertEqual(found["ContentDisposition"], "attachment; filename=a.html")

    def test_ranges(self):
        self.put("k", b"0123456789")
        found = self.s3.get_object(Bucket="lake-1", Key="k", Range="bytes=-4")
        self.assertEqual((found["Body"].read(), found["ContentRange"]), (b"6789", "bytes 6-9/10"))
        self.assertEqual(self.get("k", Range="bytes=2-3"), b"23")
        self.refuses("InvalidRange", 416, self.s3.get_object, Bucket="lake-1", Key="k", Range="bytes=10-")
        large = os.urandom(5_000_000)
        self.put("large", large)
        self.assertEqual(self.get("large", Range="bytes=1234567-4234567"), large[1234567:4234568])

    def test_odd_keys_are_kept_as_they_are(self):
        longest = "/".join(["x" * 100] * 10) + "/" + "y" * 14
        keys = ["with space", "plus+plus", "per%cent", "per%2Fcent", "ünïcödé/日本語/🦉", "q?a=b#c&d", "quote'\"", "tilde~@$!*();,",
                "trailing ", "folder/", "folder/in it", "a=b/year=2024/__HIVE_DEFAULT_PARTITION__", "<tag>&amp;", longest]
        self.assertEqual(len(longest), 1024)
        for key in keys:
            with self.subTest(key=key):
                self.put(key, key.encode())
                self.assertEqual(self.get(key), key.encode())
                self.s3.head_object(Bucket="lake-1", Key=key)
                copy = key[:-6] + "-copy"
                self.s3.copy_object(Bucket="lake-1", Key=copy, CopySource={"Bucket": "lake-1", "Key": key})
                self.assertEqual(self.get(copy), key.encode())
                self.s3.delete_object(Bucket="lake-1", Key=copy)
        self.assertEqual(self.keys(), sorted(keys, key=str.encode))
        encoded = [urllib.parse.unquote_plus(key) for key in self.keys(EncodingType="url")]
        self.assertEqual(encoded, sorted(keys, key=str.encode))
        self.refuses("KeyTooLongError", 400, self.put, key="k" * 1025)
        error = self.refuses("InvalidArgument", 400, self.put, key="a//b")
        self.assertIn("segment", error["Error"]["Message"])
        self.put("object")
        self.refuses("InvalidArgument", 400, self.put, key="object/below")
        self.refuses("NoSuchKey", 404, self.s3.get_object, Bucket="lake-1", Key="object/below")
        deleted = self.s3.delete_objects(Bucket="lake-1", Delete={"Objects": [{"Key": key} for key in [*keys, "object", "none"]]})
        self.assertEqual(len(deleted["Deleted"]), len(keys) + 2)
        self.assertEqual(self.keys(), [])

    def test_conditions(self):
        etag = self.put("k", b"1", IfNoneMatch="*")["ETag"]
        self.refuses("PreconditionFailed", 412, self.put, key="k", body=b"2", IfNoneMatch="*")
        etag = self.put("k", b"2", IfMatch=etag)["ETag"]
        self.refuses("PreconditionFailed", 412, self.put, key="k", body=b"3", IfMatch='"other"')
        self.refuses("NoSuchKey", 404, self.put, key="none", body=b"3", IfMatch=etag)
        read = dict(Bucket="lake-1", Key="k")
        self.refuses("304", 304, self.s3.get_object, IfNoneMatch=etag, **read)
        self.refuses("PreconditionFailed", 412, self.s3.get_object, IfMatch='"other"', **read)
        later = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)
        self.refuses("304", 304, self.s3.head_object, IfModifiedSince=later, **read)
        self.assertEqual(self.get("k", IfMatch=etag, IfUnmodifiedSince=later), b"2")

    def test_copies(self):
        self.s3.create_bucket(Bucket="second")
        self.put("k", b"body", ContentType="text/csv", Metadata={"a": "1"}, Tagging="t=1")
        source = {"Bucket": "lake-1", "Key": "k"}
        for bucket in ("lake-1", "second"):
            with self.subTest(bucket=bucket):
                answer = self.s3.copy_object(Bucket=bucket, Key="c", CopySource=source)
                found = self.s3.get_object(Bucket=bucket, Key="c")
                self.assertEqual((found["Body"].read(), found["ContentType"], found["Metadata"], found["TagCount"]),
                                 (b"body", "text/csv", {"a": "1"}, 1))
                self.assertEqual(answer["CopyObjectResult"]["ETag"], found["ETag"])
                self.s3.copy_object(Bucket=bucket, Key="c", CopySource=source, MetadataDirective="REPLACE",
                                    ContentType="text/plain", TaggingDirective="REPLACE", Tagging="u=2&v=3")
                found = self.s3.get_object(Bucket=bucket, Key="c")
                self.assertEqual((found["ContentType"], found["Metadata"], found["TagCount"]), ("text/plain", {}, 2))
        self.s3.copy_object(Bucket="lake-1", Key="k", CopySource=source, MetadataDirective="REPLACE", Metadata={"b": "2"})
        self.assertEqual(self.s3.head_object(Bucket="lake-1", Key="k")["Metadata"], {"b": "2"})
        self.refuses("InvalidRequest", 400, self.s3.copy_object, Bucket="lake-1", Key="k", CopySource=source)
        self.refuses("NoSuchKey", 404, self.s3.copy_object, Bucket="lake-1", Key="x", CopySource="lake-1/none")
        self.refuses("NoSuchBucket", 404, self.s3.copy_object, Bucket="lake-1", Key="x", CopySource="nobucket/none")
        self.refuses("PreconditionFailed", 412, self.s3.copy_object, Bucket="lake-1", Key="x", CopySource=source,
                     CopySourceIfMatch='"other"')
        self.assertEqual(self.keys(), ["c", "k"])

    def test_tags(self):
        self.put("k", b"x", Metadata={"a": "1"}, Tagging="one=1&zwei=%C3%BC")
        etag = self.s3.head_object(Bucket="lake-1", Key="k")["ETag"]
        self.assertEqual(self.s3.get_object_tagging(Bucket="lake-1", Key="k")["TagSet"],
                         [{"Key": "one", "Value": "1"}, {"Key": "zwei", "Value": "ü"}])
        tags = [{"Key": "a b", "Value": "c&d=e"}]
        self.s3.put_object_tagging(Bucket="lake-1", Key="k", Tagging={"TagSet": tags})
        self.assertEqual(self.s3.get_object_tagging(Bucket="lake-1", Key="k")["TagSet"], tags)
        self.s3.delete_object_tagging(Bucket="lake-1", Key="k")
        self.assertEqual(self.s3.get_object_tagging(Bucket="lake-1", Key="k")["TagSet"], [])
        head = self.s3.head_object(Bucket="lake-1", Key="k")
        self.assertEqual((head["ETag"], head["Metadata"]), (etag, {"a": "1"}))
        self.refuses("NoSuchKey", 404, self.s3.get_object_tagging, Bucket="lake-1", Key="none")
        self.refuses("InvalidTag", 400, self.s3.put_object_tagging, Bucket="lake-1", Key="k",
                     Tagging={"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]})

    def test_checksums_are_checked_and_told(self):
        body = os.urandom(300_000)
        right = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        self.assertEqual(self.put("k", body, ChecksumCRC32=right)["ChecksumCRC32"], right)
        self.refuses("BadDigest", 400, self.put, key="k", body=b"other", ChecksumCRC32=right)
        sha = base64.b64encode(hashlib.sha256(body).digest()).decode()
        self.assertEqual(self.put("k", body, ChecksumSHA256=sha)["ChecksumSHA256"], sha)
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            self.put("k", body, ChecksumAlgorithm=algorithm)
        self.refuses("BadDigest", 400, self.put, key="k", body=b"other",
                     ContentMD5=base64.b64encode(hashlib.md5(body).digest()).decode())
        self.assertEqual(self.get("k"), body)


class Listings(S3Test):
    def setUp(self):
        super().setUp()
        self.names = [f"d/{i:03d}" for i in range(25)] + ["e/1/x", "e/2", "f"]
        for name in self.names:
            self.put(name, b"x")

    def test_pages_of_both_versions_hold_everything_once(self):
        for operation in ("list_objects", "list_objects_v2"):
            for size in (1, 7, 1000):
                with self.subTest(operation=operation, size=size):
                    pages = self.s3.get_paginator(operation).paginate(Bucket="lake-1", PaginationConfig={"PageSize": size})
                    self.assertEqual([one["Key"] for page in pages for one in page["Contents"]], self.names)
                    pages = list(self.s3.get_paginator(operation).paginate(Bucket="lake-1", Delimiter="/",
                                                                          PaginationConfig={"PageSize": size}))
                    prefixes = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", [])]
                    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
                    self.assertEqual((prefixes, keys), (["d/", "e/"], ["f"]))

    def test_prefixes_starts_and_owners(self):
        page = self.s3.list_objects_v2(Bucket="lake-1", Prefix="e/", Delimiter="/", FetchOwner=True)
        self.assertEqual([one["Prefix"] for one in page["CommonPrefixes"]], ["e/1/"])
        self.assertEqual([one["Key"] for one in page["Contents"]], ["e/2"])
        self.assertIn("Owner", page["Contents"][0])
        self.assertEqual(self.keys(StartAfter="d/023"), ["d/024", "e/1/x", "e/2", "f"])
        page = self.s3.list_objects_v2(Bucket="lake-1", MaxKeys=0)
        self.assertEqual((page["KeyCount"], page["IsTruncated"]), (0, False))
        self.assertEqual(self.keys(Prefix="nothing"), [])
        head = self.s3.head_object(Bucket="lake-1", Key="f")
        entry = self.s3.list_objects_v2(Bucket="lake-1", Prefix="f")["Contents"][0]
        self.assertEqual((entry["ETag"], entry["Size"]), (head["ETag"], 1))
        versions = self.s3.list_object_versions(Bucket="lake-1", Prefix="f")["Versions"]
        self.assertEqual([(one["Key"], one["VersionId"]) for one in versions], [("f", "null")])


class Uploads(S3Test):
    def test_parts_become_an_object(self):
        parts = [os.urandom(5 << 20), os.urandom(5 << 20), b"end"]
        upload = self.s3.create_multipart_upload(Bucket="lake-1", Key="d/k", ContentType="text/csv", Metadata={"a": "1"})["UploadId"]
        one = dict(Bucket="lake-1", Key="d/k", UploadId=upload)
        etags = {n: self.s3.upload_part(PartNumber=n, Body=parts[n - 1], **one)["ETag"] for n in (2, 1, 3)}
        listed = self.s3.list_parts(**one)
        self.assertEqual([(p["PartNumber"], p["ETag"], p["Size"]) for p in listed["Parts"]],
                         [(n, etags[n], len(parts[n - 1])) for n in (1, 2, 3)])
        page = self.s3.list_parts(MaxParts=2, **one)
        self.assertEqual((page["IsTruncated"], page["NextPartNumberMarker"]), (True, 2))
        self.assertEqual([p["PartNumber"] for p in self.s3.list_parts(PartNumberMarker=2, **one)["Parts"]], [3])
        uploads = self.s3.list_multipart_uploads(Bucket="lake-1")["Uploads"]
        self.assertEqual([(u["Key"], u["UploadId"]) for u in uploads], [("d/k", upload)])
        self.assertEqual(self.keys(), [])
        chosen = [{"PartNumber": n, "ETag": etags[n]} for n in (1, 2, 3)]
        self.refuses("InvalidPart", 400, self.s3.complete_multipart_upload,
                     MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"x"'}]}, **one)
        self.refuses("InvalidPartOrder", 400, self.s3.complete_multipart_upload,
                     MultipartUpload={"Parts": chosen[::-1]}, **one)
        done = self.s3.complete_multipart_upload(MultipartUpload={"Parts": chosen}, **one)
        found = self.s3.get_object(Bucket="lake-1", Key="d/k")
        self.assertEqual(found["Body"].read(), b"".join(parts))
        self.assertEqual((found["ETag"], found["ContentType"], found["Metadata"]), (done["ETag"], "text/csv", {"a": "1"}))
        self.refuses("NoSuchUpload", 404, self.s3.list_parts, **one)

    def test_an_aborted_upload_leaves_nothing(self):
        one = dict(Bucket="lake-1", Key="k", UploadId=self.s3.create_multipart_upload(Bucket="lake-1", Key="k")["UploadId"])
        self.s3.upload_part(PartNumber=1, Body=b"x", **one)
        self.s3.abort_multipart_upload(**one)
        self.refuses("NoSuchUpload", 404, self.s3.abort_multipart_upload, **one)
        self.refuses("NoSuchUpload", 404, self.s3.upload_part, PartNumber=1, Body=b"x", **one)
        self.assertEqual(self.stored_files("lake-1"), {})

    def test_parts_are_copied_from_objects(self):
        body = os.urandom(6 << 20)
        self.put("source", body)
        one = dict(Bucket="lake-1", Key="k", UploadId=self.s3.create_multipart_upload(Bucket="lake-1", Key="k")["UploadId"])
        first = self.s3.upload_part_copy(PartNumber=1, CopySource="lake-1/source", **one)["CopyPartResult"]["ETag"]
        second = self.s3.upload_part_copy(PartNumber=2, CopySource="lake-1/source", CopySourceRange="bytes=10-19", **one)
        self.refuses("InvalidArgument", 400, self.s3.upload_part_copy, PartNumber=3, CopySource="lake-1/source",
                     CopySourceRange=f"bytes=0-{len(body)}", **one)
        self.s3.complete_multipart_upload(MultipartUpload={"Parts": [
            {"PartNumber": 1, "ETag": first}, {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]}, **one)
        self.assertEqual(self.get("k"), body + body[10:20])

    def test_a_completion_has_conditions(self):
        self.put("k", b"old")
        one = dict(Bucket="lake-1", Key="k", UploadId=self.s3.create_multipart_upload(Bucket="lake-1", Key="k")["UploadId"])
        etag = self.s3.upload_part(PartNumber=1, Body=b"new", **one)["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        self.refuses("PreconditionFailed", 412, self.s3.complete_multipart_upload, MultipartUpload=parts, IfNoneMatch="*", **one)
        self.assertEqual(self.get("k"), b"old")
        self.s3.complete_multipart_upload(MultipartUpload=parts, **one)
        self.assertEqual(self.get("k"), b"new")

    def test_transfers_in_parallel(self):
        body = os.urandom(1 << 20) * 40
        config = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=8)
        self.s3.upload_fileobj(io.BytesIO(body), "lake-1", "large", Config=config)
        self.assertEqual(self.s3.head_object(Bucket="lake-1", Key="large")["ContentLength"], len(body))
        back = io.BytesIO()
        self.s3.download_fileobj("lake-1", "large", back, Config=config)
        self.assertEqual(back.getvalue(), body)
        self.s3.copy({"Bucket": "lake-1", "Key": "large"}, "lake-1", "copy", Config=config)
        self.assertEqual(self.s3.head_object(Bucket="lake-1", Key="copy")["ContentLength"], len(body))


class Signatures(S3Test):
    def test_wrong_keys(self):
        self.refuses("InvalidAccessKeyId", 403, self.client(key="NOBODY").list_buckets)
        self.refuses("SignatureDoesNotMatch", 403, self.client(secret="wrong").list_buckets)
        self.refuses("SignatureDoesNotMatch", 403, self.client(secret="wrong").put_object, Bucket="lake-1", Key="k", Body=b"x")
        with self.assertRaises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(self.url + "/lake-1/k")
        self.assertEqual(caught.exception.code, 403)
        caught.exception.close()
        self.assertEqual(self.keys(), [])

    def presigned(self, operation, expires=60, **parameters):
        return self.s3.generate_presigned_url(operation, Params={"Bucket": "lake-1", **parameters}, ExpiresIn=expires)

    def open(self, url, method="GET", data=None, **headers):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers)) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_presigned_urls(self):
        import botocore.config
        self.s3 = self.client(signature_version="s3v4")
        key = "a b/ü+%.txt"
        self.assertEqual(self.open(self.presigned("put_object", Key=key), "PUT", b"body")[0], 200)
        self.assertEqual(self.open(self.presigned("get_object", Key=key)), (200, "body"))
        status, answer = self.open(self.presigned("get_object", Key=key, ResponseContentType="text/html"))
        self.assertEqual((status, answer), (200, "body"))
        status, answer = self.open(self.presigned("get_object", Key=key).replace("X-Amz-Expires=60", "X-Amz-Expires=6000"))
        self.assertEqual(status, 403)
        self.assertIn("SignatureDoesNotMatch", answer)
        status, answer = self.open(self.presigned("get_object", Key=key), "PUT", b"x")
        self.assertEqual(status, 403)
        url = self.presigned("get_object", 1, Key=key)
        time.sleep(2.1)
        status, answer = self.open(url)
        self.assertEqual(status, 403)
        self.assertIn("<Code>AccessDenied</Code>", answer)
        self.assertIn("Request has expired", answer)


class Lifecycle(S3Test):
    def test_a_stop_finishes_what_runs(self):
        body = os.urandom(1 << 20) * 8
        connection, request = self.slow_put("slow", len(body))
        connection.sendall(request + body[:100_000])
        thread = threading.Thread(target=lambda: (time.sleep(1), connection.sendall(body[100_000:])))
        thread.start()
        wait_until(lambda: any(".glaux/tmp" in name for name in self.stored_files("lake-1")))
        self.assertEqual(self.stop(), 0)
        thread.join()
        self.assertIn(b"200 OK", connection.recv(1000))
        self.assertEqual(self.stored_files("lake-1"), {"slow": len(body)})
        connection.close()

    def slow_put(self, key, size):
        """A connection, and the head of a signed request whose body is still to come."""
        self.s3 = self.client(signature_version="s3v4")
        url = urllib.parse.urlsplit(self.s3.generate_presigned_url("put_object", Params={"Bucket": "lake-1", "Key": key}))
        connection = socket.create_connection((url.hostname, url.port))
        head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\nContent-Length: {size}\r\n\r\n"
        return connection, head.encode()

    def test_killed_in_the_middle_of_puts_there_is_no_half_object(self):
        self.put("old", b"old" * 1000)
        connections = []
        for key in ("old", "new", "d/new"):
            connection, request = self.slow_put(key, 1_000_000)
            connection.sendall(request + b"x" * 500_000)
            connections.append(connection)
        wait_until(lambda: sum(".glaux/tmp" in name for name in self.stored_files("lake-1")) == 3)
        self.server.kill()
        self.server.wait()
        for connection in connections:
            connection.close()
        self.serve()
        self.s3 = self.client()
        self.assertEqual(self.keys(), ["old"])
        self.assertEqual(self.get("old"), b"old" * 1000)

    def test_a_client_that_goes_away_leaves_nothing(self):
        connection, request = self.slow_put("k", 1_000_000)
        connection.sendall(request + b"x" * 500_000)
        wait_until(lambda: self.stored_files("lake-1"))
        connection.close()
        wait_until(lambda: not self.stored_files("lake-1"))
        self.assertEqual(self.keys(), [])

    def test_what_was_put_is_there_for_the_lake_and_the_other_way_round(self):
        self.s3.put_object(Bucket="lake", Key="in/a.csv", Body=b"id,v\n1,x\n2,y\n")
        self.succeed("load", "s3://lake/in/a.csv", "t.data")
        self.assertEqual(self.rows("select count(*) from t.data"), [["2"]])
        found = self.s3.list_objects_v2(Bucket="lake", Prefix="t/data/")["Contents"]
        self.assertTrue(any(one["Key"].endswith(".parquet") for one in found))

    def test_many_clients_at_once(self):
        errors = []

        def work(number):
            client = self.client()
            for i in range(15):
                key = f"{number}/{i}"
                client.put_object(Bucket="lake-1", Key=key, Body=key.encode())
                if client.get_object(Bucket="lake-1", Key=key)["Body"].read() != key.encode():
                    errors.append(key)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(errors, [])
        self.assertEqual(len(self.keys()), 180)


if __name__ == "__main__":
    unittest.main()
