import pytest

from integrations.promql import widest_range


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("up", 0),
        ("sum(rate(x[5m]))", 300),
        ("rate(x[1h30m]) / rate(y[30s])", 5400),
        ("max_over_time(rate(x[1m])[2h:10s])", 7200),
        ('count(x{path="[9w]"})', 0),
        ("increase(x[ 1d ])", 86400),
        ("x[500ms]", 0.5),
        ("x[5", 0),
    ],
)
def test_a_query_looks_back_as_far_as_its_widest_range(query, seconds):
    assert widest_range(query) == seconds
