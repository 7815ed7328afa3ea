#!/usr/bin/env python3
"""Makes the small checkpoints of this folder and expected.json.

    python make_checkpoints.py [REAL_CHECKPOINT]

Made with torch 2.15 and numpy 2. Only the tests' expectations depend on it: no test runs Python.
With the CIFAR ResNet-20 checkpoint as the argument, its digest goes into expected.json too.
"""
import collections
import hashlib
import json
import os
import pathlib
import sys

import numpy
import torch

HERE = pathlib.Path(__file__).parent
generator = torch.Generator().manual_seed(20161213)


def tensor(*size):
    """Values k / 256, |k| <= 512: exact in binary16, binary32 and binary64."""
    return torch.randint(-512, 513, size, generator=generator).float() / 256


def norm(names, prefix, channels):
    names[prefix + ".weight"] = tensor(channels)
    names[prefix + ".bias"] = tensor(channels)
    names[prefix + ".running_mean"] = tensor(channels)
    names[prefix + ".running_var"] = tensor(channels).abs() + 0.25


def densenet(blocks=(1,), growth=1, stem=2, channels=3, classes=2, imagenet=False, bn_size=4):
    """A state dict with torchvision's names."""
    names = collections.OrderedDict()
    size = 7 if imagenet else 3
    names["features.conv0.weight"] = tensor(stem, channels, size, size)
    if imagenet:
        norm(names, "features.norm0", stem)
    width = stem
    for b, layers in enumerate(blocks, 1):
        for layer in range(1, layers + 1):
            prefix = f"features.denseblock{b}.denselayer{layer}"
            norm(names, prefix + ".norm1", width)
            names[prefix + ".conv1.weight"] = tensor(bn_size * growth, width, 1, 1)
            norm(names, prefix + ".norm2", bn_size * growth)
            names[prefix + ".conv2.weight"] = tensor(growth, bn_size * growth, 3, 3)
            width += growth
        if b < len(blocks):
            norm(names, f"features.transition{b}.norm", width)
            names[f"features.transition{b}.conv.weight"] = tensor(width // 2, width, 1, 1)
            width //= 2
    norm(names, "features.norm5", width)
    names["classifier.weight"] = tensor(classes, width)
    names["classifier.bias"] = tensor(classes)
    return names


def resnet(stages, width, stem, classes, head):
    """Basic blocks, torchvision's names; the shortcut has no parameters."""
    names = collections.OrderedDict()
    names["conv1.weight"] = tensor(width, 3, stem, stem)
    norm(names, "bn1", width)
    inputs = width
    for stage in range(stages):
        outputs = width << stage
        prefix = f"layer{stage + 1}.0"
        names[prefix + ".conv1.weight"] = tensor(outputs, inputs, 3, 3)
        norm(names, prefix + ".bn1", outputs)
        names[prefix + ".conv2.weight"] = tensor(outputs, outputs, 3, 3)
        norm(names, prefix + ".bn2", outputs)
        inputs = outputs
    names[head + ".weight"] = tensor(classes, inputs)
    names[head + ".bias"] = tensor(classes)
    return names


def digest(names):
    """SHA-256 over sorted names, each followed by NUL and its binary32 values, -0 as +0."""
    sha = hashlib.sha256()
    for name in sorted(names):
        values = names[name].detach().to(torch.float32).contiguous() + 0.0
        sha.update(name.encode() + b"\0" + values.numpy().tobytes())
    return sha.hexdigest()


def renamed(names, change):
    return collections.OrderedDict((change(name), value) for name, value in names.items())


def old(name):
    for part in ("norm1", "conv1", "norm2", "conv2"):
        if "denselayer" in name:
            name = name.replace("." + part + ".", "." + part[:-1] + "." + part[-1] + ".")
    return name


expected = {"networks": {}, "tensors": {}}


def save(file, value, legacy=False, protocol=2):
    torch.save(value, HERE / file, _use_new_zipfile_serialization=not legacy,
               pickle_protocol=protocol)


def network(file, names, value=None, legacy=False, protocol=2, **facts):
    save(file, names if value is None else value, legacy, protocol)
    expected["networks"][file] = {"sha256": digest(names), **facts}


class Call:
    """What an attacker puts into a pickle."""

    def __reduce__(self):
        return os.system, ("echo executed",)


def networks():
    # The same values in both formats, and in pickle protocol 4.
    plain = densenet()
    network("plain.pth", plain)
    network("plain_legacy.pth", plain, legacy=True)
    network("plain_protocol4.pth", plain, protocol=4)
    network("plain_legacy_protocol5.pth", plain, legacy=True, protocol=5)

    # What a training script saves: the network under "state_dict", DataParallel's prefix, the
    # counters, an optimiser with tensors of its own, numbers of numpy.
    inner = collections.OrderedDict()
    for name, value in plain.items():
        inner["module." + name] = value
        if name.endswith("running_var"):
            inner["module." + name.replace("running_var", "num_batches_tracked")] = torch.tensor(7)
    inner._metadata = collections.OrderedDict(version=1)
    weight = torch.nn.Parameter(torch.ones(2))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    network("training.pth", plain,
            {"epoch": 3, "arch": "densenet", "best": numpy.float64(0.75), "loss": torch.tensor(0.5),
             "state_dict": inner, "optimizer": optimizer.state_dict(),
             "milestones": collections.Counter([30, 60])})

    names = densenet(blocks=(2, 1), growth=2, stem=4, imagenet=True)
    network("old_names.pth", names, renamed(names, old), legacy=True)

    names = densenet(stem=4, bn_size=2, growth=2)
    network("half.pth", names, {"model": renamed(names, str), "model_ema": densenet()})
    save("half.pth", {"model": {k: v.half() for k, v in names.items()}, "model_ema": densenet()})
    network("bfloat16.pth", {k: v.bfloat16().float() for k, v in names.items()},
            {k: v.bfloat16() for k, v in names.items()})

    names = {k: v.double() for k, v in densenet().items()}
    names["features.conv0.weight"] += 1e-9
    names["classifier.bias"][0] = -0.0
    names["classifier.bias"][1] = 1 / 3
    wide = torch.cat([v.flatten() for v in names.values()])
    change = (wide.float().double() - wide).abs()
    network("double.pth", names, values=wide.numel(), rounded=int((change > 0).sum()),
            largest=float((change / wide.abs().clamp(min=1e-300)).max()))

    # backbone = densenet.features, a new head of dropout and linear, no bias, one logit, grey.
    names = densenet(channels=1, classes=1)
    del names["classifier.bias"]
    network("head.pth", dict(names, **{"classifier.bias": torch.zeros(1)}),
            renamed(names, lambda n: "net.head.1.weight" if n == "classifier.weight" else
                    n.replace("features.", "net.backbone.")))

    names = resnet(stages=1, width=1, stem=7, classes=2, head="fc")
    network("resnet.pth", names, renamed(names, lambda n: "encoder." + n), legacy=True)
    children = {"conv1.": "0.", "bn1.": "1.", "layer1.": "4.", "fc.": "10."}
    network("resnet_children.pth", names,
            renamed(names, lambda n: next(new + n[len(own):] for own, new in children.items()
                                          if n.startswith(own))), legacy=True)
    network("cifar_resnet.pth", resnet(stages=3, width=2, stem=3, classes=10, head="linear"),
            legacy=True)


def tensors():
    base = torch.arange(24.0).reshape(2, 3, 4)
    views = collections.OrderedDict()
    views["whole"] = base
    views["transposed"] = base.permute(2, 0, 1)
    views["slice"] = base[1, 1:, ::2]
    views["scalar"] = base[1, 2, 3]
    views["empty"] = torch.zeros(0, 3)
    views["parameter"] = torch.nn.Parameter(torch.tensor([1.5, -2.5]))
    views["half"] = torch.tensor([65504, 2.0 ** -24, -0.0], dtype=torch.float16)
    views["bfloat16"] = torch.tensor([3.0 * 2 ** 100, -1.0], dtype=torch.bfloat16)
    views["double"] = torch.tensor([0.1, 2.0 ** -149], dtype=torch.float64)
    views["long"] = torch.tensor([1, 2])
    for file, legacy in (("views.pth", False), ("views_legacy.pth", True)):
        save(file, views, legacy)
    expected["tensors"] = {
        name: {"dims": list(value.shape), "values": value.detach().float().flatten().tolist()}
        for name, value in views.items() if name != "long"}

    save("calls_system.pth", {"state_dict": Call()})
    save("calls_system_legacy.pth", {"state_dict": Call()}, legacy=True)
    save("module.pth", torch.nn.Linear(1, 1))
    save("expanded.pth", {"weight": torch.ones(1).expand(1000, 1000)})


networks()
tensors()
if len(sys.argv) > 1:
    state = torch.load(sys.argv[1], map_location="cpu")["state_dict"]
    expected["real"] = digest({name.removeprefix("module."): value for name, value in state.items()})
(HERE / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
