"""Rows of the suite: methods with settings, and how the command line writes them."""

import ast
from dataclasses import dataclass, field

from _methods import NAMES, parameters


@dataclass(frozen=True)
class Row:
    """A method with the parameters that differ from the defaults.

    ``order="told"`` is the known order of a set. With ``windows`` a method gets
    statistics of windows instead of frames.
    """

    method: str
    settings: dict = field(default_factory=dict)
    windows: bool = False

    @property
    def text(self):
        """The row in the form of the command line."""
        pairs = [f"{name}={_text(value)}" for name, value in self.settings.items()]
        text = ":".join(filter(None, [self.method, ",".join(pairs)]))
        return WINDOWS + text if self.windows else text

    @property
    def title(self):
        """Name in tables: that in ``ROWS``, or else the text."""
        for title, row in ROWS.items():
            if row == self:
                return title
        return self.text


WINDOWS = "windows+"  # before a method on the command line
FRAMEWISE = {"decoding": "framewise"}
FREE = {"decoding": "free", "switch_cost": 0.5}
ROWS = {
    "TOT": Row("tot"),
    "TOT, strict": Row("tot", {"order": "strict"}),
    "TOT, windows": Row("tot", windows=True),
    "TOT, as published": Row("paper"),
    "TOT, two parts": Row("paper", {"n_parts": 2}),
    "TOT, two parts, free": Row("paper", {"n_parts": 2, **FREE}),
    "TOT, structured transport": Row("paper", {"transport": "structured"}),
    "TOT+TCL": Row("paper", {"alpha": 1.0}),
    "OT": Row("paper", {"prior": None}),
    "CTE": Row("cte"),
    "VTE": Row("vte"),
    "UDE": Row("ude"),
    "ASOT": Row("asot"),
    "ASOT, free": Row("asot", FREE),
    "ASOT, two parts": Row("asot", {"n_parts": 2}),
    "ASAL": Row("asal"),
    "Mallow": Row("mallow"),
    "Frank-Wolfe": Row("frank-wolfe"),
    "HMM": Row("hmm"),
    "HMM, free, windows": Row("hmm", {"order": "free"}, windows=True),
    "Auto": Row("auto"),
    "Auto, told": Row("auto", {"order": "told"}),
    "equal split": Row("equal"),
    "k-means": Row("k_means", FRAMEWISE),
    "k-means, free": Row("k_means"),
    "left-right HMM": Row("left-right-hmm"),
    "k-means, free, windows": Row("k_means", windows=True),
    "left-right HMM, windows": Row("left-right-hmm", windows=True),
}
# The simplest answers, and the vote for a known order.
SIMPLE = [
    "equal split",
    "k-means, free",
    "left-right HMM",
    "k-means, free, windows",
    "left-right HMM, windows",
]
TOLD = "Auto, told"
# Rows that a page shows; files have all.
SHOWN = [
    "TOT",
    "TOT, strict",
    "TOT, as published",
    "TOT+TCL",
    "OT",
    "CTE",
    "VTE",
    "UDE",
    "ASOT",
    "ASAL",
    "Mallow",
    "Frank-Wolfe",
    "HMM",
    "Auto",
    TOLD,
    "equal split",
    "k-means, free",
]
# and methods without a row, with their defaults
for name in NAMES:
    if name not in {row.method for row in ROWS.values()}:
        ROWS[name] = Row(name)


def title_of_system(name):
    """Title of the row for a system of `_published`."""
    return {"TOT": "TOT, as published"}.get(name, name)


def parse_row(text):
    """Row of ``METHOD:NAME=VALUE,NAME=VALUE``; a value without quotes may be a text.

    ``windows+`` may precede METHOD. Raises ValueError, of one line, for unknown names.
    """
    method, _, settings = text.removeprefix(WINDOWS).partition(":")
    if method not in NAMES:
        raise ValueError(f"{text}: no method {method!r}, expected one of {NAMES}.")
    try:
        call = ast.parse(f"dict({settings})", mode="eval").body
        own = dict(map(_setting, call.keywords))
        row = Row(method, own, text.startswith(WINDOWS))
    except (SyntaxError, TypeError, ValueError, AttributeError):
        call = None
    if call is None or not isinstance(call, ast.Call) or call.args:
        raise ValueError(f"{text}: expected METHOD:NAME=VALUE,NAME=VALUE.")
    known = sorted(parameters(method) - {"n_actions", "random_state"})
    for name in row.settings:
        if name not in known:
            raise ValueError(f"{text}: no parameter {name!r}, expected one of {known}.")
    return row


def _setting(keyword):
    """Name and value of a keyword of a call."""
    if keyword.arg is None:
        raise ValueError("** names no parameter")
    if isinstance(keyword.value, ast.Name):
        return keyword.arg, keyword.value.id
    value = ast.literal_eval(keyword.value)
    hash(value)  # a list or dict is no value of a row
    return keyword.arg, value


def _text(value):
    """Value as `_setting` reads it."""
    if isinstance(value, str) and value.isidentifier():
        return value
    return repr(value)
