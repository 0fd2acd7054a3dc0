import inspect
import pickle
import re
import warnings
from dataclasses import fields

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
import torch
from scipy.special import softmax
from sklearn.base import clone
from sklearn.exceptions import NotFittedError, UndefinedMetricWarning
from sklearn.metrics import mutual_info_score

from skl_tot import CTESegmenter, TemporalOTSegmenter
from skl_tot.decoding import decode
from skl_tot.methods.pipelines import predict_with_confidence
from skl_tot.methods.temporal_ot import PAPER
from skl_tot.metrics import mof_score
from skl_tot.metrics.label_free import carried_information, held_out_information
from skl_tot.training.components import Settings
from skl_tot.training.network import Encoder
from skl_tot.training.priors import log_temporal_prior
from skl_tot.training.transport import sinkhorn

QUICK = PAPER | {
    "max_iter": 30,
    "freeze_iter": 10,
    "frames_per_video": 32,
    "random_state": 0,
}


def quick(n_actions=4, **params):
    return TemporalOTSegmenter(n_actions, **{**QUICK, **params})


@pytest.fixture(scope="module")
def videos(activity):
    return activity[0]


@pytest.fixture(scope="module")
def fitted(videos):
    return quick().fit(videos)


def assert_all_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)


class TestFit:
    def test_finds_the_actions(self, activity):
        videos, labels = activity
        model = quick(max_iter=600, freeze_iter=200, frames_per_video=256)
        predicted = model.fit_predict(videos)
        equal_split = [np.arange(len(y)) * 4 // len(y) for y in labels]
        assert mof_score(labels, predicted) > mof_score(labels, equal_split) + 0.05
        assert mof_score(labels, predicted) > 0.85

    def test_attributes(self, fitted, videos):
        n_features = videos[0].shape[1]
        assert fitted.prototypes_.shape == (4, 40)
        assert [w.shape for w in fitted.coefs_] == [(n_features, 80), (80, 40)]
        assert [b.shape for b in fitted.intercepts_] == [(80,), (40,)]
        assert fitted.n_iter_ == len(fitted.loss_curve_) == 30
        assert fitted.n_features_in_ == n_features
        assert not hasattr(fitted, "feature_names_in_")
        assert_all_equal(fitted.labels_, fitted.predict(videos))
        assert list(fitted.get_feature_names_out()[:2]) == [
            "temporalotsegmenter0",
            "temporalotsegmenter1",
        ]

    def test_state_is_plain_numpy(self, fitted):
        def check(value):
            if isinstance(value, dict):
                value = list(value.values())
            if isinstance(value, list):
                for item in value:
                    check(item)
            assert not isinstance(value, torch.Tensor | torch.nn.Module)

        check(vars(fitted))

    def test_hidden_dim(self, videos):
        assert quick(hidden_dim=7).fit(videos).coefs_[0].shape[1] == 7

    def test_y_is_ignored(self, activity, fitted):
        assert_all_equal(quick().fit(*activity).labels_, fitted.labels_)

    def test_random_state_is_not_written(self, videos):
        state = np.random.RandomState(0)
        model = quick(random_state=state).fit(videos)
        assert model.random_state is state

    def test_parameters_reach_the_solver(self):
        parameters = set(inspect.signature(TemporalOTSegmenter).parameters)
        outside = {"background_percentile", "standardize", "warm_start", "device"}
        outside |= {"random_state", "verbose", "compute_labels", "decoding"}
        outside |= {"switch_cost", "n_actions", "n_parts", "context", "guidance"}
        of_terms = {"prior", "path_iter", "rho", "sigma", "temperature", "alpha"}
        of_terms |= {"n_sinkhorn_iter", "window", "beta", "terms", "freeze_iter"}
        of_terms |= {"transport"}
        settings = {field.name for field in fields(Settings)}
        assert parameters - settings == outside | of_terms
        assert parameters >= settings - {"encoder"}

    def test_every_parameter_is_documented_with_its_default(self):
        doc = TemporalOTSegmenter.__doc__
        for name, parameter in inspect.signature(
            TemporalOTSegmenter
        ).parameters.items():
            (default,) = re.findall(rf"^    {name} : .*default=(\S+)$", doc, re.M)
            assert eval(default) == parameter.default

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("prior", None),
            ("beta", 1.0),
            ("rho", 1.0),
            ("sigma", 3.0),
            ("temperature", 0.5),
            ("n_sinkhorn_iter", 1),
            ("alpha", 1.0),
            ("frames_per_video", 16),
            ("batch_size", 3),
            ("max_iter", 20),
            ("freeze_iter", 0),
            ("learning_rate", 1e-2),
            ("weight_decay", 0.5),
            ("standardize", "video"),
            ("standardize", None),
        ],
    )
    def test_every_parameter_matters(self, fitted, videos, name, value):
        other = quick(**{name: value}).fit(videos)
        difference = np.abs(other.coefs_[0] - fitted.coefs_[0]).max()
        assert difference > 0

    def test_window_matters_with_alpha_only(self, fitted, videos):
        narrow = quick(window=2).fit(videos)
        np.testing.assert_array_equal(narrow.coefs_[0], fitted.coefs_[0])
        wide, narrow = (quick(alpha=1.0, window=w).fit(videos) for w in (20, 2))
        assert (wide.coefs_[0] != narrow.coefs_[0]).any()

    def test_tol_stops_early(self, videos):
        model = quick(tol=1e6, n_iter_no_change=3, max_iter=1000, freeze_iter=0).fit(
            videos
        )
        assert model.n_iter_ == 6

    def test_verbose_shows_the_loss(self, videos, capsys):
        quick(verbose=1, n_iter_no_change=10).fit(videos)
        bar = capsys.readouterr().err
        assert "30/30" in bar
        assert "loss=" in bar
        quick().fit(videos)
        assert capsys.readouterr() == ("", "")

    def test_verbose_without_tqdm_names_the_extra(self, videos, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
        with pytest.raises(ImportError, match=r"skl-tot\[progress\]"):
            quick(verbose=1).fit(videos)


class TestInputForms:
    def test_output_has_the_form_of_the_input(self, fitted, videos):
        object_array = np.empty(len(videos), dtype=object)
        for i, video in enumerate(videos):
            object_array[i] = video
        expected = fitted.predict(list(videos))
        assert isinstance(expected, list)
        assert isinstance(fitted.predict(tuple(videos)), list)
        as_object = fitted.predict(object_array)
        assert as_object.dtype == object
        assert as_object.shape == (len(videos),)
        assert_all_equal(as_object, expected)
        one = fitted.predict(videos[0])
        assert one.shape == (len(videos[0]),)
        np.testing.assert_array_equal(one, expected[0])

    def test_series_of_videos(self, fitted, videos):
        series = pd.Series(videos, index=[f"P{i}" for i in range(len(videos))])
        assert_all_equal(fitted.predict(series), fitted.labels_)

    @pytest.mark.parametrize(
        ("method", "width"), [("predict_proba", 4), ("transform", 40)]
    )
    def test_shapes(self, fitted, videos, method, width):
        function = getattr(fitted, method)
        shapes = [output.shape for output in function(videos)]
        assert shapes == [(len(video), width) for video in videos]
        assert function(videos[0]).shape == (len(videos[0]), width)
        stacked = np.stack([video[:10] for video in videos])
        assert function(stacked).shape == (len(videos), 10, width)

    def test_three_dimensions_are_videos_of_equal_length(self, videos):
        stacked = np.stack([video[:30] for video in videos])
        model = quick().fit(stacked)
        assert model.labels_.shape == (len(videos), 30)
        assert_all_equal(model.labels_, quick().fit(list(stacked)).labels_)

    @pytest.mark.parametrize(
        "convert",
        [
            pd.DataFrame,
            torch.tensor,
            lambda video: np.asfortranarray(video),
            lambda video: video.astype(">f8"),
            lambda video: video.tolist(),
        ],
        ids=["DataFrame", "tensor", "fortran", "big-endian", "lists"],
    )
    def test_other_containers_of_a_video(self, fitted, videos, convert):
        converted = [convert(video) for video in videos]
        assert_all_equal(quick().fit(converted).labels_, fitted.labels_)
        single = quick().fit(convert(videos[0]))
        np.testing.assert_array_equal(single.labels_, quick().fit(videos[0]).labels_)

    def test_memmaps_and_lazy_sequences(self, fitted, videos, tmp_path):
        from collections.abc import Sequence

        for i, video in enumerate(videos):
            np.save(tmp_path / f"{i}.npy", video)

        class Lazy(Sequence):
            def __len__(self):
                return len(videos)

            def __getitem__(self, i):
                if i >= len(self):
                    raise IndexError(i)
                return np.load(tmp_path / f"{i}.npy", mmap_mode="r")

        assert_all_equal(quick().fit(Lazy()).labels_, fitted.labels_)
        assert_all_equal(quick().fit(list(Lazy())).labels_, fitted.labels_)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.int32])
    def test_small_and_integer_tensors(self, videos, dtype):
        tensors = [torch.tensor(video * 10).to(dtype) for video in videos]
        same = [tensor.to(torch.float64) for tensor in tensors]
        labels = quick().fit(tensors).labels_
        agreement = [
            (one == other).mean()
            for one, other in zip(labels, quick().fit(same).labels_)
        ]
        assert np.mean(agreement) > 0.95

    @pytest.mark.parametrize("dtype", [np.float16, np.int16, bool])
    def test_small_and_integer_arrays(self, videos, dtype):
        arrays = [(video * 10).astype(dtype) for video in videos]
        wide = [array.astype(float) for array in arrays]
        assert_all_equal(quick().fit(arrays).labels_, quick().fit(wide).labels_)

    def test_data_frames_have_their_names_checked(self, videos):
        names = list("abcde")
        frames = [pd.DataFrame(video, columns=names) for video in videos]
        model = quick().fit(frames)
        assert list(model.feature_names_in_) == names
        frames[1] = frames[1].rename(columns={"b": "x"})
        with pytest.raises(ValueError, match=r"^Video 1: The feature names .*- x") as e:
            model.predict(frames)
        assert "\n" not in str(e.value)

    def test_input_is_not_changed(self, videos):
        copies = [video.copy() for video in videos]
        for video in copies:
            video.flags.writeable = False
        quick(alpha=1.0).fit(copies).score(copies)
        assert_all_equal(copies, videos)


