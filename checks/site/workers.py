"""The processes that build the languages, side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from checks.config import Config
from checks.model import GuideError

_PACKAGE = Path(__file__).parents[2]


class Workers:
    """One process a language. A context manager: none of them outlives it."""

    def __init__(self, config: Config):
        self._config = config
        self._processes: dict[str, subprocess.Popen] = {}

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def build(self, out: Path, url: str, strict: bool) -> list[str]:
        """Build every language into ``out/LANGUAGE``; what is wrong with them, in the order of the languages."""
        for language in self._config.languages:
            # Binary, unbuffered on our side: one line out, one line in.
            request = {"out": str(out / language), "url": f"{url}{language}/", "strict": strict}
            process = self._process(language)
            process.stdin.write((json.dumps(request) + "\n").encode())
            process.stdin.flush()
        problems: list[str] = []
        for language in self._config.languages:
            answer = self._processes[language].stdout.readline()
            if not answer:
                status = self._processes.pop(language).wait()
                raise GuideError(f"{self._config.languages[language].name}: the build ended with status {status}; its last words are above")
            problems.extend(json.loads(answer)["problems"])
        return list(dict.fromkeys(problems))

    def stop(self) -> None:
        """End all processes. They are started anew when they are needed."""
        for process in self._processes.values():
            process.stdin.close()
            process.terminate()
        for process in self._processes.values():
            process.wait()
            process.stdout.close()
        self._processes.clear()

    def _process(self, language: str) -> subprocess.Popen:
        process = self._processes.get(language)
        if process is None or process.poll() is not None:
            # `checks` is imported from here, also when another project's site is built.
            path = os.pathsep.join(filter(None, [str(_PACKAGE), os.environ.get("PYTHONPATH")]))
            process = self._processes[language] = subprocess.Popen(
                [sys.executable, "-m", "checks.site.mkdocs_process", str(self._config.languages[language])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
                # Its own group: Ctrl-C is for us, and we end it.
                start_new_session=True,
            )
        return process
