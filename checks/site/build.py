"""The whole site: each language by MkDocs, the transcripts, the files above the languages; then the comparison with the pages."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import rcssmin
from jinja2 import Environment, TemplateError

from checks.config import Config
from checks.host import owned_prefix, owner_in_name, owner_is_alive
from checks.model import Guide, GuideError, Page, PageErrors
from checks.pages.reader import read_guide
from checks.pages.rules.machine_keys import program
from checks.site import transcripts
from checks.site.check import check_evidence, check_site
from checks.site.mkdocs_process import MkDocsProcesses
from checks.site.urls import PROGRAMS, hreflang, page_url

# The environment variable with the address at which the site will be published. Only absolute links need the address.
URL_VARIABLE = "SITE_URL"
LOCAL_URL = "http://localhost:8000/"
# A file in each built site: only a folder with this file, or an empty one, is replaced by the next build.
MARKER = ".built-by-guide"


def build(config: Config, out: Path, strict: bool = True, everything: bool = False) -> None:
    """Build the site into the folder ``out``, with ``everything`` also what readers can take along (takeaway/).

    A build that fails leaves the folder as it was.

    Raises PageErrors for mistakes in the pages, and GuideError for warnings of MkDocs
    (if ``strict``) or for a page that shows other code than the code that runs.
    """
    if out.is_symlink() and out.is_relative_to(config.root):
        raise GuideError(f"--out: {out} is a symbolic link: remove it, or name the folder to which it leads")
    if not str(out).isprintable():
        raise GuideError(f"--out: expected the name of a folder in UTF-8 that can be printed, found {ascii(str(out))}")
    out = out.resolve()
    _refuse_folder_of_others(config, out)
    guide = read_guide(config)
    add = _takeaway(config, guide) if everything else None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except FileNotFoundError as error:  # below /proc, where no folder can be made
        raise GuideError(f"--out: {out.parent} cannot be made: {error.strerror}") from None
    _sweep(out)
    # The processes end before the folder is removed, in which they write.
    with tempfile.TemporaryDirectory(prefix=f".{owned_prefix('build')}", dir=out.parent) as folder, MkDocsProcesses(config) as processes:
        (Path(folder) / MARKER).write_text(out.name, encoding="utf-8")
        fresh = Path(folder, "new")
        make(config, guide, processes, fresh, site_url(), strict)
        if add is not None:
            add(fresh, site_url())
        os.chmod(fresh, 0o755)
        if out.exists():
            out.rename(Path(folder, "old"))
        fresh.rename(out)


def _takeaway(config: Config, guide: Guide) -> Callable[[Path, str], None]:
    """What adds everything to a built site, given its folder and address. Raises a GuideError where the host lacks something for it."""
    # Here and not above: a build without it need not wait until its libraries are loaded.
    from checks.site.takeaway import book, make

    chromium = book.find_chromium(guide.languages)
    return lambda out, url: make.add(config, guide, out, url, chromium)


def _sweep(out: Path) -> None:
    """Remove the folders that builds into ``out`` have left when they were killed. What such a build had put aside comes back."""
    for folder in out.parent.glob(".build-*-*-*"):
        owner, marker = owner_in_name(folder.name), folder / MARKER
        if not owner or owner_is_alive(owner) or folder.is_symlink() or not marker.is_file() or marker.read_text("utf-8") != out.name:
            continue
        if not out.exists() and (folder / "old").is_dir():
            (folder / "old").rename(out)
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_folder_of_others(config: Config, out: Path) -> None:
    """Raise a GuideError for a folder that the build would replace although ./guide build did not write it."""
    if config.root.is_relative_to(out) or (out / ".git").exists():
        raise GuideError(f"--out: {out} holds the guide itself: name another folder, which the build may replace")
    if out.exists() and not (out.is_dir() and ((out / MARKER).exists() or not any(out.iterdir()))):
        raise GuideError(f"--out: {out} holds files that ./guide build did not write: remove it, or name another folder")


class Superseded(Exception):
    """The site was not built to the end, since another build has to come first."""


def never() -> bool:
    """No other build has to come first."""
    return False


def make(
    config: Config, guide: Guide, processes: MkDocsProcesses, out: Path, url: str, strict: bool, superseded: Callable[[], bool] = never
) -> None:
    """Build the whole site into ``out``, which must not exist yet. ``url`` ends in a slash.

    Raises GuideError as build() does, and Superseded soon after ``superseded``, which is asked again and again, says so.
    """

    def go_on() -> None:
        if superseded():
            raise Superseded

    if problems := check_evidence(config, guide):
        raise PageErrors(problems)
    out.mkdir(parents=True)
    (out / MARKER).touch()
    messages = processes.build(guide, out, url, strict, superseded)
    go_on()
    if messages:
        raise GuideError("\n".join(messages))
    transcripts.write(config, guide, out, go_on)
    _write_root(config, guide, out, url)
    _minify_styles(guide, out)
    if problems := check_site(guide, out, go_on):
        raise GuideError("\n".join(map(str, problems)))


def make_pages(guide: Guide, changed: Guide, processes: MkDocsProcesses, out: Path) -> bool:
    """Write only the pages of ``changed``, which are those of ``guide`` that differ from the site that was made last, into ``out``.

    Returns False, and writes nothing, where MkDocs does not have that site in memory. Raises GuideError as make() does, but for
    evidence that the edited pages contradict: they do not show it.
    """
    messages = processes.render(guide, changed, out)
    if messages is None:
        return False
    if messages or (messages := [str(problem) for problem in check_site(changed, out)]):
        raise GuideError("\n".join(messages))
    return True


def site_url() -> str:
    """The site's address, with a slash at the end: the environment's, or that of `./guide serve`."""
    url = os.environ.get(URL_VARIABLE) or LOCAL_URL
    if not url.startswith(("https://", "http://")):
        raise GuideError(f"{URL_VARIABLE}: expected an address like https://example.org/guide/, found {url}")
    return url.rstrip("/") + "/"


def _write_root(config: Config, guide: Guide, out: Path, url: str) -> None:
    """Write the files above the languages, and a sitemap for each language in place of MkDocs' own, which knows one language."""
    folder = config.root / "theme" / "root"
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        (out / file.name).write_text(_fill(config, guide, file, url), encoding="utf-8")
    if not folder.is_dir() and len(guide.languages) == 1:
        (out / "index.html").write_text(f'<meta http-equiv="refresh" content="0; url={guide.languages[0]}/">', encoding="utf-8")
    for path in config.programs:
        served = program(config.root, path)
        file = out / PROGRAMS / served.name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(served.content)
    for language in guide.languages:
        (out / language / "sitemap.xml").write_text(_sitemap(config, guide, language, url), encoding="utf-8")
        (out / language / "sitemap.xml.gz").unlink(missing_ok=True)


