import libsbml
import pytest
import roadrunner

from myeloniche.engine.sbml import read_sbml
from myeloniche.errors import UnknownNameError
from myeloniche.niche.consistency import sbml_messages
from myeloniche.niche.export import write_sbml
from myeloniche.niche.niche import load


def test_the_exported_file_is_level_3_version_2_without_any_message(write_niche, tmp_path) -> None:
    path = write_sbml(load(data=write_niche()), tmp_path / "niche.xml")
    document = libsbml.readSBMLFromFile(str(path))
    assert (document.getLevel(), document.getVersion()) == (3, 2)
    assert sbml_messages(path.read_text()) == []


def test_the_values_of_a_cell_are_exported(write_niche, tmp_path) -> None:
    path = write_sbml(load(data=write_niche()), tmp_path / "niche.xml", cell="RPMI8226")
    runner = roadrunner.RoadRunner(str(path))
    assert runner["MM__receptor_total"] == pytest.approx(20)
    assert runner["[MM__R]"] == pytest.approx(20)
    assert runner["[BMSC__R]"] == pytest.approx(10)


def test_the_exported_file_reads_back_as_the_same_equations(write_niche, tmp_path) -> None:
    niche = load(data=write_niche())
    again = read_sbml(write_sbml(niche, tmp_path / "niche.xml"))
    assert again.fingerprint() == read_sbml(niche.sbml).fingerprint()


def test_an_unknown_cell_is_refused_and_nothing_is_written(write_niche, tmp_path) -> None:
    with pytest.raises(UnknownNameError, match=r"unknown cell 'RPMI'\. Did you mean 'RPMI8226'"):
        write_sbml(load(data=write_niche()), tmp_path / "niche.xml", cell="RPMI")
    assert not (tmp_path / "niche.xml").exists()


def test_an_invalid_document_is_placed_at_its_element() -> None:
    text = (
        '<sbml xmlns="http://www.sbml.org/sbml/level3/version2/core" level="3" version="2">\n<model id="m">\n'
        '<listOfParameters>\n<parameter id="k" value="1"/>\n</listOfParameters>\n</model>\n</sbml>'
    )
    (message,) = [message for message in sbml_messages(text) if message.is_error]
    assert message.element == "k"
