"""`rollbot plan` drawn, exported and explained."""

import subprocess
import sys

from tests.bot.test_cli_plan import catalog, rollbot  # noqa: F401


def test_a_picture_in_a_file(catalog, tmp_path):  # noqa: F811
    picture = tmp_path / "plan.png"
    done = rollbot("plan", "order-service", "--catalog", catalog, "--format", "png", "-o", picture)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_svg_and_prism_on_standard_output(catalog):  # noqa: F811
    assert rollbot("plan", "order-service", "--catalog", catalog, "--format", "svg").stdout.startswith("<svg ")
    chain = rollbot("plan", "order-service", "--catalog", catalog, "--format", "prism").stdout
    assert "\ndtmc\n" in chain
    assert 'label "partial"' in chain


def test_a_refusal_has_no_picture_but_words(catalog):  # noqa: F811
    done = rollbot("plan", "nobody", "--catalog", catalog, "--format", "png")
    assert done.returncode == 1
    assert "nobody" in done.stdout


def test_explained(catalog):  # noqa: F811
    done = rollbot("plan", "order-service", "--catalog", catalog, "--explain")
    assert "Markov chain" in done.stdout
    assert "N = (I - Q)^-1" in done.stdout


def test_a_file_that_cannot_be_written_is_one_line(catalog, tmp_path):  # noqa: F811
    done = rollbot("plan", "order-service", "--catalog", catalog, "--format", "svg", "-o", tmp_path)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_nothing_heavy_is_loaded_for_a_plan_in_words(catalog):  # noqa: F811
    script = (
        "import sys; from bot.__main__ import main; "
        f"main(['plan', 'order-service', '--catalog', {str(catalog)!r}]); "
        "print([name for name in ('numpy', 'resvg_py', 'planner.drawing') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=50, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
