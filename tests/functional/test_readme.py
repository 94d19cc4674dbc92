"""The README's lines, pasted as they are (only the ports are this stack's)."""

import json
import re
import subprocess
import sys

import pytest

from support.client import FIELDS
from support.process import ROOT

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def at_home(embedded):
    """The README's text with this stack's addresses."""
    return lambda text: text.replace("http://localhost:5000", embedded.auth_url).replace(
        "http://localhost:1958", embedded.gateway_url
    )


def test_the_shell_lines(at_home):
    script = at_home(blocks("sh")[0])
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    decoder = json.JSONDecoder()
    claims, end = decoder.raw_decode(run.stdout.strip())
    assert list(claims) == ["admin", "exp", "iat", "username"]
    prediction, _ = decoder.raw_decode(run.stdout.strip()[end:].strip())
    assert list(prediction) == FIELDS
    assert prediction["prediction"] == "setosa"


def test_the_python_lines(at_home, tmp_path):
    run = subprocess.run([sys.executable, "-c", at_home(blocks("python")[0])], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "setosa"


def test_the_answer_shown_has_the_fields_there_are():
    assert list(json.loads(blocks("json")[0])) == FIELDS
