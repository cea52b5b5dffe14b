"""A YAML file and the front matter of a page: values with their lines, or errors of ours with their lines."""

from __future__ import annotations

from pathlib import Path

from checks.model import PageErrors
from checks.pages import frontmatter
from checks.strict_yaml import Document

SEEDS = [
    b"a: 1\nb: [x, {c: 2026-01-02}]\n",
    b"title: T\nmachine: vm\nmemory: 3G\nhide: [toc]\nsearch: {boost: 2}\npeer: true\n",
    b"a: &x 1\nb: *x\n<<: {c: 1}\n? [1]\n: !!python/object:os.system x\n",
    b"%YAML 1.1\n---\n|\n text\n...\n---\nx\n",
    b"1:00:00:00: 9\na: 0x1f\na: .inf\nb: 2026-13-45T99:99:99Z\n\xe2\x80\xa8x: \xc2\x85",
    b"- " * 60,
]


def one(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    last = text.count("\n") + 1
    try:
        document = Document(text, Path("data/x.yml"))
    except PageErrors as error:
        assert error.problems and all(1 <= problem.line <= last for problem in error.problems)
        str(error).encode()
    else:
        assert all(1 <= line <= last for line in document.key_lines.values())
    head = frontmatter.read(f"---\n{text}\n---\n")
    assert all(1 <= line <= last + 3 for line, _ in head.problems)
