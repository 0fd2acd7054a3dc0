import subprocess
import sys

import pytest

import skl_tot
from skl_tot._cli import main


@pytest.fixture(autouse=True)
def _no_window(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")


def test_demo(tmp_path, capsys):
    picture = tmp_path / "timelines.png"
    arguments = ["demo", "--output", str(picture), "--n-videos", "4"]
    assert main([*arguments, "--n-actions", "3"]) == 0
    printed = capsys.readouterr().out
    assert "MoF" in printed
    assert str(picture) in printed
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--n-videos", "0"], "n_videos"),
        (["--output", "/no/such/folder/a.png", "--n-videos", "2"], "/no/such/folder"),
    ],
)
def test_errors_are_one_line(arguments, message, capsys):
    assert main(["demo", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.startswith("skl-tot: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["fly"], ["demo", "--n-videos", "x"]])
def test_wrong_usage_exits_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as info:
        main(arguments)
    assert info.value.code == 2
    assert "usage: skl-tot" in capsys.readouterr().err


def test_help_and_metrics_do_not_wait_for_torch():
    code = (
        "import sys, skl_tot, skl_tot.metrics, skl_tot.datasets, skl_tot.preprocessing,"
        "skl_tot._plotting, skl_tot._cli; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_lazy_names():
    assert skl_tot.TemporalOTSegmenter.__name__ == "TemporalOTSegmenter"
    assert skl_tot.SegmentationDisplay.__name__ == "SegmentationDisplay"
    assert set(skl_tot.__all__) <= set(dir(skl_tot))
    with pytest.raises(AttributeError, match="no attribute 'Segmenter'"):
        _ = skl_tot.Segmenter
