"""Requests that no page makes: refused in a few words, and nothing is changed."""

import json
import socket
from contextlib import suppress
from urllib.parse import quote

import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import find_videos

PAGE = "/token/"
HOSTS = """evil.example localhost:{port} 127.0.0.1 127.0.0.1:1 [::1]:{port}
127.0.0.1.evil.example:{port} 127.0.0.1:{port}.evil.example 2130706433:{port}
127.0.0.1:{port}@evil.example"""
ORIGINS = """null http://evil.example https://127.0.0.1:{port} http://127.0.0.1
http://127.0.0.1:{port}.evil.example http://127.0.0.1:{port}/
HTTP://127.0.0.1:{port}"""
# Without token, or to what is no part of the page.
PATHS = rf"""/ // /tokem/ /toke/ /tokenn/ /TOKEN/ /token /token%00/ /review.js
/?token=token /token/server.py /token/calls.py /token/__init__.py /token/../review.js
/token/../../etc/passwd /token/..%2f..%2fetc%2fpasswd /token/%2e%2e/%2e%2e/etc/passwd
/token/%252e%252e/etc/passwd /token/..\..\etc\passwd /token//etc/passwd
/token/%2fetc%2fpasswd /token/file:///etc/passwd /token/review.js/
/token/review.js%00.css /token/<script>alert(1)</script> /token/video/ /token/video/1
/token/video/2 /token/video/9999999 /token/video/-1 /token/video/0x0 /token/video/٠
/token/video/{"9" * 5000} /token/video/a.mp4 /token/video/../video/0
/token/video/..%2f..%2fsecret.mp4 /token/call/ /token/call/undo/
/token/call/../call"""
RANGES = ["99-1", "1024-", "a-b", "-", "0-1,2-3", "--1", "1_0-"]
RANGES = ["lines=0-1", "bytes=", *(f"bytes={own}" for own in RANGES)]
RANGES += ["bytes=" + ",".join(["0-"] * 1000), "bytes=" + "9" * 400 + "-"]
FORM = "application/x-www-form-urlencoded"
# And what they are sent as.
BODIES = [(own, {}) for own in (b"", b"{", b"[]", b'"a"', b"null", b"\xff\xfe")]
BODIES += [
    (b'{"version": ' + own + b"}", {}) for own in (b"NaN", b"Infinity", b"1" * 5000)
]
BODIES += [(b"[" * 60_000, {}), (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {})]
BODIES += [(b"{}" + b" " * 65_536, {}), (b"{}", {"content_length": "1000000000"})]
for kind in ("text/plain", FORM, "multipart/form-data", "application/jsonp", None):
    BODIES.append((b"{}", {"content_type": kind}))
CHUNKS = b"11171\r\n" + b" " * 0x11171 + b"\r\n0\r\n\r\n"
BODIES.append((CHUNKS, {"transfer_encoding": "chunked"}))
POST = b"POST /token/call/undo HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n"
POST += b"content-type: application/json\r\norigin: http://127.0.0.1:PORT\r\n"
RAW = [
    b"GET /token/ HTTP/1.1\r\n\r\n",
    b"GET /token/ HTTP/1.0\r\n\r\n",
    b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nhost: evil.example\r\n\r\n",
    b"GET http://evil.example/token/ HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nx: " + b"a" * 10**6,
    b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    POST + b"origin: http://evil.example\r\ncontent-length: 2\r\n\r\n{}",
    POST + b"content-length: -1\r\n\r\n{}",
]
# Arguments that are valid, and values of each that are not.
RIGHT = {
    "rename": {"action": 0, "name": "a"},
    "relabel": {"recording": 0, "time": 0, "action": 1},
    "assign": {"recording": 0, "time": 0, "to": 0.5, "action": 1},
    "examples": {"action": 1},
    "keep_apart": {"action": 0, "other": 1},
    "merge": {"action": 0, "into": 1},
    "split": {"action": 0},
    "move": {"recording": 0, "time": 1, "to": 2},
    "cut": {"recording": 0, "time": 1.04},
    "check": {"recording": 0, "start": 0, "end": 1, "checked": True},
    "take_back": {"recording": 0},
    "export": {"format": "csv"},
    "signals": {"recording": 0, "from": 0, "to": 1, "n": 9, "features": None},
}
TIMES = (-0.1, 1e9, 1e308, "0", None, True, [0])
WRONG = {"time": TIMES, "from": TIMES, "to": TIMES, "start": TIMES}
WRONG["recording"] = [4, -1, "z", 0.5, True, [0], {"a": 1}, 10**400]
WRONG["action"] = [None, True, 0.0, -2, 99, 10**400, [0], {"a": 1}, "a" * 300, "a\rb"]
WRONG["into"] = [*WRONG["action"], "z", 0, -1]
WRONG["name"] = ["", "  ", None, 7, ["a"], {"a": 1}, "action 1", "background", "\ud800"]
WRONG["name"] += [f"a{c}b" for c in "\n\0\u2028\u202e\u2066\x1b"] + ["a" * 10_000]
WRONG["n"] = [0, 10**9, 1.5, "9", None]
WRONG["features"] = [["a"], "feature 0", [[]], 7, ["feature 0"] * 65]
WRONG["format"] = ["../../etc/passwd", "/tmp/a.csv", "csv\0", None, ["csv"]]
CALLS = [
    (call, right | {name: value})
    for call, right in RIGHT.items()
    for name in right
    for value in WRONG.get(name, ())
]
CALLS += [(call, {}) for call in RIGHT] + [
    (call, RIGHT[call] | {"a": 1}) for call in RIGHT
]
CALLS += [("signals", RIGHT["signals"] | {"from": 2}), ("undo", {"n": 1}), ("undo", {})]
for name in (
    "",
    "close",
    "start",
    "call",
    "__init__",
    "_commit",
    "state",
    "redo",
    "fly",
):
    CALLS.append((name, {}))

