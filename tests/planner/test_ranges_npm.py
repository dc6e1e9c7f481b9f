"""Ranges against npm's own `semver`: a fixture of hard cases, and random texts where Node and the package are there."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from planner.ranges import Range, RangeError
from planner.ranges_grammar import RangeError as GrammarError
from planner.ranges_grammar import refuse_lookalikes
from tests.planner.range_texts import RangeTexts

FIXTURE = Path(__file__).parent.parent / "fixtures" / "ranges" / "npm_semver.json"
ORACLE = Path(__file__).parent / "npm_semver.js"
MODULES = os.environ.get("ROLLBOT_NPM_MODULES")
TEXTS = int(os.environ.get("ROLLBOT_NPM_TEXTS", "20000"))


def differences(text: str, versions: list[str], answer: dict[str, object]) -> list[str]:
    """Where our range and npm's answer part."""
    try:
        ours = Range.parse(text)
    except RangeError:
        return [] if answer["canonical"] is None else [f"{text!r} is refused; npm reads {answer['canonical']!r}"]
    if answer["canonical"] is None:
        return [f"{text!r} is read as {ours}; npm refuses it"]
    found = [] if str(ours) == answer["canonical"] else [f"{text!r} is {ours}; npm writes {answer['canonical']}"]
    for reading, wide in (("plain", False), ("wide", True)):
        held = set(answer[reading])  # type: ignore[call-overload]
        found += [
            f"{text!r} and {version!r} ({reading})"
            for version in versions
            if ours.contains(version, include_prerelease=wide) != (version in held)
        ]
    return found


def test_hard_cases_are_read_as_npm_reads_them():
    fixture = json.loads(FIXTURE.read_text("utf-8"))
    assert len(fixture["cases"]) > 400
    found = []
    for case in fixture["cases"]:
        versions = [*fixture["common"], *case["others"]]
        found += differences(case["range"], versions, case)
    assert found == []


@pytest.mark.skipif(
    MODULES is None or shutil.which("node") is None,
    reason="needs Node, and ROLLBOT_NPM_MODULES naming the node_modules folder that holds npm's semver",
)
@pytest.mark.timeout(600)
def test_random_ranges_are_read_as_npm_reads_them():
    texts = RangeTexts(seed=int(os.environ.get("ROLLBOT_NPM_SEED", "1")))
    asked = [(text, texts.versions(text)) for text in (texts.range() for _ in range(TEXTS)) if _is_npms(text)]
    lines = "".join(json.dumps({"range": text, "versions": versions}) + "\n" for text, versions in asked)
    environment = {**os.environ, "NODE_PATH": str(MODULES)}
    done = subprocess.run(["node", ORACLE], input=lines, env=environment, capture_output=True, text=True, check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked)
    found = [
        line for (text, versions), answer in zip(asked, answers, strict=True) for line in differences(text, versions, answer)
    ]
    assert found == []


def _is_npms(text: str) -> bool:
    """`~=` and `==` are left out: npm reads them, we refuse them as Python's."""
    try:
        refuse_lookalikes(text)
    except GrammarError:
        return False
    return True
