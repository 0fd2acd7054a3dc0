"""The documentation: its code runs, and it names everything that is public."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import re
import runpy
import shlex
import sys
import tomllib
import types
from pathlib import Path

import numpy as np
import pytest

import skl_tot
from skl_tot import TemporalOTSegmenter
from skl_tot.app.cli.main import make_parser
from skl_tot.datasets import make_activities
from skl_tot.decoding import DECODERS
from skl_tot.io import FORMATS

ROOT = Path(skl_tot.__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GENERATED = {"_build", "_templates", "auto_examples", "generated"}
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(
        path
        for path in sorted(DOCS.rglob("*.md"))
        if path.relative_to(DOCS).parts[0] not in GENERATED
    ),
]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

# Text of blocks that are compiled only, and why.
NOT_RUN = {
    "dask.distributed": "needs a scheduler on another machine",
    "torch.distributed": "is started by torchrun, once for each process",
}


def blocks(path, language):
    """Code between fences, and its line."""
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.S | re.M):
        yield match[1], text[: match.start(1)].count("\n") + 1


def page_name(path):
    return str(path.relative_to(ROOT))


def write_cycles(page):
    """Write what the command ``demo`` writes, and the labels that a page shows."""
    (labels,) = [x for x, _ in blocks(page, "text") if "start_time,end_time\n" in x]
    Path("first.csv").write_text(labels, encoding="utf-8")
    Path("cycles").mkdir()
    videos, _ = make_activities(12, 6, random_state=0)
    for i, video in enumerate(videos, 1):
        table = np.column_stack([np.arange(len(video)) / 10, video])
        header = ",".join(["time", *(f"x{k}" for k in range(video.shape[1]))])
        path = f"cycles/cycle_{i:02}.csv"
        np.savetxt(path, table, delimiter=",", header=header, comments="")


@pytest.fixture
def names(tmp_path, monkeypatch):
    """What plain blocks may use; fits are short, and files are in a folder of ours."""
    videos, labels = make_activities(6, 6, mean_length=60, random_state=0)
    for folder in ("path/to/breakfast", "folder"):
        features = tmp_path / folder / "features"
        features.mkdir(parents=True)
        for i, video in enumerate(videos):
            np.save(features / f"P{i:02}_coffee.npy", video)
    monkeypatch.chdir(tmp_path)
    page = types.ModuleType("page")  # whose classes a file of a model can name
    monkeypatch.setitem(sys.modules, "page", page)
    vars(page).update(videos=videos, labels=labels, stream=[videos[:2], videos[2:4]])
    tables = [(table, dict(table)) for table in (DECODERS, FORMATS)]
    yield vars(page)
    for table, before in tables:
        table.clear()
        table.update(before)


def run_doctest(code, names, path, line):
    test = doctest.DocTestParser().get_doctest(code, {}, path.name, str(path), line)
    test.globs = names  # the names of a page go on from block to block
    failures = []
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    runner.run(test, out=failures.append, clear_globs=False)
    assert not failures, "".join(failures)


def run_plain(code, names, path, line):
    compiled = compile("\n" * line + code, str(path), "exec")
    if any(text in code for text in NOT_RUN):
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TemporalOTSegmenter.__init__.__kwdefaults__, "max_iter", 9)
        exec(compiled, names)


# test_files.py and test_coming_from.py run these pages, with files of people
RUN_HERE = [path for path in PAGES if path.name not in ("files.md", "coming_from.md")]


@pytest.mark.parametrize("path", RUN_HERE, ids=page_name)
def test_python_blocks_run(path, names, request):
    if path.name == "signals.md":
        request.getfixturevalue("pose_files")
    if path.name == "start.md":
        write_cycles(path)
    for code, line in blocks(path, "python"):
        run = run_doctest if ">>>" in code else run_plain
        run(code, names, path, line)


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_shell_blocks_name_what_there_is(path):
    """Commands parse, and scripts and files of the project are there."""
    for code, _ in blocks(path, "(?:bash|console)"):
        lines = code.replace("\\\n", " ").splitlines()
        commands = [part for line in lines for part in re.split(r"&&|[;|>]", line)]
        for command in commands:
            words = shlex.split(command.removeprefix("$ "), comments=True)
            if words and Path(words[0]).name == "skl-tot":
                make_parser().parse_args(words[1:])
            for word in words:
                if re.match(r"(benchmarks|examples)/.*\.py$", word):
                    assert (ROOT / word).is_file(), word


def heading_anchors(path):
    """Anchors of the headings of a page, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_of_pages_outside_the_site_lead_somewhere(name):
    """Those of the site are checked by its builder."""
    text = (ROOT / name).read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text)
    assert links or name != "README.md"
    for target, anchor in links:
        path = ROOT / (target or name)
        assert path.exists(), target
        assert not anchor or anchor in heading_anchors(path), (target, anchor)


