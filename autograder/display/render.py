"""A result as something to look at: an HTML card for notebooks and feedback, text for terminals.

Only inline styles and no scripts, so that a card looks the same in JupyterLab and on nbgrader's
feedback page. Everything that a learner's function said or returned is escaped.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from html import escape

from cnnlab.autograder.display import marks
from cnnlab.autograder.display.exhibits import Exhibit, call, checklist, inputs, outputs
from cnnlab.autograder.display.influence import in_words, legend, pictures
from cnnlab.autograder.display.picture import MEANING, PRINTED, SOFT, Plane, grid, number
from cnnlab.autograder.display.step import Step
from cnnlab.autograder.judging.answerkey import Finding
from cnnlab.autograder.judging.exercise import ROBUST, RUNGS
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.results import ExerciseResult, RungResult
from cnnlab.course import palette

STATUS_WORDS = {
    "passed": "passed",
    "failed": "not there yet",
    "not_attempted": "not written yet",
    "missing": "not found",
    "forbidden": "imports a module that is not allowed",
    "error": "stops with an error",
    "timeout": "took too long",
    "memory": "needs too much memory",
    "crashed": "crashed Python",
    "internal_error": "could not be graded",
}

_LINE = "var(--jp-border-color2,rgba(127,127,127,.4))"
_SHADE = "var(--jp-layout-color2,rgba(127,127,127,.12))"
_CODE = "font-family:var(--jp-code-font-family,monospace);font-size:12px;"
_SMALL = f"font-size:12px;color:{SOFT};"
_ROW = "display:flex;flex-wrap:wrap;margin:8px 0 2px;align-items:flex-start;"
_ACCENTS = {
    "passed": palette.PASSED,
    "not_attempted": palette.UNTOUCHED,
    "missing": palette.UNTOUCHED,
}
_OTHER_ACCENT = palette.NOT_YET
_YES = "✓", "passed", _ACCENTS["passed"]
_NO = "✗", "failed", _OTHER_ACCENT
_TO_DO = "○", "to do", palette.TO_DO


def headline(result: ExerciseResult) -> str:
    """``"conv2d: 3 / 8 points, not there yet"``."""
    score = f"{result.score:g} / {result.max_score:g} points"
    return f"{result.name}: {score}, {STATUS_WORDS[result.status]}"


def to_text(
    result: ExerciseResult,
    *,
    live: bool = True,
    printed: str = "",
    notes: Sequence[str] = (),
    step: Step | None = None,
) -> str:
    """A result for a terminal.

    Parameters
    ----------
    result : ExerciseResult
    live : bool
        Whether the reader can call ``hint``; otherwise the hint itself is given.
    printed : str
        What the function printed during the call that is shown.
    notes : sequence of str
        Sentences about the check itself, such as "This is an older version."
    step : Step, optional
        What comes next.

    Examples
    --------
    >>> rungs = [RungResult("runs", True, 0.0), RungResult("by-hand", True, 2.0)]
    >>> print(to_text(ExerciseResult("relu", "passed", 2.0, 2.0, rungs=rungs)))
    relu: 2 / 2 points, passed
      ✓ runs
      ✓ a case you can check by hand (2 of 2 points)
    """
    ladder = [_rung_text(rung, result.status) for rung in result.rungs]
    parts = ["\n".join([headline(result), *ladder])]
    said, where = _said(result)
    parts += [_fill(text) for text in said]
    parts += [_fill(f"Beyond the exercise: {text}") for text in result.remarks]
    finding = _finding(result)
    if not finding:
        parts.append(_fill(where))
    else:
        heading, sentence = _case(finding, where)
        parts.append("\n".join(filter(None, [heading, f"  {finding.call()}", _fill(sentence)])))
        expected, received = outputs(finding)
        parts += [_exhibit_text(exhibit) for exhibit in (*expected, *received)]
        parts += attempt(_influence_text, finding, plainer=[])
    if printed:
        parts.append(f"Your function printed:\n{printed.rstrip()}")
    parts += [_fill(f"Note: {each}") for each in notes]
    parts += [_invitation(result, live), _fill(str(step)) if step else ""]
    return "\n\n".join(part for part in parts if part)


def to_html(
    result: ExerciseResult,
    *,
    live: bool = True,
    printed: str = "",
    notes: Sequence[str] = (),
    step: Step | None = None,
) -> str:
    """A result as an HTML card; parameters as in `to_text`."""
    accent = _ACCENTS.get(result.status, _OTHER_ACCENT)
    said, where = _said(result)
    parts = [_title(result, accent), _ladder(result)]
    parts += [_paragraph(text, "font-size:1.08em;font-weight:600;") for text in said]
    parts += [_paragraph(f"Beyond the exercise: {text}") for text in result.remarks]
    finding = _finding(result)
    if finding:
        parts.append(_case_html(finding, where))
    elif where:
        parts.append(_paragraph(where))
    if printed:
        parts.append(_paragraph("Your function printed:", "margin-bottom:2px;") + _pre(printed))
    parts += [_paragraph(f"Note: {each}") for each in notes]
    if invitation := _invitation(result, live):
        parts.append(_paragraph(invitation, f"color:{SOFT};"))
    parts += [step.html()] if step else []
    return card("".join(parts), accent, headline(result))


def overview_text(results: Sequence[ExerciseResult]) -> str:
    """Several results, one line each, for a terminal."""
    if not results:
        return _NOTHING_YET
    marks = {"passed": "✓", "not_attempted": "○"}
    lines = [f"  {marks.get(result.status, '✗')} {headline(result)}" for result in results]
    more = [f"check({result.name}) says more." for result in results if not result.passed]
    return "\n".join([*lines, _total(results), *more[:1]])


def overview_html(results: Sequence[ExerciseResult]) -> str:
    """Several results as one card; what went wrong unfolds."""
    if not results:
        return note("", _NOTHING_YET)
    done = all(result.passed for result in results)
    rows = []
    for result in results:
        badge = {"passed": _YES, "not_attempted": _TO_DO}.get(result.status, _NO)
        row = f"{_badge(*badge)} {escape(headline(result))}"
        if result.passed:
            rows.append(f'<div style="padding:2px 0 2px 18px;">{row}</div>')
        else:
            summary = f'<summary style="cursor:pointer;padding:2px 0;">{row}</summary>'
            rows.append(f"<details>{summary}{to_html(result)}</details>")
    rows.append(_paragraph(_total(results), "font-weight:600;"))
    return card("".join(rows), _ACCENTS["passed" if done else "not_attempted"], "All exercises")


def case_html(result: ExerciseResult) -> str:
    """The case that a result's message speaks of, with its pictures; empty where there is none."""
    finding = _finding(result)
    return _case_html(finding, _said(result)[1]) if finding else ""


