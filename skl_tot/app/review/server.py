"""The page of a review, on a server of this machine alone."""

# All requests need the address, which has a new token at each start. Host and origin of
# a request must be those of the server, so that pages of other origins cannot send any.
# Errors never repeat input.

import asyncio
import contextlib
import json
import os
import re
import secrets
import socket
import tempfile
import threading
import webbrowser
from functools import partial
from pathlib import Path

from skl_tot.app.review.calls import Calls
from skl_tot.app.web import page_file, page_files
from skl_tot.recordings.errors import import_extra, is_int, one_line, refuse, short_repr

# Types of the files of the page, and their rooms.
KINDS = {".css": "text/css", ".html": "text/html", ".js": "text/javascript"}
FILES = {file: room for room in ("web", "review") for file in page_files(room, KINDS)}
VIDEOS = dict.fromkeys([".m4v", ".mov", ".mp4"], "video/mp4")  # which plays .mov, too
VIDEOS |= {".avi": "video/x-msvideo", ".mkv": "video/x-matroska"}
VIDEOS |= {".ogv": "video/ogg", ".webm": "video/webm"}
MOST_BYTES = 64 * 1024  # of the body of a request
# Of uvicorn; running calls have so many seconds to end.
SETTINGS: dict[str, object] = {"timeout_graceful_shutdown": 2, "log_level": "critical"}
SETTINGS |= {"http": "h11", "lifespan": "off", "ws": "none"}
SETTINGS |= dict.fromkeys(["access_log", "proxy_headers", "server_header"], False)
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
HEADERS |= {"cache-control": "no-store", "x-content-type-options": "nosniff"}
HEADERS |= {"referrer-policy": "no-referrer"}
HEADERS |= {f"cross-origin-{x}-policy": "same-origin" for x in ("opener", "resource")}


class Refusal(Exception):
    """A request that is answered with a status and a sentence only."""


def make_application(calls, host, token, is_over):
    """Make the ASGI application of `Calls`; streams end when ``is_over()`` is true."""
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

    async def application(scope, receive, send):
        request = Request(scope, receive)
        try:
            check_origin(request, host, token)
            response = await answer(request, calls, is_over)
        except Refusal as refusal:
            status, text = refusal.args
            response = PlainTextResponse(text, status)
        response.headers.update(HEADERS)
        await response(scope, receive, send)

    return application


def check_origin(request, host, token):
    """Refuse a request with another host, origin, token or method."""
    headers, method = request.headers, request.method
    token_given, *place = request.scope["path"].split("/")[1:] or [""]
    origins = headers.getlist("origin")
    is_read = method in ("GET", "HEAD") and not origins
    if headers.getlist("host") != [host]:
        raise Refusal(403, "This is another host.")
    if not secrets.compare_digest(token_given.encode(), token.encode()):
        raise Refusal(404, "There is nothing here.")
    if not is_read and origins != [f"http://{host}"]:
        raise Refusal(403, "This is another origin.")
    kinds = [headers.get(f"sec-fetch-{name}") for name in ("site", "mode", "dest")]
    is_link = kinds == ["cross-site", "navigate", "document"] and not any(place)
    if kinds[0] not in (None, "none", "same-origin") and not is_link:  # see `opened`
        raise Refusal(403, "This is another site.")
    if method not in ("GET", "HEAD", "POST"):
        raise Refusal(405, "There is no such method.")


async def answer(request, calls, is_over):
    """Answer a request for a file of the page, a call, events or a video."""
    from starlette import responses
    from starlette.concurrency import run_in_threadpool

    is_call = request.method == "POST"
    match (is_call, *request.scope["path"].split("/")[2:]):
        case True, "call", name if name:
            values = await read_body(request)
            reply = await run_in_threadpool(calls.call, name, values)
            return responses.JSONResponse(reply)
        case False, "events":
            stream = _stream(calls, is_over)
            return responses.StreamingResponse(stream, media_type="text/event-stream")
        case False, "video", index if re.fullmatch("[0-9]{1,6}", index):
            path = calls.video(int(index))
            wanted = request.headers.get("range", "bytes=0-")
            one_range = "bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})"
            if not re.fullmatch(one_range, wanted):
                raise Refusal(416, "This is no single range of bytes.")
            if path is not None and is_inside(path, path.parent):  # checks new links
                kind = VIDEOS[path.suffix.lower()]
                return responses.FileResponse(path.resolve(), media_type=kind)
        case False, name if (file := name or "review.html") in FILES:
            kind = KINDS[Path(file).suffix]
            return responses.Response(page_file(FILES[file], file), media_type=kind)
    raise Refusal(404, "There is nothing here.")


async def read_body(request):
    """Read the arguments of a call from the body of a request."""
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if content_type.strip().lower() != "application/json":
        raise Refusal(415, "The body is no application/json.")
    too_long = Refusal(413, f"The body is longer than {MOST_BYTES} bytes.")
    if int(request.headers.get("content-length", 0)) > MOST_BYTES:
        raise too_long
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise too_long
    try:
        arguments = json.loads(body, parse_constant=int)  # which refuses NaN
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is no JSON.") from None
    if not isinstance(arguments, dict):
        raise Refusal(400, "The body is no object.")
    return arguments


