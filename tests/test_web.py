"""Servers that are busy, refuse, or cannot be reached."""

import json
import time

import pytest

from srelib import web
from srelib.errors import InputError
from tests import test_prometheus

failing = test_prometheus.failing


def asked(url, **more):
    """What such a server answers."""
    return web.answer(url, about="deployments", token="SRELIB_TEST_TOKEN", check=json.loads, **more)


def test_a_limit_of_questions_is_waited_for(failing):
    """Until the time at which the server says it ends, but no longer than an hour."""
    url, server = failing
    spent = {"X-RateLimit-Remaining": "0"}
    soon, never = (str(int(time.time()) + seconds) for seconds in (30, 10**6))
    server.answers = [
        (403, {**spent, "X-RateLimit-Reset": soon}, b""),
        (403, {**spent, "X-RateLimit-Reset": never}, b""),
        (200, {"Link": "x"}, b"[]"),
    ]
    content, headers = asked(url)
    assert (content, headers["Link"]) == (b"[]", "x")
    assert 25 <= server.waited[0] <= 31
    assert server.waited[1] == 3600.0


def test_what_is_refused_is_not_asked_again(failing):
    """The reason of the server is said, in a line."""
    url, server = failing
    server.answers = [(404, {}, b'{"message": "Not\\nFound"}')]
    with pytest.raises(InputError, match="answers 404: Not Found, asked for deployments"):
        asked(url)
    assert server.waited == []


def test_a_server_that_stays_busy_is_given_up(failing):
    """After five times."""
    url, server = failing
    server.answers = [(502, {}, b"<h1>Bad gateway</h1>")] * 9
    with pytest.raises(InputError, match="answers 502: Bad gateway"):
        asked(url)
    assert server.waited == [2.0, 4.0, 8.0, 16.0]
    assert len(server.answers) == 4


def test_a_server_that_is_not_there_is_named(failing):
    """After five times; a file is no server."""
    _, server = failing
    with pytest.raises(InputError, match="localhost cannot be reached"):
        asked("http://localhost:9")
    assert len(server.waited) == 4
    with pytest.raises(InputError, match="no address of a server"):
        asked("file:///etc/passwd")


def test_a_token_does_not_follow_to_another_place(failing, monkeypatch):
    """Where the server points elsewhere."""
    url, server = failing
    monkeypatch.setenv("SRELIB_TEST_TOKEN", "s3cret")
    server.answers = [(302, {"Location": f"{url}/elsewhere"}, b""), (200, {}, b"[]")]
    assert asked(url, headers={"Accept": "application/json"})[0] == b"[]"
    assert server.heard == ["Bearer s3cret", None]
