"""Make the virtual environment and put exactly the pinned, hashed packages into it. Needs only Python 3.11+ with venv.

    python3 scripts/install.py VENV [--tests]

Installs what `constraints.txt` pins for running Rollbot (with `--tests` also what tests and checks need), then the project itself
as editable. Uses uv where it is installed, because it is faster, else pip.
"""

import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = ROOT / "constraints.txt"
TESTS = "# Only for tests and checks:"


def main(place: str, *options: str) -> None:
    """Install into the environment at `place`; make it first where there is none."""
    if sys.version_info < (3, 11):  # noqa: UP036 (whoever runs this may have another)
        sys.exit(
            f"Rollbot needs Python 3.11 or newer; this is {sys.version.split()[0]}. Say which with: make PYTHON=python3.12 …"
        )
    home = Path(place).resolve()
    python = home / "bin" / "python"
    if not python.exists():
        try:
            venv.create(home, with_pip=shutil.which("uv") is None)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"No virtual environment could be made ({error}). On Debian and Ubuntu: apt install python3-venv")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as wanted:
        wanted.write(pinned(tests="--tests" in options))
        wanted.flush()
        install = installer(python)
        run(*install, "--require-hashes", "-r", wanted.name)
        run(*install, "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def installer(python: Path) -> list[str]:
    """The command that installs packages into that environment."""
    uv = shutil.which("uv")
    if uv:
        return [uv, "pip", "install", "--quiet", "--python", str(python)]
    return [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def pinned(*, tests: bool) -> str:
    """The pinned requirements, hashes and all: those to run Rollbot, and with `tests` those to test it too."""
    text = CONSTRAINTS.read_text("utf-8")
    return text if tests else text.split(TESTS, 1)[0]


def run(*command: str) -> None:
    """Run it, or stop here with its own words."""
    if subprocess.run(command, check=False).returncode:
        sys.exit("The packages could not be installed; the lines above say why. Is the package registry reachable?")


if __name__ == "__main__":
    main(*sys.argv[1:] or sys.exit(__doc__))
