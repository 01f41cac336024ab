"""What each command of the command line does. Grammar and exit status are in `cnnstudio.cli`.

Every function takes the parsed options and prints its answer to standard output, as text for
people or, with `--json`, as JSON whose keys scripts rely on. Heavy packages are imported where they
are needed, so that `presets`, `layers`, `new`, `summary` and `scan` answer without TensorFlow.
"""

from cnnstudio.commands.networks import compare, export, import_, layers, new, presets, summary
from cnnstudio.commands.pictures import classify, evaluate, sample, scan
from cnnstudio.commands.program import demo, doctor, window
from cnnstudio.commands.search import search
from cnnstudio.commands.training import runs, train

__all__ = [
    "classify",
    "compare",
    "demo",
    "doctor",
    "evaluate",
    "export",
    "import_",
    "layers",
    "new",
    "presets",
    "runs",
    "sample",
    "scan",
    "search",
    "summary",
    "train",
    "window",
]
