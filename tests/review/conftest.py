import importlib.util
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def kills():
    """Script that kills processes, and what it compares states by."""
    path = Path(__file__).with_name("kills.py")
    spec = importlib.util.spec_from_file_location("kills", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def plain(kills):
    """Content of a state, which can be compared."""
    return kills.plain
