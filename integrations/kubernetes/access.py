"""The way into a cluster: address, trust, identity. In the cluster itself, or by kubeconfig."""

import base64
import binascii
import os
import ssl
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from integrations.kubernetes.auth import fixed_token, plugin, token_file
from integrations.kubernetes.kubeconfig import Context, KubeconfigError, files, read_context

_MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything that a client needs. `namespace` is the one for services that name none."""

    server: str
    trust: ssl.SSLContext | bool
    auth: httpx.Auth | None
    namespace: str
    source: str
    server_name: str | None = None
    proxy: str | None = None


def find_access(environment: Mapping[str, str] = os.environ, context: str | None = None, mount: Path = _MOUNT) -> Access:
    """By kubeconfig where there is one or a context is named, else as the pod that this is. Raises `KubeconfigError`."""
    paths = files(environment)
    inside = (mount / "token").is_file() and environment.get("KUBERNETES_SERVICE_HOST")
    if context is None and inside and not environment.get("KUBECONFIG"):
        return in_cluster(environment, mount)
    if not paths:
        raise KubeconfigError("no kubeconfig was found (KUBECONFIG, or .kube/config at home), and this is no pod of a cluster")
    return by_context(read_context(paths, context))


def in_cluster(environment: Mapping[str, str], mount: Path) -> Access:
    """As the service account of the pod that this process runs in; its token is read again as it is rotated."""
    host, port = environment["KUBERNETES_SERVICE_HOST"], environment.get("KUBERNETES_SERVICE_PORT", "443")
    namespace = mount / "namespace"
    return Access(
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        trust=ssl.create_default_context(cafile=str(mount / "ca.crt")),
        auth=token_file(mount / "token"),
        namespace=namespace.read_text("utf-8").strip() if namespace.is_file() else "default",
        source=str(mount),
    )


def by_context(context: Context) -> Access:
    """As a kubeconfig context says. Raises `KubeconfigError` naming file and field."""
    cluster, user = context.cluster, context.user
    server = str(cluster["server"]).rstrip("/")
    if not server.startswith(("https://", "http://")):
        raise KubeconfigError(f"{context.source}: server {server!r} is no https:// address")
    trust = _trust(context) if server.startswith("https://") else False
    if isinstance(trust, ssl.SSLContext):
        _client_certificate(trust, context)
    if "auth-provider" in user:
        raise KubeconfigError(f"{context.source}: auth-provider is gone from Kubernetes; use an exec plugin instead")
    return Access(
        server=server,
        trust=trust,
        auth=_auth(user, context),
        namespace=context.namespace,
        source=f"{context.source}, context {context.name}",
        server_name=str(cluster["tls-server-name"]) if cluster.get("tls-server-name") else None,
        proxy=str(cluster["proxy-url"]) if cluster.get("proxy-url") else None,
    )


def _auth(user: Mapping[str, Any], context: Context) -> httpx.Auth | None:
    # The order in which kubectl prefers them.
    if user.get("exec"):
        return plugin(user["exec"], context.cluster, context.source)
    if user.get("tokenFile"):
        return token_file(Path(user["tokenFile"]))
    if user.get("token"):
        return fixed_token(str(user["token"]))
    if user.get("username"):
        return httpx.BasicAuth(str(user["username"]), str(user.get("password") or ""))
    return None


def _trust(context: Context) -> ssl.SSLContext:
    cluster = context.cluster
    data = cluster.get("certificate-authority-data")
    try:
        if data:
            trust = ssl.create_default_context(cadata=_decode(data, context, "certificate-authority-data").decode("ascii"))
        elif cluster.get("certificate-authority"):
            trust = ssl.create_default_context(cafile=str(cluster["certificate-authority"]))
        else:
            trust = ssl.create_default_context()
    except (ssl.SSLError, OSError, UnicodeError) as error:
        raise KubeconfigError(f"{context.source}: certificate-authority of {context.name} cannot be used ({error})") from error
    if cluster.get("insecure-skip-tls-verify"):
        trust.check_hostname = False
        trust.verify_mode = ssl.CERT_NONE
    return trust


def _client_certificate(trust: ssl.SSLContext, context: Context) -> None:
    """Load the user's certificate and key. Inline data passes through a private file for a moment: ssl takes nothing else."""
    user = context.user
    with tempfile.TemporaryDirectory(prefix="rollbot-") as folder:
        certificate = _file(user, "client-certificate", Path(folder), context)
        key = _file(user, "client-key", Path(folder), context)
        if certificate is None and key is None:
            return
        if certificate is None or key is None:
            missing = "client-certificate" if certificate is None else "client-key"
            raise KubeconfigError(f"{context.source}: {missing} of {context.name} is missing; the two go together")
        try:
            trust.load_cert_chain(certificate, key)
        except (ssl.SSLError, OSError) as error:
            raise KubeconfigError(f"{context.source}: the client certificate of {context.name} cannot be used") from error


def _file(user: Mapping[str, Any], field: str, folder: Path, context: Context) -> Path | None:
    data = user.get(f"{field}-data")
    if data:
        path = folder / field
        path.touch(mode=0o600)
        path.write_bytes(_decode(data, context, f"{field}-data"))
        return path
    return Path(user[field]) if user.get(field) else None


def _decode(data: Any, context: Context, field: str) -> bytes:
    try:
        return base64.b64decode(str(data), validate=True)
    except (binascii.Error, ValueError) as error:
        raise KubeconfigError(f"{context.source}: {field} of {context.name} is not base64") from error
