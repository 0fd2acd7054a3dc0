"""Requests that no page makes: refused in a few words, and nothing is changed."""

import json
import socket
from contextlib import suppress
from urllib.parse import quote

import pytest

from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import find_videos
from skl_tot.app.review.session import Review

PAGE = "/token/"
HOSTS = [
    "evil.example",
    "localhost:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.evil.example:{port}",
    "127.0.0.1:{port}.evil.example",
    "127.0.0.1:{port}@evil.example",
    "[::1]:{port}",
    "2130706433:{port}",
    "",
]
ORIGINS = [
    "null",
    "http://evil.example",
    "https://127.0.0.1:{port}",
    "http://127.0.0.1",
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}/",
    "HTTP://127.0.0.1:{port}",
    None,
]
PATHS = [  # without token, or to what is no part of the page
    "/",
    "//",
    "/tokem/",
    "/toke/",
    "/tokenn/",
    "/TOKEN/",
    "/token",
    "/token%00/",
    "/review.js",
    "/?token=token",
    "/token/server.py",
    "/token/calls.py",
    "/token/__init__.py",
    "/token/../review.js",
    "/token/../../etc/passwd",
    "/token/..%2f..%2fetc%2fpasswd",
    "/token/%2e%2e/%2e%2e/etc/passwd",
    "/token/%252e%252e/etc/passwd",
    "/token/..\\..\\etc\\passwd",
    "/token//etc/passwd",
    "/token/%2fetc%2fpasswd",
    "/token/file:///etc/passwd",
    "/token/review.js/",
    "/token/review.js%00.css",
    "/token/<script>alert(1)</script>",
    "/token/video/",
    "/token/video/1",
    "/token/video/2",
    "/token/video/9999999",
    "/token/video/-1",
    "/token/video/0x0",
    "/token/video/٠",
    "/token/video/" + "9" * 5000,
    "/token/video/a.mp4",
    "/token/video/../video/0",
    "/token/video/..%2f..%2fsecret.mp4",
    "/token/call/",
    "/token/call/undo/",
    "/token/call/../call",
]
RANGES = [
    "bytes=99-1",
    "bytes=1024-",
    "bytes=a-b",
    "bytes=-",
    "bytes=",
    "bytes=0-1,2-3",
    "bytes=" + ",".join(["0-"] * 1000),
    "bytes=" + "9" * 400 + "-",
    "lines=0-1",
    "bytes=--1",
    "bytes=1_0-",
]
BODIES = [  # and what they are sent as
    (b"", {}),
    (b"{", {}),
    (b"[]", {}),
    (b'"a"', {}),
    (b"null", {}),
    (b"\xff\xfe", {}),
    (b'{"version": NaN}', {}),
    (b'{"version": Infinity}', {}),
    (b'{"version": ' + b"1" * 5000 + b"}", {}),
    (b"[" * 60_000, {}),
    (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {}),
    (b"{}" + b" " * 65_536, {}),
    (b"{}", {"content_length": "1000000000"}),
    (b"{}", {"content_type": "text/plain"}),
    (b"{}", {"content_type": "application/x-www-form-urlencoded"}),
    (b"{}", {"content_type": "multipart/form-data; boundary=a"}),
    (b"{}", {"content_type": "application/jsonp"}),
    (b"{}", {"content_type": None}),
    (
        b"11171\r\n" + b" " * 0x11171 + b"\r\n0\r\n\r\n",
        {"transfer_encoding": "chunked"},
    ),
]
PAGES = ["", "review.js", "events", "video/0", "call/undo"]
METHODS = ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"]
RAW = [
    b"GET /token/ HTTP/1.1\r\n\r\n",
    b"GET /token/ HTTP/1.0\r\n\r\n",
    b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nhost: evil.example\r\n\r\n",
    b"GET http://evil.example/token/ HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nx: " + b"a" * 10**6,
    b"CONNECT evil.example:443 HTTP/1.1\r\nhost: evil.example:443\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"POST /token/call/undo HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n"
    b"origin: http://127.0.0.1:PORT\r\norigin: http://evil.example\r\n"
    b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}",
    b"POST /token/call/undo HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\n"
    b"origin: http://127.0.0.1:PORT\r\ncontent-type: application/json\r\n"
    b"content-length: -1\r\n\r\n{}",
]
# Name and arguments, without the version, which is right.
CALLS = [
    ("", {}),
    ("close", {}),
    ("start", {}),
    ("call", {"name": "undo"}),
    ("__init__", {}),
    ("_commit", {"said": "a"}),
    ("state", {}),
    ("model", {}),
    ("rename", {}),
    ("rename", {"action": 0}),
    ("rename", {"action": 0, "name": "a", "self": 1}),
    ("rename", {"action": 0, "name": "a", "__class__": 1}),
    ("rename", {"action": 99, "name": "a"}),
    ("rename", {"action": -1, "name": "a"}),
    ("rename", {"action": 0.0, "name": "a"}),
    ("rename", {"action": True, "name": "a"}),
    ("rename", {"action": "0", "name": "a"}),
    ("rename", {"action": None, "name": "a"}),
    ("rename", {"action": [0], "name": "a"}),
    ("rename", {"action": 10**400, "name": "a"}),
    ("rename", {"action": 0, "name": ""}),
    ("rename", {"action": 0, "name": "  "}),
    ("rename", {"action": 0, "name": None}),
    ("rename", {"action": 0, "name": 7}),
    ("rename", {"action": 0, "name": ["a"]}),
    ("rename", {"action": 0, "name": {"a": 1}}),
    ("rename", {"action": 0, "name": "a\nb"}),
    ("rename", {"action": 0, "name": "a\0b"}),
    ("rename", {"action": 0, "name": "a\u2028b"}),
    ("rename", {"action": 0, "name": "a\u202eb"}),
    ("rename", {"action": 0, "name": "\u2066a"}),
    ("rename", {"action": 0, "name": "a\x1b[31m"}),
    ("rename", {"action": 0, "name": "\ud800"}),
    ("rename", {"action": 0, "name": "a" * 10_000}),
    ("rename", {"action": 0, "name": "action 1"}),
    ("rename", {"action": 0, "name": "background"}),
    ("relabel", {"recording": 4, "time": 0, "action": 1}),
    ("relabel", {"recording": -1, "time": 0, "action": 1}),
    ("relabel", {"recording": "z", "time": 0, "action": 1}),
    ("relabel", {"recording": None, "time": 0, "action": 1}),
    ("relabel", {"recording": 0, "time": -0.1, "action": 1}),
    ("relabel", {"recording": 0, "time": 1e9, "action": 1}),
    ("relabel", {"recording": 0, "time": 1e308, "action": 1}),
    ("relabel", {"recording": 0, "time": "0", "action": 1}),
    ("relabel", {"recording": 0, "time": None, "action": 1}),
    ("relabel", {"recording": 0, "time": True, "action": 1}),
    ("relabel", {"recording": 0, "time": 0, "action": -2}),
    ("relabel", {"recording": 0, "time": 0, "action": "a\rb"}),
    ("merge", {"action": 0, "into": 0}),
    ("merge", {"action": 0, "into": -1}),
    ("split", {"action": -1}),
    ("move", {"recording": 0, "time": 0, "to": 1}),
    ("move", {"recording": 0, "time": 1, "to": "2"}),
    ("cut", {"recording": 0, "time": 0}),
    ("cut", {"recording": [0], "time": 1}),
    ("check", {"recording": None, "checked": True}),
    ("keep", {"recording": "all"}),
    ("take_back", {"recording": 4}),
    ("undo", {"n": 100}),
    ("redo", {}),
    ("undo", {}),
    ("learn", {"progress": None}),
    ("export", {"format": "../../etc/passwd"}),
    ("export", {"format": "/tmp/a.csv"}),
    ("export", {"format": "csv\0"}),
    ("export", {"format": None}),
    ("export", {"format": ["csv"]}),
    ("export", {}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 0, "features": None}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 10**9, "features": None}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 1.5, "features": None}),
    ("signals", {"recording": 0, "from": -1, "to": 1, "n": 9, "features": None}),
    ("signals", {"recording": 0, "from": 2, "to": 1, "n": 9, "features": None}),
    ("signals", {"recording": 9, "from": 0, "to": 1, "n": 9, "features": None}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 9, "features": ["a"]}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 9, "features": "feature 0"}),
    ("signals", {"recording": 0, "from": 0, "to": 1, "n": 9, "features": [[]]}),
]
NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "../../etc/passwd",
    "=cmd|' /C calc'!A0",
    "a; rm -rf ~",
    "__proto__",
    "&lt;b&gt;",
    "\u0645\u06cc\u200c\u062e\u0648\u0631\u062f",
    "a" * 200,
]
VERSIONS = [None, 0, -1, 2, "1", [1], {"a": 1}, 1.5, 10**300]
HEADERS = [
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"origin": "http://evil.example"},
    {"origin": "null"},
]


