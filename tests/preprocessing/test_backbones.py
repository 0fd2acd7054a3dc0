"""Networks with random weights against timm and torchvision, and motion by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from skl_tot.preprocessing import FrameFeatures
from skl_tot.preprocessing.backbones import load_extractor
from skl_tot.preprocessing.videos import colour_and_motion

torch = pytest.importorskip("torch")
timm = pytest.importorskip("timm")
models = pytest.importorskip("torchvision.models")
transforms = pytest.importorskip("torchvision.transforms")
safetensors = pytest.importorskip("safetensors.torch")
image = pytest.importorskip("PIL.Image")

# Mean and standard deviation that pictures are normalised by.
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    def unreachable(*args, **options):
        raise ConnectionError("no network.\nTry again")

    monkeypatch.setattr("timm.models._hub.hf_hub_download", unreachable)


@pytest.fixture(scope="module")
def frames():
    """Pictures that are not square and different everywhere."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (3, 6, 9, 3), dtype=np.uint8)
    return list(coarse.repeat(20, axis=1).repeat(20, axis=2))


def compute(frames, backbone, weights=None, batch_size=2, **options):
    options = {"device": "cpu"} | options
    return load_extractor(backbone, weights, **options)(frames, batch_size)


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


VIT = 168, 160, HALF
NETWORKS = [  # name, options of the features, pictures, number of features
    ("test_vit", {}, VIT, 64),  # class token
    ("test_vit", {"image_size": 96}, (101, 96, HALF), 64),  # positions in between
    ("test_vit2", {}, VIT, 64),  # mean of the others, then a norm
    ("test_resnet", {}, (*VIT, "BILINEAR"), 96),
    ("mobilenetv3_small_050", {}, (256, 224, IMAGENET), 1024),  # a layer after the pool
]


@pytest.mark.parametrize(("name", "options", "prepared", "width"), NETWORKS)
def test_as_timm_does_it(frames, tmp_path, name, options, prepared, width):
    made = {"dynamic_img_size": True} if "image_size" in options else {}
    network = make_network(name, num_classes=10, **made)
    weights = save(network, tmp_path / "weights.safetensors")
    network.reset_classifier(0)
    with torch.inference_mode():
        expected = network(pictures(frames, *prepared)).numpy()
    found = compute(frames, f"timm/{name}", weights, **options)
    assert found.shape == (3, width)
    assert found.dtype == np.float32
    assert_allclose(found, expected, rtol=1e-3, atol=1e-5)
    assert np.ptp(found, axis=0).max() > 1e-3


def test_resnet18_of_torchvision(frames, tmp_path):
    """The default has torchvision's layers, weights and pictures."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        network = models.resnet18().eval()
    weights = save(network, tmp_path / "weights.pth")
    network.fc = torch.nn.Identity()
    prepare = models.ResNet18_Weights.IMAGENET1K_V1.transforms()
    prepared = torch.stack([prepare(image.fromarray(frame)) for frame in frames])
    with torch.inference_mode():
        expected = network(prepared).numpy()
    backbone = FrameFeatures().backbone
    found = compute(frames, backbone, weights)
    assert found.shape == (3, 512)
    assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_recommended_weights(frames, tmp_path, monkeypatch):
    """Those that the hub gives, whose last layer is left out."""
    network = make_network("test_vit")
    weights = save(network, tmp_path / "model.safetensors")
    asked = []

    def download(repo_id, filename, **options):
        asked.append(repo_id)
        return str(weights)

    monkeypatch.setattr("timm.models._hub.hf_hub_download", download)
    found = compute(frames, "test_vit", "DEFAULT")
    assert asked == ["timm/test_vit.r160_in1k"]
    assert_array_equal(found, compute(frames, "test_vit", weights))


BEYOND = [
    ("no_such_network", {}),
    ("test_vit", {"image_size": 100}),
    ("test_vit", {"weights": "none.pth"}),
    ("test_vit", {"weights": "DEFAULT"}),  # as there is no network
    ("cait_xxs24_224", {"image_size": 96}),
    ("motion", {"weights": "w.pth"}),
    *(("test_vit", {"weights": f"{name}.pth"}) for name in ("other", "junk", "empty")),
    *(("test_vit", {"weights": f"{name}.safetensors"}) for name in ("other", "junk")),
]


def test_requests_beyond_a_network(frames, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for suffix in ("pth", "safetensors"):
        save(make_network("test_vit2"), tmp_path / f"other.{suffix}")
        (tmp_path / f"junk.{suffix}").write_bytes(b"junk")
    (tmp_path / "empty.pth").touch()
    for name, options in BEYOND:
        with pytest.raises((OSError, ValueError)) as caught:
            compute(frames, name, **options)
        assert "\n" not in str(caught.value)


def parts_of(features):
    """Red, green, blue, spread, change, right and down of each part."""
    return features.reshape(len(features), 7, 4, 4)


def texture(height, width):
    """Grey values, from 0 to 1, that change slowly from pixel to pixel."""
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 9 + y / 23), np.sin(y / 7 - x / 31), np.sin((x + y) / 13)]
    return 0.5 + np.sum(waves, axis=0) / 8


def film(picture, shifts):
    """Windows of a picture, of 128 by 192 pixels, that move over it."""
    frames = []
    for down, right in shifts:
        window = picture[40 + down : 168 + down, 40 + right : 232 + right]
        frames.append((255 * window[..., None].repeat(3, axis=2)).astype(np.uint8))
    return frames


@pytest.mark.parametrize(("down", "right"), [(0, 0), (0, 2), (-1, 0), (1, -2)])
def test_flow(down, right):
    """The window moves right, so what is seen moves left, by as much."""
    frames = film(texture(220, 280), [(0, 0), (down, right)])
    features = parts_of(colour_and_motion(frames))
    # a part is 32 pixels high and 48 wide
    assert_allclose(features[1, 5], -right / 48, atol=0.01)
    assert_allclose(features[1, 6], -down / 32, atol=0.01)
    assert_array_equal(features[0, 4:], 0)
    assert (features[1, 4] > 0).all() == bool(down or right)


def test_colours_and_spread():
    frame = np.zeros((64, 128, 3), np.uint8)
    frame[:16, 32:64] = [255, 51, 0]
    frame[48:, ::4] = 255
    (features,) = parts_of(colour_and_motion([frame]))
    assert_allclose(features[:3, 0, 1], [1, 0.2, 0], atol=1e-6)
    assert features[3, 0].max() == 0
    assert_allclose(features[3, 3], 0.25, atol=1e-6)
