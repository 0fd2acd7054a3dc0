import importlib
import json
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a script as from the command line, and return what it prints."""

    def run(name, *arguments):
        monkeypatch.setattr("sys.argv", [f"{name}.py", *map(str, arguments)])
        importlib.import_module(name).main()
        return capsys.readouterr().out

    monkeypatch.syspath_prepend(FOLDER)  # it finds its neighbours as when it is run
    n_threads = torch.get_num_threads()
    yield run
    torch.set_num_threads(n_threads)


def test_every_topic_has_a_table(run, tmp_path):
    path = tmp_path / "speed.json"
    printed = run("speed", "--quick", "--json", path, "--plot", tmp_path)
    topics = json.loads(path.read_text())["topics"]
    assert list(topics) == [
        "step",
        "throughput",
        "growth",
        "viterbi",
        "decodings",
        "hidden_markov",
        "min_frames",
        "viterbi_growth",
        "n_init",
        "grid",
        "fit",
        "windows",
    ]
    for topic in topics.values():
        assert topic["title"] in printed
        assert f"| {' | '.join(topic['rows'][0])} |" in printed
    drawn = {path.stem for path in tmp_path.glob("*.png")}
    assert drawn == {"throughput", "growth", "viterbi_growth"}


@pytest.mark.parametrize("name", ["ablation", "choice"])
def test_studies_print_tables(run, tmp_path, name):
    path = tmp_path / "rows.json"
    few = {"ablation": ["--training", "n_parts=2"], "choice": ["--seeds", 1]}
    printed = run(name, "--quick", "--json", path, *few[name], "--sets")
    rows = json.loads(path.read_text())
    assert len({row["set"] for row in rows}) == 3
    expected = {"ablation": "| n_parts=2 | free, 0.5 |", "choice": "| score |"}
    assert expected[name] in printed


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_one_line_says_so(run, capsys):
    with pytest.raises(SystemExit) as error:
        run("speed", "--device", "cuda")
    assert error.value.code == 2
    assert capsys.readouterr().err == "speed.py: torch finds no CUDA device.\n"
