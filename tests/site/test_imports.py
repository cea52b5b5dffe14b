"""The module that MkDocs loads: what is loaded with it."""

from __future__ import annotations

import subprocess
import sys

from guides import ROOT


def test_the_site_imports_nothing_that_runs_machines():
    code = "import checks.site.hooks, sys; assert 'checks.machines' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
