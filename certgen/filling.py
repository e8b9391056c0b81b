"""Fill a record in from another licence that its holder has: the `[from]` table of a template.

Only blanks are filled: what the record gives wins. The other licence is found by a code that at most one licence in
force of its kind may have (its `unique` rule), so there is nothing to choose.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from certgen.core.chinese import SHANGHAI, shown, unprintable
from certgen.core.errors import ApplicationError, Problem, SettingsError, Text
from certgen.core.model import Application, Hold
from certgen.core.status import standing_of
from certgen.fieldtypes import fold, is_blank
from certgen.issue import Issuer
from certgen.reading import Source
from certgen.register import Version
from certgen.template import Template

_CODE = Text("来源证照的代码", "Code of the licence to fill in from")


def fill(issuer: Issuer, application: Application, code: str) -> Application:
    """Fill the blank fields of a record from the licence in force that has this code.

    Raises SettingsError when the kind does not say where from, ApplicationError when there is no such licence.
    """
    template = issuer.templates[application.kind]
    source = template.source
    if source is None:
        name = template.title
        raise SettingsError(
            Text(
                f"{name.zh}没有写明可从何种证照取数（[from]）",
                f"{name.en} does not say what it is filled in from ([from])",
            )
        )
    found = _licence(issuer, source, code.strip().upper())
    given = {template.names.get(key) or template.names.get(fold(str(key))) or key for key, v in _filled(application)}
    form = template.form_on(_day(template, application, issuer))
    wanted = {rule.field.name for rule in template.rules[form.id]} - given
    more = {
        ours: found.data[theirs] for ours, theirs in source.fields.items() if ours in wanted and theirs in found.data
    }
    kept = {key: value for key, value in application.data.items() if not is_blank(value)}
    return replace(application, data=kept | more)


def _filled(application: Application) -> list[tuple[str, object]]:
    return [(key, value) for key, value in application.data.items() if not is_blank(value)]


def _day(template: Template, application: Application, issuer: Issuer) -> date:
    names: Mapping[str, str] = template.names
    given = next((v for key, v in _filled(application) if names.get(key) == "issued_on"), None)
    try:
        return date.fromisoformat(str(given)) if given is not None else issuer.today()
    except ValueError:
        return issuer.today()  # reading the record says what is wrong with it


def _licence(issuer: Issuer, source: Source, code: str) -> Version:
    template = issuer.templates.get(source.kind)
    if template is None:
        raise SettingsError(Text(f"没有种类“{source.kind}”", f"there is no kind {source.kind!r} to fill in from"))
    if not any([f.name for f in one.fields] == [source.code] and not one.each_authority for one in template.unique):
        raise SettingsError(
            Text(
                f"{template.title.zh}的 {source.code} 没有 unique 规则，不能据以取数",
                f"{template.title.en} has no unique rule of {source.code}, by which it could be found",
            )
        )
    now = issuer.clock()
    today = now.astimezone(SHANGHAI).date()
    hold = Hold(source.kind, (source.code,), "", (code,), _CODE, shown(code))
    for version in () if unprintable(code) or not code else issuer.register.holders(hold, now):
        documents = [d for d in issuer.register.find_on(version.number, now) if d.kind == source.kind]
        if any(standing_of(d.status, d.begins, d.valid_until, today).is_in_force for d in documents):
            return version
    wanted = Text(f"持有有效{template.title.zh}者的代码", f"the code of somebody with a {template.title.en} in force")
    raise ApplicationError((Problem("from", _CODE, shown(code), wanted),))
