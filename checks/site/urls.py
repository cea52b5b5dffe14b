"""Every address on the built site: of a page, of a transcript (what a page's snippets printed in a run), and of the roots.

An address is relative to the folder of one language, or begins with a ``base``: the way from a page to that folder,
such as "../../". MkDocs' directory addresses are assumed (``use_directory_urls``, the default).
"""

from __future__ import annotations

from urllib.parse import quote

PROGRAMS = "programs"  # the folder of the built site, beside the languages, with the guide's own programs

PLAYER = "replay"  # the folder of the built site, beside the languages, with the player of recordings

TRANSCRIPTS = "proof"  # the folder of all transcripts, in the folder of each language


def page_folder(name: str) -> str:
    """Where MkDocs writes the page ``name``: "" for "index", "install/" for "install/index", "install/verify/"."""
    parts = name.split("/")
    if parts[-1] == "index":
        parts.pop()
    return "".join(f"{part}/" for part in parts)


def page_url(base: str, name: str, heading: str = "") -> str:
    """The address of the page ``name``, or of its heading with the id ``heading``."""
    return base + quote(page_folder(name)) + (f"#{heading}" if heading else "")


def base_from_page(url: str) -> str:
    """The way from a page to its language's folder: "../" from "quick-start/". ``url`` is MkDocs' ``page.url``."""
    return "../" * url.count("/") or "./"


def transcript_folder(target: str, page_name: str) -> str:
    """Where the transcript of a page's run on a target is written. The home page's is in "proof/TARGET/index/"."""
    return f"{TRANSCRIPTS}/{target}/{page_name}/"


def transcript_url(base: str, target: str, page_name: str, snippet_id: str = "") -> str:
    """The address of a transcript, or of the part of the transcript that one snippet printed."""
    return base + quote(transcript_folder(target, page_name)) + (f"#{snippet_id}" if snippet_id else "")


def replay_file(snippet_id: str) -> str:
    """The name of the document that plays the recording of a snippet's crash, in the folder of the transcript."""
    return f"replay-{snippet_id}.html"


def replay_url(base: str, target: str, page_name: str, snippet_id: str) -> str:
    """The address of the document that plays the recording of a snippet's crash."""
    return transcript_url(base, target, page_name) + quote(replay_file(snippet_id))


def base_from_transcript(page_name: str) -> str:
    """The way from a transcript to its language's folder."""
    return base_from_page(transcript_folder("TARGET", page_name))


def hreflang(twins: dict[str, dict[str, str]], language: str) -> str:
    """The tag that HTML has for a language of the guide ("zh-Hans" for "zh"), from ``Config.twins``."""
    return twins.get(language, {}).get("hreflang", language)
