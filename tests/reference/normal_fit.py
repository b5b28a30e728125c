#!/usr/bin/env python3
"""Fits the polynomials of src/random/normal and prints them as Rust arrays.

g(w) = 2 sqrt(2) erfinv(y)/y with y = sqrt(1 - exp(-w)). On a segment [a, b] with middle c it is
written g(a) + (w - a) R(w - c), R minimax in the relative error of g (iteratively reweighted
least squares in 50-digit arithmetic). Needs mpmath and numpy; takes about a minute.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 50


def g(w):
    w = mp.mpf(w)
    if w == 0:
        return mp.sqrt(2 * mp.pi)
    y = mp.sqrt(-mp.expm1(-w))
    tail = mp.exp(-w) / (1 + y)  # 1 - y without cancellation
    z = mp.sqrt(w) if w > 1 else y * mp.sqrt(mp.pi) / 2
    for _ in range(60):  # Halley on erfc(z) = 1 - y
        step = (mp.erfc(z) - tail) / (-2 / mp.sqrt(mp.pi) * mp.exp(-z * z))
        step /= 1 + z * step
        z -= step
        if abs(step) < mp.mpf(10) ** -45 * max(1, z):
            break
    return 2 * mp.sqrt(2) * z / y


def minimax(function, weight, low, high, centre, degree, rounds=40):
    """Coefficients in powers of (x - centre), and the largest weighted error."""
    count = 8 * (degree + 2)
    half, middle = (mp.mpf(high) - low) / 2, (mp.mpf(high) + low) / 2
    xs = [middle - half * mp.cos(mp.pi * (k + mp.mpf(1) / 2) / count) for k in range(count)]
    values, scales = [function(x) for x in xs], [weight(x) for x in xs]
    weights, best = [mp.mpf(1)] * count, None
    for _ in range(rounds):
        a, b = mp.matrix(count, degree + 1), mp.matrix(count, 1)
        for k in range(count):
            s = mp.sqrt(weights[k]) * scales[k]
            for j in range(degree + 1):
                a[k, j] = s * ((xs[k] - centre) / half) ** j
            b[k] = s * values[k]
        solution = mp.lu_solve(a, b)
        coefficients = [solution[j] for j in range(degree + 1)]
        errors = [
            abs(mp.polyval(coefficients[::-1], (xs[k] - centre) / half) - values[k]) * scales[k]
            for k in range(count)
        ]
        largest = max(errors)
        if best is None or largest < best[0]:
            best = (largest, coefficients)
        weights = [w * (e / largest + mp.mpf("1e-4")) for w, e in zip(weights, errors)]
        total = sum(weights)
        weights = [w * count / total for w in weights]
    largest, coefficients = best
    return largest, [c / half**j for j, c in enumerate(coefficients)]


def show(name, scalar, values):
    cast = np.float32 if scalar == "f32" else np.float64
    print(f"const {name}: [{scalar}; {len(values)}] = [")
    for value in values:
        print(f"    {str(cast(float(value)))},")
    print("];")


def segment(name, scalar, low, high, degree):
    base, centre = g(low), (mp.mpf(low) + mp.mpf(high)) / 2
    error, coefficients = minimax(
        lambda w: (g(w) - base) / (w - low), lambda w: (w - low) / g(w), low, high, centre, degree
    )
    cast = np.float32 if scalar == "f32" else np.float64
    rounding = (mp.mpf(float(cast(float(base)))) - base) / base
    print(f"// [{low}, {high}] middle {centre}: relative error {mp.nstr(error, 3)};")
    print(f"// g({low}) = {cast(float(base))!s}, relative rounding {mp.nstr(rounding, 3)}")
    show(name, scalar, coefficients)


def main():
    log_error, log = minimax(
        lambda f: (mp.log1p(f) - f) / f**2,
        lambda f: f**2,
        mp.sqrt(0.5) - 1,
        mp.sqrt(2) - 1,
        mp.mpf(0),
        6,
    )
    print(f"// absolute error of ln(1 + f): {mp.nstr(log_error, 3)}")
    show("LOG", "f32", log)
    segment("CENTRE", "f32", 0, 5.75, 8)
    segment("TAIL", "f32", 5.75, 21.5, 10)
    bounds = (0, 2.75, 6.25, 11.5, 21.5, 43.75)
    for k in range(5):
        segment(f"SEGMENT_{k}", "f64", bounds[k], bounds[k + 1], 18 if k == 4 else 16)


if __name__ == "__main__":
    main()
