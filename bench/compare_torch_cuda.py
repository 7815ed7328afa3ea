#!/usr/bin/env python3
"""Times the GPU backends beside PyTorch on the same GPU and the same seeded weights (README.md).

For each network and batch: apatite's cuda-exact and cuda, and PyTorch in binary32 (TF32 off, cuDNN
free to choose its algorithms), as it stands and as a recorded CUDA graph. Each takes the batch from
the CPU's memory and gives the logits back there. After a check that all agree they take turns. The
ratios are PyTorch's faster way divided by apatite's time: above 1, apatite is faster.

PyTorch promises no bits here; cuda-exact must have those of `exact`, which is checked too.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from engines import Apatite, difference, seeded_weights, summary, torch_model


class Torch:
    """A network on the GPU; `graph`: recorded once, replayed for each run."""

    def __init__(self, network, weights, images, graph):
        self.images = torch.from_numpy(images)
        self.model = torch_model(network, weights).cuda()
        self.graph = None
        with torch.inference_mode():
            self.logits = self.model(self.images.cuda()).cpu().numpy()
            if graph:
                self.record()

    def record(self):
        self.input = self.images.cuda()
        stream = torch.cuda.Stream()
        with torch.cuda.stream(stream):
            for _ in range(3):
                self.model(self.input)
        torch.cuda.synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.output = self.model(self.input)

    def one_run(self):
        if self.graph is None:
            return self.model(self.images.cuda()).cpu()
        self.input.copy_(self.images)
        self.graph.replay()
        return self.output.cpu()

    def times(self, runs):
        result = []
        with torch.inference_mode():
            for _ in range(runs):
                start = time.perf_counter()
                self.one_run()
                result.append(time.perf_counter() - start)
        return result


def take_turns(engines, options):
    runs = [max(1, round(options.seconds / min(engine.times(3)))) for engine in engines.values()]
    times = {name: [] for name in engines}
    for turn in range(options.rounds):
        order = list(zip(engines.items(), runs))
        for (name, engine), count in order if turn % 2 == 0 else reversed(order):
            times[name] += engine.times(count)
    return times


def check_bits(build, weights, batch, gpu_logits, folder):
    cpu = Apatite(build, weights, batch, ["--backend", "exact", "--threads", 0], folder)
    cpu.close()
    if Path(cpu.logits_file).read_bytes() != Path(gpu_logits).read_bytes():
        sys.exit(f"{weights}, batch {batch}: cuda-exact has other bits than exact")


def compare(network, batch, options):
    weights = seeded_weights(network, options)
    with tempfile.TemporaryDirectory() as folder:
        engines = {}
        for backend in ("cuda-exact", "cuda"):
            home = Path(folder) / backend
            home.mkdir()
            engines[backend] = Apatite(options.build, weights, batch, ["--backend", backend], home)
        exact = engines["cuda-exact"]
        check_bits(options.build, weights, batch, exact.logits_file, Path(folder))
        images = np.load(exact.input_file)
        engines["torch"] = Torch(network, weights, images, graph=False)
        engines["torch, recorded"] = Torch(network, weights, images, graph=True)
        for backend in ("cuda-exact", "cuda"):
            difference(np.load(engines[backend].logits_file), engines["torch"].logits)
        times = take_turns(engines, options)
        for engine in list(engines.values())[:2]:
            engine.close()
        minima = {name: min(values) for name, values in times.items()}
        medians = {name: statistics.median(values) for name, values in times.items()}
        for name, values in times.items():
            ratio = [min(of["torch"], of["torch, recorded"]) / of[name]
                     for of in (minima, medians)]
            print(f"| {network} | {batch} | {name} | {summary(values)} | "
                  f"{batch / medians[name]:.0f} | {ratio[0]:.2f} | {ratio[1]:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", type=Path, default=Path("build/release"))
    parser.add_argument("--networks", nargs="+", default=["resnet101", "densenet201"])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 8, 32])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each turn, about")
    parser.add_argument("--work", type=Path, default=Path("out/bench"), help="for the weights")
    options = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True

    apatite = subprocess.run([options.build / "apatite", "--version"], check=True,
                             capture_output=True, text=True).stdout.strip()
    print(f"GPU: {torch.cuda.get_device_name()}; {apatite}, torch {torch.__version__}, cuDNN "
          f"{torch.backends.cudnn.version()}, binary32\n")
    columns = ["network", "batch", "engine", "fastest, ms", "median (middle half)", "images/s",
               "torch / engine: fastest", "medians"]
    print("| " + " | ".join(columns) + " |")
    print("|" + " --- |" * len(columns), flush=True)
    for network in options.networks:
        for batch in options.batch:
            compare(network, batch, options)


if __name__ == "__main__":
    main()
