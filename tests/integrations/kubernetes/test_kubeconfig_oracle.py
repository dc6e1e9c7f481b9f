"""Kubeconfig files, drawn at random, as kubectl itself merges them (`kubectl config view --minify`)."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from integrations.kubernetes.kubeconfig import KubeconfigError, files, read_context

CASES = 24
NAMES = ("a", "b", "c")
PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")


def write(path: Path, chance: random.Random, number: int) -> None:
    """A file that names some clusters, users and contexts, and perhaps a current one."""

    def some() -> list[str]:
        return chance.sample(NAMES, chance.randint(1, 3))

    def cluster(name: str) -> dict:
        body = {"server": f"https://{name}{number}:6443"}
        if chance.random() < 0.4:
            body["certificate-authority"] = chance.choice(["ca.crt", "../ca.crt", "/abs/ca.crt"])
        return body

    def user(name: str) -> dict:
        plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "get-token", "args": ["x"]}
        certificate = {"client-certificate": "c.pem", "client-key": "k.pem"}
        return chance.choice([{"token": f"t{name}{number}"}, {"tokenFile": "tokens/x"}, certificate, {"exec": plugin}])

    def context() -> dict:
        body = {"cluster": chance.choice(NAMES), "user": chance.choice(NAMES)}
        return body | ({"namespace": f"n{number}"} if chance.random() < 0.5 else {})

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster(name)} for name in some()],
        "users": [{"name": name, "user": user(name)} for name in some()],
        "contexts": [{"name": name, "context": context()} for name in some()],
    }
    if chance.random() < 0.7:
        document["current-context"] = chance.choice(NAMES)
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)


def plain(body: dict) -> dict:
    """Without folders: kubectl prints paths as they stand in the file. Of a plugin its command is enough."""
    named = {key: Path(value).name if key in PATHS else value for key, value in body.items()}
    return {key: value["command"] if key == "exec" else value for key, value in named.items()}


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_files_are_merged_as_kubectl_merges_them(tmp_path):
    chance, agreed = random.Random(5), 0
    for _ in range(CASES):
        paths = [tmp_path / f"d{number}" / "config" for number in range(chance.randint(1, 3))]
        for number, path in enumerate(paths):
            write(path, chance, number)
        environment = {**os.environ, "KUBECONFIG": os.pathsep.join(map(str, paths))}
        wanted = chance.choice([None, *NAMES])
        words = ["kubectl", "config", "view", "--minify", "--raw", "-o", "json", *(["--context", wanted] if wanted else [])]
        said = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        theirs = json.loads(said.stdout) if said.returncode == 0 else {}
        try:
            mine = read_context(files(environment), wanted)
        except KubeconfigError:
            # What kubectl shows although it leads nowhere has no cluster or no user.
            assert not (theirs.get("clusters") and theirs.get("users"))
            continue
        assert theirs, (said.stderr, mine)
        assert plain(theirs["clusters"][0]["cluster"]) == plain(dict(mine.cluster))
        assert plain(theirs["users"][0]["user"]) == plain(dict(mine.user))
        assert theirs["contexts"][0]["context"].get("namespace", "default") == mine.namespace
        agreed += 1
    assert agreed > CASES / 4
