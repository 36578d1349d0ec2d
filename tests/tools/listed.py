"""Looks at the list of processes, as everybody on a machine can, for what no command line must hold.

A command line does not change once its program runs, so a process is looked at often only when it is new: it may be a
copy of its parent that has yet to become a program of its own.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

PAUSE = 0.05
# A new process is looked at so many times, and everything once in so many rounds.
OFTEN, SELDOM = 5, 20


class Listed:
    """While it lasts, ``found`` gathers the names of the programs whose command line holds one of the words.

    Below ``folder``, every file is looked into as well.
    """

    def __init__(self, words: Sequence[bytes], folder: Path | None = None) -> None:
        self.found: set[str] = set()
        self.looked = 0
        self._words = words
        self._folder = folder
        self._looks: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Listed:
        self._thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        number = 0
        while True:
            self._round(everything=number % SELDOM == 0)
            number += 1
            if self._stop.wait(PAUSE):
                return

    def _round(self, everything: bool) -> None:
        present = [name for name in os.listdir("/proc") if name.isdigit()]
        self._looks = {name: self._looks.get(name, 0) + 1 for name in present}
        for name in present:
            if everything or self._looks[name] <= OFTEN:
                self._look(Path("/proc", name, "cmdline"))
        for path in self._folder.rglob("*") if self._folder and self._folder.is_dir() else ():
            self._look(path)

    def _look(self, path: Path) -> None:
        try:
            content = path.read_bytes()
        except OSError:
            return  # It is gone, or a folder.
        self.looked += 1
        if any(word in content for word in self._words):
            # Not all of it, since this is printed: a program and the file that it runs, or a file's name.
            words = [word.decode(errors="replace") for word in content.split(b"\0")[:2] if word]
            shown = [word for word in words if not any(one in word.encode() for one in self._words)]
            self.found.add(" ".join(shown) if path.parts[1] == "proc" else str(path))
