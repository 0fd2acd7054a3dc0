"""The notebook of an example: made of the script, and it runs."""

import contextlib
import io
import re
import shutil
from pathlib import Path

import pytest

import skl_tot

SCRIPT = Path(skl_tot.__file__).parents[1] / "examples" / "raw_signals_to_groups.py"


def cells(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def test_notebook_is_that_of_the_script_and_runs(tmp_path):
    converter = pytest.importorskip("sphinx_gallery.notebook")
    nbclient = pytest.importorskip("nbclient")
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
    nbclient.NotebookClient(kept, timeout=300, kernel_name="python3").execute()
    printed = "".join(
        output.text
        for cell in code
        for output in cell.outputs
        if output.output_type == "stream"
    )
    (right,) = re.findall(r"(\d+)% of the frames of the other 14 sessions", printed)
    assert int(right) > 85
    assert "report.html" in printed
