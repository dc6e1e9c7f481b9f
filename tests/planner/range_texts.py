"""Random range texts and versions for the tests of ranges: mostly sensible, often odd, sometimes broken."""

import random
import re

MAX = 2**53 - 1
_NEAR = re.compile(r"[0-9]{1,17}(?:\.[0-9]{1,17}){2}(?:-[0-9A-Za-z.-]+)?")
_WORDS = ["0", "1", "2", "10", "alpha", "beta", "rc", "a", "-", "x", "v", "a-b", "-1", "01a", "00", "0a", "--", "X"]
_IDS = [*_WORDS, str(MAX), str(MAX + 1), str(MAX + 2), "1" * 30]
_TAILS = ["", "", "", "-0", "-alpha", "-alpha.1", "-beta", "-1", "-rc.2", "-alpha.beta", "-0.0"]
_BLANKS = ["", "", "", "", " ", " ", "  ", "\t", " \n", "\u00a0", "\ufeff", "\x1c", "\x85"]
_ALONE = ["", "*", "x", " ", ">=0.0.0", ">=0.0.0-0", "<0.0.0-0", "<0", "<*", ">x"]
_OPERATORS = ["", "^", "~", "~>", ">", "<", ">=", "<=", "=", "", "^", "~", ">=", "<"]


class RangeTexts:
    """A source of texts that gives the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def version(self) -> str:
        """A version with small numbers."""
        pick = self.random.choice
        return f"{pick([0, 0, 1, 1, 2, 3])}.{pick([0, 1, 2, 3])}.{pick([0, 1, 2, 3])}{pick(_TAILS)}"

    def range(self) -> str:
        """A range, or something near one."""
        text = self.random.choice(["||", " || ", "||  "]).join(
            self._branch() for _ in range(self.random.choice([1, 1, 1, 1, 2, 2, 3]))
        )
        return self._broken(text) if self.random.random() < 0.2 else text

    def versions(self, text: str) -> list[str]:
        """Versions to ask a range about: any, and those that stand in its text with their neighbours."""
        found = [self.version() for _ in range(10)] + [self._odd_version() for _ in range(2)]
        for near in _NEAR.findall(text)[:4]:
            core = near.split("-")[0]
            found += [near, core + self.random.choice(["-0", "-alpha", "", "-zz", ".0"]), near + self.random.choice([".0", "-0"])]
        if self.random.random() < 0.05:
            found += ["v1.2.3", "=1.2.3", " 1.2.3 ", "1.2", "", f"{MAX}.0.0", f"{MAX + 1}.0.0"]
            found += ["1.2.3-" + "a" * 250, "1.2.3-" + "a" * 251, "\u00a01.2.3\ufeff", "\x1c1.2.3"]
        return found

    def _number(self) -> str:
        chance = self.random.random()
        if chance < 0.9:
            return str(self.random.choice([0, 0, 1, 1, 2, 2, 3, 4, 10]))
        if chance < 0.93:
            return str(self.random.choice([MAX, MAX - 1, MAX + 1, 10**20]))
        return ("0" if chance < 0.95 else "") + str(self.random.randint(0, 30))

    def _pre(self) -> str:
        if self.random.random() < 0.6:
            return ""
        return "-" + ".".join(self.random.choice(_IDS) for _ in range(self.random.choice([1, 1, 1, 2, 2, 3])))

    def _build(self) -> str:
        return "" if self.random.random() < 0.9 else "+" + self.random.choice(["b", "1.2", "a-b", "001", "+", "a."])

    def _odd_version(self) -> str:
        return ".".join(self._number() for _ in range(3)) + self._pre() + self._build()

    def _partial(self) -> str:
        parts = self.random.choice([1, 2, 2, 3, 3, 3])
        text = ".".join(
            self.random.choice(["x", "X", "*"]) if self.random.random() < 0.3 else self._number() for _ in range(parts)
        )
        if parts == 3:
            text += self._pre() + self._build()
        if self.random.random() < 0.12:
            text = self.random.choice(["v", "=", "v=", "= ", "v ", " v"]) + text
        return text

    def _any(self) -> str:
        return self.random.choice([self.version, self.version, self._partial, self._partial, self._odd_version])()

    def _blank(self) -> str:
        return self.random.choice(_BLANKS) if self.random.random() < 0.15 else self.random.choice(["", "", "", "", " "])

    def _branch(self) -> str:
        chance = self.random.random()
        if chance < 0.15:
            return self._any() + self.random.choice([" - "] * 8 + ["  - ", "- ", " -"]) + self._any()
        if chance < 0.18:
            return self.random.choice(_ALONE)
        return " ".join(
            self._blank() + self.random.choice(_OPERATORS) + self._blank() + self._any()
            for _ in range(self.random.choice([1, 1, 1, 2, 2, 3]))
        )

    def _broken(self, text: str) -> str:
        letters = list(text)
        for _ in range(self.random.randint(1, 3)):
            letter, place, chance = (
                self.random.choice("0123.xX*-+ ><=~^|v,a\t "),
                self.random.randrange(len(letters) + 1),
                self.random.random(),
            )
            if chance < 0.5 or place == len(letters):
                letters.insert(place, letter)
            elif chance < 0.8:
                letters[place] = letter
            else:
                del letters[place]
        return "".join(letters)
