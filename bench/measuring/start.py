"""How long `nearline up` takes to its first prediction, and what it takes at rest."""

import base64
import http.client
import json
import shutil
import time
import urllib.parse

from support.client import ADMIN, PASSWORD, SETOSA
from support.stack import EmbeddedStack

from . import processes
from .report import Section
from .service import running

FIRST_PREDICTION_SECONDS = 0.5
REST_PERCENT = 1
REST_MB = 80
LONGEST_START_SECONDS = 30


def ask(url: str, path: str, body: str, headers: dict) -> str | None:
    """The answer's text, or None while there is none with 200."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=10)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        return text if answer.status == 200 else None
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def until_answered(service, *request) -> str:
    """As a user in a hurry does it: again and again."""
    end = time.monotonic() + LONGEST_START_SECONDS
    while (text := ask(*request)) is None:
        if not service.running() or time.monotonic() > end:
            raise RuntimeError(f"{request[1]} is not answered\n{service.log()[-4000:]}")
        time.sleep(0.001)
    return text


def first_prediction(stack) -> float:
    """Seconds from the start of the process until a user has logged in and has a prediction."""
    start = time.monotonic()
    stack.start(wait=False)
    login = {"Authorization": "Basic " + base64.b64encode(f"{ADMIN}:{PASSWORD}".encode()).decode()}
    token = until_answered(stack.service, stack.auth_url, "/login", "", login)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    until_answered(stack.service, stack.gateway_url, "/predict", json.dumps(SETOSA), headers)
    return time.monotonic() - start


def measure(effort, folder, say) -> list:
    times = {"new": [], "old": []}
    rest, memory = [], []
    for number in range(effort.starts):
        say(f"start {number + 1} of {effort.starts}")
        place = folder / "start"
        for kind in times:
            with running(EmbeddedStack(place)) as stack:
                times[kind].append(first_prediction(stack))
                if kind == "old" and number < effort.rests:
                    say("at rest")
                    rest += processes.at_rest(stack.services(), effort.rest_seconds)
                    memory.append(processes.memory_mb(stack.service.pid))
        shutil.rmtree(place)
    section = Section("`nearline up`: its start, and at rest")
    section.add("to the first prediction, new folder", "s", times["new"], FIRST_PREDICTION_SECONDS)
    section.add("to the first prediction, old folder", "s", times["old"], FIRST_PREDICTION_SECONDS)
    section.add("at rest: CPU", "% of a core", rest, REST_PERCENT)
    section.add("at rest: memory", "MB", memory, REST_MB)
    return [section]
