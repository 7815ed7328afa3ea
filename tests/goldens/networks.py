"""Makes the goldens of whole networks: torchvision in binary64 with the weights of `apatite init`.

Each file holds the model's configuration, the input's size, the logits and, for some nodes, the
sums of checks.py. Run with torch, torchvision and numpy: python3 networks.py
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "weights"))
from checks import checks  # noqa: E402
from seeded_weights import seeded, self_test_input  # noqa: E402

SEED = 20211
TAPS = 24


class CifarBlock(nn.Module):
    """He et al. 2016, section 4.2, with the names of akamaster/pytorch_resnet_cifar10."""

    def __init__(self, before, after, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(after)
        self.stride, self.more = stride, (after - before) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more, self.more))
        return F.relu(y + x)


class CifarResNet(nn.Module):
    def __init__(self, blocks, num_classes):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        before = 16
        for stage, after in enumerate((16, 32, 64), 1):
            layers = []
            for i in range(blocks):
                layers.append(CifarBlock(before, after, 2 if stage > 1 and i == 0 else 1))
                before = after
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
        self.linear = nn.Linear(64, num_classes)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean((2, 3)))


def make(config):
    name, classes = config["architecture"], config["classes"]
    options = config["options"]
    if name == "cifar_resnet":
        return CifarResNet(options["blocks_per_stage"], classes)
    if name == "cifar_resnet20":
        return CifarResNet(3, classes)
    if name == "densenet":
        model = torchvision.models.DenseNet(options["growth"], options["blocks"],
                                            2 * options["growth"], num_classes=classes)
        if options.get("stem") == "cifar":
            model.features.conv0 = nn.Conv2d(3, 2 * options["growth"], 3, 1, 1, bias=False)
            del model.features.norm0, model.features.relu0, model.features.pool0
        return model
    model = getattr(torchvision.models, name)(num_classes=classes)
    if options.get("stride_in_1x1"):
        for block in model.modules():
            if isinstance(block, torchvision.models.resnet.Bottleneck):
                block.conv1.stride, block.conv2.stride = block.conv2.stride, (1, 1)
    if config["input_channels"] != 3:
        model.conv1 = nn.Conv2d(config["input_channels"], 64, 7, 2, 3, bias=False)
    return model


def golden(config, height, width):
    model = make(config).double().eval()
    state = model.state_dict()
    for name, tensor in state.items():
        if not name.endswith("num_batches_tracked"):
            tensor.copy_(torch.from_numpy(seeded(name, tensor.shape, SEED)))
    model.load_state_dict(state)

    # Leaves that run once (a block's ReLU runs several times) and have a node of the same name.
    leaves = [(name, module) for name, module in model.named_modules()
              if isinstance(module, (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.AvgPool2d))]
    chosen = {leaves[i * (len(leaves) - 1) // (TAPS - 1)][0] for i in range(TAPS)}
    taps = {}

    def hook(name):
        # At once: the next module may work in place.
        return lambda module, x, y: taps.__setitem__(name, checks(y[0].numpy()))

    for name, module in leaves:
        if name in chosen:
            module.register_forward_hook(hook(name))
    image = self_test_input((config["input_channels"], height, width), SEED)
    with torch.no_grad():
        logits = model(torch.from_numpy(image.astype(np.float64)))[0].tolist()
    return {"model": config, "height": height, "width": width, "seed": SEED, "logits": logits,
            "taps": taps, "torchvision": torchvision.__version__}


def write(folder, architecture, height, width, classes=10, input_channels=3, name=None, **options):
    config = {"architecture": architecture, "classes": classes, "input_channels": input_channels,
              "options": options}
    path = HERE / folder / f"{name or architecture}_{height}x{width}.json"
    values = golden(config, height, width)
    taps = ",\n".join(f"  {json.dumps(key)}: {json.dumps(tap)}"
                      for key, tap in values.pop("taps").items())
    head = json.dumps(values, indent=1)[:-2]
    path.write_text(f'{head},\n "taps": {{\n{taps}\n }}\n}}\n')
    logits = np.array(values["logits"])
    print(path.name, "logits from", logits.min(), "to", logits.max(), "deviation", logits.std())


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("networks", "resnet18", 64, 64)
    write("networks", "resnet18", 33, 47, classes=1, input_channels=1, name="resnet18_one_logit")
    write("large", "resnet50", 64, 80)
    write("large", "resnet50", 65, 49, stride_in_1x1=True, name="resnet50_stride_in_1x1")
    write("large", "densenet121", 64, 72)
    write("networks", "densenet", 29, 32, growth=12, blocks=[4, 5, 6], stem="cifar",
          name="densenet_bc_cifar")
    write("networks", "densenet", 61, 45, growth=13, blocks=[3, 2, 4], name="densenet_odd_growth")
    write("networks", "cifar_resnet20", 32, 32)
    write("networks", "cifar_resnet", 31, 29, blocks_per_stage=2, name="cifar_resnet14")
    write("large", "resnet101", 224, 224)
    write("large", "resnet101", 97, 131)
    write("large", "densenet201", 224, 224)
    write("large", "densenet201", 97, 131)
