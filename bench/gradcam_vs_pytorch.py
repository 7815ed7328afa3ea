"""Times Grad-CAM at the default layer: apatite beside pytorch-grad-cam, in turns.

Run with torch, torchvision and grad-cam:
    python3 bench/gradcam_vs_pytorch.py APATITE [THREADS] [TURNS] [NETWORK ...]

For each network (resnet101, densenet201) and batch (1, 8), each turn runs: apatite's forward pass,
apatite's Grad-CAM (both by build/release/bench/gradcam_bench), torch's forward pass and
pytorch-grad-cam's Grad-CAM. The medians of the turns are printed. Nothing else should run.
"""

import statistics
import subprocess
import sys
import time

import torch
import torchvision
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget


def milliseconds(work):
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def main():
    program = sys.argv[1]
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    turns = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    networks = sys.argv[4:] or ["resnet101", "densenet201"]
    torch.set_num_threads(threads)
    for name in networks:
        model = getattr(torchvision.models, name)(weights=None).eval()
        layer = model.layer4[-1] if name.startswith("resnet") else model.features
        for batch in (1, 8):
            images = torch.rand(batch, 3, 224, 224)
            targets = [ClassifierOutputTarget(1)] * batch
            cam = GradCAM(model=model, target_layers=[layer])
            times = {"apatite forward": [], "apatite gradcam": [], "torch forward": [],
                     "pytorch-grad-cam": []}
            for turn in range(turns + 1):
                ours = subprocess.run([program, name, str(batch), str(threads)], check=True,
                                      capture_output=True, text=True).stdout.split()
                with torch.no_grad():
                    forward = milliseconds(lambda: model(images))
                both = milliseconds(lambda: cam(input_tensor=images, targets=targets))
                if turn == 0:
                    continue  # warm
                for key, value in zip(times, (float(ours[0]), float(ours[1]), forward, both)):
                    times[key].append(value)
            medians = {key: statistics.median(values) for key, values in times.items()}
            print(f"{name} batch {batch}, {threads} threads:",
                  ", ".join(f"{key} {value:.1f} ms" for key, value in medians.items()))
            print(f"  gradcam / forward = {medians['apatite gradcam'] / medians['apatite forward']:.3f}, "
                  f"pytorch-grad-cam / apatite = "
                  f"{medians['pytorch-grad-cam'] / medians['apatite gradcam']:.2f}")
            cam.activations_and_grads.release()


if __name__ == "__main__":
    main()
