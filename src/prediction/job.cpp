#include "prediction/job.hpp"

#include "prediction/answer.hpp"
#include "stream/dead_letter.hpp"
#include "stream/deferred_record.hpp"

namespace nearline::prediction {
namespace {

bool is_open(const Outlet& outlet) noexcept {
    return outlet.state == Outlet::State::sent || outlet.state == Outlet::State::failed;
}

}  // namespace

void Job::answer_with(std::string framed) {
    answer_value_ = std::move(framed);
    answer.state = Outlet::State::sent;
}

void Job::reject(Rejection reason, std::optional<std::string> framed_failure) {
    rejection_ = std::move(reason);
    dead_letter.state = Outlet::State::sent;
    if (!framed_failure) return;
    answer_value_ = std::move(*framed_failure);
    answer.state = Outlet::State::sent;
}

void Job::defer() {
    deferral.state = Outlet::State::sent;
}

stream::Record Job::record_for(const Outlet& outlet) const {
    if (outlet.kind == Outlet::Kind::deferral) return stream::make_deferred(source);
    if (outlet.kind == Outlet::Kind::answer) {
        const auto key = outlet.form == Outlet::Form::whole ? source.key : std::nullopt;
        return make_answer_record(key, incoming.context, answer_value_);
    }
    switch (outlet.form) {
        case Outlet::Form::whole:
            return stream::make_dead_letter(source, *rejection_);
        case Outlet::Form::small:
            return stream::make_dead_letter_stub(source, *rejection_);
        case Outlet::Form::smallest:
            break;
    }
    return stream::make_bare_dead_letter_stub(source, *rejection_);
}

Job::Step Job::on_delivery(Outlet& outlet, const stream::Delivery& delivery) {
    if (delivery.outcome == stream::Delivery::Outcome::stored) {
        outlet.state = Outlet::State::stored;
        outlet.has_failed = false;
        return is_open(answer) || is_open(dead_letter) || is_open(deferral) ? Step::none : Step::ended;
    }
    if (delivery.too_large) {
        if (outlet.kind == Outlet::Kind::deferral || (outlet.kind == Outlet::Kind::answer && !is_rejected())) {
            outlet.state = Outlet::State::unused;
            // What is sent for it next is a failure, without the key.
            outlet.form = Outlet::Form::small;
            outlet.has_failed = false;
            return Step::too_large;
        }
        const auto last = outlet.kind == Outlet::Kind::answer ? Outlet::Form::small : Outlet::Form::smallest;
        if (outlet.form != last) {
            outlet.form = outlet.form == Outlet::Form::whole ? Outlet::Form::small : Outlet::Form::smallest;
            outlet.state = Outlet::State::failed;
            return Step::smaller;
        }
        // There is no smaller one: the topic's own limit has to be mended, and it waits for that.
    }
    outlet.state = Outlet::State::failed;
    outlet.has_failed = true;
    return Step::again;
}

bool Job::is_awaited() const noexcept {
    return answer.state == Outlet::State::sent || dead_letter.state == Outlet::State::sent ||
           deferral.state == Outlet::State::sent;
}

Job& JobPool::add(stream::Position read_at, stream::ConsumedRecord record, stream::RequestHeaders headers) {
    jobs_.push_back(std::make_unique<Job>(std::move(read_at), std::move(record), std::move(headers)));
    jobs_.back()->slot_ = jobs_.size() - 1;
    return *jobs_.back();
}

void JobPool::remove(Job& job) {
    const auto slot = job.slot_;
    if (slot + 1 != jobs_.size()) {
        std::swap(jobs_[slot], jobs_.back());
        jobs_[slot]->slot_ = slot;
    }
    jobs_.pop_back();
}

}  // namespace nearline::prediction
