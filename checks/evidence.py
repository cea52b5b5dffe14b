"""What a run has proven: one file a page and target, written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from checks import plan
from checks.config import Config
from checks.files import replace
from checks.images.target import Target
from checks.model import Guide, GuideError, Page, Snippet
from checks.session import KEPT_BYTES, Outcome
from checks.terminal import plain


@dataclass
class PageRun:
    """One page's run: what it ran on, and what each snippet did so far."""

    page: str
    target: str
    image: str  # digest of the machine's image
    recipe: str
    emulator: str | None
    accelerator: str | None
    kernel: str
    started: str
    seconds: float
    packages: dict[str, str]
    outcomes: list[Outcome]
    console: str = ""  # asciicast 2


@dataclass(frozen=True)
class PageStatus:
    """Whether a page's evidence on a target still holds. ``state``: valid, stale or missing."""

    target: str
    page: str
    state: str
    date: str | None = None
    seconds: float | None = None
    ran: int = 0
    skipped: int = 0


def file_of(folder: Path, target: str, page: str) -> Path:
    return folder / target / f"{page}.json"


def write(folder: Path, run: PageRun, page: Page, chain: dict[str, str], target: Target) -> Path:
    """Keep one page's whole run: JSON, and beside it the console's recording where there is one."""
    outcomes = {outcome.id: outcome for outcome in run.outcomes}
    data = {key: value for key, value in asdict(run).items() if key not in ("outcomes", "console")}
    data["snippets"] = [_entry(snippet, outcomes.get(snippet.id), chain, run, target) for snippet in page.snippets]
    path = file_of(folder, run.target, run.page)
    replace(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())
    cast = path.with_suffix(".cast.gz")
    if run.console:
        # mtime=0: the same recording gives the same bytes
        replace(cast, gzip.compress(run.console.encode(), mtime=0))
    else:
        cast.unlink(missing_ok=True)
    return path


def _entry(snippet: Snippet, outcome: Outcome | None, chain: dict[str, str], run: PageRun, target: Target) -> dict:
    entry: dict = {"id": snippet.id, "sha256": snippet.sha256, "chain": chain[snippet.id]}
    if outcome is None:
        return {**entry, "skip": plan.skip_reason(snippet, target.name)}
    output = plain(outcome.output)
    entry |= {
        "ran_at": outcome.ran_at,
        "exit_status": outcome.exit_status,
        "seconds": outcome.seconds,
        "output": _short(output),
        "boot_id_before": outcome.boot_id_before,
        "boot_id_after": outcome.boot_id_after,
    }
    if len(output) > KEPT_BYTES:
        entry |= {"output_bytes": len(outcome.output), "output_sha256": hashlib.sha256(outcome.output).hexdigest()}
    if snippet.on:
        entry["on"] = snippet.on
    if outcome.panic:
        entry["panic"] = outcome.panic
    if outcome.stages:
        entry["stages"] = outcome.stages
    if outcome.dump:
        entry["dump"] = outcome.dump
    return entry


def _short(text: str) -> str:
    if len(text) <= KEPT_BYTES:
        return text
    half = KEPT_BYTES // 2
    return f"{text[:half]}\n[{len(text) - 2 * half} characters are not kept]\n{text[-half:]}"


def read(folder: Path, target: str, page: str) -> dict | None:
    """One evidence file, or None; a GuideError if it is damaged."""
    path = file_of(folder, target, page)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, UnicodeDecodeError) as error:
        raise GuideError(f"{path}: not evidence: {error}; ./guide verify {page} makes it anew") from None


def holds(entry: dict | None, chain: str) -> bool:
    """Whether what was recorded for a snippet is of the snippet as it is, after those before it as they are."""
    return entry is not None and entry.get("chain") == chain


def status(config: Config, guide: Guide, targets: Iterable[Target], folder: Path | None = None) -> list[PageStatus]:
    """The state of every page with snippets on every target."""
    found = []
    for target in targets:
        for page in guide.primary:
            if not page.machine:
                continue
            data = read(folder or config.evidence_dir, target.name, page.name)
            if data is None:
                found.append(PageStatus(target.name, page.name, "missing"))
                continue
            chain = plan.chains(guide, page, target)
            entries = {entry["id"]: entry for entry in data["snippets"]}
            valid = entries.keys() == chain.keys() and all(holds(entries[id], chain[id]) for id in chain)
            skipped = sum("skip" in entry for entry in data["snippets"])
            found.append(
                PageStatus(
                    target.name, page.name, "valid" if valid else "stale", data["started"],
                    data["seconds"], len(data["snippets"]) - skipped, skipped,
                )
            )  # fmt: skip
    return found
