"""The page of a review in a notebook."""

from functools import partial

from skl_tot.app.review.calls import Calls
from skl_tot.app.review.server import MODULES, STYLES, make_review
from skl_tot.app.web import joined, page_file
from skl_tot.recordings.errors import import_extra
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
class ReviewWidget:
    """Check recordings, correct them and teach the model in a notebook.

    Put the widget in the last line of a cell. Actions of people change ``review``;
    `update` shows changes by Python code.

    Parameters
    ----------
    {shared: reviewed, recordings, out, told}

    Attributes
    ----------
    widget : anywidget.AnyWidget
        The displayed widget, for layouts of ipywidgets.

    Raises
    ------
    ImportError
        If anywidget is not installed, which the extra ``notebook`` has.

    Examples
    --------
    >>> from skl_tot.baselines import MallowSegmenter
    >>> from skl_tot.datasets import make_activities
    >>> from skl_tot.app.review import ReviewWidget
    >>> videos, _ = make_activities(n_videos=4, n_actions=3, random_state=0)
    >>> page = ReviewWidget(MallowSegmenter(3), videos)
    >>> page.review.rename("action 1", "pour")
    "'action 1' is called 'pour'"
    >>> page.update()
    >>> page.close()
    """

    __module__ = "skl_tot.app.review"

    def __init__(self, model, recordings, *, out=None, labels=None):
        anywidget = import_extra("anywidget")
        style = "".join(page_file(*name.split("/")) for name in STYLES)
        texts = {"_esm": joined(*MODULES, "review/widget.js"), "_css": style}
        self.widget = type("ReviewPage", (anywidget.AnyWidget,), texts)()
        self.widget.on_msg(self._answer)
        self._calls = Calls(partial(make_review, model, recordings, out, labels, None))
        self._calls.subscribe(lambda event: self.widget.send({"event": event}))
        self._calls.start()

    @property
    def review(self):
        """The `Review`, after its recordings are read."""
        self._calls.wait()
        if self._calls.failure is not None:
            raise self._calls.failure
        return self._calls.review

    def _answer(self, _, message, __):
        known = message if isinstance(message, dict) else {}
        reply = self._calls.call(known.get("call"), known.get("values"))
        self.widget.send({"id": known.get("id"), "reply": reply})

    def update(self):
        """Show changes of ``review`` by Python code."""
        self._calls.update()

    def close(self):
        """Write unsaved changes, and release the folder."""
        self._calls.close()
        self.widget.close()

    def _ipython_display_(self):
        import_extra("IPython.display").display(self.widget)
