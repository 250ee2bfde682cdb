"""What the README shows is what happens."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_readme_gives_two_commands_on_lines_of_their_own():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "pip install uv && uv run undercount run" in lines
    assert "pip install uv && uv run pytest" in lines


def _blocks(language):
    readme = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)


def test_the_python_of_the_readme_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in _blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "same assumption" in printed
    assert printed.count("pass") == 3
    score, *_, rises = printed.splitlines()
    assert score.endswith("True")  # the interval held the truth
    assert rises == "0.0"  # losses did not rise in every month of 2023


def test_the_study_of_the_readme_runs(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "valley.toml"
    study.write_text(_blocks("toml")[0])
    assert main(["check", str(study)]) == 0
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 0
    assert "Deaths in the valley" in capsys.readouterr().out


def test_the_further_sections_of_the_readme_are_read():
    from estimation.study.read import article_text, parse_study

    sections = article_text().split("\n[[sensitivity]]")[0]  # the models and readings they name
    vary, compare = (parse_study(sections + "\n" + one, "readme.toml").asked
                     for one in _blocks("toml")[4:])  # fmt: skip
    assert vary.sensitivity[0].design.size == 1 + 7 * 3
    assert vary.audits[0].unit == "hours"
    assert vary.comparisons[0].weights == {"base": 0.5, "central-90": 0.5}
    assert compare.comparisons[0].methods == ("loo", "future")


def test_the_late_reports_of_the_readme_are_read(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "late.toml"
    study.write_text(_blocks("toml")[2])
    assert main(["check", str(study)]) == 0
    said = capsys.readouterr().out
    assert "NegBinomial" in said
    assert "56 days from" in said


def test_the_learned_coverage_of_the_readme_is_read(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "learned.toml"
    study.write_text(_blocks("toml")[3])
    assert main(["check", str(study)]) == 0
    said = capsys.readouterr().out
    assert "logit coverage[t] walks" in said
    assert "without each of judgment, probate, rosstat" in said


def test_the_table_of_the_readme_is_read(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "valley.toml"
    study.write_text(_blocks("toml")[1])
    rows = [
        f"2024-{month:02},{village},{5 * month + len(village)}"
        for month in range(6, 12)
        for village in ("Upper", "Lower", "Mill", "unknown")
    ]
    (tmp_path / "villages.csv").write_text("\n".join(["month,village,names", *rows]) + "\n")
    assert main(["check", str(study)]) == 0
    said = capsys.readouterr().out
    assert "6 months from 2024-06-01 to 2024-11-01; 3 strata; 297 names without a stratum" in said
    assert "twice as many died in autumn" in said
