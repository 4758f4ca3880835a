"""Real processes following Auto Scaling groups; the balancer is played by the test."""

import base64
import json
import os
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from rehearsal.cloud import images, instances, machine
from rehearsal.cloud.balancer import TargetState
from rehearsal.cloud.routing import cluster_name
from rollout.envoy.config import Endpoint
from tests.patience import eventually

WELL = TargetState(checked=True, healthy=True, reason="", active=0)
ILL = TargetState(checked=True, healthy=False, reason="Target.Timeout", active=0)
UNCHECKED = TargetState(checked=False, healthy=False, reason="", active=0)

LISTENS = """
    import os, signal, socket, sys, time
    server = socket.create_server((os.environ["HOST"], int(os.environ["PORT"])))
"""
STUBBORN = f"""
    {LISTENS.strip()}
    import subprocess
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(child.pid, flush=True)
    time.sleep(600)
"""


class Plant:
    """A fleet `v1` with a target group, and the loop's steps without a balancer."""

    def __init__(self, account):
        self.account = account
        self.cloud = account.cloud
        listener = account.listener(account.balancer("shop")["LoadBalancerArn"])
        self.group = account.group("v1", HealthCheckIntervalSeconds=5)
        account.rule(listener, 1, {self.group: 1})
        self.requests = 0

    def grow(self, size, code=LISTENS + "    time.sleep(600)", **more):
        command = [sys.executable, "-c", textwrap.dedent(code)]
        image = images.register(self.cloud.home, "test", command, Path.cwd())
        wanted = {"TargetGroupARNs": [self.group], "HealthCheckType": "ELB", "HealthCheckGracePeriod": 1, **more}
        self.account.fleet("v1", size, image=image, **wanted)
        self.turn()

    def turn(self, state=None):
        """As `Loop.turn`; *state* is what the balancer says of every target."""
        cloud = self.cloud
        cloud.instances.follow(cloud.world(), cloud.images(), cloud.ports.taken())
        cloud.instances.left_balancer()
        seen = dict.fromkeys(cloud.instances.places().values(), state) if state else {}
        cloud.instances.observe(cloud.world(), {cluster_name(self.group): seen})
        cloud.instances.finish(self.under_way)

    def under_way(self, _: Endpoint) -> int:
        return self.requests

    def delay(self, seconds):
        delay = {"Key": "deregistration_delay.timeout_seconds", "Value": str(seconds)}
        self.account.elbv2.modify_target_group_attributes(TargetGroupArn=self.group, Attributes=[delay])

    def scale(self, size):
        self.account.autoscaling.set_desired_capacity(AutoScalingGroupName="v1", DesiredCapacity=size)

    def names(self):
        return sorted(self.account.instances("v1"))

    def processes(self):
        return [child.process() for child in self.cloud.instances.children()]

    def arrived(self, count):
        """Turn until *count* instances are places; them."""

        def all_are():
            self.turn()
            return len(self.cloud.instances.places()) == count and self.cloud.instances.places()

        return eventually(all_are, f"{count} places")


@pytest.fixture
def plant(account):
    return Plant(account)


def test_each_instance_is_a_process_that_listens_where_it_was_told(plant):
    plant.grow(2)
    places = plant.arrived(2)
    assert sorted(places) == plant.names()
    assert len(set(places.values())) == 2
    assert {at.host for at in places.values()} == {"127.0.0.1"}


def test_a_process_finds_its_releases_variables_and_no_others_address(plant):
    content = 'SLUICE_VERSION="v1"\nHOST="0.0.0.0"\nODD="a \\"b\\" \\\\ $c"\n'
    data = f"#cloud-config\n{json.dumps({'write_files': [{'path': '/etc/sluice/release.env', 'content': content}]})}"
    code = LISTENS + "    print(repr({k: os.environ[k] for k in ('SLUICE_VERSION', 'HOST', 'ODD')}), flush=True)\n"
    plant.grow(1, code + "    time.sleep(600)", template={"UserData": base64.b64encode(data.encode()).decode()})
    (name,) = plant.names()
    log = plant.cloud.home / "instances" / f"{name}.log"
    said = eventually(log.read_text, "it printed")
    assert said.strip() == repr({"SLUICE_VERSION": "v1", "HOST": "127.0.0.1", "ODD": 'a "b" \\ $c'})


def test_an_instance_that_ends_is_replaced_and_the_new_one_is_registered(plant, monkeypatch):
    monkeypatch.setattr(instances, "LEAST_LIFE", 0.0)
    plant.grow(2)
    before = plant.names()
    os.kill(plant.processes()[0].pid, 9)
    eventually(lambda: plant.turn() or plant.names() != before, "one is replaced")
    plant.arrived(2)
    assert len(set(before) & set(plant.names())) == 1
    assert sorted(plant.cloud.instances.places()) == plant.names()
    registered = {name for name, state in plant.account.health(plant.group).items() if "Deregistration" not in state}
    assert sorted(registered) == plant.names()


def test_an_image_that_ends_at_once_makes_no_storm(plant):
    plant.grow(1, "pass")
    (process,) = plant.processes()
    before = plant.names()
    eventually(lambda: process is None or plant.turn() or not process.is_running(), "it ended")
    plant.turn()
    assert plant.names() == before


