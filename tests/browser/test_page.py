"""The page in chromium: drop, file, paste; with and without JavaScript; both languages; axe; print; keyboard."""

import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from testamur.demo import EXPECTED
from testamur.language import LANGUAGES, language

from tests.world import World

pytestmark = pytest.mark.tool

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("TESTAMUR_SCREENSHOTS")
"""A folder to keep screenshots in, for people to look at."""
DROP = """([text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], "credential.json", { type: "application/json" }));
  for (const name of ["dragenter", "dragover", "drop"])
    document.querySelector("main").dispatchEvent(
      new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


ABORTED = "net::ERR_ABORTED"
"""What a request ends with when the page is left before its icon has come: no fault of the page."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when anything is reported to the console or blocked by the policy."""
    context = browser.new_context(viewport={"width": 1100, "height": 900})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("requestfailed", lambda request: faults.append(request.url) if request.failure != ABORTED else None)
    yield opened
    context.close()
    assert faults == []


def judge(page: Page, site: str, path: Path, tag: str = "en") -> None:
    """Choose a file and press the button."""
    page.goto(f"{site}/?lang={tag}")
    page.set_input_files("#bundle", path)
    page.click("form.intake button[type=submit]")
    page.wait_for_selector(".verdict")


def look(page: Page, name: str) -> None:
    """Keep a screenshot where someone asked for it."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own best practices."""
    found = page.evaluate(AXE.read_text(encoding="utf-8") + "; axe.run().then((result) => result.violations)")
    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in found]


