"""What a session and the runner ask of a machine of either kind, and the one error that all machines raise."""

from __future__ import annotations


class MachineLost(Exception):
    """The machine does not answer any more, or not as it should; the text says what was seen."""
