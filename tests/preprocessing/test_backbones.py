"""Networks of timm and torchvision, with random weights, against the libraries."""

import http.server
import socket
import sys
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_tot.preprocessing import FrameFeatures, backbones
from skl_tot.preprocessing.backbones import LIBRARIES, Library, load_network

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")
models = pytest.importorskip("torchvision.models")
transforms = pytest.importorskip("torchvision.transforms")
safetensors = pytest.importorskip("safetensors.torch")
image = pytest.importorskip("PIL.Image")

# Mean and standard deviation that pictures are normalised by.
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


REACH = backbones.why_unreachable  # which other tests do without


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Threads that wait for each other on a busy machine take 50 times as long."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def unreachable(*args, **options):
        raise ConnectionError("no network.\nTry again")

    monkeypatch.setattr("timm.models._hub.hf_hub_download", unreachable)
    monkeypatch.setattr(backbones, "why_unreachable", lambda url: None)


@pytest.fixture(scope="module")
def frames():
    """Pictures that are not square and different everywhere."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (3, 6, 9, 3), dtype=np.uint8)
    return list(coarse.repeat(20, axis=1).repeat(20, axis=2))


def compute(frames, backbone, weights=None, batch_size=2, **options):
    """Features of frames."""
    options = {"random_state": 0, "device": "cpu"} | options
    return load_network(backbone, weights, **options)(frames, batch_size)


def make_network(name, **options):
    """Network of timm with its last layer and random weights, others than of seed 0."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return timm.create_model(name, **options).eval()


def save(network, path):
    """Save a state dict as the suffix says, and return the path."""
    if path.suffix == ".safetensors":
        safetensors.save_file(network.state_dict(), path)
    else:
        torch.save(network.state_dict(), path)
    return path


def pictures(frames, resized, cropped, normalisation, mode="BICUBIC"):
    """Prepare frames by torchvision, without looking at what timm says."""
    prepare = transforms.Compose(
        [
            transforms.Resize(resized, transforms.InterpolationMode[mode]),
            transforms.CenterCrop(cropped),
            transforms.ToTensor(),
            transforms.Normalize(*normalisation),
        ]
    )
    return torch.stack([prepare(image.fromarray(frame)) for frame in frames])


# ------------------------------------------------------------------------- results


@pytest.mark.parametrize(
    ("name", "prepared", "width"),
    [
        ("test_vit", (168, 160, HALF), 64),  # class token
        ("test_vit2", (168, 160, HALF), 64),  # mean of the others, then a norm
        ("test_resnet", (168, 160, HALF, "BILINEAR"), 96),
        ("mobilenetv3_small_050", (256, 224, IMAGENET), 1024),  # a layer after the pool
    ],
)
def test_as_timm_does_it(frames, tmp_path, name, prepared, width):
    network = make_network(name, num_classes=10)
    weights = save(network, tmp_path / "weights.safetensors")
    with torch.inference_mode():
        maps = network.forward_features(pictures(frames, *prepared))
        expected = network.forward_head(maps, pre_logits=True).numpy()
    found = compute(frames, f"timm/{name}", weights)
    assert found.shape == (3, width)
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert np.ptp(found, axis=0).max() > 1e-3


def test_weights_without_last_layer(frames, tmp_path):
    network = make_network("test_vit")
    expected = compute(frames, "timm/test_vit", save(network, tmp_path / "a.pth"))
    state = network.state_dict()
    torch.save({k: v for k, v in state.items() if "head" not in k}, tmp_path / "b.pth")
    assert_array_equal(compute(frames, "timm/test_vit", tmp_path / "b.pth"), expected)


def test_several_last_layers(frames, tmp_path):
    name = "deit_tiny_distilled_patch16_224"
    weights = save(make_network(name), tmp_path / "a.pth")
    found = compute(frames[:1], f"timm/{name}", weights, image_size=32)
    assert found.shape == (1, 192)


def test_pooling(frames, tmp_path):
    network = make_network("test_vit", num_classes=0)
    weights = save(network, tmp_path / "a.pth")
    prepared = pictures(frames, 168, 160, HALF)
    for pooling in ("token", "avg"):
        network.reset_classifier(0, pooling)
        with torch.inference_mode():
            expected = network(prepared).numpy()
        found = compute(frames, "timm/test_vit", weights, pooling=pooling)
        assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    plain = compute(frames, "timm/test_vit", weights)
    assert np.abs(plain - found).max() > 0.01  # of the token, not of the mean
    network = make_network("test_vit2", num_classes=0)
    weights = save(network, tmp_path / "b.pth")
    assert_array_equal(
        compute(frames, "timm/test_vit2", weights, pooling="avg"),
        compute(frames, "timm/test_vit2", weights),
    )


