"""Whatever a file looks like and whatever is found: what is written says both, twice is once, and nothing of people's is lost."""

import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.catalog_file import read_catalog
from integrations.catalog_file.difference import difference
from integrations.catalog_file.writing import draft, write
from integrations.errors import Rejected
from planner.edges import merged
from planner.facts import Edge, EdgeKind, Origin, Release, Service

NAMES = ("api", "billing", "cart", "db", "on")
# Words that a reader of YAML could take for something else.
TEXTS = st.sampled_from(["team-a", "1.10", "yes", "null", "2026-11-01", "0x1f", "~", "a: b", "# x", "ünï", "'quoted'", "- x"])
VERSIONS = st.sampled_from(["1.0.0", "1.10", "2", "v3", "2026.11.01", "1e3", "0o7", "on", "1_0"])
MOMENTS = st.integers(0, 9).map(lambda day: datetime(2026, 11, 1 + day, 8, 30, tzinfo=UTC))


@st.composite
def services(draw, source: str = ""):
    found = {}
    for name in draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4)):
        others = [other for other in NAMES if other != name]
        edges = draw(st.lists(st.builds(_edge, st.sampled_from(others), st.sampled_from(EdgeKind), MOMENTS, st.just(source))))
        versions = draw(st.lists(VERSIONS, unique=True, max_size=3))
        dated = draw(st.booleans())
        times = sorted(draw(st.lists(MOMENTS, min_size=len(versions), max_size=len(versions))))
        found[name] = Service(
            name=name,
            owner=draw(st.none() | TEXTS),
            current=draw(st.none() | VERSIONS),
            runtime=draw(st.none() | st.just({"kind": "kubernetes", "name": "1.10", "ports": ["on", 3]})),
            registry=draw(st.none() | st.just({"kind": "consul"})),
            depends_on=merged(edges),
            releases=tuple(
                Release(version=version, deployed_at=time if dated else None, artifact=f"shop/{name}:{version}")
                for version, time in zip(versions, times, strict=True)
            ),
        )
    return found


def _edge(name: str, kind: EdgeKind, seen: datetime, source: str) -> Edge:
    if not source:
        return Edge(service=name, kind=kind)
    return Edge(service=name, kind=kind, origin=Origin.OBSERVED, source=source, seen_at=seen, rate=0.25, window=90.0)


def catalog_text(there: dict[str, Service], style: bool | None, indent: int) -> str:
    rows = [
        {
            "name": service.name,
            **({"owner": service.owner} if service.owner else {}),
            "depends_on": [{"service": edge.service, "kind": str(edge.kind)} for edge in service.depends_on],
            "releases": [
                {"version": r.version, **({"deployed_at": r.deployed_at.isoformat()} if r.deployed_at else {})}
                for r in service.releases
            ],
        }
        for service in there.values()
    ]
    text = yaml.safe_dump({"version": 1, "services": rows}, default_flow_style=style, indent=indent, sort_keys=False)
    return f"# ours, keep it\n{text}# the end\n"


@given(services(), services("prometheus"), st.sampled_from([True, False, None]), st.sampled_from([2, 4]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_written_says_what_was_there_and_what_was_found(there, found, style, indent, adds):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "services.yaml"
        path.write_text(catalog_text(there, style, indent), "utf-8")
        before = read_catalog(path).services
        change = difference(before, found, "prometheus", adds=adds)
        made = draft(path, change, "prometheus", "test")
        for file in made.files:
            # In a file that is one flow mapping ruamel.yaml may drop the last comment; then that is told.
            assert set(file.lost) <= ({"# the end"} if style else set())
            assert all(comment in file.after or comment in file.lost for comment in ("# ours, keep it", "# the end"))
        write(made.files)
        after = read_catalog(path).services
        assert set(after) == (set(before) | set(found) if adds else set(before))
        assert "# ours, keep it" in path.read_text("utf-8")
        for name, service in before.items():
            assert after[name].owner == (service.owner or (found[name].owner if name in found else None))
            kept = {(edge.service, edge.kind) for edge in after[name].depends_on}
            assert {(edge.service, edge.kind) for edge in service.depends_on} <= kept
            assert {release.version for release in service.releases} <= {release.version for release in after[name].releases}
        text = path.read_text("utf-8")
        again = difference(after, found, "prometheus", adds=adds)
        assert not again.changes
        assert path.read_text("utf-8") == text


def test_somebody_who_writes_at_the_same_time_is_not_overwritten(tmp_path):
    path = tmp_path / "services.yaml"
    path.write_text("version: 1\nservices:\n- name: order\n")
    change = difference(read_catalog(path).services, {"order": Service(name="order", owner="team-a")}, "compose", adds=True)
    made = draft(path, change, "compose", "test")
    path.write_text("version: 1\nservices:\n- name: order\n  owner: team-b\n")
    with pytest.raises(Rejected, match="changed by somebody else"):
        write(made.files)
    assert "team-b" in path.read_text()
    assert [file.name for file in tmp_path.iterdir()] == ["services.yaml"]


def test_a_link_stays_a_link_and_rights_stay(tmp_path):
    real = tmp_path / "real.yaml"
    real.write_text("version: 1\nservices:\n- name: order\n")
    real.chmod(0o600)
    link = tmp_path / "services.yaml"
    link.symlink_to(real)
    change = difference(read_catalog(link).services, {"order": Service(name="order", owner="team-a")}, "compose", adds=True)
    write(draft(link, change, "compose", "test").files)
    assert link.is_symlink()
    assert (real.stat().st_mode & 0o777, "team-a" in real.read_text()) == (0o600, True)
