"""The report in a real browser: phone and desktop, light and dark, by keyboard and on paper."""

from __future__ import annotations

import pytest

from cnnlab.autograder.report.classbook import class_book
from cnnlab.autograder.report.pages import write_report
from cnnlab.autograder.tests.report.classes import batch, halves, hand_in
from cnnlab.course.tests.chromium import MARKS, chromium

pytestmark = MARKS

CONTRAST = """() => {
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return {rgb: [r, g, b], a};
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const layer = parse(getComputedStyle(e).backgroundColor);
      if (layer.a) layers.push(layer);
      if (layer.a === 1) break;
    }
    return layers.reverse().reduce(
      (under, over) => over.rgb.map((c, i) => c * over.a + under[i] * (1 - over.a)),
      [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const pair = [light(parse(getComputedStyle(element).color).rgb), light(behind(element))];
    const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    found.push([Math.round(ratio * 100) / 100, walker.currentNode.data.trim().slice(0, 40)]);
  }
  return found;
}"""
"""The contrast of every visible text, and how it begins."""


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report's folder, two weeks of a small class."""
    folder = tmp_path_factory.mktemp("class") / "report"
    mistakes = {"correlate2d": "kernel-flipped", "conv2d": "bias-forgotten"}
    long = "A-name-" * 30
    week1 = batch(
        hand_in("ada", relu="stub", **mistakes),
        hand_in("bob", relu=halves, **mistakes),
        hand_in(long, relu=halves),
    )
    week2 = batch(hand_in("ada", correlate2d="kernel-flipped"))
    write_report(class_book([("week1", week1), ("week2", week2)]), folder)
    return folder


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, request):
    """A page of the size and in the colours that the test asks for."""
    width, scheme = getattr(request, "param", (1280, "light"))
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    page.complaints, page.asked = [], []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    context.close()


LOOKS = [(width, scheme) for width in (390, 1280) for scheme in ("light", "dark")]


@pytest.mark.parametrize("name", ["index", "learners/ada", "learners/bob"])
@pytest.mark.parametrize("page", LOOKS, indirect=True, ids=lambda look: f"{look[1]}-{look[0]}")
def test_a_page_fits_and_can_be_read(page, name, report):
    page.goto((report / f"{name}.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    contrasts = page.evaluate(CONTRAST)
    assert len(contrasts) > 50
    assert [found for found in contrasts if found[0] < 4.5] == []
    assert page.complaints == []
    assert page.asked == [(report / f"{name}.html").as_uri()]


def test_light_and_dark_differ(browser, report):
    backgrounds = set()
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto((report / "index.html").as_uri())
        backgrounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.close()
    assert len(backgrounds) == 2


def test_one_click_leads_from_a_mistake_to_its_case_and_to_who_made_it(page, report):
    page.goto((report / "index.html").as_uri())
    case = page.get_by_role("group", name="A case of kernel-flipped")
    assert not case.is_visible()
    page.locator("summary", has_text="kernel-flipped").click()
    assert case.get_by_role("table", name="received").first.is_visible()
    who = page.locator("#ch01_convolution-correlate2d-kernel-flipped").get_by_role("link")
    assert who.all_inner_texts() == ["ada", "bob"]
    who.first.click()
    assert page.url == (report / "learners" / "ada.html").as_uri()


def test_a_link_from_the_table_over_time_opens_the_case(page, report):
    page.goto((report / "index.html").as_uri())
    page.get_by_role("link", name="kernel-flipped").click()
    assert page.get_by_role("group", name="A case of kernel-flipped").is_visible()


def test_the_keyboard_is_enough(page, report):
    page.goto((report / "index.html").as_uri())
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator("summary:focus").count():
            break
    opened = page.locator("details:has(> summary:focus)")
    page.keyboard.press("Enter")
    assert opened.get_attribute("open") is not None
    page.keyboard.press("Tab")
    assert page.locator(":focus").get_attribute("aria-label").startswith("A case of ")


@pytest.mark.parametrize("page", [(760, "dark")], indirect=True)
def test_paper_is_white_and_shows_closed_cases(page, report):
    page.emulate_media(media="print")
    page.goto((report / "index.html").as_uri())
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.get_by_role("group", name="A case of bias-forgotten").is_visible()
    assert not page.get_by_role("navigation").is_visible()
    assert [found for found in page.evaluate(CONTRAST) if found[0] < 4.5] == []
