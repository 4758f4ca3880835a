"""Local ports of listeners."""

import socket

import pytest

from rehearsal.cloud.loopback import RANGE, answers, free, is_free
from rehearsal.cloud.ports import Ports
from rehearsal.cloud.world import Listener, LoadBalancer

MAIN = 21_000


def balancer(arn, *ports):
    return LoadBalancer(arn, arn, 60, tuple(Listener(f"{arn}-{port}", port) for port in ports))


@pytest.fixture
def ports():
    return Ports(MAIN)


def test_the_first_balancer_has_the_main_port_and_the_next_one_another(ports):
    assert ports.entry("a") == MAIN
    assert ports.entry("b") in RANGE
    assert ports.entry("b") == ports.entry("b") != MAIN


def test_port_80_is_served_at_the_entry(ports):
    found = ports.follow([balancer("a", 443, 80)])
    assert found["a-80"] == MAIN
    assert found["a-443"] not in (MAIN, 443)


def test_without_port_80_the_oldest_is(ports):
    assert ports.follow([balancer("a", 8080, 9090)])["a-8080"] == MAIN


def test_ports_stay_while_their_owner_does(ports):
    both = [balancer("a", 80, 443), balancer("b", 80)]
    first = ports.follow(both)
    assert ports.follow([*both, balancer("c", 80)]).items() >= first.items()


def test_the_main_port_is_free_again_when_its_balancer_is_gone(ports):
    ports.follow([balancer("a", 80), balancer("b", 80)])
    ports.follow([balancer("b", 80)])
    assert ports.entry("c") == MAIN


def test_no_port_is_given_twice(ports):
    found = ports.follow([balancer(name, 80, 443, 8080) for name in "abcd"])
    assert len(set(found.values())) == len(found) == 12
    assert ports.taken() >= set(found.values())


def test_a_port_that_is_listened_on_is_not_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert answers(port)
    assert is_free(port)
    assert not answers(port)


def test_free_ports_are_not_those_taken():
    with pytest.raises(OSError, match="no free port"):
        free(frozenset(RANGE))
