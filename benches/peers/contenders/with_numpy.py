"""NumPy: whole arrays, one thread."""

import numpy

from .common import euler, held_drift, serve


def build(_variant, workload, count, steps):
    generator = numpy.random.default_rng(42)
    if workload == "normals":
        values = numpy.empty(count, numpy.float32)

        def normals():
            generator.standard_normal(out=values, dtype=numpy.float32)

        return normals, lambda: {"x2": float(numpy.mean(values * values))}
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
    serve(build, f"NumPy {numpy.__version__}", 1)
