#!/usr/bin/env python3
"""Makes presets.json and grey.json: what torchvision's and Keras' own preprocessing, Pillow and
OpenCV make of seeded images.

Run in the environment of make_goldens.py with keras 3 and opencv-python-headless;
KERAS_BACKEND=torch will do.
"""
import json, os, pathlib, tempfile

os.environ.setdefault("KERAS_BACKEND", "torch")
import cv2
import keras
import numpy as np
from PIL import Image
from torchvision.transforms._presets import ImageClassification

from make_goldens import MEAN, STD, seeded, sha256

HERE = pathlib.Path(__file__).parent


def exact(pixels, divisor, mean, std):
    """Height x width x channels to the tensor, in binary64, rounded once."""
    planes = np.asarray(pixels).astype(np.float64).transpose(2, 0, 1)
    values = (planes / divisor - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    return values.astype(np.float32) + np.float32(0)


def case(preset, seed, samples, tensor, peer):
    positions = [int(p) for p in np.linspace(0, tensor.size - 1, 40)]
    assert np.abs(tensor - peer).max() < 1e-4, preset
    return dict(preset=preset, seed=seed, input=list(samples.shape[:2]), sha256=sha256(tensor),
                values={str(p): float(peer.reshape(-1)[p]) for p in positions})


def torchvision_case(preset, seed, resize, crop, size):
    samples = seeded("u8", seed, *size, 3)
    image = Image.fromarray(samples)
    peer = ImageClassification(crop_size=crop, resize_size=resize)(image).numpy()
    from torchvision.transforms import functional as F
    pixels = F.center_crop(F.resize(image, [resize], F.InterpolationMode.BILINEAR), [crop])
    return case(preset, seed, samples, exact(pixels, 255, MEAN, STD), peer)


def keras_case(mode, seed, side, size, divisor, mean, std):
    samples = seeded("u8", seed, *size, 3)
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(samples).save(folder + "/a.png")
        image = keras.utils.load_img(folder + "/a.png", target_size=(side, side))
    pixels = keras.utils.img_to_array(image)
    peer = keras.applications.imagenet_utils.preprocess_input(pixels.copy(), mode=mode)
    pixels = pixels[..., ::-1] if mode == "caffe" else pixels
    return case(f"keras-{mode}", seed, samples, exact(pixels, divisor, mean, std),
                np.asarray(peer).transpose(2, 0, 1))


def write(name, cases):
    rows = ",\n".join(json.dumps(each, separators=(",", ":")) for each in cases)
    made_with = f"torchvision, Keras {keras.__version__}, OpenCV {cv2.__version__}, Pillow"
    (HERE / name).write_text(f'{{"made_with": "{made_with}", "cases": [\n{rows}\n]}}\n')


write("presets.json", [
    torchvision_case("torchvision-224", 11, 256, 224, (281, 403)),
    torchvision_case("torchvision-224-v2", 12, 232, 224, (403, 281)),
    torchvision_case("torchvision-299", 13, 342, 299, (350, 361)),
    keras_case("tf", 14, 299, (281, 403), 127.5, (1, 1, 1), (1, 1, 1)),
    keras_case("caffe", 15, 224, (403, 281), 1, (103.939, 116.779, 123.68), (1, 1, 1)),
    keras_case("torch", 16, 224, (350, 361), 255, MEAN, STD),
])
rgb = seeded("u8", 21, 300, 301, 3)
write("grey.json", [
    dict(rule="pillow", seed=21, sha256=sha256(np.asarray(Image.fromarray(rgb).convert("L")))),
    dict(rule="opencv", seed=21, sha256=sha256(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))),
])
