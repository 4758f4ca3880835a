"""The stage: what needs no engine; the rest is what the end-to-end tests stand on."""

import pytest

from rehearsal.cloud.faults import FaultError, Faults, read
from rehearsal.stage import Stage


def test_it_states_faults_whole_as_the_command_does(tmp_path):
    stage = Stage(tmp_path, tmp_path, "dev")
    stage.faults(late_weights=3.0, kill={"v2": 1})
    stage.faults(delay={"ModifyRule": 2.0})
    assert read(tmp_path) == Faults(delay={"ModifyRule": 2.0})
    with pytest.raises(FaultError, match="--delay"):
        stage.faults(delay={"ModifyRules": 2.0})
    assert read(tmp_path) == Faults(delay={"ModifyRule": 2.0})
    stage.faults()
    assert read(tmp_path) == Faults()
