"""Commands on the program itself: the window, the demonstration, the doctor."""

from __future__ import annotations

import argparse
import os

from cnnstudio.commands.output import (
    print_json,
)


def window(options: argparse.Namespace) -> int:
    """Open the window."""
    from cnnstudio.views.start import run_window

    return run_window(options.project)


def demo(options: argparse.Namespace) -> int:
    """Show everything on the sample digits, in the window or headless."""
    if options.headless is not None:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from cnnstudio.views.demo import run_demo

    return run_demo(options.headless)


def doctor(options: argparse.Namespace) -> int:
    """Tell versions, devices, and why a GPU is not used."""
    from cnnstudio.doctor import examine

    findings = examine()
    if options.json:
        print_json(findings)
    else:
        for name, version in findings["versions"].items():
            print(f"{name:<14}{version or 'not installed'}")
        print(f"{'Qt platform':<14}{findings['qt_platform']}")
        for device in findings["devices"]:
            print(f"{'device':<14}{device}")
        print(f"{'GPU':<14}{findings['gpu']['reason']}")
        for problem in findings["problems"]:
            print(f"{'problem':<14}{problem}")
    return 1 if findings["problems"] else 0
