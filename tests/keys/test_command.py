import json

import pytest

from keys.__main__ import main

AUTHORITIES = """
[[authority]]
id = "421200"
division = "421200"
short = "咸宁市"
telephone = "0715-12315"
names = [
    { from = 2015-01-01, name = "旧名" },
    { from = 2019-01-01, name = "新名" },
    { from = 2999-01-01, name = "未来" },
]

[[authority]]
id = "421281"
division = "421281"
short = "赤壁市"
telephone = "0715-5338315"
kinds = ["food-business"]
names = [ { from = 2019-01-01, name = "赤壁市市场监督管理局" } ]
"""


class Desk:
    """A key officer at a terminal: a folder, files with passphrases, and what the screen said."""

    def __init__(self, folder, files, capsys):
        self.folder, self.capsys = folder, capsys
        self.authorities, self.passphrase, self.vault = (files / name for name in ("authorities.toml", "pass", "vault"))
        self.authorities.write_text(AUTHORITIES, "utf-8")
        self.passphrase.write_bytes(b"horse battery\r\n")
        self.vault.write_bytes(b"a longer one, kept elsewhere\nnot this line")

    def run(self, command, *words, lang="en"):
        code = main(["--lang", lang, command, "--folder", *map(str, (self.folder, *words))])
        out, err = self.capsys.readouterr()
        return code, out + err

    def hold(self, *more, lang="en"):
        known = ("--authorities", self.authorities, "--host", "localhost:8000", "--passphrase-file", self.passphrase)
        return self.run("ceremony", *known, *more, lang=lang)

    def change(self, command, *words, lang="en"):
        known = ("--passphrase-file", self.passphrase, "--vault-passphrase-file", self.vault)
        return self.run(command, *known, *words, lang=lang)

    def listed(self):
        return json.loads(self.run("list", "--json")[1])


@pytest.fixture
def new_desk(tmp_path, capsys):
    """Nothing has been made yet; a ceremony takes its real 0.6 s."""
    return Desk(tmp_path / "keys", tmp_path, capsys)


@pytest.fixture
def desk(own_house, tmp_path, capsys):
    """After a ceremony."""
    return Desk(own_house.folder, tmp_path, capsys)


def test_a_ceremony_lists_its_keys_with_the_names_in_force(new_desk):
    code, said = new_desk.hold("--specimen", lang="zh")
    assert code == 0
    assert "新名" in said
    assert "赤壁市市场监督管理局" in said
    assert "旧名" not in said
    assert "未来" not in said
    assert said.count("测试专用") == 5
    listed = new_desk.listed()
    assert listed["hosts"] == ["localhost:8000"]
    assert [(key["authority"], key["use"], key["kinds"]) for key in listed["keys"]] == [
        ("421200", "seal", ["*"]), ("421200", "qr", ["*"]),
        ("421281", "seal", ["food-business"]), ("421281", "qr", ["food-business"]),
        ("service", "status", ["*"]),
    ]  # fmt: skip


def test_only_the_chosen_authorities_get_keys(new_desk):
    assert new_desk.hold("--only", "421281", "--vault-passphrase-file", new_desk.vault)[0] == 0
    assert {key["authority"] for key in new_desk.listed()["keys"]} == {"421281", "service"}
    code, said = new_desk.change("trust-list")
    assert (code, "421281" in said) == (0, True)


def test_a_second_ceremony_is_refused_before_a_passphrase_is_asked_for(desk, monkeypatch):
    monkeypatch.setattr("getpass.getpass", lambda prompt: pytest.fail(prompt))
    code, said = desk.run("ceremony", "--authorities", desk.authorities, "--host", "h", lang="zh")
    assert code == 2
    assert "不会覆盖" in said


def test_an_authority_that_is_not_in_the_table_is_named_as_missing(new_desk):
    code, said = new_desk.hold("--only", "421281", "429999")
    assert code == 2
    assert "every authority" in said
    assert not new_desk.folder.exists()


@pytest.mark.parametrize("text", ["not toml [", "x = 1", "[[authority]]\nid = 1", '[[authority]]\nid="1"\nnames=[1]'])
def test_a_broken_table_of_authorities_is_refused(new_desk, text):
    new_desk.authorities.write_text(text)
    code, said = new_desk.hold()
    assert code == 2
    assert "authorities.toml" in said


@pytest.mark.parametrize("use", ["seal", "qr"])
def test_a_rotated_key_is_the_last_of_the_list(desk, use):
    before = desk.listed()["keys"]
    code, _ = desk.change("rotate", "421281", "--use", use)
    after = desk.listed()["keys"]
    assert code == 0
    assert len(after) == len(before) + 1
    assert (after[-1]["authority"], after[-1]["use"]) == ("421281", use)


def test_a_new_status_key_is_the_last_of_the_list(desk):
    before = desk.listed()["keys"]
    code, said = desk.change("status-key")
    after = desk.listed()["keys"]
    assert (code, len(after)) == (0, len(before) + 1)
    assert (after[-1]["authority"], after[-1]["use"], after[-1]["specimen"]) == ("service", "status", True)
    assert "status" in said


def test_a_compromised_key_is_shown_as_such(desk):
    fingerprint = desk.listed()["keys"][0]["fingerprint"]
    code, said = desk.change("trust-list", "--compromised", fingerprint, "--since", "2026-11-01T00:00:00+08:00")
    assert code == 0
    assert "compromised since 2026-10-31 16:00 UTC" in said
    assert desk.listed()["keys"][0]["compromised_at"] == "2026-10-31T16:00:00+00:00"


def test_a_time_without_a_zone_is_refused(desk, capsys):
    with pytest.raises(SystemExit):
        desk.change("trust-list", "--compromised", "00", "--since", "2026-11-01")
    assert "--since" in capsys.readouterr().err


def test_a_fresh_list_may_have_a_new_host(desk):
    assert desk.change("trust-list", "--host", "new.example")[0] == 0
    assert desk.listed()["hosts"] == ["new.example", "licence.example", "old.example:8443"]


@pytest.mark.parametrize("fingerprint", ["zz", "00" * 32])
def test_a_key_nobody_knows_cannot_be_compromised(desk, fingerprint):
    assert desk.change("trust-list", "--compromised", fingerprint)[0] == 2


@pytest.mark.parametrize(("lang", "words"), [("zh", "口令不正确"), ("en", "wrong passphrase")])
def test_a_wrong_passphrase_says_so_in_the_language_asked_for(desk, lang, words):
    desk.vault.write_text("something else")
    code, said = desk.change("trust-list", lang=lang)
    assert code == 2
    assert words in said
    assert "something else" not in said


def test_a_prompted_passphrase_is_asked_for_twice(new_desk, monkeypatch):
    answers = iter(["long enough", "long enougj"])
    monkeypatch.setattr("getpass.getpass", lambda _: next(answers))
    code, said = new_desk.run("ceremony", "--authorities", new_desk.authorities, "--host", "h")
    assert code == 2
    assert "differ" in said
    assert not new_desk.folder.exists()


@pytest.mark.parametrize("command", ["ceremony", "rotate", "trust-list"])
def test_no_option_takes_a_passphrase_itself(desk, command, capsys):
    with pytest.raises(SystemExit):
        desk.run(command, "--passphrase", "on the command line")
    assert "usage" in capsys.readouterr().err


def test_a_missing_passphrase_file_is_an_error_of_ours(desk):
    desk.vault.unlink()
    code, said = desk.change("trust-list")
    assert code == 2
    assert "passphrase file" in said


def test_a_folder_without_keys_cannot_be_listed(new_desk):
    assert new_desk.run("list")[0] == 2
