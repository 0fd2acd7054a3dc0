"""The notebook of an example is the script, which the build of the pages runs."""

import contextlib
import io
import shutil
from pathlib import Path

import pytest

import skl_tot

SCRIPT = Path(skl_tot.__file__).parents[1] / "examples" / "raw_signals_to_groups.py"


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_notebook_is_that_of_the_script(tmp_path):
    converter = pytest.importorskip("sphinx_gallery.notebook")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("seglearn")
    shutil.copy(SCRIPT, tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        converter.python_to_jupyter_cli([str(tmp_path / SCRIPT.name)])
    made = nbformat.read(tmp_path / f"{SCRIPT.stem}.ipynb", 4)
    kept = nbformat.read(SCRIPT.with_suffix(".ipynb"), 4)
    command = f"sphinx_gallery_py2jupyter examples/{SCRIPT.name}"
    assert cells(kept) == cells(made), f"write it anew: {command}"
    code = [cell for cell in kept.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code)
