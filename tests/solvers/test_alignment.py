"""Alignment of tokens."""

from functools import lru_cache
from itertools import combinations

import numpy as np
import pytest

from skl_tot.solvers.alignment import align_tokens, count_pairs, fullest_columns


def brute_force(sequences):
    """Most pairs that any alignment has, over all states of all sequences."""
    n_sequences = len(sequences)

    @lru_cache(None)
    def most(positions):
        best = 0
        by_token = {}
        for i in range(n_sequences):
            if positions[i] < len(sequences[i]):
                by_token.setdefault(sequences[i][positions[i]], []).append(i)
        for members in by_token.values():
            for size in range(1, len(members) + 1):
                for chosen in combinations(members, size):
                    after = list(positions)
                    for i in chosen:
                        after[i] += 1
                    rest = most(tuple(after))
                    best = max(best, size * (size - 1) // 2 + rest)
        return best

    return most((0,) * n_sequences)


def assert_alignment(columns, sequences):
    """Every token stands in one column of its kind, in order."""
    for number, sequence in enumerate(sequences):
        found = []
        for token, members in columns:
            if number in members:
                assert sequence[members[number]] == token
                found.append(members[number])
        assert found == list(range(len(sequence)))


@pytest.mark.parametrize(
    ("n_sequences", "longest", "n_tokens"),
    [(1, 4, 2), (2, 8, 3), (3, 5, 3), (4, 4, 3), (5, 4, 4)],
)
def test_tiny_cases_are_brute_force(n_sequences, longest, n_tokens):
    rng = np.random.RandomState(0)
    for _ in range(40):
        sequences = []
        for _ in range(n_sequences):
            size = rng.randint(longest + 1)
            sequences.append(rng.choice(list("abcd")[:n_tokens], size).tolist())
        columns = align_tokens(sequences, random_state=0)
        assert_alignment(columns, sequences)
        assert count_pairs(columns) == brute_force(sequences)


@pytest.mark.parametrize("seed", range(5))
def test_recovers_the_common_sequence(seed):
    """A third of the steps are left out, and half as many words come in between."""
    rng = np.random.RandomState(seed)
    script = ["jack", "nut", "wheel", "spare", "nut", "tighten", "lower"]
    sequences = []
    for _ in range(30):
        said = [token for token in script if rng.uniform() > 1 / 3]
        for _ in range(4):
            noise = f"word {rng.randint(20)}"
            said.insert(rng.randint(len(said) + 1), noise)
        sequences.append(said)
    columns = align_tokens(sequences, random_state=0)
    assert_alignment(columns, sequences)
    found = fullest_columns(columns, len(script))
    assert [token for token, _ in found] == script
    for k, (token, members) in enumerate(found):
        if script.count(token) == 1:
            # nearly all that said it meet; an order may suit a few of them less
            n_said = sum(token in sequence for sequence in sequences)
            assert len(members) >= 0.9 * n_said, k


def test_sweeps_repair_what_came_first():
    rng = np.random.RandomState(0)
    gains = []
    for _ in range(20):
        sequences = [rng.choice(list("abcd"), 5).tolist() for _ in range(6)]
        without, once = (
            count_pairs(align_tokens(sequences, n_init=1, max_sweeps=n)) for n in (0, 9)
        )
        gains.append(once - without)
    assert min(gains) >= 0
    assert max(gains) > 0


def test_same_seed_same_result():
    rng = np.random.RandomState(0)
    sequences = [rng.choice(list("abcdef"), 12).tolist() for _ in range(8)]
    first, second = (align_tokens(sequences, random_state=3) for _ in range(2))
    assert first == second


def test_fullest_columns_are_in_order_and_first_of_equals():
    columns = [("a", {0: 0}), ("b", {0: 1, 1: 0}), ("c", {1: 1}), ("d", {0: 2, 1: 2})]
    assert fullest_columns(columns, 3) == [columns[0], columns[1], columns[3]]


def test_empty_sequences():
    assert align_tokens([[], []]) == []
    assert align_tokens([[], ["a"]]) == [("a", {1: 0})]
