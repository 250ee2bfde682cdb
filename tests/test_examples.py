"""The examples run as they are, in small."""

from examples import from_records


def test_from_records_to_a_total(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(from_records, "PERSONS", 600)
    assert from_records.run(tmp_path) == 0
    said = capsys.readouterr().out
    assert "The truth is 600;" in said
    low, high = (
        int(one.replace(",", ""))
        for one in said.rpartition("interval is ")[2].partition(".")[0].split(" to ")
    )
    # not every interval holds it; a total that is far off is a fault of some step
    assert 450 < low < high < 900
    for name in ("patterns.csv", "patterns.json", "patterns.png", "total/overlap.png"):
        assert (tmp_path / name).stat().st_size > 1000, name


def test_an_example_that_cannot_write_ends_with_its_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(from_records, "PERSONS", 300)
    (tmp_path / "patterns.csv").mkdir()
    assert from_records.run(tmp_path) == 3
    assert "is a folder, not a file" in capsys.readouterr().err
