#!/usr/bin/env python3
"""Writes tests/data/underdamped.csv: the exact coefficients of underdamped dynamics at unit
friction and inverse mass, in 80-digit arithmetic, for y = gamma h from 1e-8 to 50. Every y is an
f32 exactly. Needs mpmath and numpy.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 80


def main():
    with open("tests/data/underdamped.csv", "w") as out:
        out.write("y,vv,xv,xx,own,drift_x,drift_v,decay,travel\n")
        for k in range(400):
            y = mp.mpf(float(np.float32(1e-8 * (50 / 1e-8) ** (k / 399))))
            e = mp.exp(-y)
            row = [
                y,
                1 - e**2,
                (1 - e) ** 2,
                2 * y - 3 + 4 * e - e**2,
                2 * y - 4 * mp.tanh(y / 2),
                y - (1 - e),
                1 - e,
                e,
                1 - e,
            ]
            out.write(",".join(repr(float(x)) for x in row) + "\n")


if __name__ == "__main__":
    main()
