"""The reader's login shell on a machine: what a snippet printed, how it ended, and what became of the machine.

A session compares no output. It reports as a failure what no reader would take for success: an exit status that was
not announced, a line that failed in the middle, a machine that went away unasked or did not come back.
"""

from __future__ import annotations

import base64
import time
from pathlib import Path

from checks.machines.channel import decode
from checks.machines.machine import Machine, MachineLost, Message, RestartableMachine
from checks.model import Dump, Outcome, Snippet, utc_now
from checks.sessions.crash_dumps import find_dumps, record_new_dump, running_kernel
from checks.sessions.restarts import RestartWatch
from checks.sessions.shell_command import shell_command
from checks.sessions.verdict import hidden_failure, judge_end, refusals

# In seconds, when the page says nothing. Under TCG a boot takes 20 to 70 s, a crash with its capture 60 to 120 s,
# and four times as long where twice as many VMs run as the host has processors.
RESTART_TIMEOUT_S = {"reboot": 600, "kexec": 600, "crash": 900, "panic": 600}
# An emulated VM on a busy host is several times slower than the machine that a page's data-timeout has in mind.
EMULATED_PATIENCE = 3
# After these restarts the memory is empty, as after a power cycle. What a panic leaves in memory is what ramoops reads.
EMPTIES = ("reboot", "crash")
END_OF_INPUT_GRACE_S = 2
OUTPUT_BYTES = 16 << 20  # of one snippet
SETTLE_TIMEOUT_S = 300
KILL_TIMEOUT_S = 60


