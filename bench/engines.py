"""What the comparisons with other engines share: apatite behind a pipe, seeded weights, checks."""

import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import safetensors.torch
import torchvision

SEED = 1
IMAGE_SIZE = 224
# The engines sum in different orders. In binary32 with these weights the logits then differ by a
# few units of 1e-6 of the largest; a wrong layer changes them by more than this.
AGREEMENT = 1e-4


class Apatite:
    """run_network: a process that has compiled the network and times runs on demand."""

    def __init__(self, build, weights, batch, arguments, folder):
        self.input_file = folder / "input.npy"
        self.logits_file = folder / "logits.npy"
        program = build / "bench" / "run_network"
        command = [program, weights, "--batch", batch, *arguments]
        command += ["--height", IMAGE_SIZE, "--width", IMAGE_SIZE]
        command += ["--input", self.input_file, "--logits", self.logits_file]
        self.process = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline().startswith("ready"):
            sys.exit(f"{program} did not start")

    def times(self, runs):
        self.process.stdin.write(f"run {runs}\n")
        self.process.stdin.flush()
        return [float(word) for word in self.process.stdout.readline().split()]

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def difference(ours, theirs):
    """The largest difference of the logits, relative to the largest logit; ends if it is large."""
    if ours.shape != theirs.shape or not np.all(np.isfinite(ours)):
        sys.exit(f"logits of shapes {ours.shape} and {theirs.shape} cannot be compared")
    relative = float(np.max(np.abs(ours.astype(np.float64) - theirs)) / np.max(np.abs(theirs)))
    if relative > AGREEMENT or np.any(ours.argmax(1) != theirs.argmax(1)):
        sys.exit(f"the engines disagree: {relative:.2e} of the largest logit")
    return relative


def summary(times):
    low, middle, high = statistics.quantiles(times, n=4)
    return f"{min(times) * 1e3:.1f} | {middle * 1e3:.1f} ({low * 1e3:.1f} to {high * 1e3:.1f})"


def cpu_model():
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def seeded_weights(network, options):
    """The weights file that `apatite init` makes, in the folder options.work."""
    weights = options.work / f"{network}.safetensors"
    options.work.mkdir(parents=True, exist_ok=True)
    if not weights.exists():
        subprocess.run([options.build / "apatite", "init", network, "--seed", str(SEED),
                        "-o", weights], check=True)
    return weights


def torch_model(network, weights):
    """torchvision's network with the weights of the file, ready to infer."""
    model = getattr(torchvision.models, network)(weights=None)
    missing, unexpected = model.load_state_dict(
        safetensors.torch.load_file(weights), strict=False)
    if unexpected or any(not name.endswith("num_batches_tracked") for name in missing):
        sys.exit(f"{network}: missing {missing}, unexpected {unexpected}")
    return model.eval()
