"""The ways into a cluster: kubeconfig merged as kubectl does, tokens that age, plugins that fail."""

import base64
import json
import stat
import sys

import httpx
import pytest

from integrations.errors import Rejected
from integrations.kubernetes.access import find_access
from integrations.kubernetes.auth import plugin, token_file
from integrations.kubernetes.kubeconfig import KubeconfigError, files, read_context


def config(path, *, current=None, contexts=(), clusters=(), users=()):
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [{"name": name, "context": body} for name, body in contexts],
        "clusters": [{"name": name, "cluster": body} for name, body in clusters],
        "users": [{"name": name, "user": body} for name, body in users],
    }
    if current:
        document["current-context"] = current
    path.write_text(json.dumps(document), "utf-8")
    return path


@pytest.fixture
def two(tmp_path):
    """Two files that disagree: the first one wins, name by name."""
    first = config(
        tmp_path / "first",
        contexts=[("prod", {"cluster": "c1", "user": "u1", "namespace": "shop"})],
        clusters=[("c1", {"server": "https://first:6443"})],
        users=[("u1", {"token": "t1"})],
    )
    second = config(
        tmp_path / "second",
        current="dev",
        contexts=[("prod", {"cluster": "c2", "user": "u1"}), ("dev", {"cluster": "c2", "user": "u2"})],
        clusters=[("c1", {"server": "https://second:6443"}), ("c2", {"server": "https://dev:6443"})],
        users=[("u1", {"token": "other"}), ("u2", {"tokenFile": "tokens/dev"})],
    )
    return first, second


def test_the_first_file_that_names_a_thing_wins(two, tmp_path):
    prod = read_context(two, "prod")
    assert (prod.cluster["server"], prod.user["token"], prod.namespace) == ("https://first:6443", "t1", "shop")
    dev = read_context(two)
    assert (dev.name, dev.cluster["server"], dev.namespace) == ("dev", "https://dev:6443", "default")
    assert dev.user["tokenFile"] == str(tmp_path / "tokens" / "dev")


def test_kubeconfig_lists_files_and_missing_ones_are_left_out(two, tmp_path):
    listed = f"{two[0]}:{tmp_path}/missing:{two[1]}"
    assert files({"KUBECONFIG": listed}) == two
    assert files({"HOME": str(tmp_path)}) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("current-context: prod\ncontexts: [{name: prod}]", "contexts[prod].context.cluster is missing"),
        ("current-context: prod", "there is no context named 'prod'; known: none"),
        ("contexts: []", "current-context is not set"),
        ("contexts: {}", "current-context is not set"),
        ("contexts: 7", "contexts must be a list"),
        ("contexts: [{}]", "contexts[0].name is missing"),
        ("[]", "expected a mapping"),
        ("a: [", ": is no YAML"),
        ("current-context: [x]", "current-context must be text"),
        (
            "current-context: p\ncontexts: [{name: p, context: {cluster: c}}]\nclusters: [{name: c, cluster: {}}]",
            "server is missing",
        ),
    ],
)
def test_mistakes_name_file_and_field(text, says, tmp_path):
    path = tmp_path / "config"
    path.write_text(text, "utf-8")
    with pytest.raises(KubeconfigError) as caught:
        read_context([path])
    assert str(path) in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("cluster", "user", "says"),
    [
        ({"server": "ftp://x"}, {}, "is no https:// address"),
        ({"server": "https://x"}, {"auth-provider": {"name": "gcp"}}, "auth-provider is gone"),
        ({"server": "https://x", "certificate-authority-data": "%%%"}, {}, "certificate-authority-data of p is not base64"),
        ({"server": "https://x", "certificate-authority": "/missing"}, {}, "certificate-authority of p cannot be used"),
        ({"server": "https://x"}, {"client-certificate-data": base64.b64encode(b"x").decode()}, "client-key of p is missing"),
        (
            {"server": "https://x"},
            {name: base64.b64encode(b"secret-material").decode() for name in ("client-certificate-data", "client-key-data")},
            "client certificate of p cannot be used",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_without_its_content(cluster, user, says, tmp_path):
    path = config(
        tmp_path / "config",
        current="p",
        contexts=[("p", {"cluster": "c", "user": "u"})],
        clusters=[("c", cluster)],
        users=[("u", user)],
    )
    with pytest.raises(KubeconfigError) as caught:
        find_access({"KUBECONFIG": str(path)})
    assert says in str(caught.value)
    assert "secret-material" not in str(caught.value)


def test_nothing_to_go_by_is_said_so(tmp_path):
    with pytest.raises(KubeconfigError, match="no kubeconfig was found"):
        find_access({"HOME": str(tmp_path)}, mount=tmp_path)


async def asked(auth, *statuses):
    """The tokens sent, one for each request, where the server answers so."""
    sent, answers = [], list(statuses)

    def handler(request):
        sent.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx.Response(answers.pop(0))

    async with httpx.AsyncClient(transport=httpx.MockTransport(handler), auth=auth, base_url="http://x") as client:
        while answers:
            await client.get("/")
    return sent


async def test_a_token_file_is_read_again_after_a_401(tmp_path):
    path = tmp_path / "token"
    path.write_text("one\n")
    auth = token_file(path)
    assert await asked(auth, 200) == ["one"]
    path.write_text("two\n")
    assert await asked(auth, 200) == ["one"]
    assert await asked(auth, 401, 200) == ["one", "two"]


def executable(path, body):
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


COUNTING = """
import json, os, pathlib, sys
counter = pathlib.Path(__file__ + ".count"); n = int(counter.read_text()) + 1 if counter.exists() else 1
counter.write_text(str(n))
until = sys.argv[1] if len(sys.argv) > 1 else None
status = {"token": f"{os.environ['PREFIX']}{n}"} | ({"expirationTimestamp": until} if until else {})
print(json.dumps({"kind": "ExecCredential", "status": status}))
"""


async def test_a_plugin_is_asked_once_and_again_after_a_401(tmp_path):
    command = executable(tmp_path / "plugin", COUNTING)
    auth = plugin({"command": command, "env": [{"name": "PREFIX", "value": "t"}]}, {}, "config")
    assert await asked(auth, 200, 200, 401, 200) == ["t1", "t1", "t1", "t2"]


async def test_a_plugins_token_is_not_used_past_its_expiry(tmp_path):
    command = executable(tmp_path / "plugin", COUNTING)
    settings = {"command": command, "args": ["2020-01-01T00:00:00Z"], "env": [{"name": "PREFIX", "value": "t"}]}
    assert await asked(plugin(settings, {}, "config"), 200, 200) == ["t1", "t2"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("import sys; sys.exit('no session: log in first')", "exit code 1; it said: no session: log in first"),
        ("print('secret-token')", "no ExecCredential"),
        ("print('{\"status\": {}}')", "no ExecCredential"),
        ('print(\'{"status": {"token": ""}}\')', "empty token"),
    ],
)
async def test_a_plugin_that_fails_says_why_and_never_what_it_printed(tmp_path, body, says):
    command = executable(tmp_path / "plugin", body)
    with pytest.raises(Rejected) as caught:
        await asked(plugin({"command": command}, {}, "config"), 200)
    assert says in str(caught.value)
    assert "secret-token" not in str(caught.value)


async def test_a_plugin_that_is_not_there_gives_its_own_hint(tmp_path):
    settings = {"command": str(tmp_path / "missing"), "installHint": "Get it from your platform team."}
    with pytest.raises(Rejected, match=r"cannot be started.*platform team"):
        await asked(plugin(settings, {}, "config"), 200)
