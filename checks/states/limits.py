"""How much the states of a host may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """``bytes`` for all states together; one that was not used for ``age_s`` seconds goes in any case."""

    bytes: int = 20 << 30
    age_s: float = 30 * 86400
