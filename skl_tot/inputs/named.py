"""Moves to `skl_tot.recordings`."""

from skl_tot.recordings import matching
from skl_tot.recordings.layouts import Layout as Named
from skl_tot.recordings.layouts import distinct, has_names, is_table, plain_name
from skl_tot.recordings.matching import as_sequence, by_name, match_names, pair_by_name


class OfForm:
    """What `arrange` asks of recordings."""

    def __init__(self, form):
        self.is_named = isinstance(form, Named)
        self.layout = form if self.is_named else Named(form)

    def __len__(self):
        return len(self.layout.names)


def arrange(y, form, what="y"):
    """Give what is known of recordings the order of the names of X."""
    return matching.arrange(y, OfForm(form), what)


def arrange_each(values, form, what):
    """Arrange one value of each recording."""
    return matching.arrange_each(values, OfForm(form), what)


__all__ = [
    "Named",
    "arrange",
    "arrange_each",
    "as_sequence",
    "by_name",
    "distinct",
    "has_names",
    "is_table",
    "match_names",
    "pair_by_name",
    "plain_name",
]