def test_class_token_of_a_network_trained_with_the_mean(frames, tmp_path):
    """What comes after the pool stays."""
    name = "eva02_tiny_patch14_224"
    network = make_network(name, num_classes=0)
    weights = save(network, tmp_path / "a.pth")
    network.set_input_size((28, 28))
    prepared = pictures(frames, 31, 28, (CLIP_MEAN, CLIP_STD))
    for pooling in ("avg", "token"):
        network.reset_classifier(0, pooling)
        with torch.inference_mode():
            expected = network(prepared).numpy()
        options = {"pooling": pooling, "image_size": 28}
        found = compute(frames, f"timm/{name}", weights, **options)
        assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_image_size_of_transformers(frames, tmp_path):
    """Positions are interpolated, as timm does for pictures of any size."""
    network = make_network("test_vit", num_classes=0)
    weights = save(network, tmp_path / "a.pth")
    flexible = make_network("test_vit", num_classes=0, dynamic_img_size=True)
    flexible.load_state_dict(network.state_dict())
    with torch.inference_mode():
        expected = flexible(pictures(frames, 101, 96, HALF)).numpy()
    found = compute(frames, "timm/test_vit", weights, image_size=96)
    assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_image_size_of_convolutions(frames):
    network = make_network("test_resnet", num_classes=0)
    with torch.inference_mode():
        expected = network(pictures(frames, 101, 96, HALF, "BILINEAR")).numpy()
    found = compute(frames, "timm/test_resnet", random_state=1, image_size=96)
    assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_image_size_of_torchvision(frames):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = models.resnet18().eval()
    network.fc = torch.nn.Identity()
    steps = [transforms.Resize(73), transforms.CenterCrop(64)]  # of bytes, not PIL
    tensors = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2)
    with torch.inference_mode():
        cropped = transforms.Compose(steps)(tensors) / 255
        expected = network(transforms.Normalize(*IMAGENET)(cropped)).numpy()
    found = compute(frames, "resnet18", random_state=1, image_size=64)
    assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.ptp(found, axis=0).max() > 0.1
    named = compute(frames, "torchvision/resnet18", random_state=1, image_size=64)
    assert_array_equal(named, found)


def test_batches_do_not_matter(frames):
    whole = compute(frames, "timm/test_vit", batch_size=3)
    parts = compute(iter(frames), "timm/test_vit", batch_size=1)
    assert_allclose(parts, whole, rtol=1e-4, atol=1e-5)


# ----------------------------------------------------------- recommended weights


def test_recommended_weights(frames, tmp_path, monkeypatch):
    """Those that the hub gives, whose last layer is left out."""
    network = make_network("test_vit")
    weights = save(network, tmp_path / "model.safetensors")
    asked = []

    def download(repo_id, filename, **options):
        asked.append(repo_id)
        return str(weights)

    monkeypatch.setattr("timm.models._hub.hf_hub_download", download)
    found = compute(frames, "timm/test_vit", "DEFAULT")
    assert asked == ["timm/test_vit.r160_in1k"]
    assert_array_equal(found, compute(frames, "timm/test_vit", weights))


def test_recommended_weights_out_of_reach(frames):
    expected = r"weights='DEFAULT' of timm/test_vit .*\(no network\); give the path"
    with pytest.raises(OSError, match=expected) as caught:
        compute(frames, "timm/test_vit", "DEFAULT")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("backbone", ["resnet18", "timm/test_vit"])
