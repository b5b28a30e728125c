#!/usr/bin/env python3
"""Digits by annealed Langevin dynamics (Song & Ermon 2019): PyTorch or CuPy computes the drift on a GPU, in the memory and
on the stream in which the batch steps. Nothing is copied between the two.

    cargo build --release --manifest-path examples/network/Cargo.toml
    examples/network/sample.py --library torch
"""

import argparse
import ctypes
import importlib.util
import json
import pathlib
import sys

import numpy as np

HERE = pathlib.Path(__file__).parent
WEIGHTS = HERE.parent / "diffusion/denoiser.safetensors"
DIGITS = HERE.parent / "diffusion/digits.bin"
MODULE = HERE / "target/release/liblangevin.so"
PIXELS, STEPS, KNOTS, BLOCKS = 64, 1000, 16, 4


def module(path):
    """The Python module that cargo has built."""
    spec = importlib.util.spec_from_file_location("langevin", path)
    if spec is None or not pathlib.Path(path).exists():
        sys.exit(f"{path} is not there: cargo build --release --manifest-path {HERE / 'Cargo.toml'}")
    langevin = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(langevin)
    return langevin


class Torch:
    """PyTorch, on its current stream."""

    def __init__(self, device):
        import torch

        torch.cuda.set_device(device)
        self.functions = torch
        self.stream = torch.cuda.current_stream().cuda_stream

    def there(self, values):
        return self.functions.as_tensor(values, device="cuda")

    view = there

    def here(self, values):
        return values.cpu().numpy()


class Cupy:
    """CuPy, on its current stream."""

    def __init__(self, device):
        import cupy

        cupy.cuda.Device(device).use()
        self.functions = cupy
        self.stream = cupy.cuda.get_current_stream().ptr
        self.there = self.view = cupy.asarray
        self.here = cupy.asnumpy


class Numpy:
    """NumPy, for a driver whose devices have the host's memory: an emulated one."""

    functions, stream = np, 0

    def __init__(self, _device):
        pass

    def there(self, values):
        return values

    here = there

    def view(self, array):
        count, dimension = array.shape
        return np.ctypeslib.as_array((dimension * ctypes.c_float * count).from_address(array.address))


def safetensors(path):
    """The tensors of a file, by name."""
    file = path.read_bytes()
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        first, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(file[start + first : start + end], "<f4").reshape(entry["shape"])
    return tensors


class Denoiser:
    """The network of examples/diffusion, and the score of digits with noise."""

    def __init__(self, library):
        self.functions = library.functions
        self.weights = {name: library.there(values.copy()) for name, values in safetensors(WEIGHTS).items()}
        log = np.cumsum(np.log1p(-np.linspace(1e-4, 0.02, STEPS)))
        self.signal, self.noise = np.exp(log / 2), np.sqrt(-np.expm1(log))

    def level(self, t):
        """What is left of a digit at training step t, and the standard deviation of the noise."""
        return float(self.signal[t - 1]), float(self.noise[t - 1])

    def v(self, x, t, out):
        """Writes what the network predicts of each row of x = signal·digit + noise·z: v = signal·z − noise·digit
        (Salimans & Ho 2022)."""
        weights = self.weights
        place = KNOTS * (t / STEPS) ** 0.5
        below = min(int(place), KNOTS - 1)
        part = place - below

        def time(name):
            return (1 - part) * weights[name][below] + part * weights[name][below + 1]

        def silu(h):
            return h / (1 + self.functions.exp(-h))

        h = x @ weights["00.enter"] + time("01.time")
        for k in range(1, BLOCKS + 1):
            inner = silu(h) @ weights[f"{k}0.first"] + time(f"{k}1.time")
            h = h + silu(inner) @ weights[f"{k}2.second"] + weights[f"{k}3.bias"]
        self.functions.matmul(silu(h), weights["90.leave"], out=out)
        out += weights["91.bias"]

    def score(self, x, t, out):
        """Writes the gradient of the log-density of noisy digits: −z/noise, where z = noise·x + signal·v."""
        signal, noise = self.level(t)
        self.v(x, t, out)
        out *= -signal / noise
        out -= x


def sample(library, langevin, options):
    """Digits, and how many particles have failed."""
    start = np.random.default_rng(options.seed).standard_normal(options.count * PIXELS, dtype=np.float32)
    batch = langevin.Batch(start, PIXELS, options.seed, options.device, library.stream)
    if isinstance(library, Numpy) and not batch.device.startswith("emulated"):
        sys.exit(f"NumPy does not reach the memory of {batch.device}")
    denoiser = Denoiser(library)
    b0, query, drift = (library.view(array) for array in (batch.b0, batch.query, batch.drift))
    step = 0
    for level in range(options.levels):
        # Evenly in the root of the training step, as the network's own tables.
        t = max(int(STEPS * (1 - level / options.levels) ** 2), 10)
        step_size = options.step * denoiser.level(t)[1] ** 2
        for _ in range(options.steps):
            denoiser.score(library.view(batch.state), t, b0)
            batch.begin(step_size, 100, step)
            denoiser.score(query, t, drift)
            batch.end()
            step += 1
    # The digit that the network sees in what little noise is left.
    signal, noise = denoiser.level(t)
    state = library.view(batch.state)
    denoiser.v(state, t, b0)
    return library.here(signal * state - noise * b0), batch.failed()


def distance(digits):
    """The mean, over samples and pixels, of the squared distance to the nearest digit of the data set."""
    data = np.frombuffer(DIGITS.read_bytes(), np.uint8).reshape(-1, PIXELS + 1)[:, :PIXELS] / 8 - 1
    return np.mean([np.min(np.mean((data - digit) ** 2, axis=1)) for digit in digits])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    libraries = {"torch": Torch, "cupy": Cupy, "numpy": Numpy}
    parser.add_argument("--library", choices=libraries, default="torch")
    parser.add_argument("--module", default=MODULE, help="what cargo has built")
    parser.add_argument("--device", type=int, default=0)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--levels", type=int, default=40)
    parser.add_argument("--steps", type=int, default=2, help="steps at each level")
    parser.add_argument("--step", type=float, default=0.5, help="step size, in variances of the level's noise")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=pathlib.Path, help="where to write the digits, as PGM")
    options = parser.parse_args()
    digits, failed = sample(libraries[options.library](options.device), module(options.module), options)
    print(f"{len(digits)} digits, {failed} failed, mean squared distance to the nearest of the data: {distance(digits):.3f}")
    if options.picture:
        row = np.clip(8 * (digits.reshape(-1, 8, 8) + 1), 0, 16).transpose(1, 0, 2).reshape(8, -1)
        grey = (row * 255 / 16).astype(np.uint8)
        options.picture.write_bytes(b"P5 %d 8 255\n" % grey.shape[1] + grey.tobytes())


if __name__ == "__main__":
    main()
