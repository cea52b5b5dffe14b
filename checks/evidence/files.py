"""What a run has proven: one file a page and target, written whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from checks.host import write_whole
from checks.model import GuideError, Outcome, Page, PageRun, Snippet
from checks.targets import Target, skip_reason
from checks.terminal import plain


def evidence_file(folder: Path, target: str, page: str) -> Path:
    return folder / target / f"{page}.json"


def write_evidence(folder: Path, run: PageRun, page: Page, chain: dict[str, str], target: Target) -> Path:
    """Keep one page's whole run: JSON, and beside it the console's recording where there is one."""
    outcomes = {outcome.id: outcome for outcome in run.outcomes}
    data = {key: value for key, value in asdict(run).items() if key not in ("outcomes", "console")}
    data["snippets"] = [_entry(snippet, outcomes.get(snippet.id), chain, run, target) for snippet in page.snippets]
    path = evidence_file(folder, run.target, run.page)
    write_whole(path, (json.dumps(data, indent=1, ensure_ascii=False) + "\n").encode())
    cast = path.with_suffix(".cast.gz")
    if run.console:
        # mtime=0: the same recording gives the same bytes
        write_whole(cast, gzip.compress(run.console.encode(), mtime=0))
    else:
        cast.unlink(missing_ok=True)
    return path


def _entry(snippet: Snippet, outcome: Outcome | None, chain: dict[str, str], run: PageRun, target: Target) -> dict:
    entry: dict = {"id": snippet.id, "sha256": snippet.sha256, "chain": chain[snippet.id]}
    if outcome is None:
        return {**entry, "skip": skip_reason(snippet, target.name)}
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


def read_evidence(folder: Path, target: str, page: str) -> dict | None:
    """One evidence file, or None; a GuideError if it is damaged."""
    path = evidence_file(folder, target, page)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, UnicodeDecodeError) as error:
        raise GuideError(f"{path}: not evidence: {error}; ./guide verify {page} makes it anew") from None


KEPT_BYTES = 200_000  # of an output, in evidence; the comparison has all of it
