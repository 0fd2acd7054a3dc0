"""Networks for features of pictures, by library.

A backbone is called ``"library/name"``; without a library it is one of torchvision.
Libraries are imported on demand.
"""

import itertools
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from skl_tot.extras import import_extra
from skl_tot.preprocessing.motion import MOTION, colour_and_motion
from skl_tot.recordings.errors import one_line, short_repr

# The first two prepare pictures differently for weights from a file; the others end in
# a convolution.
UNSUITABLE = {"googlenet", "inception_v3", "squeezenet1_0", "squeezenet1_1"}
# Seconds to wait for a server before downloading weights.
PATIENCE = 5


class Library(NamedTuple):
    """Functions for a library of networks."""

    expected: str  # description of names, for errors
    is_known: Callable  # of a name: whether there is a suitable network
    version: Callable  # of a name: identifies recommended weights
    # (name, recommended): network without last layer, and the names of that layer
    build: Callable
    # (name, network, image_size): makes a tensor (3, height, width) of a frame
    prepare: Callable
    # of a name: file or folder of recommended weights, and their source
    place: Callable = lambda name: (None, None)


def check_network(backbone, weights):
    """Refuse unknown backbones and missing files of weights."""
    if backbone == MOTION:
        return
    library, name = _library_of(backbone)
    if not library.is_known(name):
        raise ValueError(
            f"backbone is {short_repr(backbone)}, expected {library.expected}, or "
            f"{MOTION!r}, which is no network."
        )
    if weights not in (None, "DEFAULT") and not os.path.isfile(weights):
        raise FileNotFoundError(f"weights={os.fspath(weights)!r} is not a file.")


def recommended_version(backbone):
    """Identify the recommended weights of a backbone."""
    if backbone == MOTION:
        return MOTION
    library, name = _library_of(backbone)
    return library.version(name)


def load_network(
    backbone, weights, *, random_state, device, pooling=None, image_size=None
):
    """Load a network without its last layer.

    Returns a function from an iterable of frames (height, width, 3) and a batch size to
    features (n_frames, n_features).
    """
    if backbone == MOTION:
        if (pooling, image_size) != (None, None) or weights not in (None, "DEFAULT"):
            raise ValueError(
                f"backbone is {MOTION!r}, which is no network, expected no weights, "
                "pooling or image_size."
            )
        return colour_and_motion
    import torch

    from skl_tot.training.devices import resolve_device

    device = resolve_device(device)
    library, name = _library_of(backbone)
    network = _build(backbone, weights, random_state).eval()
    prepare = library.prepare(name, network, image_size)
    features_of = _pooled(network, pooling, backbone)
    if pooling is not None or image_size is not None:
        asked = f"image_size={image_size} with pooling={pooling!r}"
        _try_network(features_of, prepare, backbone, asked)
    network.to(device)

    def compute(frames, batch_size):
        pictures = map(prepare, frames)
        rows = []
        with torch.inference_mode():
            while batch := list(itertools.islice(pictures, batch_size)):
                rows.append(features_of(torch.stack(batch).to(device)).cpu().numpy())
        return np.concatenate(rows)

    return compute


def _library_of(backbone):
    """Library of a backbone, and its name there."""
    prefix, slash, name = backbone.partition("/")
    if not slash:
        return LIBRARIES["torchvision"], backbone
    if prefix not in LIBRARIES:
        expected = " or ".join(f"'{known}/NAME'" for known in LIBRARIES)
        raise ValueError(f"backbone is {short_repr(backbone)}, expected {expected}.")
    return LIBRARIES[prefix], name


def _build(backbone, weights, random_state):
    """Network without its last layer, with random weights if there are no others."""
    import torch

    library, name = _library_of(backbone)
    if weights == "DEFAULT":
        _check_reachable(backbone, *library.place(name))
    # only the CPU generator is used, and restored
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(random_state))
        try:
            network, last_layers = library.build(name, weights == "DEFAULT")
        except Exception as error:  # each hub has its own types
            if weights != "DEFAULT":
                raise
            raise OSError(
                f"weights='DEFAULT' of {backbone} cannot be loaded "
                f"({_gist(error)}); {WITHOUT}."
            ) from error
    if weights not in (None, "DEFAULT"):
        _load_weights(network, weights, last_layers, backbone)
    return network


