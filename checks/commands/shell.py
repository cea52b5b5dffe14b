"""``./guide shell``: the reader's machine as it is at some point of a page, for a person to look at."""

from __future__ import annotations

import sys

from checks.config import Config
from checks.images.build import Builder
from checks.model import GuideError, Page, Snippet
from checks.pages.reader import read_guide
from checks.pages.tree import find_pages
from checks.running import cleanup
from checks.running.failures import Failed
from checks.running.runner import Runner
from checks.sessions.attach import attach
from checks.states.store import Store, new_run_name
from checks.targets import choose_target, load_targets, skip_reason


def open_shell(config: Config, place: str, target_name: str | None) -> int:
    """Bring a machine to the end of ``PAGE`` or of ``PAGE#ID`` and connect this terminal to the machine; an exit status."""
    name, _, snippet_id = place.partition("#")
    guide = read_guide(config)
    page = find_pages(guide, [name])[0]
    ids = [snippet.id for snippet in page.snippets]
    if not ids:
        raise GuideError(f"{page.path}: this page has no snippets, so it has no machine")
    if snippet_id and snippet_id not in ids:
        raise GuideError(f"{page.path}: there is no snippet #{snippet_id}; it has {', '.join(ids)}")
    targets = load_targets(config)
    target = choose_target(targets, target_name)
    cleanup.sweep()
    last = page.snippets[ids.index(snippet_id or ids[-1])]
    with Runner(config, guide, target, Builder(targets), Store(new_run_name()), config.work_dir / "evidence") as runner:
        _come_to(runner, page, last)
        assert runner.session
        print(f"This is {target.label}, {page.path} after #{last.id}. Leave it with exit or Ctrl-D.", file=sys.stderr)
        return attach(runner.session.on(last.on))


def _come_to(runner: Runner, page: Page, last: Snippet) -> None:
    """Restore the nearest state before the end of ``last``, and run the snippets after that state."""
    until = page.snippets.index(last) + 1
    points = [snippet for snippet in page.snippets[:until] if skip_reason(snippet, runner.target.name) is None]
    if not points:
        raise GuideError(f"{page.path}: nothing runs on {runner.target.name} before or at #{last.id}, so there is no machine to look at")
    try:
        runner.come_to(page, points[-1])
    except Failed as failed:
        print(failed, file=sys.stderr)
        if runner.session is None:
            raise GuideError("there is no machine to look at") from None
