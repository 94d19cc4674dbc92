"""docs/operations.md says of settings and metrics what the programs say of themselves."""

import os
import re
import subprocess

import pytest
import requests

from support.process import BIN, ROOT

DOCUMENT = (ROOT / "docs" / "operations.md").read_text()
COMMANDS = {"up": ["up"], "registry": ["registry"], "predict": ["predict"], "users": ["users add", "users list", "users remove", "users promote", "users demote", "users notifications"],
            "topics": ["topics list", "topics tail"], "dlq": ["dlq list", "dlq show", "dlq replay", "dlq drop"]}
METRIC = re.compile(r"nearline_\w+")


def rows(heading: str) -> list:
    """The cells of the tables under a heading of the document, up to the next one of its rank or above."""
    section = re.split(rf"^{heading}\n", DOCUMENT, flags=re.MULTILINE)[1]
    section = re.split(rf"^#{{1,{len(heading.split()[0])}}} ", section, flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def code(cell: str) -> list:
    return re.findall(r"`([^`]+)`", cell)


def help_entries(command: list) -> list:
    """Each entry of --help on one line."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("NEARLINE_")}
    text = subprocess.run([*command, "--help"], capture_output=True, text=True, check=True, timeout=20, env=clean).stdout
    entries = []
    for line in text.splitlines():
        if re.match(r"  \S", line):
            entries.append(line.strip())
        elif re.match(r" {10}", line) and entries:
            entries[-1] += " " + line.strip()
    return entries


def read_help(commands: list) -> tuple[dict, set]:
    """(flag, environment) -> default ("" for none); and the secrets."""
    settings, secrets = {}, set()
    for entry in (entry for command in commands for entry in help_entries(command)):
        flag = re.match(r"(?:-\w, )?(--[\w-]+)", entry)
        notes = re.search(r"\[(?:default: ([^\[\]]*?))?(?:; )?(?:env: (\w+))?\]$", entry)
        if flag:
            settings[flag[1], (notes and notes[2]) or ""] = (notes and notes[1]) or ""
        elif re.match(r"[A-Z]+_[A-Z_]+ ", entry):
            secrets.add(entry.split()[0])
    return settings, secrets


@pytest.fixture(scope="module")
def programs() -> dict:
    """By the names that the document has for them."""
    services = {path.name.removesuffix("-svc"): [[path]] for path in sorted(BIN.glob("*-svc"))}
    commands = {name: [[BIN / "nearline", *words.split()] for words in all_of] for name, all_of in COMMANDS.items()}
    return {name: read_help(command) for name, command in {**services, **commands}.items()}


def taken_by(cell: str, programs: dict) -> set:
    names = {name.strip() for name in cell.split(",")}
    if names == {"all"}:
        return set(programs)
    if names == {"services"}:
        return {name for name, (settings, _) in programs.items() if any(flag == "--log-level" for flag, _ in settings)}
    assert names <= set(programs), f"no such programs: {cell}"
    return names


def test_the_commands_are_those_there_are():
    assert {entry.split()[0] for entry in help_entries([BIN / "nearline"])} == set(COMMANDS)


def test_the_settings_are_those_there_are(programs):
    wrong, written = [], set()
    for cells in rows("## Settings"):
        if not cells[0].startswith("`--"):
            continue
        flag, env, default = code(cells[0])[0], "".join(code(cells[1])), code(cells[2])
        for program in taken_by(cells[3], programs):
            written.add((program, flag, env))
            there = programs[program][0].get((flag, env))
            if there is None:
                wrong.append(f"{program} has no {flag} with {env or 'no variable'}")
            elif there and there not in default or default and not there:
                wrong.append(f"{flag} of {program} has the default {there or 'of nothing'}, not {cells[2]}")
    there = {(program, *names) for program, (settings, _) in programs.items() for names in settings}
    everywhere = {"--help", "--version"}
    wrong += [f"not written down: {program} {flag} {env}" for program, flag, env in there - written if flag not in everywhere]
    assert not wrong, "\n".join(sorted(wrong))
    assert all(f"`{flag}`" in DOCUMENT for flag in everywhere)


def test_the_secrets_are_those_there_are(programs):
    written = {(program, code(cells[0])[0]) for cells in rows("### Secrets") if code(cells[0])
               for program in taken_by(cells[1], programs)}
    assert written == {(program, name) for program, (_, secrets) in programs.items() for name in secrets}


def described_metrics() -> dict:
    """Name -> (type, labels)."""
    return {code(cells[0])[0]: (cells[1], set(code(cells[2]))) for cells in rows("## Metrics")
            if METRIC.fullmatch("".join(code(cells[0]))) and len(cells) == 4}


def test_the_metrics_described_are_those_in_the_code():
    made = re.compile(r"\b(?:counter|gauge|histogram)\(\s*\"(nearline_\w+)\"")
    names = {name for path in (ROOT / "src").rglob("*.cpp") for name in made.findall(path.read_text())}
    assert set(described_metrics()) == names
    other = {name for name in METRIC.findall(DOCUMENT) if not name.endswith("_migrations")}
    assert other <= names, "named in the text, and not there"


def test_the_metrics_are_as_described(stack):
    described, wrong = described_metrics(), set()
    for service in stack.services():
        text = requests.get(service.url + "/metrics", timeout=10).text
        for name, kind in re.findall(r"^# TYPE (nearline_\w+) (\w+)$", text, re.MULTILINE):
            labels = {label for series in re.findall(rf"^{name}(?:_count)?(\{{.*?\}})? \S+$", text, re.MULTILINE)
                      for label in re.findall(r'(\w+)="', series)}
            if described.get(name) != (kind, labels):
                wrong.add(f"{service.name}: {name} is a {kind} of {sorted(labels)}, and described as {described.get(name)}")
    assert not wrong, "\n".join(sorted(wrong))
