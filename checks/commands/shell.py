"""``./guide shell``: the reader's machine as it is at some point of a page, for a person to look at."""

from __future__ import annotations

import sys

from checks.config import Config
from checks.images.build import Builder
from checks.model import GuideError, Page
from checks.pages.reader import read_guide
from checks.pages.tree import find_pages
from checks.running import cleanup
from checks.running.failures import Failed
from checks.running.runner import Runner
from checks.sessions.attach import attach
from checks.states.store import Store, run_name
from checks.targets import choose_target, load_targets, skip_reason


def open_shell(config: Config, place: str, target_name: str | None) -> int:
    """Bring a machine to ``PAGE`` or ``PAGE#ID`` and connect this terminal to it."""
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

    def say(text: str) -> None:
        print(f"    {text}", file=sys.stderr, flush=True)

    store = Store(run_name(), say=say)
    with Runner(config, guide, target, Builder(targets, say), store, config.work_dir / "evidence", say) as runner:
        _come_to(runner, page, snippet_id or ids[-1])
        print(f"This is {target.label}, {page.path} after #{snippet_id or ids[-1]}. Leave it with exit or Ctrl-D.", file=sys.stderr)
        return attach(runner.session.on(next(each.on for each in page.snippets if each.id == (snippet_id or ids[-1]))))


def _come_to(runner: Runner, page: Page, last: str) -> None:
    """Take up the nearest state before that point, and run the rest."""
    until = [snippet.id for snippet in page.snippets].index(last) + 1
    points = [snippet for snippet in page.snippets[:until] if skip_reason(snippet, runner.target.name) is None]
    if not points:
        raise GuideError(f"{page.path}: nothing runs on {runner.target.name} before or at #{last}, so there is no machine to look at")
    try:
        runner.come_to(page, points[-1])
    except Failed as failed:
        print(failed, file=sys.stderr)
        if runner.session is None:
            raise GuideError("there is no machine to look at") from None
