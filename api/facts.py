"""What the public may see of a document, in words: the verdict, the facts in the order of the paper, and their JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from certgen.core.chinese import SHANGHAI
from certgen.core.errors import Lang, Text
from certgen.core.model import Registered
from certgen.core.sid import grouped
from certgen.core.status import standing_of

# What a status means to somebody at a counter (中华人民共和国行政许可法 knows 撤回, 撤销, 注销; 行政处罚法 暂扣, 吊销).
MEANINGS: Mapping[str, Text] = MappingProxyType(
    {
        "issued": Text(
            "这份证照确已签发，目前在有效期内。",
            "This document was issued and is within its period.",
        ),
        "expired": Text(
            "这份证照确已签发，但有效期已过，目前不再有效。",
            "This document was issued, but its period is over. It is no longer in force.",
        ),
        "ahead": Text(
            "这份证照确已签发，但有效期尚未开始。在此之前请查看持证人的原证。",
            "This document was issued, but its period has not begun. Until then ask the holder for the old one.",
        ),
        "superseded": Text(
            "这份证照已由新证替代，请查看持证人的新证。",
            "A newer document has taken the place of this one. Ask the holder for the new one.",
        ),
        "suspended": Text(
            "发证机关已暂扣这份证照，暂扣期间不得凭它经营。",
            "The authority has suspended this document. Until it is given back, it permits nothing.",
        ),
        "cancelled": Text("这份证照已办理注销，不再有效。", "This document has been closed and is no longer in force."),
        "withdrawn": Text(
            "发证机关已撤回这项许可，不再有效。", "The authority has withdrawn this permit; it is no longer in force."
        ),
        "annulled": Text(
            "这项许可已被依法撤销，不再有效。",
            "This permit was annulled as it should not have been granted; it is not in force.",
        ),
        "revoked": Text(
            "这份证照已被吊销（行政处罚），不再有效。", "This document was revoked as a penalty; it is not in force."
        ),
        "void": Text("这份证照已作废，请勿使用。", "This document is void. Do not use it."),
    }
)
_WITHOUT_END = Text("长期", "without end")
_TONES = {"issued": "good", "suspended": "wait", "ahead": "wait"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A registered document as a page shows it. Nothing in it that its template does not mark public."""

    document: Registered
    copy_title: Text
    state: str  # a word of `certgen.core.status`, `expired` or `ahead`
    verdict: Text
    meaning: Text
    tone: str  # good, wait or bad: the colour beside the words
    is_specimen: bool
    at: datetime

    @property
    def facts(self) -> tuple[tuple[Text, Text], ...]:
        """Label and value of all that may be seen, in the order of the paper."""
        known = self.document
        return (
            (Text("编号", "Number"), Text(known.number, known.number)),
            *((label, Text(value, value)) for label, value in known.public),
            (Text("发证机关", "Authority"), Text(known.authority_name, known.authority_name)),
            (Text("签发日期", "Issued on"), say_day(known.issued_on)),
            (Text("有效期至", "Valid until"), say_day(known.valid_until)),
            (Text("证照标识", "Sid"), Text(grouped(known.sid), grouped(known.sid))),
        )

    def as_json(self) -> dict[str, object]:
        """Give the same answer as plain values."""
        known = self.document
        return {
            "sid": known.sid,
            "number": known.number,
            "kind": known.kind,
            "title": known.title._asdict(),
            "copy": self.copy_title._asdict(),
            "authority": known.authority_name,
            "authority_id": known.authority,
            "issued_at": known.issued_at.isoformat(timespec="seconds"),
            "record_digest": known.record_digest[:16].hex(),  # as the code carries it; salted, so it gives nothing away
            "issued_on": known.issued_on.isoformat(),
            "valid_until": known.valid_until.isoformat() if known.valid_until else None,
            "status": known.status,
            "state": self.state,
            "in_force": self.state == "issued",
            "specimen": self.is_specimen,
            "as_of": self.at.isoformat(timespec="seconds"),
            "signature_checked": False,  # of the code or file at hand: this answer is by the sid alone
            "public": [{"label": label._asdict(), "value": value} for label, value in known.public],
        }


class Showing:
    """Turns what the register knows into what the public sees."""

    def __init__(self, copy_title_of: Callable[[Registered], Text], specimens: frozenset[bytes]) -> None:
        """Take the names of copies, and the fingerprints of seals that are for trying things out."""
        self._copy_title_of, self._specimens = copy_title_of, specimens

    def day(self, at: datetime) -> date:
        """Give the day in Asia/Shanghai."""
        return at.astimezone(SHANGHAI).date()

    def show(self, known: Registered, at: datetime) -> Shown:
        """Show a document as of a moment; days are those of Asia/Shanghai."""
        today = self.day(at)
        standing = standing_of(known.status, known.begins, known.valid_until, today)
        state = standing.word
        label = standing.label
        verdict = Text(label.zh, label.en[:1].upper() + label.en[1:])
        return Shown(
            document=known,
            copy_title=self._copy_title_of(known),
            state=state,
            verdict=verdict,
            meaning=MEANINGS.get(state, verdict),
            tone=_TONES.get(state, "bad"),
            is_specimen=known.signer_fingerprint in self._specimens,
            at=at,
        )


def say_day(day: date | None) -> Text:
    """Write a day as the paper does, and in English."""
    if day is None:
        return _WITHOUT_END
    return Text(f"{day.year}年{day.month:02}月{day.day:02}日", f"{day.year}-{day.month:02}-{day.day:02}")


def say_moment(at: datetime, lang: Lang) -> str:
    """Write a moment in Beijing time, to the minute."""
    local = at.astimezone(SHANGHAI)
    clock = f"{local.hour:02}:{local.minute:02}"
    day = say_day(local.date()).say(lang)
    return f"{day} {clock}（北京时间）" if lang == "zh" else f"{day} {clock} (Beijing time)"
