"""What is known of Keras's own data sets: where their files are and what their numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_GOOGLE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_TORONTO = "https://www.cs.toronto.edu/~kriz/"
IDX = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte")  # fmt: skip
_FASHION = (
    *("T-shirt_top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag"),
    "Ankle_boot",
)
_CIFAR10 = """
airplane automobile bird cat deer dog frog horse ship truck
"""
_CIFAR100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile
cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp
lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom
oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake
spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor
train trout tulip turtle wardrobe whale willow_tree wolf woman worm
"""


@dataclass(frozen=True)
class Source:
    """A file on the network, where Keras keeps it below its folder, and its SHA-256 if known."""

    url: str
    kept: str
    sha256: str = ""

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class KerasSet:
    """One of Keras's data sets; `classes` are in the order of its numbers."""

    name: str
    title: str
    about: str
    megabytes: int
    sources: tuple[Source, ...]
    classes: tuple[str, ...]


KERAS_SETS: Mapping[str, KerasSet] = {
    each.name: each
    for each in (
        KerasSet(
            "mnist",
            "MNIST",
            "70,000 handwritten digits, 28×28 grey",
            11,
            (
                Source(
                    _GOOGLE + "mnist.npz",
                    "datasets/mnist.npz",
                    "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
                ),
            ),
            tuple("0123456789"),
        ),
        KerasSet(
            "fashion_mnist",
            "Fashion-MNIST",
            "70,000 pieces of clothing, 28×28 grey",
            30,
            tuple(
                Source(f"{_GOOGLE}{name}.gz", f"datasets/fashion-mnist/{name}.gz") for name in IDX
            ),
            _FASHION,
        ),
        KerasSet(
            "cifar10",
            "CIFAR-10",
            "60,000 photographs of 10 kinds, 32×32 in colour",
            163,
            (
                Source(
                    _TORONTO + "cifar-10-python.tar.gz",
                    "datasets/cifar-10-batches-py-target_archive",
                    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
                ),
            ),
            tuple(_CIFAR10.split()),
        ),
        KerasSet(
            "cifar100",
            "CIFAR-100",
            "60,000 photographs of 100 kinds, 32×32 in colour",
            161,
            (
                Source(
                    _TORONTO + "cifar-100-python.tar.gz",
                    "datasets/cifar-100-python-target_archive",
                    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
                ),
            ),
            tuple(_CIFAR100.split()),
        ),
    )
}
