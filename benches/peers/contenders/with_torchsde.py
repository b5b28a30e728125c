"""torchsde: Euler-Maruyama at a fixed step, with its own Brownian motion."""

import importlib.metadata

import torch
import torchsde

from .common import AMPLITUDE, STEP_SIZE, double_well, serve


class DoubleWell:
    noise_type, sde_type = "diagonal", "ito"

    def f(self, _t, x):
        return double_well(x, torch.clamp)

    def g(self, _t, x):
        return torch.full_like(x, AMPLITUDE / STEP_SIZE**0.5)


def build(_variant, workload, count, steps):
    times = torch.arange(2) * (steps * STEP_SIZE)
    # A path is kept at 100 points.
    if workload == "path":
        times = torch.linspace(0, steps * STEP_SIZE, 101)
    saved = torch.zeros(1, count, {"overdamped-1": 1, "overdamped-2": 2, "path": 1}[workload])

    @torch.no_grad()
    def run():
        nonlocal saved
        saved = torchsde.sdeint(DoubleWell(), saved[-1], times, dt=STEP_SIZE, method="euler")

    return run, lambda: {"x2": float(torch.mean(saved[1:] * saved[1:]))}


if __name__ == "__main__":
    torch.manual_seed(42)
    serve(build, f"torchsde {importlib.metadata.version('torchsde')}", torch.get_num_threads())
