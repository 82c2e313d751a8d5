"""A question as it is shown: a small form in a live notebook, a fold in a page, text elsewhere."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from typing import Any

import traitlets

from cnnlab.autograder.display.marks import pieces
from cnnlab.course import palette
from cnnlab.course.demos import in_notebook
from cnnlab.course.demos.stand_in import Playable
from cnnlab.course.guesses.question import Question, Verdict

_FOLDER = Path(__file__).parent
_EXAMPLE = {"number": "a number", " × ": "a shape, such as 32 × 32 × 3", ", ": "such as 3, 0, 5"}
_BOX = f"border-left: 4px solid {palette.BRAND}; margin: 8px 0; padding: 4px 12px; max-width: 46em"


class GuessCell(Playable):
    """The form. It keeps the state, the page draws it, and the answer comes when it is due.

    The page sets ``guessed`` (``text``, and ``count``, which guess it is) and ``asked``, whether
    the answer is to be shown. ``verdict`` and ``answer`` follow.
    """

    _esm = "\n".join([in_notebook(), (_FOLDER / "cell.js").read_text(encoding="utf-8")])
    _css = palette.style(".cnnlab-guess") + (_FOLDER / "cell.css").read_text(encoding="utf-8")

    kind = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    options: traitlets.List[Any] = traitlets.List().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    example = traitlets.Unicode().tag(sync=True)
    guessed = traitlets.Dict().tag(sync=True)
    verdict = traitlets.Dict().tag(sync=True)
    asked = traitlets.Bool(False).tag(sync=True)
    answer = traitlets.Unicode().tag(sync=True)
    fold = traitlets.Unicode().tag(sync=True)

    def __init__(self, question: Question) -> None:
        self._question = question
        style = question.unit if question.kind == "numbers" else question.kind
        super().__init__(
            kind=question.kind,
            question=marked_up(question.text),
            options=[{"value": each, "shown": marked_up(each)} for each in question.options],
            unit=question.unit.strip(" ×,"),
            example=_EXAMPLE.get(style, ""),
            fold=to_html(question),
        )
        self.observe(self._judge, names=["guessed"])
        self.observe(self._reveal, names=["asked"])

    def _judge(self, change: Any) -> None:
        text, count = str(self.guessed.get("text", "")), self.guessed.get("count")
        verdict = self._question.judge(text[:200])
        with self.hold_sync():
            self.verdict = {**shown(verdict), "count": count}
            if verdict.right:
                self.asked = True

    def _reveal(self, change: Any) -> None:
        self.answer = answer_html(self._question) if self.asked else ""

    def stand_in(self) -> dict[str, str]:
        """The fold for pages without Python, and plain text."""
        return {"text/plain": to_text(self._question), "text/html": to_html(self._question)}

    def __repr__(self) -> str:
        return to_text(self._question)


def shown(verdict: Verdict) -> dict[str, Any]:
    """A verdict as the page takes it; the reason stays here until it is asked for."""
    return {
        "right": verdict.right,
        "title": verdict.title,
        "text": marked_up(verdict.text),
    }


def to_text(question: Question) -> str:
    """The question alone, and how to answer it without a form."""
    options = "".join(f"\n  - {option}" for option in question.options)
    typed = {"number": "12", "numbers": "(32, 32, 3)", "choice": '"…"'}[question.kind]
    plain = question.text.replace("`", "")
    return f'{plain}{options}\nWrite guess("{question.name}", {typed}) with your own guess.'


def to_html(question: Question) -> str:
    """The question, and the answer in a fold; what a page without Python shows."""
    options = "".join(f"<li>{marked_up(option)}</li>" for option in question.options)
    wrong = "".join(
        f"<li><em>{marked_up(question.written(guess))}?</em> {marked_up(shows)}</li>"
        for guess, shows in question.wrong.items()
    )
    return (
        f'<div style="{_BOX}"><p><strong>Guess first.</strong> {marked_up(question.text)}</p>'
        f"{f'<ul>{options}</ul>' if options else ''}"
        f"<details><summary>The answer</summary>{answer_html(question)}"
        f"{f'<ul>{wrong}</ul>' if wrong else ''}</details></div>"
    )


def answer_html(question: Question) -> str:
    """The answer with its reason."""
    answer = marked_up(question.written(question.answer))
    return f"<p><strong>{answer}</strong> — {marked_up(question.why)}</p>"


def marked_up(text: str) -> str:
    """Text as HTML: code between backticks, emphasis between asterisks.

    Examples
    --------
    >>> marked_up("`x < 1` is *not* enough")
    '<code>x &lt; 1</code> is <em>not</em> enough'
    """
    return "".join(
        f"<code>{escape(words)}</code>"
        if code
        else re.sub(r"\*([^*\s][^*]*)\*", r"<em>\1</em>", escape(words))
        for words, code in pieces(text)
    )
