"""A result as an HTML card, for notebooks and feedback pages.

Only inline styles and no scripts, so that a card looks the same in JupyterLab and on nbgrader's
feedback page. Everything that a learner's function said or returned is escaped.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cnnlab.autograder.display import marks
from cnnlab.autograder.display.exhibits import Exhibit, call, checklist, inputs, outputs
from cnnlab.autograder.display.influence import in_words, legend, pictures
from cnnlab.autograder.display.message import (
    MARKS,
    NOTHING_YET,
    STATUS_WORDS,
    case_of,
    failed_rung,
    finding_of,
    headline,
    invitation_of,
    rung_state,
    sentences,
    state_of,
    total_of,
)
from cnnlab.autograder.display.picture import MEANING, SOFT, Plane, grid
from cnnlab.autograder.display.step import Step
from cnnlab.autograder.judging.answerkey import Finding
from cnnlab.autograder.judging.exercise import RUNGS
from cnnlab.autograder.judging.fallback import attempt
from cnnlab.autograder.judging.results import ExerciseResult, RungResult
from cnnlab.course import palette

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
_COLOURS = {"passed": _ACCENTS["passed"], "to do": palette.TO_DO, "failed": _OTHER_ACCENT}
"""Behind the mark of each state."""


def to_html(
    result: ExerciseResult,
    *,
    live: bool = True,
    printed: str = "",
    notes: Sequence[str] = (),
    step: Step | None = None,
) -> str:
    """A result as an HTML card; parameters as in `cnnlab.autograder.display.text.to_text`."""
    accent = _ACCENTS.get(result.status, _OTHER_ACCENT)
    said, where = sentences(result)
    parts = [_title(result, accent), _ladder(result)]
    parts += [_paragraph(text, "font-size:1.08em;font-weight:600;") for text in said]
    parts += [_paragraph(f"Beyond the exercise: {text}") for text in result.remarks]
    finding = finding_of(result)
    if finding:
        parts.append(_case_html(finding, where))
    elif where:
        parts.append(_paragraph(where))
    if printed:
        parts.append(_paragraph("Your function printed:", "margin-bottom:2px;") + _pre(printed))
    parts += [_paragraph(f"Note: {each}") for each in notes]
    if invitation := invitation_of(result, live):
        parts.append(_paragraph(invitation, f"color:{SOFT};"))
    parts += [step.html()] if step else []
    return card("".join(parts), accent, headline(result))


def overview_html(results: Sequence[ExerciseResult]) -> str:
    """Several results as one card; what went wrong unfolds."""
    if not results:
        return note("", NOTHING_YET)
    done = all(result.passed for result in results)
    rows = []
    for result in results:
        row = f"{_badge(state_of(result))} {escape(headline(result))}"
        if result.passed:
            rows.append(f'<div style="padding:2px 0 2px 18px;">{row}</div>')
        else:
            summary = f'<summary style="cursor:pointer;padding:2px 0;">{row}</summary>'
            rows.append(f"<details>{summary}{to_html(result)}</details>")
    rows.append(_paragraph(total_of(results), "font-weight:600;"))
    return card("".join(rows), _ACCENTS["passed" if done else "not_attempted"], "All exercises")


def case_html(result: ExerciseResult) -> str:
    """The case that a result's message speaks of, with its pictures; empty where there is none."""
    finding = finding_of(result)
    return _case_html(finding, sentences(result)[1]) if finding else ""


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
    first = failed_rung(result)
    steps = [_step(rung, result.status, rung is first) for rung in result.rungs]
    return (
        '<ul style="list-style:none;display:flex;flex-wrap:wrap;gap:5px;margin:8px 0;padding:0;">'
        f"{''.join(steps)}</ul>"
    )


def _step(rung: RungResult, status: str, first: bool) -> str:
    state = rung_state(rung, status)
    edge = _COLOURS[state] if first and status != "not_attempted" else "transparent"
    points = f" {rung.earned:g} / {rung.points:g}" if rung.points else ""
    return (
        '<li style="margin:0;padding:1px 9px 1px 3px;border-radius:12px;font-size:12.5px;'
        f'background:{_SHADE};border:1px solid {edge};">'
        f"{_badge(state)} {escape(RUNGS.get(rung.id, rung.id))}"
        f"{points}</li>"
    )


def _badge(state: str) -> str:
    """A symbol in white on a colour, which reads well on light and on dark pages."""
    return (
        f'<span role="img" aria-label="{state}" title="{state}" style="display:inline-block;'
        "width:17px;line-height:17px;border-radius:9px;text-align:center;font-size:11px;"
        f'font-weight:700;color:#fff;background:{_COLOURS[state]};">{MARKS[state]}</span>'
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
    heading, sentence = case_of(finding, where)
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
        badge = _badge("passed" if holds else "failed")
        items.append(f'<li style="margin:0;">{badge} {escape(text)}</li>')
    return f'<ul style="list-style:none;margin:4px 0 8px;padding:0;">{"".join(items)}</ul>'
