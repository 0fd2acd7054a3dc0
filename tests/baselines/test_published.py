"""The paper's settings, against the text of the paper."""

import re
from pathlib import Path

import pytest
from sklearn.base import clone

from skl_tot.baselines import paper

PAPER = Path(__file__).parents[3] / "shared" / "paper"
# Rows of table 10 as they are legible in the text, and numbers of supplement A.3.
ROWS = {
    r"Rho \(ρ\) ([\d.]+)": "rho",
    r"Sigma \(σ\) ([\d.]+)": "prior__sigma",
    r"Mini-batch size (\d+)": "batch",
    r"Temperature \(τ *\) ([\d.]+)": "network__temperature",
    r"Window size \(λ\) (\d+)": "window",
    r"Number of Sinkhorn-Knopp iterations (\d+)": "transport__n_iter",
    r"Learning rate 10−(\d)": "optimizer__learning_rate",
    r"weight decay of 10−(\d)": "optimizer__weight_decay",
    r"contains\s+sampled frames from (\d) videos": "optimizer__batch_size",
    r"and α to (\d\.\d)": "alpha",
}
TABLE = dict(zip(ROWS.values(), (0.07, 2.0, 512, 0.1, 30, 3, 1e-3, 1e-4, 2, 1.0)))


def numbers_of(model):
    """The ten numbers as an estimator has them."""
    values = model.get_params()
    n_frames = values["optimizer__frames_per_video"]
    values["batch"] = n_frames * values["optimizer__batch_size"]
    model._n_learned, model.order_ = model.n_actions, model.order  # as in a fit
    _, coherence = model._terms(model._settings())
    values |= {"window": coherence.window, "alpha": coherence.weight}
    return {name: values[name] for name in TABLE}


def test_settings_are_those_of_the_paper():
    assert numbers_of(paper(alpha=1.0)) == TABLE
    plain = paper().get_params()
    assert plain["alpha"] == plain["optimizer__decay"] == 0
    assert plain["n_networks"] == plain["n_prototypes"] == 1
    assert plain["network__start"] == "paper"
    # those of the released code, where the paper is silent
    frozen = plain["optimizer__freeze_iter"] * plain["max_iter"]
    assert (plain["max_iter"], frozen) == (12_000, 4_000)


def test_the_table_is_that_of_the_text():
    texts = [path.read_text(encoding="utf-8") for path in PAPER.glob("*.txt")]
    if not texts:
        pytest.skip(f"{PAPER} has no text of the paper.")
    for pattern, name in ROWS.items():
        (match, *_) = re.findall(pattern, texts[0])
        exact = 10.0 ** -int(match) if "10−" in pattern else float(match)
        assert exact == pytest.approx(TABLE[name]), name


def test_each_call_makes_objects_of_its_own():
    first = paper(5, prior__sigma=0.75, network__embedding_size=7)
    assert (first.prior.sigma, first.network.embedding_size) == (0.75, 7)
    assert paper(5).prior.sigma == 2.0
    assert clone(first).get_params()["prior__sigma"] == 0.75
