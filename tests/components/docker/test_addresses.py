"""Fixed addresses: each container's own, the same for ever."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.docker import addresses

SUBNET = "10.205.0.0/16"
VERSIONS = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,38}[A-Za-z0-9])?", fullmatch=True)


def test_an_address_never_moves():
    assert addresses.containers(SUBNET, "v1", 2) == ("10.205.79.192", "10.205.79.193")
    assert (addresses.gateway(SUBNET), addresses.router(SUBNET)) == ("10.205.0.1", "10.205.0.2")


@given(VERSIONS, st.integers(1, addresses.LARGEST))
def test_a_slice_is_inside_of_its_network_and_in_nobodys_way(version, size):
    own = addresses.containers(SUBNET, version, size)
    assert len(set(own)) == size
    inside = [ipaddress.IPv4Address(one) for one in own]
    assert all(one in ipaddress.IPv4Network(SUBNET) for one in inside)
    assert min(inside) > ipaddress.IPv4Address(addresses.router(SUBNET))
    assert str(max(inside)) != "10.205.255.255"


@given(VERSIONS, VERSIONS)
def test_two_versions_share_no_address_or_are_told(one, other):
    if one == other:
        return
    shared = set(addresses.containers(SUBNET, one, 32)) & set(addresses.containers(SUBNET, other, 32))
    assert bool(shared) == (addresses.collisions([one, other]) == [(one, other)])


def test_versions_that_would_share_addresses_are_told_in_pairs():
    slots: dict[tuple[str, ...], str] = {}
    for number in range(5000):
        version = f"v{number}"
        own = addresses.containers(SUBNET, version, 1)
        if own in slots:
            assert addresses.collisions(["a", slots[own], version]) == [(slots[own], version)]
            return
        slots[own] = version
    pytest.fail("5000 versions in 2000 places, and no two in one")