async def _stream(calls, is_over):
    """Yield events for a page as text, until the page or the server closes."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    def put(event):
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(queue.put_nowait, event)

    unsubscribe = calls.subscribe(put)
    try:
        while queue.qsize() < 1000:  # beyond, a page must reload its state
            try:
                event = await asyncio.wait_for(queue.get(), 0.5)  # seconds
                yield f"data: {json.dumps(event)}\n\n"
            except TimeoutError:
                if is_over():
                    return
                yield ": waiting\n\n"  # detects closed pages
    finally:
        unsubscribe()


def make_review(model, recordings, out, labels, videos, tell):
    """Make a `Review`, with a first fit if necessary; report progress."""
    # lazy, as these are slow to import; the page is already there
    from skl_tot.app.review import history
    from skl_tot.app.review.session import Review
    from skl_tot.app.review.teaching import is_learner
    from skl_tot.methods.pipelines import last_step
    from skl_tot.recordings.layouts import as_recordings

    files = videos and find_videos(videos, as_recordings(recordings).names)
    if not (is_learner(model) or hasattr(last_step(model), "actions_")):
        if about := out and history.beginning_of(out):
            settings = {"settings": history.settings_of(model)}
            history.check_beginning(about, settings, one_line(out))
            model = None
            text = f"{one_line(out)} has a review, which goes on with its model."
            print(text, flush=True)
        else:
            from skl_tot.progress import watched

            tell("fitting")
            with watched(partial(tell, "fitting")):
                model.fit(recordings, *([labels] if last_step(model).is_taught else []))
    return Review(model, recordings, out, labels=labels, video_files=files)


def find_videos(folder, names):
    """File of each recording, or None, in a folder without links out of it."""
    files, where = {}, one_line(folder)
    for path in sorted(Path(folder).iterdir()):
        is_video = path.suffix.lower() in VIDEOS and not path.name.startswith(".")
        if not is_video or path.stem not in names:
            continue
        if path.stem in files:
            called = f"several videos called {short_repr(path.stem)}"
            raise ValueError(f"{where} has {called}, expected one.")
        if not is_inside(path, folder):
            text = f"{one_line(path)} leads out of {where}, expected a file in it"
            raise ValueError(f"{text}; copy it, or give the folder of the videos.")
        files[path.stem] = path
    if not files:
        expected = f"one such as {one_line(names[0])}.mp4"
        raise ValueError(f"{where} has no video of a recording, expected {expected}.")
    return [files.get(name) for name in names]


def is_inside(path, folder):
    """Whether a path is inside a folder, after following links."""
    path = path.resolve()
    return path.is_file() and Path(folder).resolve() in path.parents


def serve(
    model, recordings, *, out, labels=None, videos=None, port=0, open_browser=True
):
    """Serve a page on this machine to check, correct and teach in a browser.

    Returns after Ctrl-C, when all results are written. The next call with the same
    folder continues the review.

    Parameters
    ----------
    model : estimator
        Segmenter, or pipeline that ends in one, or None, as for `Review`. An unfitted
        one is first fitted to the recordings.
    recordings : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, as for ``model.predict``.
    out : str or path-like
        Folder of the log and the results; created if missing.
    labels : sequence or dict, default=None
        Labels from people, as for `Review`.
    videos : str or path-like, default=None
        Folder of videos with the names of recordings. Links in it must stay inside.
    port : int, default=0
        Port of the server; 0 takes a free one.
    open_browser : bool, default=True
        Whether to open the page. Its address is printed.

    Raises
    ------
    ImportError, OSError, TypeError, ValueError
        If the extra ``review`` is missing, the folder has another review, the port is
        taken, or no video has the name of a recording.

    Warns
    -----
    UserWarning
        If recordings have faults that `list_faults` lists.

    Examples
    --------
    >>> from skl_tot.app.review import serve
    >>> serve(model, recordings, out="checked")  # doctest: +SKIP
    The page is open until Ctrl-C:
    http://127.0.0.1:40123/y2Kk2LJw2Qd3Zw2Bl3TsyFjz/
    """

    def make(tell):
        from skl_tot.recordings.faults import warn_of_faults  # lazy, as `make_review`

        warn_of_faults(recordings)
        return make_review(model, recordings, out, labels, videos, tell)

    run(Calls(make), port, open_browser)


def run(calls, port, open_browser):
    """Serve `Calls` until Ctrl-C, SIGTERM, or an error at the start; then save."""
    import_extra("starlette")
    uvicorn = import_extra("uvicorn")
    token = secrets.token_urlsafe(24)
    with listen(port) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        application = make_application(calls, host, token, lambda: server.should_exit)
        server = uvicorn.Server(uvicorn.Config(application, **SETTINGS))
        address = f"http://{host}/{token}/"
        print(f"The page is open until Ctrl-C:\n{address}", flush=True)
        calls.start(on_failure=partial(setattr, server, "should_exit", True))
        try:
            opening = opened(address) if open_browser else contextlib.nullcontext()
            with contextlib.suppress(KeyboardInterrupt), opening:
                server.run(sockets=[listening])
        finally:
            calls.close()
    if calls.failure is not None:
        raise calls.failure


@contextlib.contextmanager
def opened(address):
    """Open a page in the browser, by a file that only this user can read."""
    # All users see the command line of a browser, so it has no token. Browsers
    # in a sandbox cannot read the folder of temporary files, or hidden ones.
    here = os.getcwd()
    folder = here if os.access(here, os.W_OK) else None
    number, name = tempfile.mkstemp(".html", "skl-tot-review-", folder)
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(
                '<!doctype html><meta charset="utf-8"><title>Review</title>'
                f'<meta http-equiv="refresh" content="0; url={address}">'
                f'<a href="{address}">To the review</a>'
            )
        opening = threading.Thread(target=webbrowser.open, args=[Path(name).as_uri()])
        opening.daemon = True  # it may wait for the browser
        opening.start()
        yield
    finally:
        Path(name).unlink(missing_ok=True)


def listen(port):
    """Socket that listens on this machine only, on a free port for 0."""
    if not (is_int(port) and 0 <= port < 2**16):
        refuse("port", port, "0 to 65535")
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        text = f"port is {port}, which is not available ({error.strerror})"
    raise OSError(f"{text}; expected another one, or 0 for a free one.")
