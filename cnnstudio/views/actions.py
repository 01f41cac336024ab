"""The menu bar: every action with its place and shortcut. What they do is done elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from cnnstudio.app import paths
from cnnstudio.app.trainer import State
from cnnstudio.data.keras_catalogue import KERAS_SETS
from cnnstudio.views import help, icons, theme
from cnnstudio.views.backbone import ask_for_backbone
from cnnstudio.views.compare.comparing import Comparing
from cnnstudio.views.context import Context, PageName
from cnnstudio.views.dialogs import choose_folder
from cnnstudio.views.file_manager import show_in_folder
from cnnstudio.views.files import Files
from cnnstudio.views.preset_menu import fill_preset_menu
from cnnstudio.views.transfer import ask_for_trained

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

Keys = QKeySequence.StandardKey
# The menu of a page's actions that name none.
HOME = {"design": "network", "data": "data", "classify": "data"}


class Actions(QObject):
    """Fills the menu bar of `window` and keeps what is enabled in step with the program."""

    def __init__(
        self,
        window: QMainWindow,
        context: Context,
        files: Files,
        comparing: Comparing,
        pages: Mapping[PageName, QWidget],
        titles: Mapping[PageName, str],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._context = context
        self._files = files
        self._comparing = comparing
        bar = window.menuBar()
        bar.setObjectName("menuBar")
        self._menus: dict[str, QMenu] = {}
        for title in ("File", "Edit", "Network", "Data", "Train", "View", "Help"):
            menu = bar.addMenu(f"&{title}")
            menu.setObjectName(f"{title.lower()}Menu")
            menu.setToolTipsVisible(True)
            self._menus[title.lower()] = menu
        self._fill_file()
        self._fill_edit()
        self._fill_network()
        self._fill_data()
        self._fill_train()
        self._fill_view(titles)
        self._add_page_actions(pages)
        self._fill_help()
        context.trainer.state_changed.connect(self._refresh)
        context.document.changed.connect(self._refresh)
        context.document.data_changed.connect(self._refresh)
        context.document.project_changed.connect(self._refresh)
        context.settings.recent_changed.connect(self._fill_recent)
        self._fill_recent()
        self._refresh()

    def _add(
        self,
        menu: str | QMenu,
        text: str,
        name: str,
        slot: Callable[[], object],
        shortcut: Keys | str | None = None,
        icon: str = "",
    ) -> QAction:
        target = self._menus[menu] if isinstance(menu, str) else menu
        action = QAction(text, self)
        action.setObjectName(name)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        if icon:
            icons.set_icon(action, icon)
        action.triggered.connect(lambda _checked=False: slot())
        target.addAction(action)
        return action

    def _submenu(self, menu: str, title: str, name: str) -> QMenu:
        sub = self._menus[menu].addMenu(title)
        sub.setObjectName(name)
        return sub

    def _fill_file(self) -> None:
        files = self._files
        new = self._submenu("file", "&New", "newMenu")
        first, *_ = fill_preset_menu(new, "newAction", files.new, sizes=False)
        first.setShortcut(QKeySequence(Keys.New))
        new.addSeparator()
        self._add(new, "Empty", "newAction_empty", lambda: files.new(), "Ctrl+Shift+N", "new")
        trained = self._add(
            new,
            "From a &trained network…",
            "newFromTrainedAction",
            lambda: ask_for_trained(self._context, self._files, self._window),
            "Ctrl+Alt+P",
            "snowflake",
        )
        self._context.transfer_requested.connect(
            lambda run: ask_for_trained(self._context, self._files, self._window, run)
        )
        self._menus["network"].addAction(trained)
        self._add("file", "&Open…", "openAction", files.choose_and_open, Keys.Open, "folder")
        self._add("file", "&Import…", "importAction", files.choose_and_import, "Ctrl+Shift+I")
        self._recent = self._submenu("file", "Open &recent", "recentMenu")
        self._menus["file"].addSeparator()
        self._add("file", "&Save", "saveAction", files.save, Keys.Save, "save")
        self._add("file", "Save &as…", "saveAsAction", files.save_as, "Ctrl+Shift+S")
        self._menus["file"].addSeparator()
        export = self._submenu("file", "&Export", "exportMenu")
        self._add(
            export, "Keras &source…", "exportSourceAction", files.export_source, "Ctrl+E", "export"
        )
        self._add(
            export, "&Model as it is…", "exportModelAction", files.export_model,
            "Ctrl+Shift+E",
        )  # fmt: skip
        self._export_trained = self._add(
            export, "&Trained model…", "exportTrainedAction", files.export_trained, "Ctrl+Alt+E"
        )
        self._add(export, "&Picture…", "exportPictureAction", files.export_picture)
        self._menus["file"].addSeparator()
        self._add("file", "&Quit", "quitAction", self._window.close, "Ctrl+Q").setMenuRole(
            QAction.MenuRole.QuitRole
        )

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self._context.settings.recent_projects:
            self._add(self._recent, str(path), "recentAction", partial(self._files.open, path))
        self._recent.setEnabled(not self._recent.isEmpty())
        self._recent_folders.clear()
        for path in self._context.settings.recent_folders:
            self._add(
                self._recent_folders,
                str(path),
                "recentFolderAction",
                partial(self._context.open_folder, path),
            )
        self._recent_folders.setEnabled(not self._recent_folders.isEmpty())

    def _fill_edit(self) -> None:
        stack = self._context.document.undo_stack
        for action, name, keys, icon in (
            (stack.createUndoAction(self, "&Undo"), "undoAction", Keys.Undo, "undo"),
            (stack.createRedoAction(self, "&Redo"), "redoAction", Keys.Redo, "redo"),
        ):
            action.setObjectName(name)
            action.setShortcuts(QKeySequence.keyBindings(keys))
            icons.set_icon(action, icon)
            self._menus["edit"].addAction(action)
        self._menus["edit"].addSeparator()

    def _fill_network(self) -> None:
        start = self._submenu("network", "&Start from", "startFromMenu")
        fill_preset_menu(start, "startFromAction", self._files.start_from)
        self._add(
            "network",
            "Add pretrained &backbone…",
            "addBackboneAction",
            lambda: ask_for_backbone(self._context, self._files, self._window),
        )
        self._match = self._add(
            "network", "&Match the data", "matchDataAction", self._context.document.match_data,
            "Ctrl+M",
        )  # fmt: skip
        compare = self._submenu("network", "&Compare with", "compareMenu")
        ways = self._comparing
        self._add(compare, "&Project or model…", "compareFileAction", ways.choose_file)
        self._add(compare, "&Run…", "compareRunAction", ways.choose_run)
        self._compare_saved = self._add(
            compare, "What was &saved", "compareSavedAction", ways.with_saved
        )
        self._menus["network"].addSeparator()

    def _fill_data(self) -> None:
        make = self._context.make_sample
        self._add(
            "data", "&Open folder…", "openFolderAction", self._open_folder, "Ctrl+Shift+O", "folder"
        )
        self._recent_folders = self._submenu("data", "Open &recent", "recentFoldersMenu")
        for name, keys in (("digits", "Ctrl+Alt+D"), ("shapes", "Ctrl+Alt+S")):
            self._add(
                "data",
                f"Take the sample &{name}",
                f"sample_{name}_Action",
                partial(make, name),
                keys,
            )
        sets = self._submenu("data", "Take a data set of &Keras", "kerasSetsMenu")
        for name, each in KERAS_SETS.items():
            self._add(
                sets, f"{each.title}: {each.about}", f"keras_{name}_Action", partial(make, name)
            )
        self._menus["data"].addSeparator()

    def _open_folder(self) -> None:
        start = next(iter(self._context.settings.recent_folders), None)
        choose_folder(
            self._window, "Open a folder of pictures", self._context.open_folder, start=start
        )

    def _fill_train(self) -> None:
        context, trainer = self._context, self._context.trainer
        self._start = self._add("train", "&Start", "startAction", context.train, "Ctrl+R", "play")
        self._pause = self._add("train", "&Pause", "pauseAction", trainer.pause, "Ctrl+P", "pause")
        self._resume = self._add(
            "train", "R&esume", "resumeAction", trainer.resume, "Ctrl+Shift+P", "play"
        )
        self._stop = self._add("train", "S&top", "stopAction", trainer.stop, "Ctrl+.", "stop")
        self._menus["train"].addSeparator()
        self._add("train", "Show the folder of &runs", "openRunsAction", self._show_runs)
        self._add("train", "&Keep runs in…", "chooseRunsAction", self._choose_runs)

    def _show_runs(self) -> None:
        folder = self._context.runs_folder
        if folder.is_dir():
            show_in_folder(folder)
        else:
            self._context.notify(f"There are no runs yet; they will be written to {folder}.")

    def _choose_runs(self) -> None:
        def chosen(folder: Path) -> None:
            self._context.settings.runs_folder = folder
            self._context.notify(f"Runs are written to {folder} from now on.")

        choose_folder(self._window, "Where to keep runs", chosen)

    def _fill_view(self, titles: Mapping[PageName, str]) -> None:
        for number, (name, title) in enumerate(titles.items(), 1):
            self._add(
                "view",
                title,
                f"show_{name}_Action",
                partial(self._context.show_page, name),
                f"Ctrl+{number}",
                name,
            )
        self._menus["view"].addSeparator()
        themes = self._submenu("view", "&Theme", "themeMenu")
        group = QActionGroup(self)
        choices: dict[theme.Choice, str] = {
            "system": "As the &system",
            "dark": "&Dark",
            "light": "&Light",
        }
        for choice, text in choices.items():
            action = self._add(
                themes, text, f"theme_{choice}_Action", partial(self._choose_theme, choice)
            )
            action.setCheckable(True)
            action.setChecked(theme.choice() == choice)
            group.addAction(action)
        full = self._add("view", "&Full screen", "fullScreenAction", self._full_screen)
        usual = QKeySequence.keyBindings(Keys.FullScreen)
        full.setShortcuts(list(dict.fromkeys([QKeySequence("F11"), *usual])))
        self._menus["view"].addSeparator()

    def _choose_theme(self, choice: theme.Choice) -> None:
        self._context.settings.theme = choice
        theme.choose(choice)

    def _full_screen(self) -> None:
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def _fill_help(self) -> None:
        window, context = self._window, self._context
        self._add(
            "help", "&Keyboard shortcuts", "shortcutsAction",
            lambda: help.show_shortcuts(window, self._menus.values()), "F1",
        )  # fmt: skip
        self._add(
            "help",
            "&Versions and devices",
            "doctorAction",
            lambda: help.show_doctor(window, context),
        )
        self._add("help", "Show the &log", "logAction", self._show_log)
        about = self._add(
            "help", "&About CNN Studio", "aboutAction", lambda: help.show_about(window)
        )
        about.setMenuRole(QAction.MenuRole.AboutRole)

    def _show_log(self) -> None:
        log = paths.log_file()
        if log.is_file():
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(log)))
        else:
            self._context.notify("Nothing went wrong so far: there is no log yet.")

    def _add_page_actions(self, pages: Mapping[PageName, QWidget]) -> None:
        for name, page in pages.items():
            for action in page.actions():
                menu = str(action.property("menu") or HOME.get(name, name))
                self._menus.get(menu, self._menus["view"]).addAction(action)
                # What a person starts from the menu they want to see.
                action.triggered.connect(partial(self._shown, name))

    def _shown(self, page: PageName, _checked: bool = False) -> None:
        self._context.show_page(page)

    def _refresh(self) -> None:
        state = self._context.trainer.state
        self._start.setEnabled(not state.active)
        self._pause.setEnabled(state is State.RUNNING)
        self._resume.setEnabled(state is State.PAUSED)
        self._stop.setEnabled(state.active and state is not State.STOPPING)
        self._export_trained.setEnabled(self._context.trainer.run is not None)
        self._compare_saved.setEnabled(self._context.document.path is not None)
        self._match.setEnabled(bool(self._context.document.data_mismatch()))
