"""Keras's data sets as folders, from small files in their formats, fetched or at hand."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import socketserver
import struct
import tarfile
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.data.keras_sets import KERAS_SETS, KerasSet, Source, make_keras_set
from cnnstudio.data.samples import SampleError
from cnnstudio.data.scan import scan_folder
from cnnstudio.errors import Cancelled


@pytest.fixture(autouse=True)
def keras_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


def digits(count: int, seed: int, shape=(28, 28)) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(seed)
    return draw.integers(0, 256, (count, *shape), np.uint8), np.arange(count, dtype=np.uint8) % 10


def npz(path: Path, train: int = 30, test: int = 10) -> Path:
    parts = {}
    for part, count in (("train", train), ("test", test)):
        parts[f"x_{part}"], parts[f"y_{part}"] = digits(count, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **parts)
    return path


def idx(folder: Path) -> Path:
    """The four files of Fashion-MNIST."""
    folder.mkdir(parents=True)
    for part, count in (("train", 30), ("t10k", 10)):
        pixels, labels = digits(count, count)
        images = struct.pack(">BBBBiii", 0, 0, 8, 3, count, 28, 28) + pixels.tobytes()
        numbers = struct.pack(">BBBBi", 0, 0, 8, 1, count) + labels.tobytes()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(numbers))
    return folder


def batches(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(f"batches/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def cifar(path: Path, key: bytes = b"labels") -> Path:
    def batch(seed: int) -> bytes:
        draw = np.random.default_rng(seed)
        rows = draw.integers(0, 256, (20, 3072), np.uint8)
        labels = [n % (10 if key == b"labels" else 100) for n in range(20)]
        # As Python 2 wrote them: protocol 2, bytes for names.
        return pickle.dumps({b"data": rows, key: labels, b"batch_label": b"x"}, protocol=2)

    names = (
        ["test_batch", "data_batch_2", "data_batch_1"] if key == b"labels" else ["train", "test"]
    )
    files = {name: batch(number) for number, name in enumerate(names)}
    return batches(path, {**files, "batches.meta": b"no pickle", "readme.html": b"<p>"})


def test_mnist_from_a_file(tmp_path):
    seen = []
    folder = make_keras_set(
        KERAS_SETS["mnist"],
        tmp_path / "out",
        file=npz(tmp_path / "mine.npz"),
        progress=seen.append,
    )
    report = scan_folder(folder)
    assert {split: sum(found.values()) for split, found in report.splits.items()} == {
        "train": 30,
        "test": 10,
    }
    assert list(report.classes) == list("0123456789")
    pixels, labels = digits(30, 30)
    with Image.open(folder / "train" / "7" / "00017.png") as image:
        assert (np.asarray(image) == pixels[17]).all()
    assert labels[17] == 7
    assert seen[-1].files_seen == seen[-1].total == 40
    assert all(progress.unit == "files" for progress in seen)
    # What is there is not written again, and nothing is asked for.
    assert make_keras_set(KERAS_SETS["mnist"], folder) == folder


@pytest.mark.parametrize("give", ["folder", "file"])
def test_fashion_from_files(tmp_path, give):
    files = idx(tmp_path / "files")
    file = files if give == "folder" else files / "t10k-labels-idx1-ubyte.gz"
    folder = make_keras_set(KERAS_SETS["fashion_mnist"], tmp_path / "out", file=file)
    report = scan_folder(folder)
    assert report.images == 40
    assert {"T-shirt_top", "Ankle_boot", "Bag"} < set(report.classes)
    with Image.open(folder / "test" / "Pullover" / "00002.png") as image:
        assert (np.asarray(image) == digits(10, 10)[0][2]).all()


def test_cifar_from_an_archive(tmp_path):
    file = cifar(tmp_path / "cifar.tar.gz")
    folder = make_keras_set(KERAS_SETS["cifar10"], tmp_path / "out", file=file)
    report = scan_folder(folder)
    assert (report.images, report.classes["frog"]) == (60, 6)
    rows = np.random.default_rng(2).integers(0, 256, (20, 3072), np.uint8)
    with Image.open(folder / "train" / "bird" / "00002.png") as image:
        assert (np.asarray(image) == rows[2].reshape(3, 32, 32).transpose(1, 2, 0)).all()
    file = cifar(tmp_path / "cifar100.tar.gz", b"fine_labels")
    report = scan_folder(make_keras_set(KERAS_SETS["cifar100"], tmp_path / "hundred", file=file))
    assert report.splits["train"]["aquarium_fish"] == 1
    assert len(set(KERAS_SETS["cifar100"].classes)) == 100


class Nasty:
    def __reduce__(self):
        return print, ("ran",)


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("mnist", b"no archive", "cannot be read as MNIST"),
        ("mnist", b"", "cannot be read as MNIST"),
        ("cifar10", pickle.dumps({b"data": Nasty()}), "not only pictures"),
        ("cifar10", None, "There is no file"),
    ],
)
def test_files_that_are_something_else(tmp_path, capsys, name, content, text):
    file = tmp_path / "data_batch_1"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SampleError, match=text) as caught:
        make_keras_set(KERAS_SETS[name], tmp_path / "out", file=file)
    assert str(file) in caught.value.message
    assert capsys.readouterr().out == ""
    assert not (tmp_path / "out").exists()


def test_a_set_with_other_numbers(tmp_path):
    file = cifar(tmp_path / "c.tar.gz", b"fine_labels")
    with pytest.raises(SampleError, match=r"is not CIFAR-10: .* numbers from 0 to 9"):
        make_keras_set(KERAS_SETS["cifar10"], tmp_path / "out", file=file)


def test_a_missing_file_of_four(tmp_path):
    files = idx(tmp_path / "files")
    (files / "t10k-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(SampleError, match=r"t10k-labels-idx1-ubyte\.gz is missing"):
        make_keras_set(KERAS_SETS["fashion_mnist"], tmp_path / "out", file=files)


# --- fetching


@pytest.fixture
def served(tmp_path):
    """A folder on a server of this machine, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), partial(Handler, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever, name="cnnstudio-test-server")
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def set_at(address: str, sha256: str = "") -> KerasSet:
    source = Source(address + "mnist.npz", "datasets/mnist.npz", sha256)
    return replace(KERAS_SETS["mnist"], sources=(source,))


