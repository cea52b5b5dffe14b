"""``./guide shell``: the reader's machine as it is at some point of a page, for a person to look at."""

from __future__ import annotations

import base64
import os
import select
import shlex
import sys
import termios
import time
import tty

from checks import clean, plan
from checks.config import Config
from checks.course import Failed
from checks.images.build import Builder
from checks.images.target import choose
from checks.images.target import load as load_targets
from checks.machines.wire import Lost, decode
from checks.model import GuideError, Page
from checks.runner import Runner
from checks.session import Session
from checks.snippets import read_guide
from checks.states.store import Store, run_name

# A shell of its own, so that everything a terminal does works; with the variables, functions and aliases of the
# page's shell. Values that bash keeps read-only are refused there, silently.
INSIDE = r"""
stty opost onlcr echo icanon isig 2>/dev/null
{ declare -p; declare -f; alias -p; } >/tmp/.guide-shell 2>/dev/null
TERM=%s bash --rcfile <(echo '. ~/.bashrc; . /tmp/.guide-shell 2>/dev/null; rm -f /tmp/.guide-shell') -i
stty -opost 2>/dev/null
"""


def open_shell(config: Config, place: str, target_name: str | None) -> int:
    """Bring a machine to ``PAGE`` or ``PAGE#ID`` and connect this terminal to it."""
    name, _, snippet_id = place.partition("#")
    guide = read_guide(config)
    page = plan.find_pages(guide, [name])[0]
    ids = [snippet.id for snippet in page.snippets]
    if not ids:
        raise GuideError(f"{page.path}: this page has no snippets, so it has no machine")
    if snippet_id and snippet_id not in ids:
        raise GuideError(f"{page.path}: there is no snippet #{snippet_id}; it has {', '.join(ids)}")
    targets = load_targets(config)
    target = choose(targets, target_name)
    clean.sweep()

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
    points = [snippet for snippet in page.snippets[:until] if plan.skip_reason(snippet, runner.target.name) is None]
    if not points:
        raise GuideError(f"{page.path}: nothing runs on {runner.target.name} before or at #{last}, so there is no machine to look at")
    try:
        runner.come_to(page, points[-1])
    except Failed as failed:
        print(failed, file=sys.stderr)
        if runner.session is None:
            raise GuideError("there is no machine to look at") from None


def attach(session: Session) -> int:
    """Connect this terminal (or whatever stdin is) to a shell in the machine, until that ends."""
    wire = session.machine.wire
    code = INSIDE % shlex.quote(os.environ.get("TERM", "dumb"))
    wire.send(op="run", code=base64.b64encode(code.encode()).decode())
    stdin = sys.stdin.fileno()
    before = termios.tcgetattr(stdin) if os.isatty(stdin) else None
    if before:
        tty.setraw(stdin)
    reading = [stdin]
    try:
        while True:
            if not wire.queue:
                ready, _, _ = select.select([*reading, wire.read_fd], [], [], 0.5)
                if stdin in ready:
                    keys = os.read(stdin, 4096)
                    if not keys:
                        reading, keys = [], b"\x04"
                    wire.send(op="tty", keys=base64.b64encode(keys).decode())
            message = wire.receive(time.monotonic() + 0.01)
            if session.machine.kind == "vm":
                session.machine.tick()
            if message is None:
                continue
            if message.get("op") == "out":
                os.write(sys.stdout.fileno(), decode(message, "data"))
            elif message.get("op") in ("done", "ended"):
                return 0
            elif message.get("op") == "loader":
                return 0  # the machine was restarted from within
    except Lost as lost:
        print(f"\r\n{lost}", file=sys.stderr)
        return 1
    finally:
        if before:
            termios.tcsetattr(stdin, termios.TCSADRAIN, before)
