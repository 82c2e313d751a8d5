"""A newer release and what a learner has made of the older one: real notebooks, edited between."""

from __future__ import annotations

import copy
import json

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnlab.autograder.submission.solutions import SOLUTIONS
from cnnlab.course.build.merge import about, edited, merge, reset
from cnnlab.course.build.released import digest, note, noted, source_of

EXERCISES = SOLUTIONS.parent / "exercises"
CHAPTERS = [path.parent.name for path in sorted(EXERCISES.glob("ch*/ch*.ipynb"))]
CHAPTER = "ch01_convolution"
STUB = "raise NotImplementedError()"


def handed_out(chapter=CHAPTER):
    """A chapter's notebook for learners; its older release, in these tests."""
    return json.loads((EXERCISES / chapter / f"{chapter}.ipynb").read_text("utf-8"))


def at(book, key):
    """The cell with this id."""
    (cell,) = (c for c in book["cells"] if c["id"] == key)
    return cell


def of_role(book, role):
    return [c["id"] for c in book["cells"] if c["metadata"]["cnnlab"]["role"] == role]


def rewritten(book, *keys):
    """A newer release, in which these cells differ."""
    new = copy.deepcopy(book)
    for key in keys:
        cell = at(new, key)
        cell["source"] = source_of(cell) + "\n# newer"
    note(new)
    return new


def answered(book, name="relu"):
    cell = at(book, f"exercise-{name}")
    cell["source"] = source_of(cell).replace(STUB, "return np.maximum(z, 0)")
    return cell


def did(merged):
    return [(change.what, change.cell) for change in merged.changes]


def sources(book):
    return [source_of(cell) for cell in book["cells"]]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_notebook_says_what_it_was_when_it_was_handed_out(chapter):
    book = handed_out(chapter)
    assert noted(book) == {cell["id"]: digest(cell) for cell in book["cells"]}
    assert not edited(book)
    assert merge(book, book).changes == []


def test_an_untouched_notebook_becomes_the_newer_one():
    old = handed_out()
    new = rewritten(old, *of_role(old, "prose"), "exercise-relu")
    del new["cells"][7]
    new["cells"].insert(3, copy.deepcopy(new["cells"][2]) | {"id": "brand-new", "source": "new"})
    note(new)
    merged = merge(old, new)
    assert merged.notebook == new
    assert {what for what, _ in did(merged)} == {"updated", "new", "removed"}


def test_answers_stay_and_their_texts_become_newer():
    old = handed_out()
    mine = copy.deepcopy(old)
    answered(mine)
    prose = of_role(old, "prose")[3]
    merged = merge(mine, rewritten(old, prose))
    assert at(merged.notebook, "exercise-relu")["source"] == at(mine, "exercise-relu")["source"]
    assert source_of(at(merged.notebook, prose)).endswith("# newer")
    assert did(merged) == [("updated", about(at(old, prose))), ("kept", "relu")]
    assert merged.changes[1].why == "Your answer stays."


def test_what_both_have_changed_stays_the_learners_and_is_said():
    old = handed_out()
    mine, prose = copy.deepcopy(old), of_role(old, "prose")[2]
    answered(mine)
    at(mine, prose)["source"] = "my summary"
    merged = merge(mine, rewritten(old, prose, "exercise-relu"))
    assert at(merged.notebook, prose)["source"] == "my summary"
    assert [c.why for c in merged.changes] == [
        "You have edited it; it has changed in the course, too.",
        "Your answer stays; its task has changed in the course, too.",
    ]


def test_an_edited_text_that_the_course_left_alone_needs_no_word():
    old = handed_out()
    mine, prose = copy.deepcopy(old), of_role(old, "prose")[2]
    at(mine, prose)["source"] = "my summary"
    merged = merge(mine, old)
    assert merged.changes == []
    assert merged.notebook["cells"] == mine["cells"]


def test_cells_of_ones_own_stay_behind_the_same_cell():
    old = handed_out()
    mine, key = copy.deepcopy(old), "check-relu"
    own = [
        {"cell_type": "code", "id": f"own-{n}", "metadata": {}, "source": f"{n}"} for n in (1, 2)
    ]
    place = mine["cells"].index(at(mine, key)) + 1
    mine["cells"][place:place] = own
    mine["cells"].insert(0, own[0] | {"id": "at-the-top", "source": "top"})
    new = rewritten(old, key)
    new["cells"].insert(0, copy.deepcopy(new["cells"][3]) | {"id": "brand-new", "source": "new"})
    note(new)
    found = [c["id"] for c in merge(mine, new).notebook["cells"]]
    assert found[:2] == ["at-the-top", "brand-new"]
    assert found[found.index(key) :][:3] == [key, "own-1", "own-2"]


def test_a_deleted_cell_stays_deleted_and_is_said_also_the_next_time():
    old = handed_out()
    mine, key = copy.deepcopy(old), of_role(old, "demo")[1]
    mine["cells"].remove(at(mine, key))
    new = rewritten(old, key)
    for _ in range(2):
        merged = merge(mine, new)
        assert did(merged) == [("left out", about(at(new, key)))]
        assert key not in [c["id"] for c in merged.notebook["cells"]]
        mine = merged.notebook


