"""A small review, and a server of it on a real socket."""

import contextlib
import http.client
import runpy
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from skl_tot import HMMSegmenter
from skl_tot.app.review import server
from skl_tot.baselines import MallowSegmenter
from skl_tot.datasets import make_activities
from skl_tot.recordings import Recordings

TOKEN = "token"


@pytest.fixture(scope="session")
def reviewed():
    """A fitted model and its recordings, at 10 frames per second."""
    videos, _ = make_activities(4, n_actions=3, n_features=4, random_state=0)
    recordings = Recordings(videos, ["a", "b", "c", "d"], fps=10)
    return MallowSegmenter(3).fit(recordings), recordings


@pytest.fixture(scope="session")
def split_fit():
    """A model with two actions too many, and its recordings."""
    videos, _ = make_activities(16, 3, n_features=6, random_state=0)
    return HMMSegmenter(5, random_state=0).fit(videos), videos


@pytest.fixture(scope="session")
def serving():
    """Serve calls in a thread, at an address with the token "token"."""
    uvicorn = pytest.importorskip("uvicorn")

    @contextlib.contextmanager
    def serving(calls):
        with server.listen(0) as listening:
            port = listening.getsockname()[1]
            host = f"127.0.0.1:{port}"
            is_over = lambda: opened.should_exit  # noqa: E731
            application = server.make_application(calls, host, TOKEN, is_over)
            opened = uvicorn.Server(uvicorn.Config(application, **server.SETTINGS))
            run = threading.Thread(target=opened.run, kwargs={"sockets": [listening]})
            run.start()
            try:
                address = f"http://{host}/{TOKEN}/"
                known = {"port": port, "host": host, "address": address}
                yield SimpleNamespace(calls=calls, **known)
            finally:
                opened.should_exit = True
                run.join()

    return serving


@pytest.fixture(scope="session")
def ask():
    """Make a request; gives status, headers and body of the answer.

    Of headers, "_" stands for "-", and None for none.
    """

    def ask(served, method, path, body=None, **headers):
        own = {"host": served.host}
        if method not in ("GET", "HEAD"):
            own["origin"] = f"http://{served.host}"
            own["content-type"] = "application/json"
        if body is not None and "transfer_encoding" not in headers:
            own["content-length"] = str(len(body))
        own |= {key.replace("_", "-"): value for key, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for key, value in own.items():
            if value is not None:
                connection.putheader(key, value)
        connection.endheaders()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.send(body or b"")
        answer = connection.getresponse()
        found = answer.status, dict(answer.getheaders()), answer.read()
        connection.close()
        return found

    return ask


@pytest.fixture(scope="session")
def kills():
    """Script that kills processes."""
    return Path(__file__).with_name("kills.py")


@pytest.fixture(scope="session")
def plain(kills):
    """Content of a state, which can be compared."""
    return runpy.run_path(str(kills))["plain"]
