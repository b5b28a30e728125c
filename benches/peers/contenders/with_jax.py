"""JAX: all steps in one compiled scan, with the generator threefry or rbg."""

import jax
import jax.numpy as jnp

from .common import COEFFICIENTS, cores, euler, held_drift, logistic_euler, serve, table


def build(variant, workload, count, steps):
    key = jax.random.key(42, impl={"threefry": "threefry2x32", "rbg": "rbg"}[variant])
    state = ()

    @jax.jit
    def normals(key):
        key, now = jax.random.split(key)
        return key, (jax.random.normal(now, (count,), jnp.float32),)

    @jax.jit
    def path(key, x):
        key, now = jax.random.split(key)

        def step(carry, normal):
            x, total = carry
            x = euler(x, lambda: normal, jnp.clip)
            return (x, total + x * x), None

        # All normals are made beforehand, in one call.
        (x, total), _ = jax.lax.scan(step, (x, jnp.float32(0)), jax.random.normal(now, (steps,), jnp.float32))
        return key, (x, total / steps)

    def over(x, key):
        return (euler(x, lambda: jax.random.normal(key, x.shape, x.dtype), jnp.clip),)

    def under(x, v, key):
        keys = iter(jax.random.split(key))
        return held_drift(x, v, lambda: jax.random.normal(next(keys), x.shape, x.dtype), jnp.clip)

    def logistic(w, key):
        return (logistic_euler(w, lambda: jax.random.normal(key, w.shape, w.dtype), prior, rows, jnp.exp),)

    @jax.jit
    def batch(key, *state):
        key, now = jax.random.split(key)
        step = {"underdamped": under, "logistic": logistic}.get(workload, over)
        keys = jax.random.split(now, steps)
        return key, jax.lax.scan(lambda state, key: (step(*state, key), None), state, keys)[0]

    def run():
        nonlocal key, state
        if workload == "normals":
            key, state = normals(key)
        elif workload == "path":
            key, state = path(key, state[0] if state else jnp.float32(0))
        else:
            key, state = batch(key, *state)
        jax.block_until_ready(state)

    if workload not in ("normals", "path"):
        parts = 2 if workload == "underdamped" else 1
        shape = 2 if workload == "overdamped-2" else 1, count
        if workload == "logistic":
            prior, rows = table()
            rows = jnp.array(rows, jnp.float32)
            shape = count, COEFFICIENTS
        state = tuple(jnp.zeros(shape, jnp.float32) for _ in range(parts))

    def moments():
        if workload == "path":
            return {"x2": float(state[1])}
        return {name: float(jnp.mean(part * part)) for name, part in zip(["x2", "v2"], state)}

    return run, moments


if __name__ == "__main__":
    serve(build, f"JAX {jax.__version__}", cores())
