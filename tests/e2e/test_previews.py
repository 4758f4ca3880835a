"""A pull request's slice, of real containers and of machines: reached by its header alone, released as it stands."""

import sys
import urllib.request
from datetime import timedelta

from components import previews
from rehearsal.load import dropped
from rehearsal.stage import Stage
from tests.e2e.conftest import client, live, ok, sample
from tests.e2e.dock import Dock
from tests.e2e.flood import flood
from tests.e2e.refusals import AT_ONCE, PREVIEW
from tests.e2e.scene import BY_HEALTH, alone, assert_refused
from tests.patience import PATIENCE

OPS = (sys.executable, "-m", "ops")
MANY = 100_000
UNTIL = previews.today() + timedelta(days=7)
ENDED = previews.today() - timedelta(days=1)


def ids(dock: Dock, version: str) -> list[tuple[str, str, str]]:
    """What tells the containers of *version* from any that were made anew: id, image, when it was started."""
    found = [(one.id, one.attrs["Image"], one.attrs["State"]["StartedAt"]) for one in dock.containers(version)]
    assert len(found) == 2
    return sorted(found)


def requests(dock: Dock, version: str) -> int:
    """How many requests the router has sent to *version*, by its own counter."""
    page = f"http://127.0.0.1:9901/stats?filter=^cluster\\.{version}\\.upstream_rq_total$"
    return int(dock.inside("wget", "-q", "-O", "-", page).partition(": ")[2])


def opened(dock: Dock, image: str) -> str:
    """The version under which *image* is the preview of pull request 12."""
    assert "2 of 2 healthy" in ok(dock.stage.run(*OPS, "preview", "open", "12", "--image", image))
    return f"pr-12-{image.partition('sha256:')[2][:7]}"


def test_a_pull_request_from_its_first_push_to_its_promotion(dock):
    dock.declare({"v1": 100})
    first = opened(dock, dock.build("first"))
    second = opened(dock, dock.build("second"))
    assert (dock.containers(first), dock.live()) == ([], {"v1": 999})

    before = requests(dock, second)
    assert dock.ask(X_Slice=second) == (200, second)
    assert flood(dock.url, MANY) == {(200, "v1"): MANY}
    assert requests(dock, second) - before == 1
    assert dock.ask(X_Slice=first) == (200, "v1")

    stood, load = ids(dock, second), dock.load()
    load.start()
    text = ok(dock.stage.run(*OPS, "preview", "promote", "12"))
    answers = load.stop()
    assert "moved: " in text
    assert (dock.live(), dock.recorded(), dock.marked()) == ({second: 999}, {second: 100}, False)
    assert dropped(answers) == []
    assert {answer.version for answer in answers} == {"v1", second}
    assert ids(dock, second) == stood
    assert {image for _, image, _ in stood} == {dock.client.images.get(dock.images["second"]).id}
    ok(dock.stage.run(*OPS, "rollback", "v1"))


def test_what_a_pull_request_declares_is_merged_as_it_stands_and_what_has_expired_goes(dock):
    dock.add("v2")
    dock.declare({"v2": 100}, **AT_ONCE)
    file = dock.stage.root / "Pulumi.dock.yaml"
    merged, pull = file.read_text(), dock.folder.parent / "pull.yaml"
    pull.write_text(merged)
    del dock.releases["v2"]
    dock.declare({"v1": 100}, **AT_ONCE)
    main = file.read_text()

    ok(dock.stage.run(*OPS, "preview", "open", "13", "--declared-in", str(pull)))
    stood = ids(dock, "v2")
    dock.stage.configure(traffic={"v1": 99, "v2": 1})
    assert_refused(dock.stage.run(*PREVIEW), "sluice:traffic.v2: it is the preview of pull request 13, and .* no share")

    file.write_text(main)  # as git has it
    ok(dock.stage.run(*OPS, "preview", "fetch", "--wait"))
    ok(dock.stage.run(*PREVIEW, "--expect-no-changes"))
    file.write_text(merged)
    ok(dock.stage.run(*OPS, "preview", "fetch"))
    assert file.read_text() == merged
    plan = ok(dock.stage.run(*OPS, "plan", "--markdown"))
    assert "v2 is warm: 2 of 2 healthy" in plan
    assert "to create" not in plan
    ok(dock.up())
    assert (dock.live(), ids(dock, "v2")) == ({"v2": 999}, stood)

    ok(dock.stage.run(*OPS, "rollback", "v1"))
    dock.stage.configure(previews={"open": {"v2": {"pull": 13, "until": ENDED}}})  # without quotes: a date of YAML's
    said = f"v2 is the preview of pull request 13, which expired on {ENDED}: `python -m ops gc --yes` removes it"
    for command in (PREVIEW, (*OPS, "status")):
        assert said in ok(dock.stage.run(*command))
    ok(dock.stage.run(*OPS, "gc", "--yes"))
    assert (dock.containers("v2"), dock.live()) == ([], {"v1": 999})


def test_on_machines_the_instances_of_a_preview_are_those_that_get_the_traffic(home, load):
    home.declare({"v1": 100}, **BY_HEALTH)
    ami = sample(home.stage, "app-pull")
    ok(home.stage.run(*OPS, "preview", "open", "12", "--ami", ami))
    version = f"pr-12-{ami[-7:]}"
    stood = fleet(home.stage, version)
    assert live(home.stage) == {"v1": 999}
    asked = urllib.request.Request(home.url, headers={"X-Slice": version})
    with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
        assert answer.headers["X-Version"] == version
    ok(home.stage.run(*OPS, "preview", "promote", "12"))
    home.releases[version] = ami
    answers = load.stop()
    assert home.state == alone(version)
    assert fleet(home.stage, version) == stood
    assert dropped(answers) == []
    assert {answer.version for answer in answers} == {"v1", version}


def fleet(stage: Stage, version: str) -> tuple[str, str, list[str]]:
    """The slice of *version*: its fleet, its launch template, the instances in service."""
    for group in client(stage, "autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]:
        if {"sluice:version": version}.items() <= {tag["Key"]: tag["Value"] for tag in group["Tags"]}.items():
            instances = [one["InstanceId"] for one in group["Instances"] if one["LifecycleState"] == "InService"]
            assert instances
            return group["AutoScalingGroupARN"], group["LaunchTemplate"]["LaunchTemplateId"], sorted(instances)
    raise AssertionError(f"{version} has no fleet")
