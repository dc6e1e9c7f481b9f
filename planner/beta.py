"""Quantiles of the Beta distribution, for intervals of probabilities."""

from math import exp, lgamma, log


def between(mean: float, square: float, low: float, high: float) -> tuple[float, float]:
    """Two quantiles of the Beta distribution that has this mean and this second moment."""
    variance = square - mean**2
    if variance <= 1e-15 or not 0.0 < mean < 1.0:
        return mean, mean
    strength = mean * (1 - mean) / variance - 1
    if strength <= 0:
        return 0.0, 1.0
    a, b = mean * strength, (1 - mean) * strength
    return quantile(a, b, low), quantile(a, b, high)


def quantile(a: float, b: float, share: float) -> float:
    """X with P(X <= x) = share for X ~ Beta(a, b), to about 1e-9."""
    low, high, x = 0.0, 1.0, a / (a + b)
    scale = lgamma(a + b) - lgamma(a) - lgamma(b)
    for _ in range(64):
        over = below(a, b, x) - share
        if over < 0:
            low = x
        else:
            high = x
        # Newton's step where it stays inside what is known to hold the answer, half of that where it does not.
        density = exp(scale + (a - 1) * log(x) + (b - 1) * log(1 - x)) if 0 < x < 1 else 0.0
        after = x - over / density if density > 0 else low
        after = after if low < after < high else (low + high) / 2
        if abs(after - x) < 1e-10:
            return after
        x = after
    return x


def below(a: float, b: float, x: float) -> float:
    """P(X <= x) for X ~ Beta(a, b): the regularised incomplete beta function by its continued fraction (Lentz's method)."""
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1 - front * _fraction(b, a, 1 - x) / b


def _fraction(a: float, b: float, x: float) -> float:
    tiny = 1e-300
    upper, lower = 1.0, 1 - (a + b) * x / (a + 1)
    lower = 1 / (lower if abs(lower) > tiny else tiny)
    value = lower
    for step in range(1, 500):
        change = 1.0
        for term in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            lower = 1 + term * lower
            lower = 1 / (lower if abs(lower) > tiny else tiny)
            upper = 1 + term / upper
            upper = upper if abs(upper) > tiny else tiny
            change = lower * upper
            value *= change
        if abs(change - 1) < 1e-12:
            break
    return value
