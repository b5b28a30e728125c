"""Numba: a loop over particles on all threads, a particle's steps inside; fastmath off."""

import math
import sys

import numba
import numpy
from numba import njit, prange

from . import common
from .common import serve

f32 = numpy.float32
ONE, STEP_SIZE, CAP, SLOPE = f32(1), f32(common.STEP_SIZE), f32(common.CAP), f32(common.SLOPE)
AMPLITUDE = f32(common.AMPLITUDE)
DECAY, TRAVEL, PUSH = f32(common.DECAY), f32(common.TRAVEL), f32(common.PUSH)
VELOCITY_NOISE, SHARED_NOISE = f32(common.VELOCITY_NOISE), f32(common.SHARED_NOISE)
POSITION_NOISE = f32(common.POSITION_NOISE)


@njit(inline="always")
def normal():
    return f32(numpy.random.standard_normal())


@njit(inline="always")
def double_well(x):
    inner = min(max(x, -CAP), CAP)
    return inner - inner * inner * inner + SLOPE * (x - inner)


@njit(parallel=True)
def overdamped(x, steps):
    for p in prange(x.size):
        y = x[p]
        for _ in range(steps):
            y += STEP_SIZE * double_well(y) + AMPLITUDE * normal()
        x[p] = y


@njit(parallel=True)
def underdamped(xs, vs, steps):
    for p in prange(xs.size):
        x, v = xs[p], vs[p]
        for _ in range(steps):
            drift, first = double_well(x), normal()
            x += TRAVEL * v + PUSH * drift + SHARED_NOISE * first + POSITION_NOISE * normal()
            v = DECAY * v + TRAVEL * drift + VELOCITY_NOISE * first
        xs[p], vs[p] = x, v


@njit
def path(x, steps):
    total = 0.0
    for _ in range(steps):
        x += STEP_SIZE * double_well(x) + AMPLITUDE * normal()
        total += x * x
    return x, total / steps


@njit(parallel=True)
def normals(values):
    for i in prange(values.size):
        values[i] = normal()


def build(_variant, workload, count, steps):
    x, v = numpy.zeros((2, 2 * count if workload == "overdamped-2" else count), numpy.float32)
    runs = {
        "overdamped-1": lambda: overdamped(x, steps),
        "overdamped-2": lambda: overdamped(x, steps),
        "underdamped": lambda: underdamped(x, v, steps),
        "normals": lambda: normals(x),
    }
    if workload == "path":
        state = [f32(0), math.nan]

        def run():
            state[:] = path(f32(state[0]), steps)

        return run, lambda: {"x2": state[1]}
    moments = {"x2": x, "v2": v} if workload == "underdamped" else {"x2": x}
    return runs[workload], lambda: {name: float(numpy.mean(part * part)) for name, part in moments.items()}


if __name__ == "__main__":
    serve(build, f"Numba {numba.__version__}", 1 if sys.argv[2] == "path" else numba.get_num_threads())
