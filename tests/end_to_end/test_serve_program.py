"""`glaux serve` as a program: its keys, what it prints, TLS, and what it refuses."""
import os
import re
import shutil
import stat
import subprocess
import unittest
import urllib.error
import urllib.request

from lake import INVALID, NOT_FOUND, UNAVAILABLE
from served import KEY, SECRET, ServedTest


class Keys(ServedTest):
    def setUp(self):
        super(ServedTest, self).setUp()

    def test_a_pair_is_made_once_and_the_block_can_be_pasted(self):
        self.serve(GLAUX_SERVE_KEYS="")
        first = "".join(self.said)
        self.assertRegex(first, r"\Aexport AWS_ENDPOINT_URL=http://127.0.0.1:\d+\nexport AWS_ACCESS_KEY_ID=GLAUX\w{15}\n"
                                r"export AWS_SECRET_ACCESS_KEY=[\w-]{40}\nexport AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1\nready: ")
        path = self.lake / "serve.keys"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        secret = re.search(r"SECRET_ACCESS_KEY=(.*)", first).group(1)
        self.assertEqual(self.stop(), 0)
        self.kill()
        self.serve(GLAUX_SERVE_KEYS="")
        again = "".join(self.said)
        self.assertNotIn(secret, again)
        shown = subprocess.run(["sh", "-c", again[:again.index("ready: ")] + 'echo "$AWS_SECRET_ACCESS_KEY"'], cwd=self.here,
                               capture_output=True, text=True, check=True)
        self.assertEqual(shown.stdout.strip(), secret)
        self.assertNotIn(secret, (self.here / "serve.log").read_text())

    def test_keys_come_from_the_environment_then_the_configuration(self):
        self.write("glaux.yaml", "lake: local:./the-lake\nserve:\n  keys: FROMFILE:secret1\n")
        environment = {"GLAUX_LAKE": str(self.here / "glaux.yaml")}
        self.serve(GLAUX_SERVE_KEYS="", **environment)
        self.assertEqual([name["Name"] for name in self.client("FROMFILE", "secret1").list_buckets()["Buckets"]], ["lake"])
        self.kill()
        self.serve(GLAUX_SERVE_KEYS="FROMENV:secret2,SECOND:secret3", **environment)
        for key, secret in (("FROMENV", "secret2"), ("SECOND", "secret3")):
            self.client(key, secret).list_buckets()
        with self.assertRaisesRegex(Exception, "InvalidAccessKeyId"):
            self.client("FROMFILE", "secret1").list_buckets()
        self.assertFalse((self.lake / "serve.keys").exists())

    def test_broken_keys_are_refused_and_not_shown(self):
        outcome = self.refuse(INVALID, ["GLAUX_SERVE_KEYS", "ID:SECRET"], "serve",
                              env=self.environment(GLAUX_SERVE_KEYS="topsecret"))
        self.assertNotIn("topsecret", outcome.err)


class Program(ServedTest):
    options = ("--verbose",)

    def test_the_log_has_a_line_for_each_request_and_no_secret(self):
        s3 = self.client(signature_version="s3v4")
        s3.create_bucket(Bucket="logged")
        s3.put_object(Bucket="logged", Key="k", Body=b"12345")
        url = s3.generate_presigned_url("get_object", Params={"Bucket": "logged", "Key": "k"})
        urllib.request.urlopen(url).close()
        self.assertEqual(self.stop(), 0)
        log = (self.here / "serve.log").read_text()
        self.assertRegex(log, r"PUT /logged/k 200 5B in 0B out \d+\.\dms [0-9A-F]{16}")
        self.assertRegex(log, r"GET /logged/k\?.*X-Amz-Signature=\*\*\* 200 0B in 5B out")
        self.assertNotIn(re.search("X-Amz-Signature=([0-9a-f]+)", url).group(1), log)

    def test_wrong_options_are_refused(self):
        self.refuse(INVALID, ["--listen", "not encrypted", "--insecure"], "serve", "--listen", "0.0.0.0:0")
        self.refuse(INVALID, ["--listen", "127.0.0.1:9000"], "serve", "--listen", "nonsense")
        self.refuse(INVALID, ["--tls-key"], "serve", "--tls-cert", "x.pem")
        self.refuse(NOT_FOUND, ["no.pem"], "serve", "--listen", "127.0.0.1:0", "--tls-cert", "no.pem", "--tls-key", "no.key")
        self.refuse(INVALID, ["iceberg", "{s3,glue,athena}"], "serve", "--wire", "iceberg")
        port = self.url.rsplit(":", 1)[1]
        self.refuse(UNAVAILABLE, ["127.0.0.1:" + port, "another port"], "serve", "--listen", "127.0.0.1:" + port)

    def test_anonymous(self):
        self.kill()
        self.serve("--anonymous")
        request = urllib.request.Request(self.url + "/lake/k", data=b"body", method="PUT")
        urllib.request.urlopen(request).close()
        with urllib.request.urlopen(self.url + "/lake/k") as answer:
            self.assertEqual(answer.read(), b"body")

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_tls(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "tls.key", "-out", "tls.pem"],
                       cwd=self.here, check=True, capture_output=True)
        self.kill()
        self.serve("--tls-cert", "tls.pem", "--tls-key", "tls.key")
        self.assertTrue(self.url.startswith("https://"))
        s3 = self.client(verify=str(self.here / "tls.pem"))
        body = os.urandom(3_000_000)
        s3.put_object(Bucket="lake", Key="k", Body=body)  # over TLS, boto3 sends chunks with a checksum behind them
        self.assertEqual(s3.get_object(Bucket="lake", Key="k")["Body"].read(), body)
        s3.put_object(Bucket="lake", Key="small", Body=b"x")
        self.assertEqual(s3.get_object(Bucket="lake", Key="small")["Body"].read(), b"x")
        with self.assertRaises((urllib.error.URLError, ConnectionError, OSError)):
            urllib.request.urlopen(self.url.replace("https", "http"))
        s3.head_object(Bucket="lake", Key="k")


