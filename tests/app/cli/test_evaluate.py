"""Scores of ``evaluate`` against those of an implementation apart."""

import json
from pathlib import Path

import numpy as np
import pytest

from skl_tot.io import segments, write_segments

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "metrics.json").read_text())
CASES = {f"case{i}": case for i, case in enumerate(GOLDEN) if "dataset" not in case}
COLUMNS = {"mof": 0, "f1_10": 1, "f1_25": 2, "f1_50": 3, "edit": 4, "miou": 5}


@pytest.fixture
def rows_of(tmp_path, monkeypatch, run, capsys):
    """Write cases in the field's layout; give rows of scores of a command."""
    monkeypatch.chdir(tmp_path)

    def rows_of(command, cases):
        for case in cases:
            write_case(case)
        assert run(f"evaluate {command}") == 0
        lines = capsys.readouterr().out.splitlines()
        lines = [line.rsplit(maxsplit=8) for line in lines if line.count(".") == 8]
        return {name.strip(): list(map(float, row)) for name, *row in lines}

    return rows_of


def write_case(case):
    for folder in (f"set/{case}/features", f"set/{case}/groundTruth", case):
        Path(folder).mkdir(parents=True)
    for i, (true, pred) in enumerate(zip(CASES[case]["true"], CASES[case]["pred"])):
        np.save(f"set/{case}/features/v{i}.npy", [[0]] * len(true))
        text = "\n".join(f"c{label}" for label in true)
        Path(f"set/{case}/groundTruth/v{i}.txt").write_text(text, "utf-8")
        write_segments(segments(pred, fps=10), f"{case}/v{i}.csv")


def scores_of(case, match):
    return [CASES[case][match][key] for key in COLUMNS]


@pytest.mark.parametrize("case", CASES)
def test_one_activity(rows_of, case):
    ignored = [f"c{label}" for label in CASES[case]["ignore"]]
    options = f"--ignore {' '.join(ignored)}" if ignored else ""
    rows = rows_of(f"set/{case} {case} {options}", [case])
    assert rows["all"][:6] == pytest.approx(scores_of(case, "activity"), abs=6e-4)
    if len(CASES[case]["true"]) > 1:
        row = rows["recording, pooled"][:6]
        assert row == pytest.approx(scores_of(case, "video"), abs=6e-4)
        mean = rows["recording, mean"][0]
        assert mean == pytest.approx(CASES[case]["video"]["mof_pv_vid"], abs=6e-4)


def test_several_activities(rows_of):
    cases = [case for case in CASES if not CASES[case]["ignore"]]
    rows = rows_of(f"set {' '.join(cases)}", cases)
    expected = np.mean([scores_of(case, "activity") for case in cases], axis=0)
    assert rows["activity, mean"][:6] == pytest.approx(expected, abs=6e-4)
