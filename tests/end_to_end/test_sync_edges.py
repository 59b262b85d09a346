"""What stands at the edges of pipelines and file commands: secrets, links, names with a date, dry runs of chains, first runs
at once, files that nobody meant."""
import unittest

from lake import OK
from pipelines import SyncTest


class Secrets(SyncTest):
    def test_secrets_of_addresses_are_nowhere(self):
        signed = "?X-Amz-Credential=hunter2&X-Amz-Signature=hunter2"
        for source in ({"uri": "s3://hunter2:hunter2@lake/x.csv"}, {"path": f"none.csv{signed}"}, {"uri": f"s3://lake/x.csv{signed}"},
                       {"uri": f"ftp://{'u' * 70}:hunter2@host/x.csv"}, {"path": "aws_secret_access_key=hunter2.csv"}, {"sql": "SELECT x, SECRET 'hunter2' FROM"}):
            with self.subTest(source):
                self.flow(source, {"path": "o.jsonl"})
                outcome = self.run_program("sync", "p.yaml", "--verbose", "--report", "report.json")
                self.assertIn("glaux: error: " if outcome.code != OK else "nothing new", outcome.err)
                report = self.here / "report.json"
                self.assertNotIn("hunter2", outcome.err + outcome.text + (report.read_text() if report.exists() else ""))
        for command in (["ls", "https://u:hunter2@h/x"], ["cat", f"x.csv{signed}"], ["cp", f"s3://lake/x{signed}", "y"], ["schema", "s3://u:hunter2@lake/x.csv"],
                        ["load", f"https://h/x{signed}", "db.t"], ["convert", "ftp://u:hunter2@h/x.csv", "y.csv"]):
            with self.subTest(command):
                outcome = self.run_program(*command)
                self.assertNotEqual(outcome.code, OK)
                self.assertNotIn("hunter2", outcome.err + outcome.text)

    def test_a_file_that_is_called_like_a_signed_address_is_read_and_its_secret_not_kept(self):
        name = "x.csv?X-Amz-Signature=hunter2"
        self.write(f"in/{name}", "id\n1\n")
        self.flow({"path": "in/*", "format": "csv"}, {"path": "out/", "format": "jsonl"})
        for arguments in (["--dry-run"], ["--verbose"], []):
            outcome = self.succeed("sync", "p.yaml", "--report", "report.json", *arguments)
            self.assertNotIn("hunter2", outcome.err + outcome.text + (self.here / "report.json").read_text())
        self.assertEqual(self.folder_rows("out"), [{"id": 1}])
        self.assertNotIn("hunter2", self.succeed("state", "show", "p.yaml").text)
        for path in (self.here / "out").rglob("*"):
            if path.is_file():
                self.assertNotIn(b"hunter2", path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main()
