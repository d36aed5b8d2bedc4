"""Questions to the API of a server: asked again while it is busy, with a token only it can read."""

from __future__ import annotations

import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message

from srelib.errors import InputError

TRIES = 5
BUSY = (429, 500, 502, 503, 504)
"""Answers after which it is worth asking again."""
PATIENCE = 60.0
"""For one answer [s]."""
LONGEST = 3600.0
"""For which a server may ask to wait [s]."""


def answer(
    url: str,
    *,
    about: str,
    token: str,
    check: Callable[[bytes], object],
    data: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[bytes, Message]:
    """What a server answers, and the headers of it.

    Parameters
    ----------
    url : str
    about : str
        What is asked for, in messages.
    token : str
        Environment variable that holds a bearer token, if the server asks for one; it is sent over
        https only, or to this machine, and to no other place that the server points to.
    check : callable
        ValueError where the content is not a whole answer: it is asked for again then.
    data : mapping, optional
        What is posted; without it the answer is got.
    headers : mapping, optional
        More headers.

    Returns
    -------
    content : bytes
    headers : Message

    Raises
    ------
    InputError
        The server cannot be reached, or refuses.
    """
    host = urllib.parse.urlsplit(url).hostname or url
    if not url.startswith(("http://", "https://")):
        raise InputError(f"{url!r} is no address of a server", fix="write it with https://")
    posted = None if data is None else urllib.parse.urlencode(data).encode()
    request = urllib.request.Request(url, data=posted, headers=dict(headers or {}))
    if secret := os.environ.get(token):
        request.add_unredirected_header("Authorization", f"Bearer {_sendable(secret, token, url)}")
    for number in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as found:
                content = bytes(found.read())
                check(content)
                return content, found.headers
        except urllib.error.HTTPError as error:
            with error:
                wait, said = _wait(error, number), _said(error)
            if wait is None or number == TRIES:
                raise _refused(f"{host} answers {error.code}: {said}", about, token) from None
        except (OSError, ValueError) as error:
            wait = 2.0**number
            if number == TRIES:
                raise _refused(f"{host} cannot be reached ({error})", about, token) from error
        time.sleep(wait)
    raise AssertionError("every last try returns or raises")


def _wait(error: urllib.error.HTTPError, number: int) -> float | None:
    """How long to wait before asking again [s]; None where that is in vain."""
    after, reset = (error.headers.get(name, "") for name in ("Retry-After", "X-RateLimit-Reset"))
    if after.isdigit():
        return min(float(after), LONGEST)
    if error.headers.get("X-RateLimit-Remaining") == "0" and reset.isdigit():
        return min(max(float(reset) - time.time(), 0.0) + 1, LONGEST)
    return 2.0**number if error.code in BUSY else None


def _said(error: urllib.error.HTTPError) -> str:
    """What the server says of its refusal, in a line."""
    text = error.read(2000).decode("utf-8", "replace")
    try:
        found = json.loads(text)
        text = str(found.get("error") or found["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        text = re.sub(r"<[^>]*>", " ", text)
    return " ".join(text.split())[:300] or str(error.reason)


def _refused(what: str, about: str, token: str) -> InputError:
    return InputError(
        f"{what}, asked for {about}",
        fix=f"check the address and {token}; then run it again: it goes on where it was",
    )


def _sendable(secret: str, token: str, url: str) -> str:
    """The token, unless others could read it on its way."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise InputError(f"{token} is not sent to {parts.hostname} without encryption",
                         fix="give an https address, or unset it")  # fmt: skip
    return secret
