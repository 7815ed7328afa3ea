"""Makes the goldens of gradcam/: maps by pytorch-grad-cam and captum in binary64 with the weights of
`apatite init`, maps of given arrays, resizing by torch, similarities by SciPy and scikit-image,
colours by Matplotlib. Run with torch, torchvision, grad-cam, captum, scipy, scikit-image and
matplotlib: python3 make_goldens.py
"""

import json
import pathlib
import re
import sys
from importlib.metadata import version

import numpy as np
import torch
from captum.attr import IntegratedGradients, Saliency
from matplotlib import colormaps
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from scipy.stats import spearmanr
from skimage.metrics import structural_similarity

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE.parent.parent / "weights"))
from checks import checks  # noqa: E402
from networks import make  # noqa: E402
from seeded_weights import random_bits, seeded, self_test_input  # noqa: E402

CAMS = {"gradcam": GradCAM, "gradcam++": GradCAMPlusPlus, "hirescam": HiResCAM,
        "layercam": LayerCAM}
SEED = 20211
STEPS = 16


def write(name, value):
    text = json.dumps(value, indent=1)
    # A list of numbers in one line.
    text = re.sub(r"\[([^\[\]{}\"]*)\]", lambda m: "[" + " ".join(m[1].split()) + "]", text)
    (HERE / name).write_text(text + "\n")


def symmetric(seed, shape):
    """random_symmetric of base/random.h as binary64."""
    n = int(np.prod(shape))
    bits = random_bits(seed, np.arange(n, dtype=np.uint64))
    k = (bits % np.uint64(0x1FFFFFF)).astype(np.int64) - 0xFFFFFF
    return (k * 2.0 ** -24).reshape(shape)


def raw_map(name, model, values, gradient):
    """The package's map before it normalises and resizes it. Its Grad-CAM++ adds 1e-6 to a divisor;
    with the gradient times 2^20 and the values divided by as much, which changes nothing else, that
    is 1e-18."""
    with CAMS[name](model=model, target_layers=[next(model.children())]) as cam:
        if name == "gradcam++":
            values, gradient = values * 2.0 ** -20, gradient * 2.0 ** 20
        return cam.get_cam_image(None, None, None, values[None], gradient[None], False)[0]


def arrays():
    model = torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1)).double()
    cases = []
    for seed, shape in ((1, (5, 4, 3)), (2, (17, 7, 9)), (3, (1, 1, 6))):
        values, gradient = symmetric(seed, shape), symmetric(seed + 100, shape)
        cases.append({"seed": seed, "shape": shape,
                      "maps": {name: raw_map(name, model, values, gradient).ravel().tolist()
                               for name in CAMS}})
    return cases


def resizing():
    cases = []
    for seed, before, after in ((4, (3, 5), (7, 11)), (5, (7, 7), (33, 20)), (6, (1, 4), (5, 9))):
        x = torch.from_numpy(symmetric(seed, before))[None, None]
        y = torch.nn.functional.interpolate(x, size=after, mode="bilinear", align_corners=False)
        cases.append({"seed": seed, "before": before, "after": after,
                      "values": y[0, 0].ravel().tolist()})
    return cases


def similarity():
    cases = []
    for seed, shape in ((7, (9, 12)), (8, (16, 7)), (9, (5, 5)), (10, (4, 30))):
        a = np.abs(symmetric(seed, shape))
        b = np.clip(a + 0.3 * symmetric(seed + 100, shape), 0, 1)  # with ties at 0 and 1
        a = np.floor(a * 32) / 32  # ties
        window = min(7, min(shape) - (min(shape) + 1) % 2)
        cases.append({
            "seed": seed, "shape": shape, "spearman": float(spearmanr(a.ravel(), b.ravel())[0]),
            "ssim": float(structural_similarity(a, b, win_size=window, data_range=1.0))})
    return cases


