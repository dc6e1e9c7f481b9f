"""Write `constraints.txt` anew from `pyproject.toml`: every package pinned and hashed, for every system. Needs uv.

The first part is what running Rollbot needs; what stands below the line `TESTS` is for tests and checks only.
"""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "# Every package that is installed, pinned and hashed. Made by `make lock`; do not edit.\n"
TESTS = "# Only for tests and checks:"


def main() -> None:
    """Resolve, then split what is needed to run from what is needed to test."""
    everything = entries("build", "dev")
    running = entries("build", constraints="\n".join(pin(entry) for entry in everything.values()))
    first = [entry for name, entry in everything.items() if name in running]
    second = [entry for name, entry in everything.items() if name not in running]
    (ROOT / "constraints.txt").write_text("\n".join([HEAD.strip(), *first, TESTS, *second]) + "\n", "utf-8")


def entries(*extras: str, constraints: str = "") -> dict[str, str]:
    """The pinned requirement of every package that these extras lead to, by its pin."""
    command = ["uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--python-version", "3.11"]
    command += ["--no-emit-index-url", "--no-header", "--no-annotate", *(f"--extra={extra}" for extra in extras)]
    pins = ROOT / ".pins.txt"
    pins.write_text(constraints, "utf-8")
    try:
        text = subprocess.run(
            [*command, "--constraint", str(pins), "pyproject.toml"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    finally:
        pins.unlink()
    # By the whole pin, for a package may have another version on another Python.
    return {pin(entry): entry for entry in re.split(r"\n(?=\S)", text.strip())}


def pin(entry: str) -> str:
    """The requirement without its hashes."""
    return entry.split(" \\\n", 1)[0]


if __name__ == "__main__":
    main()
