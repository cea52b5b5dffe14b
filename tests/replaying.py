"""A recorded crash that a browser replays: asking for it, and waiting for what it shows."""

from __future__ import annotations

FIGURE = ".replay:visible"


def opened(page, press: bool = False):
    """Ask for the replay that a reader sees, with the mouse or the keyboard; returns the frame in which it plays."""
    button = page.locator(f"{FIGURE} .replay__play").first
    if press:
        button.focus()
        page.keyboard.press("Enter")
    else:
        button.click()
    frame = page.wait_for_selector(".replay__frame").content_frame()
    frame.locator(".ap-term-text").wait_for()
    return frame


def shows(frame, text: str) -> None:
    """Wait until the terminal shows the text. The frame's policy allows no `wait_for_function`, which evaluates code."""
    frame.locator(".ap-term-text", has_text=text).wait_for()


def arrives_at(frame, chapter: str) -> None:
    """Wait until the recording has come to a chapter. (A prompt for a login is on the screen before the crash, too.)"""
    frame.locator("[data-at][aria-current=true]", has_text=chapter).wait_for()
    shows(frame, "login:")
