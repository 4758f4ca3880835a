"""stop, recover, rollback, gc and down on the real engine, under load as long as anybody is to be served."""

import getpass
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pytest

from ops.stack import Stack
from rehearsal.environment import environment
from rehearsal.load import Load, dropped, own
from rehearsal.stage import Done, Stage
from rollout.mark import Mark, Owner, asker, to_fields
from tests.e2e.conftest import client, live, marks, ok, recorded, versions
from tests.e2e.ramps import Ramps, alone, kill
from tests.patience import PATIENCE

OPS = (sys.executable, "-m", "ops")
LONG = {"steps": [25], "bake": "60s"}
NO_PROCESS = 4_194_305  # a pid that Linux gives nobody


@pytest.fixture(scope="module")
def built(stage: Stage) -> Ramps:
    ramps = Ramps(stage)
    ramps.build()
    return ramps


@pytest.fixture
def load(built: Ramps) -> Iterator[Load]:
    load = Load(built.url, connections=4, rate=50)
    load.start()
    yield load
    load.stop()


@pytest.fixture
def ramps(built: Ramps, load: Load) -> Iterator[Ramps]:
    """v1 live, a standby beside it, and a long ramp to that declared; v1 is live at the end, and nobody was dropped."""
    built.declare(built.standby, **LONG)
    yield built
    built.stage.faults()
    assert dropped(load.stop()) == []
    if built.state != alone("v1"):
        built.declare("v1", bake="0s")
        ok(built.stage.up())
    assert built.state == alone("v1")
    assert not built.is_locked


def ops(ramps: Ramps, *arguments: str) -> Done:
    done = ramps.stage.run(*OPS, *arguments)
    assert "Traceback" not in done.text
    return done


def stack_file(ramps: Ramps) -> Path:
    return ramps.stage.root / "Pulumi.e2e.yaml"


def test_what_was_killed_is_put_back_by_recover_with_its_lock_and_protection(ramps):
    with ramps.ramping(250) as up:
        kill(ramps.pids())
        up.communicate(timeout=PATIENCE)
    ramps.await_end()
    assert (ramps.is_locked, marks(ramps.stage) != [], ramps.protected() != []) == (True, True, True)
    text = ok(ops(ramps, "recover"))
    assert ramps.state == alone("v1")
    assert "a walk was cut short: v1 100 → v2 100" in text
    assert "recovered: live is v1 100" in text
    assert "the next `pulumi up` walks to v2 100, as Pulumi.e2e.yaml declares; to stay, declare v1 100" in text
    assert re.search(r"the stack was locked by \S+@\S+ \(pid \d+\), which is dead: the lock is broken", text)
    assert ok(ops(ramps, "recover")) == "nothing to recover\n"
    ramps.declare("v1")
    assert "walk" not in ok(ramps.stage.up())


def test_a_live_walk_is_not_recovered_but_stopped(ramps):
    with ramps.ramping(250) as up:
        refused = ops(ramps, "recover")
        assert (refused.code, ramps.weights()) == (4, {"v1": 750, "v2": 250})
        assert f"error: a walk is on: v1 100 → v2 100 by {getpass.getuser()}@" in refused.text
        assert "`python -m ops stop` ends it. Nothing was changed" in refused.text
        assert ramps.is_locked
        assert "stopped: live is v1 100" in ok(ops(ramps, "stop"))
        up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    ramps.await_end()
    assert "no walk is on: live is v1 100" in ok(ops(ramps, "stop"))


def test_a_walk_that_holds_is_put_back_by_recover(ramps):
    ramps.declare("v2", steps=[25], bake="3s", deadline="6s", prove_by=25, on_inconclusive="hold", gates={"errors": {}})
    ramps.stage.configure(metrics={"cloudwatch": {"period": "1s", "late": "2s"}})
    ramps.stage.faults(metrics_lag=3600)  # the plan knows no rate, and the judge sees nothing
    with ramps.ramping(250) as up:
        text, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    assert "Held v1 75 · v2 25" in text
    assert ramps.weights() == {"v1": 750, "v2": 250}
    done = ops(ramps, "stop")
    assert (done.code, "`python -m ops recover` puts v1 100 back" in done.text) == (1, True)
    ramps.stage.faults()
    assert "recovered: live is v1 100" in ok(ops(ramps, "recover"))
    assert ramps.state == alone("v1")


