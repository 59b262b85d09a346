"""A lake served by the built program, and clients of it."""
import os
import pathlib
import signal
import subprocess
import time

from lake import PROGRAM, LakeTest

KEY, SECRET = "GLAUXTESTKEY", "glaux/test+secret"


class ServedTest(LakeTest):
    """`self.url` is a server over `self.lake`, with the keys above, in a process of its own."""

    options = ()

    def setUp(self):
        super().setUp()
        self.serve(*self.options)

    def serve(self, *options, **environment):
        if getattr(self, "server", None):  # one of before, which has ended
            self.server.stdout.close()
        self.log = open(self.here / "serve.log", "ab")
        self.addCleanup(self.log.close)
        self.server = subprocess.Popen([PROGRAM, "serve", "--listen", "127.0.0.1:0", *options], cwd=self.here,
                                       env=self.environment(GLAUX_SERVE_KEYS=f"{KEY}:{SECRET}") | environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.addCleanup(self.kill)
        self.said = []
        for line in self.server.stdout:
            self.said.append(line)
            if line.startswith("ready: "):
                self.url = line.split()[1]
                return
        self.fail("the server ended:\n" + (self.here / "serve.log").read_text())

    def kill(self):
        if self.server.poll() is None:
            self.server.kill()
        self.server.wait()
        self.server.stdout.close()

    def stop(self, number=signal.SIGTERM):
        self.server.send_signal(number)
        return self.server.wait(timeout=60)

    def client_environment(self):
        """What AWS's tools look at, and nothing of the machine's own."""
        return self.environment(AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID=KEY, AWS_SECRET_ACCESS_KEY=SECRET,
                                AWS_REGION="us-east-1", AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
                                AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)

    def client(self, key=KEY, secret=SECRET, **config):
        import boto3
        import botocore.config
        retries = {"max_attempts": 1, "mode": "standard"}
        return boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", aws_access_key_id=key,
                            aws_secret_access_key=secret, verify=config.pop("verify", None),
                            config=botocore.config.Config(retries=retries, **config))

    def stored_files(self, bucket):
        """Files in the bucket's folder but locks, by path: what is under way counts."""
        folder = self.lake / "store" / bucket
        return {str(path.relative_to(folder)): path.stat().st_size for path in folder.rglob("*")
                if path.is_file() and "locks" not in path.parts}

    def tool(self, name):
        """The path of a program for tests, or a skip that says how to have it."""
        import shutil
        cache = pathlib.Path(os.environ.get("GLAUX_TOOLS") or pathlib.Path.home() / ".cache" / "glaux-tools")
        found = shutil.which(name, path=f"{cache / 'bin'}:{os.environ['PATH']}")
        if not found:
            self.skipTest(f"{name} is not there; tests/end_to_end/get_tools.sh installs it with go")
        return found


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not happen in time")
        time.sleep(0.01)
