"""What the program remembers between two starts: recent files, theme, geometry, the runs folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from cnnstudio.app import paths

RECENT = 8
ThemeChoice = Literal["system", "dark", "light"]


class Settings(QObject):
    """Typed access to the settings file; unreadable values count as absent."""

    recent_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        file = paths.settings_file()
        self._store = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def recent_projects(self) -> list[Path]:
        """Project files, newest first, those that still exist."""
        return [path for path in self._paths("recent/projects") if path.is_file()]

    @property
    def recent_folders(self) -> list[Path]:
        """Image folders, newest first, those that still exist."""
        return [path for path in self._paths("recent/folders") if path.is_dir()]

    def add_recent_project(self, path: Path) -> None:
        self._add("recent/projects", path)

    def add_recent_folder(self, path: Path) -> None:
        self._add("recent/folders", path)

    def forget_recent(self) -> None:
        self._store.remove("recent")
        self.recent_changed.emit()

    @property
    def theme(self) -> ThemeChoice:
        value = self._store.value("view/theme", "system")
        return value if value in ("dark", "light") else "system"

    @theme.setter
    def theme(self, value: ThemeChoice) -> None:
        self._store.setValue("view/theme", value)

    @property
    def geometry(self) -> QByteArray | None:
        value = self._store.value("view/geometry")
        return value if isinstance(value, QByteArray) else None

    @geometry.setter
    def geometry(self, value: QByteArray) -> None:
        self._store.setValue("view/geometry", value)

    @property
    def page(self) -> str:
        """The page that was shown last."""
        return str(self._store.value("view/page", "design"))

    @page.setter
    def page(self, value: str) -> None:
        self._store.setValue("view/page", value)

    @property
    def runs_folder(self) -> Path | None:
        """Where runs go if the person chose a folder, else None."""
        value = self._store.value("runs/folder", "")
        return Path(str(value)) if value else None

    @runs_folder.setter
    def runs_folder(self, value: Path | None) -> None:
        self._store.setValue("runs/folder", str(value) if value else "")

    def value(self, key: str, default: Any = None) -> Any:
        """A value a page remembers under `page/key`."""
        return self._store.value(key, default)

    def set_value(self, key: str, value: Any) -> None:
        self._store.setValue(key, value)

    def sync(self) -> None:
        """Write what is waiting; a read-only folder is not worth a word."""
        self._store.sync()

    def _paths(self, key: str) -> list[Path]:
        value = self._store.value(key, [])
        # An INI file with one entry gives a string back.
        items = [value] if isinstance(value, str) else value
        return [Path(item) for item in items if item] if isinstance(items, list) else []

    def _add(self, key: str, path: Path) -> None:
        path = Path(path).absolute()
        known = [str(other) for other in self._paths(key) if other != path]
        self._store.setValue(key, [str(path), *known][:RECENT])
        self.recent_changed.emit()
