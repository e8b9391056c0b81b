"""The register's tables, and the revision of the schema this release expects.

    requests ──< identities ──< documents ── strikes          counters   used_numbers ── inherited   lost_ranges
        └──────────< events ── outbox            └─ plates     status_shards   batches ──< batch_rows
        └─ successions ──< holds

A *request* is one version of one licence: a number and the private values; a *succession* names the version whose
place it takes, a *hold* what no other licence in force may have. Its *identities* are its copies
(正本, 副本), each with a sid and a place in a status list, known before anything is signed. A *document* is one
PDF of a copy on one paper; the PDF is the plate's bytes followed by the strike's. Events are appended and never
updated; a status is the last event's, never a column. An *inherited* licence is one that an older system issued:
its number is used, and there is no document. Times are whole seconds since 1970-01-01 UTC, dates are
ISO 8601 text (Asia/Shanghai), so that both databases keep and sort them alike.

Ids of requests, documents and events are counted by the one writer inside its transaction and not by the
database, so that they have no gaps and their order is the order of commits. A test compares these tables with
what the migrations build.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

REVISION = "0004"  # the last migration; a register that says the same is opened without importing Alembic

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite makes only INTEGER PRIMARY KEY the row's own id
metadata = MetaData()

counters = Table(
    "counters",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("shapes", Text, nullable=False),  # JSON, see certgen.highwater
)

used_numbers = Table(
    "used_numbers",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("source", Text, nullable=False),
    sqlite_with_rowid=False,
)

inherited = Table(
    "inherited",
    metadata,
    Column("number", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("credit_code", Text, nullable=False),
    Column("issued_on", Text),
    Column("valid_until", Text),
    Column("source", Text, nullable=False),
    Column("imported_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["number", "kind"], ["used_numbers.number", "used_numbers.kind"]),
    sqlite_with_rowid=False,
)

lost_ranges = Table(
    "lost_ranges",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("first", BigInteger, primary_key=True),
    Column("last", BigInteger, nullable=False),
    Column("shapes", Text, nullable=False),
    Column("found_at", BigInteger, nullable=False),
)

status_shards = Table(
    "status_shards",
    metadata,
    Column("shard", BigId, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, nullable=False),  # of the permutation; whoever has it can count our documents
)

requests = Table(
    "requests",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("request_key", Text, nullable=False, unique=True),
    Column("body_digest", LargeBinary, nullable=False),
    Column("kind", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("authority", Text, nullable=False),
    Column("template_digest", Text, nullable=False),
    Column("counter", Text, ForeignKey("counters.scope"), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("number", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("reserved_at", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),  # private: unmasked values; last, so that others are read without it
    UniqueConstraint("number", "kind", "version"),
)

identities = Table(
    "identities",
    metadata,
    Column("request_id", BigInteger, ForeignKey("requests.id"), primary_key=True),
    Column("ordinal", SmallInteger, primary_key=True),  # of the copy, from 0
    Column("sid", Text, nullable=False, unique=True),
    Column("copy", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("shard", BigInteger, nullable=False),
    Column("slot", Integer, nullable=False),
    sqlite_with_rowid=False,
)

holds = Table(  # what no other licence in force may have: certgen.holds
    "holds",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("request_id", BigInteger, ForeignKey("requests.id"), primary_key=True),
    Column("at", BigInteger, nullable=False),  # when it was last promised; counts until a document is recorded
    sqlite_with_rowid=False,
)

hold_rules = Table(  # the rules that every request of their kind has been held to
    "hold_rules",
    metadata,
    Column("rule", LargeBinary, primary_key=True),
)

successions = Table(  # a version that takes the place of another: done in the transaction that records it
    "successions",
    metadata,
    Column("request_id", BigId, ForeignKey("requests.id"), primary_key=True, autoincrement=False),
    Column("previous_id", BigInteger, ForeignKey("requests.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index("successions_of_previous", "previous_id"),
)

credit_codes = Table(
    "credit_codes",
    metadata,
    Column("code", Text, primary_key=True),
    Column("request_id", BigInteger, ForeignKey("requests.id"), primary_key=True),
    sqlite_with_rowid=False,
)

plates = Table(
    "plates",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

plate_keys = Table(
    "plate_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, ForeignKey("plates.digest"), nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("request_id", BigInteger, nullable=False),
    Column("ordinal", SmallInteger, nullable=False),
    Column("paper", Text, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("authority_name", Text, nullable=False),
    Column("issued_on", Text, nullable=False),
    Column("valid_from", Text, nullable=False),
    Column("valid_until", Text),
    Column("issued_at", BigInteger, nullable=False),
    Column("pdf_digest", LargeBinary, nullable=False, unique=True),
    Column("record_digest", LargeBinary, nullable=False),
    Column("signer", LargeBinary, nullable=False),
    Column("plate", LargeBinary, ForeignKey("plates.digest"), nullable=False),
    Column("public", Text, nullable=False),  # JSON: zh, en, value, zh, en, value, …
    UniqueConstraint("request_id", "ordinal", "paper"),
    ForeignKeyConstraint(["request_id", "ordinal"], ["identities.request_id", "identities.ordinal"]),
)

strikes = Table(
    "strikes",
    metadata,
    Column("document_id", BigId, ForeignKey("documents.id"), primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("request_id", BigInteger, ForeignKey("requests.id"), nullable=False),
    Column("ordinal", SmallInteger),  # NULL: all copies
    Column("document_id", BigInteger, ForeignKey("documents.id")),
    Column("action", Text, nullable=False),
    Column("status", Text),  # the status from now on; NULL: as before (a further paper of the same copy)
    Column("at", BigInteger, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),  # chains this line to the one before
    Index("events_of_request", "request_id"),
)
# Few licences ever change: what did is found without reading what merely was issued.
Index(
    "events_of_changes",
    events.c.request_id,
    sqlite_where=events.c.action != "issued",
    postgresql_where=events.c.action != "issued",
)

outbox = Table(
    "outbox",
    metadata,
    Column("event_id", BigId, ForeignKey("events.id"), primary_key=True, autoincrement=False),
    Column("topic", Text, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rows_digest", LargeBinary, nullable=False),
)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch_id", Text, ForeignKey("batches.id"), primary_key=True),
    Column("row_number", BigInteger, primary_key=True),
    Column("request_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),  # JSON of the problems, "" unless refused
    sqlite_with_rowid=False,
)
