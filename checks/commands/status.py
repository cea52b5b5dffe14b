"""``./guide list`` and ``./guide status``: the snippets that there are, and what is proven of them."""

from __future__ import annotations

import json

from checks.commands.job_summary import job_summary
from checks.config import Config
from checks.evidence.validity import PageStatus, evidence_status
from checks.model import printable
from checks.pages.reader import read_guide
from checks.states import retention
from checks.states.store import Store
from checks.targets import choose_target, load_targets, skip_reason


def list_snippets(config: Config, target_name: str | None, as_json: bool) -> int:
    """Print every snippet of the first language, and whether it runs on the target."""
    guide = read_guide(config)
    target = choose_target(load_targets(config), target_name)
    rows = [
        {
            "page": page.name, "id": snippet.id, "language": snippet.language, "machine": page.machine, "target": target.name,
            "skip": skip_reason(snippet, target.name), "path": str(snippet.path), "line": snippet.line, "sha256": snippet.sha256,
        }
        for page in guide.primary for snippet in page.snippets
    ]  # fmt: skip
    if as_json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return 0
    for row in rows:
        skip = f"  skipped: {row['skip']}" if row["skip"] else ""
        print(f"{row['path']}:{row['line']}\t{row['machine']}\t{row['language']}\t{row['id']}{skip}")
    print(f"{len(rows)} snippets, {sum(bool(row['skip']) for row in rows)} skipped on {target.name}")
    return 0


def show_status(config: Config, target_name: str | None, form: str = "lines", check: bool = False) -> int:
    """Print whether the evidence of each page and target holds, and what the saved states take.

    ``form`` is "lines", "json", or "markdown": a table for people who read what a workflow did, with the failures of the last
    ``./guide verify`` of each target. With ``check`` the exit status is 1 unless all of the evidence is valid.
    """
    guide = read_guide(config)
    targets = load_targets(config)
    chosen = [choose_target(targets, target_name)] if target_name else list(targets.values())
    rows = evidence_status(config, guide, chosen)
    if form == "json":
        print(json.dumps([vars(row) for row in rows], indent=1))
    elif form == "markdown":
        reports = [config.work_dir / f"junit-{target.name}.xml" for target in chosen]
        print(job_summary(rows, {target.name: target.label for target in chosen}, reports))
    else:
        for row in rows:
            print(_line(row))
        if older := sum(row.machinery == "older" for row in rows):
            print(f"{older} pages were run by an older machinery (checks/ has changed since): ./guide test --all runs them anew")
        print(_states(config))
    return 1 if check and not (rows and all(row.state == "valid" for row in rows)) else 0


def _line(row: PageStatus) -> str:
    if row.state == "missing":
        return f"{row.target:14} {row.page:24} missing"
    if row.state == "invalid":
        return f"{row.target:14} {row.page:24} invalid  {row.problem}. ./guide verify --target {row.target} {row.page} renews it"
    remarks = "  older machinery" if row.machinery == "older" else ""
    counts = f"{row.ran} ran, {row.skipped} skipped"
    return f"{row.target:14} {row.page:24} {row.state:8} {row.date}  {row.seconds or 0:7.1f} s  {counts}{remarks}"


def _states(config: Config) -> str:
    store = Store("")
    used = retention.usage(store)
    limit = f"{config.state_limits.bytes / (1 << 30):g} GiB"
    if not used.oldest or not used.newest:
        return f"states: none ({printable(str(store.root))})"
    return (
        f"states: {used.machines} take {used.bytes / (1 << 30):.1f} of {limit} "
        f"({printable(str(store.root))}), last used {used.oldest:%Y-%m-%d %H:%M} to {used.newest:%Y-%m-%d %H:%M}"
    )
