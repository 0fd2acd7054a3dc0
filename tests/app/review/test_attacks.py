"""Requests that no page makes: refused in a few words, and nothing is changed."""

import json
import socket
from contextlib import suppress

import pytest

from skl_tot.app.review import Review
from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import find_videos

# Path below the token, status, and headers that differ from those of a page; one
# request of each kind. "{port}" is replaced.
LINK = {"sec_fetch_mode": "navigate", "sec_fetch_site": "cross-site"}
GETS = [
    ("", 403, {"host": "evil.example"}),
    ("", 403, {"host": "localhost:{port}"}),  # a name may lead elsewhere
    ("", 403, {"origin": "http://evil.example"}),
    ("", 403, {"sec_fetch_site": "same-site"}),
    ("", 403, LINK | {"sec_fetch_dest": "iframe"}),
    ("video/0", 403, LINK | {"sec_fetch_dest": "document"}),
    ("../tokem/", 404, {}),
    ("server.py", 404, {}),
    ("..%2f..%2f..%2fetc%2fpasswd", 404, {}),
    ("video/2", 404, {}),  # a link out of the folder
    ("video/../video/0", 404, {}),
    ("video/0", 416, {"range": "bytes=0-1,2-3"}),
    ("video/0", 416, {"range": "bytes=" + "9" * 400 + "-"}),
]
POSTS = [
    ("call/undo", 403, {"origin": None}, b"{}"),
    ("call/undo", 403, {"origin": "http://127.0.0.1.evil.example"}, b"{}"),
    ("call/../call", 404, {}, b"{}"),
    ("call/undo", 415, {"content_type": "text/plain"}, b"{}"),
    ("call/undo", 400, {}, b"[]"),
    ("call/undo", 400, {}, b'{"version": NaN}'),
    ("call/undo", 400, {}, b"[" * 60_000),
    ("call/undo", 413, {}, b"{}" + b" " * 65_536),
    ("call/undo", 413, {"content_length": "1000000000"}, b"{}"),
]
# Arguments that are valid, and values that are not.
RIGHT = {
    "rename": {"action": 0, "name": "a"},
    "relabel": {"recording": 0, "time": 0, "action": 1},
    "merge": {"action": 0, "into": 1},
    "check": {"recording": 0, "start": 0, "end": 1, "checked": True},
    "export": {"format": "csv"},
    "signals": {"recording": 0, "from": 0, "to": 1, "n": 9, "features": None},
}
WRONG = [
    ("rename", {"name": "a\u202eb"}),  # which turns the direction of text
    ("rename", {"name": "a" * 10_000}),
    ("rename", {"name": "a\nb"}),
    ("rename", {"action": 10**400}),
    ("relabel", {"recording": True}),
    ("relabel", {"recording": [0]}),
    ("relabel", {"time": 1e308}),
    ("relabel", {"time": None}),
    ("merge", {"into": {"a": 1}}),
    ("check", {"start": "0"}),
    ("export", {"format": "../../etc/passwd"}),
    ("signals", {"n": 10**9}),
    ("signals", {"features": ["feature 0"] * 65}),
    ("signals", {"a": 1}),
    ("__init__", {}),
    ("close", {}),
]


@pytest.fixture(scope="module")
def served(reviewed, serving, tmp_path_factory, links):
    """A server of a review with a video, beside a secret that a link leads to."""
    root = tmp_path_factory.mktemp("attacked")
    (root / "videos").mkdir()
    (root / "secret.mp4").write_bytes(b"secret")
    (root / "videos" / "a.mp4").write_bytes(bytes(1024))
    (root / "videos" / "c.mp4").symlink_to(root / "secret.mp4")
    files = [root / "videos" / f"{name}.mp4" for name in "abcd"]
    calls = Calls(lambda _: Review(*reviewed, root / "out", video_files=files))
    calls.start()
    calls.wait()
    with serving(calls) as served:
        served.root = root
        yield served
    calls.close()


@pytest.fixture(autouse=True)
def _nothing_changes(served):
    """No request of these tests may change the review or its files."""
    before = content_of(served)
    yield
    assert content_of(served) == before


def content_of(served):
    files = [path for path in served.root.rglob("*") if path.is_file()]
    content = {path: path.read_bytes() for path in files if "sqlite" not in path.name}
    return served.calls.version, id(served.calls.review.state), content


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [("GET", *request, None) for request in GETS]
    + [("POST", *request) for request in POSTS]
    + [("PUT", "", 405, {}, b"{}")],
)
def test_requests(served, ask, method, path, status, headers, body):
    if "host" in headers:
        headers = {"host": headers["host"].format(port=served.port)}
    found, sent, answer = ask(served, method, f"/token/{path}", body, **headers)
    assert found == status
    assert b"secret" not in answer
    assert len(answer) < 100
    assert sent.get("content-type", "text/plain").startswith("text/plain")


def test_links(served, ask):
    """A link may lead to the page from elsewhere, but from no folder to another."""
    assert ask(served, "GET", "/token/", **LINK, sec_fetch_dest="document")[0] == 200
    with pytest.raises(ValueError):
        find_videos(served.root / "videos", served.calls.review.recordings.names)


@pytest.mark.parametrize(
    "data",
    [
        b"GET /token/ HTTP/1.1\r\n\r\n",  # without a host
        b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nhost: evil.example\r\n\r\n",
        b"GET /token/ HTTP/1.1\r\nhost: 127.0.0.1:PORT\r\nx: " + b"a" * 10**6,
    ],
)
def test_raw_requests(served, data):
    data = data.replace(b"PORT", str(served.port).encode())
    with socket.create_connection(("127.0.0.1", served.port), 20) as connection:
        answer = b""
        with suppress(OSError):  # it may close before all is sent
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer[9:10] in (b"4", b"")


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_calls(served, ask, name, wrong):
    """Arguments that are not valid: an error of one line, as JSON."""
    told, arguments = [], RIGHT.get(name, {}) | wrong
    unsubscribe = served.calls.subscribe(told.append)
    body = json.dumps({"version": served.calls.version} | arguments).encode()
    status, _, answer = ask(served, "POST", f"/token/call/{name}", body)
    served.calls.wait()
    unsubscribe()
    assert status == 200
    replies = [*told, json.loads(answer)]
    errors = [reply["error"] for reply in replies if "error" in reply]
    assert len(errors) == 1
    assert len(errors[0]) < 400
    assert errors[0].isprintable()
    assert served.calls.phase == ""
