#!/usr/bin/env python3
"""Writes tests/data/normal_f64.csv: 64-bit words and the exact quantile of each.

Columns: the word in hexadecimal, the quantile of (word + 1/2)/2^64 rounded to 60 significant
bits, as the nearest double and the remainder. Stratified: powers of two and their neighbours from
both ends and from the middle, then a Weyl sequence. Needs mpmath.
"""

import mpmath as mp

mp.mp.dps = 60


def quantile(word):
    """Lower half only: word < 2^63."""
    p = (mp.mpf(word) + mp.mpf(1) / 2) / mp.mpf(2) ** 64
    q = mp.mpf(1) / 2 - p
    # Newton with the density, from a crude start; erfc keeps the tail's relative precision.
    z = q * mp.sqrt(2 * mp.pi) if q < 0.3 else mp.sqrt(-2 * mp.log(p)) * mp.mpf("0.9")
    for _ in range(200):
        step = (mp.erfc(z / mp.sqrt(2)) / 2 - p) / (mp.exp(-z * z / 2) / mp.sqrt(2 * mp.pi))
        step /= 1 - z * step / 2 if abs(z * step) < 1 else 1
        z += step
        if abs(step) < mp.mpf(10) ** -50 * z:
            break
    else:
        raise ArithmeticError(word)
    return -z


def main():
    half = 1 << 63
    words = {0, 1, 2, half - 1, half - 2, half - 3}
    for bit in range(2, 63):
        for offset in (-1, 0, 1, 1 << (bit - 2)):
            words.add((1 << bit) + offset)
            words.add(half - (1 << bit) + offset)
    for k in range(1500):
        words.add((k * 0x9E3779B97F4A7C15) % half)
    with open("tests/data/normal_f64.csv", "w") as out:
        out.write("word,quantile,remainder\n")
        for word in sorted(words):
            z = quantile(word)
            nearest = float(z)
            out.write(f"{word:016x},{nearest!r},{float(z - mp.mpf(nearest))!r}\n")


if __name__ == "__main__":
    main()
