"""Asks at a fixed rate, whatever the answers take, and prints the latencies: python _open_loop.py PORT RATE SECONDS.

wrk waits for an answer before it asks again, so a server that stands still is asked less and looks better than it is.
Here each question has its time, and its latency counts from then, also when no connection was free. Paths are read
from standard input, one a line. Prints JSON: asked, answered, other statuses, p50, p99, p99.9 and the longest, in ms.
"""

import asyncio
import json
import sys
from collections import deque
from itertools import cycle

import uvloop

_CONNECTIONS = 64


class Connection(asyncio.Protocol):
    """A connection that is kept, with one question on it at a time."""

    def __init__(self, run: "Run") -> None:
        self.run, self.at, self.wanted, self.buffer = run, 0.0, 0, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.run.free.append(self)

    def ask(self, at: float, path: bytes) -> None:
        self.at, self.buffer = at, b""
        self.transport.write(b"GET %b HTTP/1.1\r\nHost: bench\r\n\r\n" % path)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, gap, body = self.buffer.partition(b"\r\n\r\n")
        if gap and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            self.run.answered(self.at, head.startswith(b"HTTP/1.1 200"))
            self.run.free.append(self)
            self.run.send()


class Run:
    """One measurement."""

    def __init__(self, paths: list[bytes]) -> None:
        self.paths = cycle(paths)
        self.free: deque[Connection] = deque()
        self.waiting: deque[float] = deque()
        self.times: list[float] = []
        self.wrong = 0

    def answered(self, at: float, is_good: bool) -> None:
        self.times.append(self.loop.time() - at)
        self.wrong += not is_good

    def send(self) -> None:
        while self.waiting and self.free:
            self.free.popleft().ask(self.waiting.popleft(), next(self.paths))

    async def ask(self, port: int, rate: float, seconds: float) -> dict[str, float]:
        self.loop = asyncio.get_running_loop()
        for _ in range(_CONNECTIONS):
            await self.loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        begin, asked, count = self.loop.time() + 0.1, 0, int(rate * seconds)
        while asked < count:
            due = begin + asked / rate
            if (pause := due - self.loop.time()) > 0:
                await asyncio.sleep(pause)
            while asked < count and begin + asked / rate <= self.loop.time():
                self.waiting.append(begin + asked / rate)
                asked += 1
            self.send()
        for _ in range(500):
            if len(self.times) == asked:
                break
            await asyncio.sleep(0.01)
        times = sorted(self.times)
        at = {f"p{p}": round(times[min(len(times) - 1, int(len(times) * p / 100))] * 1e3, 2) for p in (50, 99, 99.9)}
        return {"asked": asked, "answered": len(times), "wrong": self.wrong, **at, "most": round(times[-1] * 1e3, 2)}


if __name__ == "__main__":
    port, rate, seconds = map(float, sys.argv[1:4])
    run = Run(sys.stdin.buffer.read().split())
    print(json.dumps(uvloop.run(run.ask(int(port), rate, seconds))))
