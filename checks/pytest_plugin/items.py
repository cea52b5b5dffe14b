"""pytest: a page is a file of tests, a snippet is one test on one target."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from checks.model import Page, Snippet
from checks.pytest_plugin import faults_shown, summary
from checks.pytest_plugin.guide_session import guide_session
from checks.running.failures import Failed, NotRun
from checks.targets import skip_reason


class PageFile(pytest.File):
    """A page; its items are its snippets, in the order of the page."""

    def __init__(self, *, page: Page, **kwargs: Any):
        super().__init__(**kwargs)
        self.page = page

    def collect(self) -> Iterator[SnippetItem]:
        """One item a snippet, named ``ID[TARGET]``."""
        target = guide_session(self.config).target.name
        for snippet in self.page.snippets:
            name = f"{snippet.id}[{target}]"
            # The id that pytest 9.2 makes of a parent and a name with brackets is not equal to the id that it reads from
            # its cache, so --last-failed would not find the snippet.
            nodeid = f"{self.nodeid}::{name}"
            yield SnippetItem.from_parent(self, name=name, nodeid=nodeid, page=self.page, snippet=snippet)


class SnippetItem(pytest.Item):
    """One snippet on one target."""

    def __init__(self, *, page: Page, snippet: Snippet, **kwargs: Any):
        super().__init__(**kwargs)
        self.page, self.snippet = page, snippet
        if reason := skip_reason(snippet, guide_session(self.config).target.name):
            self.add_marker(pytest.mark.skip(reason=reason))

    def runtest(self) -> None:
        """Run the snippet, or take its cached outcome; raises Failed with the report."""
        session = guide_session(self.config)
        try:
            outcome = session.runner.run(self.page, self.snippet)
        except Failed as failed:
            if self.config.getoption("--keep") and not isinstance(failed, NotRun) and session.runner.session:
                session.inspect(failed, self.snippet)
            raise
        except Exception:
            self.user_properties.append((faults_shown.PROPERTY, True))
            raise
        self.user_properties.append(("exit_status", outcome.exit_status))
        self.user_properties.append(("seconds", outcome.seconds))
        self.user_properties += summary.properties(self.snippet, session.target.name)
        if (progress := session.runner.progress) and progress.run.accelerator:
            self.user_properties.append(("accelerator", progress.run.accelerator))
        if ran_at := session.runner.cached.ran_at.get((self.page.name, self.snippet.id)):
            self.user_properties.append(("ran_at", ran_at))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The report of a snippet that failed, or of an error; without a traceback."""
        if isinstance(excinfo.value, Failed):
            return str(excinfo.value)
        if isinstance(excinfo.value, Exception):
            return f"{self.page.path}:{self.snippet.line}: #{self.snippet.id}: {faults_shown.message(excinfo.value, self.config)}"
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int, str]:
        """The page's file, the snippet's line counted from 0, and "PAGE#ID"."""
        return self.path, self.snippet.line - 1, f"{self.page.path}#{self.snippet.id}"