# Advice if recommended weights are out of reach.
WITHOUT = (
    "give the path of a file with weights (weights=PATH, --weights PATH), or start "
    f"with backbone={MOTION!r} (--backbone {MOTION}), which needs none"
)


def _check_reachable(backbone, kept, url):
    """Refuse missing weights early if the server does not answer."""
    if kept is None or kept.exists():
        return
    reason = why_unreachable(url)
    if reason is not None:
        raise OSError(
            f"weights of {backbone} are not in {kept}, and {url} is out of reach "
            f"({reason}); download them elsewhere and put them there, {WITHOUT}."
        )


def why_unreachable(url):
    """Reason why a server does not answer; None if it does."""
    request = urllib.request.Request(url, method="HEAD")
    reasons = [f"no answer in {PATIENCE} s"]

    def ask():
        try:
            urllib.request.urlopen(request, timeout=PATIENCE).close()
        except urllib.error.HTTPError:
            pass
        except OSError as error:
            reasons[0] = _gist(getattr(error, "reason", error))
            return
        reasons.clear()

    # looking up names has no time limit, so the thread is not joined
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return reasons[0] if reasons else None


def _load_weights(network, path, last_layers, backbone):
    """Load a state dict from a file into a network without its last layer."""
    import torch

    is_safetensors = os.fspath(path).endswith(".safetensors")
    safetensors = import_extra("safetensors.torch") if is_safetensors else None
    try:
        if safetensors:
            state = safetensors.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
        for layer, part in itertools.product(last_layers, ("weight", "bias")):
            state.pop(f"{layer}.{part}", None)
        network.load_state_dict(state)
    except Exception as error:  # unpickling raises many types
        raise ValueError(
            f"weights={os.fspath(path)!r} is no state dict of {backbone}: "
            f"{_gist(error)}"
        ) from error


def _pooled(network, pooling, backbone):
    """Make a function of pictures that pools tokens as requested."""
    import torch

    if pooling is None:
        return network
    n_others = getattr(network, "num_prefix_tokens", None)
    if n_others is None:
        raise ValueError(
            f"pooling is {pooling!r}, but {backbone} has no tokens, expected None."
        )
    if pooling == "token" and getattr(network, "cls_token", None) is None:
        raise ValueError(
            f"pooling is 'token', but {backbone} has no class token, expected 'avg'."
        )

    normalise = getattr(network, "fc_norm", torch.nn.Identity())

    def features_of(pictures):
        tokens = network.forward_features(pictures)
        if pooling == "token":
            return normalise(tokens[:, 0])
        return normalise(tokens[:, n_others:].mean(dim=1))

    return features_of


def _try_network(features_of, prepare, backbone, asked):
    """Refuse options at which the network fails."""
    import torch

    picture = prepare(np.zeros((16, 16, 3), np.uint8))
    try:
        with torch.inference_mode():
            features = features_of(picture[None])
    except Exception as error:  # assertions, and shape errors of any type
        raise ValueError(f"{backbone} cannot do {asked}: {_gist(error)}") from error
    if features.ndim != 2:
        shape = tuple(features.shape)
        raise ValueError(f"{backbone} cannot do {asked}: features have shape {shape}.")


def _gist(error):
    """Start of a message, without line breaks and advice."""
    return one_line(error).partition(". ")[0][:200]


# -------------------------------------------------------------------- torchvision


def _is_in_torchvision(name):
    models = import_extra("torchvision.models")
    return name in set(models.list_models(module=models)) - UNSUITABLE


def _version_in_torchvision(name):
    models = import_extra("torchvision.models")
    return str(models.get_model_weights(name).DEFAULT)


def _place_of_torchvision(name):
    """File in the cache of torch, and the address, of recommended weights."""
    import torch

    models = import_extra("torchvision.models")
    url = models.get_model_weights(name).DEFAULT.url
    return Path(torch.hub.get_dir(), "checkpoints", url.rpartition("/")[2]), url


