"""The page as its reader uses it."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_selenium_python import Axe  # type: ignore[import-untyped]
from conftest import Open, media
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# The call that each of these numbers is in udp.html.
SERVER_RECEIVES, CLIENT_SENDS, CLIENT_RECEIVES, SERVER_SENDS, LAST = "c3", "c5", "c6", "c7", "c8"


def script(name: str) -> str:
    return Path(__file__).with_name(f"{name}.js").read_text(encoding="utf-8")


def press(browser: webdriver.Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(browser).send_keys(key).perform()


def at(browser: webdriver.Chrome) -> str:
    return str(browser.execute_script("return document.activeElement.id"))


def card(browser: webdriver.Chrome) -> str:
    """The text of the details, or nothing if they are not shown."""
    return browser.find_element(By.ID, "card").text


def shown_rows(browser: webdriver.Chrome) -> list[str]:
    rows: list[str] = browser.execute_script(
        "const rows = [...document.querySelectorAll('#table tbody tr')];"
        "return rows.filter((row) => row.offsetHeight > 0).map((row) => row.id);"
    )
    return rows


def test_keys_go_from_call_to_call(page: Open) -> None:
    browser = page("udp.html")
    steps = [
        ("j", "c1"),
        ("j", "c2"),
        (Keys.ARROW_DOWN, "c3"),
        ("k", "c2"),
        (Keys.ARROW_UP, "c1"),
        (Keys.ARROW_UP, "c1"),
        (Keys.END, LAST),
        ("j", LAST),
        (Keys.HOME, "c1"),
    ]
    for key, expected in steps:
        press(browser, key)
        assert at(browser) == expected, key


def test_the_first_arrow_down_goes_to_the_first_call(page: Open) -> None:
    browser = page("udp.html")
    press(browser, Keys.ARROW_DOWN)
    assert at(browser) == "c1"


def test_left_and_right_go_along_an_arrow(page: Open) -> None:
    browser = page("udp.html")
    press(browser, *"jjjjj")
    assert at(browser) == CLIENT_SENDS
    steps = [
        (Keys.ARROW_RIGHT, CLIENT_SENDS),  # nothing is there
        (Keys.ARROW_LEFT, SERVER_RECEIVES),
        (Keys.ARROW_LEFT, SERVER_RECEIVES),
        (Keys.ARROW_RIGHT, CLIENT_SENDS),
        ("j", CLIENT_RECEIVES),
        (Keys.ARROW_LEFT, SERVER_SENDS),
        (Keys.ARROW_RIGHT, CLIENT_RECEIVES),
    ]
    for key, expected in steps:
        press(browser, key)
        assert at(browser) == expected, key
    press(browser, Keys.ARROW_RIGHT)
    assert browser.find_element(By.ID, "status").text == "No arrow to the right"


def test_enter_goes_into_the_details_and_escape_back(page: Open) -> None:
    browser = page("udp.html")
    press(browser, *"jjj")
    for text in (
        "recvfrom(2048)",
        '"hello"',
        "ssize_t recvfrom(int sockfd",
        "man 2 recvfrom",
        "950 µs",
        "data from 5",
    ):
        assert text in card(browser), text
    press(browser, Keys.ENTER)
    assert at(browser) == "card"
    press(browser, Keys.ESCAPE)
    assert at(browser) == SERVER_RECEIVES
    assert card(browser) == ""
    # A link in them leads to the call at the other end.
    press(browser, Keys.ENTER)
    browser.find_element(By.CSS_SELECTOR, "#card dd a").click()
    assert at(browser) == CLIENT_SENDS


def test_details_are_shown_under_the_pointer(page: Open) -> None:
    browser = page("udp.html")
    assert card(browser) == ""
    bind = browser.find_element(By.CSS_SELECTOR, "#c2 .code")
    ActionChains(browser).move_to_element(bind).perform()
    assert "serverSocket.bind(*:12000)" in card(browser)
    assert "man 2 bind" in card(browser)
    ActionChains(browser).move_to_element(browser.find_element(By.TAG_NAME, "h1")).perform()
    assert card(browser) == ""


def test_the_details_do_not_cover_their_call(page: Open) -> None:
    browser = page("tcp.html")
    for _ in range(24):
        press(browser, "j")
        apart = browser.execute_script(
            "const a = document.activeElement.querySelector('.call').getBoundingClientRect();"
            "const b = document.getElementById('card').getBoundingClientRect();"
            "return a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;"
        )
        assert apart, at(browser)


def test_the_filter_leaves_what_has_all_words(page: Open) -> None:
    browser = page("udp.html")
    press(browser, "/", *"rec hello")
    assert at(browser) == "filter"
    assert shown_rows(browser) == ["r3", "r6"]
    assert browser.find_element(By.ID, "status").text == "2 of 8 calls match"
    faint = browser.find_elements(By.CSS_SELECTOR, "a.step.off")
    assert len(faint) == 6
    press(browser, Keys.ENTER, "j")
    assert at(browser) == SERVER_RECEIVES
    press(browser, "j", "j")
    assert at(browser) == CLIENT_RECEIVES
    press(browser, "/", Keys.ESCAPE)
    assert len(shown_rows(browser)) == 8
    assert at(browser) != "filter"


def test_a_filter_that_nothing_matches_says_so(page: Open) -> None:
    browser = page("udp.html")
    press(browser, "/", *"no such call", Keys.ENTER, "j")
    assert shown_rows(browser) == []
    assert browser.find_element(By.ID, "status").text == "0 of 8 calls match"


def test_help_opens_and_closes(page: Open) -> None:
    browser = page("udp.html")
    press(browser, "?")
    assert "the next call" in browser.find_element(By.ID, "help").text
    press(browser, "j")
    press(browser, Keys.ESCAPE)
    assert not browser.find_element(By.ID, "help").is_displayed()
    browser.find_element(By.ID, "help-button").click()
    browser.find_element(By.ID, "help-close").click()
    assert not browser.find_element(By.ID, "help").is_displayed()


def test_tab_comes_to_one_call_only(page: Open) -> None:
    browser = page("udp.html")
    reached = browser.execute_script(
        "return [...document.querySelectorAll('a.step')].filter((a) => a.tabIndex === 0).length"
    )
    assert reached == 1


def test_dark_is_dark(page: Open) -> None:
    def colours(name: str, scheme: str) -> list[str]:
        selectors = ["body", ".figure .page", ".figure .call", ".figure .code"]
        script = (
            "return arguments[0].map((s) => document.querySelector(s)).map((e) => "
            "e === document.body ? getComputedStyle(e).backgroundColor : getComputedStyle(e).fill)"
        )
        found: list[str] = page(name, scheme).execute_script(script, selectors)
        return found

    light, dark = colours("udp.html", "light"), colours("udp.html", "dark")
    assert all(one != other for one, other in zip(light, dark))
    assert light[0] == light[1]
    assert dark[0] == dark[1] == "rgb(16, 21, 27)"


def test_without_script_all_is_there(page: Open) -> None:
    browser = page("tcp.html", script=False)
    assert not browser.find_element(By.ID, "tools").is_displayed()
    assert not browser.find_element(By.ID, "help").is_displayed()
    assert len(browser.find_elements(By.CSS_SELECTOR, "#interaction a.step")) == 24
    assert len(browser.find_elements(By.CSS_SELECTOR, "#gantt .row:not(.legend)")) == 2
    assert len(shown_rows(browser)) == 24
    assert "man 2 accept" in browser.find_element(By.ID, "glossary").text
    assert browser.find_element(By.ID, "c4").get_dom_attribute("href") == "#r4"
    browser.get(browser.current_url + "#r4")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#r4:target")) == 1


def test_the_policy_refuses_everything_else(page: Open) -> None:
    browser = page("udp.html")
    policy = browser.find_element(By.CSS_SELECTOR, "meta[http-equiv]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy


def test_a_hostile_trace_is_text(page: Open) -> None:
    browser = page("troubles.html")
    assert browser.execute_script("return document.scripts.length") == 1
    assert browser.find_elements(By.CSS_SELECTOR, "img, b, iframe, object") == []
    names = [name.text for name in browser.find_elements(By.CSS_SELECTOR, ".figure .name")]
    assert names[0] == "</script><script>alert(1)</script>"
    assert names[1].startswith("\\u{202e}\"'><img")
    press(browser, "j")
    assert "fails: EADDRINUSE" in card(browser)


@pytest.mark.parametrize("name", ["udp.html", "tcp.html", "troubles.html"])
def test_no_text_of_the_figure_lies_on_another(page: Open, name: str) -> None:
    """Measured with the fonts that are here, whose widths the layout can only estimate."""
    browser = page(name)
    found = browser.execute_script(script("overlaps"))
    assert found == []


@pytest.mark.parametrize(("name", "scheme"), [("tcp.html", "light"), ("troubles.html", "dark")])
def test_axe_finds_nothing(page: Open, name: str, scheme: str) -> None:
    browser = page(name, scheme)
    press(browser, "j")
    axe = Axe(browser)
    axe.inject()
    violations = axe.run()["violations"]
    assert violations == [], axe.report(violations)


def test_the_names_stay_in_sight(page: Open) -> None:
    browser = page("tcp.html")

    def gap() -> float:
        """From the page's header to the first program's name."""
        return float(
            browser.execute_script(
                "const name = document.querySelector('#interaction .heads .name');"
                "const header = document.querySelector('header').getBoundingClientRect();"
                "return name.getBoundingClientRect().top - header.bottom;"
            )
        )

    at_first = gap()
    assert at_first > 0
    for distance in (200, 600):
        browser.execute_async_script(
            "const done = () => requestAnimationFrame(arguments[1]);"
            "addEventListener('scroll', done, { once: true });"
            "scrollTo({ top: arguments[0], behavior: 'instant' });",
            distance,
        )
        assert 0 <= gap() < at_first, distance


def test_the_pictures_are_made_to_fit_and_larger(page: Open) -> None:
    browser = page("tcp.html")

    def width() -> float:
        return float(
            browser.execute_script(
                "return document.getElementById('interaction').getBoundingClientRect().width"
            )
        )

    natural = width()
    larger: list[Callable[[], None]] = [
        lambda: press(browser, "+"),
        lambda: browser.find_element(By.ID, "larger").click(),
    ]
    for way in larger:
        before = width()
        way()
        assert width() == pytest.approx(1.25 * before, abs=2)
    fit: list[Callable[[], None]] = [
        lambda: press(browser, "0"),
        lambda: browser.find_element(By.ID, "fit").click(),
    ]
    for way in fit:
        press(browser, "+")
        way()
        room = browser.execute_script("return document.querySelector('.scroll').clientWidth")
        assert width() == pytest.approx(room, abs=2)
    assert browser.find_element(By.ID, "status").text == f"Size {round(100 * width() / natural)} %"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_figures_texts_have_contrast(page: Open, scheme: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 between a text and the rectangle under it; axe does not look into pictures."""
    browser = page("troubles.html", scheme)
    browser.set_window_size(1800, 2400)
    found = browser.execute_script(script("contrast"))
    browser.set_window_size(1400, 900)
    assert found[0] > 60
    assert found[1] == []


