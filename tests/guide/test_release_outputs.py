"""A reader is shown what their own release printed, wherever it has printed something."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guides import this_evidence, this_guide

from checks.model import Output

# A kernel's release: "6.12.118+deb13-cloud-amd64", "6.1.0-57-amd64". Group 1 is what differs between Debian's releases, "6.12".
KERNEL = re.compile(r"(?<![\d.])(\d+\.\d+)\.\d+(?:\+deb\d+)?(?:-\d+)?-(?:cloud-)?amd64")


def printed() -> Iterator[tuple[str, str, Output | None, str]]:
    """For each snippet with outputs, and each target with a run that vouches for it: "page#snippet", the target, the output
    that its readers are shown, and what the run printed."""
    evidence = this_evidence()
    for page in this_guide().pages.values():
        for target in evidence.targets():
            run = evidence.of(target, page.name)
            for snippet in page.snippets if run else ():
                text = run.entries.get(snippet.id, {}).get("output")
                if snippet.outputs and text and evidence.state(target, page, snippet) == "valid":
                    yield f"{page.path}:{snippet.line}: #{snippet.id}", target, snippet.output_for(target), text


def test_what_a_release_printed_is_shown_to_its_readers():
    """An output of another release stands only where the reader's own printed none, or has not run."""
    found = list(printed())
    assert len({target for _, target, *_ in found}) > 2
    assert [
        f"{place}: no output for {target}, which has printed one" for place, target, output, text in found if not output and text.strip()
    ] == []


def test_no_reader_is_shown_the_kernel_of_another_release():
    found = [
        f"{place}: the output for {target} has the kernel {kernel}, of which it printed nothing"
        for place, target, output, text in printed()
        for kernel in sorted(set(KERNEL.findall(output.text if output else "")) - set(KERNEL.findall(text)))
    ]
    assert found == []
