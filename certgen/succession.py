"""A new version of a licence – corrected, amended, renewed, replaced – as an application like any other.

What was issued is read back from the register's private values; what the record gives takes their place, a blank
takes a value away. What an action keeps (certgen.core.status.ACTIONS) cannot be given. Issuing does the rest, in its
one order: the new version has the number of the old one, which ends in the transaction that records the new one.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date

from certgen.core.chinese import shown
from certgen.core.errors import ApplicationError, Problem, Text
from certgen.core.model import Application, Succession
from certgen.core.status import ACTIONS, Action
from certgen.fieldtypes import fold, found, is_blank
from certgen.issue import Issuer
from certgen.life import Change, check_words
from certgen.register import Version
from certgen.reserved import RESERVED
from certgen.template import Template

_PERIOD = ("valid_from", "valid_until")


def propose(
    issuer: Issuer, number_or_sid: str, change: Change, given: Mapping[str, object], request_key: str = ""
) -> Application:
    """Make the application for a new version of a licence.

    Without a request key it gets one that follows from the version and from what is asked, so that the same command
    goes on after a crash. Raises ApplicationError when there is no such licence, or something may not be given.
    """
    action = ACTIONS.get(change.action)
    if action is None or not action.successor:
        words = ", ".join(word for word, one in ACTIONS.items() if one.successor)
        raise ApplicationError((Problem("action", Text("操作", "Action"), shown(change.action), Text(words, words)),))
    base = issuer.register.base(number_or_sid, request_key)
    template = issuer.templates.get(base.kind)
    if template is None:
        wanted = Text("本系统的证照种类", "a kind of this workspace")
        raise ApplicationError((Problem("kind", Text("证照种类", "Kind"), shown(base.kind), wanted),))
    asked = {_name(template, key): value for key, value in given.items()}
    faults = (
        *check_words(action, change),
        *_kept(action, asked, template),
        *_too_late(action, base, asked, issuer),
        *_no_period(action, base, asked, template),
    )
    if faults:
        raise ApplicationError(faults)
    data = _kept_data(action, base, template, asked, issuer.today()) | dict(given)
    digest = _digest(base, change, given)
    succession = Succession(
        base.request_id, base.number, change.action, change.actor, change.reason, change.basis, digest
    )
    key = request_key or f"{change.action}:{base.version}:{digest.hex()[:40]}"
    return Application(base.kind, data, key, succession)


def _name(template: Template, key: str) -> str:
    return template.names.get(key) or template.names.get(fold(str(key))) or str(key)


def _kept(action: Action, asked: Mapping[str, object], template: Template) -> tuple[Problem, ...]:
    """List what was given although the new version has it from the old one."""
    kept = {"issued_on"} if "day" in action.keeps else set()
    kept |= set(_PERIOD) if "period" in action.keeps else set()
    if "facts" in action.keeps:
        kept |= asked.keys() - {"issued_on", "request_key"}
    if action.keeps:
        kept.add("authority")
    labels = {field.name: field.label for field in template.fields} | dict(RESERVED)
    wanted = Text(f"空白（{action.label.zh}不改此项）", f"nothing: to {action.label.en} leaves it as it was")
    return tuple(
        Problem(name, labels.get(name, Text(shown(name), shown(name))), found(asked[name]), wanted)
        for name in sorted(kept & asked.keys())
        if not is_blank(asked[name])
    )


def _too_late(action: Action, base: Version, asked: Mapping[str, object], issuer: Issuer) -> tuple[Problem, ...]:
    """Refuse a new period that does not go on from the old one, and changes of what has expired."""
    if "day" in action.keeps or base.valid_until is None:
        return ()
    text = asked.get("issued_on")
    try:
        day = date.fromisoformat(str(text)) if not is_blank(text) else issuer.today()
    except ValueError:
        return ()  # reading the record says so
    if day <= base.valid_until:
        return ()
    wanted = Text(
        f"{day} 尚未过有效期的证照（过期须重新申请）", f"a licence that has not expired by {day}: apply for a new one"
    )
    return (Problem("valid_until", RESERVED["valid_until"], base.valid_until.isoformat(), wanted),)


def _no_period(action: Action, base: Version, asked: Mapping[str, object], template: Template) -> tuple[Problem, ...]:
    """Refuse to renew what never ends, or without the new last day where a field gives it."""
    field = template.validity.field if template.validity else ""
    if "period" in action.keeps or (base.valid_until and (not field or not is_blank(asked.get(field)))):
        return ()
    if base.valid_until is None:
        wanted = Text(
            "有期限的证照（本证照长期有效，可办理变更）", "a licence that expires; this one never does: amend it"
        )
        return (Problem("valid_until", RESERVED["valid_until"], "", wanted),)
    label = next(one.label for one in template.fields if one.name == field)
    return (Problem(field, label, "", Text("新的截止日期", "the new last day")),)


def _kept_data(
    action: Action, base: Version, template: Template, asked: Mapping[str, object], today: date
) -> dict[str, object]:
    """Take over what the record does not give: fields that the form has, days that the action keeps."""
    text = base.issued_on.isoformat() if "day" in action.keeps else asked.get("issued_on")
    try:
        day = date.fromisoformat(str(text)) if not is_blank(text) else today
    except ValueError:
        day = today
    fields = {rule.field.name for rule in template.rules[template.form_on(day).id]}
    data: dict[str, object] = {n: v for n, v in base.data.items() if n in fields and n not in asked}
    if "authority" not in asked:
        data["authority"] = base.authority
    if "day" in action.keeps:
        data["issued_on"] = base.issued_on.isoformat()
    if "period" in action.keeps:
        data["valid_from"] = base.valid_from.isoformat()
        # Where a field gives the last day, the field says it.
        if base.valid_until and template.validity and not template.validity.field:
            data["valid_until"] = base.valid_until.isoformat()
    return data


def _digest(base: Version, change: Change, given: Mapping[str, object]) -> bytes:
    asked = [base.number, base.kind, base.version, change.action, change.reason, change.basis, dict(given)]
    return hashlib.sha256(json.dumps(asked, ensure_ascii=False, sort_keys=True, default=str).encode()).digest()
