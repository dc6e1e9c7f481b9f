"""`rollbot catalog import` as people and programs meet it: a difference first, and a file that keeps what people wrote."""

import json
from pathlib import Path

import pytest

from bot.cli.catalog_import import SOURCES
from integrations.catalog_file import read_catalog
from tests.bot.test_cli_plan import rollbot

OURS = """\
# The shop's services. Ask Ana before you change them.
version: 1
services:
  # orders
  - name: order            # the one that breaks
    owner: "team-orders"
    depends_on: [payment]  # more to come
    releases:
      - {version: 1.4.2, deployed_at: 2026-11-01T10:00:00Z, verified: good}
      - {version: 2.0.0, deployed_at: 2026-11-02T10:00:00Z}

  - name: payment
    security_floor: "1.10"
    releases: [{version: "1.10", deployed_at: 2026-10-01}]
"""
COMPOSE = """\
services:
  order: {image: "shop/order:2.1.0", depends_on: [payment, mail]}
  payment: {image: "shop/payment:1.10"}
  mail: {image: "shop/mail:3.0.0"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "services.yaml").write_text(OURS)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    return tmp_path


def imported(folder: Path, *words: str, catalog: str = "services.yaml"):
    return rollbot("catalog", "import", "--from", "compose", folder / "compose.yaml", "--catalog", folder / catalog, *words)


def test_nothing_is_written_without_being_asked(folder):
    done = imported(folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "services.yaml").read_text() == OURS
    assert "+ mail: current 3.0.0; 1 release (3.0.0)" in done.stdout
    assert "~ order: current 2.1.0; depends on mail" in done.stdout
    assert "+      - service: mail" in done.stdout or "+    depends_on: [payment, {service: mail" in done.stdout
    assert "Nothing was written. With --write" in done.stdout


def test_what_people_wrote_stays_comments_layout_and_all(folder):
    done = imported(folder, "--write")
    assert done.returncode == 0, done.stderr
    text = (folder / "services.yaml").read_text()
    for line in OURS.splitlines():
        # The one line that gets another dependency is changed within itself.
        assert line in text or "more to come" in line
    for comment in ("# The shop's", "# orders", "# the one that breaks", "# more to come"):
        assert comment in text
    assert "comments are kept" in done.stdout
    facts = read_catalog(folder / "services.yaml").services
    assert [(edge.service, edge.origin) for edge in facts["order"].depends_on] == [("payment", "declared"), ("mail", "imported")]
    assert facts["order"].owner == "team-orders"
    assert facts["payment"].security_floor == "1.10"
    again = imported(folder, "--write")
    assert "Nothing to write" in again.stdout
    assert (folder / "services.yaml").read_text() == text


def test_a_release_without_a_date_does_not_break_the_order_of_the_file(folder):
    done = imported(folder, "--write")
    assert "compose knows release 2.1.0, but not when it went live" in done.stdout
    assert [r.version for r in read_catalog(folder / "services.yaml").services["order"].releases] == ["1.4.2", "2.0.0"]


def test_in_a_folder_new_services_get_a_file_of_their_own(folder):
    (folder / "catalog").mkdir()
    (folder / "services.yaml").rename(folder / "catalog" / "ours.yaml")
    done = imported(folder, "--write", catalog="catalog")
    assert done.returncode == 0, done.stderr
    new = (folder / "catalog" / "imported-compose.yaml").read_text()
    assert new.startswith("# Written by `rollbot catalog import --from compose` on ")
    assert "mail" in new and "order" not in new
    assert set(read_catalog(folder / "catalog").services) == {"order", "payment", "mail"}
    assert rollbot("plan", "order", "to", "1.4.2", "--catalog", folder / "catalog").returncode == 0


def test_a_catalog_that_does_not_exist_is_begun_and_json_stays_json(folder):
    assert imported(folder, "--write", catalog="new.yaml").returncode == 0
    assert set(read_catalog(folder / "new.yaml").services) == {"order", "payment", "mail"}
    (folder / "services.json").write_text(json.dumps({"version": 1, "services": [{"name": "mail"}]}, indent=4))
    assert imported(folder, "--write", catalog="services.json").returncode == 0
    text = (folder / "services.json").read_text()
    assert text.startswith('{\n    "version": 1')
    assert set(read_catalog(folder / "services.json").services) == {"order", "payment", "mail"}


def test_programs_get_json(folder):
    done = imported(folder, "--format", "json", "--no-new")
    value = json.loads(done.stdout)
    assert (value["schema"], value["source"], value["written"]) == ("rollbot/import/v1", "compose", False)
    assert [change["service"] for change in value["changes"]] == ["order", "payment"]
    assert any(note.startswith("mail: compose knows it") for note in value["notes"])


def test_what_others_share_by_an_anchor_is_not_changed_behind_their_backs(folder):
    shared = "- name: order\n  depends_on: &deps [payment]\n- name: cart\n  depends_on: *deps\n- name: payment\n"
    (folder / "services.yaml").write_text(f"version: 1\nservices:\n{shared}")
    done = imported(folder, "--write")
    assert done.returncode == 0, done.stderr
    assert "order: depends_on is shared by the anchor &deps" in done.stdout
    assert [edge.service for edge in read_catalog(folder / "services.yaml").services["cart"].depends_on] == ["payment"]


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["catalog"], 2, "import"),
        (["catalog", "import"], 2, "--from"),
        (["catalog", "import", "--from", "excel"], 2, "invalid choice"),
        (["catalog", "import", "--from", "backstage"], 2, "which files?"),
        (["catalog", "import", "--from", "backstage", "nowhere.yaml"], 2, "nowhere.yaml: there is no such file or folder"),
        (["catalog", "import", "--from", "prometheus", "file.yaml"], 2, "reads no files"),
        (["catalog", "import", "--from", "prometheus"], 2, "ROLLBOT_PROMETHEUS_URL"),
        (["catalog", "import", "--from", "prometheus", "--url", "host:9090"], 2, "no http:// or https:// address"),
        (["catalog", "import", "--from", "prometheus", "--window", "soon", "--url", "http://127.0.0.1:9"], 2, "--window"),
        (["catalog", "import", "--from", "prometheus", "--alias", "a", "--url", "http://127.0.0.1:9"], 2, "NAME=SERVICE"),
        (["catalog", "import", "--from", "prometheus", "--url", "http://127.0.0.1:9"], 1, "cannot be reached"),
        (["catalog", "import", "--from", "compose", "nowhere.yaml"], 2, "cannot be read"),
    ],
)
def test_bad_usage_and_missing_sources_are_said_in_a_line(tmp_path, words, status, said):
    done = rollbot(*words, **({"ROLLBOT_CATALOG": str(tmp_path / "services.yaml")} if len(words) > 3 else {}))
    assert done.returncode == status
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "services.yaml").exists()


def test_a_broken_catalog_is_not_written_to(folder):
    (folder / "services.yaml").write_text("version: 1\nservices: [{name: order, ownr: x}]\n")
    done = imported(folder, "--write")
    assert done.returncode == 2
    assert "services.yaml:2: services[0].ownr" in done.stderr


def test_every_source_is_in_the_documentation():
    page = (Path(__file__).parent.parent.parent / "docs" / "catalog.md").read_text("utf-8")
    assert not [source for source in SOURCES if f"--from {source}" not in page]
