"""What going through with a plan would leave to be done, as the systems that carry it out say beforehand."""

from collections.abc import Mapping, Sequence

from integrations.protocols import Finding
from planner.duty_events import Duty, Leftover

_WORDS: Mapping[Duty, str] = {
    Duty.GIT: "Revert Git for {service}, or what is there brings the bad release back",
    Duty.AUTO_SYNC: "Switch the automatic sync of {service} on again",
    Duty.AUTOSCALER: "Let the autoscaler of {service} go on",
    Duty.SILENCE: "End the silences that were set for {service}",
}


def leftovers(findings: Sequence[Finding]) -> tuple[Leftover, ...]:
    """One for each service and sort, however many findings speak of it."""
    found: dict[tuple[str, Duty], Leftover] = {}
    for finding in findings:
        if finding.leaves is None or finding.service is None:
            continue
        words = _WORDS.get(finding.leaves, "Put {service} right").format(service=finding.service)
        left = Leftover(duty=finding.leaves, service=finding.service, words=f"{words}: {finding.text}.")
        found.setdefault((finding.service, finding.leaves), left)
    return tuple(found.values())
