"""The code of the pages runs, with short fits."""

import doctest
import re
import sys
import types
import warnings
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot import HMMSegmenter, TemporalOTSegmenter
from skl_tot.datasets import make_activities
from skl_tot.io import FORMATS
from skl_tot.methods.collapses import FitWarning

ROOT = Path(skl_tot.__file__).resolve().parents[1]
DOCS = ROOT / "docs"
# test_commands.py and test_coming_from.py run three pages, with files of people
PAGES = [
    *(ROOT / "README.md", ROOT / "CONTRIBUTING.md"),
    *(path for path in sorted(DOCS.glob("*.md"))
      if path.name not in ("start.md", "files.md", "coming_from.md")),
    *sorted((DOCS / "guide").glob("*.md")),
]  # fmt: skip
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def blocks(path, language):
    """Code between fences, and its line."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.S | re.M):
        yield match[1], text[: match.start(1)].count("\n") + 1


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What plain blocks may use; fits are short, and files are in a folder of ours."""
    defaults = TemporalOTSegmenter.__init__.__kwdefaults__
    for name, value in {"max_iter": 100, "n_networks": 1}.items():
        monkeypatch.setitem(defaults, name, value)
    for module in ("app.review.teaching", "corrections.semi_supervised"):
        where = f"skl_tot.{module}.default_estimators"
        monkeypatch.setattr(where, lambda *_, **__: [HMMSegmenter(3)])
    videos, labels = make_activities(6, 6, mean_length=40, random_state=0)
    for folder in ("path/to/breakfast", "folder"):
        features = tmp_path / folder / "features"
        features.mkdir(parents=True)
        for i, video in enumerate(videos):
            np.save(features / f"P{i:02}_coffee.npy", video)
    monkeypatch.chdir(tmp_path)
    page = types.ModuleType("page")  # whose classes a file of a model can name
    monkeypatch.setitem(sys.modules, "page", page)
    vars(page).update(videos=videos, labels=labels, stream=[videos[:2], videos[2:4]])
    before = dict(FORMATS)
    yield vars(page)
    FORMATS.clear()
    FORMATS.update(before)


def run_doctest(code, names, path, line):
    test = doctest.DocTestParser().get_doctest(code, {}, path.name, str(path), line)
    test.globs = names  # the names of a page go on from block to block
    failures = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, out=failures.append, clear_globs=False)
    assert not failures, "".join(failures)


def run_plain(code, names, path, line):
    compiled = compile("\n" * line + code, str(path), "exec")
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)  # of fits so short, by chance
        patch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 9)
        exec(compiled, names)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_python_blocks_run(path, names, request):
    if path.name == "signals.md":
        request.getfixturevalue("pose_files")
    for code, line in blocks(path, "python"):
        run = run_doctest if ">>>" in code else run_plain
        run(code, names, path, line)
