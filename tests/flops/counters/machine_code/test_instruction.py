"""Instructions are classified by what they compute."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from capstone import CS_ARCH_X86, CS_MODE_64, Cs

from spikecost.flops.counters.machine_code.instruction import operations_of
from spikecost.flops.toolchain import find_compiler

CASES = {
    "addsd %xmm1, %xmm2": [("add", 1)],
    "vaddsd %xmm1, %xmm2, %xmm3": [("add", 1)],
    "addpd %xmm1, %xmm2": [("add", 2)],
    "vaddpd %ymm1, %ymm2, %ymm3": [("add", 4)],
    "vaddpd (%rdi), %zmm2, %zmm3": [("add", 8)],
    "vaddps %ymm1, %ymm2, %ymm3": [("add", 8)],
    "vsubss %xmm1, %xmm2, %xmm3": [("sub", 1)],
    "vaddsubpd %ymm1, %ymm2, %ymm3": [("add", 2), ("sub", 2)],
    "vmulpd %zmm1, %zmm2, %zmm3{%k1}": [("mul", 8), ("select", 8)],
    "vmulpd %zmm1, %zmm2, %zmm3{%k1}{z}": [("mul", 8)],
    "vfmadd231pd %zmm1, %zmm2, %zmm3{%k1}": [("fma", 8), ("select", 8)],
    "vcmppd $1, %zmm1, %zmm2, %k1{%k2}": [("compare", 8)],
    "vdivsd 8(%rdi), %xmm2, %xmm3": [("div", 1)],
    "vsqrtsd %xmm1, %xmm2, %xmm3": [("sqrt", 1)],
    "vfmadd231sd %xmm1, %xmm2, %xmm3": [("fma", 1)],
    "vfnmadd132pd %ymm1, %ymm2, %ymm3": [("fma", 4)],
    "vfmsub213pd %zmm1, %zmm2, %zmm3": [("fma", 8)],
    "vcomisd %xmm1, %xmm2": [("compare", 1)],
    "ucomisd %xmm1, %xmm2": [("compare", 1)],
    "cmpltsd %xmm1, %xmm2": [("compare", 1)],
    "vcmplepd %ymm1, %ymm2, %ymm3": [("compare", 4)],
    "vcmppd $1, %zmm1, %zmm2, %k1": [("compare", 8)],
    "vminsd %xmm1, %xmm2, %xmm3": [("compare", 1), ("select", 1)],
    "vblendvpd %xmm1, %xmm2, %xmm3, %xmm4": [("select", 1)],
    "vblendvpd %ymm1, %ymm2, %ymm3, %ymm4": [("select", 4)],
    "vblendmpd %zmm1, %zmm2, %zmm3{%k1}": [("select", 8)],
    "vmovapd %zmm1, %zmm2{%k1}": [("select", 8)],
    "vxorpd %xmm1, %xmm2, %xmm3": [("sign", 1)],
    "vandpd %ymm1, %ymm2, %ymm3": [("sign", 4)],
    "fldl (%rdi)": [],
    "fadd %st(1), %st": [("add", 1)],
    "faddp": [("add", 1)],
    "fdivrp": [("div", 1)],
    "fucomip %st(1), %st": [("compare", 1)],
    "fchs": [("sign", 1)],
    # not an operation on numbers
    "vxorpd %xmm1, %xmm1, %xmm3": [],
    "pxor %xmm1, %xmm1": [],
    "vmovsd (%rdi), %xmm1": [],
    "vmovapd (%rdi), %zmm1{%k1}": [],
    "vunpcklpd %xmm1, %xmm2, %xmm3": [],
    "cvtsi2sd %rax, %xmm1": [],
    "vroundsd $1, %xmm1, %xmm2, %xmm3": [("round", 1)],
    "vrndscalepd $1, %zmm1, %zmm2": [("round", 8)],
    "vpaddq %ymm1, %ymm2, %ymm3": [],
    "cmpsb": [],
    "cmpsl": [],
    "addl %eax, %ebx": [],
    "subq $8, %rsp": [],
}


@pytest.fixture(scope="module")
def decoded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, int]]]:
    folder: Path = tmp_path_factory.mktemp("instructions")
    (folder / "code.s").write_text("\n".join(CASES) + "\n")
    compiler = find_compiler().path
    subprocess.run([compiler, "-c", "code.s", "-o", "code.o"], cwd=folder, check=True)
    subprocess.run(["objcopy", "-O", "binary", "--only-section=.text", "code.o", "code.bin"], cwd=folder, check=True)
    found = list(Cs(CS_ARCH_X86, CS_MODE_64).disasm((folder / "code.bin").read_bytes(), 0))
    assert len(found) == len(CASES)
    return {case: operations_of(instruction) for case, instruction in zip(CASES, found, strict=True)}


@pytest.mark.parametrize("case", CASES)
def test_operations(case: str, decoded: dict[str, list[tuple[str, int]]]) -> None:
    assert decoded[case] == CASES[case]
