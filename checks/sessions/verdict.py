"""Whether a snippet that ended by itself ended as its page says; its output is compared elsewhere (evidence/outputs.py)."""

from __future__ import annotations

from checks.machines.machine import Message
from checks.model import Snippet


def refusals(limits: dict[str, int]) -> str | None:
    """What the machine's limits refused, in words; None when nothing was refused.

    ``limits`` are the agent's counts: {"forks": refused forks, "oom": processes killed for want of memory}.
    """
    sentences = []
    if limits.get("forks"):
        sentences.append(f"the limit on processes refused {limits['forks']} forks")
    if limits.get("oom"):
        sentences.append(f"{limits['oom']} processes were killed for want of memory")
    return " and ".join(sentences) or None


def judge_end(snippet: Snippet, message: Message) -> str | None:
    """What is wrong with how the snippet ended, in the words of a report; None when it ended as announced.

    ``message`` is the agent's "done" (the shell goes on) or "ended" (the shell is gone): the exit status, the first
    failure before the last command ("LINE:STATUS"), failures inside the last command, and what limits refused.
    """
    status = message.get("status")
    if late := refusals(message.get("late") or {}):
        return f"what earlier snippets left running in the background went too far: {late}"
    if refused := refusals(message.get("limits") or {}):
        return refused
    if (answers := message.get("answers", 1)) != 1:
        return f"the shell reported {answers} exit statuses for one command: does the page use extdebug, or answer in the shell's place?"
    if message["op"] == "ended":
        return f"ended the reader's shell, with exit status {status}: everything after it on the page would be lost"
    if status != snippet.exit_status:
        return f"exit status {status}, expected {snippet.exit_status}"
    if message.get("failed"):
        return hidden_failure(snippet, message["failed"])
    # A command that announces a failure has it from somewhere inside: that failure has the same status.
    for failure in message.get("inside") or []:
        if snippet.exit_status == 0 or int(failure.partition(":")[2]) != snippet.exit_status:
            return hidden_failure(snippet, failure)
    return None


def hidden_failure(snippet: Snippet, failure: str) -> str:
    """In words: what failed in the middle of a snippet. ``failure`` is "LINE:STATUS", the line counted from the snippet's first."""
    line, _, code = failure.partition(":")
    position = f"{snippet.path}:{snippet.line + int(line)}"
    return f"{position}: line {line} of the snippet failed with exit status {code}, and the lines after it hid that"
