"""Makes conformance.json: torch's binary64 result of every case of tests/conformance/cases.txt.

Weights and images are the small integers of tests/support/random_parameters.h (Values::kIntegers),
so that most sums are exact. Run with torch and numpy: python3 conformance.py
"""

import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "weights"))
from checks import checks  # noqa: E402
from seeded_weights import name_hash, random_stream, random_symmetric  # noqa: E402


def integers(stream, count):
    return np.trunc(random_symmetric(stream, count).astype(np.float64) * 4)


class Network:
    """One line of tests/support/graph_text.h."""

    def __init__(self, line):
        self.seed = name_hash(line)
        self.steps = [step.split() for step in line.split("|")]
        shape = [int(size) for size in self.steps[0][1].split("x")]
        stream = random_stream(self.seed + 1, 0)
        self.x = torch.from_numpy(integers(stream, int(np.prod(shape))).reshape([1] + shape))
        self.kept = {}

    def parameter(self, name, shape):
        stream = random_stream(self.seed, name_hash(name))
        count = int(np.prod(shape))
        scale = name.endswith(".running_var") or (name.endswith(".weight") and len(shape) == 1)
        if scale:
            u = random_symmetric(stream, count).astype(np.float64)
            values = (1 + 0.5 * u).astype(np.float32).astype(np.float64)
        else:
            values = integers(stream, count)
        return torch.from_numpy(values.reshape(shape))

    def run(self):
        for number, step in enumerate(self.steps[1:], 1):
            options = dict(word.split("=") for word in step[1:] if "=" in word)
            words = [word for word in step[1:] if "=" not in word]
            self.x = getattr(self, step[0] if step[0] != "from" else "go_back")(
                step[0] + str(number), words, options)
        return self.x

    @staticmethod
    def extent(options, key):
        parts = [int(part) for part in options.get(key, "1").split("x")]
        return (parts[0], parts[-1])

    @staticmethod
    def padding(options):
        parts = [int(part) for part in options.get("padding", "0").split(",")]
        top, left, bottom, right = parts if len(parts) == 4 else parts * 4
        return (left, right, top, bottom)  # the order of F.pad

    def conv(self, name, words, options):
        groups = int(options.get("groups", "1"))
        kernel = self.extent(options, "kernel")
        out = int(words[0])
        weight = self.parameter(name + ".weight", (out, self.x.shape[1] // groups) + kernel)
        bias = self.parameter(name + ".bias", (out,)) if "bias" in words else None
        return F.conv2d(F.pad(self.x, self.padding(options)), weight, bias,
                        self.extent(options, "stride"), 0, self.extent(options, "dilation"), groups)

    def bn(self, name, words, options):
        c = (self.x.shape[1],)
        p = {part: self.parameter(f"{name}.{part}", c)
             for part in ("weight", "bias", "running_mean", "running_var")}
        return F.batch_norm(self.x, p["running_mean"], p["running_var"], p["weight"], p["bias"])

    def relu(self, name, words, options):
        return F.relu(self.x)

    def gap(self, name, words, options):
        return self.x.mean((2, 3), keepdim=True)

    def linear(self, name, words, options):
        weight = self.parameter(name + ".weight", (int(words[0]), self.x[0].numel()))
        bias = None if "nobias" in words else self.parameter(name + ".bias", (int(words[0]),))
        return F.linear(self.x.flatten(1), weight, bias)[:, :, None, None]

    def pool_size(self, options, ceil):
        """By torch's formula; where torch takes the padding, its own pooling confirms it below."""
        left, right, top, bottom = self.padding(options)
        kernel, stride = self.extent(options, "kernel"), self.extent(options, "stride")
        dilation = self.extent(options, "dilation")
        sizes = []
        for axis, (before, after) in enumerate(((top, bottom), (left, right))):
            size = self.x.shape[2 + axis]
            reach = (kernel[axis] - 1) * dilation[axis] + 1
            slack = size + before + after - reach + (stride[axis] - 1 if ceil else 0)
            count = slack // stride[axis] + 1
            if ceil and (count - 1) * stride[axis] >= size + before:
                count -= 1
            sizes.append(count)
        return sizes

    def unfolded(self, options, ceil, image, outside=0.0):
        """Every window's taps, from the image padded far enough for ceil rounding."""
        left, right, top, bottom = self.padding(options)
        kernel, stride = self.extent(options, "kernel"), self.extent(options, "stride")
        dilation = self.extent(options, "dilation")
        height, width = self.pool_size(options, ceil)
        need = [(height - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1,
                (width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1]
        more = (left, max(need[1] - left - self.x.shape[3], 0),
                top, max(need[0] - top - self.x.shape[2], 0))
        padded = F.pad(image, more, value=outside)
        taps = [padded[:, :, kh * dilation[0]: kh * dilation[0] + (height - 1) * stride[0] + 1:
                       stride[0],
                       kw * dilation[1]: kw * dilation[1] + (width - 1) * stride[1] + 1: stride[1]]
                for kh in range(kernel[0]) for kw in range(kernel[1])]
        return torch.stack(taps)

    def maxpool(self, name, words, options):
        ceil = "ceil" in words
        windows = self.unfolded(options, ceil, self.x, -torch.inf).max(0).values
        left, right, top, bottom = self.padding(options)
        kernel = self.extent(options, "kernel")
        if left == right and top == bottom and 2 * left <= kernel[1] and 2 * top <= kernel[0]:
            direct = F.max_pool2d(self.x, kernel, self.extent(options, "stride"), (top, left),
                                  self.extent(options, "dilation"), ceil)
            assert torch.equal(direct, windows), name
        return windows

    def avgpool(self, name, words, options):
        ceil, exclude = "ceil" in words, "exclude_pad" in words
        left, right, top, bottom = self.padding(options)
        kernel, stride = self.extent(options, "kernel"), self.extent(options, "stride")
        sums = self.unfolded(options, ceil, self.x).sum(0)
        inside = torch.ones_like(self.x)
        if exclude:
            counts = self.unfolded(options, ceil, inside).sum(0)
        else:
            symmetric = Network.__new__(Network)
            symmetric.x = F.pad(inside, (left, right, top, bottom), value=1.0)
            height, width = self.pool_size(options, ceil)
            ones = F.pad(symmetric.x, (0, kernel[1] + stride[1], 0, kernel[0] + stride[0]))
            counts = sum(ones[:, :, kh: kh + (height - 1) * stride[0] + 1: stride[0],
                              kw: kw + (width - 1) * stride[1] + 1: stride[1]]
                         for kh in range(kernel[0]) for kw in range(kernel[1]))
        if left == right and top == bottom and 2 * left <= kernel[1] and 2 * top <= kernel[0]:
            direct = F.avg_pool2d(self.x, kernel, stride, (top, left), ceil, not exclude)
            assert torch.allclose(direct, sums / counts, rtol=1e-14, atol=0), name
        return sums / counts

    def subsample(self, name, words, options):
        stride = int(options.get("stride", "1"))
        before, after = int(options.get("before", "0")), int(options.get("after", "0"))
        return F.pad(self.x[:, :, ::stride, ::stride], (0, 0, 0, 0, before, after))

    def mark(self, name, words, options):
        self.kept[words[0]] = self.x
        return self.x

    def go_back(self, name, words, options):
        return self.kept[words[0]]

    def add(self, name, words, options):
        return self.kept[words[0]] + self.x

    def scaledadd(self, name, words, options):
        scale = float(np.float32(options["scale"]))
        return self.kept[words[0]] + scale * self.x

    def concat(self, name, words, options):
        return torch.cat([self.kept[word] for word in words] + [self.x], 1)


def main():
    lines = (HERE.parent / "conformance" / "cases.txt").read_text().splitlines()
    goldens = []
    for line in lines:
        if line and not line.startswith("#"):
            y = Network(line).run()
            goldens.append({"case": line, **checks(y[0].numpy())})
    text = ",\n".join(json.dumps(golden) for golden in goldens)
    (HERE / "conformance.json").write_text("[\n" + text + "\n]\n")
    print(len(goldens), "cases, torch", torch.__version__)


if __name__ == "__main__":
    main()
