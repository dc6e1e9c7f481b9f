"""The house's own rules: sizes, names, and papers that must agree with the code."""

import ast
import re
from pathlib import Path

import pytest

from bot.settings import Settings
from bot.slack.manifest import manifest_text
from commands.table import VERBS

ROOT = Path(__file__).parent.parent
CODE = sorted(path for floor in ("planner", "commands", "integrations", "bot") for path in (ROOT / floor).rglob("*.py"))
PAPERS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*/README.md")])
MOST_LINES = 400
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_are_small():
    long = {relative(path): size for path in CODE if (size := len(path.read_text("utf-8").splitlines())) > MOST_LINES}
    assert not long


def test_names_tell_something():
    assert not [relative(path) for path in CODE if path.stem in EMPTY_NAMES]


def test_every_module_says_why_it_is_a_file():
    silent = [relative(path) for path in CODE if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent


def test_nothing_is_left_open():
    open_ends = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    assert not [relative(path) for path in CODE if open_ends.search(path.read_text("utf-8"))]


def test_the_slack_manifest_is_made_from_the_table():
    assert (ROOT / "slack" / "manifest.yaml").read_text("utf-8") == manifest_text()


def test_every_setting_is_explained():
    page = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert not [name for name in Settings.model_fields if f"`{name}`" not in page and f"`{name}." not in page]


def test_every_verb_is_in_the_table_and_has_three_examples():
    for verb in VERBS:
        assert len(set(verb.usage.examples)) == 3
        assert verb.usage.line.endswith(".")


@pytest.mark.parametrize("paper", PAPERS, ids=relative)
def test_links_lead_somewhere(paper):
    text = re.sub(r"```.*?```", "", paper.read_text("utf-8"), flags=re.DOTALL)
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in target]
    assert not [target for target in targets if target and not (paper.parent / target).exists()]


def test_pins_name_no_registry():
    text = (ROOT / "constraints.txt").read_text("utf-8")
    assert "://" not in text
    assert "--hash=sha256:" in text
