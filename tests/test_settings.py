"""Settings: every wrong key or value is one sentence, and two workspaces keep out of each other's way."""

import shutil
from pathlib import Path

import pytest

from certgen import settings, wiring
from certgen.core.errors import RegisterError, SettingsError
from tests._workspace import RUN, command, live_home, python, write_record
from tests.house import KIND, PASSPHRASE

WRONG = {
    "an unknown key": ({"public_orign": "https://a.example"}, "public_orign", "one of public_origin, register, keys"),
    "a number for a text": ({"public_origin": 7}, "public_origin", "a text"),
    "a text for a list": ({"extra_fonts": "a.ttf"}, "extra_fonts", "a list"),
    "an origin with a path": ({"public_origin": "https://a.example/x"}, "public_origin", "https://host[:port]"),
    "an origin without a scheme": ({"public_origin": "a.example"}, "public_origin", "https://host[:port]"),
    "an origin in capitals": ({"public_origin": "https://A.example"}, "public_origin", "https://host[:port]"),
    "an origin with a slash": ({"public_origin": "https://a.example/"}, "public_origin", "https://host[:port]"),
    "a script for an origin": ({"public_origin": "javascript:alert(1)"}, "public_origin", "https://host[:port]"),
    "no origin": ({"public_origin": ""}, "public_origin", "https://host[:port]"),
    "an origin too long for a code": (
        {"public_origin": "https://" + "a" * 40 + ".example"}, "public_origin", "at most 48 characters",
    ),
    "one offset": ({"overprint_offset_mm": [1.0]}, "overprint_offset_mm", "[right, down] in mm"),
    "three offsets": ({"overprint_offset_mm": [1, 2, 3]}, "overprint_offset_mm", "[right, down] in mm"),
    "offsets in words": ({"overprint_offset_mm": ["1", "2"]}, "overprint_offset_mm", "[right, down] in mm"),
    "an offset off the page": ({"overprint_offset_mm": [0, 20.5]}, "overprint_offset_mm", "at most 20"),
    "an offset that is no number": ({"overprint_offset_mm": [0, float("nan")]}, "overprint_offset_mm", "at most 20"),
    "an offset that is true": ({"overprint_offset_mm": [True, 0]}, "overprint_offset_mm", "[right, down] in mm"),
    "a font that is a number": ({"extra_fonts": [5]}, "extra_fonts", "a list of paths of font files"),
    "a font without a name": ({"extra_fonts": [""]}, "extra_fonts", "a list of paths of font files"),
}  # fmt: skip