def card(body: str, accent: str, label: str) -> str:
    """A frame around HTML, with an edge in the accent colour."""
    return (
        f'<section aria-label="{escape(label)}" style="border:1px solid {_LINE};border-left:5px '
        f"solid {accent};border-radius:4px;padding:10px 16px 4px;margin:4px 0;max-width:860px;"
        "color:var(--jp-ui-font-color1,inherit);font-family:var(--jp-ui-font-family,sans-serif);"
        f'font-size:14px;line-height:1.5;">{body}</section>'
    )


def note(title: str, text: str) -> str:
    """A message as a card, for what is not a result."""
    accent = _ACCENTS["not_attempted"]
    head = f"<strong>{escape(title)}</strong>" if title else ""
    return card(head + "".join(map(_paragraph, text.split("\n\n"))), accent, title or text)


# What is said

_NOTHING_YET = "No function of an exercise is defined yet. Run the cells that hold yours first."


def _total(results: Sequence[ExerciseResult]) -> str:
    score, most = sum(r.score for r in results), sum(r.max_score for r in results)
    return f"Together {score:g} / {most:g} points."


def _finding(result: ExerciseResult) -> Finding | None:
    return result.detail if isinstance(result.detail, Finding) else None


def _failed(result: ExerciseResult) -> RungResult | None:
    """The rung that the message speaks of: the shown case's, else the first that failed."""
    failed = [rung for rung in result.rungs if not rung.passed]
    runs = [rung for rung in failed if rung.id == "runs"]
    finding = _finding(result)
    shown = [rung for rung in failed if finding and rung.id == finding.probe.rung]
    return next(iter([*runs, *shown, *(rung for rung in failed if rung.points)]), None)


def _said(result: ExerciseResult) -> tuple[list[str], str]:
    """The sentences about the mistake, and what was said of the first failed rung."""
    failed = _failed(result)
    where = failed.message if failed else ""
    said = result.message.removesuffix(where).strip()
    return ([said] if result.status == "internal_error" else said.splitlines()), where


