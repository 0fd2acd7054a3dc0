"""Features of the frames of video files, by a network trained to classify pictures.

Needs the ``video`` extra (av, torchvision, timm), which is imported when it is used.
"""

import hashlib
import os
from numbers import Integral
from pathlib import Path

from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions

from skl_tot import __version__
from skl_tot.preprocessing.backbones import (
    check_network,
    load_network,
    recommended_version,
)
from skl_tot.preprocessing.videos import FPS, iterate_frames, list_videos
from skl_tot.recordings.atomic import replaced, write_array
from skl_tot.recordings.container import Recordings
from skl_tot.recordings.errors import errors_of_recording
from skl_tot.recordings.files import read_features


class FrameFeatures(  # type: ignore[call-arg]
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # the output may be a list of arrays
):
    """Turn video files into features of their frames.

    Decodes a video, takes ``fps`` frames of each second and gives what a network that
    classifies pictures computes from each before its last layer. The defaults are those
    of the Desktop Assembly data set of the TOT paper: ResNet-18 trained on ImageNet, 10
    frames per second, 512 features.

    Needs the ``video`` extra: ``pip install 'skl-tot[video]'``.

    Parameters
    ----------
    backbone : str, default="resnet18"
        Name of a classification network of torchvision whose last layer is linear:
        "resnet18" (512 features), "resnet50" (2048), "mobilenet_v3_small" (1024), …,
        but not GoogLeNet, Inception and SqueezeNet. Or ``"timm/NAME"``, where ``NAME``
        is one of ``timm.list_models()``, perhaps with a tag that says which weights:
        "timm/vit_small_patch14_dinov2.lvd142m" (384), "timm/convnext_tiny" (768), ….
        "motion" is no network and needs no weights: colour, change and optical flow of
        16 parts of the picture (112), for a first try.
    fps : float, default=10
        Frames per second. Row i is of the frame that is shown i / ``fps`` seconds after
        the first one, also if the frames of the file come at uneven times. A video with
        fewer frames per second has frames repeated. None takes every frame of the file
        once.
    weights : {"DEFAULT"}, path-like or None, default="DEFAULT"
        "DEFAULT" are the weights that torchvision recommends, or timm's of that name,
        which are downloaded once; without a network, an error says at once where they
        are looked for. A path is one of a file with a state dict of the
        backbone, as torch (``.pth``, ``.pt``) or ``.safetensors``, with or without its
        last layer. None is a random network.
    batch_size : int, default=64
        Pictures that go through the network at once. Bounds the memory, not the result.
    device : str, default="auto"
        Where to compute: "auto" (CUDA if there is one, else CPU), "cpu" or "cuda".
    cache_dir : path-like, default=None
        Folder in which to keep the features of each video, as ``.npy``. They are read
        from there for as long as path, size and time of the video and of the weights,
        ``backbone``, ``pooling``, ``image_size``, ``fps`` and the version of this
        package are the same. Made if it is not there. None keeps nothing.
    random_state : int, default=0
        Seed of the network if ``weights=None``. As nothing is fitted, only an int gives
        the same network in every call.
    pooling : {"token", "avg"}, default=None
        What of a transformer of timm is the feature of a frame: its class token, or the
        mean of the tokens of all patches of the picture. None is what the network was
        trained with, and the only choice for others.
    image_size : int, default=None
        Height and width in pixels of the square that the network sees. None is what
        the weights were made for: 224 for most, but 518 for DINOv2 of timm, which at
        ``image_size=224`` has a fifth of the patches to work on. Positions of a
        transformer of timm are interpolated; its size is a multiple of its patches.

    Notes
    -----
    *Input.* ``X`` is the path of one video, a list of paths, or a folder, which stands
    for the files in it, sorted by name, whose suffix is that of a video. Of a folder
    come `Recordings`, with the names of the files and ``fps``. A pipeline with a
    segmenter takes all of these, too. There is nothing to fit.

    *Preparation.* Pictures are resized, cropped to the square in their middle and
    normalised as torchvision or timm does for the recommended weights of the backbone
    (for "resnet18", the short side to 256 and a square of 224 pixels), whatever
    ``weights`` is. ``image_size`` changes both sizes alike. What is left and right of
    the middle is not seen. A rotation that the file asks for is applied.

    *Memory.* Frames are read one by one, with ``batch_size`` prepared pictures at most.

    *Damaged files* are errors. Files that were cut off are, too, if they say how many
    frames they should have: ``.mp4``, ``.mov`` and ``.avi`` do, ``.mkv``, ``.webm`` and
    ``.ts`` do not, and give the frames that are left.

    References
    ----------
    Kumar, Haresh, Ahmed, Konin, Zia, Tran, "Unsupervised Action Segmentation by Joint
    Representation Learning and Online Clustering", CVPR 2022, section A.4.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skl_tot import TemporalOTSegmenter
    >>> from skl_tot.preprocessing import FrameFeatures
    >>> model = make_pipeline(FrameFeatures(fps=5), TemporalOTSegmenter(n_actions=5))
    >>> model.get_params()["framefeatures__fps"]
    5
    >>> paths = ["take_1.mp4", "take_2.mp4"]
    >>> labels = model.fit(paths).predict(paths)  # doctest: +SKIP
    """

    __module__ = "skl_tot.preprocessing"

    _parameter_constraints = {
        "backbone": [str],
        "fps": FPS,
        "weights": [str, os.PathLike, None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "device": [str],
        "cache_dir": [str, os.PathLike, None],
        "random_state": [Interval(Integral, 0, 2**32 - 1, closed="both")],
        "pooling": [StrOptions({"token", "avg"}), None],
        "image_size": [Interval(Integral, 1, 4096, closed="both"), None],
    }

    def __init__(
        self,
        backbone="resnet18",
        *,
        fps=10,
        weights="DEFAULT",
        batch_size=64,
        device="auto",
        cache_dir=None,
        random_state=0,
        pooling=None,
        image_size=None,
    ):
        self.backbone = backbone
        self.fps = fps
        self.weights = weights
        self.batch_size = batch_size
        self.device = device
        self.cache_dir = cache_dir
        self.random_state = random_state
        self.pooling = pooling
        self.image_size = image_size

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and that there are such files.

        Parameters
        ----------
        X : str, path-like or sequence of such
            Path of one video or of a folder of them, or paths of many.
        y : None
            Ignored.

        Returns
        -------
        self : FrameFeatures
            The transformer, as it was.

        Raises
        ------
        ImportError
            If the ``video`` extra is needed and not installed.
        TypeError, ValueError
            If a parameter or a path is not valid, or two videos of a folder have one
            name.
        FileNotFoundError
            If there is no such file, of a video or of weights, or no video in a folder.
        """
        list_videos(X)
        check_network(self.backbone, self.weights)
        return self

    def transform(self, X):
        """Compute the features of every video.

        Parameters
        ----------
        X : str, path-like or sequence of such
            As for `fit`.

        Returns
        -------
        features : ndarray of shape (n_frames, n_features), list of such, or Recordings
            float32; an array for one path, a list for a sequence of paths, `Recordings`
            for a folder.

        Raises
        ------
        ImportError, TypeError, FileNotFoundError
            As `fit`.
        ValueError
            As `fit`, or if a file is no video, is damaged or was cut off, a file of
            weights does not fit the backbone, or the backbone not ``pooling`` or
            ``image_size``.
        OSError
            If the recommended weights cannot be loaded, or ``cache_dir`` not written.
        """
        paths, form = self._check(X)
        features = list(self._compute_each(paths, form))
        if form == "file":
            return features[0]
        if form == "list":
            return features
        names = [path.stem for path in paths]
        return Recordings(features, names, fps=self.fps)

    def transform_each(self, X):
        """Compute the features of one video after the other.

        The network is loaded once, and no features are kept.

        Parameters
        ----------
        X : str, path-like or sequence of such
            As for `fit`.

        Returns
        -------
        features : iterator of ndarray of shape (n_frames_i, n_features)
            float32. Parameters and paths are checked before the first one; errors are
            those of `transform`.
        """
        return self._compute_each(*self._check(X))

    def _check(self, X):
        """Check parameters, and list the videos."""
        self._validate_params()
        videos = list_videos(X)
        check_network(self.backbone, self.weights)
        return videos

    def _compute_each(self, paths, form):
        """Yield features, those that were kept as they are."""
        if self.cache_dir is not None:
            os.makedirs(self.cache_dir, exist_ok=True)
        compute = None
        for i, path in enumerate(paths):
            kept = self._cached_file(path)
            features = None if kept is None else _read_cached(kept)
            if features is None:
                if compute is None:
                    compute = load_network(
                        self.backbone,
                        self.weights,
                        random_state=self.random_state,
                        device=self.device,
                        pooling=self.pooling,
                        image_size=self.image_size,
                    )
                with errors_of_recording(None if form == "file" else i):
                    frames = (frame for _, frame in iterate_frames(path, self.fps))
                    features = compute(frames, self.batch_size)
                if kept is not None:
                    with replaced(kept) as unfinished:
                        write_array(unfinished, features)
            yield features

    def _cached_file(self, path):
        """Where features are kept: under a name made of all that they depend on."""
        if self.cache_dir is None:
            return None
        if self.weights is None:
            weights = int(self.random_state)
        elif self.weights == "DEFAULT":
            weights = recommended_version(self.backbone)
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
    """Tell a file apart from others and from what it was before."""
    status = os.stat(path)
    return os.path.abspath(path), status.st_size, status.st_mtime_ns


def _read_cached(path):
    """Features that were kept, or None; a broken file is as good as none."""
    try:
        return read_features(path, mmap=False)
    except ValueError:
        return None
