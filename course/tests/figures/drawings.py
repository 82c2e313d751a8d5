"""What every drawing must keep to, whatever it shows."""

import re
from xml.etree import ElementTree

from cnnlab.course import palette
from cnnlab.course.figures.drawing import Drawing

SVG = "{http://www.w3.org/2000/svg}"
NEUTRAL = {"none", "var(--ink)", "var(--soft)", "var(--paper)"}


def check(draw):
    """A drawing made twice is the same, is whole, is described, and follows both themes."""
    one, two = draw(), draw()
    assert isinstance(one, Drawing)
    assert one.html() == two.html()
    bundle = one._repr_mimebundle_()
    assert bundle["text/plain"] == one.alt
    assert len(one.alt) > 100
    root = ElementTree.fromstring(bundle["text/html"])
    assert root.get("aria-label") == one.alt
    assert root.get("role") == "img"
    assert len(bundle["text/html"]) < 150_000
    inside(root, one)
    paints = {e.get(k) for e in root.iter() for k in ("fill", "stroke")} - {None}
    assert paints <= NEUTRAL | allowed()
    assert "@media print" in bundle["text/html"]
    for theme, colours in palette.THEMES.items():
        still = one.svg(theme)
        ElementTree.fromstring(still)
        assert not re.search(r"var\(--(ink|soft|paper)", still)
        assert colours["ink"] in still
    return one


def allowed():
    from cnnlab.course.figures.diagrams import COLOURS

    return {*palette.ROLES.values(), *palette.WINDOWS, *COLOURS.values(), palette.GRAY}


def inside(root, one):
    """Every corner and the foot of every word lie on the paper."""
    for element in root.iter():
        for pair in (element.get("points") or "").split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= one.width, pair
            assert 0 <= y <= one.height, pair
        if element.tag == f"{SVG}text":
            wide = 0.58 * float(element.get("font-size")) * len(element.text)
            part = {"start": 0.0, "middle": 0.5, "end": 1.0}[element.get("text-anchor")]
            left = float(element.get("x")) - part * wide
            assert left >= 0, element.text
            assert left + wide <= one.width, element.text
            assert 0 < float(element.get("y")) < one.height, element.text


def words(drawing):
    """Every line of words."""
    root = ElementTree.fromstring(drawing.html())
    return [element.text for element in root.iter(f"{SVG}text")]


def overlaps(drawing):
    """Pairs of lines of words that share a place."""
    root = ElementTree.fromstring(drawing.html())
    boxes = []
    for e in root.iter(f"{SVG}text"):
        high = float(e.get("font-size"))
        wide = 0.55 * high * len(e.text)
        left = (
            float(e.get("x")) - {"start": 0, "middle": 0.5, "end": 1}[e.get("text-anchor")] * wide
        )
        boxes.append((left, left + wide, float(e.get("y")) - 0.8 * high, float(e.get("y")), e.text))
    return [
        (a[4], b[4])
        for n, a in enumerate(boxes)
        for b in boxes[n + 1 :]
        if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
    ]
