"""The accounting complains of every wrong outcome, and of nothing else."""

import dataclasses

import pytest

from accounting import WRONG, Account, Evidence, Mail, Record
from support.client import FEATURES
from support.load import Sent

ANN, BOB = "user-ann", "user-bob"
ADDRESSES = {ANN: "ann@example.com", BOB: "bob@example.com"}


def values(n: int) -> tuple:
    return tuple(n + each / 10 for each in range(4))


def sent(n: int, user: str = ANN, status: int | None = 200) -> Sent:
    each = Sent(values(n), user, "gateway", status, f"id-{n}" if status else None)
    if status == 200:
        each.answer = dict(zip(FEATURES, each.features)) | {"prediction": "setosa", "model_id": "m"}
    return each


def request(n: int, user: str = ANN) -> Record:
    return Record(f"id-{n}", values(n), user)


def answer(n: int, user: str = ANN, **changes) -> Record:
    return dataclasses.replace(Record(f"id-{n}", values(n), user, 200, "setosa", "m"), **changes)


def mail(n: int, user: str = ANN, message_id: str | None = None) -> Mail:
    return Mail(f"id-{n}", ADDRESSES[user], message_id or f"<id-{n}@x>")


def all_well():
    """A run with one of each outcome that is fine: answered, accepted, refused, in doubt (stored, and not), lost
    (stored, and not)."""
    requests = [sent(1), sent(2, BOB, 202), sent(3, status=503), sent(4, status=504), sent(5, status=504),
                sent(6, status=None), sent(7, status=None), sent(8, status=429)]
    stored = [(1, ANN), (2, BOB), (4, ANN), (6, ANN)]
    return requests, Evidence(
        requests=[request(*each) for each in stored],
        answers=[answer(*each) for each in stored] + [answer(1)],
        letters=[],
        documents=[answer(*each) for each in stored],
        mails=[mail(*each) for each in stored] + [mail(2, BOB)],
        addresses=ADDRESSES)


def kinds(requests, evidence, **options) -> set:
    account = Account(requests, evidence, **options)
    assert {what for what, count in account.counts().items() if count and what in WRONG.values()} == set(account.wrong())
    return {kind for kind in WRONG if account.found[kind]}


def test_all_is_well():
    requests, evidence = all_well()
    assert kinds(requests, evidence) == set()
    account = Account(requests, evidence)
    assert account.is_settled() and not account.wrong()
    counts = account.counts()
    assert counts["requests"] == 8 and counts["connection lost"] == 2 and counts["answered 504"] == 2
    assert counts["of them repeats"] == 1
    assert counts["in doubt (504, or connection lost) and predicted"] == 2
    assert counts["of them repeats, under the same Message-ID"] == 1


def drop(records: list, n: int):
    records[:] = [each for each in records if each.request_id != f"id-{n}"]


def lose_from_archive(requests, evidence):
    drop(evidence.documents, 2)


def archive_as_failure(requests, evidence):
    drop(evidence.documents, 2)
    evidence.documents.append(answer(2, BOB, status=422))


def lose_from_the_input(requests, evidence):
    drop(evidence.requests, 1)


def lose_the_answer_of_what_was_in_doubt(requests, evidence):
    drop(evidence.answers, 4)
    drop(evidence.documents, 4)
    drop(evidence.mails, 4)


def archive_twice_under_one_id(requests, evidence):
    evidence.documents.append(answer(1))


def archive_twice_under_another_id(requests, evidence):
    evidence.documents.append(answer(1, request_id="id-of-nobody"))


def answer_the_wrong_caller(requests, evidence):
    requests[0].answer |= dict(zip(FEATURES, values(2)))


def cross_two_documents(requests, evidence):
    drop(evidence.documents, 1)
    evidence.documents.append(answer(1, features=values(9)))


def archive_for_another_user(requests, evidence):
    drop(evidence.documents, 1)
    evidence.documents.append(answer(1, BOB))


def answer_another_label(requests, evidence):
    requests[0].answer["prediction"] = "virginica"


def answer_another_model(requests, evidence):
    requests[0].answer["model_id"] = "other"


def store_what_was_refused(requests, evidence):
    evidence.requests.append(request(3))
    evidence.letters.append(Record("id-3"))


def predict_what_was_refused(requests, evidence):
    evidence.requests.append(request(3))
    evidence.answers.append(answer(3))


def predict_what_was_refused_under_another_id(requests, evidence):
    evidence.requests.append(request(8))
    evidence.answers.append(answer(8, request_id="id-of-nobody"))


def answer_with_a_fault_of_its_own(requests, evidence):
    requests[2].status = 500


def put_a_prediction_aside(requests, evidence):
    evidence.letters_downstream.append(answer(1))


def give_one_id_twice(requests, evidence):
    requests[4].request_id = requests[3].request_id


def lose_a_mail(requests, evidence):
    drop(evidence.mails, 2)


def mail_somebody_else(requests, evidence):
    evidence.mails.append(mail(1, BOB))


def mail_what_was_refused(requests, evidence):
    evidence.mails.append(mail(3))


def mail_again_under_another_name(requests, evidence):
    evidence.mails.append(mail(1, message_id="<other@x>"))


def predict_what_nobody_sent(requests, evidence):
    evidence.requests.append(request(99))
    evidence.answers.append(answer(99))


@pytest.mark.parametrize("wrong, expected", [
    (lose_from_archive, {"missing"}),
    (archive_as_failure, {"missing"}),
    (lose_from_the_input, {"unstored"}),
    (lose_the_answer_of_what_was_in_doubt, {"unanswered"}),
    (archive_twice_under_one_id, {"archived_twice"}),
    (archive_twice_under_another_id, {"archived_twice", "from_nowhere"}),
    (answer_the_wrong_caller, {"wrong_caller"}),
    (cross_two_documents, {"crossed"}),
    (archive_for_another_user, {"crossed"}),
    (answer_another_label, {"differs"}),
    (answer_another_model, {"differs"}),
    (store_what_was_refused, {"refused_and_stored"}),
    (predict_what_was_refused, {"refused_and_stored", "refused_and_predicted"}),
    (predict_what_was_refused_under_another_id,
     {"refused_and_stored", "refused_and_predicted", "from_nowhere", "unanswered"}),
    (answer_with_a_fault_of_its_own, {"unexcused"}),
    (put_a_prediction_aside, {"put_aside"}),
    (give_one_id_twice, {"id_twice", "crossed"}),
    (lose_a_mail, {"unmailed"}),
    (mail_somebody_else, {"wrong_mail"}),
    (mail_what_was_refused, {"wrong_mail"}),
    (mail_again_under_another_name, {"mail_renamed"}),
    (predict_what_nobody_sent, {"from_nowhere"}),
], ids=lambda value: getattr(value, "__name__", ""))
def test_a_wrong_outcome_is_seen(wrong, expected):
    requests, evidence = all_well()
    wrong(requests, evidence)
    assert kinds(requests, evidence) == expected


def test_others_may_send_too():
    requests, evidence = all_well()
    predict_what_nobody_sent(requests, evidence)
    for n in (97, 98):
        evidence.requests.append(request(n))
        evidence.answers.append(answer(n, features=None, status=400))
        evidence.documents += [answer(n, features=None, status=400), answer(10 * n, features=values(96), status=422)]
    assert kinds(requests, evidence, strangers=True) == set()


def test_two_requests_alike_can_not_be_told_apart():
    with pytest.raises(AssertionError):
        Account([sent(1), sent(1)], Evidence([], [], [], []))
