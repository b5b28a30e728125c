"""diffrax: its own solvers at a fixed step, with the quickest of its Brownian motions."""

import diffrax
import jax
import jax.numpy as jnp
import lineax

from .common import AMPLITUDE, FRICTION, STEP_SIZE, cores, double_well, serve

LEVY_AREA = {
    "Euler": diffrax.BrownianIncrement,
    "ShARK": diffrax.SpaceTimeLevyArea,
    "ALIGN": diffrax.SpaceTimeLevyArea,
    "ShOULD": diffrax.SpaceTimeTimeLevyArea,
    "QUICSORT": diffrax.SpaceTimeTimeLevyArea,
}
# Points of a path that are kept.
POINTS = 1000


def build(variant, workload, count, steps):
    solver = getattr(diffrax, variant)()
    shape = () if workload == "path" else (2 if workload == "overdamped-2" else 1, count)
    end = steps * STEP_SIZE
    kept = diffrax.SaveAt(ts=jnp.linspace(end / POINTS, end, POINTS)) if workload == "path" else diffrax.SaveAt(t1=True)

    def terms(key):
        brownian = diffrax.UnsafeBrownianPath(jax.ShapeDtypeStruct(shape, jnp.float32), key, LEVY_AREA[variant])
        if workload == "underdamped":
            gradient = lambda x, _: -double_well(x, jnp.clip)
            return diffrax.MultiTerm(
                diffrax.UnderdampedLangevinDriftTerm(FRICTION, 1.0, gradient),
                diffrax.UnderdampedLangevinDiffusionTerm(FRICTION, 1.0, brownian),
            )
        amplitude = jnp.full(shape, AMPLITUDE / STEP_SIZE**0.5, jnp.float32)
        return diffrax.MultiTerm(
            diffrax.ODETerm(lambda _t, x, _: double_well(x, jnp.clip)),
            diffrax.ControlTerm(lambda _t, _x, _: lineax.DiagonalLinearOperator(amplitude), brownian),
        )

    @jax.jit
    def solve(key, state):
        key, now = jax.random.split(key)
        solution = diffrax.diffeqsolve(
            terms(now),
            solver,
            t0=0.0,
            t1=end,
            dt0=STEP_SIZE,
            y0=state,
            saveat=kept,
            adjoint=diffrax.DirectAdjoint(),
            max_steps=None,
        )
        return key, solution.ys, solution.stats["num_steps"]

    key = jax.random.key(42)
    zero = jnp.zeros(shape, jnp.float32)
    saved = jax.tree.map(lambda x: x[None], (zero, zero) if workload == "underdamped" else zero)

    def run():
        nonlocal key, saved
        key, saved, taken = solve(key, jax.tree.map(lambda x: x[-1], saved))
        return int(taken)

    def moments():
        return {name: float(jnp.mean(part * part)) for name, part in zip(["x2", "v2"], jax.tree.leaves(saved))}

    return run, moments


if __name__ == "__main__":
    serve(build, f"diffrax {diffrax.__version__}", cores())
