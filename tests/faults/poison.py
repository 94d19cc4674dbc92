"""Records that can't be predicted, in every way the schema knows and several it doesn't."""

import json

from support.client import SETOSA
from support.framing import framed


def json_of(**changes) -> bytes:
    return json.dumps({key: value for key, value in {**SETOSA, **changes}.items() if value is not ...}).encode()


def with_number(text: str) -> bytes:
    """A value that Python's own writer would not write."""
    return json_of(petal_width="NUMBER").replace(b'"NUMBER"', text.encode())


def kinds(own: int, foreign: int, lax: int) -> dict:
    """What it is -> (value, class, status). `own` is the id of the topic's schema, `foreign` that of another subject,
    `lax` that of a schema of the topic's which allows more than the model can take."""
    good = json_of()
    frames = {
        "null value": (None, "NullValue", 400),
        "empty value": (b"", "EmptyValue", 400),
        "four bytes": (b"\0\0\0\1", "NoFrame", 400),
        "no frame": (good, "WrongMagicByte", 400),
        "wrong magic byte": (b"\1" + framed(own, good)[1:], "WrongMagicByte", 400),
        "unknown id": (framed(0x7FFFFFF0, good), "UnknownSchemaId", 422),
        "negative id": (b"\0\xff\xff\xff\xff" + good, "UnknownSchemaId", 422),
        "id of another subject": (framed(foreign, good), "ForeignSchemaId", 422),
    }
    payloads = {
        "nothing after the frame": b"",
        "no JSON": b"sepal_length=5.2",
        "half a document": good[:-10],
        "two documents": good + good,
        "something after it": good + b"x",
        "a comma too many": good[:-1] + b",}",
        "a byte order mark": b"\xef\xbb\xbf" + good,
        "no UTF-8": good.replace(b"petal_width", b"petal\xffwidth"),
        "a lone surrogate": good.replace(b"petal_width", b"petal_width\\ud800"),
        "a control character": good.replace(b"petal_width", b"petal\x01width"),
        "the same name twice": good[:-1] + b', "sepal_length": 5.2}',
        "depth 33": b"[" * 33 + b"]" * 33,
        "depth 100000": b"[" * 100_000 + b"]" * 100_000,
        "depth of objects": b'{"a":' * 1000 + b"1" + b"}" * 1000,
        "NaN": with_number("NaN"),
        "Infinity": with_number("Infinity"),
        "a leading zero": with_number("01"),
        "a plus": with_number("+1"),
        "hexadecimal": with_number("0x1"),
        "a lone point": with_number("1."),
        "single quotes": b"{'sepal_length': 1}",
        "a comment": b"/* */" + good,
    }
    violations = {
        "a feature is missing": json_of(petal_width=...),
        "a feature too many": json_of(colour="blue"),
        "a text for a number": json_of(petal_width="0.3"),
        "null for a number": json_of(petal_width=None),
        "true for a number": json_of(petal_width=True),
        "a list for a number": json_of(petal_width=[0.3]),
        "an object for a number": json_of(petal_width={"cm": 0.3}),
        "1e39, above float32": with_number("1e39"),
        "-1e300": with_number("-1e300"),
        "no object": b"[5.2, 3.6, 1.5, 0.3]",
        "null": b"null",
        "a number": b"5.2",
        "a text": b'"setosa"',
        "an empty object": b"{}",
        "5 MB": json_of(colour="x" * 5_000_000),
    }
    unusable = {
        "a text, which its schema allows": json_of(petal_width="0.3"),
        "a feature less, which its schema allows": json_of(petal_width=...),
    }
    return (frames
            | {what: (framed(own, payload), "MalformedJson", 400) for what, payload in payloads.items()}
            | {what: (framed(own, payload), "SchemaViolation", 422) for what, payload in violations.items()}
            | {what: (framed(lax, payload), "UnusableFeature", 422) for what, payload in unusable.items()})
