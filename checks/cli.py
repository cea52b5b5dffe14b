"""The command line of ./guide: the parser, and which function runs each command.

A command's modules are imported when the command runs, since MkDocs, QEMU's client and pytest take a second to load.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from checks import config as configuration
from checks import faults
from checks.config import WORK_FOLDER, Config

Command = Callable[[Config, argparse.Namespace], int]


def main(arguments: list[str]) -> int:
    """Run one command; the exit status is 0, 1 for a check that failed, 2 for what the user has to mend.

    No exception leaves this function. An error is one message on standard error (faults.py).
    """
    work_dir: Path | None = None
    status: int
    try:
        faults.prepare_streams()
        with _interrupted_by_signals():
            try:
                options = _parser().parse_args(arguments)
                work_dir = Path(options.config).resolve().parent / WORK_FOLDER
                _log_to_stderr()
                status = options.run(configuration.load(Path(options.config)), options)
            except SystemExit as end:  # of argparse, which has printed its message
                status = end.code if isinstance(end.code, int) else 2
            sys.stdout.flush()
            return status
    except KeyboardInterrupt:
        faults.tell("interrupted")
        return faults.INTERRUPTED
    except BrokenPipeError:
        faults.drop_output()
        return 141
    except Exception as error:
        faults.tell(faults.message(error, work_dir))
        if isinstance(error, OSError):
            faults.drop_output()
        return 2


@contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """End as Ctrl-C does, so that what was started is ended and removed: by SIGTERM, and when the terminal closes.

    A shell starts its background jobs with SIGINT ignored; a signal that is sent to ./guide is meant for ./guide.
    nohup ignores SIGHUP, which stays ignored.
    """
    replaced = {
        signal.SIGINT: (signal.default_int_handler, signal.SIG_IGN),
        signal.SIGTERM: (signal.SIG_DFL,),
        signal.SIGHUP: (signal.SIG_DFL,),
    }
    before = {number: signal.getsignal(number) for number in replaced}
    for number, handlers in replaced.items():
        if before[number] in handlers:
            signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Interrupted(KeyboardInterrupt):
    """What a signal raises.

    Python remembers a KeyboardInterrupt proper that leaves exec() or eval() of a string, as dataclasses call it while a module is
    loaded, and in the end kills its own process by SIGINT, whatever the exit status (run_eval_code_obj in Python/pythonrun.c,
    3.11 to 3.14). A subclass it does not.
    """


def _interrupt(number: int, frame: object) -> None:
    raise _Interrupted


def _log_to_stderr() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("    %(message)s"))
    logging.raiseExceptions = False  # else a standard error that is full would get a traceback, too
    log = logging.getLogger("guide")
    log.setLevel(logging.INFO)
    log.addHandler(handler)


class _Parser(argparse.ArgumentParser):
    """argparse's parser, which would say nothing when the disk of standard output is full."""

    def _print_message(self, message: str, file: Any = None) -> None:
        print(message, end="", file=file or sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="./guide", description="A guide whose every snippet is run.")
    parser.add_argument("--config", default=str(configuration.PROJECT / "mkdocs.yml"), metavar="FILE", help="another site's mkdocs.yml")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", _serve, "show the site in a browser, and build it anew after every edit")
    serve.add_argument("--host", default="127.0.0.1", help="the address to listen on; default: %(default)s")
    serve.add_argument("--port", default=8000, type=int, help="default: %(default)s")
    build = command("build", _build, "build the site of all languages")
    build.add_argument("--out", default=None, metavar="DIR", help="the folder of the site; default: site/")
    build.add_argument("--all", action="store_true", help="also scripts and Markdown of the pages, a zip, and PDFs (by Chromium)")
    verify = command("verify", _verify, "run the snippets of pages, compare their outputs, write the evidence")
    verify.add_argument("pages", nargs="*", metavar="PAGE", help="quick-start, docs/en/quick-start.md, docs/en; default: all pages")
    _add_target(verify)
    verify.add_argument("--update", action="store_true", help="write what was printed into the pages, in all languages")
    verify.add_argument("--keep", action="store_true", help="on a failure, open a shell in the machine as it is then")
    verify.add_argument("--evidence", default=None, metavar="DIR", help="the folder of the evidence; default: evidence/")
    verify.add_argument("--jobs", default="auto", metavar="N", help="pages that run side by side; default: as many as this host carries")
    verify.add_argument("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    review = command("review", _review, "show, lint and run the pages and the data of a branch, with the code of this checkout")
    review.add_argument("branch", metavar="BRANCH", help="a branch, a tag or a commit of this repository")
    _add_target(review)
    review.add_argument("--ignore-other", action="store_true", help="go on although the branch changes code, which is not taken")
    review.add_argument("--no-run", action="store_true", help="show and lint only; no machine is started")
    review.add_argument("--no-reuse", action="store_true", help="run every snippet, also those that this host has run before")
    test = command("test", _test, "run the tests, the quick start, and the pages whose evidence does not hold any more")
    test.add_argument("--all", action="store_true", help="also the tests in VMs, and every page anew; writes evidence/")
    test.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="run pytest with these arguments instead")
    listing = command("list", _list, "list every snippet")
    status = command("status", _status, "show which evidence still holds")
    for sub in (listing, status):
        _add_target(sub)
    listing.add_argument("--json", action="store_true", help="print JSON")
    forms = status.add_mutually_exclusive_group()
    forms.add_argument("--json", action="store_const", dest="form", const="json", default="lines", help="print JSON")
    forms.add_argument("--markdown", action="store_const", dest="form", const="markdown", help="print a table, and what failed")
    status.add_argument("--check", action="store_true", help="exit status 1 unless the evidence of all pages is valid")
    shell = command("shell", _shell, "open a shell in the machine as it is after a page, or after one of its snippets")
    shell.add_argument("place", metavar="PAGE[#ID]", help="quick-start, or quick-start#load-capture-kernel")
    _add_target(shell)
    parity = command("parity", _parity, "compare the languages")
    parity.add_argument("--accept", nargs="+", metavar="PAGE", help="record that both languages of the page were read against each other")
    clean = command("clean", _clean, "remove what interrupted runs left")
    clean.add_argument("--states", action="store_true", help="also remove the saved states")
    clean.add_argument("--all", action="store_true", help="also remove the states, the images and the disks")
    bench = command("bench", _bench, "measure what the machinery costs, beside peers in the same run")
    bench.add_argument(
        "parts", nargs="*", metavar="PART", help="snippets (the default), growth, growth-run, states, autopkgtest, emulator, site"
    )
    bench.add_argument("--full", action="store_true", help="growth-run: also 1000 pages")

    def show_help(config: Config, options: argparse.Namespace) -> int:
        parser.print_help()
        return 0

    command("help", show_help, "show this help")
    return parser