def test_weights_out_of_reach_are_told_at_once(frames, backbone, tmp_path, monkeypatch):
    """Which file, where it is looked for, and what else there is."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(backbones, "why_unreachable", lambda url: f"no way to {url}")
    with pytest.raises(OSError, match="are not in ") as caught:
        compute(frames, backbone, "DEFAULT")
    kept, url = backbones._library_of(backbone)[0].place(backbone.rpartition("/")[2])
    assert kept.is_relative_to(tmp_path)
    assert str(caught.value) == (
        f"weights of {backbone} are not in {kept}, and {url} is out of reach (no way "
        f"to {url}); download them elsewhere and put them there, give the path of a "
        "file with weights (weights=PATH, --weights PATH), or start with "
        "backbone='motion' (--backbone motion), which needs none."
    )
    kept.mkdir(parents=True)  # as good as there: the library is asked
    with pytest.raises(OSError, match="cannot be loaded"):
        compute(frames, backbone, "DEFAULT")


def test_servers_that_do_not_answer(monkeypatch):
    ask = REACH
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x.pth"
        monkeypatch.setattr(backbones, "PATIENCE", 0.2)
        assert ask(url) in ("no answer in 0.2 s", "timed out")
    assert "refused" in ask(url)


def test_servers_that_answer():
    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self):
            self.send_error(405)

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Refuses) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        assert REACH(f"http://127.0.0.1:{server.server_port}/x.pth") is None
        thread.join()


def test_no_recommended_weights(frames):
    with pytest.raises(OSError, match=r"cannot be loaded \(No pretrained weights"):
        compute(frames, "timm/cs3darknet_focus_x", "DEFAULT")


def test_versions_of_recommended_weights():
    version = backbones.recommended_version
    assert version("timm/test_vit") == version("timm/test_vit.r160_in1k")
    names = ["resnet18", "timm/resnet18.a1_in1k", "timm/resnet18.a2_in1k"]
    assert len(set(map(version, names))) == 3


# -------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("backbone", "expected"),
    [
        ("test_vit", "expected a classification network of torchvision"),
        ("googlenet", "expected a classification network of torchvision"),
        ("r3d_18", "expected a classification network of torchvision"),
        ("timm/test_vit9", r"expected one that timm.list_models\(\)"),
        ("timm/test_vit.of_mine", r"expected one that timm.list_models\(\)"),
        ("timm/", r"expected one that timm.list_models\(\)"),
        ("clip/b32", "expected 'torchvision/NAME' or 'timm/NAME'"),
        ("/", "expected 'torchvision/NAME' or 'timm/NAME'"),
    ],
)
def test_unknown_names(tmp_path, backbone, expected):
    (tmp_path / "a.mp4").touch()
    with pytest.raises(ValueError, match=f"backbone is '{backbone}', {expected}"):
        FrameFeatures(backbone, weights=None).fit(tmp_path)


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("timm/test_vit", {"image_size": 100}, "patches of 16 pixels, expected a mul"),
        ("timm/cait_xxs24_224", {"image_size": 96}, "cannot do image_size=96 .*224"),
        ("timm/test_resnet", {"pooling": "avg"}, "has no tokens, expected None"),
        ("resnet18", {"pooling": "token"}, "has no tokens, expected None"),
        ("timm/test_vit2", {"pooling": "token"}, "no class token, expected 'avg'"),
    ],
)
def test_what_a_network_cannot_do(frames, name, options, expected):
    with pytest.raises(ValueError, match=expected) as caught:
        compute(frames, name, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("options", [{"image_size": 0}, {"pooling": "max"}])
def test_invalid_parameters(tmp_path, options):
    (tmp_path / "a.mp4").touch()
    [name] = options
    for method in ("fit", "transform", "transform_each"):
        with pytest.raises(ValueError, match=f"The '{name}' parameter"):
            getattr(FrameFeatures(weights=None, **options), method)(tmp_path)


@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
@pytest.mark.parametrize("what", ["other network", "junk", "empty"])
def test_unsuitable_weights(frames, tmp_path, what, suffix):
    path = tmp_path / f"weights.{suffix}"
    path.write_bytes(b"junk" if what == "junk" else b"")
    if what == "other network":
        save(make_network("test_vit2"), path)
    expected = r"^weights='.*weights\.\w+' is no state dict of timm/test_vit: "
    with pytest.raises(ValueError, match=expected) as caught:
        compute(frames, "timm/test_vit", path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("module", "backbone"),
    [("timm", "timm/test_vit"), ("torchvision.models", "resnet18")],
)
def test_missing_extra(tmp_path, monkeypatch, module, backbone):
    (tmp_path / "a.mp4").touch()
    monkeypatch.setitem(sys.modules, module, None)
    name = module.partition(".")[0]
    with pytest.raises(ImportError, match=rf"{name}, .*skl-tot\[video\]"):
        FrameFeatures(backbone).fit(tmp_path)


# ----------------------------------------------------------------------- libraries


def test_a_further_library_is_one_entry(frames, monkeypatch):
    """Mean colours, by a library of one network."""
    colours = Library(
        "'mean'",
        lambda name: name == "mean",
        lambda name: "first",
        lambda name, recommended: (torch.nn.Flatten(2), ()),
        lambda name, network, image_size: (
            lambda frame: torch.tensor(frame.mean((0, 1), keepdims=True))
        ),
    )
    monkeypatch.setitem(LIBRARIES, "colours", colours)
    backbones.check_network("colours/mean", None)
    found = compute(frames, "colours/mean").reshape(3, 3)
    assert_allclose(found, [frame.mean((0, 1)) for frame in frames])
    with pytest.raises(ValueError, match="backbone is 'colours/max', expected 'mean'"):
        backbones.check_network("colours/max", None)
