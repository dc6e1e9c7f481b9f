"""Which release an image is, and which image a release is. Pure.

Revision numbers say nothing here: rolling back renumbers them. What counts is the artifact.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from integrations.errors import Rejected
from integrations.image_names import digest, repository, tag
from planner.facts import Release, Service
from planner.names import Version

VERSION_LABEL = "app.kubernetes.io/version"


def version_of(service: Service, image: str, labels: Mapping[str, str], image_id: str = "") -> Version:
    """The release that runs this image.

    By digest first (of the image or of what really runs, `image_id`), then by the very artifact, then by tag, then by the version
    label, which people forget to change. An image of no known release is called by its tag, digest or name.
    """
    running = {digest(image), digest(image_id)} - {""}
    for release in service.releases:
        if release.artifact and digest(release.artifact) in running:
            return release.version
    for release in service.releases:
        if release.artifact == image:
            return release.version
    own = tag(image)
    for release in service.releases:
        if own and own.removeprefix("v") == release.version.removeprefix("v"):
            return release.version
    label = labels.get(VERSION_LABEL)
    if label and not own and any(release.version == label for release in service.releases):
        return Version(label)
    return Version(own or digest(image) or image)


def image_of(release: Release, now: str) -> str:
    """The image to run: the release's artifact, or the present repository with the version as its tag."""
    return release.artifact or f"{repository(now)}:{release.version}"


def container_of(service: Service, containers: Iterable[Mapping[str, Any]], named: str | None) -> int:
    """The place of the container that is the service. Raises `Rejected` where that cannot be told."""
    found = list(containers)
    names = [str(container.get("name")) for container in found]
    if named is not None:
        if named in names:
            return names.index(named)
        raise Rejected(f"{service.name}: there is no container {named!r}; there are {', '.join(names)}")
    if len(found) == 1:
        return 0
    known = {repository(release.artifact) for release in service.releases if release.artifact}
    matching = [place for place, container in enumerate(found) if repository(str(container.get("image"))) in known]
    if len(matching) == 1:
        return matching[0]
    raise Rejected(f"{service.name}: several containers ({', '.join(names)}): name the service's one as runtime.container")
