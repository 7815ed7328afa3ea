"""The seeded weights and inputs of weights/init.h and weights/self_test.h, bit for bit, in numpy.

For scripts that make goldens with other frameworks: seeded(name, shape, seed) is the tensor that
`apatite init` writes under that name; self_test_input(shape, seed) is the self-test's image.
tests/weights/init_test.cc holds values that this file printed (python3 seeded_weights.py).
"""

import math

import numpy as np

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def random_bits(seed, counters):
    """random_bits of base/random.h for an array of counters."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.asarray(counters, np.uint64) + np.uint64(1)) * np.uint64(_GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def random_stream(seed, index):
    return int(random_bits(int(random_bits(seed, 0)), index))


def random_symmetric(seed, count):
    k = (random_bits(seed, np.arange(count, dtype=np.uint64)) % np.uint64(0x1FFFFFF)).astype(np.int64)
    return (k - 0xFFFFFF).astype(np.float32) * np.float32(2.0**-24)


def name_hash(name):
    """64-bit FNV-1a of the name's UTF-8 bytes."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def seeded(name, shape, seed):
    """The tensor `name` of weights/init.h."""
    shape = tuple(shape)
    stream = random_stream(seed, name_hash(name))
    u = random_symmetric(stream, math.prod(shape)).reshape(shape)
    if name.endswith("running_mean") or name.endswith("bias"):
        return u * np.float32(2.0**-5)
    if name.endswith("running_var"):
        return np.float32(1) + u * np.float32(0.5)
    if len(shape) < 2:
        return np.float32(0.6875) + u * np.float32(0.25)
    fan_in = math.prod(shape[1:])
    return u * np.float32(np.sqrt(np.float64(6) / np.float64(fan_in)))


def self_test_input(shape, seed):
    """1 x shape: the image of weights/self_test.h."""
    shape = tuple(shape)
    return (random_symmetric(seed, math.prod(shape)) * np.float32(2)).reshape((1,) + shape)


if __name__ == "__main__":
    for tensor_name, tensor_shape in [
        ("conv1.weight", (2, 3, 1, 2)),
        ("bn1.weight", (3,)),
        ("bn1.bias", (3,)),
        ("bn1.running_mean", (3,)),
        ("bn1.running_var", (3,)),
        ("fc.weight", (2, 5)),
    ]:
        bits = seeded(tensor_name, tensor_shape, 7).ravel().view(np.uint32)
        print(tensor_name, tensor_shape, ", ".join(f"0x{int(b):08x}" for b in bits))
    print("input", ", ".join(f"0x{int(b):08x}" for b in self_test_input((1, 2, 2), 7).ravel().view(np.uint32)))