def _minify_styles(guide: Guide, out: Path) -> None:
    """Write the guide's own style sheets without comments and spaces: a page waits for them before it is shown."""
    for language in guide.languages:
        for sheet in (out / language / "assets").glob("*.css"):
            sheet.write_text(str(rcssmin.cssmin(sheet.read_text(encoding="utf-8"))), encoding="utf-8")


def _fill(config: Config, guide: Guide, file: Path, url: str) -> str:
    """A template of theme/root/ with the site's path ("/guide/"), address and languages."""
    path = "/" + url.split("://", 1)[1].partition("/")[2]
    environment = Environment(trim_blocks=True, keep_trailing_newline=True)
    try:
        template = environment.from_string(file.read_text(encoding="utf-8"))
        return template.render(root=path, url=url, languages=guide.languages)
    except TemplateError as error:
        raise GuideError(f"{config.relative(file)}:{getattr(error, 'lineno', 1)}: {error.message}") from None


def _sitemap(config: Config, guide: Guide, language: str, url: str) -> str:
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml">',
    ]
    for page in guide.of(language):
        lines.append(f"<url><loc>{escape(page_url(f'{url}{language}/', page.name))}</loc>")
        lines.extend(_alternates(config, guide, page, url))
        lines.append("</url>")
    return "\n".join([*lines, "</urlset>", ""])


def _alternates(config: Config, guide: Guide, page: Page, url: str) -> list[str]:
    """A link for each language that has the page; none when only one language has it."""
    languages = [language for language in guide.languages if (language, page.name) in guide.pages]
    if len(languages) < 2:
        return []
    tagged = [(hreflang(config.twins, language), language) for language in languages]
    return [
        f'<xhtml:link rel="alternate" hreflang="{tag}" href={quoteattr(page_url(f"{url}{language}/", page.name))}/>'
        for tag, language in [*tagged, ("x-default", guide.languages[0])]
    ]
