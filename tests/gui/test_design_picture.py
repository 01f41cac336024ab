"""The network as a picture: what the canvas shows, in SVG and PNG."""

import pytest
from PySide6.QtGui import QImage
from PySide6.QtSvg import QSvgRenderer

from cnnstudio.graph.edits import add_layer, move
from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS
from cnnstudio.keras_build.placing import ExportError
from cnnstudio.views import theme
from cnnstudio.views.design import picture


@pytest.fixture(params=["dark", "light"])
def look(request, qapp):
    before = theme.choice()
    theme.choose(request.param)
    yield theme.current()
    theme.choose(before)


def test_both_forms_show_the_same_in_the_colours_of_the_program(look, tmp_path):
    network = PRESETS["lenet5"].build()
    for name in ("net.svg", "net.png"):
        picture.write_picture(network, tmp_path / name)
    image = QImage(str(tmp_path / "net.png"))
    assert image.pixelColor(0, 0).name() == look.color("window").name()
    drawn = QSvgRenderer(str(tmp_path / "net.svg"))
    assert drawn.viewBox().width() == pytest.approx(image.width() / 2, abs=1)
    text = (tmp_path / "net.svg").read_text(encoding="utf-8")
    for layer in network.layers.values():
        assert layer.type in text
    assert "params" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.png", "net.svg"]


def test_a_picture_too_large_for_other_programs_is_made_smaller(qapp, tmp_path):
    network = Network()
    for _ in range(260):
        network, _ = add_layer(network, "ReLU")
    places = {name: (0.0, 80.0 * number) for number, name in enumerate(network.layers)}
    picture.write_picture(move(network, places), tmp_path / "long.png")
    assert QImage(str(tmp_path / "long.png")).height() == 30_000


def test_refusals_leave_nothing_behind(qapp, tmp_path):
    network = PRESETS["lenet5"].build()
    with pytest.raises(ExportError, match=r"net\.gif is no picture"):
        picture.write_picture(network, tmp_path / "net.gif")
    with pytest.raises(ExportError, match="empty"):
        picture.write_picture(Network(), tmp_path / "net.png")
    with pytest.raises(ExportError, match=r"net\.svg could not be written"):
        picture.write_picture(network, tmp_path / "missing" / "net.svg")
    assert not list(tmp_path.iterdir())
