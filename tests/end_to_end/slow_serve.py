"""The S3 wire with bodies larger than memory should hold, and with s5cmd and rclone."""
import hashlib
import os
import random
import subprocess
import unittest

from served import KEY, SECRET, ServedTest

GIB = 1 << 30


class Zeros:
    """A body of many zeros that is nowhere in memory."""

    def __init__(self, size):
        self.size, self.at = size, 0

    def __len__(self):
        return self.size

    def read(self, size=-1):
        size = self.size - self.at if size < 0 else min(size, self.size - self.at)
        self.at += size
        return bytes(size)

    def seek(self, offset, whence=0):
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def tell(self):
        return self.at


class LargeBodies(ServedTest):
    def test_five_gibibytes_go_through_little_memory(self):
        size = 5 * GIB
        s3 = self.client(s3={"payload_signing_enabled": False}, request_checksum_calculation="when_required",
                         read_timeout=600)
        upload = s3.create_multipart_upload(Bucket="lake", Key="large")["UploadId"]
        etag = s3.upload_part(Bucket="lake", Key="large", UploadId=upload, PartNumber=1, Body=Zeros(size))["ETag"]
        s3.complete_multipart_upload(Bucket="lake", Key="large", UploadId=upload,
                                     MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
        body = s3.get_object(Bucket="lake", Key="large")
        self.assertEqual(body["ContentLength"], size)
        got = 0
        for piece in body["Body"].iter_chunks(8 << 20):
            self.assertFalse(any(piece[:100]) or any(piece[-100:]))
            got += len(piece)
        self.assertEqual(got, size)
        peak = next(int(line.split()[1]) for line in open(f"/proc/{self.server.pid}/status") if line.startswith("VmHWM"))
        self.assertLess(peak, 200 << 10, "KiB")


class Tools(ServedTest):
    def setUp(self):
        super().setUp()
        dice = random.Random(1)
        for name in ("a.txt", "d/b.bin", "d/sub dir/ü+%.txt"):
            self.write("in/" + name, dice.randbytes(1000))
        self.write("in/large.bin", dice.randbytes(40 << 20))

    def run_tool(self, *command):
        done = subprocess.run(command, cwd=self.here, env=self.client_environment() | {"S3_ENDPOINT_URL": self.url},
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr + done.stdout)
        return done.stdout

    def files(self, folder):
        root = self.here / folder
        return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in root.rglob("*") if path.is_file()}

    def test_s5cmd(self):
        s5cmd = self.tool("s5cmd")
        self.run_tool(s5cmd, "mb", "s3://tool-bucket")
        self.run_tool(s5cmd, "cp", "in/", "s3://tool-bucket/x/")
        self.run_tool(s5cmd, "cp", "s3://tool-bucket/x/*", "out/")
        self.assertEqual(self.files("out"), self.files("in"))
        self.assertIn("large.bin", self.run_tool(s5cmd, "ls", "s3://tool-bucket/x/"))
        self.run_tool(s5cmd, "mv", "s3://tool-bucket/x/large.bin", "s3://tool-bucket/y/large.bin")
        self.run_tool(s5cmd, "sync", "--delete", "in/", "s3://tool-bucket/x/")
        self.run_tool(s5cmd, "rm", "s3://tool-bucket/*")
        self.run_tool(s5cmd, "rb", "s3://tool-bucket")

    def test_rclone(self):
        rclone = self.tool("rclone")
        remote = (f":s3,provider=Other,access_key_id={KEY},secret_access_key='{SECRET}',region=us-east-1,"
                  f"endpoint='{self.url}':tool-bucket")
        config = ("--config", os.devnull, "--retries", "1", "--low-level-retries", "1")
        self.run_tool(rclone, *config, "mkdir", remote)
        self.run_tool(rclone, *config, "sync", "--s3-chunk-size", "5Mi", "--s3-upload-cutoff", "5Mi", "in", remote + "/x")
        self.run_tool(rclone, *config, "check", "--download", "in", remote + "/x")
        self.run_tool(rclone, *config, "sync", remote + "/x", "out")
        self.assertEqual(self.files("out"), self.files("in"))
        self.run_tool(rclone, *config, "copy", remote + "/x", remote + "/y")
        self.run_tool(rclone, *config, "moveto", remote + "/y/a.txt", remote + "/y/z.txt")
        self.run_tool(rclone, *config, "purge", remote)


if __name__ == "__main__":
    unittest.main()
