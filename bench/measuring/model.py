"""What the model alone costs, without a stream and without HTTP."""

from . import programs
from .report import Section


def measure(effort, folder, say) -> list:
    say("model")
    calls = [programs.model() for _ in range(effort.rounds)]
    section = Section("The model alone")
    for rows in calls[0]:
        section.add(f"a call with {rows} rows" if rows > 1 else "a call with 1 row", "µs", [each[rows] for each in calls])
    return [section]