def test_a_download_is_kept_where_keras_looks(tmp_path, served, keras_folder):
    folder, address = served
    content = npz(folder / "mnist.npz").read_bytes()
    chosen, seen = set_at(address, hashlib.sha256(content).hexdigest()), []
    made = make_keras_set(chosen, tmp_path / "out", progress=seen.append)
    assert scan_folder(made).images == 40
    assert (keras_folder / "datasets/mnist.npz").read_bytes() == content
    fetched = [progress for progress in seen if progress.unit == "bytes"]
    assert fetched[-1].files_seen == fetched[-1].total == len(content)
    # The second time from there.
    (folder / "mnist.npz").unlink()
    assert scan_folder(make_keras_set(chosen, tmp_path / "again")).images == 40


def test_another_file_than_keras_knows_is_not_kept(tmp_path, served, keras_folder):
    folder, address = served
    npz(folder / "mnist.npz")
    with pytest.raises(SampleError, match="is not the file it was"):
        make_keras_set(set_at(address, "0" * 64), tmp_path / "out")
    assert list((keras_folder / "datasets").iterdir()) == []


def test_stopping_a_download_and_the_writing(tmp_path, served, keras_folder):
    folder, address = served
    npz(folder / "mnist.npz")
    with pytest.raises(Cancelled):
        make_keras_set(set_at(address), tmp_path / "out", cancelled=lambda: True)
    assert list((keras_folder / "datasets").iterdir()) == []
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 12

    with pytest.raises(Cancelled):
        make_keras_set(
            KERAS_SETS["mnist"], tmp_path / "out", file=folder / "mnist.npz", cancelled=stop
        )
    # What was begun is completed.
    made = make_keras_set(KERAS_SETS["mnist"], tmp_path / "out", file=folder / "mnist.npz")
    assert scan_folder(made).images == 40


def test_offline(tmp_path):
    with socketserver.TCPServer(("127.0.0.1", 0), None) as closed:
        address = f"http://127.0.0.1:{closed.server_address[1]}/"
    with pytest.raises(SampleError, match="seems to be offline") as caught:
        make_keras_set(set_at(address), tmp_path / "out")
    assert f"fetch {address}mnist.npz elsewhere" in caught.value.message
    assert not (tmp_path / "out").exists()


def test_the_file_is_gone_from_the_server(tmp_path, served):
    _, address = served
    with pytest.raises(SampleError, match=r"answered 404 \(File not found\)"):
        make_keras_set(set_at(address), tmp_path / "out")


def test_the_places_are_those_of_keras(keras):
    """Addresses, hashes and places in Keras's folder are what the installed Keras uses."""
    import inspect

    for chosen in KERAS_SETS.values():
        text = inspect.getsource(getattr(keras.datasets, chosen.name).load_data)
        for source in chosen.sources:
            assert source.name in text
            assert source.sha256 in text
            assert source.url.removesuffix(source.name) in text
