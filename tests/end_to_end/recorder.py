"""A proxy that holds what passes through it to botocore's model of a service."""
import http.client
import http.server
import json
import threading
import urllib.parse

from aws_model import problems


class Recorder:
    """`operations` in their order, `requests` with their JSON, and `problems` of requests and answers.

    `before(operation, request)` is called with what is asked; what it returns is the answer, None passes it on.
    """

    before = None

    def __init__(self, upstream, service):
        address = urllib.parse.urlsplit(upstream)
        self.operations, self.requests, self.problems = [], [], []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                operation = self.headers["X-Amz-Target"].split(".")[-1]
                recorder.operations.append(operation)
                recorder.requests.append(json.loads(body))
                recorder.check(service, operation, "input", body)
                played = recorder.before(operation, recorder.requests[-1]) if recorder.before else None
                if played is not None:
                    self.answer(200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(played).encode())
                    return
                connection = http.client.HTTPConnection(address.hostname, address.port)
                connection.request("POST", self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
                connection.close()
                if answer.status == 200:
                    recorder.check(service, operation, "output", content)
                self.answer(answer.status, dict(answer.getheaders()), content)

            def answer(self, status, headers, content):
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def check(self, service, operation, direction, content):
        found = problems(service, operation, direction, content)
        if found:
            self.problems.append(found)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
