"""A whole run as JSON, the same facts as its page in Markdown: for programs that keep incidents."""

import json
from collections.abc import Sequence
from typing import Any

from commands.views.entry_text import event_words
from planner.events import Entry, GateJudged
from planner.involved import doer
from planner.names import RunId
from planner.review import review
from planner.timeline import minutes, timeline
from planner.wire import plan_to_json

SCHEMA = "rollbot/review/v1"


def run_json(run_id: RunId, entries: Sequence[Entry]) -> str:
    """The review of the run that these entries tell, with a line break at its end. It proves nothing, like the page."""
    return json.dumps(_review(run_id, entries), indent=2, ensure_ascii=False) + "\n"


def _review(run_id: RunId, entries: Sequence[Entry]) -> dict[str, Any]:
    found = review(run_id, entries)
    run, line = found.run, timeline(run_id, entries)
    return {
        "schema": SCHEMA,
        "run": run.id,
        "ending": run.ending,
        "asked_at": run.asked_at.isoformat() if run.asked_at else None,
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "plan": plan_to_json(run.plan) if run.planned else None,
        "minutes": {str(period): spent for period, spent in found.minutes.items()},
        "step_minutes": minutes(line) if line is not None else {},
        "decisions": [
            {"at": one.at.isoformat(), "id": one.by.id, "name": one.by.name, "saw": one.saw, "said": one.said}
            for one in found.decisions
        ],
        "deviations": list(found.deviations),
        "left_standing": list(found.standing),
        "obligations": list(run.ended.obligations) if run.ended else [],
        "verdicts": [
            {
                "step": event.step,
                "gate": event.gate,
                "check": event.check,
                "verdict": event.verdict,
                "because": event.because,
                "seconds": event.seconds,
                "measured": dict(found.measured.get((event.step, event.check or ""), {})),
            }
            for event in (entry.event for entry in entries)
            if isinstance(event, GateJudged)
        ],
        "timeline": [
            {
                "seq": entry.seq,
                "at": entry.at.isoformat(),
                "kind": entry.event.kind,
                "words": event_words(entry.event),
                "by": person.id if (person := doer(entry.event)) else None,
            }
            for entry in entries
        ],
        "head": {"run": run.id, "seq": run.seq, "hash": run.hash},
    }
