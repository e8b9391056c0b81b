"""Where the two databases differ: opening, the writer's turn, and what their errors mean.

SQLite keeps a write-ahead log with `synchronous=FULL`: a commit is on the disk when it returns. The log is moved
into the database (a *checkpoint*) by the writer whose commit brings it past 32 MB, and emptied at close; that is
the whole policy. A process that only reads keeps one connection a thread and maps the file into memory: a look by
sid then takes a quarter of the time that a pool takes to lend a connection and get it back. Writers take turns: BEGIN
IMMEDIATE on SQLite, one advisory lock on PostgreSQL. Statements in the other modules are valid on both and mark their
values with `?`.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from certgen.core.errors import RegisterError, Text

_PAGE_BYTES = 8192  # half the system calls of 4096 for a strike, without doubling what an index page costs
_CHECKPOINT_PAGES = 4096  # 32 MB of log
_LOG_BYTES = 64 << 20  # the log file is cut back to this after a checkpoint
_CACHE_KB = 16_000  # room for a chunk of 200 strikes, which would otherwise spill into the log half-way
_MAPPED_BYTES = 2_000_000_000  # of the file, by who only reads: no system call and no copy for a page
_BUSY_MS = 15_000  # a chunk holds the writer's turn for some 20 ms
_WRITES = "certgen_writes"
_LOCK_KEY = 0x63657274  # "cert"; any number that no other program on this server uses

# https://www.sqlite.org/wal.html#walresetbug: such versions can corrupt a database that two connections write
_UNSAFE = ((3, 7, 0), (3, 51, 2))


class Database:
    """A pool of connections, and the one writer's turn."""

    def __init__(self, engine: Engine, *, readonly: bool, connect: Callable[[], Any] | None = None) -> None:
        """Take an engine made by `open_database`; `connect` opens a connection past it, to keep."""
        self._engine = engine
        self._kept = _Kept(self, connect) if connect is not None else None
        self._turn = threading.Lock()
        self.readonly = readonly
        self.is_embedded = engine.dialect.name == "sqlite"
        self._marker = "?" if self.is_embedded else "%s"

    def sql(self, statement: str) -> str:
        """Write a statement with the driver's own marker for values."""
        return statement if self.is_embedded else statement.replace("?", self._marker)

    @contextmanager
    def reading(self) -> Iterator["Statements"]:
        """Give a connection for single SELECTs. Raises RegisterError."""
        if self._kept is not None:
            with told():
                yield self._kept.mine()
            return
        with told(), self._engine.connect() as connection:
            yield Statements(self, connection)

    @contextmanager
    def writing(self) -> Iterator["Statements"]:
        """Give a connection with the writer's turn, in one transaction that commits at the end.

        Threads of this process queue here, fairly; other processes wait in the database. Raises RegisterError.
        """
        if self.readonly:
            raise RegisterError(_READ_ONLY)
        with told(), self._turn, self._engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                if not self.is_embedded:
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
                yield Statements(self, connection)

    def close(self) -> None:
        """Give back every connection; a SQLite writer empties the log first."""
        if self.is_embedded and not self.readonly:
            with told(), self._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        if self._kept is not None:
            self._kept.close()
        self._engine.dispose()


class _Kept:
    """Connections of a process that only reads SQLite, one for each thread that asks."""

    def __init__(self, database: Database, connect: Callable[[], Any]) -> None:
        self._database, self._connect = database, connect
        self._of_thread = threading.local()
        self._all: list[Any] = []
        self._adding = threading.Lock()

    def mine(self) -> "Statements":
        """Give this thread's."""
        found: Statements | None = getattr(self._of_thread, "statements", None)
        if found is None:
            link = self._connect()
            with self._adding:
                self._all.append(link)
            found = self._of_thread.statements = _Direct(self._database, link)
        return found

    def close(self) -> None:
        """Close all of them; a thread that asks again gets an error."""
        with self._adding:
            for link in self._all:
                link.close()


class Statements:
    """Runs the statements of one piece of work."""

    __slots__ = ("_database", "connection")

    def __init__(self, database: Database, connection: Any) -> None:
        """Keep the connection; `connection` is there for migrations."""
        self._database = database
        self.connection = connection

    def rows(self, statement: str, values: Sequence[object] = ()) -> Sequence[Any]:
        """Run a SELECT and give all its rows."""
        found: Sequence[Any] = self.connection.exec_driver_sql(self._database.sql(statement), tuple(values)).fetchall()
        return found

    def row(self, statement: str, values: Sequence[object] = ()) -> Any:
        """Run a SELECT and give its first row, or None."""
        return self.connection.exec_driver_sql(self._database.sql(statement), tuple(values)).fetchone()

    def has_table(self, name: str) -> bool:
        """Tell whether the database has a table."""
        return bool(inspect(self.connection).has_table(name))

    def run(self, statement: str, values: Sequence[object]) -> None:
        """Run a statement once."""
        self.connection.exec_driver_sql(self._database.sql(statement), tuple(values))

    def run_many(self, statement: str, rows: list[tuple[Any, ...]]) -> None:
        """Run a statement once for every row of values; none at all for an empty list."""
        if rows:
            self.connection.exec_driver_sql(self._database.sql(statement), rows)