def test_what_the_course_drops_goes_unless_it_was_edited():
    old = handed_out()
    mine, (first, second, *_) = copy.deepcopy(old), of_role(old, "prose")[2:]
    at(mine, first)["source"] = "mine"
    new = copy.deepcopy(old)
    new["cells"] = [c for c in new["cells"] if c["id"] not in (first, second)]
    note(new)
    merged = merge(mine, new)
    assert sorted(did(merged)) == [("kept", "mine"), ("removed", about(at(old, second)))]
    assert "mine" in sources(merged.notebook)
    again = merge(merged.notebook, new)  # from now on it is the learner's own
    assert again.changes == []
    assert "mine" in sources(again.notebook)


def test_a_new_text_moves_the_numbers_of_others_and_nothing_is_lost():
    """Ids count the texts of a section, so a new one in front renames those that follow."""
    old = handed_out()
    numbered = [key for key in of_role(old, "prose") if f"{key}-2" in of_role(old, "prose")]
    one = numbered[0]
    new = copy.deepcopy(old)
    place = new["cells"].index(at(new, one))
    was = at(new, f"{one}-2")
    inserted = copy.deepcopy(was) | {"source": "a new text"}
    was["id"] = "shifted"
    new["cells"].insert(place + 1, inserted)
    note(new)
    mine = copy.deepcopy(old)
    at(mine, f"{one}-2")["source"] = "my notes"
    merged = merge(mine, new)
    assert did(merged) == [("new", "a new text")]
    assert at(merged.notebook, "shifted")["source"] == "my notes"
    assert at(merged.notebook, f"{one}-2")["source"] == "a new text"


def test_new_points_reach_a_check_and_old_outputs_go_with_the_old_code():
    old = handed_out()
    mine, new, demo = copy.deepcopy(old), copy.deepcopy(old), of_role(old, "demo")[0]
    for key in (demo, "check-relu"):
        at(mine, key)["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "old"}]
    at(new, "check-relu")["metadata"]["nbgrader"]["points"] = 77
    at(new, demo)["source"] = "print('new')"
    note(new)
    merged = merge(mine, new).notebook
    assert at(merged, "check-relu")["metadata"]["nbgrader"]["points"] == 77
    assert at(merged, "check-relu")["outputs"] != []
    assert at(merged, demo)["outputs"] == []


def test_a_notebook_that_does_not_say_what_it_was_loses_nothing():
    old = handed_out()
    mine = copy.deepcopy(old)
    del mine["metadata"]["cnnlab"]["released"]
    prose = of_role(old, "prose")[2]
    answered(mine)
    new = rewritten(old, prose)
    merged = merge(mine, new)
    assert source_of(at(merged.notebook, prose)) == source_of(at(old, prose))
    assert all(change.what == "kept" for change in merged.changes)
    assert "does not say what it was" in merged.changes[0].why


def test_cells_whose_ids_an_old_program_has_lost_are_found_again():
    old = handed_out()
    mine = copy.deepcopy(old)
    answered(mine)
    for cell in mine["cells"]:
        del cell["id"]
    prose = of_role(old, "prose")[2]
    merged = merge(mine, rewritten(old, prose))
    assert did(merged) == [("updated", about(at(old, prose))), ("kept", "relu")]
    assert "np.maximum(z, 0)" in source_of(at(merged.notebook, "exercise-relu"))


def test_an_exercise_comes_back_alone_also_where_its_cell_is_gone():
    old = handed_out()
    mine = copy.deepcopy(old)
    answered(mine)
    at(mine, "exercise-conv2d")["source"] = "def conv2d(): pass"
    back = reset(mine, old, "relu").notebook
    assert at(back, "exercise-relu") == at(old, "exercise-relu")
    assert at(back, "exercise-conv2d")["source"] == "def conv2d(): pass"
    mine["cells"].remove(at(mine, "exercise-relu"))
    back = reset(mine, old, "relu").notebook
    ids = [c["id"] for c in back["cells"]]
    assert ids == [c["id"] for c in old["cells"]]


# Whatever a learner does in between

_edits = st.lists(
    st.tuples(
        st.sampled_from(["edit", "add", "delete", "copy", "swap", "lose-id"]),
        st.integers(0, 10_000),
    ),
    max_size=12,
)


def _apply(book, edits, mark):
    cells = book["cells"]
    for number, (what, place) in enumerate(edits):
        i = place % len(cells)
        if what == "edit":
            cells[i]["source"] = f"{source_of(cells[i])}\n# {mark} {number}"
        elif what == "add":
            cells.insert(i, nbformat.v4.new_code_cell(f"# {mark} {number}"))
        elif what == "delete" and len(cells) > 1:
            del cells[i]
        elif what == "copy":
            cells.insert(i, copy.deepcopy(cells[i]) | {"id": f"{mark}-{number}"})
        elif what == "swap":
            cells[i], cells[-1] = cells[-1], cells[i]
        elif what == "lose-id" and mark == "mine":
            cells[i].pop("id", None)


@settings(max_examples=60, deadline=None)
@given(mine=_edits, new=_edits)
def test_no_edit_of_a_learners_is_ever_lost(mine, new):
    old = handed_out()
    theirs, fresh = copy.deepcopy(old), copy.deepcopy(old)
    _apply(theirs, mine, "mine")
    _apply(fresh, new, "newer")
    note(fresh)
    before = copy.deepcopy(theirs)
    merged = merge(theirs, fresh).notebook
    nbformat.validate(nbformat.from_dict(merged))
    assert theirs == before
    written = [s for s in sources(theirs) if "# mine" in s]
    kept = [s for s in sources(merged) if "# mine" in s]
    assert sorted(written) == sorted(kept)
    ids = [cell["id"] for cell in merged["cells"]]
    assert len(ids) == len(set(ids))
    again = merge(merged, fresh)
    assert sources(again.notebook) == sources(merged)
