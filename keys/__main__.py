"""`python -m keys`: hold a ceremony, list keys, rotate them, look after the trust list.

The outermost shell: here alone the clock is read and serial numbers are drawn. Passphrases come from a file
or a prompt, never from the command line, where every user of the machine could read them.
"""

import argparse
import getpass
import json
import sys
import tomllib
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from certgen.core.errors import CertgenError, Lang, SigningError, Text
from certgen.core.trustlist import TrustEntry, TrustList

Names = argparse.Namespace

_TTL_S = 30 * 86_400  # a month: the root key need not be fetched more often
_USES = {"seal": Text("印章", "seal"), "qr": Text("二维码", "QR"), "status": Text("状态", "status")}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, 2 when somebody must act."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except CertgenError as error:
        print(error.say(arguments.lang), file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m keys", description="密钥管理 / keys, seals and the trust list")
    parser.add_argument("--lang", choices=("zh", "en"), default="zh", help="语言 / language of messages")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    ceremony = _command(
        commands, "ceremony", _ceremony, "新建全部密钥 / make root, CA, seals, QR and status keys, trust list"
    )
    ceremony.add_argument("--authorities", type=Path, required=True, metavar="FILE.toml")
    ceremony.add_argument("--only", nargs="+", metavar="ID", help="只为这些机构 / only these authorities")
    ceremony.add_argument(
        "--host", nargs="+", required=True, metavar="HOST[:PORT]", help="当前域名在前 / current first"
    )
    ceremony.add_argument("--house", default="certgen", help="根证书的单位名称 / organisation of the root")
    ceremony.add_argument("--specimen", action="store_true", help="测试专用 / for demonstrations only")
    ceremony.add_argument("--ttl", type=int, default=_TTL_S, metavar="SECONDS")
    _add_algorithm(ceremony)
    _add_passphrases(ceremony)

    listing = _command(commands, "list", _list, "列出密钥 / list keys")
    listing.add_argument("--json", action="store_true")

    rotate = _command(commands, "rotate", _rotate, "更换密钥 / replace a key")
    rotate.add_argument("authority", metavar="ID")
    rotate.add_argument("--use", choices=("seal", "qr"), default="seal")
    rotate.add_argument("--name", help="机构新名称 / the authority's new name (seal only)")
    _add_algorithm(rotate)
    _add_passphrases(rotate)

    status = _command(
        commands, "status-key", _status_key, "新建或更换状态列表密钥 / make or replace the key that signs status lists"
    )
    _add_passphrases(status)

    trust = _command(commands, "trust-list", _trust_list, "重签信任清单 / sign the trust list anew")
    trust.add_argument("--host", metavar="HOST[:PORT]", help="新域名 / a new current host")
    trust.add_argument("--ttl", type=int, metavar="SECONDS")
    trust.add_argument("--compromised", metavar="FINGERPRINT", help="标记失密 / mark a key as compromised (64 hex)")
    trust.add_argument(
        "--since", type=_moment, metavar="TIME", help="失密时间 / since when (ISO, with zone; default now)"
    )
    _add_passphrases(trust)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, run: Callable[[Names], None], about: str
) -> argparse.ArgumentParser:
    # No abbreviations: `--passphrase secret` would pass for --passphrase-file, and be shown as its name.
    parser = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
    parser.add_argument("--folder", type=Path, default=Path("certgen-home/keys"), help="密钥目录 / folder of the keys")
    parser.set_defaults(run=run)
    return parser


def _add_algorithm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--algorithm", choices=("ES256", "RS256"), default="ES256", help="印章算法 / of seals")
    parser.add_argument("--rsa-bits", type=int, choices=(2048, 3072), default=3072)