def test_weights_that_someone_set_over_a_dead_walk_are_left(ramps):
    dead = Mark("dead1234", {"v1": 1000}, {"v1": 500, "v9": 500}, Owner("ann", "elsewhere", 1, 1), 0)
    set_weights(ramps, {"v1": 600, "v2": 400})
    ramps.tag(**to_fields(dead))
    done = ops(ramps, "recover")
    assert (done.code, ramps.weights()) == (1, {"v1": 600, "v2": 400})
    assert "live is v1 60 · v2 40, which is not on the way of the walk that is marked" in done.text
    set_weights(ramps, {"v1": 999})
    assert "recovered: live is v1 100" in ok(ops(ramps, "recover"))


@pytest.mark.parametrize(
    ("pid", "host", "is_broken"),
    [(NO_PROCESS, socket.gethostname(), True), (os.getpid(), socket.gethostname(), False), (1, "elsewhere", False)],
    ids=["dead", "alive", "elsewhere"],
)
def test_only_a_lock_whose_owner_is_dead_is_broken(ramps, pid, host, is_broken):
    file = lock(ramps, pid, host)
    text = ok(ops(ramps, "recover"))
    assert f"locked by ann@{host} (pid {pid}), which is " in text
    assert file.exists() is not is_broken
    file.unlink(missing_ok=True)


def test_a_lock_is_known_and_broken_in_s3_too(stage, served, tmp_path, monkeypatch):
    for key, value in environment(stage.home).items():
        monkeypatch.setenv(key, value)
    address = served.removeprefix("http://")
    url = f"s3://states?endpoint={address}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    (tmp_path / "Pulumi.yaml").write_text("name: sluice\nruntime: python\n")
    s3 = boto3.client("s3", endpoint_url=served, region_name="us-east-1")
    s3.create_bucket(Bucket="states")
    subprocess.run(["pulumi", "stack", "init", "prod"], cwd=tmp_path, check=True, capture_output=True)
    of = Stack(tmp_path, "prod")
    assert of.locks() == []
    key = ".pulumi/locks/organization/sluice/prod/one.json"
    s3.put_object(Bucket="states", Key=key, Body=held(NO_PROCESS, socket.gethostname()))
    (found,) = of.locks() or []
    assert (str(found), found.is_dead()) == (f"ann@{socket.gethostname()} (pid {NO_PROCESS})", True)
    of.cancel()
    assert of.locks() == []


def test_a_rollback_is_told_first_and_then_done(ramps):
    ramps.declare("v2", steps=[], bake="0s")
    ok(ramps.stage.up())
    before = stack_file(ramps).read_bytes()
    text = ok(ops(ramps, "rollback", "--dry-run"))
    assert re.search(r"the update of \S+ \S+ UTC went through with v1 100", text)
    assert "v1 is warm: 1 of 1 healthy" in text
    assert "plan: v2 100 → v1 100 in one move, once v1 is healthy" in text
    assert text.endswith("nothing was changed\n")
    assert (stack_file(ramps).read_bytes(), live(ramps.stage)) == (before, {"v2": 999})
    ok(ops(ramps, "rollback"))
    assert ramps.state == alone("v1")


def test_a_rollback_now_moves_at_once_and_up_finds_nothing_left_to_move(ramps, load):
    ramps.declare("v2", steps=[], bake="0s")
    ok(ramps.stage.up())
    url = "json://127.0.0.1:9/secret"  # a secret in the stack file is no hindrance
    ok(ramps.stage.run("pulumi", "config", "set", "--secret", "--path", "sluice:notify[0]", url))
    assert "secure:" in stack_file(ramps).read_text()
    assert "nothing was changed" in ok(ops(ramps, "rollback", "--dry-run"))
    begun = time.time()
    text = ok(ops(ramps, "rollback", "--now"))
    moved, _, upped = text.partition("Pulumi.e2e.yaml declares v1 100")
    assert re.search(r"walk \w+: v2 100 → v1 100[\s\S]*moved: v1 100", moved)
    assert "notification 1 of 1 (json) was not delivered" in text
    assert "walk" not in upped
    assert ramps.state == alone("v1")
    last = max(answer.at for answer in own(load.answers, "v2"))
    assert last - begun < PATIENCE
    ramps.stage.configure(notify=None)


