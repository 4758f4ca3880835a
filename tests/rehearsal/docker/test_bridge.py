"""A bridge of our own takes a network that nothing else routes to."""

from ipaddress import IPv4Network

import pytest

from rehearsal.docker.bridge import POOL, free_network, routed, subnet

TABLE = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
br0\t0000D50A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""


def test_the_default_route_takes_no_network() -> None:
    assert list(routed(TABLE)) == [IPv4Network("192.0.2.0/24"), IPv4Network("10.213.0.0/24")]


def test_the_first_free_one_is_taken() -> None:
    assert free_network([], POOL, 24) == IPv4Network("10.213.0.0/24")
    assert free_network(list(routed(TABLE)), POOL, 24) == IPv4Network("10.213.1.0/24")


def test_a_wider_route_takes_all_below_it() -> None:
    assert free_network([IPv4Network("10.213.0.0/17")], POOL, 24) == IPv4Network("10.213.128.0/24")


def test_that_none_is_free_is_said() -> None:
    with pytest.raises(OSError, match=r"no network in 10\.213\.0\.0/16 is free"):
        free_network([POOL], POOL, 24)


def test_the_containers_network_is_one_that_nothing_here_routes_to(tmp_path, monkeypatch) -> None:
    table = tmp_path / "route"
    monkeypatch.setattr("rehearsal.docker.bridge.ROUTES", table)
    assert subnet() == "10.192.0.0/16"  # a machine that has no such table
    table.write_text(TABLE + "br1\t0000C00A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n")
    assert subnet() == "10.193.0.0/16"
    assert subnet(IPv4Network("10.200.0.0/14")) == "10.200.0.0/16"
