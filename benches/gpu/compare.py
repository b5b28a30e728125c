"""The fused workload beside PyTorch (eager and compiled), JAX, CuPy and CUDA by hand, in one run on one machine.

    python compare.py PATH-OF-THE-BENCH        # the program that `cargo bench --bench gpu --no-run` builds
    python compare.py --only jax --device cpu  # without it, to try one of the others

The workload: overdamped Langevin dynamics in a double well whose force is linear beyond |x| = 3, D = 2, f32,
100 macro steps of size 0.01 a launch, by Euler-Maruyama and by the Poisson midpoint method with one
midpoint of K = 1000. What is compared is particle-steps a second of equally many particles, the best of three
runs after a launch to warm up; who is missing or fails says so in its row, and the others go on.
"""

import argparse
import re
import subprocess
import sys
import time

STEP_SIZE, INNER_STEPS, CAP, STEPS = 0.01, 1000, 3.0, 100


def rate(launch, wait, particles, launches):
    """Particle-steps a second: the best of three runs, after one to warm up."""
    launch()
    wait()
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(launches):
            launch()
        wait()
        best = min(best, time.perf_counter() - start)
    return particles * STEPS * launches / best


def euler(x, force, normal):
    return x + STEP_SIZE * force(x) + (2 * STEP_SIZE) ** 0.5 * normal()


def midpoint(x, force, normal, m, sqrt):
    """One midpoint m of 1..K-1 for each particle, its correction weighted by K - 1."""
    b0 = force(x)
    before = m * (STEP_SIZE / INNER_STEPS)
    noise = sqrt(2 * before) * normal()
    correction = (INNER_STEPS - 1) / INNER_STEPS * STEP_SIZE * (force(x + before * b0 + noise) - b0)
    return x + STEP_SIZE * b0 + noise + sqrt(2 * (STEP_SIZE - before)) * normal() + correction


def with_torch(particles, launches, device, compiled):
    import torch

    device = "cuda" if device == "gpu" else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("torch finds no GPU")

    def force(x):
        inner = torch.clamp(x, -CAP, CAP)
        return inner - inner**3 + (1 - 3 * CAP * CAP) * (x - inner)

    def by_euler(x):
        return euler(x, force, lambda: torch.randn_like(x))

    def by_midpoint(x):
        m = torch.randint(1, INNER_STEPS, (1, particles), device=device, dtype=torch.float32)
        return midpoint(x, force, lambda: torch.randn_like(x), m, torch.sqrt)

    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    for name, step in [("Euler-Maruyama", by_euler), ("Single", by_midpoint)]:
        if compiled:
            # One step: a loop of 100 would take minutes to compile.
            step = torch.compile(step, dynamic=False)
        state = [torch.zeros((2, particles), device=device)]

        def launch(step=step, state=state):
            with torch.no_grad():
                for _ in range(STEPS):
                    state[0] = step(state[0])

        yield name, rate(launch, wait, particles, launches)


def with_jax(particles, launches, device):
    import jax
    import jax.numpy as jnp

    if device == "gpu" and jax.default_backend() != "gpu":
        raise RuntimeError(f"jax finds no GPU but {jax.default_backend()}")

    def force(x):
        inner = jnp.clip(x, -CAP, CAP)
        return inner - inner**3 + (1 - 3 * CAP * CAP) * (x - inner)

    def by_euler(x, key):
        return euler(x, force, lambda: jax.random.normal(key, x.shape))

    def by_midpoint(x, key):
        gap, first, second = jax.random.split(key, 3)
        keys = iter([first, second])
        m = jax.random.randint(gap, (1, particles), 1, INNER_STEPS).astype(jnp.float32)
        return midpoint(x, force, lambda: jax.random.normal(next(keys), x.shape), m, jnp.sqrt)

    for name, step in [("Euler-Maruyama", by_euler), ("Single", by_midpoint)]:

        @jax.jit
        def steps(x, key, step=step):
            return jax.lax.scan(lambda x, key: (step(x, key), None), x, jax.random.split(key, STEPS))[0]

        state = [jnp.zeros((2, particles), jnp.float32), jax.random.key(0)]

        def launch(steps=steps, state=state):
            state[1], key = jax.random.split(state[1])
            state[0] = steps(state[0], key)

        yield name, rate(launch, lambda state=state: state[0].block_until_ready(), particles, launches)


