"""The mark: written as tags, read back the same, and dead when its owner is."""

import os
import re
import subprocess
from dataclasses import replace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.mark import Mark, Owner, asker, from_fields, is_alive, me, to_fields
from tests.rollout.test_shares import all_shares

NOW = 1_800_000_000


@given(all_shares(), all_shares(), st.sampled_from(["", asker()]))
def test_a_mark_survives_being_written_as_tags_an_alb_accepts(start, goal, stop):
    mark = Mark("ab12cd34", start, goal, me(), NOW, stop)
    fields = to_fields(mark)
    assert from_fields(fields) == mark
    assert all(re.fullmatch(r"[A-Za-z0-9 _.:/=+@-]{0,256}", value) for value in fields.values())


@pytest.mark.parametrize("fields", [{}, {"stop": "yes"}])
def test_no_fields_are_no_mark_and_a_lone_stop_is_none_either(fields):
    assert from_fields(fields) is None


def test_a_wish_that_names_nobody_is_one_all_the_same():
    fields = to_fields(Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, me(), NOW)) | {"stop": ""}
    found = from_fields(fields)
    assert found
    assert found.stop == "somebody"


@pytest.mark.parametrize("damage", [{"until": "soon"}, {"owner": "somebody"}, {"from": "v1"}])
def test_a_damaged_mark_is_named_not_ignored(damage):
    fields = to_fields(Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, me(), NOW)) | damage
    with pytest.raises(ValueError, match="cannot be read"):
        from_fields(fields)


def test_this_process_is_alive_until_its_lease_ends():
    mark = Mark("ab12cd34", {"v1": 1000}, {"v2": 1000}, me(), NOW + 60)
    assert is_alive(mark, NOW)
    assert not is_alive(mark, NOW + 61)


def test_a_later_process_with_the_same_pid_is_not_the_owner():
    born_before = replace(me(), born=me().born - 100)
    assert not is_alive(Mark("ab12cd34", {}, {}, born_before, NOW + 60), NOW)


def test_a_process_that_is_gone_is_dead():
    pid = next(number for number in range(300_000, 4_000_000) if not psutil.pid_exists(number))
    assert not is_alive(Mark("ab12cd34", {}, {}, replace(me(), pid=pid), NOW + 60), NOW)


def test_a_process_that_ended_and_was_not_waited_for_is_dead():
    with subprocess.Popen(["sleep", "60"]) as process:
        of = psutil.Process(process.pid)
        mark = Mark("ab12cd34", {}, {}, replace(me(), pid=of.pid, born=int(of.create_time())), NOW + 60)
        assert is_alive(mark, NOW)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert of.status() == psutil.STATUS_ZOMBIE
        assert not is_alive(mark, NOW)


def test_of_another_host_only_the_lease_is_known():
    elsewhere = Mark("ab12cd34", {}, {}, Owner("ann", "elsewhere", os.getpid(), 1), NOW + 60)
    assert is_alive(elsewhere, NOW)
    assert not is_alive(elsewhere, NOW + 61)


def test_who_acts_for_somebody_is_named_after_them(monkeypatch):
    monkeypatch.setenv("SLUICE_ACTOR", "anna")
    assert str(me()).startswith("anna@")
    assert is_alive(Mark("run12345", {}, {}, me(), 100), 50)
