#!/usr/bin/env python3
"""Stand between a client and an S3 server: hold every answer back for some milliseconds, and count requests.

    delay_proxy.py --to http://127.0.0.1:9000 --delay 20

Prints its address. A line on standard input is answered with the requests since the last one, as JSON: {"GET": 3}.
Only time is added, no limit of throughput: what a request waits for is on its way at the same time as all else.
"""
import argparse
import asyncio
import collections
import json
import re
import sys
import urllib.parse

HEAD = re.compile(rb"(?:^|\r\n\r\n|\n|(?<=[^A-Z]))(GET|PUT|HEAD|POST|DELETE) (\S+) HTTP/1\.1\r\n")
counts = collections.Counter()


class ToServer(asyncio.Protocol):
    """The server's side of a connection."""

    def __init__(self, client, delay):
        self.client, self.delay, self.loop = client, delay, asyncio.get_running_loop()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if self.delay:
            self.loop.call_later(self.delay, self.client.write, data)
        else:
            self.client.write(data)

    def connection_lost(self, _error):
        self.loop.call_later(self.delay, self.client.close)


class ToClient(asyncio.Protocol):
    """The client's side: connects to the server, and looks for heads of requests."""

    def __init__(self, host, port, delay):
        self.host, self.port, self.delay = host, port, delay
        self.waiting, self.server = [], None

    def connection_made(self, transport):
        self.transport = transport
        asyncio.ensure_future(self.connect())

    async def connect(self):
        loop = asyncio.get_running_loop()
        try:
            self.server, _ = await loop.create_connection(lambda: ToServer(self.transport, self.delay), self.host, self.port)
        except OSError:
            return self.transport.close()
        for data in self.waiting:
            self.server.write(data)

    def data_received(self, data):
        for match in HEAD.finditer(data):
            counts[name_of(match[1].decode(), match[2].decode("latin-1"))] += 1
        if self.server is None:
            self.waiting.append(data)
        else:
            self.server.write(data)

    def connection_lost(self, _error):
        if self.server is not None:
            self.server.close()


def name_of(method, target):
    return "LIST" if method == "GET" and re.search(r"[?&](list-type|prefix|marker)=", target) else method


async def answer_questions():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        print(json.dumps(counts), flush=True)
        counts.clear()


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", required=True, help="the server's URL")
    parser.add_argument("--delay", type=float, default=20, help="milliseconds before an answer is passed on")
    args = parser.parse_args()
    to = urllib.parse.urlsplit(args.to)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: ToClient(to.hostname, to.port, args.delay / 1000), "127.0.0.1", 0, backlog=1024)
    print("http://127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    await answer_questions()


if __name__ == "__main__":
    asyncio.run(main())