class _Direct(Statements):
    """The same on the driver's own connection, whose statements stay prepared."""

    __slots__ = ()

    def rows(self, statement: str, values: Sequence[object] = ()) -> Sequence[Any]:
        found: list[Any] = self.connection.execute(statement, values).fetchall()
        return found

    def row(self, statement: str, values: Sequence[object] = ()) -> Any:
        cursor = self.connection.execute(statement, values)
        found = cursor.fetchone()
        cursor.close()  # or it would hold its view of the register, and the log could not be cut back
        return found

    def has_table(self, name: str) -> bool:
        return self.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)) is not None


def places(count: int) -> str:
    """Write the value markers of an `IN (…)` list."""
    return ",".join("?" * count)


def seconds(at: datetime) -> int:
    """Write a moment as the tables keep it: whole seconds since 1970-01-01 UTC. Raises ValueError without a zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone, wanted an aware datetime")
    return int(at.timestamp())


def open_database(url: str, *, readonly: bool) -> Database:
    """Open SQLite (`sqlite:///path`) or PostgreSQL (`postgresql+psycopg://…`).

    Raises RegisterError when the address is wrong, the file cannot be opened, or this Python's SQLite may corrupt
    a register.
    """
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise RegisterError(_no_address(url)) from error
    if address.get_backend_name() == "postgresql":
        # Without these two a lost network hangs a writer for as long as the kernel keeps trying.
        timeouts = {"connect_timeout": 5, "tcp_user_timeout": 10_000}
        return Database(create_engine(address, connect_args=timeouts, hide_parameters=True), readonly=readonly)
    if address.get_backend_name() != "sqlite" or address.database in (None, "", ":memory:"):
        raise RegisterError(_no_address(address.render_as_string()))
    engine, connect = _sqlite_engine(address, Path(str(address.database)), readonly)
    return Database(engine, readonly=readonly, connect=connect if readonly else None)


def sqlite_driver() -> ModuleType:
    """Give pysqlite3, or where it is not installed Python's own SQLite. Raises RegisterError when neither is safe."""
    try:
        driver = import_module("pysqlite3.dbapi2")
    except ImportError:
        driver = import_module("sqlite3")
    check_sqlite(driver.sqlite_version)
    return driver


def check_sqlite(version: str) -> None:
    """Refuse a SQLite whose write-ahead log can corrupt a register. Raises RegisterError."""
    found = tuple(int(part) for part in version.split("."))
    if _UNSAFE[0] <= found <= _UNSAFE[1]:
        raise RegisterError(
            Text(
                f"SQLite {version} 的预写日志存在损坏数据库的缺陷（3.7.0 至 3.51.2）："
                "请安装 pysqlite3 0.6.1 以上；本平台没有安全版本时，请改用 PostgreSQL（register = postgresql+psycopg://…）",
                f"SQLite {version} can corrupt a register (WAL-reset bug, 3.7.0 to 3.51.2): install pysqlite3 0.6.1 or "
                "later; where this platform has no safe build, use PostgreSQL (register = postgresql+psycopg://…)",
            )
        )


def _sqlite_engine(address: URL, path: Path, readonly: bool) -> tuple[Engine, Callable[[], Any]]:
    driver = sqlite_driver()
    location = f"file:{quote(str(path.absolute()))}?mode={'ro' if readonly else 'rwc'}"

    def connect() -> Any:
        # isolation_level None: the driver must not open transactions behind our back.
        link = driver.connect(location, uri=True, isolation_level=None, check_same_thread=False)
        for pragma in _pragmas(readonly):
            _set(link, driver, pragma)
        return link

    engine = create_engine(address, module=driver, creator=connect, pool_size=8, max_overflow=24, hide_parameters=True)
    event.listen(engine, "begin", _begin)
    return engine, connect


