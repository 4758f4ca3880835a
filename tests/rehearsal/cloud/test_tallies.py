"""Envoy's text as counts and times."""

from math import inf

from rehearsal.cloud.tallies import Count, Time, counts, times

COUNTED = """\
# TYPE envoy_sluice_requests counter
envoy_sluice_requests{listener="web",cluster="v1",code="200",flags="-"} 12
envoy_sluice_requests{listener="web",cluster="v1",code="0",flags="DC"} 1
envoy_sluice_requests{listener="web",cluster="-",code="404",flags="-"} 3
envoy_sluice_requests{listener="web",cluster="",code="404",flags="NR"} 2
"""
TIMED = """\
# TYPE envoy_sluice_times histogram
envoy_sluice_times_bucket{listener="web",cluster="v1",le="999"} 0
envoy_sluice_times_bucket{listener="web",cluster="v1",le="249999"} 4
envoy_sluice_times_bucket{listener="web",cluster="v1",le="299999"} 4
envoy_sluice_times_bucket{listener="web",cluster="v1",le="3e+08"} 4
envoy_sluice_times_bucket{listener="web",cluster="v1",le="+Inf"} 5
envoy_sluice_times_sum{listener="web",cluster="v1"} 1000
envoy_sluice_times_count{listener="web",cluster="v1"} 5
envoy_sluice_times_bucket{listener="web",cluster="v2",le="999"} 7
envoy_sluice_times_bucket{listener="web",cluster="v2",le="+Inf"} 7
"""


def test_each_way_to_end_is_a_count():
    assert counts(COUNTED) == [
        Count("web", "v1", 200, "-", 12),
        Count("web", "v1", 0, "DC", 1),
        Count("web", "", 404, "-", 3),
        Count("web", "", 404, "NR", 2),
    ]


def test_each_bucket_has_what_is_in_no_lower_one():
    assert times(TIMED) == [Time("web", "v1", 250, 4), Time("web", "v1", inf, 1), Time("web", "v2", 1, 7)]


def test_nothing_counted_is_nothing():
    assert counts("") == times("") == []
