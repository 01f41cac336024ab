import os
import platform
import re

import pytest

from cnnstudio.training import device


def test_the_device_is_described_in_words(keras):
    words = device.describe_device()
    if device.gpus():
        assert words.startswith("GPU: ")
        assert device.why_no_gpu() is None
    else:
        assert re.fullmatch(r"CPU, \d+ threads?", words)


@pytest.fixture
def without_gpu(keras):
    if device.gpus():
        pytest.skip("TensorFlow uses a GPU here")


def test_a_missing_gpu_has_a_reason(without_gpu, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    reason = device.why_no_gpu()
    assert reason.endswith(".")
    if platform.system() == "Linux" and not os.path.exists("/proc/driver/nvidia"):
        assert "NVIDIA" in reason


def test_hidden_gpus_are_named_as_the_reason(without_gpu, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert "CUDA_VISIBLE_DEVICES" in device.why_no_gpu()