def test_on_an_index_the_readme_has_no_links_to_files():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = settings["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "](docs/images/" in text
    for own in hook["substitutions"]:
        text = re.sub(own["pattern"], own["replacement"], text)
    assert re.findall(r"\]\((?!https?:)", text) == []
    assert "· your files ·" in text
    assert "](https://" in text


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_names_of_the_package_on_a_page_are_there(path):
    for name in re.findall(r"`(skl_tot\.[\w.]+)", path.read_text(encoding="utf-8")):
        pkgutil.resolve_name(name)


def test_no_reason_not_to_run_is_left_over():
    text = "".join(path.read_text(encoding="utf-8") for path in PAGES)
    assert [name for name in NOT_RUN if name not in text] == []


def public_modules():
    """The package, and its rooms that name what is public."""
    modules = ["skl_tot", "skl_tot.extend"]
    for _, name, is_package in pkgutil.walk_packages(skl_tot.__path__, "skl_tot."):
        if is_package and hasattr(importlib.import_module(name), "__all__"):
            modules.append(name)
    return modules


def public_names(module_name):
    """Names that a module defines or lists; constants in capitals are none."""
    module = importlib.import_module(module_name)
    if hasattr(module, "__all__"):
        return {name for name in module.__all__ if not name.isupper()}
    found = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    return {name for name in found if not name.startswith("_") and not name.isupper()}


def names_for_programs(module):
    """Names of the page of the API that only the programs in ``app`` need."""
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    lines = re.findall(rf"^- `{module}`: ((?:`\w+`,?\s+)+)", text, re.M)
    return set(re.findall(r"\w+", "".join(lines)))


def documented_names():
    """Names on the page of the API, by module."""
    found, module = {}, None
    for line in (DOCS / "api.md").read_text(encoding="utf-8").splitlines():
        if match := re.match(r"\.\. currentmodule:: (\S+)$", line):
            module = found.setdefault(match[1], set())
        elif match := re.match(r"(?:   |\.\. py:data:: )(\w+)$", line):
            module.add(match[1])
    return found


def is_described(found, known):
    """Whether something is on the page, or an error of a kind that is there."""
    is_error = inspect.isclass(found) and issubclass(found, Exception)
    return found in known or (is_error and not known.isdisjoint(found.__mro__))


def test_api_page_names_everything_public():
    """Each once: a name may be that of another place."""
    known = {found for _, found in documented()}
    names = documented_names()
    missing = {
        f"{module}.{name}"
        for module in public_modules()
        for name in public_names(module) - names.get(module, set())
        if name not in names_for_programs(module)
        if not is_described(getattr(importlib.import_module(module), name), known)
    }
    assert missing == set()


def test_page_of_formats_has_those_that_there_are():
    text = (DOCS / "guide" / "exchange.md").read_text(encoding="utf-8")
    for name, entry in FORMATS.items():
        times = "seconds" if entry.in_seconds else "frames"
        number = "several" if entry.many else "one"
        cells = [f"`{name}`", f"`{entry.suffix}`", entry.description, times, number]
        assert f"| {' | '.join(cells)} |\n" in text


def test_api_page_names_nothing_else():
    for module, names in documented_names().items():
        for name in names:
            assert hasattr(importlib.import_module(module), name), (module, name)


def documented():
    """Functions and classes on the page of the API."""
    for module, names in documented_names().items():
        for name in sorted(names):
            found = getattr(importlib.import_module(module), name)
            if inspect.isroutine(found) or inspect.isclass(found):
                yield f"{module}.{name}", found


def test_every_public_function_and_class_has_an_example():
    """But bases of methods, of which every estimator is one."""
    without = [
        found.__name__
        for _, found in documented()
        if "\nExamples\n-----" not in inspect.getdoc(found)
    ]
    assert without == ["BaseSegmenter", "NetworkSegmenter", "PrototypeSegmenter"]


def test_docstrings_pass_numpydoc():
    """With the checks of the site, and all public methods."""
    validate = pytest.importorskip("numpydoc.validate").validate
    settings = runpy.run_path(DOCS / "conf.py")
    allowed = settings["numpydoc_validation_checks"] - {"all"}
    names = []
    for name, found in documented():
        names.append(name)
        if inspect.isclass(found):
            names += [
                f"{name}.{method}"
                for method, function in inspect.getmembers(found, inspect.isroutine)
                if not method.startswith("_") and not settings["is_left_out"](function)
                if str(getattr(function, "__module__", "")).startswith("skl_tot.")
            ]
    errors = [
        (name, code, message)
        for name in names
        for code, message in validate(name)["errors"]
        if code not in allowed
    ]
    assert errors == []


def test_workers_that_read_a_script_start_no_workers():
    pytest.importorskip("dask.distributed")
    page = DOCS / "guide" / "cycles_and_live.md"
    code = [text for text, _ in blocks(page, "python") if "Client(" in text]
    assert code
    for text in code:
        exec(compile(text, "script.py", "exec"), {"__name__": "__mp_main__"})
