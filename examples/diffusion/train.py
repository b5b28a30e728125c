#!/usr/bin/env python3
"""Makes every file of this folder that is not source: digits.bin, denoiser.safetensors and
classifier.safetensors.

    pip install torch scikit-learn safetensors
    python train.py                  # an hour of one core at most; files are written to this folder

digits.bin holds the 1,797 images of scikit-learn's `load_digits` in a shuffled order: for each image 64
pixels from 0 to 16, row by row, then its label, a byte each. The first 1,347 train both networks; the last
450 are held out, to choose when to stop and to measure distances against.

The denoiser is a residual network on the 64 pixels, scaled to [-1, 1], that predicts v (Salimans & Ho 2022)
at training step t of 1000, for the linear noise schedule of Ho et al. 2020.

The classifier is a network with one hidden layer, whose 32 values are the features that Fréchet
distances between images are also measured in.
"""

import argparse
import copy
import pathlib

import numpy as np
import torch
from safetensors.numpy import save_file
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy, silu

from denoiser import STEPS, Denoiser, noising

HERE = pathlib.Path(__file__).parent
WIDTH, BLOCKS, FEATURES, HELD_OUT = 128, 4, 32, 450


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(64, FEATURES)
        self.output = nn.Linear(FEATURES, 10)

    def features(self, x):
        return silu(self.hidden(x))

    def forward(self, x):
        return self.output(self.features(x))

    def tensors(self):
        return {
            "0.hidden": self.hidden.weight.T,
            "1.bias": self.hidden.bias,
            "2.output": self.output.weight.T,
            "3.bias": self.output.bias,
        }


def save(module, path):
    save_file({k: v.detach().numpy().copy(order="C") for k, v in module.tensors().items()}, path)


def train_denoiser(train, held_out, iterations):
    noisy = noising(np.linspace(1e-4, 0.02, STEPS))

    net = Denoiser(64, WIDTH, BLOCKS)
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.05, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, iterations, pct_start=0.05)
    fixed = torch.Generator().manual_seed(1)
    times = torch.linspace(1, STEPS, 40).long().repeat_interleave(len(held_out))
    noises = torch.randn(len(times), 64, generator=fixed)
    test_x, test_v = noisy(held_out.repeat(40, 1), times, noises)
    best, best_average = float("inf"), None
    for i in range(iterations):
        x = train[torch.randint(len(train), (512,))]
        t = torch.randint(1, STEPS + 1, (512,))
        x, v = noisy(x, t, torch.randn_like(x))
        optimizer.zero_grad()
        loss = (net(x, t) - v).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            rate = max(2e-4, 1 / (i + 10))
            for a, p in zip(average.parameters(), net.parameters()):
                a.lerp_(p, rate)
        if (i + 1) % 2000 == 0:
            with torch.no_grad():
                held = (average(test_x, times) - test_v).square().mean().item()
            print(f"{i + 1}: loss {loss.item():.4f}, held out {held:.5f}", flush=True)
            if held < best:
                best, best_average = held, copy.deepcopy(average)
    print(f"denoiser: {sum(p.numel() for p in net.parameters())} parameters, held out {best:.5f}")
    return best_average


def train_classifier(train, train_labels, held_out, held_out_labels):
    net = Classifier()
    optimizer = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=0.05)
    for _ in range(4000):
        chosen = torch.randint(len(train), (256,))
        x = train[chosen] + 0.1 * torch.randn(256, 64)
        optimizer.zero_grad()
        cross_entropy(net(x), train_labels[chosen]).backward()
        optimizer.step()
    right = (net(held_out).argmax(1) == held_out_labels).float().mean().item()
    print(f"classifier: {100 * right:.1f} % of the held-out images are recognised")
    return net


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iterations", type=int, default=60_000)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    torch.manual_seed(0)
    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    rows = np.concatenate([digits.data, digits.target[:, None]], axis=1)[order].astype(np.uint8)
    (options.folder / "digits.bin").write_bytes(rows.tobytes())
    x = torch.tensor(rows[:, :64] / 8 - 1, dtype=torch.float32)
    labels = torch.tensor(rows[:, 64], dtype=torch.long)
    parts = x[:-HELD_OUT], x[-HELD_OUT:]
    classifier = train_classifier(parts[0], labels[:-HELD_OUT], parts[1], labels[-HELD_OUT:])
    save(classifier, options.folder / "classifier.safetensors")
    save(train_denoiser(*parts, options.iterations), options.folder / "denoiser.safetensors")


if __name__ == "__main__":
    main()
