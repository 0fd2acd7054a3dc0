"""Features of pictures: by networks of timm, or colour and motion without a network.

timm is imported on demand.
"""

import itertools
import os

import numpy as np

from skl_tot.recordings.errors import import_extra, one_line, refuse

MOTION = "motion"  # backbone name in `FrameFeatures`
GRID = 4  # parts of a picture, in each direction
SIDE = 16  # pixels of a part of the shrunken picture, in each direction
GREY = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green, blue
# Squared gradient, of values up to 1, below which a part has no texture.
FLAT = 1e-2
# Advice if recommended weights are out of reach.
WITHOUT = (
    "give the path of a file with weights (weights=PATH, --weights PATH), or start "
    f"with backbone={MOTION!r} (--backbone {MOTION}), which needs none"
)


def check_network(backbone, weights):
    """Refuse unknown backbones and missing files of weights."""
    if backbone == MOTION:
        return
    if not _is_known(_name_of(backbone)):
        known = "one that timm.list_models() or timm.list_pretrained() has"
        refuse("backbone", backbone, f"{known}, or {MOTION!r}, which is no network")
    if weights not in (None, "DEFAULT") and not os.path.isfile(weights):
        raise FileNotFoundError(f"weights={os.fspath(weights)!r} is not a file.")


def recommended_version(backbone):
    """Name of a backbone with the tag of its recommended weights."""
    if backbone == MOTION:
        return MOTION
    name = _name_of(backbone)
    config = import_extra("timm").get_pretrained_cfg(name)
    return name if config is None else f"{config.architecture}.{config.tag}"


def load_network(
    backbone, weights, *, random_state, device, pooling=None, image_size=None
):
    """Make a function from frames (height, width, 3) and a batch size to features."""
    if backbone == MOTION:
        if (pooling, image_size) != (None, None) or weights not in (None, "DEFAULT"):
            found = f"backbone is {MOTION!r}, which is no network"
            raise ValueError(f"{found}, expected no weights, pooling or image_size.")
        return colour_and_motion
    import torch

    from skl_tot.training.devices import resolve_device

    device = resolve_device(device)
    network = _build(backbone, weights, random_state).eval()
    features_of = _pooled(network, pooling, backbone)
    _check_size(network, backbone, image_size)
    try:
        prepare = _preparation(network, image_size)
        with torch.inference_mode():
            (row,) = features_of(prepare(np.zeros((16, 16, 3), np.uint8))[None])
        if row.ndim != 1:
            raise ValueError(f"features have shape {tuple(row.shape)}.")
    except ImportError:
        raise
    except Exception as error:  # assertions, and shape errors of any type
        asked = f"image_size={image_size} with pooling={pooling!r}"
        raise ValueError(f"{backbone} cannot do {asked}: {_gist(error)}") from error
    network.to(device)

    def compute(frames, batch_size):
        pictures = map(prepare, frames)
        rows = []
        with torch.inference_mode():
            while batch := list(itertools.islice(pictures, batch_size)):
                rows.append(features_of(torch.stack(batch).to(device)).cpu().numpy())
        return np.concatenate(rows)

    return compute


def _name_of(backbone):
    return backbone.removeprefix("timm/")


def _is_known(name):
    timm = import_extra("timm")
    try:
        timm.get_pretrained_cfg(name)
    except RuntimeError:  # no such weights for that network
        return False
    return timm.is_model(name)


def _build(backbone, weights, random_state):
    """Network without its last layer, with random weights if there are no others."""
    import torch

    timm, is_recommended = import_extra("timm"), weights == "DEFAULT"
    options = {"pretrained": is_recommended, "num_classes": 0}
    # only the CPU generator is used, and restored
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int(random_state))
        try:
            network = timm.create_model(_name_of(backbone), **options)
        except Exception as error:  # each hub has its own types
            if not is_recommended:
                raise
            found = f"weights='DEFAULT' of {backbone} cannot be loaded"
            raise OSError(f"{found} ({_gist(error)}); {WITHOUT}.") from error
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
        found = f"weights={os.fspath(path)!r} is no state dict of {backbone}"
        raise ValueError(f"{found}: {_gist(error)}") from error


def _pooled(network, pooling, backbone):
    """Make a function of pictures that pools tokens as requested."""
    import torch

    if pooling is None:
        return network
    n_others = getattr(network, "num_prefix_tokens", None)
    if n_others is None:
        refuse("pooling", pooling, f"None, as {backbone} has no tokens")
    if pooling == "token" and getattr(network, "cls_token", None) is None:
        refuse("pooling", pooling, f"'avg', as {backbone} has no class token")

    normalise = getattr(network, "fc_norm", torch.nn.Identity())

    def features_of(pictures):
        tokens = network.forward_features(pictures)
        if pooling == "token":
            return normalise(tokens[:, 0])
        return normalise(tokens[:, n_others:].mean(dim=1))

    return features_of


def _gist(error):
    return one_line(error).partition(". ")[0][:200]


def _check_size(network, backbone, image_size):
    """Refuse a size that cuts patches, as some models would ignore the last rows."""
    if image_size is not None and hasattr(network, "set_input_size"):
        patch, _ = network.patch_embed.patch_size
        if image_size % patch:
            expected = f"a multiple of the {patch} pixels of a patch of {backbone}"
            refuse("image_size", image_size, expected)


def _preparation(network, image_size):
    """Make a function from a frame to a tensor by timm, perhaps of another size."""
    data = import_extra("timm.data")
    image = import_extra("PIL.Image")
    config = data.resolve_model_data_config(network)
    if image_size is not None:
        # the configuration is that of the weights, not of the new size
        config["input_size"] = (3, image_size, image_size)
        if hasattr(network, "set_input_size"):  # it has positions or windows
            network.set_input_size((image_size, image_size))
    transform = data.create_transform(**config)
    return lambda frame: transform(image.fromarray(frame))


def colour_and_motion(frames, batch_size=None):
    """Features (n_frames, 112) of consecutive frames (height, width, 3)."""
    rows, before = [], None
    for frame in frames:
        small = _shrink(frame)
        grey = small @ GREY
        before = grey if before is None else before
        parts = [_parts(small[..., k]).mean(axis=2) for k in range(3)]
        parts += [_parts(grey).std(axis=2), _parts(np.abs(grey - before)).mean(axis=2)]
        parts += _flow(before, grey)
        rows.append(np.stack(parts).ravel())
        before = grey
    return np.array(rows, np.float32)


def _shrink(frame):
    small = frame.astype(np.float32) / 255
    for axis in (0, 1):
        edges = np.linspace(0, small.shape[axis], GRID * SIDE + 1).astype(int)
        sizes = np.maximum(np.diff(edges), 1)
        sums = np.add.reduceat(small, edges[:-1].clip(max=small.shape[axis] - 1), axis)
        small = sums / np.expand_dims(sizes, tuple({0, 1, 2} - {axis}))
    return small


def _parts(picture):
    blocks = picture.reshape(GRID, SIDE, GRID, SIDE).swapaxes(1, 2)
    return blocks.reshape(GRID, GRID, -1)


def _flow(before, after):
    """Movement of each part, (4, 4) to the right and (4, 4) down."""
    down, right = np.gradient((before + after) / 2)
    change = after - before
    xx, yy, xy, xt, yt = (
        _parts(product).sum(axis=2)
        for product in (right**2, down**2, right * down, right * change, down * change)
    )
    xx, yy = xx + FLAT, yy + FLAT
    determinant = xx * yy - xy**2
    flow = [xy * yt - yy * xt, xy * xt - xx * yt]
    return [direction / determinant / SIDE for direction in flow]
