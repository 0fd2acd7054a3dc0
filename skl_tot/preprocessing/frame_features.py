"""Features of the frames of video files, from a network that classifies pictures."""

import hashlib
import os
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from pathlib import Path

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils._param_validation import StrOptions

from skl_tot import __version__
from skl_tot.preprocessing import backbones
from skl_tot.preprocessing.framewise import Number
from skl_tot.preprocessing.videos import FPS, iterate_frames, list_videos
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.disk import replaced, write_array
from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.files import read_features
from skl_tot.shared_texts import with_shared_texts


@with_shared_texts
@dataclass(eq=False, repr=False)
class FrameFeatures(  # type: ignore[call-arg]
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # the output may be a list of arrays
):
    """Turn video files into features of their frames.

    Decodes a video, takes ``fps`` frames of each second and returns the output of a
    classification network before its last layer. The defaults are those of the Desktop
    Assembly data set in the TOT paper (Kumar et al., CVPR 2022, section A.4): ResNet-18
    trained on ImageNet, 512 features. Needs the extra: ``pip install
    'skl-tot[video]'``.

    Parameters
    ----------
    backbone : str, default="resnet18.tv_in1k"
        Name of a network of `timm <https://huggingface.co/timm>`_, one of
        ``timm.list_models()``, perhaps with a tag for its weights and "timm/" before:
        "resnet18.tv_in1k" (512 features), "convnext_tiny" (768),
        "vit_small_patch14_dinov2.lvd142m" (384), …. "motion" uses no network and no
        weights: colour, change and optical flow of 16 parts of the picture (112).
    fps : float, default=10
        Frames per second. Row i is the frame shown i / ``fps`` seconds after the first
        one, also for uneven times. A video with fewer frames per second has repeated
        frames. None takes every frame of the file once.
    weights : {"DEFAULT"}, path-like or None, default="DEFAULT"
        "DEFAULT" are timm's weights of that name, downloaded once. A path leads to a
        file with a state dict of the backbone, as torch (``.pth``, ``.pt``) or
        ``.safetensors``, with or without its last layer. None is a random network.
    batch_size : int, default=64
        Pictures per call of the network. Limits the memory, not the result.
    {shared: device}
    cache_dir : path-like, default=None
        Folder to cache the features of each video, as ``.npy``; created if missing.
        They are valid for the same path, size and time of video and weights, the same
        parameters and version of this package. None caches nothing.
    random_state : int, default=0
        Seed of the network if ``weights=None``; the same in every call.
    pooling : {"token", "avg"}, default=None
        Output of a transformer for a frame: its class token, or the mean of the tokens
        of all patches. None is the setting of its training, and the only choice for
        other networks.
    image_size : int, default=None
        Height and width in pixels of the square input of the network. None is the size
        of the weights: 224 for most, but 518 for DINOv2. Positions of a transformer are
        interpolated; the size must be a multiple of its patches.

    Notes
    -----
    *Input.* ``X`` is the path of one video, a list of paths, or a folder with video
    files, which are sorted by name. A folder gives `Recordings`, with the names of the
    files and ``fps``. A pipeline with a segmenter accepts the same input.

    *Preparation.* Pictures are turned upright, resized, cropped to the central square
    and normalised, as in timm for the recommended weights, for any ``weights``. Frames
    are read one by one, with at most ``batch_size`` prepared pictures.

    *Damaged files* are errors. Truncated files are, too, if they contain their number
    of frames: ``.mp4``, ``.mov`` and ``.avi`` do; others give the remaining frames.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.preprocessing import FrameFeatures
    >>> model = make_pipeline(FrameFeatures(fps=5), TemporalOTSegmenter(n_actions=5))
    >>> model.fit(["take_1.mp4", "take_2.mp4"])  # doctest: +SKIP
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "backbone": [str],
        "fps": FPS,
        "weights": [str, os.PathLike, None],
        "batch_size": [Number(Integral, 1, None, closed="left")],
        "device": [str],
        "cache_dir": [str, os.PathLike, None],
        "random_state": [Number(Integral, 0, 2**32 - 1, closed="both")],
        "pooling": [StrOptions({"token", "avg"}), None],
        "image_size": [Number(Integral, 1, 4096, closed="both"), None],
    }

    backbone: str = "resnet18.tv_in1k"
    _: KW_ONLY
    fps: float | None = 10
    weights: str | os.PathLike | None = "DEFAULT"
    batch_size: int = 64
    device: str = "auto"
    cache_dir: str | os.PathLike | None = None
    random_state: int = 0
    pooling: str | None = None
    image_size: int | None = None

    def fit(self, X, y=None):
        """Check the parameters and the existence of files.

        Parameters
        ----------
        X : str, path-like or sequence of these
            Path of one video or of a folder of them, or paths of many.
        y : None
            Ignored.

        Returns
        -------
        self : FrameFeatures
            The unchanged transformer.

        Raises
        ------
        ImportError, FileNotFoundError
            If the ``video`` extra, a video or a file of weights is missing.
        """
        self._check(X)
        return self

    def transform(self, X):
        """Compute the features of every video.

        Parameters
        ----------
        X : str, path-like or sequence of these
            As for `fit`.

        Returns
        -------
        features : ndarray of shape (n_frames, n_features), list of these, or Recordings
            float32; an array for one path, a list for a sequence of paths, `Recordings`
            for a folder.

        Raises
        ------
        ValueError
            If a file is no video, is damaged or truncated, or the backbone does not fit
            the file of weights, ``pooling`` or ``image_size``. Others are those of
            `fit`.
        OSError
            If the recommended weights cannot be loaded, or ``cache_dir`` not written.
        """
        paths, form = self._check(X)
        features = list(self._compute_each(paths, form))
        if form == "folder":
            names = [path.stem for path in paths]
            return Recordings(features, names, fps=self.fps)
        return features[0] if form == "file" else features

    def transform_each(self, X):
        """Compute the features of one video after the other, without keeping them.

        Parameters
        ----------
        X : str, path-like or sequence of these
            As for `fit`.

        Returns
        -------
        features : iterator of ndarray of shape (n_frames_i, n_features)
            float32. Parameters and paths are checked before the first one; errors are
            those of `transform`.
        """
        return self._compute_each(*self._check(X))

    def _check(self, X):
        self._validate_params()
        videos = list_videos(X)
        backbones.check_network(self.backbone, self.weights)
        return videos

    def _compute_each(self, paths, form):
        """Yield features, from the cache if possible."""
        if self.cache_dir is not None:
            os.makedirs(self.cache_dir, exist_ok=True)
        keys, compute = ("random_state", "device", "pooling", "image_size"), None
        for i, path in enumerate(paths):
            kept = self._cached_file(path)
            features = None if kept is None else _read_cached(kept)
            if features is None:
                if compute is None:
                    options = {key: getattr(self, key) for key in keys}
                    names = self.backbone, self.weights
                    compute = backbones.load_network(*names, **options)
                with errors_of_recording(None if form == "file" else i):
                    frames = (frame for _, frame in iterate_frames(path, self.fps))
                    features = compute(frames, self.batch_size)
                if kept is not None:
                    with replaced(kept) as unfinished:
                        write_array(unfinished, features)
            yield features

    def _cached_file(self, path):
        """Path in the cache: its name depends on all settings of the features."""
        if self.cache_dir is None:
            return None
        if self.weights is None:
            weights = int(self.random_state)
        elif self.weights == "DEFAULT":
            weights = backbones.recommended_version(self.backbone)
        else:
            weights = _file_version(self.weights)
        network = (self.backbone, weights, self.pooling, self.image_size)
        fps = self.fps and float(self.fps)
        key = (_file_version(path), *network, fps, __version__)
        name = hashlib.sha256(repr(key).encode()).hexdigest()
        return Path(self.cache_dir, f"{name}.npy")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _file_version(path):
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


def _read_cached(path):
    try:
        return read_features(path, mmap=False)
    except ValueError:
        return None
