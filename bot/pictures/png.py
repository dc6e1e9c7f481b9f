"""SVG to PNG by resvg, with our own fonts and no others, so that the same plan is the same picture on every machine.

resvg draws a text for which it has no font as nothing at all, and says nothing; the tests look for ink.
"""

from importlib.resources import files

_FONTS = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_MOST_PIXELS = 40_000_000
_SHARP = 2.0


def to_png(svg: str) -> bytes:
    """The picture at twice its size, for sharp screens; smaller where it would be enormous. Takes a second for large ones."""
    # Here, because most commands never draw.
    import resvg_py

    folder = files("bot.pictures") / "fonts"
    wide, high = _size(svg)
    zoom = min(_SHARP, (_MOST_PIXELS / (wide * high)) ** 0.5)
    drawn = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=max(int(wide * zoom), 1),
        skip_system_fonts=True,
        font_files=[str(folder / name) for name in _FONTS],
        font_family="DejaVu Sans",
        sans_serif_family="DejaVu Sans",
    )
    return bytes(drawn)


def _size(svg: str) -> tuple[float, float]:
    """Width and height from our own viewBox."""
    box = svg.split('viewBox="', 1)[1].split('"', 1)[0].split()
    return float(box[2]), float(box[3])
