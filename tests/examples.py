"""How many inputs the tests of tests/properties make up, and which.

In ``./guide test`` the inputs are the same in every run, so that a pull request never fails by chance. The nightly workflow
sets GUIDE_EXAMPLES: every test then makes up that many times as many inputs, each night others. What such a run finds
becomes an ``@example`` of its test. Where code is mutated, 0.2 is enough.
"""

from __future__ import annotations

import os

from guides import ROOT
from hypothesis import HealthCheck, configuration, settings

TIMES = float(os.environ.get("GUIDE_EXAMPLES", "1"))

configuration.set_hypothesis_home_dir(ROOT / ".guide" / "hypothesis")
settings.register_profile(
    "guide",
    deadline=None,
    derandomize=TIMES <= 1,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("guide")


def examples(number: int) -> settings:
    """A decorator: the test runs with ``number`` inputs, and with GUIDE_EXAMPLES times as many where that is set."""
    return settings(settings.get_profile("guide"), max_examples=max(1, int(number * TIMES)))
