"""pytest: a page is a file of tests, a snippet is one test, on one target."""

from __future__ import annotations

import pytest

from checks.model import GuideError, Page, Snippet
from checks.pytest_plugin import summary
from checks.pytest_plugin.guide_session import guide_session
from checks.running.failures import Failed, NotRun
from checks.targets import skip_reason


class PageFile(pytest.File):
    """A page: its items are its snippets, in their order."""

    def __init__(self, *, page: Page, **kwargs):
        super().__init__(**kwargs)
        self.page = page

    def collect(self):
        state = guide_session(self.config)
        for snippet in self.page.snippets:
            yield SnippetItem.from_parent(self, name=f"{snippet.id}[{state.target.name}]", page=self.page, snippet=snippet)


class SnippetItem(pytest.Item):
    """One snippet on one target."""

    def __init__(self, *, page: Page, snippet: Snippet, **kwargs):
        super().__init__(**kwargs)
        self.page, self.snippet = page, snippet
        if reason := skip_reason(snippet, guide_session(self.config).target.name):
            self.add_marker(pytest.mark.skip(reason=reason))

    def runtest(self) -> None:
        state = guide_session(self.config)
        try:
            outcome = state.runner.run(self.page, self.snippet)
        except Failed as failed:
            if self.config.getoption("--keep") and not isinstance(failed, NotRun) and state.runner.session:
                state.look(failed, self.snippet)
            raise
        self.user_properties.append(("exit_status", outcome.exit_status))
        self.user_properties.append(("seconds", outcome.seconds))
        self.user_properties += summary.properties(self.snippet, state.target.name)
        if (live := state.runner.live) and live.run.accelerator:
            self.user_properties.append(("accelerator", live.run.accelerator))
        if ran_at := state.runner.recalled.get((self.page.name, self.snippet.id)):
            self.user_properties.append(("ran_at", ran_at))

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, (Failed, GuideError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, self.snippet.line - 1, f"{self.page.path}#{self.snippet.id}"