def _build_by_torchvision(name, recommended):
    """Replace the last linear layer by the identity."""
    import torch

    models = import_extra("torchvision.models")
    network = models.get_model(name, weights="DEFAULT" if recommended else None)
    modules = network.named_modules()
    linear = [name for name, x in modules if isinstance(x, torch.nn.Linear)]
    parent, _, child = linear[-1].rpartition(".")
    setattr(network.get_submodule(parent), child, torch.nn.Identity())
    return network, linear[-1:]


def _prepare_by_torchvision(name, network, image_size):
    """Prepare as for the recommended weights; another size shows the same part."""
    import torch

    models = import_extra("torchvision.models")
    transforms = models.get_model_weights(name).DEFAULT.transforms
    transform = transforms()
    if image_size is not None:
        ratio = transform.resize_size[0] / transform.crop_size[0]
        resize_size = round(ratio * image_size)
        transform = transforms(crop_size=image_size, resize_size=resize_size)

    def prepare(frame):
        return transform(torch.from_numpy(frame).permute(2, 0, 1))

    return prepare


# --------------------------------------------------------------------------- timm


def _is_in_timm(name):
    timm = import_extra("timm")
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError:  # no such weights for that network
        return False
    return timm.is_model(name)


def _version_in_timm(name):
    """Name with the default tag of its weights."""
    config = import_extra("timm").get_pretrained_cfg(name)
    return name if config is None else f"{config.architecture}.{config.tag}"


def _place_of_timm(name):
    """Folder in the cache of the hub, and the address, of recommended weights."""
    config = import_extra("timm").get_pretrained_cfg(name)
    repository = getattr(config, "hf_hub_id", None)
    if repository is None:
        return None, None
    constants = import_extra("huggingface_hub.constants")
    folder = "models--" + repository.partition("@")[0].replace("/", "--")
    kept = Path(constants.HF_HUB_CACHE, folder, "snapshots")
    return kept, f"{constants.ENDPOINT}/{repository.partition('@')[0]}"


def _build_by_timm(name, recommended):
    """Let timm omit the last layer."""
    timm = import_extra("timm")
    network = timm.create_model(name, pretrained=recommended, num_classes=0)
    last_layers = network.pretrained_cfg.get("classifier") or ()
    if isinstance(last_layers, str):
        last_layers = (last_layers,)
    return network, last_layers


def _set_size(name, network, image_size):
    """Set the picture size of a transformer."""
    patch, _ = network.patch_embed.patch_size
    if image_size % patch:  # some models would ignore the last rows
        raise ValueError(
            f"image_size is {image_size}, but timm/{name} has patches of {patch} "
            "pixels, expected a multiple of that."
        )
    try:
        network.set_input_size((image_size, image_size))
    except Exception as error:  # assertions, mostly
        raise ValueError(
            f"timm/{name} cannot do image_size={image_size}: {_gist(error)}"
        ) from error


def _prepare_by_timm(name, network, image_size):
    """Prepare as timm does for the weights of that name, perhaps with another size."""
    data = import_extra("timm.data")
    image = import_extra("PIL.Image")
    config = data.resolve_model_data_config(network)
    if image_size is not None:
        # the configuration is that of the weights, not of the new size
        config["input_size"] = (3, image_size, image_size)
        if hasattr(network, "set_input_size"):  # it has positions or windows
            _set_size(name, network, image_size)
    transform = data.create_transform(**config)

    def prepare(frame):
        return transform(image.fromarray(frame))

    return prepare


LIBRARIES = {
    "torchvision": Library(
        "a classification network of torchvision that ends in a linear layer, such as "
        "'resnet18', or 'timm/NAME'",
        _is_in_torchvision,
        _version_in_torchvision,
        _build_by_torchvision,
        _prepare_by_torchvision,
        _place_of_torchvision,
    ),
    "timm": Library(
        "one that timm.list_models() or timm.list_pretrained() has, after 'timm/'",
        _is_in_timm,
        _version_in_timm,
        _build_by_timm,
        _prepare_by_timm,
        _place_of_timm,
    ),
}