def _add_target(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", default=None, help="the release to run on; default: that of this host's family")


def _serve(config: Config, options: argparse.Namespace) -> int:
    from checks.site.serve import serve

    serve(config, options.host, options.port)
    return 0


def _build(config: Config, options: argparse.Namespace) -> int:
    from checks.site.build import build

    build(config, Path(options.out).resolve() if options.out else config.root / "site", everything=options.all)
    return 0


def _verify(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.verify import verify

    return verify(config, options)


def _review(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.review import review

    return review(config, options)


def _test(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.test import test

    # argparse gives all words to "rest", also an option that comes first.
    rest = [word for word in options.rest if word != "--"]
    everything = options.all or rest[:1] == ["--all"]
    return test(config, everything, rest[1:] if rest[:1] == ["--all"] else rest)


def _list(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.status import list_snippets

    return list_snippets(config, options.target, options.json)


def _status(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.status import show_status

    return show_status(config, options.target, options.form, options.check)


def _shell(config: Config, options: argparse.Namespace) -> int:
    from checks.commands.shell import open_shell

    return open_shell(config, options.place, options.target)


def _parity(config: Config, options: argparse.Namespace) -> int:
    from checks.lint import parity
    from checks.pages.reader import read_guide

    if options.accept:
        for path in parity.accept(config, options.accept):
            print(f"{config.relative(path)}: recorded")
        return 0
    problems = parity.check(read_guide(config), config)
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _clean(config: Config, options: argparse.Namespace) -> int:
    from checks.running.cleanup import clean, clean_states

    shutil.rmtree(config.work_dir, ignore_errors=True)
    for line in [*(clean_states() if options.states or options.all else []), *clean(everything=options.all)]:
        print(line)
    return 0


def _bench(config: Config, options: argparse.Namespace) -> int:
    from benchmarks.__main__ import bench

    return bench(config, options.parts, options.full)