def colours():
    # Matplotlib's own bytes cut instead of rounding; these round as docs/gradcam.md says.
    picked = [0, 1, 31, 64, 100, 127, 128, 200, 254, 255]
    return {name: [np.floor(np.array(colormaps[name](i)[:3]) * 255 + 0.5).astype(int).tolist()
                   for i in picked]
            for name in ("viridis", "inferno", "turbo", "jet")} | {"indices": picked}


class Capture:
    """The values of a layer and, after backward(), the gradient there."""

    def __init__(self, module):
        module.register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        self.values = output
        output.retain_grad()
        # The next module may work in place.
        return output.clone()


def network(config, height, width, layers, target):
    model = make(config).double().eval()
    state = model.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(seeded(name, tensor.shape, SEED)))
    model.load_state_dict(state)
    for module in model.modules():
        if isinstance(module, torch.nn.ReLU):
            module.inplace = False
    # Multiples of 2^-6, so that a step of the path from 0 is exact in binary32 too.
    image = self_test_input((config["input_channels"], height, width), SEED).astype(np.float64)
    image = torch.from_numpy(np.floor(image * 64) / 64)
    named = dict(model.named_modules())
    captures = {layer: Capture(named[module]) for layer, module in layers.items()}

    def score(x):
        logits = model(x)
        if config["classes"] == 1:
            return logits[:, 0] if target == 1 else -logits[:, 0]
        return logits[:, target]

    logits = model(image)
    score(image).sum().backward()
    result = {"model": config, "height": height, "width": width, "seed": SEED, "target": target,
              "steps": STEPS, "logits": logits[0].tolist(), "layers": {}}
    for layer, capture in captures.items():
        values = capture.values.detach()[0].numpy()
        gradient = capture.values.grad[0].numpy()
        maps = {}
        for name in CAMS:
            y = raw_map(name, model, values, gradient)
            maps[name] = y.ravel().tolist() if y.size <= 120 else checks(y)
        result["layers"][layer] = {"shape": list(values.shape), "maps": maps}
    gradient = Saliency(score).attribute(image, abs=False)[0].numpy()
    path = IntegratedGradients(score).attribute(
        image, baselines=0.0, n_steps=STEPS, method="riemann_middle")[0].numpy()
    result["input"] = {"gradient": checks(np.abs(gradient).max(0)),
                       "gradient_signed": checks(gradient.sum(0)),
                       "integrated-gradients": checks(path.sum(0))}
    return result


def networks():
    def config(architecture, classes, channels=3, **options):
        return {"architecture": architecture, "classes": classes, "input_channels": channels,
                "options": options}

    yield "cifar_resnet14_31x29.json", network(
        config("cifar_resnet", 10, blocks_per_stage=2), 31, 29,
        {"layer3.1.relu": "layer3", "layer2.0.conv1": "layer2.0.conv1", "layer1.1.bn2":
         "layer1.1.bn2"}, 3)
    yield "resnet18_64x48.json", network(
        config("resnet18", 5), 64, 48,
        {"layer4.1.relu": "layer4", "layer3.0.bn1": "layer3.0.bn1", "maxpool": "maxpool"}, 4)
    for target in (0, 1):
        yield f"resnet18_one_logit_33x47_class{target}.json", network(
            config("resnet18", 1, 1), 33, 47, {"layer4.1.relu": "layer4", "layer2.0.conv2":
                                               "layer2.0.conv2"}, target)
    yield "densenet_odd_growth_61x45.json", network(
        config("densenet", 10, growth=13, blocks=[3, 2, 4]), 61, 45,
        {"features.norm5": "features.norm5", "features.denseblock2.denselayer1.conv2":
         "features.denseblock2.denselayer1.conv2", "features.transition1.pool":
         "features.transition1.pool"}, 7)


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("maps.json", {
        "versions": {name: version(name) for name in
                     ("grad-cam", "captum", "torch", "scipy", "scikit-image", "matplotlib")},
        "cams": arrays(), "resize": resizing(), "similarity": similarity(), "colours": colours()})
    for name, values in networks():
        folder = "networks" if name.startswith("cifar") else "large"
        (HERE / folder).mkdir(exist_ok=True)
        write(f"{folder}/{name}", values)
        print(name, values["logits"])
