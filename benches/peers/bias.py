"""The bias of each scheme in the workloads' double well, without sampling.

    python -m bias 1e-3 1e-4    # what each scheme needs for each relative bias and as small a standard error: JSON

A scheme is a Markov chain with smooth transitions. Its expectations under its own stationary law solve a linear
system once functions are polynomials and the noise is integrated by quadrature; here the error is some 1e-6 of them. The
steps of diffrax are its own, driven by the nodes of the quadrature, the others are written from their formulas.
"""

import json
import math
import sys

import diffrax
import jax
import jax.numpy as jnp
import lineax
import numpy as np

from compare import second_moment
from contenders.common import FRICTION, double_well

jax.config.update("jax_enable_x64", True)

# K of the midpoint methods.
INNER_STEPS = 1000
# Ends of positions and velocities, and polynomials of each: the density at the ends is below 1e-10 of its largest.
ENDS, SIZES = (4.0, 7.5), (44, 26)
# Nodes for each normal, and for a midpoint's uniform time.
NODES, TIMES = 7, 6


def force(x):
    return double_well(x, np.clip)


def normals(count):
    """Nodes and weights of independent standard normals: rows of `count`."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    grid = np.meshgrid(*[nodes] * count, indexing="ij")
    product = np.prod(np.meshgrid(*[weights / weights.sum()] * count, indexing="ij"), axis=0)
    return np.array([axis.ravel() for axis in grid]), product.ravel()


def midpoint_times():
    """Nodes and weights of m/K, m uniform from 0 to K - 1: to 1/K^2 it is uniform between -1/2K and 1 - 1/2K."""
    nodes, weights = np.polynomial.legendre.leggauss(TIMES)
    return (nodes + 1) / 2 - 1 / (2 * INNER_STEPS), weights / 2


def transport(span):
    """What is left of a velocity, the way that it has made, and that of a unit drift, after the span."""
    decay = np.exp(-FRICTION * span)
    way = -np.expm1(-FRICTION * span) / FRICTION
    return decay, way, (span - way) / FRICTION


def noise_covariance(early, late):
    """Of the noises of position at two times of a path that begins without any, early <= late."""
    # d<x> at time r: sqrt(2 gamma) way(t - r), whose products are integrated.
    nodes, weights = np.polynomial.legendre.leggauss(12)
    r, weights = (nodes + 1) / 2 * early, weights / 2 * early
    way = lambda t: -np.expm1(-FRICTION * (t - r)) / FRICTION
    velocity = np.exp(-FRICTION * (late - r))
    return 2 * FRICTION * np.sum(way(early) * way(late) * weights), 2 * FRICTION * np.sum(way(early) * velocity * weights)


def joint(early, late):
    """The Cholesky factor of the noises of position at `early`, and of position and velocity at `late`."""
    first, _ = noise_covariance(early, early)
    shared, shared_velocity = noise_covariance(early, late)
    last, last_velocity = noise_covariance(late, late)
    velocity = -math.expm1(-2 * FRICTION * late)
    return np.linalg.cholesky(
        [[first, shared, shared_velocity], [shared, last, last_velocity], [shared_velocity, last_velocity, velocity]]
    )


# A scheme maps states, a column each of x (and v), and its step to the states that follow, a row for each node of
# its noise, and their weights.


def euler(step, x):
    (xi,), weights = normals(1)
    return (x + step * force(x) + math.sqrt(2 * step) * xi,), weights


def single(step, x):
    (before, after), weights = normals(2)
    parts = []
    for time, share in zip(*midpoint_times()):
        early = math.sqrt(2 * max(time, 0) * step) * before
        rest = math.sqrt(2 * (1 - max(time, 0)) * step) * after
        middle = x + time * step * force(x) + early
        parts.append((x + step * force(middle) + early + rest, share * weights))
    return (np.concatenate([x for x, _ in parts], axis=1),), np.concatenate([w for _, w in parts])


def held_drift(step, x, v):
    z, weights = normals(3)
    decay, way, push = transport(step)
    # The noise at an earlier time has no part in it.
    _, position, velocity = joint(step / 2, step) @ z
    drift = force(x)
    return (x + way * v + push * drift + position, decay * v + way * drift + velocity), weights


def single_underdamped(step, x, v):
    z, weights = normals(3)
    inner, drift, parts = step / INNER_STEPS, force(x), []
    decay, way, push = transport(step)
    _, inner_way, inner_push = transport(inner)
    for time, share in zip(*midpoint_times()):
        early, position, velocity = joint(max(time, 1e-6) * step, step) @ z
        _, early_way, early_push = transport(time * step)
        kick = INNER_STEPS * (force(x + early_way * v + early_push * drift + early) - drift)
        rest_decay, rest_way, _ = transport(step - time * step - inner)
        x_end = x + way * v + push * drift + position + kick * (inner_push + rest_way * inner_way)
        v_end = decay * v + way * drift + velocity + kick * rest_decay * inner_way
        parts.append((x_end, v_end, share * weights))
    ends = [np.concatenate([part[k] for part in parts], axis=1) for k in range(2)]
    return ends, np.concatenate([part[2] for part in parts])


def baoa(step, x, v):
    (xi,), weights = normals(1)
    v = v + step * force(x)
    x = x + step / 2 * v
    v = math.exp(-FRICTION * step) * v + math.sqrt(-math.expm1(-2 * FRICTION * step)) * xi
    return (x + step / 2 * v, v), weights


def ubu(step, x, v):
    z, weights = normals(3)
    middle, position, velocity = joint(step / 2, step) @ z
    half_decay, half_way, _ = transport(step / 2)
    decay, way, _ = transport(step)
    kick = step * force(x + half_way * v + middle)
    return (x + way * v + half_way * kick + position, decay * v + half_decay * kick + velocity), weights


class Nodes(diffrax.AbstractBrownianPath):
    """A Brownian motion whose only increments are the nodes."""

    increment: diffrax.AbstractBrownianIncrement
    levy_area: type = diffrax.BrownianIncrement

    @property
    def t0(self):
        return None

    @property
    def t1(self):
        return None

    def evaluate(self, t0, t1=None, left=True, use_levy=False):
        return self.increment if use_levy else self.increment.W


def of_diffrax(name):
    solver = getattr(diffrax, name)()
    # Variances of W, of the space-time and of the space-time-time Levy area, of a unit step.
    areas = {
        "ShARK": (diffrax.SpaceTimeLevyArea, (1, 1 / 12)),
        "ALIGN": (diffrax.SpaceTimeLevyArea, (1, 1 / 12)),
        "ShOULD": (diffrax.SpaceTimeTimeLevyArea, (1, 1 / 12, 1 / 720)),
        "QUICSORT": (diffrax.SpaceTimeTimeLevyArea, (1, 1 / 12, 1 / 720)),
    }
    area, variances = areas[name]

    @jax.jit
    def advance(step, state, noise):
        path = Nodes(area(step, *noise), area)
        drift = lambda x: double_well(x, jnp.clip)
        if name == "ShARK":
            amplitude = jnp.full(state.shape, math.sqrt(2))
            terms = diffrax.MultiTerm(
                diffrax.ODETerm(lambda _t, x, _: drift(x)),
                diffrax.ControlTerm(lambda _t, _x, _: lineax.DiagonalLinearOperator(amplitude), path),
            )
        else:
            terms = diffrax.MultiTerm(
                diffrax.UnderdampedLangevinDriftTerm(FRICTION, 1.0, lambda x, _: -drift(x)),
                diffrax.UnderdampedLangevinDiffusionTerm(FRICTION, 1.0, path),
            )
        options = dict(t0=0.0, t1=step, dt0=step, y0=state, max_steps=1, adjoint=diffrax.DirectAdjoint())
        return diffrax.diffeqsolve(terms, solver, **options).ys

    def scheme(step, *state):
        z, weights = normals(len(variances))
        shape = len(state[0]), len(weights)
        noise = tuple(
            jnp.asarray(np.broadcast_to(math.sqrt(variance * step) * row, shape).ravel())
            for variance, row in zip(variances, z)
        )
        flat = tuple(jnp.asarray(np.broadcast_to(part, shape).ravel()) for part in state)
        ends = advance(step, flat[0] if len(flat) == 1 else flat, noise)
        return [np.asarray(end).reshape(shape) for end in jax.tree.leaves(ends)], weights

    return scheme


# By workload and name: drift evaluations a step, and the transition.
SCHEMES = {
    "overdamped-1": {
        "Euler–Maruyama": (1, euler),
        "Poisson midpoint, `Single`, K = 1000": (2, single),
        "ShARK": (2, of_diffrax("ShARK")),
    },
    "underdamped": {
        "Euler–Maruyama, drift held": (1, held_drift),
        "Poisson midpoint, `Single`, K = 1000": (2, single_underdamped),
        "BAOA": (1, baoa),
        "UBU": (1, ubu),
        "ALIGN": (1, of_diffrax("ALIGN")),
        "ShOULD": (2, of_diffrax("ShOULD")),
        "QUICSORT": (2, of_diffrax("QUICSORT")),
    },
}


def polynomials(values, axis):
    """Chebyshev's, of values within the ends; what lies beyond is moved there."""
    return np.polynomial.chebyshev.chebvander(np.clip(values / ENDS[axis], -1, 1), SIZES[axis] - 1)


