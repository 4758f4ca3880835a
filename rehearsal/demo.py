"""The demo: real releases under constant load, each step a real `pulumi up`, on a rehearsal cloud or on real Docker.

`python -m rehearsal demo` (or `make demo`), and with `--containers` (`make demo-containers`). Out: the story on the
terminal, and in `.sluice/demo/` or `.sluice/demo-containers/` summary.json, report.html and each command's whole
output. Exit code 0 only when every step ended as told and no request was dropped.
"""

import re
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from rehearsal import engine, report
from rehearsal.clients import serving, told
from rehearsal.load import Answer, Load, dropped, own
from rehearsal.place import Machines, Place, PlaceError
from rehearsal.stage import Done, Stage
from rehearsal.telling import teller

ROOT = Path(__file__).resolve().parent.parent
RATE = 250.0  # requests a second
ROLLOUT = {  # short steps: at this rate the proof takes seconds
    "ready": "30s",
    "steps": [5, 25, 50],
    "bake": "5s",
    "deadline": "5m",
    "prove_by": 25,
    "gates": {"errors": {"allow": 0.5, "tolerate": 1.25, "reject": 2.0}},
}
FAILING = 0.05  # the part of its requests that the bad release answers with 500
WAITED = re.compile(r"healthy.*(?: · (\d+) s of |after (\d+) s\.)")


@dataclass
class Demo:
    """One run: the stage and the place it plays on, the folder of what it leaves, and what came of each step.

    `visits`: those that were made, all of which are to be counted in the database.
    """

    stage: Stage
    place: Place
    folder: Path
    console: Console
    steps: list[report.Step] = field(default_factory=list)
    failed: bool = False
    visits: int = 0

    def step(self, name: str, act: Callable[[], Done], expect: int = 0) -> Done:
        """Play one step; a command that does not end as *expect* says (0 or not) fails the demo."""
        self.console.print(f"\n[bold]{len(self.steps) + 1}. {name}[/bold]")
        at = time.time()
        done = act()
        as_told = (done.code == 0) == (expect == 0)
        waited = max((int(a or b) for a, b in WAITED.findall(done.text)), default=0)
        verdict = "unexpected" if not as_told else "restored" if expect else "done"
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

    def visit(self, url: str) -> None:
        """One visit more: the data outlived whatever came before."""
        self.visits += 1
        try:
            counted = told(f"{url}/visits")["visits"]
        except OSError as error:
            counted = f"none ({error})"
        self.check(f"visits counted in Postgres: {counted}; made: {self.visits}", counted == self.visits)


def main(*, containers: bool = False) -> int:
    """Play it on machines, or on *containers*; the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    place = _place(console, containers)
    folder = ROOT / ".sluice" / place.name
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a CI job's cancel takes everything down too
    place.down(Stage(ROOT, folder / "cloud", place.name))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with (folder / "output.log").open("w") as log:
        stage = Stage(ROOT, folder / "cloud", place.name, teller(console, log))
        try:
            engine.ensure(console.print)
            place.up(stage)
            return _play(Demo(stage, place, folder, console))
        except (engine.EngineError, PlaceError) as error:
            console.print(f"error: {error}", markup=False)
            return 1
        except KeyboardInterrupt:
            console.print("stopped; what the demo started is taken down")
            return 130
        finally:
            place.down(stage)
            (ROOT / f"Pulumi.{place.name}.yaml").unlink(missing_ok=True)


def _place(console: Console, containers: bool) -> Place:
    if not containers:
        return Machines()
    from rehearsal.dockyard import Containers  # noqa: PLC0415  the Docker SDK, which the other demo needs not

    return Containers(lambda text: console.print(text, markup=False, style="dim"))


def _play(demo: Demo) -> int:
    stage, place = demo.stage, demo.place
    _set_up(demo)
    bad = {"v3": {"FAIL": str(FAILING)}}
    entries = {version: place.release(stage, version, **bad.get(version, {})) for version in ("v1", "v2", "v3")}
    releases = {"v1": entries["v1"]}
    demo.step("v1 is the first release", lambda: _up(stage, releases, "v1"))
    url = stage.run("pulumi", "stack", "output", "url").text.strip()
    demo.visit(url)
    load = Load(url, connections=8, rate=RATE)
    load.start()
    demo.console.print(f"   from here on {RATE:g} requests a second, kept alive, none retried: {url}")
    try:
        _story(demo, releases, entries, url, load)
    finally:
        answers = load.stop()
    return _close(demo, answers)


def _story(demo: Demo, releases: dict[str, Any], entries: Mapping[str, Any], url: str, load: Load) -> None:
    stage = demo.stage
    releases["v2"] = entries["v2"]
    demo.step("v2 is released, in steps", lambda: _up(stage, releases, "v2"))
    demo.check("every answer is v2's now", serving(load) == {"v2"})
    demo.visit(url)
    releases["v3"] = entries["v3"]
    found = f"v3 is healthy but fails {100 * FAILING:g} % of its requests: found by evidence"
    demo.step(found, lambda: _up(stage, releases, "v3"), expect=1)
    demo.check("v2 has everything again", serving(load) == {"v2"})
    demo.visit(url)
    demo.check(
        "the isolation route reaches v3, which has no share (X-Slice: v3)",
        told(url, {"X-Slice": "v3"})["version"] == "v3",
    )
    del releases["v3"]
    demo.step("v3 is taken out", lambda: _up(stage, releases, "v2"))
    back = ("-m", "ops", "rollback", "--now", "--stack", stage.stack)
    demo.step("instant rollback to the release before", lambda: stage.run(sys.executable, *back))
    demo.check("every answer is v1's again", serving(load) == {"v1"})
    demo.visit(url)
    status = stage.run(sys.executable, "-m", "ops", "status", "--stack", stage.stack)
    demo.check("`ops status`: live is what is declared, and healthy", status.code == 0)


def _close(demo: Demo, answers: list[Answer]) -> int:
    failed = {id(answer) for answer in dropped(own(answers, "v3"))}
    lost = [answer for answer in dropped(answers) if id(answer) not in failed]
    demo.console.print(f"\nv3 itself failed {len(failed)} of {len(own(answers, 'v3'))} requests that it was given")
    report.show(demo.console, demo.steps, answers, lost)
    report.write_summary(demo.folder / "summary.json", demo.steps, answers, lost)
    report.write_page(demo.folder / "report.html", demo.steps, answers, lost)
    demo.console.print(f"\nreport: {demo.folder / 'report.html'}\nsummary: {demo.folder / 'summary.json'}")
    for answer in lost[:5]:
        demo.console.print(f"dropped: {answer}", markup=False)
    if lost or demo.failed:
        demo.console.print("[red]the demo FAILED[/red]")
        return 1
    return 0


def _set_up(demo: Demo) -> None:
    """The stack as a user makes it: `pulumi stack init`, then the config of the first release."""
    stage = demo.stage
    (stage.root / f"Pulumi.{stage.stack}.yaml").unlink(missing_ok=True)
    made = stage.run("pulumi", "stack", "init", stage.stack)
    if made.code:
        raise PlaceError(made.text.strip())
    own = demo.place.settings()
    service = {"name": "demo", "port": 8080, "health": "/healthz", "size": 2, "drain": "5s", **own.get("service", {})}
    own = {"data": {"postgres": {}}, **own, "service": service}
    stage.configure(**own, rollout=ROLLOUT, journal=str(demo.folder / "journal"))


def _up(stage: Stage, releases: Mapping[str, Any], version: str) -> Done:
    stage.configure(releases={**releases}, traffic={version: 100})
    return stage.up("--stack", stage.stack)
