"""The reader's shell on a machine: what a snippet printed, how it ended, and what became of the machine.

Nothing here judges an output; a failure is what no reader would take for
success: a status that was not announced, a line that failed in the middle, a
machine that went away unasked or did not come back.
"""

from __future__ import annotations

import base64
import shlex
import time
from collections.abc import Callable
from pathlib import Path

from checks.machines.channel import decode
from checks.machines.machine import MachineLost
from checks.model import Outcome, Snippet, utc_now
from checks.sessions.crash_dumps import find_dumps, record_new_dump
from checks.sessions.restarts import RestartWatch, uptime

# In seconds, when the page says nothing. Under TCG a boot takes 20 to 70 s, a crash with its capture 60 to 120 s,
# and four times that where twice as many machines run as the host has processors.
DEFAULT_TIMEOUT_S = {"container": 60, "vm": 120}
CROSSING_TIMEOUT_S = {"reboot": 600, "kexec": 600, "crash": 900, "panic": 600}
# Over these a machine loses its memory, as at a power cycle. What a panic leaves there is what ramoops reads.
EMPTIES = ("reboot", "crash")
EOF_GRACE_S = 2
DISK_CHECK_S = 5
SETTLE_TIMEOUT_S = 120


class Session:
    """A page's session on its machine; it goes on over a reboot, with a new login as a reader's does."""

    def __init__(self, machine, patterns: tuple[str, ...] = (), progress: Callable[[str], None] = lambda stage: None):
        self.machine, self.dumps, self.progress = machine, patterns, progress
        self.boot_id: str | None = None
        self.kernel: str | None = None
        self.packages_before: dict[str, str] = {}
        self._disk_checked = 0.0

    @property
    def machines(self) -> list:
        """All machines that the session is on; the page's own first."""
        return [self.machine]

    def on(self, name: str | None) -> Session:
        """The session on the machine that a snippet names."""
        return self

    def close(self) -> None:
        """End every machine; safe to call twice."""
        for machine in self.machines:
            machine.stop()

    def open(self) -> None:
        """Start the machine and wait for its login."""
        self._welcome(self.machine.start())
        self.packages_before = self._packages()

    def settle(self) -> None:
        """Wait until the system has started all that it starts by itself."""
        self.execute("systemctl", "is-system-running", "--wait", timeout_s=SETTLE_TIMEOUT_S)

    def enter(self, folder: Path, packages_before: dict[str, str]) -> None:
        """Have the machine go on as the state whose files are in ``folder``; Lost if it would not."""
        self._welcome(self.machine.enter(folder))
        self.packages_before = packages_before

    def save(self, folder: Path) -> None:
        """Write the VM as it is now into ``folder``, and go on; Lost if QEMU would not."""
        self.machine.save(folder)

    def new_packages(self) -> dict[str, str]:
        """Name and version of what was installed or changed since the machine started."""
        return {name: version for name, version in self._packages().items() if self.packages_before.get(name) != version}

    def _packages(self) -> dict[str, str]:
        form = "${Package} ${Version} ${db:Status-Status}\n"
        _, out = self.execute("dpkg-query", "--show", "--showformat", form)
        rows = (line.split(" ") for line in out.decode(errors="replace").splitlines())
        return {row[0]: row[1] for row in rows if row[2:] == ["installed"]}

    def _welcome(self, hello: dict) -> None:
        self.boot_id, self.kernel = hello["boot_id"], hello["kernel"]

    def new_shell(self) -> None:
        """A fresh login: a page begins with one."""
        self.machine.wire.send(op="shell")

    def end_shell(self) -> None:
        """Log the reader out, and whatever belongs to the terminal ends; the next snippet logs in again."""
        self.machine.wire.send(op="logout")
        self.leftover()

    def execute(self, *argv: str, timeout_s: float = 60) -> tuple[int, bytes]:
        """A command as root beside the reader's shell, for evidence only: (status, output)."""
        self.machine.wire.send(op="exec", argv=list(argv), timeout_s=timeout_s)
        message = self.machine.wire.expect("result", timeout_s + 10, argv[0], self._tick)
        return message["status"], decode(message, "out")

    def run(self, snippet: Snippet) -> Outcome:
        """Give one snippet to the shell and wait for what it is announced to do."""
        outcome = Outcome(snippet.id, snippet.sha256, boot_id_before=self.boot_id, ran_at=utc_now())
        timeout_s = snippet.timeout_s or CROSSING_TIMEOUT_S.get(snippet.expect) or DEFAULT_TIMEOUT_S[self.machine.kind]
        began = time.monotonic()
        before, uptime_s = (self.find_dumps(), uptime(self.execute)) if snippet.expect == "crash" else ([], 0.0)
        try:
            if snippet.expect in EMPTIES:
                self.machine.empty_at_restart()
            self.machine.wire.send(op="run", code=base64.b64encode(shell_command(snippet).encode()).decode())
            if snippet.expect:
                self._cross(snippet, outcome, began, began + timeout_s, uptime_s)
            else:
                self._follow(snippet, outcome, began + timeout_s, timeout_s)
        except MachineLost as lost:
            outcome.failure = outcome.failure or "; ".join(filter(None, [str(lost), self.machine.last_words()]))
        outcome.seconds = round(time.monotonic() - began, 3)
        outcome.boot_id_after = self.boot_id
        if snippet.expect == "crash" and outcome.failure is None:
            record_new_dump(outcome, before, self.find_dumps(), self.dumps, snippet.dump)
        if outcome.failure and not outcome.console:
            outcome.console = self.machine.console_tail()
        return outcome

    def leftover(self) -> str | None:
        """What the page's background processes were refused since its last snippet ended, or None."""
        self.machine.wire.send(op="limits")
        return _refusals(self.machine.wire.expect("limits", 30, "the machine's agent", self._tick)["limits"])

    # ---- a snippet that ends by itself

    def _follow(self, snippet: Snippet, outcome: Outcome, deadline: float, timeout_s: float) -> None:
        output = bytearray()
        message = self._answer(output, deadline)
        if message is None:
            message = self._overdue(outcome, output, timeout_s)
        outcome.output = bytes(output)
        if message.get("op") == "loader":
            return self._gone_unasked(outcome, message)
        outcome.exit_status = message.get("status")
        if outcome.failure:
            # A fork bomb on a slow machine is still trying when its time is over: say both.
            outcome.failure = "; ".join(filter(None, [outcome.failure, _refusals(message.get("limits") or {})]))
            return None
        outcome.failure = _judge(snippet, message)
        return None

    def _answer(self, output: bytearray, deadline: float) -> dict | None:
        """Collect what is printed until the shell answers, the machine comes anew, or the time is over."""
        since = self.machine.console.mark() if self.machine.kind == "vm" else 0

        def tick() -> None:
            self._tick()
            if self.machine.kind == "vm" and self.machine.console.dead(since):
                raise MachineLost(f"the kernel panicked: {'; '.join(self.machine.console.panics(since))}")

        while (message := self.machine.wire.receive(deadline, tick)) is not None:
            if message.get("op") == "out":
                output += decode(message, "data")
            elif message.get("op") in ("done", "ended", "loader"):
                return message
        return None

    def _overdue(self, outcome: Outcome, output: bytearray, timeout_s: float) -> dict:
        """The time is over: see whether an end of input ends it, then end the shell."""
        self.machine.wire.send(op="eof")
        message = self._answer(output, time.monotonic() + EOF_GRACE_S)
        if message and message["op"] == "done":
            outcome.failure = f"waited for input on the terminal for {timeout_s:g} s; a reader's would wait for ever"
            return message
        outcome.failure = f"did not end within {timeout_s:g} s (data-timeout says how long it may take)"
        self.machine.wire.send(op="kill")
        return self._answer(output, time.monotonic() + 30) or {"op": "ended", "status": None}

    def _gone_unasked(self, outcome: Outcome, message: dict) -> None:
        self._greet(message)
        outcome.failure = 'the machine went away and came back; the page does not say data-expect="reboot", "crash" or "panic"'

    # ---- a snippet over which the machine goes away

    def _cross(self, snippet: Snippet, outcome: Outcome, began: float, deadline: float, uptime_s: float) -> None:
        console = self.machine.console
        since = console.mark()
        output = bytearray()
        watch = RestartWatch(snippet.expect, self.machine, since, outcome, began, self.progress, not snippet.dump, uptime_s)

        def tick() -> None:
            self._tick()
            watch.look()

        while (message := self.machine.wire.receive(deadline, tick)) is not None:
            if message["op"] == "out":
                output += decode(message, "data")
            elif message["op"] in ("done", "ended"):
                # On its way down the machine kills the shell: no status is a status of its own then.
                outcome.exit_status = message.get("status")
                watch.command_ended = time.monotonic()
                if message["op"] == "done" and message["status"] != snippet.exit_status:
                    outcome.output = bytes(output)
                    raise MachineLost(f"exit status {message['status']}, expected {snippet.exit_status}; the machine stays as it was")
                if message["op"] == "done" and snippet.host:
                    self.machine.press(snippet.host)
            elif message["op"] == "loader":
                outcome.output = bytes(output)
                self._tick()
                self._greet(message)
                watch.arrived()
                if self.boot_id == outcome.boot_id_before:
                    raise MachineLost("the agent started anew, but the boot_id is the same: the machine was not restarted")
                # The agent logs in as soon as anyone may, a reader some seconds later: services are still starting.
                return self.settle()
        outcome.output = bytes(output)
        raise MachineLost(
            f"the machine did not come back within {snippet.timeout_s or CROSSING_TIMEOUT_S[snippet.expect]:g} s{watch.last()}"
        )

    def _greet(self, message: dict) -> None:
        """A loader has called: give it the agent, log in again."""
        self.machine.wire.load("reader")
        self._welcome(self.machine.wire.expect("hello", 120, "the machine's agent", self._tick))

    def find_dumps(self) -> list[dict]:
        """The dumps that are there now; Lost if nobody could look."""
        return find_dumps(self.execute, self.dumps)

    def _tick(self) -> None:
        if self.machine.kind == "vm":
            for machine in self.machines:
                machine.tick()
        elif time.monotonic() - self._disk_checked > DISK_CHECK_S:
            self._disk_checked = time.monotonic()
            if said := self.machine.overflown():
                raise MachineLost(said)


