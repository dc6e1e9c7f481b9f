"""Strongly connected components: what stands on a common cycle belongs together."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


def components(after: Mapping[T, Sequence[T]]) -> dict[T, int]:
    """Each node's strongly connected component. Arrows lead from higher numbers to lower ones (Tarjan, without recursion)."""
    index: dict[T, int] = {}
    low: dict[T, int] = {}
    component: dict[T, int] = {}
    stack: list[T] = []
    count = 0
    for root in after:
        if root in index:
            continue
        index[root] = low[root] = len(index)
        stack.append(root)
        work = [(root, iter(after[root]))]
        while work:
            node, rest = work[-1]
            for child in rest:
                if child not in index:
                    index[child] = low[child] = len(index)
                    stack.append(child)
                    work.append((child, iter(after[child])))
                    break
                if child not in component:
                    low[node] = min(low[node], index[child])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    while True:
                        member = stack.pop()
                        component[member] = count
                        if member == node:
                            break
                    count += 1
    return component
