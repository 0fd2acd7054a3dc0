"""Calls of pages, `ACTIONS` and answers of a review, and events, as plain data."""

import contextlib
import queue
import threading
import time
from functools import partial
from typing import Any

import numpy as np

from skl_tot.recordings.errors import is_number, one_line, refuse

# Arguments of actions, with their kinds, see `read_arguments`.
AT_FRAME = {"recording": "recording", "time": "frame"}
SPAN = {"recording": "recording", "start": "edge", "end": "edge"}
ACTIONS = {
    "rename": {"action": "text", "name": "text"},
    "relabel": AT_FRAME | {"action": "text"},
    "merge": {"action": "text", "into": "text"},
    "keep_apart": {"action": "text", "other": "text"},
    "split": {"action": "text"},
    "assign": AT_FRAME | {"to": "after", "action": "text"},
    "move": {"recording": "recording", "time": "start", "to": "start"},
    "cut": {"recording": "recording", "time": "start"},
    "check": SPAN | {"checked": "flag"},
    "keep": {"recording": "text"},
    "take_back": {"recording": "text"},
    "undo": {},
    "redo": {},
    "learn": {},
    "take_proposal": {"recording": "recording"},
    "export": {"format": "text"},
}
# Arguments of questions, which a `View` answers.
TIME_SPAN = {"recording": "recording", "from": "time", "to": "time"}
QUESTIONS = {
    "examples": {"action": "text"},
    "alike": {},
    "signals": TIME_SPAN | {"n": "number", "features": "list"},
}
# Slow actions, and the name of their work.
SLOW = {"split": "splitting", "learn": "learning", "export": "exporting"}
SLOW |= {"take_proposal": "choosing"}
# For a time: the frame at it, before a break; the one after; the frame with the nearest
# start; the number of frames before it; itself.
TIMES = {
    "edge": lambda time, clock: int((clock.starts + clock.ends < 2 * time).sum()),
    "frame": lambda time, clock: int(np.searchsorted(clock.starts, time, "right")) - 1,
    "after": lambda time, clock: int(np.searchsorted(clock.starts, time, "right")),
    "start": lambda time, clock: int(np.abs(clock.starts - time).argmin()),
    "time": lambda time, clock: time,
}
# Answers on faults of files: fill and cut out, only fill, nothing.
MENDING = ("cut", "fill", "leave")
# Characters that change the direction of text, which could disguise a name.
TURNING = {0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)}


class Ended(Exception):
    """Slow work was cancelled, as the pages or the review are closed."""


def read_arguments(kinds, values, view):
    """Return arguments in order, with frames for times; `Review` checks the rest."""
    if values.keys() != kinds.keys():
        raise ValueError(f"expected the arguments {', '.join(kinds) or 'none'}.")
    arguments: list[object] = []
    clock: Any = None
    for name, kind in kinds.items():
        value = values[name]
        if kind == "recording":
            value = view.find(value)
            clock = view.clock(value)
        elif kind in TIMES and (kind, value) != ("edge", None):  # the end
            if not is_number(value) or not 0 <= value <= clock.ends[-1]:
                refuse(name, value, "a time within the recording")
            value = TIMES[kind](value, clock)
        elif isinstance(value, str) and (
            len(value) > 200 or TURNING & {*map(ord, value)}
        ):
            refuse(name, value, "a name in one line, of up to 200 letters")
        arguments.append(value)
    return arguments


