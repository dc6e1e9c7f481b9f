"""Backstage's files: what they become, and that nothing in them is dropped in silence."""

from pathlib import Path

import pytest

from integrations.backstage import BackstageCatalog
from tests.integrations.catalog_contract import CatalogContract, CatalogWorld

HEAD = "apiVersion: backstage.io/v1alpha1\n"


def component(name: str, **spec: str) -> str:
    lines = "".join(f"  {key}: {value}\n" for key, value in {"type": "service", "owner": "team-a", **spec}.items())
    return f"{HEAD}kind: Component\nmetadata:\n  name: {name}\nspec:\n{lines}"


def api(name: str) -> str:
    return f"{HEAD}kind: API\nmetadata:\n  name: {name}\nspec:\n  type: openapi\n  definition:\n    $text: ./api.json\n"


async def load(tmp_path: Path, *documents: str, **files: str):
    (tmp_path / "catalog-info.yaml").write_text("---\n".join(documents))
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".yaml").write_text(text)
    return await BackstageCatalog([tmp_path / "catalog-info.yaml"]).load()


def edges(facts) -> set[tuple[str, str]]:
    return {(name, edge.service) for name, service in facts.services.items() for edge in service.depends_on}


class TestContract(CatalogContract):
    @pytest.fixture
    def catalog_world(self, tmp_path: Path) -> CatalogWorld:
        folder = tmp_path / "backstage"
        folder.mkdir()
        (folder / "all.yaml").write_text(
            f"{component('order', dependsOn='[component:payment, component:ghost]')}---\n{component('payment')}"
        )
        return CatalogWorld(
            catalog=BackstageCatalog([folder]), gone=BackstageCatalog([tmp_path / "nowhere.yaml"]), source="backstage"
        )


async def test_every_field_makes_its_edge_and_only_that(tmp_path):
    facts = await load(
        tmp_path,
        component("web", dependsOn="[component:order]", consumesApis="[pay, default/mail]"),
        component("order", dependencyOf="[component:cart]"),
        component("cart"),
        component("payment", providesApis="[pay]"),
        component("payment-eu", providesApis="[api:default/pay]"),
        component("Mailer", providesApis="[mail]"),
        api("pay"),
        api("mail"),
    )
    assert edges(facts) == {
        ("web", "order"),
        ("cart", "order"),
        ("web", "payment"),
        ("web", "payment-eu"),
        ("web", "mailer"),
    }
    assert facts.services["web"].owner == "team-a"
    notes = "\n".join(facts.warnings)
    assert "placeholders stand in fields that are not needed here (2 × $text in all)" in notes
    assert "component:default/mailer is called mailer here" in notes
    assert "group:default/team-a" in notes


async def test_the_namespace_that_is_missing_is_the_one_of_whoever_refers(tmp_path):
    apart = component("b", dependsOn="[component:a, component:default/a]").replace("name: b", "name: b\n  namespace: Other")
    inside = component("a").replace("name: a", "name: a\n  namespace: other")
    facts = await load(tmp_path, component("a"), inside, apart)
    assert edges(facts) == {("b", "a"), ("b", "other-a")}
    assert any("component:other/a is called other-a here" in note for note in facts.warnings)


@pytest.mark.parametrize(
    ("document", "line", "said"),
    [
        (component("a", dependsOn="[b]"), 8, "says no kind"),
        (component("a", dependsOn="[':b']"), 8, "has an empty part"),
        (component("a", dependsOn="['component:ghost']"), 8, "component:default/ghost is not in these files"),
        (component("a", dependsOn="['service:order']"), 8, "there is no kind 'service'; did you mean component:default/order?"),
        (component("a", dependsOn="['component:ordr']"), 8, "did you mean component:default/order?"),
        (component("a", dependsOn="['component:a']"), 8, "depends on itself"),
        (component("a", dependsOn="[3]"), 8, "3 is no reference"),
        (component("a", dependsOn="'component:order'"), 8, "read as a list of one"),
        (component("a", dependsOn="['component:order', 'Component:default/ORDER']"), 8, "again: counted once"),
        (component("a", dependsOn="['resource:db']"), 8, "resource:default/db is not in these files"),
        (component("a", consumesApis="[nobodys]"), 8, "nobody in these files provides api:default/nobodys"),
        (component("a", consumedApis="[x]"), 8, "did you mean consumesApis?"),
        (component("a").replace("  type: service", "  type: library\n  type: service"), 7, "the key type stands twice"),
        (component("a", owner="'group:'"), 7, "owner: 'group:' has an empty part"),
        (component("a", type="library"), 6, "nobody deploys by itself"),
        (component("a b"), 4, "can be no name"),
        (component("'${{ values.name }}'"), 4, "a template's skeleton"),
        (component("order"), 4, "component:default/order again"),
        (component("a").replace("kind: Component\n", ""), 1, "kind is missing"),
        (component("a").replace("  name: a\n", "  title: a\n"), 3, "metadata.name is missing"),
        (component("a").replace("name: a", "name: a\n  namespace: a_b"), 5, "can be no namespace"),
        (component("a", dependsOn="{$yaml: ./deps.yaml}"), 8, "a $yaml placeholder"),
        ("just: a document\n", 1, "this is no entity"),
        ("a: [\n", None, "no valid YAML from here on"),
    ],
)
async def test_every_oddity_is_told_with_its_line_and_the_rest_is_read(tmp_path, document, line, said):
    facts = await load(tmp_path, component("order", dependsOn="[component:payment]"), component("payment"), document)
    first = component("order", dependsOn="[component:payment]").count("\n") + component("payment").count("\n") + 2
    place = f"catalog-info.yaml:{first + line}: " if line else "catalog-info.yaml:"
    assert [note for note in facts.warnings if place in note and said in note], facts.warnings
    assert ("order", "payment") in edges(facts)


