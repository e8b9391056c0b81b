"""What `web.py` races against, over the register that CERTGEN_HOME names: the obvious way, and the limit.

`obvious` is how one would write it: FastAPI, a SQLAlchemy query, a pydantic model. `hello` answers without looking at
anything, in the same server: no Python application in it can be faster.
"""

import os
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Annotated, Any

from certgen.schema import documents, events, identities, requests

_HELLO = b'{"hello":"' + b"x" * 950 + b'"}'


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Say hello, in as many bytes as an answer of ours has."""
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_HELLO))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": _HELLO})


@cache
def obvious() -> Any:
    """Make the obvious application."""
    from fastapi import Depends, FastAPI, HTTPException
    from pydantic import BaseModel
    from sqlalchemy import create_engine, select
    from sqlalchemy.orm import Session

    class Answer(BaseModel):
        sid: str
        number: str
        kind: str
        title: str
        copy_: str
        authority: str
        issued_on: date
        valid_until: date | None
        status: str
        public: str

    engine = create_engine(f"sqlite:///{os.environ['CERTGEN_HOME']}/register.db")
    app = FastAPI()

    def session() -> Iterator[Session]:
        with Session(engine) as one:
            yield one

    @app.get("/{sid}.json")
    def by_sid(sid: str, db: Annotated[Session, Depends(session)]) -> Answer:
        d, i, r, e = documents.c, identities.c, requests.c, events.c
        row = db.execute(
            select(
                i.sid,
                r.number,
                r.kind,
                d.title_zh,
                i.copy,
                d.authority_name,
                d.issued_on,
                d.valid_until,
                d.public,
                r.id,
            )
            .join(identities, (d.request_id == i.request_id) & (d.ordinal == i.ordinal))
            .join(requests, r.id == d.request_id)
            .where(i.sid == sid)
        ).first()
        if row is None:
            raise HTTPException(404)
        status = db.scalar(
            select(e.status).where(e.request_id == row[9], e.status.is_not(None)).order_by(e.id.desc()).limit(1)
        )
        names = ("sid", "number", "kind", "title", "copy_", "authority", "issued_on", "valid_until")
        return Answer(**dict(zip(names, row[:8], strict=True)), status=status or "", public=row[8])

    return app
