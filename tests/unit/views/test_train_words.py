"""What the Train page says before a training."""

from pathlib import Path

from cnnstudio.app.document import Document
from cnnstudio.data.augmentation import PRESETS
from cnnstudio.data.report import FolderReport, Picture
from cnnstudio.views.train.words import ready


def test_what_is_done_to_the_pictures():
    document = Document()
    pictures = tuple(
        Picture(Path(f"/p/{label}/{n}.png"), label, None, 8, 8, "RGB", "PNG")
        for label, count in (("a", 4), ("b", 2))
        for n in range(count)
    )
    document.set_data(document.data.model_copy(update={"folder": "/p"}))
    document.set_report(FolderReport(Path("/p"), pictures))
    plain = "Ready: 6 pictures of 2 classes, 10 epochs in batches of 32."
    assert ready(document) == plain
    light = document.data.model_copy(
        update={"augmentation": PRESETS["light"], "balance": "sampling"}
    )
    document.set_data(light)
    assert ready(document) == (
        f"{plain} Augmented: zoom 95–105 %, rotation ±5°, horizontal shift ±5 %, vertical shift "
        "±5 % and 2 more. Pictures of small classes come more often."
    )
