"""The irreversibility contract: who may have the traffic, given what was written; and the migration before a share."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout import schema as schemas
from rollout.contract import Contract, closed
from rollout.errors import GateError, RefusedError, RolloutError, RouterError, StoppedError
from rollout.mark import Mark, Owner
from rollout.routers.interface import Live
from rollout.schema import Schema
from tests.rollout.conftest import HEALTH_ALONE, V1, V2, Bench

V3 = {"v3": 1000}
# A column is renamed: v1 knows the old one, v2 both and writes the old, v3 both and writes the new, v4 only the new.
RENAMING = {
    "v1": Contract(frozenset({7}), 7),
    "v2": Contract(frozenset({7, 8}), 7),
    "v3": Contract(frozenset({7, 8}), 8),
    "v4": Contract(frozenset({8}), 8),
}
MIGRATED = replace(HEALTH_ALONE, migrate=("./migrate.sh",))
STEPPED = replace(HEALTH_ALONE, steps=(250,), bake=1)


def start(bench: Bench, shares: dict[str, int], schema: Schema | None) -> None:
    bench.router.start(shares)
    bench.router.healthy |= set(RENAMING)
    if schema:
        bench.router.set_schema(schema)


def of(bench: Bench) -> Live:
    assert bench.router.live
    return bench.router.live


def go(bench: Bench, recorded: dict[str, int] | None, planned: dict[str, int], strategy=HEALTH_ALONE, **more) -> None:
    bench.walk(recorded, planned, strategy, **{"declared": frozenset(RENAMING), "contracts": RENAMING, **more})


def test_expand_and_contract_goes_step_by_step_and_each_is_recorded(bench):
    start(bench, V1, None)
    seen = []
    for now, then in (("v1", "v2"), ("v2", "v3"), ("v3", "v4")):
        go(bench, {now: 1000}, {then: 1000})
        seen.append(str(bench.router.live.schema))
    assert seen == ["7", "8", "8"]
    assert bench.router.writes == [{"v2": 1000}, {"v3": 1000}, {"v4": 1000}]


@pytest.mark.parametrize(
    ("live", "schema", "to", "why"),
    [
        ("v3", Schema(7, 8), "v1", "the data is at schema 8, and v1 reads 7 and writes 7; the last safe release is v4"),
        (
            "v4",
            Schema(7, 8),
            "v2",
            "v2 reads 7, 8 and writes 7, and v4, which serves beside it and takes over again if it fails, reads 8 and "
            "writes 8: release first what reads 7 as well and still writes 8; the last safe release is v3",
        ),
        (
            "v1",
            Schema(7, 7),
            "v3",
            "v3 reads 7, 8 and writes 8, and v1, which serves beside it and takes over again if it fails, reads 7 and "
            "writes 7: release first what reads 8 as well and still writes 7; the last safe release is v2",
        ),
        ("v2", Schema(7, 7), "v4", "the data is at schema 7, and v4 reads 8 and writes 8; the last safe release is v3"),
        (
            "v2",
            Schema(7, 8),
            "v4",
            "v4 reads 8 and writes 8, and v2, which serves beside it, reads 7, 8 and writes 7; the last safe release "
            "is v3",
        ),
    ],
)
def test_an_edge_that_cannot_be_crossed_is_refused_with_the_last_safe_release(bench, live, schema, to, why):
    start(bench, {live: 1000}, schema)
    for act in (bench.preview, bench.walk):
        with pytest.raises(RefusedError) as refused:
            act({live: 1000}, {to: 1000}, declared=frozenset(RENAMING), contracts=RENAMING)
        assert str(refused.value) == f"sluice:traffic: {why}. Nothing was moved"
    assert (bench.router.writes, bench.router.marks) == ([], [])


def test_a_preview_is_never_called_the_last_safe_release(bench):
    start(bench, V3, Schema(7, 8))
    with pytest.raises(RefusedError, match="the last safe release is v2"):
        go(bench, V3, V1, previews=frozenset({"v4"}))


def test_where_nothing_else_is_safe_that_is_said(bench):
    start(bench, V2, Schema(7, 9))
    with pytest.raises(RefusedError, match="no other one in sluice:releases is safe"):
        go(bench, V2, V1)


def test_what_carries_traffic_is_never_kept_from_leaving(bench):
    """Somebody said that the data is at 8, which v1 cannot read: all the more it has to go."""
    start(bench, V1, Schema(7, 8))
    go(bench, V1, V2)
    assert bench.router.live.shares == V2


def test_a_newcomer_that_wrote_is_restored_to_what_can_read_it_and_the_way_behind_is_closed(bench):
    start(bench, V2, Schema(7, 7))
    bench.clock.at(0.5, lambda: bench.router.healthy.discard("v3"))
    with pytest.raises(RolloutError, match="Restored v2 100"):
        go(bench, V2, V3, STEPPED)
    assert bench.router.live.schema == Schema(7, 8)
    with pytest.raises(RefusedError, match="the data is at schema 8, and v1 reads 7"):
        go(bench, V2, V1)


def test_a_walk_that_was_cut_short_goes_on_under_the_same_terms(bench):
    start(bench, {"v2": 750, "v3": 250}, Schema(7, 8))
    bench.router.live = replace(
        bench.router.live, mark=Mark("dead1234", V2, V3, Owner("ann", "gone", 1, 1), until=int(bench.clock.now()) - 1)
    )
    go(bench, V2, V3, STEPPED)
    assert (bench.router.live.shares, bench.router.live.schema) == (V3, Schema(7, 8))


def test_a_release_that_says_nothing_is_taken_to_know_what_the_data_was_at_first(bench):
    before = {"v1": None, "v2": RENAMING["v2"], "v3": RENAMING["v3"]}
    start(bench, V1, None)
    go(bench, V1, V2, contracts=before)
    assert bench.router.live.schema == Schema(7, 7)
    go(bench, V2, V1, contracts=before)
    go(bench, V1, V2, contracts=before)
    go(bench, V2, V3, contracts=before)
    with pytest.raises(RefusedError, match="at schema 8, and v1 reads 7 and writes 7"):
        go(bench, V3, V1, contracts=before)
    assert closed(Schema(7, 8), before) == ["v1"]


def test_where_nobody_says_anything_nothing_is_looked_at(bench):
    start(bench, V1, None)
    go(bench, V1, V2, MIGRATED, contracts={"v1": None, "v2": None})
    assert (bench.router.live.schema, bench.migrated) == (None, [])


def test_the_migration_runs_once_after_health_and_before_any_share(bench):
    start(bench, V2, Schema(7, 7))
    bench.router.healthy.discard("v3")
    bench.clock.at(5, lambda: (bench.router.healthy.add("v3"), bench.lines.append("healthy now")))
    go(bench, V2, V3, MIGRATED)
    assert bench.migrated == [("v3", 8)]
    told = "\n".join(bench.lines)
    assert told.index("healthy now") < told.index("v3: ./migrate.sh: the data goes to schema 8") < told.index("moved")
    go(bench, V3, V2, MIGRATED)
    go(bench, V2, V3, MIGRATED)
    assert bench.migrated == [("v3", 8)]


def test_the_first_slices_data_is_migrated_before_they_can_be_healthy(bench):
    bench.clock.at(3, lambda: bench.router.healthy.add("v1"))
    go(bench, None, V1, MIGRATED)
    assert bench.migrated == [("v1", 7)]
    bench.router.start(V1)
    bench.router.healthy.add("v2")
    go(bench, V1, V2, MIGRATED)
    assert bench.migrated == [("v1", 7)]


def test_a_migration_that_fails_moves_nothing_and_is_run_again(bench):
    start(bench, V2, Schema(7, 7))
    bench.undone = "the migration `./migrate.sh` ended with 1"
    with pytest.raises(GateError, match=r"ended with 1; the migration to schema 8 counts as begun.*v2 100 stays live"):
        go(bench, V2, V3, MIGRATED)
    assert (bench.router.writes, bench.router.live.schema) == ([], Schema(7, 8, migrating=True))
    with pytest.raises(RefusedError, match="at schema 8, and v1"):
        go(bench, V2, V1, MIGRATED)
    bench.undone = ""
    go(bench, V2, V3, MIGRATED)
    assert (bench.migrated, bench.router.live.schema) == ([("v3", 8)], Schema(7, 8))


def test_a_return_does_not_wait_for_a_migration_that_did_not_end(bench):
    start(bench, {"v3": 1000}, Schema(7, 8, migrating=True))
    bench.undone = "the migration must not run"
    go(bench, V3, V2, MIGRATED)
    assert bench.router.live.schema == Schema(7, 8, migrating=True)


def test_a_stop_while_it_migrates_moves_nothing(bench):
    start(bench, V2, Schema(7, 7))
    bench.meanwhile = bench.stop.set
    with pytest.raises(StoppedError, match="v2 100 stays live"):
        go(bench, V2, V3, MIGRATED)
    assert bench.router.live.schema == Schema(7, 8, migrating=True)


def test_what_cannot_be_recorded_is_not_begun(bench):
    start(bench, V2, Schema(7, 7))
    bench.router.broken.add("set_schema")
    with pytest.raises(RouterError, match=r"set_schema: refused.*v2 100 stays live"):
        go(bench, V2, V3, MIGRATED)
    assert (bench.migrated, bench.router.writes) == ([], [])


def test_the_plan_says_what_becomes_of_the_data(bench):
    start(bench, V2, Schema(7, 7))
    told = bench.preview(V2, V3, MIGRATED, declared=frozenset(RENAMING), contracts=RENAMING)
    assert "  data: schema 7 → 8, once `./migrate.sh` ended with 0; from then on no return to v1" in told
    assert bench.migrated == []
    bench.router.live = None
    told = bench.preview(None, V1, MIGRATED, declared=frozenset(RENAMING), contracts=RENAMING)
    assert told[1:] == ["  data: schema 7, once `./migrate.sh` ended with 0; from then on no return to v4"]


@pytest.mark.parametrize("schema", [Schema(7, 8), Schema(0, 12, migrating=True)])
def test_what_is_recorded_is_read_again(schema):
    assert schemas.from_field(schemas.to_field(schema)) == schema


@pytest.mark.parametrize("field", ["", "8", "7 8 9", "a b"])
def test_what_cannot_be_read_is_no_schema(field):
    with pytest.raises(ValueError, match=r"schema|unpack|invalid literal"):
        schemas.from_field(field)


contract = st.builds(
    lambda reads, writes: Contract(frozenset({*reads, writes}), writes),
    st.sets(st.integers(1, 4), max_size=3),
    st.integers(1, 4),
)
versions = st.sampled_from(["v1", "v2", "v3", "v4"])


@given(
    contracts=st.fixed_dictionaries(dict.fromkeys(["v1", "v2", "v3", "v4"], st.none() | contract)),
    orders=st.lists(st.tuples(versions, st.booleans()), max_size=8),
)
def test_nobody_ever_has_a_share_who_cannot_read_what_was_written(contracts, orders):
    bench = Bench()
    bench.router.start(V1)
    every = frozenset(contracts)
    for version, fails in orders:
        bench.router.healthy = set(every)
        if fails:
            bench.clock.at(0.5, lambda version=version: bench.router.healthy.discard(version))
        live = of(bench).shares
        try:
            bench.walk(live, {version: 1000}, STEPPED, declared=every, contracts=contracts)
        except RolloutError:
            assert of(bench).shares == live
        bench.clock.sleep(1)
    schema = of(bench).schema
    if schema is None:
        return
    said = {v: one or Contract(frozenset({schema.first}), schema.first) for v, one in contracts.items()}
    newest = max(said["v1"].writes, schema.first) if contracts["v1"] else schema.first
    for shares in bench.router.writes:
        newest = max([newest, *(said[v].writes for v in shares)])
        assert all(newest in said[v].reads for v in shares)
        assert all(said[a].writes in said[b].reads for a in shares for b in shares)
