"""The quick start's shell script on the real VM: it restarts and crashes the machine, and goes on each time by what it has printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from answering import PROGRAM
from sites import TAKEAWAY_URL

from checks.images.build import Builder
from checks.model import Program, Snippet
from checks.pages.reader import read_guide
from checks.running.runner import Runner
from checks.sessions.programs import give
from checks.site.context import context_of
from checks.site.takeaway import scripts
from checks.site.takeaway.articles import article
from checks.states.store import Store, new_run_name
from checks.targets import default_target, load_targets
from checks.terminal import plain

pytest_plugins = ["sites"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("nothing_left")]

AS_LONG_AS_IT_TAKES_S = 3600  # of one part of the page; an emulated machine has three times as long


def type_at_a_terminal(session, command: str, leave: str, expect: str | None = None) -> str:
    """Type a command as the reader, who answers "y" to what it asks; what was printed. The session follows the announced restart."""
    code = f"python3 answering.py y {shlex.quote(leave)} {command}"
    snippet = Snippet("quick-start", "script", "bash", code, Path("quick-start.sh"), 1, 1, expect=expect, timeout_s=AS_LONG_AS_IT_TAKES_S)
    outcome = session.run(snippet)
    printed = plain(outcome.output)
    assert outcome.failure is None, f"{outcome.failure}\n{printed}\n{outcome.console}"
    return printed


def how_to_go_on(printed: str) -> str:
    """The command that the script has printed for the time after the restart."""
    told = re.findall(r"^ +(bash \S+quick-start\.sh\S*(?: --any-release)? --from \S+)$", printed, re.MULTILINE)
    assert told, printed
    return str(told[-1])


def test_the_quick_starts_script_goes_on_after_the_reboot_and_after_the_crash(whole, tmp_path):
    config, out = whole
    guide = read_guide(config)
    page, context = guide.pages["en", "quick-start"], context_of(config, guide, "en")
    found = article((out / "en" / "quick-start" / "index.html").read_bytes(), context, page)
    made = scripts.script(context, page, found, TAKEAWAY_URL)
    waiting = context.words["script"]["waiting"]
    targets = load_targets(config)
    target = default_target(targets)
    with Runner(config, guide, target, Builder(targets), Store(new_run_name()), tmp_path) as runner:
        session = runner.provisioner.boot(page)
        try:
            session.new_shell()
            give(session, [Program(made.name, made.text.encode()), Program("answering.py", Path(PROGRAM).read_bytes())])
            # The evidence of this target may be stale while somebody edits; the script is then told to begin all the same.
            first = type_at_a_terminal(session, "bash quick-start.sh --any-release", waiting, "reboot")
            second = type_at_a_terminal(session, how_to_go_on(first), waiting, "crash")
            third = type_at_a_terminal(session, how_to_go_on(second), "")
        finally:
            runner.provisioner.release(session)
    steps = re.findall(r"^== (\S+)$", "\n".join((first, second, third)), re.MULTILINE)
    assert steps == [snippet.id for snippet in page.snippets]
    assert "kdump-guide: written before the panic" in third.partition("== last-words")[2]
    assert context.words["script"]["done"] in third
