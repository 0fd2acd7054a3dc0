"""A vision researcher: three activities in the field's layout, and its scores."""

import numpy as np
import pytest

from skl_tot.datasets import load_action_dataset, make_activities
from skl_tot.io import read_segments
from skl_tot.metrics import mof_score, segment_f1_score

# Actions of each activity, without SIL before and after.
ACTIVITIES = {"coffee": 4, "cereals": 3, "tea": 5}


def write_set(root):
    """Features, labels and mapping of five recordings of each activity."""
    for folder in ("features", "groundTruth", "mapping"):
        (root / folder).mkdir(parents=True)
    words = ["SIL"]
    for activity, n_actions in ACTIVITIES.items():
        options = {"n_features": 8, "mean_length": 80, "random_state": 1}
        videos, steps = make_activities(5, n_actions + 1, **options)
        own = ["SIL", *(f"{activity}_step{k}" for k in range(n_actions))]
        words += own[1:]
        for i, (video, path) in enumerate(zip(videos, steps)):
            name = f"P{i + 1:02}_cam01_{activity}"
            np.save(root / "features" / f"{name}.npy", video)
            text = "\n".join(np.array(own)[path]) + "\n"
            (root / "groundTruth" / f"{name}.txt").write_text(text)
    lines = [f"{k} {word}" for k, word in enumerate(words)]
    (root / "mapping" / "mapping.txt").write_text("\n".join(lines))


def test_vision_researcher(skl_tot, tmp_path):
    write_set(tmp_path / "bf")
    for activity, n_actions in ACTIVITIES.items():
        only = f"--only *_{activity}"
        recipe = f"--n-actions {n_actions + 1} --method hmm --order strict"
        skl_tot(f"fit bf {only} {recipe} --out {activity}.skops")
        said = skl_tot(f"predict {activity}.skops bf {only} --out {activity}.csv")
        assert "Segments of 5 recordings" in said
    files = " ".join(f"{activity}.csv" for activity in ACTIVITIES)
    lines = skl_tot(f"evaluate bf {files} --background SIL").splitlines()
    rows = {
        line.rsplit(maxsplit=8)[0].strip(): [float(x) for x in line.split()[-8:]]
        for line in lines
        if line.count(".") == 8
    }
    by_activity = []
    for activity in ACTIVITIES:
        labels = load_action_dataset("bf", f"*_{activity}").labels
        pair = labels, list(read_segments(f"{activity}.csv").values())
        scores = []
        for ignored in ({}, {"ignore_labels": "SIL"}):
            f1 = segment_f1_score(*pair, overlap=0.1, **ignored)
            scores.append([mof_score(*pair, **ignored), f1])
        by_activity.append(scores)
    with_it, without = np.mean(by_activity, axis=0)
    assert rows["activity, mean"][:2] == pytest.approx(with_it, abs=5e-4)
    row = rows["activity, mean, without background"]
    assert row[:2] == pytest.approx(without, abs=5e-4)
    assert rows["all"][0] < row[0] > 0.9  # SIL of one match is that of one activity
