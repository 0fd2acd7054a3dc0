import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "speed.py"


def run(*arguments):
    command = [sys.executable, SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_topic_has_a_table(tmp_path):
    """In a process of its own: the script sets the number of threads."""
    path = tmp_path / "speed.json"
    done = run("--quick", "--json", path, "--plot", tmp_path)
    assert done.returncode == 0, done.stderr
    topics = json.loads(path.read_text())["topics"]
    assert list(topics) == [
        "step",
        "throughput",
        "growth",
        "viterbi",
        "decodings",
        "viterbi_growth",
        "n_init",
        "grid",
        "fit",
    ]
    for topic in topics.values():
        assert topic["title"] in done.stdout
        assert f"| {' | '.join(topic['rows'][0])} |" in done.stdout
    drawn = {path.stem for path in tmp_path.glob("*.png")}
    assert drawn == {"throughput", "growth", "viterbi_growth"}


@pytest.mark.parametrize("name", ["ablation", "choice"])
def test_studies_print_tables(tmp_path, name):
    path = tmp_path / "rows.json"
    command = [sys.executable, SCRIPT.with_name(f"{name}.py"), "--quick"]
    done = subprocess.run(
        [*command, "--json", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(path.read_text())
    assert len({row["set"] for row in rows}) == 3
    expected = {"ablation": "| n_parts=2 | free, 0.5 |", "choice": "| score |"}
    assert expected[name] in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_one_line_says_so():
    done = run("--device", "cuda")
    assert done.returncode == 2
    assert done.stderr == "speed.py: torch finds no CUDA device.\n"
