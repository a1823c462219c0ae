"""``shapecalc mirror``: where the decoder goes, and wrong usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.render.hostile import NAMES, is_tame, quoted

SPECS = Path(__file__).parent.parent.parent / "specs"


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    path = tmp_path / "encoder.yaml"
    path.write_text(
        "name: E\ninput: [3, 64, 64]\nlayers:\n"
        "  - {type: conv2d, name: a, out_channels: 8, kernel_size: 4, stride: 2, padding: 1}\n"
        "  - {type: residual, name: r, body: [relu]}\n"
    )
    return path


def test_a_file_is_not_overwritten(run: Run, encoder: Path, tmp_path: Path) -> None:
    target = tmp_path / "decoder.yaml"
    args = ("mirror", str(encoder), "--to", "a", "-o", str(target))
    assert run(*args) == (0, "", "")
    text = target.read_text()
    assert "conv_transpose2d" in text
    target.write_text("mine")
    outcome = run(*args)
    assert outcome.code == 2
    assert "--force" in outcome.err
    assert target.read_text() == "mine"
    assert run(*args, "--force").code == 0
    assert target.read_text() == text
    assert run("check", str(target)).code == 0


def test_what_cannot_be_mirrored(run: Run, encoder: Path) -> None:
    outcome = run("mirror", str(encoder))
    assert (outcome.code, outcome.out) == (1, "")
    assert f"{encoder}:5: add `r`: it joins 2 tensors" in outcome.err.replace("residual", "add")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--to", "nothing"], "no layer is called 'nothing'"),
        (["--model", "nothing"], "the file has the models E"),
    ],
)
def test_wrong_usage(run: Run, encoder: Path, args: list[str], message: str) -> None:
    outcome = run("mirror", str(encoder), *args)
    assert outcome.code == 2
    assert message in outcome.err


def test_a_keras_model(run: Run) -> None:
    outcome = run("mirror", str(SPECS / "keras_cnn.yaml"))
    assert outcome.code == 1
    assert "Keras" in outcome.err


def test_no_such_file(run: Run) -> None:
    assert run("mirror", "nowhere.yaml").code == 2


def test_the_discriminator_becomes_a_generator(run: Run) -> None:
    outcome = run("mirror", str(SPECS / "dcgan.yaml"), "--model", "discriminator")
    assert outcome.code == 0
    assert outcome.out.count("conv_transpose2d") == 5
    assert outcome.out.endswith("expect: [3, 64, 64]\n")


def test_an_encoder_whose_decoder_is_wrong(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "model.yaml"
    path.write_text(
        "input: [3, 65]\nlayers:\n"
        "  - {type: conv1d, name: code, out_channels: 8, kernel_size: 3, stride: 2}\n"
        "  - {type: conv_transpose1d, out_channels: 3, kernel_size: 4, stride: 2}\n"
        "expect: [3, 65]\n"
    )
    assert run("mirror", str(path)).code == 1
    outcome = run("mirror", str(path), "--to", "code")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "expect: [3, 65]")


@pytest.mark.parametrize("command", ["mirror", "plot"])
def test_the_names_of_a_spec_are_harmless_in_wrong_usage(
    run: Run, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "two.yaml"
    models = [f"name: {quoted(name)}\ninput: [4]\nlayers: [relu]\n" for name in NAMES[:2]]
    path.write_text("---\n".join(models))
    code, _, err = run(command, str(path))
    assert code == 2
    assert "forged" in err
    assert is_tame(err)
