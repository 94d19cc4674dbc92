"""What became of every request: what its caller was answered, held against the topics, the archive and the mail.

Pure: it is given what was found and says what is wrong. A request is known by its features, which no other has, and
by the id that the gateway gave it."""

import collections
import dataclasses

SHOWN = 5  # of each kind of wrong

WRONG = {
    "missing": "accepted (200 or 202) and missing in the archive",
    "unstored": "accepted and not on the input topic",
    "unanswered": "on the input topic, and neither on the output topic nor in the dead letters",
    "archived_twice": "archived twice",
    "wrong_caller": "answered to the wrong caller",
    "crossed": "record or document with the features of another request, or of another user",
    "differs": "label or model other than the archive's",
    "unexcused": "answered with a status that a fault does not excuse: not 200, 202, 429, 503 or 504",
    "refused_and_stored": "answered with an error that says nothing was stored, and stored",
    "refused_and_predicted": "answered 503 and yet predicted",
    "id_twice": "one id given to two requests",
    "put_aside": "predicted, and in the dead letters of the archive or the mail",
    "unmailed": "accepted and not mailed",
    "wrong_mail": "mailed to somebody else, or what nobody asked for",
    "mail_renamed": "mailed again under another Message-ID",
    "from_nowhere": "predicted or archived, and sent by nobody",
}


@dataclasses.dataclass(slots=True, frozen=True)
class Record:
    """Of the input or the output topic, the dead letters, or the archive."""

    request_id: str | None
    features: tuple | None = None  # None: broken, or a failure without them
    user: str | None = None
    status: int | None = None
    label: str | None = None
    model: str | None = None


@dataclasses.dataclass(slots=True, frozen=True)
class Mail:
    request_id: str  # as its text says
    to: str
    message_id: str


@dataclasses.dataclass
class Evidence:
    requests: list  # Record
    answers: list  # Record
    letters: list  # Record
    documents: list  # Record
    letters_downstream: list = dataclasses.field(default_factory=list)  # Record
    mails: list | None = None  # Mail; None: nobody is mailed
    addresses: dict = dataclasses.field(default_factory=dict)  # user -> address


