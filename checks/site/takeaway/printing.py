"""Prints HTML files with Chromium: ``python printing.py CHROMIUM PAGE.html BOOK.pdf [PAGE.html BOOK.pdf ...]``.

The program stands alone, and needs Playwright only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright


def main(chromium: str, *files: str) -> None:
    """Print each page into the PDF that is named after it. The pages run no script and reach no network."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--disable-gpu", "--disable-dev-shm-usage"])
        context = browser.new_context(java_script_enabled=False, offline=True)
        for page_file, pdf_file in zip(files[::2], files[1::2], strict=True):
            page = context.new_page()
            page.set_default_timeout(0)  # a busy host may take minutes
            page.goto(Path(page_file).as_uri(), timeout=0)
            page.pdf(path=pdf_file, prefer_css_page_size=True, print_background=True, outline=True, tagged=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
