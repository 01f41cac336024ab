"""The parts of the Train page: settings form, controls, curves, runs, live feature maps."""
