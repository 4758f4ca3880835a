"""The rehearsal's environment: nothing of the caller's AWS and Pulumi gets in, the stand-ins come first."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rehearsal import engine
from rehearsal.cloud.children import child
from rehearsal.docker import record
from rehearsal.environment import BIN, DOCKER, HOST, environment


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "cloud"


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PATH of one empty folder and no cached engine."""
    monkeypatch.setenv("PATH", str(tmp_path / "usual"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "pulumi"))
    monkeypatch.delenv("DOCKER_HOST", raising=False)


def executable(folder: Path, name: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("#!/bin/sh\necho v3.259.0\n")
    (folder / name).chmod(0o755)
    return folder


def path(home: Path) -> list[str]:
    return environment(home)["PATH"].split(os.pathsep)


def test_no_variable_of_the_callers_aws_or_pulumi_gets_in(home: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "PULUMI_ACCESS_TOKEN", "PULUMI_STACK"):
        monkeypatch.setenv(name, "real")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://real")
    monkeypatch.setenv("EDITOR", "kept")
    given = environment(home)
    assert "real" not in " ".join(given.values())
    assert given["EDITOR"] == "kept"


def test_the_stacks_are_kept_in_the_clouds_own_folder(home: Path):
    given = environment(home)
    assert given["PULUMI_BACKEND_URL"] == f"file://{home}/backend"
    assert given["PULUMI_HOME"] == f"{home}/pulumi-home"
    assert given["SLUICE_REHEARSAL"] == str(home)


def test_the_callers_profiles_are_out_of_reach(home: Path):
    given = environment(home)
    assert not Path(given["AWS_CONFIG_FILE"]).exists()
    assert not Path(given["AWS_SHARED_CREDENTIALS_FILE"]).exists()


def test_while_the_cloud_is_down_there_is_no_endpoint(home: Path):
    assert "AWS_ENDPOINT_URL" not in environment(home)


@pytest.mark.parametrize("text", ["", "{", "{}"])
def test_a_state_file_without_an_endpoint_is_a_cloud_that_is_down(home: Path, text: str):
    home.mkdir()
    (home / "state.json").write_text(text)
    assert "AWS_ENDPOINT_URL" not in environment(home)


def test_while_it_is_up_its_endpoint_is_the_only_one(home: Path):
    home.mkdir()
    (home / "state.json").write_text(json.dumps({"endpoint": "http://127.0.0.1:5000"}))
    assert environment(home)["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"


def test_no_proxy_stands_before_loopback(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NO_PROXY", "internal.example")
    monkeypatch.delenv("no_proxy", raising=False)
    given = environment(home)
    assert given["NO_PROXY"] == "internal.example,127.0.0.1,localhost"
    assert given["no_proxy"] == "127.0.0.1,localhost"


def test_stand_ins_come_first_then_the_engine_then_this_python_then_the_callers(home: Path, tmp_path: Path):
    built = executable(engine.built(), "pulumi")
    python = Path(sys.executable).parent
    assert path(home) == [str(BIN), str(DOCKER), str(HOST), str(built), str(python), str(tmp_path / "usual")]


def test_without_an_engine_its_folder_is_missing(home: Path, tmp_path: Path):
    assert path(home) == [str(BIN), str(DOCKER), str(HOST), str(Path(sys.executable).parent), str(tmp_path / "usual")]


def test_beside_the_official_language_host_the_stand_in_is_left_out(home: Path):
    official = executable(engine.official(), "pulumi")
    executable(official, "pulumi-language-python")
    assert path(home)[:3] == [str(BIN), str(DOCKER), str(official)]
    assert str(HOST) not in path(home)


def test_an_installed_docker_plugin_is_used_rather_than_the_stand_in(home: Path, tmp_path: Path):
    for version in ("4.9.0", "5.2.0", "5.10.0"):
        executable(tmp_path / "pulumi" / "plugins" / f"resource-docker-v{version}", "pulumi-resource-docker")
    (tmp_path / "pulumi" / "plugins" / "resource-docker-v5.11.0").mkdir()  # half installed
    assert path(home)[1] == str(tmp_path / "pulumi" / "plugins" / "resource-docker-v5.10.0")
    assert str(DOCKER) not in path(home)


def test_a_docker_plugin_on_path_stays_where_it_is(home: Path, tmp_path: Path):
    executable(tmp_path / "usual", "pulumi-resource-docker")
    assert path(home) == [str(BIN), str(HOST), str(Path(sys.executable).parent), str(tmp_path / "usual")]


def test_a_docker_host_elsewhere_does_not_get_in(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", "ssh://deploy@production")
    assert "DOCKER_HOST" not in environment(home)
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/mine.sock")
    assert environment(home)["DOCKER_HOST"] == "unix:///run/mine.sock"


def test_the_homes_own_docker_daemon_comes_first(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("DOCKER_HOST", "unix:///run/mine.sock")
    record.folder(home).mkdir(parents=True)
    record.write(home, record.Record(child(os.getpid()), "unix:///run/ours.sock", "br"))
    assert environment(home)["DOCKER_HOST"] == "unix:///run/ours.sock"
    record.write(home, record.Record(replace(child(os.getpid()), born=1.0), "unix:///run/ours.sock", "br"))  # dead
    assert environment(home)["DOCKER_HOST"] == "unix:///run/mine.sock"


def test_it_is_the_same_when_made_within_itself(home: Path, monkeypatch: pytest.MonkeyPatch):
    executable(engine.built(), "pulumi")
    outside = environment(home)
    monkeypatch.setenv("PATH", outside["PATH"])
    assert environment(home)["PATH"] == outside["PATH"]
