#include "gateway/pending.hpp"

#include <algorithm>

namespace nearline::gateway {

PendingAnswers::Admitted PendingAnswers::admit(const Question& question, const Patience& patience,
                                               std::optional<int> partition, SteadyTime now) {
    const auto known = entries_.find(question.id);
    if (known != entries_.end() && known->second.question.body_digest != question.body_digest) {
        return {Admission::other_body};
    }
    if (callers() >= options_.max_callers) return {Admission::full};

    if (known == entries_.end()) {
        if (!partition) return {Admission::no_partition};
        Entry& entry = entries_[question.id];
        entry.question = question;
        entry.partition = *partition;
        entry.attempt = next_attempt_++;
        const auto caller = wait(entry, patience, now);
        return {Admission::opened, caller, entry.attempt, entry.partition};
    }

    Entry& entry = known->second;
    not_late(entry);
    if (entry.state != State::unknown) {
        const auto caller = wait(entry, patience, now);
        const Admitted joined{Admission::joined, caller, entry.attempt, entry.partition};
        end_if_due(entry, now);
        return joined;
    }
    entry.state = State::produced;
    entry.doubtful = true;
    entry.attempt = next_attempt_++;
    const auto caller = wait(entry, patience, now);
    return {Admission::again, caller, entry.attempt, entry.partition};
}

CallerId PendingAnswers::wait(Entry& entry, const Patience& patience, SteadyTime now) {
    Waiting caller{next_caller_++, patience, {}, false};
    if (cut_) {
        caller.patience.answer_by = std::min(caller.patience.answer_by, *cut_);
        caller.patience.acknowledged_by = std::min(caller.patience.acknowledged_by, *cut_);
    }
    const bool past = !patience.wants_answer || caller.patience.answer_by <= now;
    caller.due = past ? caller.patience.acknowledged_by : caller.patience.answer_by;
    set_past(caller, past);
    deadlines_.emplace(std::pair(caller.due, caller.id), entry.question.id);
    entry.callers.push_back(caller);
    return caller.id;
}

void PendingAnswers::set_past(Waiting& caller, bool past) {
    if (caller.past == past) return;
    caller.past = past;
    past ? ++waiting_for_acknowledgement_ : --waiting_for_acknowledgement_;
}

void PendingAnswers::move_deadline(const Entry& entry, Waiting& caller, SteadyTime due) {
    if (caller.due == due) return;
    deadlines_.erase({caller.due, caller.id});
    caller.due = due;
    deadlines_.emplace(std::pair(due, caller.id), entry.question.id);
}

void PendingAnswers::end(Entry& entry, std::size_t index, Ending::Kind kind, const AnswerPtr& answer, bool too_large) {
    Waiting& caller = entry.callers[index];
    set_past(caller, false);
    deadlines_.erase({caller.due, caller.id});
    effects_.endings.push_back({caller.id, kind, answer, entry.reason, too_large});
    entry.callers.erase(entry.callers.begin() + static_cast<std::ptrdiff_t>(index));
}

void PendingAnswers::end_callers(Entry& entry, Ending::Kind kind, const AnswerPtr& answer, bool too_large) {
    while (!entry.callers.empty()) end(entry, 0, kind, answer, too_large);
}

void PendingAnswers::end_if_due(Entry& entry, SteadyTime now) {
    for (std::size_t i = 0; i < entry.callers.size();) {
        Waiting& caller = entry.callers[i];
        if (caller.past && entry.state == State::acknowledged) {
            end(entry, i, Ending::Kind::accepted);
        } else if (caller.past && entry.state == State::unknown) {
            end(entry, i, Ending::Kind::unknown);
        } else {
            ++i;
        }
    }
    let_be_late(entry, now);
}

void PendingAnswers::delivered(const Uuid& id, std::uint64_t attempt, const stream::Delivery& delivery,
                               SteadyTime now) {
    const auto found = entries_.find(id);
    if (found == entries_.end() || found->second.attempt != attempt || found->second.state != State::produced) return;
    Entry& entry = found->second;
    entry.reason = delivery.reason;
    switch (delivery.outcome) {
        case stream::Delivery::Outcome::stored:
            entry.state = State::acknowledged;
            end_if_due(entry, now);
            return;
        case stream::Delivery::Outcome::unknown:
            // It may be stored, so whoever still has time goes on waiting: an answer would prove it.
            entry.state = State::unknown;
            end_if_due(entry, now);
            return;
        case stream::Delivery::Outcome::rejected:
            if (entry.doubtful) {
                entry.state = State::unknown;
                end_if_due(entry, now);
                return;
            }
            end_callers(entry, Ending::Kind::rejected, {}, delivery.too_large);
            forget(found);
            return;
    }
}

bool PendingAnswers::answered(const AnswerPtr& answer) {
    const auto found = entries_.find(answer->id);
    if (found == entries_.end()) return false;
    Entry& entry = found->second;
    if (answer->status != 200 && is_of_other_body(*answer, entry.question.body_digest)) return false;
    while (!entry.callers.empty()) {
        const bool wants_answer = entry.callers.front().patience.wants_answer;
        end(entry, 0, wants_answer ? Ending::Kind::answered : Ending::Kind::accepted, answer);
    }
    forget(found);
    return true;
}

void PendingAnswers::expire(SteadyTime now) {
    while (!deadlines_.empty() && deadlines_.begin()->first.first <= now) {
        const CallerId due = deadlines_.begin()->first.second;
        Entry& entry = entries_.at(deadlines_.begin()->second);
        const auto caller = std::find_if(entry.callers.begin(), entry.callers.end(),
                                         [&](const Waiting& waiting) { return waiting.id == due; });
        if (entry.state == State::produced && !caller->past && caller->patience.acknowledged_by > now) {
            set_past(*caller, true);
            move_deadline(entry, *caller, caller->patience.acknowledged_by);
            continue;
        }
        const auto index = static_cast<std::size_t>(caller - entry.callers.begin());
        end(entry, index, entry.state == State::acknowledged ? Ending::Kind::accepted : Ending::Kind::unknown);
        let_be_late(entry, now);
    }
    while (!late_.empty() && late_.front().forget_at <= now) forget(entries_.find(late_.front().id));
}

std::optional<SteadyTime> PendingAnswers::next_deadline() const {
    std::optional<SteadyTime> next;
    if (!deadlines_.empty()) next = deadlines_.begin()->first.first;
    if (!late_.empty() && (!next || late_.front().forget_at < *next)) next = late_.front().forget_at;
    return next;
}

void PendingAnswers::cut(SteadyTime deadline) {
    cut_ = cut_ ? std::min(*cut_, deadline) : deadline;
    for (auto& [id, entry] : entries_) {
        for (Waiting& caller : entry.callers) {
            caller.patience.answer_by = std::min(caller.patience.answer_by, *cut_);
            caller.patience.acknowledged_by = std::min(caller.patience.acknowledged_by, *cut_);
            move_deadline(entry, caller, std::min(caller.due, *cut_));
        }
    }
}

void PendingAnswers::end_all() {
    for (auto& [id, entry] : entries_) {
        end_callers(entry, entry.state == State::acknowledged ? Ending::Kind::accepted : Ending::Kind::unknown);
    }
    while (!entries_.empty()) forget(entries_.begin());
}

std::optional<PendingAnswers::Known> PendingAnswers::find(const Uuid& id) const {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return {};
    return Known{found->second.question.user, found->second.state == State::acknowledged};
}

void PendingAnswers::let_be_late(Entry& entry, SteadyTime now) {
    if (!entry.callers.empty() || entry.late) return;
    entry.late = late_.insert(late_.end(), {entry.question.id, now + options_.late_time});
    if (late_.size() > options_.max_late) forget(entries_.find(late_.front().id));
}

void PendingAnswers::not_late(Entry& entry) {
    if (!entry.late) return;
    late_.erase(*entry.late);
    entry.late.reset();
}

void PendingAnswers::forget(Entries::iterator entry) {
    not_late(entry->second);
    effects_.released.push_back(entry->second.partition);
    entries_.erase(entry);
}

}  // namespace nearline::gateway
