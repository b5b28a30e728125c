"""The denoiser of the training scripts: a residual network that predicts v (Salimans & Ho 2022), and what it is asked.

Time enters by tables that are interpolated linearly in sqrt(t/STEPS): such a network needs no function but exp, so
that every machine can reproduce it to the bit.
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import silu

STEPS, KNOTS = 1000, 16


class Times(nn.Module):
    """A table over KNOTS + 1 values of sqrt(t/STEPS), interpolated linearly."""

    def __init__(self, width):
        super().__init__()
        self.table = nn.Parameter(0.02 * torch.randn(KNOTS + 1, width))

    def forward(self, t):
        place = KNOTS * torch.sqrt(t / STEPS)
        below = place.long().clamp(max=KNOTS - 1)
        part = (place - below)[:, None]
        return (1 - part) * self.table[below] + part * self.table[below + 1]


class Denoiser(nn.Module):
    def __init__(self, size, width, blocks):
        super().__init__()
        self.enter = nn.Linear(size, width, bias=False)
        self.times = nn.ModuleList(Times(width) for _ in range(blocks + 1))
        self.first = nn.ModuleList(nn.Linear(width, width, bias=False) for _ in range(blocks))
        self.second = nn.ModuleList(nn.Linear(width, width) for _ in range(blocks))
        self.leave = nn.Linear(width, size)
        for second in self.second:
            nn.init.zeros_(second.weight)

    def forward(self, x, t):
        h = self.enter(x) + self.times[0](t)
        for times, first, second in zip(self.times[1:], self.first, self.second):
            h = h + second(silu(first(silu(h)) + times(t)))
        return self.leave(silu(h))

    def tensors(self):
        """By name, matrices with a row for each input: the order they are used in is that of the names."""
        named = {"00.enter": self.enter.weight.T, "01.time": self.times[0].table}
        for k in range(len(self.first)):
            named |= {
                f"{k + 1}0.first": self.first[k].weight.T,
                f"{k + 1}1.time": self.times[k + 1].table,
                f"{k + 1}2.second": self.second[k].weight.T,
                f"{k + 1}3.bias": self.second[k].bias,
            }
        return named | {"90.leave": self.leave.weight.T, "91.bias": self.leave.bias}


def noising(beta):
    """For the noise schedule's variances of steps 1..STEPS: a function of data, steps and noise that gives the noisy
    data and their v."""
    log = np.concatenate([[0.0], np.cumsum(np.log1p(-beta))])
    signal, noise = (torch.tensor(f, dtype=torch.float32) for f in (np.exp(log / 2), np.sqrt(-np.expm1(log))))

    def noisy(x, t, z):
        s, n = signal[t][:, None], noise[t][:, None]
        return s * x + n * z, s * z - n * x

    return noisy
