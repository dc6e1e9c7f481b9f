"""What other systems call a service, made a service name: lower-case letters, digits and dashes."""

import re

from planner.names import SERVICE_NAME, ServiceName

_OTHER = re.compile(r"[._/ ]+")


def as_service_name(text: str) -> ServiceName | None:
    """The name with dots, underscores, slashes and blanks as dashes; `None` where that still is none."""
    name = _OTHER.sub("-", text.strip().lower()).strip("-")
    return ServiceName(name) if SERVICE_NAME.fullmatch(name) else None
