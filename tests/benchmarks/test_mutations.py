import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def changes(monkeypatch):
    """All changes; the script finds its neighbours as when it is run."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    module = importlib.import_module("_changes")
    return module.ONCE_UNNOTICED + module.CHANGES


def test_what_is_changed_is_there_once(changes):
    for file, before, after in changes:
        text = (ROOT / "skl_tot" / file).read_text(encoding="utf-8")
        assert text.count(before) == 1, (file, before)
        compile(text.replace(before, after), file, "exec")
        assert before != after


def test_there_are_tests_for_each_room(changes):
    tests_of = importlib.import_module("mutations").tests_of
    for file, _, _ in changes:
        for test in tests_of(file):
            assert (ROOT / test).exists()