@pytest.fixture(scope="module")
def served(reviewed, serving, tmp_path_factory, links):
    """A server of a review with a video, beside a secret that a link leads to."""
    root = tmp_path_factory.mktemp("attacked")
    for name in ("out", "videos"):
        (root / name).mkdir()
    (root / "secret.mp4").write_bytes(b"secret")
    (root / "videos" / "a.mp4").write_bytes(bytes(1024))
    (root / "videos" / "c.mp4").symlink_to(root / "secret.mp4")
    files = [root / "videos" / f"{name}.mp4" for name in "abcd"]
    model, recordings = reviewed
    review = Review(model, recordings, root / "out", video_files=files)
    calls = Calls(lambda tell: review)
    calls.start()
    calls.wait()
    with serving(calls) as served:
        served.root = root
        yield served
    calls.close()


@pytest.fixture
def refuses(served, ask):
    """Make a request that is refused in a short text, and see that nothing changed."""

    def look():
        files = [path for path in served.root.rglob("*") if path.is_file()]
        return (
            served.calls.version,
            served.calls.review.state,
            {path: path.read_bytes() for path in files if path.name != "secret.mp4"},
        )

    def refuses(method, path, body=None, status=range(400, 500), **headers):
        before = look()
        found, sent, answer = ask(served, method, path, body, **headers)
        assert found in status
        assert b"secret" not in answer
        assert len(answer) < 100
        assert sent.get("content-type", "text/plain").startswith("text/plain")
        after = look()
        assert after[0] == before[0]
        assert after[1] is before[1]
        assert after[2] == before[2]
        return answer

    return refuses


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_hosts(refuses, served, method, host):
    path, body = (PAGE, None) if method == "GET" else (f"{PAGE}call/undo", b"{}")
    refuses(method, path, body, host=host.format(port=served.port))


