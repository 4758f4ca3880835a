"""The files that a CI service reads: what they call exists, and they may do no more than they have to.

Whether GitHub would take them at all, actionlint says, in tests/test_actionlint.py.
"""

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from ops.cli import app

ROOT = Path(__file__).resolve().parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PREVIEW = ROOT / ".github" / "workflows" / "preview.yml"
CODESHIP = ROOT / "deploy" / "codeship"
PINNED = re.compile(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}")
ON_A_STACK = ("release", "drift")

per_workflow = pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)


@cache
def loaded(file: Path) -> Any:
    return YAML(typ="safe").load(file)


def steps(file: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(file)["jobs"].values() for step in job["steps"]]


def commands(file: Path) -> list[list[str]]:
    """Each line that a step runs, as words."""
    lines = [line for step in steps(file) for line in step.get("run", "").replace("\\\n", " ").splitlines()]
    return [shlex.split(line, posix=False) for line in lines if line.strip()]


def test_there_are_the_four():
    assert [file.stem for file in WORKFLOWS] == ["check", "drift", "preview", "release"]


@per_workflow
def test_each_verb_and_flag_is_there(file):
    for words in commands(file):
        if "ops" in words:
            verb, arguments = get_command(app), words[words.index("ops") + 1 :]
            while there := getattr(verb, "commands", None):
                name, *arguments = arguments
                verb = cast(Any, there)[name]
            verb.make_context(verb.name, ["1" if one == '"$NUMBER"' else one for one in arguments])


@per_workflow
def test_each_target_of_make_is_there(file):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for words in commands(file) if words[0] == "make" for word in words[1:]} <= targets


@per_workflow
def test_each_action_is_pinned_by_its_digest(file):
    used = [step["uses"] for step in steps(file) if "uses" in step]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@per_workflow
def test_it_may_read_the_code_and_only_what_else_it_needs(file):
    may = loaded(file)["permissions"]
    assert may.pop("contents") == "read"
    needed = {"check": {}, "preview": {"id-token": "write", "pull-requests": "write"}}
    assert may == needed.get(file.stem, {"id-token": "write"})
    assert all(
        step["with"]["persist-credentials"] is False for step in steps(file) if "checkout@" in step.get("uses", "")
    )


@per_workflow
def test_nothing_that_others_write_is_put_into_a_script(file):
    assert [step["run"] for step in steps(file) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", ON_A_STACK)
def test_a_run_on_the_stack_waits_for_the_one_before(name):
    file = next(one for one in WORKFLOWS if one.stem == name)
    assert loaded(file)["concurrency"] == {"group": "stack-${{ vars.SLUICE_STACK }}", "cancel-in-progress": False}


def test_a_release_asks_first_and_recovers_whatever_happened():
    (file,) = [one for one in WORKFLOWS if one.stem == "release"]
    (job,) = loaded(file)["jobs"].values()
    assert job["environment"] == "production"
    assert job["steps"][-1] == {"if": "always()", "run": ".venv/bin/python -m ops recover"}


def test_codeship_pushes_the_tag_that_the_receiver_waits_for():
    steps = loaded(CODESHIP / "codeship-steps.yml")
    (push,) = [step for step in steps if step.get("type") == "push"]
    assert push["image_tag"] == "main-{{ .CommitID }}"
    assert push["service"] in loaded(CODESHIP / "codeship-services.yml")
    assert 'commit_tag: "main-{commit}"' in (CODESHIP / "codeship-steps.yml").read_text()


GH = """\
#!/bin/sh
printf '%s\\n' "$*" >>calls
case "$*" in *--paginate*) cat comments ;; esac
"""


@pytest.mark.parametrize(
    ("comments", "call"),
    [
        ("", "api --method POST repos/acme/shop/issues/12/comments --field body=@plan.md --silent"),
        ("7\n9\n", "api --method PATCH repos/acme/shop/issues/comments/7 --field body=@plan.md --silent"),
    ],
)
def test_a_pull_request_has_one_comment_which_is_updated(tmp_path, comments, call):
    """The step itself, with a stand-in for GitHub's command line."""
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "comments").write_text(comments)
    script = steps(PREVIEW)[-1]["run"]
    surroundings = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REPOSITORY": "acme/shop", "NUMBER": "12"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=surroundings, check=True)
    listed, written = (tmp_path / "calls").read_text().splitlines()
    assert listed.startswith("api repos/acme/shop/issues/12/comments --paginate --jq .[] | select(.body | startswith(")
    assert written == call


def test_what_begins_the_comment_is_what_it_is_found_by():
    *_, write, find = (step["run"] for step in steps(PREVIEW) if "run" in step)
    assert "printf '<!-- sluice -->\\n'" in write
    assert 'startswith("<!-- sluice -->")' in find


@pytest.mark.parametrize("name", ["slice", "close"])
def test_previews_are_built_one_after_another_by_the_code_of_the_branch_they_go_to(name):
    job = loaded(PREVIEW)["jobs"][name]
    assert job["concurrency"] == {"group": "previews-${{ vars.SLUICE_STACK }}", "cancel-in-progress": False}
    assert job["environment"] == "preview"
    assert job["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.ref }}"
    assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]


@per_workflow
def test_whatever_looks_at_the_stack_knows_the_previews_that_stand(file):
    """Else a run from git, which lists none, would take them away."""
    for job in loaded(file)["jobs"].values():
        runs = [step.get("run", "") for step in job["steps"]]
        on_stack = [
            i for i, run in enumerate(runs) if re.search(r"pulumi (up|preview)|ops (plan|preview (open|close))", run)
        ]
        fetches = [i for i, run in enumerate(runs) if "ops preview fetch" in run]
        assert not on_stack or fetches[0] < on_stack[0]