def with_cupy(particles, launches, device):
    import cupy

    if device != "gpu":
        raise RuntimeError("cupy is for GPUs")

    @cupy.fuse()
    def force(x):
        inner = cupy.clip(x, -CAP, CAP)
        return inner - inner * inner * inner + (1 - 3 * CAP * CAP) * (x - inner)

    generator = cupy.random.default_rng(0)

    def normal():
        return generator.standard_normal((2, particles), dtype=cupy.float32)

    def by_euler(x):
        return euler(x, force, normal).astype(cupy.float32)

    def by_midpoint(x):
        m = generator.integers(1, INNER_STEPS, (1, particles)).astype(cupy.float32)
        return midpoint(x, force, normal, m, cupy.sqrt).astype(cupy.float32)

    for name, step in [("Euler-Maruyama", by_euler), ("Single", by_midpoint)]:
        state = [cupy.zeros((2, particles), dtype=cupy.float32)]

        def launch(step=step, state=state):
            for _ in range(STEPS):
                state[0] = step(state[0])

        yield name, rate(launch, cupy.cuda.Device().synchronize, particles, launches)


def with_bench(program, size, launches, plain):
    """The rows of the bench's table for two dimensions, this crate's and that of plain.cu if its PTX is given: as `rate`,
    the best of three runs after a launch."""
    settings = {"only": "fused_overdamped_2", "size": size, "launches": launches, "steps": STEPS}
    settings |= {"plain": plain} if plain else {}
    arguments = [program, *(f"--{name}={value}" for name, value in settings.items())]
    names = {"overdamped": "this crate"} | ({"by hand": "CUDA by hand"} if plain else {})
    rows = {}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as bench:
        for line in bench.stdout:
            print(line, end="", flush=True)
            if row := re.match(r"(overdamped|by hand) +2 +(\d+) +([\d.]+) +([\d.]+)", line):
                rows[row[1]] = row
    for label, name in names.items():
        row = rows.get(label)
        if row is None:
            ended = f"the bench ended with {bench.returncode} and"
            raise RuntimeError(f"{ended} printed no row of {name} for two dimensions: is there a GPU?")
        if int(row[2]) != particles_of(size):
            raise RuntimeError(f"the bench moved {row[2]} particles, not {particles_of(size)}")
        yield name, "Euler-Maruyama", 1e9 * float(row[3])
        yield name, "Single", 1e9 * float(row[4])
    if bench.returncode != 0:
        raise RuntimeError(f"the bench ended with {bench.returncode}")


def particles_of(size):
    """How many particles of two dimensions have 2^size scalars."""
    return 2**size // 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("bench", nargs="?", help="the bench program")
    parser.add_argument("--size", type=int, default=25, help="the base-2 logarithm of the scalars in a batch")
    parser.add_argument("--launches", type=int, default=5)
    parser.add_argument("--plain", help="the PTX of plain.cu")
    parser.add_argument("--device", choices=["gpu", "cpu"], default="gpu")
    parser.add_argument("--only", action="append", help="one of the others; may be given again")
    options = parser.parse_args()
    particles, launches, device = particles_of(options.size), options.launches, options.device
    print(f"{particles} particles", flush=True)
    others = {
        "torch": lambda: with_torch(particles, launches, device, False),
        "torch.compile": lambda: with_torch(particles, launches, device, True),
        "jax": lambda: with_jax(particles, launches, device),
        "cupy": lambda: with_cupy(particles, launches, device),
    }
    best = {}
    for name, measure in others.items():
        if options.only and name not in options.only:
            continue
        try:
            for workload, found in measure():
                print(f"{name:<14} {workload:<15} {found / 1e9:8.3f} x 10^9 particle-steps/s", flush=True)
                best[workload] = max(best.get(workload, 0.0), found)
        except ImportError as error:
            print(f"{name:<14} SKIPPED: {error}", flush=True)
        # Each has exceptions of its own, of its compiler for example, whose text may be a whole source.
        except Exception as error:
            print(f"{name:<14} FAILED: {type(error).__name__}: {str(error)[:500]}", flush=True)
    if options.bench is None:
        print("this crate     SKIPPED: no bench was named")
        return 0
    for name, workload, found in with_bench(options.bench, options.size, launches, options.plain):
        ratio = f", {found / best[workload]:.1f} times the best of the frameworks" if workload in best else ""
        print(f"{name:<14} {workload:<15} {found / 1e9:8.3f} x 10^9 particle-steps/s{ratio}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
