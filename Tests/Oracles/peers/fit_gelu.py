"""Fits the polynomials of Sources/C/CKernels/vector.h for the standard normal distribution and for the slope of GELU.

usage: python Tests/Oracles/peers/fit_gelu.py

Both are one half plus an odd function: x P(v) with v = 2 (x / edge)² − 1, which lies in −1 … 1, so that the monomials of
P do not cancel in F32. Least squares whose weights follow the error come near the smallest greatest error (Lawson).
"""

import numpy as np
from scipy.special import erf

EDGE = 4.5


def phi(x):
    return 0.5 * (1 + erf(x / np.sqrt(2)))


def slope(x):
    return phi(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)


def fit(function, terms):
    """The coefficients of P, the highest power first, and the greatest error from 0 to the edge, computed in F32."""
    x = EDGE * (0.5 - 0.5 * np.cos(np.pi * (np.arange(4000) + 0.5) / 4000))
    v = 2 * (x / EDGE) ** 2 - 1
    columns = x[:, None] * np.polynomial.chebyshev.chebvander(v, terms - 1)
    target, weight = function(x) - 0.5, np.ones_like(x)
    for _ in range(100):
        root = np.sqrt(weight)
        found = np.linalg.lstsq(columns * root[:, None], target * root, rcond=None)[0]
        error = np.abs(columns @ found - target)
        weight *= error / error.max() + 1e-3
        weight /= weight.max()
    powers = np.polynomial.chebyshev.cheb2poly(found)[::-1].astype(np.float32)
    p, v = np.float32(0), v.astype(np.float32)
    for power in powers:
        p = p * v + power
    return powers, np.abs(x.astype(np.float32) * p + np.float32(0.5) - function(x)).max()


for name, function, terms in [("Φ", phi, 10), ("slope", slope, 11)]:
    powers, error = fit(function, terms)
    print(f"{name}: within {error:.1e} to {EDGE}, {abs(1 - function(EDGE)):.1e} from its limit there")
    print("   ", ", ".join(f"{float(power).hex()}f" for power in powers))
