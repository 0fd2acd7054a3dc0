"""Features of the frames of video files, by a network trained to classify pictures.

Needs the ``video`` extra (av, torchvision), which is imported when it is used.
"""

import itertools
import os
from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval

from skl_tot import __version__
from skl_tot.inputs.errors import (
    VideoFileNotFoundError,
    errors_of_video,
    one_line,
    short_repr,
)
from skl_tot.inputs.extras import import_extra
from skl_tot.preprocessing import feature_cache
from skl_tot.preprocessing.video_frames import FPS, iterate_frames

# The first two prepare pictures differently for weights of a file; the others end in
# a convolution.
UNSUITABLE = {"googlenet", "inception_v3", "squeezenet1_0", "squeezenet1_1"}


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
        but not GoogLeNet, Inception and SqueezeNet.
    fps : float, default=10
        Frames per second. Row i is of the frame that is shown i / ``fps`` seconds after
        the first one, also if the frames of the file come at uneven times. A video with
        fewer frames per second has frames repeated. None takes every frame of the file
        once.
    weights : {"DEFAULT"}, path-like or None, default="DEFAULT"
        "DEFAULT" are the weights that torchvision recommends, which it downloads once.
        A path is one of a file with a state dict of the backbone, with or without its
        last layer. None is a random network.
    batch_size : int, default=64
        Pictures that go through the network at once. Bounds the memory, not the result.
    device : str, default="auto"
        Where to compute: "auto" (CUDA if there is one, else CPU), "cpu" or "cuda".
    cache_dir : path-like, default=None
        Folder in which to keep the features of each video, as ``.npy``. They are read
        from there for as long as path, size and time of the video and of the weights,
        ``backbone``, ``fps`` and the version of this package are the same. Made if it
        is not there. None keeps nothing.
    random_state : int, default=0
        Seed of the network if ``weights=None``. As nothing is fitted, only an int gives
        the same network in every call.

    Notes
    -----
    *Input.* ``X`` is the path of one video or a list of paths; a pipeline with a
    segmenter takes paths, too. There is nothing to fit.

    *Preparation.* Pictures are resized, cropped to the square in their middle and
    normalised as torchvision does for the recommended weights of the backbone (for
    "resnet18", the short side to 256 and a square of 224 pixels), whatever ``weights``
    is. What is left and right of the middle is not seen. A rotation that the file asks
    for is applied.

    *Memory.* Frames are read one by one. There are never more than a few decoded
    frames and ``batch_size`` prepared pictures.

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
    ):
        self.backbone = backbone
        self.fps = fps
        self.weights = weights
        self.batch_size = batch_size
        self.device = device
        self.cache_dir = cache_dir
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check the parameters and that there are such files.

        Parameters
        ----------
        X : str, path-like or sequence of such
            Path of one video or of many.
        y : None
            Ignored.

        Returns
        -------
        self : FrameFeatures
            The transformer, as it was.

        Raises
        ------
        ImportError
            If the ``video`` extra is not installed.
        TypeError, ValueError
            If a parameter or a path is not valid.
        FileNotFoundError
            If there is no such file, of a video or of weights.
        """
        _check_paths(X)
        _check_network(self.backbone, self.weights)
        return self

    def transform(self, X):
        """Compute the features of every video.

        Parameters
        ----------
        X : str, path-like or sequence of such
            Path of one video or of many.

        Returns
        -------
        features : ndarray of shape (n_frames, n_features), or list of such
            float32; an array for one path, a list for a sequence of paths.

        Raises
        ------
        ImportError
            If the ``video`` extra is not installed.
        TypeError, ValueError
            If a parameter or a path is not valid, a file is no video, is damaged or was
            cut off, or a file of weights does not fit the backbone.
        FileNotFoundError
            If there is no such file, of a video or of weights.
        OSError
            If the recommended weights cannot be loaded, or ``cache_dir`` not written.
        """
        self._validate_params()
        paths, is_single = _check_paths(X)
        _check_network(self.backbone, self.weights)
        if self.cache_dir is not None:
            os.makedirs(self.cache_dir, exist_ok=True)
        places = [self._cached_file(path) for path in paths]
        features = [feature_cache.read(place) for place in places]
        self._compute_missing(features, paths, places, is_single)
        return features[0] if is_single else features

    def _compute_missing(self, features, paths, places, is_single):
        """Put features in place of None, and keep them."""
        missing = [i for i, video in enumerate(features) if video is None]
        if not missing:
            return
        # not in the loop, as an error of the network is not one of a video
        compute = _load_network(
            self.backbone, self.weights, self.random_state, self.device
        )
        for i in missing:
            with errors_of_video(None if is_single else i):
                frames = iterate_frames(paths[i], self.fps)
                features[i] = compute((frame for _, frame in frames), self.batch_size)
            if places[i] is not None:
                feature_cache.write(places[i], features[i])

    def _cached_file(self, path):
        """Where the features of a video are kept, if they are."""
        if self.cache_dir is None:
            return None
        video = feature_cache.file_version(path)
        weights = self._weights_version()
        fps = self.fps and float(self.fps)
        key = (video, self.backbone, weights, fps, __version__)
        return feature_cache.find(self.cache_dir, key)

    def _weights_version(self):
        """Tell weights apart from others."""
        if self.weights is None:
            return int(self.random_state)
        if self.weights == "DEFAULT":
            models = import_extra("torchvision.models", "video")
            return str(models.get_model_weights(self.backbone).DEFAULT)
        return feature_cache.file_version(self.weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def _load_network(backbone, weights, random_state, device):
    """Load a network without its last layer.

    Returns a function that makes features (n_frames, n_features) of an iterable of
    frames (height, width, 3) and a batch size.
    """
    torch = import_extra("torch", "video")
    models = import_extra("torchvision.models", "video")
    from skl_tot.training.devices import resolve_device

    device = resolve_device(device)
    # only the generator of the CPU is used, and it is put back
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(random_state))
        try:
            recommended = weights if weights == "DEFAULT" else None
            network = models.get_model(backbone, weights=recommended)
        except (OSError, RuntimeError) as error:
            raise OSError(
                f"weights='DEFAULT' of {backbone} cannot be loaded "
                f"({_gist(error)}); give the path of a file with weights."
            ) from error
    modules = network.named_modules()
    linear = [name for name, x in modules if isinstance(x, torch.nn.Linear)]
    parent, _, child = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), child, torch.nn.Identity())
    if weights not in (None, "DEFAULT"):
        _load_weights(network, weights, linear[-1], backbone)
    network.eval().to(device)
    prepare = models.get_model_weights(backbone).DEFAULT.transforms()

    def compute(frames, batch_size):
        pictures = (prepare(torch.from_numpy(x).permute(2, 0, 1)) for x in frames)
        rows = []
        with torch.inference_mode():
            while batch := list(itertools.islice(pictures, batch_size)):
                rows.append(network(torch.stack(batch).to(device)).cpu().numpy())
        return np.concatenate(rows)

    return compute


def _load_weights(network, path, last_layer, backbone):
    """Put a state dict of a file into a network that has lost its last layer."""
    torch = import_extra("torch", "video")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        for part in ("weight", "bias"):
            state.pop(f"{last_layer}.{part}", None)
        network.load_state_dict(state)
    except Exception as error:  # unpickling raises all kinds
        raise ValueError(
            f"weights={os.fspath(path)!r} is no state dict of {backbone}: "
            f"{_gist(error)}"
        ) from error


def _check_network(backbone, weights):
    """Refuse an unsuitable backbone, and weights that are not there."""
    models = import_extra("torchvision.models", "video")
    if backbone not in set(models.list_models(module=models)) - UNSUITABLE:
        raise ValueError(
            f"backbone is {short_repr(backbone)}, expected a classification network of "
            "torchvision that ends in a linear layer, such as 'resnet18'."
        )
    if weights not in (None, "DEFAULT") and not os.path.isfile(weights):
        raise FileNotFoundError(f"weights={os.fspath(weights)!r} is not a file.")


def _check_paths(X):
    """Paths of existing files as a list, and whether it is a single path."""
    is_single = isinstance(X, (str, os.PathLike))
    if not is_single and not hasattr(X, "__len__"):
        raise TypeError(f"X is a {type(X).__name__}, expected a path or a list.")
    paths = [X] if is_single else list(X)
    if not paths:
        raise ValueError(f"X is an empty {type(X).__name__}, expected paths of videos.")
    for i, path in enumerate(paths):
        _check_path(path, None if is_single else i)
    return paths, is_single


def _check_path(path, video):
    """Refuse what is no path of a file."""
    with errors_of_video(video):
        if not isinstance(path, (str, os.PathLike)):
            kind = type(path).__name__
            raise TypeError(f"expected a path of a video file, got a {kind}.")
    if not os.path.isfile(path):
        reason = f"{one_line(path)} is not a file."
        if video is None:
            raise FileNotFoundError(reason)
        raise VideoFileNotFoundError(reason, video)


def _gist(error):
    """Start of a message, without line breaks and advice."""
    return one_line(error).partition(". ")[0][:200]
