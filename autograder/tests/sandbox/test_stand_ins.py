"""What stands in the sandbox for plots and for the course's own objects."""

from __future__ import annotations

import numpy as np
import pytest

from cnnlab.autograder.sandbox.session import Session
from cnnlab.autograder.sandbox.stand_ins import Absent, Nothing
from cnnlab.autograder.tests.sandbox.test_session import (  # noqa: F401
    CALL,
    session,
    workers,
)

PLOTS = """
import matplotlib.pyplot as plt
from matplotlib import cm
from IPython.display import clear_output, display as show
def f(x):
    fig, ax = plt.subplots(2, 2, figsize=(3, 3))
    ax[0, 1].imshow(x, cmap=cm.gray)
    for each in ax.flat:
        each.set(title='x')
    counts, bins, bars = plt.hist(x)
    with plt.style.context('ggplot'):
        plt.plot(x, x)
    ax.title.size = 3
    plt.show()
    clear_output(); show(x); display(fig); print(x)
    get_ipython().run_line_magic('matplotlib', 'inline')
    return 2 * x
"""


def test_plots_and_display_do_no_harm(session: Session) -> None:  # noqa: F811
    assert session.define([("f", PLOTS)]) == {}
    (outcome,) = session.call("f", CALL)
    assert (outcome.status, outcome.value) == ("returned", 6)


def test_a_plot_is_no_result(session: Session) -> None:  # noqa: F811
    source = "import matplotlib.pyplot as plt\ndef f(x):\n    return plt.cm.viridis(x)\n"
    assert session.define([("f", source)]) == {}
    assert session.call("f", CALL)[0].status == "unsupported"


def test_what_the_course_made_is_there_and_what_cannot_be_sent_says_so(
    session: Session,  # noqa: F811
) -> None:
    source = (
        "def used(x):\n    return photo(x)\n"
        "def named(x):\n    return x if photo is not None else 0\n"
        "def array(x):\n    return cat * x\n"
    )
    cat = np.arange(3.0)
    assert session.define([("f", source)], given={"cat": cat}, absent=["photo"]) == {}
    np.testing.assert_array_equal(session.call("array", CALL)[0].value, 3 * cat)
    assert session.call("named", CALL)[0].value == 3
    (outcome,) = session.call("used", CALL)
    assert outcome.error is not None
    assert outcome.error.type == "NameError"
    assert outcome.error.message.startswith("photo comes from the course's own cells")


def test_a_learners_own_name_comes_first(session: Session) -> None:  # noqa: F811
    source = "photo = 4\ncat = 5\ndef display(x):\n    return x\ndef f(x):\n" \
             "    return display(photo + cat)\n"  # fmt: skip
    assert session.define([("f", source)], given={"cat": 1}, absent=["photo"]) == {}
    assert session.call("f", CALL)[0].value == 9


def test_an_import_with_a_fallback_falls_back(session: Session) -> None:  # noqa: F811
    source = (
        "try:\n    import pandas\nexcept {}:\n    pandas = None\ndef f(x):\n    return pandas\n"
    )
    for caught in ("ImportError", "ModuleNotFoundError"):
        assert session.define([("f", source.format(caught))]) == {}
        assert session.call("f", CALL)[0].status == "returned"


@pytest.mark.parametrize(
    "use",
    [
        lambda a: a.shape,
        lambda a: a[0],
        lambda a: a(),
        lambda a: a + 1,
        lambda a: 2 * a,
        lambda a: len(a),
        lambda a: list(a),
        lambda a: bool(a),
        lambda a: np.asarray(a),
        lambda a: a == 1,
        lambda a: 1 in a,
        lambda a: -a,
    ],
)
def test_every_use_of_what_is_absent_says_so(use) -> None:
    with pytest.raises(NameError, match="photo comes from the course's own cells"):
        use(Absent("photo"))


def test_nothing_is_nothing_that_numpy_takes_for_numbers() -> None:
    assert np.asarray(Nothing()).dtype == object