class Session:
    """A page's session on its machine. After a reboot the session goes on with a new login, as a reader's does.

    ``dump_patterns`` are the globs by which a crash's dump is found on the machine. Methods raise MachineLost.
    """

    def __init__(self, machine: Machine, dump_patterns: tuple[str, ...] = ()):
        self.machine, self.dump_patterns = machine, dump_patterns
        self.boot_id: str | None = None
        self.kernel = ""
        self.packages_before: dict[str, str] = {}
        self._snippets_sent = 0

    @property
    def machines(self) -> list[Machine]:
        """All machines that the session is on; the page's own machine first."""
        return [self.machine]

    def on(self, name: str | None) -> Session:
        """The session on the machine that a snippet names with ``data-on``."""
        return self

    # ---- the machine's life

    def open(self) -> None:
        """Start the machine and wait for its login."""
        self._greet(self.machine.start())
        self.packages_before = self._packages()

    def settle(self) -> None:
        """Wait until the system has started all services that it starts by itself."""
        self.execute("systemctl", "is-system-running", "--wait", timeout_s=SETTLE_TIMEOUT_S)

    def restore(self, folder: Path, packages_before: dict[str, str]) -> None:
        """Start the machine as the state whose files are in ``folder``."""
        self._greet(self.machine.restore(folder))
        self.packages_before = packages_before

    def save(self, folder: Path, image_tag: str) -> int | None:
        """Save the machine as it is, and go on; see ``Machine.save``.

        Where a saved state has no processes the reader is logged out first, so that no process writes meanwhile.
        """
        if not self.machine.saves_processes:
            self.end_shell()
        return self.machine.save(folder, image_tag)

    def close(self) -> None:
        """End all machines; safe to call twice."""
        for machine in self.machines:
            machine.stop()

    def new_packages(self) -> dict[str, str]:
        """Name and version of the packages that were installed or changed since the machine started."""
        return {name: version for name, version in self._packages().items() if self.packages_before.get(name) != version}

    def _packages(self) -> dict[str, str]:
        form = "${Package} ${Version} ${db:Status-Status}\n"
        _, output = self.execute("dpkg-query", "--show", "--showformat", form)
        rows = (line.split(" ") for line in output.decode(errors="replace").splitlines())
        return {row[0]: row[1] for row in rows if row[2:] == ["installed"]}

    def _greet(self, hello: Message) -> None:
        self.boot_id, self.kernel = hello["boot_id"], hello["kernel"]

    def _tick(self) -> None:
        for machine in self.machines:
            machine.tick()

    # ---- the shell

    def new_shell(self) -> None:
        """Log in anew: each page begins with a fresh login."""
        self.machine.channel.send(op="shell")

    def end_shell(self) -> None:
        """Log the reader out, which ends all processes of the terminal; the next snippet logs in again."""
        self.machine.channel.send(op="logout")
        self.refused_since_last_snippet()

    def execute(self, *argv: str, timeout_s: float = 180) -> tuple[int, bytes]:
        """Run a command as root beside the reader's shell, for evidence only: (exit status, output)."""
        self.machine.channel.send(op="exec", argv=list(argv), timeout_s=timeout_s)
        message = self.machine.channel.expect("result", timeout_s + 30, argv[0], self._tick)
        return message["status"], decode(message, "out")

    def refused_since_last_snippet(self) -> str | None:
        """What the machine's limits refused to background processes since the last snippet ended, in words; or None."""
        self.machine.channel.send(op="limits")
        return refusals(self.machine.channel.expect("limits", 60, "the machine's agent", self._tick)["limits"])

    def find_dumps(self) -> list[Dump]:
        """The crash dumps that are on the machine."""
        return find_dumps(self.execute, self.dump_patterns)

    # ---- snippets

    def timeout_s(self, snippet: Snippet) -> float:
        """How long the snippet may take on this machine, in seconds."""
        wanted = snippet.timeout_s or (RESTART_TIMEOUT_S[snippet.expect] if snippet.expect else self.machine.default_timeout_s)
        return wanted * (EMULATED_PATIENCE if self.machine.accelerator == "tcg" else 1)

    def run(self, snippet: Snippet) -> Outcome:
        """Give one snippet to the shell and wait for what it is announced to do. Failures are in the outcome."""
        outcome = Outcome(snippet.id, snippet.sha256, boot_id_before=self.boot_id, ran_at=utc_now())
        began = time.monotonic()
        try:
            if snippet.expect:
                self._run_over_restart(snippet, outcome, began)
            else:
                self._send(snippet)
                self._run_to_end(snippet, outcome, began)
        except MachineLost as lost:
            outcome.failure = outcome.failure or "; ".join(filter(None, [str(lost), self.machine.last_words()]))
        outcome.seconds = round(time.monotonic() - began, 3)
        outcome.boot_id_after = self.boot_id
        if outcome.failure and not outcome.console:
            outcome.console = self.machine.console_tail()
        return outcome

    def _send(self, snippet: Snippet) -> None:
        self._snippets_sent += 1
        code = base64.b64encode(shell_command(snippet).encode()).decode()
        # A Python program is one command for bash, which need not be asked where that command ends.
        self.machine.channel.send(op="run", number=self._snippets_sent, whole=snippet.language == "python", code=code)

    def _is_of_this_snippet(self, message: Message) -> bool:
        """Whether a message about a snippet is about the one that was sent last; MachineLost when it is about another."""
        if message["op"] not in ("done", "ended", "failed"):
            return False
        if message.get("number") != self._snippets_sent:
            raise MachineLost("the agent reported on another snippet than the one that runs: something else speaks in its place")
        return True

    # ---- a snippet that ends by itself

    def _run_to_end(self, snippet: Snippet, outcome: Outcome, began: float) -> None:
        timeout_s = self.timeout_s(snippet)
        output = bytearray()
        message = self._await_end(output, began + timeout_s)
        if message is None:
            message = self._end_overdue(outcome, output, timeout_s)
        elif message["op"] == "flood":
            outcome.failure = f"printed more than {OUTPUT_BYTES >> 20} MiB; the rest is not kept, and the snippet was ended"
            message = self._end_shell_now(output)
        outcome.output = bytes(output[:OUTPUT_BYTES])
        if message.get("op") == "loader":
            self._load_agent()
            outcome.failure = 'the machine went away and came back; the page does not say data-expect="reboot", "crash" or "panic"'
            return
        outcome.exit_status = message.get("status")
        if outcome.failure:
            # A fork bomb on a slow machine still forks when its time is over: the report names both.
            outcome.failure = "; ".join(filter(None, [outcome.failure, refusals(message.get("limits") or {})]))
        else:
            outcome.failure = judge_end(snippet, message)

    def _await_end(self, output: bytearray, deadline: float) -> Message | None:
        """Append to ``output`` what is printed until the shell answers or the machine restarts; None at the deadline.

        The message "flood" is this session's own: more has been printed than is kept.
        """
        mark = self.machine.console_mark()

        def tick() -> None:
            self._tick()
            if reason := self.machine.panic_since(mark):
                raise MachineLost(f"the kernel panicked: {reason}")

        while (message := self.machine.channel.receive(deadline, tick)) is not None:
            if message["op"] == "out":
                output += decode(message, "data")
                if len(output) > OUTPUT_BYTES:
                    return {"op": "flood"}
            elif message["op"] == "loader" or (self._is_of_this_snippet(message) and message["op"] != "failed"):
                return message
        return None

    def _end_overdue(self, outcome: Outcome, output: bytearray, timeout_s: float) -> Message:
        """The snippet's time is over: try whether an end of input ends it, else end the shell."""
        self.machine.channel.send(op="eof")
        message = self._await_end(output, time.monotonic() + END_OF_INPUT_GRACE_S)
        if message and message["op"] == "done":
            outcome.failure = f"waited for input on the terminal for {timeout_s:g} s; a reader's would wait for ever"
            return message
        outcome.failure = f"did not end within {timeout_s:g} s (data-timeout says how long it may take)"
        return message if message and message["op"] == "ended" else self._end_shell_now(output)

    def _end_shell_now(self, output: bytearray) -> Message:
        self.machine.channel.send(op="kill")
        deadline = time.monotonic() + KILL_TIMEOUT_S
        while (message := self._await_end(output, deadline)) is not None and message["op"] == "flood":
            del output[OUTPUT_BYTES:]
        return message or {"op": "ended", "status": None}

    # ---- a snippet over which the machine restarts

    def _run_over_restart(self, snippet: Snippet, outcome: Outcome, began: float) -> None:
        machine = self.machine
        if not isinstance(machine, RestartableMachine):
            raise MachineLost(f'data-expect="{snippet.expect}" needs machine: vm; a container shares the host\'s kernel')
        crash = snippet.expect == "crash"
        dumps_before = self.find_dumps() if crash else []
        kernel = running_kernel(self.execute) if crash else None
        if snippet.expect in EMPTIES:
            machine.empty_at_restart()
        watch = RestartWatch(snippet, machine, outcome, began, kernel)
        self._send(snippet)
        self._follow_restart(snippet, outcome, watch, machine, began)
        if kernel and outcome.failure is None:
            took_s = time.monotonic() - began
            record_new_dump(outcome, dumps_before, self.find_dumps(), self.dump_patterns, snippet.dump, kernel, took_s)

    def _follow_restart(
        self, snippet: Snippet, outcome: Outcome, watch: RestartWatch, machine: RestartableMachine, began: float
    ) -> None:  # fmt: skip
        output = bytearray()

        def tick() -> None:
            self._tick()
            watch.look()

        timeout_s = self.timeout_s(snippet)
        try:
            while (message := machine.channel.receive(began + timeout_s, tick)) is not None:
                if message["op"] == "out":
                    output += decode(message, "data")
                    if len(output) > OUTPUT_BYTES:
                        raise MachineLost(f"printed more than {OUTPUT_BYTES >> 20} MiB; the rest is not kept")
                elif self._is_of_this_snippet(message):
                    if message.get("failed"):
                        raise MachineLost(hidden_failure(snippet, message["failed"]))
                    self._command_ended(snippet, outcome, watch, machine, message)
                elif message["op"] == "loader":
                    self._tick()
                    self._load_agent()
                    watch.arrived()
                    if self.boot_id == outcome.boot_id_before:
                        raise MachineLost("the agent started anew, but the boot_id is the same: the machine was not restarted")
                    # The agent logs in as soon as anyone may; a reader comes some seconds later, when all services run.
                    self.settle()
                    return
        finally:
            outcome.output = bytes(output)
        raise MachineLost(f"the machine did not come back within {timeout_s:g} s{watch.last_stage()}")

    def _command_ended(
        self, snippet: Snippet, outcome: Outcome, watch: RestartWatch, machine: RestartableMachine, message: Message
    ) -> None:  # fmt: skip
        # On its way down the machine kills the shell: the status of an "ended" message is then no status of the command.
        outcome.exit_status = message.get("status")
        watch.command_ended = time.monotonic()
        if message["op"] == "done" and message["status"] == snippet.exit_status and (failure := judge_end(snippet, message)):
            raise MachineLost(failure)
        if message["op"] == "done" and message["status"] != snippet.exit_status:
            raise MachineLost(f"exit status {message['status']}, expected {snippet.exit_status}; the machine stays as it was")
        if message["op"] == "done" and snippet.host:
            machine.press(snippet.host)

    def _load_agent(self) -> None:
        """The loader of a restarted machine has called: send it the agent, which logs the reader in again."""
        self.machine.channel.load("reader")
        self._greet(self.machine.channel.expect("hello", 300, "the machine's agent", self._tick))
