"""Entity references, by the cases of Backstage's own rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.backstage.reference import BadReference, Ref, parse

GOOD = [
    ("a", "component", "default", "component:default/a"),
    ("a", "API", "ns", "api:ns/a"),
    ("c:a", None, "ns", "c:ns/a"),
    ("n/a", "component", "ns", "component:n/a"),
    ("c:n/a", None, "ns", "c:n/a"),
    ("Component:Default/My.Name_x", None, "ns", "component:default/my.name_x"),
    ({"kind": "Component", "name": "a"}, None, "ns", "component:ns/a"),
    ({"name": "a", "namespace": "n"}, "group", "ns", "group:n/a"),
]
BAD = [
    ("", "component"),
    (":a", "component"),
    ("/a", "component"),
    ("c:/a", "component"),
    ("c:n/", "component"),
    ("c:", "component"),
    ("n/", "component"),
    ("a", None),
    ("n/a", None),
    # A slash before the colon makes the rest the name, and no name has a colon in it.
    ("n/c:a", "component"),
    # Only the first of each counts.
    ("a:b:c", "component"),
    ("c:n/a/b", "component"),
    (" a", "component"),
    ("a b", "component"),
    (3, "component"),
    (None, "component"),
    ({"kind": "component"}, "component"),
    ({"kind": "", "name": "a"}, "component"),
    ({"kind": 3, "name": "a"}, "component"),
    ("x" * 64, "component"),
]


@pytest.mark.parametrize(("value", "kind", "namespace", "canonical"), GOOD)
def test_what_a_reference_means(value, kind, namespace, canonical):
    assert str(parse(value, kind=kind, namespace=namespace)) == canonical


@pytest.mark.parametrize(("value", "kind"), BAD)
def test_what_is_no_reference(value, kind):
    with pytest.raises(BadReference) as caught:
        parse(value, kind=kind, namespace="default")
    assert str(caught.value)


PART = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
KIND = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)


@given(KIND, PART, PART)
def test_the_canonical_form_is_its_own_reference(kind, namespace, name):
    ref = Ref(kind, namespace, name)
    assert parse(str(ref), kind=None, namespace="other") == ref
    assert parse(str(ref).upper(), kind=None, namespace="other") == ref


@given(st.text(max_size=20))
def test_any_text_is_a_reference_or_says_why_not(text):
    try:
        ref = parse(text, kind="component", namespace="default")
    except BadReference:
        pass
    else:
        assert ref.kind and ref.namespace and ref.name