def _add_passphrases(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--passphrase-file", type=Path, metavar="FILE", help="口令文件 / else you are asked")
    parser.add_argument(
        "--vault-passphrase-file", type=Path, metavar="FILE", help="根与签发密钥的口令 / of root and CA"
    )


def _ceremony(arguments: Names) -> None:
    from cryptography.x509 import random_serial_number

    from keys.ceremony import hold_ceremony
    from keys.files import refuse_existing

    refuse_existing(arguments.folder)  # before a passphrase is asked for
    trust = hold_ceremony(
        arguments.folder,
        _authorities(arguments.authorities, arguments.only, _now().date()),
        algorithm=arguments.algorithm,
        rsa_bits=arguments.rsa_bits,
        now=_now(),
        serials=random_serial_number,
        passphrase=_new_passphrase(arguments, Text("新口令", "new passphrase")),
        vault_passphrase=_from_file(arguments.vault_passphrase_file) if arguments.vault_passphrase_file else None,
        specimen=arguments.specimen,
        hosts=arguments.host,
        ttl_s=arguments.ttl,
        house=arguments.house,
    )
    _show(trust, arguments.lang)


def _list(arguments: Names) -> None:
    from keys.rotation import load_trust_list

    trust = load_trust_list(arguments.folder)
    if arguments.json:
        print(json.dumps(_as_json(trust), ensure_ascii=False, indent=2))
    else:
        _show(trust, arguments.lang)


def _rotate(arguments: Names) -> None:
    from cryptography.x509 import random_serial_number

    from keys.rotation import renew_qr_key, renew_seal

    ask, now = _asker(arguments), _now()
    passphrase = _new_passphrase(arguments, Text("新密钥的口令", "passphrase of the new key"))
    if arguments.use == "qr":
        trust = renew_qr_key(arguments.folder, arguments.authority, now=now, ask=ask, passphrase=passphrase)
    else:
        trust = renew_seal(
            arguments.folder,
            arguments.authority,
            now=now,
            serials=random_serial_number,
            ask=ask,
            passphrase=passphrase,
            algorithm=arguments.algorithm,
            rsa_bits=arguments.rsa_bits,
            name=Text(arguments.name, arguments.name) if arguments.name else None,
        )
    _show(trust, arguments.lang)


def _status_key(arguments: Names) -> None:
    from keys.rotation import renew_status_key

    ask = _asker(arguments)
    passphrase = _new_passphrase(arguments, Text("新密钥的口令", "passphrase of the new key"))
    _show(renew_status_key(arguments.folder, now=_now(), ask=ask, passphrase=passphrase), arguments.lang)


def _trust_list(arguments: Names) -> None:
    from keys.rotation import mark_compromised, refresh

    ask, now = _asker(arguments), _now()
    if arguments.compromised:
        try:
            fingerprint = bytes.fromhex(arguments.compromised)
        except ValueError:
            raise SigningError(Text("指纹应为十六进制", "a fingerprint is written in hexadecimal digits")) from None
        trust = mark_compromised(arguments.folder, fingerprint, since=arguments.since or now, now=now, ask=ask)
    if arguments.host or arguments.ttl or not arguments.compromised:
        trust = refresh(arguments.folder, now=now, ask=ask, host=arguments.host, ttl_s=arguments.ttl)
    _show(trust, arguments.lang)


def _authorities(path: Path, only: Sequence[str] | None, today: date) -> list[tuple[str, Text, tuple[str, ...]]]:
    """Read authorities.toml: id, the name in force today, `kinds` (absent: every kind)."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))["authority"]
        offices = [(table["id"], _name(table, today), tuple(table.get("kinds", ("*",)))) for table in tables]
    except (OSError, ValueError, LookupError, TypeError) as fault:
        raise SigningError(
            Text(f"无法读取机构表 {path.name}", f"cannot read the authorities in {path.name}: {fault}")
        ) from fault
    chosen = [office for office in offices if only is None or office[0] in only]
    if not chosen or (only and len(chosen) != len(only)):
        raise SigningError(Text("机构表中没有所选机构", f"{path.name} does not have every authority asked for"))
    return chosen


def _name(table: dict[str, list[dict[str, object]]], today: date) -> Text:
    past = [name for name in table["names"] if name["from"] <= today]  # type: ignore[operator]
    latest = max(past, key=lambda name: str(name["from"]))
    return Text(str(latest["name"]), str(latest.get("name_en", latest["name"])))


def _asker(arguments: Names) -> Callable[[str], bytes]:
    """Ask for the passphrases of root and CA, the same one for both."""
    known: list[bytes] = []

    def ask(name: str) -> bytes:
        path = arguments.vault_passphrase_file or arguments.passphrase_file
        if not known:
            prompt = Text(f"{name} 的口令：", f"passphrase of {name}: ").say(arguments.lang)
            known.append(_from_file(path) if path else getpass.getpass(prompt).encode())
        return known[0]

    return ask


def _new_passphrase(arguments: Names, about: Text) -> bytes:
    """Take the passphrase of a new key from the file, or ask for it twice. Raises SigningError when they differ."""
    if arguments.passphrase_file:
        return _from_file(arguments.passphrase_file)
    first, again = Text(f"{about.zh}：", f"{about.en}: "), Text("再输入一次：", "once more: ")
    passphrase = getpass.getpass(first.say(arguments.lang))
    if getpass.getpass(again.say(arguments.lang)) != passphrase:
        raise SigningError(Text("两次输入的口令不一致", "the two passphrases differ"))
    return passphrase.encode()


def _from_file(path: Path) -> bytes:
    """Read a passphrase: the first line of a file, without its end."""
    try:
        return path.read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as fault:
        raise SigningError(
            Text(f"无法读取口令文件 {path.name}", f"cannot read the passphrase file {path.name}")
        ) from fault


def _show(trust: TrustList, lang: Lang) -> None:
    def write(text: Text) -> None:
        print(text.say(lang))

    issued, days = f"{trust.issued_at:%Y-%m-%d %H:%M}", trust.ttl_s // 86_400
    write(Text(f"信任清单 {issued} UTC，{days} 天内有效", f"trust list of {issued} UTC, good for {days} days"))
    for entry in trust.entries:
        use, name = _USES[entry.use], entry.authority_name
        window = f"{entry.not_before:%Y-%m-%d}..{entry.not_after:%Y-%m-%d}"
        rest = f"{entry.algorithm}  {window}  {entry.fingerprint.hex()}"
        zh, en = _remarks(entry)
        write(
            Text(
                f"{entry.authority}  {use.zh}  {rest}  {name.zh}{zh}",
                f"{entry.authority}  {use.en:6}  {rest}  {name.en}{en}",
            )
        )


def _remarks(entry: TrustEntry) -> Text:
    zh, en = ("  测试专用", "  specimen") if entry.specimen else ("", "")
    if entry.compromised_at:
        since = f"{entry.compromised_at:%Y-%m-%d %H:%M}"
        zh, en = f"{zh}  自 {since} UTC 起失密", f"{en}  compromised since {since} UTC"
    return Text(zh, en)


def _as_json(trust: TrustList) -> dict[str, object]:
    entries = [
        {
            "authority": entry.authority,
            "name": entry.authority_name._asdict(),
            "use": entry.use,
            "algorithm": entry.algorithm,
            "kinds": entry.kinds,
            "fingerprint": entry.fingerprint.hex(),
            "kid": entry.kid.hex(),
            "not_before": entry.not_before.isoformat(),
            "not_after": entry.not_after.isoformat(),
            "compromised_at": entry.compromised_at and entry.compromised_at.isoformat(),
            "specimen": entry.specimen,
        }
        for entry in trust.entries
    ]
    return {"issued_at": trust.issued_at.isoformat(), "ttl_s": trust.ttl_s, "hosts": trust.hosts, "keys": entries}


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(main())
