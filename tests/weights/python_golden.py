"""Checks the format against the Python package safetensors (0.8.0 with numpy).

    python3 python_golden.py write      prints the file of tests/weights/interoperability_test.cc
    python3 python_golden.py read FILE  lists what the package reads in a file that apatite wrote
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

TENSORS = {
    "single": np.array([[1.0, -2.5], [3.0e38, 1.0e-42]], np.float32),
    "half": np.array([0.5, -0.0, 65504.0, 2.0**-24], np.float16),
    "double": np.array([0.1], np.float64),
    "count": np.array(7, np.int64),
    "empty": np.zeros((0, 3), np.float32),
}


def write():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "golden.safetensors"
        save_file(TENSORS, path, metadata={"key": "v\u00e4lue"})
        text = path.read_bytes().hex()
    for start in range(0, len(text), 90):
        print(f'    "{text[start:start + 90]}"')


def read(path):
    with safe_open(path, framework="np") as file:
        for key, text in sorted((file.metadata() or {}).items()):
            print(key, "=", text)
        for name in sorted(file.keys()):
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, tensor.shape, tensor.ravel()[:4].tolist())


if __name__ == "__main__":
    write() if sys.argv[1] == "write" else read(sys.argv[2])