def _refusals(limits: dict) -> str | None:
    said = []
    if limits.get("forks"):
        said.append(f"the limit on processes refused {limits['forks']} forks")
    if limits.get("oom"):
        said.append(f"{limits['oom']} processes were killed for want of memory")
    return " and ".join(said) or None


def _judge(snippet: Snippet, message: dict) -> str | None:
    """What is wrong with how a snippet ended, or None."""
    status, expected = message.get("status"), snippet.exit_status
    if late := _refusals(message.get("late") or {}):
        return f"what earlier snippets left running in the background went too far: {late}"
    if refused := _refusals(message.get("limits") or {}):
        return refused
    if message["op"] == "ended":
        return f"ended the reader's shell, with exit status {status}: everything after it on the page would be lost"
    if status != expected:
        return f"exit status {status}, expected {expected}"
    failed = message.get("failed")
    if failed and expected == 0:
        line, _, code = failed.partition(":")
        where = f"{snippet.path}:{snippet.line + int(line)}"
        return f"{where}: line {line} of the snippet failed with exit status {code}, and the lines after it hid that"
    return None


def shell_command(snippet: Snippet) -> str:
    """What the shell is given: a bash snippet as it is; a Python one as a reader would start it.

    With ``data-file`` the reader saves the program under that name and starts it.
    """
    if snippet.language == "bash":
        return snippet.code
    if snippet.file is None:
        return f"python3 -c {shlex.quote(snippet.code)}"
    end = "GUIDE-END"
    while end in snippet.code:
        end += "-"
    name = shlex.quote(snippet.file)
    return f"cat >{name} <<'{end}' &&\n{snippet.code}\n{end}\npython3 {name}"
