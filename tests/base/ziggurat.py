#!/usr/bin/env python3
"""ziggurat.py - Prints the two tables at the top of services/base/dice.c.

The area under f(x), x >= 0, is covered by 256 layers of equal area v: a base layer with the tail
beyond r, and 255 rectangles on top. r is the one number for which the topmost ends at f(0) = 1.
edge[0] is the width the base layer would have as a rectangle, v / f(r); edge[1] = r; edge[256] = 0.
(Marsaglia and Tsang, "The ziggurat method for generating random variables", J. Stat. Soft. 5(8),
2000.) Needs mpmath; the doubles are the nearest to the exact values.
"""
from textwrap import fill

from mpmath import mp, mpf, exp, log, sqrt, erfc, pi

mp.dps = 50
LAYERS = 256

EXPONENTIAL = (lambda x: exp(-x), lambda y: -log(y), lambda r: exp(-r))
NORMAL = (lambda x: exp(-x * x / 2), lambda y: sqrt(-2 * log(y)),
          lambda r: sqrt(pi / 2) * erfc(r / sqrt(2)))


def edges(f, inverse, tail, r):
    """The right edges, outermost first, and how far the top ends above f(0) = 1."""
    v = r * f(r) + tail(r)
    xs = [v / f(r), r]
    while len(xs) < LAYERS:
        y = f(xs[-1]) + v / xs[-1]
        if y >= 1:
            return xs, mpf(1)
        xs.append(inverse(y))
    return xs + [mpf(0)], f(xs[-1]) + v / xs[-1] - 1


def solve(shape, low, high):
    for _ in range(160):
        r = (low + high) / 2
        if edges(*shape, r)[1] > 0:
            low = r
        else:
            high = r
    return edges(*shape, high)[0]


def show(name, xs):
    text = ", ".join(float(x).hex() for x in xs)
    print(f"static const double {name}[{LAYERS + 1}] = {{")
    print(fill(text, 98, initial_indent="    ", subsequent_indent="    ") + "};")


show("exponential_edge", solve(EXPONENTIAL, mpf(7), mpf(8)))
show("normal_edge", solve(NORMAL, mpf(3), mpf(4)))
