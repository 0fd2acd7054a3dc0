"""Hostile arguments of the command line: one line on standard error, and no files."""

import shlex

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skl_tot.app.cli.main import main
from skl_tot.io import save_model

QUICK = "--set max_iter=3 random_state=0"
FIT = "fit data --n-actions 2 --out o.skops"

# Each has to end with status 2; {...} are too long to be written down.
REFUSED = [
    "nonsense",
    "fit data --n-actions nan --out o.skops",
    "fit data --n-actions {digits} --out o.skops",
    "fit '' --n-actions 2 --out o.skops",
    "fit 'a\nb' --n-actions 2 --out o.skops",
    "fit '{long}' --n-actions 2 --out o.skops",
    "fit data --n-actions 2 --out o.skops --resample 0",
    "fit tables --n-actions 2 --out o.skops --by ''",
    "fit tables --n-actions 2 --out o.skops --resample 1e300",
    "fit broken --n-actions 2 --out o.skops",
    "fit broken/a.parquet --n-actions 2 --out o.skops",
    f"fit data --n-actions 2 --out '{{long}}' {QUICK}",
    f"{FIT} --set =1",
    f"{FIT} --set rho=1e400",
    f"{FIT} --set rho=[1]",
    f"{FIT} --set 'rho={{brackets}}'",
    f"{FIT} --set 'rho={{signs}}'",
    f"{FIT} --set 'rho=\x1b[31m'",
    f'{FIT} --set \'rho=__import__("os").mkdir("ran")\'',
    f"{FIT} --set max_iter={{digits}}",
    f"{FIT} --set optimizer__batch_size=0 max_iter=3",
    f"{FIT} --set random_state=9223372036854775808",
    f"{FIT} --set device=cuda:99 max_iter=3",
    f"{FIT} --set __class__=x",
    f"{FIT} --pipeline pca:{{digits}}",
    f"{FIT} --transpose {QUICK}",
    "predict data data --out o",
    "predict m.skops data --out missing/o",
    "predict m.skops data --out o --fps {digits}",
    "predict m.skops data --out o --names m.skops",
    "evaluate truth bad_segments",
    "evaluate truth segments --ignore a b c",
    "plot bad_segments --out o.png",
    "plot segments --out data",
    "features file.txt --out file.txt",
    "features file.txt --out o --backbone nonsense",
    "summary junk --out o",
    "summary '{long}' --out o",
    "report m.skops wide --out o.html",
    "report m.skops data --out data",
    "report m.skops data --out o.html --names file.txt",
    "demo --n-videos {digits}",
    "demo --seed 9223372036854775808",
]
LONG = {
    "{digits}": "9" * 5000,
    "{long}": "x" * 5000,
    "{brackets}": "[" * 900,
    "{signs}": "-" * 50_000 + "1",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tot, videos):
    """Things to read, of which some are not what they should be."""
    root = tmp_path_factory.mktemp("commands")
    for name in ("data", "empty", "junk", "wide", "segments", "bad_segments"):
        (root / name).mkdir()
    for name in ("features", "groundTruth"):
        (root / "truth" / name).mkdir(parents=True)
    for i, video in enumerate(videos):
        np.save(root / "data" / f"v{i}.npy", video)
        np.save(root / "wide" / f"v{i}.npy", np.hstack([video, video]))
        np.save(root / "truth" / "features" / f"v{i}.npy", video)
        labels = "a\n" * len(video)
        (root / "truth" / "groundTruth" / f"v{i}.txt").write_text(labels)
        (root / "segments" / f"v{i}.txt").write_text(labels)
        (root / "bad_segments" / f"v{i}.csv").write_text("a,b\n1,2\n")
    (root / "junk" / "v.npy").write_bytes(b"no array")
    for name in ("tables", "broken"):
        (root / name).mkdir()
    (root / "tables" / "a.csv").write_text("time,x\n0,1\n0.1,5\n0.2,3\n")
    for name in ("a.csv", "a.csv.gz", "a.parquet"):
        (root / "broken" / name).write_bytes(b"\x00PAR1,\xff\n1,2\n\x1f\x8b")
    (root / "file.txt").write_text("x")
    (root / "names.txt").write_text("0 a\n1 b\n")
    save_model(tot, root / "m.skops")
    return root


@pytest.fixture(scope="module")
def run_in(folder):
    """Run a command in the folder; says what is wrong with how it ends."""

    def run(arguments, read, statuses=(0, 2)):
        before = snapshot(folder)
        read()
        try:
            status = main(arguments)
        except SystemExit as exit:
            status = exit.code
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]}"
        error = read().err
        lines = [x for x in error.split("\n")[:-1] if "skl-tot: warning: " not in x]
        if status not in statuses:
            return f"status {status}: {error[:200]}"
        if status == 2 and (len(lines) != 1 or not lines[0].startswith("skl-tot")):
            return f"not one line: {error[:300]!r}"
        if "Traceback" in error or "\x1b" in error:
            return f"noise in {error[:300]!r}"
        return None if snapshot(folder) == before else "files are left behind"

    return run


def snapshot(folder):
    return sorted((str(p), p.stat().st_mtime_ns) for p in folder.rglob("*"))


@pytest.mark.parametrize("line", REFUSED, ids=[line[:60] for line in REFUSED])
def test_refused(run_in, folder, monkeypatch, capsys, line):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    arguments = shlex.split(line)
    for name, text in LONG.items():
        arguments = [argument.replace(name, text) for argument in arguments]
    assert run_in(arguments, capsys.readouterr, (2,)) is None


def test_no_folder_to_write(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments = ["predict", str(folder / "m.skops"), str(folder / "data"), "--out", ""]
    assert main(arguments) == 2
    assert not list(tmp_path.iterdir())


WORDS = st.sampled_from(
    ["data", "missing", "m.skops", "segments", "--names", "--fps", "--format", "csv"]
    + [
        "--scope",
        "video",
        "--ignore",
        "a",
        "--background",
        "--transpose",
    ]
    + ["--ground-truth", "--videos", "--pipeline", "--", "-", ""]
) | st.text(max_size=4)


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    command=st.sampled_from(["predict", "evaluate", "plot", "report", "x"]),
    words=st.lists(WORDS, max_size=5),
)
def test_any_words(run_in, folder, monkeypatch, capsys, command, words):
    """Without --out nothing is written, and without --n-actions nothing is fitted."""
    monkeypatch.chdir(folder)
    assert run_in([command, *words], capsys.readouterr) is None