def test_a_rollback_now_ends_a_ramp_first(ramps):
    with ramps.ramping(250) as up:
        text = ok(ops(ramps, "rollback", "--now"))
        said, _ = up.communicate(timeout=PATIENCE)
    assert up.returncode != 0
    assert f"stopped by {asker()} (`ops stop`). Restored v1 100" in said
    assert re.search(r"asking \S+ \(pid \d+\) to put v1 100 back", text)
    assert ramps.state == alone("v1")


def test_a_rollback_to_an_ami_that_is_gone_is_refused_first(ramps):
    version = ramps.fresh()
    for one in (version, "v1"):
        ramps.declare(one, steps=[], bake="0s")
        ok(ramps.stage.up())
    ami = ramps.releases[version]
    client(ramps.stage, "ec2").deregister_image(ImageId=ami)
    before = stack_file(ramps).read_bytes()
    for arguments in (("rollback",), ("rollback", version, "--now"), ("rollback", "--dry-run")):
        done = ops(ramps, *arguments)
        assert done.code == 1, done.text
        assert f"{version} is gone: 1 of 1 healthy, it lacks its AMI {ami}" in done.text
        assert f"error: {version} lacks its AMI {ami}: no traffic can go there" in done.text
        assert (stack_file(ramps).read_bytes(), live(ramps.stage)) == (before, {"v1": 999})
    del ramps.releases[version]


def test_what_left_the_config_is_listed_again_and_built_anew(ramps):
    version = ramps.fresh()
    for one in (version, "v1"):
        ramps.declare(one, steps=[], bake="0s")
        ok(ramps.stage.up())
    ami = ramps.releases.pop(version)
    ramps.declare("v1", steps=[], bake="0s")
    ok(ramps.stage.up())
    assert versions(ramps.stage) == {"v1"}
    text = ok(ops(ramps, "rollback", version))
    assert f"{version} is not there: its slice is built first" in text
    assert ramps.state == alone(version)
    ramps.releases[version] = ami


def test_the_standbys_beyond_what_is_kept_are_shown_and_removed(ramps):
    ramps.releases = {"old": ramps.image("old"), "older": ramps.image("older"), **ramps.releases}
    ramps.stage.configure(keep=1)
    ramps.declare("v1")
    ok(ramps.stage.up())
    built = versions(ramps.stage)
    text = ok(ops(ramps, "gc"))
    assert f"standbys, oldest first: old, older, {max(built - {'v1', 'old', 'older'})}; sluice:keep is 1" in text
    assert "Nothing was changed" in text
    assert versions(ramps.stage) == built
    ok(ops(ramps, "gc", "--yes"))
    assert versions(ramps.stage) == built - {"old", "older"}
    assert "old" not in stack_file(ramps).read_text()
    ramps.releases = {version: ami for version, ami in ramps.releases.items() if not version.startswith("old")}
    ramps.stage.configure(keep=None)


def test_a_second_one_after_cancel_is_refused_by_the_first_ones_mark(ramps):
    with ramps.ramping(250) as up:
        newcomer, ami = ramps.standby, ramps.releases[ramps.standby]
        locked = ops(ramps, "release", newcomer, "--ami", ami)
        assert locked.code == 4, locked.text
        assert re.search(r"locked by 1 lock\(s\)[\s\S]*created by \S+@\S+ \(pid \d+\)", locked.text)
        assert "Pulumi.e2e.yaml is as it was before" in locked.text
        ok(ramps.stage.run("pulumi", "cancel", "--yes"))
        second = ops(ramps, "release", newcomer, "--ami", ami)
        assert second.code == 1, second.text
        assert re.search(
            rf"release {newcomer} failed: .*another walk is on: v1 100 → \w+ 100 by \S+@\S+ \(pid \d+\)", second.text
        )
        assert re.search(r"live is v1 75 · \w+ 25, and a walk is marked: v1 100 → ", second.text)
        assert "is refused as long as that walk is on" in second.text
        os.killpg(up.pid, signal.SIGINT)
        up.communicate(timeout=PATIENCE)
    ramps.await_end()
    assert ramps.weights() == {"v1": 999}


