"""What is installed runs anywhere, and for anyone: it needs nothing of the machine but Debian's own packages."""

import re
import subprocess

from support import process
from support.stack import EmbeddedStack


def test_an_installed_folder_can_be_moved(tmp_path, monkeypatch):
    subprocess.run(["cmake", "--install", process.BIN.parent, "--prefix", tmp_path / "made"], check=True, capture_output=True, timeout=60)
    moved = tmp_path / "moved"
    (tmp_path / "made").rename(moved)
    programs = sorted((moved / "bin").iterdir())
    assert "nearline" in [program.name for program in programs]
    for program in programs:
        libraries = re.findall(r"=> (/.*) \(", subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout)
        assert libraries
        assert not [each for each in libraries if not each.startswith((f"{moved}/", "/lib", "/usr/lib"))]

    templates = moved / "share/nearline/mail-templates"
    assert sorted(each.name for each in templates.iterdir()) == [
        "digest-html.html", "digest-subject.txt", "digest-text.txt", "html.html", "subject.txt", "text.txt"]
    monkeypatch.setattr(process, "BIN", moved / "bin")
    assert EmbeddedStack(tmp_path, "--mail-templates", templates).start().stop() == 0