def test_user_data_that_is_no_cloud_config_starts_nothing(plant, monkeypatch):
    monkeypatch.setattr(instances, "LEAST_LIFE", 3600.0)
    plant.grow(1, template={"UserData": base64.b64encode(b"#cloud-config\n{").decode()})
    plant.turn()
    assert plant.processes() == []
    assert "the user data is not cloud-config" in plant.cloud.instances.trouble()


def test_one_that_was_healthy_and_stays_ill_beyond_the_grace_period_is_replaced(plant):
    plant.grow(1)
    plant.arrived(1)
    before = plant.names()
    plant.turn(WELL)
    plant.turn(ILL)
    assert plant.names() == before
    began = time.monotonic()
    eventually(lambda: plant.turn(ILL) or plant.names() != before, "it is replaced")
    assert time.monotonic() - began > 0.9


def test_one_that_recovers_in_time_stays(plant):
    plant.grow(1)
    plant.arrived(1)
    before = plant.names()
    until_recovered = time.monotonic() + 1.5
    while time.monotonic() < until_recovered:
        for state in (ILL, WELL):
            plant.turn(state)
    assert plant.names() == before


@pytest.mark.parametrize("state", [ILL, UNCHECKED])
def test_one_that_never_was_healthy_stays(plant, state):
    plant.grow(1, HealthCheckGracePeriod=1)
    plant.arrived(1)
    before = plant.names()
    enough = time.monotonic() + 1.3
    while time.monotonic() < enough:
        plant.turn(state)
    assert plant.names() == before


def test_protection_from_scale_in_keeps_none_that_died_and_one_too_many_is_not_replaced(plant, monkeypatch):
    monkeypatch.setattr(instances, "LEAST_LIFE", 0.0)
    plant.grow(2, NewInstancesProtectedFromScaleIn=True)
    plant.arrived(2)
    plant.scale(1)
    before = plant.names()
    assert len(before) == 2
    os.kill(plant.processes()[0].pid, 9)
    eventually(lambda: plant.turn() or len(plant.names()) == 1, "one is gone")
    (last,) = plant.names()
    assert last in before
    os.kill(next(child for child in plant.processes() if child and child.is_running()).pid, 9)
    eventually(lambda: plant.turn() or not set(plant.names()) & set(before), "the last is replaced")
    assert len(plant.names()) == 1


def test_one_that_is_leaving_cannot_be_protected(plant):
    plant.grow(1)
    plant.arrived(1)
    (name,) = plant.names()
    plant.requests = 1
    plant.scale(0)
    plant.turn()
    with pytest.raises(ClientError, match="is not in InService or EnteringStandby or Standby"):
        plant.account.autoscaling.set_instance_protection(
            AutoScalingGroupName="v1", InstanceIds=[name], ProtectedFromScaleIn=True
        )


def test_one_that_leaves_ends_when_no_request_is_under_way(plant):
    plant.grow(1)
    plant.arrived(1)
    (name,), (process,) = plant.names(), plant.processes()
    plant.requests = 1
    plant.scale(0)
    plant.turn()
    plant.turn()
    assert plant.cloud.instances.places() == {}
    assert plant.account.instances("v1") == {name: "Terminating"}
    assert plant.account.health(plant.group) == {name: "Target.DeregistrationInProgress"}
    assert process.is_running()
    plant.requests = 0
    eventually(lambda: plant.turn() or not process.is_running(), "it ends")
    assert plant.account.instances("v1") == {}


def test_the_deregistration_delay_bounds_the_wait_for_requests(plant):
    plant.delay(1)
    plant.grow(1)
    plant.arrived(1)
    (process,) = plant.processes()
    plant.requests = 1
    plant.scale(0)
    began = time.monotonic()
    eventually(lambda: plant.turn() or not process.is_running(), "it ends")
    assert time.monotonic() - began > 0.9


def test_one_that_does_not_heed_sigterm_is_killed_with_all_that_it_started(plant, monkeypatch):
    monkeypatch.setattr(machine, "STOP", 0.3)
    plant.grow(1, STUBBORN)
    plant.arrived(1)
    (name,), (process,) = plant.names(), plant.processes()
    log = plant.cloud.home / "instances" / f"{name}.log"
    child = psutil.Process(int(eventually(lambda: log.read_text().strip(), "it printed")))
    plant.scale(0)
    eventually(lambda: plant.turn() or not process.is_running(), "it ends")
    eventually(lambda: not child.is_running(), "its child ends")


def test_all_are_ended_at_the_end(plant):
    plant.grow(2)
    processes = plant.processes()
    plant.cloud.instances.stop_all()
    assert [process.is_running() for process in processes] == [False, False]


def test_a_program_that_does_not_exist_is_named(account, plant):
    image = images.register(plant.cloud.home, "none", ["no-such-program"], Path.cwd())
    account.fleet("v2", 1, image=image)
    plant.turn()
    (name,) = account.instances("v2")
    expected = f"instance {name} of v2 did not start: no program no-such-program is there"
    assert plant.cloud.instances.trouble() == expected


def test_a_program_is_also_looked_for_where_the_image_was_registered(account, plant):
    program = plant.cloud.home / "serve"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    account.fleet("v2", 1, image=images.register(plant.cloud.home, "own", ["./serve"], plant.cloud.home))
    plant.turn()
    eventually(lambda: [process.name() for process in plant.processes()] == ["sleep"], "it runs")
