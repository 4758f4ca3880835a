"""What Envoy counts of requests, and under which names it shows that.

In: a listener's name. Out: its access logger, which counts how each of its requests ended and how long its target took
to begin the answer; how Envoy keeps times.
"""

from typing import Any

PREFIX, COUNTER, TIMES = "sluice", "requests", "times"  # of the stats that our access logger moves
# Upper edges of times, in milliseconds. Envoy keeps times to two digits: within 300 it counts what is below 310. So our
# own buckets end a microsecond before the edge, and hold what is below it.
EDGES = (
    *(1, 2, 5, 10, 15, 20, 25, 30, 40, 50, 75, 100, 150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 900),
    *(1000, 1200, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10000, 15000, 20000, 30000, 60000, 120000, 300000),
)
FLUSH = 1.0  # seconds; times show what came up to the last flush, counters what came up to now


def bootstrap(flush: float = FLUSH) -> dict[str, Any]:
    """The fields of Envoy's bootstrap that say how it keeps times; *flush*: seconds between two flushes."""
    of_clusters = {"match": {"suffix": "upstream_rq_time"}, "buckets": list(EDGES)}
    ours = {"match": {"prefix": f"{PREFIX}.{TIMES}"}, "buckets": [1000 * edge - 1 for edge in EDGES]}
    return {
        "stats_flush_interval": f"{flush:g}s",
        "stats_config": {"histogram_bucket_settings": [of_clusters, ours]},
    }


def logger(listener: str) -> dict[str, Any]:
    """Counts what clients of *listener* got, by cluster, status and Envoy's flags (`-`: nothing failed); and, by
    cluster, the microseconds until targets began their answers, where they began any.
    """
    whose = [_tag("listener", listener), _tag("cluster", "%UPSTREAM_CLUSTER_RAW%")]
    how = [_tag("code", "%RESPONSE_CODE%"), _tag("flags", "%RESPONSE_FLAGS%")]
    return {
        "name": "envoy.access_loggers.stats",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config",
            "stats_scope": {"prefix": PREFIX},
            "counters": [{"stat": {"name": COUNTER, "tags": [*whose, *how]}, "value_fixed": 1}],
            "histograms": [
                {
                    "stat": {"name": TIMES, "tags": whose},
                    "unit": "Microseconds",
                    "value_format": "%COMMON_DURATION(US_TX_BEG:US_RX_BEG:us)%",
                }
            ],
        },
    }


def _tag(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value_format": value}
