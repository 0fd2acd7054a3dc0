"""What editors show of the installed package: they read sources, and run nothing."""

import importlib
import inspect
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

jedi = pytest.importorskip("jedi")
pytest.importorskip("hatchling")

ROOT = Path(__file__).parents[1]
ROOMS = ["baselines", "corrections", "datasets", "decoding", "display", "io"]
ROOMS += ["metrics", "preprocessing", "recordings", "statistics"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Folder of an installed package."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


CODE = """
import skl_tot.metrics
skl_tot.TemporalOTSegmenter(3).fit(X).pseudo_labels
skl_tot.TemporalOTSegmenter(3).fit(X).predict(X).argmax
skl_tot.SemiSupervisedSegmenter().fit(X, y).unlabelled_actions_
skl_tot.metrics.mof_score(y, y).is_integer
skl_tot.HMMSegmenter().predict
"""


def test_results_complete_and_help_has_the_texts_of_parameters(site):
    assert (site / "skl_tot" / "py.typed").exists()
    project = jedi.Project(site, sys_path=[str(site), *sys.path])
    environment = jedi.InterpreterEnvironment()
    script = jedi.Script(CODE, project=project, environment=environment)
    for number, line in enumerate(CODE.splitlines()[2:], start=3):
        found = {one.name for one in script.complete(number, len(line))}
        assert line.rpartition(".")[2] in found, line
    (found,) = script.help(number, len(line))
    assert "X : array-like of shape" in found.docstring()


@pytest.mark.parametrize("room", ROOMS)
def test_public_functions_and_methods_say_what_they_return(room):
    module = importlib.import_module(f"skl_tot.{room}")
    for value in [getattr(module, name) for name in getattr(module, "__all__", ())]:
        functions = [value]
        if inspect.isclass(value):
            names = ["fit", "fit_predict", "predict", "predict_proba", "score"]
            names += ["transform", "partial_fit", "plot", "from_predictions"]
            functions = [getattr(value, name, None) for name in names]
        for function in filter(inspect.isroutine, functions):
            function = inspect.unwrap(function)
            if function.__module__.startswith("skl_tot"):
                assert "return" in function.__annotations__, function
