#!/usr/bin/env python3
"""The coverage of intervals of proportions, from their definitions: the numbers in
tests/eval/statistics/proportion_test.cc. Needs mpmath; prints them.
"""
from mpmath import betainc, binomial, erfinv, mp, mpf, nstr, sqrt

mp.dps = 30
z = sqrt(2) * erfinv(mpf("0.95"))


def wald(x, n):
    p = mpf(x) / n
    half = z * sqrt(p * (1 - p) / n)
    return max(p - half, 0), min(p + half, 1)


def wilson(x, n):
    p = mpf(x) / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return 0 if x == 0 else centre - half, 1 if x == n else centre + half


def agresti_coull(x, n):
    size = n + z * z
    p = (x + z * z / 2) / size
    half = z * sqrt(p * (1 - p) / size)
    return max(p - half, 0), min(p + half, 1)


def upper_tail(n, least, p):
    return sum(binomial(n, i) * p**i * (1 - p) ** (n - i) for i in range(least, n + 1))


def root(increasing):
    low, high = mpf(0), mpf(1)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return low


def clopper_pearson(x, n):
    tail = mpf("0.025")
    return (0 if x == 0 else root(lambda p: upper_tail(n, x, p) - tail),
            1 if x == n else root(lambda p: tail - (1 - upper_tail(n, x + 1, p))))


METHODS = (wald, wilson, clopper_pearson, agresti_coull)
for n in (5, 15, 30):
    print("mean", n, *(nstr(sum(betainc(x + 1, n - x + 1, *method(x, n), regularized=True)
                                for x in range(n + 1)) / (n + 1), 6) for method in METHODS))
for text, n in (("0.5", 17), ("0.5", 40), ("0.2", 30), ("0.2", 98), ("0.1", 50), ("0.03", 20)):
    p = mpf(text)
    print(text, n, *(nstr(sum(binomial(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1)
                              if method(x, n)[0] <= p <= method(x, n)[1]), 6)
                     for method in METHODS))
