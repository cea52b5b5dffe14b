"""One language's MkDocs, in a process of its own: ``python -m checks.worker mkdocs.yml``.

Reads one JSON request a line from standard input, answers with one JSON line
on standard output. The process stays, so that what is slow to load (the
dictionary of Chinese words) is loaded once.

    {"out": "/tmp/x/zh", "url": "https://example.org/zh/", "strict": true}
    {"problems": ["docs/zh/x.md:12: ..."], "seconds": 0.8}
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
import traceback
from pathlib import Path

from checks.model import GuideError
from checks.pages import frontmatter

# The theme's notice of its end of life is known, and said in the design.
os.environ.setdefault("NO_MKDOCS_2_WARNING", "1")
_LINK = re.compile(r"Doc file '(?P<file>[^']+)' contains (?:a|an [a-z]+) link '(?P<link>[^']*)'")
_IN_PAGE = re.compile(r"_File_: `(?P<file>[^`]+)`")


class Collector(logging.Handler):
    """Keeps what MkDocs warns of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(re.sub(r"\x1b\[[0-9;]*m", "", record.getMessage()).strip())


def build(config_file: Path, out: str, url: str, strict: bool) -> list[str]:
    """Build one language into ``out``; what is wrong with it, position first. Empty when all is well."""
    from mkdocs.commands.build import build as mkdocs_build
    from mkdocs.config import load_config

    collector = Collector()
    logger = logging.getLogger("mkdocs")
    logger.addHandler(collector)
    failure = None
    docs = config_file.parent
    try:
        config = load_config(config_file=str(config_file), site_dir=out, site_url=url, strict=False)
        docs = Path(config.docs_dir)
        config.plugins.on_startup(command="build", dirty=False)
        mkdocs_build(config)
        config.plugins.on_shutdown()
    except GuideError as error:
        return str(error).splitlines()
    except SystemExit:
        # mkdocs-macros has logged why, and exits.
        failure = "a macro failed"
    except Exception as error:  # whatever an extension, plugin or template throws
        failure = f"{type(error).__name__}: {error}"
        traceback.print_exc()
    finally:
        logger.removeHandler(collector)
    problems = [_placed(message, docs, config_file.parent) for message in collector.messages]
    if failure and not problems:
        problems = [f"{config_file.name}: {failure}"]
    return problems if strict or failure else []


def _placed(message: str, docs: Path, root: Path) -> str:
    """The message with file and line before it, where they can be told."""
    link, macro = _LINK.search(message), _IN_PAGE.search(message)
    file = docs / (link or macro)["file"] if link or macro else None
    if file is None or not file.is_file():
        return message
    shown = file.relative_to(root) if file.is_relative_to(root) else file
    text = file.read_text(encoding="utf-8-sig")
    if macro:
        return f"{shown}:{_line_of_macro(message, text)}: {_reason_of_macro(message)}"
    line = next((number for number, line in enumerate(text.split("\n"), 1) if link["link"] in line), 1)
    return f"{shown}:{line}: {message}"


def _line_of_macro(message: str, text: str) -> int:
    """mkdocs-macros counts from where the page's body begins, below the front matter and its empty lines."""
    found = re.findall(r'File "<template>", line (\d+)|_Line (\d+) in Markdown file', message)
    body = frontmatter.read(text).body
    return int("".join(found[-1])) + len(body) - len(body.lstrip("\n")) if found else 1


def _reason_of_macro(message: str) -> str:
    """The error's own words, out of mkdocs-macros' report with its Markdown and traceback."""
    found = re.search(r"^_(?!File_)\w+_: (.*)$|\*\*(.+)\*\*", message, re.MULTILINE)
    return f"macro: {found[1] or found[2]}" if found else message


def _quiet_jieba(folder: Path) -> None:
    """Keep the cache of the Chinese dictionary out of /tmp, where others could have put one; say nothing of it."""
    try:
        import jieba
    except ImportError:
        return
    folder.mkdir(parents=True, exist_ok=True)
    jieba.dt.tmp_dir = str(folder)
    jieba.setLogLevel(logging.WARNING)


def main() -> None:
    # mkdocs-macros ends with exit(), which closes standard input; and nothing may print between the answers.
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    sys.stdin = open(os.devnull)  # noqa: SIM115
    config_file = Path(sys.argv[1]).resolve()
    _quiet_jieba(config_file.parent / ".guide" / "jieba")
    for line in requests:
        request = json.loads(line)
        start = time.monotonic()
        problems = build(config_file, request["out"], request["url"], request["strict"])
        answers.write(json.dumps({"problems": problems, "seconds": round(time.monotonic() - start, 3)}) + "\n")
        answers.flush()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
