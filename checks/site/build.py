"""The whole site: every language by MkDocs, what the runs printed, the root; then a look at what came out."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import quoteattr

from jinja2 import Environment

from checks.config import Config
from checks.model import Guide, GuideError
from checks.pages.reader import read_guide
from checks.site import transcripts
from checks.site.check import check_site
from checks.site.mkdocs_process import MkDocsProcesses
from checks.site.urls import hreflang, page_url

# Where the site will stand; only absolute links need it.
URL_VARIABLE = "SITE_URL"
LOCAL_URL = "http://localhost:8000/"


def build(config: Config, out: Path, strict: bool = True) -> None:
    """Build the site into the folder ``out``. A build that fails leaves what was there as it was.

    Raises PageErrors for what is wrong in the pages, and GuideError for what
    MkDocs warns of (if ``strict``) or for a page that shows other code than runs.
    """
    guide = read_guide(config)
    out = out.resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    with MkDocsProcesses(config) as processes, tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        fresh = Path(folder, "new")
        make(config, guide, processes, fresh, site_url(), strict)
        os.chmod(fresh, 0o755)
        if out.exists():
            out.rename(Path(folder, "old"))
        fresh.rename(out)


def make(config: Config, guide: Guide, processes: MkDocsProcesses, out: Path, url: str, strict: bool) -> None:
    """Everything of the site, into a folder that does not exist yet."""
    out.mkdir(parents=True)
    problems = processes.build(out, url, strict)
    if problems:
        raise GuideError("\n".join(problems))
    transcripts.write(config, guide, out)
    _root(config, guide, out, url)
    problems = check_site(guide, out)
    if problems:
        raise GuideError("\n".join(map(str, problems)))


def site_url() -> str:
    url = os.environ.get(URL_VARIABLE) or LOCAL_URL
    if not url.startswith(("https://", "http://")):
        raise GuideError(f"{URL_VARIABLE}: expected an address like https://example.org/guide/, found {url}")
    return url.rstrip("/") + "/"


def _root(config: Config, guide: Guide, out: Path, url: str) -> None:
    """The files above the languages, and a sitemap in each that knows the twins."""
    folder = config.root / "theme" / "root"
    path = "/" + url.split("://", 1)[1].partition("/")[2]
    fill: Callable[[str], str] = lambda text: (  # noqa: E731
        Environment(trim_blocks=True, keep_trailing_newline=True).from_string(text).render(root=path, url=url, languages=guide.languages)
    )
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        (out / file.name).write_text(fill(file.read_text(encoding="utf-8")), encoding="utf-8")
    if not folder.is_dir() and len(guide.languages) == 1:
        (out / "index.html").write_text(f'<meta http-equiv="refresh" content="0; url={guide.languages[0]}/">', encoding="utf-8")
    for language in guide.languages:
        (out / language / "sitemap.xml").write_text(_sitemap(config, guide, language, url), encoding="utf-8")
        (out / language / "sitemap.xml.gz").unlink(missing_ok=True)


def _sitemap(config: Config, guide: Guide, language: str, url: str) -> str:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for page in guide.of(language):
        lines.append(f"<url><loc>{page_url(f'{url}{language}/', page.name)}</loc>")
        others = [name for name in guide.languages if (name, page.name) in guide.pages]
        if len(others) > 1:
            tagged = [(hreflang(config.twins, name), name) for name in others]
            for tag, name in [*tagged, ("x-default", guide.languages[0])]:
                href = quoteattr(page_url(f"{url}{name}/", page.name))
                lines.append(f'<xhtml:link rel="alternate" hreflang="{tag}" href={href}/>')
        lines.append("</url>")
    return "\n".join([*lines, "</urlset>", ""])


def remove(out: Path) -> None:
    """Delete a built site."""
    shutil.rmtree(out, ignore_errors=True)
