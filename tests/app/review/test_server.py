"""What the server answers and refuses, over real sockets."""

import os
import re
import stat
import threading
import webbrowser
from pathlib import Path
from types import SimpleNamespace
from urllib.request import url2pathname

import pytest

from skl_tot.app.review import Review, server
from skl_tot.app.review.calls import Calls
from skl_tot.app.web import page_file


@pytest.fixture(scope="module")
def served(serving, tmp_path_factory):
    """A server of no calls but a long video."""
    path = tmp_path_factory.mktemp("videos") / "long.mp4"
    with serving(SimpleNamespace(video=lambda index: path)) as served:
        served.path = path
        yield served


def test_page(served, ask):
    for path, name, kind in [
        ("", "review/review.html", "text/html"),
        ("start.js", "review/start.js", "text/javascript"),
        ("review.css", "review/review.css", "text/css"),
        ("timelines.js", "web/timelines.js", "text/javascript"),
    ]:
        status, headers, body = ask(served, "GET", f"/token/{path}")
        assert status == 200
        assert headers["content-type"] == f"{kind}; charset=utf-8"
        assert body.decode() == page_file(*name.split("/"))
    own = {name: headers[name] for name in server.HEADERS}
    assert own == server.HEADERS
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers


@pytest.mark.skipif(os.name == "nt", reason="Windows would fill the file")
def test_long_video_is_never_read_whole(served, ask):
    """A part near the end of a file of 40 GB comes without what is before it."""
    path, size = served.path, 40 * 2**30
    with open(path, "wb") as file:
        file.truncate(size - 3)
        file.seek(0, os.SEEK_END)
        file.write(b"end")
    wanted = f"bytes={size - 1000}-"
    status, headers, body = ask(served, "GET", "/token/video/0", range=wanted)
    assert status == 206
    assert headers["content-range"] == f"bytes {size - 1000}-{size - 1}/{size}"
    assert body == b"\0" * 997 + b"end"
    assert headers["content-type"] == "video/mp4"


class Stopped(Exception):
    """As Ctrl-C ends a server."""


def test_the_browser_gets_no_token_on_its_command_line(tmp_path, monkeypatch, capsys):
    """But a file that only this user can read, as long as the server runs."""
    seen, is_seen = [], threading.Event()

    def look(address):
        path = Path(url2pathname(address.removeprefix("file://")))
        text = path.read_text(encoding="utf-8")
        seen.append((path, stat.S_IMODE(path.stat().st_mode), text))
        is_seen.set()

    def make(tell):
        assert is_seen.wait(20)
        raise Stopped

    monkeypatch.setattr(webbrowser, "open", look)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Stopped):
        server.run(Calls(make), 0, True)
    ((path, mode, text),) = seen
    address = re.search(r"http://127[^ ,]+/", capsys.readouterr().out)[0]
    assert f'content="0; url={address}"' in text
    assert address.split("/")[-2] not in path.as_uri()
    assert mode == 0o600 or os.name == "nt"
    assert list(tmp_path.iterdir()) == []


def test_a_last_save_that_fails_is_an_error(reviewed, tmp_path, monkeypatch):
    """Ctrl-C is how a review ends; what could not be written is told."""
    calls = Calls(lambda tell: Review(*reviewed, tmp_path))

    def run(self, sockets):
        calls.wait()
        (tmp_path / "segments.csv").mkdir()  # so that it cannot be written
        raise KeyboardInterrupt

    monkeypatch.setattr("uvicorn.Server.run", run)
    with pytest.raises(FileExistsError):
        server.run(calls, 0, False)
    Review(None, reviewed[1], tmp_path).close()  # the folder is free again
