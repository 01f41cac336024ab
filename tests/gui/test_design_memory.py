"""Memory to classify and to train: shown with how it comes about, and kept up to date."""

from PySide6.QtWidgets import QLabel, QWidget

from cnnstudio.graph.network import Network
from cnnstudio.graph.presets import PRESETS


def shown(page) -> dict[str, str]:
    overview = page.inspector.overview
    return {
        label.accessibleName(): label.text()
        for label in overview.findChildren(QLabel)
        if label.accessibleName() in ("To classify", "To train", "Outputs of a picture")
    }


def cards(page) -> str:
    panel = page.inspector.overview.findChild(QWidget, "memoryCards")
    return "\n".join(label.text() for label in panel.findChildren(QLabel))


def test_the_overview_explains_memory_with_its_numbers(design):
    design.document.new(PRESETS["vgg16"].build())
    assert shown(design) == {
        "Outputs of a picture": "58.8 MB",
        "To classify": "552 MB",
        "To train": "4.66 GB at batch 32",
    }
    assert "553,430,176 + 25,690,112 = 579,120,288 bytes" in cards(design)
    assert "2 for each from Adam" in cards(design)


def test_batch_and_optimizer_change_it(design):
    document = design.document
    document.new(PRESETS["lenet5"].build())
    settings = document.training
    optimizer = settings.optimizer.model_copy(update={"name": "SGD"})
    document.set_training(
        settings.model_copy(update={"batch_size": 4, "optimizer": optimizer}), "Other settings"
    )
    assert shown(design)["To train"].endswith("at batch 4")
    assert "SGD keeps none" in cards(design)
    assert " + 0 + 4 · (" in cards(design)
    document.undo_stack.undo()
    assert "2 for each from Adam" in cards(design)


def test_an_empty_network_explains_nothing(design):
    design.document.new(Network())
    assert not design.inspector.overview.findChild(QWidget, "memoryCards").isVisible()


def test_the_status_bar_explains_memory(window):
    window.document.new(PRESETS["lenet5"].build())
    label = window.findChild(QLabel, "statusMemory")
    assert "to classify · " in label.text()
    assert "weights + gradients + slots + batch" in label.toolTip()
    assert f"{4 * 61_706:,} + " in label.toolTip()
