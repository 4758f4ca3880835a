"""The demo: real releases on the rehearsal cloud under constant load, each step a real `pulumi up`.

`python -m rehearsal demo` (or `make demo`). Out: the story on the terminal, and in `.sluice/demo/` summary.json,
report.html and each command's whole output. Exit code 0 only when every step ended as told and no request was dropped.
"""

import json
import re
import shutil
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from rehearsal import engine, report
from rehearsal.load import Answer, Load, dropped
from rehearsal.stage import Done, Stage

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".sluice" / "demo"
STACK = "demo"
RATE = 200.0  # requests a second
READY = 12  # seconds a slice may take to become healthy; short, so that the broken release is refused soon
# The engine shows a line when it is logged, with the resource in front, and once more at the end.
TOLD = re.compile(r"(?:running |\(\d+s\) )((?:walk |moved:|\S+: (?:\d+ of |waiting)).*)|error: (before hook.*)")
WAITED = re.compile(r"healthy.*(?: · (\d+) s of |after (\d+) s\.)")


@dataclass
class Demo:
    """One run: the stage it plays on, and what came of each step."""

    stage: Stage
    console: Console
    steps: list[report.Step] = field(default_factory=list)
    failed: bool = False

    def step(self, name: str, act: Callable[[], Done], expect: int = 0) -> Done:
        """Play one step; a command that does not end as *expect* says (0 or not) fails the demo."""
        self.console.print(f"\n[bold]{len(self.steps) + 1}. {name}[/bold]")
        at = time.time()
        done = act()
        as_told = (done.code == 0) == (expect == 0)
        waited = max((int(a or b) for a, b in WAITED.findall(done.text)), default=0)
        verdict = "unexpected" if not as_told else "refused" if expect else "done"
        self.steps.append(report.Step(name, at, done.seconds, waited, verdict))
        self.failed |= not as_told
        style = "green" if as_told else "red"
        self.console.print(f"   [{style}]{verdict}[/{style}] in {done.seconds:.1f} s ({waited} s waiting for health)")
        if not as_told:
            self.console.print(done.text, markup=False)
        return done

    def check(self, what: str, true: bool) -> None:
        """Tell a fact that must hold."""
        self.failed |= not true
        mark = "[green]✓[/green]" if true else "[red]✗[/red]"
        self.console.print(f"   {mark} {what}")