def test_foreign_weights_are_the_start_when_taken_over(ramps):
    version = ramps.standby
    ramps.declare("v1", steps=[], bake="0s")
    ok(ramps.stage.up())
    set_weights(ramps, {"v1": 600, version: 400})
    for more in ((), ("--now",)):
        done = ops(ramps, "rollback", version, *more)
        assert done.code == 1, done.text
        assert "the live weights are not ours" in done.text
        assert ramps.weights() == {"v1": 600, version: 400}
    ok(ops(ramps, "rollback", version, "--take-over"))
    assert ramps.state == alone(version)
    set_weights(ramps, {"v1": 600, version: 400})
    ok(ops(ramps, "rollback", "v1", "--now", "--take-over"))
    assert ramps.state == alone("v1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "You must run with the `--run-program` flag to use delete hooks during destroy"),
        (("--run-program",), "cannot be deleted"),
        (("--run-program", "--skip-preview"), "cannot be deleted"),
    ],
    ids=["bare", "with-the-program", "without-a-preview"],
)
def test_a_destroy_is_refused_and_nothing_is_deleted(ramps, options, said):
    ramps.declare("v1")
    ok(ramps.stage.up())
    before = versions(ramps.stage)
    done = ramps.stage.run("pulumi", "destroy", "--yes", "--non-interactive", "--color", "never", *options)
    assert done.code != 0, done.text
    assert said in done.text
    assert versions(ramps.stage) == before


def test_down_takes_every_slice_and_leaves_the_data_and_one_goes_on_from_there(built):
    stage, before = built.stage, stack_file(built).read_bytes()
    buckets = client(stage, "s3").list_buckets()["Buckets"]
    refused = ops(built, "down")
    assert (refused.code, stack_file(built).read_bytes()) == (2, before)
    text = ok(ops(built, "down", "--yes"))
    assert "no slice stands any more; network, load balancer and data do" in text
    assert (versions(stage), recorded(stage), marks(stage)) == (set(), {}, [])
    assert status_of(built.url) == 503
    assert client(stage, "s3").list_buckets()["Buckets"] == buckets
    assert len(client(stage, "elbv2").describe_load_balancers()["LoadBalancers"]) == 1
    ok(stage.up("--expect-no-changes"))
    assert "no slice stands" in ok(ops(built, "down"))
    stage.configure(rollout={"ready": "30s", "steps": [], "bake": "0s", "gates": {}})
    assert "went through with v1 100" in ok(ops(built, "rollback"))
    assert (live(stage), recorded(stage), status_of(built.url)) == ({"v1": 999}, {"v1": 100}, 200)
    ok(ops(built, "release", "v100", "--ami", built.releases["v1"]))
    assert (live(stage), recorded(stage), status_of(built.url)) == ({"v100": 999}, {"v100": 100}, 200)


def set_weights(ramps: Ramps, weights: dict[str, int]) -> None:
    """As a colleague does in AWS's console."""
    elbv2 = client(ramps.stage, "elbv2")
    arns = [group["TargetGroupArn"] for group in elbv2.describe_target_groups()["TargetGroups"]]
    described = elbv2.describe_tags(ResourceArns=arns)["TagDescriptions"]
    groups = {tag["Value"]: one["ResourceArn"] for one in described for tag in one["Tags"] if "version" in tag["Key"]}
    chosen = [{"TargetGroupArn": groups[version], "Weight": weight} for version, weight in weights.items()]
    elbv2.modify_rule(RuleArn=ramps.rule, Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": chosen}}])


def held(pid: int, host: str) -> bytes:
    """A lock as the engine writes it."""
    now = datetime.now(UTC).isoformat()
    return json.dumps({"pid": pid, "username": "ann", "hostname": host, "timestamp": now}).encode()


def lock(ramps: Ramps, pid: int, host: str) -> Path:
    """A lock beside the state of the stack."""
    folder = ramps.stage.home / "backend" / ".pulumi" / "locks" / "organization" / "sluice" / "e2e"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "one.json"
    file.write_bytes(held(pid, host))
    return file


def status_of(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