def _set(link: Any, driver: ModuleType, pragma: str) -> None:
    """Run a PRAGMA; again when busy, since SQLite does not wait when it turns a new file to write-ahead logging."""
    for attempts_left in range(_BUSY_MS // 10, -1, -1):
        try:
            link.execute(f"PRAGMA {pragma}")
            return
        except driver.OperationalError as error:
            if not attempts_left or "locked" not in str(error):
                raise
            time.sleep(0.01)


def _pragmas(readonly: bool) -> tuple[str, ...]:
    common = (f"busy_timeout={_BUSY_MS}", "foreign_keys=ON")
    if readonly:
        return (*common, "query_only=ON", f"mmap_size={_MAPPED_BYTES}")
    return (
        *common,
        f"page_size={_PAGE_BYTES}",  # heeded only while the file is empty
        "journal_mode=WAL",
        "synchronous=FULL",
        f"cache_size=-{_CACHE_KB}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
        f"journal_size_limit={_LOG_BYTES}",
    )


def _begin(connection: Connection) -> None:
    """Take the writer's turn at once; a read that turned into a write half-way could not wait for it."""
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


_READ_ONLY = Text(
    "登记簿以只读方式打开，不能写入：请在签发（office）进程中操作，或检查登记簿文件与目录的写权限",
    "the register is open for reading only: do this in the office process, or give it permission to write the file "
    "and its folder",
)

# What a driver says, and what the operator must do. SQLite: https://sqlite.org/rescode.html
_MEANINGS: tuple[tuple[tuple[str, ...], Text], ...] = (
    (
        ("database is locked", "database table is locked", "database schema is locked"),
        Text(
            f"登记簿被另一进程占用超过 {_BUSY_MS // 1000} 秒，未写入任何内容："
            "请找出并结束该进程（如未关闭的备份或数据库工具）后重试",
            f"the register is held by another process for more than {_BUSY_MS // 1000} s and nothing was written: find "
            "and end it (a backup or a database tool left open?), then try again",
        ),
    ),
    (
        ("database or disk is full", "no space left"),
        Text(
            "登记簿所在磁盘已满：签发已停止，未写入任何内容；请腾出空间后重试",
            "the disk of the register is full: issuing has stopped and nothing was written; make room, then try again",
        ),
    ),
    (("readonly database", "read-only"), _READ_ONLY),
    (
        ("malformed", "not a database", "disk i/o error"),
        Text(
            "登记簿已损坏或磁盘读写出错：请停止签发，勿删除任何文件，检查磁盘后用 certgen restore 恢复备份",
            "the register is damaged or its disk fails: stop issuing, delete nothing, check the disk and put back a "
            "backup with certgen restore",
        ),
    ),
    (
        ("unable to open database file",),
        Text(
            "无法打开登记簿文件：请检查路径与权限；尚未建立时先运行 certgen init；"
            "只读进程须能读取同目录的 -wal 与 -shm 文件",
            "the register's file cannot be opened: check path and permissions; run certgen init if it was never made; "
            "a reading process also needs the -wal and -shm files beside it",
        ),
    ),
    (
        ("no such table", "no such column", "does not exist"),
        Text(
            "登记簿的结构与本程序版本不符：请先由签发（office）进程打开一次以完成升级",
            "the register's tables are not those of this release: open it once with the office process to upgrade it",
        ),
    ),
    (
        ("connection", "timeout expired", "server closed"),
        Text(
            "与登记簿数据库的连接中断：未确认的内容均未签发，请检查网络与数据库后用同一请求重试",
            "the connection to the register's database was lost: check network and server, then send the same request "
            "again",
        ),
    ),
)


@contextmanager
def told() -> Iterator[None]:
    """Turn an error of the database into one that says what the operator must do."""
    try:
        yield
    except _errors() as error:
        raise RegisterError(_meaning(error)) from error


@cache
def _errors() -> tuple[type[Exception], ...]:
    """Give the errors of both ways to a database; a kept connection has none where SQLite is not safe to use."""
    try:
        return (DBAPIError, PoolTimeout, sqlite_driver().Error)
    except RegisterError:
        return (DBAPIError, PoolTimeout)


def _meaning(error: Exception) -> Text:
    said = str(getattr(error, "orig", None) or error)
    for words, text in _MEANINGS:
        if any(word in said.lower() for word in words):
            return Text(f"{text.zh}（{said}）", f"{text.en} ({said})")
    return Text(f"登记簿拒绝了操作：{said}", f"the register refused: {said}")


def _no_address(url: str) -> Text:
    return Text(
        f"登记簿地址“{url}”无效，应为 sqlite:///路径 或 postgresql+psycopg://主机/库名",
        f"register address {url!r} is not usable, wanted sqlite:///path or postgresql+psycopg://host/name",
    )
