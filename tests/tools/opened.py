"""Looks into every file as soon as somebody has written it, also into those that are gone a moment later.

Linux tells root of every file that is closed after writing, with the file itself still open (fanotify). Others are not
told; for them only what is left behind is searched.
"""

from __future__ import annotations

import ctypes
import os
import select
import struct
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from leaks import LARGEST

# From linux/fanotify.h.
CLASS_NOTIF, CLOEXEC, UNLIMITED_QUEUE = 0x0, 0x1, 0x10
MARK_ADD, MARK_FILESYSTEM, CLOSE_WRITE = 0x1, 0x100, 0x8
EVENT = struct.Struct("=IBBHQii")


class Opened:
    """While it lasts, ``found`` gathers the files below ``places`` whose content ``has`` says yes to."""

    def __init__(self, places: Sequence[Path], has: Callable[[Path, bytes], bool]) -> None:
        self.found: set[str] = set()
        self._places = [str(place.resolve()) + os.sep for place in places]
        self._has = has
        self._end, self._told = os.pipe()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._fd = self._open(places)

    @property
    def works(self) -> bool:
        """Does Linux tell us?"""
        return self._fd >= 0

    def __enter__(self) -> Opened:
        if self.works:
            self._thread.start()
        return self

    def __exit__(self, *_what: object) -> None:
        os.close(self._told)
        if self.works:
            self._thread.join()
            os.close(self._fd)
        os.close(self._end)

    def _open(self, places: Sequence[Path]) -> int:
        libc = ctypes.CDLL(None, use_errno=True)
        fd: int = libc.fanotify_init(CLASS_NOTIF | CLOEXEC | UNLIMITED_QUEUE, os.O_RDONLY | os.O_CLOEXEC)
        for place in places if fd >= 0 else ():
            # It may yet be made, on the same file system.
            there = next(one for one in (place, *place.parents) if one.exists())
            flags = MARK_ADD | MARK_FILESYSTEM
            if libc.fanotify_mark(fd, flags, ctypes.c_uint64(CLOSE_WRITE), -100, os.fsencode(there)) != 0:
                os.close(fd)
                return -1
        return fd

    def _follow(self) -> None:
        """Until the end is told, and nothing more waits."""
        while True:
            ready, _out, _bad = select.select([self._fd, self._end], [], [])
            if self._fd in ready:
                self._take(os.read(self._fd, 65536))
            elif self._end in ready:
                return

    def _take(self, events: bytes) -> None:
        while events:
            length, _version, _reserved, _meta, _mask, fd, _pid = EVENT.unpack_from(events)
            events = events[length:]
            if fd < 0:
                continue
            try:
                self._look(fd)
            finally:
                os.close(fd)

    def _look(self, fd: int) -> None:
        try:
            name = os.readlink(f"/proc/self/fd/{fd}").removesuffix(" (deleted)")
            if not name.startswith(tuple(self._places)):
                return
            content = os.pread(fd, LARGEST, 0)
        except OSError:
            return
        if self._has(Path(name), content):
            self.found.add(name)
