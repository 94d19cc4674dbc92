"""Whether what was watched stays flat. Pure."""


def slope(points: list) -> float:
    """Of the straight line that is nearest to (x, y): y for each x."""
    if len(points) < 2:
        return 0
    mean_x, mean_y = (sum(values) / len(points) for values in zip(*points))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0


def growth(points: list) -> float:
    """What the line rises by from the first point to the last, in shares of where it begins."""
    if len(points) < 2:
        return 0
    rise = slope(points) * (points[-1][0] - points[0][0])
    mean = sum(y for _, y in points) / len(points)
    start = mean - rise / 2
    return rise / start if start > 0 else 0


def percentile(values: list, share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else 0