def main() -> int:
    """Play it; the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        engine.ensure(console.print)
    except engine.EngineError as error:
        console.print(f"error: {error}", markup=False)
        return 1
    with (FOLDER / "output.log").open("w") as log:
        stage = Stage(ROOT, FOLDER / "cloud", STACK, _teller(console, log))
        try:
            return _play(Demo(stage, console))
        except KeyboardInterrupt:
            console.print("stopped; the demo's cloud is taken down")
            return 130
        finally:
            stage.rehearsal("down")
            (ROOT / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)


def _play(demo: Demo) -> int:
    stage = demo.stage
    if stage.rehearsal("up").code:
        return 1
    _set_up(stage)
    images = {version: stage.image(version, *_service(broken=version == "v3")) for version in ("v1", "v2", "v3", "v4")}
    releases = {"v1": {"ami": images["v1"]}}
    demo.step("v1 is the first release", lambda: _up(stage, releases, "v1"))
    url = stage.run("pulumi", "stack", "output", "url").text.strip()
    load = Load(url, connections=8, rate=RATE)
    load.start()
    demo.console.print(f"   from here on {RATE:g} requests a second, kept alive, none retried: {url}")
    try:
        _story(demo, releases, images, url, load)
    finally:
        answers = load.stop()
    return _close(demo, answers)


def _story(demo: Demo, releases: dict[str, Any], images: Mapping[str, str], url: str, load: Load) -> None:
    stage = demo.stage
    releases["v2"] = {"ami": images["v2"]}
    demo.step("v2 is released", lambda: _up(stage, releases, "v2"))
    demo.check("every answer is v2's now", _serving(load) == {"v2"})
    releases["v3"] = {"ami": images["v3"]}
    demo.step("v3, whose health endpoint fails, is refused", lambda: _up(stage, releases, "v3"), expect=1)
    demo.check("v2 keeps serving", _serving(load) == {"v2"})
    del releases["v3"]
    releases["v4"] = {"ami": images["v4"]}
    demo.step("v4 is released, v3 goes", lambda: _up(stage, releases, "v4"))
    demo.check("every answer is v4's now", _serving(load) == {"v4"})
    back = ("-m", "ops", "rollback", "--stack", STACK)
    demo.step("rollback to the release before", lambda: stage.run(sys.executable, *back))
    demo.check("every answer is v2's again", _serving(load) == {"v2"})
    demo.check("the isolation route reaches v4, which has no share (X-Slice: v4)", _isolated(url, "v4") == "v4")
    del releases["v1"]
    demo.step("v1, the oldest, is retired", lambda: _up(stage, releases, "v2"))
    status = stage.run(sys.executable, "-m", "ops", "status", "--stack", STACK)
    demo.check("`ops status`: live is what is declared, and healthy", status.code == 0)


def _close(demo: Demo, answers: list[Answer]) -> int:
    lost = dropped(answers)
    demo.console.print()
    report.show(demo.console, demo.steps, answers, lost)
    report.write_summary(FOLDER / "summary.json", demo.steps, answers, lost)
    report.write_page(FOLDER / "report.html", demo.steps, answers, lost)
    demo.console.print(f"\nreport: {FOLDER / 'report.html'}\nsummary: {FOLDER / 'summary.json'}")
    for answer in lost[:5]:
        demo.console.print(f"dropped: {answer}", markup=False)
    if lost or demo.failed:
        demo.console.print("[red]the demo FAILED[/red]")
        return 1
    return 0


def _set_up(stage: Stage) -> None:
    """The stack as a user makes it: `pulumi stack init`, then the config of the first release."""
    (stage.root / f"Pulumi.{STACK}.yaml").unlink(missing_ok=True)
    made = stage.run("pulumi", "stack", "init", STACK)
    if made.code:
        raise SystemExit(made.text)
    stage.configure(
        platform="aws",
        service={"name": "demo", "port": 8080, "health": "/healthz", "size": 2, "drain": "5s"},
        listener={"internal": True},
        rollout={"ready": f"{READY}s"},
    )


def _service(broken: bool) -> list[str]:
    """The sample service's command, on Node where there is one; *broken*: its health endpoint answers 503."""
    folder = Path(__file__).parent / "sample"
    node = shutil.which("node")
    command = [node, str(folder / "server.js")] if node else [sys.executable, str(folder / "server.py")]
    return ["env", "FAIL_HEALTH=1", *command] if broken else command


def _up(stage: Stage, releases: Mapping[str, Any], version: str) -> Done:
    stage.configure(releases={**releases}, traffic={version: 100})
    return stage.up("--stack", STACK)


def _serving(load: Load) -> set[str]:
    """Whose answers came to requests that were sent in the second after now."""
    since = time.time()
    time.sleep(1.5)
    return {answer.version for answer in load.answers if answer.at >= since}


def _isolated(url: str, version: str) -> str:
    with urllib.request.urlopen(urllib.request.Request(url, headers={"X-Slice": version}), timeout=5) as answer:
        return json.load(answer)["version"]


def _teller(console: Console, log: Any) -> Callable[[str], None]:
    """Writes every line to *log*, and shows those that tell the story, once."""
    last = ""

    def tell(line: str) -> None:
        nonlocal last
        log.write(f"{line}\n")
        log.flush()
        story = TOLD.search(line)
        what = (story[1] or story[2]) if story else ""
        if what and what != last:
            last = what
            console.print(f"   {what}", markup=False, style="dim")

    return tell