def stationary(dimension, scheme, step):
    """E x^2 under the chain's stationary law, and the variance of its time average times that time.

    The target is even, and so are the functions that matter: one half of the nodes and of the polynomials suffices.
    """
    points = [ENDS[k] * np.cos((np.arange(SIZES[k]) + 0.5) * np.pi / SIZES[k]) for k in range(dimension)]
    states = [axis.ravel() for axis in np.meshgrid(*points, indexing="ij")]
    states = [axis[: len(axis) // 2] for axis in states]
    orders = np.indices(SIZES[:dimension]).reshape(dimension, -1)
    even = orders.sum(axis=0) % 2 == 0
    rows_now, rows_next = [], []
    for state in zip(*states):
        ends, weights = scheme(step, *[np.array([[value]]) for value in state])
        nows = [polynomials(np.array([value]), k) for k, value in enumerate(state)]
        nexts = [polynomials(end[0], k) for k, end in enumerate(ends)]
        if dimension == 1:
            rows_now.append(nows[0][0])
            rows_next.append(weights @ nexts[0])
        else:
            rows_now.append(np.outer(nows[0][0], nows[1][0]).ravel())
            rows_next.append(((nexts[0] * weights[:, None]).T @ nexts[1]).ravel())
    now, after = np.array(rows_now)[:, even], np.array(rows_next)[:, even]
    # (1 - P) u = f - E f, with E f unknown: the column of the constant, which 1 - P takes to nothing, is free for it.
    system = now - after
    system[:, 0] = 1
    f = states[0] ** 2
    solution = np.linalg.solve(system, f)
    mean = solution[0]
    u = now[:, 1:] @ solution[1:]
    # The variance of a sum of f - E f over many steps, for each: E (f - E f)(2 u - f + E f).
    rate = np.linalg.solve(system, (f - mean) * (2 * u - f + mean))[0]
    return mean, rate * step


def largest_step(dimension, scheme, exact, bias):
    """The largest step up to which the relative bias is at most `bias`, and the variance there."""

    def excess(step):
        mean, variance = stationary(dimension, scheme, step)
        return math.log(abs(mean / exact - 1) / bias), variance

    low, high, step = None, None, 0.02
    for _ in range(60):
        value, variance = excess(step)
        if abs(value) < 5e-3 or (high and low and high / low < 1.001):
            return step, variance
        if value < 0:
            low = step
            step = math.sqrt(low * high) if high else 1.5 * step
        else:
            high = step
            step = math.sqrt(low * high) if low else step / 2
    raise ArithmeticError("no step size has that bias")


def main():
    exact = second_moment()
    found = []
    for workload, schemes in SCHEMES.items():
        dimension = 2 if workload == "underdamped" else 1
        for name, (calls, scheme) in schemes.items():
            for bias in map(float, sys.argv[1:]):
                step, variance = largest_step(dimension, scheme, exact, bias)
                # Until the standard error of the mean is as small as the bias.
                steps = variance / (bias * exact) ** 2 / step
                row = {"workload": workload, "scheme": name, "bias": bias}
                found.append(row | {"step_size": step, "steps": steps, "calls": calls * steps})
    print(json.dumps(found))


if __name__ == "__main__":
    main()