def test_print_has_no_tools_and_several_pages(page: Open) -> None:
    browser = page("tcp.html")
    media(browser, "light", "print")
    for part in ("tools", "card"):
        assert not browser.find_element(By.ID, part).is_displayed()
    first = (
        "const parts = [...document.querySelectorAll('header, h2, main p, svg')];"
        "return parts.find((part) => part.getBoundingClientRect().width).id"
    )
    assert browser.execute_script(first) == "interaction"
    overflow = browser.execute_script("return getComputedStyle(document.querySelector('.scroll')).overflow")
    assert overflow == "visible"
    document = base64.b64decode(browser.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert document.startswith(b"%PDF")
    assert document.count(b"/Type /Page\n") >= 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["udp.svg", "tcp.svg", "troubles.svg", "tcp-gantt.svg", "crowd-gantt.svg"])
def test_a_picture_stands_alone_and_is_light(page: Open, name: str, scheme: str) -> None:
    """Chromium reads a file of this name as XML, which must be well-formed."""
    browser = page(name, scheme=scheme)
    assert browser.execute_script("return document.documentElement.nodeName") == "svg"
    assert browser.execute_script("return document.querySelector('parsererror')") is None
    ground = "return getComputedStyle(document.querySelector('rect')).fill"
    assert browser.execute_script(ground) == "rgb(255, 255, 255)"
