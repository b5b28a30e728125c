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
LOGISTIC_STEP_SIZE = f32(common.LOGISTIC_STEP_SIZE)
LOGISTIC_AMPLITUDE = f32(math.sqrt(2 * common.LOGISTIC_STEP_SIZE))


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


@njit(parallel=True)
def logistic(ws, prior, rows, steps):
    for p in prange(ws.shape[0]):
        w, force = ws[p], numpy.empty(ws.shape[1], numpy.float32)
        for _ in range(steps):
            for i in range(w.size):
                force[i] = -prior * w[i]
            for row in rows:
                margin = f32(0)
                for i in range(w.size):
                    margin += row[i] * w[i]
                pull = ONE / (ONE + math.exp(margin))
                for i in range(w.size):
                    force[i] += pull * row[i]
            for i in range(w.size):
                w[i] += LOGISTIC_STEP_SIZE * force[i] + LOGISTIC_AMPLITUDE * normal()


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
    if workload == "logistic":
        prior, rows = common.table()
        rows = numpy.array(rows, f32)
        w = numpy.zeros((count, common.COEFFICIENTS), f32)
        return lambda: logistic(w, f32(prior), rows, steps), lambda: {"x2": float(numpy.mean(w * w))}
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
