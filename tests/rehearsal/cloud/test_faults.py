"""A set of faults: what it can hold, and how a cloud is told of it."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rehearsal import fault_options
from rehearsal.cloud.faults import AWS_LIMITS, FILE, FaultError, Faults, Stated, forget, read, write

EVERYTHING = Faults(
    throttle={"ModifyRule": (0.5, 3.0), "*": (0.0, 0.0)},
    delay={"Describe*": 1.5},
    lose_reply={"ModifyRule": 2},
    expire_token=0,
    late_weights=3.0,
    late_reads=2.0,
    kill={"v2": 1},
    slow_boot=4.0,
    flap={"v2": 12.0},
    metrics_lag=90.0,
    metrics_gone=True,
)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"throttle": {"ModifyRul": (1, 1)}}, "--throttle ModifyRul: AWS has no such action"),
        ({"throttle": {"ModifyRule": (-1, 1)}}, "--throttle ModifyRule=-1: calls a second must be a number from 0 on"),
        ({"throttle": {"ModifyRule": (1, -1)}}, "--throttle ModifyRule=…/-1: the burst must be a number from 0 on"),
        ({"delay": {"ModifyRule": float("nan")}}, "--delay ModifyRule=nan: seconds must be a number"),
        ({"delay": {"Modify": 1}}, "--delay Modify: AWS has no such action"),
        ({"lose_reply": {"ModifyRule": 0}}, "--lose-reply ModifyRule=0: the count must be a number from 1 on"),
        ({"expire_token": -1}, "--expire-token -1: calls must be a number from 0 on"),
        ({"late_weights": -0.1}, "--late-weights -0.1: seconds"),
        ({"late_reads": "soon"}, "--late-reads soon: seconds"),
        ({"kill": {"v1": 0}}, "--kill v1=0: the count"),
        ({"slow_boot": float("inf")}, "--slow-boot inf: seconds"),
        ({"flap": {"v1": 0}}, "--flap v1=0: seconds must be a number from 1 on"),
        ({"metrics_lag": -1}, "--metrics-lag -1: seconds"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong, message):
    with pytest.raises(FaultError) as raised:
        Faults(**wrong)
    assert str(raised.value).startswith(message)


def test_it_says_the_options_that_state_it():
    assert str(Faults()) == ""
    assert str(EVERYTHING) == (
        "--throttle ModifyRule=0.5/3 --throttle *=0/0 --delay Describe*=1.5 --lose-reply ModifyRule=2 --expire-token 0 "
        "--late-weights 3 --late-reads 2 --kill v2=1 --slow-boot 4 --flap v2=12 --metrics-lag 90 --metrics-gone"
    )


def test_what_is_written_is_read_and_nothing_written_is_no_fault(tmp_path):
    assert read(tmp_path) == Faults()
    for faults in (EVERYTHING, Faults(throttle=AWS_LIMITS), Faults()):
        write(tmp_path, faults)
        assert read(tmp_path) == faults
    write(tmp_path, EVERYTHING)
    forget(tmp_path)
    assert read(tmp_path) == Faults()


def test_what_is_stated_again_is_another_statement(tmp_path):
    stated = Stated(tmp_path)
    write(tmp_path, EVERYTHING)
    first = stated.now()
    assert stated.now() is first
    write(tmp_path, EVERYTHING)
    second = stated.now()
    assert second == first
    assert second is not first
    forget(tmp_path)
    assert stated.now() == Faults()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ('{"dealy": {}}', "there is no fault dealy"),
        ('{"slow_boot": -1}', "--slow-boot -1"),
        ("[]", "is no set of faults"),
        ('{"throttle": {"*": 1}}', "is no set of faults"),
        ('{"delay": 3}', "is no set of faults"),
    ],
)
def test_what_somebody_else_wrote_is_named_and_changes_nothing(tmp_path, caplog, text, message):
    stated = Stated(tmp_path)
    write(tmp_path, EVERYTHING)
    stated.now()
    (tmp_path / FILE).write_text(text)
    with caplog.at_level(logging.ERROR):
        assert stated.now() == EVERYTHING
        assert stated.now() == EVERYTHING
    (said,) = caplog.messages
    assert message in said


NUMBERS = st.integers(0, 10_000).map(lambda n: n / 100)
VERSIONS = st.from_regex(r"[a-z][a-z0-9.-]{0,20}", fullmatch=True)
FAULTS = st.builds(
    Faults,
    throttle=st.dictionaries(st.sampled_from(["*", "ModifyRule", "ec2:*"]), st.tuples(NUMBERS, NUMBERS)),
    delay=st.dictionaries(st.sampled_from(["Describe*", "ModifyRule"]), NUMBERS),
    lose_reply=st.dictionaries(st.sampled_from(["Describe*", "ModifyRule"]), st.integers(1, 99)),
    expire_token=st.none() | st.integers(0, 99),
    late_weights=NUMBERS,
    late_reads=NUMBERS,
    kill=st.dictionaries(VERSIONS, st.integers(1, 99)),
    slow_boot=NUMBERS,
    flap=st.dictionaries(VERSIONS, NUMBERS.map(lambda n: n + 1)),
    metrics_lag=NUMBERS,
    metrics_gone=st.booleans(),
)


@given(FAULTS)
def test_the_options_that_it_says_state_it_again(faults):
    given: dict = {"throttle": [], "delay": [], "lose_reply": [], "kill": [], "flap": []}
    words = iter(str(faults).split())
    for word in words:
        name = word.removeprefix("--").replace("-", "_")
        if name == "metrics_gone":
            given[name] = True
        elif name in given:
            given[name].append(next(words))
        else:
            value = float(next(words))
            given[name] = int(value) if name == "expire_token" else value
    assert fault_options.faults(**given) == faults
