"""The server of the page, on this machine alone: addresses, refusals, videos.

All requests need the address, which has a new token at each start. Host and origin of a
request must be those of the server, so that pages of other origins cannot send any.
Errors never repeat input.
"""

import asyncio
import contextlib
import json
import re
import secrets
import socket
import threading
import webbrowser
from functools import partial
from numbers import Integral

from skl_tot.app.review.calls import Calls
from skl_tot.app.review.opening import MODULES, STYLES, VIDEOS, is_inside, make_review
from skl_tot.app.web.rows import page_file
from skl_tot.extras import import_extra
from skl_tot.recordings import short_repr

MOST_BYTES = 64 * 1024  # of the body of a request
MOST_EVENTS = 1000  # waiting for a page; beyond, it must reload its state
PATIENCE = 0.5  # seconds between checks of a silent stream for the server's end
SETTINGS = {  # of uvicorn
    "access_log": False,
    "http": "h11",
    "lifespan": "off",
    "log_level": "critical",
    "proxy_headers": False,
    "server_header": False,
    "timeout_graceful_shutdown": 2,  # seconds for running calls
    "ws": "none",
}
POLICY = """default-src 'none'; script-src 'self'; style-src 'self';
img-src 'self' data:; media-src 'self'; connect-src 'self'; base-uri 'none';
form-action 'none'; frame-ancestors 'none'"""
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": POLICY.replace("\n", " "),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
RANGE = re.compile(r"bytes=([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})")
TYPES = {"css": "text/css", "html": "text/html", "js": "text/javascript"}
# Files of the page by requested name, and their rooms.
FILES = {"": ["review", "review.html"], "start.js": ["review", "start.js"]}
FILES |= {name.split("/")[1]: name.split("/") for name in (*MODULES, *STYLES)}


class Refusal(Exception):
    """A request that is answered with a status and a sentence only."""


def make_application(calls, host, token, is_over):
    """Make the ASGI application of `Calls`; streams end when ``is_over()`` is true."""
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse

    async def application(scope, receive, send):
        async def send_safely(message):
            if message["type"] == "http.response.start":
                own = [(key.encode(), value.encode()) for key, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        request = Request(scope, receive)
        try:
            check_origin(request, host, token)
            response = await answer(request, calls, is_over)
        except Refusal as refusal:
            status, text = refusal.args
            response = PlainTextResponse(text, status)
        await response(scope, receive, send_safely)

    return application


def check_origin(request, host, token):
    """Refuse a request with another host, origin, token or method."""
    headers, method = request.headers, request.method
    if headers.getlist("host") != [host]:
        raise Refusal(403, "This is another host.")
    given = request.scope["path"].split("/")[1:2] or [""]
    if not secrets.compare_digest(given[0].encode(), token.encode()):
        raise Refusal(404, "There is nothing here.")
    origins = headers.getlist("origin")
    is_read = method in ("GET", "HEAD") and not origins
    if not is_read and origins != [f"http://{host}"]:
        raise Refusal(403, "This is another origin.")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
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
            if not RANGE.fullmatch(request.headers.get("range", "bytes=0-")):
                raise Refusal(416, "This is no single range of bytes.")
            if path is not None and is_inside(path, path.parent):  # checks new links
                kind = VIDEOS[path.suffix.lower()]
                return responses.FileResponse(path.resolve(), media_type=kind)
        case False, name if name in FILES:
            room, file = FILES[name]
            kind = TYPES[file.partition(".")[2]]
            return responses.Response(page_file(room, file), media_type=kind)
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
        arguments = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Refusal(400, "The body is no JSON.") from None
    if not isinstance(arguments, dict):
        raise Refusal(400, "The body is no object.")
    return arguments


def _refuse_constant(name):
    raise ValueError(f"{name} is no JSON.")


async def _stream(calls, is_over):
    """Yield events for a page as text, until the page or the server closes."""
    loop, queue = asyncio.get_running_loop(), asyncio.Queue()

    def put(event):
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(queue.put_nowait, event)

    unsubscribe = calls.subscribe(put)
    try:
        while queue.qsize() < MOST_EVENTS:
            try:
                event = await asyncio.wait_for(queue.get(), PATIENCE)
                yield f"data: {json.dumps(event)}\n\n"
            except TimeoutError:
                if is_over():
                    return
                yield ": waiting\n\n"  # detects closed pages
    finally:
        unsubscribe()


def serve(
    model, recordings, *, out, labels=None, videos=None, port=0, open_browser=True
):
    """Serve a page on this machine to check, correct and teach in a browser.

    Returns after Ctrl-C, when all results are written. The next call with the same
    folder continues the review.

    Parameters
    ----------
    model : estimator
        Segmenter, or pipeline that ends in one, as for `Review`. An unfitted one is
        first fitted to the recordings.
    recordings : array-like of shape (n_frames, n_features), or sequence of these
        One recording or many, as for ``model.predict``.
    out : str or path-like
        Folder of the log and the results; created if missing.
    labels : sequence or dict, default=None
        Labels of people, as for `Review`.
    videos : str or path-like, default=None
        Folder of videos with the names of recordings, such as ``take_1.mp4``. Links in
        it must stay inside.
    port : int, default=0
        Port of the server; 0 takes a free one.
    open_browser : bool, default=True
        Whether to open the page. Its address is printed.

    Raises
    ------
    ImportError
        If starlette or uvicorn is not installed; the extra ``review`` has both.
    OSError
        If the folder cannot be written, or the port is taken.
    TypeError, ValueError
        If the model, recordings or labels are not valid, the folder has another review,
        or no video has the name of a recording.

    See Also
    --------
    Review : The same from Python, without a page.
    ReviewWidget : The page in a notebook.

    Examples
    --------
    >>> from skl_tot.app.review import serve
    >>> serve(model, recordings, out="checked")  # doctest: +SKIP
    The page is at http://127.0.0.1:40123/y2Kk2LJw2Qd3Zw2Bl3TsyFjz/, until Ctrl-C.
    """
    make = partial(make_review, model, recordings, out, labels, videos)
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

        def end():
            server.should_exit = True

        address = f"http://{host}/{token}/"
        print(f"The page is at {address}, until Ctrl-C.", flush=True)
        calls.start(on_failure=end)
        if open_browser:
            opening = threading.Thread(target=webbrowser.open, args=[address])
            opening.daemon = True  # it may wait for the browser
            opening.start()
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run(sockets=[listening])
        finally:
            calls.close()
    if calls.failure is not None:
        raise calls.failure


def listen(port):
    """Socket that listens on this machine only, on a free port for 0."""
    if not (isinstance(port, Integral) and 0 <= port < 2**16):
        raise ValueError(f"port is {short_repr(port)}, expected 0 to 65535.")
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise OSError(
            f"port is {port}, which is not available ({error.strerror}); expected "
            "another one, or 0 for a free one."
        ) from None
