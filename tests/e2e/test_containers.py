"""Releases on containers: the same promises as on machines, on a real daemon, under load."""

import signal
import sys
from collections.abc import Iterator

import pytest

from rehearsal.cloud.loopback import free
from rehearsal.load import dropped, dropped_by, own
from rollout.mark import asker
from tests.e2e.conftest import ok
from tests.e2e.dock import ROUTER, Dock, alone, docked
from tests.patience import PATIENCE, eventually

OPS = (sys.executable, "-m", "ops")
EVIDENCE = {"bake": "2s", "prove_by": 50, "gates": {"errors": {"allow": 2}}}


@pytest.fixture(scope="module")
def built(docker_client, docker_host: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    """v1 live, v2 warm."""
    with docked(tmp_path_factory.mktemp("dock"), docker_client, docker_host) as dock:
        dock.release("v1", "v2")
        yield dock


def test_a_second_up_after_a_refresh_changes_nothing(dock):
    text = ok(dock.up("--expect-no-changes"))
    assert "walk" not in text


def test_what_runs_is_bounded_as_it_says(dock):
    one, two = [container.attrs for container in dock.containers("v1")]
    host = one["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["SecurityOpt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert (host["Memory"], host["MemorySwap"], host["NanoCpus"]) == (256 << 20, 256 << 20, 500_000_000)
    assert (host["PidsLimit"], host["RestartPolicy"]["Name"]) == (256, "unless-stopped")
    assert one["Config"]["User"].partition(":")[0].isdecimal()
    assert not one["HostConfig"]["PortBindings"]
    addresses = {each["NetworkSettings"]["Networks"]["shop-slices"]["IPAddress"] for each in (one, two)}
    assert len(addresses) == 2


def test_a_good_release_is_promoted_through_all_steps_and_nothing_is_dropped(dock, clients):
    dock.declare({"v2": 100})
    text = ok(dock.up())
    assert [line.split("moved: ")[1].split(" (")[0] for line in text.splitlines() if "moved: " in line][:3] == [
        "v1 75 · v2 25",
        "v1 50 · v2 50",
        "v2 100",
    ]
    assert dock.state == alone("v2")
    answers = clients.stop()
    assert dropped(answers) == []
    assert dock.ask(X_Slice="v1") == (200, "v1")
    ok(dock.up("--expect-no-changes"))


def test_a_release_that_fails_requests_is_restored_by_evidence(dock, clients):
    dock.build("v3", "ENV FAIL=0.1")
    dock.add("v3")
    dock.declare({"v3": 100}, **EVIDENCE)
    done = dock.up()
    assert done.code != 0
    assert "worse by" in done.text
    assert "Restored v1 100" in done.text
    assert dock.state == alone("v1")
    assert set(dropped_by(clients.stop())) <= {"v3"}


def test_a_release_that_never_gets_healthy_gets_no_share(dock, clients):
    dock.build("v4", "ENV FAIL_HEALTH=1")
    dock.add("v4")
    dock.declare({"v4": 100}, ready="4s")
    done = dock.up()
    assert done.code != 0
    assert "v4: 0 of 2 healthy (2 failing its check)" in done.text
    assert dock.state == alone("v1")
    answers = clients.stop()
    assert (dropped(answers), own(answers, "v4")) == ([], [])


def test_ctrl_c_restores_at_once(dock, clients):
    dock.declare({"v2": 100}, bake="30s")
    with dock.ramping(250) as up:
        up.send_signal(signal.SIGINT)
        eventually(lambda: dock.live() == {"v1": 999}, "the former weights are live")
        text, _ = up.communicate(timeout=PATIENCE)
    assert "stopped by the operator. Restored v1 100" in text
    dock.await_end()
    dock.declare({"v1": 100})
    ok(dock.up())
    assert dropped(clients.stop()) == []


def test_ops_stop_ends_the_walk(dock):
    dock.declare({"v2": 100}, bake="30s")
    with dock.ramping(250) as up:
        ok(dock.stage.run(*OPS, "stop"))
        text, _ = up.communicate(timeout=PATIENCE)
    assert f"stopped by {asker()} (`ops stop`). Restored v1 100" in text
    assert dock.live() == {"v1": 999}


def test_a_second_up_is_refused_with_who_walks(dock):
    dock.declare({"v2": 100}, bake="30s")
    with dock.ramping(250) as up:
        done = dock.up()
        assert done.code != 0
        assert "the stack is currently locked" in done.text
        ok(dock.stage.run("pulumi", "cancel", "--yes"))
        done = dock.up()
        assert done.code != 0
        assert "another walk is on: v1 100 → v2 100" in done.text
        assert dock.live() == {"v1": 750, "v2": 250}
        ok(dock.stage.run(*OPS, "stop"))
        up.communicate(timeout=PATIENCE)
    assert dock.live() == {"v1": 999}


def test_the_operators_verbs_say_and_do_the_same_as_on_machines(dock):
    status = dock.stage.run(*OPS, "status", "--json")
    assert ok(status)
    ok(dock.stage.run(*OPS, "rollback", "v2", "--now"))
    assert dock.state == alone("v2")
    assert "promote" in ok(dock.stage.run(*OPS, "history"))


def test_weights_that_someone_else_set_are_seen_and_refused(dock):
    dock.set_weights({"v2": 998})
    done = dock.up()
    assert done.code != 0
    assert "the live weights are not ours: recorded v1 100, live v2 100" in done.text


def test_a_slice_that_left_had_its_requests_finished(dock, clients):
    dock.declare({"v2": 100}, steps=[])
    ok(dock.up())
    long = dock.load(rate=4, path="slow?ms=3000")
    long.start()
    dock.declare({"v1": 100}, steps=[])
    ok(dock.up())
    del dock.releases["v2"]
    dock.declare({"v1": 100})
    text = ok(dock.up())
    assert "shop-v2: waiting until no request was seen for 5 s" in text
    assert dock.containers("v2") == []
    assert dropped([*clients.stop(), *long.stop()]) == []
    dock.add("v2")
    dock.declare({"v1": 100})
    ok(dock.up())


def test_a_router_that_restarts_has_its_weights(dock):
    dock.client.containers.get(ROUTER).restart(timeout=5)
    eventually(lambda: dock.live() == {"v1": 999}, "the router is back")
    eventually(lambda: answers(dock) == (200, "v1"), "it serves")
    ok(dock.up("--expect-no-changes"))


def test_containers_that_restart_in_any_order_never_answer_for_another_slice(dock):
    load = dock.load()
    load.start()
    for version in ("v1", "v2"):
        for container in dock.containers(version):
            container.stop(timeout=5)
    for version in ("v2", "v1"):
        for container in reversed(dock.containers(version)):
            container.start()
    eventually(lambda: answers(dock) == (200, "v1"), "it serves")
    assert own(load.stop(), "v2") == []
    for _ in range(20):
        assert dock.ask(X_Slice="v2") == (200, "v2")


def test_a_container_that_someone_removed_is_made_again_where_it_was(dock):
    dock.containers("v1")[0].remove(force=True)
    ok(dock.up())
    assert dock.state == alone("v1")
    eventually(lambda: "2 of 2" in ok(dock.stage.run(*OPS, "status")), "both are healthy")


def test_a_lost_volume_ends_in_the_declared_weights(dock):
    router = dock.client.containers.get(ROUTER)
    router.remove(force=True)
    dock.client.volumes.get("shop-routes").remove(force=True)
    ok(dock.up())
    assert dock.state == alone("v1")
    assert dock.ask() == (200, "v1")
    ok(dock.up("--expect-no-changes"))


def test_the_routers_own_settings_may_change_and_the_weights_stay(dock):
    dock.declare({"v1": 50, "v2": 50}, steps=[])
    ok(dock.up())
    before = dock.url
    dock.listen(free())
    ok(dock.up())
    assert dock.live() == {"v1": 500, "v2": 500}
    assert dock.url != before
    eventually(lambda: answers(dock), "it serves at its new port")
    dock.declare({"v1": 100}, steps=[])
    ok(dock.up())


def test_an_image_is_released_by_ops_and_gone_back_from(dock, clients):
    image = dock.build("v7")
    text = ok(dock.stage.run(*OPS, "release", "v7", "--image", image))
    assert "v7: 2 of 2 healthy" in text
    assert dock.state == alone("v7")
    assert "v1 is warm: 2 of 2 healthy" in ok(dock.stage.run(*OPS, "rollback"))
    assert dock.state == alone("v1")
    assert dropped(clients.stop()) == []


def test_down_takes_every_slice_and_one_goes_on_from_there(dock):
    ok(dock.stage.run("sh", "-c", f"echo dock | {sys.executable} -m ops down"))
    assert (dock.containers("v1"), dock.containers("v2")) == ([], [])
    assert dock.live() == {}
    dock.declare({"v1": 100})
    ok(dock.up())
    assert dock.state == alone("v1")
    assert dock.ask() == (200, "v1")


def answers(dock: Dock) -> tuple[int, str] | None:
    try:
        return dock.ask()
    except OSError:
        return None
