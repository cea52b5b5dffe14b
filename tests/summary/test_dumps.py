"""The program on dumps that pages have left, against debug symbols and crash: a page of a copy of the guide runs compare.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
from guides import ROOT

PAGE = """\
---
title: Compare
machine: container
after: analysis/symbols
dumps: [quick-start, analysis/depot]
programs: [summary/dump_summary.py, tests/summary/compare.py]
---

# Compare {#compare-dumps}

```bash {#compare data-timeout="1800"}
python3 compare.py ~/dumps "$(find /usr/lib/debug/boot -name 'vmlinux-*')" ~/dumps/analysis/depot/depot.ko
```

```text {.output}
OUTPUT
```
"""
# How many functions each stack has differs from release to release.
OUTPUT = """\
...
5 dumps compared"""
PARTS = ("docs", "data", "theme", "doctor", "summary", "tests/summary")  # of the guide: its pages, and what they use


@pytest.mark.slow
@pytest.mark.container
def test_summary_debug_symbols_and_crash_agree(tmp_path):
    """On the dump of SysRq and on that of each planted fault. Machines that this host has kept are used again."""
    guide = tmp_path / "guide"
    for part in PARTS:
        shutil.copytree(ROOT / part, guide / part)
    for file in ROOT.glob("mkdocs*.yml"):
        text = re.sub(r"^( *programs: \[.*)\]$", r"\1, tests/summary/compare.py]", file.read_text(), flags=re.M)
        (guide / file.name).write_text(text)
    for language in ("en", "zh"):
        (guide / "docs" / language / "analysis" / "compare.md").write_text(PAGE.replace("OUTPUT", OUTPUT))
    command = [sys.executable, "-m", "checks", "--config", str(guide / "mkdocs.yml"), "verify", "analysis/compare"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
