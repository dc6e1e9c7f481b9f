"""`rollbot plan` as people and programs meet it: a process, its output, its exit status."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.verbs import VERBS
from commands.table import VERBS as SLACK_VERBS
from planner.wire import plan_from_json, plan_to_json

CATALOG = """\
version: 1
services:
  - name: order-service
    depends_on: [payment-service]
    releases:
      - {version: 1.4.1, deployed_at: 2026-10-01, requires: {payment-service: ^2}}
      - {version: 1.4.2, deployed_at: 2026-11-01, requires: {payment-service: ">=2.1 <4"}}
      - {version: 2.0.0, deployed_at: 2026-11-03, requires: {payment-service: ^4}}
  - name: payment-service
    releases:
      - {version: 2.5.0, deployed_at: 2026-10-01}
      - {version: 3.0.0, deployed_at: 2026-10-20, migrations: [{id: "0007", kind: contract}]}
      - {version: 4.0.0, deployed_at: 2026-11-02}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    path = tmp_path / "services.yaml"
    path.write_text(CATALOG, "utf-8")
    return path


def rollbot(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROLLBOT_")}
    command = [sys.executable, "-m", "bot", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env={**inherited, **environment}, timeout=50, check=False)


def test_a_plan_in_words(catalog):
    done = rollbot("plan", "order-service", "--catalog", catalog)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Roll back order-service from 2.0.0 to 1.4.2" in done.stdout
    assert "payment-service" in done.stdout
    assert "/rollback order-service to 1.4.2" in done.stdout


def test_a_plan_in_json_is_the_public_form(catalog):
    done = rollbot("plan", "order-service", "to", "1.4.2", "--catalog", catalog, "--format", "json")
    value = json.loads(done.stdout)
    assert (done.returncode, value["schema"], value["strategy"]) == (0, "rollbot/plan/v1", "partial")
    assert [(move["service"], move["to"]) for move in value["moves"]] == [
        ("order-service", "1.4.2"),
        ("payment-service", "3.0.0"),
    ]
    assert plan_to_json(plan_from_json(value)) == value


def test_the_same_words_in_every_order_and_from_the_environment(catalog):
    first = rollbot("plan", "order-service", "--to", "1.4.2", "--format", "json", "--catalog", catalog)
    again = rollbot("plan", "--format=json", "order-service", "--strategy", "auto", "to", "1.4.2", ROLLBOT_CATALOG=str(catalog))
    assert first.returncode == 0
    assert first.stdout == again.stdout


def test_the_answer_does_not_depend_on_the_hash_seed(catalog):
    words = ("plan", "order-service", "--format", "json", "--catalog", catalog)
    assert rollbot(*words, PYTHONHASHSEED="1").stdout == rollbot(*words, PYTHONHASHSEED="2").stdout


def test_a_refusal_is_an_answer_with_status_one(catalog):
    done = rollbot("plan", "order-service", "to", "1.4.1", "--catalog", catalog, "--format", "json")
    value = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert (value["schema"], value["code"]) == ("rollbot/refusal/v1", "data_loss")
    assert all(isinstance(value[key], list) for key in ("facts", "nearest"))
    accepted = rollbot("plan", "order-service", "to", "1.4.1", "--catalog", catalog, "--accept-data-loss")
    assert accepted.returncode == 0
    assert "0007 (contract)" in accepted.stdout


def test_a_refusal_in_words_names_what_to_type_here(catalog):
    done = rollbot("plan", "order-servic", "--catalog", catalog)
    assert done.returncode == 1
    assert "Did you mean order-service?" in done.stdout
    assert "rollbot plan order-service" in done.stdout
    assert "/rollback" not in done.stdout


def test_a_drawing(catalog):
    done = rollbot("plan", "order-service", "--catalog", catalog, "--format", "mermaid")
    assert (done.returncode, done.stdout[:13]) == (0, "flowchart LR\n")
    refused = rollbot("plan", "nobody", "--catalog", catalog, "--format", "mermaid")
    assert (refused.returncode, refused.stdout[:13]) == (1, "flowchart LR\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "required: SERVICE"),
        (("order-service",), "--catalog PATH"),
        (("order-service", "--catalog", ""), "--catalog PATH"),
        (("order-service", "1.4.2", "--catalog", "x"), "expected SERVICE to VERSION"),
        (("order-service", "to", "--catalog", "x"), "expected SERVICE to VERSION"),
        (("order-service", "to", "1.4.2", "--to", "1.4.1", "--catalog", "x"), "two versions"),
        (("order-service", "--to", " ", "--catalog", "x"), "--to: expected a version"),
        (("order-service", "--strategy", "all", "--catalog", "x"), "invalid choice: 'all'"),
        (("order-service", "--format", "xml", "--catalog", "x"), "invalid choice: 'xml'"),
        (("order-service", "--force", "--catalog", "x"), "--force"),
        (("order-service", "--catalog", "does-not-exist.yaml"), "does-not-exist.yaml: there is no such file"),
    ],
)
def test_bad_usage_is_one_line_and_status_two(words, said):
    done = rollbot("plan", *words)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("rollbot plan: ")
    assert said in line


def test_a_broken_catalog_is_told_line_by_line(catalog):
    catalog.write_text(CATALOG.replace("^2", "'[2,3)'").replace("kind: contract", "knd: contract"), "utf-8")
    done = rollbot("plan", "order-service", "--catalog", catalog)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert lines[0] == "rollbot plan: the catalog has 2 mistakes:"
    assert f"{catalog}:6: services[0].releases[0].requires.payment-service: " in lines[1]
    assert "write '>=2 <3'" in lines[1]
    assert f"{catalog}:12: " in lines[2]
    assert "did you mean kind?" in lines[2]


def test_other_verbs_are_named_and_mistyped_ones_guessed():
    assert rollbot("--help").stdout.startswith("usage: rollbot VERB")
    done = rollbot("paln")
    assert (done.returncode, done.stderr) == (2, "rollbot: there is no verb 'paln'; did you mean `rollbot plan`?\n")
    assert rollbot().returncode == 2
    assert rollbot("--version").stdout.startswith("rollbot ")


def test_planning_loads_nothing_of_slack_the_store_or_the_network(catalog):
    probe = (
        "import sys; from bot.__main__ import main; status = main(sys.argv[1:]);"
        "heavy = {'aiohttp', 'asyncio', 'docket', 'httpx', 'networkx', 'pydantic', 'pysat', 'redis', 'slack_bolt', 'slack_sdk'};"
        "print(*sorted(heavy & set(sys.modules)), file=sys.stderr); sys.exit(status)"
    )
    command = [sys.executable, "-c", probe, "plan", "order-service", "--catalog", str(catalog)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stderr) == (0, "\n")


def test_every_verb_has_what_the_table_promises():
    for name, verb in VERBS.items():
        module = import_module(verb.module)
        assert callable(module.run), name
        assert callable(module.add_arguments), name
    assert {verb.name for verb in SLACK_VERBS} - {"help"} <= set(VERBS), "every verb of Slack works at a terminal too"


def test_it_can_be_called_without_a_process(catalog, capsys):
    assert main(["plan", "order-service", "--catalog", str(catalog)]) == 0
    assert "Roll back order-service" in capsys.readouterr().out