class Tools(ServedTest):
    def aws(self, *arguments):
        program = shutil.which("aws", path=f"{os.path.dirname(os.sys.executable)}:{os.environ['PATH']}")
        if not program:
            self.skipTest("the AWS CLI is not installed; scripts/setup.sh installs it")
        done = subprocess.run([program, *arguments], cwd=self.here, env=self.client_environment(), capture_output=True,
                              text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_the_aws_cli(self):
        body = os.urandom(1 << 20) * 20
        self.write("in/large.bin", body)
        self.write("in/a b/ü+%.txt", "text")
        self.aws("s3", "mb", "s3://cli-bucket")
        self.aws("s3", "cp", "--no-progress", "--recursive", "in", "s3://cli-bucket/x/")
        self.assertIn("large.bin", self.aws("s3", "ls", "s3://cli-bucket/x/"))
        self.aws("s3", "sync", "--no-progress", "s3://cli-bucket/x/", "out")
        self.assertEqual((self.here / "out/large.bin").read_bytes(), body)
        self.assertEqual((self.here / "out/a b/ü+%.txt").read_text(), "text")
        self.assertEqual(self.aws("s3", "sync", "--no-progress", "in", "s3://cli-bucket/x/"), "")
        self.assertIn("text/plain", self.aws("s3api", "head-object", "--bucket", "cli-bucket", "--key", "x/a b/ü+%.txt"))
        self.aws("s3", "mv", "--no-progress", "s3://cli-bucket/x/large.bin", "s3://cli-bucket/y/moved.bin")
        self.aws("s3", "rb", "--force", "s3://cli-bucket")
        self.assertNotIn("cli-bucket", self.aws("s3", "ls"))

    def test_pyarrow(self):
        try:
            import pyarrow as pa
            import pyarrow.dataset as ds
            from pyarrow import fs
        except ImportError:
            self.skipTest("pyarrow is not installed")
        from served import KEY, SECRET
        s3 = fs.S3FileSystem(access_key=KEY, secret_key=SECRET, region="us-east-1", scheme="http",
                             endpoint_override=self.url.removeprefix("http://"), allow_bucket_creation=True)
        s3.create_dir("arrow-bucket/made/dir")
        table = pa.table({"id": list(range(100_000)), "p": [i % 3 for i in range(100_000)]})
        ds.write_dataset(table, "arrow-bucket/data", filesystem=s3, format="parquet", partitioning=["p"],
                         partitioning_flavor="hive")
        back = ds.dataset("arrow-bucket/data", filesystem=s3, format="parquet", partitioning="hive").to_table()
        self.assertEqual(sorted(back["id"].to_pylist()), list(range(100_000)))
        with s3.open_output_stream("arrow-bucket/large", metadata={"Content-Type": "text/plain"}) as out:
            for _ in range(12):
                out.write(b"x" * (1 << 20))
        self.assertEqual(s3.get_file_info("arrow-bucket/large").size, 12 << 20)
        with s3.open_input_file("arrow-bucket/large") as file:
            self.assertEqual(file.read_at(10, 5 << 20), b"x" * 10)
        found = {info.path for info in s3.get_file_info(fs.FileSelector("arrow-bucket", recursive=True))}
        self.assertIn("arrow-bucket/made/dir", found)
        s3.delete_dir("arrow-bucket/data")
        self.assertEqual(s3.get_file_info("arrow-bucket/data").type, fs.FileType.NotFound)
        s3.copy_file("arrow-bucket/large", "arrow-bucket/copy")
        s3.move("arrow-bucket/copy", "arrow-bucket/moved")
        self.assertEqual(s3.get_file_info("arrow-bucket/moved").size, 12 << 20)


class Catalogs(ServedTest):
    options = ("--verbose", "--wire", "s3,glue,athena")

    def caller(self, service, **keys):
        import boto3
        keys = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET} | keys
        return boto3.client(service, endpoint_url=self.url, region_name="eu-west-1", **keys)

    def test_the_log_names_the_operations_of_services_with_one_path(self):
        self.caller("glue").get_databases()
        self.caller("athena").list_work_groups()
        self.assertEqual(self.stop(), 0)
        log = (self.here / "serve.log").read_text()
        self.assertRegex(log, r"POST / AWSGlue.GetDatabases 200 ")
        self.assertRegex(log, r"POST / AmazonAthena.ListWorkGroups 200 ")

    def test_clients_are_told_who_they_are(self):
        from botocore.exceptions import ClientError
        said = self.caller("sts").get_caller_identity()
        self.assertEqual((said["Account"], said["UserId"], said["Arn"]), ("000000000000", KEY, f"arn:aws:iam::000000000000:user/{KEY}"))
        for code, call in (("InvalidAction", lambda: self.caller("sts").get_session_token()),
                           ("SignatureDoesNotMatch", lambda: self.caller("sts", aws_secret_access_key="wrong").get_caller_identity())):
            with self.assertRaises(ClientError) as caught:
                call()
            self.assertEqual(caught.exception.response["Error"]["Code"], code)


if __name__ == "__main__":
    unittest.main()
