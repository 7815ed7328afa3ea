#!/usr/bin/env python3
"""Writes special.json: distribution functions to 60 digits by mpmath 1.4, rounded to binary64.

    pip install mpmath && tests/goldens/eval/special.py > tests/goldens/eval/special.json
"""

import json
import random
import sys

from mpmath import mp, mpf

mp.dps = 60


def upper(x):
    return mp.erfc(mpf(x) / mp.sqrt(2)) / 2


def quantile(p):
    """Newton's iteration on the logarithm of the lower tail."""
    if p > 0.5:
        return -quantile(1 - mpf(p))
    x = mpf(-1)
    q = mpf(p)
    for _ in range(200):
        lower = upper(-x)
        step = mp.log(lower / q) * lower / mp.npdf(x)
        x -= step
        if abs(step) < mpf(10) ** -30:
            break
    return x


def chi_square_upper(x, df):
    return mp.gammainc(mpf(df) / 2, mpf(x) / 2, mp.inf, regularized=True)


def front(a, b, x):
    a, b, x = mpf(a), mpf(b), mpf(x)
    return mp.exp(a * mp.log(x) + b * mp.log1p(-x) + mp.loggamma(a + b) - mp.loggamma(a) - mp.loggamma(b))


def beta(a, b, x):
    """The series 8.17.8 of the DLMF, all terms positive, which converges as x^n or (1-x)^n."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    if x > 0.5:
        return 1 - beta_below(b, a, 1 - x)
    return beta_below(a, b, x)


def beta_below(a, b, x):
    term = mpf(1)
    total = mpf(1)
    n = 0
    while term > total * mpf(10) ** -50 or term < 0:
        term *= (a + b + n) * x / (a + 1 + n)
        total += term
        n += 1
    return front(a, b, x) / a * total


def student(t, df):
    t, df = mpf(t), mpf(df)
    x = df / (df + t * t)
    return beta(df / 2, mpf(1) / 2, x)


def binomial(k, n, p):
    return mp.binomial(n, k) * mpf(p) ** k * (1 - mpf(p)) ** (n - k)


def row(function, *arguments):
    return [float(a) for a in arguments] + [float(function(*arguments))]


def main():
    random.seed(6)
    xs = [random.uniform(-9, 9) for _ in range(60)] + [k / 8 for k in range(-80, 81)] + [
        1.2499999999999998, 15.5, 27.25, 37.5, 1e-9, -1e-300]
    ps = [random.random() for _ in range(60)] + [10.0 ** -k for k in range(1, 300, 13)] + [
        0.025, 0.975, 0.05, 0.95, 0.005, 0.5 - 2.0 ** -40, 0.5 + 2.0 ** -52, 1 - 2.0 ** -53]
    chi = [(x, df) for df in (1, 2, 3, 4, 5, 10, 13, 50, 99, 200)
           for x in (1e-8, 0.01, 0.5, 1.0, 3.841458820694124, df * 0.9, df * 1.5, df + 60.0, 500.0)]
    betas = []
    for a in (0.5, 1, 3, 17.25, 300, 5000, 123456):
        for b in (0.5, 1, 5, 64.5, 777, 98765):
            mean = a / (a + b)
            sd = (mean * (1 - mean) / (a + b + 1)) ** 0.5
            for z in (-6, -2, -0.3, 0.4, 1.7, 5):
                x = mean + z * sd
                if 0 < x < 1:
                    betas.append((a, b, x))
    students = [(t, df) for df in (1, 2, 3.7, 10, 55.125, 1000, 123456.75)
                for t in (1e-6, 0.1, 0.7, 1.96, 4.5, 12.0)]
    binomials = [(k, n, p) for n in (1, 7, 30, 1000, 100000) for p in (0.5, 0.03, 0.9)
                 for k in sorted({0, 1, n // 3, n // 2, n - 1, n})]
    json.dump({
        "normal_upper": [row(upper, x) for x in xs],
        "normal_quantile": [row(quantile, p) for p in ps],
        "chi_square_upper": [row(chi_square_upper, *c) for c in chi],
        "incomplete_beta": [row(beta, *b) for b in betas],
        "student_t_two_sided": [row(student, *s) for s in students],
        "binomial_probability": [row(binomial, *b) for b in binomials],
    }, sys.stdout, separators=(",", ":"))
    print()


if __name__ == "__main__":
    main()
