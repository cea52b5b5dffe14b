"""The search box of a built site in a browser."""

from __future__ import annotations

FIELD = ".md-search__input"
# The theme's line above the results has the text for an empty box, or another one.
SHOWN = """empty => {
    const told = JSON.parse(document.getElementById("__config").textContent).translations["search.result.placeholder"];
    return (document.querySelector(".md-search-result__meta").textContent.trim() === told) === empty;
}"""
PLACES = """() => [...document.querySelectorAll(".md-search-result__item > a:first-child")].map(
    link => link.pathname.slice(__md_scope.pathname.length).replace(/[/]$/, "") || "index"
)"""


class Search:
    def __init__(self, page):
        self.page = page
        self.told = []
        page.on("console", lambda message: self.told.append(message.text))
        page.on("pageerror", lambda error: self.told.append(str(error)))
        page.keyboard.press("/")

    def paste(self, query: str) -> list[str]:
        """The pages that the box shows for a query, best first; `index` is the first page of the site."""
        self.told.clear()
        for text in ("", query):
            self.page.fill(FIELD, text)
            self.page.keyboard.press("Shift")  # the theme looks when a key is let go
            self.page.wait_for_function(SHOWN, arg=not text, timeout=120_000)
        return self.page.evaluate(PLACES)