# Method, path, body, expected status and headers of requests; "{port}" is replaced.
UNDO = "POST", f"{PAGE}call/undo", b"{}"
PAGES = ["", "review.js", "events", "events?client=a", "video/0", "call/undo"]
METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
GETS = [("GET", PAGE + page, None) for page in PAGES[:5]]
REQUESTS = [(*UNDO, [403], {"origin": own}) for own in [*ORIGINS.split(), None]]
for host in [*HOSTS.split(), ""]:
    REQUESTS += [(*own, [400, 403], {"host": host}) for own in (GETS[0], UNDO)]
LINK = {"sec_fetch_mode": "navigate", "sec_fetch_site": "cross-site"}
for site in ("same-site", "cross-site"):
    REQUESTS += [(*own, [403], {"sec_fetch_site": site}) for own in GETS]
REQUESTS += [(*own, [403], LINK | {"sec_fetch_dest": "document"}) for own in GETS[1:]]
REQUESTS += [(*own, [403], LINK | {"sec_fetch_dest": "iframe"}) for own in GETS]
for origin in ("http://evil.example", "null"):
    REQUESTS += [(*own, [403], {"origin": origin}) for own in GETS]
for path in PATHS.split():
    path = "".join(c if c.isascii() else quote(c) for c in path)  # as browsers do
    REQUESTS += [
        (*own, [400, 404, 405], {})
        for own in (("GET", path, None), ("POST", path, b"{}"))
    ]
REQUESTS += [(own, PAGE + page, b"{}", [405], {}) for own in METHODS for page in PAGES]
REQUESTS += [
    ("GET", f"{PAGE}video/0", None, [400, 416], {"range": own}) for own in RANGES
]
REQUESTS += [(*UNDO[:2], body, [400, 413, 415], sent) for body, sent in BODIES]


@pytest.fixture(scope="module")
def served(reviewed, serving, tmp_path_factory, links):
    """A server of a review with a video, beside a secret that a link leads to."""
    root = tmp_path_factory.mktemp("attacked")
    (root / "videos").mkdir()
    (root / "secret.mp4").write_bytes(b"secret")
    (root / "videos" / "a.mp4").write_bytes(bytes(1024))
    (root / "videos" / "c.mp4").symlink_to(root / "secret.mp4")
    files = [root / "videos" / f"{name}.mp4" for name in "abcd"]
    review = Review(*reviewed, root / "out", video_files=files)
    calls = Calls(lambda tell: review)
    calls.start()
    calls.wait()
    with serving(calls) as served:
        served.root = root
        yield served
    calls.close()


def look(served):
    """What no request may change."""
    files = [path for path in served.root.rglob("*") if path.is_file()]
    content = {path: path.read_bytes() for path in files if "sqlite" not in path.name}
    return served.calls.version, id(served.calls.review.state), content


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests(served, ask, request_):
    """They are refused in a short text."""
    method, path, body, statuses, headers = request_
    known = {"port": served.port}
    headers = {key: own and own.format(**known) for key, own in headers.items()}
    before = look(served)
    status, sent, answer = ask(served, method, path, body, **headers)
    assert status in statuses
    assert b"secret" not in answer
    assert len(answer) < 100
    assert sent.get("content-type", "text/plain").startswith("text/plain")
    assert look(served) == before


def test_links(served, ask):
    """A link may lead to the page from elsewhere, but from no folder to another."""
    link = LINK | {"sec_fetch_dest": "document"}
    assert ask(served, "GET", PAGE, **link)[0] == 200
    names = served.calls.review.recordings.names
    with pytest.raises(ValueError, match=r"c.mp4 leads out of .*videos, expected"):
        find_videos(served.root / "videos", names)


@pytest.mark.parametrize("request_line", RAW)
def test_raw_requests(served, request_line):
    before = look(served)
    data = request_line.replace(b"PORT", str(served.port).encode())
    with socket.create_connection(("127.0.0.1", served.port), 20) as connection:
        answer = b""
        with suppress(OSError):  # it may close before all is sent
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer[9:10] in (b"4", b"")
    assert look(served) == before


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_calls(served, ask, name, arguments):
    """Arguments that are not valid: an error of one line, as JSON."""
    before, told = look(served), []
    unsubscribe = served.calls.subscribe(told.append)
    body = json.dumps({"version": served.calls.version} | arguments).encode()
    status, headers, answer = ask(served, "POST", f"{PAGE}call/{name}", body)
    served.calls.wait()
    unsubscribe()
    if status == 200:
        assert headers["content-type"] == "application/json"
        told.append(json.loads(answer))
    errors = [own["error"] for own in told if "error" in own]
    assert len(errors) == (status == 200)
    assert all(len(own) < 400 and own.isprintable() for own in errors)
    assert served.calls.phase == ""
    assert look(served) == before
