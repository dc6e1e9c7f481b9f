"""The rules of planning said a second time, as slowly and plainly as possible: every choice, every order, every state.

Shares nothing with the planner but the facts and the ranges.
"""

from itertools import chain, combinations, product

import networkx as nx

from planner.ranges import Range, parse_version


class Oracle:
    """A small snapshot, ready to be tried out exhaustively. A state maps every service to a place in its history."""

    def __init__(self, snapshot):
        self.names = sorted(snapshot.services)
        self.services = snapshot.services
        self.bad = snapshot.bad
        self.history = {name: self._sorted(self.services[name].releases) for name in self.names}
        self.now = {name: [r.version for r in self.history[name]].index(snapshot.current[name]) for name in self.names}

    @staticmethod
    def _sorted(releases):
        if any(release.deployed_at is None for release in releases):
            return list(releases)
        return sorted(releases, key=lambda release: release.deployed_at)

    def allowed(self, name, place):
        release, floor = self.history[name][place], self.services[name].security_floor
        if release.verified == "bad" or release.version in self.bad.get(name, {}):
            return False
        if floor is None:
            return True
        mine, least = parse_version(release.version), parse_version(floor)
        if mine is not None and least is not None:
            return mine >= least
        versions = [other.version for other in self.history[name]]
        return floor in versions and place >= versions.index(floor)

    def need(self, name, place, other):
        """The range as text, or None."""
        release = self.history[name][place]
        if other in release.requires:
            return release.requires[other]
        if other == name or other not in self.services or other not in [edge.service for edge in self.services[name].depends_on]:
            return None
        if release.deployed_at is None:
            return None
        live = None
        for item in self.history[other]:
            if item.deployed_at is not None and item.deployed_at <= release.deployed_at:
                live = item
        if live is None:
            return None
        at = self.history[other].index(live)
        if at + 1 < len(self.history[other]) and self.history[other][at + 1].deployed_at is None:
            return None
        return Range.parse("^" + live.version) if parse_version(live.version) else None

    def holds(self, name, place, other, other_place):
        need = self.need(name, place, other)
        if need is None:
            return True
        version = self.history[other][other_place].version
        return need.contains(version) if parse_version(version) else need == Range.parse("*")

    def safe(self, state, moved):
        """Every need that touches a moved service holds."""
        return all(self.holds(a, state[a], b, state[b]) for a in self.names for b in self.names if a in moved or b in moved)

    def target(self, name, prefer_verified=True):
        places = [place for place in range(self.now[name] - 1, -1, -1) if self.allowed(name, place)]
        good = [place for place in places if self.history[name][place].verified == "good"]
        return (good if prefer_verified and good else places or [None])[0]

    def cost(self, state):
        moved = [name for name in self.names if state[name] != self.now[name]]
        crossed = 0
        for name in moved:
            for release in self.history[name][state[name] + 1 : self.now[name] + 1]:
                crossed += sum(migration.kind != "expand" for migration in release.migrations)
        steps = [self.now[name] - state[name] for name in self.names]
        return (crossed, len(moved), sum(steps), steps)

    def least(self, name, place):
        """The least state with `name` at `place`; None where there is none."""
        options = [
            [place] if other == name else [self.now[other]] + [p for p in range(self.now[other]) if self.allowed(other, p)]
            for other in self.names
        ]
        best = None
        for places in product(*options):
            state = dict(zip(self.names, places, strict=True))
            moved = {other for other in self.names if state[other] != self.now[other]}
            if self.safe(state, moved) and (best is None or self.cost(state) < self.cost(best)):
                best = state
        return best

    def full(self, name, place):
        """The full state; None where it breaks a rule. A service of which times are missing stays."""
        since = self.history[name][place + 1].deployed_at
        if since is None:
            return None
        state = dict(self.now) | {name: place}
        for other in self.names:
            start = self.history[other][self.now[other]].deployed_at
            if other == name or start is None or start < since:
                continue
            for at in range(self.now[other] - 1, -1, -1):
                time = self.history[other][at].deployed_at
                if time is None or time < since:
                    if time is not None:
                        state[other] = at
                    break
        moved = {other for other in self.names if state[other] != self.now[other]}
        if any(other != name and not self.allowed(other, state[other]) for other in moved) or not self.safe(state, moved):
            return None
        return state

    def groups_and_waves(self, state):
        """Lockstep groups of two and more, and waves, by networkx."""
        moved = [name for name in self.names if state[name] != self.now[name]]
        graph = nx.DiGraph()
        graph.add_nodes_from(moved)
        for first in moved:
            for other in moved:
                if first == other:
                    continue
                mixed = (state[first], self.now[other])
                if not (self.holds(first, mixed[0], other, mixed[1]) and self.holds(other, mixed[1], first, mixed[0])):
                    graph.add_edge(other, first)
        condensed = nx.condensation(graph)
        members = {node: sorted(condensed.nodes[node]["members"]) for node in condensed}
        waves = [sorted(chain.from_iterable(members[node] for node in wave)) for wave in nx.topological_generations(condensed)]
        return sorted(group for group in members.values() if len(group) > 1), waves

    def met_states(self, plan):
        """Every state a run of this plan can meet, with the services moved by then."""
        state, moved = dict(self.now), set()
        for wave in plan.waves:
            units = {}
            for name in wave:
                units.setdefault(plan.move(name).group or name, []).append(name)
            for size in range(len(units) + 1):
                for some in combinations(sorted(units), size):
                    done = {name for unit in some for name in units[unit]}
                    yield state | {name: self._place(plan, name) for name in done}, moved | done
            moved |= set(wave)
            state |= {name: self._place(plan, name) for name in wave}
        yield state, moved

    def _place(self, plan, name):
        return [release.version for release in self.history[name]].index(plan.move(name).to_version)
