import importlib
import itertools
from pathlib import Path

import numpy as np
import pytest

from skl_tot.datasets import make_activities

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def review(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)  # it finds its neighbours as when it is run
    return importlib.import_module("review")


def cells(page, title):
    """Cells of the rows of a table, by checked recordings and order."""
    _, _, table = page.partition(f"\n{title}\n\n")
    lines = table.partition("\n\n")[0].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {(int(row[0]), row[1]): row[2:] for row in rows}


def test_a_person_who_checks_all_has_little_to_do(
    review, monkeypatch, capsys, tmp_path
):
    videos, labels = make_activities(8, 3, n_features=4, mean_length=30, random_state=0)
    words = np.array(["take", "pour", "fill"])
    found = videos, [words[y] for y in labels], 3
    monkeypatch.setattr(review, "load", lambda path: found)
    options = ["--data", "any", "--method", "mallow", "--sets", "one", "other"]
    options += ["--seeds", "1", "--draws", "2", "--fits", str(tmp_path / "fits")]
    monkeypatch.setattr("sys.argv", ["review.py", *options])
    review.main()
    page = capsys.readouterr().out
    assert len(list((tmp_path / "fits").iterdir())) == 2
    review.main()
    assert capsys.readouterr().out == page
    table = cells(page, "mean of 2")
    assert list(table) == list(itertools.product((2, 5, 10), ("suggested", "random")))
    for row in table.values():
        assert float(row[2].split()[0]) > 90  # MoF
    # of 8 recordings 4 are checked at most
    for order in ("suggested", "random"):
        assert table[5, order] == table[10, order]
        edits = [float(table[n, order][0].split()[0]) for n in (2, 5)]
        assert 3 <= edits[0] <= edits[1] <= 3 + 4 * 3  # three names, few boundaries


@pytest.mark.parametrize(
    ("predicted", "left", "n"),
    [
        ("aaaabbbb", "aaaabbbb", 0),
        ("aaaabbbb", "aaaaabbb", 0),  # near enough
        ("aaaabbbb", "aaaaaabb", 1),  # dragged
        ("aaaabbbb", "aaaacccc", 1),
        ("aaaabbbb", "bbbbaaaa", 2),
        ("aaaabbbb", "aaaaaaaa", 1),  # joined
        ("aabbbbaa", "aaaaaaaa", 1),
        ("aaaaaaaa", "aaaabbbb", 2),  # cut and named
        ("aaaaaaaa", "aabbbbaa", 3),
        ("aaabbccc", "aaaaaccc", 1),
        ("aaabbccc", "aaaaaaac", 2),
    ],
)
def test_edits_are_counted(review, predicted, left, n):
    both = [review.segments(np.array(list(text))) for text in (predicted, left)]
    assert review.count_edits(*both) == n
