"""The language host's stand-in under the real engine: programs run, fail, are interrupted, and leave no process."""

import os
import signal
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rehearsal.stage import UP, Stage
from tests.e2e.conftest import of_home, ok
from tests.patience import PATIENCE, eventually

GRACE = 5.0  # seconds between SIGINT and SIGKILL
PREVIEW = ("pulumi", "preview", "--non-interactive", "--color", "never")
REFRESH = ("pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive", "--color", "never")
DESTROY = ("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive", "--color", "never")

STASH = """
    import pulumi
    import mine

    pulumi.export("kept", pulumi.Stash("kept", input={"said": mine.said(), "secret": mine.secret()}).output)
"""
MINE = """
    import pulumi

    def said():
        return pulumi.Config("host").require("said")

    def secret():
        return pulumi.Config("host").require_secret("secret")
"""
WAITS = """
    import signal
    import threading
    from pathlib import Path

    import pulumi

    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())

    def walk(_):
        Path("begun").touch()
        stop.wait(600)
        Path("restored").touch()
        raise RuntimeError("put back, as you asked")

    hooks = pulumi.ResourceHookBinding(before_create=[pulumi.ResourceHook("walk", walk)])
    pulumi.Stash("traffic", input=1, opts=pulumi.ResourceOptions(hooks=hooks))
"""
SLEEPS = """
    import time
    from pathlib import Path

    Path("begun").touch()
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        Path("restored").touch()
        raise
"""
STUBBORN = """
    import signal
    import time
    from pathlib import Path

    signal.signal(signal.SIGINT, lambda *_: Path("asked").touch())
    Path("begun").touch()
    until = time.monotonic() + 600
    while time.monotonic() < until:
        time.sleep(1)
"""


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Stage]:
    """A project of its own with a stack; at the end nothing of it runs."""
    project = Stage(tmp_path / "project", tmp_path / "home", "dev")
    project.root.mkdir()
    (project.home / "backend").mkdir(parents=True)
    (project.root / "Pulumi.yaml").write_text("name: host\nruntime: python\n")
    ok(project.run("pulumi", "stack", "init", "dev"))
    yield project
    eventually(lambda: of_home(project.home) == [], "nothing of it runs", log=lambda: "\n".join(of_home(project.home)))


def write(project: Stage, program: str, **modules: str) -> None:
    """Make *program* the project's, with *modules* beside it."""
    for name, text in {"__main__": program, **modules}.items():
        (project.root / f"{name}.py").write_text(textwrap.dedent(text))


def interrupted(project: Stage, by: signal.Signals) -> tuple[int, float, str]:
    """Run `up`, send the engine a signal once the program has begun; exit code, seconds from then on, output."""
    with project.running(*UP) as process:
        eventually((project.root / "begun").exists, "the program has begun")
        sent = time.monotonic()
        os.kill(process.pid, by)
        text, _ = process.communicate(timeout=PATIENCE)
        return process.returncode, time.monotonic() - sent, text


def test_an_empty_program_goes_up_and_away(project: Stage):
    write(project, "")
    for command in (PREVIEW, UP, PREVIEW, REFRESH, DESTROY):
        ok(project.run(*command))


def test_a_stash_made_with_config_and_a_module_of_the_project_lives_through_it_all(project: Stage):
    write(project, STASH, mine=MINE)
    ok(project.run("pulumi", "config", "set", "said", "hello"))
    ok(project.run("pulumi", "config", "set", "--secret", "secret", "sesame"))
    assert "+ 2 to create" in ok(project.run(*PREVIEW))
    assert "+ 2 created" in ok(project.run(*UP))
    shown = ok(project.run("pulumi", "stack", "output", "--json"))
    assert "sesame" not in shown
    assert "sesame" in ok(project.run("pulumi", "stack", "output", "--json", "--show-secrets"))
    assert "2 unchanged" in ok(project.run(*PREVIEW))
    assert "2 unchanged" in ok(project.run(*REFRESH))
    assert "- 2 deleted" in ok(project.run(*DESTROY))


def test_what_a_program_prints_is_shown(project: Stage):
    write(project, "print('hello from the program')")
    assert "hello from the program" in ok(project.run(*UP))


def test_a_run_error_is_shown_without_a_traceback(project: Stage):
    write(project, "import pulumi\nraise pulumi.RunError('sluice:service.port: 0 is no port')")
    done = project.run(*PREVIEW)
    assert done.code != 0
    assert "error: sluice:service.port: 0 is no port" in done.text
    assert "Traceback" not in done.text


def test_an_exception_is_shown_from_the_programs_first_line_on(project: Stage):
    write(project, "import mine\nmine.fail()", mine="def fail():\n    raise ValueError('out of paint')")
    done = project.run(*UP)
    assert done.code != 0
    first, *rest = [line.strip() for line in done.text.splitlines() if line.strip().startswith("File ")]
    assert first == f'File "{project.root}/__main__.py", line 2, in <module>'
    assert rest == [f'File "{project.root}/mine.py", line 2, in fail']
    assert "ValueError: out of paint" in done.text
    assert "non-zero exit code" not in done.text


def test_a_program_that_is_not_there_is_named(project: Stage):
    done = project.run(*UP)
    assert done.code != 0
    assert f"unable to find main python program `__main__.py` in `{project.root}`" in done.text


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_lets_a_hook_put_things_back_and_say_so(project: Stage, by: signal.Signals):
    write(project, WAITS)
    code, _, text = interrupted(project, by)
    assert code != 0
    assert (project.root / "restored").exists()
    assert "put back, as you asked" in text


def test_ctrl_c_ends_a_program_without_a_handler_as_ctrl_c_does(project: Stage):
    write(project, SLEEPS)
    code, _, _ = interrupted(project, signal.SIGINT)
    assert code != 0
    assert (project.root / "restored").exists()


def test_a_program_that_does_not_end_is_killed_after_five_seconds(project: Stage):
    write(project, STUBBORN)
    code, seconds, _ = interrupted(project, signal.SIGINT)
    assert code != 0
    assert (project.root / "asked").exists()
    assert seconds > GRACE - 0.5


def test_after_kill_9_of_the_engine_the_program_puts_things_back_and_ends(project: Stage):
    write(project, WAITS)
    interrupted(project, signal.SIGKILL)
    eventually(lambda: of_home(project.home) == [], "program and host are gone")
    assert (project.root / "restored").exists()


def test_after_kill_9_of_the_engine_a_program_that_does_not_end_is_killed(project: Stage):
    write(project, STUBBORN)
    interrupted(project, signal.SIGKILL)
    eventually(lambda: of_home(project.home) == [], "program and host are gone")
    assert (project.root / "asked").exists()