@pytest.mark.parametrize("origin", ORIGINS)
def test_origins(refuses, served, origin):
    if origin is not None:
        origin = origin.format(port=served.port)
    refuses("POST", f"{PAGE}call/undo", b"{}", origin=origin)


@pytest.mark.parametrize("headers", HEADERS)
@pytest.mark.parametrize("path", ["", "review.js", "events?client=a", "video/0"])
def test_other_sites(refuses, path, headers):
    refuses("GET", f"{PAGE}{path}", **headers)


@pytest.mark.parametrize("path", PATHS)
def test_paths(refuses, path):
    # what is no ASCII comes as browsers send it
    quoted = "".join(c if c.isascii() else quote(c) for c in path)
    refuses("GET", quoted, status=[400, 404, 405])
    refuses("POST", quoted, b"{}", status=[400, 404, 405])


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("method", METHODS)
def test_methods(refuses, method, path):
    refuses(method, f"{PAGE}{path}", b"" if method == "GET" else b"{}", status=[405])


@pytest.mark.parametrize("ranges", RANGES)
def test_ranges(refuses, ranges):
    refuses("GET", f"{PAGE}video/0", status=[400, 416], range=ranges)


def test_link_out_of_the_folder_of_videos(refuses, served):
    refuses("GET", f"{PAGE}video/2", status=[404])
    names = served.calls.review.recordings.names
    with pytest.raises(ValueError, match=r"c.mp4 leads out of .*videos, expected"):
        find_videos(served.root / "videos", names)


@pytest.mark.parametrize(("body", "headers"), BODIES)
def test_bodies(refuses, body, headers):
    refuses("POST", f"{PAGE}call/undo", body, status=[400, 413, 415], **headers)


@pytest.mark.parametrize("request_line", RAW)
def test_raw_requests(served, request_line):
    state = served.calls.review.state
    data = request_line.replace(b"PORT", str(served.port).encode())
    with socket.create_connection(("127.0.0.1", served.port), 20) as connection:
        answer = b""
        with suppress(OSError):  # it may close before all is sent
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer[9:10] in (b"4", b"")
    assert served.calls.review.state is state


@pytest.mark.parametrize(("name", "arguments"), CALLS)
def test_calls(served, ask, name, arguments):
    """Arguments that are not valid: an error of one line, as JSON."""
    calls, told = served.calls, []
    version, state = calls.version, calls.review.state
    unsubscribe = calls.subscribe(told.append)
    body = json.dumps(arguments | {"version": version}).encode()
    status, headers, answer = ask(served, "POST", f"{PAGE}call/{name}", body)
    calls.wait()
    unsubscribe()
    if status != 404:
        assert headers["content-type"] == "application/json"
        errors = [own["error"] for own in [json.loads(answer), *told] if "error" in own]
        assert len(errors) == 1
        assert len(errors[0]) < 400
        assert errors[0].isprintable()
    assert (calls.version, calls.phase) == (version, "")
    assert calls.review.state is state


@pytest.mark.parametrize("version", VERSIONS)
def test_versions(served, ask, version):
    state = served.calls.review.state
    values = {"recording": 0, "checked": True, "version": version}
    body = json.dumps(values).encode()
    _, _, answer = ask(served, "POST", f"{PAGE}call/check", body)
    assert json.loads(answer)["outdated"] is True
    assert served.calls.review.state is state


@pytest.mark.parametrize("name", NAMES)
def test_names_are_text(served, ask, name):
    """Names that would be markup, paths or commands elsewhere stay what they are."""
    calls = served.calls
    for call, values in [("rename", {"action": 0, "name": name}), ("undo", {})]:
        body = json.dumps(values | {"version": calls.version}).encode()
        status, headers, answer = ask(served, "POST", f"{PAGE}call/{call}", body)
        assert (status, headers["content-type"]) == (200, "application/json")
        shown = json.loads(answer)["names"]["0"]
        assert shown == (name if call == "rename" else "action 0")
