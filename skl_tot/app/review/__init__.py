"""Review of a model's results: check, correct, and teach the model."""

from pathlib import Path

import lazy_loader

NAME = "review.sqlite3"  # of the log
FILES = "model.skops", "segments.csv"  # which stand for the review of their folder

# Loaded on first use, so that a server answers early.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


def find_review(path):
    """Folder of the review that a path is of, or None; without slow imports."""
    path = Path(path)
    folder = path if path.is_dir() else path.parent
    is_of_one = (folder is path or path.name in FILES) and (folder / NAME).is_file()
    return folder if is_of_one else None
