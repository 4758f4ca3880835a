"""Images are measured beside each other: what is larger, or starts later, or takes more, is seen."""

import pytest
from rich.console import Console

from images.errors import ImageError
from images.figures import Figures, measure, packed, table


def test_an_app_is_measured_by_its_layers_its_start_and_its_memory(docker_client, app_image, node_image):
    (row,) = measure(docker_client, ["sluice/test-app"], 1)
    assert row.image == "sluice/test-app"
    assert 0 < row.pull - packed(node_image) < 10_000
    assert row.unpacked == app_image.attrs["Size"]
    assert 0.05 < row.start < 20
    assert 5e6 < row.own < 50e6


def test_an_image_that_is_not_there_is_said(docker_client):
    with pytest.raises(ImageError, match=r"No such image: sluice/none.*; build it first"):
        measure(docker_client, ["sluice/none:1"], 1)


def test_the_rows_are_compared_with_the_last():
    rows = [
        Figures("ours", 43_000_000, 118_000_000, 0.3, 11_000_000),
        Figures("theirs", 86_000_000, 118_000_000, 0.6, 5_500_000),
    ]
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table(rows))
    assert shown.get().splitlines()[1].split() == (
        ["ours", "43.0", "MB", "(0.50)", "118.0", "MB", "(1.00)", "0.30", "s", "(0.50)", "11.0", "MB", "(2.00)"]
    )