class TestPredict:
    def test_paths_are_ordered_and_complete(self, fitted, videos):
        for path in fitted.predict(videos):
            assert path.dtype.kind == "i"
            assert (np.diff(path) >= 0).all()
            assert set(path) == {0, 1, 2, 3}

    def test_codes_are_the_softmax_of_scores(self, fitted, videos):
        codes = fitted.predict_proba(videos)[0]
        np.testing.assert_allclose(codes.sum(axis=1), 1)
        embeddings = fitted.transform(videos)[0]
        logits = embeddings @ fitted.prototypes_.T / fitted.temperature
        expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(codes, expected, rtol=1e-4)

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_floating_type_is_kept(self, fitted, videos, dtype):
        video = videos[0].astype(dtype)
        assert fitted.transform(video).dtype == dtype
        assert fitted.predict_proba(video).dtype == dtype

    def test_videos_do_not_influence_each_other(self, fitted, videos):
        assert_all_equal(
            fitted.predict(videos), [fitted.predict(video) for video in videos]
        )
        assert_all_equal(fitted.predict(videos[::-1])[::-1], fitted.predict(videos))

    def test_standardisation_over_the_data_set_is_learned(self, fitted, videos):
        shifted = [video * 3 + 7 for video in videos]
        assert_all_equal(quick().fit(shifted).labels_, fitted.labels_)
        frames = np.concatenate(videos).astype(float)
        np.testing.assert_allclose(fitted.scaler_.mean_, frames.mean(axis=0))
        np.testing.assert_allclose(fitted.scaler_.scale_, frames.std(axis=0))

    def test_standardisation_of_the_fit_stays(self, fitted, videos):
        model = pickle.loads(pickle.dumps(fitted)).set_params(standardize=None)
        assert_all_equal(model.predict(videos), fitted.labels_)

    def test_integers_of_any_kind(self, fitted, videos):
        model = quick(np.uint8(4), embedding_dim=np.uint8(200)).fit(videos)
        assert model.coefs_[0].shape[1] == 400
        assert quick(True).fit(videos).prototypes_.shape[0] == 1

    def test_standardisation_per_video(self, videos):
        model = quick(standardize="video").fit(videos)
        moved = [video * (i + 1) + i for i, video in enumerate(videos)]
        assert_all_equal(model.predict(moved), model.labels_)
        assert model.scaler_ is None

    @pytest.mark.parametrize(
        "method", ["predict", "predict_proba", "transform", "score"]
    )
    def test_not_fitted(self, videos, method):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(quick(), method)(videos)


