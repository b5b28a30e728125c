"""NumPy: whole arrays, one thread but for products of matrices."""

import sys

import numpy

from .common import COEFFICIENTS, cores, euler, held_drift, logistic_euler, serve, table


def build(_variant, workload, count, steps):
    generator = numpy.random.default_rng(42)
    if workload == "normals":
        values = numpy.empty(count, numpy.float32)

        def normals():
            generator.standard_normal(out=values, dtype=numpy.float32)

        return normals, lambda: {"x2": float(numpy.mean(values * values))}
    if workload == "logistic":
        prior, rows = table()
        rows = numpy.array(rows, numpy.float32)
        w = numpy.zeros((count, COEFFICIENTS), numpy.float32)

        def logistic():
            nonlocal w
            normal = lambda: generator.standard_normal(w.shape, dtype=numpy.float32)
            for _ in range(steps):
                w = logistic_euler(w, normal, numpy.float32(prior), rows, numpy.exp)

        return logistic, lambda: {"x2": float(numpy.mean(w * w))}
    dimension = {"overdamped-1": 1, "overdamped-2": 2, "underdamped": 1}[workload]
    shape = dimension, count
    x, v = (numpy.zeros(shape, numpy.float32) for _ in range(2))

    def normal():
        return generator.standard_normal(shape, dtype=numpy.float32)

    def by_euler():
        nonlocal x
        for _ in range(steps):
            x = euler(x, normal, numpy.clip)

    def by_held_drift():
        nonlocal x, v
        for _ in range(steps):
            x, v = held_drift(x, v, normal, numpy.clip)

    if workload == "underdamped":
        return by_held_drift, lambda: {"x2": float(numpy.mean(x * x)), "v2": float(numpy.mean(v * v))}
    return by_euler, lambda: {"x2": float(numpy.mean(x * x))}


if __name__ == "__main__":
    serve(build, f"NumPy {numpy.__version__}", cores() if sys.argv[2] == "logistic" else 1)
