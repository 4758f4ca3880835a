"""`status`: declared, live, and each slice's readiness."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from ops.errors import OpsError
from ops.facts import State
from ops.status import readiness, show, survey
from rollout.mark import Mark, me
from rollout.routers.interface import Health, Live
from tests.ops.conftest import AMI, OTHER

WELL = Health("v2", 2, 2)
ILL = Health("v2", 1, 2, {"Target.Timeout": 1})


@pytest.fixture(autouse=True)
def two_slices(stack, cloud) -> None:
    slices = {v: {"artifact": AMI, "group": f"arn:{v}", "fleet": f"fleet-{v}"} for v in ("v1", "v2")}
    stack.recorded = State({"sluice": {"slices": slices}}, {})
    cloud.healths = {"v1": Health("v1", 2, 2), "v2": WELL}


@pytest.mark.parametrize(
    ("health", "shared", "rebuildable", "grade"),
    [
        (WELL, True, True, "serving"),
        (WELL, True, False, "serving"),
        (ILL, True, True, "cold"),
        (WELL, False, True, "warm"),
        (ILL, False, True, "cold"),
        (Health("v2", 0, 0), False, True, "cold"),
        (WELL, False, False, "gone"),
        (None, False, True, "gone"),
        (None, True, True, "gone"),
    ],
)
def test_readiness(health, shared, rebuildable, grade):
    assert readiness(health, shared, rebuildable) == grade


def test_the_report_has_just_the_promised_fields(stack):
    report = survey(stack)
    v1 = {"version": "v1", "artifact": AMI, "share": 0, "healthy": 2, "desired": 2, "readiness": "warm"}
    v2 = {"version": "v2", "artifact": AMI, "share": 100, "healthy": 2, "desired": 2, "readiness": "serving"}
    assert json.loads(json.dumps(report.as_json())) == {
        "service": "shop",
        "platform": "aws",
        "declared": {"v2": 100},
        "live": {"v2": 100},
        "slices": [v1, v2],
        "converged": True,
        "schema": None,
    }


def test_live_other_than_declared_is_not_converged(stack, cloud):
    cloud.shares = Live({"v1": 1000}, None)
    assert not survey(stack).converged


def test_nothing_live_is_not_converged(stack, cloud):
    cloud.shares = None
    report = survey(stack)
    assert (report.live, report.converged) == ({}, False)


@pytest.mark.parametrize("health", [ILL, None])
def test_a_slice_with_a_share_that_is_not_healthy_is_not_converged(stack, cloud, health):
    cloud.healths["v2"] = health
    assert not survey(stack).converged


def test_an_ill_standby_is_none_of_that(stack, cloud):
    cloud.healths["v1"] = ILL
    assert survey(stack).converged


def test_a_standby_whose_ami_is_no_more_is_gone(stack, cloud):
    cloud.amis = {OTHER}
    assert [one.readiness for one in survey(stack).slices] == ["gone", "serving"]


def test_what_is_listed_but_was_never_built_is_gone(stack):
    stack.file.write_text(
        stack.file.read_text().replace("  sluice:traffic", f"    v3: {{ami: {OTHER}}}\n  sluice:traffic")
    )
    last = survey(stack).slices[-1]
    assert (last.version, last.artifact, last.readiness) == ("v3", OTHER, "gone")


def test_what_serves_but_nobody_knows_is_shown(stack, cloud):
    cloud.shares = Live({"v2": 500, "handmade": 500}, None)
    last = survey(stack).slices[-1]
    assert (last.version, last.artifact, last.share) == ("handmade", "unknown", 50)


def test_an_unreachable_cloud_is_an_error(stack, cloud):
    cloud.unreachable = "no route to AWS"
    with pytest.raises(OpsError, match="no route to AWS"):
        survey(stack)


def test_in_a_narrow_terminal_the_artifact_alone_is_cut(stack, cloud):
    cloud.shares = Live({"v2": 1000}, None)
    image = f"registry.example.com/acme/shop@sha256:{'0' * 64}"
    seen = survey(stack)
    slices = [replace(one, version=f"pr-12-1a2b3c4-{one.version}", artifact=image) for one in seen.slices]
    text = io.StringIO()
    show(replace(seen, slices=slices), Console(file=text, width=80))
    table = [line for line in text.getvalue().splitlines() if "pr-12" in line or "version" in line]
    assert table[0].split() == ["version", "share", "healthy", "readiness", "artifact"]
    assert [line.split()[0] for line in table[1:]] == ["pr-12-1a2b3c4-v1", "pr-12-1a2b3c4-v2"]
    assert all(line.rstrip().endswith("…") for line in table[1:])


def test_people_see_a_table_and_who_walks(stack, cloud):
    cloud.shares = Live({"v1": 1000}, Mark("abc", {"v1": 1000}, {"v2": 1000}, me(), 0))
    text = io.StringIO()
    show(survey(stack), Console(file=text, width=120))
    lines = text.getvalue().splitlines()
    assert lines[:3] == ["shop on aws", "declared  v2 100", "live      v1 100"]
    assert lines[3] == f"walking   v1 100 → v2 100 by {me()}"
    assert lines[5].split() == ["v1", "100", "%", "2", "of", "2", "serving", AMI]
    assert lines[-1] == "not converged: `pulumi up` makes it so"
