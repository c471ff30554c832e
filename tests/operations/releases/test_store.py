"""Releases: sealed against any change, put in use in one step, and never half there."""

import json
import os
import random
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.operations.releases.manifest import MANIFEST, verify
from pipeline.operations.releases.store import Store


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.chdir(tmp_path)
    return Store.of("ward")


def write(folder: Path, text: str = "1") -> dict[str, Path]:
    """Two files to release, one in a folder."""
    found = {"model.json": folder / "model.json", "report/report.html": folder / "report.html"}
    for path in found.values():
        path.write_text(f"{path.name} {text}\n" * 20)
    return found


def release(store: Store, folder: Path, count: int = 1) -> list[str]:
    return [store.add(write(folder, str(n)), {"cohort": "ward"}) for n in range(count)]


def test_a_release_is_whole_private_and_in_use_when_asked(store: Store, tmp_path: Path) -> None:
    [name] = release(store, tmp_path)
    assert (store.names(), store.current()) == ([name], None)
    store.use(name)
    assert store.current() == name
    folder = store.path(name)
    assert verify(folder)["cohort"] == "ward"
    assert (store.folder / "current" / "model.json").read_text().startswith("model.json 0")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*")}
    assert modes == {0o600, 0o700}
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700


def test_every_flipped_bit_is_seen_before_anything_is_parsed(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [name] = release(store, tmp_path)
    folder, rng = store.path(name), random.Random(0)
    paths = [folder / file for file in ("model.json", "report/report.html", MANIFEST)]
    parsed: list[str] = []
    monkeypatch.setattr("json.loads", lambda text: parsed.append(text) or json.JSONDecoder().decode(text))
    for _ in range(1000):
        path = rng.choice(paths)
        content = path.read_bytes()
        place = rng.randrange(len(content) * 8)
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
        parsed.clear()
        with pytest.raises(ConfigurationError, match="nothing of it was read"):
            verify(folder)
        assert path.name != MANIFEST or not parsed
        path.write_bytes(content)
    verify(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda folder: (folder / "model.json").unlink(), "model.json is missing"),
        (lambda folder: (folder / "model.pkl").write_bytes(b"\x80"), "model.pkl does not belong to it"),
        (lambda folder: (folder / "more").symlink_to("/etc/passwd"), "more is no plain file"),
        (lambda folder: (folder / MANIFEST).unlink(), "MANIFEST.json is not the one"),
        (lambda folder: (folder / MANIFEST).write_text("{}"), "MANIFEST.json is not the one"),
        (lambda folder: os.mkfifo(folder / "pipe"), "pipe is no plain file"),
        (lambda folder: (folder / "model.json").write_text(""), "model.json has been changed"),
    ],
)
def test_what_was_done_to_a_release_is_named(store: Store, tmp_path: Path, change, said: str) -> None:
    [name] = release(store, tmp_path)
    store.use(name)
    change(store.path(name))
    with pytest.raises(ConfigurationError, match=said):
        verify(store.path(name))
    with pytest.raises(ConfigurationError, match=said):
        store.use(name)
    assert store.current() == name


def test_a_foreign_folder_is_no_release(store: Store, tmp_path: Path) -> None:
    release(store, tmp_path)
    (tmp_path / "00001-0123456789abcdef").mkdir()
    with pytest.raises(ConfigurationError, match="is not the one it was sealed with"):
        verify(tmp_path / "00001-0123456789abcdef")
    with pytest.raises(ConfigurationError, match="is no release"):
        verify(tmp_path / "latest")
    for unknown in ("7", "latest", "00001-0000000000000000", "../../x"):
        with pytest.raises(ConfigurationError, match="has no release"):
            store.path(unknown)


def test_what_a_killed_run_left_is_removed_by_the_next(store: Store, tmp_path: Path) -> None:
    [first] = release(store, tmp_path)
    store.use(first)
    left = store.folder / "versions" / ".partial-77"
    left.mkdir()
    (left / "model.json").write_text("half")
    (store.folder / ".partial-current").symlink_to("versions/nowhere")
    [second] = release(store, tmp_path)
    assert not left.exists()
    store.use(second)
    assert (store.names(), store.current()) == ([first, second], second)
    assert not (store.folder / ".partial-current").is_symlink()


def test_the_oldest_go_but_not_the_one_in_use_nor_the_one_pinned(store: Store, tmp_path: Path) -> None:
    names = release(store, tmp_path, 12)
    assert [int(name.split("-")[0]) for name in names] == list(range(1, 13))
    store.use(names[1])
    store.pin(names[3])
    assert store.retain(3) == [names[0], names[2], *names[4:9]]
    assert store.names() == [names[1], names[3], *names[9:]]
    assert store.path("4") == store.path(names[3])
    store.unpin()
    assert store.pinned() is None
    shutil.rmtree(store.path(names[1]))
    with pytest.raises(ConfigurationError, match="has no release"):
        store.path(names[1])


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen")
def test_a_signature_beside_the_manifest_tells_who_released_it(store: Store, tmp_path: Path) -> None:
    [name] = release(store, tmp_path)
    manifest, key = store.path(name) / MANIFEST, tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    subprocess.run(["ssh-keygen", "-q", "-Y", "sign", "-f", str(key), "-n", "clinrisk", str(manifest)], check=True,
                   stderr=subprocess.DEVNULL)  # fmt: skip
    verify(store.path(name))
    (tmp_path / "signers").write_text(f"operator {key.with_suffix('.pub').read_text()}")
    check = ["ssh-keygen", "-Y", "verify", "-f", str(tmp_path / "signers"), "-I", "operator", "-n", "clinrisk"]
    check += ["-s", f"{manifest}.sig"]
    for content, code in ((manifest.read_bytes(), 0), (manifest.read_bytes() + b" ", 255)):
        assert subprocess.run(check, input=content, capture_output=True, check=False).returncode == code
