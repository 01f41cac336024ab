"""TensorBoard on the folder of runs: a process of its own that ends with the window."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Signal

MISSING = (
    "TensorBoard is not installed. Install it with “python -m pip install "
    "'cnnstudio[tensorboard]'” and try again; it shows the curves of all runs in the browser."
)
# Milliseconds it has to end by itself.
PATIENCE = 3000


class TensorBoard(QObject):
    """At most one process, for the folder that was asked for last."""

    # It answers: the address to open in a browser.
    shown = Signal(str)
    # Why it cannot be shown: the sentence.
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._folder: Path | None = None
        self._said = ""
        self._url = ""

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        state = QProcess.ProcessState.NotRunning
        return self._process is not None and self._process.state() != state

    def show(self, folder: Path) -> None:
        """Start it on a folder of runs, or show the address again where it runs on that."""
        if self.running and folder == self._folder:
            if self._url:
                self.shown.emit(self._url)
            return
        self.stop()
        if find_spec("tensorboard") is None:
            self.failed.emit(MISSING)
            return
        if not folder.is_dir():
            self.failed.emit(f"There are no runs in {folder} yet: train the network first.")
            return
        self._folder, self._said, self._url = folder, "", ""
        process = self._process = QProcess(self)
        process.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._ended)
        # Any port that is free, and nobody from outside.
        process.start(
            sys.executable,
            [
                *("-m", "tensorboard.main", "--logdir", str(folder)),
                *("--host", "127.0.0.1", "--port", "0", "--reload_interval", "5"),
            ],
        )

    def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.finished.disconnect(self._ended)
        process.readyReadStandardOutput.disconnect(self._read)
        if process.state() != QProcess.ProcessState.NotRunning:
            process.terminate()
            if not process.waitForFinished(PATIENCE):
                process.kill()
                process.waitForFinished(PATIENCE)
        process.deleteLater()

    def _read(self) -> None:
        if self._process is None:
            return
        self._said += bytes(self._process.readAllStandardOutput().data()).decode(errors="replace")
        found = re.search(r"TensorBoard \S+ at (http://\S+)", self._said)
        if found and not self._url:
            self._url = found[1]
            self.shown.emit(self._url)

    def _ended(self) -> None:
        lines = [line.strip() for line in self._said.splitlines() if line.strip()]
        reason = lines[-1][:200] if lines else "it said nothing"
        self._process = None
        self.failed.emit(
            f"TensorBoard ended ({reason}). Install it again with “python -m pip install "
            "--force-reinstall tensorboard”."
        )
