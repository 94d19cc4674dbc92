import pytest

from slopes import growth, percentile, slope


def test_slope():
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(0, 4), (1, 4), (2, 4)]) == 0
    assert slope([]) == slope([(1, 1)]) == slope([(1, 1), (1, 2)]) == 0


def test_growth():
    assert growth([(0, 100), (10, 110), (20, 120)]) == pytest.approx(0.2)
    assert growth([(0, 7), (1, 7)]) == 0
    assert growth([(0, 10), (1, 0), (2, 10), (3, 0), (4, 10)]) == pytest.approx(0)
    assert growth([]) == growth([(0, 0), (1, 0)]) == 0


def test_percentile():
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(list(range(100)), 0.99) == 99
    assert percentile([], 0.5) == 0
