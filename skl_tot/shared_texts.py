"""Texts of parameters that the docstrings of several estimators or functions share."""

import re
import textwrap

#: Entry of a parameter or attribute by its name, as numpydoc has it.
TEXTS = {
    "device": """
        device : str, default="auto"
            Device of torch: "auto" (CUDA if there is one, else the CPU), "cpu", "cuda",
            "cuda:1", …
        """,
    "random_state": """
        random_state : int, RandomState instance or None, default=None
            Seed of all that is drawn at random.
        """,
    "verbose": """
        verbose : int, default=0
            Whether to show a progress bar with the loss.
        """,
}
_LINE = re.compile(r"^( *)\{shared: ([\w, ]+)\}$", flags=re.MULTILINE)


def with_shared_texts(described):
    """Put shared texts in place of lines such as ``{shared: a, b}``; a decorator.

    >>> @with_shared_texts
    ... def draw(random_state):
    ...     '''Draw.
    ...
    ...     {shared: random_state}
    ...     '''
    >>> "Seed of all" in draw.__doc__
    True
    """
    if described.__doc__ is not None:  # as with python -OO
        described.__doc__ = _LINE.sub(_entries, described.__doc__)
    return described


def _entries(line):
    """Entries of the names in a line, indented as it is."""
    indent, names = line.groups()
    texts = (textwrap.dedent(TEXTS[name]).strip() for name in names.split(", "))
    return textwrap.indent("\n".join(texts), indent)
