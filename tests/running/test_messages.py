"""What the log says of a run: one line a message, without what a terminal obeys."""

from __future__ import annotations

import logging
from types import SimpleNamespace

from checks.pytest_plugin.messages import MessageHandler


def test_what_a_machine_has_said_is_logged_without_what_a_terminal_obeys(capfd):
    config = SimpleNamespace(pluginmanager=SimpleNamespace(get_plugin=lambda name: None))
    for worker, before in ((None, "    "), ("gw0", "    gw0: ")):
        handler = MessageHandler(config, worker, prints_stages=True)
        handler.emit(logging.LogRecord("guide", logging.INFO, "x", 1, "panicked: %s", ("\x1b]0;owned\x07 \x9b2J \u202e",), None))
        assert capfd.readouterr() == ("", before + r"panicked: \x1b]0;owned\x07 \x9b2J \u202e" + "\n")
