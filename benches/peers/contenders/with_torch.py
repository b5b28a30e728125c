"""PyTorch: whole tensors, eagerly, or each step compiled, with the compiler's normals or those of eager mode."""

import torch
import torch._inductor.config

from .common import COEFFICIENTS, euler, held_drift, logistic_euler, serve, table


def build(variant, workload, count, steps):
    if workload == "normals":
        values = torch.empty(count)

        def normals():
            values.normal_()

        return normals, lambda: {"x2": float(torch.mean(values * values))}
    shape = {"overdamped-1": (1, count), "overdamped-2": (2, count), "underdamped": (1, count)}
    shape["logistic"] = count, COEFFICIENTS

    def overdamped(x):
        return (euler(x, lambda: torch.randn_like(x), torch.clamp),)

    def underdamped(x, v):
        return held_drift(x, v, lambda: torch.randn_like(x), torch.clamp)

    step, parts = (underdamped, 2) if workload == "underdamped" else (overdamped, 1)
    if workload == "logistic":
        prior, rows = table()
        rows = torch.tensor(rows)

        def step(w):
            return (logistic_euler(w, lambda: torch.randn_like(w), prior, rows, torch.exp),)

    if variant.startswith("compiled"):
        # The compiler's own generator is a scalar loop, eager mode's is not.
        torch._inductor.config.fallback_random = variant == "compiled-fallback"
        # One step: a loop of 200 would take minutes to compile.
        step = torch.compile(step, dynamic=False)
    state = tuple(torch.zeros(shape[workload]) for _ in range(parts))

    @torch.no_grad()
    def run():
        nonlocal state
        for _ in range(steps):
            state = step(*state)

    return run, lambda: {name: float(torch.mean(part * part)) for name, part in zip(["x2", "v2"], state)}


if __name__ == "__main__":
    torch.manual_seed(42)
    serve(build, f"PyTorch {torch.__version__}", torch.get_num_threads())
