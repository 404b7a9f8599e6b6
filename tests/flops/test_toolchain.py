"""Compilers that fail, hang, lie or vanish: one line, no output is kept, and the next compiler works as before."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spikecost.flops import toolchain
from spikecost.flops.toolchain import SCALAR, compile_library, compile_program, find_compiler, load_library
from spikecost.models.ground import cache, private
from spikecost.models.ground.errors import UserError

SOURCE = "void twice(double *x)\n{\n    x[0] *= 2;\n}\n"
REAL = shutil.which("gcc") or shutil.which("cc") or ""
#: The lines before a misbehaving compiler's own lines: `$out` is the file that it should make.
HEAD = f"""#!/bin/bash
if [ "$1" = --version ]; then echo "a compiler for tests"; exit 0; fi
for ((i = 1; i < $#; i++)); do j=$((i + 1)); [ "${{!i}}" = -o ] && out="${{!j}}"; done
real() {{ {REAL} "$@"; }}
half() {{ truncate -s $(($(stat -c %s "$out") / 2)) "$out"; }}
last() {{ [ "${{out##*/}}" = made ]; }}
"""
#: By name: commands of a compiler that reports success.
LIARS = {
    "nothing": "exit 0",
    "an empty file": ': > "$out"',
    "text": 'echo "kernel" > "$out"',
    "garbage after the right letters": r'{ printf "\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"; head -c 9000 '
    '/dev/urandom; } > "$out"',
    "the head alone": 'real "$@"; last && truncate -s 64 "$out"; true',
    "a half": 'real "$@"; last && half; true',
    "all but the last bytes": 'real "$@"; last && truncate -s -10 "$out"; true',
    "zeros in the second half": 'real "$@"; last && n=$(stat -c %s "$out") && half && truncate -s $n "$out"; true',
    "another library": 'echo "void other(void) {}" > "$out.c"; real -shared -fPIC -o "$out" "$out.c"',
    "an object for no linker": 'last || real "$@"; last && cp "${out%made}kernel.o" "$out"; true',
    "a folder": 'mkdir "$out"',
}
#: By name: commands of a compiler that fails, and a part of the message about it.
FAILURES = {
    "no text": (r'printf "k.c: error: \xff\xfe\x80 no text\n" >&2; exit 1', "no text"),
    "silent": ("exit 3", "status 3 and printed nothing"),
    "on standard output": ('echo "error: out of order"; exit 1', "out of order"),
    "killed midway": ('real "$@"; half; kill -9 $$', "ended by signal 9"),
    "crashed": ("kill -SEGV $$", "ended by signal 11"),
    "much to say": ("yes 'error: again and again' | head -c 3000000 >&2; exit 1", "again and again"),
    "the linker fails": ('if last; then echo "ld: error: no space" >&2; exit 1; fi; real "$@"', "no space"),
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a separate cache; the compiler is searched again."""
    monkeypatch.setenv("SPIKECOST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(private, "_told", set())
    for found in (toolchain.find_compiler, toolchain.has_vector_exp):
        found.cache_clear()
    yield tmp_path / "cache"
    for found in (toolchain.find_compiler, toolchain.has_vector_exp):
        found.cache_clear()


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replace the compiler by a script."""

    def make(script: str) -> None:
        path = tmp_path / "fake-cc"
        path.write_text(HEAD + script + "\n")
        path.chmod(0o755)
        monkeypatch.setenv("CC", str(path))

    return make


def doubled(library: Path) -> float:
    number = ctypes.c_double(21)
    load_library(library).twice(ctypes.byref(number))
    return number.value


def kept(folder: Path) -> int:
    return sum(each.entries for each in cache.holdings())


def refused(make: Callable[[str], Path], source: str = SOURCE) -> str:
    with pytest.raises(UserError) as said:
        make(source)
    message = str(said.value)
    assert "\n" not in message
    assert len(message) < 700
    return message


@pytest.mark.parametrize("lie", LIARS)
def test_what_a_lying_compiler_made_is_not_kept(lie: str, compiler: Callable[[str], None], folder: Path) -> None:
    compiler(LIARS[lie])
    assert "fake-cc" in refused(lambda source: compile_library(source, SCALAR))
    if lie not in (
        "zeros in the second half",
        "another library",
        "an object for no linker",
        "garbage after the right letters",
    ):  # a program is not loaded, so these are not noticed
        refused(compile_program, "int main(void) { return 0; }\n")
    assert kept(folder) == 0
    compiler('real "$@"')  # it reports the same version: the failed output must not be found in the cache
    assert doubled(compile_library(SOURCE, SCALAR)) == 42
    assert kept(folder) == 1


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failing_compiler_is_told_in_one_line(failure: str, compiler: Callable[[str], None], folder: Path) -> None:
    script, reason = FAILURES[failure]
    compiler(script)
    assert reason in refused(lambda source: compile_library(source, SCALAR))
    assert kept(folder) == 0
    compiler('real "$@"')
    assert doubled(compile_library(SOURCE, SCALAR)) == 42


def test_a_compiler_that_hangs_is_stopped_with_all_that_it_started(
    compiler: Callable[[str], None], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKECOST_COMPILER_TIMEOUT", "0.5")
    compiler('trap "" TERM INT; sleep 314159 & sleep 271828')
    begun = time.monotonic()
    assert "did not end within 0.5 s" in refused(lambda source: compile_library(source, SCALAR))
    assert time.monotonic() - begun < 20
    assert kept(folder) == 0
    while left := [name for name in commands() if b"314159" in name or b"271828" in name]:
        assert time.monotonic() - begun < 20, left  # the system takes a moment to end what was killed
        time.sleep(0.01)


def commands() -> list[bytes]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "cmdline").read_bytes())
        except OSError:
            continue
    return found


@pytest.mark.parametrize("given", ["0", "-1", "nan", "inf", "1e99", "soon"])
def test_a_timeout_that_is_none_is_refused(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPIKECOST_COMPILER_TIMEOUT", given)
    assert "SPIKECOST_COMPILER_TIMEOUT" in refused(lambda source: compile_library(source, SCALAR))


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("false", "CC=false was run with --version and ended with status 1"),
        ("/nonexistent", "CC=/nonexistent not found"),
        ("gcc -O3", "it has flags"),
        ("gcc -ffast-math -march=x86-64", "it has flags"),
        ("'gcc", "cannot be read"),
        ("x" * 5000, "not found"),
        (" ", "not found"),
        ("no-such-launcher gcc", "not found"),
    ],
)
def test_a_compiler_that_is_none_is_told_in_one_line(given: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", given)
    assert reason in refused(lambda source: compile_library(source, SCALAR))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("exit 0", "printed nothing"),
        ("sleep 161803", "did not end"),
        (r"printf '\xff broken' >&2; exit 2", "broken"),
        ("kill -9 $$", "signal 9"),
    ],
)
def test_a_compiler_that_does_not_say_its_version(
    script: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SPIKECOST_COMPILER_TIMEOUT", "1")
    path = tmp_path / "cc"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("CC", str(path))
    assert reason in refused(lambda source: compile_library(source, SCALAR))


def test_a_file_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cc"
    path.write_bytes(b"\x7fELF no program")
    path.chmod(0o755)
    monkeypatch.setenv("CC", str(path))
    assert "could not be started" in refused(lambda source: compile_library(source, SCALAR))


def test_a_compiler_may_have_a_launcher_or_a_space_in_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, script in (("launch", 'exec "$@"'), ("my gcc", f'exec {REAL} "$@"')):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    for given in (f"{tmp_path}/launch gcc", f"{tmp_path}/my gcc"):
        monkeypatch.setenv("CC", given)
        find_compiler.cache_clear()
        assert "gcc" in find_compiler().version.lower()
        assert doubled(compile_library(SOURCE + f"/* {given} */\n", SCALAR)) == 42


def test_what_is_loaded_is_not_the_file_in_the_cache(folder: Path) -> None:
    library = compile_library(SOURCE, SCALAR)
    assert folder not in library.parents
    assert library.stat().st_mode & 0o077 == 0
    assert library.parent.stat().st_mode & 0o777 == 0o700
    (entry,) = (folder / "kernels").iterdir()
    content = entry.read_bytes()
    entry.write_bytes(b"\xcc" * len(content))  # had it been mapped, every call would trap
    assert doubled(library) == 42
    assert compile_library(SOURCE, SCALAR) == library
    assert entry.read_bytes() == content  # made again


def test_a_planted_library_in_a_folder_of_others_is_not_loaded(folder: Path, tmp_path: Path) -> None:
    compile_library(SOURCE, SCALAR)
    (entry,) = (folder / "kernels").iterdir()
    planted = tmp_path / "planted.c"
    mark = tmp_path / "it-ran"
    planted.write_text(f'#include <stdio.h>\n__attribute__((constructor)) void run(void) {{ fopen("{mark}", "w"); }}\n')
    os.system(f"{REAL} -shared -fPIC -o {entry} {planted}")
    for shared in (folder / "kernels", folder):
        for mode in (0o777, 0o775, 0o1777):
            shared.chmod(mode)
            assert "SPIKECOST_CACHE" in refused(lambda source: compile_library(source, SCALAR))
        shared.chmod(0o700)
    # also if only the checksum is wrong
    assert doubled(compile_library(SOURCE, SCALAR)) == 42
    assert not mark.exists()


def test_a_cache_in_a_very_long_path_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path.joinpath(*["x" * 200] * 6)
    monkeypatch.setenv("SPIKECOST_CACHE", str(path))
    library = compile_library(SOURCE, SCALAR)
    assert len(str(path)) > 1000
    assert len(str(library)) < 500  # a longer one of a mapped file crashes PAPI
    assert doubled(library) == 42
    assert len(list((path / "kernels").iterdir())) == 1


def test_a_read_only_or_missing_cache_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SPIKECOST_CACHE", "/proc/no-such-folder")  # not writable, not even by root
    assert doubled(compile_library(SOURCE, SCALAR)) == 42
    assert len(caplog.records) == 1
    assert "SPIKECOST_CACHE" in caplog.text


def test_processes_that_need_the_same_kernel_compile_it_once(
    folder: Path, tmp_path: Path, compiler: Callable[[str], None]
) -> None:
    log = tmp_path / "compiled"
    compiler(f'last || {{ echo one >> "{log}"; sleep 0.3; }}; real "$@"')
    ready, go = os.pipe()
    children = []
    for _ in range(4):
        child = os.fork()
        if not child:
            status = 1
            try:
                os.close(go)
                os.read(ready, 1)  # all begin at once
                status = int(doubled(compile_library(SOURCE, SCALAR)) != 42)
            finally:
                os._exit(status)
        children.append(child)
    os.close(ready)
    os.close(go)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert log.read_text().split() == ["one"]
    assert not list(folder.rglob("*making*"))


def test_waiting_for_another_process_ends(folder: Path) -> None:
    begun = time.monotonic()
    with cache.making_alone("kernels", "a", 9), cache.making_alone("kernels", "b", 9):
        assert time.monotonic() - begun < 5
        with cache.making_alone("kernels", "a", 0.1):
            assert time.monotonic() - begun >= 0.1