@pytest.mark.parametrize("tag", LANGUAGES)
@pytest.mark.parametrize("case", EXPECTED)
def test_each_case_is_told_in_words_in_both_languages(page: Page, site: str, world: World, case: str, tag: str) -> None:
    judge(page, site, world.cases[case], tag)
    words = language(tag)
    expect(page.locator("#headline")).to_have_text(words.text(f"code.{EXPECTED[case]}.headline"))
    expect(page.locator(".verdict .outcome")).to_contain_text(
        words.text("outcome.valid" if case == "valid" else "outcome.invalid")
    )
    expect(page.locator(".checks > li")).to_have_count(9)
    assert page.locator("html").get_attribute("lang") == words.html_tag
    look(page, f"{tag}-{case}")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_an_undecided_verdict_is_neither_green_nor_red(page: Page, cut_off: str, world: World, tag: str) -> None:
    judge(page, cut_off, world.cases["valid"], tag)
    verdict = page.locator(".verdict")
    expect(verdict.locator(".outcome")).to_contain_text(language(tag).text("outcome.indeterminate"))
    colour = verdict.locator(".outcome").evaluate("(node) => getComputedStyle(node).color")
    red, green, blue = (int(part) for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
    assert blue > red
    assert blue > green
    assert violations(page) == []
    look(page, f"{tag}-undecided")


def test_what_is_no_bundle_is_called_unreadable_and_shows_no_content(page: Page, site: str, tmp_path: Path) -> None:
    for tag in LANGUAGES:
        (tmp_path / "photo.json").write_bytes(b'{"type": "TestamurBundle", ')
        judge(page, site, tmp_path / "photo.json", tag)
        expect(page.locator("#headline")).to_have_text(language(tag).text("code.malformed.headline"))
        expect(page.locator(".facts")).to_have_count(0)
        look(page, f"{tag}-malformed")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_file_of_another_kind_is_named_and_nothing_of_it_is_called_invalid(
    page: Page, site: str, tmp_path: Path, tag: str
) -> None:
    words = language(tag)
    (tmp_path / "transcript.json").write_bytes(b"%PDF-1.7 a scan")
    judge(page, site, tmp_path / "transcript.json", tag)
    expect(page.locator(".verdict.foreign .outcome")).to_contain_text(words.text("outcome.foreign"))
    expect(page.locator("#headline")).to_have_text(words.text("kind.pdf.headline"))
    expect(page.locator(".next")).to_contain_text(words.text("kind.next"))
    expect(page.locator("body")).not_to_contain_text(words.text("outcome.invalid"))
    expect(page.locator(".checks")).to_have_count(0)
    assert violations(page) == []
    look(page, f"{tag}-pdf")


@pytest.mark.parametrize("tag", LANGUAGES)
def test_a_delivered_zip_is_opened_and_its_credential_judged(
    page: Page, site: str, world: World, tmp_path: Path, tag: str
) -> None:
    with zipfile.ZipFile(tmp_path / "R0001.zip", "w") as archive:
        archive.writestr("README.txt", "keep it")
        archive.write(world.cases["valid"], "R0001.json")
        archive.writestr("holder.json", '{"type": "TestamurHolder", "key": "0x00"}')
    judge(page, site, tmp_path / "R0001.zip", tag)
    expect(page.locator(".verdict.valid")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text(language(tag).text("fact.student_number"))
    look(page, f"{tag}-zip")
    page.click("nav button")  # the other language is a click away, as for a plain bundle
    expect(page.locator(".verdict.valid")).to_be_visible()


def test_a_pasted_bundle_is_judged(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/?lang=en")
    page.fill("#text", world.cases["valid"].read_text(encoding="utf-8"))
    page.click("form.intake button[type=submit]")
    expect(page.locator(".verdict.valid")).to_be_visible()


def test_a_dropped_file_is_judged(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/?lang=en")
    page.evaluate(DROP, [world.cases["revoked"].read_text(encoding="utf-8")])
    expect(page.locator("#headline")).to_have_text(language("en").text("code.revoked.headline"))


def test_without_javascript_the_page_does_its_work(browser: Browser, site: str, world: World) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    judge(page, site, world.cases["suspended"])
    expect(page.locator("#headline")).to_have_text(language("en").text("code.suspended.headline"))
    page.click("header nav button")
    expect(page.locator("#headline")).to_have_text(language("zh").text("code.suspended.headline"))
    expect(page.locator("[data-print]")).to_be_hidden()
    context.close()


def test_the_other_language_is_one_click_away_and_keeps_the_verdict(page: Page, site: str, world: World) -> None:
    judge(page, site, world.cases["valid"])
    page.click("header nav button")
    expect(page.locator("#headline")).to_have_text(language("zh").text("code.ok.headline"))
    assert page.url.endswith("lang=zh")


@pytest.mark.parametrize(("wish", "tag"), [("zh-CN", "zh"), ("en-GB", "en"), ("de-DE", "en")])
def test_the_browser_chooses_the_language_where_the_url_does_not(
    browser: Browser, site: str, wish: str, tag: str
) -> None:
    context = browser.new_context(locale=wish)
    page = context.new_page()
    page.goto(site)
    expect(page.locator("h1")).to_have_text(language(tag).text("page.title"))
    context.close()


def test_an_empty_form_says_what_is_missing(browser: Browser, site: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/?lang=en")
    with page.expect_response(lambda response: response.request.method == "POST") as answer:
        page.click("form.intake button[type=submit]")
    assert answer.value.status == 400
    expect(page.get_by_role("alert")).to_have_text(language("en").text("page.empty"))
    assert violations(page) == []
    context.close()


def test_axe_finds_nothing(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/?lang=zh")
    assert violations(page) == []
    for case in ("valid", "revoked", "forged"):
        judge(page, site, world.cases[case])
        assert violations(page) == [], case


def test_the_keyboard_alone_reaches_the_verdict(page: Page, site: str, world: World) -> None:
    page.goto(f"{site}/?lang=en")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(2):
        page.keyboard.press("Tab")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.insert_text(world.cases["valid"].read_text(encoding="utf-8"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".verdict.valid")).to_be_visible()
    expect(page.locator("#content")).to_be_focused()


def test_on_paper_the_verdict_stands_without_the_form(page: Page, site: str, world: World) -> None:
    judge(page, site, world.cases["valid"])
    page.emulate_media(media="print")
    expect(page.locator(".verdict")).to_be_visible()
    expect(page.locator("form.intake")).to_be_hidden()
    expect(page.locator("header nav")).to_be_hidden()
    look(page, "print")


def test_on_a_narrow_screen_nothing_runs_over_the_edge(browser: Browser, site: str, world: World) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    for tag in LANGUAGES:
        judge(page, site, world.cases["revoked"], tag)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    look(page, "narrow")
    context.close()


def test_markup_in_a_bundle_stays_text(page: Page, site: str, world: World, tmp_path: Path) -> None:
    tree = json.loads(world.cases["valid"].read_text(encoding="utf-8"))
    tree["credential"]["name"] = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    (tmp_path / "hostile.json").write_text(json.dumps(tree), encoding="utf-8")
    judge(page, site, tmp_path / "hostile.json")
    expect(page.locator("main img, main script")).to_have_count(0)
    expect(page.locator("#headline")).to_have_text(language("en").text("code.signature_invalid.headline"))


def test_no_request_leaves_the_site(page: Page, site: str, world: World) -> None:
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    judge(page, site, world.cases["valid"])
    assert hosts == {site.removeprefix("http://")}