class TestEdgeCases:
    """Never an invalid path, see the Notes of the estimator."""

    def test_shorter_than_n_actions(self, fitted, videos):
        for length in (1, 2, 3):
            path = fitted.predict(videos[0][:length])
            assert path.shape == (length,)
            assert (np.diff(path) >= 0).all()
            assert set(path) <= {0, 1, 2, 3}

    def test_short_videos_in_a_fit(self, videos):
        labels = quick().fit([videos[0], videos[1][:1], videos[2][:3]]).labels_
        assert [len(path) for path in labels] == [len(videos[0]), 1, 3]
        assert all((np.diff(path) >= 0).all() for path in labels)

    def test_all_shorter_than_frames_per_video(self, videos):
        model = quick(frames_per_video=500, max_iter=3, freeze_iter=0).fit(videos)
        assert all(set(path) == {0, 1, 2, 3} for path in model.labels_)

    def test_single_video(self, videos):
        assert set(quick().fit(videos[0]).labels_) == {0, 1, 2, 3}
        assert isinstance(quick().fit(videos[:1]).labels_, list)

    def test_one_frame(self):
        model = quick(1).fit(np.ones((1, 3)))
        assert model.labels_.tolist() == [0]

    def test_one_action(self, videos):
        model = quick(1).fit(videos)
        assert not np.concatenate(model.labels_).any()
        assert model.score(videos) == 1  # there is one to tell apart
        np.testing.assert_array_equal(model.predict_proba(videos[0]), 1)

    @pytest.mark.parametrize("standardize", ["dataset", "video", None])
    def test_constant_features(self, standardize):
        model = quick(standardize=standardize).fit([np.ones((20, 3))] * 2)
        for path in model.labels_:
            assert set(path) == {0, 1, 2, 3}
            assert (np.diff(path) >= 0).all()

    def test_as_many_actions_as_frames(self):
        video = np.random.default_rng(0).normal(size=(4, 2))
        assert quick().fit(video).labels_.tolist() == [0, 1, 2, 3]

    def test_extreme_rho(self, videos):
        for rho in (1e-4, 10):
            model = quick(rho=rho).fit(videos)
            assert np.isfinite(model.loss_curve_).all()

    def test_features_too_large_for_single_precision(self):
        video = np.random.default_rng(0).normal(size=(20, 2)) * 1e30
        labels = quick().fit(video).labels_
        np.testing.assert_array_equal(labels, quick().fit(video / 1e30).labels_)


