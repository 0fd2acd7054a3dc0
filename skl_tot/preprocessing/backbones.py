"""Features of video frames: by networks of timm, or colour and motion without one."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from numbers import Integral
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from skl_tot.preprocessing.framewise import Number
from skl_tot.preprocessing.videos import (
    FPS,
    colour_and_motion,
    iterate_frames,
    list_videos,
)
from skl_tot.recordings.container import FrameArrays, Recordings
from skl_tot.recordings.errors import (
    errors_of_recording,
    import_extra,
    one_line,
    refuse,
)

MOTION = "motion"  # backbone name in `FrameFeatures`


@dataclass(eq=False, repr=False)
class FrameFeatures(  # type: ignore[call-arg]
    TransformerMixin,
    BaseEstimator,
    auto_wrap_output_keys=None,  # the output may be a list of arrays
):
    """Turn video files into features of their frames.

    Takes ``fps`` frames of each second and returns the output of a classification
    network before its last layer. The defaults are those of Desktop Assembly in the TOT
    paper, ResNet-18 trained on ImageNet. Needs the extra ``video``.

    Parameters
    ----------
    backbone : str, default="resnet18.tv_in1k"
        Name of a network of `timm <https://huggingface.co/timm>`_, perhaps with a tag
        for its weights: "resnet18.tv_in1k" (512 features), "convnext_tiny" (768), ….
        "motion" uses no network and no weights: colour, change and optical flow of 16
        parts of the picture (112).
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
    device : str, default="auto"
        Device of torch: "auto" (CUDA if there is one), "cpu", "cuda", or "cuda:1", ….
    image_size : int, default=None
        Height and width in pixels of the square input of the network. None keeps that
        of the weights. For a transformer, it must be a multiple of its patches.

    Notes
    -----
    A folder gives `Recordings`, with the names of the files, sorted, and ``fps``.

    Pictures are turned upright, resized, cropped to the central square and normalised,
    as in timm for the recommended weights.

    Damaged files are errors, and truncated ones if they tell their number of frames;
    else they give the frames that remain.

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
        "image_size": [Number(Integral, 1, 4096, closed="both"), None],
    }

    backbone: str = "resnet18.tv_in1k"
    _: KW_ONLY
    fps: float | None = 10
    weights: str | os.PathLike | None = "DEFAULT"
    batch_size: int = 64
    device: str = "auto"
    image_size: int | None = None

    def fit(self, X, y=None) -> Self:
        """Check the parameters and the existence of files.

        Parameters
        ----------
        X : str, path-like or sequence of these
            Path of one video or of a folder of them, or paths of many.
        """
        self._check(X)
        return self

    def transform(self, X) -> FrameArrays:
        """Compute the features of every video.

        Parameters
        ----------
        X : str, path-like or sequence of these
            As for `fit`.

        Returns
        -------
        features : ndarray of shape (n_frames, n_features), list of these, or Recordings
            float32; an array for a path, a list for paths, `Recordings` for a folder.

        Raises
        ------
        ImportError, OSError, ValueError
            If the extra ``video`` or a file is missing, damaged or no video, or the
            backbone does not fit its parameters.
        """
        paths, form = self._check(X)
        features = list(self._compute_each(paths, form))
        if form == "folder":
            return Recordings(features, [path.stem for path in paths], fps=self.fps)
        return features[0] if form == "file" else features

    def transform_each(self, X) -> Iterator[np.ndarray]:
        """Yield float32 features video by video, after all parameters are checked."""
        return self._compute_each(*self._check(X))

    def _check(self, X):
        self._validate_params()
        return list_videos(X)

    def _compute_each(self, paths, form):
        extract = load_extractor(
            self.backbone,
            self.weights,
            device=self.device,
            image_size=self.image_size,
        )
        for i, path in enumerate(paths):
            with errors_of_recording(None if form == "file" else i):
                frames = (frame for _, frame in iterate_frames(path, self.fps))
                yield extract(frames, self.batch_size)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        return tags


def load_extractor(backbone, weights, *, device, image_size=None):
    """Make a function from frames (height, width, 3) and a batch size to features."""
    if backbone == MOTION:
        if image_size is not None or weights not in (None, "DEFAULT"):
            refuse("backbone", backbone, "a network with weights or image_size")
        return colour_and_motion
    import torch

    from skl_tot.training.devices import resolve_device

    device = resolve_device(device)
    network = _build(backbone, weights).eval()
    try:
        prepare = _preparation(network, image_size)
        with torch.inference_mode():
            (row,) = network(prepare(np.zeros((16, 16, 3), np.uint8))[None])
        if row.ndim != 1:
            raise ValueError(f"features have shape {tuple(row.shape)}.")
    except ImportError:
        raise
    except Exception as error:  # assertions, and shape errors of any type
        asked = f"image_size={image_size}"
        raise ValueError(f"{backbone} cannot do {asked}: {_gist(error)}") from error
    network.to(device)

    def extract(frames, batch_size):
        pictures = map(prepare, frames)
        rows = []
        with torch.inference_mode():
            while batch := list(itertools.islice(pictures, batch_size)):
                rows.append(network(torch.stack(batch).to(device)).cpu().numpy())
        return np.concatenate(rows)

    return extract


def _build(backbone, weights):
    """Network without its last layer, with random weights if there are no others."""
    import torch

    timm, is_recommended = import_extra("timm"), weights == "DEFAULT"
    # only the CPU generator is used, and restored
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)  # of random weights
        try:
            network = timm.create_model(
                backbone.removeprefix("timm/"),
                pretrained=is_recommended,
                num_classes=0,
            )
        except Exception as error:  # each hub has its own types
            if not is_recommended:
                expected = f"one of timm.list_models(), or {MOTION!r} ({_gist(error)})"
                refuse("backbone", backbone, expected)
            raise OSError(
                f"weights='DEFAULT' of {backbone} cannot be loaded ({_gist(error)}); "
                "give the path of a file with weights (weights=PATH), or start with "
                f"backbone={MOTION!r}, which needs none."
            ) from error
    if weights is not None and not is_recommended:
        _load_weights(network, weights, backbone)
    return network


def _load_weights(network, path, backbone):
    import torch

    is_safetensors = os.fspath(path).endswith(".safetensors")
    safetensors = import_extra("safetensors.torch") if is_safetensors else None
    last_layers = network.pretrained_cfg.get("classifier") or ()
    if isinstance(last_layers, str):
        last_layers = (last_layers,)
    try:
        if safetensors:
            state = safetensors.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        for layer, part in itertools.product(last_layers, ("weight", "bias")):
            state.pop(f"{layer}.{part}", None)
        network.load_state_dict(state)
    except Exception as error:  # unpickling raises many types
        problem = f"weights={os.fspath(path)!r} is no state dict of {backbone}"
        raise ValueError(f"{problem}: {_gist(error)}") from error


def _gist(error):
    return one_line(error).partition(". ")[0][:200]


def _preparation(network, image_size):
    """Make a function from a frame to a tensor by timm, perhaps of another size."""
    data = import_extra("timm.data")
    image = import_extra("PIL.Image")
    config = data.resolve_model_data_config(network)
    if image_size is not None:
        # the configuration is that of the weights, not of the new size
        config["input_size"] = (3, image_size, image_size)
        if hasattr(network, "set_input_size"):  # it has positions or windows
            patch, _ = network.patch_embed.patch_size
            if image_size % patch:  # some models would ignore the last rows
                refuse("image_size", image_size, f"a multiple of {patch} pixels")
            network.set_input_size((image_size, image_size))
    transform = data.create_transform(**config)
    return lambda frame: transform(image.fromarray(frame))
