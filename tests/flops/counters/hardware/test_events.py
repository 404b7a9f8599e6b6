"""The event tables: their content, and refused tables."""

import pytest

from spikecost.flops.counters import Retired
from spikecost.flops.counters.hardware.events import find_cpu, read_table, tables
from spikecost.models.algebra.expression import KINDS
from spikecost.models.ground.errors import UserError

FORMULAS = [
    pytest.param(formula, id=f"{table.vendor}-{formula.name}")
    for table in tables()
    for formula in {f.name: f for cpu in table.cpus for f in cpu.formulas}.values()
]

GOOD = """
vendor = "Vendor"
title = "t"
counts = "c"
source = "s"
leaves_out = ["compare"]
not_documented = []
[formulas.sum]
title = "sum"
terms = [{ event = "OPS", code = 1, width = 0, operations = 1 }]
[[cpus]]
title = "One"
pmus = ["one"]
family = 6
models = [1, [4, 6]]
formulas = ["sum"]
[[without]]
title = "Two"
family = 6
models = [2]
reason = "it has none"
"""


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.vendor)
def test_each_table_says_what_is_counted_and_where_that_is_written(table):
    assert len(table.counts) > 200
    assert len(table.source) > 50
    assert "fused multiply-add" in table.counts
    assert "omparison" in table.counts


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_formula_is_linear_and_complete(formula):
    values = {term.event: 1000 for term in formula.terms}
    once = Retired(formula.operations(values))
    twice = Retired(formula.operations({event: 2 * n for event, n in values.items()}))
    assert once.flops() == sum(1000 * term.operations for term in formula.terms)
    assert set(once.by_kind) == {"flop"}
    assert twice.flops() == 2 * once.flops()
    assert formula.leaves_out | formula.not_documented <= set(KINDS)
    assert not formula.leaves_out & formula.not_documented


@pytest.mark.parametrize(
    ("vendor", "family", "model", "title", "formulas"),
    [
        ("GenuineIntel", 6, 79, "Broadwell", ["double256"]),
        ("GenuineIntel", 6, 85, "Skylake-X, Cascade Lake", ["double512"]),
        ("GenuineIntel", 6, 143, "Sapphire Rapids, Emerald Rapids", ["double512"]),
        ("AuthenticAMD", 23, 0x31, "Zen 2", ["kinds", "sum"]),  # Rome
        ("AuthenticAMD", 25, 0x01, "Zen 3", ["kinds", "sum"]),  # Milan
        ("AuthenticAMD", 25, 0x21, "Zen 3", ["kinds", "sum"]),  # Vermeer
        ("AuthenticAMD", 25, 0x11, "Zen 4", ["kinds", "sum_bfloat"]),  # Genoa
        ("AuthenticAMD", 25, 0x61, "Zen 4", ["kinds", "sum_bfloat"]),  # Raphael
        ("AuthenticAMD", 25, 0xA0, "Zen 4", ["kinds", "sum_bfloat"]),  # Bergamo
        ("AuthenticAMD", 26, 0x02, "Zen 5", ["double", "kinds", "sum"]),  # Turin
        ("0x41", 0, 0xD40, "Neoverse V1", ["sve256"]),
        ("0x41", 0, 0xD4F, "Neoverse V2", ["sve128"]),
    ],
)
def test_processors_are_found_by_family_and_model(vendor, family, model, title, formulas):
    _, cpu = find_cpu(vendor, family, model)
    assert (cpu.title, [formula.name for formula in cpu.formulas]) == (title, formulas)


@pytest.mark.parametrize(
    ("vendor", "family", "model", "reason"),
    [
        ("GenuineIntel", 6, 60, "Haswell: it has no event for floating-point operations"),
        ("GenuineIntel", 6, 151, "two kinds of core"),
        ("0x41", 0, 0xD0C, "Neoverse N1: it counts floating-point instructions but not their operations"),
        ("AuthenticAMD", 23, 1, "no event table contains this processor (AuthenticAMD, family 23, model 1)"),
        ("", -1, -1, "no event table contains this processor (unknown vendor"),
    ],
)
def test_a_processor_without_formula_gives_its_reason(vendor, family, model, reason):
    assert reason in str(find_cpu(vendor, family, model))


def test_intel_widths_are_multiplied():
    _, cpu = find_cpu("GenuineIntel", 6, 85)
    values = dict(zip((term.event for term in cpu.formulas[0].terms), (7, 5, 3, 2), strict=True))
    retired = Retired(cpu.formulas[0].operations(values))
    assert retired.operations == {("flop", 1): 7, ("flop", 2): 10, ("flop", 4): 12, ("flop", 8): 16}
    assert retired.flops() == 45


def test_amd_counts_a_fused_multiply_add_twice_itself():
    _, cpu = find_cpu("AuthenticAMD", 25, 0x11)
    values = {
        f"RETIRED_SSE_AVX_FLOPS:{kind}_FLOPS": n for kind, n in {"ADD_SUB": 10, "MULT": 20, "DIV": 3, "MAC": 16}.items()
    }
    retired = Retired(cpu.formulas[0].operations(values))
    assert retired.flops() == 49


def test_a_scalable_vector_of_256_bits_counts_twice():
    _, cpu = find_cpu("0x41", 0, 0xD40)
    assert Retired(cpu.formulas[0].operations({"FP_FIXED_OPS_SPEC": 5, "FP_SCALE_OPS_SPEC": 8})).flops() == 21


def test_a_table_is_read(tmp_path):
    path = tmp_path / "vendor.toml"
    path.write_text(GOOD)
    table = read_table(path)
    assert [cpu.is_cpu(6, model) for cpu in table.cpus for model in (1, 2, 3, 4, 6, 7)] == [
        True,
        False,
        False,
        True,
        True,
        False,
        False,
        True,
        False,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('source = "s"', "", "source missing"),
        ('source = "s"', 'sources = "s"', "source missing; sources unknown"),
        ("code = 1", "code = -1", "OPS: code, width and operations are positive numbers"),
        ("operations = 1", "operations = 0", "OPS: code, width and operations are positive numbers"),
        ("terms = [{", "terms = []\nunused = [{", "unused unknown"),
        ('formulas = ["sum"]', 'formulas = ["total"]', "formulas = total unknown; known are sum"),
        ('formulas = ["sum"]', "formulas = []", "no CPU uses the formula sum"),
        ("models = [2]", "models = [5]", "model 5 is both One and Two"),
        ("models = [2]", "models = [[3, 2]]", "models are numbers or [first, last]"),
        ('leaves_out = ["compare"]', 'leaves_out = ["comparison"]', "leaves_out = comparison unknown"),
        ('title = "t"', "title = ", "vendor.toml"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, old, new, message):
    path = tmp_path / "vendor.toml"
    assert old in GOOD
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(UserError) as error:
        read_table(path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