def _case(finding: Finding, where: str) -> tuple[str, str]:
    """Which case is shown, and how its results differ."""
    heading, title = where.removesuffix(finding.text()).removesuffix(": "), finding.probe.title
    named = f"{heading} ({title})" if heading and title else heading or title
    if finding.probe.rung in RUNGS:  # other rungs are named after an argument, as it is spelt
        named = named[:1].upper() + named[1:]
    text = finding.difference.text
    sentence = " ".join(filter(None, [f"{text[:1].upper()}{text[1:]}.", finding.difference.entry]))
    return f"{named}:" if named else "", sentence


def _invitation(result: ExerciseResult, live: bool) -> str:
    if result.passed or result.status == "internal_error":
        return ""
    if result.status == "not_attempted" or not live:
        more = f" hint({result.name}) has more." if live else ""
        return f"Hint: {result.hint}{more}" if result.hint else ""
    return f"hint({result.name}) tells you more."


# Text


def _fill(text: str) -> str:
    lines = text.splitlines()
    return "\n".join(textwrap.fill(line, 88, break_long_words=False) for line in lines)


def _rung_text(rung: RungResult, status: str) -> str:
    optional = rung.id == ROBUST and not rung.points
    mark = "✓" if rung.passed else "○" if optional or status == "not_attempted" else "✗"
    points = f" ({rung.earned:g} of {rung.points:g} points)" if rung.points else ""
    return f"  {mark} {RUNGS.get(rung.id, rung.id)}{points}"


def _exhibit_text(exhibit: Exhibit) -> str:
    """The planes that are small enough to be read as numbers."""
    lines = []
    for plane in exhibit.planes:
        if max(plane.values.shape) > PRINTED:
            return ""
        where = f" ({plane.caption})" if plane.caption else ""
        lines.append(f"{exhibit.title}{where}:")
        lines += _rows(plane, exhibit.significant)
    return "\n".join(lines)


def _influence_text(finding: Finding) -> list[str]:
    """What the function uses, in words and as numbers."""
    if not finding.influence:
        return []
    drawn = [_exhibit_text(exhibit) for exhibit in pictures(finding.influence)]
    meaning = _fill(legend(finding.influence)) if any(drawn) else ""
    return [_fill(in_words(finding.influence)), *drawn, meaning]


def _rows(plane: Plane, significant: int) -> Iterable[str]:
    """The numbers of a plane, right-aligned, the marked one in brackets."""
    texts = [
        [
            f"[{text}]" if (i, j) == plane.mark else f" {text} "
            for j, text in enumerate(number(value, significant) for value in row)
        ]
        for i, row in enumerate(plane.values)
    ]
    width = max(len(text) for row in texts for text in row)
    return (f"  {' '.join(text.rjust(width) for text in row)}".rstrip() for row in texts)


# HTML


def _title(result: ExerciseResult, accent: str) -> str:
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;">'
        f'<strong style="{_CODE}font-size:16px;">{escape(result.name)}</strong>'
        f'<span style="padding:0 10px;border-radius:11px;font-size:13px;font-weight:700;color:#fff;'
        f'background:{accent};">{STATUS_WORDS[result.status]}</span>'
        f'<span style="margin-left:auto;font-variant-numeric:tabular-nums;">'
        f"<strong>{result.score:g} / {result.max_score:g}</strong> points</span></div>"
    )


def _ladder(result: ExerciseResult) -> str:
    first = _failed(result)
    steps = [_step(rung, result.status, rung is first) for rung in result.rungs]
    return (
        '<ul style="list-style:none;display:flex;flex-wrap:wrap;gap:5px;margin:8px 0;padding:0;">'
        f"{''.join(steps)}</ul>"
    )


def _step(rung: RungResult, status: str, first: bool) -> str:
    optional = rung.id == ROBUST and not rung.points
    badge = _YES if rung.passed else _TO_DO if optional or status == "not_attempted" else _NO
    edge = badge[2] if first and status != "not_attempted" else "transparent"
    points = f" {rung.earned:g} / {rung.points:g}" if rung.points else ""
    return (
        '<li style="margin:0;padding:1px 9px 1px 3px;border-radius:12px;font-size:12.5px;'
        f'background:{_SHADE};border:1px solid {edge};">'
        f"{_badge(*badge)} {escape(RUNGS.get(rung.id, rung.id))}"
        f"{points}</li>"
    )


