"""The whole table of machines that have one thing wrong each."""

from __future__ import annotations

import cases_boot  # noqa: F401  # each of these fills CASES
import cases_capture  # noqa: F401
import cases_settings  # noqa: F401
import cases_storage  # noqa: F401
from cases import CASES

__all__ = ["CASES"]
