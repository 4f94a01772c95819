"""A niche small enough to know by heart, written into a temporary folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ASSEMBLY = """\
instances:
  MM: {title: myeloma cell, folders: [core, myeloma]}
  BMSC: {title: stromal cell, folders: [core]}
shared: [medium]
"""

FUNCTIONS = """\
function pos(x)
  piecewise(x, x > 0, 0)
end

function hill(x, k, n)
  pos(x/k)^n/(1 + pos(x/k)^n)
end
"""

TABLES = {
    "references.tsv": """\
key|citation|doi
Guo2024|Guo and others, a model of NF-kB, 2024|10.1000/guo
Old1998|Old and others, a book, 1998|-
""",
    "cells.tsv": """\
id|instance|species|kind|description|source
RPMI8226|MM|human|cell line|a line|Old1998
stroma|BMSC|human|primary|cells of a donor|Old1998
""",
    "cell_values.tsv": """\
cell|parameter|value|unit|kind|source|note
RPMI8226|receptor_total|0.02|uM|measured|Guo2024|
RPMI8226|clearance|0.3|1/h|measured|Guo2024|
""",
    "core/species.tsv": """\
id|unit|initial|identifier|meaning|source
R|nM|receptor_total|hgnc:1|free receptor|Guo2024
R_TNF|nM|0|hgnc:1;chebi:2|bound receptor|Guo2024
active|relative|0.25|go:3|an activity|Guo2024
bound_share|1|-|hgnc:1|share of bound receptor|Guo2024
""",
    "core/parameters.tsv": """\
id|value|unit|kind|low|high|source|note
receptor_total|10|nM|measured|1|100|Guo2024: table 1|
k_on|2|1/(nM h)|published model|0.2|20|Guo2024|
k_off|0.5|1/h|published model|0.05|5|Guo2024|
active_K|3|nM|assumed|1|10|assumed: half of the receptor|
active_time|4|h|assumed|1|10|assumed|
""",
    "core/processes.tsv": """\
id|role|meaning|evidence
tnf_binding|binding|TNF binds|Guo2024
tnf_release|release|TNF leaves|Guo2024
activation|synthesis|the activity rises|Guo2024
inactivation|loss|the activity falls|Guo2024
""",
    "myeloma/parameters.tsv": """\
id|value|unit|kind|low|high|source|note
k_off|0.75|1/h|fitted|0.05|5|Old1998|slower in myeloma
""",
    "medium/species.tsv": """\
id|unit|initial|identifier|meaning|source
TNF|nM|1.5|hgnc:4|TNF in the medium|Guo2024
DRUG|uM|2|chebi:5|a drug|Guo2024
MM_n|kcell/mL|200|cl:6|myeloma cells|Guo2024
""",
    "medium/parameters.tsv": """\
id|value|unit|kind|low|high|source|note
secretion|0.01|nM mL/(kcell h)|assumed|0.001|0.1|assumed|
clearance|0.2|1/h|measured|0.1|1|Guo2024|
growth|0.02|1/h|measured|0.01|0.1|Guo2024|
carrying|1000|kcell/mL|assumed|500|2000|assumed|
""",
    "medium/processes.tsv": """\
id|role|meaning|evidence
tnf_secretion|synthesis|cells secrete TNF|Guo2024
tnf_clearance|loss|TNF is cleared|Guo2024
drug_loss|loss|the drug decays|assumed
division|growth|cells divide|Guo2024
""",
}

FRAGMENTS = {
    "core/receptor.ant": """\
// TNF is not depleted by binding.
tnf_binding: R + TNF -> R_TNF + TNF; k_on*TNF*R;
tnf_release: R_TNF -> R; k_off*R_TNF;
bound_share := R_TNF/receptor_total;
""",
    "core/activity.ant": """\
activation: -> active; hill(R_TNF, active_K, 2)/active_time;
inactivation: active -> ; active/active_time; // a comment at the end
""",
    "medium/medium.ant": """\
tnf_secretion: -> TNF; secretion*MM.active*MM_n;
tnf_clearance: TNF -> ; clearance*TNF;
drug_loss: DRUG -> ; clearance*DRUG;
division: -> MM_n; growth*MM_n*pos(1 - MM_n/carrying);
""",
}

WriteNiche = Callable[..., Path]


@pytest.fixture
def write_niche(tmp_path: Path) -> WriteNiche:
    """Return a function that writes the small niche, with some files replaced or texts changed in them."""

    def write(
        files: Mapping[str, str] | None = None, changes: Mapping[str, tuple[str, str]] | None = None
    ) -> Path:
        texts = {
            "assembly.yaml": ASSEMBLY,
            "functions.ant": FUNCTIONS,
            **TABLES,
            **FRAGMENTS,
            **(files or {}),
        }
        for name, (old, new) in (changes or {}).items():
            assert old in texts[name], f"{old!r} is not in {name}"
            texts[name] = texts[name].replace(old, new)
        for name, text in texts.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text.replace("|", "\t") if name.endswith(".tsv") else text)
        return tmp_path

    return write
