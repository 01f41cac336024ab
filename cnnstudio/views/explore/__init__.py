"""The parts of the Explore page: feature maps of one picture, evaluation of many."""
