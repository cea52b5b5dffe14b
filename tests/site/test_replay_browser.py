"""The replay of the quick start's crash in a browser. A request to another host fails the session: see `visit` in sites.py."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from replaying import FIGURE, arrives_at, opened, shows
from sites import VIOLATIONS

pytest_plugins = ["sites"]
pytestmark = pytest.mark.browser

PAGE = "/en/quick-start/"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def paused(frame) -> bool:
    return frame.inner_text("#play") != frame.get_attribute("#play", "data-pause")


def test_a_replay_is_loaded_when_asked_for_and_plays_to_the_login(whole, visit):
    page = visit(whole[1], "/", viewport={"width": 1440, "height": 900})
    asked, told = [], []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.goto(page.url.rstrip("/") + PAGE)
    # The script of the button is the page's own; the player and the recording come later.
    assert [path for path in asked if "replay" in path or "/proof/" in path] == ["/en/assets/replay.js"]
    asked.clear()
    frame = opened(page)
    frame.click("[data-at]:has-text('reboot')")  # from there it goes on by itself
    arrives_at(frame, "login")
    loaded = [whole[1] / path.lstrip("/") for path in asked if "replay" in path]
    assert sorted(file.name for file in loaded) == [
        "asciinema-player.css", "asciinema-player.min.js", "frame.css", "frame.js", "replay-panic.html"
    ]  # fmt: skip
    assert sum(len(gzip.compress(file.read_bytes())) for file in loaded) <= 150_000
    assert told == []
    assert page.evaluate("document.querySelector('.replay__frame').contentDocument") is None, "the frame can reach nothing of the page"
    page.context.close()


def test_chapters_are_reached_by_keyboard(whole, visit):
    page = visit(whole[1], "/zh/quick-start/")
    frame = opened(page, press=True)
    frame.locator("#play:focus").wait_for()
    page.keyboard.press("Space")
    frame.locator("#play", has_text="播放").wait_for()
    for _ in range(10):
        page.keyboard.press("Tab")
        if frame.evaluate("document.activeElement.textContent").startswith("登录"):
            break
    page.keyboard.press("Enter")
    arrives_at(frame, "登录")
    chapters = frame.locator("[data-at]").all_inner_texts()
    assert [chapter.split()[0] for chapter in chapters] == ["panic", "捕获内核", "转储已写好，重启", "登录"]
    assert all(chapter.endswith("秒") for chapter in chapters)
    assert frame.get_attribute("#position", "aria-valuetext") != "0:00"
    frame.focus(".ap-wrapper")
    page.keyboard.press("?")
    assert frame.locator("text=Keyboard shortcuts").count() == 0
    page.context.close()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_accessibility_while_a_recording_plays(scheme, width, whole, visit):
    page = visit(whole[1], PAGE, color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    frame = opened(page)
    axe = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
    for document in (page.main_frame, frame):
        document.evaluate(axe)
        assert document.evaluate(VIOLATIONS, TAGS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    # The page gives the frame its height when the frame has told it.
    frame.wait_for_function("document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight")
    page.context.close()


def test_who_wants_less_motion_sees_the_panic_and_starts_it(whole, visit):
    page = visit(whole[1], PAGE, reduced_motion="reduce")
    frame = opened(page)
    shows(frame, "Kernel panic")
    assert paused(frame)
    frame.click("li:last-child [data-at]")
    arrives_at(frame, "login")
    assert paused(frame)
    page.context.close()


def test_the_release_that_a_reader_has_chosen_decides_which_recording_is_shown(whole, visit):
    page = visit(whole[1], PAGE)
    seen = {}
    for release in ("", "debian-12", "debian-13", "debian-14"):
        page.select_option("#__release", release)
        seen[release] = [caption.split(",")[0] for caption in page.locator(f"{FIGURE} figcaption").all_inner_texts()]
    assert {release: caption[0].removeprefix("What the console showed on ") for release, caption in seen.items()} == {
        "": "Debian 14", "debian-12": "Debian 12", "debian-13": "Debian 13", "debian-14": "Debian 14"
    }  # fmt: skip
    assert {len(captions) for captions in seen.values()} == {1}
    page.context.close()


@pytest.mark.parametrize("path", ["/en/", "/zh/"])
def test_the_home_page_shows_the_quick_starts_crash(path, whole, visit):
    page = visit(whole[1], path, reduced_motion="reduce")
    assert "Kernel panic" in page.inner_text(f"{FIGURE} .replay__screen")
    shows(opened(page), "Kernel panic")
    page.context.close()


def test_without_scripts_there_is_the_picture_and_the_text(whole, visit):
    page = visit(whole[1], PAGE, java_script_enabled=False)
    figure = page.locator(FIGURE)
    assert figure.count() == 1
    assert "Kernel panic" in figure.locator(".replay__screen").inner_text()
    assert [chapter.split()[0] for chapter in figure.locator("li").all_inner_texts()] == ["panic", "capture", "dump", "login"]
    assert not figure.locator("button").is_visible()
    figure.locator(".replay__more a").click()
    assert "Kernel panic" in page.inner_text("pre")
    page.context.close()


def test_what_is_printed_is_the_picture(whole, visit):
    page = visit(whole[1], PAGE)
    opened(page)
    page.emulate_media(media="print")
    assert "Kernel panic" in page.inner_text(f"{FIGURE} .replay__screen")
    assert not page.locator(".replay__frame").is_visible() and not page.locator(".replay__play").first.is_visible()
    page.context.close()