class Calls:
    """Calls from pages to a review, and events to pages."""

    # ``make`` makes the `Review`. Its argument is a callback for progress: the name of
    # the work, the steps done, and their total, 0 if unknown. Slow actions run one at a
    # time; they reply at once, and send an event when they are done.

    def __init__(self, make, title="Review"):
        self.review = self.failure = None
        self.version, self.phase = 0, ""
        self._make, self._title = make, title
        self._lock, self._listeners = threading.RLock(), []
        self._view = self._state = self._worker = self._timer = None
        self._is_over, self._last_told, self._new = False, 0.0, set()
        self._faults, self._answer = None, queue.SimpleQueue()

    # Calls from pages

    def call(self, name, arguments):
        """Execute one of `ACTIONS`, `QUESTIONS` or "open"; reply with the changes."""
        # a reply may be an error, of an outdated page, which has to reload
        try:
            values = dict(arguments)
            client, version = values.pop("client", None), values.pop("version", None)
            if name == "open":
                return self._open()
            if name == "mend" and self._faults and values["how"] in MENDING:
                self._answer.put(values["how"])
                return {}
            if name not in QUESTIONS and name not in ACTIONS:
                raise ValueError("there is no such call.")
            if self._view is None:
                raise ValueError(f"there is no recording yet, still {self.phase}.")
            if name in QUESTIONS:
                arguments = read_arguments(QUESTIONS[name], values, self._view)
                return getattr(self._view, name)(*arguments)
            with self._lock:
                if self.phase:
                    raise ValueError(f"the review is still {self.phase}, wait.")
                if version != self.version:
                    text = "this has changed elsewhere, look again."
                    return {"error": text, "outdated": True}
                arguments = read_arguments(ACTIONS[name], values, self._view)
                return self._act(name, arguments, client)
        except Exception as error:
            return {"error": one_line(error)}

    def _open(self):
        with self._lock:
            state = {"ready": False, "phase": self.phase, "version": self.version}
            state |= {"title": self._title, "pages": len(self._listeners)}
            state["faults"] = self._faults
            return state | (self._view.everything() if self._view else {})

    def _act(self, name, arguments, client):
        """Execute one of `ACTIONS`; return the changes, or only the version if slow."""
        function = partial(getattr(self.review, name), *arguments)
        if name not in SLOW:
            return self._commit(function(), client)

        def work():
            said = function() if name == "export" else function(progress=self._tell)
            if self.review.state is self._state:
                self._publish("said", client, said=said)
                return
            self._view.rank()
            with self._lock:
                self._commit(said, client)

        self._begin(work, SLOW[name], client)
        return {"version": self.version}

    def _commit(self, said, client):
        before, self._state = self._state, self.review.state
        if self._state is not before:
            self.version += 1
            self._save_later()
        reply = {"version": self.version, "said": said, **self._view.changes(before)}
        self._publish("delta", client, **reply)
        return reply

    # Events to pages

    def subscribe(self, callback):
        """Send events, dicts, to a callback; return a function that ends this."""

        def change(add_or_remove):
            add_or_remove(callback)
            # events between the state that a page has and its first event are lost
            now = {"version": self.version, "fits": self._count_fits()}
            self._publish("pages", n=len(self._listeners), **now)

        change(self._listeners.append)
        return partial(change, self._listeners.remove)

    def _publish(self, kind, client=None, **values):
        for callback in list(self._listeners):
            callback({"type": kind, "by": client, **values})

    def _tell(self, phase, done=0, total=0):
        """Tell pages of progress, at most each 0.2 s, with rows that are new."""
        if self._is_over:
            raise Ended
        is_new, self.phase, now = self.phase != phase, phase, time.monotonic()
        if phase == "reading" and done:
            self._new.add(done - 1)
        if phase == "reading" and is_new:  # names are known now
            self._publish("open")
        elif 1 < done < total and now < self._last_told + 0.2:
            return
        rows = {i: self._view.row(i) for i in self._new}
        self._last_told, self._new = now, set()
        self._publish("progress", phase=phase, done=done, total=total, rows=rows)

    def _count_fits(self):
        fits = self.review and self.review.clusterings
        return fits and fits.counts

    def _tell_fits(self, error):
        self._publish("fits", fits=self._count_fits())
        if error is not None:
            self._publish("error", error=f"A fit without labels: {one_line(error)}")

    # Background work

    def ask(self, faults):
        """Show lines on faults of files until a page answers how to mend them."""
        self._faults, self.phase = faults, "checking"
        self._publish("open")
        answer, self._faults = self._answer.get(), None
        self._publish("open")
        if answer is None:
            raise Ended
        return answer

    def start(self, on_failure=None):
        """Make the review and read the recordings; an error becomes ``failure``."""

        def begin():
            from skl_tot.app.review.view import View  # lazy, as it is slow to import

            self.review = self._make(self._tell)
            self._view = View(self.review)
            self._tell("reading", 0, len(self._view.names))
            self.review.open(self._tell)
            self._view.rank()
            self._view.everything()  # so that pages need not wait
            with self._lock:
                self.version, self._state = self.version + 1, self.review.state
            self._publish("open")
            if self.review.clusterings is not None:
                self.review.clusterings.start(self._tell_fits)

        def fail(error):
            self.failure = error
            if on_failure is not None:
                on_failure()

        self._begin(begin, "loading", on_failure=fail)

    def _begin(self, function, phase, client=None, on_failure=id):
        """Run a function in a thread, and tell pages of its end or error."""

        def work():
            try:
                function()
            except Ended:
                return
            except Exception as error:
                on_failure(error)
                self._publish("error", client, error=one_line(error))
            self.phase = ""
            self._publish("progress", phase="", done=1, total=1, rows={})

        self.phase = phase
        self._worker = threading.Thread(target=work, daemon=True)
        self._worker.start()

    def wait(self):
        """Wait for the end of slow work."""
        if self._worker is not None:
            self._worker.join()

    def _save_later(self):
        """Write files in three seconds, so that many changes are written once."""
        if self._timer is None and self.review.out is not None:
            self._timer = threading.Timer(3, self._save)
            self._timer.daemon = True
            self._timer.start()

    def _save(self):
        self._timer = None
        try:
            self.review.save()
        except Exception as error:  # such as a full disk
            self._publish("error", error=one_line(error))

    def video(self, index):
        """Path of the video of a recording, or None."""
        files = None if self.review is None else self.review.video_files
        return files[index] if files is not None and index < len(files) else None

    def close(self):
        """Cancel running work, and write unsaved changes."""
        was_over, self._is_over = self._is_over, True
        self._answer.put(None)
        if self._worker is not None:
            # seconds, for work to stop; files are written to the end
            self._worker.join(None if self.phase == SLOW["export"] else 3)
        if self._timer is not None:
            self._timer.cancel()
        if self.review is not None and not was_over:
            with contextlib.closing(self.review) as review:
                if review.ready and review.out is not None:
                    review.save()
