#include "gateway/callers.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace nearline::gateway {

namespace asio = boost::asio;

Callers::Callers(http::EventLoop& loop, const LoopGate& gate, ReplyReader& replies, AnswerKeep& keep, Metrics& metrics,
                 PendingAnswers::Options options)
    : loop_(loop),
      replies_(replies),
      keep_(keep),
      pending_(options),
      box_(std::make_shared<DeliveryBox>(gate, [this] { take_reports(); })),
      timer_(loop.context()) {
    pending_gauge_ = metrics.gauge("nearline_gateway_pending", "Callers that wait for an answer");
    late_gauge_ =
        metrics.gauge("nearline_gateway_awaited_late", "Requests still awaited whose caller has been told 202 or 504");
    kept_gauge_ = metrics.gauge("nearline_gateway_kept_answers", "Answers kept for GET /predictions/{id}");
    const auto counter = [&](const std::string& mine) {
        return metrics.counter("nearline_gateway_answers_read_total",
                               "Answers read from the output topic, by whether this gateway awaited them",
                               {{"mine", mine}});
    };
    mine_ = counter("true");
    others_ = counter("false");
}

PendingAnswers::Admitted Callers::admit(const PendingAnswers::Question& question, const Patience& patience) {
    const auto admitted = pending_.admit(question, patience, replies_.choose(), std::chrono::steady_clock::now());
    if (admitted.admission == PendingAnswers::Admission::opened) replies_.await(admitted.partition);
    if (admitted.caller != 0) callers_.try_emplace(admitted.caller);
    settle();
    return admitted;
}

void Callers::await_reports_of(stream::Producer& producer) {
    producer_ = &producer;
    producer.report_promptly(promptly_);
}

stream::OnDelivery Callers::on_delivery(const Uuid& id, std::uint64_t attempt) {
    return [box = box_, id, attempt](const stream::Delivery& delivery) { box->put({id, attempt, delivery}); };
}

asio::awaitable<Ending> Callers::outcome(CallerId caller) {
    if (const auto place = callers_.find(caller); place != callers_.end() && place->second.ending) {
        Ending ending = std::move(*place->second.ending);
        callers_.erase(place);
        co_return ending;
    }
    const auto initiate = [this, caller](auto handler) {
        if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected()) {
            slot.assign([this, caller](asio::cancellation_type) { cancel(caller); });
        }
        callers_[caller].handler.emplace(std::move(handler));
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Ending)>(initiate, asio::use_awaitable);
}

void Callers::cancel(CallerId caller) {
    const auto place = callers_.find(caller);
    if (place == callers_.end() || !place->second.handler) return;
    Handler handler = std::move(*place->second.handler);
    place->second.handler.reset();
    place->second.gone = true;
    // Not from within the signal.
    asio::post(loop_.executor(), [handler = std::move(handler), caller]() mutable {
        std::move(handler)(Ending{caller, Ending::Kind::unknown});
    });
}

void Callers::end(Ending ending) {
    const auto place = callers_.find(ending.caller);
    if (place == callers_.end()) return;
    if (place->second.gone) {
        callers_.erase(place);
    } else if (!place->second.handler) {
        place->second.ending = std::move(ending);
    } else {
        Handler handler = std::move(*place->second.handler);
        callers_.erase(place);
        asio::get_associated_cancellation_slot(handler).clear();
        std::move(handler)(std::move(ending));
    }
}

void Callers::settle() {
    auto effects = pending_.take();
    for (const int partition : effects.released) replies_.release(partition);
    for (auto& ending : effects.endings) end(std::move(ending));
    show_urgency();
    arm();
    show();
}

/// Reports are waited for, or are not any more.
void Callers::show_urgency() {
    const bool promptly = pending_.waiting_for_acknowledgement() > 0;
    if (promptly == promptly_) return;
    promptly_ = promptly;
    if (producer_) producer_->report_promptly(promptly);
    if (box_->set_loud(promptly)) take_reports();
}

void Callers::take_reports() {
    if (stopped_) return;
    const auto now = std::chrono::steady_clock::now();
    for (const auto& report : box_->take()) pending_.delivered(report.id, report.attempt, report.delivery, now);
    settle();
}

void Callers::answered(const std::vector<AnswerPtr>& answers) {
    if (stopped_) return;
    for (const auto& answer : answers) {
        keep_.put(answer);
        (pending_.answered(answer) ? mine_ : others_).add();
    }
    // First the callers, then what nobody waits for.
    settle();
    take_reports();
}

std::optional<PendingAnswers::Known> Callers::find(const Uuid& id) {
    take_reports();
    return pending_.find(id);
}

void Callers::cut(SteadyTime deadline) {
    pending_.cut(deadline);
    arm();
}

void Callers::stop() {
    take_reports();
    stopped_ = true;
    pending_.end_all();
    settle();
    timer_.cancel();
}

void Callers::arm() {
    const auto next = pending_.next_deadline();
    // Most deadlines never come: the timer is left as it is when it fires early enough.
    if (!next || stopped_ || (armed_ && *armed_ <= *next)) return;
    armed_ = next;
    timer_.expires_at(*next);
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) return;
        armed_.reset();
        const auto now = std::chrono::steady_clock::now();
        for (const auto& report : box_->take()) pending_.delivered(report.id, report.attempt, report.delivery, now);
        pending_.expire(now);
        settle();
    });
}

void Callers::show() {
    pending_gauge_.set(static_cast<double>(pending_.callers()));
    late_gauge_.set(static_cast<double>(pending_.late()));
    kept_gauge_.set(static_cast<double>(keep_.size()));
}

}  // namespace nearline::gateway
