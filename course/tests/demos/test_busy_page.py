"""A demo says that it is busy while a function takes long, and stops when the answer is there."""

import time

from cnnlab.course import ops
from cnnlab.course.demos import ch03_pooling as ch03
from cnnlab.course.tests.chromium import MARKS, chromium
from cnnlab.course.tests.demos.mounted import mounted

pytestmark = MARKS

WATCH = """(demo) => {
  window.seen = [];
  new MutationObserver(() => seen.push(demo.getAttribute("aria-busy")))
    .observe(demo, { attributes: true, attributeFilter: ["aria-busy"] });
}"""


def slow(*args):
    time.sleep(0.5)
    return ops.max_pool2d(*args)


def test_a_slow_answer_is_announced():
    with chromium() as browser, mounted(browser, ch03.demo(slow)) as page:
        page.locator("#demo").evaluate(WATCH)
        assert not page.get_by_text("Computing …").is_visible()
        page.get_by_role("button", name="Shift left").click()
        page.get_by_text("Shifted by 1 to the left").wait_for()
        page.wait_for_function("() => seen.at(-1) === 'false'")
        assert page.evaluate("() => seen") == ["true", "false"]
        assert not page.get_by_text("Computing …").is_visible()
