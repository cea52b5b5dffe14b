"""Evidence of a small VM page, for the tests that change it as a person, git or a forger does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from guides import evidence, one_language

from checks.config import Config
from checks.evidence import digest
from checks.evidence.validity import PageStatus, evidence_status
from checks.model import Guide
from checks.pages.reader import read_guide
from checks.targets import load_targets

PAGE = """---
machine: vm
---

# Crash {#crash}

```bash {#before}
echo before
```

```text {.output}
before
```

```bash {#fails data-exit="3"}
(exit 3)
```

```bash {#elsewhere data-target="ubuntu-*"}
true
```

```bash {#reboot data-expect="reboot"}
sudo reboot
```

```bash {#panic data-expect="crash"}
echo c | sudo tee /proc/sysrq-trigger
```
"""

Data = dict[str, Any]


def site_with_evidence(folder: Path, text: str = PAGE) -> tuple[Config, Guide, Path]:
    """A guide with one VM page and its evidence: the configuration, the guide, and the evidence file."""
    config = one_language(folder, {"index": text})
    guide = read_guide(config)
    evidence(config, guide)
    return config, guide, config.evidence_dir / "debian-13" / "index.json"


def status(config: Config, guide: Guide) -> PageStatus:
    """The line of ./guide status for the page."""
    (row,) = evidence_status(config, guide, [load_targets(config)["debian-13"]])
    return row


def entry(data: Data, name: str) -> Data:
    """A snippet's entry."""
    return next(entry for entry in data["snippets"] if entry["id"] == name)


def reseal(path: Path, data: Data) -> None:
    """Write the evidence as a forger does who knows the digest."""
    cast = path.with_suffix(".cast.gz")
    bare = {key: value for key, value in data.items() if key not in (digest.DIGEST, digest.CONSOLE)}
    path.write_bytes(digest.sealed(bare, cast.read_bytes() if cast.exists() else None))


def changed(path: Path, change: Any) -> None:
    """Change the content of the evidence by a function, and write it with the right digest."""
    data = json.loads(path.read_text())
    change(data)
    reseal(path, data)
