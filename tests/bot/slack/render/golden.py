"""Everything that is drawn, as JSON to be read by people. `python -m tests.bot.slack.render.golden` writes it anew."""

import json
from pathlib import Path

from bot.slack.render.kit import Message
from bot.slack.render.lines import line, thread
from bot.slack.render.reply import private
from bot.slack.render.run import parent
from commands.ports import BadVersion, Holder
from commands.reply import (
    BadList,
    Help,
    HoldList,
    Opened,
    Overview,
    Preview,
    Refused,
    Reply,
    RunDetail,
    RunList,
    Said,
    ServiceStatus,
    Suggested,
    Suggestion,
)
from commands.table import VERBS
from planner.approval import approve, who_can
from planner.names import RunId, ServiceName, Version
from planner.refusal import Code, Refusal
from planner.run import Run, follow
from planner.suspects import Suspect
from tests.bot.slack.runs import at, log, plan, stories
from tests.commands.fakes import GUEST, NOON, POLICY

HERE = Path(__file__).parent.parent / "golden"
ORDER = ServiceName("order-service")


def drawn() -> dict[str, Message]:
    """Every golden message by its name."""
    logs = stories(plan(2))
    found = {f"run_{name}": parent(at(events), POLICY) for name, events in logs.items()}
    found["run_hazards"] = parent(at(stories(plan(2, hazards=2, grouped=True))["waiting"]), POLICY)
    for name in ("halted", "finished", "unknown", "rejected", "undoing", "discovery"):
        found[f"thread_{name}"] = thread(told(logs[name]))
    return found | {f"reply_{name}": private(reply) for name, reply in replies().items()}


def told(events: list) -> list[str]:
    run, lines = Run(id=RunId("r12")), []
    for entry in log(events):
        run = follow(run, entry)
        words = line(run, entry)
        if words is not None:
            lines.append(words)
    return lines


def replies() -> dict[str, Reply]:
    logs = stories(plan(2))
    waiting, halted, finished = (at(logs[name]) for name in ("waiting", "halted", "finished"))
    no = approve(waiting, POLICY, GUEST, waiting.plan.digest, NOON)
    assert isinstance(no, Refusal)
    holder = Holder(service=ORDER, run=RunId("r12"), since=NOON)
    return {
        "opened": Opened(
            run=waiting,
            replaced=(RunId("r11"),),
            notes=("It takes the place of run r11, which Ben asked for in <#C0OPS>: nobody had decided on it.",),
        ),
        "preview": Preview(plan=plan(2), approvals=1),
        "said": Said(text="You approved run r12. It starts now.", lines=("Its message and thread show how far it is.",)),
        "not_allowed": Refused(refusal=no),
        "no_safe_plan": Refused(
            refusal=Refusal(
                code=Code.NO_SAFE_PLAN,
                message="order-service cannot go back to 1.4.2 safely.",
                facts=("order-service 1.4.2 needs payment-service >=2 <3", who_can(POLICY)),
                nearest=("/rollback order-service to 1.4.1", "Ask team-orders."),
            )
        ),
        "runs": RunList(title="The newest runs in prod", runs=(finished, halted, waiting), empty="none"),
        "no_runs": RunList(title="The newest runs in prod", runs=(), empty="There has been no run in prod yet."),
        "detail": RunDetail(run=halted, entries=log(logs["halted"])),
        "overview": Overview(environment="prod", open=(halted, waiting), held=(holder,)),
        "quiet": Overview(environment="prod", open=(), held=()),
        "service": ServiceStatus(
            service=ORDER,
            owner="team-orders",
            current=Version("2.0.0"),
            releases=(
                (Version("2.0.0"), NOON, "runs now"),
                (Version("1.4.2"), NOON, "verified good"),
                (Version("1.4.1"), None, ""),
            ),
            bad={Version("2.0.0"): "loses carts"},
            holder=holder,
            open=(waiting,),
            last=finished,
        ),
        "locks": HoldList(held=((holder, halted),)),
        "bad": BadList(bad=(BadVersion(service=ORDER, version=Version("2.0.0"), reason="loses carts <!channel>"),)),
        "suggested": Suggested(
            suggestions=(
                Suggestion(
                    suspect=Suspect(
                        service=ORDER,
                        current=Version("2.0.0"),
                        share=0.62,
                        evidence=(
                            "2.0.0 went live 14 min ago (2026-11-23 11:46 UTC)",
                            "its check “checkout works” fails: 500 <!channel>",
                            "web-front, where something fails, depends on it",
                        ),
                    ),
                    words="It would go back to 1.4.2 with 1 more service, 97% likely to go through.",
                    command="/rollback plan order-service to 1.4.2",
                ),
                Suggestion(
                    suspect=Suspect(service=ServiceName("search"), current=Version("5.1.0"), share=0.2, evidence=()),
                    words="search has no release before 5.1.0, which runs now, so there is nothing to go back to.",
                ),
            ),
            more=2,
            elsewhere=0.11,
            looked="Looked at releases, checks and who depends on whom: 4 releases of the last 48 h are within reach.",
        ),
        "suggested_nobody": Suggested(suggestions=(), more=0, elsewhere=1.0, looked="Looked at releases and checks."),
        "help": Help(verbs=tuple(verb.usage for verb in VERBS)),
        "help_one": Help(verbs=(VERBS[0].usage,)),
    }


def as_json(message: Message) -> str:
    return json.dumps({"text": message.text, "blocks": message.blocks}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    for old in HERE.glob("*.json"):
        old.unlink()
    for name, message in drawn().items():
        (HERE / f"{name}.json").write_text(as_json(message), encoding="utf-8")