async def test_what_belongs_elsewhere_is_counted_where_nothing_of_its_kind_is_here_and_told_one_by_one_where_something_is(
    tmp_path,
):
    group = f"{HEAD}kind: Group\nmetadata:\n  name: team-a\nspec:\n  type: team\n  children: []\n"
    facts = await load(
        tmp_path,
        group,
        component("a", owner="group:team-b", system="shop"),
        component("b", owner="user:jane", system="shop", subcomponentOf="ghost"),
        component("c", owner="team-a", system="':'"),
    )
    assert {name: service.owner for name, service in facts.services.items()} == {
        "a": "team-b",
        "b": "user:default/jane",
        "c": "team-a",
    }
    notes = "\n".join(facts.warnings)
    assert "catalog-info.yaml:15: owner: group:default/team-b is not in these files; did you mean group:default/team-a?" in notes
    assert "subcomponentOf: component:default/ghost is not in these files" in notes
    assert "system: ':' has an empty part" in notes
    assert "no user is in these files, so nobody can tell whether there is: user:default/jane" in notes
    assert "no system is in these files, so nobody can tell whether there is: system:default/shop" in notes


async def test_locations_lead_to_local_files_by_name_and_by_pattern_and_each_is_read_once(tmp_path):
    facts = await load(
        tmp_path,
        f"{HEAD}kind: Location\nmetadata: {{name: all}}\nspec:\n  targets:\n"
        "  - ./parts/*.yaml\n  - parts/a.yaml\n  - ./none.yaml\n  - https://example.com/x.yaml\n",
        f"{HEAD}kind: Location\nmetadata: {{name: more}}\nspec: {{type: file, target: ./deep/**/c.yaml}}\n",
        f"{HEAD}kind: Location\nmetadata: {{name: maybe}}\nspec: {{presence: optional, target: ./missing.yaml}}\n",
        parts__a=component("a", dependsOn="[component:b]"),
        parts__b=component("b"),
        deep__er__c=component("c")
        + f"---\n{HEAD}kind: Location\nmetadata: {{name: up}}\nspec: {{target: ../../catalog-info.yaml}}\n",
    )
    assert edges(facts) == {("a", "b")}
    assert set(facts.services) == {"a", "b", "c"}
    notes = "\n".join(facts.warnings)
    assert "catalog-info.yaml:8: the target ./none.yaml leads to no file here" in notes
    assert "catalog-info.yaml:9: the target https://example.com/x.yaml is elsewhere" in notes
    assert "missing.yaml" not in notes
    assert "again" not in notes


async def test_a_folder_is_read_as_a_whole_and_says_what_in_it_is_not_backstages(tmp_path):
    (tmp_path / "a.yaml").write_text(component("a"))
    (tmp_path / "deploy.yml").write_text("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n---\nmore: yes\n")
    (tmp_path / "node_modules").mkdir()
    (tmp_path / "node_modules" / "b.yaml").write_text(component("b"))
    facts = await BackstageCatalog([tmp_path]).load()
    assert set(facts.services) == {"a"}
    assert any("deploy.yml:1 and 1 more: documents that are no entities" in note for note in facts.warnings)


async def test_hostile_files_end_in_a_line(tmp_path):
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(9)
    )
    (tmp_path / "bomb.yaml").write_text(HEAD + bomb)
    (tmp_path / "loop.yaml").write_text(f"{HEAD}kind: &k [*k]\n")
    (tmp_path / "deep.yaml").write_text("[" * 500)
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\n")
    facts = await BackstageCatalog([tmp_path]).load()
    notes = "\n".join(facts.warnings)
    assert not facts.services
    for name in ("bomb.yaml", "loop.yaml", "deep.yaml", "latin.yaml:1"):
        assert name in notes
