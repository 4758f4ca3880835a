"""What a dead daemon left is told by its folder."""

from pathlib import Path

from rehearsal.docker.leftovers import bridges, mounts

FOLDER = Path("/h/docker")
TABLE = """overlay /h/docker/data/overlay2/a/merged overlay rw 0 0
nsfs /h/docker/exec/netns/b nsfs rw 0 0
shm /h/docker/data/containers/c/mounts/shm tmpfs rw 0 0
overlay /h/docker2/data overlay rw 0 0
proc /proc proc rw 0 0
overlay /h/docker/data overlay rw 0 0
"""


def test_mounts_below_it_are_found_innermost_first() -> None:
    assert mounts(TABLE, FOLDER) == [
        "/h/docker/data/containers/c/mounts/shm",
        "/h/docker/data/overlay2/a/merged",
        "/h/docker/exec/netns/b",
        "/h/docker/data",
    ]


def test_bridges_are_read_out_of_the_networks_store(tmp_path: Path) -> None:
    store = tmp_path / "data" / "network" / "files" / "local-kv.db"
    assert bridges(tmp_path) == set()
    store.parent.mkdir(parents=True)
    store.write_bytes(b'\0\1{"BridgeName":"br-0123456789ab","ID":"x"}\0{"BridgeName":"sluice01234567"}\0')
    assert bridges(tmp_path) == {"br-0123456789ab"}
