"""What we may do to a workload, asked of the cluster itself (SelfSubjectAccessReview) before anybody approves."""

import asyncio
from dataclasses import dataclass

from integrations.errors import Rejected
from integrations.kubernetes import workload
from integrations.kubernetes.place import Place
from integrations.kubernetes.settings import Kind
from integrations.protocols import Finding, FindingLevel

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_ROLE = "deploy/kubernetes/rbac.yaml has the role that gives it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Something a rollback needs: a verb on a resource, and what cannot be done without it. `name` where one object is enough."""

    verb: str
    resource: str
    without: str
    group: str = ""
    name: str = ""
    needed: bool = True


def rights(kind: Kind, name: str) -> tuple[Right, ...]:
    """The rights that rolling back this workload needs, those first without which it cannot be done."""
    history = "replicasets" if kind is Kind.DEPLOYMENT else "controllerrevisions"
    needed = [
        Right(verb="patch", group="apps", resource=workload.plural(kind), name=name, without="it cannot be rolled back"),
        Right(verb="list", resource="pods", without="nobody could see whether it runs"),
        Right(verb="list", group="apps", resource=history, without="its former releases cannot be found"),
    ]
    if kind is Kind.STATEFULSET:
        wedge = "a pod that never becomes ready would block it for ever"
        needed.append(Right(verb="delete", resource="pods", without=wedge, needed=False))
    needed.append(
        Right(verb="get", resource="pods/log", without="the last words of a pod that crashes stay unknown", needed=False)
    )
    return tuple(needed)


async def missing_rights(place: Place) -> tuple[Finding, ...]:
    """A finding for each right that we lack. Nothing where the cluster does not let us ask: trying tells then."""
    wanted = rights(place.kind, place.name)
    try:
        allowed = await asyncio.gather(*(_allowed(place, right) for right in wanted))
    except Rejected:
        return ()
    return tuple(_finding(place, right) for right, may in zip(wanted, allowed, strict=True) if not may)


async def _allowed(place: Place, right: Right) -> bool:
    resource, _, part = right.resource.partition("/")
    asked = {"namespace": place.namespace, "verb": right.verb, "group": right.group, "resource": resource}
    asked |= {key: value for key, value in (("subresource", part), ("name", right.name)) if value}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": asked},
    }
    answer = await place.cluster.create(_REVIEWS, body)
    return bool((answer.get("status") or {}).get("allowed"))


def _finding(place: Place, right: Right) -> Finding:
    level = FindingLevel.BLOCK if right.needed else FindingLevel.WARN
    what = f"{right.verb} {right.resource} in {place.namespace}"
    return Finding(level=level, text=f"{place.name}: Rollbot may not {what}, so {right.without}; {_ROLE}")
