"""CNN Studio: build, train and understand convolutional networks by hand and eye."""

__version__ = "0.1.0"
