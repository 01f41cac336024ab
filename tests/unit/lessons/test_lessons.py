import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cnnstudio.lessons.pictures import PICTURES
from cnnstudio.lessons.softmax import softmax
from cnnstudio.lessons.windows import KERNELS, convolve, pool


def test_the_lectures_grid_visits_the_windows_at_1_3_11_and_13():
    slide = convolve(PICTURES["numbers 1 to 25"], KERNELS["identity"], stride=2)
    assert [step.window[0, 0] for step in slide.steps] == [1, 3, 11, 13]
    assert slide.output.tolist() == [[7, 9], [17, 19]]


@pytest.mark.parametrize(
    ("stride", "padding", "extent", "unused"),
    [(1, 0, 5, 0), (2, 0, 3, 0), (3, 0, 2, 1), (1, 1, 7, 0)],
)
def test_seven_by_seven_with_a_three_by_three_filter(stride, padding, extent, unused):
    slide = convolve(np.ones((7, 7)), KERNELS["edges"], stride=stride, padding=padding)
    assert slide.output.shape == (extent, extent)
    assert slide.unused == (unused, unused)


@given(
    arrays(float, st.tuples(st.integers(3, 9), st.integers(3, 9)), elements=st.integers(0, 9)),
    st.integers(1, 3),
    st.integers(0, 2),
    st.sampled_from(sorted(KERNELS)),
)
def test_every_step_is_a_sum_of_products(picture, stride, padding, name):
    slide = convolve(picture, KERNELS[name], stride=stride, padding=padding)
    height, width = picture.shape
    assert slide.output.shape == (
        (height - 3 + 2 * padding) // stride + 1,
        (width - 3 + 2 * padding) // stride + 1,
    )
    for step in slide.steps:
        assert step.value == pytest.approx(float((step.window * KERNELS[name]).sum()))
        assert slide.output[step.row, step.column] == step.value


def test_convolution_equals_keras(keras):
    picture = np.random.default_rng(1).uniform(0, 9, (9, 7))
    for padding, word in ((0, "valid"), (1, "same")):
        slide = convolve(picture, KERNELS["Sobel x"], padding=padding)
        reference = keras.ops.conv(
            picture[None, :, :, None].astype("float32"),
            KERNELS["Sobel x"][:, :, None, None].astype("float32"),
            padding=word,
        )
        np.testing.assert_allclose(
            slide.output, np.asarray(reference)[0, :, :, 0], rtol=1e-4, atol=1e-4
        )


def test_pooling():
    grid = np.arange(1.0, 17.0).reshape(4, 4)
    assert pool(grid, 2).output.tolist() == [[6, 8], [14, 16]]
    assert pool(grid, 2, kind="average").output.tolist() == [[3.5, 5.5], [11.5, 13.5]]


def test_a_window_larger_than_the_picture_says_so():
    with pytest.raises(ValueError, match="3 × 3 window is larger than the 2 × 2 picture"):
        convolve(np.ones((2, 2)), KERNELS["edges"])


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=6), st.integers(0, 1))
def test_softmax_probabilities_and_gradient(scores, true_class):
    result = softmax(scores)
    assert result.probabilities.sum() == pytest.approx(1)
    assert result.gradient(true_class).sum() == pytest.approx(0, abs=1e-9)
    assert result.loss(true_class) >= 0