class Account:
    """`sent` are support.load.Sent. `strangers`: others send, too, so that records of nobody are fine."""

    def __init__(self, sent: list, evidence: Evidence, strangers: bool = False):
        self.sent = sent
        self.evidence = evidence
        self.found = {kind: [] for kind in WRONG}
        self.by_features = {each.features: each for each in sent}
        assert len(self.by_features) == len(sent), "two requests have the same features: nothing could be told apart"
        self.ids = {}  # request id -> Sent; of a lost one by what it stored
        self.learn_ids()
        self.documents = collections.defaultdict(list)
        for document in evidence.documents:
            self.documents[document.request_id].append(document)
        self.found["put_aside"] += evidence.letters_downstream
        self.check_records(strangers)
        self.check_callers()
        if evidence.mails is not None:
            self.check_mails()

    def learn_ids(self):
        for each in self.sent:
            if each.request_id is None:
                continue
            if each.request_id in self.ids:
                self.found["id_twice"].append(each.request_id)
            self.ids[each.request_id] = each
        for record in self.evidence.requests:
            each = self.by_features.get(record.features)
            if each and each.request_id is None:
                self.ids.setdefault(record.request_id, each)

    def check_records(self, strangers: bool):
        asked = {record.request_id for record in self.evidence.requests}
        ended = {record.request_id for record in self.evidence.answers + self.evidence.letters}
        self.found["unanswered"] += sorted(filter(None, asked - ended))
        places = {"requests": self.evidence.requests, "answers": self.evidence.answers,
                  "documents": self.evidence.documents}
        for place, records in places.items():
            for record in records:
                each = self.ids.get(record.request_id)
                if each is None:
                    if not strangers or record.features in self.by_features:
                        self.found["from_nowhere"].append((place, record))
                elif record.features != each.features or record.user != each.user:
                    self.found["crossed"].append((place, record, each.features))
        features = collections.Counter(document.features for document in self.evidence.documents
                                       if document.features in self.by_features)
        for document in self.evidence.documents:
            if features[document.features] > 1 or len(self.documents[document.request_id]) > 1:
                self.found["archived_twice"].append(document.request_id)

    def check_callers(self):
        asked = {record.request_id for record in self.evidence.requests}
        asked_features = {record.features for record in self.evidence.requests}
        predicted = {key for record in self.evidence.answers + self.evidence.documents if record.status == 200
                     for key in (record.request_id, record.features)}
        for each in self.sent:
            if each.status not in (200, 202, 429, 503, 504, None):
                self.found["unexcused"].append((each.status, each.request_id, each.said))
            if each.status in (200, 202):
                self.check_accepted(each, asked)
            elif each.status is not None and each.status != 504:
                # An error's id, or its features, must be nowhere.
                if each.features in asked_features or each.request_id in asked:
                    self.found["refused_and_stored"].append((each.status, each.request_id, each.said))
                if each.features in predicted or each.request_id in predicted:
                    self.found["refused_and_predicted"].append((each.status, each.request_id, each.said))

    def check_accepted(self, each, asked: set):
        if each.request_id not in asked:
            self.found["unstored"].append((each.status, each.request_id))
        document = next(iter(self.documents.get(each.request_id, [])), None)
        if document is None or document.status != 200:
            self.found["missing"].append((each.status, each.request_id, document))
        if each.status != 200:
            return
        if tuple(each.answer[name] for name in list(each.answer)[:4]) != each.features:
            self.found["wrong_caller"].append((each.features, each.answer))
        if document and (each.answer["prediction"], each.answer["model_id"]) != (document.label, document.model):
            self.found["differs"].append((each.request_id, each.answer, document))

    def check_mails(self):
        mails = collections.defaultdict(list)
        for mail in self.evidence.mails:
            mails[mail.request_id].append(mail)
        for each in self.sent:
            if each.status in (200, 202) and each.request_id not in mails:
                self.found["unmailed"].append(each.request_id)
        predicted = {record.request_id for record in self.evidence.answers if record.status == 200}
        for request_id, copies in mails.items():
            each = self.ids.get(request_id)
            wanted = each and self.evidence.addresses.get(each.user)
            if wanted is None or request_id not in predicted or any(mail.to != wanted for mail in copies):
                self.found["wrong_mail"].append((copies, wanted))
            if len({mail.message_id for mail in copies}) > 1:
                self.found["mail_renamed"].append(copies)

    def is_settled(self) -> bool:
        """Whether all that was stored has ended everywhere: what is wrong now stays so."""
        return not any(self.found[kind] for kind in ("missing", "unstored", "unanswered", "unmailed"))

    def count_in_doubt(self) -> int:
        predicted = {record.features for record in self.evidence.answers if record.status == 200}
        return sum(each.status in (504, None) and each.features in predicted for each in self.sent)

    def counts(self) -> dict:
        """In words, with what is not wrong but worth knowing."""
        statuses = collections.Counter(each.status or 0 for each in self.sent)
        counts = {"requests": len(self.sent)}
        for status in sorted(statuses, reverse=True):
            counts[f"answered {status}" if status else "connection lost"] = statuses[status]
        counts |= {
            "records on the input topic": len(self.evidence.requests),
            "records on the output topic": len(self.evidence.answers),
            "of them repeats": len(self.evidence.answers) - len({each.request_id for each in self.evidence.answers}),
            "dead letters": len(self.evidence.letters),
            "documents": len(self.evidence.documents),
            "in doubt (504, or connection lost) and predicted": self.count_in_doubt(),
        }
        if self.evidence.mails is not None:
            mails = self.evidence.mails
            counts |= {"mails": len(mails), "of them repeats, under the same Message-ID":
                       len(mails) - len({mail.message_id for mail in mails})}
        return counts | {what: len(self.found[kind]) for kind, what in WRONG.items()}

    def wrong(self) -> dict:
        """What is wrong, with some examples: nothing, if all is well."""
        return {WRONG[kind]: (len(found), found[:SHOWN]) for kind, found in self.found.items() if found}
