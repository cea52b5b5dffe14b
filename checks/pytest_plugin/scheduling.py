"""Which worker of pytest-xdist runs which file, after a worker has died, too."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling
from xdist.workermanage import WorkerController


class FileScheduling(LoadFileScheduling):  # type: ignore[misc]
    """xdist's distribution of whole files, without two faults of pytest-xdist 3.8 after a worker has died.

    xdist hands out the files again that the dead worker had finished. A worker that gets such a file has nothing to
    report, so it is never given another one, and the run does not end. And xdist runs the test again at which the
    worker died, which would end the next worker, too.
    """

    def remove_node(self, node: WorkerController) -> str | None:
        """Take a worker away; the files that it had not finished are for the others. Returns the test at which it died."""
        files: dict[str, dict[str, bool]] = self.assigned_work.pop(node)
        died_at = next((test for tests in files.values() for test, done in tests.items() if not done), None)
        if died_at is None:
            return None
        for tests in files.values():
            if died_at in tests:
                tests[died_at] = True
        self.workqueue.update({file: tests for file, tests in files.items() if not all(tests.values())})
        for other in self.assigned_work:
            self._reschedule(other)
        return died_at
