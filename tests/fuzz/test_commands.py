"""Hostile arguments of the command line: one line on standard error, and no files."""

import shlex

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skl_tot.app.cli.main import main
from skl_tot.io import save_model

QUICK = "--set max_iter=3 optimizer__freeze_iter=1 random_state=0"
FIT = "fit data --n-actions 2 --out o.skops"

# Each has to end with status 2; {...} are too long to be written down.
REFUSED = [
    "nonsense",
    "--nonsense",
    "fit data",
    "fit data --out o.skops",
    "fit data --n-actions nan --out o.skops",
    "fit data --n-actions -1 --out o.skops",
    "fit data --n-actions 9223372036854775808 --out o.skops",
    "fit data --n-actions {digits} --out o.skops",
    "fit data --n-actions 1000 --out o.skops",
    "fit '' --n-actions 2 --out o.skops",
    "fit 'a\nb' --n-actions 2 --out o.skops",
    "fit '{long}' --n-actions 2 --out o.skops",
    "fit data --n-actions 2 --out o.skops --resample 0",
    "fit data --n-actions 2 --out o.skops --fps nan",
    "fit tables --n-actions 2 --out o.skops --by ''",
    "fit tables --n-actions 2 --out o.skops --time nonsense",
    "fit tables --n-actions 2 --out o.skops --columns ''",
    "fit tables --n-actions 2 --out o.skops --resample 1e300",
    "fit tables --n-actions 2 --out o.skops --resample 1e9",
    "fit tables --n-actions 2 --out o.skops --fps 1e-300",
    "fit broken --n-actions 2 --out o.skops",
    "fit broken/a.parquet --n-actions 2 --out o.skops",
    f"fit data --n-actions 2 --out file.txt/o.skops {QUICK}",
    f"fit data --n-actions 2 --out '{{long}}' {QUICK}",
    f"{FIT} --method nonsense",
    f"{FIT} --set",
    f"{FIT} --set =1",
    f"{FIT} --set rho=",
    f"{FIT} --set rho=x",
    f"{FIT} --set rho=nan",
    f"{FIT} --set rho=1e400",
    f"{FIT} --set rho=1j",
    f"{FIT} --set rho=None",
    f"{FIT} --set rho=[1]",
    f"{FIT} --set 'rho={{brackets}}'",
    f"{FIT} --set 'rho={{signs}}'",
    f"{FIT} --set 'rho=\x1b[31m'",
    f'{FIT} --set \'rho=__import__("os").mkdir("ran")\'',
    f"{FIT} --set max_iter={{digits}}",
    f"{FIT} --set max_iter=9223372036854775808",
    f"{FIT} --set network__hidden_size=9223372036854775808",
    f"{FIT} --set optimizer__batch_size=0 max_iter=3",
    f"{FIT} --set prior__sigma=1e300 max_iter=3 alpha=x",
    f"{FIT} --set random_state=-1",
    f"{FIT} --set random_state=9223372036854775808",
    f"{FIT} --set device=nonsense max_iter=3",
    f"{FIT} --set device=cuda:99 max_iter=3",
    f"{FIT} --set decoding=nonsense",
    f"{FIT} --set terms=x",
    f"{FIT} --set prior=x",
    f"{FIT} --set verbose=x",
    f"{FIT} --set __class__=x",
    f"{FIT} --set optimizer__freeze_iter=x",
    f"{FIT} --pipeline nonsense",
    f"{FIT} --pipeline pca:{{digits}}",
    f"{FIT} --pipeline pca:99 --set max_iter=3",
    f"{FIT} --transpose {QUICK}",
    f"{FIT} extra",
    "predict m.skops data",
    "predict data data --out o",
    "predict file.txt data --out o",
    "predict m.skops data --transpose --out o",
    "predict m.skops data --out missing/o",
    "predict m.skops data --out o --format ''",
    "predict m.skops data --out o --format elan --fps 1e300",
    "predict m.skops data --out o --fps nan",
    "predict m.skops data --out o --fps inf",
    "predict m.skops data --out o --fps {digits}",
    "predict m.skops data --out o --names m.skops",
    "predict m.skops data --out o --names data",
    "evaluate truth file.txt",
    "evaluate truth data",
    "evaluate truth bad_segments",
    "evaluate truth segments --ignore",
    "evaluate truth segments --ignore a b c",
    "evaluate truth segments --ignore a",
    "plot file.txt --out o.png",
    "plot bad_segments --out o.png",
    "plot segments --out data",
    "plot segments --out o.png --ground-truth missing",
    "plot segments --out o.png --fps x",
    "plot segments --out o.png --names missing",
    "features file.txt --out o",
    "features data --out o",
    "features file.txt --out file.txt",
    "features file.txt --out missing/o",
    "features file.txt --out o --fps x",
    "features file.txt --out o --backbone nonsense",
    "features file.txt --out o --backbone ''",
    "features file.txt --out o --weights missing",
    "features file.txt --out o --weights file.txt",
    "features file.txt --out o --device nonsense --weights file.txt",
    "summary data --out o",
    "summary junk --out o",
    "summary '' --out o",
    "summary '{long}' --out o",
    "summary file.txt --out o --fps nan",
    "report m.skops missing --out o.html",
    "report m.skops wide --out o.html",
    "report m.skops data --out missing/o.html",
    "report m.skops data --out data",
    "report m.skops data --out o.html --fps 0",
    "report m.skops data --out o.html --names missing",
    "report m.skops data --out o.html --names file.txt",
    "demo --out o",
    "demo --n-videos {digits}",
    "demo --n-videos 9223372036854775808",
    "demo --n-actions 0",
    "demo --n-actions 100000",
    "demo --seed -1",
    "demo --seed x",
    "demo --seed 9223372036854775808",
    "demo --seed {digits}",
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
    + ["--scope", "video", "--ignore", "a", "--background", "--transpose"]
    + ["--ground-truth", "--videos", "--pipeline", "rho=1", "--", "-", ""]
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
