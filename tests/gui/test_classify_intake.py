"""Pictures from a browser or the clipboard, and models whose file leaves something open."""

from __future__ import annotations

import base64
import http.server
import io
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QComboBox, QPlainTextEdit, QPushButton

from cnnstudio.app.models import Models
from cnnstudio.app.settings import Settings
from cnnstudio.keras_build.told import Told
from cnnstudio.views.classify.telling import TellDialog
from cnnstudio.views.explore.picture_box import PictureBox
from cnnstudio.views.intake import given_in

WAIT = 60_000


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(out, "PNG")
    return out.getvalue()


class _Web(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path.startswith("/a%20blue.png")
        self.send_response(200 if known or self.path == "/page" else 404)
        self.end_headers()
        self.wfile.write(png("blue") if known else b"<html>a page</html>")

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def web():
    """The address of a server with one picture and one page."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def foreign(keras, tmp_path_factory):
    """A network that wants pixels from 0 to 1 and says nothing: red, green or blue."""
    model = keras.Sequential(
        [
            keras.Input((None, None, 3)),
            keras.layers.Conv2D(3, 1, name="colours"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    eye = np.eye(3, dtype=np.float32)
    none = np.zeros(3, np.float32)
    model.set_weights([eye[None, None], none, 5 * eye, none])
    file = tmp_path_factory.mktemp("foreign") / "foreign.keras"
    model.save(file)
    return file


@pytest.fixture
def page(window, qtbot, foreign):
    """The Classify page with a network of which everything was told."""
    window.context.models.tell(foreign, Told((8, 8), "0-1", ("red", "green", "blue")))
    window.show_page("classify")
    page = window.pages["classify"]
    page.chooser.open_file(foreign)
    return page


def drop(target, data: QMimeData) -> bool:
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(20, 20), copy, data, left, none)
    QApplication.sendEvent(target, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(target, QDropEvent(QPointF(20, 20), copy, data, left, none))
    return True


def from_browser(html: str = "", address: str = "", text: str = "") -> QMimeData:
    """What Firefox and Chrome hand over for a picture that is dragged."""
    data = QMimeData()
    if html:
        data.setHtml(html)
    if address:
        data.setUrls([QUrl(address)])
    if text:
        data.setText(text)
    return data


def names(page) -> list[str]:
    return [result.ranked[0][0] for result in page.results.results]


def test_a_picture_behind_a_link_comes_from_its_own_address(page, qtbot, web):
    html = f'<meta charset="utf-8"><a href="{web}/page"><img src="{web}/a%20blue.png?w=3"></a>'
    assert drop(page, from_browser(html, f"{web}/page", f"{web}/page"))
    qtbot.waitUntil(lambda: names(page) == ["blue"], timeout=WAIT)
    assert page.results.results[0].path.name.endswith(" a blue.png")


def test_an_address_alone_and_a_picture_inside_the_page(page, qtbot, web):
    assert drop(page, from_browser(address=f"{web}/a%20blue.png"))
    inside = "data:image/png;base64," + base64.b64encode(png("red")).decode()
    assert drop(page, from_browser(f'<img alt="" src="{inside}">', text="red"))
    qtbot.waitUntil(lambda: sorted(names(page)) == ["blue", "red"], timeout=WAIT)


def test_what_is_no_picture_says_so(page, qtbot, web):
    assert drop(page, from_browser(address=f"{web}/page"))
    qtbot.waitUntil(page.message.isVisible, timeout=WAIT)
    assert f"what is at {web}/page is no picture" in page.message.text
    drop(page, from_browser(address=f"{web}/gone.png"))
    qtbot.waitUntil(
        lambda: "gone.png was not reached (Not Found)" in page.message.text, timeout=WAIT
    )
    assert "Save it in the browser and drop the file" in page.message.text
    assert not drop(page, from_browser("<p>words</p>", text="words"))


def test_a_picture_that_comes_along_is_not_fetched():
    data = from_browser('<img src="http://nowhere.invalid/x.png">', "http://nowhere.invalid/x.png")
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    data.setImageData(image)
    given = given_in(data)
    assert given.image is not None
    assert not given.addresses


def test_a_copied_address_is_pasted(page, qtbot, web):
    QGuiApplication.clipboard().setText(f"{web}/a%20blue.png")
    page.paste()
    qtbot.waitUntil(lambda: names(page) == ["blue"], timeout=WAIT)


def test_explore_takes_pictures_from_browser_and_clipboard(window, qtbot, web):
    window.show_page("explore")
    box = window.pages["explore"].maps_tab.picture_box
    assert isinstance(box, PictureBox)
    assert drop(box, from_browser(address=f"{web}/a%20blue.png"))
    qtbot.waitUntil(lambda: box.path is not None, timeout=WAIT)
    assert box.path.name.endswith("a blue.png")
    image = QImage(4, 4, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    QGuiApplication.clipboard().setImage(image)
    box.paste()
    assert box.path.name.startswith("pasted ")
    QGuiApplication.clipboard().setText("no path")
    with qtbot.waitSignal(window.context.notified) as told:
        box.paste()
    assert "holds no picture" in told.args[0]


def test_what_a_file_leaves_open_is_asked_once_and_can_be_changed(window, qtbot, foreign, tmp_path):
    Image.new("RGB", (8, 8), (250, 255, 245)).save(tmp_path / "pale.png")
    window.show_page("classify")
    page = window.pages["classify"]
    page.chooser.open_file(foreign)
    qtbot.waitUntil(page.tell.isVisible, timeout=WAIT)
    assert "how large its pictures are, how pixels are scaled and what its" in page.tell.text
    page.classify([tmp_path / "pale.png"])
    qtbot.waitUntil(lambda: names(page) == ["class 1"], timeout=WAIT)
    unscaled = page.results.results[0].ranked[0][1]
    assert unscaled > 0.99
    qtbot.mouseClick(page.tell.buttons[0], Qt.MouseButton.LeftButton)
    dialog = page.tell.dialog
    assert not dialog.known_button.isVisible()  # there is no data
    pixels = dialog.findChild(QComboBox, "toldScaling")
    pixels.setCurrentIndex(pixels.findData("0-1"))
    edit = dialog.findChild(QPlainTextEdit, "toldClasses")
    edit.setPlainText("red\ngreen")
    assert not dialog.use.isEnabled()
    assert dialog.counted.text() == "2 of 3 names"
    (tmp_path / "names.txt").write_text("red\ngreen\nblue\n")
    dialog.load_names(tmp_path / "names.txt")
    dialog.height_box.setValue(8)
    dialog.width_box.setValue(8)
    qtbot.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(page) == ["green"], timeout=WAIT)
    assert page.results.results[0].ranked[0][1] < 0.4
    assert not page.tell.isVisible()
    qtbot.waitUntil(lambda: page.chooser.facts.text().startswith("takes 8 × 8 × 3"), timeout=WAIT)
    # The next start knows it, and so does Explore.
    again = Models(Settings())
    assert again.facts(foreign).told == Told((8, 8), "0-1", ("red", "green", "blue"))
    window.show_page("explore")
    explore = window.pages["explore"]
    explore.chooser.open_file(foreign)
    qtbot.waitUntil(lambda: "takes 8 × 8 × 3" in explore.chooser.facts.text(), timeout=WAIT)
    assert not explore.tell.isVisible()
    # Changed there, it counts on both.
    button = explore.findChild(QPushButton, "exploreToldButton")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert explore.tell.dialog.findChild(QPlainTextEdit, "toldClasses").toPlainText() == (
        "red\ngreen\nblue"
    )
    explore.tell.dialog.names.setPlainText("rosso\nverde\nblu")
    # As many classes in the data: they are offered.
    other = TellDialog(again.facts(foreign), ("one", "two", "three"), window)
    other.open()
    qtbot.mouseClick(other.known_button, Qt.MouseButton.LeftButton)
    assert other.names.toPlainText() == "one\ntwo\nthree"
    other.reject()
    qtbot.mouseClick(explore.tell.dialog.use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(page) == ["verde"], timeout=WAIT)
    qtbot.waitUntil(lambda: "rosso" in explore.chooser.facts.toolTip(), timeout=WAIT)


def test_another_file_of_the_same_name_is_asked_about_again(foreign, tmp_path):
    file = tmp_path / "mine.keras"
    file.write_bytes(foreign.read_bytes())
    models = Models(Settings())
    models.tell(file, Told(scaling="0-1"))
    assert models.facts(file).asked
    file.write_bytes(foreign.read_bytes() + b" ")
    assert not models._state(file)[1]


def test_left_as_it_is_it_is_not_asked_again(window, qtbot, foreign):
    window.show_page("classify")
    page = window.pages["classify"]
    page.chooser.open_file(foreign)
    qtbot.waitUntil(page.tell.isVisible, timeout=WAIT)
    qtbot.mouseClick(page.tell.buttons[1], Qt.MouseButton.LeftButton)
    assert not page.tell.isVisible()
    qtbot.waitUntil(page.chooser.tell_button.isVisible, timeout=WAIT)
    assert Models(Settings()).facts(foreign).asked


# What Qt's part for cameras says of libraries that it would like to have.
@pytest.mark.qt_log_ignore("library", "symbols", "RHI", "multimedia", extend=True)
def test_the_camera_says_what_is_missing_and_takes_pictures_where_it_can(page, qtbot):
    """On machines without a camera; the pictures come from Qt's own video sink."""
    dialog = page.open_camera()
    if dialog.cameras.missing:
        words = ("pip install 'cnnstudio[camera]'", "a library that this system does not have")
        assert any(word in dialog.canvas.message for word in words)
        assert not dialog.take_button.isEnabled()
        dialog.reject()
        return
    if not dialog.cameras.names():
        assert dialog.canvas.message.startswith("No camera was found")
    assert not dialog.take_button.isEnabled()
    from PySide6 import QtMultimedia

    image = QImage(16, 16, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    dialog.cameras.sink.setVideoFrame(QtMultimedia.QVideoFrame(image))
    qtbot.waitUntil(dialog.take_button.isEnabled, timeout=WAIT)
    qtbot.mouseClick(dialog.take_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: names(page) == ["green"], timeout=WAIT)
    assert page.results.results[0].path.name.startswith("camera ")
    dialog.cameras.failed.emit("It was pulled out.")
    assert dialog.canvas.message == "The camera gives no picture: It was pulled out."
    dialog.reject()
