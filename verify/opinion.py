"""Asks the second parser, in a process that can be killed, and reads its answer (rules O1 to O5, and what a file is).

    opinions = Opinions()
    opinions.of(pdf)          Sight: what a parser that is not ours sees in the file

A worker (`verify/stranger.py`) is started when first needed and stays; what parses is its fork, one for each file.
Asking is safe from several threads, and in a process that was forked itself.
"""

import atexit
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Timer
from typing import IO, Any, Literal

from certgen.core.errors import Text
from verify.report import UnsureError

WALL_S = 2.2  # of patience with one file
WAIT_S = 0.5  # until a worker is free; together they stay below the 3 s in which everybody gets an answer
_START_S = 30.0  # to start: the machine may be busy
_WORKERS = 2
_PROGRAM = Path(__file__).with_name("stranger.py")
_MAX_ANSWER = 4096
Opens = Literal["whole", "doubtful", "broken", "locked", "silent"]
_OPENS: tuple[Opens, ...] = ("whole", "doubtful", "broken", "locked")


@dataclass(frozen=True, slots=True)
class Sight:
    """What the second parser sees. `opens` is doubtful when it warns, locked when encrypted, broken when it gives up.

    It is silent when the parser died or was stopped at a limit, which may be the fault of the file or of the machine.

    `range` and `contents` (hex, the first 32 octets) are of the value of the one signature field, `fields` counts the
    form's fields, `signatures` the signature dictionaries anywhere. `active` is the first key found that does, fetches
    or hides something. `is_plain` says that `record.json` and the seal are all that is attached.
    """

    opens: Opens
    fields: int = 0
    signatures: int = 0
    certifies: bool = False
    range: tuple[int, ...] = ()
    contents: str = ""
    active: str = ""
    is_plain: bool = False


class Opinions:
    """A few workers that look at files."""

    __slots__ = ("_mine", "_program")

    def __init__(self, program: Path = _PROGRAM) -> None:
        """Start nothing yet."""
        self._program, self._mine = program, (os.getpid(), _unstarted())

    def of(self, pdf: bytes) -> Sight:
        """Look at a file. Raises UnsureError when there is no second parser, or none is free."""
        free = self._here()
        try:
            worker = free.get(timeout=WAIT_S)
        except Empty as none:
            raise UnsureError(Text("第二解析器正忙，请稍后再试", "the second parser is busy: try again")) from none
        try:
            worker = worker or _Worker(self._program)
            said = worker.ask(pdf)
            if said is None:
                worker = None
        except (OSError, UnsureError):
            worker = None
            raise
        finally:
            free.put(worker)
        return _read(said or b"")

    def close(self) -> None:
        """End the workers that are free; others are started when somebody asks again."""
        free = self._here()
        for _ in range(free.qsize()):
            with suppress(Empty):
                worker = free.get_nowait()
                if worker is not None:
                    worker.end()
            # put back only now, or the same one would be taken twice
        for _ in range(_WORKERS - free.qsize()):
            free.put(None)

    def _here(self) -> "LifoQueue[_Worker | None]":
        """Give the workers of this process: no pipe is shared with the one that we were forked from."""
        owner, free = self._mine
        if owner != os.getpid():
            free = _unstarted()
            self._mine = os.getpid(), free
        return free


def _unstarted() -> "LifoQueue[_Worker | None]":
    free: LifoQueue[_Worker | None] = LifoQueue()
    for _ in range(_WORKERS):
        free.put(None)
    return free


class _Worker:
    """One process at the end of two pipes; it ends when the pipes close."""

    def __init__(self, program: Path) -> None:
        command = [sys.executable, "-I", str(program)]  # -I: nothing beside that file can be imported
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
        )
        timer = Timer(_START_S, self.kill)
        timer.start()
        ready = self._pipe("stdout").read(1)
        timer.cancel()
        if ready != b"+":
            self.end()
            raise UnsureError(
                Text("未安装第二解析器（pikepdf）", "there is no second parser (pikepdf) on this machine")
            )

    def ask(self, pdf: bytes) -> bytes | None:
        """Give the answer; None when the worker had to be killed, or died."""
        timer = Timer(WALL_S, self.kill)
        timer.start()
        try:
            asked, said = self._pipe("stdin"), self._pipe("stdout")
            asked.write(len(pdf).to_bytes(8, "big"))
            asked.write(pdf)
            asked.flush()
            count = said.read(4)
            size = int.from_bytes(count, "big")
            if len(count) == 4 and size <= _MAX_ANSWER and len(out := said.read(size)) == size:
                return out
        except OSError:
            pass
        finally:
            timer.cancel()
        self.end()
        return None

    def kill(self) -> None:
        """Stop it, and what it has forked: whoever waits for an answer gets an end of file."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def end(self) -> None:
        """Stop it, and leave nothing behind."""
        self.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _pipe(self, name: Literal["stdin", "stdout"]) -> IO[bytes]:
        pipe: IO[bytes] | None = getattr(self._process, name)
        if pipe is None:
            raise OSError(name)
        return pipe


def _read(said: bytes) -> Sight:
    """Decode an answer: a parser that was taken over may say anything, so only the expected is believed."""
    try:
        found: Any = json.loads(said)
        active = next(iter(found.get("active", ())), "")
        return Sight(
            _OPENS[_OPENS.index(found["opens"])],
            int(found.get("fields", 0)),
            int(found.get("signatures", 0)),
            found.get("certifies") is True,
            tuple(map(int, found.get("range", ()))),
            str(found.get("contents", ""))[:64],
            str(active)[:24],
            found.get("attached") is True,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return Sight("silent")


OPINIONS = Opinions()  # one set of workers is enough for a process
atexit.register(OPINIONS.close)
