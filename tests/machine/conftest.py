"""Fixtures of every kind of machine: figures for the summary."""

import pytest

FIGURES = []


def pytest_terminal_summary(terminalreporter):
    for figure in FIGURES:
        terminalreporter.write_line(f"measured: {figure}")


@pytest.fixture(scope="session")
def measured():
    """Notes a figure for the end of the run."""
    return FIGURES.append