def _badge(mark: str, word: str, colour: str) -> str:
    """A symbol in white on a colour, which reads well on light and on dark pages."""
    return (
        f'<span role="img" aria-label="{word}" title="{word}" style="display:inline-block;'
        "width:17px;line-height:17px;border-radius:9px;text-align:center;font-size:11px;"
        f'font-weight:700;color:#fff;background:{colour};">{mark}</span>'
    )


def _paragraph(text: str, style: str = "") -> str:
    return (
        f'<p style="margin:6px 0;white-space:pre-wrap;overflow-wrap:anywhere;{style}">'
        f"{marks.html(text)}</p>"
    )


def _pre(text: str) -> str:
    return (
        f'<pre style="{_CODE}margin:2px 0 8px;padding:6px 8px;background:{_SHADE};color:inherit;'
        'border:0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:240px;overflow:auto;">'
        f"{escape(text.rstrip())}</pre>"
    )


def _case_html(finding: Finding, where: str) -> str:
    """Which case it is, the call, how the results differ, and the arrays."""
    heading, sentence = _case(finding, where)
    given, properties = inputs(finding), checklist(finding)
    return (
        (_paragraph(heading, "margin-bottom:2px;") if heading else "")
        + _pre(call(finding, given))
        + _paragraph(sentence)
        + (_checklist_html(properties) if properties else _pictures(finding, given))
        + attempt(_influence_html, finding, plainer="")
    )


def _influence_html(finding: Finding) -> str:
    """What the first wrong number should use, beside what it does use."""
    if not finding.influence:
        return ""
    drawn = "".join(_drawn(exhibit) for exhibit in pictures(finding.influence))
    if drawn:
        meaning = f"{legend(finding.influence)} {MEANING}"
        drawn = f'<div style="{_ROW}gap:10px 40px;">{drawn}</div>' + _paragraph(meaning, _SMALL)
    return (
        f'<div style="border-top:1px solid {_LINE};margin:10px 0 2px;padding-top:4px;">'
        f"{_paragraph(in_words(finding.influence))}{drawn}</div>"
    )


def _pictures(finding: Finding, given: Sequence[Exhibit]) -> str:
    """The inputs, then, always side by side, what was expected and what came."""
    expected, received = outputs(finding)
    arrow = f'<div aria-hidden="true" style="align-self:center;color:{SOFT};">→</div>'
    pair = [arrow] if given and expected else []
    pair += [_drawn(exhibit, _SHARED) for exhibit in (*expected, *received)]
    groups = [_drawn(exhibit) for exhibit in given]
    groups += (
        [f'<div style="display:flex;flex-wrap:wrap;gap:10px 22px;">{"".join(pair)}</div>']
        if pair
        else []
    )
    if not groups:
        return ""
    meaning = MEANING
    if any(plane.mark for exhibit in expected for plane in exhibit.planes):
        meaning += " The first cell that differs is outlined."
    return f'<div style="{_ROW}gap:10px 22px;">{"".join(groups)}</div>' + _paragraph(
        meaning, _SMALL
    )


_SHARED = "flex:1 1 40%;max-width:max-content;"
"""Two arrays in one line while their smallest planes fit, each as wide as it can be."""


def _drawn(exhibit: Exhibit, style: str = "") -> str:
    """An array under its name, its planes in a row."""
    tables = "".join(
        f"<div>{_grid(plane, exhibit)}"
        f'<div style="font-size:12px;color:{SOFT};">{escape(plane.caption)}</div></div>'
        for plane in exhibit.planes
    )
    return (
        f'<div style="{style}"><div style="{_CODE}margin-bottom:3px;">'
        f"<strong>{escape(exhibit.title)}</strong>"
        f'<span style="color:{SOFT};"> {escape(exhibit.shape)}</span></div>'
        f'<div style="display:flex;flex-wrap:wrap;gap:8px;">{tables}</div></div>'
    )


def _grid(plane: Plane, exhibit: Exhibit) -> str:
    return grid(plane, exhibit.title, exhibit.limit, exhibit.significant, exhibit.hollow)


def _checklist_html(properties: Sequence[tuple[str, bool]]) -> str:
    items = []
    for text, holds in properties:
        badge = _badge(*(_YES if holds else _NO))
        items.append(f'<li style="margin:0;">{badge} {escape(text)}</li>')
    return f'<ul style="list-style:none;margin:4px 0 8px;padding:0;">{"".join(items)}</ul>'