@pytest.mark.parametrize(("raw", "key", "wanted"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_one_sentence_with_key_found_and_wanted(
    tmp_path: Path, raw: dict[str, object], key: str, wanted: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        settings.from_mapping(tmp_path, raw)
    english, chinese = wrong.value.say("en"), wrong.value.say("zh")
    assert english.startswith(f"certgen.toml, {key}: found {next(iter(raw.values()))!r}, wanted ")
    assert wanted in english
    assert chinese.startswith(f"certgen.toml 的 {key}：现为")


VISITS = {
    "an unknown key": ("lookups", 7, "one of lookups_a_minute, checks_a_minute"),
    "fewer than none": ("finds_a_minute", -1, "a whole number from 0"),
    "true": ("checks_a_minute", True, "a whole number from 0"),
    "one number of bits": ("network_bits", [24], "[8 to 32, 16 to 128]"),
    "bits of the whole world": ("network_bits", [0, 56], "[8 to 32, 16 to 128]"),
    "a proxy that is no list": ("proxies", "127.0.0.1", "a list of addresses or networks"),
    "a proxy by name": ("proxies", ["proxy.example"], "a list of addresses or networks"),
    "a header with a blank": ("proxy_header", "x forwarded", "the name of a header"),
    "no process": ("processes", 0, "a whole number from 1 to 64"),
}


@pytest.mark.parametrize(("key", "value", "wanted"), VISITS.values(), ids=VISITS.keys())
def test_a_wrong_setting_for_the_public_is_one_sentence(tmp_path: Path, key: str, value: object, wanted: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        settings.from_mapping(tmp_path, {"public": {key: value}})
    assert wrong.value.say("en").startswith(f"certgen.toml, [public], {key}: found {value!r}, wanted {wanted}")
    assert wrong.value.say("zh").startswith(f"certgen.toml 的 [public] 的 {key}：现为")


def test_the_settings_for_the_public_are_read(tmp_path: Path) -> None:
    given = {"finds_a_minute": 5, "network_bits": [32, 64], "proxies": ["127.0.0.1", "10.0.0.0/8"], "processes": 2}
    visitors = settings.from_mapping(tmp_path, {"public": given}).visitors
    assert (visitors.finds_a_minute, visitors.network_bits, visitors.processes) == (5, (32, 64), 2)
    assert [str(proxy) for proxy in visitors.proxies] == ["127.0.0.1/32", "10.0.0.0/8"]
    assert visitors.lookups_a_minute == settings.from_mapping(tmp_path, {}).visitors.lookups_a_minute


UNREADABLE = {
    "not TOML": b"public_origin = https",
    "not UTF-8": b'public_origin = "\xff"',
    "a key twice": b'keys = "a"\nkeys = "b"\n',
    "NUL": b"\x00",
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_a_file_that_is_no_toml_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / settings.FILE).write_bytes(data)
    with pytest.raises(SettingsError, match=r"certgen\.toml cannot be read"):
        settings.load(tmp_path)


def test_a_folder_that_is_no_workspace_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no workspace \(no certgen\.toml\); run certgen init first"):
        settings.load(tmp_path / "nowhere")
    (tmp_path / settings.FILE).mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(tmp_path)


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    (tmp_path / settings.FILE).touch()
    chosen = settings.load(tmp_path)
    assert chosen.public_origin == "http://127.0.0.1:8000"
    assert chosen.keys == tmp_path / "keys"
    assert chosen.register == f"sqlite:///{tmp_path / 'register.db'}"
    assert chosen.passphrase_file is None


def test_paths_are_those_of_the_workspace_wherever_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / settings.FILE).write_text('keys = "k"\npassphrase_file = "p"\nextra_fonts = ["f.ttf"]\n')
    monkeypatch.chdir(tmp_path)
    chosen = settings.load(Path("home"))
    monkeypatch.chdir("/")
    home = tmp_path / "home"
    assert (chosen.keys, chosen.passphrase_file, chosen.extra_fonts) == (home / "k", home / "p", (home / "f.ttf",))


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"), ({"LANG": "zh_CN", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "zh_TW"}, "zh"), ({}, "en"),
    ],
    ids=repr,
)  # fmt: skip
def test_the_language_is_that_of_the_terminal(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], language: str
) -> None:
    for name in ("LANG", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.locale_language() == language


# ---- workspaces -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def live_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return live_home(tmp_path_factory.mktemp("live") / "home")


def test_certgen_home_names_the_workspace_and_home_wins_over_it(
    live_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    shutil.copytree(live_model, one)
    shutil.copytree(live_model, two)
    record = write_record(tmp_path / "r.json")
    monkeypatch.setenv("CERTGEN_HOME", str(one))
    number = command("issue", KIND, record, "--out", tmp_path / "out", "--json").json[0]["number"]
    assert command("show", number).code == 0
    assert command("show", number, "--home", two).code == 1
    monkeypatch.setenv("CERTGEN_HOME", str(two))
    assert command("show", number).code == 1
    monkeypatch.delenv("CERTGEN_HOME")
    monkeypatch.chdir(one.parent)
    assert "certgen-home is no workspace" in command("show", number).err


@pytest.mark.slow
def test_two_workspaces_made_by_init_do_not_vouch_for_each_other(tmp_path: Path) -> None:
    record, homes = write_record(tmp_path / "r.json"), [tmp_path / "one", tmp_path / "two"]
    made = []
    for home in homes:
        assert command("init", "--home", home, "--origin", "https://licence.example").code == 0
        issued = command("issue", KIND, record, "--out", home / "out", "--home", home, "--json").json
        made.append(Path(issued[1]["file"]))
    assert made[0].name == made[1].name, "each counts from one"
    assert [command("verify", file, "--home", home).code for home, file in zip(homes, made, strict=True)] == [0, 0]
    crossed = [command("verify", file, "--home", home) for home, file in zip(homes, reversed(made), strict=True)]
    assert [answer.code for answer in crossed] == [1, 1]
    strangers = [command("verify", f, "--home", h, "--offline") for h, f in zip(homes, reversed(made), strict=True)]
    assert [answer.code for answer in strangers] == [1, 1]


def test_init_never_makes_a_workspace_twice_nor_over_keys(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert command("init", "--home", home).code == 0
    before = {file: file.read_bytes() for file in (home / "keys").iterdir()}
    again = command("init", "--home", home)
    assert (again.code, "is a workspace already" in again.err) == (2, True)
    (home / settings.FILE).unlink()
    assert command("init", "--home", home).code == 2
    assert {file: file.read_bytes() for file in (home / "keys").iterdir()} == before


INIT = {
    "a wrong origin": (["--origin", "ftp://x"], "public_origin"),
    "an unknown algorithm": (["--algorithm", "HS256"], "algorithm HS256"),
    "short RSA": (["--algorithm", "RS256", "--rsa-bits", "1024"], "algorithm RS256 1024"),
    "production without a passphrase": (["--production"], "--passphrase-file"),
    "a passphrase file that is not there": (["--passphrase-file", "nowhere"], "nowhere cannot be read"),
}


@pytest.mark.parametrize(("options", "said"), INIT.values(), ids=INIT.keys())
def test_a_wrong_option_of_init_makes_nothing(tmp_path: Path, options: list[str], said: str) -> None:
    answer = command("init", "--home", tmp_path / "home", *options)
    assert answer.code == 2
    assert said in answer.err
    assert not (tmp_path / "home" / "keys").exists()
    assert not (tmp_path / "home" / settings.FILE).exists()


@pytest.mark.parametrize("secret", [b"", b"\n", b"short\n"], ids=repr)
def test_an_empty_or_short_passphrase_makes_no_keys(tmp_path: Path, secret: bytes) -> None:
    (tmp_path / "secret").write_bytes(secret)
    answer = command("init", "--home", tmp_path / "home", "--passphrase-file", tmp_path / "secret")
    assert answer.code == 2
    assert "passphrase is too short" in answer.err
    assert not (tmp_path / "home" / "keys").exists()


def test_the_passphrase_comes_from_the_file_the_settings_name(live_model: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(live_model, home)
    record = write_record(tmp_path / "r.json")
    (home / "passphrase").write_bytes(PASSPHRASE + b"\r\n")
    assert command("issue", KIND, record, "--out", tmp_path, "--home", home).code == 0
    (home / "passphrase").write_bytes(b"wrong horse")
    wrong = command("issue", KIND, record, "--out", tmp_path, "--home", home)
    assert (wrong.code, "passphrase" in wrong.err) == (2, True)
    assert "wrong horse" not in wrong.err + wrong.out
    (home / "passphrase").unlink()
    missing = command("issue", KIND, record, "--out", tmp_path, "--home", home, lang="zh")
    assert (missing.code, missing.err) == (2, "读不到口令文件 passphrase\n")


def test_the_authority_of_the_settings_issues_when_a_record_names_none(live_model: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(live_model, home)
    silent = write_record(tmp_path / "r.json", authority=None)
    refused = command("issue", KIND, silent, "--out", tmp_path, "--home", home)
    assert (refused.code, len(refused.faults)) == (2, 1)
    with (home / settings.FILE).open("a") as file:
        file.write('authority = "421281"\n')
    issued = command("issue", KIND, silent, "--out", tmp_path, "--home", home, "--json").json
    assert issued[0]["number"][3:9] == "421281"
    labelled = write_record(tmp_path / "r.json", authority=None, **{"发证机关": "421202"})
    issued = command("issue", KIND, labelled, "--out", tmp_path, "--home", home, "--json").json
    assert issued[0]["number"][3:9] == "421202"


BROKEN = {
    "no trust list": ("keys/trust.cose", None, "trust list cannot be read"),
    "a trust list of noise": ("keys/trust.cose", b"\x84noise", ""),
    "no root": ("keys/root.crt.pem", None, "root certificate or trust list cannot be read"),
    "a root of noise": ("keys/root.crt.pem", b"noise", "root certificate or trust list cannot be read"),
    "a register of noise": ("register.db", b"noise" * 1000, "register"),
    "a mark of noise": ("high-water.jsonl", b"noise\n", "high-water file"),
    "authorities of noise": ("authorities.toml", b"[[authority]]\nid = 7\n", "authorities.toml:"),
    "a template of noise": ("templates/food-business/template.toml", b"kind = 7\n", "template.toml:"),
}


@pytest.mark.parametrize(("name", "data", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_workspace_is_one_sentence(
    live_model: Path, tmp_path: Path, name: str, data: bytes | None, said: str
) -> None:
    home = tmp_path / "home"
    shutil.copytree(live_model, home)
    file = home / name
    if data is None:
        file.unlink()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        for log in ("-wal", "-shm"):
            file.with_name(file.name + log).unlink(missing_ok=True)
    answer = command("issue", KIND, write_record(tmp_path / "r.json"), "--out", tmp_path / "out", "--home", home)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert said in answer.err
    assert not (tmp_path / "out").exists()


def test_a_register_that_cannot_be_addressed_is_one_sentence(live_model: Path, tmp_path: Path) -> None:
    for url in ("nonsense", "sqlite://", "mysql://a/b", f"sqlite:///{tmp_path}/no/such/folder/r.db"):
        chosen = settings.from_mapping(live_model, {"register": url})
        with pytest.raises(RegisterError), wiring.open_desk(chosen):
            pass


@pytest.mark.slow
def test_without_a_terminal_a_passphrase_is_not_waited_for(live_model: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(live_model, home)
    text = (home / settings.FILE).read_text()
    (home / settings.FILE).write_text("".join(line for line in text.splitlines(True) if "passphrase_file" not in line))
    record = write_record(tmp_path / "r.json")
    answer = python(
        "-c", RUN, "issue", KIND, record, "--home", home, "--out", tmp_path / "out",
        stdin=-3, timeout=60, start_new_session=True,
    )  # fmt: skip
    assert answer.code != 0
    assert "Traceback" not in answer.err
    assert not (tmp_path / "out").exists()