class TestPseudoLabels:
    def test_rows_sum_to_one_in_the_form_of_the_input(self, fitted, videos):
        codes = fitted.pseudo_labels(videos)
        assert [q.shape for q in codes] == [(len(video), 4) for video in videos]
        np.testing.assert_allclose(codes[0].sum(axis=1), 1)
        np.testing.assert_allclose(fitted.pseudo_labels(videos[0]), codes[0])

    def test_are_those_of_the_solver(self, fitted, videos):
        scores = torch.tensor(fitted.transform(videos[0]) @ fitted.prototypes_.T)
        prior = torch.tensor(log_temporal_prior(len(scores), 4, fitted.sigma))
        expected = sinkhorn(scores.double(), fitted.rho, log_prior=prior)
        np.testing.assert_allclose(
            fitted.pseudo_labels(videos[0]), expected, rtol=1e-4, atol=1e-6
        )

    def test_without_prior(self, videos):
        model = quick(prior=None).fit(videos)
        scores = torch.tensor(model.transform(videos[0]) @ model.prototypes_.T)
        np.testing.assert_allclose(
            model.pseudo_labels(videos[0]),
            sinkhorn(scores.double(), model.rho),
            rtol=1e-4,
            atol=1e-6,
        )


class TestScore:
    @pytest.mark.parametrize(
        "changes",
        [{}, {"decoding": "free", "switch_cost": 0.1}, {"decoding": "skip"}],
        ids=str,
    )
    def test_equals_the_formula(self, fitted, videos, changes):
        """Of the labels that `predict` gives, and of the standardised features."""
        model = pickle.loads(pickle.dumps(fitted)).set_params(**changes)
        frames = [model.scaler_.transform(video) for video in videos]
        labels = model.predict(videos)
        information = held_out_information(lambda i: [frames[i]], labels, 4)
        names = np.repeat(range(len(videos)), [len(path) for path in labels])
        own = mutual_info_score(names, np.concatenate(labels))
        expected = np.exp(information - 2 * own)
        assert model.score(videos) == pytest.approx(expected)

    def test_leaves_background_out(self, videos):
        model = quick(background_percentile=20).fit(videos)
        frames = [model.scaler_.transform(video) for video in videos]
        labels = model.predict(videos)
        kept = [path >= 0 for path in labels]
        assert not np.concatenate(kept).all()
        frames = [video[own] for video, own in zip(frames, kept)]
        labels = [path[own] for path, own in zip(labels, kept)]
        expected = np.exp(carried_information(lambda i: [frames[i]], labels, 4))
        assert model.score(videos) == pytest.approx(expected)

    def test_prefers_the_truth(self, activity):
        videos, labels = activity
        rng = np.random.default_rng(0)
        truth = carried_information(lambda i: [videos[i]], labels, 4)
        for _ in range(10):
            cuts = [np.sort(rng.integers(1, len(y), 3)) for y in labels]
            wrong = [
                np.searchsorted(cut, np.arange(len(y)), side="right")
                for cut, y in zip(cuts, labels)
            ]
            assert carried_information(lambda i: [videos[i]], wrong, 4) < truth

    def test_single_video_is_undefined(self, fitted, videos):
        with pytest.warns(UndefinedMetricWarning, match="single one") as found:
            assert np.isnan(fitted.score(videos[0]))
        assert found[0].filename == __file__

    def test_clusters_that_tell_videos_apart_are_no_actions(self):
        rng = np.random.default_rng(0)
        videos = [rng.normal(10 * (i // 2 % 2), 1, size=(30, 2)) for i in range(8)]
        labels = [np.full(30, i // 2 % 2) for i in range(8)]
        shared = held_out_information(lambda i: [videos[i]], labels, 2)
        assert shared > np.log(2) - 0.1  # other videos know them
        found = carried_information(lambda i: [videos[i]], labels, 2)
        assert found == pytest.approx(shared - 2 * np.log(2))


class TestPartialFit:
    def test_first_call_starts_and_later_ones_go_on(self, videos):
        model = quick(batch_size=2).partial_fit(videos)
        assert model.n_iter_ == 3
        model.partial_fit(videos[:3])
        assert model.n_iter_ == len(model.loss_curve_) == 5
        assert len(model.labels_) == 3

    def test_standardisation_adapts(self, videos):
        model = quick()
        for video in videos:
            model.partial_fit([video])
        frames = np.concatenate(videos).astype(float)
        np.testing.assert_allclose(model.scaler_.mean_, frames.mean(axis=0))
        np.testing.assert_allclose(model.scaler_.var_, frames.var(axis=0))

    def test_a_pickle_goes_on_the_same(self, videos):
        model = quick().partial_fit(videos[:3])
        twin = pickle.loads(pickle.dumps(model))
        model.partial_fit(videos[3:])
        twin.partial_fit(videos[3:])
        np.testing.assert_array_equal(model.prototypes_, twin.prototypes_)
        np.testing.assert_array_equal(model.coefs_[0], twin.coefs_[0])

    def test_time_head_carries_on(self, videos):
        model = quick(beta=1.0).partial_fit(videos)
        twin = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(
            model.partial_fit(videos).prototypes_, twin.partial_fit(videos).prototypes_
        )
        with pytest.raises(
            ValueError, match=r"without time_bias, which a term .* \(its weight was 0\)"
        ):
            quick().partial_fit(videos).set_params(beta=1.0).partial_fit(videos)

    def test_learns(self, activity):
        videos, labels = activity
        model = quick(freeze_iter=100)
        for _ in range(150):
            model.partial_fit(videos)
        assert mof_score(labels, model.predict(videos)) > 0.85

    def test_follows_fit(self, videos):
        model = quick().fit(videos)
        before = model.prototypes_.copy()
        model.partial_fit(videos)
        assert model.n_iter_ == 33
        assert (model.prototypes_ != before).any()

    def test_videos_may_be_short(self, videos):
        labels = quick().partial_fit([videos[0][:2]]).labels_
        assert [len(path) for path in labels] == [2]

    def test_other_widths_are_refused(self, videos):
        model = quick().partial_fit(videos).set_params(n_actions=5)
        with pytest.raises(ValueError, match=r"n_parts=4 to n_actions \* n_parts=5"):
            model.partial_fit(videos)


class TestWarmStart:
    def test_goes_on_from_the_last_fit(self, videos):
        model = quick(warm_start=True).fit(videos)
        first = model.loss_curve_
        model.fit(videos)
        assert model.n_iter_ == len(model.loss_curve_) == 60
        assert model.loss_curve_[:30] == first
        # The prototypes are free at once: 30 steps are past freeze_iter.
        assert np.mean(model.loss_curve_[30:40]) < np.mean(first[:10])

    def test_without_it_every_fit_is_new(self, videos, fitted):
        model = quick().fit(videos[:2]).fit(videos)
        np.testing.assert_array_equal(model.prototypes_, fitted.prototypes_)
        assert model.n_iter_ == 30

    def test_other_features_are_refused(self, videos):
        model = quick(warm_start=True).fit(videos)
        with pytest.raises(ValueError, match="n_features=5 to n_features=2"):
            model.fit([video[:, :2] for video in videos])


class TestPersistence:
    def test_pickle(self, fitted, videos):
        self.check(fitted, pickle.loads(pickle.dumps(fitted)), videos)

    def test_joblib(self, fitted, videos, tmp_path):
        joblib.dump(fitted, tmp_path / "model.joblib")
        self.check(fitted, joblib.load(tmp_path / "model.joblib"), videos)

    def test_skops(self, fitted, videos):
        data = skops.io.dumps(fitted)
        untrusted = skops.io.get_untrusted_types(data=data)
        assert untrusted == ["skl_tot.TemporalOTSegmenter"]
        self.check(fitted, skops.io.loads(data, trusted=untrusted), videos)

    def check(self, fitted, loaded, videos):
        assert_all_equal(fitted.predict(videos), loaded.predict(videos))
        assert_all_equal(fitted.transform(videos), loaded.transform(videos))

    def test_cuda_fit_predicts_without_cuda(self, fitted, videos):
        if torch.cuda.is_available():
            pytest.skip("there is a GPU")
        model = pickle.loads(pickle.dumps(fitted)).set_params(device="cuda")
        with pytest.warns(UserWarning, match="Using the CPU") as caught:
            labels = model.predict(videos)
        assert len(caught) == 1
        assert_all_equal(labels, fitted.labels_)

    def test_clone_has_the_parameters_only(self, fitted):
        copy = clone(fitted)
        assert copy.get_params() == fitted.get_params()
        assert not hasattr(copy, "prototypes_")


def test_warns_of_nothing(activity):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        quick(alpha=1.0).fit(activity[0]).predict(activity[0])


class TestWhyALabel:
    """What the decoder is given, and from what it comes, is public."""

    def test_labels_are_the_decoded_log_likelihoods(self, fitted, videos):
        found = fitted.log_likelihood(videos)
        for log_likelihood, labels in zip(found, fitted.predict(videos)):
            np.testing.assert_array_equal(decode(log_likelihood), labels)

    def test_log_likelihoods_are_those_of_the_similarities(self, videos):
        model = quick(n_parts=2).fit(videos)
        (similarities,) = model.similarities(videos[:1])
        np.testing.assert_allclose(
            similarities, model.transform(videos[0]) @ model.prototypes_.T, rtol=1e-4
        )
        codes = softmax(similarities.astype(float) / model.temperature, axis=1)
        parts = model.prototype_actions_[:, None] == np.arange(4)
        (found,) = model.log_likelihood(videos[:1])
        np.testing.assert_allclose(np.exp(found), codes @ parts, rtol=1e-6)

    @pytest.mark.parametrize("method", ["log_likelihood", "similarities"])
    def test_form_and_errors(self, fitted, videos, method):
        assert getattr(fitted, method)(videos[0]).shape == (len(videos[0]), 4)
        with pytest.raises(NotFittedError):
            getattr(TemporalOTSegmenter(), method)(videos)


class TestPasses:
    """How often the network goes over each video."""

    @pytest.fixture
    def count(self, monkeypatch):
        """Number of passes over each video so far, in an array that goes on."""
        passes = np.zeros(6, int)
        read = Encoder._read

        def counted(self, videos, i, finish):
            passes[i] += 1
            return read(self, videos, i, finish)

        monkeypatch.setattr(Encoder, "_read", counted)
        return passes

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"n_init": 2},
            {"n_parts": 2},
            {"n_parts": 2, "background_percentile": 20},
            {"prior": None, "n_parts": 2, "background_percentile": 20},
        ],
    )
    def test_fit_has_one(self, videos, count, params):
        quick(**params).fit(videos)
        assert count.tolist() == [1] * 6

    def test_cte_has_one(self, videos, count):
        model = CTESegmenter(4, max_iter=9, background_percentile=20, random_state=0)
        model.fit(videos)
        assert count.tolist() == [1] * 6

    def test_fit_without_labels_has_none(self, videos, count):
        quick(compute_labels=False).fit(videos)
        assert not count.any()

    def test_what_is_not_kept_is_read_again(self, videos, count, monkeypatch):
        expected = quick(n_parts=2, background_percentile=20).fit(videos).labels_
        count[:] = 0
        size = len(videos[0]) * 8 * 4  # similarities of the first video only
        monkeypatch.setattr("skl_tot.methods.networks.KEPT_BYTES", size)
        model = quick(n_parts=2, background_percentile=20).fit(videos)
        assert count.tolist() == [1, 3, 3, 3, 3, 3]
        assert_all_equal(model.labels_, expected)

    def test_partial_fit_has_one(self, videos, count):
        quick(n_parts=2, background_percentile=20).partial_fit(videos)
        assert count.tolist() == [1] * 6

    @pytest.mark.parametrize(
        "method",
        ["predict", "predict_proba", "predict_posterior", "transform", "score"],
    )
    def test_inference_has_one(self, videos, count, method):
        model = quick(n_parts=2, background_percentile=20).fit(videos)
        count[:] = 0
        getattr(model, method)(videos)
        assert count.tolist() == [1] * 6

    def test_labels_with_confidence_have_one(self, videos, count):
        model = quick(background_percentile=20).fit(videos)
        count[:] = 0
        labels, confidence = predict_with_confidence(model, videos)
        assert count.tolist() == [1] * 6
        assert_all_equal(labels, model.predict(videos))
        posterior = model.predict_posterior(videos)[0]
        own = posterior[np.arange(len(labels[0])), labels[0]]
        np.testing.assert_allclose(confidence[0], np.where(labels[0] < 0, 1, own))
