"""What the documents show is what the project has."""

import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from components.config_docker import Container, Docker
from components.config_model import Document, Listener, Network, Rollout, Service
from components.config_previews import Preview, Previews
from components.naming import isolation_value
from components.settings import parse
from ops.cli import app
from pipeline import settings as pipeline
from pipeline.page.password import hashed
from rehearsal import cli as rehearsal
from rehearsal import fault_options
from rollout.journal import Entry
from tests.configs import AMI, dev_config
from tests.long import LONG

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
RELIABILITY = (ROOT / "docs" / "reliability.md").read_text()
REHEARSAL = (ROOT / "docs" / "rehearsal.md").read_text()
ADOPTION = (ROOT / "docs" / "adoption.md").read_text()
PIPELINE = (ROOT / "docs" / "pipeline.md").read_text()
DEV = (ROOT / "Pulumi.dev.yaml").read_text()


def test_the_readme_shows_the_help_of_ops():
    shown = re.search(r"<!-- ops-help -->\n```\n(.*?)```\n<!-- /ops-help -->", README, re.DOTALL)
    assert shown is not None
    help_ = subprocess.run(
        [sys.executable, "-m", "ops", "--help"],
        cwd=ROOT,
        env={"PATH": "", "COLUMNS": "100", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert help_.stdout.strip() == shown[1].strip()


@pytest.mark.parametrize("key", [field.alias or name for name, field in Document.model_fields.items()])
def test_every_key_is_explained_in_the_dev_stack_and_declared_in_the_schema(key):
    assert re.search(rf"^  (# )?sluice:{key}:", DEV, re.MULTILINE)
    declared = YAML(typ="safe").load(ROOT / "Pulumi.yaml")["config"]
    assert key in {*declared, "salt", "journal"}  # the schema cannot say of a text that it may be absent


def test_every_key_of_every_model_stands_in_the_dev_stack():
    models = (Service, Network, Listener, Rollout, Docker, Container, Previews, Preview)
    keys = [key for model in models for key in model.model_fields]
    assert [key for key in keys if not re.search(rf"\b{key}:", DEV)] == []


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", ADOPTION, re.DOTALL))
def test_each_config_of_the_guide_to_adoption_is_taken(example):
    keys = YAML(typ="safe").load(example)["config"]
    settings = parse(dev_config(**{key.removeprefix("sluice:"): value for key, value in keys.items()}))
    assert settings.releases[0].external


def test_the_settings_that_the_page_on_the_pipeline_shows_are_taken_and_all_there_are(tmp_path):
    (example,) = re.findall(r"```yaml\n(.*?)```", PIPELINE, re.DOTALL)
    for name in ("github", "dockerhub", "codeship", "generic", "github-token"):
        (tmp_path / name).write_text("0123456789abcdef" * 3)
    (tmp_path / "anna").write_text(hashed("correct horse battery"))
    raw = YAML(typ="safe").load(example.replace("/etc/sluice/", ""))
    pipeline.parse(raw, tmp_path)
    assert set(raw["services"]["shop"]) == set(pipeline.Service.model_fields)
    assert set(raw["page"]) == {"url", "operators", "readers"}


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{one.name}" for one in sorted((ROOT / "docs").glob("*.md")))])
def test_every_verb_that_a_page_names_is_there(page):
    verbs, text = cast(Any, get_command(app)).commands, (ROOT / page).read_text()
    assert set(re.findall(r"python -m ops ([a-z]+)", text)) <= verbs.keys()
    assert set(re.findall(r"ops preview ([a-z]+)", text)) <= verbs["preview"].commands.keys()


def test_the_operators_guide_names_every_field_of_the_journal():
    (shown,) = re.findall(r"```\n(run, service.*?)```", (ROOT / "docs/operator.md").read_text(), re.DOTALL)
    named = [name for line in shown.splitlines() for name in line.partition("  ")[0].split(", ")]
    assert sorted(named) == sorted(one.name for one in fields(Entry))


@pytest.mark.parametrize("said", sorted(set(re.findall(r"`(tests/[^`]+::[^`]+)`", RELIABILITY))))
def test_each_test_that_the_page_on_reliability_names_is_there(said):
    file, _, name = said.partition("::")
    assert f"\ndef {name}(" in (ROOT / file).read_text()


def test_the_page_on_reliability_has_all_twenty_incidents_each_with_a_thread_and_a_test():
    rows = re.findall(r"^\| (\d+) \| \[.+\]\(https://\S+\) \| .*`tests/\S+::\S+` \|$", RELIABILITY, re.MULTILINE)
    assert rows == [str(number) for number in range(1, 21)]


@pytest.mark.parametrize("row", re.findall(r"^\| \d+ \| .*$", RELIABILITY, re.MULTILINE))
def test_each_incident_has_a_test_that_is_not_left_to_the_long_run(row):
    assert not all(test.startswith(LONG) for test in re.findall(r"`tests/([^`]+::[^`]+)`", row))


@pytest.mark.parametrize("line", re.findall(r"^    python -m rehearsal (.+?)(?: *#.*)?$", REHEARSAL, re.MULTILINE))
def test_each_verb_and_fault_of_the_page_on_the_rehearsal_is_taken(line):
    verb, *arguments = shlex.split(line)
    command = cast(Any, get_command(rehearsal.app)).commands[verb]
    given = command.make_context(verb, arguments).params
    if verb == "faults":
        given.pop("home")
        fault_options.faults(**given)


@pytest.mark.parametrize("path", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_a_link_of_the_readme_leads_somewhere(path):
    assert (ROOT / path).exists()


def test_the_page_on_previews_shows_how_to_make_the_header_and_takes_its_own_config():
    page = (ROOT / "docs" / "previews.md").read_text()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    key = YAML(typ="safe").load(example)["sluice:previews"]
    two = {version: {"ami": AMI} for version in ("v42", "v43")}
    assert parse(dev_config(releases=two, traffic={"v42": 100}, previews=key)).previews.open["v43"].pull == 12
    (digits,) = re.findall(r'\$VERSION-(\$\(printf .*\))" "', page)
    script = f'VERSION=v43 SALT=0123456789abcdef; printf %s "$VERSION-{digits}"'
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == isolation_value("v43", "0123456789abcdef")
