"""``./guide list`` and ``./guide status``: the snippets that there are, and what is proven of them."""

from __future__ import annotations

import json

from checks.config import Config
from checks.evidence.validity import evidence_status
from checks.pages.reader import read_guide
from checks.states import retention
from checks.states.store import Store
from checks.targets import choose_target, load_targets, skip_reason


def list_snippets(config: Config, options) -> int:
    guide = read_guide(config)
    target = choose_target(load_targets(config), options.target)
    rows = [
        {
            "page": page.name, "id": snippet.id, "language": snippet.language, "machine": page.machine, "target": target.name,
            "skip": skip_reason(snippet, target.name), "path": str(snippet.path), "line": snippet.line, "sha256": snippet.sha256,
        }
        for page in guide.primary for snippet in page.snippets
    ]  # fmt: skip
    if options.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        skip = f"  skipped: {row['skip']}" if row["skip"] else ""
        print(f"{row['path']}:{row['line']}\t{row['machine']}\t{row['language']}\t{row['id']}{skip}")
    print(f"{len(rows)} snippets, {sum(bool(row['skip']) for row in rows)} skipped on {target.name}")
    return 0


def show_status(config: Config, options) -> int:
    guide = read_guide(config)
    targets = load_targets(config)
    chosen = [choose_target(targets, options.target)] if options.target else list(targets.values())
    found = evidence_status(config, guide, chosen)
    if options.json:
        print(json.dumps([vars(row) for row in found], indent=1))
        return 0
    for row in found:
        if row.state == "missing":
            print(f"{row.target:14} {row.page:24} missing")
        else:
            print(f"{row.target:14} {row.page:24} {row.state:8} {row.date}  {row.seconds:7.1f} s  {row.ran} ran, {row.skipped} skipped")
    print(_states(config))
    return 0


def _states(config: Config) -> str:
    store = Store("")
    used = retention.usage(store)
    limit = f"{config.state_limits.bytes / (1 << 30):g} GiB"
    if not used.machines:
        return f"states: none ({store.root})"
    return (
        f"states: {used.machines} take {used.bytes / (1 << 30):.1f} of {limit} "
        f"({store.root}), last used {used.oldest:%Y-%m-%d %H:%M} to {used.newest:%Y-%m-%d %H:%M}"
    )
