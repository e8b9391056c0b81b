"""What anybody may keep: anchors, status lists and vectors, each with a tag and an age, and sent once."""

import gzip
import json
from hashlib import sha256

import pytest

from tests._place import Place


@pytest.mark.parametrize("path", ["/trust.cose", "/root.crt.pem", "/vectors/codes.json"])
def test_a_file_is_sent_once_and_then_known_by_its_tag(place: Place, path: str) -> None:
    first = place.web.get(path)
    assert first.status == 200
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = place.web.get(path, if_none_match=first.headers["etag"])
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", first.headers["etag"])


def test_the_list_of_vectors_names_each_with_its_digest(place: Place) -> None:
    listed = place.web.get("/vectors/").json["vectors"]
    assert listed
    for file in listed:
        content = place.web.get(file["path"]).body
        assert (file["sha256"], file["bytes"]) == (sha256(content).hexdigest(), len(content))
        json.loads(content)


@pytest.mark.parametrize("name", ["nothing.json", "..%2Fcodes.json", "%2Fetc%2Fpasswd", "codes", "%00.json"])
def test_only_vectors_are_sent_as_vectors(place: Place, name: str) -> None:
    assert place.web.get(f"/vectors/{name}").status == 404


@pytest.mark.parametrize("shard", ["00", "-1", "9999999999999", "x", "..%2F..%2Ftrust.cose", "%00"])
def test_a_status_list_that_is_not_there_is_not_found(place: Place, shard: str) -> None:
    assert place.web.get(f"/status/{shard}").status == 404


def test_a_status_list_that_was_published_is_sent_with_the_age_it_says(place: Place) -> None:
    place.house.publish()
    answer = place.web.get("/status/0")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/statuslist+cwt")
    assert int(answer.headers["cache-control"].partition("max-age=")[2]) >= 60
    assert "GMT" in answer.headers["last-modified"]
    assert place.web.get("/status/0", if_none_match=answer.headers["etag"]).status == 304
    assert place.web.get("/trust.cose").body == place.house.settings.trust.read_bytes()


def test_a_trust_list_is_sent_short_to_who_can_read_it(place: Place) -> None:
    whole, short = place.web.get("/trust.cose"), place.web.get("/trust.cose", accept_encoding="gzip, br")
    assert short.headers["content-encoding"] == "gzip"
    assert gzip.decompress(short.body) == whole.body
    assert len(short.body) < len(whole.body) / 2
    assert short.headers["etag"] != whole.headers["etag"]
    assert place.web.get("/trust.cose", accept_encoding="gzip", if_none_match=short.headers["etag"]).status == 304
