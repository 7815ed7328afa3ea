"""Makes gradients.json: torch's binary64 gradients of the networks in networks/.

For each network, of the logit of one class (of a single logit: for class 0, its negative) with
respect to the input and to the results of some convolutions: the sums of checks.py. Run with torch,
torchvision and numpy: python3 gradients.py
"""

import json
import pathlib

import numpy as np
import torch
from torch import nn

from checks import checks
from networks import HERE, SEED, make
from seeded_weights import seeded, self_test_input

TAPS = 7
TARGET = 3


def golden(path):
    network = json.loads(path.read_text())
    config = network["model"]
    model = make(config).double().eval()
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not name.endswith("num_batches_tracked"):
                tensor.copy_(torch.from_numpy(seeded(name, tensor.shape, SEED)))
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    convolutions = [(name, module) for name, module in model.named_modules()
                    if isinstance(module, nn.Conv2d)]
    chosen = {i * (len(convolutions) - 1) // (TAPS - 1) for i in range(TAPS)}
    results = {}
    for i in sorted(chosen):
        name, module = convolutions[i]

        def keep(module, inputs, result, name=name):
            result.retain_grad()
            results[name] = result

        module.register_forward_hook(keep)
    shape = (config["input_channels"], network["height"], network["width"])
    image = torch.from_numpy(self_test_input(shape, SEED).astype(np.float64)).requires_grad_()
    logits = model(image)[0]
    one = len(logits) == 1
    (-logits[0] if one else logits[TARGET]).backward()
    results["input"] = image
    return {"network": path.stem, "target": 0 if one else TARGET,
            "gradients": {name: checks(x.grad[0].numpy()) for name, x in results.items()}}


if __name__ == "__main__":
    torch.set_num_threads(1)
    lines = []
    for path in sorted((HERE / "networks").glob("*.json")):
        values = golden(path)
        print(path.stem, {name: sums["absolute"] for name, sums in values["gradients"].items()})
        taps = ",\n".join(f"   {json.dumps(name)}: {json.dumps(sums)}"
                          for name, sums in values["gradients"].items())
        lines.append(f' {{"network": {json.dumps(values["network"])}, "target": {values["target"]},\n'
                     f'  "gradients": {{\n{taps}}}}}')
    pathlib.Path(HERE / "gradients.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")
    print("torch", torch.__version__)
